"""Where values stand in a document: notations, places, and the choice among several."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlgen._fields import fields
from controlgen._spans import find_spans


def places(document, record):
    """pointer -> the words that the span covers."""
    spans = find_spans(document, fields(json.dumps(record)))
    return {pointer: None if span is None else document[slice(*span)] for pointer, span in spans.items()}


def place(document, value):
    return places(document, value)[""]


@pytest.mark.parametrize(
    ("document", "value", "words"),
    [
        ("from Acme Ltd, today", "Acme Ltd", "Acme Ltd"),
        ("from Acme\n   Ltd, today", "Acme Ltd", "Acme\n   Ltd"),
        ("state: OPEN", "open", "OPEN"),
        ("Jürgen Groß, Köln", "Köln", "Köln"),
        ("日本語の請求書", "請求書", "請求書"),
        ("a 😀 b", "b", "b"),
        ("party at art hall", "art", "art"),
        ("only party", "ar", None),
        ("nothing here", "Acme", None),
        ("", "Acme", None),
    ],
)
def test_texts(document, value, words):
    assert place(document, value) == words


def test_a_word_of_its_own_comes_before_a_part_of_a_word():
    document = "party at art hall"
    assert find_spans(document, fields('"art"')) == {"": (9, 12)}


@pytest.mark.parametrize(
    ("document", "value", "words"),
    [
        ("sum 12.50 EUR", 12.5, "12.50"),
        ("sum 1,234.50", 1234.5, "1,234.50"),
        ("sum 1.234,50", 1234.5, "1.234,50"),
        ("sum 1 234,50", 1234.5, "1 234,50"),
        ("sum 1'234.50", 1234.5, "1'234.50"),
        ("sum 1\u202f234", 1234, "1\u202f234"),
        ("EUR12.50", 12.5, "12.50"),
        ("5 12.50", 12.5, "12.50"),
        ("5 12.50", 5, "5"),
        ("temp -5 C", -5, "-5"),
        ("temp −5 C", -5, "−5"),
        ("temp -5 C", 5, None),
        ("AB-12", 12, "12"),
        ("AB-12", -12, None),
        ("1e-05 m", 1e-05, "1e-05"),
        ("12 kg", 12.0, "12"),
        ("007", 7, "007"),
        ("125", 12, None),
        ("1.5", 15, None),
        ("twelve", 12, None),
    ],
)
def test_numbers(document, value, words):
    assert place(document, value) == words


@pytest.mark.parametrize(
    ("document", "value", "words"),
    [
        ("on 2024-03-05.", "2024-03-05", "2024-03-05"),
        ("at 2024-03-05T10:00:00Z", "2024-03-05", "2024-03-05"),
        ("on 5 March 2024.", "2024-03-05", "5 March 2024"),
        ("on 5th of March, 2024.", "2024-03-05", "5th of March, 2024"),
        ("on March 5, 2024.", "2024-03-05", "March 5, 2024"),
        ("on Mar. 5th '24", "2024-03-05", "Mar. 5th '24"),
        ("on 05-Mar-24", "2024-03-05", "05-Mar-24"),
        ("on 05/03/2024", "2024-03-05", "05/03/2024"),
        ("on 03/05/2024", "2024-03-05", "03/05/2024"),
        ("on 5.3.24", "2024-03-05", "5.3.24"),
        ("on 20240305", "2024-03-05", "20240305"),
        ("on 5 March", "2024-03-05", "5 March"),
        ("on 5 March 10:30", "2024-03-05", "5 March"),
        ("on 5 March 2023", "2024-03-05", None),
        ("on 15/03/2024", "2024-03-05", None),
        ("at 2:30 pm", "14:30:00", "2:30 pm"),
        ("at 2 p.m.", "14:00", "2 p.m."),
        ("at 12:15 AM", "00:15:00", "12:15 AM"),
        ("at 14:30 UTC", "14:30:00Z", "14:30 UTC"),
        ("at 14h30", "14:30:00", "14h30"),
        ("at 14", "14:00:00", None),
        ("at 15:30", "14:30:00", None),
        ("March 5, 2024, 2:30 pm", "2024-03-05T14:30:00Z", "March 5, 2024, 2:30 pm"),
        ("2024-03-05 14:30 here", "2024-03-05T14:30:00+01:00", "2024-03-05 14:30"),
        ("14:30 on 5 March 2024", "2024-03-05T14:30:00Z", "14:30 on 5 March 2024"),
        ("5 March 2024. It rained until about 14:30", "2024-03-05T14:30:00Z", None),
    ],
)
def test_dates_and_times(document, value, words):
    assert place(document, value) == words


@pytest.mark.parametrize("value", [None, True, False, "", "  "])
def test_values_that_stand_nowhere(value):
    assert place("true false null", value) is None


def test_fields_near_their_names():
    document = "net 100.00, tax 19.00, total 100.00"
    spans = find_spans(document, fields('{"total":100.0,"net":100.0}'))
    assert spans == {"/total": (29, 35), "/net": (4, 10)}


def test_items_keep_to_their_lines():
    document = "2 x bolt at 2\n3 x nut at 2\n2 x washer at 3"
    record = [
        {"n": 2, "item": "bolt", "p": 2},
        {"n": 3, "item": "nut", "p": 2},
        {"n": 2, "item": "washer", "p": 3},
    ]
    spans = find_spans(document, fields(json.dumps(record)))
    for index, line in enumerate([range(13), range(14, 26), range(27, 42)]):
        starts = [spans[f"/{index}/{name}"][0] for name in ("n", "item", "p")]
        assert all(start in line for start in starts)
        assert starts == sorted(starts)


def test_two_fields_share_a_place_only_if_there_is_no_other():
    assert len(set(find_spans("Acme, Acme", fields('{"a":"Acme","b":"Acme"}')).values())) == 2
    assert len(set(find_spans("Acme", fields('{"a":"Acme","b":"Acme"}')).values())) == 1


@given(st.text(), st.text(min_size=1), st.text())
def test_a_value_that_stands_in_the_document_is_covered_exactly(before, value, after):
    document = before + " " + value + " " + after
    words = place(document, value)
    if value.strip():
        assert words is not None
        assert words.split() == value.split() or words == value or words.lower() == value.lower()


@given(
    st.text(),
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.dates().map(str),
)
def test_any_document_and_value_give_a_span_inside_or_none(document, value):
    span = find_spans(document, fields(json.dumps(value)))[""]
    assert span is None or 0 <= span[0] < span[1] <= len(document)


@given(st.integers(-(10**9), 10**9))
def test_grouped_numbers_are_found(number):
    assert place(f"it is {number:,} in all", number) == f"{number:,}"
