"""The prompt: signatures of schemas, determinism, and that nothing makes the renderer fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen._prompt import MAX_CHARACTERS, SPECIAL_TOKENS, prompt_text, render_schema


def obj(required: str = "", **properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": required.split()}


TEXT = {"type": "string"}
LINE = obj("sku qty", sku=TEXT, qty={"type": "integer"})

CASES = {
    "flat": (obj("a b", a=TEXT, b={"type": "number"}), "{a: string, b: number}"),
    "optional": (obj("", a=TEXT), "{a?: string}"),
    "order": (obj("z a", z=TEXT, a={"type": "boolean"}), "{z: string, a: boolean}"),
    "format": (obj("a", a={"type": "string", "format": "date-time"}), "{a: date-time}"),
    "unknown format": (obj("a", a={"type": "string", "format": "hostname"}), "{a: string}"),
    "enum": (obj("a", a={"enum": ["EUR", "USD", None]}), '{a: "EUR"|"USD"|null}'),
    "null in front": (obj("a", a={"type": ["null", "integer"]}), "{a: integer|null}"),
    "nullable anyOf": (obj("a", a={"anyOf": [TEXT, {"type": "null"}]}), "{a: string|null}"),
    "nullable keyword": (obj("a", a={"type": "string", "nullable": True}), "{a: string|null}"),
    "const": (obj("a", a={"const": "x"}), '{a: "x"}'),
    "array": (obj("a", a={"type": "array", "items": LINE}), "{a: [{sku: string, qty: integer}]}"),
    "array bounds": (obj("a", a={"type": "array", "items": TEXT, "maxItems": 3}), "{a: [string](..3)}"),
    "tuple": ({"type": "array", "prefixItems": [TEXT, {"type": "number"}]}, "[string, number]"),
    "map": ({"type": "object", "additionalProperties": TEXT}, "{[string]: string}"),
    "length": (obj("a", a={"type": "string", "minLength": 3, "maxLength": 3}), "{a: string(3)}"),
    "long length": (obj("a", a={"type": "string", "minLength": 1, "maxLength": 2083}), "{a: string}"),
    "pattern": (obj("a", a={"type": "string", "pattern": "^[A-Z]+$"}), "{a: string/^[A-Z]+$/}"),
    "long pattern": (obj("a", a={"type": "string", "pattern": "x" * 33}), "{a: string}"),
    "bounds": (obj("a", a={"type": "integer", "minimum": 1, "maximum": 5}), "{a: integer(1..5)}"),
    "exclusive": (obj("a", a={"type": "number", "exclusiveMinimum": 0}), "{a: number(>0..)}"),
    "quoted name": (obj("", **{"a b": TEXT, "ü-1": TEXT}), '{"a b"?: string, ü-1?: string}'),
    "description": (
        obj("a b", a={"type": "string", "description": "who  sells"}, b=TEXT),
        "{a: string, // who sells\nb: string}",
    ),
    "untyped": (obj("a b", a={"properties": {"x": {}}}, b={"minimum": 1}), "{a: {x?: any}, b: number(1..)}"),
    "unknown type": ({"type": "date"}, "any"),
    "true": (True, "any"),
    "false": (False, "never"),
    "no schema": (17, "any"),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "expected"), CASES.values(), ids=list(CASES))
def test_signature(schema: object, expected: str) -> None:
    assert render_schema(schema) == expected


def test_references_are_followed_and_recursion_ends() -> None:
    node = obj("name", name=TEXT, kids={"type": "array", "items": {"$ref": "#/$defs/Node"}})
    schema = {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}
    assert render_schema(schema) == "{name: string, kids?: [any]}"
    twice = {
        "$defs": {"L": LINE},
        **obj("a b", a={"$ref": "#/$defs/L"}, b={"allOf": [{"$ref": "#/$defs/L"}]}),
    }
    assert render_schema(twice) == "{a: {sku: string, qty: integer}, b: {sku: string, qty: integer}}"


def test_broken_references_read_any() -> None:
    for reference in ("#/nowhere", "other.json#/a", "#anchor", 3):
        assert render_schema(obj("a", a={"$ref": reference})) == "{a: any}"
    assert render_schema({"$ref": "#"}) == "any"


def test_huge_schemas_stay_bounded_and_keep_their_beginning() -> None:
    schema = obj("", **{f"property_number_{i}": LINE for i in range(3000)})
    rendered = render_schema(schema)
    assert rendered.startswith("{property_number_0?: {sku: string, qty: integer}")
    assert rendered.endswith("...}")
    assert len(rendered) < 2 * MAX_CHARACTERS
    assert len(render_schema({"enum": ["x" * 1000] * 3 + list(range(500))})) < 400


def test_fanning_references_do_not_explode() -> None:
    definitions = {
        f"D{i}": obj("a b", a={"$ref": f"#/$defs/D{i + 1}"}, b={"$ref": f"#/$defs/D{i + 1}"})
        for i in range(40)
    }
    assert len(render_schema({"$defs": definitions, "$ref": "#/$defs/D0"})) < 4 * MAX_CHARACTERS


def test_a_document_cannot_close_its_own_section() -> None:
    for token in SPECIAL_TOKENS:
        text = prompt_text({}, f"before {token} after")
        assert text.count(token) <= 1
        assert f"< {token[1:]}" in text
    assert prompt_text(obj("a", a=TEXT), "hi") == "<|schema|>{a: string}<|text|>hi<|record|>"


KEYWORDS = [
    *(
        "type",
        "properties",
        "items",
        "anyOf",
        "allOf",
        "oneOf",
        "$ref",
        "enum",
        "const",
        "required",
        "format",
    ),
    *("pattern", "minLength", "minimum", "prefixItems", "additionalProperties", "description"),
]
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["string", "object", "array", "#"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=12,
)


@given(junk)
@settings(max_examples=150, deadline=None)
def test_total_and_pure_on_anything(schema: object) -> None:
    before = json.dumps(schema)
    assert render_schema(schema) == render_schema(schema) != ""
    assert json.dumps(schema) == before
