"""Writing an instance in the order of its schema: `properties` as they stand, then those of schemas in place.

Members that no schema names keep their own order, behind the others. Only pointers into the document are followed. The
order is read off the schema as a person would: no validation decides which alternative counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

__all__ = ["in_schema_order"]

_IN_PLACE = ("allOf", "anyOf", "oneOf")
_BRANCHES = ("if", "then", "else")


def in_schema_order(value: Any, schema: Any) -> Any:
    """The same JSON value with the members of its objects in the order of the schema."""
    return _ordered(value, [schema], schema)


def _ordered(value: Any, schemas: list[Any], root: Any) -> Any:
    known = list(_in_place(schemas, root))
    if isinstance(value, dict):
        names = dict.fromkeys(name for schema in known for name in schema.get("properties", {}))
        keys = [*(name for name in names if name in value), *(name for name in value if name not in names)]
        return {key: _ordered(value[key], list(_of_member(key, known)), root) for key in keys}
    if isinstance(value, list):
        return [_ordered(item, list(_of_item(i, known)), root) for i, item in enumerate(value)]
    return value


def _in_place(schemas: list[Any], root: Any) -> Iterator[dict[str, Any]]:
    pending = schemas[::-1]
    seen: set[int] = set()
    while pending:
        schema = pending.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        inner = [_resolved(schema["$ref"], root)] if isinstance(schema.get("$ref"), str) else []
        for name in _IN_PLACE:
            inner += schema[name] if isinstance(schema.get(name), list) else []
        inner += [schema[name] for name in _BRANCHES if name in schema]
        for name in ("dependentSchemas", "dependencies"):
            inner += [*schema[name].values()] if isinstance(schema.get(name), dict) else []
        pending += inner[::-1]


def _of_member(key: str, schemas: list[dict[str, Any]]) -> Iterator[Any]:
    for schema in schemas:
        if key in schema.get("properties", {}):
            yield schema["properties"][key]
        else:
            yield from schema.get("patternProperties", {}).values()
            yield schema.get("additionalProperties")


def _of_item(index: int, schemas: list[dict[str, Any]]) -> Iterator[Any]:
    for schema in schemas:
        first = schema.get("prefixItems", schema.get("items"))
        if isinstance(first, list):
            yield first[index] if index < len(first) else schema.get("additionalItems", schema.get("items"))
        else:
            yield schema.get("items")


def _resolved(reference: str, root: Any) -> Any:
    value = root
    for token in unquote(reference.partition("#")[2]).split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value if reference.startswith("#") else None
