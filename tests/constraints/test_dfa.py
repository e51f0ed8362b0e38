"""Byte automata against `re`, set arithmetic on enumerated texts, and `json`."""

from __future__ import annotations

import itertools
import json
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import BudgetExceeded
from controlgen.constraints import _terms as T
from controlgen.constraints._expansion import compile_term

ALPHABET = "aé\U0001f600"
TEXTS = [""] + ["".join(t) for n in (1, 2, 3) for t in itertools.product(ALPHABET, repeat=n)]

Known = tuple[T.Term, frozenset[str]]  # a term and the texts it holds


def terms(depth: int = 3) -> st.SearchStrategy[Known]:
    """A term together with the texts of `TEXTS` that it holds, by plain set arithmetic."""
    every = frozenset(TEXTS)
    leaf = st.one_of(
        st.sampled_from(TEXTS).map(lambda t: (T.lit(t), frozenset([t]))),
        st.sets(st.sampled_from(ALPHABET)).map(lambda cs: (T.chars("".join(sorted(cs))), frozenset(cs))),
        st.just((T.any_char(), frozenset(ALPHABET))),
    )

    def join(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
        return frozenset(a + b for a in left for b in right) & every

    def repeat(members: frozenset[str], low: int, high: int | None) -> frozenset[str]:
        result, power = frozenset[str](), frozenset([""])
        for count in range((high if high is not None else 8) + 1):
            result |= power if count >= low else frozenset()
            power = join(power, members)
        return result

    def extend(inner: st.SearchStrategy[Known]) -> st.SearchStrategy[Known]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            pair.map(lambda p: (T.seq(p[0][0], p[1][0]), join(p[0][1], p[1][1]))),
            pair.map(lambda p: (T.alt(p[0][0], p[1][0]), p[0][1] | p[1][1])),
            pair.map(lambda p: (T.both(p[0][0], p[1][0]), p[0][1] & p[1][1])),
            inner.map(lambda p: (T.neg(p[0]), every - p[1])),
            st.tuples(inner, st.integers(0, 2), st.sampled_from([None, 0, 1, 5])).map(
                lambda p: (
                    T.rep(p[0][0], p[1], None if p[2] is None else p[1] + p[2]),
                    repeat(p[0][1], p[1], None if p[2] is None else p[1] + p[2]),
                )
            ),
        )

    return st.recursive(leaf, extend, max_leaves=6)


@settings(max_examples=150, deadline=None)
@given(terms())
def test_terms_mean_what_set_arithmetic_says(case: tuple[T.Term, frozenset[str]]) -> None:
    term, members = case
    dfa = compile_term(term)
    assert {text for text in TEXTS if dfa.matches(text.encode())} == members


@settings(max_examples=100, deadline=None)
@given(terms(), st.binary(max_size=6))
def test_only_valid_utf8_is_ever_accepted(case: tuple[T.Term, frozenset[str]], data: bytes) -> None:
    if compile_term(case[0]).matches(data):
        assert data.decode("utf-8").encode() == data


@settings(max_examples=60, deadline=None)
@given(terms(), terms())
def test_equal_languages_have_equal_tables(
    left: tuple[T.Term, frozenset[str]], right: tuple[T.Term, frozenset[str]]
) -> None:
    union, other = compile_term(T.alt(left[0], right[0])), compile_term(T.neg(T.both(T.neg(left[0]), T.neg(right[0]))))
    assert np.array_equal(union.table, other.table)
    assert np.array_equal(union.byte_class, other.byte_class)
    assert np.array_equal(union.accepting, other.accepting)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=8), st.booleans())
def test_json_strings_hold_every_spelling_of_their_values(value: str, slash: bool) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    spelled = json.dumps(value, ensure_ascii=False)
    if slash:
        spelled = spelled.replace("/", "\\/")
    exact = compile_term(T.json_string(T.lit(value)))
    assert exact.matches(spelled.encode())
    assert not compile_term(T.json_string(T.neg(T.lit(value)))).matches(spelled.encode())


def test_json_string_escapes_one_by_one() -> None:
    anything = compile_term(T.json_string(T.any_text()))
    for point in range(0x80):
        for spelled in (f"\\u{point:04x}", f"\\u{point:04X}", f"\\{chr(point)}", chr(point)):
            literal = f'"{spelled}"'
            try:
                value = json.loads(literal)
            except json.JSONDecodeError:
                assert not anything.matches(literal.encode()), literal
                continue
            if anything.matches(literal.encode()):
                assert compile_term(T.json_string(T.lit(value))).matches(literal.encode())
            else:  # legal spellings that the language leaves out: \uXXXX of what needs no escape
                assert spelled.startswith("\\u")
                assert point >= 0x20


def test_calls_are_inlined_and_recursion_is_bounded_by_depth() -> None:
    plain = T.scope(T.seq(T.Call("x"), T.Call("x")), {"x": T.lit("a")})
    assert compile_term(plain).matches(b"aa")
    assert compile_term(plain).max_depth is None
    nested = T.scope(T.Call("x"), {"x": T.alt(T.lit("."), T.seq(T.lit("("), T.Call("x"), T.lit(")")))})
    dfa = compile_term(nested, max_depth=3)
    assert dfa.max_depth == 3
    assert [dfa.matches(b"(" * n + b"." + b")" * n) for n in range(5)] == [True, True, True, True, False]
    assert not dfa.matches(b"((.)")
    bracketed = T.alt(T.lit("."), T.seq(T.lit("["), T.Call("y"), T.lit("]")))
    mutual = T.scope(T.Call("x"), {"x": bracketed, "y": T.Call("x")})
    assert compile_term(mutual, max_depth=2).matches(b"[.]")


def test_a_recursion_that_adds_nothing_is_exact() -> None:
    dfa = compile_term(T.scope(T.Call("x"), {"x": T.alt(T.lit("a"), T.Call("x"))}))
    assert dfa.max_depth is None
    assert dfa.matches(b"a")


def test_unknown_calls_and_budgets_have_clear_errors() -> None:
    with pytest.raises(ValueError, match="'nowhere'"):
        compile_term(T.Call("nowhere"))
    with pytest.raises(BudgetExceeded, match="more than 100 byte states"):
        compile_term(T.rep(T.lit("ab"), 0, 1000), max_states=100)


def test_an_exponential_pattern_is_stopped_by_the_budget() -> None:
    blow_up = T.seq(T.rep(T.chars("ab"), 0), T.lit("a"), T.rep(T.chars("ab"), 40, 40))
    with pytest.raises(BudgetExceeded):
        compile_term(blow_up, max_states=50_000)


def test_threads_share_the_cache() -> None:
    term = T.json_string(T.rep(T.any_char(), 0, 37))
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(compile_term(term).num_states)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
