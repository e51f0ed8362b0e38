"""What one training example is. Knows the shape of the data and nothing about how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# How a leaf of the record relates to the text; pointers of absent members are listed too.
KINDS = ("copied", "normalised", "number", "enum", "boolean", "const", "null", "absent", "empty")


@dataclass(frozen=True)
class Example:
    """A document, the schema asked of it and the one right record.

    `kinds` maps the JSON pointer of every leaf (and of every absent member) to one of `KINDS`:
    "copied" strings stand literally in the text, "number" is a number written as JSON writes it, "normalised"
    a date, time or number that the text writes otherwise.
    """

    schema: dict[str, Any]
    text: str
    record: dict[str, Any]
    template: str
    kinds: dict[str, str]
