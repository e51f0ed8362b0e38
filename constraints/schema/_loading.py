"""Reading a schema: from JSON text, a mapping or a boolean to plain JSON values. Knows no keyword."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .._errors import ConstraintError

__all__ = ["load_schema", "pointer_of"]


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
            _check_text(key, path)
            _check_json(member, (*path, key))
    elif isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check_json(item, (*path, i))
    elif not isinstance(value, (int, float, Decimal, type(None))):
        kind = type(value).__name__
        raise ConstraintError(f"not a JSON Schema: at {pointer_of(path)}: {kind} is no JSON type")


def _check_text(value: str, path: tuple[str | int, ...]) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        place = pointer_of(path) or "(root)"
        why = f"{value!r} holds a lone surrogate, which is no text"
        raise ConstraintError(f"not a JSON Schema: at {place}: {why}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return result
