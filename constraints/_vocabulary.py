"""What the tokens of a model spell: `Vocabulary`.

Knows: the bytes of each token id, which ids are text, which stop or pad.
Does not know: languages, automata, models. Reading the bytes out of a tokenizer is the trade of
``_tokenizer_source``, ``_token_bytes`` and ``_probes``; keeping them on disk that of ``_cache``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _cache
from ._errors import VocabularyError
from ._probes import check_reading
from ._token_bytes import read_tokens
from ._tokenizer_source import TokenizerSource, open_source
from ._trie import Trie, build_trie
from ._vocabulary_data import FORMAT_VERSION, VocabularyData, pack_bytes

__all__ = ["Vocabulary"]


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
        fingerprint: SHA-256 over all of this but the notes, and the format version, in hex.
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

    def __init__(self, content: VocabularyData, trie: Trie | None = None) -> None:
        """Take over prepared content; `from_bytes` and `from_tokenizer` are the usual ways in."""
        data, offsets = _read_only(content.data, np.uint8), _read_only(content.offsets, np.int64)
        is_text = _read_only(np.diff(offsets) > 0, np.bool_)
        size = offsets.shape[0] - 1
        stop = _id_set(content.stop_ids, size, "stop_ids")
        pad = _id_set(content.pad_ids, size, "pad_ids")
        for token in (*stop, *pad):
            if is_text[token]:
                raise VocabularyError(f"token {token} is a stop or pad token and can't spell text as well")
        own = VocabularyData(data, offsets, stop, pad, content.drops_leading_space, content.notes)
        fields = {
            "size": size,
            "data": data,
            "offsets": offsets,
            "is_text": is_text,
            "stop_ids": stop,
            "pad_ids": pad,
            "drops_leading_space": own.drops_leading_space,
            "notes": own.notes,
            "fingerprint": own.fingerprint(),
            "trie": build_trie(data, offsets, np.flatnonzero(is_text)) if trie is None else trie,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

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
        for token, value in enumerate(tokens):
            if value is not None and not isinstance(value, bytes):
                raise VocabularyError(f"token {token} is {type(value).__name__}, expected bytes or None")
        spelled = [value or b"" for value in tokens]
        return cls(_assemble(spelled, stop_ids=stop_ids, pad_ids=pad_ids, size=size))

    @classmethod
    def from_tokenizer(
        cls,
        tokenizer: Any,
        *,
        size: int | None = None,
        stop_ids: Iterable[int] | None = None,
        pad_ids: Iterable[int] | None = None,
        barred_ids: Iterable[int] = (),
        cache_dir: str | os.PathLike[str] | bool | None = None,
    ) -> Vocabulary:
        """Read the exact bytes of every token out of a tokenizer.

        Args:
            tokenizer: a transformers tokenizer, a `tokenizers.Tokenizer`, or the path of a ``tokenizer.json``
                or of a folder with one.
            size: number of logit columns; by default the number of ids of the tokenizer. Ids behind the
                tokenizer's are barred.
            stop_ids: tokens that end the text. By default the end-of-sequence token of a transformers
                tokenizer; for a path the tokens that ``generation_config.json`` and
                ``tokenizer_config.json`` beside it name; a `tokenizers.Tokenizer` declares none.
            pad_ids: tokens that may fill the canvas after a stop token; by default the tokenizer's pad token.
            barred_ids: further ids that are never text, such as a mask token that the tokenizer takes for
                an ordinary one.
            cache_dir: where the prepared vocabulary is kept: a folder, False for nowhere, or None for the
                folder in the environment variable CONTROLGEN_CACHE or the platform's cache folder.

        Special tokens and the unknown token are barred; other added tokens spell their content. See
        `decode` for the space before the first token and for WordPiece.

        Raises:
            VocabularyError: the kind of tokenizer isn't known; a built-in set of texts, encoded and decoded
                through the bytes, doesn't come back; an id is out of range.
        """
        source = open_source(tokenizer)
        wishes = _Wishes(_known(stop_ids), _known(pad_ids), _known(barred_ids) or (), size)
        folder = _cache.cache_folder(cache_dir)
        if folder is None:
            return cls(_prepare(source, wishes))
        key = _cache_key(source, wishes)
        kept = _cache.load(folder, key)
        if kept is not None:
            return cls(*kept)
        vocabulary = cls(_prepare(source, wishes))
        _cache.store(folder, key, vocabulary.content(), vocabulary.trie)
        return vocabulary

    def content(self) -> VocabularyData:
        """The plain arrays and id sets."""
        return VocabularyData(
            data=self.data,
            offsets=self.offsets,
            stop_ids=self.stop_ids,
            pad_ids=self.pad_ids,
            drops_leading_space=self.drops_leading_space,
            notes=self.notes,
        )

    def token(self, token_id: int) -> bytes:
        """The bytes that one text token spells, wherever it stands.

        Raises VocabularyError for ids that are no text.
        """
        if not 0 <= token_id < self.size:
            raise VocabularyError(f"token {token_id} is outside the vocabulary of {self.size}")
        if not self.is_text[token_id]:
            raise VocabularyError(f"token {token_id} is no text: {self._role(token_id)}")
        return self.data[self.offsets[token_id] : self.offsets[token_id + 1]].tobytes()

    def decode(self, token_ids: Iterable[int]) -> bytes:
        """The text that a sequence of text tokens spells, as bytes (they may end within a character).

        It is the tokens' bytes one after the other, less one leading space if `drops_leading_space`. That is
        so where the tokenizer's own decoder drops it, because its encoder adds one: ``▁Hello`` and WordPiece
        ``hello`` spell a space and the word, and at the very start just the word. In a WordPiece vocabulary
        ``##ing`` spells ``ing`` everywhere, at the start too, punctuation loses its space as the decoder's
        clean-up says, and no other white space than single spaces before words can be spelled.

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
        return Vocabulary, (self.content(),)

    def _role(self, token_id: int) -> str:
        roles = [n for n, ids in (("stop", self.stop_ids), ("pad", self.pad_ids)) if token_id in ids]
        return " and ".join(roles) + " token" if roles else "a special, unknown or padded id"


class _Wishes(NamedTuple):
    """The arguments of `Vocabulary.from_tokenizer`; None: as the tokenizer declares."""

    stop_ids: tuple[int, ...] | None
    pad_ids: tuple[int, ...] | None
    barred_ids: tuple[int, ...]
    size: int | None


def _known(ids: Iterable[int] | None) -> tuple[int, ...] | None:
    return None if ids is None else tuple(sorted({int(i) for i in ids}))


def _prepare(source: TokenizerSource, wishes: _Wishes) -> VocabularyData:
    """Read and check the bytes of a tokenizer."""
    spec = source.parse()
    declared = source.control_tokens(spec)
    reading = read_tokens(spec, declared.no_text.union(wishes.barred_ids))
    notes = check_reading(spec, reading, source.encoder())
    return _assemble(
        reading.tokens,
        stop_ids=declared.stop_ids if wishes.stop_ids is None else wishes.stop_ids,
        pad_ids=declared.pad_ids if wishes.pad_ids is None else wishes.pad_ids,
        size=wishes.size,
        drops_leading_space=reading.drops_leading_space,
        notes=notes,
    )


def _assemble(
    tokens: Sequence[bytes],
    *,
    stop_ids: Iterable[int],
    pad_ids: Iterable[int],
    size: int | None,
    drops_leading_space: bool = False,
    notes: tuple[str, ...] = (),
) -> VocabularyData:
    """Fit the tokens to the logit columns; stop and pad tokens spell nothing."""
    stop, pad = tuple(int(i) for i in stop_ids), tuple(int(i) for i in pad_ids)
    size = len(tokens) if size is None else size
    silent = {*stop, *pad}
    spelled = [b"" if token in silent else value for token, value in enumerate(tokens)]
    if any(spelled[size:]):
        first = next(token for token in range(size, len(spelled)) if spelled[token])
        raise VocabularyError(
            f"size={size} leaves out token {first}, which spells {spelled[first]!r}: "
            "give the number of logit columns, or the bytes with from_bytes"
        )
    data, offsets = pack_bytes(spelled[:size], size)
    return VocabularyData(data, offsets, stop, pad, drops_leading_space, notes)


def _cache_key(source: TokenizerSource, wishes: _Wishes) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT_VERSION, *wishes]).encode())
    digest.update(source.identity())
    return digest.hexdigest()


def _id_set(ids: Iterable[int], size: int, name: str) -> tuple[int, ...]:
    """Ascending ids without doubles, checked against the size."""
    found = sorted({int(i) for i in ids})
    for token in found:
        if not 0 <= token < size:
            raise VocabularyError(
                f"{name}: token {token} is outside the vocabulary of {size}; pass size= for padded logits"
            )
    return tuple(found)


def _read_only(array: npt.NDArray[Any], dtype: type[np.generic]) -> npt.NDArray[Any]:
    """A contiguous array that nobody can write to; copied if the caller could."""
    own = np.ascontiguousarray(array, dtype=dtype)
    if own is array and own.flags.writeable:
        own = own.copy()
    own.setflags(write=False)
    return own
