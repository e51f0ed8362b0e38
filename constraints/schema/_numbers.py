"""JSON numbers with bounds and steps: which spellings of which values are in a language.

Bounds and steps are exact decimals. The spellings are a choice (`plain` or `any`), stated below; this module
knows neither schemas nor keywords.

`plain`, what a program writes for ordinary values:

* an integer has no fraction and no exponent: `0`, `-12`; never `-0`, never leading zeros;
* any other number may have a fraction of any length (`1.50` and `1.0` are in), no exponent, never a negative
  zero.

`any`, JSON Schema's mathematical equality:

* an integer may be written with a fraction of zeros (`2.0`), and zero with a sign;
* scientific notation in normal form, one non-zero digit before the point: `1e3`, `2.5E-07`; exponents from -307
  to 307 (with bounds to the limits of doubles) of at most three digits, and one leading zero before a single one. So
  every double up to 1e308 that isn't subnormal is in, as Python, JavaScript, Java and C write it. `0e0`, `100e-2` and
  `1e007` are left out.

Left out in scientific notation, since each would cost many states (their plain spellings are in):

* integers and multiples: more than one digit after the point, mantissas whose zeros the exponent doesn't
  cover (`1.50e1`), and values of the same order as a bound that isn't a power of ten. Integers and multiples of
  integers with a bound away from zero (the upper one of the positive, the lower one of the negative) have none;
  nor have multiples of a step with other prime factors than 2 and 5;
* non-multiples: all but those far below the step (by two orders), and subnormal ones.

Doubles: a reader that rounds numbers to doubles must not see a number on an excluded bound. So an *exclusive*
bound of a number is kept a 15-digit step away: values between the bound and its neighbour of 15 significant
digits are left out (`exclusiveMinimum: 0` starts at 1e-15, in scientific notation at 1e-307). Numbers with a
fraction are barred beyond 15 digits before the point where a bound is that large, and scientific notation keeps
away from such a bound by two 15-digit steps. Inclusive bounds below that size and integers without exponent need
no such care: rounding is monotonic. For the same reason numbers with a point or an exponent are barred beyond 15
digits before the point where a step is an integer (or a binary fraction such as 2.5) that isn't a power of two,
and non-multiples keep a 15-digit step away from multiples. Steps like 0.1 are decimal: no double is a multiple of
them. Whole steps that take more than 100 states (primes above 100, 86400) are spelled without a point.

A complement of these terms is no negation of their condition: it has the spellings that are left out. What is
"not a multiple" has to be asked for as such (`non_multiples`), what is out of an interval as other intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

from .._terms import EMPTY, And, Term, alt, both, lit, rep, seq
from . import _scientific as scientific
from ._decimals import (
    ANY_FRACTION,
    NO_FRACTION,
    POINT,
    ZERO,
    ZERO_FRACTION,
    Fractions,
    between,
    positive,
    short_whole_part,
)
from ._multiples import (
    common_step,
    exact_digits,
    grid_place,
    is_multiple,
    is_regular_enough,
    multiples_of,
    non_multiples_of,
)

__all__ = ["SPELLINGS", "Bounds", "is_regular_enough", "number_term", "number_value", "to_decimal"]

SPELLINGS = ("plain", "any")
DOUBLE_DIGITS = 15
EXACT_WHOLE = Decimal(10) ** DOUBLE_DIGITS  # below, every whole number is a double and one of its 15 digits
MAX_BOUND_DIGITS = 400
TINY = Decimal(1).scaleb(scientific.MIN_NORMAL)
MINUS = lit("-")
WIDE = Context(prec=3 * MAX_BOUND_DIGITS)

Between = Callable[[Decimal | None, Decimal | None, bool], Term]
Steps = tuple[Decimal, ...]


@dataclass(frozen=True)
class Bounds:
    """An interval of numbers. `None` is no bound; `*_open` excludes the bound itself; `integer` keeps whole
    numbers."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False
    integer: bool = False

    def above(self, low: Decimal, *, open_end: bool) -> Bounds:
        """The part of the interval above `low`."""
        if self.low is not None and (self.low, self.low_open) >= (low, open_end):
            return self
        return Bounds(low, self.high, open_end, self.high_open, self.integer)

    def below(self, high: Decimal, *, open_end: bool) -> Bounds:
        """The part of the interval below `high`."""
        if self.high is not None and (self.high, not self.high_open) <= (high, not open_end):
            return self
        return Bounds(self.low, high, self.low_open, open_end, self.integer)

    def closed(self) -> Bounds:
        """The same interval with inclusive ends: whole numbers for integers, otherwise a 15-digit step
        inwards."""
        low, high = self.low, self.high
        if low is not None and (self.integer or self.low_open):
            low = _step(low, self.integer, up=True, strict=self.low_open)
        if high is not None and (self.integer or self.high_open):
            high = _step(high, self.integer, up=False, strict=self.high_open)
        return Bounds(low, high, integer=self.integer)


def to_decimal(value: Any) -> Decimal:
    """The exact decimal that a schema's number stands for: a float is read as its shortest decimal (`0.1`),
    and as the whole number that it is from 2**53 on.

    Raises ValueError for NaN, infinities and numbers of more than 400 digits.
    """
    number = Decimal(repr(value)) if isinstance(value, float) and abs(value) < 2**53 else Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    if abs(number.adjusted()) > MAX_BOUND_DIGITS or len(number.as_tuple().digits) > MAX_BOUND_DIGITS:
        raise ValueError(f"a bound may have at most {MAX_BOUND_DIGITS} digits")
    return number


def number_term(
    bounds: Bounds,
    spelling: str = "plain",
    *,
    multiples: Sequence[Decimal] = (),
    non_multiples: Sequence[Decimal] = (),
) -> Term:
    """The numbers in an interval that are multiples of all `multiples` and of none of `non_multiples`, in the
    spellings of `"plain"` or `"any"`; the empty language where there are none.

    Raises ValueError for a step that isn't positive or takes too many states, see `is_regular_enough`.
    """
    return _number_term(bounds, spelling, tuple(multiples), tuple(non_multiples))


@lru_cache(maxsize=1024)
def _number_term(bounds: Bounds, spelling: str, multiples: Steps, non_multiples: Steps) -> Term:
    step = common_step((*multiples, Decimal(1)) if bounds.integer else multiples)
    interval = _on_step(bounds, step)
    low, high = interval.low, interval.high
    if low is not None and high is not None and low > high:
        return EMPTY
    if step is not None and any(is_multiple(step, other) for other in non_multiples):
        return EMPTY
    options = [_decimals(interval, spelling, step, non_multiples)]
    if spelling == "any":
        reach = interval if step is not None else _up_to_zero(interval, bounds)
        options.append(_scientific(_inward(reach), step, non_multiples))
    return _sealed(alt(*options))


def _sealed(term: Term) -> Term:
    """The same language, as an intersection of one: it is compiled once and copied to each place."""
    return term if isinstance(term, And) or term == EMPTY else And((term,))


def number_value(value: Any, spelling: str = "plain") -> Term:
    """The spellings of one number. `plain`: its shortest decimal, and with `.0` too where the schema has a
    float.

    Beyond doubles' whole numbers (2**53) an int and a float that look alike differ to a reader: there an int
    that is no double is spelled without point and exponent, a float with one.
    """
    whole_float = not isinstance(value, int) and value == int(value)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    text = "0" if number == 0 else format(number.normalize(WIDE), "f")
    to_decimal(number)  # refuses what has too many digits
    if abs(number) >= EXACT_WHOLE:
        with_point = seq(lit(text), lit(".0") if spelling == "plain" else seq(POINT, rep(ZERO, 1)))
        if not whole_float:  # with a point a reader takes it for a double
            exact = spelling == "any" and Decimal(float(number)) == number
            return alt(lit(text), with_point) if exact else lit(text)
        return with_point if spelling == "plain" else alt(with_point, _scientific(Bounds(number, number)))
    if spelling == "any":
        return number_term(Bounds(number, number), spelling)
    return alt(lit(text), lit(text + ".0")) if whole_float else lit(text)


def _step(bound: Decimal, integer: bool, *, up: bool, strict: bool) -> Decimal:
    """The nearest decimal on the grid at (or, if strict, beyond) the bound: whole numbers, or 15 significant
    digits."""
    places = 0 if integer or bound.is_zero() else max(bound.adjusted() + 1, 0)
    grid = Decimal(1) if integer else Decimal(1).scaleb(-max(DOUBLE_DIGITS - places, 0))
    rounded = bound.quantize(grid, ROUND_CEILING if up else ROUND_FLOOR, WIDE)
    if strict and rounded == bound:
        rounded = WIDE.add(rounded, grid if up else -grid)
    return rounded


def _inward(interval: Bounds) -> Bounds:
    """Large ends moved inwards by up to two steps of 15 digits: a mantissa is rounded where an integer is
    not."""

    def moved(end: Decimal | None, *, up: bool) -> Decimal | None:
        if end is None or abs(end) < EXACT_WHOLE:
            return end
        grid = Decimal(1).scaleb(end.adjusted() + 1 - DOUBLE_DIGITS)
        rounded = end.quantize(grid, ROUND_CEILING if up else ROUND_FLOOR, WIDE)
        return WIDE.add(rounded, grid if up else -grid)

    low, high = moved(interval.low, up=True), moved(interval.high, up=False)
    return Bounds(low, high, integer=interval.integer)


def _on_step(bounds: Bounds, step: Decimal | None) -> Bounds:
    """The interval with inclusive ends that are multiples of the step."""
    whole = bounds.integer or (step is not None and is_multiple(step, Decimal(1)))
    interval = replace(bounds, integer=whole).closed()
    low, high = interval.low, interval.high
    if step is not None and step != 1:
        low = WIDE.multiply(math.ceil(Fraction(low) / Fraction(step)), step) if low is not None else None
        high = WIDE.multiply(math.floor(Fraction(high) / Fraction(step)), step) if high is not None else None
    return Bounds(low, high, integer=bounds.integer)


def _up_to_zero(interval: Bounds, bounds: Bounds) -> Bounds:
    """An excluded zero needs no 15-digit step in scientific notation: readers tell what isn't subnormal from it."""
    low = TINY if bounds.low_open and bounds.low == 0 else interval.low
    high = -TINY if bounds.high_open and bounds.high == 0 else interval.high
    return replace(interval, low=low, high=high)


def _scientific(interval: Bounds, step: Decimal | None = None, non_multiples: Steps = ()) -> Term:
    """Scientific notation of an interval with inclusive ends."""
    if interval.low is not None and interval.high is not None and interval.low > interval.high:
        return EMPTY
    ceiling = min((other.adjusted() - 2 for other in non_multiples), default=None)
    return _signed(interval, partial(_scientific_between, step=step, ceiling=ceiling), False)


def _scientific_between(
    low: Decimal | None, high: Decimal | None, _negative: bool, *, step: Decimal | None, ceiling: int | None
) -> Term:
    """One side of zero; `ceiling` is a limit of the exponent, where any number is too small to be a multiple."""
    if step is None:
        return scientific.within(low, high, ceiling)
    place, digits = grid_place(step), exact_digits(step)
    if place is None or (high is not None and is_multiple(step, Decimal(1))):
        return EMPTY
    tops = [top for top in (ceiling, digits - 1 if digits is not None else None) if top is not None]
    return scientific.on_grid(low, high, place, min(tops, default=scientific.MAX_EXPONENT))


def _decimals(interval: Bounds, spelling: str, step: Decimal | None, non_multiples: Steps) -> Term:
    """Spellings without exponent."""
    signed_zero = spelling == "any"
    fractions = _fractions(interval, spelling, step)
    term = _signed(interval, partial(_decimals_between, fractions=fractions, signed_zero=signed_zero), signed_zero)
    filters = [non_multiples_of(other, whole=fractions is not ANY_FRACTION) for other in non_multiples]
    if step is not None and not (step == 1 and fractions is not ANY_FRACTION):
        filters.append(multiples_of(step))
    ends = [end for end in (interval.low, interval.high) if end is not None]
    lengths = [DOUBLE_DIGITS] if any(abs(end) >= EXACT_WHOLE for end in ends) else []
    if step is not None and (digits := exact_digits(step)) is not None:
        lengths.append(digits)
    if lengths and fractions is not NO_FRACTION:
        filters.append(short_whole_part(min(lengths)))
    return both(term, *filters)


def _fractions(interval: Bounds, spelling: str, step: Decimal | None) -> Fractions:
    if step is None or not is_multiple(step, Decimal(1)):
        return ANY_FRACTION
    return NO_FRACTION if interval.integer and spelling == "plain" else ZERO_FRACTION


def _signed(interval: Bounds, between_magnitudes: Between, negative_zero: bool) -> Term:
    """Split an interval at zero; `between_magnitudes(low, high, negative)` gives the unsigned texts of one side."""
    low, high = interval.low, interval.high
    zero = Decimal(0)
    parts = []
    if high is None or high >= 0:
        parts.append(between_magnitudes(max(low, zero) if low is not None else None, high, False))
    if low is None or low < 0 or (low == 0 and negative_zero):
        nearest = None if high is None or high >= 0 else high.copy_negate()  # a minus sign would round to 28 digits
        farthest = low.copy_negate() if low is not None else None
        parts.append(seq(MINUS, between_magnitudes(nearest, farthest, True)))
    return alt(*parts)


def _decimals_between(
    low: Decimal | None, high: Decimal | None, negative: bool, *, fractions: Fractions, signed_zero: bool
) -> Term:
    if not negative or signed_zero or (low is not None and low > 0):
        return between(low, high, fractions)
    return positive(fractions) if high is None else both(positive(fractions), between(None, high, fractions))
