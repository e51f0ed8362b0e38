"""Terms of numbers with bounds, multiples and non-multiples, against decimal arithmetic on whole sets of texts."""

from __future__ import annotations

import itertools
import json
import random
import re
import struct
from collections.abc import Iterator
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from controlgen.constraints._dfa import Dfa
from controlgen.constraints._expansion import compile_term, forget_compiled_parts
from controlgen.constraints._terms import EMPTY
from controlgen.constraints.schema._multiples import MAX_STEP_STATES, common_step, step_states
from controlgen.constraints.schema._numbers import Bounds, is_regular_enough, number_term

D = Decimal
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
NORMAL = re.compile(r"-?[1-9](\.[0-9]+)?[eE]([+-]?)([0-9]|0[0-9]|[1-9][0-9]{1,2})")
Steps = tuple[Decimal, ...]


def json_numbers(digits: str, length: int) -> Iterator[str]:
    """All JSON numbers over these digits up to a length (with one of e and E, which the automata treat alike)."""
    for size in range(1, length + 1):
        for text in map("".join, itertools.product(digits + ".-+e", repeat=size)):
            if NUMBER.fullmatch(text):
                yield text


SHORT = [(text, Fraction(text)) for text in json_numbers("01257", 5)]
ALL_DIGITS = [(text, Fraction(text)) for text in json_numbers("0123456789", 4)]


def holds(value: Fraction, bounds: Bounds, multiples: Steps, non_multiples: Steps) -> bool:
    low, high = bounds.low, bounds.high
    return (
        (low is None or value > Fraction(low) or (value == Fraction(low) and not bounds.low_open))
        and (high is None or value < Fraction(high) or (value == Fraction(high) and not bounds.high_open))
        and (not bounds.integer or value.denominator == 1)
        and all((value / Fraction(step)).denominator == 1 for step in multiples)
        and not any((value / Fraction(step)).denominator == 1 for step in non_multiples)
    )


def spelled(text: str, spelling: str, bounds: Bounds) -> bool:
    """The class of spellings, whatever the value."""
    if spelling == "plain":
        decimal = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text)
        return decimal is not None and not re.fullmatch(r"-0(\.0+)?", text) and not (bounds.integer and "." in text)
    return "e" not in text.lower() or NORMAL.fullmatch(text) is not None


def left_out(text: str, value: Fraction, bounds: Bounds, multiples: Steps, non_multiples: Steps) -> bool:
    """The documented exceptions: scientific notation of integers, multiples and non-multiples."""
    if "e" not in text:
        return False
    mantissa, exponent = text.lstrip("-").split("e")
    places, order = len(mantissa.partition(".")[2]), int(exponent)
    if order > 308 or (order == 0 and exponent.startswith("-")):
        return True
    if any(order > step.adjusted() - 2 for step in non_multiples):
        return True
    step = common_step((*multiples, D(1)) if bounds.integer else multiples)
    if step is None:
        return False
    far, near = (bounds.high, bounds.low) if value > 0 else (bounds.low, bounds.high)
    whole = Fraction(step).denominator == 1
    if places > 3 or (whole and (far is not None or exponent.startswith("-"))):
        return True
    if far is not None and order >= abs(far).adjusted():
        return True
    if near is not None and near != 0 and order <= near.adjusted() + 1:
        return True
    return not grid_covers(step, places, order)


def grid_covers(step: Decimal, places: int, order: int) -> bool:
    """Whether every number with so many places and this exponent is a multiple."""
    fraction = Fraction(step)
    unit = Fraction(10) ** (order - places)
    exact = fraction.denominator & (fraction.denominator - 1) == 0 and fraction.numerator & (fraction.numerator - 1)
    return (unit / fraction).denominator == 1 and not (exact and order >= 12)


def compiled(bounds: Bounds, spelling: str, multiples: Steps = (), non_multiples: Steps = ()) -> Dfa:
    return compile_term(number_term(bounds, spelling, multiples=multiples, non_multiples=non_multiples))


def compare(texts: list[tuple[str, Fraction]], bounds: Bounds, spelling: str, multiples: Steps, others: Steps) -> None:
    dfa = compiled(bounds, spelling, multiples, others)
    for text, value in texts:
        accepted = dfa.matches(text.encode())
        right = holds(value, bounds, multiples, others)
        assert right or not accepted, (text, bounds, spelling, multiples, others)
        if right and not accepted and spelled(text, spelling, bounds):
            assert left_out(text, value, bounds, multiples, others), (text, bounds, spelling, multiples, others)


STEPS = ["1", "1.0", "2", "5", "7", "10", "12", "25", "1E+2", "0.01", "0.5", "2.5", "0.25", "0.07", "1e-8", "1.5"]
BOUNDS = [
    Bounds(),
    Bounds(integer=True),
    Bounds(D(0)),
    Bounds(D(0), low_open=True),
    Bounds(D(0), D(100), integer=True),
    Bounds(D("-0.25"), D("7.5"), high_open=True),
    Bounds(D(-90), D(90)),
    Bounds(None, D(-5), integer=True),
    Bounds(D("0.1"), D("0.5"), low_open=True),
    Bounds(D(7), D(7)),
]


@pytest.mark.parametrize("spelling", ["plain", "any"])
@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_bounds_alone(bounds: Bounds, spelling: str) -> None:
    compare(ALL_DIGITS, bounds, spelling, (), ())
    compare(SHORT, bounds, spelling, (), ())


@pytest.mark.parametrize("spelling", ["plain", "any"])
@pytest.mark.parametrize("step", STEPS)
def test_multiples_and_non_multiples(step: str, spelling: str) -> None:
    for bounds in (Bounds(), Bounds(integer=True), Bounds(D(-5), D(75), low_open=True)):
        compare(ALL_DIGITS, bounds, spelling, (D(step),), ())
        compare(ALL_DIGITS, bounds, spelling, (), (D(step),))


@given(
    st.sampled_from(BOUNDS),
    st.sampled_from(["plain", "any"]),
    st.lists(st.sampled_from(STEPS).map(D), max_size=2).map(tuple),
    st.lists(st.sampled_from(STEPS).map(D), max_size=2).map(tuple),
)
@settings(max_examples=40, deadline=None)
def test_several_steps_at_once(bounds: Bounds, spelling: str, multiples: Steps, others: Steps) -> None:
    compare(SHORT, bounds, spelling, multiples, others)


hostile = st.builds(
    lambda sign, digits, exponent: D((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=25).map(tuple),
    st.integers(-30, 12),
)
steps = st.builds(lambda n, e: D(n).scaleb(e), st.integers(1, 300), st.integers(-6, 3))


@given(
    st.none() | hostile, st.none() | hostile, st.booleans(), st.booleans(), st.booleans(),
    st.lists(steps, max_size=2).map(tuple), st.lists(steps, max_size=1).map(tuple), st.sampled_from(["plain", "any"]),
    st.integers(-1000, 1000),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_hostile_bounds_and_steps(
    low: Decimal | None, high: Decimal | None, low_open: bool, high_open: bool, integer: bool,
    multiples: Steps, others: Steps, spelling: str, n: int,
) -> None:  # fmt: skip
    bounds = Bounds(low, high, low_open, high_open, integer)
    step = common_step((*multiples, D(1)) if integer else multiples)
    if any(step_states(other) > 200 for other in (step, *others) if other is not None):
        return  # met with long bounds, these may go beyond the budget
    dfa = compiled(bounds, spelling, multiples, others)
    wide = Context(prec=100)
    ends = [end for end in (low, high) if end is not None] or [D(0)]
    values = [end + wide.multiply(D(k), unit) for end in ends for unit in (step or D(1), D("1e-3")) for k in (-1, 0, 1)]
    values += [wide.multiply(step or D("0.37"), D(n)), D(n)]
    for value in values:
        for text in (format(value, "f"), f"{value:e}", f"{value:.2e}", f"{value:f}".rstrip("0").rstrip(".")):
            if NUMBER.fullmatch(text) and dfa.matches(text.encode()):
                assert holds(Fraction(text), bounds, multiples, others), text
    if others:
        return
    ends = [end for flag, end in ((low_open, low), (high_open, high)) if flag and end is not None]
    for value in values:
        text = format(value, "f")
        plain = "." not in text and value != 0 and len(text) < 15 and not any(abs(value - end) < 1 for end in ends)
        if plain and holds(Fraction(value), bounds, multiples, ()):
            assert dfa.matches(text.encode()), text


def walk(dfa: Dfa, rng: random.Random, length: int) -> str | None:
    """A member by a random walk that ends once it may, after `length` bytes."""
    state, out = dfa.start, bytearray()
    for _ in range(400):
        if dfa.accepting[state] and (len(out) >= length or rng.random() < 0.02):
            return out.decode()
        moves = [b for b in b"0123456789.-+eE" if dfa.table[state, dfa.byte_class[b]] >= 0]
        if not moves:
            return out.decode() if dfa.accepting[state] else None
        byte = rng.choice(moves)
        out.append(byte)
        state = int(dfa.table[state, dfa.byte_class[byte]])
    return None


@pytest.mark.parametrize("step", ["7", "10", "25", "2.5", "1.5", "86400", "0.01", "0.07"])
@pytest.mark.parametrize("bounds", [Bounds(), Bounds(integer=True), Bounds(D(0), D(2) ** 70)], ids=str)
def test_random_members(step: str, bounds: Bounds) -> None:
    rng = random.Random(0)
    for multiples, others in (((D(step),), ()), ((), (D(step),)), ((), (D(1), D(step)))):
        dfa = compiled(bounds, "any", multiples, others)
        for _ in range(0 if dfa.is_empty else 300):
            text = walk(dfa, rng, rng.randrange(1, 30))
            if text is None:
                continue
            assert holds(Fraction(text), bounds, multiples, others), text
            if step in ("7", "10", "25", "2.5", "1.5", "86400"):  # steps that doubles hold
                read = json.loads(text)
                assert read not in (float("inf"), float("-inf")) or len(text) > 300, text
                assert holds(Fraction(read), bounds, multiples, others), text


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=500, deadline=None)
def test_every_double_is_in_as_python_writes_it(value: float) -> None:
    assume(value == 0 or 1e-307 <= abs(value) < 9e307)  # "1.000000e+308" is how %e writes 9.9999999e307
    dfa = compiled(Bounds(), "any")
    for text in (json.dumps(value), f"{value:e}", f"{value:.16E}"):
        plain = NORMAL.fullmatch(text) is not None or "e" not in text.lower()
        assert dfa.matches(text.encode()) == plain or float(text) in (float("inf"), float("-inf")), text
    assert dfa.matches(json.dumps(value).encode())


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=500, deadline=None)
def test_every_bit_pattern_of_a_double_is_in(bits: int) -> None:
    (value,) = struct.unpack("<d", struct.pack("<Q", bits))
    if value == 0 or 1e-307 <= abs(value) < 1e308:
        assert compiled(Bounds(), "any").matches(repr(value).encode())


@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        (
            Bounds(),
            "1e+16 1e-07 1.5e+300 1e21 1E+2 -0 -0.0 1.5e0 9.9e307 1.0E10 1.500000e+00 1E-5",
            "5e-324 1e308 1e309 2e308 1.7976931348623158e308 9e308 1e-325 10e1 0.1e1 0e0 01 1e 1e+ +1 .5 1e007",
        ),
        (
            Bounds(integer=True),
            "2.0 1e3 1E+2 -0 -0.0 1.5e1 1e+16 1e308 -1e308 1.0E7",
            "1.5e0 1e-1 2e308 1.5 1e309",
        ),
        (Bounds(D(0), D(100), integer=True), "0 -0 100 100.0 99 7.00", "101 -1 1e3 100.1 0.5"),
        (Bounds(D(0), low_open=True), "1e-07 0.5 1E+300 1e-15 1e-17 3.5e-300", "0 0.0 -0 1e-320 -1e-07 5e-324"),
        (Bounds(D(0)), "1e-300 -0.0 0", "1e-320 5e-324 -5e-324 -1e-300"),
    ],
    ids=str,
)  # fmt: skip
def test_writings_of_programs(bounds: Bounds, inside: str, outside: str) -> None:
    dfa = compiled(bounds, "any")
    assert [text for text in inside.split() if not dfa.matches(text.encode())] == []
    assert [text for text in outside.split() if dfa.matches(text.encode())] == []


@pytest.mark.parametrize(
    ("multiples", "others", "inside", "outside"),
    [
        (["0.01"], [], "0.07 12.5 1e3 1e-2 1.5e-1 3.140 -0.01 1.2e7", "0.075 1e-3 0.001 1.23456e2 1.25e-1"),
        (["1e-8"], [], "5e-08 1.5e-07 0.00000001 1", "5e-09 0.000000015 1.5e-08"),
        (["5"], [], "10 10.0 1e1 2.5e2 -15 1e14", "5e0 7 7.5 1e15 9007199254740995.0 2.5e1e1"),
        (["86400"], [], "86400 172800 0 -0", "86400.0 86401 8640 864000.5 1e5"),
        (["1000000"], [], "1000000 25000000 0 1e6 2.5e7", "100000 1e5 1500000"),
        ([], ["1"], "0.5 1.25 1e-07 -0.001 0.30000000000000004 1700000000.5", "1 1.0 -0.0 1e3 10000000000000000.5 "
         "0.99999999999999999999 1.00000000000000000001 5e-324 9.99999999999999999999e-1"),
        ([], ["2"], "1 3.0 0.5 -7 9007199254740993", "2 0 4.0 9007199254740993.0 1.99999999999999999999"),
        (["0.5"], ["1"], "0.5 -1.5 12.50", "1 0.25 1.0 0"),
        (["0.5"], ["0.25"], "", "0.5 0 1"),
        (["4", "6"], [], "12 24 0 12.0 -36", "4 6 8 18 12.5"),
        (["0.4", "0.06"], [], "1.2 2.4 0", "0.4 0.06 0.6"),
    ],
)  # fmt: skip
def test_cases(multiples: list[str], others: list[str], inside: str, outside: str) -> None:
    dfa = compiled(Bounds(), "any", tuple(map(D, multiples)), tuple(map(D, others)))
    assert [text for text in inside.split() if not dfa.matches(text.encode())] == []
    assert [text for text in outside.split() if dfa.matches(text.encode())] == []


@pytest.mark.parametrize("step", [0.01, 2, 7, 2.5, 1e-8, 86400, 1.0])
def test_the_judgement_of_jsonschema_on_decimals(step: Any) -> None:
    schema = {"type": "number", "multipleOf": D(repr(step)), "minimum": D("-3.5")}
    judge = jsonschema.Draft202012Validator(schema)
    dfa = compiled(Bounds(D("-3.5")), "any", (D(repr(step)),))
    for text, _ in SHORT:
        if dfa.matches(text.encode()):
            value = D(text)
            if abs(value / schema["multipleOf"]) < D("1e27"):  # beyond, the default context can't divide
                assert judge.is_valid(value), text


def test_steps_that_are_too_large_are_refused_with_the_figure() -> None:
    assert is_regular_enough(D("1e-8"))
    assert is_regular_enough(D(86400))
    assert is_regular_enough(D(10) ** 12)
    assert not is_regular_enough(D("0.123456789"))
    assert not is_regular_enough(D(0))
    assert not is_regular_enough(D(-1))
    for step in (D("0.123456789"), D(9973), D("1" + "3" * 200)):
        assert step_states(step) > MAX_STEP_STATES
        for arguments in ({"multiples": [step]}, {"non_multiples": [step]}):
            with pytest.raises(ValueError, match=r"states; at most 5,000"):
                number_term(Bounds(), "any", **arguments)
    with pytest.raises(ValueError, match="positive"):
        number_term(Bounds(), multiples=[D(0)])


@pytest.mark.parametrize("spelling", ["plain", "any"])
def test_bounds_of_many_digits_and_a_negative_zero(spelling: str) -> None:
    end = D("-123456789012345678901234567890123456789")
    inner = compiled(Bounds(end, D("-0.0"), integer=True), spelling)
    assert all(inner.matches(text) for text in (b"-123456789012345678901234567890123456789", b"-1", b"0"))
    assert not any(inner.matches(text) for text in (b"-123456789012345678901234567890123456790", b"1", b"2"))
    outer = compiled(Bounds(None, end), spelling)
    assert outer.matches(b"-123456789012345678901234567890123456789")
    assert not outer.matches(b"-123456789012345678901234567890123456788")


def test_what_holds_for_no_number_is_the_empty_term() -> None:
    assert number_term(Bounds(integer=True), non_multiples=[D(1)]) == EMPTY
    assert number_term(Bounds(), multiples=[D(4)], non_multiples=[D(2)]) == EMPTY
    assert number_term(Bounds(D(1), D(9)), multiples=[D(10)]) == EMPTY
    assert number_term(Bounds(D(1), D(2), low_open=True, high_open=True, integer=True), "any") == EMPTY


@pytest.mark.parametrize(
    ("bounds", "multiples", "plain", "other"),
    [
        (Bounds(), [], 8, 42),
        (Bounds(integer=True), [], 4, 36),
        (Bounds(D(0)), [], 5, 45),
        (Bounds(D(0), integer=True), [], 3, 36),
        (Bounds(D(0), D(100), integer=True), [], 5, 8),
        (Bounds(D(1), D(65535), integer=True), [], 10, 12),
        (Bounds(D(-90), D(90)), [], 12, 27),
        (Bounds(), ["0.01"], 10, 34),
        (Bounds(integer=True), ["5"], 5, 59),
    ],
    ids=str,
)
def test_automata_stay_small(bounds: Bounds, multiples: list[str], plain: int, other: int) -> None:
    forget_compiled_parts()
    assert compiled(bounds, "plain", tuple(map(D, multiples))).num_states <= plain
    assert compiled(bounds, "any", tuple(map(D, multiples))).num_states <= other
