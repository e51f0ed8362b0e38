"""Outcomes: exact, verified with the place, refused with every reason; what isn't a schema; the table of keywords."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import json
from typing import Any

import pytest

from controlgen.constraints import ConstraintError, JsonSchema, UnsupportedConstraint
from controlgen.constraints.schema import KEYWORDS
from controlgen.constraints.schema._keywords import active_keywords, similar_keyword

VERIFIED: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "uniqueItems": ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, [[], ["a", "b"]], [["a", "a"]]),
    "additionalProperties": ({"type": "object"}, ['{}', '{"a":1,"b":1}'], ['{"a":1,"a":1}', '{"a":1,"\\u0061":1}']),
    "format": ({"type": "string", "format": "regex"}, ["a(b)*"], ["a(b"]),
    "multipleOf": ({"type": "integer", "multipleOf": 1234577}, [1234577, 0], [1234578]),
    "maxLength": ({"type": "string", "maxLength": 100000}, ["a" * 3000], ["a" * 100001]),
    "maxItems": ({"type": "array", "items": {"type": "null"}, "maxItems": 100000}, [[None] * 9], []),
}


@pytest.mark.parametrize("name", list(VERIFIED))
def test_what_no_automaton_holds_is_verified_by_name(name: str) -> None:
    schema, valid, invalid = VERIFIED[name]
    language = JsonSchema({"items": schema, "type": "array"} if name == "format" else schema)
    assert language.exactness == "verified"
    assert name in {reason.keyword for reason in language.verified}
    assert all(reason.why for reason in language.verified)
    wrap = (lambda value: [value]) if name == "format" else (lambda value: value)
    for values, expected in ((valid, True), (invalid, False)):
        for value in values:
            text = value if isinstance(value, str) and name == "additionalProperties" else json.dumps(wrap(value))
            assert language.matches(text) == expected, text


@pytest.mark.parametrize("schema", [
    {"type": "array", "items": {"enum": ["a", 1]}, "uniqueItems": True}, {"type": "array", "items": {"type": "integer"}, "maxItems": 1, "uniqueItems": True},
    {"type": "object", "patternProperties": {"^[ab]$": {"type": "null"}}, "additionalProperties": False}, {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": {"type": "null"}},
    {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}]}, {"type": "string", "not": {"pattern": "^a"}},
    {"type": "number", "multipleOf": 0.01, "minimum": -1, "maximum": 1}, {"type": "array", "contains": {"const": 1}, "items": {"type": "integer"}, "maxContains": 2},
])  # fmt: skip
def test_what_an_automaton_holds_is_exact(schema: Any) -> None:
    language = JsonSchema(schema)
    assert language.exactness == "exact"
    assert language.verified == ()


def test_all_reasons_come_together() -> None:
    schema = {
        "$defs": {"d": {"pattern": r"(b)\1"}, "unused": {"pattern": r"(c)\1"}},
        "properties": {"a": {"pattern": r"(a)\1"}, "b": {"$ref": "#/$defs/d"}, "c": {"$ref": "http://example.com/s"}},
        "patternProperties": {r"(d)\1": True},
    }
    with pytest.raises(UnsupportedConstraint) as caught:
        JsonSchema(schema)
    assert {(reason.pointer, reason.keyword) for reason in caught.value.reasons} == {
        ("/properties/a", "pattern"), ("/$defs/d", "pattern"), ("/properties/c", "$ref"), ("", "patternProperties"),
    }  # fmt: skip
    assert all(reason.why for reason in caught.value.reasons)


def test_unknown_keywords_ask_for_nothing_and_are_listed() -> None:
    language = JsonSchema({"properties": {"a": {"requird": ["x"], "x-order": 1, "nullable": True}}, "type": "object"})
    assert language.matches('{"a": {}}')
    listed = {(reason.pointer, reason.keyword): reason.why for reason in language.ignored}
    assert set(listed) == {("/properties/a", "requird"), ("/properties/a", "x-order"), ("/properties/a", "nullable")}
    assert "did you mean 'required'" in listed["/properties/a", "requird"]
    assert "did you mean" not in listed["/properties/a", "x-order"]


def test_keywords_of_other_drafts_ask_for_nothing() -> None:
    assert JsonSchema({"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [{"type": "null"}]}).matches("[1]")
    assert JsonSchema({"additionalItems": False}).matches("[1]")
    assert JsonSchema({"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}).matches("2")
    assert JsonSchema({"dependencies": {"a": ["b"]}}).matches('{"a": 1}')
    draft_7 = JsonSchema({"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"], "c": {"required": ["d"]}}})
    assert not draft_7.matches('{"a": 1}')
    assert not draft_7.matches('{"c": 1}')
    assert draft_7.matches('{"c": 1, "d": 1}')


def test_formats_that_no_draft_knows_are_listed() -> None:
    language = JsonSchema({"type": "string", "format": "postcode"})
    assert language.matches('"x"')
    assert [(reason.pointer, reason.keyword) for reason in language.ignored] == [("", "format")]
    assert JsonSchema({"type": "string", "format": "date"}, formats=False).matches('"x"')


@pytest.mark.parametrize("schema", [
    {"uniqueItems": False}, {"minProperties": 0}, {"patternProperties": {}}, {"then": {"not": {}}}, {"else": True}, {"minContains": 3},
    {"dependencies": {}}, {"unevaluatedProperties": True}, {"if": True}, {"nullable": False}, {"$anchor": "x"}, {"x-order": 3}, {"not": {"not": {}}},
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


def test_deep_nesting_is_refused_not_crashed() -> None:
    schema: dict[str, Any] = {"type": "null"}
    for _ in range(600):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ConstraintError, match="nested too deeply"):
        JsonSchema(schema)


def test_the_table_of_keywords() -> None:
    assert {row.outcome for row in KEYWORDS.values()} == {"exact", "exact or verified", "annotation", "structure"}
    assert all(row.note for row in KEYWORDS.values() if row.outcome == "exact or verified")
    assert "if" in active_keywords(7)
    assert "if" not in active_keywords(6)
    assert similar_keyword("addtionalProperties", 2020) == "additionalProperties"
    assert similar_keyword("type", 2020) is None


def test_the_value_of_a_text() -> None:
    language = JsonSchema('{"type": "object", "properties": {"a": {"type": "number"}}}')
    assert language.schema == {"type": "object", "properties": {"a": {"type": "number"}}}
    assert language.parse('{"a": 1.5}') == {"a": 1.5}


@pytest.mark.parametrize(("schema", "text", "valid"), [
    ({"not": {"uniqueItems": True, "enum": [[0.1, 0.3]]}}, "[0.1, 0.3]", False),
    ({"not": {"uniqueItems": True, "items": {"minimum": 0.1}}, "type": "array"}, "[0.1, 0.2]", False),
    ({"not": {"uniqueItems": True, "items": {"type": "integer"}}, "type": "array"}, "[1.0, 2]", False),
    ({"not": {"uniqueItems": True, "items": {"type": "integer"}}, "type": "array"}, "[1.0, 1]", True),
    ({"type": "array", "uniqueItems": True, "items": {"type": "number", "maximum": 0.3}}, "[0.3, 0.1]", True),
    ({"type": "array", "uniqueItems": True, "items": {"type": "integer"}}, "[1, 1.0]", False),
    ({"type": "array", "uniqueItems": True, "items": {"const": 0.1}, "maxItems": 3}, "[0.1]", True),
])  # fmt: skip
def test_the_verifier_counts_in_decimals(schema: Any, text: str, valid: bool) -> None:
    assert JsonSchema(schema).matches(text) == valid
