"""The term algebra: smart constructors flatten, merge and refuse; UTF-8 sequences cover ranges exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlgen.constraints import _terms as T
from controlgen.constraints._utf8 import utf8_sequences


def test_constructors_normalise() -> None:
    assert T.seq(T.lit("a"), T.seq(T.lit("b"), T.EPSILON), T.lit("c")) == T.lit("abc")
    assert T.alt(T.lit("a"), T.alt(T.lit("b"), T.lit("a"))) == T.Alt((T.lit("a"), T.lit("b")))
    assert T.seq(T.lit("a"), T.EMPTY) == T.EMPTY
    assert T.rep(T.lit("a"), 1, 1) == T.lit("a")
    assert T.rep(T.EMPTY, 0) == T.EPSILON
    assert T.rep(T.EMPTY, 1) == T.EMPTY
    assert T.neg(T.neg(T.lit("a"))) == T.lit("a")
    assert T.both(T.lit("a"), T.EMPTY) == T.EMPTY
    assert T.chars("") == T.EMPTY


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="from 3 to 2"):
        T.rep(T.lit("a"), 3, 2)
    with pytest.raises(UnicodeDecodeError):
        T.lit(b"\xff")
    with pytest.raises(ValueError, match="nothing"):
        T.both()


def test_surrogates_are_never_members() -> None:
    assert T.chars([(0xD000, 0xE000)]) == T.Chars(((0xD000, 0xD7FF), (0xE000, 0xE000)))
    everything = T.chars("", negate=True)
    assert everything == T.any_char()


@given(st.sets(st.integers(0, 0x10FFFF).filter(lambda c: not 0xD800 <= c <= 0xDFFF), max_size=20))
def test_negation_of_characters_is_the_complement(points: set[int]) -> None:
    inside = T.chars([(p, p) for p in points])
    outside = T.chars([(p, p) for p in points], negate=True)
    assert isinstance(outside, T.Chars)
    members = () if inside == T.EMPTY else inside.ranges  # type: ignore[attr-defined]
    for point in [*points, *(p + 1 for p in points if p < 0x10FFFF), 0, 0x10FFFF]:
        if 0xD800 <= point <= 0xDFFF:
            continue
        in_one = any(low <= point <= high for low, high in members)
        in_other = any(low <= point <= high for low, high in outside.ranges)
        assert in_one == (point in points)
        assert in_one != in_other


@given(st.integers(0, 0x10FFFF), st.integers(0, 0x10FFFF), st.data())
def test_utf8_sequences_spell_the_range_exactly(a: int, b: int, data: st.DataObject) -> None:
    low, high = sorted((a, b))
    ranges = T.normal_ranges([(low, high)])
    near = st.one_of(
        st.integers(0, 0x10FFFF), st.sampled_from([low, high, max(low - 1, 0), min(high + 1, 0x10FFFF), 0x7F, 0x80])
    ).filter(lambda c: not 0xD800 <= c <= 0xDFFF)
    for point in data.draw(st.lists(near, min_size=1, max_size=20)):
        spelled = chr(point).encode()
        hits = sum(
            len(sequence) == len(spelled)
            and all(first <= byte <= last for byte, (first, last) in zip(spelled, sequence, strict=True))
            for piece in ranges
            for sequence in utf8_sequences(*piece)
        )
        assert hits == (low <= point <= high)
