"""Reading a schema: from JSON text, a mapping or a boolean to plain JSON values. Knows no keyword."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .._errors import ConstraintError

__all__ = ["copied_json", "load_schema", "pointer_of"]

MAX_PARTS = 2_000_000


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
        copied: dict[str, Any] = copied_json(dict(source))
        return copied
    raise TypeError(f"a JSON Schema is a dict, a boolean or JSON text, not {type(source).__name__}")


def copied_json(value: Any) -> Any:
    """A copy in which no two places share an object: places are told apart by identity.

    Raises ConstraintError for what JSON can't hold, with its place, and for more than `MAX_PARTS` values.
    """
    count = 0

    def copy(value: Any, path: tuple[str | int, ...]) -> Any:
        nonlocal count
        count += 1
        if count > MAX_PARTS:
            raise ConstraintError(f"the schema has more than {MAX_PARTS:,} parts")
        if isinstance(value, dict):
            for key in value:
                _check_key(key, path)
            return {key: copy(member, (*path, key)) for key, member in value.items()}
        if isinstance(value, list):
            return [copy(item, (*path, i)) for i, item in enumerate(value)]
        _check_scalar(value, path)
        return value

    return copy(value, ())


def _check_key(key: Any, path: tuple[str | int, ...]) -> None:
    if not isinstance(key, str):
        place = pointer_of(path) or "(root)"
        raise ConstraintError(f"not a JSON Schema: at {place}: the key {key!r} is no string")
    _check_text(key, path)


def _check_scalar(value: Any, path: tuple[str | int, ...]) -> None:
    if isinstance(value, str):
        _check_text(value, path)
    elif not isinstance(value, (int, float, Decimal, type(None))):
        kind = type(value).__name__
        raise ConstraintError(f"not a JSON Schema: at {pointer_of(path)}: {kind} is no JSON type")
    elif isinstance(value, (float, Decimal)) and not Decimal(value).is_finite():
        raise ConstraintError(f"not a JSON Schema: at {pointer_of(path)}: {value!r} is no JSON number")


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
