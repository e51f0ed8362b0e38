"""One case of an array: from the atoms that hold together to its items, and to the counts that matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Protocol

from .._terms import EMPTY, Term
from ._arrays import Counter, array_term, counted_array_term, distinct_array_term
from ._atoms import Count, Evaluated, Item, Rest, Unevaluated, Unique, length_bounds
from ._document import Claim
from ._formula import Formula
from ._limits import Limits
from ._whitespace import Whitespace

__all__ = ["ArrayCase", "ArrayCompiler", "arrays_may_satisfy"]

MAX_COUNTERS = 4
FEW_ITEMS = 7  # distinct items of at most so many values are told apart by the automaton

Case = tuple[Formula, ...]


class Values(Protocol):
    """What the compiler of a whole schema offers."""

    def value(self, claims: Iterable[Claim], depth: int) -> Term:
        """The values that satisfy all claims."""

    def few_values(self, claims: Iterable[Claim], depth: int, limit: int) -> list[Term] | None:
        """The spellings of each value that satisfies all claims, if these are at most `limit`."""

    def denial(self, claims: Iterable[Claim]) -> Claim:
        """That one of the claims is wrong."""

    def verify(self, keyword: str, why: str) -> None:
        """Note what is left to the verifier."""


def arrays_may_satisfy(case: Case) -> bool:
    """Whether the bounds of a case don't contradict each other."""
    low, high = length_bounds(case)
    return high is None or low <= high


@dataclass
class ArrayCase:
    """The atoms of a case, sorted: claims on the items before and from `rest_from` on, bounds and counts."""

    items: dict[int, list[Claim]] = field(default_factory=dict)
    rests: list[Rest] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    low: int = 0
    high: int | None = None
    unique: bool = False
    repeated: bool = False
    impossible: bool = False

    @classmethod
    def of(cls, case: Case) -> ArrayCase:
        """Sort the atoms."""
        result = cls()
        result.low, result.high = length_bounds(case)
        for atom in case:
            match atom:
                case Item(index, claim):
                    result.items.setdefault(index, []).append(claim)
                case Rest():
                    result.rests.append(atom)
                case Count():
                    result.counts.append(atom)
                case Unique(holds):
                    result.unique |= holds
                    result.repeated |= not holds
                case Unevaluated():
                    result._add_unevaluated(atom, case)
        return result

    def _add_unevaluated(self, atom: Unevaluated, case: Case) -> None:
        """Items behind the evaluated ones, and that satisfy none of the claims which evaluate items."""
        seen = [other for other in case if isinstance(other, Evaluated) and other.watcher == atom.watcher]
        if any(other.items is None for other in seen):
            self.impossible |= not atom.holds
            return
        start = max((other.items for other in seen if other.items is not None), default=0)
        claims = (atom.claim.denied(), *(other.item.denied() for other in seen if other.item is not None))
        self.counts.append(Count(start, claims, 0, 0) if atom.holds else Count(start, claims, 1))

    @property
    def start(self) -> int:
        """The index from which on all items are alike."""
        places = [index + 1 for index in self.items]
        places += [rest.start for rest in self.rests] + [count.start for count in self.counts]
        return max(places, default=0)

    def claims(self, index: int) -> list[Claim]:
        """What is claimed of the item at `index`."""
        return self.items.get(index, []) + [rest.claim for rest in self.rests if index >= rest.start]


class ArrayCompiler:
    """Compiles cases of arrays."""

    def __init__(self, values: Values, whitespace: Whitespace, limits: Limits) -> None:
        self._values = values
        self._limits = limits
        self._whitespace = whitespace

    def term(self, case: ArrayCase, depth: int) -> Term:
        """The arrays of a case that stand at `depth`."""
        if case.impossible or (case.repeated and case.unique):
            return EMPTY
        self._simplify(case)
        if case.high is not None and case.high < case.low:
            return EMPTY
        if case.unique and (case.high is None or case.high > 1):
            values = self._values.few_values(case.claims(0), depth + 1, FEW_ITEMS)
            if values is not None and not case.items and not case.counts and case.start == 0:
                return distinct_array_term(values, case.low, case.high, self._whitespace, depth)
            self._values.verify("uniqueItems", "the possible items are too many to be told apart")
        if case.counts:
            return self._counted(case, depth)
        start = case.start if case.high is None else min(case.start, case.high)
        prefix = [self._values.value(case.claims(i), depth + 1) for i in range(start)]
        closed = case.high is not None and case.high <= start
        rest = EMPTY if closed else self._values.value(case.claims(start), depth + 1)
        return array_term(prefix, rest, case.low, case.high, self._whitespace, depth)

    def _simplify(self, case: ArrayCase) -> None:
        """Bounds and counts that are too large to be held, or say nothing new."""
        if case.repeated:
            self._values.verify("uniqueItems", "that two items are equal is left to the verifier")
            case.low = max(case.low, 2)
        counted = max(self._limits.items, case.start)
        if case.low > counted:
            self._values.verify("minItems", f"items beyond {counted} are not counted here")
            case.low = counted
        if case.high is not None and case.high > counted:
            self._values.verify("maxItems", f"items beyond {counted} are not counted here")
            case.high = None
        case.counts = [self._bounded(count) for count in case.counts]
        plain = [count for count in case.counts if (count.low, count.high) == (0, 0) and len(count.claims) == 1]
        case.rests += [Rest(count.start, count.claims[0].denied()) for count in plain]
        case.counts = [count for count in case.counts if count not in plain]
        if len(case.counts) > MAX_COUNTERS:
            self._values.verify("contains", f"more than {MAX_COUNTERS} kinds of items are counted")
            case.counts = case.counts[:MAX_COUNTERS]

    def _bounded(self, count: Count) -> Count:
        """The bounds on items of a kind as far as they are counted."""
        counted = max(self._limits.items, 1)
        if count.low > counted:
            self._values.verify("minContains", f"items beyond {counted} are not counted here")
        if count.high is not None and count.high > counted:
            self._values.verify("maxContains", f"items beyond {counted} are not counted here")
            return replace(count, low=min(count.low, counted), high=None)
        return replace(count, low=min(count.low, counted))

    def _counted(self, case: ArrayCase, depth: int) -> Term:
        counters = [Counter(count.low, count.high) for count in case.counts]

        def variants(index: int) -> tuple[tuple[Term, tuple[bool, ...]], ...]:
            kinds: list[tuple[Term, tuple[bool, ...]]] = []
            for counted in product((False, True), repeat=len(counters)):
                claims = case.claims(index)
                if any(one and index < count.start for one, count in zip(counted, case.counts, strict=True)):
                    continue
                for one, count in zip(counted, case.counts, strict=True):
                    if one:
                        claims = [*claims, *count.claims]
                    elif count.high is not None and index >= count.start:
                        claims = [*claims, self._values.denial(count.claims)]
                kinds.append((self._values.value(claims, depth + 1), counted))
            return tuple(kinds)

        kept: dict[int, tuple[tuple[Term, tuple[bool, ...]], ...]] = {}

        def item(index: int) -> tuple[tuple[Term, tuple[bool, ...]], ...]:
            if index not in kept:
                kept[index] = variants(index)
            return kept[index]

        return counted_array_term(item, case.start, case.low, case.high, counters, self._whitespace, depth)
