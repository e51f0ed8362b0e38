"""JSON strings: escapes, lengths, patterns. The judge is the `json` module and `re`."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import ConstraintError, InfeasibleConstraint, JsonSchema, UnsupportedConstraint, Vocabulary

CONTROLS = "".join(map(chr, range(0x20)))
texts = st.text(alphabet=st.sampled_from(CONTROLS + '"\\/ab\x7f\x80é€\u2028\ufffd\U0001f600\U0010ffff'), max_size=8)


def spelled(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


@given(texts)
@settings(deadline=None)
def test_every_string_is_in_as_json_writes_it(value: str) -> None:
    assert JsonSchema({"type": "string"}).matches(spelled(value))


@pytest.mark.parametrize("character", CONTROLS)
def test_controls_are_escaped(character: str) -> None:
    language = JsonSchema({"const": character})
    assert language.matches(spelled(character))
    assert language.matches(f'"\\u{ord(character):04x}"')
    assert language.matches(f'"\\u{ord(character):04X}"')
    assert not language.matches(f'"{character}"')
    assert not language.matches(spelled(chr(ord(character) + 1)))


def test_quotes_backslashes_slashes() -> None:
    language = JsonSchema({"const": 'a"\\/'})
    assert language.matches(r'"a\"\\/"')
    assert language.matches(r'"a\"\\\/"')
    assert not language.matches(r'"a"\\/"')
    assert not language.matches(r'"a\"\/"')


@given(st.text(alphabet='"\\u0dn/ ab\n', max_size=8))
@settings(deadline=None, max_examples=300)
def test_what_json_refuses_is_refused(inner: str) -> None:
    text = f'"{inner}"'
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    accepted = JsonSchema({"type": "string"}).matches(text)
    assert not accepted or isinstance(read, str)
    assert accepted or read is None or spelled(read) != text


@given(texts, st.integers(0, 5), st.integers(0, 6))
@settings(deadline=None, max_examples=200)
def test_lengths_count_code_points(value: str, low: int, high: int) -> None:
    language = JsonSchema({"type": "string", "minLength": low, "maxLength": high})
    assert language.matches(spelled(value)) == (low <= len(value) <= high)


@given(
    st.text(alphabet='ab"\\é\n1', max_size=6), st.integers(0, 4), st.integers(0, 5),
    st.sampled_from(["^a", "b$", "^[ab]*$", '"', r"\\", r"\n", "é.", "^a|1$", "^(a|b)1*$", r"^\d", "",
    "a{2}"]),
)  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_patterns_are_searched_in_the_decoded_string(value: str, low: int, high: int, pattern: str) -> None:
    language = JsonSchema({"type": "string", "pattern": pattern, "minLength": low, "maxLength": high})
    found = re.search(pattern.replace("$", r"\Z"), value) is not None
    assert language.matches(spelled(value)) == (found and low <= len(value) <= high)


def test_several_patterns_hold_at_once() -> None:
    language = JsonSchema(
        {"type": "string", "pattern": "a", "allOf": [{"pattern": "b"}, {"maxLength": 3, "minLength": 1}]}
    )
    assert language.matches('"xab"')
    assert not language.matches('"xxa"')
    assert not language.matches('"abab"')


def test_a_barred_value_is_barred_in_every_spelling() -> None:
    language = JsonSchema({"type": "string", "pattern": "^[^/\n]*$"})
    for text in ('"/"', r'"\/"', r'"\n"', r'"\u000a"', r'"\u000A"'):
        assert not language.matches(text), text
    assert language.matches('"a"')


def test_refused_patterns_name_place_and_construct() -> None:
    with pytest.raises(UnsupportedConstraint) as caught:
        JsonSchema({"properties": {"a/b": {"type": "string", "pattern": r"(b)\1"}, "c": {"pattern": r"(a)\1"}}})
    reasons = {(reason.pointer, reason.keyword) for reason in caught.value.reasons}
    assert reasons == {("/properties/a~1b", "pattern"), ("/properties/c", "pattern")}
    assert "back-reference" in str(caught.value)
    with pytest.raises(ConstraintError, match="/properties/a/pattern"):
        JsonSchema({"properties": {"a": {"type": "string", "pattern": "("}}})


def test_lengths_that_exclude_each_other() -> None:
    language = JsonSchema({"type": "string", "minLength": 3, "maxLength": 2})
    assert not language.matches('"abc"')
    with pytest.raises(InfeasibleConstraint):
        language.compile(Vocabulary.from_bytes([b"a"]))


def test_lone_surrogates_are_no_text() -> None:
    assert not JsonSchema(True).matches('"\ud800"')
    with pytest.raises(ConstraintError, match="surrogate"):
        JsonSchema({"properties": {"\ud800": True}})
    with pytest.raises(ConstraintError, match="/properties/a/const"):
        JsonSchema({"properties": {"a": {"const": "\ud800"}}})
