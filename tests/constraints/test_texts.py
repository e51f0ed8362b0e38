"""Beginnings, ends, lengths and repetition, judged by plain Python: `in`, `len`, `split`, `count`, `re`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import (
    Choice,
    ConstraintError,
    Contains,
    EndsWith,
    Language,
    Length,
    Regex,
    StartsWith,
    Text,
    Vocabulary,
)
from controlgen.constraints import _terms as T
from controlgen.constraints._expansion import forget_compiled_parts
from controlgen.constraints._match import matches_term
from controlgen.constraints._texts import CLOSERS, TERMINATORS

ENDING = re.compile(rf"[{re.escape(TERMINATORS)}]+[{re.escape(CLOSERS)}]*(?=\s|\Z)")


def sentences(text: str) -> int:
    """Places that end a sentence, and one more for words behind the last of them."""
    ends = [match.end() for match in ENDING.finditer(text)]
    return len(ends) + bool(text[ends[-1] if ends else 0 :].strip())


COUNTS: dict[str, Callable[[str], int]] = {
    "chars": len,
    "words": lambda text: len(text.split()),
    "sentences": sentences,
    "lines": lambda text: len(text.split("\n")) - (text.split("\n")[-1] == ""),
}
HOSTILE = st.text(  # separators of every kind, combining marks, neighbours of the surrogates
    alphabet=st.sampled_from(
        "ab .!?…。！？\"')]»\n\r\t\x00\x0b\x1c\x1f\x85\xa0"
        "\u1680\u2003\u2028\u2029\u200b\u3000\u0301é日😀\ud7ff\ue000\U0010ffff"
    ),
    max_size=14,
)
BOUNDS = st.tuples(st.integers(0, 4), st.none() | st.integers(0, 4)).map(
    lambda pair: (pair[0], None if pair[1] is None else pair[0] + pair[1])
)


@pytest.mark.parametrize("unit", COUNTS)
@given(text=HOSTILE, bounds=BOUNDS)
@settings(max_examples=400, deadline=None)
def test_lengths_count_as_python_does(unit: str, text: str, bounds: tuple[int, int | None]) -> None:
    low, high = bounds
    language = Length(unit, low, high)
    expected = low <= COUNTS[unit](text) and (high is None or COUNTS[unit](text) <= high)
    assert language.matches(text) == expected
    assert matches_term(language.term, text.encode()) == expected
    assert (~language).matches(text) != expected


@given(HOSTILE)
@settings(max_examples=500, deadline=None)
def test_the_docstring_counts_sentences_as_the_pattern_does(text: str) -> None:
    ends = [word.rstrip(CLOSERS)[-1:] in set(TERMINATORS) for word in text.split()]
    assert sum(ends) + (ends[-1:] == [False]) == sentences(text)
    assert text.count("\n") + (text[-1:] not in ("", "\n")) == COUNTS["lines"](text)


def test_every_white_space_parts_words() -> None:
    two, one = Length("words", 2, 2), Length("words", 1, 1)
    for point in [*range(0x3100), 0xFEFF, 0xD7FF, 0xE000, 0x10FFFF]:
        parted = len(f"a{chr(point)}b".split()) == 2
        assert two.matches(f"a{chr(point)}b") == parted
        assert one.matches(f"a{chr(point)}b") != parted


def test_sentences_by_example() -> None:
    for text, count in {
        "": 0, " \n": 0, "Yes": 1, "Yes.": 1, "Yes. No": 2, "Yes.No.": 1, 'He said "Yes!" Then (no?) more…': 3,
        "3.14 is pi.": 1, "Dr. No.": 2, "...": 1, "好。 好。": 2, "好。好。": 1,
        "Wait . . .": 3, "What?!": 1, "«Oui.»": 1,
    }.items():  # fmt: skip
        assert sentences(text) == count, text
        assert Length("sentences", count, count).matches(text), text


@pytest.mark.parametrize("unit", COUNTS)
def test_hundreds_of_units_compile_fast(unit: str) -> None:
    assert Length(unit, 1, 2).matches("a")  # loads the kernels
    forget_compiled_parts()
    begun = time.perf_counter()
    language = Length(unit, 150, 300)
    few, many = language.dfa.num_states, Length(unit, 300, 600).dfa.num_states
    assert time.perf_counter() - begun < 5
    assert many < 2.1 * few
    piece = {"chars": "é", "words": "né ", "sentences": "Où? ", "lines": "é\n"}[unit]
    assert [language.matches(piece * n) for n in (149, 150, 300, 301)] == [False, True, True, False]


@pytest.mark.parametrize("bounds", [(-1, None), (2, 1), (0, -1)])
def test_bad_bounds_and_units_are_refused(bounds: tuple[int, int | None]) -> None:
    with pytest.raises(ValueError, match=r"from -?\d to .* words"):
        Length("words", *bounds)
    with pytest.raises(ValueError, match="chars, words, sentences, lines, not in 'tokens'"):
        Length("tokens", 1)
    with pytest.raises(ValueError):
        Text().repeat(*bounds)
    with pytest.raises(ValueError):
        Text().repeat(*bounds, separator=",")


@given(HOSTILE, HOSTILE.map(lambda text: text[:2]))
@settings(max_examples=300, deadline=None)
def test_pieces_stand_where_they_should(text: str, piece: str) -> None:
    for whole in (text, piece + text, text + piece, text + piece + text):
        assert StartsWith(piece).matches(whole) == whole.startswith(piece)
        assert EndsWith(piece).matches(whole) == whole.endswith(piece)
        assert Contains(piece).matches(whole) == (piece in whole)
        assert (StartsWith(piece) & ~EndsWith(piece)).matches(whole) == (
            whole.startswith(piece) and not whole.endswith(piece)
        )


@given(st.text(alphabet="ab1 é", max_size=8))
@settings(max_examples=300, deadline=None)
def test_languages_as_pieces(text: str) -> None:
    pattern = r"[ab]1|é+\d"
    assert StartsWith(Regex(pattern)).matches(text) == bool(re.match(pattern, text))
    assert EndsWith(Regex(pattern)).matches(text) == bool(re.search(rf"(?:{pattern})\Z", text))
    assert Contains(Regex(pattern)).matches(text) == bool(re.search(pattern, text))
    assert (~Contains(Regex(pattern))).matches(text) == (not re.search(pattern, text))


def test_verified_pieces_are_refused_and_others_are_no_languages() -> None:
    palindrome = Language(T.any_text(), verify=lambda text: text == text[::-1])
    for kind in (StartsWith, EndsWith, Contains):
        with pytest.raises(ConstraintError, match=f"{kind.__name__} is not defined on a verified language"):
            kind(palindrome)
        with pytest.raises(TypeError, match="not with int"):
            kind(3)  # type: ignore[arg-type]
    with pytest.raises(ConstraintError, match="repeat is not defined"):
        palindrome.repeat(1)
    with pytest.raises(ConstraintError, match="repeat is not defined"):
        Text().repeat(1, separator=palindrome)
    with pytest.raises(ConstraintError, match="optional is not defined"):
        palindrome.optional()


@given(st.lists(st.sampled_from(["a", "bé"]), max_size=5), BOUNDS, st.sampled_from(["", ", ", "é"]))
@settings(max_examples=300, deadline=None)
def test_repetition(members: list[str], bounds: tuple[int, int | None], separator: str) -> None:
    low, high = bounds
    language = Choice("a", "bé").repeat(low, high, separator)
    text = separator.join(members)
    assert language.matches(text) == (len(members) >= low and (high is None or len(members) <= high))
    assert not language.matches(text + ", ")
    assert not language.matches(", " + text)


def test_separators_may_be_languages_and_options_empty() -> None:
    rows = Regex(r"\d+").repeat(2, separator=Regex(r", ?|;"))
    assert [rows.matches(text) for text in ("1,2", "1, 22;3", "1", "1,", "1 2")] == [True, True, False, False, False]
    assert [Choice("a").optional().matches(text) for text in ("", "a", "aa")] == [True, True, False]
    assert [(Choice("a") & "b").repeat(0, 3, ",").matches(text) for text in ("", "a")] == [True, False]


def test_names_of_languages() -> None:
    assert repr(StartsWith("a")) == "StartsWith('a')"
    assert repr(EndsWith(Regex("a"))) == "EndsWith(Regex('a'))"
    assert repr(Length("words", 1)) == "Length('words', 1, None)"


def test_lengths_over_tokens() -> None:
    tokens = [b"a", b"b.", b" ", b"\xc2", b"\xa0", b". ", b"\n"]
    constraint = Length("sentences", 2, 2).compile(Vocabulary.from_bytes([*tokens, b"<end>"], stop_ids=[7]))
    assert constraint.accepts([1, 2, 1, 7])  # "b. b."
    assert constraint.accepts([1, 3, 4, 0, 5, 7])  # "b.\xa0a. "
    assert not constraint.accepts([1, 1, 7])  # "b.b."
    assert not constraint.accepts([1, 3, 7])  # half a space
