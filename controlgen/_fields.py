"""The fields of a JSON text: which characters write which value.

Knows JSON's surface and JSON pointers. Knows nothing of tokens, models, schemas or documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Field", "Scalar", "escape_pointer", "fields"]

Scalar = str | int | float | bool | None

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_ATOM = re.compile(r"[^\s,:\]\}]+")


@dataclass(frozen=True)
class Field:
    """One scalar of a JSON text.

    Attributes:
        pointer: JSON pointer (RFC 6901); `""` is the root.
        value: the decoded scalar.
        start, end: code-point offsets of the literal in the JSON text, quotes included.
    """

    pointer: str
    value: Scalar
    start: int
    end: int

    @property
    def parent(self) -> str:
        """Pointer of the object or array that holds the field."""
        return self.pointer.rpartition("/")[0]

    @property
    def key(self) -> str:
        """The nearest property name on the way to the field: array indices are skipped."""
        names = [part for part in self.pointer.split("/") if part and not part.isdecimal()]
        return names[-1].replace("~1", "/").replace("~0", "~") if names else ""


def escape_pointer(name: str) -> str:
    """A property name as one reference token of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def fields(text: str) -> list[Field]:
    """Every scalar of a JSON text, in the order of the text.

    Raises:
        ValueError: the text isn't one JSON value.
    """
    found: list[Field] = []
    end = 0
    for item in _value(text, _skip(text, 0), ""):
        if isinstance(item, Field):
            found.append(item)
        else:
            end = item
    if _skip(text, end) != len(text):
        raise ValueError(f"not one JSON value: more text at {end}")
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None  # the pattern matches the empty text
    return match.end()


def _value(text: str, at: int, pointer: str) -> Iterator[Field | int]:
    """Yield the fields of the value at `at`, then the offset of its end."""
    opening = text[at : at + 1]
    if opening == "{":
        yield from _members(text, at, pointer, "}")
    elif opening == "[":
        yield from _members(text, at, pointer, "]")
    elif opening == '"':
        value, end = _DECODER.raw_decode(text, at)
        yield Field(pointer, value, at, end)
        yield end
    else:
        match = _ATOM.match(text, at)
        if match is None:
            raise ValueError(f"a JSON value is expected at {at}")
        yield Field(pointer, json.loads(match[0]), at, match.end())
        yield match.end()


def _members(text: str, at: int, pointer: str, closing: str) -> Iterator[Field | int]:
    """The members of an object (closing `}`) or the items of an array (closing `]`)."""
    at, index = _skip(text, at + 1), 0
    while text[at : at + 1] != closing:
        name = str(index)
        if index:
            at = _skip(text, _expect(text, at, ","))
        if closing == "}":
            key, at = _DECODER.raw_decode(text, _expect(text, at, '"') - 1)
            name = escape_pointer(key)
            at = _skip(text, _expect(text, _skip(text, at), ":"))
        for item in _value(text, at, f"{pointer}/{name}"):
            if isinstance(item, Field):
                yield item
            else:
                at = item
        at, index = _skip(text, at), index + 1
    yield at + 1


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"{mark!r} is expected at {at}")
    return at + 1
