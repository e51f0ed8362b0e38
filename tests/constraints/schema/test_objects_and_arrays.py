"""Objects and arrays: which members, in which order, with which commas; how many items."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import itertools
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import JsonSchema


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("required", [p for n in range(5) for p in itertools.combinations("abcd", n)])
def test_optional_keys_in_every_combination_and_order(required: tuple[str, ...]) -> None:
    schema = {
        "type": "object",
        "properties": {name: {"const": 1} for name in "abcd"},
        "required": list(required),
    }
    language = JsonSchema(schema, closed=True)
    for count in range(5):
        for keys in itertools.permutations("abcd", count):
            expected = list(keys) == sorted(keys) and set(required) <= set(keys)
            assert language.matches(compact(dict.fromkeys(keys, 1))) == expected, keys


@pytest.mark.parametrize(
    "text",
    ["{,}", '{"a":1,}', '{,"a":1}', '{"a":1"b":1}', '{"a":1,,"b":1}', '{"a":1,"a":1}', '{"b":1,"b":1}', "{} ", " {}", "{ }", '{"a" :1}',
     '{"a":1 }', "{a:1}", '{"a":1,"b":1', '"a":1}', '{"a":}', "{'a':1}", '{"a":1}}', "[]", ""],
)  # fmt: skip
def test_near_misses(text: str) -> None:
    for closed in (True, False):
        language = JsonSchema({"type": "object", "properties": {name: {"const": 1} for name in "abc"}}, closed=closed)
        assert not language.matches(text)


def test_optional_keys_make_a_linear_automaton() -> None:
    def states(count: int) -> int:
        properties = {f"key{i:03d}": {"type": "boolean"} for i in range(count)}
        return JsonSchema({"type": "object", "properties": properties}, closed=True).dfa.num_states

    assert states(64) < 2.2 * states(32) < 5 * states(16)


def test_open_objects_take_other_keys_after_the_declared_ones() -> None:
    language = JsonSchema({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
    assert language.exactness == "verified"
    assert language.matches('{"a":1,"b":[{}],"":null}')
    assert not language.matches('{"b":1,"a":1}')
    assert not language.matches('{"b":1}')
    for again in ('"a"', r'"\u0061"'):
        assert not language.matches('{"a":1,' + again + ":1}"), "a declared key again"
    assert not language.matches('{"a":1,"b":1,"b":2}'), "a free key twice"
    assert not language.matches('{"a":1,"/":1,"\\/":2}'), "a free key twice, spelled differently"
    assert not language.matches('{"a":1,"b":{"c":1,"c":1}}'), "a key twice inside"


def test_additional_properties() -> None:
    numbers = JsonSchema(
        {"properties": {"a": True}, "additionalProperties": {"type": "integer"}, "type": "object"},
        closed=True,
    )
    assert numbers.exactness == "verified"
    assert numbers.matches('{"a":"x","b":1,"c":2}')
    assert not numbers.matches('{"a":"x","b":"y"}')
    none = JsonSchema({"properties": {"a": {"const": 1}}, "additionalProperties": False, "type": "object"})
    assert none.exactness == "exact"
    assert not none.matches('{"b":1}')


def test_closed_speaks_of_objects_that_declare_properties() -> None:
    language = JsonSchema({"properties": {"free": {"type": "object"}, "own": {"properties": {}}}}, closed=True)
    assert language.matches('{"free":{"x":1}}')
    assert not language.matches('{"own":{"x":1}}')
    assert not language.matches('{"other":1}')
    asked = JsonSchema({"type": "object", "properties": {}, "additionalProperties": True}, closed=True)
    assert asked.matches('{"x":1}')


def test_closed_objects_are_closed_together() -> None:
    """Siblings and members of allOf declare the keys of one object."""
    schema = {
        "properties": {"a": True},
        "allOf": [{"properties": {"b": True}}, {"required": ["c"]}],
        "type": "object",
    }
    language = JsonSchema(schema, closed=True)
    assert language.matches('{"a":1,"b":1,"c":1}')
    assert not language.matches('{"a":1,"b":1,"c":1,"d":1}')
    assert not language.matches('{"a":1,"b":1}')


def test_required_names_without_a_schema() -> None:
    language = JsonSchema({"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}})
    assert language.matches('{"x":1,"y":2}')
    assert not language.matches('{"x":"1"}')
    assert not language.matches("{}")


def test_impossible_members() -> None:
    optional = JsonSchema({"type": "object", "properties": {"a": False, "b": {"const": 1}}}, closed=True)
    assert optional.matches("{}")
    assert optional.matches('{"b":1}')
    assert not optional.matches('{"a":1}')
    assert JsonSchema({"type": "object", "properties": {"a": False}, "required": ["a"]}).dfa.is_empty


def test_key_names_are_escaped() -> None:
    name = 'a"\\/\né\U0001f600'
    language = JsonSchema({"type": "object", "properties": {name: {"const": 1}}, "required": [name]}, closed=True)
    assert language.matches(compact({name: 1}))
    assert language.matches(compact({name: 1}).replace("/", "\\/"))
    assert language.matches(compact({name: 1}).replace("\\n", "\\u000A"))


def test_a_name_twice_in_required_counts_once() -> None:
    assert JsonSchema(
        {"type": "object", "properties": {"a": True, "b": True}, "required": ["b", "a"]}, closed=True
    ).matches('{"a":1,"b":1}')


@given(
    st.integers(0, 3), st.none() | st.integers(0, 4), st.lists(st.sampled_from([True, False, {"const": 1}, {"const": 2}]), max_size=3),
    st.none() | st.sampled_from([True, False, {"const": 1}]),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_arrays(low: int, high: int | None, prefix: list[Any], item: Any) -> None:
    schema: dict[str, Any] = {"type": "array", "minItems": low}
    if high is not None:
        schema["maxItems"] = high
    if prefix:
        schema["prefixItems"] = prefix
    if item is not None:
        schema["items"] = item
    language = JsonSchema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    for count in range(6):
        for items in itertools.product([1, 2], repeat=count):
            assert language.matches(compact(list(items))) == judge.is_valid(list(items)), (schema, items)


@pytest.mark.parametrize("text", ["[,]", "[1,]", "[,1]", "[1,,1]", "[1 1]", "[1", "1]", "[[1]]", "[1]]", "[ ]", "(1)"])
def test_array_near_misses(text: str) -> None:
    assert not JsonSchema({"type": "array", "items": {"const": 1}}).matches(text)


def test_arrays_of_older_drafts() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "array", "items": [{"type": "integer"}, {"type": "string"}], "additionalItems": {"type": "null"},
    }  # fmt: skip
    language = JsonSchema(schema)
    judge = jsonschema.Draft7Validator(schema)
    for items in ([], [1], [1, "a"], [1, "a", None, None], [1, "a", 2], ["a"], [1, 1]):
        assert language.matches(compact(items)) == judge.is_valid(items), items


def test_nested_containers() -> None:
    row = {
        "type": "object",
        "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}},
        "required": ["sku"],
    }
    language = JsonSchema({"type": "array", "items": {"type": "array", "items": row, "maxItems": 2}}, closed=True)
    assert language.exactness == "exact"
    assert language.matches('[[{"sku": "a", "n": 1}, {"sku": ""}], []]')
    assert not language.matches('[[{"sku": "a"}, {"sku": ""}, {"sku": ""}]]')


def test_any_json() -> None:
    for schema in (True, {}, {"title": "anything"}):
        language = JsonSchema(schema)
        assert language.exactness == "verified"
        for value in (None, True, -1.5, "x", [], {}, [[1], {"a": [None]}], {"a": {"b": {"c": [1]}}}):
            assert language.matches(json.dumps(value))
        assert not language.matches("nul")
        assert not language.matches('{"a":1,"a":1}')
    assert JsonSchema(False).dfa.is_empty
