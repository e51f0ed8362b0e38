"""Rules that call each other in circles: which calls are counted as depth, and how the rest is written without any.

Take a strongly connected group of rules, in plain productions (`Productions`). A call to a rule of the group stands in
its production on the *left* (nothing before it), on the *right* (nothing behind), *alone*, or in the *middle*. Circles
of left calls only, or of right calls only, are loops of a regular language (Chomsky 1959). So a few calls are *cut*:
each crossing of one is one level of depth. What is left has only circles without calls in the middle.

`choose_cuts` picks the calls to cut: those of one rule wherever that is enough (`value` in JSON, `expr` in arithmetic),
so that depth counts what a user would count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .._calls import components
from .._errors import BudgetExceeded
from .._terms import EPSILON, Term
from ._expressions import Cat, Expression, Leaf, Loop, Or, Ref, cat, refs_of, term_of

__all__ = ["Item", "Place", "Production", "Productions", "choose_cuts", "circles", "position"]

Item = Term | str  # a regular part, or a rule of the group
Production = tuple[Item, ...]
Place = tuple[str, int, int]  # a call: rule, number of the production, index in it
Arrows = dict[str, frozenset[str]]

MAX_PRODUCTIONS = 20_000
MAX_COPIES = 200  # of a repetition with a recursive rule inside


@dataclass
class Productions:
    """The productions of a group, with helper rules for choices and loops that call into it.

    Attributes:
        of: rule → its productions; regular parts of neighbours are joined, empty ones left out.
        members: the rules of the group proper, in the order of the grammar.
    """

    members: tuple[str, ...]
    of: dict[str, list[Production]] = field(default_factory=dict)
    _helpers: dict[Expression, str] = field(default_factory=dict)
    _count: int = 0

    @classmethod
    def of_group(cls, rules: dict[str, Expression], members: tuple[str, ...]) -> Productions:
        productions = cls(members)
        for name in members:
            productions._add(name, rules[name])
        return productions

    def calls(self) -> Iterator[tuple[Place, str]]:
        """Every call: its place, and the rule called."""
        for name, options in self.of.items():
            for number, production in enumerate(options):
                for index, item in enumerate(production):
                    if isinstance(item, str):
                        yield (name, number, index), item

    def _add(self, name: str, expression: Expression) -> None:
        options = expression.options if isinstance(expression, Or) else (expression,)
        self.of[name] = []  # before what is inside: a helper may come back to it
        plain = [option for option in options if not self._calls(option)]
        found = dict.fromkeys(self._flat(option) for option in options if self._calls(option))
        if plain:
            term = term_of(Or(tuple(plain)))
            found[() if term == EPSILON else (term,)] = None
        self.of[name] = list(found)
        self._count += len(found)
        if self._count > MAX_PRODUCTIONS:
            raise BudgetExceeded(f"the rules around {self.members[0]} need more than {MAX_PRODUCTIONS:,} productions")

    def _calls(self, expression: Expression) -> bool:
        return not refs_of(expression).isdisjoint(self.members)

    def _flat(self, expression: Expression) -> Production:
        if not self._calls(expression):
            term = term_of(expression)
            return () if term == EPSILON else (term,)
        match expression:
            case Ref(name):
                return (name,)
            case Cat(items):
                return tuple(piece for item in items for piece in self._flat(item))
            case Loop(item, low, high) if (low, high) not in ((0, None), (0, 1)):
                return self._counted(item, low, high)
        return (self._helper(expression),)

    def _counted(self, item: Expression, low: int, high: int | None) -> Production:
        if max(low, high or 0) > MAX_COPIES:
            raise BudgetExceeded(
                f"a repetition of {max(low, high or 0):,} around a rule that embeds itself; at most {MAX_COPIES}"
            )
        if high is None:
            return self._flat(cat(*[item] * low, Loop(item, 0, None)))
        rest: Expression = Leaf(EPSILON)
        for _ in range(high - low):
            rest = Loop(cat(item, rest), 0, 1)
        return self._flat(cat(*[item] * low, rest))

    def _helper(self, expression: Expression) -> str:
        """The rule of a choice, an option or a loop inside a production."""
        if expression not in self._helpers:
            name = f"{self.members[0]}/{len(self._helpers)}"
            self._helpers[expression] = name
            match expression:
                case Loop(item, 0, None):
                    self._add(name, Or((Leaf(EPSILON), item)))
                    self.of[name] = [(name, *production) if production else () for production in self.of[name]]
                case Loop(item, 0, 1):
                    self._add(name, Or((Leaf(EPSILON), *(item.options if isinstance(item, Or) else (item,)))))
                case _:
                    self._add(name, expression)
        return self._helpers[expression]


def position(production: Production, index: int) -> str:
    """Where a call stands: "alone", "left", "right" or "middle"."""
    before, after = index > 0, index + 1 < len(production)
    return "middle" if before and after else "right" if before else "left" if after else "alone"


def circles(productions: Productions, cut: frozenset[Place], *, middle: bool = True) -> dict[str, int]:
    """Which rules reach each other by calls that are not cut: a number per rule, equal within a circle."""
    arrows: dict[str, set[str]] = {name: set() for name in productions.of}
    for place, callee in productions.calls():
        name, number, index = place
        if place not in cut and (middle or position(productions.of[name][number], index) != "middle"):
            arrows[name].add(callee)
    groups = components(list(arrows), {name: frozenset(callees) for name, callees in arrows.items()})
    return {name: number for number, group in enumerate(groups) for name in group}


def choose_cuts(productions: Productions) -> frozenset[Place]:
    """The calls that count as depth: without them no circle has a call in the middle of a production."""
    sideways = circles(productions, frozenset(), middle=False)
    calls_to: dict[str, frozenset[Place]] = {}
    for name in productions.of:
        calls_to[name] = frozenset(
            place
            for place, callee in productions.calls()
            if callee == name and (_is_middle(productions, place) or sideways[place[0]] != sideways[name])
        )
    single = [cut for name in productions.of if not _embedding(productions, cut := calls_to[name])]
    if single:
        return min(single, key=len)
    chosen: frozenset[Place] = frozenset()
    while left := _embedding(productions, chosen):
        chosen |= max(calls_to.values(), key=lambda cut: len(cut & left))
    return chosen


def _is_middle(productions: Productions, place: Place) -> bool:
    name, number, index = place
    return position(productions.of[name][number], index) == "middle"


def _embedding(productions: Productions, cut: frozenset[Place]) -> frozenset[Place]:
    """The calls in the middle that lie on a circle."""
    number = circles(productions, cut)
    return frozenset(
        place
        for place, callee in productions.calls()
        if place not in cut and number[place[0]] == number[callee] and _is_middle(productions, place)
    )
