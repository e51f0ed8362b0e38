"""What can be said of the values of one JSON type, in atoms that a formula is made of.

Each atom is a frozen dataclass that says what it means, and knows its opposite (`negated`). No atom knows how it is
spelled or compiled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ._document import Claim
from ._formula import FALSE, Formula, every, some

__all__ = [
    "Among", "Compared", "Count", "Declared", "EachKey", "Evaluated", "Has", "HasFormat", "InLanguage", "Item",
    "KeySet", "Length", "Matches", "MultipleOf", "Rest", "SomeKey", "Unevaluated", "Unique", "Value", "WholeSpelling",
    "length_bounds",
]  # fmt: skip


class _Flag:
    """An atom with a field `holds`: its opposite has the other value."""

    __slots__ = ()

    def negated(self) -> Formula:
        return replace(self, holds=not self.holds)  # type: ignore[attr-defined, type-var]


# --- any type


@dataclass(frozen=True)
class Among(_Flag):
    """The value is one of these scalars (all of the type at hand)."""

    values: tuple[Any, ...]
    holds: bool = True


@dataclass(frozen=True)
class Length:
    """Code points of a string, items of an array, members of an object: `low` to `high`."""

    low: int = 0
    high: int | None = None

    def negated(self) -> Formula:
        below = Length(0, self.low - 1) if self.low else FALSE
        above = Length(self.high + 1) if self.high is not None else FALSE
        return some([below, above])


def length_bounds(case: Iterable[Formula]) -> tuple[int, int | None]:
    """What the atoms of a case say of lengths together."""
    lengths = [atom for atom in case if isinstance(atom, Length)]
    low = max((atom.low for atom in lengths), default=0)
    return low, min((atom.high for atom in lengths if atom.high is not None), default=None)


# --- strings


@dataclass(frozen=True)
class Matches(_Flag):
    """A pattern matches somewhere."""

    pattern: str
    pointer: str
    holds: bool = True


@dataclass(frozen=True)
class HasFormat(_Flag):
    """The string is in a format."""

    name: str
    holds: bool = True


@dataclass(frozen=True)
class InLanguage(_Flag):
    """The string is in a language of the table that was passed."""

    name: str
    pointer: str
    holds: bool = True


# --- numbers

_OPPOSITE = {">=": "<", "<": ">=", "<=": ">", ">": "<="}


@dataclass(frozen=True)
class Compared:
    """The number is on this side of a bound; `relation` is one of `>= > <= <`."""

    relation: str
    bound: Decimal

    def negated(self) -> Formula:
        return Compared(_OPPOSITE[self.relation], self.bound)


@dataclass(frozen=True)
class MultipleOf(_Flag):
    """The number is a multiple of `step`; whole numbers are multiples of 1."""

    step: Decimal
    holds: bool = True


@dataclass(frozen=True)
class WholeSpelling(_Flag):
    """Draft 4's integer: a number without fraction and exponent."""

    holds: bool = True


# --- arrays


@dataclass(frozen=True)
class Item:
    """The item at `index`, if there is one, is as claimed."""

    index: int
    claim: Claim

    def negated(self) -> Formula:
        return every([Length(self.index + 1), Item(self.index, self.claim.denied())])


@dataclass(frozen=True)
class Rest:
    """All items from `start` on are as claimed."""

    start: int
    claim: Claim

    def negated(self) -> Formula:
        return Count(self.start, (self.claim.denied(),), 1)


@dataclass(frozen=True)
class Count:
    """`low` to `high` items from `start` on satisfy all claims."""

    start: int
    claims: tuple[Claim, ...]
    low: int
    high: int | None = None

    def negated(self) -> Formula:
        below = replace(self, low=0, high=self.low - 1) if self.low else FALSE
        above = replace(self, low=self.high + 1, high=None) if self.high is not None else FALSE
        return some([below, above])


@dataclass(frozen=True)
class Unique(_Flag):
    """No two items are equal."""

    holds: bool = True


# --- objects


@dataclass(frozen=True)
class Has(_Flag):
    """The property is there."""

    name: str
    holds: bool = True


@dataclass(frozen=True)
class Value:
    """The value of a property, if it is there, is as claimed."""

    name: str
    claim: Claim

    def negated(self) -> Formula:
        return every([Has(self.name), Value(self.name, self.claim.denied())])


@dataclass(frozen=True)
class KeySet:
    """The keys that a pattern matches (if given), that satisfy a claim as strings (if given), and that are none of
    `names` and match none of `patterns`."""

    pattern: str | None = None
    claim: Claim | None = None
    names: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    pointer: str = ""


@dataclass(frozen=True)
class EachKey:
    """Every property whose key is in the set has a value as claimed."""

    keys: KeySet
    claim: Claim

    def negated(self) -> Formula:
        return SomeKey(self.keys, self.claim.denied())


@dataclass(frozen=True)
class SomeKey:
    """Some property whose key is in the set has a value as claimed."""

    keys: KeySet
    claim: Claim

    def negated(self) -> Formula:
        return EachKey(self.keys, self.claim.denied())


@dataclass(frozen=True)
class Declared:
    """Not a condition: whether a schema declares properties and says nothing of others (for `closed`)."""

    says_all: bool

    def negated(self) -> Formula:
        return FALSE


# --- evaluated properties and items


@dataclass(frozen=True)
class Evaluated:
    """Not a condition: what a schema that holds has evaluated, for the `watcher` around it.

    Properties by name and pattern, items before `items` (None: all that there are, properties and items), and items
    that satisfy `item`.
    """

    watcher: tuple[Any, ...]
    names: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    items: int | None = 0
    item: Claim | None = None

    def negated(self) -> Formula:
        return FALSE


@dataclass(frozen=True)
class Unevaluated:
    """Every (`holds`) or not every property or item that is not evaluated is as claimed."""

    watcher: tuple[Any, ...]
    claim: Claim
    holds: bool = True

    def negated(self) -> Formula:
        return replace(self, holds=not self.holds)


