"""What became of each keyword of a schema: exact, verified, structure, or nothing asked, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .._errors import Reason
from ._keywords import KEYWORDS

__all__ = ["Outcome", "outcomes"]


@dataclass(frozen=True)
class Outcome:
    """What became of one keyword at one place.

    Attributes:
        pointer: JSON pointer of the schema object that it stands in.
        keyword: its name.
        outcome: `exact` (in the automaton), `verified` (the automaton holds a superset, candidates are checked),
            `structure`, `annotation`, or `ignored` (not a keyword of the schema's draft).
        why: the reason where it is not exact.
    """

    pointer: str
    keyword: str
    outcome: str
    why: str = ""


def outcomes(
    read: Iterable[tuple[str, dict[str, Any]]], verified: Iterable[Reason], ignored: Iterable[Reason]
) -> tuple[Outcome, ...]:
    """The outcomes of all schema objects that the compiler has read, in the order of their places."""
    held = {(reason.pointer, reason.keyword): reason.why for reason in verified}
    rows = [Outcome(*place, "verified", why) for place, why in held.items()]
    rows += [Outcome(reason.pointer, reason.keyword, "ignored", reason.why) for reason in ignored]
    known = {(row.pointer, row.keyword) for row in rows}
    rows += [row for row in _plain(read) if (row.pointer, row.keyword) not in known]
    return tuple(sorted(rows, key=lambda row: (row.pointer, row.keyword)))


def _plain(read: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[Outcome]:
    for pointer, keywords in read:
        for name in keywords:
            outcome = KEYWORDS[name].outcome
            yield Outcome(pointer, name, "exact" if outcome.startswith("exact") else outcome)
