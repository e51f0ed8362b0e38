"""The synthetic training data: its truth, its determinism, and that nothing held out is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from data import Example, examples, heldout
from data.example import KINDS
from data.grammar import Expansion, parse
from data.templates import TEMPLATES
from data.writers import LAYOUTS
from jsonschema import Draft202012Validator

COUNT = 1200


@pytest.fixture(scope="module")
def train() -> list[Example]:
    return list(islice(examples(11, "train"), COUNT))


@pytest.fixture(scope="module")
def test() -> list[Example]:
    return list(islice(examples(11, "test"), COUNT))


def names_of(schema: dict[str, Any]) -> Iterator[str]:
    """Every property name of a schema, at any depth."""
    for name, child in schema.get("properties", {}).items():
        yield name
        yield from names_of(child)
    for branch in schema.get("anyOf", []):
        yield from names_of(branch)
    if isinstance(schema.get("items"), dict):
        yield from names_of(schema["items"])


def leaf_at(record: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        record = record[int(key)] if isinstance(record, list) else record[key]
    return record


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_record_is_valid_under_its_schema(split: str, request: pytest.FixtureRequest) -> None:
    for example in request.getfixturevalue(split):
        Draft202012Validator.check_schema(example.schema)
        validator = Draft202012Validator(example.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert not list(validator.iter_errors(example.record)), example


@pytest.mark.parametrize("split", ["train", "test"])
def test_copied_values_stand_literally_in_the_text(split: str, request: pytest.FixtureRequest) -> None:
    copied = 0
    for example in request.getfixturevalue(split):
        for pointer, kind in example.kinds.items():
            assert kind in KINDS
            if kind == "copied":
                value = leaf_at(example.record, pointer)
                assert isinstance(value, str), (pointer, example)
                assert value in example.text, (pointer, example)
                copied += 1
            elif kind == "number":
                assert str(leaf_at(example.record, pointer)) in example.text, (pointer, example)
            elif kind == "null":
                assert leaf_at(example.record, pointer) is None
            elif kind == "absent":
                with pytest.raises(KeyError):
                    leaf_at(example.record, pointer)
    assert copied > COUNT


def test_kinds_name_every_leaf_of_the_record(train: list[Example]) -> None:
    def leaves(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, child in value.items():
                yield from leaves(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
        elif isinstance(value, list) and value:
            for index, child in enumerate(value):
                yield from leaves(child, f"{pointer}/{index}")
        else:
            yield pointer

    for example in train:
        present = {pointer for pointer, kind in example.kinds.items() if kind != "absent"}
        assert present == set(leaves(example.record, "")), example


def test_record_keys_follow_the_order_of_the_schema(train: list[Example]) -> None:
    for example in train:
        order = [name for name in example.schema["properties"] if name in example.record]
        assert list(example.record) == order


def test_no_held_out_template_is_trained_on(train: list[Example], test: list[Example]) -> None:
    assert not any(heldout.is_template_held_out(example.template) for example in train)
    assert all(heldout.is_template_held_out(example.template) for example in test)
    known = [f"text/{template.name}" for template in TEMPLATES] + list(LAYOUTS)
    share = sum(map(heldout.is_template_held_out, known)) / len(known)
    assert 0.1 < share < 0.25


def test_no_held_out_field_name_is_trained_on(train: list[Example], test: list[Example]) -> None:
    trained = {name for example in train for name in names_of(example.schema)}
    tested = {name for example in test for name in names_of(example.schema)}
    assert min(len(tested), len(trained)) > COUNT
    assert not any(map(heldout.is_name_held_out, trained))
    assert all(map(heldout.is_name_held_out, tested))
    words = {word for name in trained for word in heldout.name_words(name)}
    assert not any(map(heldout.is_word_held_out, words))
    plain = {"".join(heldout.name_words(name)) for name in trained}
    assert not plain & {"".join(heldout.name_words(name)) for name in tested}


def test_no_held_out_schema_is_trained_on(train: list[Example], test: list[Example]) -> None:
    trained = {tuple(sorted(names_of(example.schema))) for example in train}
    assert not trained & {tuple(sorted(names_of(example.schema))) for example in test}


def test_a_seed_gives_the_same_examples_again() -> None:
    once, again = (list(islice(examples(5, "train"), 60)) for _ in range(2))
    assert once == again
    assert once != list(islice(examples(6, "train"), 60))


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="split must be"):
        next(examples(0, "validation"))


def test_values_are_an_open_set(train: list[Example]) -> None:
    values = [leaf_at(e.record, p) for e in train for p, kind in e.kinds.items() if kind == "copied"]
    assert len(set(values)) > 0.75 * len(values)


def test_every_template_expands() -> None:
    from random import Random

    from data.datum import Context

    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES) >= 150
    for template in TEMPLATES:
        expansion = Expansion(Context.draw(Random(template.name)))
        expansion.run(parse(template.text))
        assert expansion.shown or expansion.tables
        assert not set("{}") & set("".join(expansion.pieces)) or "\\{" in template.text
