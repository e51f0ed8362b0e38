"""How every leaf of a record relates to its text, in the words of `data.example.KINDS`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def leaf_kinds(schema: dict[str, Any], record: dict[str, Any], text: str) -> dict[str, str]:
    """JSON pointer of every leaf and of every absent member -> its kind. Schemas are those of `_compose`."""
    flat = " ".join(text.split())
    return dict(_walk(schema, record, flat, ""))


def _walk(schema: dict[str, Any], value: Any, text: str, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, child in _properties(schema).items():
            where = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if name in value:
                yield from _walk(child, value[name], text, where)
            else:
                yield where, "absent"
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _walk(_items(schema), item, text, f"{pointer}/{index}")
    else:
        yield pointer, kind_of(schema, value, text)


def kind_of(schema: dict[str, Any], value: Any, text: str) -> str:
    """The kind of one leaf; `text` has its white space collapsed."""
    if value is None:
        return "null"
    if value == "" or value == []:
        return "empty"
    if isinstance(value, bool):
        return "boolean"
    if any("enum" in option for option in (schema, *schema.get("anyOf", ()))):
        return "enum"
    if isinstance(value, int | float):
        return "number" if json.dumps(value) in text else "normalised"
    return "copied" if value in text else "normalised"


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    if "properties" in schema:
        return dict(schema["properties"])
    return next(
        (dict(option["properties"]) for option in schema.get("anyOf", ()) if "properties" in option), {}
    )


def _items(schema: dict[str, Any]) -> dict[str, Any]:
    for option in (schema, *schema.get("anyOf", ())):
        if isinstance(option.get("items"), dict):
            return dict(option["items"])
    return {}
