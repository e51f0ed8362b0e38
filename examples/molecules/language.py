"""SMILES as an exact language: parentheses, ring digits and valences, as a machine over atoms, bonds and digits.

What every member keeps, so that it is a molecule:

* brackets close, and something follows a branch;
* a ring digit is opened once and closed once, by single bonds, and never joins an atom with itself, with the atom
  before it, or with one that it has joined already;
* an atom has no more bonds than its valence; a bracket atom, which has no hidden hydrogens, has all of them.

The letters are those of kekulised SMILES without stereo marks: no aromatic atoms. Left out: ring bonds but single
ones, more than `DIGITS` open rings, branches nested deeper than `DEPTH`, dots. Knows texts; no model, no RDKit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from controlgen.constraints import Language
from controlgen.constraints._terms import Term, alt, graph, lit

__all__ = ["ATOMS", "BONDS", "DEPTH", "DIGITS", "Machine", "smiles"]

DIGITS = 3
DEPTH = 1
ATOMS = {  # bonds of each; a bracket atom has exactly so many
    "C": 4, "N": 3, "O": 2, "F": 1, "[NH+]": 3, "[NH2+]": 2, "[NH-]": 1, "[CH+]": 2, "[CH-]": 2,
}  # fmt: skip
BONDS = {"=": 2, "#": 3}
Digits = frozenset[int]
NONE: Digits = frozenset()


@dataclass(frozen=True)
class Atom:
    """An atom on the way: what it can still bind, and which open digits it must not close.

    Attributes:
        free: bonds that it can still make.
        whole: it has to make them all.
        own: open digits that it opened.
        barred: digits that may not follow it: its own, open ones of the atom before it and of an atom that it has
            joined already, and those that it closed, which RDKit never opens again at the same atom.
    """

    free: int
    whole: bool
    own: Digits = NONE
    barred: Digits = NONE

    @property
    def may_end(self) -> bool:
        return self.free == 0 or not self.whole

    def without(self, digit: int) -> Atom:
        return replace(self, own=self.own - {digit})


@dataclass(frozen=True)
class State:
    """Where a text stands.

    Attributes:
        atom: the last one; None at the very beginning.
        branches: the atoms whose branches are open.
        groups: the open digits, by the atom that opened them.
        bond: order of the bond that is written; 0 for none.
        begins: nothing stands in the branch yet.
        digits: ring digits may follow.
    """

    atom: Atom | None = None
    branches: tuple[Atom, ...] = ()
    groups: frozenset[Digits] = frozenset()
    bond: int = 0
    begins: bool = False
    digits: bool = False

    @property
    def open(self) -> Digits:
        return frozenset().union(*self.groups)

    @property
    def may_end(self) -> bool:
        return self._complete and not self.branches and not self.groups

    @property
    def _complete(self) -> bool:
        """Whether the last atom may be the last of its chain: nothing is begun, no branch stands at the end."""
        return self.atom is not None and self.digits and not self.bond and not self.begins and self.atom.may_end


class Machine:
    """The machine: from a state, every letter that may follow and the state behind it."""

    def __init__(self, digits: int = DIGITS, depth: int = DEPTH) -> None:
        self.digits, self.depth = frozenset(range(1, digits + 1)), depth

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        """Letters and states."""
        yield from self._atoms(state)
        atom = state.atom
        if atom is None:
            return
        if not state.bond:
            for letter, order in BONDS.items():
                if atom.free >= order:
                    yield letter, replace(state, bond=order, digits=False)
        if state.digits:
            yield from self._rings(state)
        if not (state.bond or state.begins):
            if atom.free >= 2 and len(state.branches) < self.depth:
                yield (
                    "(",
                    replace(state, branches=(*state.branches, replace(atom, barred=NONE)), begins=True, digits=False),
                )
            if state.branches and state.digits and atom.may_end:
                yield ")", self._closed(state)

    def _atoms(self, state: State) -> Iterator[tuple[str, State]]:
        before, order = state.atom, state.bond or 1
        for letter, valence in ATOMS.items():
            whole = letter.startswith("[")
            if before is None:
                yield letter, State(Atom(valence, whole), digits=True)
                continue
            left = replace(before, free=before.free - order)
            if left.free < 0 or valence < order or not (state.begins or left.may_end):
                continue
            branches = (*state.branches[:-1], left) if state.begins else state.branches
            atom = Atom(valence - order, whole, barred=before.own)
            yield letter, State(atom, branches, state.groups, digits=True)

    def _rings(self, state: State) -> Iterator[tuple[str, State]]:
        atom = state.atom
        assert atom is not None
        if not atom.free:
            return
        bound = replace(atom, free=atom.free - 1)
        for digit in state.open - atom.barred:
            group = next(group for group in state.groups if digit in group)
            rest = group - {digit}
            groups = frozenset({*state.groups - {group}, *({rest} if rest else ())})
            joined = replace(bound, barred=bound.barred | group)
            branches = tuple(one.without(digit) for one in state.branches)
            yield str(digit), replace(state, atom=joined.without(digit), branches=branches, groups=groups)
        free = self.digits - state.open - atom.barred
        if free:
            digit = min(free)
            own = atom.own | {digit}
            groups = frozenset({*(state.groups - {atom.own}), own})
            opened = replace(bound, own=own, barred=bound.barred | {digit})
            yield str(digit), replace(state, atom=opened, groups=groups)

    def _closed(self, state: State) -> State:
        """Behind a branch; the atom that it hangs on goes on, and takes no digits any more."""
        return replace(state, atom=state.branches[-1], branches=state.branches[:-1], digits=False)


def smiles(digits: int = DIGITS, depth: int = DEPTH) -> Language:
    """The language."""
    return Language(_term(Machine(digits, depth)))


def _term(machine: Machine) -> Term:
    ways = _explored(machine)
    kinds = _merged(ways)
    edges: dict[tuple[int, int], list[Term]] = {}
    for state, onward in ways.items():
        here = kinds[state]
        if state.may_end:
            edges[_node(here), 1] = [lit("")]
        for letter, following in onward:
            among = edges.setdefault((_node(here), _node(kinds[following])), [])
            if lit(letter) not in among:
                among.append(lit(letter))
    return graph((source, alt(*letters), target) for (source, target), letters in edges.items())


def _node(kind: int) -> int:
    """Node 0 is the start, which is the first kind; 1 is the end."""
    return kind + 1 if kind else 0


def _explored(machine: Machine) -> dict[State, list[tuple[str, State]]]:
    """All states that can be reached, the first one first, and where they lead."""
    ways: dict[State, list[tuple[str, State]]] = {}
    pending = [State()]
    while pending:
        state = pending.pop()
        if state not in ways:
            ways[state] = list(machine.steps(state))
            pending += [following for _, following in ways[state] if following not in ways]
    return ways


def _merged(ways: dict[State, list[tuple[str, State]]]) -> dict[State, int]:
    """States that differ in nothing that may follow have one number (Moore's partition refinement)."""
    kinds = {state: int(state.may_end) for state in ways}
    while True:
        known: dict[tuple[int, frozenset[tuple[str, int]]], int] = {}
        refined = {
            state: known.setdefault(
                (kinds[state], frozenset((letter, kinds[following]) for letter, following in onward)), len(known)
            )
            for state, onward in ways.items()
        }
        if len(known) == len(set(kinds.values())):
            return refined
        kinds = refined
