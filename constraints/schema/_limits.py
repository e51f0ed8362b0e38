"""How far the automaton counts: code points, items, members. Beyond, a superset is held, and the verifier counts.

What counts cost multiplies: a string of at most 1,024 characters in an array of at most 100 items in another one is
millions of states. So a schema is compiled with the first limits of `LEVELS` that keep the estimated size bearable.
Knows terms and sizes, no schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._errors import BudgetExceeded
from .._expansion import compile_term
from .._terms import Alt, Bytes, Call, Chars, Graph, Repeat, Scope, Seq, Term, alt, rep, seq

__all__ = ["LEVELS", "MAX_ESTIMATE", "MAX_SIZE", "UNLIMITED", "Limits", "estimated_states", "relaxed"]

MAX_ESTIMATE = 45_000
MAX_SIZE = 10**8  # no estimate is larger
PART_STATES = 50_000  # what one string or number may take


@dataclass(frozen=True)
class Limits:
    """Numbers up to which the automaton counts.

    Attributes:
        chars: code points of strings, and repetitions inside patterns.
        items: items of arrays and members of objects.
    """

    chars: int
    items: int


UNLIMITED = Limits(10**9, 10**9)
LEVELS = (Limits(1500, 1000), Limits(300, 40), Limits(64, 8), Limits(16, 2))


def estimated_states(term: Term, limit: int = MAX_SIZE) -> int:
    """About how many byte states the automaton of a term has, recursion aside; from `limit` on any larger number."""
    kept: dict[int, int] = {}

    def size(part: Term) -> int:
        if isinstance(part, Bytes):
            return len(part.value)
        if id(part) not in kept:
            kept[id(part)] = 0  # a definition that calls itself
            kept[id(part)] = min(_size(part, size), limit)
        return kept[id(part)]

    return size(term)


def _size(part: Term, size: Callable[[Term], int]) -> int:
    match part:
        case Seq(parts) | Alt(parts):
            return sum(map(size, parts)) + 1
        case Graph(edges):
            return sum(size(term) + 1 for _, term, _ in edges)
        case Repeat(inner, low, high):
            return (low + 1 if high is None else high) * (size(inner) + 1)
        case Chars(ranges):
            return 1 if not ranges or ranges[-1][1] < 0x80 else 4
        case Scope(body, definitions):
            return size(body) + sum(size(definition) for _, definition in definitions)
        case Call():
            return 1
        case _:
            try:
                return compile_term(part, max_states=PART_STATES).num_states
            except BudgetExceeded:
                return PART_STATES


def relaxed(term: Term, limit: int) -> Term:
    """A superset in which repetitions of more than `limit` copies are unbounded; the same term where there are none,
    or where something is complemented."""
    match term:
        case Seq(parts):
            return seq(*(relaxed(part, limit) for part in parts))
        case Alt(options):
            return alt(*(relaxed(option, limit) for option in options))
        case Repeat(inner, low, high):
            bounded = high is not None and high <= limit
            return rep(relaxed(inner, limit), min(low, limit), high if bounded else None)
        case _:
            return term
