"""Which family a configuration belongs to.

Knows the entries of all families; nothing of files and weights (`_loading`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from controlgen._errors import ModelFolderError, NotADiffusionModel
from controlgen.families._family import Denoiser

__all__ = ["Entry", "entries", "recognise", "register"]

_MODULES = ("embedded", "llada", "dream", "fast_dllm", "sdar", "llada2", "mdlm", "bd3lm", "sedd", "diffusion_gemma")
_ENTRIES: dict[str, Entry] = {}


@dataclass(frozen=True)
class Entry:
    """How a family is found and opened.

    Attributes:
        name: of the family.
        model_types: values of `model_type` in config.json.
        build: (network, config, tokenizer) to the denoiser; config is the content of config.json.
        loader: the class that loads the network: a transformers auto class, or "module:Class"; None: it has to be
            built with its own code and given to `Model.of`.
        native: the class comes with an installed package, so that no remote code is needed.
        matches: recognises a configuration that has no `model_type`.
    """

    name: str
    model_types: tuple[str, ...]
    build: Callable[[Any, Mapping[str, Any], Any], Denoiser]
    loader: str | None = "transformers:AutoModel"
    native: bool = False
    matches: Callable[[Mapping[str, Any]], bool] | None = None


def register(entry: Entry) -> None:
    """Make a family known; a later one with the same name replaces it."""
    _ENTRIES[entry.name] = entry


def entries() -> dict[str, Entry]:
    """All known families by name: those of the package, and what was registered besides."""
    for module in _MODULES:
        import_module(f"controlgen.families.{module}")
    return dict(_ENTRIES)


def recognise(config: Mapping[str, Any], where: str, name: str | None = None) -> Entry:
    """The family of a configuration, or the named one.

    Raises:
        NotADiffusionModel: no family has such a configuration.
        ModelFolderError: there is no family of that name.
    """
    known = entries()
    if name is not None:
        if name not in known:
            raise ModelFolderError(f"{name!r} is no family; known are {', '.join(known)}")
        return known[name]
    kind = config.get("model_type")
    for entry in known.values():
        if kind in entry.model_types or (entry.matches is not None and entry.matches(config)):
            return entry
    architectures = ", ".join(map(str, config.get("architectures") or [])) or "none named"
    raise NotADiffusionModel(
        f"{where}: model_type {kind!r} ({architectures}) is no diffusion language model that is known here "
        f"({', '.join(known)}); name its family with family=..., or register one (controlgen.families)"
    )
