"""Given JSON values (`enum`, `const`): their spellings as terms, and JSON's equality between them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .._terms import EMPTY, Term, json_string, lit, seq
from ._arrays import array_term
from ._numbers import number_value, to_decimal
from ._objects import Member, object_term
from ._whitespace import Whitespace

__all__ = ["json_equal", "json_type", "value_term"]


def value_term(value: Any, whitespace: Whitespace, depth: int, numbers: str) -> Term:
    """The spellings of one JSON value; objects keep the order of their keys.

    Raises ValueError for what JSON can't hold: NaN, infinities, lone surrogates.
    """
    if value is None:
        return lit("null")
    if isinstance(value, bool):
        return lit("true" if value else "false")
    if isinstance(value, str):
        return json_string(lit(value))
    if isinstance(value, dict):
        colon = whitespace.colon()
        pairs = ((key, value_term(member, whitespace, depth + 1, numbers)) for key, member in value.items())
        members = [Member(seq(json_string(lit(key)), colon, term), required=True) for key, term in pairs]
        return object_term(members, whitespace, depth)
    if isinstance(value, list):
        items = [value_term(item, whitespace, depth + 1, numbers) for item in value]
        return array_term(items, EMPTY, len(items), len(items), whitespace, depth)
    return number_value(value, numbers)


def json_type(value: Any) -> str:
    """The JSON Schema type of a value; a number that is whole is an `integer`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((str, "string"), (dict, "object"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "integer" if value == int(value) else "number"


def json_equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: numbers by value, `true` is not 1, objects without regard to order."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    numeric = (int, float, Decimal)
    if isinstance(left, numeric) and isinstance(right, numeric):
        return to_decimal(left) == to_decimal(right)
    return type(left) is type(right) and bool(left == right)
