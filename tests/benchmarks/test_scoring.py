"""Counting of right fields: by hand-made answers, and by properties over random JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._scoring import Score, all_null, equal, leaves, parse, score, strings

RECORD = {"a": "x", "b": {"n": 1, "m": None}, "c": [1, 2], "d": []}
KINDS = {
    "/a": "copied",
    "/b/n": "number",
    "/b/m": "null",
    "/c/0": "number",
    "/c/1": "normalised",
    "/d": "empty",
    "/e": "absent",
}


def _right(answer: Any, **changes: Any) -> tuple[int, int]:
    found = score(RECORD, KINDS, answer, valid=True)
    return found.right.total(), found.total.total()


def test_the_expected_record_is_all_right() -> None:
    found = score(RECORD, KINDS, RECORD, valid=True)
    assert (found.right, found.exact, found.valid) == (found.total, 1, 1)
    assert found.share() == found.with_value() == found.without_value() == 1.0
    assert found.total == {"copied": 1, "number": 2, "null": 1, "normalised": 1, "empty": 1, "absent": 1}


@pytest.mark.parametrize(
    ("answer", "right", "total"),
    [
        ({**RECORD, "a": "y"}, 6, 7),
        ({**RECORD, "c": [1]}, 6, 7),
        ({**RECORD, "c": [2, 1]}, 5, 7),
        ({**RECORD, "c": [1, 2, 3]}, 7, 8),  # one item too many is one wrong field
        ({**RECORD, "c": [1, 2, {"x": 1, "y": 2}]}, 7, 9),
        ({**RECORD, "d": ["z"]}, 6, 7),  # wrong where the empty array was expected, counted once
        ({**RECORD, "e": 1}, 6, 7),
        ({**RECORD, "e": {"f": [1, 2]}}, 6, 7),
        ({**RECORD, "b": 5}, 5, 7),  # both leaves below it are missing
        ({**RECORD, "b": {"n": True, "m": None}}, 6, 7),  # true is not 1
        ({**RECORD, "b": {"n": 1.0, "m": None}}, 7, 7),
        ({**RECORD, "f": None}, 7, 8),
        ({}, 1, 7),
        ([], 1, 7),
        ("x", 1, 7),
        (None, 1, 7),
        (..., 0, 7),  # no JSON: not even what is left out is right
    ],
)
def test_wrong_answers(answer: Any, right: int, total: int) -> None:
    assert _right(answer) == (right, total)


def test_names_with_slashes_are_not_paths() -> None:
    record = {"a/b": 1, "a": {"b": 2}}
    assert dict(leaves(record)) == {"/a~1b": 1, "/a/b": 2}
    found = score(record, {"/a~1b": "number", "/a/b": "number"}, {"a/b": 2, "a": {"b": 2}}, valid=True)
    assert found.right.total() == 1


def test_a_prefix_of_a_name_is_not_its_parent() -> None:
    found = score({"a": 1}, {"/a": "number", "/ab": "absent"}, {"a": 1, "abc": 2}, valid=False)
    assert (found.right.total(), found.total) == (2, {"number": 1, "absent": 1, "surplus": 1})
    assert found.with_value() == 0.5


def test_kinds_have_to_speak_of_the_leaves() -> None:
    with pytest.raises(ValueError, match="/a"):
        score({"a": 1}, {}, {"a": 1}, valid=True)
    with pytest.raises(ValueError, match="/b"):
        score({"a": 1}, {"/a": "number", "/b": "copied"}, {"a": 1}, valid=True)


def test_all_null() -> None:
    found = all_null(KINDS)
    assert (found.right.total(), found.total.total(), found.exact) == (2, 7, 0)
    assert all_null({"/a": "null"}).exact == 1


def test_scores_add_up() -> None:
    both = Score()
    both += score(RECORD, KINDS, RECORD, valid=True)
    both += score(RECORD, KINDS, ..., valid=False)
    assert (both.documents, both.valid, both.exact) == (2, 1, 1)
    assert both.share() == 0.5
    assert both.share("null") == 0.5
    assert both.share("boolean") is None
    assert Score().share() is None


def test_parse() -> None:
    assert parse('{"a":[1,null]}') == {"a": [1, None]}
    assert parse("null") is None
    assert parse('{"a":') is ...
    assert parse("") is ...
    assert parse("[" * 100_000) is ...


def test_strings_and_equality() -> None:
    assert list(strings({"a": ["x", 1, ""], "b": None})) == ["x", ""]
    assert equal(2, 2.0)
    assert not equal(0, False)
    assert not equal("1", 1)
    assert equal(None, None)
    assert not equal([], {})


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
_RECORDS = st.dictionaries(st.text("abc", min_size=1, max_size=2), _VALUES, min_size=1, max_size=3)


@given(_RECORDS, _RECORDS)
def test_no_more_is_right_than_there_is(record: dict[str, Any], answer: dict[str, Any]) -> None:
    kinds = {pointer: "copied" for pointer, _ in leaves(record)}
    found = score(record, kinds, answer, valid=True)
    assert 0 <= found.right.total() <= len(kinds) <= found.total.total()
    assert bool(found.exact) == (dict(leaves(record)) == dict(leaves(answer)) and _same_types(record, answer))


def _same_types(record: Any, answer: Any) -> bool:
    mine, yours = dict(leaves(record)), dict(leaves(answer))
    return all(equal(value, yours[pointer]) for pointer, value in mine.items())


def test_a_record_whose_members_are_all_absent() -> None:
    kinds = {"/a": "absent", "/b": "absent"}
    assert score({}, kinds, {}, valid=True).exact == 1
    assert score({}, kinds, {"a": 1}, valid=True).right["absent"] == 1
