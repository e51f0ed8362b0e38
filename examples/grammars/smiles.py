"""Writes `smiles.lark`: SMILES in which every opened ring digit is closed, as rules per set of open digits.

    python -m examples.grammars.smiles > examples/grammars/smiles.lark

A ring bond must not join an atom with itself, nor two atoms that are bonded already. So a state knows of the open
digits which were opened at the same atom (only one of them is closed at another one), and which at the atom just left
(none of them is closed at the next). Rings cross and nest along a chain. Branches are context-free: one closes the
digits that it opens. A branch that hangs on an open ring is a chain without rings and branches.

Valences are kept by what an atom may carry: "C" up to two of ring digits and branches, "N" and chiral atoms one. Not
covered: "%10", ring bonds but single ones, a digit opened again at the atom that closes it, ".", charges but for nitro
groups, isotopes, "/" and "\\", aromatic atoms but for whole groups (which use the digit 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

DIGITS = (1, 2)
HEADER = """\
// SMILES: branches, and ring digits that are opened and closed exactly. Written by smiles.py, which tells what is kept.
// "open_x1_2" is the way on where the digits 1 and 2 are open, by two atoms; "open_12": by the same one; an "x" stands
// before those of the atom just left."""
TERMINALS = """
KNOT: "N" | "[C@H]" | "[C@@H]"
LINK: "O" | "S" | "S(=O)(=O)" | "C(=O)" | "C=C" | "C#C" | "C=N" | "c9ccc(cc9)" | "c9cc(ccc9)"
CHAIN: ("C" | KNOT | LINK)* ("C" | KNOT | LINK | LAST)
LAST: "F" | "Cl" | "Br" | "I" | "C#N" | "C=O" | "N=O" | "[N+](=O)[O-]" | "c9ccccc9" | "c9ccncc9"
SIDE: "(F)" | "(Cl)" | "(O)" | "(C)"
"""
Digits = frozenset[int]


@dataclass(frozen=True)
class State:
    """What is open: the digits by the atom that opened them; `fresh` are those of the atom just left."""

    groups: frozenset[Digits] = frozenset()
    fresh: Digits = frozenset()

    def __str__(self) -> str:
        parts = [("x" if group == self.fresh else "") + _spelled(group) for group in sorted(self.groups, key=sorted)]
        return "_".join(parts) or "0"

    @property
    def open(self) -> Digits:
        return frozenset().union(*self.groups)

    def settled(self) -> State:
        """The same, an atom later."""
        return State(self.groups)

    def after(self, closed: Digits, opened: Digits) -> State:
        """Behind an atom with these digits."""
        left = {group - closed for group in self.groups} | {opened}
        return State(frozenset(left - {frozenset()}), opened)

    def may_close(self, closed: Digits) -> bool:
        return closed <= self.open - self.fresh and all(len(group & closed) <= 1 for group in self.groups)


def grammar_text(digits: Iterable[int] = DIGITS) -> str:
    """The grammar for these ring digits."""
    usable = frozenset(digits)
    lines = [f"start: {_name(State())}"]
    pending, seen = [State()], {State()}
    while pending:
        here = pending.pop()
        options, onward = _options(here, usable)
        lines.append(f"{_name(here)}: " + "\n    | ".join(options))
        new = [state for state in onward if state not in seen]
        seen.update(new)
        pending += new
    return "\n".join([HEADER, *lines, TERMINALS])


def _options(here: State, usable: Digits) -> tuple[list[str], list[State]]:
    """The right-hand sides of a rule: the next atom with its digits and branches, and the way on; the states behind."""
    ways: dict[State, list[str]] = {here.settled(): ["LINK"]}
    for closed, opened in _choices(usable, here):
        state, count = here.after(closed, opened), len(closed) + len(opened)
        ring = f' "{_spelled(closed)}{_spelled(opened)}"' if count else ""
        atoms = ways.setdefault(state, [])
        atoms += [*_atoms('"C"', ring, 2 - count), *_atoms("KNOT", ring, 1 - count)]
        if before := [*_atoms('"C"', ring, 1 - count), *_atoms("KNOT", ring, -count)]:
            atoms.append(f'({" | ".join(before)}) "(" {"CHAIN" if state.open else _name(State())} ")"')
    last = [] if here.open else ["LAST"]
    last += [atom for state, atoms in ways.items() if not state.open for atom in atoms]
    return [*last, *(f"({' | '.join(atoms)}) {_name(state)}" for state, atoms in ways.items())], list(ways)


def _atoms(atom: str, ring: str, sides: int) -> list[str]:
    """The atom with its digits and up to `sides` branches of one atom; none, if that is negative."""
    return [f"{atom}{ring}{' SIDE' * count}" for count in range(sides + 1)]


def _choices(usable: Digits, here: State) -> Iterator[tuple[Digits, Digits]]:
    """The digits that the next atom closes and opens: two at most."""
    for closed in filter(here.may_close, _subsets(here.open & usable, 2)):
        for opened in _subsets(usable - here.open, 2 - len(closed)):
            yield closed, opened


def _subsets(items: Iterable[int], most: int) -> Iterator[Digits]:
    ordered = sorted(items)
    for size in range(min(most, len(ordered)) + 1):
        yield from map(frozenset, combinations(ordered, size))


def _spelled(digits: Digits) -> str:
    return "".join(map(str, sorted(digits)))


def _name(state: State) -> str:
    return f"open_{state}"


if __name__ == "__main__":
    print(grammar_text(), end="")
