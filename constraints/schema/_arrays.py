"""Arrays: a fixed beginning, a repeated rest, how many items there may be, and how many of which kind. Knows no schema.

Where items are counted, the array is a graph whose nodes remember the place and the counts, up to the numbers that
matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .._terms import EMPTY, EPSILON, Term, alt, graph, opt, rep, seq
from ._whitespace import Whitespace

__all__ = ["Counter", "array_term", "counted_array_term", "distinct_array_term"]


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
    return alt(empty, _written(items, whitespace, depth))


def _written(items: Term, whitespace: Whitespace, depth: int) -> Term:
    return seq(whitespace.opening("[", depth + 1), items, whitespace.closing("]", depth))


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
    if first and high is None and low <= 1:  # a loop has the item once
        return graph([(0, EPSILON, 2), (2, item, 3), (3, comma, 2), (3, EPSILON, 1)])
    following = seq(comma, item)
    if not first:
        return rep(following, low, high)
    return seq(item, rep(following, max(low - 1, 0), None if high is None else high - 1))


@dataclass(frozen=True)
class Counter:
    """`low` to `high` of the items that count."""

    low: int
    high: int | None = None

    @property
    def cap(self) -> int:
        """The number from which on counts are alike."""
        return self.low if self.high is None else self.high + 1


Variants = tuple[tuple[Term, tuple[bool, ...]], ...]  # an item's terms, by which counters it counts for


def counted_array_term(
    item: Callable[[int], Variants],
    start: int,
    low: int,
    high: int | None,
    counters: Sequence[Counter],
    whitespace: Whitespace,
    depth: int,
) -> Term:
    """Arrays of `low` to `high` items whose counters end within their bounds; from `start` on all items are alike."""
    comma = whitespace.comma(depth + 1)
    cap = max(start, low, 1 if high is None else high)
    numbers: dict[tuple[int, ...], int] = {(0, *(0 for _ in counters)): 0}
    numbers[(-1,)] = 1

    def edges() -> Iterator[tuple[int, Term, int]]:
        pending = [next(iter(numbers))]
        while pending:
            state = pending.pop()
            length, counts = state[0], state[1:]
            enough = all(counter.low <= count for counter, count in zip(counters, counts, strict=True))
            if length >= max(low, 1) and enough:
                yield numbers[state], EPSILON, 1
            if high is not None and length >= high:
                continue
            for term, counted in item(min(length, start)):
                if term == EMPTY:
                    continue
                after = (
                    min(length + 1, cap),
                    *(min(n + one, c.cap) for n, one, c in zip(counts, counted, counters, strict=True)),
                )
                if any(c.high is not None and n > c.high for n, c in zip(after[1:], counters, strict=True)):
                    continue
                if after not in numbers:
                    numbers[after] = len(numbers)
                    pending.append(after)
                yield numbers[state], term if length == 0 else seq(comma, term), numbers[after]

    empty = whitespace.empty("[]") if low == 0 and all(c.low == 0 for c in counters) else EMPTY
    items = graph(edges())
    return empty if items == EMPTY else alt(empty, _written(items, whitespace, depth))


def distinct_array_term(
    values: Sequence[Term], low: int, high: int | None, whitespace: Whitespace, depth: int
) -> Term:
    """Arrays in which each of a few values stands at most once: a node remembers which are used."""
    comma = whitespace.comma(depth + 1)
    most = len(values) if high is None else min(high, len(values))
    if most < low:
        return EMPTY

    def edges() -> Iterator[tuple[int, Term, int]]:
        for used in range(1 << len(values)):
            count = used.bit_count()
            if max(low, 1) <= count <= most:
                yield used + 2 if used else 0, EPSILON, 1
            for i, value in enumerate(values):
                if not used >> i & 1 and count < most:
                    yield used + 2 if used else 0, seq(comma, value) if used else value, (used | 1 << i) + 2

    empty = whitespace.empty("[]") if low == 0 else EMPTY
    items = graph(edges())
    return empty if items == EMPTY else alt(empty, _written(items, whitespace, depth))
