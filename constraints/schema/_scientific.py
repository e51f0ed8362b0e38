"""Scientific notation in normal form as terms: one non-zero digit before the point, `1e3`, `2.5E-07`.

Exponents have one to three digits, and one leading zero where they would have one digit (`e07`). What a reader
rounds to doubles stays finite: no value is above the largest double. This module knows positive magnitudes only;
signs are the caller's.
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache

from .._terms import EMPTY, Term, alt, chars, lit, opt, rep, seq
from ._decimals import ANY_FRACTION, DIGIT, NO_FRACTION, NON_ZERO, POINT, ZERO, at_least_as_long, between

__all__ = ["MAX_EXPONENT", "MIN_NORMAL", "on_grid", "within"]

MAX_DOUBLE = Decimal("1.7976931348623157e308")
MAX_EXPONENT = 308
MIN_EXPONENT = -324  # of the smallest double
MIN_NORMAL = -307  # from here on a double has 15 digits
GRID_PLACES = 1
ONE = Decimal(1)
MINUS = lit("-")
MANTISSA = seq(NON_ZERO, ANY_FRACTION.any_of)


def within(low: Decimal | None, high: Decimal | None, ceiling: int | None = None) -> Term:
    """Positive numbers from `low` to `high`, ends included; with a `ceiling`, of exponents up to it and not
    subnormal. Without bounds exponents go from -307 to 307: what is copied to every open place has to be small."""
    if not low and high is None and ceiling is None:
        return seq(MANTISSA, _exponent(MIN_NORMAL, -MIN_NORMAL))  # a third of the states that the whole range takes
    high = MAX_DOUBLE if high is None else min(high, MAX_DOUBLE)
    if high <= 0:
        return EMPTY
    bottom, least = MIN_EXPONENT if ceiling is None else MIN_NORMAL, ONE
    if low is not None and low > 0:
        bottom, least = (low.adjusted(), _mantissa(low)) if low.adjusted() >= MIN_NORMAL else (MIN_NORMAL, ONE)
    top, most = high.adjusted(), _mantissa(high)
    parts = []
    if ceiling is not None and ceiling < top:
        top = ceiling + 1
    elif bottom == top:
        return seq(between(least, most, ANY_FRACTION), _exponent(top, top))
    elif bottom < top:
        parts.append(seq(between(ONE, most, ANY_FRACTION), _exponent(top, top)))
    if least > 1 and bottom < top:
        parts.append(seq(at_least_as_long(least, ANY_FRACTION), _exponent(bottom, bottom)))
        bottom += 1
    return alt(*parts, seq(MANTISSA, _exponent(bottom, top - 1)))


def on_grid(low: Decimal | None, high: Decimal | None, place: int, top: int) -> Term:
    """Positive multiples of 10**place between the bounds: the exponent covers all but `place` of the digits.

    Out of these, those with up to `GRID_PLACES` digits after the point, exponents up to `top`, and exponents that
    decide alone that the bounds are kept: a comparison of the mantissa would cost many states.
    """
    if low is not None and low > 0:
        lowest = low.adjusted() + (_mantissa(low) != 1)
    else:
        lowest = MIN_NORMAL
    highest = top if high is None else min(top, high.adjusted() - 1 if high > 0 else MIN_NORMAL - 1)
    options = [seq(NON_ZERO, _exponent(max(place, lowest), min(highest, MAX_EXPONENT - 1)))]
    for places in range(1, GRID_PLACES + 1):
        fraction = seq(POINT, rep(DIGIT, places, places))
        exponent = _exponent(max(places + place, lowest), min(highest, MAX_EXPONENT - 1))
        options.append(seq(NON_ZERO, fraction, exponent))
    if highest >= MAX_EXPONENT >= max(place, lowest):
        options.append(seq(lit("1"), _exponent(MAX_EXPONENT, MAX_EXPONENT)))
    return alt(*options)


def _mantissa(number: Decimal) -> Decimal:
    return number.scaleb(-number.adjusted(), Context(prec=max(len(number.as_tuple().digits), 1)))


@lru_cache(maxsize=1024)
def _exponent(low: int, high: int) -> Term:
    """Exponent parts with a value from low to high; `-0` stands where other negative ones do."""
    if low > high:
        return EMPTY
    parts = []
    if high >= 0:
        parts.append(seq(opt(lit("+")), _padded(max(low, 0), high)))
    if low < 0:
        parts.append(seq(MINUS, _padded(max(0, -high), -low)))
    return seq(chars("eE"), alt(*parts))


def _padded(low: int, high: int) -> Term:
    term = between(Decimal(low), Decimal(high), NO_FRACTION)
    if low > 9:
        return term
    return alt(term, seq(ZERO, chars([(0x30 + low, 0x30 + min(high, 9))])))
