"""Schemas for adversaries: small ones that bring every keyword of the front end into play.

Knows JSON Schema only. Each entry is a name, the schema and the white-space policy it is compiled with.
"""

from __future__ import annotations

from typing import Any

__all__ = ["SCHEMAS"]

Schema = dict[str, Any]


def _object(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> Schema:
    names = list(properties) if required is None else required
    return {
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": False,
        **more,
    }


_INTEGER: Schema = {"type": "integer", "minimum": 1, "maximum": 9999}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 12}

_INVOICE = _object(
    {
        "number": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4,6}$"},
        "issued": {"type": "string", "format": "date"},
        "currency": {"enum": ["EUR", "USD", "GBP"]},
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": _object({"sku": _NAME, "qty": _INTEGER, "price": {"type": "number", "minimum": 0}}),
        },
        "paid": {"type": "boolean"},
    }
)

_TREE: Schema = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": _object(
            {"v": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}}
        )
    },
}

_REFERENCES = _object(
    {"a": {"$ref": "#/$defs/name"}, "b": {"$ref": "#/$defs/name"}}, **{"$defs": {"name": _NAME}}
)

SCHEMAS: tuple[tuple[str, Schema, str], ...] = (
    ("null", {"type": "null"}, "compact"),
    ("boolean", {"type": "boolean"}, "default"),
    ("any scalar", {"type": ["integer", "boolean", "null"]}, "default"),
    ("integer from -5 to 12", {"type": "integer", "minimum": -5, "maximum": 12}, "compact"),
    (
        "integer strictly between",
        {"type": "integer", "exclusiveMinimum": 998, "exclusiveMaximum": 1002},
        "compact",
    ),
    ("number between", {"type": "number", "minimum": -0.5, "exclusiveMaximum": 2.25}, "compact"),
    ("number above", {"type": "number", "exclusiveMinimum": 100}, "compact"),
    ("short string", {"type": "string", "maxLength": 3}, "compact"),
    ("string of exactly five", {"type": "string", "minLength": 5, "maxLength": 5}, "compact"),
    ("free string", {"type": "string"}, "compact"),
    ("pattern", {"type": "string", "pattern": "^(?:[a-f]{2}-)+[0-9]\\.é?$"}, "compact"),
    ("unanchored pattern", {"type": "string", "pattern": "q[0-9]", "maxLength": 8}, "compact"),
    ("pattern with quotes", {"type": "string", "pattern": '^"\\\\?[\\n/]"$'}, "compact"),
    ("date", {"type": "string", "format": "date"}, "compact"),
    ("time", {"type": "string", "format": "time"}, "compact"),
    ("date-time", {"type": "string", "format": "date-time"}, "compact"),
    ("email", {"type": "string", "format": "email", "maxLength": 24}, "compact"),
    ("uuid", {"type": "string", "format": "uuid"}, "compact"),
    ("ipv4", {"type": "string", "format": "ipv4"}, "compact"),
    ("enum of everything", {"enum": ["a", 'quote "', 7, -1.5, True, None, [1, 2], {"k": "v"}]}, "default"),
    ("const object", {"const": {"a": [1, {"b": None}], "é": "\n"}}, "indented"),
    ("array of integers", {"type": "array", "items": _INTEGER, "minItems": 2, "maxItems": 4}, "default"),
    ("free array", {"type": "array", "items": {"type": "boolean"}}, "flexible"),
    (
        "prefix items",
        {"type": "array", "prefixItems": [{"type": "boolean"}, _NAME], "items": False, "minItems": 2},
        "default",
    ),
    ("empty object", _object({}), "compact"),
    (
        "required and optional",
        _object({"a": _INTEGER, "b": {"type": "boolean"}, "c": {"type": "null"}}, ["b"]),
        "default",
    ),
    ("all optional", _object({"x": {"type": "boolean"}, "y": {"type": "boolean"}}, []), "flexible"),
    (
        "nested",
        _object({"seller": _object({"name": _NAME, "vat": {"type": ["string", "null"], "maxLength": 4}})}),
        "indented",
    ),
    ("any of", {"anyOf": [_object({"kind": {"const": "a"}, "n": _INTEGER}), {"type": "string"}]}, "default"),
    ("references", _REFERENCES, "compact"),
    ("recursive list", _TREE, "compact"),
    ("invoice", _INVOICE, "default"),
    ("awkward keys", _object({'k"ey': {"type": "null"}, "é\n": {"const": 1}, "a/b": _INTEGER}), "compact"),
)  # fmt: skip
