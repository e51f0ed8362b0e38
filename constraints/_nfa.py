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

from ._deadline import Deadline
from ._errors import BudgetExceeded
from ._json_literal import json_literal
from ._terms import (
    Alt,
    And,
    Bytes,
    Call,
    Chars,
    Erased,
    Graph,
    JsonString,
    Marked,
    Minus,
    Not,
    Repeat,
    Scope,
    Seq,
    Spelled,
    Substrings,
    Term,
)
from ._utf8 import utf8_sequences

__all__ = ["Edges", "Nfa", "NfaBuilder"]

Int32 = NDArray[np.int32]
_TILE = 4  # repetitions of more copies than this are compiled once and copied
_MAX_TILED = 64  # and so are those within others, once a part would be spelled out more often than this


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
    """A deterministic part to be copied in: byte edges, a start state and the accepting states.

    `cut`: it holds a recursion that was cut off at a depth.
    """

    num_states: int
    start: int
    accepting: Int32
    edges: Edges
    cut: bool = False


class NfaBuilder:
    """Collects edges; `fragment` turns a term into its minimal deterministic part (it may raise a budget error).

    More than `max_states` states, as nested repetitions give them, are a budget error at once, and so are more than
    `max_cut` states in copies of parts whose recursion was cut off, or a deadline that has passed.
    """

    def __init__(
        self, fragment: Callable[[Term], Fragment], max_states: int, max_cut: int | None, deadline: Deadline
    ) -> None:
        self._fragment = fragment
        self._max_states = max_states
        self._max_cut = max_cut
        self._deadline = deadline
        self._cut = 0
        self._num_states = 2
        self._tiled = 1  # how often the part at hand is spelled out, by the repetitions around it
        self._edges: list[int] = []  # flat, four numbers an edge: no objects for the garbage collector to look through
        self._empty: list[int] = []  # two numbers an edge
        self._edge_blocks: list[tuple[Int32, ...]] = []  # four columns each
        self._empty_blocks: list[tuple[Int32, ...]] = []  # two columns each

    def build(self, term: Term) -> Nfa:
        """The automaton of `term`; start is state 0, end is state 1."""
        self.add(term, 0, 1)
        edges = zip(_columns(self._edges, 4), *self._edge_blocks, strict=True)
        source, target = map(np.concatenate, zip(_columns(self._empty, 2), *self._empty_blocks, strict=True))
        return Nfa(self._num_states, 0, 1, Edges(*map(np.concatenate, edges)), (source, target))

    def add(self, term: Term, start: int, end: int) -> None:
        """Add paths from `start` to `end` that spell exactly the texts of `term`."""
        self._deadline.check("collecting its states")
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
            case Graph(edges):
                self._add_graph(edges, start, end)
            case JsonString(Bytes(value)):
                self.add(json_literal(value), start, end)
            case And() | Not() | Minus() | Marked() | Erased() | JsonString() | Spelled() | Substrings():
                self._copy(self._fragment(term), 1, start, end)
            case Call() | Scope():
                self._copy(self._fragment(term), 1, start, end)
            case _:
                raise TypeError(f"not a term: {term!r}")

    def _fresh(self, count: int = 1) -> int:
        first = self._num_states
        self._num_states += count
        if self._num_states > self._max_states:
            raise BudgetExceeded(
                f"the language needs more than {self._max_states:,} states before they are made deterministic; "
                "lower its repetition bounds or lengths, or raise max_states"
            )
        return first

    def _add_bytes(self, value: bytes, start: int, end: int) -> None:
        self._add_ranges(tuple((byte, byte) for byte in value), start, end)

    def _add_ranges(self, sequence: tuple[tuple[int, int], ...], start: int, end: int) -> None:
        state = start
        last = len(sequence) - 1
        for i, (low, high) in enumerate(sequence):
            following = end if i == last else self._fresh()
            self._edges += (state, low, high, following)
            state = following

    def _add_seq(self, parts: tuple[Term, ...], start: int, end: int) -> None:
        if not parts:
            self._empty += (start, end)
            return
        state = start
        for part in parts[:-1]:
            following = self._fresh()
            self.add(part, state, following)
            state = following
        self.add(parts[-1], state, end)

    def _add_graph(self, edges: tuple[tuple[int, Term, int], ...], start: int, end: int) -> None:
        node: dict[int, int] = {}
        for s, _, t in edges:
            for name in (s, t):
                if name not in node:
                    node[name] = self._fresh()
        for s, term, t in edges:
            self.add(term, node[s], node[t])
        self._empty += (start, node[0], node[1], end)

    def _add_repeat(self, inner: Term, low: int, high: int | None, start: int, end: int) -> None:
        copies = low if high is None else high
        spelled = copies + (high is None)
        many = copies > _TILE or self._tiled * spelled > _MAX_TILED
        part = self._fragment(inner) if many else None
        self._tiled *= 1 if many else spelled
        if part is not None:
            state = self._copy_many(part, low, high, start, end)
        else:
            state = start
            for i in range(copies):
                if i >= low:
                    self._empty += (state, end)
                following = self._fresh()
                self.add(inner, state, following)
                state = following
        if high is None:
            loop = self._fresh()
            self._empty += (state, loop, loop, end)
            if part is not None:
                self._copy(part, 1, loop, loop)
            else:
                self.add(inner, loop, loop)
        else:
            self._empty += (state, end)
        self._tiled //= 1 if many else spelled

    def _copy(self, part: Fragment, copies: int, start: int, end: int) -> None:
        """Copy a deterministic part in, between `start` and `end`."""
        self._empty += (self._copy_many(part, copies, copies, start, end), end)

    def _copy_many(self, part: Fragment, low: int, high: int | None, start: int, end: int) -> int:
        """Copy a part several times in a row; from the `low`-th joint on, `end` is reached too. The last joint."""
        copies = low if high is None else high
        size = part.num_states
        self._cut += copies * size if part.cut else 0
        if self._max_cut is not None and self._cut > self._max_cut:
            raise BudgetExceeded(f"recursive parts need more than {self._max_cut:,} states at this depth")
        joints = self._fresh(copies + 1)  # joint i: after i copies
        base = self._fresh(copies * size)
        edges = part.edges
        joint = joints + np.arange(copies + 1, dtype=np.int32)
        offset = base + size * np.arange(copies, dtype=np.int32)
        wide = offset[:, None]
        self._edge_blocks.append(
            (
                (wide + edges.source).ravel(),
                np.tile(edges.low, copies),
                np.tile(edges.high, copies),
                (wide + edges.target).ravel(),
            )
        )
        skip = joint[low:-1]
        self._empty_blocks += [
            (joint[:-1], offset + np.int32(part.start)),
            ((wide + part.accepting).ravel(), np.repeat(joint[1:], len(part.accepting))),
            (skip, np.full(len(skip), end, dtype=np.int32)),
        ]
        self._empty += (start, joints)
        return joints + copies


def _columns(rows: Sequence[int], width: int) -> NDArray[np.int32]:
    return np.array(rows, dtype=np.int32).reshape(-1, width).T
