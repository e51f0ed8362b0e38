r"""The texts that stand literally in given documents.

The automaton is the suffix automaton of the documents' code points (see `_substring_kernels`), with each code point
then spelled in UTF-8: so no text begins or ends within a character, and states stay linear in the documents.

Whole words need no other automaton. Take as one symbol a code point together with whether it is *inner*, a `\w` right
behind another `\w`. Within a text this follows from the text itself, so texts and words of symbols correspond, but for
the first symbol, which depends on what stands before the place: a text that begins at a border is a word whose first
symbol is not inner. Where a text may end is a property of places, which the states of a suffix automaton stand for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ._deadline import Deadline
from ._errors import BudgetExceeded
from ._nfa import Edges, Nfa
from ._substring_kernels import suffix_automaton
from ._terms import Substrings

__all__ = ["is_word", "places", "substring_ends", "substring_nfa"]

Int32 = NDArray[np.int32]
Bool = NDArray[np.bool_]


def is_word(character: str) -> bool:
    r"""Whether `\w` of Python's `re` matches the character."""
    return character.isalnum() or character == "_"


def substring_nfa(term: Substrings, max_states: int, deadline: Deadline) -> Nfa:
    """The automaton over bytes; nondeterministic only where characters of one state share their first bytes.

    Raises:
        BudgetExceeded: for more than `max_states` states, or once the deadline has passed.
    """
    if max(map(len, term.documents), default=0) >= max_states:  # one state for each prefix at least
        raise _too_large(term, max_states)
    text = "".join(term.documents)
    points, code = np.unique(np.frombuffer(text.encode("utf-32-le"), dtype="<u4"), return_inverse=True)
    ptr = np.concatenate([[0], np.cumsum([len(document) for document in term.documents])]).astype(np.int64)
    inner, place = _borders(points, code, ptr) if term.words else (np.zeros(len(text), bool), np.ones(len(text), bool))
    symbols = (2 * code + inner).astype(np.int32)
    edges, ending, outcome = suffix_automaton(symbols, ptr, place, max_states, deadline.passed)
    deadline.check("indexing what may be quoted")
    if outcome:
        raise _too_large(term, max_states)
    source, symbol, target = edges[:, (edges[0] != 0) | (edges[1] & 1 == 0)]
    return _spelled(len(ending), source, points, symbol >> 1, target, np.flatnonzero(ending))


def _too_large(term: Substrings, max_states: int) -> BudgetExceeded:
    return BudgetExceeded(
        f"the texts that stand in {sum(map(len, term.documents)):,} characters of documents need more than "
        f"{max_states:,} byte states; give less of the documents, or raise max_states"
    )


def _borders(points: NDArray[np.uint32], code: NDArray[np.intp], ptr: NDArray[np.int64]) -> tuple[Bool, Bool]:
    """For each code point of the documents: whether a text may not begin before it, and whether one may end behind."""
    word = np.array([is_word(chr(point)) for point in points], dtype=np.bool_)[code]
    inner = np.zeros(len(word), dtype=np.bool_)
    inner[1:] = word[1:] & word[:-1]
    inner[ptr[:-1][ptr[:-1] < len(word)]] = False  # a document begins
    return inner, ~np.append(inner[1:], False) if len(inner) else inner


def _spelled(
    size: int, source: Int32, points: NDArray[np.uint32], code: Int32, target: Int32, ending: NDArray[np.intp]
) -> Nfa:
    """Edges by code points as paths of bytes; state `size` is the end, those within characters follow."""
    spelled = [chr(point).encode() for point in points]
    width = np.array([len(data) for data in spelled], dtype=np.int64)[code]
    data = np.frombuffer(b"".join(s.ljust(4) for s in spelled), dtype=np.uint8).reshape(-1, 4)[code]
    first = size + 1 + np.cumsum(width - 1) - (width - 1)  # of the states within each character
    columns = []
    for i in range(4):
        here = width > i
        begin = source[here] if i == 0 else first[here] + i - 1
        end = np.where(width[here] == i + 1, target[here], first[here] + i)
        columns.append(np.stack([begin, data[here, i], data[here, i], end]).astype(np.int32))
    number = size + 1 + int((width - 1).sum())
    ends = np.full(len(ending), size, dtype=np.int32)
    return Nfa(number, 0, size, Edges(*np.concatenate(columns, axis=1)), (ending.astype(np.int32), ends))


def places(document: str, text: str, *, words: bool) -> Iterator[int]:
    r"""Where a text, not the empty one, stands in a document; with `words` only where it cuts no run of `\w`."""
    start = document.find(text)
    while start >= 0:
        end = start + len(text)
        if not words or not (_cuts(document, start) or _cuts(document, end)):
            yield start
        start = document.find(text, start + 1)


def _cuts(document: str, place: int) -> bool:
    return 0 < place < len(document) and is_word(document[place - 1]) and is_word(document[place])


def substring_ends(term: Substrings, data: bytes, start: int) -> frozenset[int]:
    """Where texts of the term that begin at byte `start` of UTF-8 `data` end: found in the documents themselves."""
    text = data[start:].decode()
    found = set()
    end = start
    for i, character in enumerate(text, start=1):
        end += len(character.encode())
        holding = [document for document in term.documents if text[:i] in document]
        if not holding:
            break
        if not term.words or any(True for d in holding for _ in places(d, text[:i], words=True)):
            found.add(end)
    return frozenset(found)
