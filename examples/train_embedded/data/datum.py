"""A value as the text shows it, and the ways a schema may ask for it. Knows no particular kind of value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from data import clock, numerals


class Shown(str):
    """A piece of text that stands for a value: noise must leave it alone."""

    __slots__ = ()


@dataclass(frozen=True)
class View:
    """One way to ask for a value: its JSON value, the schema of that, how it relates to the text."""

    value: Any
    schema: dict[str, Any]
    kind: str
    hint: str | None = None  # what the schema's description has to say for the view to be unambiguous
    weight: float = 1.0
    suffix: str = ""  # what the field's name gains, e.g. "currency"


@dataclass(frozen=True)
class Datum:
    """A value: its literal text, its family (values of one family can be mistaken for each other), its views."""

    text: str
    family: str
    views: tuple[View, ...]


@dataclass
class Context:
    """What stays the same within one document: separators, date style, people already met."""

    rng: Random
    numbers: numerals.NumberStyle
    dates: clock.DateStyle
    time: Callable[[Any], str]
    stamp: Callable[[Any], str]
    currency: str
    today: date
    people: dict[str, str] = field(default_factory=dict)

    @classmethod
    def draw(cls, rng: Random) -> Context:
        """The habits of a new document."""
        return cls(
            rng,
            numerals.number_style(rng),
            clock.date_style(rng),
            rng.choices(clock.TIME_CHOICES, clock.TIME_WEIGHTS)[0],
            rng.choices(clock.STAMP_CHOICES, clock.STAMP_WEIGHTS)[0],
            rng.choice(list(numerals.CURRENCIES)) if rng.random() < 0.5 else rng.choice(numerals.SIGNED),
            clock.random_date(rng),
        )


Generator = Callable[[Context], Datum]
STRING = {"type": "string"}


def copied(text: str, family: str, schema: dict[str, Any] | None = None) -> Datum:
    """A string that the record repeats as it stands."""
    return Datum(text, family, (View(text, schema or STRING, "copied"),))
