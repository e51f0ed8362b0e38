"""A grammar as a recursive transition network: one automaton over bytes per rule that embeds itself, with call edges.

Woods (1970), "Transition network grammars for natural language analysis": the automaton of a rule reads bytes, or calls
a rule and goes on behind it once that has read what it wants to. Rule 0 is the text itself, the other rules are those
in a circle of calls; every other call is written out. The language is exactly the grammar's.

How it is made: every recursive call becomes a *code*, a fixed number of bytes that no UTF-8 has, so that the usual
compilation of terms makes each rule's automaton minimal with calls as letters; the codes are then read off as edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .._calls import calls_of, components
from .._deadline import Deadline
from .._dfa import Dfa
from .._expansion import compile_term
from .._terms import Alt, Bytes, Call, Graph, Repeat, Scope, Seq, Term, alt, graph, rep, scope, seq

__all__ = ["Network", "network_of"]

_FIRST_CODE = 0xF6  # bytes from here on stand in no UTF-8, and for no border either
_DIGITS = 256 - _FIRST_CODE


@dataclass(frozen=True, eq=False)
class Network:
    """The automata of all rules in one table; the states of rule k are `first[k]:first[k + 1]`.

    Attributes:
        table: int32 (S, K), next state by byte class, −1 = dead. Never leads to another rule.
        byte_class: uint8 (256,); the space has a class of its own.
        accepting: bool (S,), where the rule may end.
        start: start state per rule.
        first: see above.
        calls: per state its calls: (rule, the state behind).
    """

    table: NDArray[np.int32]
    byte_class: NDArray[np.uint8]
    accepting: NDArray[np.bool_]
    start: tuple[int, ...]
    first: tuple[int, ...]
    calls: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def num_rules(self) -> int:
        return len(self.start)

    @cached_property
    def nullable(self) -> frozenset[int]:
        """The rules that derive the empty text."""
        found: set[int] = set()
        while True:
            new = {rule for rule in range(self.num_rules) if rule not in found and self._ends(rule, found)}
            if not new:
                return frozenset(found)
            found |= new

    def _ends(self, rule: int, nullable: set[int]) -> bool:
        return any(self.accepting[state] for state in self._skipping(self.start[rule], nullable))

    def _skipping(self, state: int, nullable: Iterable[int]) -> set[int]:
        skipped = frozenset(nullable)
        seen, pending = {state}, [state]
        while pending:
            for rule, behind in self.calls[pending.pop()]:
                if rule in skipped and behind not in seen:
                    seen.add(behind)
                    pending.append(behind)
        return seen

    @cached_property
    def opening(self) -> tuple[frozenset[int], ...]:
        """Per rule the states in which it may be before it has read anything."""
        return tuple(frozenset(self._skipping(start, self.nullable)) for start in self.start)


def network_of(body: Term, definitions: dict[str, Term], deadline: Deadline | None = None) -> Network:
    """The network of `body`, whose calls `definitions` explain.

    Raises BudgetExceeded as `compile_term`.
    """
    calls = {name: calls_of(term) & definitions.keys() for name, term in definitions.items()}
    recursive = [
        name
        for group in components(list(definitions), calls)
        for name in group
        if len(group) > 1 or name in calls[name]
    ]
    codes = _codes(recursive)
    coded = {name: _with_codes(term, codes) for name, term in definitions.items()}
    plain = {name: term for name, term in coded.items() if name not in codes}
    terms = [_with_codes(body, codes), *(coded[name] for name in recursive)]
    dfas = [compile_term(scope(term, plain), deadline=deadline) for term in terms]
    return _joined(dfas, [codes[name] for name in recursive])


def _codes(names: list[str]) -> dict[str, bytes]:
    width = 1
    while _DIGITS**width < len(names):
        width += 1
    return {
        name: bytes(_FIRST_CODE + number // _DIGITS**place % _DIGITS for place in range(width))
        for number, name in enumerate(names)
    }


def _with_codes(term: Term, codes: dict[str, bytes]) -> Term:
    """The term with each recursive call replaced by its code."""
    if codes.keys().isdisjoint(calls_of(term)):
        return term
    match term:
        case Call(name):
            return Bytes(codes[name])
        case Seq(parts):
            return seq(*(_with_codes(part, codes) for part in parts))
        case Alt(options):
            return alt(*(_with_codes(option, codes) for option in options))
        case Repeat(inner, low, high):
            return rep(_with_codes(inner, codes), low, high)
        case Graph(edges):
            return graph((s, _with_codes(part, codes), t) for s, part, t in edges)
        case Scope(body, definitions, depth):
            free = {name: code for name, code in codes.items() if name not in dict(definitions)}
            local = {name: _with_codes(part, free) for name, part in definitions}
            return scope(_with_codes(body, free), local, depth)
    raise TypeError(f"a recursive call within {type(term).__name__}")


def _joined(dfas: list[Dfa], codes: list[bytes]) -> Network:
    """The automata one behind the other; the codes become call edges."""
    is_space = np.arange(256) == 0x20
    columns = np.stack([*(dfa.byte_class.astype(np.int32) for dfa in dfas), is_space])
    _, representative, byte_class = np.unique(columns, axis=1, return_index=True, return_inverse=True)
    first = np.concatenate([[0], np.cumsum([dfa.num_states for dfa in dfas])])
    tables, calls = [], []
    for dfa, base in zip(dfas, first[:-1].tolist(), strict=True):
        table = dfa.table[:, dfa.byte_class[representative]]
        table = np.where(representative < _FIRST_CODE, table, -1)
        tables.append(np.where(table >= 0, table + base, -1))
        calls += _calls_in(dfa, codes, base)
    return Network(
        np.ascontiguousarray(np.concatenate(tables), dtype=np.int32),
        byte_class.reshape(-1).astype(np.uint8),
        np.concatenate([dfa.accepting for dfa in dfas]),
        tuple(int(base) + dfa.start for dfa, base in zip(dfas, first[:-1], strict=True)),
        tuple(first.tolist()),
        tuple(calls),
    )


def _calls_in(dfa: Dfa, codes: list[bytes], base: int) -> list[tuple[tuple[int, int], ...]]:
    padded = np.concatenate([dfa.table, np.full((1, dfa.table.shape[1]), -1, np.int32)])  # −1 leads to itself
    found: list[list[tuple[int, int]]] = [[] for _ in range(dfa.num_states)]
    for number, code in enumerate(codes):
        behind = np.arange(dfa.num_states)
        for byte in code:
            behind = padded[behind, dfa.byte_class[byte]]
        for state in np.flatnonzero(behind >= 0).tolist():
            found[state].append((number + 1, base + int(behind[state])))
    return [tuple(edges) for edges in found]
