"""Schemas with `enum` or `const`: the values that also satisfy everything beside it.

The values are finitely many and known, so each is judged by a validator instead of being intersected as a
language:
exact whatever stands beside, and independent of how a value is spelled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from .._dfa import compile_term
from .._errors import ConstraintError
from ._cases import Case
from ._formats import FORMATS, format_term
from ._keywords import KEYWORDS
from ._refs import Document
from ._values import json_equal, json_type

__all__ = ["given_values"]

_IN_PLACE = frozenset(("type", "enum", "const", "allOf", "anyOf", "oneOf", "$ref"))
_ASSERTIONS = frozenset(
    row.name for row in KEYWORDS.values() if row.outcome in ("exact", "conditional") and row.name not in ("$id", "id")
)


def given_values(case: Case, types: frozenset[str], document: Document) -> list[Any]:
    """The distinct values that every `enum` and `const` of a case allows and every other keyword of it
    accepts."""
    lists = [node.schema["enum"] for node in case if "enum" in node.schema]
    lists += [[node.schema["const"]] for node in case if "const" in node.schema]
    values: list[Any] = []
    for value in min(lists, key=len):
        fits = json_type(value) in types or (json_type(value) == "integer" and "number" in types)
        if fits and all(_contains(given, value) for given in lists) and not _contains(values, value):
            values.append(value)
    for node in case:
        beside = {name: node.schema[name] for name in node.schema if name in _ASSERTIONS - _IN_PLACE}
        if beside and values:
            validator = document.validator(beside, _format_checker())
            try:
                values = [value for value in values if validator.is_valid(value)]
            except RecursionError as error:
                place = node.pointer or "(root)"
                raise ConstraintError(f"at {place}: a schema below refers to itself without end") from error
    return values


def _contains(values: list[Any], value: Any) -> bool:
    return any(json_equal(value, other) for other in values)


@cache
def _format_checker() -> Any:
    """Judges formats by the automata that the strings are held to elsewhere."""
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    for name in FORMATS:
        checker.checks(name)(_judge(name))
    return checker


def _judge(name: str) -> Callable[[object], bool]:
    def judge(value: object) -> bool:
        return not isinstance(value, str) or compile_term(format_term(name)).matches(value.encode("utf-8"))

    return judge
