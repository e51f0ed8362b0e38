"""Composite values, lists and missing arrays of the labelled documents: their truth and their shares."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from data import abstract, composites, heldout, listings, schemas, shapes
from data.datum import STRING, Context, View
from data.example import Example
from data.schemas import Policy, Strings
from jsonschema import Draft202012Validator
from real.held_out import SIGNATURES

COUNT = 700


def made(split: str, seed: int, count: int = COUNT) -> list[Example]:
    rng = Random(seed)
    layouts, weights = abstract.layouts_of(split)
    return [abstract.make(rng, split, layouts, weights) for _ in range(count)]


@pytest.fixture(scope="module")
def trained() -> list[Example]:
    return made("train", 4)


def at(record: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        record = record[int(key)] if isinstance(record, list) else record[key]
    return record


@pytest.mark.parametrize("split", ["train", "test"])
def test_records_are_valid_and_copied_values_stand_in_the_text(split: str) -> None:
    for example in made(split, 9):
        validator = Draft202012Validator(example.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert not list(validator.iter_errors(example.record)), example
        for pointer, kind in example.kinds.items():
            if kind == "copied":
                assert at(example.record, pointer) in example.text, (pointer, example)
            elif kind == "number":
                assert str(at(example.record, pointer)) in example.text, (pointer, example)


def test_no_text_looks_like_a_held_out_kind(trained: list[Example]) -> None:
    assert not [e.text for e in trained for signature in SIGNATURES.values() if signature.search(e.text)]


def names_of(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for item in schema for name in names_of(item)]
    if not isinstance(schema, dict):
        return []
    inner = [name for key, child in schema.items() if key != "enum" for name in names_of(child)]
    return [*schema.get("properties", {}), *inner]


def test_field_names_belong_to_their_split(trained: list[Example]) -> None:
    assert not any(heldout.is_name_held_out(name) for e in trained for name in names_of(e.schema))
    assert all(heldout.is_name_held_out(name) for e in made("test", 3, 200) for name in names_of(e.schema))


@pytest.mark.parametrize("shape", shapes.SHAPES, ids=lambda shape: shape.roles)
def test_every_form_shows_its_parts_in_full(shape: shapes.Shape) -> None:
    ctx = Context.draw(Random(shape.roles))
    for form in shape.forms.split("¦"):
        found = composites.of_shape(ctx, shape, form)
        assert form.count("{") == len(shape.roles.split(";"))
        if found is not None:
            assert all(part.text in found.text for part in found.parts)
            assert len(found.roles) == len(found.parts)
            for index in range(len(found.parts)):
                assert composites.saying(ctx.rng, found, index)


def test_joined_items_can_be_told_apart() -> None:
    rng = Random(0)
    items = ["a b", "c, d", "e"]
    for _ in range(200):
        text = listings.one_line(rng, items)
        assert text is None or ("," not in text.replace("c, d", "") and text.count("a b") == 1)


def test_missing_arrays_follow_the_schema(trained: list[Example]) -> None:
    seen: Counter[str] = Counter()
    for chosen in ("null", "absent", "both"):
        for arrays in (True, False):
            node = Strings("names", [], STRING, missing=True)
            built = schemas.build(Random(1), [node], Policy(chosen, 1.0, arrays))
            needed = "names" in built.schema.get("required", [])
            may_be_null = "null" in str(built.schema["properties"]["names"])
            expected = None if may_be_null else [] if needed else "absent"
            assert built.record.get("names", "absent") == expected
            assert arrays == (expected == [])
            seen[str(expected)] += 1
    assert set(seen) == {"[]", "None", "absent"}


def test_an_empty_label_is_never_null() -> None:
    built = schemas.build(Random(1), [Strings("names", [], STRING)], Policy("null", 1.0, False))
    assert built.record == {"names": []}
    assert built.schema["required"] == ["names"]


def test_a_present_array_may_be_nullable() -> None:
    node = Strings("names", [View("a", STRING, "copied")], STRING)
    built = schemas.build(Random(1), [node], Policy("null", 1.0, False))
    assert built.record == {"names": ["a"]}
    assert "null" in str(built.schema["properties"]["names"])


def test_composites_are_a_minority_of_the_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: Counter[str] = Counter()
    for name in ("composite", "scalar"):
        original = getattr(abstract.Maker, name)

        def counted(self: Any, *args: Any, _name: str = name, _original: Any = original) -> Any:
            found = _original(self, *args)
            counts[_name] += found is not None
            return found

        monkeypatch.setattr(abstract.Maker, name, counted)
    made("train", 7, 400)
    assert 0.12 < counts["composite"] / sum(counts.values()) < 0.24


def test_the_same_seed_gives_the_same_examples() -> None:
    assert made("train", 5, 40) == made("train", 5, 40)
