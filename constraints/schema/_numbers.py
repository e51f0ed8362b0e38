"""JSON numbers with bounds: which spellings of which values are in a language.

Bounds are exact decimals. The spellings are a choice (`plain` or `any`), stated below; this module knows
neither schemas nor keywords.

`plain`, what a program writes for ordinary values:

* an integer has no fraction and no exponent: `0`, `-12`; never `-0`, never leading zeros;
* any other number may have a fraction of any length (`1.50` and `1.0` are in), no exponent, never a negative
  zero.

`any`, JSON Schema's mathematical equality:

* an integer may be written with a fraction of zeros (`2.0`), and zero with a sign;
* scientific notation in normal form, one non-zero digit before the point: `1e3`, `2.5E-07`; exponents from
  -307 to 307 with up to two leading zeros. An integer in this notation has at most 14 digits after the point,
  and its exponent is not smaller than their number.

Doubles: a reader that rounds numbers to doubles must not see a number on an excluded bound. So an *exclusive*
bound of a number is kept a 15-digit step away: values between the bound and its neighbour of 15 significant
digits are left out (`exclusiveMinimum: 0` starts at 1e-15). Numbers with a fraction are barred beyond 15
digits before the point where a bound is that large, and scientific notation keeps away from such a bound by
two 15-digit steps. Inclusive bounds below that size and integers without exponent need no such care: rounding
is monotonic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import partial
from typing import Any

from .._terms import EMPTY, Term, alt, both, chars, lit, opt, rep, seq
from ._decimals import (
    ANY_FRACTION,
    DIGIT,
    NO_FRACTION,
    NON_ZERO,
    POINT,
    ZERO_FRACTION,
    Fractions,
    at_least,
    at_most,
    positive,
    unsigned,
)

__all__ = ["SPELLINGS", "Bounds", "number_term", "number_value", "to_decimal"]

SPELLINGS = ("plain", "any")
DOUBLE_DIGITS = 15
EXACT_WHOLE = Decimal(10) ** DOUBLE_DIGITS  # below, every whole number is a double and one of its 15 digits
MAX_EXPONENT = 307
MAX_BOUND_DIGITS = 400
MINUS = lit("-")
WIDE = Context(prec=3 * MAX_BOUND_DIGITS)

Between = Callable[[Decimal | None, Decimal | None, bool], Term]
Compare = Callable[[Decimal, Fractions], Term]


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


def number_term(bounds: Bounds, spelling: str = "plain") -> Term:
    """The numbers in an interval, in the spellings of `"plain"` or `"any"`; the empty language for an empty
    interval."""
    interval = bounds.closed()
    low, high = interval.low, interval.high
    if low is not None and high is not None and low > high:
        return EMPTY
    options = [_decimals(interval, spelling)]
    if spelling == "any":
        options.append(_scientific(_inward(interval)))
    return alt(*options)


def number_value(value: Any, spelling: str = "plain") -> Term:
    """The spellings of one number. `plain`: its shortest decimal, and with `.0` too where the schema has a
    float.

    Beyond doubles' whole numbers (2**53) an int and a float that look alike differ to a reader: there an int
    is spelled without point and exponent, a float with one.
    """
    whole_float = not isinstance(value, int) and value == int(value)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    text = "0" if number == 0 else format(number.normalize(WIDE), "f")
    to_decimal(number)  # refuses what has too many digits
    if abs(number) >= EXACT_WHOLE:
        with_point = seq(lit(text), lit(".0") if spelling == "plain" else seq(POINT, rep(lit("0"), 1)))
        if not whole_float:
            return lit(text)
        return with_point if spelling == "plain" else alt(with_point, _scientific(Bounds(number, number)))
    if spelling == "any":
        return number_term(Bounds(number, number, integer=number == number.to_integral_value()), spelling)
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


def _scientific(interval: Bounds) -> Term:
    """Scientific notation of an interval with inclusive ends."""
    if interval.low is not None and interval.high is not None and interval.low > interval.high:
        return EMPTY
    return _signed(interval, partial(_scientific_between, integer=interval.integer), negative_zero=False)


def _decimals(interval: Bounds, spelling: str) -> Term:
    """Spellings without exponent."""
    if interval.integer:
        fractions = ZERO_FRACTION if spelling == "any" else NO_FRACTION
    else:
        fractions = ANY_FRACTION
    signed_zero = spelling == "any"
    between = partial(_decimals_between, fractions=fractions, signed_zero=signed_zero)
    term = _signed(interval, between, negative_zero=signed_zero)
    ends = [end for end in (interval.low, interval.high) if end is not None]
    if fractions is not NO_FRACTION and any(abs(end) >= EXACT_WHOLE for end in ends):
        term = both(term, _short_whole_part())
    return term


def _short_whole_part() -> Term:
    """Numbers without fraction, or with at most 15 digits before the point."""
    whole = seq(opt(MINUS), rep(DIGIT, 1))
    fraction = seq(opt(MINUS), rep(DIGIT, 1, DOUBLE_DIGITS), POINT, rep(DIGIT, 1))
    return alt(whole, fraction)


def _signed(interval: Bounds, between: Between, *, negative_zero: bool) -> Term:
    """Split an interval at zero; `between(low, high, negative)` gives the unsigned texts of one side."""
    low, high = interval.low, interval.high
    zero = Decimal(0)
    parts = []
    if high is None or high >= 0:
        parts.append(between(max(low, zero) if low is not None else None, high, False))
    if low is None or low < 0 or (low == 0 and negative_zero):
        floor = None if high is None or high >= 0 else -high
        parts.append(seq(MINUS, between(floor, -low if low is not None else None, True)))
    return alt(*parts)


def _decimals_between(
    low: Decimal | None, high: Decimal | None, negative: bool, *, fractions: Fractions, signed_zero: bool
) -> Term:
    parts = []
    if negative and not signed_zero and (low is None or low == 0):
        parts.append(positive(fractions))
    elif low is not None and low > 0:
        parts.append(at_least(low, fractions))
    if high is not None:
        parts.append(at_most(high, fractions))
    return both(*parts) if parts else unsigned(fractions)


def _scientific_between(low: Decimal | None, high: Decimal | None, negative: bool, *, integer: bool) -> Term:
    """Normal scientific notation of the positive numbers in an interval."""
    if high is not None and high <= 0:
        return EMPTY
    parts = []
    if low is not None and low > 0:
        parts.append(_scientific_beyond(low, at_least, up=True))
    if high is not None:
        parts.append(_scientific_beyond(high, at_most, up=False))
    if integer:
        parts.append(_scientific_integers())
    return both(*parts) if parts else seq(_mantissa(), _exponent(-MAX_EXPONENT, MAX_EXPONENT))


def _scientific_beyond(bound: Decimal, compare: Compare, *, up: bool) -> Term:
    """Compare the exponents, and the mantissas where those are equal."""
    exponent = bound.adjusted()
    mantissa = bound.scaleb(-exponent, WIDE)
    low, high = (exponent + 1, MAX_EXPONENT) if up else (-MAX_EXPONENT, exponent - 1)
    beyond = seq(_mantissa(), _exponent(low, high))
    same = seq(both(compare(mantissa, ANY_FRACTION), _mantissa()), _exponent(exponent, exponent))
    return alt(beyond, same)


def _mantissa() -> Term:
    return seq(NON_ZERO, ANY_FRACTION.any_of)


def _scientific_integers() -> Term:
    """Scientific notation whose exponent covers the digits after the point."""
    options = [seq(NON_ZERO, _exponent(0, MAX_EXPONENT))]
    for places in range(1, DOUBLE_DIGITS):
        options.append(seq(NON_ZERO, POINT, rep(DIGIT, places, places), _exponent(places, MAX_EXPONENT)))
    return alt(*options)


def _exponent(low: int, high: int) -> Term:
    """Exponent parts with a value from low to high, within -307 to 307."""
    low, high = max(low, -MAX_EXPONENT), min(high, MAX_EXPONENT)
    if low > high:
        return EMPTY
    zeros = rep(lit("0"), 0, 2)
    parts = []
    if high >= 0:
        upward = both(at_least(Decimal(max(low, 0)), NO_FRACTION), at_most(Decimal(high), NO_FRACTION))
        parts.append(seq(opt(lit("+")), zeros, upward))
    if low <= 0:
        nearest = Decimal(max(0, -high))
        downward = both(at_least(nearest, NO_FRACTION), at_most(Decimal(-low), NO_FRACTION))
        parts.append(seq(MINUS, zeros, downward))
    return seq(chars("eE"), alt(*parts))
