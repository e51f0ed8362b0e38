"""Languages as users compose them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import (
    Choice,
    ConstraintError,
    Contains,
    InfeasibleConstraint,
    Language,
    Regex,
    Text,
    Vocabulary,
)
from controlgen.constraints import _terms as T


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abé", max_size=6), st.text(alphabet="abé", min_size=1, max_size=3))
def test_operators(text: str, part: str) -> None:
    assert Contains(part).matches(text) == (part in text)
    assert (~Contains(part)).matches(text) == (part not in text)
    assert (Text(max_chars=3) & Contains(part)).matches(text) == (len(text) <= 3 and part in text)
    assert (Choice(part) | Text(min_chars=4)).matches(text) == (text == part or len(text) >= 4)
    assert ("<" + Text() + ">").matches(f"<{text}>")
    assert not ("<" + Text() + ">").matches(text)


def test_strings_stand_for_themselves_on_either_side() -> None:
    assert ("a" | Choice("b")).matches("a")
    assert (Choice("b") + "c").matches("bc")
    assert ("b" & Choice("b", "c")).matches("b")
    with pytest.raises(TypeError, match="int"):
        Choice("a") | 3  # type: ignore[operator]


def test_choices() -> None:
    assert Choice(["a", "b"]).matches("b")
    assert Choice("a", "b").options == ("a", "b")
    with pytest.raises(ValueError, match="at least one"):
        Choice()


def test_lone_surrogates_are_no_text() -> None:
    assert not Text().matches("\ud800")


def test_verified_languages_keep_their_check_in_conjunctions_only() -> None:
    palindrome = Language(T.any_text(), verify=lambda text: text == text[::-1])
    assert palindrome.exactness == "verified"
    assert (palindrome & Text(max_chars=3)).matches("aba")
    assert not (palindrome & Text(max_chars=3)).matches("ab")
    assert (palindrome & Text()).exactness == "verified"
    for combine in (lambda: ~palindrome, lambda: palindrome | "a", lambda: palindrome + "a"):
        with pytest.raises(ConstraintError, match="verified"):
            combine()


def test_parse_survives_a_conjunction() -> None:
    number = Language(T.rep(T.chars("0123456789"), 1), parse=int)
    assert (number & Text(max_chars=3)).parse("042") == 42
    assert (number | "x").parse("42") == "42"


def test_empty_languages_are_refused_at_compile_time() -> None:
    vocabulary = Vocabulary.from_bytes([b"a", b"b"])
    with pytest.raises(InfeasibleConstraint, match="empty"):
        (Choice("a") & Choice("b")).compile(vocabulary)
    with pytest.raises(InfeasibleConstraint, match="no sequence"):
        Choice("c").compile(vocabulary)


def test_repr_names_the_language() -> None:
    assert repr(Regex("a+")) == "Regex('a+')"
    assert repr(~Regex("a+")) == "~Regex('a+')"
