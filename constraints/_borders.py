"""Languages with borders: their texts hold markers (the byte 0xF5, see `_markers`) where a token must end.

A canvas is a member if its tokens' bytes, with any number of markers put between tokens, before the first and after
the last, are a text of the automaton. What the markers leave open is settled byte by byte: let the automaton ignore
any markers that it need not read, make that deterministic, and a state after a token goes on from the state after as
many markers as make a difference. Tokens start from these *closed* states only, and read no marker themselves.

Knows byte states; the walk over a vocabulary is `_compile`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ._deadline import Deadline
from ._dfa import Dfa
from ._expansion import MAX_STATES, Expansion
from ._markers import BORDER, marked_nfa

__all__ = ["Edges", "Steps", "steps_of", "with_borders", "with_leading_space"]

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Edges:
    """Token edges in order of (source, target), each with the signature of its token set: uint64 (E, 2)."""

    source: Int32
    target: Int32
    signature: NDArray[np.uint64]

    def select(self, keep: NDArray[np.bool_]) -> Edges:
        return Edges(self.source[keep], self.target[keep], self.signature[keep])


@dataclass(frozen=True)
class Steps:
    """What the walk over a vocabulary reads.

    Attributes:
        dfa: the automaton that tokens are read by; not trimmed where there are borders.
        roots: int32 (R,), the states that tokens start from, ascending.
        resume: int32 (S,), the state to go on from after a token; None where that is the one it leads to.
    """

    dfa: Dfa
    roots: Int32
    resume: Int32 | None

    def merged(self, walked: Edges) -> Edges:
        """The edges between states that tokens start from; the token sets of what now is one edge add up."""
        if self.resume is None or not len(walked.source):
            return walked
        target = self.resume[walked.target]
        key = self._key(walked.source, target)
        order = np.argsort(key, kind="stable")
        first = np.flatnonzero(np.diff(key[order], prepend=-1))
        signature = np.add.reduceat(walked.signature[order], first, axis=0)
        return Edges(walked.source[order][first], target[order][first], signature)

    def walked(self, merged: Edges, label: Int32, walked: Edges) -> tuple[Int32, Int32, Int32]:
        """The edges of the walk (source, target, label) that `merged` ones with these labels were made of."""
        if self.resume is None or not len(merged.source):
            return merged.source, merged.target, label
        key = self._key(merged.source, merged.target)
        wanted = self._key(walked.source, self.resume[walked.target])
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        found = key[place] == wanted
        return walked.source[found], walked.target[found], label[place[found]]

    def _key(self, source: Int32, target: Int32) -> NDArray[np.int64]:
        return source.astype(np.int64) * self.dfa.num_states + target


def steps_of(dfa: Dfa) -> Steps:
    """Steps of a language without borders."""
    return Steps(dfa, np.arange(dfa.num_states, dtype=np.int32), None)


def with_borders(dfa: Dfa, deadline: Deadline) -> Steps:
    """Steps of a language whose texts hold markers."""
    free = Expansion(MAX_STATES, 0, None, deadline)._determinise(marked_nfa(dfa, BORDER))
    dfa = _own_column(replace(free, max_depth=dfa.max_depth), BORDER[0])
    resume = _closed(dfa)
    is_root = resume == np.arange(len(resume))
    table = dfa.table.copy()
    table[:, dfa.byte_class[BORDER[0]]] = -1  # no token spells a marker, not even a token of the byte 0xF5
    dfa = replace(dfa, table=table, start=int(resume[dfa.start]), accepting=dfa.accepting & is_root)
    return Steps(dfa, np.flatnonzero(is_root).astype(np.int32), resume)


def _closed(dfa: Dfa) -> Int32:
    """The state of each after any number of markers, int32 (S,). With each marker what the automaton accepts only
    grows, since it may ignore it, and at some state no more."""
    step = dfa.table[:, dfa.byte_class[BORDER[0]]]
    closed = step
    while not np.array_equal(further := step[closed], closed):
        closed = further
    return closed


def _own_column(dfa: Dfa, byte: int) -> Dfa:
    """The same automaton with this byte alone in its class."""
    column = int(dfa.byte_class[byte])
    if (dfa.byte_class == column).sum() == 1:
        return dfa
    byte_class = dfa.byte_class.copy()
    byte_class[byte] = dfa.table.shape[1]
    table = np.concatenate([dfa.table, dfa.table[:, column : column + 1]], axis=1)
    return replace(dfa, table=table, byte_class=byte_class)


def with_leading_space(steps: Steps) -> Steps:
    """The tokens' bytes of vocabularies whose text is the bytes less one leading space: one space may come first."""
    dfa = _own_column(steps.dfa, 0x20)
    first = dfa.table[dfa.start].copy()
    first[dfa.byte_class[0x20]] = dfa.start
    table = np.ascontiguousarray(np.concatenate([dfa.table, first[None]]), dtype=np.int32)
    start = np.int32(dfa.num_states)
    dfa = Dfa(table, dfa.byte_class, int(start), np.append(dfa.accepting, dfa.accepting[dfa.start]), dfa.max_depth)
    return Steps(dfa, np.append(steps.roots, start), None if steps.resume is None else np.append(steps.resume, start))
