"""Schemas made to be too large: each is compiled within its budget, or refused by name with the figures."""

# ruff: noqa: E501  (a table: one schema a line)

from __future__ import annotations

import json
from typing import Any

import pytest

from controlgen.constraints import BudgetExceeded, ConstraintError, JsonSchema, UnsupportedConstraint, Vocabulary

VOCABULARY = Vocabulary.from_bytes([bytes([i]) for i in range(256)] + [b'","', b"<end>"], stop_ids=[257])


def wide(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"name_{i}": {"type": "integer"} for i in range(count)}}


def nest(depth: int, width: int) -> dict[str, Any]:
    """Definitions that refer to the next one `width` times: width ** depth places."""
    definitions: dict[str, Any] = {
        f"d{i}": {
            "type": "object",
            "properties": {f"p{j}": {"$ref": f"#/$defs/d{i + 1}"} for j in range(width)},
            "additionalProperties": False,
        }
        for i in range(depth)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{depth}": {"type": "null"}}}


def tower(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for i in range(depth):
        schema = {"anyOf": [schema, {"type": "object", "properties": {f"k{i}": schema}}], "minimum": i}
    return schema


SCHEMAS: dict[str, Any] = {
    "a long string": {"type": "string", "maxLength": 100_000},
    "a long least length": {"type": "string", "minLength": 100_000},
    "many items": {"type": "array", "items": {"type": "string", "maxLength": 1000}, "maxItems": 1000},
    "a thousand properties": wide(1000),
    "counted properties": {**wide(200), "minProperties": 100, "maxProperties": 150},
    "a chain of references": nest(60, 1),
    "a nest of references": nest(9, 9),
    "a tower of alternatives": tower(12),
    "alternatives side by side": {"allOf": [{"anyOf": [{"required": [f"a{i}"]}, {"required": [f"b{i}"]}]} for i in range(40)]},
    "complements side by side": {"oneOf": [{"properties": {f"p{j}": {"minimum": i + j} for j in range(6)}} for i in range(12)]},
    "a regex of nested counts": {"type": "string", "pattern": "^(a{1,1000}){1,1000}$"},
    "a regex that doubles": {"type": "string", "pattern": "(a|b)*a(a|b){18}$"},
    "a regex with many branches": {"type": "string", "pattern": "|".join(f"{i}.*{i}" for i in range(40))},
    "many patterns for keys": {"patternProperties": {f"a.*{i}": {"minimum": i} for i in range(30)}, "type": "object"},
    "a large step": {"type": "number", "multipleOf": 0.000123457, "minimum": -1e300},
    "many distinct items": {"type": "array", "items": {"enum": list(range(100))}, "uniqueItems": True, "minItems": 50},
    "a large enum": {"enum": [f"value {i}" for i in range(5000)]},
    "itself in many places": {"type": "array", "items": {"anyOf": [{"$ref": "#"}, {"properties": {"a": {"$ref": "#"}}}]}, "contains": {"type": "null"}},
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_budget_holds(name: str) -> None:
    """Compiled, or refused with a figure; never a crash, and never longer than its limits of time."""
    try:
        message = repr(JsonSchema(SCHEMAS[name]).compile(VOCABULARY))
    except (BudgetExceeded, UnsupportedConstraint) as error:
        message = str(error)
    assert any(character.isdigit() for character in message)


@pytest.mark.parametrize("name", ["a long string", "many items", "a thousand properties", "a chain of references", "a large enum", "many distinct items"])  # fmt: skip
def test_what_is_only_long_is_compiled(name: str) -> None:
    assert JsonSchema(SCHEMAS[name]).compile(VOCABULARY).min_tokens > 0


def test_what_is_not_counted_is_verified() -> None:
    language = JsonSchema(SCHEMAS["many items"])
    assert {reason.keyword for reason in language.verified} >= {"maxItems", "maxLength"}
    assert language.matches(json.dumps(["a" * 1000]))
    assert not language.matches(json.dumps(["a" * 1001]))
    assert not language.matches(json.dumps([""] * 1001))


def test_limits_of_time_are_kept_by_name() -> None:
    with pytest.raises(BudgetExceeded, match=r"more than 0 s \(reading the schema at "):
        JsonSchema(wide(300), max_seconds=0)
    with pytest.raises(BudgetExceeded, match="more than 0 s"):
        JsonSchema(wide(300)).compile(VOCABULARY, max_seconds=0)


def test_hostile_documents_are_refused_not_crashed() -> None:
    deep: Any = {}
    for _ in range(3000):
        deep = {"allOf": [deep]}
    for schema in (deep, '{"not":' * 50_000 + "{}" + "}" * 50_000, {"$ref": "#/allOf/0", "allOf": [{"$ref": "#"}]}):
        with pytest.raises(ConstraintError):
            JsonSchema(schema)
