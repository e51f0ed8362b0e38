"""An independent, strict judge of JSON texts under JSON Schemas. Knows nothing of `controlgen`.

`jsonschema` decides, with these differences, each towards exactness:

* Texts: a key that stands twice, a lone surrogate (raw or escaped), NaN and Infinity are faults.
* Numbers are `int` or `Decimal`, in the schema too; `multipleOf`, `enum`, `const`, `uniqueItems` and bounds are
  exact, of any size.
* `format` is asserted by every checker that `jsonschema` has (its optional packages must be installed);
  `date`, `time` and `date-time` are RFC 3339 to the letter: leap seconds, the year 0000. Names that it has
  no checker for assert nothing.
* `pattern` is searched for in Python's dialect as `jsonschema` does, but `$` is the very end. What `re` can't compile
  (`\\p{L}`) goes to the package `regex`, and `notes` says so.

A reference is looked up in the given registry and among the standard meta-schemas; nothing is fetched.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any

import jsonschema
import regex
from jsonschema import _keywords, _legacy_keywords, _utils
from jsonschema.exceptions import UnknownType, ValidationError, _WrappedReferencingError
from jsonschema.validators import extend, validator_for
from jsonschema_specifications import REGISTRY as STANDARD
from referencing import Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

__all__ = ["DRAFTS", "Judge", "Unjudgeable", "parse"]

DRAFTS: dict[str, Any] = {
    "4": jsonschema.Draft4Validator,
    "6": jsonschema.Draft6Validator,
    "7": jsonschema.Draft7Validator,
    "2019-09": jsonschema.Draft201909Validator,
    "2020-12": jsonschema.Draft202012Validator,
}
_FORMATS = """
    date date-time duration email hostname idn-email idn-hostname ipv4 ipv6 iri iri-reference json-pointer regex
    relative-json-pointer time uri uri-reference uri-template uuid
"""
_missing = set(_FORMATS.split()) - set(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)
if _missing:
    raise ImportError(f"no checker for the formats {sorted(_missing)}: install 'jsonschema[format]'")


class Unjudgeable(ValueError):
    """The schema can't be judged: a reference that leads nowhere, a pattern that nobody compiles, too deep."""


class Judge:
    """Judges texts under one schema.

    Args:
        schema: the schema, as read by `json.loads`.
        registry: URI → schema, for references.
        draft: the draft of schemas without a `$schema` that is known, a key of `DRAFTS`.
        formats: whether `format` asserts.

    Attributes:
        draft: the validator class that judges.
        notes: where a judgement needed more than Python's `re`.
    """

    def __init__(
        self,
        schema: Any,
        *,
        registry: Mapping[str, Any] | None = None,
        draft: str = "2020-12",
        formats: bool = True,
    ) -> None:
        exact = _exact_copy(schema)
        self.draft = validator_for(exact, default=DRAFTS[draft])
        self.notes: set[str] = set()
        if isinstance(exact, dict):
            exact.pop("$schema", None)  # jsonschema would leave the extended class wherever it meets it
        own = specification_with(self.draft.ID_OF(self.draft.META_SCHEMA))
        others = [
            (uri, Resource.from_contents(_exact_copy(other), own)) for uri, other in (registry or {}).items()
        ]
        checker = _format_checker() if formats else None
        self._validator = _exact(self.draft)(exact, registry=STANDARD.with_resources(others), format_checker=checker)
        self.notes.update(_notes(exact))

    def fault(self, text: str) -> str | None:
        """What is wrong with a text, in words, or None."""
        try:
            value = parse(text)
        except ValueError as error:
            return f"not JSON: {error}"
        return self.fault_of_value(value)

    def fault_of_value(self, value: Any) -> str | None:
        """What is wrong with a value that `parse` gave, or None.

        Raises:
            Unjudgeable: if the schema can't be judged.
        """
        try:
            error = next(self._validator.iter_errors(value), None)
        except (Unresolvable, _WrappedReferencingError) as problem:
            raise Unjudgeable(f"reference: {problem}") from None
        except (re.error, regex.error) as problem:
            raise Unjudgeable(f"pattern: {problem}") from None
        except RecursionError:
            raise Unjudgeable("nested too deeply") from None
        except (UnknownType, AttributeError, TypeError, KeyError) as problem:  # not a schema
            raise Unjudgeable(f"not a schema: {type(problem).__name__}: {problem}"[:200]) from None
        if error is None:
            return None
        place = "/".join(str(part) for part in error.absolute_path)
        return f"{error.validator} at /{place}: {error.message[:120]}"

    def valid(self, text: str) -> bool:
        """Whether the text is JSON and valid."""
        return self.fault(text) is None


# -- texts ---------------------------------------------------------------------------------------------------------


def parse(text: str) -> Any:
    """The value of a JSON text, numbers exact. Raises ValueError for anything that is not strictly JSON."""
    try:
        value = json.loads(
            text, parse_float=Decimal, parse_int=_integer, parse_constant=_refuse, object_pairs_hook=_distinct
        )
        _check_strings(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _exact_copy(schema: Any) -> Any:
    return json.loads(json.dumps(schema), parse_float=Decimal, parse_int=_integer)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < 4000 else int(Decimal(digits))  # int() has a limit


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _check_strings(value: Any) -> None:
    if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("a lone surrogate")
    if isinstance(value, dict):
        for key, member in value.items():
            _check_strings(key)
            _check_strings(member)
    elif isinstance(value, list):
        for member in value:
            _check_strings(member)


# -- numbers and equality ------------------------------------------------------------------------------------------


def _parts(number: int | Decimal) -> tuple[int, int]:
    """(m, e) with number = m · 10^e."""
    if isinstance(number, int):
        return number, 0
    sign, digits, exponent = number.as_tuple()
    mantissa = int(Decimal((0, digits, 0)))
    return (-mantissa if sign else mantissa), int(exponent)


def _is_multiple(number: int | Decimal, of: int | Decimal) -> bool:
    (top, top_exponent), (bottom, bottom_exponent) = _parts(number), _parts(of)
    shift = top_exponent - bottom_exponent
    if top == 0 or bottom == 0:
        return top == 0
    if shift >= 0:
        return top * pow(10, shift, abs(bottom)) % abs(bottom) == 0
    if -shift > abs(top).bit_length():  # 10^-shift is greater than the mantissa
        return False
    return top % (abs(bottom) * int(10**-shift)) == 0


def _is_integer(_: Any, value: Any) -> bool:
    if isinstance(value, Decimal):
        return _is_multiple(value, 1)
    return isinstance(value, int) and not isinstance(value, bool)


def _key(value: Any) -> tuple[str, Any]:
    """Equal exactly for equal JSON values, and hashable."""
    if isinstance(value, dict):
        return "object", frozenset((key, _key(member)) for key, member in value.items())
    if isinstance(value, list):
        return "array", tuple(_key(member) for member in value)
    if isinstance(value, bool) or value is None:
        return "literal", str(value)
    return ("string", value) if isinstance(value, str) else ("number", value)


def _multiple_of(_: Any, divisor: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and not _is_multiple(value, divisor):
        yield ValidationError(f"{value} is not a multiple of {divisor}")


def _enum(_: Any, members: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    if _key(value) not in {_key(member) for member in members}:
        yield ValidationError(f"{value!r} is not one of them")


def _const(_: Any, constant: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    if _key(value) != _key(constant):
        yield ValidationError(f"{value!r} is not the constant")


def _unique(_: Any, wanted: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    if wanted is True and isinstance(value, list) and len({_key(member) for member in value}) < len(value):
        yield ValidationError("an item stands twice")


# -- patterns ------------------------------------------------------------------------------------------------------


@cache
def _compiled(pattern: str) -> tuple[Any, str | None]:
    """The pattern with `$` for the very end, and a note if `re` can't read it."""
    source = "".join(
        r"\Z" if part == "$" else part for part in re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", pattern, re.DOTALL)
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # "possible set difference"
            return re.compile(source), None
    except re.error as error:
        return regex.compile(source), f"pattern {pattern!r} is not Python's ({error}): read by the package regex"


def _search(pattern: str, text: str, flags: int = 0) -> Any:
    return _compiled(pattern)[0].search(text)


def _notes(schema: Any) -> Iterator[str]:
    """Notes on the patterns of a schema."""
    if isinstance(schema, list):
        for member in schema:
            yield from _notes(member)
    if isinstance(schema, dict):
        own = schema.get("pattern")
        names = schema.get("patternProperties")
        for pattern in [*([own] if isinstance(own, str) else []), *(names if isinstance(names, dict) else [])]:
            try:
                note = _compiled(pattern)[1]
            except regex.error as error:
                note = f"pattern {pattern!r}: {error}"
            if note:
                yield note
        for member in schema.values():
            yield from _notes(member)


def _rebound(function: Callable[..., Any], names: dict[str, Any]) -> Callable[..., Any]:
    """A copy of a function of `jsonschema` that sees other globals, so that nothing is patched."""
    return FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__, function.__defaults__)


@cache
def _pattern_keywords(modern: bool) -> dict[str, Callable[..., Any]]:
    """The keywords of `jsonschema` that search for patterns, with our search."""
    names: dict[str, Any] = {"re": SimpleNamespace(search=_search), "find_additional_properties": _extras}
    home = _utils if modern else _legacy_keywords
    evaluated = _rebound(home.find_evaluated_property_keys_by_schema, names)
    evaluated.__globals__["find_evaluated_property_keys_by_schema"] = evaluated  # it calls itself
    names["find_evaluated_property_keys_by_schema"] = evaluated
    wanted = [getattr(_keywords, name) for name in ("pattern", "patternProperties", "additionalProperties")]
    keywords = {function.__name__: _rebound(function, names) for function in wanted}
    last = _keywords.unevaluatedProperties if modern else _legacy_keywords.unevaluatedProperties_draft2019
    return {**keywords, "unevaluatedProperties": _rebound(last, names)}


def _extras(instance: Any, schema: Any) -> Iterator[str]:
    """The keys that neither `properties` nor `patternProperties` names."""
    patterns = schema.get("patternProperties", {})
    for key in instance:
        if key not in schema.get("properties", {}) and not any(_search(pattern, key) for pattern in patterns):
            yield key


# -- formats -------------------------------------------------------------------------------------------------------

_TIME = re.compile(
    r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII
)


def _is_date(value: object) -> bool:
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return not isinstance(value, str)
    year, month, day = (int(part) for part in found.groups())
    try:
        date(year or 2000, month, day)  # the year 0000 is a leap year
    except ValueError:
        return False
    return True


def _is_time(value: object) -> bool:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return not isinstance(value, str)
    hour, minute, second, sign, hours, minutes = found.groups("0")
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return second != "60" or (int(hour) * 60 + int(minute) - offset) % 1440 == 1439


def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return value[10:11] in ("T", "t") and _is_date(value[:10]) and _is_time(value[11:])


@cache
def _format_checker() -> jsonschema.FormatChecker:
    """The checkers of the newest draft for all drafts; the class's own mix them up (`time` is draft 3's there)."""
    checker = jsonschema.FormatChecker([])
    checker.checkers = dict(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)
    for name, check in (("date", _is_date), ("time", _is_time), ("date-time", _is_date_time)):
        checker.checks(name)(check)
    return checker


# -- the validators ------------------------------------------------------------------------------------------------


@cache
def _exact(draft: Any) -> Any:
    """A validator class with the keywords above instead of its own, where the draft has them."""
    own: dict[str, Any] = {"multipleOf": _multiple_of, "enum": _enum, "const": _const, "uniqueItems": _unique}
    own |= _pattern_keywords(draft is jsonschema.Draft202012Validator)
    keywords = {name: function for name, function in own.items() if name in draft.VALIDATORS}
    types = draft.TYPE_CHECKER
    if draft is not jsonschema.Draft4Validator:  # there 1.0 is no integer
        types = types.redefine("integer", _is_integer)
    return extend(draft, validators=keywords, type_checker=types)
