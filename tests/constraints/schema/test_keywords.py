"""Refusals: every reason at once, with pointer and keyword; what isn't a schema; the table of keywords."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import json
from typing import Any

import pytest

from controlgen.constraints import ConstraintError, JsonSchema, UnsupportedConstraint
from controlgen.constraints.schema import KEYWORDS

REFUSED: dict[str, Any] = {
    "not": {"type": "null"},
    "if": {"type": "null"},
    "dependentRequired": {"a": ["b"]},
    "dependentSchemas": {"a": True},
    "dependencies": {"a": ["b"]},
    "patternProperties": {"^x": True},
    "propertyNames": {"maxLength": 3},
    "unevaluatedProperties": False,
    "unevaluatedItems": False,
    "minProperties": 1,
    "maxProperties": 1,
    "contains": {"const": 1},
    "uniqueItems": True,
    "multipleOf": 2,
    "$dynamicRef": "#a",
    "divisibleBy": 3,
    "nullable": True,
    "requird": ["a"],
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_refused_keywords_are_named(name: str) -> None:
    schema = {name: REFUSED[name]} | ({"then": True} if name == "if" else {})
    with pytest.raises(UnsupportedConstraint) as caught:
        JsonSchema({"type": "object", "properties": {"a": {"items": schema}}})
    reasons = [(reason.pointer, reason.keyword) for reason in caught.value.reasons]
    assert ("/properties/a/items", name) in reasons


def test_all_reasons_come_together() -> None:
    schema = {
        "$defs": {"d": {"minProperties": 2}, "unused": {"not": {}}},
        "properties": {
            "a": {"uniqueItems": True, "multipleOf": 3},
            "b": {"$ref": "#/$defs/d"},
            "c": {"anyOf": [{"type": "null"}, {"not": {}}]},
        },
        "additionalProperties": {"patternProperties": {"x": True}},
    }
    with pytest.raises(UnsupportedConstraint) as caught:
        JsonSchema(schema)
    assert {(reason.pointer, reason.keyword) for reason in caught.value.reasons} == {
        ("/properties/a", "uniqueItems"), ("/properties/a", "multipleOf"), ("/$defs/d", "minProperties"),
        ("/properties/c/anyOf/1", "not"), ("/additionalProperties", "patternProperties"),
    }  # fmt: skip
    assert all(reason.why for reason in caught.value.reasons)


@pytest.mark.parametrize("schema", [
    {"uniqueItems": False}, {"minProperties": 0}, {"patternProperties": {}}, {"then": {"not": {}}}, {"else": True}, {"minContains": 3},
    {"dependencies": {}}, {"unevaluatedProperties": True}, {"if": True}, {"nullable": False}, {"$anchor": "x"}, {"x-order": 3},
    {"title": "t", "description": "d", "default": {"not": 1}, "examples": [1], "$comment": "c", "deprecated": True, "readOnly": True,
     "writeOnly": False, "contentEncoding": "base64", "contentMediaType": "a/b", "$id": "http://x/y"},
])  # fmt: skip
def test_what_asks_nothing_is_taken(schema: dict[str, Any]) -> None:
    language = JsonSchema(schema)
    for value in (1, "a", [1, 1], {}, {"k": 1}):
        assert language.matches(json.dumps(value))


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "strin"}, "/type"),
        ({"properties": {"a": {"minLength": -1}}}, "/properties/a/minLength"),
        ({"properties": []}, "/properties"),
        ({"required": "a"}, "/required"),
        ({"items": [True]}, "/items"),
        ({"enum": 3}, "/enum"),
        ({"anyOf": []}, "/anyOf"),
        ({"properties": {"a": 3}}, "/properties/a"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"x": {"maximum": "3"}}},
            "/properties/x/maximum",
        ),
    ],
)
def test_what_is_no_schema(schema: Any, place: str) -> None:
    with pytest.raises(ConstraintError, match="not a JSON Schema: at ") as caught:
        JsonSchema(schema)
    assert f"at {place}:" in str(caught.value)
    assert not isinstance(caught.value, UnsupportedConstraint)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ('{"type": "null", "type": "string"}', "'type' stands twice"),
        ('{"minimum": NaN}', "NaN"),
        ("[1]", "neither an object nor a boolean"),
        ("3", "neither an object nor a boolean"),
    ],
)
def test_texts_that_are_no_schema(text: str, message: str) -> None:
    with pytest.raises(ConstraintError, match=message):
        JsonSchema(text)


def test_other_sources_and_dialects() -> None:
    with pytest.raises(TypeError, match="not list"):
        JsonSchema([True])  # type: ignore[arg-type]
    with pytest.raises(UnsupportedConstraint, match="dialect"):
        JsonSchema({"$schema": "http://example.com/my-dialect"})
    with pytest.raises(ConstraintError, match="at /properties: the key 3 is no string"):
        JsonSchema({"properties": {3: True}})
    with pytest.raises(ConstraintError, match="at /enum/0: tuple is no JSON type"):
        JsonSchema({"enum": [(1, 2)]})
    with pytest.raises(UnsupportedConstraint, match="prefixItems"):
        JsonSchema({"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [True]})
    with pytest.raises(UnsupportedConstraint, match="additionalItems"):
        JsonSchema({"additionalItems": False})
    with pytest.raises(UnsupportedConstraint, match=r"\$id"):
        JsonSchema({"properties": {"a": {"$id": "b"}}})


def test_deep_nesting_is_refused_not_crashed() -> None:
    schema: dict[str, Any] = {"type": "null"}
    for _ in range(600):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ConstraintError, match="nested too deeply"):
        JsonSchema(schema)


def test_the_table_is_complete_and_says_why() -> None:
    assert {row.outcome for row in KEYWORDS.values()} == {
        "exact",
        "conditional",
        "annotation",
        "structure",
        "refused",
    }
    assert all(row.note for row in KEYWORDS.values() if row.outcome in ("refused", "conditional"))
    assert not KEYWORDS.keys() & {"requird"}


def test_the_value_of_a_text() -> None:
    language = JsonSchema('{"type": "object", "properties": {"a": {"type": "number"}}}')
    assert language.schema == {"type": "object", "properties": {"a": {"type": "number"}}}
    assert language.parse('{"a": 1.5}') == {"a": 1.5}
