"""What the tokens of a model spell: `Vocabulary`.

Knows: the bytes of each token id, which ids are text, which stop or pad.
Does not know: languages, automata, models. Reading the bytes out of a tokenizer is the trade of
``_token_bytes``; keeping them on disk that of ``_cache``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ._errors import VocabularyError
from ._trie import Trie, build_trie

__all__ = ["FORMAT_VERSION", "Vocabulary"]

FORMAT_VERSION = 1
"""Version of what a fingerprint and a cache file mean; to be raised when either changes."""


class Vocabulary:
    """The exact bytes of every token of a model: immutable, safe to share between threads.

    A token id is one of three things: *text* (it spells at least one byte), a *stop* or *pad* token, or
    *barred* (control tokens, ids that the tokenizer does not know, padded logit columns): barred ids are
    never allowed. Stop and pad are sets, disjoint from text. A token may be in both, as in LLaDA: it then
    ends the text where it stands first and fills the canvas behind that, as any stop token may do.

    Attributes:
        size: V, the number of logit columns, padded ones included.
        data: uint8, the bytes of all tokens, one after the other.
        offsets: int64 (V + 1,), token ``v`` spells ``data[offsets[v]:offsets[v + 1]]``; empty if not text.
        is_text: bool (V,).
        stop_ids, pad_ids: ascending ids.
        drops_leading_space: True if a sequence's text is its bytes less one leading space (see `decode`).
        notes: what is to be known about the tokenizer it was read from (normalisation and the like).
        fingerprint: SHA-256 over all of this and the format version, in hex.
        trie: the text tokens as a prefix tree.
    """

    size: int
    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    is_text: npt.NDArray[np.bool_]
    stop_ids: tuple[int, ...]
    pad_ids: tuple[int, ...]
    drops_leading_space: bool
    notes: tuple[str, ...]
    fingerprint: str
    trie: Trie

    def __init__(
        self,
        data: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
        *,
        stop_ids: Iterable[int] = (),
        pad_ids: Iterable[int] = (),
        drops_leading_space: bool = False,
        notes: Sequence[str] = (),
        trie: Trie | None = None,
    ) -> None:
        """Take over prepared arrays; `from_bytes` and `from_tokenizer` are the usual ways in."""
        size = offsets.shape[0] - 1
        length = np.diff(offsets)
        stop, pad = _id_set(stop_ids, size, "stop_ids"), _id_set(pad_ids, size, "pad_ids")
        for token in (*stop, *pad):
            if length[token]:
                raise VocabularyError(f"token {token} is a stop or pad token and can't spell text as well")
        fields = {
            "size": size,
            "data": _read_only(data, np.uint8),
            "offsets": _read_only(offsets, np.int64),
            "is_text": _read_only(length > 0, np.bool_),
            "stop_ids": stop,
            "pad_ids": pad,
            "drops_leading_space": bool(drops_leading_space),
            "notes": tuple(notes),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "fingerprint", self._hash())
        if trie is None:
            trie = build_trie(self.data, self.offsets, np.flatnonzero(self.is_text))
        object.__setattr__(self, "trie", trie)

    @classmethod
    def from_bytes(
        cls,
        tokens: Sequence[bytes | None],
        *,
        stop_ids: Iterable[int] = (),
        pad_ids: Iterable[int] = (),
        size: int | None = None,
    ) -> Vocabulary:
        """Build from the bytes of each token, in id order.

        Args:
            tokens: the bytes of each id; None or b"" for a token that is no text. What stands at a stop or
                pad id is not looked at: those are never text.
            stop_ids: tokens that end the text. Without any, a canvas is text up to its last position.
            pad_ids: tokens that may fill the canvas after the stop token.
            size: number of logit columns if larger than ``len(tokens)``; the ids behind are barred.

        Raises:
            VocabularyError: an id outside the vocabulary, ``size`` too small, an element that isn't bytes.
        """
        stop, pad = tuple(stop_ids), tuple(pad_ids)
        size = len(tokens) if size is None else size
        if size < len(tokens):
            raise VocabularyError(f"size={size} is less than the {len(tokens)} tokens given")
        silent = {*stop, *pad}
        spelled: list[bytes] = []
        for token, value in enumerate(tokens):
            if value is not None and not isinstance(value, bytes):
                raise VocabularyError(f"token {token} is {type(value).__name__}, expected bytes or None")
            spelled.append(b"" if value is None or token in silent else value)
        data, offsets = pack_bytes(spelled, size)
        return cls(data, offsets, stop_ids=stop, pad_ids=pad)

    def token(self, token_id: int) -> bytes:
        """The bytes that one text token spells, wherever it stands but for `drops_leading_space`.

        Raises VocabularyError for ids that are no text.
        """
        if not 0 <= token_id < self.size:
            raise VocabularyError(f"token {token_id} is outside the vocabulary of {self.size}")
        if not self.is_text[token_id]:
            raise VocabularyError(f"token {token_id} is no text: {self._role(token_id)}")
        return self.data[self.offsets[token_id] : self.offsets[token_id + 1]].tobytes()

    def decode(self, token_ids: Iterable[int]) -> bytes:
        """The text that a sequence of text tokens spells, as bytes (they may end within a character).

        It is the tokens' bytes one after the other, less one leading space if `drops_leading_space`.
        Raises VocabularyError for ids that are no text, with their place.
        """
        parts: list[bytes] = []
        for place, token_id in enumerate(token_ids):
            try:
                parts.append(self.token(int(token_id)))
            except VocabularyError as error:
                raise VocabularyError(f"position {place}: {error}") from None
        text = b"".join(parts)
        return text[1:] if self.drops_leading_space and text.startswith(b" ") else text

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        text = int(self.is_text.sum())
        return f"Vocabulary(size={self.size}, text={text}, stop_ids={self.stop_ids}, pad_ids={self.pad_ids})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Vocabulary is immutable, {name!r} can't be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Vocabulary is immutable, {name!r} can't be deleted")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (
            np.array(self.data),
            np.array(self.offsets),
            self.stop_ids,
            self.pad_ids,
            self.drops_leading_space,
            self.notes,
        )

    def _role(self, token_id: int) -> str:
        roles = [n for n, ids in (("stop", self.stop_ids), ("pad", self.pad_ids)) if token_id in ids]
        return " and ".join(roles) + " token" if roles else "a special, unknown or padded id"

    def _hash(self) -> str:
        head = {
            "format": FORMAT_VERSION,
            "size": self.size,
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


def _rebuild(
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    stop_ids: tuple[int, ...],
    pad_ids: tuple[int, ...],
    drops_leading_space: bool,
    notes: tuple[str, ...],
) -> Vocabulary:
    return Vocabulary(
        data,
        offsets,
        stop_ids=stop_ids,
        pad_ids=pad_ids,
        drops_leading_space=drops_leading_space,
        notes=notes,
    )


def _id_set(ids: Iterable[int], size: int, name: str) -> tuple[int, ...]:
    """Ascending ids without doubles, checked against the size."""
    found = sorted({int(i) for i in ids})
    for token in found:
        if not 0 <= token < size:
            raise VocabularyError(
                f"{name}: token {token} is outside the vocabulary of {size}; pass size= for padded logits"
            )
    return tuple(found)


def _read_only(array: npt.NDArray[np.generic], dtype: type[np.generic]) -> npt.NDArray[np.generic]:
    """A contiguous array that nobody can write to; copied if the caller could."""
    own = np.ascontiguousarray(array, dtype=dtype)
    if own is array and own.flags.writeable:
        own = own.copy()
    own.setflags(write=False)
    return own
