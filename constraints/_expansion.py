"""The compilation of terms into deterministic automata over bytes.

`compile_term` expands a term bottom up; every part that needs determinism is compiled, minimised and kept in a cache by
term, so shared parts cost once. Named sub-languages are expanded here: a definition that does not reach itself is
inlined; one that does is expanded by depth (see `Expansion`).

This module knows bytes and terms, no vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._calls import calls_of, components, depth_of, reachable
from ._deadline import MAX_SECONDS, Deadline
from ._determinise_kernels import determinise
from ._dfa import EMPTY_DFA, Dfa, as_fragment, same_language
from ._errors import BudgetExceeded, UnsupportedConstraint
from ._json_string import json_string_nfa
from ._lru import LruCache
from ._markers import erased_nfa, marked_nfa
from ._minimise_kernels import minimise
from ._nfa import Edges, Fragment, Int32, Nfa, NfaBuilder
from ._product_kernels import product
from ._spellings import spelled_nfa
from ._substrings import substring_nfa
from ._table_kernels import dense, sparse
from ._terms import (
    And,
    Call,
    Erased,
    JsonString,
    Marked,
    Minus,
    Not,
    Scope,
    Spelled,
    Substrings,
    Term,
    any_text,
    both,
    json_string,
    lit,
    neg,
    substrings,
)

__all__ = [
    "MAX_CUT", "MAX_DEPTH", "MAX_STATES", "Expansion", "compile_term", "forget_compiled_parts", "load_kernels",
]  # fmt: skip

MAX_STATES = 200_000
MAX_DEPTH = 4
MAX_CUT = 12_000  # states in all copies of recursive parts together
SEARCH_WORK = 15_000  # states made before the search for the depth that fits stops
DEEP_SEARCH_WORK = 60_000  # the same where more depth than usual is asked for
DEEP_STATES = 10_000  # where nobody asked for a depth, it leads to no more states: each is a walk over the vocabulary
_GATHERED = 25  # states gathered that cost about as much as a state made
_CACHE_SIZE = 512
_CACHE_BYTES = 2**28  # of their tables


def compile_term(
    term: Term,
    *,
    max_states: int = MAX_STATES,
    max_depth: int | None = None,
    max_seconds: float | None = MAX_SECONDS,
    deadline: Deadline | None = None,
) -> Dfa:
    """The minimal automaton of a term.

    Parts that embed themselves are expanded `max_depth` deep (None: as deep as the term asks, at least `MAX_DEPTH`), or
    less where their copies together would have more than `MAX_CUT` states: `Dfa.max_depth` says what was reached.

    Raises:
        BudgetExceeded: if any automaton on the way needs more than `max_states` states, or compiling more than
            `max_seconds` (or the time that a running `deadline` leaves: one passed, or else the current one).
        ValueError: for a `Call` that no enclosing `Scope` names.
    """
    if max_depth is None:
        max_depth = max(MAX_DEPTH, depth_of(term))
    if deadline is None:
        for known in (None, max_depth):  # no timer for what is kept
            if (kept := _cache.get((term, max_states, known))) is not None:
                return kept
        deadline = Deadline.current()
    if deadline is None:
        load_kernels()
        with Deadline(max_seconds) as deadline:
            return compile_term(term, max_states=max_states, max_depth=max_depth, deadline=deadline)
    if max_depth <= MAX_DEPTH:  # likely to fit: try it at once
        expansion = Expansion(max_states, max_depth, MAX_CUT if max_depth else None, deadline)
        try:
            return expansion.compile(term)
        except BudgetExceeded:
            deadline.check("expanding recursive parts")
            if not expansion.recursive or not max_depth:
                raise
    return _as_deep_as_possible(term, max_states, max_depth, deadline)


def _as_deep_as_possible(term: Term, max_states: int, max_depth: int, deadline: Deadline) -> Dfa:
    """The automaton of the greatest depth up to `max_depth` that the budgets admit, looked for from below. How far the
    search goes is counted in states, not in time: the same language for the same term."""
    expansion = Expansion(max_states, 0, None, deadline)
    best = expansion.compile(term)
    work = expansion.work
    deep = max_depth > MAX_DEPTH
    most = DEEP_SEARCH_WORK if deep else SEARCH_WORK
    for depth in _depths(max_depth):
        if work > most or best.max_depth is None:
            break
        expansion = Expansion(max_states, depth, MAX_CUT, deadline, most=4 * best.num_states + 2 * MAX_CUT)
        try:
            deeper = expansion.compile(term)
        except BudgetExceeded:
            deadline.check("expanding recursive parts")
            break
        if deep and depth_of(term) == max_depth and deeper.num_states > DEEP_STATES and not best.is_empty:
            break
        best = deeper
        work += expansion.work + (expansion.gathered // _GATHERED if deep else 0)
    if best.is_empty and not best.max_depth:
        raise BudgetExceeded(
            f"the language needs more than {MAX_CUT:,} states for recursive parts, and has no member without them"
        )
    _cache.put((term, max_states, max_depth), best)
    return best


def _depths(most: int) -> Iterator[int]:
    """1 to 8, and then by a quarter more each; the last is `most`."""
    depth = 1
    while depth < most:
        yield depth
        depth += max(1, depth // 8 * 2)
    yield most


@cache
def load_kernels() -> None:
    """Run every kernel once: loading one, or even compiling it, counts for no deadline."""
    Expansion(MAX_STATES, 0, None, Deadline(None)).compile(
        json_string(both(any_text(), neg(lit("a")), substrings(["b"])))
    )


_Key = tuple[Term, int, int | None]  # the term, most states, depth: None where the automaton is the whole language
_Group = tuple[frozenset[tuple[str, Term]], frozenset[str], int]  # closed definitions, those expanded, most states
_Level = dict[str, "Dfa"]  # the automata of a group's names at one depth


_cache: LruCache[_Key, Dfa] = LruCache(_CACHE_SIZE, _CACHE_BYTES, lambda dfa: dfa.table.nbytes)
_levels: LruCache[_Group, list[_Level]] = LruCache(_CACHE_SIZE // 16)


def forget_compiled_parts() -> None:
    """Empty the cache of compiled parts: for measuring, and to give memory back. What all open schemas share (any JSON
    value) stays, like the kernels."""
    _cache.clear()


class Expansion:
    """Compiles one term with one budget.

    Calls that embed themselves are expanded by depth: level 0 of every name is the empty language, level k + 1 is its
    definition with each call replaced by level k. The levels grow towards the language from below, so nothing outside
    of it is ever accepted; if a level repeats the one before, the language is regular and the automaton is exact.
    """

    def __init__(
        self, max_states: int, max_depth: int, max_cut: int | None, deadline: Deadline, most: int | None = None
    ) -> None:
        self.max_states = max_states
        self._most = max_states if most is None else min(most, max_states)  # of one automaton in this expansion
        self.max_depth = max_depth
        self.max_cut = max_cut
        self.recursive = False  # whether there is any recursion to expand
        self.work = 0  # states of all automata made
        self.gathered = 0  # states gathered to make them deterministic
        self._deadline = deadline
        self._bound: dict[str, Dfa] = {}
        self._depth: int | None = None  # where recursion was cut off in the part at hand

    def compile(self, term: Term) -> Dfa:
        closed = not self._bound or not calls_of(term)
        for depth in (None, self.max_depth) if closed else ():
            if (kept := _cache.get((term, self.max_states, depth))) is not None:
                self._note(kept.max_depth)
                return kept
        outer, self._depth = self._depth, None
        dfa = self._compile(term)
        if dfa.max_depth != self._depth:
            dfa = replace(dfa, max_depth=self._depth)
        self._note(outer)
        if closed:
            _cache.put((term, self.max_states, None if dfa.max_depth is None else self.max_depth), dfa)
        return dfa

    def _note(self, depth: int | None) -> None:
        if depth is not None:
            self._depth = depth if self._depth is None else min(self._depth, depth)
            self.recursive = True

    def _compile(self, term: Term) -> Dfa:
        match term:
            case And(parts):
                result = self.compile(parts[0])
                for part in parts[1:]:
                    result = self._product(result, self.compile(part), difference=False)
                return result
            case Not(inner):
                return self._product(self.compile(any_text()), self._whole(inner), difference=True)
            case Minus(inner, removed):
                return self._product(self.compile(inner), self._whole(removed), difference=True)
            case Marked(inner, markers):
                return self._determinise(marked_nfa(self.compile(inner), markers))
            case Erased(inner, markers):
                return self._determinise(erased_nfa(self.compile(inner), markers))
            case JsonString(inner):
                return self._determinise(json_string_nfa(self.compile(inner)))
            case Spelled(inner, needless):
                read = self.compile(inner)
                return read if read.is_empty else self._determinise(spelled_nfa(read, needless=needless))
            case Substrings():
                return self._determinise(substring_nfa(term, self.max_states, self._deadline))
            case Call(name):
                if name not in self._bound:
                    raise ValueError(f"the sub-language {name!r} is called and not defined")
                self._note(self._bound[name].max_depth)
                return self._bound[name]
            case Scope(body, definitions):
                return self._scope(body, dict(definitions))
            case _:
                most = 4 * self.max_states + 10_000
                return self._determinise(NfaBuilder(self._fragment, most, self.max_cut, self._deadline).build(term))

    def _whole(self, term: Term) -> Dfa:
        """The automaton of what is to be complemented: cut off, its complement would accept too much."""
        dfa = self.compile(term)
        if dfa.max_depth is not None:
            raise UnsupportedConstraint.single(
                "", "complement", "the language embeds itself, and automata hold it up to a depth only"
            )
        return dfa

    def _fragment(self, term: Term) -> Fragment:
        return as_fragment(self.compile(term))

    def _determinise(self, nfa: Nfa) -> Dfa:
        class_low, edges = _by_class(nfa.edges)
        columns = (*edges, *nfa.empty)
        *rows, accepting, outcome, gathered = determinise(
            nfa.num_states, nfa.start, nfa.end,
            *(np.ascontiguousarray(column, dtype=np.int32) for column in columns),  # one layout, one compiled kernel
            class_low, self._most, self._deadline.passed,
        )  # fmt: skip
        self._deadline.check("making it deterministic")
        self.gathered += int(gathered)
        if outcome:
            raise self._too_large()
        return self._minimal(rows, accepting)

    def _minimal(self, rows: Sequence[NDArray[Any]], accepting: NDArray[np.bool_]) -> Dfa:
        """The minimal automaton: equal languages have equal arrays."""
        if not len(accepting):
            return EMPTY_DFA
        *rows, accepting = minimise(*rows, 0, accepting, self._deadline.passed)
        self._deadline.check("making it minimal")
        table, byte_class = dense(*rows)
        self.work += len(accepting)
        return Dfa(table, byte_class, 0, accepting)

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
            difference, self._most, self._deadline.passed,
        )  # fmt: skip
        self._deadline.check("intersecting")
        if not complete:
            raise self._too_large()
        return self._minimal(sparse(table, byte_class.reshape(-1).astype(np.uint8)), accepting)

    def _scope(self, body: Term, definitions: dict[str, Term]) -> Dfa:
        outer = self._bound
        calls = {name: calls_of(term) & definitions.keys() for name, term in definitions.items()}
        needed = reachable(calls_of(body) & definitions.keys(), calls)
        self._bound = {name: dfa for name, dfa in outer.items() if name not in definitions}
        try:
            for group in components(needed, calls):
                below = frozenset(reachable(frozenset(group), calls))
                self._bind(group, definitions, below, recursive=len(group) > 1 or group[0] in calls[group[0]])
            return self.compile(body)
        finally:
            self._bound = outer

    def _bind(self, group: list[str], definitions: dict[str, Term], below: frozenset[str], *, recursive: bool) -> None:
        """Compile the definitions of one strongly connected group of names; `below` are those that they come to."""
        if not recursive:
            self._bound[group[0]] = self.compile(definitions[group[0]])
            return
        self.recursive = True
        alone = all(calls_of(definitions[name]) <= below for name in below)
        key: _Group = (frozenset((name, definitions[name]) for name in below), frozenset(group), self.max_states)
        levels = list(_levels.get(key) or ()) if alone else []
        depth = self._grow(levels, group, definitions)
        if alone:
            _levels.put(key, levels)
        self._bound |= levels[depth]
        deeper = levels[depth + 1] if depth + 1 < len(levels) else None
        if deeper is not None and all(same_language(levels[depth][name], deeper[name]) for name in group):
            return  # the language is regular
        for name in group:
            kept = self._bound[name]
            self._bound[name] = replace(kept, max_depth=depth if kept.max_depth is None else min(depth, kept.max_depth))

    def _grow(self, levels: list[_Level], group: list[str], definitions: dict[str, Term]) -> int:
        """Expand the definitions level by level, as deep as the budget allows or until a level repeats the one before;
        the level to take. `levels` may hold the first ones already."""
        for depth in range(self.max_depth + 1):
            if depth == len(levels):
                self._bound |= levels[-1] if levels else dict.fromkeys(group, EMPTY_DFA)
                try:
                    levels.append({name: self.compile(definitions[name]) for name in group})
                except BudgetExceeded:
                    self._deadline.check("expanding recursive parts")
                    if not depth or self.max_cut is not None:
                        raise
                    return depth - 1  # the level before fits: a smaller language, and `max_depth` says so
            if depth and all(same_language(levels[depth - 1][name], levels[depth][name]) for name in group):
                return depth - 1
        return self.max_depth

    def _too_large(self) -> BudgetExceeded:
        deep = f" with recursive parts {self.max_depth} deep" if self.recursive else ""
        return BudgetExceeded(
            f"the language needs more than {self._most:,} byte states{deep}; "
            "lower its repetition bounds or lengths, or raise max_states"
        )


def _by_class(edges: Edges) -> tuple[Int32, tuple[Int32, Int32, Int32, Int32]]:
    """Cut the bytes at every border: the first byte of each class and then 256, and the edges by classes."""
    border = np.zeros(257, dtype=np.int32)
    border[edges.low] = 1
    border[edges.high + 1] = 1
    border[0], border[256] = 0, 1
    byte_class = np.cumsum(border)
    class_low = np.append(0, np.flatnonzero(border)).astype(np.int32)
    return class_low, (edges.source, byte_class[edges.low], byte_class[edges.high], edges.target)
