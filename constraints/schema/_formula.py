"""Conditions on a value: conjunctions and disjunctions of atoms, and their cases.

What a schema says of the values of one JSON type becomes a formula. Atoms are frozen dataclasses with a method
`negated()`, which gives a formula again; what they mean is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "FALSE", "TRUE", "All", "Either", "Formula", "TooManyCases", "Watched", "cases_of", "every",
    "negated", "some",
]  # fmt: skip


@dataclass(frozen=True)
class All:
    """Each of these."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Either:
    """At least one of these."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Watched:
    """`body` and `rest`, where `rest` speaks of what `body` has evaluated: denied, the body must be known to hold."""

    body: Formula
    rest: Formula


Formula = Any  # All | Either | Watched | an atom
TRUE = All(())
FALSE = Either(())


def every(parts: Iterable[Formula]) -> Formula:
    """Conjunction, flattened and without repetition."""
    flat: dict[Formula, None] = {}
    for part in parts:
        for piece in part.parts if isinstance(part, All) else (part,):
            if piece == FALSE:
                return FALSE
            flat.setdefault(piece)
    return next(iter(flat)) if len(flat) == 1 else All(tuple(flat))


def some(parts: Iterable[Formula]) -> Formula:
    """Disjunction, flattened and without repetition."""
    flat: dict[Formula, None] = {}
    for part in parts:
        for piece in part.parts if isinstance(part, Either) else (part,):
            if piece == TRUE:
                return TRUE
            flat.setdefault(piece)
    return next(iter(flat)) if len(flat) == 1 else Either(tuple(flat))


def negated(formula: Formula) -> Formula:
    """The opposite, by De Morgan's laws."""
    match formula:
        case All(parts):
            return some(negated(part) for part in parts)
        case Either(parts):
            return every(negated(part) for part in parts)
        case Watched(body, rest):
            return some([negated(body), every([body, negated(rest)])])
        case atom:
            return atom.negated()


class TooManyCases(Exception):
    """A formula has more cases than the limit."""


Case = tuple[Any, ...]


def cases_of(formula: Formula, limit: int, consistent: Callable[[Case], bool]) -> list[Case]:
    """The disjunctive normal form: tuples of atoms. `consistent` prunes tuples that no value satisfies.

    Alternatives that hold by what is already assumed are not branched on. Raises TooManyCases.
    """
    found: dict[frozenset[Any], Case] = {}
    steps = 64 * limit

    def expand(pending: list[Formula], done: dict[Any, None]) -> None:
        nonlocal steps
        steps -= 1
        if len(found) > limit or steps < 0:
            raise TooManyCases
        choices = _settle(pending, done)
        if not consistent(tuple(done)):
            return
        choices = [choice for choice in choices if not any(_holds(option, done) for option in choice.parts)]
        if not choices:
            found.setdefault(frozenset(done), tuple(done))
            return
        first = min(range(len(choices)), key=lambda i: len(choices[i].parts))
        rest = choices[:first] + choices[first + 1 :]
        for option in choices[first].parts:
            expand([option, *rest], dict(done))

    expand([formula], {})
    return _smallest(found)


def _settle(pending: list[Formula], done: dict[Any, None]) -> list[Either]:
    """Take conjunctions apart: atoms go into `done`, in order; the choices that remain."""
    choices = []
    stack = pending[::-1]
    while stack:
        match stack.pop():
            case All(parts):
                stack += reversed(parts)
            case Watched(body, rest):
                stack += (rest, body)
            case Either() as choice:
                choices.append(choice)
            case atom:
                done.setdefault(atom)
    return choices


def _holds(option: Formula, known: dict[Any, None]) -> bool:
    if isinstance(option, All):
        return all(_holds(part, known) for part in option.parts)
    return not isinstance(option, (Either, Watched)) and option in known


def _smallest(found: dict[frozenset[Any], Case]) -> list[Case]:
    """Cases that say more than another one add nothing."""
    if len(found) > 64:
        return list(found.values())
    return [case for atoms, case in found.items() if not any(other < atoms for other in found)]
