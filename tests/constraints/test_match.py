"""Membership without an automaton: brute force against the automata, and languages that no automaton holds."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import BudgetExceeded, JsonSchema, Vocabulary
from controlgen.constraints._expansion import compile_term
from controlgen.constraints._match import matches_term
from controlgen.constraints._terms import (
    EPSILON,
    Call,
    Scope,
    alt,
    any_char,
    both,
    chars,
    graph,
    json_string,
    lit,
    neg,
    opt,
    rep,
    seq,
)  # fmt: skip

LETTERS = st.sampled_from([lit("a"), lit("b"), lit("ab"), chars("ab"), chars("é€😀"), any_char(), EPSILON])
TERMS = st.recursive(
    LETTERS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: seq(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: alt(*parts)),
        st.tuples(inner, st.integers(0, 2), st.sampled_from([0, 1, None])).map(
            lambda t: rep(t[0], t[1], None if t[2] is None else t[1] + t[2])
        ),
        st.tuples(inner, inner).map(lambda pair: both(*pair)),
        inner.map(neg),
        inner.map(json_string),
        st.tuples(inner, inner, inner).map(
            lambda t: graph([(0, t[0], 2), (2, t[1], 2), (2, t[2], 1), (0, EPSILON, 1)])
        ),
    ),
    max_leaves=6,
)
TEXTS = ["".join(t) for n in range(4) for t in itertools.product('ab"é', repeat=n)] + ["😀", '"a"', "abab", '"ab"']


@given(TERMS)
@settings(max_examples=300, deadline=None)
def test_the_term_and_its_automaton_agree(term: Any) -> None:
    dfa = compile_term(term)
    for text in TEXTS:
        assert matches_term(term, text.encode()) == dfa.matches(text.encode()), text


def test_recursion_is_followed_as_deep_as_the_text_goes() -> None:
    brackets = Scope(Call("b"), (("b", alt(EPSILON, seq(lit("("), Call("b"), lit(")"), opt(Call("b")))),),))
    assert matches_term(brackets, b"(" * 40 + b")" * 40)
    assert not matches_term(brackets, b"(" * 40 + b")" * 39)
    assert not matches_term(brackets, b"(" * 5000)  # beyond Python's recursion: no, and no crash


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = {"k": value} if level % 2 else [value, "x"]
    return value


def test_matches_and_accepts_speak_of_the_whole_language() -> None:
    language = JsonSchema(True)
    vocabulary = Vocabulary.from_bytes([bytes([i]) for i in range(256)] + [b"<end>"], stop_ids=[256])
    constraint = language.compile(vocabulary)
    assert constraint.max_depth is not None
    for depth in (1, constraint.max_depth + 3):
        text = json.dumps(nested(depth))
        assert language.matches(text)
        assert constraint.accepts([*text.encode(), 256, 256])
        assert not constraint.accepts([*text.encode()[:-1], 256])
        assert not constraint.accepts([*text.encode(), 256, 65])
    assert not constraint.accepts([*json.dumps(nested(9)).replace('"k"', '"k":1,"k"', 1).encode(), 256])  # a key twice
    assert not constraint.accepts([*b'[[[[[[["', 0xC3, *b'"]]]]]]]', 256])  # half a character


def test_what_is_too_large_to_compile_still_has_members() -> None:
    schema = {"type": "array", "items": {"$ref": "#"}, "prefixItems": [{"type": "string", "maxLength": 900}] * 40}
    language = JsonSchema(schema)
    with pytest.raises(BudgetExceeded):
        language.compile(Vocabulary.from_bytes([b"a", b"<end>"], stop_ids=[1]), max_states=500)
    assert language.matches('["a", "b"]')
    assert not language.matches("[1]")


def test_literals_of_languages_that_embed_themselves_are_followed() -> None:
    from controlgen.constraints import Grammar, JsonSchema

    brackets = Grammar(r'start: "(" start ")" | "\n" | "x"')
    schema = {"type": "object", "properties": {"b": {"type": "string", "x-language": "b"}}, "required": ["b"]}
    language = JsonSchema(schema, languages={"b": brackets})
    for text in ("(" * 100 + "x" + ")" * 100, "(" * 90 + "\n" + ")" * 90):
        assert language.matches(json.dumps({"b": text}))
        assert not language.matches(json.dumps({"b": text + ")"}))
