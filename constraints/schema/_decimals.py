"""Digit automata as terms: unsigned decimals compared with bounds, digit by digit.

The texts here are unsigned, without exponent and without leading zeros: `0`, `12`, `12.50`. A comparison is
exact for any decimal bound; the minimal automaton is linear in its digits. The terms are flat (one option per
digit where a text may part from the bound), so that hundreds of digits make no deep tree. This module knows
no JSON Schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .._terms import EMPTY, EPSILON, Term, alt, both, chars, lit, opt, rep, seq

__all__ = [
    "ANY_FRACTION", "DIGIT", "NON_ZERO", "NO_FRACTION", "POINT", "ZERO", "ZERO_FRACTION", "Fractions",
    "at_least_as_long", "between", "digits_of", "positive", "short_whole_part", "unsigned",
]  # fmt: skip

DIGIT = chars([(0x30, 0x39)])
NON_ZERO = chars([(0x31, 0x39)])
ZERO = lit("0")
POINT = lit(".")


@dataclass(frozen=True)
class Fractions:
    """Which fractions a number may carry: `any_of` is every allowed fraction part (with its point, or
    nothing), `zero` those that leave the value whole, `positive` those that add to it."""

    any_of: Term
    zero: Term
    positive: Term


NO_FRACTION = Fractions(EPSILON, EPSILON, EMPTY)
ZERO_FRACTION = Fractions(opt(seq(POINT, rep(ZERO, 1))), opt(seq(POINT, rep(ZERO, 1))), EMPTY)
ANY_FRACTION = Fractions(
    opt(seq(POINT, rep(DIGIT, 1))),
    opt(seq(POINT, rep(ZERO, 1))),
    seq(POINT, rep(ZERO, 0), NON_ZERO, rep(DIGIT, 0)),
)


def unsigned(fractions: Fractions) -> Term:
    """Every unsigned decimal."""
    return seq(alt(ZERO, seq(NON_ZERO, rep(DIGIT, 0))), fractions.any_of)


def positive(fractions: Fractions) -> Term:
    """Every unsigned decimal that isn't zero."""
    return alt(seq(NON_ZERO, rep(DIGIT, 0), fractions.any_of), seq(ZERO, fractions.positive))


def between(low: Decimal | None, high: Decimal | None, fractions: Fractions) -> Term:
    """Unsigned decimals from `low` to `high`, both included (decimals >= 0); `None` is no bound."""
    if low is None or low == 0:
        return _at_most(high, fractions) if high is not None else unsigned(fractions)
    if high is None:
        return alt(at_least_as_long(low, fractions), _longer(digits_of(low)[0], None, fractions))
    if low > high:
        return EMPTY
    (whole, fraction), (high_whole, high_fraction) = digits_of(low), digits_of(high)
    if len(whole) < len(high_whole):
        shortest, longest = at_least_as_long(low, fractions), _tail_at_most(high_whole, high_fraction, fractions, "1")
        return alt(shortest, _longer(whole, len(high_whole), fractions), longest)
    common = next((i for i, digit in enumerate(whole) if digit != high_whole[i]), len(whole))
    if common == len(whole):
        return seq(lit(whole), _fraction_between(fraction, high_fraction, fractions))
    prefix, rest = whole[:common], len(whole) - common - 1
    middle = _digit_range(chr(ord(whole[common]) + 1), chr(ord(high_whole[common]) - 1))
    return alt(
        seq(lit(whole[: common + 1]), _tail_at_least(whole[common + 1 :], fraction, fractions)),
        seq(lit(prefix), middle, rep(DIGIT, rest, rest), fractions.any_of),
        seq(lit(high_whole[: common + 1]), _tail_at_most(high_whole[common + 1 :], high_fraction, fractions)),
    )


def at_least_as_long(low: Decimal, fractions: Fractions) -> Term:
    """Unsigned decimals of at least `low`, with as many digits before the point."""
    return _tail_at_least(*digits_of(low), fractions)


def short_whole_part(length: int) -> Term:
    """Numbers, signed or not: without a point, or with at most `length` digits before it."""
    whole = seq(opt(lit("-")), rep(DIGIT, 1))
    return alt(whole, seq(opt(lit("-")), rep(DIGIT, 1, length), POINT, rep(DIGIT, 1))) if length else whole


def digits_of(number: Decimal) -> tuple[str, str]:
    """Digits before and after the point, the latter without trailing zeros."""
    whole, _, fraction = format(number.copy_abs(), "f").partition(".")
    return whole.lstrip("0") or "0", fraction.rstrip("0")


def _at_most(high: Decimal, fractions: Fractions) -> Term:
    whole, fraction = digits_of(high)
    if len(whole) == 1:
        return _tail_at_most(whole, fraction, fractions)
    longest = _tail_at_most(whole, fraction, fractions, "1")
    return alt(seq(ZERO, fractions.any_of), _longer("", len(whole), fractions), longest)


def _longer(whole: str, length: int | None, fractions: Fractions) -> Term:
    """Decimals with more digits before the point than `whole`, and fewer than `length`."""
    if length is not None and length - len(whole) < 2:
        return EMPTY
    return seq(NON_ZERO, rep(DIGIT, len(whole), length - 2 if length is not None else None), fractions.any_of)


def _digit_range(low: str, high: str) -> Term:
    return chars([(ord(low), ord(high))]) if low <= high else EMPTY


def _tail_at_least(whole: str, fraction: str, fractions: Fractions) -> Term:
    """Texts worth at least `whole.fraction`, with as many digits before the point."""
    options = [seq(lit(whole), _fraction_at_least(fraction, fractions))]
    for i, digit in enumerate(whole):
        rest = rep(DIGIT, len(whole) - 1 - i, len(whole) - 1 - i)
        options.append(seq(lit(whole[:i]), _digit_range(chr(ord(digit) + 1), "9"), rest, fractions.any_of))
    return alt(*options)


def _tail_at_most(whole: str, fraction: str, fractions: Fractions, first: str = "0") -> Term:
    """Texts worth at most `whole.fraction`, with as many digits before the point, the first one at least `first`."""
    options = [seq(lit(whole), _fraction_at_most(fraction, fractions))]
    for i, digit in enumerate(whole):
        rest = rep(DIGIT, len(whole) - 1 - i, len(whole) - 1 - i)
        smaller = _digit_range("0" if i else first, chr(ord(digit) - 1))
        options.append(seq(lit(whole[:i]), smaller, rest, fractions.any_of))
    return alt(*options)


def _fraction_between(low: str, high: str, fractions: Fractions) -> Term:
    if not low:
        return _fraction_at_most(high, fractions)
    if low == high and fractions.positive != EMPTY:
        return seq(POINT, lit(low), rep(ZERO, 0))
    return both(_fraction_at_least(low, fractions), _fraction_at_most(high, fractions))


def _fraction_at_least(fraction: str, fractions: Fractions) -> Term:
    """Fraction parts worth at least `0.fraction`."""
    if not fraction:
        return fractions.any_of
    if fractions.positive == EMPTY:
        return EMPTY
    options = [seq(lit(fraction), rep(DIGIT, 0))]
    for i, digit in enumerate(fraction):
        options.append(seq(lit(fraction[:i]), _digit_range(chr(ord(digit) + 1), "9"), rep(DIGIT, 0)))
    return seq(POINT, alt(*options))


def _fraction_at_most(fraction: str, fractions: Fractions) -> Term:
    """Fraction parts worth at most `0.fraction`: a proper prefix of it is worth less."""
    if not fraction or fractions.positive == EMPTY:
        return fractions.zero
    options = [seq(lit(fraction), rep(ZERO, 0))]
    for i, digit in enumerate(fraction):
        options.append(seq(lit(fraction[:i]), _digit_range("0", chr(ord(digit) - 1)), rep(DIGIT, 0)))
        if i:
            options.append(lit(fraction[:i]))
    return opt(seq(POINT, alt(*options)))
