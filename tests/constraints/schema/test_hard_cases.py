"""Cases that an adversary found: each was an invalid text accepted, a valid one refused, or a crash."""

# ruff: noqa: E501  (a table: one case a line)

from __future__ import annotations

import json
from typing import Any

import pytest

from controlgen.constraints import BudgetExceeded, ConstraintError, JsonSchema, UnsupportedConstraint

D4, D7 = "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"
D19, D20 = "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(("schema", "valid", "invalid"), [
    ({"type": "array", "uniqueItems": True}, ["[[1], [true], 1]"], ["[[1], [true], [1]]", '[{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]']),
    ({"not": {"uniqueItems": True}, "type": "array"}, ["[[1], [true], [1]]"], ["[1, true]"]),
    ({"propertyNames": {"format": "regex"}, "type": "object"}, ['{"a": 1}'], ['{"a(": 1}']),
    ({"propertyNames": {"maxLength": 5000}, "type": "object"}, [json.dumps({"a" * 4000: 1})], [json.dumps({"a" * 5001: 1})]),
    ({"patternProperties": {"\\p{L}": True}, "unevaluatedProperties": False, "properties": {"l": {"uniqueItems": True}}, "type": "object"}, ['{"l": [2]}', '{"xa": 1}'], ['{"1": 1}']),
    ({"$schema": D20, "items": {"$ref": "#"}, "pattern": "\\p{L}", "uniqueItems": True}, ['["a"]', '"a"'], ['["a", "a"]', '"1"']),
    ({"$schema": D20, "properties": {"a": {"$ref": "#"}}, "multipleOf": 0.1, "uniqueItems": True}, ['{"a": 0.3}'], ['{"a": 0.35}', '{"a": [1, 1]}']),
    ({"contains": {"$ref": "#"}, "unevaluatedItems": True, "type": ["array", "null"]}, ["null", "[null]"], ["[]", "1"]),
    ({"not": {"format": "email"}, "type": "string"}, ['"a"'], ['"a@"', '"a@b.c"']),
    ({"not": {"format": "date-time"}, "type": "string"}, ['"a"', '"2024-01-01"'], ['"2016-12-31T23:59:60Z"']),
    ({"oneOf": [{"format": "date"}, {"format": "date-time"}], "type": "string"}, ['"2024-01-01"', '"2024-01-01T00:00:00Z"'], ['"x"']),
    ({"oneOf": [{"format": "ipv4"}, {"format": "ipv6"}], "type": "string"}, ['"1.2.3.4"', '"::1"'], ['"x"']),
])  # fmt: skip
def test_verdicts(schema: Any, valid: list[str], invalid: list[str]) -> None:
    language = JsonSchema(schema)
    assert [text for text in valid if not language.matches(text)] == []
    assert [text for text in invalid if language.matches(text)] == []


def test_a_shared_object_stands_at_two_places() -> None:
    shared = {"$ref": "#/$defs/v"}
    inner = {"$id": "http://h/e", "$defs": {"v": {"type": "string"}}, "properties": {"p": shared}}
    schema = {"$defs": {"v": {"type": "integer"}, "e": inner}, "properties": {"q": shared, "e": {"$ref": "http://h/e"}}}
    language = JsonSchema(schema)
    assert language.matches('{"q": 1, "e": {"p": "s"}}')
    assert not language.matches('{"e": {"p": 1}}')


@pytest.mark.parametrize("schema", [
    {"$ref": "urn:a"}, {"$schema": D7, "allOf": [{"$ref": "urn:a"}]},
])  # fmt: skip
def test_references_into_another_draft_are_refused_by_name(schema: Any) -> None:
    for draft in {D4, D19} - {schema.get("$schema")}:
        with pytest.raises(UnsupportedConstraint, match="another draft"):
            JsonSchema(schema, registry={"urn:a": {"$schema": draft, "type": "integer"}})


@pytest.mark.parametrize("schema", [
    '{"enum": [1e500]}', '{"const": 1e-500}', {"const": 10**500}, {"not": {"const": 10**401}}, {"const": float("inf")}, {"const": float("nan")},
    {"$schema": D7, "$ref": "#/$defs/x", "$defs": {"x": {"type": 5}}}, {"$schema": D4, "$ref": "#/if", "if": {"minimum": "x"}},
    {"$schema": D20, "$ref": "#/additionalItems", "additionalItems": {"pattern": 5}}, {"$id": "http://[bad", "properties": {"a": {"$ref": "x"}}},
])  # fmt: skip
def test_what_can_not_be_read_is_one_clear_error(schema: Any) -> None:
    with pytest.raises(ConstraintError):
        JsonSchema(schema)


def test_bad_registries_are_one_clear_error() -> None:
    with pytest.raises(ConstraintError):
        JsonSchema({"$ref": "urn:b"}, registry={"urn:b": 5})


@pytest.mark.parametrize("count", [10**4, 10**6, 10**30])
def test_counts_of_items_are_bounded(count: int) -> None:
    for schema in ({"contains": {"type": "integer"}, "minContains": count}, {"contains": {}, "maxContains": count}):
        try:
            found = JsonSchema(schema).exactness
        except BudgetExceeded as error:
            found = str(error)
        assert found == "verified" or "more than" in found
