"""Membership of a text in the language of a term, without expanding the term into one automaton.

Automata of recursive languages are cut off at some depth, and automata of very large ones are refused; what a text is
does not depend on either. The term is followed as a grammar: the ends of each sub-language from each place are computed
once. Parts without calls that need determinism (strings, numbers) are run as automata of their own.
"""

from __future__ import annotations

import json
import re

from ._dfa import Dfa
from ._expansion import compile_term
from ._substrings import substring_ends
from ._terms import Alt, And, Bytes, Call, Chars, Graph, JsonString, Repeat, Scope, Seq, Substrings, Term

__all__ = ["ends_of", "matches_term"]

Ends = frozenset[int]
_NONE: Ends = frozenset()
_LITERAL = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u00[01][0-9a-fA-F])*"')  # the spellings of `_json_string`


def matches_term(term: Term, data: bytes) -> bool:
    """Whether UTF-8 `data` is in the language of `term`; nesting beyond Python's recursion limit counts as no.

    Raises BudgetExceeded if a part without calls is too large by itself, ValueError for complements of calls.
    """
    try:
        return len(data) in ends_of(term, data, 0)
    except RecursionError:
        return False


def ends_of(term: Term, data: bytes, start: int) -> frozenset[int]:
    """Where the texts of `term` that begin at byte `start` of UTF-8 `data` end. Raises as `matches_term`, and
    RecursionError for what nests deeper than Python's recursion."""
    matcher = _Matcher(data)
    found = matcher.ends(term, start)
    while matcher.again():
        found = matcher.ends(term, start)
    return found


class _Matcher:
    """The ends of terms in one text. Terms are told apart by identity: they outlive the matcher.

    A call that comes back to its own place before reading anything (recursion on the left, behind parts that may be
    empty) takes what was found the last time; rounds go on until that is all (a least fixpoint: ends only grow).
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._kept: dict[tuple[int, int, int], Ends] = {}
        self._before: dict[tuple[int, int, int], Ends] = {}  # of the round before, where a call came back
        self._came_back: set[tuple[int, int, int]] = set()
        self._open: set[tuple[int, int, int]] = set()  # being computed
        self._scope: Scope | None = None
        self._names: dict[str, Term] = {}

    def ends(self, term: Term, start: int) -> Ends:
        """Where texts of the term that begin at `start` may end."""
        if isinstance(term, Bytes):
            end = start + len(term.value)
            return frozenset([end]) if self._data.startswith(term.value, start) else _NONE
        key = (id(term), start, id(self._scope))
        if key in self._open:
            self._came_back.add(key)
            return self._before.get(key, _NONE)
        if key not in self._kept:
            self._open.add(key)
            self._kept[key] = self._find(term, start)
            self._open.discard(key)
        return self._kept[key]

    def again(self) -> bool:
        """Whether another round may find more; gets ready for it."""
        new = {key: self._kept[key] for key in self._came_back}
        if all(new[key] == self._before.get(key, _NONE) for key in new):
            return False
        self._before |= new
        self._kept, self._came_back = {}, set()
        return True

    def _find(self, term: Term, start: int) -> Ends:
        match term:
            case Seq(parts):
                ends: Ends = frozenset([start])
                for part in parts:
                    ends = self._from_all(part, ends)
                return ends
            case Alt(options):
                return frozenset().union(*(self.ends(option, start) for option in options))
            case Chars(ranges):
                return self._character(ranges, start)
            case Repeat(inner, low, high):
                return self._repeat(inner, low, high, start)
            case Graph(edges):
                return self._graph(edges, start)
            case Call(name):
                return self.ends(self._names[name], start)
            case JsonString():
                return self._literal(term, start)
            case Scope(body, definitions):
                outer = self._scope, self._names
                self._scope, self._names = term, {**self._names, **dict(definitions)}
                found = self.ends(body, start)
                self._scope, self._names = outer
                return found
            case Substrings():
                return substring_ends(term, self._data, start)
            case And(parts) if any(isinstance(part, Substrings) for part in parts):  # bounded quotes may be too large
                return frozenset.intersection(*(self.ends(part, start) for part in parts))
            case _:
                return self._run(compile_term(term), start)

    def _literal(self, term: JsonString, start: int) -> Ends:
        """A literal of a language that embeds itself is decoded, and its value followed like any text."""
        dfa = compile_term(term)
        if dfa.max_depth is None:
            return self._run(dfa, start)
        found = _LITERAL.match(self._data, start)
        if found is None:
            return _NONE
        value = json.loads(found[0])
        return frozenset([found.end()]) if matches_term(term.term, value.encode()) else _NONE

    def _from_all(self, term: Term, starts: Ends) -> Ends:
        return frozenset().union(*(self.ends(term, start) for start in starts)) if starts else _NONE

    def _character(self, ranges: tuple[tuple[int, int], ...], start: int) -> Ends:
        lead = self._data[start : start + 1]
        if not lead:
            return _NONE
        length = 1 if lead[0] < 0x80 else 2 if lead[0] < 0xE0 else 3 if lead[0] < 0xF0 else 4
        point = ord(self._data[start : start + length].decode())
        return frozenset([start + length]) if any(low <= point <= high for low, high in ranges) else _NONE

    def _repeat(self, inner: Term, low: int, high: int | None, start: int) -> Ends:
        found: set[int] = set()
        reached: Ends = frozenset([start])
        count = 0
        while reached and (high is None or count <= high):
            if count >= low:
                if reached <= found:
                    break
                found |= reached
            reached = self._from_all(inner, reached)
            count += 1
        return frozenset(found)

    def _graph(self, edges: tuple[tuple[int, Term, int], ...], start: int) -> Ends:
        following: dict[int, list[tuple[Term, int]]] = {}
        for source, term, target in edges:
            following.setdefault(source, []).append((term, target))
        seen = {(0, start)}
        pending = [(0, start)]
        while pending:
            node, place = pending.pop()
            for term, target in following.get(node, ()):
                new = {(target, end) for end in self.ends(term, place)} - seen
                seen |= new
                pending += new
        return frozenset(place for node, place in seen if node == 1)

    def _run(self, dfa: Dfa, start: int) -> Ends:
        if dfa.is_empty:
            return _NONE
        found = set()
        state, place = dfa.start, start
        while True:
            if dfa.accepting[state]:
                found.add(place)
            if place >= len(self._data):
                break
            state = int(dfa.table[state, dfa.byte_class[self._data[place]]])
            if state < 0:
                break
            place += 1
        return frozenset(found)
