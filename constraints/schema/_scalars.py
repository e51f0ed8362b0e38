"""Numbers, booleans and null: from a formula to a term."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from .._terms import EMPTY, Term, alt, both, chars, lit, neg, opt, rep, seq
from ._atoms import Among, Compared, MultipleOf, WholeSpelling
from ._formula import All, Either, Formula, TooManyCases, Watched, cases_of
from ._numbers import Bounds, is_regular_enough, number_term, number_value, to_decimal

__all__ = ["Numbers", "boolean_values"]

MAX_CASES = 128
WHOLE_TEXT = seq(opt(lit("-")), alt(lit("0"), seq(chars([(0x31, 0x39)]), rep(chars([(0x30, 0x39)]), 0))))
Case = tuple[object, ...]


def boolean_values(formula: Formula) -> list[bool]:
    """The booleans that satisfy a formula."""
    return [value for value in (True, False) if _holds(formula, value)]


def _holds(formula: Formula, value: bool) -> bool:
    match formula:
        case All(parts):
            return all(_holds(part, value) for part in parts)
        case Either(parts):
            return any(_holds(part, value) for part in parts)
        case Watched(body, rest):
            return _holds(body, value) and _holds(rest, value)
        case Among(values, holds):
            return (value in values) == holds
    raise TypeError(f"not a condition on booleans: {formula!r}")


class Numbers:
    """Formulas about numbers as terms, in the spellings of a policy.

    Args:
        spelling: `plain` or `any`, see `_numbers`.
        verify: takes (keyword, why) of what is left to the verifier.
    """

    def __init__(self, spelling: str, verify: Callable[[str, str], None]) -> None:
        self._spelling = spelling
        self._verify = verify

    def term(self, formula: Formula) -> Term:
        """The spellings of the numbers that satisfy a formula: case by case."""
        try:
            cases = cases_of(formula, MAX_CASES, lambda case: True)
        except TooManyCases:
            self._verify("number", f"the bounds make more than {MAX_CASES} cases")
            return number_term(Bounds(), self._spelling)
        return alt(*(self._case(case) for case in cases))

    def _case(self, case: Case) -> Term:
        bounds = _bounds(case)
        given = [atom.values for atom in case if isinstance(atom, Among) and atom.holds]
        barred = {to_decimal(v) for atom in case if isinstance(atom, Among) and not atom.holds for v in atom.values}
        spelled_whole = [atom.holds for atom in case if isinstance(atom, WholeSpelling)]
        if given:
            term = alt(*(number_value(value, self._spelling) for value in _common(given, barred, case)))
        else:
            multiples = self._multiples(case)
            term = alt(*(self._interval(part, multiples) for part in _without(bounds, sorted(barred))))
        if spelled_whole and term != EMPTY:
            term = both(term, *(WHOLE_TEXT if holds else neg(WHOLE_TEXT) for holds in spelled_whole))
        return term

    def _interval(self, bounds: Bounds, multiples: dict[str, list[Decimal]]) -> Term:
        try:
            return number_term(bounds, self._spelling, **multiples)
        except ValueError as error:  # each step alone is small enough, together they aren't
            self._verify("multipleOf", str(error))
            return number_term(bounds, self._spelling)

    def _multiples(self, case: Case) -> dict[str, list[Decimal]]:
        found: dict[bool, list[Decimal]] = {True: [], False: []}
        for atom in case:
            if not isinstance(atom, MultipleOf) or (atom.holds and atom.step == 1):
                continue
            if is_regular_enough(atom.step):
                found[atom.holds].append(atom.step)
            else:
                self._verify("multipleOf", f"the remainders of {atom.step} are too many to be counted")
        return {"multiples": found[True], "non_multiples": found[False]}


def _common(given: list[tuple[Any, ...]], barred: set[Decimal], case: Case) -> list[Any]:
    """The numbers that all lists have and the rest of the case allows, as the first list writes them."""
    first = {to_decimal(value): value for value in reversed(given[0])}
    shared = set(first).intersection(*({to_decimal(value) for value in values} for values in given[1:])) - barred
    return [first[value] for value in reversed(first) if value in shared and _satisfies(value, case)]


def _bounds(case: Iterable[object]) -> Bounds:
    bounds = Bounds(integer=any(isinstance(a, MultipleOf) and a.holds and a.step == 1 for a in case))
    for atom in case:
        if isinstance(atom, Compared) and atom.relation[0] == ">":
            bounds = bounds.above(atom.bound, open_end=atom.relation == ">")
        elif isinstance(atom, Compared):
            bounds = bounds.below(atom.bound, open_end=atom.relation == "<")
    return bounds


def _without(bounds: Bounds, points: list[Decimal]) -> list[Bounds]:
    """The interval cut at the points: a complement of their spellings would have those that no policy spells."""
    parts, rest = [], bounds
    for point in points:
        parts.append(rest.below(point, open_end=True))
        rest = rest.above(point, open_end=True)
    return [*parts, rest]


_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": Decimal.__ge__, ">": Decimal.__gt__, "<=": Decimal.__le__, "<": Decimal.__lt__,
}  # fmt: skip


def _satisfies(value: Decimal, case: Case) -> bool:
    for atom in case:
        if isinstance(atom, Compared) and not _COMPARE[atom.relation](value, atom.bound):
            return False
        if isinstance(atom, MultipleOf) and (_remainder(value, atom.step) == 0) != atom.holds:
            return False
    return True


def _remainder(value: Decimal, step: Decimal) -> int:
    """Exact, whatever the number of digits."""
    (p, q), (a, b) = value.as_integer_ratio(), step.as_integer_ratio()
    return (p * b) % (a * q)
