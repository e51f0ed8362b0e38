"""Digit automata as terms: unsigned decimals compared with a bound, digit by digit.

The texts here are unsigned, without exponent and without leading zeros: `0`, `12`, `12.50`. A comparison is
exact for any decimal bound; the minimal automaton is linear in its digits. The terms are flat (one option per
digit where a text may part from the bound), so that hundreds of digits make no deep tree. This module knows
no JSON Schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .._terms import EMPTY, EPSILON, Term, alt, chars, lit, opt, rep, seq

__all__ = [
    "ANY_FRACTION",
    "DIGIT",
    "NO_FRACTION",
    "ZERO_FRACTION",
    "Fractions",
    "at_least",
    "at_most",
    "unsigned",
]

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


def at_least(bound: Decimal, fractions: Fractions) -> Term:
    """Unsigned decimals whose value is at least `bound` (a decimal >= 0)."""
    whole, fraction = _split(bound)
    if whole == "0" and not fraction:
        return unsigned(fractions)
    options = [seq(lit(whole), _fraction_at_least(fraction, fractions))]
    for i in range(len(whole)):
        rest = rep(DIGIT, len(whole) - 1 - i, len(whole) - 1 - i)
        options.append(seq(lit(whole[:i]), _digits_above(whole, i), rest, fractions.any_of))
    longer = seq(NON_ZERO, rep(DIGIT, len(whole)), fractions.any_of)
    return alt(*options, longer)


def at_most(bound: Decimal, fractions: Fractions) -> Term:
    """Unsigned decimals whose value is at most `bound` (a decimal >= 0)."""
    whole, fraction = _split(bound)
    length = len(whole)
    options = [seq(lit(whole), _fraction_at_most(fraction, fractions))]
    for i in range(length):
        rest = rep(DIGIT, length - 1 - i, length - 1 - i)
        options.append(seq(lit(whole[:i]), _digits_below(whole, i), rest, fractions.any_of))
    if length > 1:
        shorter = alt(ZERO, seq(NON_ZERO, rep(DIGIT, 0, length - 2)))
        options.append(seq(shorter, fractions.any_of))
    return alt(*options)


def _split(bound: Decimal) -> tuple[str, str]:
    """Digits before and after the point, the latter without trailing zeros."""
    whole, _, fraction = format(bound, "f").partition(".")
    return whole.lstrip("0") or "0", fraction.rstrip("0")


def _digits_above(whole: str, i: int) -> Term:
    return chars([(ord(whole[i]) + 1, 0x39)]) if whole[i] != "9" else EMPTY


def _digits_below(whole: str, i: int) -> Term:
    """Digits below the i-th: never a leading zero of a longer number."""
    first = 0x31 if i == 0 and len(whole) > 1 else 0x30
    return chars([(first, ord(whole[i]) - 1)]) if ord(whole[i]) > first else EMPTY


def _fraction_at_least(fraction: str, fractions: Fractions) -> Term:
    """Fraction parts worth at least `0.fraction`."""
    if not fraction:
        return fractions.any_of
    if fractions.positive == EMPTY:
        return EMPTY
    options = [seq(lit(fraction), rep(DIGIT, 0))]
    for i in range(len(fraction)):
        options.append(seq(lit(fraction[:i]), _digits_above(fraction, i), rep(DIGIT, 0)))
    return seq(POINT, alt(*options))


def _fraction_at_most(fraction: str, fractions: Fractions) -> Term:
    """Fraction parts worth at most `0.fraction`: a proper prefix of it is worth less."""
    if not fraction or fractions.positive == EMPTY:
        return fractions.zero
    options = [seq(lit(fraction), rep(ZERO, 0))]
    for i, digit in enumerate(fraction):
        smaller = chars([(0x30, ord(digit) - 1)]) if digit != "0" else EMPTY
        options.append(seq(lit(fraction[:i]), smaller, rep(DIGIT, 0)))
        if i:
            options.append(lit(fraction[:i]))
    return opt(seq(POINT, alt(*options)))
