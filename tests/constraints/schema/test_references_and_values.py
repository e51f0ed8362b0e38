"""`$ref`, recursion, combinations of siblings, `enum` and `const`, `oneOf`."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from controlgen.constraints import ConstraintError, JsonSchema, UnsupportedConstraint


@pytest.mark.parametrize(
    ("reference", "rest"),
    [
        ("#/$defs/x", {"$defs": {"x": {"type": "integer"}}}),
        ("#/definitions/x", {"definitions": {"x": {"type": "integer"}}}),
        ("#/$defs/a~1b~0c", {"$defs": {"a/b~c": {"type": "integer"}}}),
        ("#/$defs/a%20%22b", {"$defs": {'a "b': {"type": "integer"}}}),
        ("#/$defs/list/anyOf/1", {"$defs": {"list": {"anyOf": [{"type": "null"}, {"type": "integer"}]}}}),
        ("#/$defs/chain", {"$defs": {"chain": {"$ref": "#/$defs/x"}, "x": {"type": "integer"}}}),
        ("#/properties/w/items", {"properties": {"w": {"items": {"type": "integer"}}}}),
        (
            "http://example.com/s#/$defs/x",
            {"$id": "http://example.com/s", "$defs": {"x": {"type": "integer"}}},
        ),
    ],
)
def test_references(reference: str, rest: dict[str, Any]) -> None:
    schema = {
        **rest,
        "type": "object",
        "properties": {**rest.get("properties", {}), "v": {"$ref": reference}},
    }
    language = JsonSchema(schema, closed=True)
    assert language.matches('{"v":1}')
    assert not language.matches('{"v":"1"}')


def test_siblings_of_a_reference_hold_too_since_2019() -> None:
    schema = {"$defs": {"x": {"type": "integer", "minimum": 0}}, "$ref": "#/$defs/x", "maximum": 9}
    language = JsonSchema(schema)
    assert [n for n in range(-20, 20) if language.matches(str(n))] == list(range(10))
    older = {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": schema["$defs"]}
    ignored = JsonSchema({**older, "$ref": "#/definitions/x", "maximum": 9, "uniqueItems": True})
    assert ignored.matches("10")


def test_recursive_schemas() -> None:
    schema = {
        "$defs": {"tree": {
            "type": "object", "required": ["v"], "additionalProperties": False,
            "properties": {"v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        }},
        "$ref": "#/$defs/tree",
    }  # fmt: skip
    language = JsonSchema(schema)
    assert language.exactness == "exact"
    assert language.matches('{"v":1,"kids":[{"v":2,"kids":[{"v":3}]},{"v":4}]}')
    assert not language.matches('{"v":1,"kids":[{"kids":[]}]}')
    assert language.dfa.max_depth is not None


def test_mutual_recursion_and_linked_lists() -> None:
    schema = {
        "$defs": {
            "even": {
                "anyOf": [
                    {"type": "null"},
                    {
                        "type": "array",
                        "prefixItems": [{"$ref": "#/$defs/odd"}],
                        "items": False,
                        "minItems": 1,
                    },
                ]
            },
            "odd": {
                "type": "array",
                "prefixItems": [{"$ref": "#/$defs/even"}],
                "items": False,
                "minItems": 1,
            },
        },
        "$ref": "#/$defs/even",
    }
    language = JsonSchema(schema)
    assert [
        text for text in ("null", "[null]", "[[null]]", "[[[null]]]", "[[[[null]]]]") if language.matches(text)
    ] == ["null", "[[null]]", "[[[[null]]]]"]


@pytest.mark.parametrize("schema", [
    {"$ref": "#"}, {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    {"allOf": [{"allOf": [{"$ref": "#"}]}]},
])  # fmt: skip
def test_a_reference_to_itself_without_end(schema: dict[str, Any]) -> None:
    with pytest.raises(ConstraintError, match="without end"):
        JsonSchema(schema)


def test_references_that_lead_nowhere() -> None:
    with pytest.raises(ConstraintError, match=r"/properties/a: .*refers to nothing"):
        JsonSchema({"properties": {"a": {"$ref": "#/$defs/missing"}}})
    with pytest.raises(ConstraintError, match="refers to no schema"):
        JsonSchema({"properties": {"a": {"$ref": "#/required"}}, "required": ["a"]})
    with pytest.raises(ConstraintError, match="not a JSON Schema: at /x-parts/p/type"):
        JsonSchema({"x-parts": {"p": {"type": "text"}}, "$ref": "#/x-parts/p"})
    with pytest.raises(UnsupportedConstraint, match="nothing is fetched"):
        JsonSchema({"$ref": "http://example.com/other.json"})
    with pytest.raises(ConstraintError, match="refers to nothing"):
        JsonSchema({"$ref": "#other", "$defs": {"n": {"$anchor": "name"}}})


SIBLINGS: list[tuple[Any, list[Any]]] = [
    ({"enum": [1, "a", None, 2.5, [1], {"k": 1}], "type": ["string", "integer"]}, [1, "a", None, 2.5, [1]]),
    ({"const": 3, "type": "integer"}, [3, 4, "3"]),
    ({"const": "ab", "minLength": 3}, ["ab", "abc"]),
    ({"enum": ["a", "ab", "abc", 7], "pattern": "b", "maxLength": 2}, ["a", "ab", "abc", 7]),
    ({"enum": [1, 2, 3, 4], "anyOf": [{"maximum": 1}, {"minimum": 4}]}, [1, 2, 3, 4]),
    ({"enum": [[1], [1, 2], ["a"]], "items": {"type": "integer"}, "maxItems": 1}, [[1], [1, 2], ["a"]]),
    ({"enum": [{"a": 1}, {"b": 1}, {}], "required": ["a"]}, [{"a": 1}, {"b": 1}, {}]),
    ({"enum": ["2024-02-29", "2023-02-29"], "format": "date"}, ["2024-02-29", "2023-02-29"]),
    ({"enum": [True, 1, 0, False]}, [True, 1, 0, False, 2]),
    ({"const": 1, "enum": [True, 2]}, [1, True, 2]),
    ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
     [{"a": 1}, {"b": 1}, {"a": 1, "b": 1}, {}, {"a": "x", "b": 1}, 5]),
    ({"properties": {"a": {"minimum": 1}}, "allOf": [{"properties": {"a": {"type": "integer", "maximum": 2}}}]},
     [{"a": 0}, {"a": 1}, {"a": 2}, {"a": 3}, {"a": "x"}, "x"]),
    ({"items": {"type": "integer"}, "allOf": [{"prefixItems": [{"minimum": 2}]}, {"minItems": 1}]}, [[], [1], [2], [2, 1], [2, "a"], "x"]),
    ({"additionalProperties": False, "properties": {"a": True}, "allOf": [{"properties": {"b": True}}]}, [{"a": 1}, {"b": 1}, {}]),
    ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "string", "pattern": "^b*$"}, {"type": "null"}], "minLength": 1},
     ["", "a", "b", "bb", "ab", None]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "instances"), SIBLINGS)
def test_siblings_intersect(schema: Any, instances: list[Any]) -> None:
    language = JsonSchema(schema)
    judge = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for value in instances:
        assert language.matches(json.dumps(value)) == judge.is_valid(value), (schema, value)


def test_values_are_spelled_by_the_policy() -> None:
    value = {"b": [1, "x"], "a": {"c": None}}
    language = JsonSchema({"const": value}, whitespace="compact")
    assert language.matches(json.dumps(value, separators=(",", ":")))
    assert not language.matches(json.dumps(value))
    assert not language.matches('{"a":{"c":null},"b":[1,"x"]}'), "the order of a given object is kept"
    assert JsonSchema({"const": value}, whitespace=2).matches(json.dumps(value, indent=2))


def test_one_of_with_disjoint_branches() -> None:
    def pet(kind: str, **properties: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"kind": {"const": kind}, **properties},
            "required": ["kind", *properties],
        }

    tagged = JsonSchema(
        {"oneOf": [pet("cat", lives={"type": "integer"}), pet("dog", bark={"type": "boolean"})]}, closed=True
    )
    assert tagged.matches('{"kind":"cat","lives":9}')
    assert tagged.matches('{"kind":"dog","bark":true}')
    assert not tagged.matches('{"kind":"dog","lives":9}')
    typed = JsonSchema(
        {"oneOf": [{"type": "integer", "maximum": 3}, {"type": "number", "minimum": 4}, {"type": "null"}]}
    )
    assert typed.matches("3")
    assert not typed.matches("3.5")
    strings = JsonSchema({"type": "string", "oneOf": [{"pattern": "^a"}, {"pattern": "^b"}]})
    assert strings.matches('"bx"')


@pytest.mark.parametrize(("branches", "one", "other"), [
    ([{"type": "integer"}, {"type": "number"}], ["1.5"], ["1", "null"]), ([{"required": ["a"]}, {"required": ["b"]}], ['{"a": 1}', '{"b": 1}'], ['{"a": 1, "b": 1}', "{}", "1"]),
    ([{"pattern": "a"}, {"pattern": "b"}], ['"a"', '"b"'], ['"ab"', '"c"', "1"]), ([True, {"type": "null"}], ["1"], ["null"]),
    ([{"properties": {"a": {"type": "string"}}, "type": "object"}, {"properties": {"a": {"minLength": 2}}, "type": "object"}], ['{"a": "x"}', '{"a": 1}'], ['{"a": "xy"}', "{}"]),
])  # fmt: skip
def test_one_of_with_overlap_is_exactly_one(branches: list[Any], one: list[str], other: list[str]) -> None:
    language = JsonSchema({"oneOf": branches})
    assert [text for text in one if not language.matches(text)] == []
    assert [text for text in other if language.matches(text)] == []


def test_many_cases_are_verified_by_name() -> None:
    two = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    parts = [{"anyOf": [{"required": [f"a{i}"]}, {"required": [f"b{i}"]}]} for i in range(12)]
    names = ["a", *(f"a{i}" for i in range(12))]
    properties = {name: {"type": "null"} for name in names}
    language = JsonSchema({"type": "object", "properties": properties, "allOf": [two, *parts]})
    assert "anyOf" in {reason.keyword for reason in language.verified}
    assert language.matches(json.dumps(dict.fromkeys(names)))
    assert not language.matches(json.dumps(dict.fromkeys(names[1:])))


def test_identifiers_anchors_and_dynamic_references() -> None:
    language = JsonSchema({
        "$id": "http://example.com/root", "$ref": "inner#name",
        "$defs": {"i": {"$id": "inner", "$defs": {"n": {"$anchor": "name", "type": "integer"}}}},
    })  # fmt: skip
    assert language.matches("1")
    assert not language.matches('"a"')
    tree = {
        "$id": "http://example.com/strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": False,
        "$defs": {"t": {"$id": "tree", "$dynamicAnchor": "node", "type": "object",
                        "properties": {"data": True, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}}}},
    }  # fmt: skip
    assert JsonSchema(tree).matches('{"children": [{"data": 1}]}')
    assert not JsonSchema(tree).matches('{"children": [{"daat": 1}]}')


def test_a_registry_is_all_that_is_read() -> None:
    other = {"$id": "http://example.com/other", "type": "string", "minLength": 2}
    registry = {"http://example.com/other": other}
    language = JsonSchema({"properties": {"a": {"$ref": "http://example.com/other"}}, "required": ["a"]}, registry=registry)
    assert language.matches('{"a": "xy"}')
    assert not language.matches('{"a": "x"}')
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "http://example.com/dialect",
               "$vocabulary": {"https://json-schema.org/draft/2020-12/vocab/core": True, "https://json-schema.org/draft/2020-12/vocab/applicator": True}}  # fmt: skip
    loose = JsonSchema({"$schema": "http://example.com/dialect", "items": {"type": "string"}}, registry={"http://example.com/dialect": dialect})
    assert loose.matches("[1]")  # without the vocabulary of validation, `type` asks for nothing
