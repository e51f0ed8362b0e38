"""From a model folder or a Hub name to a network and its tokenizer.

Nothing is downloaded, no code of a model is run and no pickle is read unless the caller says so. Knows transformers and
files; a family's conventions are its entry's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from controlgen._errors import ModelFolderError, ModelNotFound
from controlgen.families._family import Denoiser
from controlgen.families._registry import Entry, recognise

__all__ = ["Source", "open_model"]


@dataclass(frozen=True)
class Source:
    """What to open and how.

    Attributes:
        name: path of a folder, or the name of a model on the Hub.
        device: where the network goes; None with a device map.
        dtype: of weights and activations.
        device_map: as in transformers; needs accelerate.
        trust_remote_code: run the code that the model brings with it.
        download: fetch what is missing from the Hub.
        pickled: read weights that are not in safetensors files.
        revision: branch, tag or commit on the Hub.
        family: name of the family, instead of what config.json says.
    """

    name: str
    device: torch.device | None
    dtype: torch.dtype
    device_map: Any = None
    trust_remote_code: bool = False
    download: bool = False
    pickled: bool = False
    revision: str | None = None
    family: str | None = None

    @property
    def common(self) -> dict[str, Any]:
        """What every `from_pretrained` is told."""
        given: dict[str, Any] = {
            "local_files_only": not self.download,
            "trust_remote_code": self.trust_remote_code,
        }
        return given if self.revision is None else {**given, "revision": self.revision}


def open_model(source: Source) -> tuple[Denoiser, Any]:
    """The denoiser and the tokenizer of a model.

    Raises:
        ModelNotFound: no folder, and nothing in the local cache, under that name.
        NotADiffusionModel: no family has such a configuration.
        ModelFolderError: weights or tokenizer are missing, damaged, or need something that was not allowed.
    """
    config = _configuration(source)
    entry = recognise(config, source.name, source.family)
    if entry.loader is None:
        raise ModelFolderError(
            f"{source.name}: {entry.name} checkpoints have no class that can be loaded: build the network with its own "
            f"code and give it to Model.of(network, tokenizer, family={entry.name!r})"
        )
    _check_remote_code(source, entry, config)
    _check_weights(source)
    kind = _class(entry.loader)  # before the tokenizer: transformers looks the configuration's type up for both
    tokenizer = _tokenizer(source)
    network = _network(source, entry, kind)
    return entry.build(network, config, tokenizer), tokenizer


def _configuration(source: Source) -> Mapping[str, Any]:
    """The content of config.json."""
    path = Path(source.name) / "config.json"
    if not Path(source.name).is_dir():
        path = _cached(source, "config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFolderError(f"{source.name}: no config.json: not a model folder") from None
    except ValueError as error:
        raise ModelFolderError(f"{path}: not JSON ({error})") from None
    if not isinstance(config, dict):
        raise ModelFolderError(f"{path}: not a JSON object")
    return config


def _cached(source: Source, file: str) -> Path:
    """A file of a Hub model, from the local cache or, if allowed, the network."""
    from huggingface_hub import hf_hub_download

    try:
        found = hf_hub_download(
            source.name, file, revision=source.revision, local_files_only=not source.download
        )
    except Exception as error:  # the hub raises many kinds; each says why in its first line
        way = "" if source.download else "; load() takes the path of a model folder, or downloads with download=True"
        reason = _first_line(error)
        raise ModelNotFound(f"{source.name}: not a folder, and not on this machine{way} ({reason})") from error
    return Path(found)


def _check_remote_code(source: Source, entry: Entry, config: Mapping[str, Any]) -> None:
    if entry.native or source.trust_remote_code:
        return
    files = sorted({str(target).partition(".")[0] + ".py" for target in (config.get("auto_map") or {}).values()})
    raise ModelFolderError(
        f"{source.name}: {entry.name} models are run by code that comes with them "
        f"({', '.join(files) or 'none is named'}); read it, then pass trust_remote_code=True"
    )


def _check_weights(source: Source) -> None:
    folder = Path(source.name)
    if source.pickled or not folder.is_dir() or any(folder.glob("*.safetensors")):
        return
    others = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt") for path in folder.glob(pattern))
    if others:
        raise ModelFolderError(
            f"{folder}: its weights are pickles ({', '.join(others)}), which can run code when read; convert them to "
            "safetensors, or pass pickled=True"
        )
    raise ModelFolderError(f"{folder}: no weights: no *.safetensors file")


def _class(loader: str) -> Any:
    module, _, name = loader.partition(":")
    return getattr(import_module(module), name)


def _network(source: Source, entry: Entry, kind: Any) -> Any:
    given: dict[str, Any] = {"dtype": source.dtype, "use_safetensors": None if source.pickled else True}
    if source.device_map is not None:
        given["device_map"] = source.device_map
    common = source.common if not entry.native else {k: v for k, v in source.common.items() if k != "trust_remote_code"}
    try:
        network = kind.from_pretrained(source.name, **common, **given)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, AttributeError) as error:
        raise ModelFolderError(f"{source.name}: the weights don't load: {_first_line(error)}") from error
    return network if source.device_map is not None else network.to(source.device)


def _tokenizer(source: Source) -> Any:
    """transformers' tokenizer where the folder is one of its own, else the bare tokenizer.json."""
    folder = Path(source.name)
    path = folder / "tokenizer.json"
    if folder.is_dir() and path.is_file() and not (folder / "tokenizer_config.json").is_file():
        return _bare_tokenizer(path)
    if folder.is_dir() and not any(folder.glob("*token*")) and not any(folder.glob("vocab*")):
        raise ModelFolderError(f"{path}: missing; a model folder holds its tokenizer")
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(source.name, **source.common)
    except Exception as error:  # tokenizers raise bare Exception
        raise ModelFolderError(f"{source.name}: the tokenizer doesn't load: {_first_line(error)}") from error


def _bare_tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(os.fspath(path))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelFolderError(f"{path}: not a tokenizer: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


