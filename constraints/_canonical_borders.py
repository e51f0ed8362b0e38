"""Where a pre-tokenizer cuts a text: an automaton that reads characters with marks "a piece begins here".

Each *stage* (a split by a pattern) is followed by a nondeterministic but unambiguous automaton. Its state is a match
in progress (threads, best first) and the threads that must *not* match any more. Where a match may end, the automaton
guesses: it ends here, and what had priority joins the forbidden threads; or it does not, and only what had priority
goes on. Stages follow each other inside the pieces of those before: a piece's end is a text's end for the later stages.

Subsets of these states, tabulated as needed, are what the product with a token automaton reads (`Borders`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._canonical_pattern import CODE_POINTS, Item, Program

__all__ = ["DEAD", "START", "Borders", "TooManyBorders"]

_MOST_STATES = 20_000

DEAD = -1
START = 0  # the subset before the first character


class TooManyBorders(Exception):
    """The stages have more states than are worth it."""


@dataclass(frozen=True)
class _Match:
    """A stage inside a match (`threads`), or between two (None); `forbidden` must never match."""

    threads: tuple[Item, ...] | None
    forbidden: frozenset[Item]


class _Stage:
    """One split: pieces are the matches of a program, and what lies between them."""

    def __init__(self, program: Program, atoms: list[int]) -> None:
        self._program = program
        self._atoms = atoms  # of each set of the program: bit a, whether it holds atom a
        self._start = self._closed([(program.start, 0)])

    def _closed(self, entries: Iterable[Item]) -> tuple[Item, ...]:
        out: list[Item] = []
        seen: set[Item] = set()
        for entry, mask in entries:
            self._program.closure(entry, mask, self._atoms, out, seen)
            if out and self._is_match(out[-1]) and not out[-1][1]:
                break  # it matches whatever comes: what is behind never counts
        return tuple(out)

    def _is_match(self, item: Item) -> bool:
        return bool(self._program.code[item[0]][0] == "match")

    def _step(self, items: Iterable[Item], atom: int) -> tuple[Item, ...]:
        code = self._program.code
        return self._closed(
            (code[entry][2], 0)
            for entry, mask in items
            if code[entry][0] == "char" and self._atoms[code[entry][1]] >> atom & 1 and not mask >> atom & 1
        )

    def _forbid(self, items: Iterable[Item], atom: int) -> frozenset[Item] | None:
        """The forbidden threads after a character; None if one of them matches."""
        found: set[Item] = set()
        code = self._program.code
        for entry, mask in items:
            if code[entry][0] == "match":
                if not mask >> atom & 1:
                    return None
            else:
                found.update(self._step([(entry, mask)], atom))
        return None if any(self._is_match(item) and not item[1] for item in found) else frozenset(found)

    def begin(self, atom: int, forbidden: Iterable[Item] = ()) -> list[_Match]:
        """A new piece begins with this character: a match, or a stretch without."""
        found = []
        threads, forbid = self._step(self._start, atom), self._forbid(forbidden, atom)
        if threads and forbid is not None:
            found.append(_Match(threads, forbid))
        forbid = self._forbid([*forbidden, *self._start], atom)
        if forbid is not None:
            found.append(_Match(None, forbid))
        return found

    def go_on(self, state: _Match, atom: int) -> list[_Match]:
        """The piece goes on with this character."""
        if state.threads is None:
            forbid = self._forbid([*state.forbidden, *self._start], atom)
            return [] if forbid is None else [_Match(None, forbid)]
        better, _ = self._until_match(state.threads, atom)
        threads, forbid = self._step(better, atom), self._forbid(state.forbidden, atom)
        return [_Match(threads, forbid)] if threads and forbid is not None else []

    def cut(self, state: _Match, atom: int) -> list[_Match]:
        """The piece ends, and the next begins with this character."""
        if state.threads is None:  # between matches: only a match ends the stretch
            return [match for match in self.begin(atom, state.forbidden) if match.threads is not None]
        better, ends = self._until_match(state.threads, atom)
        return self.begin(atom, [*state.forbidden, *better]) if ends else []

    def may_end(self, state: _Match) -> bool:
        """Whether the text may end here."""
        if any(self._is_match(item) for item in state.forbidden):
            return False
        return state.threads is None or any(map(self._is_match, state.threads))

    def _until_match(self, threads: tuple[Item, ...], atom: int) -> tuple[list[Item], bool]:
        """The threads before the first one that matches if `atom` comes next, and whether there is one."""
        for place, item in enumerate(threads):
            if self._is_match(item) and not item[1] >> atom & 1:
                return list(threads[:place]), True
        return list(threads), False


_State = tuple[_Match, ...]  # of each stage; () before the first character


class Borders:
    """The stages together, by subsets of their states: subset `START` is before the text, `anywhere` knows nothing.

    Attributes:
        anywhere: the subset of all states after some text.
        trivial: there are no stages, so a text is one piece.
    """

    def __init__(self, programs: list[Program]) -> None:
        sets = [characters for program in programs for characters in program.sets]
        self._atom_of, self.num_atoms, atoms = _atoms_of(sets)
        self._stages = []
        for program in programs:
            self._stages.append(_Stage(program, atoms[: len(program.sets)]))
            atoms = atoms[len(program.sets) :]
        self.trivial = not programs
        self._numbers: dict[_State, int] = {(): 0}
        self._states: list[_State] = [()]
        self._moves: dict[tuple[int, int, bool], tuple[int, ...]] = {}
        self._subsets: dict[frozenset[int], int] = {frozenset([0]): START}
        self._members: list[frozenset[int]] = [frozenset([0])]
        self._steps: dict[tuple[int, int, int], int] = {}
        self.anywhere = self._explore()

    def atoms(self, text: str) -> tuple[int, ...]:
        """The characters of a text as atoms: characters that no pattern tells apart are one."""
        return tuple(int(self._atom_of[ord(character)]) for character in text)

    def walk(self, subset: int, atoms: tuple[int, ...], *, within: bool, cut: bool) -> int:
        """The subset after one token's characters, where no piece begins inside the token.

        Args:
            within: the token may stand within a piece.
            cut: a piece may begin with it.
        """
        for place, atom in enumerate(atoms):
            subset = self._step(subset, atom, (within or place > 0) + 2 * (cut and place == 0))
            if subset == DEAD:
                break
        return subset

    def may_end(self, subset: int) -> bool:
        """Whether the text may end here."""
        return any(
            all(stage.may_end(part) for stage, part in zip(self._stages, self._states[state], strict=False))
            for state in self._members[subset]
        )

    def _step(self, subset: int, atom: int, ways: int) -> int:
        key = (subset, atom, ways)
        if key not in self._steps:
            found: set[int] = set()
            for state in self._members[subset]:
                for bit, cut in ((1, False), (2, True)):
                    if ways & bit:
                        found.update(self._move(state, atom, cut))
            self._steps[key] = self._number(frozenset(found))
        return self._steps[key]

    def _number(self, members: frozenset[int]) -> int:
        if not members:
            return DEAD
        if members not in self._subsets:
            self._subsets[members] = len(self._members)
            self._members.append(members)
        return self._subsets[members]

    def _move(self, state: int, atom: int, cut: bool) -> tuple[int, ...]:
        key = (state, atom, cut)
        if key not in self._moves:
            self._moves[key] = tuple(map(self._state_number, self._successors(self._states[state], atom, cut)))
        return self._moves[key]

    def _state_number(self, state: _State) -> int:
        if state not in self._numbers:
            if len(self._states) >= _MOST_STATES:
                raise TooManyBorders
            self._numbers[state] = len(self._states)
            self._states.append(state)
        return self._numbers[state]

    def _successors(self, state: _State, atom: int, cut: bool) -> list[_State]:
        if self.trivial:
            nothing = (_Match(None, frozenset()),)
            return [nothing] if cut != bool(state) else []
        if not state:
            return _choices([stage.begin(atom) for stage in self._stages]) if cut else []
        pairs = list(zip(self._stages, state, strict=True))
        within = [stage.go_on(part, atom) for stage, part in pairs]
        if not cut:
            return _choices(within)
        found = []
        for level, (stage, part) in enumerate(pairs):  # the first stage that cuts; those behind begin anew
            later = pairs[level + 1 :]
            if all(behind.may_end(rest) for behind, rest in later):
                fresh = [behind.begin(atom) for behind, _ in later]
                found += _choices([*within[:level], stage.cut(part, atom), *fresh])
        return found

    def _explore(self) -> int:
        """Number every state; the subset of all of them but `START`'s."""
        done = 0
        while done < len(self._states):
            for atom in range(self.num_atoms):
                self._move(done, atom, False)
                self._move(done, atom, True)
            done += 1
        return self._number(frozenset(range(1, len(self._states))))


def _choices(options: list[list[_Match]]) -> list[_State]:
    found: list[_State] = [()]
    for option in options:
        found = [(*before, chosen) for before in found for chosen in option]
    return found


def _atoms_of(sets: list[NDArray[np.bool_]]) -> tuple[NDArray[np.int32], int, list[int]]:
    """(atom of each character, number of atoms, each set as bits by atom)."""
    number, count = np.zeros(CODE_POINTS, dtype=np.int32), 1
    for characters in sets:
        number = 2 * number + characters
        used = np.bincount(number, minlength=2 * count) > 0
        number, count = (np.cumsum(used, dtype=np.int32) - 1)[number], int(used.sum())
    first = np.full(count, CODE_POINTS)
    np.minimum.at(first, number, np.arange(CODE_POINTS))
    bits = [sum(1 << atom for atom, at in enumerate(first) if characters[at]) for characters in sets]
    return number, count, bits
