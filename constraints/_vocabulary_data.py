"""The plain content of a vocabulary, as it is read from a tokenizer, hashed and kept on disk.

Knows: nothing but the fields. `Vocabulary` is the object that people use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["FORMAT_VERSION", "VocabularyData", "pack_bytes"]

FORMAT_VERSION = 1
"""Version of what a fingerprint and a cache file mean, and of how bytes are read from a tokenizer."""


@dataclass(frozen=True, eq=False)
class VocabularyData:
    """Bytes of the tokens (``data[offsets[v]:offsets[v + 1]]``, empty for no text) and the sets of ids."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    stop_ids: tuple[int, ...] = ()
    pad_ids: tuple[int, ...] = ()
    drops_leading_space: bool = False
    notes: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """SHA-256 over everything that a constraint can depend on, in hex."""
        head = {
            "format": FORMAT_VERSION,
            "stop": self.stop_ids,
            "pad": self.pad_ids,
            "drops_leading_space": self.drops_leading_space,
        }
        digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
        digest.update(self.offsets.astype("<i8").tobytes())
        digest.update(self.data.tobytes())
        return digest.hexdigest()


def pack_bytes(tokens: Sequence[bytes], size: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Byte strings as (data, offsets); ids from ``len(tokens)`` to ``size`` are empty."""
    offsets = np.zeros(size + 1, dtype=np.int64)
    lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
    offsets[1 : len(tokens) + 1] = np.cumsum(lengths)
    offsets[len(tokens) + 1 :] = offsets[len(tokens)]
    return np.frombuffer(b"".join(tokens), dtype=np.uint8), offsets
