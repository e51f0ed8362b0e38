"""What the caller handed over as "a tokenizer", reduced to its JSON, its control tokens and a way to encode.

Knows: transformers tokenizers (by what they offer, without importing transformers), `tokenizers.Tokenizer`,
files and folders. Does not know: what the tokens spell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._errors import VocabularyError
from ._token_bytes import BYTE_OF_LETTER, WAY_OUT, model_vocabulary

__all__ = ["ControlTokens", "TokenizerSource", "open_source"]

_ROLES = ("bos", "eos", "unk", "sep", "pad", "cls", "mask")

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class ControlTokens:
    """Ids as a tokenizer or the files beside it declare them; `no_text` may be unknown to the JSON."""

    stop_ids: tuple[int, ...] = ()
    pad_ids: tuple[int, ...] = ()
    no_text: frozenset[int] = frozenset()


@dataclass(frozen=True)
class TokenizerSource:
    """A tokenizer as it matters here.

    Attributes:
        serialised: the JSON in the form of ``tokenizer.json``.
        declared: what is said about control tokens: ids, or names that the JSON gives ids to.
        encode: text to ids without special tokens; by default the tokenizers library on the JSON.
    """

    serialised: bytes
    declared: Mapping[str, Any] = field(default_factory=dict)
    encode: Encode | None = None

    def identity(self) -> bytes:
        """Everything that the result depends on."""
        return json.dumps(self.declared, sort_keys=True).encode() + b"\0" + self.serialised

    def parse(self) -> dict[str, Any]:
        """The JSON as a dict. Raises VocabularyError if it isn't one."""
        try:
            spec = json.loads(self.serialised)
        except ValueError as error:
            raise VocabularyError(f"tokenizer.json is no JSON: {error}") from None
        if not isinstance(spec, dict) or not isinstance(spec.get("model"), dict):
            raise VocabularyError("tokenizer.json has no model: it isn't a file of the tokenizers library")
        return spec

    def control_tokens(self, spec: Mapping[str, Any]) -> ControlTokens:
        """The declared tokens as ids; a name without an id declares nothing."""
        names = self.declared.get("names", {})
        ids: dict[str, int] = {}
        if names:
            ids.update(model_vocabulary(spec))
            ids.update({str(a["content"]): int(a["id"]) for a in spec.get("added_tokens") or []})
        role = {r: ids[name] for r, name in names.items() if name in ids}
        stop = {*self.declared.get("stop_ids", ()), *(i for r, i in role.items() if r == "eos")}
        pad = [i for r, i in role.items() if r == "pad"] or self.declared.get("pad_ids", ())
        no_text = frozenset((*self.declared.get("no_text", ()), *role.values()))
        return ControlTokens(tuple(sorted(stop)), tuple(pad), no_text)

    def encoder(self) -> Encode:
        """A function from text to ids, without special tokens, padding or truncation."""
        return self.encode or _encoder_of(self.serialised)


def open_source(tokenizer: Any) -> TokenizerSource:
    """Accept a transformers tokenizer, a `tokenizers.Tokenizer`, or a path.

    Raises VocabularyError for anything else, naming the type and the way out.
    """
    if isinstance(tokenizer, str | os.PathLike):
        return _from_path(Path(tokenizer))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None and hasattr(backend, "to_str"):
        return TokenizerSource(backend.to_str().encode(), _declared_by(tokenizer))
    if hasattr(tokenizer, "to_str") and hasattr(tokenizer, "id_to_token"):
        return TokenizerSource(tokenizer.to_str().encode())
    if hasattr(tokenizer, "get_vocab") and hasattr(tokenizer, "all_special_ids"):
        return _from_slow(tokenizer)
    raise VocabularyError(
        f"{type(tokenizer).__name__} is no tokenizer: expected a transformers tokenizer, a "
        f"tokenizers.Tokenizer or the path of a tokenizer.json. {WAY_OUT}"
    )


def _encoder_of(serialised: bytes) -> Encode:
    from tokenizers import Tokenizer

    try:
        inner = Tokenizer.from_str(serialised.decode())
    except Exception as error:  # the library raises plain Exception
        raise VocabularyError(f"the tokenizers library can't read this tokenizer: {error}") from None
    inner.no_padding()
    inner.no_truncation()

    def encode(text: str) -> list[int]:
        return list(inner.encode(text, add_special_tokens=False).ids)

    return encode


# -- transformers ----------------------------------------------------------------------------------------


def _declared_by(tokenizer: Any) -> dict[str, Any]:
    """Control tokens of a transformers tokenizer."""
    return {
        "stop_ids": _ids(getattr(tokenizer, "eos_token_id", None)),
        "pad_ids": _ids(getattr(tokenizer, "pad_token_id", None)),
        "no_text": sorted(getattr(tokenizer, "all_special_ids", ())),
    }


def _from_slow(tokenizer: Any) -> TokenizerSource:
    """A tokenizer written in Python: read if it is byte-level BPE, else converted if transformers can."""
    if _is_byte_level(tokenizer):
        return TokenizerSource(
            serialised=json.dumps(_byte_level_spec(tokenizer), sort_keys=True).encode(),
            declared=_declared_by(tokenizer),
            encode=lambda text: list(tokenizer.encode(text, add_special_tokens=False)),
        )
    try:
        from transformers.convert_slow_tokenizer import convert_slow_tokenizer

        backend = convert_slow_tokenizer(tokenizer)
    except Exception as error:
        raise VocabularyError(
            f"{type(tokenizer).__name__} is a tokenizer written in Python and can't be converted to a fast "
            f"one ({error}). Load it with use_fast=True, save that and pass the folder. {WAY_OUT}"
        ) from None
    return TokenizerSource(backend.to_str().encode(), _declared_by(tokenizer))


def _is_byte_level(tokenizer: Any) -> bool:
    """Whether the tokenizer carries the byte table itself, as GPT-2's and those made after it do."""
    table = getattr(tokenizer, "byte_decoder", None)
    return isinstance(table, Mapping) and dict(table) == dict(BYTE_OF_LETTER)


def _byte_level_spec(tokenizer: Any) -> dict[str, Any]:
    """The part of tokenizer.json that tells the bytes, for a byte-level tokenizer written in Python."""
    added = [
        {"id": int(token), "content": str(entry), "special": bool(getattr(entry, "special", True))}
        for token, entry in sorted(tokenizer.added_tokens_decoder.items())
    ]
    names = {entry["content"] for entry in added}
    own = getattr(tokenizer, "encoder", None)
    if not isinstance(own, Mapping):
        own = {name: token for name, token in tokenizer.get_vocab().items() if name not in names}
    return {
        "added_tokens": added,
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": dict(own)},
    }


# -- files -----------------------------------------------------------------------------------------------


def _from_path(path: Path) -> TokenizerSource:
    """tokenizer.json itself, or a folder with it; the configuration beside it is read for control tokens."""
    is_folder = path.is_dir()
    file = path / "tokenizer.json" if is_folder else path
    try:
        serialised = file.read_bytes()
    except FileNotFoundError:
        hint = "load the folder with transformers.AutoTokenizer and pass that tokenizer"
        what = f"no tokenizer.json in {path}: {hint}" if is_folder else f"no such file or folder: {path}"
        raise VocabularyError(what) from None
    except OSError as error:
        raise VocabularyError(f"can't read {file}: {error.strerror}") from None
    config = {
        **_read_config(file.parent / "special_tokens_map.json"),
        **_read_config(file.parent / "tokenizer_config.json"),
    }
    generation = _read_config(file.parent / "generation_config.json")
    names = {role: _content(config.get(f"{role}_token")) for role in _ROLES}
    declared = {
        "names": {role: name for role, name in names.items() if name is not None},
        "stop_ids": _ids(generation.get("eos_token_id")),
        "pad_ids": _ids(generation.get("pad_token_id")),
    }
    return TokenizerSource(serialised, declared)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise VocabularyError(f"can't read {path}: {error}") from None
    return content if isinstance(content, dict) else {}


def _content(entry: Any) -> str | None:
    """A token in a configuration: its content, or a dict that holds it."""
    if isinstance(entry, Mapping):
        entry = entry.get("content")
    return entry if isinstance(entry, str) else None


def _ids(value: int | Iterable[int] | None) -> tuple[int, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, int) else tuple(int(v) for v in value)
