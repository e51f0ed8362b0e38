"""Multiples of a step as terms: digit automata that carry a remainder, exact by decimal arithmetic.

A step is p / 10**k in lowest terms of a decimal. A decimal text is a multiple iff its value times 10**k is a whole
number that p divides, so 0.07 is a multiple of 0.01. The factors of p that ten has (2 and 5) and the rest are
tracked apart and met in an intersection; factors of ten itself are zeros at the end.

The terms here say what the digits are worth; they are to be met with a term that says how a number is spelled
(signs, leading zeros). This module knows no JSON Schema.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from .._terms import EPSILON, Term, alt, both, chars, graph, lit, neg, opt, rep, seq
from ._decimals import DIGIT, NON_ZERO, POINT, ZERO, ZERO_FRACTION, short_whole_part

__all__ = [
    "MAX_STEP_STATES", "common_step", "exact_digits", "grid_place", "is_multiple", "is_regular_enough", "multiples_of",
    "non_multiples_of", "step_states",
]  # fmt: skip

MAX_STEP_STATES = 5_000
MAX_POINT_STATES = 100  # of whole steps with more states, multiples are spelled without a point
DOUBLE_DIGITS = 15
DOUBLE_WHOLE = 2**53
_Name = tuple[str, int, int]
_END: _Name = ("end", 0, 0)
MINUS = opt(lit("-"))
WHOLE = seq(MINUS, rep(DIGIT, 1))


def step_states(step: Decimal) -> int:
    """How many states the multiples of a step take, at most (without what bounds and spellings add)."""
    p, k = _scaled(step)
    if k:
        return p * (k + 2)
    rest, tens = _tens(p)
    return rest * (tens + 1)


def is_regular_enough(step: Decimal) -> bool:
    """Whether `multiples_of` and `non_multiples_of` take this step: it is positive, and its automaton not too large."""
    return step.is_finite() and step > 0 and step_states(step) <= MAX_STEP_STATES


def common_step(steps: Iterable[Decimal]) -> Decimal | None:
    """The least common multiple; None for no step at all."""
    scaled = [_scaled(step) for step in steps]
    if not scaled:
        return None
    k = max(k for _, k in scaled)
    return _decimal(math.lcm(*(p * 10 ** (k - own) for p, own in scaled)), k)


def is_multiple(number: Decimal, step: Decimal) -> bool:
    """Whether a number is a multiple of a step."""
    return (Fraction(number) / Fraction(step)).denominator == 1


def exact_digits(step: Decimal) -> int | None:
    """Before the point: with how many digits doubles still tell multiples of a step; None where this is no matter.

    Doubles hold no multiples of a step like 0.1, only numbers close to them, so nothing is to be told there; and
    whatever the size, a multiple of a power of two is rounded to one. Whole steps with many states have 0: no point.
    """
    fraction = Fraction(step)
    if fraction.denominator & (fraction.denominator - 1) or not fraction.numerator & (fraction.numerator - 1):
        return None
    if fraction.denominator == 1 and step_states(step) > MAX_POINT_STATES:
        return 0
    return max(len(str(DOUBLE_WHOLE // fraction.denominator)) - 1, 0)


def grid_place(step: Decimal) -> int | None:
    """The least n such that every multiple of 10**n is a multiple of the step; None where there is none."""
    p, k = _scaled(step)
    rest, twos, fives = _factors(p)
    return max(twos, fives) - k if rest == 1 else None


@lru_cache(maxsize=256)
def multiples_of(step: Decimal) -> Term:
    """Decimals that are multiples of a step. Raises ValueError if that takes too many states."""
    _check(step)
    p, k = _scaled(step)
    if k:
        return both(*(_with_places(part, k) for part in _parts(p)))
    return seq(_whole(p), ZERO_FRACTION.any_of)


@lru_cache(maxsize=256)
def non_multiples_of(step: Decimal, *, whole: bool = False) -> Term:
    """Decimals that are no multiples of a step, and that a reader of doubles takes for none; with `whole`, whole
    numbers only.

    So the others keep a step of 15 digits away from every multiple. Raises ValueError if that takes too many states.
    """
    _check(step)
    _, k = _scaled(step)
    places = seq(POINT, rep(DIGIT, 0, k), rep(ZERO, 0))
    length = max(DOUBLE_DIGITS - k, 0) if k or step_states(step) <= MAX_POINT_STATES else 0
    on_places = both(seq(WHOLE, opt(places)), short_whole_part(length))
    found = both(on_places, neg(multiples_of(step)))
    return found if whole else alt(found, _off_places(k))


def _off_places(k: int) -> Term:
    """Decimals whose digits after the k-th place are neither zeros nor nines as far as doubles tell.

    A node is a kind, how many digits doubles tell from here on, and how many of the k places were read.
    """
    free = ("free", 0, 0)
    edges: list[tuple[_Name, Term, _Name]] = [(free, DIGIT, free), (free, EPSILON, _END)]
    start = ("whole", DOUBLE_DIGITS - k, 0)
    edges.append((start, lit("-"), start))
    for told in range(1, DOUBLE_DIGITS - k):
        edges.append((("whole", told + 1, 0), DIGIT, ("whole", told, 0)))
        edges.append((("whole", told, 0), POINT, ("place", told, 0)))
        edges += [(("place", told, i), DIGIT, ("place", told, i + 1)) for i in range(k)]
        for run, digit, others in (("zeros", ZERO, NON_ZERO), ("nines", lit("9"), chars([(0x30, 0x38)]))):
            edges.append((("place", told + 1, k), digit, (run, told, 0)))
            edges += [((run, told + 1, 0), digit, (run, told, 0)), ((run, told, 0), others, free)]
        edges += [(("place", told, k), chars([(0x31, 0x38)]), free), (("nines", told, 0), EPSILON, _END)]
    number = {start: 0, _END: 1}
    return graph((number.setdefault(s, len(number)), term, number.setdefault(t, len(number))) for s, term, t in edges)


def _check(step: Decimal) -> None:
    size = step_states(step)
    if size > MAX_STEP_STATES:
        figure = f"{size:,}" if size < 10**12 else f"about 10^{len(str(size)) - 1}"
        raise ValueError(f"multiples of {step} take {figure} states; at most {MAX_STEP_STATES:,} are made")


def _scaled(step: Decimal) -> tuple[int, int]:
    """(p, k) with step = p / 10**k and the least k >= 0."""
    if not step.is_finite() or step <= 0:
        raise ValueError(f"{step} is no step: it must be positive")
    _, digits, exponent = step.as_tuple()
    p = int("".join(map(str, digits)))
    k = -int(exponent)
    while k > 0 and p and p % 10 == 0:
        p, k = p // 10, k - 1
    return (p, k) if k >= 0 else (p * 10**-k, 0)


def _decimal(p: int, k: int) -> Decimal:
    return Decimal((0, tuple(map(int, str(p))), -k))


def _factors(p: int) -> tuple[int, int, int]:
    """(rest, a, b) with p = rest * 2**a * 5**b."""
    twos = fives = 0
    while p % 2 == 0:
        p, twos = p // 2, twos + 1
    while p % 5 == 0:
        p, fives = p // 5, fives + 1
    return p, twos, fives


def _tens(p: int) -> tuple[int, int]:
    """(rest, n) with p = rest * 10**n."""
    n = 0
    while p % 10 == 0:
        p, n = p // 10, n + 1
    return p, n


def _parts(p: int) -> list[int]:
    """Coprime factors with product p, at least one: what it shares with powers of ten, and the rest."""
    rest = _factors(p)[0]
    return [part for part in (rest, p // rest) if part > 1] or [1]


def _whole(p: int) -> Term:
    """Whole numbers that p divides."""
    rest, tens = _tens(p)
    divisible = both(*(_remainders(part) for part in _parts(rest)))
    return alt(seq(MINUS, ZERO), seq(divisible, lit("0" * tens)))


def _remainders(p: int) -> Term:
    """Whole numbers that p divides: state r, a remainder, is node 0 or r + 1."""
    edges = [(0, lit("-"), 0), (0, EPSILON, 1), *_digit_edges(p, 0, 0)]
    return graph(edges)


def _with_places(p: int, k: int) -> Term:
    """Decimals whose value times 10**k is whole and divisible by p: a row of remainders for each place."""
    edges: list[tuple[int, Term, int]] = [(0, lit("-"), 0), *_digit_edges(p, 0, 0)]
    for place in range(k):
        edges += _digit_edges(p, place + 1, place + 2)
    for r in range(p):
        edges.append((_node(p, 0, r), POINT, _node(p, 1, r)))
        for place in range(k + 1):
            if r * 10 ** (k - place) % p == 0:
                edges.append((_node(p, place + 1, r), EPSILON, 1))
                if not place:
                    edges.append((_node(p, 0, r), EPSILON, 1))
    edges.append((_node(p, k + 1, 0), ZERO, _node(p, k + 1, 0)))
    return graph(edges)


def _node(p: int, row: int, remainder: int) -> int:
    """Node 0 is the start, node 1 the end."""
    return row * p + remainder + 1 if row or remainder else 0


def _digit_edges(p: int, row: int, target: int) -> list[tuple[int, Term, int]]:
    """From each remainder by each digit; digits with one target share an edge."""
    edges = []
    for r in range(p):
        by_target: dict[int, list[int]] = {}
        for digit in range(10):
            by_target.setdefault((10 * r + digit) % p, []).append(0x30 + digit)
        for following, digits in by_target.items():
            edges.append((_node(p, row, r), _one_of(tuple(digits)), _node(p, target, following)))
    return edges


@lru_cache(maxsize=1024)
def _one_of(codes: tuple[int, ...]) -> Term:
    return chars([(code, code) for code in codes])
