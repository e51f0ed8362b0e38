"""The schema document: reading it, checking that it is a schema, and resolving references inside it.

References are JSON pointers into the same document; nothing is ever fetched. What keywords mean is not known
here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import unquote

from .._errors import ConstraintError, UnsupportedConstraint

__all__ = ["Document", "Node", "load_schema", "pointer_of"]

DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-07/schema": 7,
    "https://json-schema.org/draft/2019-09/schema": 2019,
    "https://json-schema.org/draft/2020-12/schema": 2020,
    "http://json-schema.org/schema": 2020,
}
_TO_SCHEMA = frozenset(
    (
        *("additionalProperties", "additionalItems", "items", "contains", "not", "if", "then", "else"),
        *("propertyNames", "unevaluatedProperties", "unevaluatedItems", "contentSchema"),
    )
)
_TO_LIST = frozenset(("items", "prefixItems", "allOf", "anyOf", "oneOf"))
_TO_MAP = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"))


@dataclass(frozen=True)
class Node:
    """A schema and where it stands in the document (JSON pointer)."""

    schema: Any
    pointer: str

    def child(self, *tokens: str | int) -> Node:
        """The schema below a path of keys and indices."""
        schema = self.schema
        for token in tokens:
            schema = schema[token]
        return Node(schema, self.pointer + pointer_of(tokens))


def pointer_of(path: Iterable[str | int]) -> str:
    """The JSON pointer of a path."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def load_schema(source: Any) -> dict[str, Any] | bool:
    """A schema from JSON text, a mapping or a boolean. Decimal fractions in a text are kept exactly.

    Raises ConstraintError if a text isn't JSON or has a key twice, TypeError for another kind of source.
    """
    if isinstance(source, (str, bytes)):
        try:
            source = json.loads(
                source, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique_pairs
            )
        except (ValueError, RecursionError) as error:
            raise ConstraintError(f"the schema is not JSON: {error}") from error
        if not isinstance(source, (dict, bool)):
            raise ConstraintError("not a JSON Schema: the text holds neither an object nor a boolean")
    if isinstance(source, bool):
        return source
    if isinstance(source, Mapping):
        schema = source if isinstance(source, dict) else dict(source)
        _check_json(schema, ())
        return schema
    raise TypeError(f"a JSON Schema is a dict, a boolean or JSON text, not {type(source).__name__}")


def _check_json(value: Any, path: tuple[str | int, ...]) -> None:
    """Refuse what JSON can't hold, with its place."""
    if isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                place = pointer_of(path) or "(root)"
                raise ConstraintError(f"not a JSON Schema: at {place}: the key {key!r} is no string")
            _check_json(member, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check_json(item, (*path, i))
    elif not isinstance(value, (str, int, float, Decimal, type(None))):
        kind = type(value).__name__
        raise ConstraintError(f"not a JSON Schema: at {pointer_of(path)}: {kind} is no JSON type")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return result


class Document:
    """A checked schema document.

    Raises:
        ConstraintError: if it isn't a schema; the message names the JSON pointer.
        UnsupportedConstraint: for a `$schema` that names an unknown dialect.
    """

    def __init__(self, root: dict[str, Any] | bool) -> None:
        self.root = root
        self.draft = _draft(root)
        self.check(Node(root, ""))

    def check(self, node: Node) -> None:
        """Check that a node is a schema, by its draft's own meta-schema."""
        try:
            error = next(iter(_meta_validator(self.draft).iter_errors(node.schema)), None)
        except (TypeError, AttributeError) as problem:  # keys that are no strings
            raise ConstraintError(f"not a JSON Schema: {problem}") from problem
        except RecursionError as problem:
            raise ConstraintError("the schema is nested too deeply to be checked") from problem
        if error is not None:
            while error.context:
                error = max(error.context, key=lambda inner: len(inner.absolute_path))
            place = node.pointer + pointer_of(error.absolute_path)
            message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
            raise ConstraintError(f"not a JSON Schema: at {place or '(root)'}: {message}")

    def resolve(self, reference: str, pointer: str) -> Node:
        """The schema that a `$ref` at `pointer` refers to.

        Raises UnsupportedConstraint for another document or an anchor, ConstraintError for a place that
        doesn't exist.
        """
        base, _, fragment = reference.partition("#")
        if base and base != self._identifier():
            raise UnsupportedConstraint.single(
                pointer, "$ref", f"{reference!r} is another document; nothing is fetched"
            )
        if fragment and not fragment.startswith("/"):
            why = f"{reference!r} is an anchor; refer to the schema by a JSON pointer"
            raise UnsupportedConstraint.single(pointer, "$ref", why)
        return self._walk(unquote(fragment), reference, pointer)

    def _identifier(self) -> str | None:
        if isinstance(self.root, bool):
            return None
        identifier = self.root.get("id" if self.draft == 4 else "$id")
        return identifier.rstrip("#") if isinstance(identifier, str) else None

    def _walk(self, fragment: str, reference: str, pointer: str) -> Node:
        value: Any = self.root
        path: list[str | int] = []
        for token in fragment.split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and token in value:
                value = value[token]
                path.append(token)
            elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", token) and int(token) < len(value):
                value = value[int(token)]
                path.append(int(token))
            else:
                raise ConstraintError(f"at {pointer or '(root)'}: $ref {reference!r} refers to nothing")
        node = Node(value, pointer_of(path))
        if not isinstance(value, (dict, bool)):
            raise ConstraintError(f"at {pointer or '(root)'}: $ref {reference!r} refers to no schema")
        if not _is_schema_place(path):
            self.check(node)
        return node

    def validator(self, schema: Any, format_checker: Any) -> Any:
        """A `jsonschema` validator of a schema inside this document, for values known at compile time."""
        return _meta_validator(self.draft).__class__(self.root, format_checker=format_checker).evolve(schema=schema)


def _is_schema_place(path: list[str | int]) -> bool:
    """Whether the meta-schema has already checked this place as a schema."""
    kind = "schema"
    for token in path:
        if kind in ("map", "list"):
            kind = "schema"
        elif token in _TO_MAP:
            kind = "map"
        elif token in _TO_LIST and token not in _TO_SCHEMA:
            kind = "list"
        elif token in _TO_SCHEMA and token != "items":
            kind = "schema"
        else:
            return False
    return kind == "schema"


def _draft(root: dict[str, Any] | bool) -> int:
    if isinstance(root, bool) or "$schema" not in root:
        return 2020
    identifier = str(root["$schema"]).rstrip("#")
    if identifier not in DRAFTS:
        raise UnsupportedConstraint.single(
            "", "$schema", f"unknown dialect {root['$schema']!r}; known: drafts 4 to 2020-12"
        )
    return DRAFTS[identifier]


@cache
def _meta_validator(draft: int) -> Any:
    import jsonschema

    classes = {
        4: jsonschema.Draft4Validator,
        6: jsonschema.Draft6Validator,
        7: jsonschema.Draft7Validator,
        2019: jsonschema.Draft201909Validator,
        2020: jsonschema.Draft202012Validator,
    }
    validator = classes[draft]
    return validator(validator.META_SCHEMA)
