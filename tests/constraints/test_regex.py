"""`Regex` against Python's `re`: what it accepts, and what it refuses and where."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import ConstraintError, Language, Regex, UnsupportedConstraint
from controlgen.constraints._regex import _variants, regex_term

LITERALS = ["a", "b", "é", "ß", "K", "\\.", "\U0001f600"]
SETS = [".", "[ab]", "[^a]", "[a-c-]", "\\d", "\\D", "\\w", "\\W", "\\s", "[\\s\\d]"]
ATOMS = LITERALS + SETS
QUANTIFIERS = ["", "?", "*", "+", "{2}", "{1,3}", "{,2}", "{2,}", "*?", "+?", "??"]
TEXT = st.text(alphabet="aAbBcéÉßſKk\u212a.1٣ \n-_\U0001f600", max_size=6)

patterns = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda p: f"(?:{p[0]}|{p[1]})"),
        st.tuples(inner, st.sampled_from(QUANTIFIERS)).map(lambda p: f"(?:{p[0]}){p[1]}"),
        inner.map(lambda p: f"(?i:{p})"),
        inner.map(lambda p: f"(?P<n>{p})" if "(?P" not in p else p),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(patterns, st.lists(TEXT, min_size=1, max_size=8), st.sampled_from([0, re.I, re.S, re.A, re.I | re.A]))
def test_full_matches_are_those_of_re(pattern: str, texts: list[str], flags: int) -> None:
    try:
        judge = re.compile(pattern, flags)
    except re.error:
        return
    language = Regex(pattern, flags)
    for text in texts:
        assert language.matches(text) == bool(judge.fullmatch(text)), (pattern, text)


@settings(max_examples=200, deadline=None)
@given(patterns, st.booleans(), st.booleans(), st.lists(TEXT, min_size=1, max_size=8))
def test_searches_are_those_of_re(pattern: str, start: bool, end: bool, texts: list[str]) -> None:
    anchored = ("^" if start else "") + f"(?:{pattern})" + (r"\Z" if end else "")
    try:
        judge = re.compile(anchored)
    except re.error:
        return
    language = Language(regex_term(anchored, search=True))
    for text in texts:
        assert language.matches(text) == bool(judge.search(text)), (anchored, text)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("^a|b$", ["a", "b", "ax", "xb", "xa", "bx"]),
        ("^(a|b)$", ["a", "b", "ab"]),
        ("(^a|^b)c", ["ac", "bc", "xac"]),
        ("^", ["", "x"]),
        ("$", ["", "x"]),
        ("", ["", "x"]),
        (r"^\d+$", ["12", "1x", "٣"]),
    ],
)
def test_anchors_in_searches(pattern: str, texts: list[str]) -> None:
    language = Language(regex_term(pattern, search=True))
    for text in texts:
        assert language.matches(text) == bool(re.search(pattern, text)), text


@pytest.mark.parametrize(
    ("pattern", "construct", "position"),
    [
        (r"(a)\1", "back-reference", 3),
        (r"(?P<x>a)b(?P=x)", "back-reference", 9),
        (r"a(?>b)", "atomic group", 1),
        (r"ab*+", "possessive quantifier", 2),
        (r"(a)?(?(1)b|c)", "conditional group", 4),
    ],
)
def test_what_is_not_regular_is_refused_with_its_position(pattern: str, construct: str, position: int) -> None:
    with pytest.raises(UnsupportedConstraint) as caught:
        Regex(pattern)
    (reason,) = caught.value.reasons
    assert reason.keyword == construct
    assert reason.pointer == f"at {position}"


@pytest.mark.parametrize("pattern", ["(", "a**", "[z-a]", "(?P<1>a)", "a{99999999999999}", "(?" + "(" * 5000])
def test_what_is_no_pattern_is_one_clear_error(pattern: str) -> None:
    with pytest.raises(ConstraintError) as caught:
        Regex(pattern)
    assert "\n" not in str(caught.value)


def test_ignoring_case_is_that_of_re_for_every_cased_character() -> None:
    cased = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if {c.lower(), c.upper(), c.casefold()} != {c})
    assert len(cased) > 2000
    for character in cased:
        wanted = set(re.findall(character, cased, re.IGNORECASE))
        assert {chr(point) for point in _variants(character)} == wanted, character
    assert all(Regex("k", re.IGNORECASE).matches(c) for c in "kK\N{KELVIN SIGN}")


PLACES = ["^", "$", r"\b", r"\B", r"\A", r"\Z"]
PLACES += ["(?=a)", "(?!b)", "(?<=a)", "(?<!b)", r"(?<=\w)", "(?=.*\n)", "(?<!\\\\)"]
ATOMS = ["a", "b", "\n", ".", "[^a]", r"\w", r"\W", " ", "\\\\", "é"]


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "{1,3}", "+?"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(inner, st.sampled_from(["(?=", "(?!"])).map(lambda pair: f"{pair[1]}{pair[0]})"),
    )


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(st.sampled_from(ATOMS + PLACES), compound, max_leaves=8),
    st.sampled_from([0, re.MULTILINE, re.DOTALL, re.ASCII, re.IGNORECASE]),
    st.lists(st.text(alphabet="aab \né\\", max_size=6), min_size=1, max_size=8),
)
def test_assertions_anywhere_are_those_of_re(pattern: str, flags: int, texts: list[str]) -> None:
    judge = re.compile(pattern, flags)
    try:
        language = Regex(pattern, flags)
    except UnsupportedConstraint:  # more kinds of assertions than there are markers
        return
    for text in texts:
        assert language.matches(text) == bool(judge.fullmatch(text)), (pattern, text)


def test_a_string_by_look_behind() -> None:
    language = Regex(r'".*?(?<!\\)(\\\\)*?"')  # as in lark's own library
    for text in ['""', '"a"', r'"\""', r'"\"', r'"\\"', '"a"b"', '"\n"']:
        assert language.matches(text) == bool(re.fullmatch(language.pattern, text)), text
