"""Number bounds against exact fractions, and against a reader that rounds to doubles."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import ConstraintError, JsonSchema, UnsupportedConstraint

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
PLAIN = re.compile(r"(?!-0(\.0+)?$)-?(0|[1-9][0-9]*)(\.[0-9]+)?")
SCIENTIFIC = re.compile(r"-?[1-9](\.[0-9]+)?[eE][+-]?(0?[0-9]|[1-9][0-9]|[12][0-9][0-9]|30[0-7])")
digits = st.integers(-3000, 3000)
decimals = st.builds(lambda n, places: str(Decimal(n).scaleb(-places)), digits, st.integers(0, 5)).map(
    lambda text: format(Decimal(text), "f")
)
bounds = st.dictionaries(st.sampled_from(BOUNDS), decimals, max_size=3)


def schema_text(kind: str, limits: dict[str, str]) -> str:
    return json.dumps({"type": kind})[:-1] + "".join(f', "{name}": {limit}' for name, limit in limits.items()) + "}"


def satisfies(value: Any, limits: dict[str, str], read: Any) -> bool:
    tests = {
        "minimum": lambda v, b: v >= b,
        "maximum": lambda v, b: v <= b,
        "exclusiveMinimum": lambda v, b: v > b,
        "exclusiveMaximum": lambda v, b: v < b,
    }
    return all(tests[name](value, read(limit)) for name, limit in limits.items())


def near(limits: dict[str, str], extra: str) -> list[str]:
    """Texts at, just beside and around the bounds."""
    texts = [
        extra,
        "0",
        "-0",
        "0.0",
        "-0.0",
        "00",
        "01",
        "1.",
        ".5",
        "-",
        "+1",
        "1e2",
        "-1.5E-02",
        "7.25e1",
        "1e400",
        "",
    ]
    for limit in limits.values():
        value = Decimal(limit)
        for step in ("0", "1", "-1", "0.1", "-0.1", "0.00001", "-0.00001", "10", "-10", "0.000000001"):
            text = format(value + Decimal(step), "f")
            texts += [text, text + "0" if "." in text else text + ".0", f"{value + Decimal(step):e}"]
    return texts


@given(bounds, decimals, st.sampled_from(["integer", "number"]))
@settings(max_examples=300, deadline=None)
def test_plain_bounds_are_exact(limits: dict[str, str], extra: str, kind: str) -> None:
    language = JsonSchema(schema_text(kind, limits), numbers="plain")
    for text in near(limits, extra):
        spelled = PLAIN.fullmatch(text) is not None and (kind == "number" or "." not in text)
        expected = spelled and satisfies(Fraction(text), limits, Fraction)
        assert language.matches(text) == expected, (kind, limits, text)


@given(bounds, decimals, st.sampled_from(["integer", "number"]))
@settings(max_examples=200, deadline=None)
def test_any_spelling_follows_the_value(limits: dict[str, str], extra: str, kind: str) -> None:
    language = JsonSchema(schema_text(kind, limits), numbers="any")
    for text in near(limits, extra):
        decimal = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text)
        spelled = decimal is not None or SCIENTIFIC.fullmatch(text) is not None
        expected = satisfies(Fraction(text), limits, Fraction) if spelled else False
        if expected and kind == "integer":
            expected = Fraction(text).denominator == 1
        if kind == "integer" and not decimal:  # many of these are left out, see test_multiples
            assert expected or not language.matches(text), (kind, limits, text)
        else:
            assert language.matches(text) == expected, (kind, limits, text)


@given(
    st.sampled_from(["exclusiveMinimum", "exclusiveMaximum", "minimum", "maximum"]),
    st.floats(-1e18, 1e18) | st.floats(-2, 2),
    st.sampled_from(["", "1", "9", "0" * 20 + "1", "9" * 25]),
    st.sampled_from(["plain", "any"]),
)
@settings(max_examples=400, deadline=None)
def test_a_reader_of_doubles_sees_no_barred_value(name: str, bound: float, tail: str, numbers: str) -> None:
    schema = {"type": "number", name: bound}
    language = JsonSchema(schema, numbers=numbers)
    judge = jsonschema.Draft202012Validator(schema)
    plain = format(Decimal(repr(bound)), "f")
    with_point = plain if "." in plain else plain + "."
    texts = [
        plain,
        with_point + tail,
        with_point[:-1] + tail,
        *(with_point[:-2] + d + tail for d in "09"),
        repr(bound),
    ]
    for text in texts:
        if language.matches(text):
            assert judge.is_valid(json.loads(text)), (schema, text)


@pytest.mark.parametrize("bound", [0, 0.3, 0.1 + 0.2, 1e-20, 12345678901234567890, -(2**63), 9.99999999999999, 1e15])
def test_values_beside_an_excluded_bound(bound: float) -> None:
    above = JsonSchema({"type": "number", "exclusiveMinimum": bound}, numbers="plain")
    below = JsonSchema({"type": "number", "exclusiveMaximum": bound}, numbers="plain")
    value = Decimal(repr(bound))
    step = Decimal(10) ** (max(value.adjusted(), -1) - 13)
    assert not above.matches(format(value, "f"))
    assert not below.matches(format(value, "f"))
    assert above.matches(format(value + 2 * step, "f")) or value.adjusted() >= 15
    assert below.matches(format(value - 2 * step, "f")) or value.adjusted() >= 15
    assert above.matches(str(int(value) + 10**10))
    assert below.matches(str(int(value) - 10**10))


def test_bounds_of_a_schema_text_are_decimals() -> None:
    language = JsonSchema('{"type": "number", "minimum": 0.1000000000000000055511151231257827}')
    assert not language.matches("0.1")
    assert language.matches("0.1000000000000000055511151231257827")


@pytest.mark.parametrize(
    ("schema", "inside", "outside"),
    [
        ({"type": "integer", "minimum": 0.5, "maximum": 2.5}, ["1", "2"], ["0", "3", "1.0"]),
        ({"type": "integer", "exclusiveMinimum": -1, "exclusiveMaximum": 1}, ["0"], ["-1", "1", "-0"]),
        ({"type": "integer", "minimum": -105, "maximum": -99}, ["-105", "-100", "-99"], ["-106", "-98", "-10", "99", "-9"]),
        ({"type": ["integer", "null"], "minimum": 98, "maximum": 1002}, ["98", "100", "1002", "null"], ["97", "1003", "9", "10020"]),
        ({"type": ["integer", "number"], "maximum": 0}, ["0", "-0.5", "0.0"], ["0.1", "-0.0"]),
        ({"type": "number", "minimum": 1, "maximum": 0}, [], ["0", "1", "0.5"]),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, [], ["1", "2", "1.5"]),
        ({"const": 1.0}, ["1", "1.0"], ["1.00", "1e0", "true"]),
        ({"const": 1}, ["1"], ["1.0", "01"]),
        ({"const": 0.1}, ["0.1"], ["0.10", "1e-1"]),
        ({"const": 1e25}, ["1" + "0" * 25 + ".0"], ["1e25", "1" + "0" * 25]),
        ({"const": 10**25}, ["1" + "0" * 25], ["1e25", "1" + "0" * 25 + ".0"]),
        ({"enum": [1, 1.0, True, -0.0]}, ["1", "true", "0"], ["-0", "false"]),
    ],
)  # fmt: skip
def test_cases(schema: Any, inside: list[str], outside: list[str]) -> None:
    language = JsonSchema(schema, numbers="plain")
    assert [text for text in inside if not language.matches(text)] == []
    assert [text for text in outside if language.matches(text)] == []


def test_values_are_equal_as_numbers_in_any_spelling() -> None:
    language = JsonSchema({"const": 100}, numbers="any")
    for text in ("100", "100.0", "1e2", "1E+02", "1.0e2"):
        assert language.matches(text) == (json.loads(text) == 100), text
    assert not language.matches("1e3")
    assert not language.matches("100.5")


def test_draft_4_flags() -> None:
    draft = "http://json-schema.org/draft-04/schema#"
    language = JsonSchema({"$schema": draft, "type": "integer", "minimum": 1, "exclusiveMinimum": True})
    assert not language.matches("1")
    assert language.matches("2")


def test_bounds_that_are_no_numbers() -> None:
    with pytest.raises((UnsupportedConstraint, ConstraintError), match="minimum"):
        JsonSchema({"type": "number", "minimum": float("inf")})
    with pytest.raises(UnsupportedConstraint, match="400 digits"):
        JsonSchema('{"type": "number", "minimum": 1e500}')
    with pytest.raises(ValueError, match="spellings"):
        JsonSchema(True, numbers="free")


def test_large_bounds_grow_linearly() -> None:
    language = JsonSchema({"type": "integer", "minimum": -(10**100), "maximum": 10**200 + 7})
    assert language.matches("1" + "0" * 199 + "7")
    assert not language.matches("1" + "0" * 199 + "8")
    assert language.dfa.num_states < 1000
