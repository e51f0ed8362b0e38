"""From rules to a term: loops where a group of rules is regular, calls that are expanded by depth where it isn't.

For every rule of a strongly connected group (see `_recursion`) one term is made, in which

* a circle of right calls is a `Graph`: node per rule, an edge A --w--> B for A → w B, A --w--> end for A → w;
* a circle of left calls is the same, read from its end;
* a circle of both, as in `expr: expr "+" expr | "-" expr | expr "!" | atom`, is a list of operands between operators:
  with A → A γ A | P A | A S | X, the least solution is  O (γ O)*  with  O = P* X S*;
* a call that was cut stays a `Call` to the rule's definition: the depth that `_expansion` expands.

Other calls within a group are at the same depth, and lead to definitions local to the term.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._calls import calls_of, components
from .._terms import Call, Term, alt, graph, rep, scope, seq
from ._expressions import Rules, refs_of, term_of
from ._recursion import Item, Place, Production, Productions, choose_cuts, circles, position

__all__ = ["definitions_of"]

_MAX_INLINED = 2_000  # productions of a circle written out into one rule


def definitions_of(rules: Rules) -> dict[str, Term]:
    """The term of every rule; calls are to rules, and to what the leaves call."""
    calls = {name: refs_of(rule) for name, rule in rules.items()}
    definitions: dict[str, Term] = {}
    for group in components(list(rules), calls):
        if len(group) == 1 and group[0] not in calls[group[0]]:
            definitions[group[0]] = term_of(rules[group[0]])
        else:
            inside = set(group)
            members = tuple(name for name in rules if name in inside)
            definitions |= _Group(Productions.of_group(rules, members)).definitions()
    return definitions


class _Group:
    """One strongly connected group. A name with a prime is a rule at the depth of the caller."""

    def __init__(self, productions: Productions) -> None:
        self._productions = productions
        self._cut = set(choose_cuts(productions))
        self._entries = {self._called(place) for place in self._cut}
        self._terms: dict[str, Term] = {}
        number = circles(productions, frozenset(self._cut))
        together: dict[int, list[str]] = {}
        for name in productions.of:
            together.setdefault(number[name], []).append(name)
        for names in together.values():
            self._terms |= self._circle(names)

    def definitions(self) -> dict[str, Term]:
        names = {*self._productions.members, *self._entries}
        return {name: self._with_local_rules(self._terms[name]) for name in self._productions.of if name in names}

    def _called(self, place: Place) -> str:
        name, number, index = place
        item = self._productions.of[name][number][index]
        assert isinstance(item, str)
        return item

    def _with_local_rules(self, term: Term) -> Term:
        """The term with the definitions that it needs at its own depth; those called once are written in place."""
        local: dict[str, Term] = {}
        pending = [term]
        while pending:
            for name in sorted(calls_of(pending.pop())):
                if name.endswith("'") and name not in local:
                    local[name] = self._terms[name[:-1]]
                    pending.append(local[name])
        return scope(term, local)

    # -- circles --------------------------------------------------------------------------------------------

    def _circle(self, names: list[str]) -> dict[str, Term]:
        inside = set(names)
        positions = {
            position(production, index) for name in names for production, index in self._inner_calls(name, inside)
        }
        if not positions:
            return {name: self._plain(name) for name in names}
        if "left" not in positions:
            return {name: self._right_linear(name, names) for name in names}
        if "right" not in positions:
            return {name: self._left_linear(name, names) for name in names}
        return self._operators(names) or self._cut_to_left(names)

    def _inner_calls(self, name: str, inside: set[str]) -> Iterable[tuple[Production, int]]:
        for number, production in enumerate(self._productions.of[name]):
            for index, item in enumerate(production):
                if item in inside and (name, number, index) not in self._cut:
                    yield production, index

    def _terms_in(self, name: str, number: int, skipped: int | None = None) -> Term:
        """One production as a term, without the call at `skipped`."""
        production = self._productions.of[name][number]
        return seq(
            *(
                self._item(item, (name, number, index) in self._cut)
                for index, item in enumerate(production)
                if index != skipped
            )
        )

    @staticmethod
    def _item(item: Item, cut: bool) -> Term:
        return item if isinstance(item, Term) else Call(item) if cut else Call(item + "'")

    def _plain(self, name: str) -> Term:
        return alt(*(self._terms_in(name, number) for number in range(len(self._productions.of[name]))))

    def _steps(self, names: list[str]) -> Iterable[tuple[str, str | None, Term]]:
        """The productions of a linear circle: (rule, the rule of the circle that it calls, the rest)."""
        inside = set(names)
        for name in names:
            for number, production in enumerate(self._productions.of[name]):
                called = [
                    index
                    for index, item in enumerate(production)
                    if item in inside and (name, number, index) not in self._cut
                ]
                index = called[0] if called else None
                target = None if index is None else str(production[index])
                yield name, target, self._terms_in(name, number, index)

    def _right_linear(self, start: str, names: list[str]) -> Term:
        node = {name: i + 2 for i, name in enumerate(names)} | {start: 0}
        return graph(
            (node[name], term, 1 if target is None else node[target]) for name, target, term in self._steps(names)
        )

    def _left_linear(self, start: str, names: list[str]) -> Term:
        node = {name: i + 2 for i, name in enumerate(names)} | {start: 1}
        return graph(
            (0 if target is None else node[target], term, node[name]) for name, target, term in self._steps(names)
        )

    # -- both sides -----------------------------------------------------------------------------------------

    def _operators(self, names: list[str]) -> dict[str, Term] | None:
        """The terms of a circle that is a list of operands, or None if it isn't, or is too large to be written so."""
        for centre in names:
            options = self._written_out(centre, set(names))
            if options is None:
                continue
            parts = _sorted_by_ends(options, centre)
            between, before, behind, alone = (
                [seq(*(self._item(found, found == centre) for found in production)) for production in part]
                for part in parts
            )
            operand = seq(rep(alt(*before), 0), alt(*alone), rep(alt(*behind), 0))
            self._entries.add(centre)
            others = {name: self._plain(name) for name in names if name != centre}
            return others | {centre: seq(operand, rep(seq(alt(*between), operand), 0))}
        return None

    def _written_out(self, centre: str, inside: set[str]) -> list[Production] | None:
        """The productions of `centre` with the other rules of its circle written out; None if these have one too."""
        finished: list[Production] = []
        pending: list[tuple[Production, tuple[str, ...]]] = [
            (self._marked(centre, number), ()) for number in range(len(self._productions.of[centre]))
        ]
        while pending:
            production, path = pending.pop()
            place = next((i for i, item in enumerate(production) if item in inside and item != centre), None)
            if place is None:
                finished.append(production)
                continue
            name = str(production[place])
            if name in path or len(finished) + len(pending) > _MAX_INLINED:
                return None
            for number in range(len(self._productions.of[name])):
                written = (*production[:place], *self._marked(name, number), *production[place + 1 :])
                pending.append((written, (*path, name)))
        return list(dict.fromkeys(finished))

    def _marked(self, name: str, number: int) -> Production:
        """A production in which cut calls are terms already."""
        return tuple(
            Call(item) if isinstance(item, str) and (name, number, index) in self._cut else item
            for index, item in enumerate(self._productions.of[name][number])
        )

    def _cut_to_left(self, names: list[str]) -> dict[str, Term]:
        """Calls on the right count as depth too, where nothing better is known: a smaller language, never more."""
        inside = set(names)
        for name in names:
            for number, production in enumerate(self._productions.of[name]):
                for index, item in enumerate(production):
                    if item in inside and position(production, index) in ("right", "alone"):
                        self._cut.add((name, number, index))
                        self._entries.add(str(item))
        number_of = circles(self._productions, frozenset(self._cut))
        together: dict[int, list[str]] = {}
        for name in names:
            together.setdefault(number_of[name], []).append(name)
        terms: dict[str, Term] = {}
        for group in together.values():
            terms |= self._circle(group)
        return terms


def _sorted_by_ends(options: list[Production], centre: str) -> tuple[list[Production], ...]:
    """Productions with `centre` at both ends, at the right one, at the left one, at none; the ends taken off."""
    between: list[Production] = []
    before: list[Production] = []
    behind: list[Production] = []
    alone: list[Production] = []
    for production in options:
        if production == (centre,):
            continue
        left, right = production[:1] == (centre,), production[-1:] == (centre,)
        inner = production[left : len(production) - right]
        (between if left and right else before if right else behind if left else alone).append(inner)
    return between, before, behind, alone

