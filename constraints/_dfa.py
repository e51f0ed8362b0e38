"""Deterministic automata over bytes, and the compilation of terms into them.

`compile_term` expands a term bottom up; every part that needs determinism is compiled, minimised and kept in a cache by
term, so shared parts cost once. Named sub-languages are expanded here: a definition that does not reach itself is
inlined; one that does is expanded by depth (see `_Expansion`).

This module knows bytes and terms, no vocabulary.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ._dfa_kernels import determinise, minimise, product
from ._errors import BudgetExceeded
from ._nfa import Edges, Fragment, Nfa, NfaBuilder
from ._terms import Alt, And, Call, JsonString, Not, Repeat, Scope, Seq, Term, any_text

__all__ = ["MAX_DEPTH", "MAX_STATES", "Dfa", "as_fragment", "compile_term", "forget_compiled_parts"]

MAX_STATES = 200_000
MAX_DEPTH = 4
_CACHE_SIZE = 512


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


def compile_term(term: Term, *, max_states: int = MAX_STATES, max_depth: int = MAX_DEPTH) -> Dfa:
    """The minimal automaton of a term.

    Raises:
        BudgetExceeded: if any automaton on the way needs more than `max_states` states.
        ValueError: for a `Call` that no enclosing `Scope` names.
    """
    return _Expansion(max_states, max_depth).compile(term)


class _Cache:
    """A small thread-safe cache of compiled parts, least recently used out first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[Term, int, int], Dfa] = OrderedDict()

    def get(self, key: tuple[Term, int, int]) -> Dfa | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def put(self, key: tuple[Term, int, int], dfa: Dfa) -> None:
        with self._lock:
            self._entries[key] = dfa
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)


_cache = _Cache(_CACHE_SIZE)


def forget_compiled_parts() -> None:
    """Empty the cache of compiled parts: for measuring, and to give memory back."""
    _cache.clear()


class _Expansion:
    """Compiles one term with one budget.

    Calls that embed themselves are expanded by depth: level 0 of every name is the empty language, level k + 1 is its
    definition with each call replaced by level k. The levels grow towards the language from below, so nothing outside
    of it is ever accepted; if a level repeats the one before, the language is regular and the automaton is exact.
    """

    def __init__(self, max_states: int, max_depth: int) -> None:
        self.max_states = max_states
        self.max_depth = max_depth
        self._bound: dict[str, Dfa] = {}
        self._truncated = False

    def compile(self, term: Term) -> Dfa:
        key = (term, self.max_states, self.max_depth)
        closed = not self._bound or not _calls(term)
        if closed and (kept := _cache.get(key)) is not None:
            self._truncated |= kept.max_depth is not None
            return kept
        outer, self._truncated = self._truncated, False
        dfa = self._compile(term)
        dfa = Dfa(dfa.table, dfa.byte_class, dfa.start, dfa.accepting, self.max_depth if self._truncated else None)
        self._truncated |= outer
        if closed:
            _cache.put(key, dfa)
        return dfa

    def _compile(self, term: Term) -> Dfa:
        match term:
            case And(parts):
                result = self.compile(parts[0])
                for part in parts[1:]:
                    result = self._product(result, self.compile(part), difference=False)
                return result
            case Not(inner):
                return self._product(self.compile(any_text()), self.compile(inner), difference=True)
            case JsonString(inner):
                from ._json_string import json_string_nfa  # imports this module's Dfa

                return self._determinise(json_string_nfa(self.compile(inner)))
            case Call(name):
                if name not in self._bound:
                    raise ValueError(f"the sub-language {name!r} is called and not defined")
                return self._bound[name]
            case Scope(body, definitions):
                return self._scope(body, dict(definitions))
            case _:
                return self._determinise(NfaBuilder(self._fragment).build(term))

    def _fragment(self, term: Term) -> Fragment:
        return as_fragment(self.compile(term))

    def _determinise(self, nfa: Nfa) -> Dfa:
        byte_class, num_classes = _classes_of_ranges(nfa.edges)
        edges = nfa.edges
        columns = (edges.source, byte_class[edges.low], byte_class[edges.high], edges.target, *nfa.empty)
        table, accepting, complete = determinise(
            nfa.num_states, nfa.start, nfa.end,
            *(np.ascontiguousarray(column, dtype=np.int32) for column in columns),  # one layout, one compiled kernel
            num_classes, self.max_states,
        )  # fmt: skip
        if not complete:
            raise self._too_large()
        return _minimal(table, byte_class, 0, accepting)

    def _product(self, left: Dfa, right: Dfa, *, difference: bool) -> Dfa:
        if left.is_empty or (right.is_empty and difference):
            return left
        if right.is_empty:
            return right
        joint = left.byte_class.astype(np.int32) * 256 + right.byte_class
        _, representative, byte_class = np.unique(joint, return_index=True, return_inverse=True)
        table, accepting, complete = product(
            left.table, left.start, left.accepting, right.table, right.start, right.accepting,
            left.byte_class[representative].astype(np.int64), right.byte_class[representative].astype(np.int64),
            difference, self.max_states,
        )  # fmt: skip
        if not complete:
            raise self._too_large()
        return _minimal(table, byte_class.reshape(-1).astype(np.uint8), 0, accepting)

    def _scope(self, body: Term, definitions: dict[str, Term]) -> Dfa:
        outer = self._bound
        calls = {name: _calls(term) & definitions.keys() for name, term in definitions.items()}
        needed = _reachable(_calls(body) & definitions.keys(), calls)
        self._bound = {name: dfa for name, dfa in outer.items() if name not in definitions}
        try:
            for group in _components(needed, calls):
                self._bind(group, definitions, recursive=len(group) > 1 or group[0] in calls[group[0]])
            return self.compile(body)
        finally:
            self._bound = outer

    def _bind(self, group: list[str], definitions: dict[str, Term], *, recursive: bool) -> None:
        """Compile the definitions of one strongly connected group of names."""
        if not recursive:
            self._bound[group[0]] = self.compile(definitions[group[0]])
            return
        for name in group:
            self._bound[name] = _EMPTY
        for depth in range(self.max_depth + 1):
            before = {name: self._bound[name] for name in group}
            try:
                self._bound |= {name: self.compile(definitions[name]) for name in group}
            except BudgetExceeded:
                if not depth:
                    raise
                break  # the level before fits: a smaller language, and `max_depth` says so
            if depth and all(_same(before[name], self._bound[name]) for name in group):
                return
        self._truncated = True

    def _too_large(self) -> BudgetExceeded:
        return BudgetExceeded(
            f"the language needs more than {self.max_states:,} byte states; "
            "lower its repetition bounds or lengths, or raise max_states"
        )


_EMPTY = Dfa(np.empty((0, 1), np.int32), np.zeros(256, np.uint8), 0, np.empty(0, np.bool_))


def _same(left: Dfa, right: Dfa) -> bool:
    """Equal languages: minimal automata numbered breadth first, on the coarsest byte classes, are equal arrays."""
    return (
        np.array_equal(left.byte_class, right.byte_class)
        and np.array_equal(left.table, right.table)
        and np.array_equal(left.accepting, right.accepting)
    )


def _minimal(table: NDArray[np.int32], byte_class: NDArray[np.uint8], start: int, accepting: NDArray[np.bool_]) -> Dfa:
    """Minimise, merge byte classes with equal columns, and number classes by their first byte."""
    if len(table):
        table, accepting = minimise(table, start, accepting)
    if not len(table):
        return _EMPTY
    columns: dict[bytes, int] = {}
    representative: list[int] = []
    renumbered = np.empty(table.shape[1], dtype=np.uint8)
    present, first = np.unique(byte_class, return_index=True)
    by_column = np.ascontiguousarray(table.T)
    for old in present[np.argsort(first)]:
        column = by_column[old].tobytes()
        if column not in columns:
            columns[column] = len(representative)
            representative.append(int(old))
        renumbered[old] = columns[column]
    # breadth-first numbers depend on the order of columns: renumber once more on the merged alphabet
    merged, accepting = minimise(np.ascontiguousarray(table[:, representative]), 0, accepting)
    return Dfa(merged, renumbered[byte_class], 0, accepting)


def _classes_of_ranges(edges: Edges) -> tuple[NDArray[np.uint8], int]:
    """Cut the bytes at every range border."""
    border = np.zeros(257, dtype=np.int32)
    border[edges.low] = 1
    border[edges.high + 1] = 1
    border[0] = 0
    byte_class = np.cumsum(border[:256]).astype(np.uint8)
    return byte_class, int(byte_class[-1]) + 1


def as_fragment(dfa: Dfa) -> Fragment:
    """The automaton as byte edges: one per maximal run of bytes with one target."""
    if dfa.is_empty:
        none = np.empty(0, np.int32)
        return Fragment(1, 0, none, Edges(none, none, none, none))
    cuts = np.flatnonzero(np.diff(dfa.byte_class.astype(np.int32))) + 1
    low = np.concatenate([[0], cuts]).astype(np.int32)
    high = np.concatenate([cuts - 1, [255]]).astype(np.int32)
    wide = dfa.table[:, dfa.byte_class[low]]  # (S, runs)
    starts = np.ones(wide.shape, dtype=bool)
    starts[:, 1:] = wide[:, 1:] != wide[:, :-1]
    source, run = np.nonzero(starts)
    following = np.append(run[1:], 0)
    last_run = np.where(np.append(source[1:] != source[:-1], True), len(low) - 1, following - 1)
    target = wide[source, run]
    live = target >= 0
    edges = Edges(source[live].astype(np.int32), low[run[live]], high[last_run[live]], target[live])
    return Fragment(dfa.num_states, dfa.start, np.flatnonzero(dfa.accepting).astype(np.int32), edges)


def _calls(term: Term) -> frozenset[str]:
    """The names that a term calls and does not bind itself; kept on the term."""
    kept = term.__dict__.get("_calls")
    if kept is None:
        kept = _find_calls(term)
        object.__setattr__(term, "_calls", kept)
    return kept


def _find_calls(term: Term) -> frozenset[str]:
    match term:
        case Call(name):
            return frozenset([name])
        case Seq(parts) | Alt(parts) | And(parts):
            return frozenset().union(*map(_calls, parts))
        case Repeat(inner) | Not(inner) | JsonString(inner):
            return _calls(inner)
        case Scope(body, definitions):
            used = _calls(body).union(*(_calls(definition) for _, definition in definitions))
            return used - {name for name, _ in definitions}
        case _:
            return frozenset()


def _reachable(roots: frozenset[str], calls: dict[str, frozenset[str]]) -> list[str]:
    seen: dict[str, None] = {}
    pending = sorted(roots)
    while pending:
        name = pending.pop()
        if name not in seen:
            seen[name] = None
            pending += sorted(calls[name])
    return list(seen)


def _components(names: list[str], calls: dict[str, frozenset[str]]) -> list[list[str]]:
    """Strongly connected groups, callees first (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups: list[list[str]] = []
    for root in names:
        if root in index:
            continue
        work = [(root, iter(sorted(calls[root])))]
        index[root] = lowest[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, rest = work[-1]
            for callee in rest:
                if callee not in index:
                    index[callee] = lowest[callee] = len(index)
                    stack.append(callee)
                    on_stack.add(callee)
                    work.append((callee, iter(sorted(calls[callee]))))
                    break
                if callee in on_stack:
                    lowest[name] = min(lowest[name], index[callee])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
                if lowest[name] == index[name]:
                    cut = stack.index(name)
                    groups.append(stack[cut:])
                    on_stack -= set(stack[cut:])
                    del stack[cut:]
    return groups
