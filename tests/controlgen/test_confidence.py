"""The confidence of a field: which tokens count, for every way to cut the text into tokens."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlgen._confidence import field_confidences
from controlgen._fields import fields

TEXT = '{"total":12,"name":"Köln"}'


def test_the_formula_on_a_text_cut_by_hand():
    tokens = [b'{"', b"total", b'":', b"1", b"2", b',"', b"name", b'":"', "Kö".encode(), b"ln", b'"}']
    probabilities = [0.99, 0.98, 0.97, 0.9, 0.8, 0.7, 0.96, 0.6, 0.5, 0.4, 0.3]
    found = field_confidences(TEXT, fields(TEXT), tokens, probabilities)
    assert found == {
        "/total": pytest.approx(0.9 * 0.8 * 0.7),  # the comma says that the number ends
        "/name": pytest.approx(0.6 * 0.5 * 0.4 * 0.3),
    }


@given(st.sets(st.integers(1, len(TEXT.encode()) - 1)), st.data())
def test_tokens_that_share_a_byte_count_and_no_others(cuts, data):
    raw = TEXT.encode()
    borders = [0, *sorted(cuts), len(raw)]
    tokens = [raw[a:b] for a, b in pairwise(borders)]
    probabilities = data.draw(st.lists(st.floats(0.1, 1), min_size=len(tokens), max_size=len(tokens)))
    found = field_confidences(TEXT, fields(TEXT), tokens, probabilities)
    for field in fields(TEXT):
        first, last = len(TEXT[: field.start].encode()), len(TEXT[: field.end].encode())
        wanted = [
            p for p, a, b in zip(probabilities, borders, borders[1:], strict=False) if a <= last and b > first
        ]
        assert found[field.pointer] == pytest.approx(math.prod(wanted))


def test_a_scalar_at_the_root_and_a_leading_space():
    assert field_confidences("12", fields("12"), [b" 1", b"2"], [0.5, 0.5]) == {"": 0.25}


@pytest.mark.parametrize(
    ("tokens", "probabilities"), [([b"12"], []), ([b"1"], [0.5]), ([b"13"], [0.5]), ([b"", b"1 2"], [1, 1])]
)
def test_tokens_that_do_not_spell_the_text_are_refused(tokens, probabilities):
    with pytest.raises(ValueError):
        field_confidences("12", fields("12"), tokens, probabilities)
