"""Texts made of keys and values: headers, settings, properties.

Knows three syntaxes (`Key: value`, `key = value`, `key value`) and how a raw value gives typed views of
itself. Which files are of this kind is in `_keyed_sources`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ._facts import (
    NUMBER,
    STRINGS,
    Fact,
    date_facts,
    flag_fact,
    integer_fact,
    iso_date,
    list_fact,
    mailbox,
    text_fact,
)
from ._names import SYNONYMS, words_of

_COLON = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9_./() -]{0,40}?)[ \t]*:(?:[ \t]+(?P<value>.*))?")
_EQUALS = re.compile(r"(?:export )?(?P<key>[A-Za-z_@][A-Za-z0-9_.\[\]@/-]{0,60})[ \t]*=[ \t]*(?P<value>.*)")
_SPACE = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_.-]{1,40})[ \t]+(?P<value>\S.*)")
_QUOTED = re.compile(r"""(["'])(?P<inner>[^"'\\]*)\1[;,]?""")
SYNTAXES = {"colon": _COLON, "equals": _EQUALS, "space": _SPACE}

_TRUE, _FALSE = {"yes", "true", "on"}, {"no", "false", "off"}
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,11})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,8})\.\d{1,6}")
_AMOUNT = re.compile(
    r"(?P<n>(?:0|[1-9]\d{0,11}))\s?(?P<unit>kB|KB|MB|GB|KiB|MiB|K|M|G|bytes|ms|s|sec|px|pt|%)"
)
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._+-]*)")


@dataclass(frozen=True)
class Entry:
    """A key, its value (continuation lines joined, quotes taken off) and the lines it stands on."""

    key: str
    value: str
    lines: tuple[str, ...]


def entries(text: str, syntax: str, comments: str = "#;!%") -> Iterator[Entry]:
    """The entries of a text in order; comments and other lines go with the entry that follows them."""
    pattern = SYNTAXES[syntax]
    pending: list[str] = []
    current: tuple[str, str] | None = None
    for line in text.splitlines():
        continued = current is not None and line[:1] in (" ", "\t") and line.strip() and syntax == "colon"
        found = None if continued or line[:1] in comments else pattern.fullmatch(line.rstrip())
        if continued and current is not None:
            current = (current[0], f"{current[1]} {line.strip()}".strip())
            pending.append(line)
            continue
        if current is not None and (found is not None or not line.strip() or line[:1] in comments):
            yield Entry(current[0], _bare(current[1]), tuple(pending))
            current, pending = None, []
        if found is not None:
            current = (found["key"].strip(), (found["value"] or "").strip())
        pending.append(line)
    if current is not None:
        yield Entry(current[0], _bare(current[1]), tuple(pending))


def _bare(value: str) -> str:
    found = _QUOTED.fullmatch(value.strip())
    return found["inner"].strip() if found else value.strip()


def phrases_of(key: str) -> tuple[str, ...]:
    """The ways to name a key: its own words first, then the synonyms of the notion it stands for."""
    words = words_of(key)
    notion = {"url": "home page", "homepage": "home page", "licence": "license"}.get(words, words)
    return tuple(dict.fromkeys((words, *SYNONYMS.get(notion, ()))))


def views(key: str, value: str, separator: str | None = None) -> list[Fact]:
    """Every typed reading of one key's value; `separator` splits it into a list."""
    phrases, group = phrases_of(key), words_of(key)
    if not value:
        return [Fact(group, phrases, None)]
    if separator is not None:
        return _list_views(group, phrases, value, separator)
    lowered = value.lower()
    if lowered in _TRUE | _FALSE:
        flag = flag_fact(group, lowered in _TRUE, *phrases)
        return [flag, flag, text_fact(group, value, *phrases)]
    if _INTEGER.fullmatch(value):
        return [integer_fact(group, int(value), *phrases)] * 3 + [text_fact(group, value, *phrases)]
    if _NUMBER.fullmatch(value) and not value.endswith("0") and "version" not in group:
        return [Fact(group, phrases, float(value), NUMBER), text_fact(group, value, *phrases)]
    amount = _AMOUNT.fullmatch(value)
    if amount:
        bare = integer_fact(group, int(amount["n"]), *phrases, notes=("the number alone", "without unit"))
        return [bare, bare, text_fact(group, value, *phrases, notes=("with its unit", "as written"))]
    if iso_date(value):
        return date_facts(group, value, *phrases)
    return _mailbox_views(group, phrases, value) or [text_fact(group, value, *phrases)]


def _list_views(group: str, phrases: tuple[str, ...], value: str, separator: str) -> list[Fact]:
    parts = [" ".join(part.split()) for part in re.split(separator, value)]
    parts = [part for part in parts if part]
    whole = text_fact(group, value, *phrases, notes=("as one string", "unsplit, as written"))
    return [list_fact(group, parts, *phrases)] * 3 + ([whole] if len(parts) > 1 else [])


def _mailbox_views(group: str, phrases: tuple[str, ...], value: str) -> list[Fact]:
    box = mailbox(value)
    if box is None:
        return []
    name, mail = box
    stem = group.removesuffix(" email")
    given = tuple(dict.fromkeys((f"{stem} name", *(SYNONYMS.get(stem, ())))))
    return [
        text_fact(f"{stem} name", name, *given, notes=("name only", "without the address")),
        text_fact(
            f"{stem} mail", mail, f"{stem} email", f"{stem} mail", f"{stem} address", notes=("address only",)
        ),
        Fact(group, phrases, value, notes=("name and address", "with name and address"), unclear=True),
    ]


def repeated(key: str, values: list[str]) -> list[Fact]:
    """A key that may stand on many lines, as a list."""
    phrases = phrases_of(key)
    plural = tuple(phrase if phrase.endswith("s") else f"{phrase}s" for phrase in phrases)
    return [Fact(words_of(key), plural, values or None, STRINGS)]


def requirement_names(values: list[str]) -> list[str]:
    """Package names without versions, extras and conditions, each once."""
    found = [_REQUIREMENT.match(value) for value in values]
    return list(dict.fromkeys(match["name"] for match in found if match))
