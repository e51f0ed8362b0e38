"""Small vocabulary, constraints and a judge for the tests of the drop-ins."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema

from controlgen.constraints import JsonSchema, TokenAutomaton, Vocabulary

SIZE = 160
STOP, PAD, MASK = 150, 151, 152
"""Ids 0 to 149 are text: printable ASCII and some pieces that JSON has."""

_PIECES = ('{"', '":', '","', '"}', '"]', "[]", "true", "false", "null", '":"', '":{"', '":["', "},", "na", "ag", "e")

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 6},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}
TAGS: dict[str, Any] = {"type": "array", "items": {"enum": ["a", "bc", "true"]}, "minItems": 1, "maxItems": 3}
FLAG: dict[str, Any] = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
LONG: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 60, "maxLength": 72, "pattern": "^[a-z ]*$"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 4}, "maxItems": 2},
    },
    "required": ["name", "tags"],
    "additionalProperties": False,
}
SCHEMAS = (PERSON, TAGS, FLAG)


@cache
def vocabulary() -> Vocabulary:
    """Text, then a stop, a pad and a mask token; a few columns at the end are no tokens."""
    tokens: list[bytes | None] = [bytes([code]) for code in range(32, 127)]
    tokens += [piece.encode() for piece in _PIECES]
    tokens += [None] * (SIZE - len(tokens))
    return Vocabulary.from_bytes(tokens, stop_ids=[STOP], pad_ids=[PAD])


@cache
def _compiled(schema: str) -> TokenAutomaton:
    return JsonSchema(json.loads(schema)).compile(vocabulary())


def constraint(schema: dict[str, Any]) -> TokenAutomaton:
    return _compiled(json.dumps(schema))


def text_of(tokens: list[int]) -> str | None:
    """What stands before the first stop token; None where that is no text."""
    end = tokens.index(STOP) if STOP in tokens else len(tokens)
    try:
        return vocabulary().decode(tokens[:end]).decode()
    except ValueError:
        return None


def is_valid(tokens: list[int], schema: dict[str, Any]) -> bool:
    """By jsonschema, of the text alone."""
    text = text_of(tokens)
    if text is None:
        return False
    try:
        jsonschema.validate(json.loads(text), schema)
    except (json.JSONDecodeError, jsonschema.ValidationError):
        return False
    return True


def share_valid(rows: list[list[int]], schemas: list[dict[str, Any]]) -> float:
    return sum(map(is_valid, rows, schemas)) / len(rows)
