"""The regression baseline: which schema has which outcome, on schemas like those that people have.

`exact`, or the keywords that are verified, or the keywords that are refused. A change here is a change of what users
get, so it belongs into the release notes.
"""

# ruff: noqa: E501  (a table: one schema a line)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from controlgen.constraints import JsonSchema, UnsupportedConstraint
from controlgen.constraints.schema import KEYWORDS

FREE = ["additionalProperties"]
CLOSED: dict[str, Any] = {"additionalProperties": False}
S: dict[str, Any] = {"type": "string"}
I: dict[str, Any] = {"type": "integer"}  # noqa: E741


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


TABLE: list[tuple[str, Any, str, list[str]]] = [
    ("scalars", {"type": ["string", "number", "null"], "minimum": 0}, "exact", []),
    ("closed object", {**obj(a=S, b=I), **CLOSED, "required": ["a"]}, "exact", []),
    ("open object", obj(a=S), "verified", FREE),
    ("map", {"type": "object", "additionalProperties": I}, "verified", FREE),
    ("map with few keys", {"type": "object", "additionalProperties": I, "propertyNames": {"enum": ["x", "y"]}}, "exact", []),
    ("map with one key", {"type": "object", "additionalProperties": I, "maxProperties": 1}, "exact", []),
    ("pattern keys", {"patternProperties": {"^x-": S}, "type": "object", **CLOSED}, "verified", FREE),
    ("finite pattern keys", {"patternProperties": {"^[ab]$": S}, "type": "object", **CLOSED}, "exact", []),
    ("at least two", {"type": "object", "minProperties": 2, "propertyNames": {"enum": list("abc")}, "additionalProperties": I}, "exact", []),
    ("any JSON", True, "verified", FREE),
    ("list of any JSON", {"type": "array"}, "verified", FREE),
    ("tuple", {"type": "array", "prefixItems": [S, I], "items": False, "minItems": 1}, "exact", []),
    ("draft 7 tuple", {"$schema": "http://json-schema.org/draft-07/schema#", "type": "array", "items": [S, I], "additionalItems": False}, "exact", []),
    ("few unique items", {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True}, "exact", []),
    ("unique strings", {"type": "array", "items": S, "uniqueItems": True}, "verified", ["uniqueItems"]),
    ("contains", {"type": "array", "items": I, "contains": {"minimum": 5}, "maxContains": 2}, "exact", []),
    ("tagged union", {"oneOf": [{**obj(kind={"const": k}, v=I), "required": ["kind"], **CLOSED} for k in "abc"]}, "exact", []),
    ("overlapping union", {"oneOf": [{**obj(a=S, b=I), **CLOSED}, {**obj(a=S, c=I), **CLOSED}]}, "exact", []),
    ("either required", {**obj(a=S, b=S), **CLOSED, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, "exact", []),
    ("not", {"type": "string", "not": {"enum": ["root", "admin"]}}, "exact", []),
    ("not required", {**obj(a=S, b=S), **CLOSED, "not": {"required": ["a", "b"]}}, "exact", []),
    ("if", {**obj(a=S, b=S), **CLOSED, "if": {"required": ["a"]}, "then": {"required": ["b"]}}, "exact", []),
    ("dependentRequired", {**obj(a=S, b=S), **CLOSED, "dependentRequired": {"a": ["b"]}}, "exact", []),
    ("dependencies of draft 4", {"$schema": "http://json-schema.org/draft-04/schema#", **obj(a=S, b=S), **CLOSED, "dependencies": {"a": ["b"]}}, "exact", []),
    ("unevaluatedProperties", {**obj(a=S), "allOf": [obj(b=S)], "unevaluatedProperties": False}, "exact", []),
    ("unevaluatedItems", {"type": "array", "prefixItems": [S], "unevaluatedItems": False}, "exact", []),
    ("multipleOf", {"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 10}, "exact", []),
    ("large multipleOf", {"type": "integer", "multipleOf": 999983}, "verified", ["multipleOf"]),
    ("pattern and length", {"type": "string", "pattern": "^[a-z]+$", "maxLength": 20}, "exact", []),
    ("look-ahead", {"type": "string", "pattern": "^(?=.*[0-9])(?=.*[a-z]).{4,8}$"}, "exact", []),
    ("back-reference", {"type": "string", "pattern": r"(a)\1"}, "refused", ["pattern"]),
    ("formats", {**obj(a={"type": "string", "format": "date-time"}, b={"type": "string", "format": "uri"}), **CLOSED}, "exact", []),
    ("format regex", {"type": "string", "format": "regex"}, "verified", ["format"]),
    ("recursion", {"$ref": "#/$defs/n", "$defs": {"n": {**obj(next={"$ref": "#/$defs/n"}), **CLOSED}}}, "exact", []),
    ("elsewhere", {"$ref": "https://example.com/schema"}, "refused", ["$ref"]),
    ("long text", {"type": "string", "maxLength": 32767}, "verified", ["maxLength"]),
    ("huge nested lists", {"type": "array", "maxItems": 900, "items": {"type": "array", "maxItems": 900, "items": {"type": "string", "maxLength": 900}}}, "verified", ["maxItems", "maxLength"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "schema", "outcome", "keywords"), TABLE, ids=[row[0] for row in TABLE])
def test_the_outcome_of_a_schema(name: str, schema: Any, outcome: str, keywords: list[str]) -> None:
    try:
        language = JsonSchema(schema)
        found, reasons = language.exactness, language.verified
    except UnsupportedConstraint as error:
        found, reasons = "refused", error.reasons
    assert (found, sorted({reason.keyword for reason in reasons})) == (outcome, keywords)


def test_the_report_has_every_keyword_with_its_place() -> None:
    schema = {**obj(a={"type": "array", "items": S, "uniqueItems": True}), "requird": ["a"], "title": "t", **CLOSED}
    rows = {(row.pointer, row.keyword): row.outcome for row in JsonSchema(schema).outcomes}
    assert rows == {
        ("", "type"): "exact", ("", "properties"): "exact", ("", "additionalProperties"): "exact",
        ("", "title"): "annotation", ("", "requird"): "ignored", ("/properties/a", "type"): "exact",
        ("/properties/a", "items"): "exact", ("/properties/a", "uniqueItems"): "verified",
        ("/properties/a/items", "type"): "exact",
    }  # fmt: skip


def test_the_documentation_has_the_table_of_keywords() -> None:
    text = (Path(__file__).parents[3] / "docs" / "json-schema.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].strip("| `"): line for line in text.splitlines() if line.startswith("| `")}
    assert rows.keys() == KEYWORDS.keys()
    for name, keyword in KEYWORDS.items():
        assert f"| {keyword.outcome} |" in rows[name]
        assert rows[name].endswith(f"| {keyword.note} |")
