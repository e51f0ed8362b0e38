"""Prepared vocabularies on disk: a safetensors file per content, checked in full before it is believed.

Knows: files, checksums, the arrays of a vocabulary. Does not know: tokenizers.

A file is named by a hash of what it was made from and the format version. It is written to a temporary
name and renamed, so readers and other processes see a whole file or none. Whatever is wrong with a file (cut
off, altered, of another version, arrays that don't fit together) leads to one thing: it is made anew. A
folder that can't be written to costs time, never an error. Nothing is ever unpickled. The checksum guards
against accidents; whoever can write to the folder can put bytes there, so it belongs to the user alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ._trie import Trie
from ._vocabulary_data import FORMAT_VERSION, VocabularyData

__all__ = ["cache_folder", "load", "store"]

_DTYPES = {
    "data": np.uint8,
    "offsets": np.int64,
    "trie_byte": np.uint8,
    "trie_skip": np.int32,
    "trie_depth": np.int16,
    "trie_token_ptr": np.int32,
    "trie_tokens": np.int32,
}


def cache_folder(choice: str | os.PathLike[str] | bool | None) -> Path | None:
    """The folder for cache files, or None for no cache.

    ``False`` means none and a path itself. Otherwise the environment variable CONTROLGEN_CACHE, else the
    platform's place for caches ($XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%).
    """
    if choice is False:
        return None
    if choice is not None and choice is not True:
        return Path(choice)
    if os.environ.get("CONTROLGEN_CACHE"):
        return Path(os.environ["CONTROLGEN_CACHE"])
    try:
        return _platform_folder() / "controlgen"
    except RuntimeError:  # no home folder
        return None


def _platform_folder() -> Path:
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"])
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"])
    return Path.home() / ".cache"


def _file(folder: Path, key: str) -> Path:
    return folder / f"vocabulary-{key}.safetensors"


# -- writing ------------------------------------------------------------------------------------------


def store(folder: Path, key: str, content: VocabularyData, trie: Trie) -> bool:
    """Write a file, whole or not at all; False if the folder doesn't let us."""
    from safetensors.numpy import save

    arrays: dict[str, npt.NDArray[Any]] = {
        "data": content.data,
        "offsets": content.offsets,
        "trie_byte": trie.byte,
        "trie_skip": trie.skip,
        "trie_depth": trie.depth,
        "trie_token_ptr": trie.token_ptr,
        "trie_tokens": trie.tokens,
    }
    header = _header(key, content)
    metadata = {"seal": f"{_checksum(header, arrays)} {header}"}  # one entry: the library shuffles several
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(_file(folder, key), save(arrays, metadata=metadata))
    except OSError:
        return False
    return True


def _write_atomically(path: Path, blob: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".vocabulary-", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(blob)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _header(key: str, content: VocabularyData) -> str:
    return json.dumps(
        {
            "format": FORMAT_VERSION,
            "key": key,
            "stop_ids": content.stop_ids,
            "pad_ids": content.pad_ids,
            "drops_leading_space": content.drops_leading_space,
            "notes": content.notes,
        },
        sort_keys=True,
    )


def _checksum(header: str, arrays: dict[str, npt.NDArray[Any]]) -> str:
    digest = hashlib.sha256(header.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


# -- reading ------------------------------------------------------------------------------------------


def load(folder: Path, key: str) -> tuple[VocabularyData, Trie] | None:
    """Read a file; None if there is none or anything about it is wrong."""
    from safetensors import SafetensorError, safe_open

    path = _file(folder, key)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if set(file.keys()) != set(_DTYPES):
                return None
            arrays = {name: file.get_tensor(name) for name in _DTYPES}
    except (OSError, SafetensorError, ValueError, TypeError):
        return None
    checksum, _, header = metadata.get("seal", "").partition(" ")
    if checksum != _checksum(header, arrays):
        return None
    try:
        return _checked(key, json.loads(header), arrays)
    except (ValueError, KeyError, TypeError):  # includes VocabularyError and everything _require finds
        return None


def _require(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(what)


def _checked(
    key: str, header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]
) -> tuple[VocabularyData, Trie]:
    """The content, if it has the right version and its arrays fit together; ValueError if not."""
    _require(header["format"] == FORMAT_VERSION and header["key"] == key, "another version or key")
    for name, array in arrays.items():
        _require(array.ndim == 1 and array.dtype == _DTYPES[name], f"type or shape of {name}")
    data, offsets = arrays["data"], arrays["offsets"]
    _require(offsets.size >= 1 and offsets[0] == 0 and offsets[-1] == data.size, "ends of the offsets")
    _require((np.diff(offsets) >= 0).all(), "order of the offsets")
    content = VocabularyData(
        data=data,
        offsets=offsets,
        stop_ids=tuple(int(i) for i in header["stop_ids"]),
        pad_ids=tuple(int(i) for i in header["pad_ids"]),
        drops_leading_space=bool(header["drops_leading_space"]),
        notes=tuple(str(n) for n in header["notes"]),
    )
    silent = [*content.stop_ids, *content.pad_ids]
    _require(all(0 <= i < offsets.size - 1 for i in silent), "range of stop and pad ids")
    _require(not any(offsets[i] != offsets[i + 1] for i in silent), "stop or pad ids that are text")
    trie = Trie(**{name.removeprefix("trie_"): array for name, array in arrays.items() if "trie_" in name})
    _check_trie(trie, np.flatnonzero(np.diff(offsets)))
    return content, trie


def _check_trie(trie: Trie, text_ids: npt.NDArray[np.int64]) -> None:
    """Everything that a walk relies on: no index can leave its array, every text token is there once."""
    count = trie.num_nodes
    index = np.arange(count)
    _require(trie.skip.size == count and trie.depth.size == count, "lengths of the trie")
    _require(((trie.skip > index) & (trie.skip <= count)).all(), "range of skip")
    _require((trie.depth >= 0).all() and (count == 0 or trie.depth[0] == 0), "first depth")
    _require((np.diff(trie.depth.astype(np.int32)) <= 1).all(), "steps of depth")
    _require(trie.token_ptr.size == count + 1 and trie.token_ptr[0] == 0, "start of token_ptr")
    _require((np.diff(trie.token_ptr) >= 0).all() and trie.token_ptr[-1] == trie.tokens.size, "token_ptr")
    _require(np.array_equal(np.sort(trie.tokens), text_ids), "tokens of the trie")
    for array in (trie.byte, trie.skip, trie.depth, trie.token_ptr, trie.tokens):
        array.setflags(write=False)
