"""A regular superset of a grammar: its network with stacks that forget.

The stack of calls is replaced by what a finite automaton can know of it: its height, counted up to `count`, and the
`depth` innermost return addresses. A call counts up and pushes; a return counts down and goes to every caller that
agrees with what is known. Every run of the grammar is a run of this automaton (its stacks mapped to what is known of
them), so nothing of the language is lost; what nests no deeper than `depth` is exact, and further out brackets are
still counted, while they may be closed by those of another kind. With `depth` 0 and `count` 0 it is the approximation
of Mohri & Nederhof (2001), "Regular approximation of context-free grammars through transformation": one copy of each
rule, entered from every call and left to behind every call; the rest is their section on finer ones, and Pereira &
Wright (1997), "Finite-state approximation of phrase-structure grammars".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._deadline import Deadline
from .._dfa import Dfa
from .._errors import BudgetExceeded
from .._expansion import Expansion
from .._language import Language
from .._nfa import Edges, Nfa
from .._table_kernels import sparse
from .._terms import EPSILON, Bytes, Term, chars, graph
from ._network import Network

__all__ = ["Superset", "superset_dfa", "superset_term"]

MAX_COPIED = 60_000  # states of all copies of rules together
MAX_STATES = 8_000  # once they are deterministic; a search needs a table of positions × states
MOST_STATES = 60_000  # the same where depth and count are given
WORK = 2_000_000  # states gathered and made before finer shapes are not looked for
_SHAPES = [(0, 0), (0, 4), (0, 16), (1, 4), (1, 16), (1, 32), (2, 8), (2, 32)]  # (depth, count), finer and finer
_ASCII = 0x80

_Known = tuple[int, int, tuple[int, ...]]  # rule, height of the stack, return addresses from the innermost on


@dataclass(frozen=True)
class _Copies:
    """The copies of rules that can be come to, by what is known of the stack, and the empty edges between them."""

    numbers: dict[_Known, int]
    empty: list[tuple[int, int, int, int]]  # from (copy, state) to (copy, state); state −1: every accepting one


class Superset(Language):
    """A superset of a grammar's language as a regular language, completed by `verify`: "verified", not "exact".

    Attributes:
        depth, count: how many innermost return addresses it knows, and up to which depth it counts.
    """

    def __init__(
        self,
        network: Network,
        depth: int | None,
        count: int | None,
        *,
        verify: Callable[[str], bool],
        parse: Callable[[str], Any] | None = None,
        weights: tuple[Any, ...] = (),
        deadline: Deadline | None = None,
    ) -> None:
        dfa, self.depth, self.count = superset_dfa(network, depth, count, deadline)
        super().__init__(superset_term(dfa), parse=parse, verify=verify, weights=weights)
        self.__dict__["dfa"] = dfa  # the cached property: the term is made from it, not the other way round

    def __repr__(self) -> str:
        return f"Superset(depth={self.depth}, count={self.count}, states={self.dfa.num_states})"


def superset_dfa(
    network: Network, depth: int | None = None, count: int | None = None, deadline: Deadline | None = None
) -> tuple[Dfa, int, int]:
    """The minimal automaton of the superset, and the depth and the count that it has.

    Where one of them is None, the finest of some shapes that the budget admits is taken. How far the search for it goes
    is counted in states, not in time: the same automaton for the same grammar.

    Raises BudgetExceeded if none fits.
    """
    deadline = deadline or Deadline.current() or Deadline(None)
    shapes = dict.fromkeys((k if depth is None else depth, c if count is None else count) for k, c in _SHAPES)
    best: tuple[Dfa, int, int] | None = None
    work = 0
    for shape in shapes:
        expansion = Expansion(MAX_STATES if len(shapes) > 1 else MOST_STATES, 0, None, deadline)
        try:
            dfa = expansion._determinise(_copied(network, _copies(network, *shape, deadline)))
        except BudgetExceeded:
            deadline.check("approximating the grammar")
            if best is None:
                raise
            break
        best = dfa, *shape
        work += expansion.work + expansion.gathered
        if work > WORK or network.num_rules == 1:
            break
    assert best is not None
    return best


def superset_term(dfa: Dfa) -> Term:
    """The term of an automaton: a graph with its states as nodes, byte by byte where characters are longer."""
    node = {dfa.start: 0} | {state: state + 2 for state in range(dfa.num_states) if state != dfa.start}
    ptr, lows, highs, targets = dfa.rows
    edges: list[tuple[int, Term, int]] = [(node[s], EPSILON, 1) for s in np.flatnonzero(dfa.accepting).tolist()]
    source = np.repeat(np.arange(dfa.num_states), np.diff(ptr)).tolist()
    for s, low, high, t in zip(source, lows.tolist(), highs.tolist(), targets.tolist(), strict=True):
        if low < _ASCII:
            edges.append((node[s], chars([(low, min(high, _ASCII - 1))]), node[t]))
        edges += [(node[s], Bytes(bytes([byte])), node[t]) for byte in range(max(low, _ASCII), high + 1)]
    return graph(edges)


def _copies(network: Network, depth: int, count: int, deadline: Deadline) -> _Copies:
    start: _Known = (0, 0, ())
    copies = _Copies({start: 0}, [])
    pending, size = [start], 0
    while pending:
        deadline.check("approximating the grammar")
        known = pending.pop()
        rule, height, addresses = known
        size += network.first[rule + 1] - network.first[rule]
        if size > MAX_COPIED:
            raise BudgetExceeded(f"the superset needs more than {MAX_COPIED:,} states in copies of rules")
        for state in range(network.first[rule], network.first[rule + 1]):
            for called, behind in network.calls[state]:
                inner: _Known = (called, min(height + 1, count), (behind, *addresses)[:depth])
                if inner not in copies.numbers:
                    copies.numbers[inner] = len(copies.numbers)
                    pending.append(inner)
                here, there = copies.numbers[known], copies.numbers[inner]
                copies.empty.append((here, state, there, network.start[called]))
                copies.empty.append((there, -1, here, behind))
    return copies


def _copied(network: Network, copies: _Copies) -> Nfa:
    """All copies in one automaton; state s of a rule's copy is s plus the offset of the copy. The end is the last."""
    first = np.array(network.first)
    rules = [known[0] for known in copies.numbers]
    sizes = np.diff(first)[rules]
    ends = np.cumsum(sizes)
    offset = (ends - sizes - first[rules]).tolist()
    ptr, low, high, target = sparse(network.table, network.byte_class)
    source = np.repeat(np.arange(len(network.table)), np.diff(ptr))
    inside = [slice(ptr[first[k]], ptr[first[k + 1]]) for k in range(network.num_rules)]
    parts = [
        [source[inside[k]] + base, low[inside[k]], high[inside[k]], target[inside[k]] + base]
        for k, base in zip(rules, offset, strict=True)
    ]
    accepting = [
        np.flatnonzero(network.accepting[first[k] : first[k + 1]]) + first[k] for k in range(network.num_rules)
    ]
    end = int(ends[-1])
    empty = [np.stack([accepting[0] + offset[0], np.full(len(accepting[0]), end)])]
    for here, state, there, entered in copies.empty:
        states = accepting[rules[here]] if state < 0 else np.array([state])
        empty.append(np.stack([states + offset[here], np.full(len(states), entered + offset[there])]))
    columns = [np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True)]
    joined = np.concatenate(empty, axis=1).astype(np.int32)
    return Nfa(end + 1, network.start[0] + offset[0], end, Edges(*columns), (joined[0], joined[1]))
