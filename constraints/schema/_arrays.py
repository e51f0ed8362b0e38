"""Arrays: a fixed beginning, a repeated rest, and how many items there may be. Knows no schema."""

from __future__ import annotations

from collections.abc import Sequence

from .._terms import EMPTY, EPSILON, Term, alt, opt, rep, seq
from ._whitespace import Whitespace

__all__ = ["array_term"]


def array_term(
    prefix: Sequence[Term], item: Term, low: int, high: int | None, whitespace: Whitespace, depth: int
) -> Term:
    """Arrays of `low` to `high` items: the i-th is in `prefix[i]`, those beyond the prefix in `item`.

    Linear in the length of the prefix. `depth` is the nesting depth of the array itself.
    """
    limit, prefix = _cut(prefix, item, high)
    if limit is not None and limit < low:
        return EMPTY
    comma = whitespace.comma(depth + 1)
    items: Term = EPSILON
    if limit is None or limit > len(prefix):
        rest = None if limit is None else limit - len(prefix)
        least = max(low - len(prefix), 0)
        items = _tail(item, comma, least, rest, first=not prefix)
    for i in range(len(prefix) - 1, -1, -1):
        items = seq(prefix[i] if i == 0 else seq(comma, prefix[i]), items)
        if i and i >= low:
            items = opt(items)
    empty = whitespace.empty("[]") if low == 0 else EMPTY
    if items == EPSILON:
        return empty
    return alt(empty, seq(whitespace.opening("[", depth + 1), items, whitespace.closing("]", depth)))


def _cut(prefix: Sequence[Term], item: Term, high: int | None) -> tuple[int | None, Sequence[Term]]:
    """Most items that can be written, and the part of the prefix that they use: nothing follows an impossible
    item."""
    for i, term in enumerate(prefix):
        if term == EMPTY:
            high = i if high is None else min(high, i)
            break
    if item == EMPTY:
        high = len(prefix) if high is None else min(high, len(prefix))
    return high, prefix if high is None else prefix[:high]


def _tail(item: Term, comma: Term, low: int, high: int | None, *, first: bool) -> Term:
    """Items beyond the prefix; without a prefix the first of them has no comma, and there is at least one."""
    following = seq(comma, item)
    if not first:
        return rep(following, low, high)
    return seq(item, rep(following, max(low - 1, 0), None if high is None else high - 1))
