"""Limits of counting: what they widen is a superset, and the verifier keeps the language what it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import JsonSchema
from controlgen.constraints._ecma import ecma_term
from controlgen.constraints._expansion import compile_term
from controlgen.constraints.schema._limits import LEVELS, MAX_ESTIMATE, estimated_states, relaxed

PATTERNS = ["^a{3,9}$", "^(ab?){2,5}c{0,7}$", "^[a-c]{4}$", "a{2,3}b", "^(?!a{4,8}$)[ab]*$"]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text("abc", max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_relaxed_term_has_all_that_the_term_has(pattern: str, text: str) -> None:
    term = ecma_term(pattern)
    wider = relaxed(term, 2)
    assert compile_term(wider).matches(text.encode()) or not compile_term(term).matches(text.encode())
    assert relaxed(term, 10) == term


def test_what_is_widened_is_verified() -> None:
    inner = {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 400, "pattern": "^x{1,900}y?$"}}
    language = JsonSchema({"type": "array", "items": inner, "maxItems": 100})
    assert {reason.keyword for reason in language.verified} == {"maxItems", "maxLength", "pattern"}
    assert estimated_states(language.term) < MAX_ESTIMATE
    for value, valid in (
        ([["x" * 399 + "y"]], True), ([["x" * 401]], False), ([["x"] * 100] * 100, True), ([["x"] * 101], False),
        ([[]] * 101, False), ([["z"]], False),
    ):  # fmt: skip
        assert language.matches(json.dumps(value)) == valid


def test_what_is_small_is_counted_exactly() -> None:
    language = JsonSchema({"type": "string", "maxLength": LEVELS[0].chars})
    assert language.exactness == "exact"
    assert language.dfa.matches(json.dumps("a" * LEVELS[0].chars).encode())
    assert not language.dfa.matches(json.dumps("a" * (LEVELS[0].chars + 1)).encode())
