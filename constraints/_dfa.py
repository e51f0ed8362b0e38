"""Deterministic automata over bytes: what every language is compiled to, and how it is copied into others.

Knows bytes, no terms and no vocabulary; `_expansion` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ._nfa import Edges, Fragment, Int32
from ._table_kernels import sparse

__all__ = ["EMPTY_DFA", "Dfa", "as_fragment", "same_language"]


@dataclass(frozen=True, eq=False)
class Dfa:
    """A minimal, trimmed deterministic automaton over bytes.

    Attributes:
        table: int32 (S, K), next state by byte class, −1 = dead. S = 0 for the empty language.
        byte_class: uint8 (256,), the class of each byte; bytes of one class behave alike everywhere.
        start: the start state.
        accepting: bool (S,).
        max_depth: how deep self-embedding calls were expanded, None if the automaton is the whole language.
    """

    table: NDArray[np.int32]
    byte_class: NDArray[np.uint8]
    start: int
    accepting: NDArray[np.bool_]
    max_depth: int | None = field(default=None)

    @property
    def num_states(self) -> int:
        return int(self.table.shape[0])

    @cached_property
    def rows(self) -> tuple[NDArray[np.int64], Int32, Int32, Int32]:
        """The same edges by ranges of bytes (ptr, low, high, target), see `_minimise_kernels`."""
        ptr, low, high, target = sparse(self.table, self.byte_class)
        return ptr, low, high, target

    @property
    def is_empty(self) -> bool:
        return self.num_states == 0

    def matches(self, data: bytes) -> bool:
        """Whether the text is in the language."""
        if self.is_empty:
            return False
        state = self.start
        for symbol in self.byte_class[np.frombuffer(data, dtype=np.uint8)].tolist():
            state = int(self.table[state, symbol])
            if state < 0:
                return False
        return bool(self.accepting[state])


EMPTY_DFA = Dfa(np.empty((0, 1), np.int32), np.zeros(256, np.uint8), 0, np.empty(0, np.bool_))


def same_language(left: Dfa, right: Dfa) -> bool:
    """Equal languages: minimal automata numbered breadth first, on the coarsest byte classes, are equal arrays."""
    return (
        np.array_equal(left.byte_class, right.byte_class)
        and np.array_equal(left.table, right.table)
        and np.array_equal(left.accepting, right.accepting)
    )


def as_fragment(dfa: Dfa) -> Fragment:
    """The automaton as byte edges: one per maximal run of bytes with one target."""
    if dfa.is_empty:
        none = np.empty(0, np.int32)
        return Fragment(1, 0, none, Edges(none, none, none, none))
    ptr, low, high, target = dfa.rows
    source = np.repeat(np.arange(dfa.num_states, dtype=np.int32), np.diff(ptr))
    accepting = np.flatnonzero(dfa.accepting).astype(np.int32)
    return Fragment(dfa.num_states, dfa.start, accepting, Edges(source, low, high, target), dfa.max_depth is not None)
