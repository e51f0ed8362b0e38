"""The right-hand sides of rules: extended BNF over terms.

An `Expression` is a small tree whose leaves are terms (regular parts, written out) and references to rules.
`clean` brings a set of rules into the form that the later stages rely on: every rule that is left is reachable from
the start, has a member, and has one that is not the empty text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._errors import InfeasibleConstraint
from .._terms import EMPTY, EPSILON, Call, Term, alt, rep, seq

__all__ = ["Cat", "Expression", "Leaf", "Loop", "Or", "Ref", "Rules", "cat", "clean", "refs_of", "term_of"]


class Expression:
    """Base class; subclasses are frozen dataclasses."""

    __slots__ = ()


@dataclass(frozen=True)
class Leaf(Expression):
    """A regular part."""

    term: Term


@dataclass(frozen=True)
class Ref(Expression):
    """A rule, by name."""

    name: str


@dataclass(frozen=True)
class Cat(Expression):
    """The items one after the other."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Or(Expression):
    """One of the options."""

    options: tuple[Expression, ...]


@dataclass(frozen=True)
class Loop(Expression):
    """`low` to `high` times the item; None is unbounded."""

    item: Expression
    low: int
    high: int | None


Rules = dict[str, Expression]
NOTHING = Leaf(EPSILON)
NEVER = Leaf(EMPTY)


def cat(*items: Expression) -> Expression:
    """Concatenation: flattened, without empty texts; never, if an item never is."""
    flat = [piece for item in items for piece in (item.items if isinstance(item, Cat) else (item,))]
    if NEVER in flat:
        return NEVER
    flat = [item for item in flat if item != NOTHING]
    return flat[0] if len(flat) == 1 else Cat(tuple(flat)) if flat else NOTHING


def _either(options: list[Expression]) -> Expression:
    flat = dict.fromkeys(
        piece
        for option in options
        for piece in (option.options if isinstance(option, Or) else (option,))
        if piece != NEVER
    )
    return next(iter(flat)) if len(flat) == 1 else Or(tuple(flat)) if flat else NEVER


def _loop(item: Expression, low: int, high: int | None) -> Expression:
    if item == NEVER:
        return NOTHING if low == 0 else NEVER
    return NOTHING if high == 0 or item == NOTHING else item if (low, high) == (1, 1) else Loop(item, low, high)


def refs_of(expression: Expression) -> frozenset[str]:
    """The rules that an expression refers to; kept on the expression."""
    kept = expression.__dict__.get("_refs")
    if kept is None:
        kept = _find_refs(expression)
        object.__setattr__(expression, "_refs", kept)
    return frozenset(kept)


def _find_refs(expression: Expression) -> frozenset[str]:
    match expression:
        case Ref(name):
            return frozenset([name])
        case Cat(items) | Or(items):
            return frozenset().union(*map(refs_of, items))
        case Loop(item):
            return refs_of(item)
    return frozenset()


def term_of(expression: Expression) -> Term:
    """The term of an expression, references as calls."""
    match expression:
        case Leaf(term):
            return term
        case Ref(name):
            return Call(name)
        case Cat(items):
            return seq(*map(term_of, items))
        case Or(options):
            return alt(*map(term_of, options))
        case Loop(item, low, high):
            return rep(term_of(item), low, high)
    raise TypeError(f"not an expression: {expression!r}")


# -- cleaning -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cleaned:
    """Rules in the form above, and the names of those that were taken out."""

    rules: Rules
    unreachable: tuple[str, ...]
    unproductive: tuple[str, ...]


def clean(rules: Rules, start: str) -> Cleaned:
    """Take out what derives no text, what derives the empty text only, and what the start never reaches.

    Raises InfeasibleConstraint, naming the rules, if the start derives no text.
    """
    productive = _least_fixpoint(rules, _derives)
    dead = tuple(name for name in rules if name not in productive)
    if start in dead:
        raise InfeasibleConstraint(f"the grammar has no member: every derivation of {', '.join(dead)} goes on for ever")
    speaking = _least_fixpoint(rules, _says_something)
    replaced: Rules = {name: NOTHING for name in rules if name not in speaking}
    replaced.update((name, NEVER) for name in dead)
    cleaned = {name: _replace(rule, replaced) for name, rule in rules.items() if name not in replaced or name == start}
    reached = {start}
    pending = [start]
    while pending:
        new = refs_of(cleaned[pending.pop()]) - reached
        reached |= new
        pending += sorted(new)
    live = {name: rule for name, rule in cleaned.items() if name in reached}
    return Cleaned(live, tuple(n for n in rules if n not in _reached(rules, start)), dead)


def _reached(rules: Rules, start: str) -> set[str]:
    seen = {start}
    pending = [start]
    while pending:
        new = refs_of(rules[pending.pop()]) - seen
        seen |= new
        pending += new
    return seen


def _least_fixpoint(rules: Rules, holds: Callable[[Expression, set[str]], bool]) -> set[str]:
    """The rules of which a monotone property can be shown."""
    found: set[str] = set()
    while True:
        new = {name for name, rule in rules.items() if name not in found and holds(rule, found)}
        if not new:
            return found
        found |= new


def _derives(expression: Expression, known: set[str]) -> bool:
    match expression:
        case Leaf(term):
            return term != EMPTY
        case Ref(name):
            return name in known
        case Cat(items):
            return all(_derives(item, known) for item in items)
        case Or(options):
            return any(_derives(option, known) for option in options)
        case Loop(item, low, _):
            return low == 0 or _derives(item, known)
    raise TypeError(f"not an expression: {expression!r}")


def _says_something(expression: Expression, known: set[str]) -> bool:
    match expression:
        case Leaf(term):
            return term != EPSILON
        case Ref(name):
            return name in known
        case Cat(items) | Or(items):
            return any(_says_something(item, known) for item in items)
        case Loop(item, _, high):
            return high != 0 and _says_something(item, known)
    raise TypeError(f"not an expression: {expression!r}")


def _replace(expression: Expression, known: dict[str, Expression]) -> Expression:
    match expression:
        case Ref(name):
            return known.get(name, expression)
        case Cat(items):
            return cat(*(_replace(item, known) for item in items))
        case Or(options):
            return _either([_replace(option, known) for option in options])
        case Loop(item, low, high):
            return _loop(_replace(item, known), low, high)
    return expression
