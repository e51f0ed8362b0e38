"""What a program knows about a document: facts, from which schemas and records are composed.

Knows the shape of a fact and how a raw string is read as a typed value (integer, boolean, ISO date, name
and mail address). Knows neither documents nor field names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
NUMBER: dict[str, Any] = {"type": "number"}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
DATE: dict[str, Any] = {"type": "string", "format": "date"}
STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}

MAX_STRING = 110


@dataclass(frozen=True)
class Fact:
    """One thing that the text says (or, with value None, one that it could say and doesn't).

    Facts of one `group` are views of the same thing (a date as written, the same date in ISO form): a
    schema takes one of them at most. `phrases` are ways of naming it, the plainest first; `notes` are
    descriptions, any of which tells exactly what is meant; a fact that is `unclear` is never asked for
    without one.
    """

    group: str
    phrases: tuple[str, ...]
    value: Any
    schema: dict[str, Any] = field(default_factory=lambda: dict(STRING))
    notes: tuple[str, ...] = ()
    unclear: bool = False
    choices: tuple[Any, ...] = ()
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Table:
    """Like rows of facts, one list per row; every row lists the same groups in the same order."""

    phrases: tuple[str, ...]
    rows: tuple[tuple[Fact, ...], ...]


@dataclass(frozen=True)
class Facts:
    """Everything known about one text. `thing` is what the text is about: `package`, `service`, `mail`."""

    thing: str
    single: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()


def text_fact(group: str, value: str | None, *phrases: str, notes: tuple[str, ...] = ()) -> Fact:
    """A string, copied with runs of white space as one space; empty counts as absent."""
    clean = " ".join(value.split()) if value else None
    return Fact(group, phrases or (group,), clean or None, STRING, notes)


def integer_fact(group: str, value: int | None, *phrases: str, notes: tuple[str, ...] = ()) -> Fact:
    return Fact(group, phrases or (group,), value, INTEGER, notes)


def flag_fact(group: str, value: bool | None, *phrases: str, notes: tuple[str, ...] = ()) -> Fact:
    return Fact(group, phrases or (group,), value, BOOLEAN, notes, unclear=bool(notes))


def list_fact(group: str, value: list[str] | None, *phrases: str, notes: tuple[str, ...] = ()) -> Fact:
    return Fact(group, phrases or (group,), value or None, STRINGS, notes)


def choice_fact(group: str, value: str | None, choices: tuple[str, ...], *phrases: str) -> Fact:
    return Fact(group, phrases or (group,), value, STRING, choices=choices)


def date_facts(group: str, raw: str | None, *phrases: str) -> list[Fact]:
    """The date as written and, where it can be read without guessing, the day in ISO form."""
    names = phrases or (group,)
    iso = iso_date(raw) if raw else None
    written = text_fact(group, raw, *names, notes=("as written", "copied as it stands", "verbatim"))
    if raw and iso is None:
        return [written]
    day = Fact(group, names, iso, DATE, ("as YYYY-MM-DD", "ISO date", "day only, ISO 8601"))
    return [day, day, written] if iso != written.value else [day]


_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_MONTH = rf"(?P<m>{'|'.join(_NAMES)})[a-z]*\.?"
_WEEKDAY = r"(?:[a-z]{3,9},?\s+)?"
_CLOCK = r"(?:,|\s+[\d:]{5,8}(?:\s+[A-Z]{3,4})?)?"
_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<n>\d{2})-(?P<d>\d{2})(?!\d)"),
    re.compile(rf"{_WEEKDAY}(?P<d>\d{{1,2}})[ -]{_MONTH}[ ,-]+(?P<y>\d{{4}})(?!\d)", re.I),
    re.compile(rf"{_WEEKDAY}{_MONTH}\s+(?P<d>\d{{1,2}}){_CLOCK}\s+(?P<y>\d{{4}})(?!\d)", re.I),
    re.compile(r"(?P<y>\d{4})/(?P<n>\d{2})/(?P<d>\d{2})(?!\d)"),
)


def iso_date(raw: str) -> str | None:
    """The day that a text begins with, in ISO form, if there is no doubt; zones are not converted."""
    for pattern in _DATES:
        found = pattern.match(raw.strip())
        if found is None:
            continue
        parts = found.groupdict()
        month = int(parts["n"]) if "n" in parts else _MONTHS[parts["m"][:3].lower()]
        try:
            return datetime(int(parts["y"]), month, int(parts["d"])).strftime("%Y-%m-%d")
        except ValueError:
            return None
    return None


_MAILBOX = re.compile(r'\s*"?(?P<name>[^"<>@,;]+?)"?\s*<(?P<mail>[^<>\s@]+@[^<>\s@]+)>\s*')


def mailbox(raw: str) -> tuple[str, str] | None:
    """(name, address) out of `Name <address>`, or None if it is not exactly one such mailbox."""
    found = _MAILBOX.fullmatch(raw)
    return (" ".join(found["name"].split()), found["mail"]) if found else None


def usable(value: Any) -> bool:
    """Short enough to be asked for, and printable."""
    if isinstance(value, str):
        return 0 < len(value) <= MAX_STRING and value.isprintable()
    if isinstance(value, list):
        return 0 < len(value) <= 12 and all(usable(item) for item in value)
    if isinstance(value, float):
        return abs(value) < 1e12
    if isinstance(value, int):
        return abs(value) < 10**12
    return value is None


def choices_of(columns: dict[str, Counter[str]], limit: int = 24) -> dict[str, tuple[str, ...]]:
    """For each key whose values are few, short and come back: those values, as an enumeration offers them."""
    return {
        key: tuple(sorted(values))
        for key, values in columns.items()
        if 2 <= len(values) <= limit and values.total() >= 3 * len(values) and max(map(len, values)) <= 28
    }


def with_choices(facts: Iterable[Fact], choices: dict[str, tuple[str, ...]]) -> list[Fact]:
    """Plain string facts of the groups that have choices, told so."""
    return [
        replace(fact, choices=choices[fact.group])
        if fact.group in choices and fact.schema == STRING
        else fact
        for fact in facts
    ]
