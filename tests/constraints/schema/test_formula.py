"""Cases against truth tables: a valuation satisfies the formula iff it satisfies one of its cases."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints.schema._formula import (
    FALSE,
    TRUE,
    All,
    Either,
    Formula,
    TooManyCases,
    cases_of,
    every,
    negated,
    some,
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    name: str
    holds: bool = True

    def negated(self) -> Formula:
        return Letter(self.name, not self.holds)


FORMULAS = st.recursive(
    st.sampled_from([TRUE, FALSE, *(Letter(name, holds) for name in "abcd" for holds in (True, False))]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(every),
        st.lists(inner, min_size=1, max_size=3).map(some),
        inner.map(negated),
    ),
    max_leaves=10,
)
VALUATIONS = [dict(zip("abcd", values, strict=True)) for values in itertools.product((True, False), repeat=4)]


def holds(formula: Formula, values: dict[str, bool]) -> bool:
    match formula:
        case All(parts):
            return all(holds(part, values) for part in parts)
        case Either(parts):
            return any(holds(part, values) for part in parts)
        case Letter(name, wanted):
            return values[name] == wanted
    raise TypeError(formula)


def consistent(case: tuple[Any, ...]) -> bool:
    return not any(atom.negated() in case for atom in case)


@given(FORMULAS)
@settings(max_examples=500, deadline=None)
def test_cases_are_the_formula(formula: Formula) -> None:
    cases = cases_of(formula, 1000, consistent)
    assert all(map(consistent, cases))
    for values in VALUATIONS:
        assert holds(formula, values) == any(all(holds(atom, values) for atom in case) for case in cases)
        assert holds(negated(formula), values) != holds(formula, values)


def test_too_many_cases_are_told_early() -> None:
    wide = every(some(Letter(f"{i} {j}") for j in range(4)) for i in range(30))
    with pytest.raises(TooManyCases):
        cases_of(wide, 100, lambda case: True)
