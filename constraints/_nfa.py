"""From terms to one nondeterministic automaton over bytes, as flat edge lists.

Thompson's construction with one rule that keeps it simple: `add(term, start, end)` only adds edges *out of* `start`,
*into* `end`, and among fresh states. So alternatives may share both ends, and a loop is `start == end`.

Parts that need a deterministic automaton (intersection, complement, JSON escapes, named sub-languages, large
repetitions) are compiled first, through the `subset` callback, and copied in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._terms import Alt, And, Bytes, Call, Chars, JsonString, Not, Repeat, Scope, Seq, Term
from ._utf8 import utf8_sequences

__all__ = ["Edges", "Nfa", "NfaBuilder"]

Int32 = NDArray[np.int32]
_TILE = 4  # repetitions of more copies than this are compiled once and copied


@dataclass(frozen=True)
class Edges:
    """Byte edges: `source --[low..high]--> target`, parallel int32 arrays."""

    source: Int32
    low: Int32
    high: Int32
    target: Int32


@dataclass(frozen=True)
class Nfa:
    """`num_states` states, one start, one end; byte edges and empty edges."""

    num_states: int
    start: int
    end: int
    edges: Edges
    empty: tuple[Int32, Int32]


@dataclass(frozen=True)
class Fragment:
    """A deterministic part to be copied in: byte edges, a start state and the accepting states."""

    num_states: int
    start: int
    accepting: Int32
    edges: Edges


class NfaBuilder:
    """Collects edges; `fragment` turns a term into its minimal deterministic part (it may raise a budget error)."""

    def __init__(self, fragment: Callable[[Term], Fragment]) -> None:
        self._fragment = fragment
        self._num_states = 2
        self._edges: list[tuple[int, int, int, int]] = []
        self._empty: list[tuple[int, int]] = []
        self._edge_blocks: list[NDArray[np.int32]] = []  # (4, n) each
        self._empty_blocks: list[NDArray[np.int32]] = []  # (2, n) each

    def build(self, term: Term) -> Nfa:
        """The automaton of `term`; start is state 0, end is state 1."""
        self.add(term, 0, 1)
        edges = np.concatenate([_columns(self._edges, 4), *self._edge_blocks], axis=1)
        empty = np.concatenate([_columns(self._empty, 2), *self._empty_blocks], axis=1)
        return Nfa(self._num_states, 0, 1, Edges(*edges), (empty[0], empty[1]))

    def add(self, term: Term, start: int, end: int) -> None:
        """Add paths from `start` to `end` that spell exactly the texts of `term`."""
        match term:
            case Bytes(value):
                self._add_bytes(value, start, end)
            case Chars(ranges):
                for low, high in ranges:
                    for sequence in utf8_sequences(low, high):
                        self._add_ranges(sequence, start, end)
            case Seq(parts):
                self._add_seq(parts, start, end)
            case Alt(options):
                for option in options:
                    self.add(option, start, end)
            case Repeat(inner, low, high):
                self._add_repeat(inner, low, high, start, end)
            case And() | Not() | JsonString() | Call() | Scope():
                self._copy(self._fragment(term), 1, start, end)
            case _:
                raise TypeError(f"not a term: {term!r}")

    def _fresh(self, count: int = 1) -> int:
        first = self._num_states
        self._num_states += count
        return first

    def _add_bytes(self, value: bytes, start: int, end: int) -> None:
        self._add_ranges(tuple((byte, byte) for byte in value), start, end)

    def _add_ranges(self, sequence: tuple[tuple[int, int], ...], start: int, end: int) -> None:
        state = start
        last = len(sequence) - 1
        for i, (low, high) in enumerate(sequence):
            following = end if i == last else self._fresh()
            self._edges.append((state, low, high, following))
            state = following

    def _add_seq(self, parts: tuple[Term, ...], start: int, end: int) -> None:
        if not parts:
            self._empty.append((start, end))
            return
        state = start
        for part in parts[:-1]:
            following = self._fresh()
            self.add(part, state, following)
            state = following
        self.add(parts[-1], state, end)

    def _add_repeat(self, inner: Term, low: int, high: int | None, start: int, end: int) -> None:
        copies = low if high is None else high
        if copies > _TILE:
            state = self._copy_many(self._fragment(inner), low, high, start, end)
        else:
            state = start
            for i in range(copies):
                if i >= low:
                    self._empty.append((state, end))
                following = self._fresh()
                self.add(inner, state, following)
                state = following
        if high is None:
            loop = self._fresh()
            self._empty += [(state, loop), (loop, end)]
            self.add(inner, loop, loop)
        else:
            self._empty.append((state, end))

    def _copy(self, part: Fragment, copies: int, start: int, end: int) -> None:
        """Copy a deterministic part in, between `start` and `end`."""
        self._empty.append((self._copy_many(part, copies, copies, start, end), end))

    def _copy_many(self, part: Fragment, low: int, high: int | None, start: int, end: int) -> int:
        """Copy a part several times in a row; from the `low`-th joint on, `end` is reached too. The last joint."""
        copies = low if high is None else high
        size = part.num_states
        joints = self._fresh(copies + 1)  # joint i: after i copies
        base = self._fresh(copies * size)
        offset = (base + size * np.arange(copies, dtype=np.int32))[:, None]
        edges = part.edges
        wide = np.ones((copies, 1), dtype=np.int32)
        self._edge_blocks.append(
            np.stack(
                [
                    (offset + edges.source).ravel(),
                    (wide * edges.low).ravel(),
                    (wide * edges.high).ravel(),
                    (offset + edges.target).ravel(),
                ]
            ).astype(np.int32)
        )
        joint = joints + np.arange(copies + 1, dtype=np.int32)
        into = np.stack([joint[:-1], offset[:, 0] + part.start])
        leave_from = (offset + part.accepting).ravel()
        leave = np.stack([leave_from, np.repeat(joint[1:], len(part.accepting))])
        skip = joint[low:-1]
        self._empty_blocks += [
            into.astype(np.int32),
            leave.astype(np.int32),
            np.stack([skip, np.full(len(skip), end)]).astype(np.int32),
        ]
        self._empty.append((start, joints))
        return joints + copies


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> NDArray[np.int32]:
    return np.array(rows, dtype=np.int32).reshape(-1, width).T
