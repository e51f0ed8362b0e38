"""Examples without labels: both splits have kinds, and no text looks like a kind of real text kept for testing."""

from __future__ import annotations

from random import Random

import pytest
from data import heldout, records
from data.example import Example
from jsonschema import Draft202012Validator
from real import held_out


def drawn(split: str, count: int) -> list[Example]:
    rng = Random(split)
    kinds, weights = records.kinds_of(split)
    made = [records.make(rng, split, kind) for kind in rng.choices(kinds, weights, k=count)]
    return [example for example in made if example is not None]


def test_both_splits_have_kinds_of_their_own() -> None:
    train, test = set(records.kinds_of("train")[0]), set(records.kinds_of("test")[0])
    assert len(train) + len(test) >= 14
    assert len(test) >= 3
    assert not train & test


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_text_looks_like_a_held_out_source(split: str) -> None:
    for example in drawn(split, 3000):
        assert held_out.kind_of(example.text) is None, example.text
        assert "Closes:" not in example.text
        assert "urgency" not in example.text.lower()
        assert heldout.is_template_held_out(example.template) == (split == "test")


@pytest.mark.parametrize("split", ["train", "test"])
def test_records_are_valid_and_empty_lists_missing_values_and_tables_occur(split: str) -> None:
    examples = drawn(split, 400)
    for example in examples:
        validator = Draft202012Validator(example.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert not list(validator.iter_errors(example.record)), example
    kinds = {kind for example in examples for kind in example.kinds.values()}
    assert {"copied", "number", "normalised", "null", "absent", "empty", "boolean"} <= kinds
    assert len(examples) > 370


def test_dates_beside_times_are_asked_apart_and_together() -> None:
    formats = {
        schema.get("format") for example in drawn("train", 400) for schema in example.schema["properties"].values()
    }
    assert {"date", "date-time", "time"} <= formats
