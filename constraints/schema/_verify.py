"""The verifier of schemas that no finite automaton holds: strict JSON, then `jsonschema`.

It shares nothing with the automaton but the reading of patterns and formats, which are ECMA-262's and this package's
and not those of `jsonschema`'s environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterator
from decimal import Decimal
from types import FunctionType, SimpleNamespace
from typing import Any

from ._document import Document
from ._formats import FORMATS, VERIFIED_FORMATS, format_term
from ._languages import LANGUAGE
from ._strings import matches_text

__all__ = ["SchemaVerifier", "has_distinct_keys"]


class SchemaVerifier:
    """Whether a text is strict JSON (no key twice, no lone surrogate) and valid under a document's root schema."""

    def __init__(self, document: Document, pattern: Callable[[str], Any], *, formats: bool) -> None:
        self._document = document
        self._pattern = pattern
        self._formats = formats
        self._validator: Any = None

    def __call__(self, text: str) -> bool:
        try:
            value = json.loads(
                text, object_pairs_hook=_distinct, parse_float=Decimal, parse_constant=_no_constant
            )
            _check_encodable(value)
            if self._validator is None:
                self._validator = self._document.validator(self._extended, self._format_checker())
            return bool(self._validator.is_valid(value))
        except (ValueError, RecursionError, re.error):
            return False

    def _extended(self, validator: Any, draft: int) -> Any:
        """The draft's validator with patterns as ECMA-262 reads them and exact decimals."""
        from jsonschema.validators import extend

        known = validator.VALIDATORS
        own = {
            "pattern": self._check_pattern,
            "patternProperties": self._check_pattern_properties,
            "additionalProperties": self._check_additional_properties,
            "multipleOf": _check_multiple,
            "uniqueItems": _check_unique,
        }
        if draft >= 2020:
            own["unevaluatedProperties"] = self._unevaluated_properties()
        own = {name: check for name, check in own.items() if name in known}
        if self._document.languages:
            own[LANGUAGE] = self._check_language
        types = validator.TYPE_CHECKER.redefine("number", _is_number)
        if draft > 4:
            types = types.redefine("integer", _is_whole)
        return extend(validator, own, type_checker=types)

    def _unevaluated_properties(self) -> Callable[..., Any]:
        """The check of `jsonschema`, with our search for patterns; a copy, so that nothing is patched."""
        from jsonschema import _keywords, _utils

        names: dict[str, Any] = {"re": SimpleNamespace(search=lambda p, key: matches_text(self._pattern(p), key))}
        evaluated = _rebound(_utils.find_evaluated_property_keys_by_schema, names)
        names["find_evaluated_property_keys_by_schema"] = evaluated
        evaluated.__globals__.update(names)  # it calls itself
        return _rebound(_keywords.unevaluatedProperties, names)

    def _check_pattern(self, _: Any, pattern: str, value: Any, __: Any) -> Iterator[Any]:
        from jsonschema import ValidationError

        if isinstance(value, str) and not matches_text(self._pattern(pattern), value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    def _check_language(self, _: Any, name: str, value: Any, __: Any) -> Iterator[Any]:
        from jsonschema import ValidationError

        if isinstance(value, str) and not self._document.languages[name].matches(value):
            yield ValidationError(f"{value!r} is not in the language {name!r}")

    def _check_pattern_properties(self, validator: Any, patterns: Any, value: Any, _: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for pattern, schema in patterns.items():
                for key, member in value.items():
                    if matches_text(self._pattern(pattern), key):
                        yield from validator.descend(member, schema, path=key, schema_path=pattern)

    def _check_additional_properties(self, validator: Any, others: Any, value: Any, schema: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            patterns = [self._pattern(pattern) for pattern in schema.get("patternProperties", {})]
            for key, member in value.items():
                if key not in schema.get("properties", {}) and not any(matches_text(p, key) for p in patterns):
                    yield from validator.descend(member, others, path=key)

    def _format_checker(self) -> Any:
        import jsonschema

        checker = jsonschema.FormatChecker(formats=())
        if self._formats:
            for name in FORMATS:
                checker.checks(name)(_in_term(name))
            for name, verified in VERIFIED_FORMATS.items():
                checker.checks(name)(_passes(verified.check))
        return checker


def _rebound(function: Any, names: dict[str, Any]) -> Callable[..., Any]:
    return FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__, function.__defaults__)


def _check_unique(_: Any, wanted: bool, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if wanted and isinstance(value, list) and len({_key(item) for item in value}) < len(value):
        yield ValidationError(f"{value!r} has an item twice")


def _key(value: Any) -> Hashable:
    """Equal for equal JSON values: numbers by value, `true` is not 1, objects without regard to order."""
    if isinstance(value, dict):
        return ("object", frozenset((name, _key(member)) for name, member in value.items()))
    if isinstance(value, list):
        return ("array", tuple(_key(item) for item in value))
    return (isinstance(value, bool), value)


def _is_number(_: Any, value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _is_whole(_: Any, value: Any) -> bool:
    return _is_number(_, value) and value == int(value)


def _check_multiple(_: Any, step: Any, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        (p, q), (a, b) = value.as_integer_ratio(), Decimal(str(step)).as_integer_ratio()
        if (p * b) % (a * q):
            yield ValidationError(f"{value!r} is not a multiple of {step!r}")


def _in_term(name: str) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or matches_text(format_term(name), value)


def _passes(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)


def has_distinct_keys(text: str) -> bool:
    """Whether a text is JSON in which no object has a key twice."""
    try:
        json.loads(text, object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        return False
    return True


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("an object has a key twice")
    return result


def _check_encodable(value: Any) -> None:
    """Raise UnicodeEncodeError, a ValueError, for a lone surrogate."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for item in value:
            _check_encodable(item)
    elif isinstance(value, dict):
        for key, member in value.items():
            key.encode()
            _check_encodable(member)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
