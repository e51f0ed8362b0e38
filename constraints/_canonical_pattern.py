"""Split patterns of pre-tokenizers, as programs whose threads have priorities.

A backtracking engine takes, of all ways to match, the first in the order of its alternatives. That order is kept here
as in Pike's machine (Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009): a match in progress is a
list of threads, best first. What single characters a pattern's atoms match is asked of the tokenizers library itself,
so no other table of Unicode comes in.

Knows the patterns; does not know where pieces begin and end (`_canonical_borders`).
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CODE_POINTS", "Item", "Program", "UnknownPattern", "characters_of", "program_of"]

_parser: Any = __import__("re._parser", fromlist=["parse"])

CODE_POINTS = 0x110000
_MOST_COPIES = 16
_PROPERTY = re.compile(r"\\([pP])\{(\^?\w+)\}")
_PRIVATE = 0xF0000  # stands for a property, which Python's parser does not know
_CATEGORIES = {"SPACE": r"\s", "DIGIT": r"\d", "WORD": r"\w"}

Characters = NDArray[np.bool_]  # (CODE_POINTS,) which characters

Item = tuple[int, int]
"""A thread: where it stands in the program, and the atoms that kill it if one comes next (what a look-ahead bars)."""


class UnknownPattern(Exception):
    """A pattern with a part that isn't read here."""


@lru_cache(maxsize=1)
def _all_characters() -> str:
    return "".join(map(chr, (*range(0xD800), *range(0xE000, CODE_POINTS))))


@lru_cache(maxsize=64)
def characters_of(pattern: str) -> Characters:
    """The characters that a pattern of one character matches, as the tokenizers library says."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    found = np.ones(CODE_POINTS - 0x800, dtype=np.bool_)
    splitter = Split(Regex(f"(?:{pattern})+"), "removed")
    for _, (start, end) in splitter.pre_tokenize_str(_all_characters()):
        found[start:end] = False
    full = np.zeros(CODE_POINTS, dtype=np.bool_)
    full[:0xD800], full[0xE000:] = found[:0xD800], found[0xD800:]
    full.setflags(write=False)
    return full


@dataclass
class Program:
    """Instructions: ("char", set, next), ("split", first, second), ("bar", set, next) and ("match",).

    A set is an index into `sets`; "bar" goes on unless a character of the set comes next. `start` is the entry.
    """

    code: list[tuple[Any, ...]]
    sets: list[Characters]
    start: int

    def closure(self, entry: int, mask: int, atoms: list[int], out: list[Item], seen: set[Item]) -> None:
        """Append the threads that wait for a character, or match, from `entry` on, best first."""
        if (entry, mask) in seen:
            return
        seen.add((entry, mask))
        instruction = self.code[entry]
        if instruction[0] == "split":
            self.closure(instruction[1], mask, atoms, out, seen)
            self.closure(instruction[2], mask, atoms, out, seen)
        elif instruction[0] == "bar":
            self.closure(instruction[2], mask | atoms[instruction[1]], atoms, out, seen)
        else:
            out.append((entry, mask))


def program_of(pattern: str) -> Program:
    """Read a pattern of Oniguruma as it is used for splitting.

    Raises:
        UnknownPattern: for look-behind, look-ahead over more than one character, anchors, back-references, possessive
            quantifiers, large counts, and what may match nothing.
    """
    properties: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        properties.append(found.group(0))
        return chr(_PRIVATE + len(properties) - 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)  # nested sets mean something else in Oniguruma
        try:
            tree = _parser.parse(_PROPERTY.sub(stand_in, pattern))
        except (re.error, FutureWarning, RecursionError, OverflowError) as error:
            raise UnknownPattern(f"{pattern!r}: {error}") from None
    if tree.getwidth()[0] == 0:
        raise UnknownPattern(f"{pattern!r} may match nothing")
    return _Writer(properties).program(tree)


class _Writer:
    """Writes a program from its end to its start, so that each instruction knows what follows."""

    def __init__(self, properties: list[str]) -> None:
        self._properties = properties
        self._code: list[tuple[Any, ...]] = []
        self._sets: list[Characters] = []

    def program(self, tree: Any) -> Program:
        start = self._sequence(tree, self._add("match"), False)
        return Program(self._code, self._sets, start)

    def _add(self, *instruction: Any) -> int:
        self._code.append(instruction)
        return len(self._code) - 1

    def _set(self, characters: Characters) -> int:
        self._sets.append(characters)
        return len(self._sets) - 1

    def _sequence(self, tree: Any, following: int, folded: bool) -> int:
        for op, argument in reversed(list(tree)):
            following = self._node(str(op), argument, following, folded)
        return following

    def _node(self, op: str, argument: Any, following: int, folded: bool) -> int:
        if op == "BRANCH":
            entries = [self._sequence(branch, following, folded) for branch in argument[1]]
            entry = entries[-1]
            for other in reversed(entries[:-1]):
                entry = self._add("split", other, entry)
            return entry
        if op == "SUBPATTERN":
            _, add, remove, inner = argument
            if (add | remove) & ~int(re.IGNORECASE):
                raise UnknownPattern("flags other than i")
            return self._sequence(inner, following, (folded or bool(add)) and not remove)
        if op in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(op == "MAX_REPEAT", *argument, following=following, folded=folded)
        if op == "ASSERT_NOT":
            direction, inner = argument
            if direction != 1 or len(inner) != 1:
                raise UnknownPattern("look-around over other than the next character")
            return self._add("bar", self._set(self._characters(inner[0][0], inner[0][1], folded)), following)
        return self._add("char", self._set(self._characters(op, argument, folded)), following)

    def _repeat(self, greedy: bool, low: int, high: Any, inner: Any, *, following: int, folded: bool) -> int:
        unbounded = high == _parser.MAXREPEAT
        if low > _MOST_COPIES or (not unbounded and high > _MOST_COPIES):
            raise UnknownPattern(f"a repetition of more than {_MOST_COPIES}")
        if inner.getwidth()[0] == 0:
            raise UnknownPattern("a repetition of what may be nothing")
        entry = following
        if unbounded:
            entry = self._add("split", -1, -1)
            self._code[entry] = self._either(self._sequence(inner, entry, folded), following, greedy)
        else:
            for _ in range(int(high) - low):
                entry = self._add(*self._either(self._sequence(inner, entry, folded), following, greedy))
        for _ in range(low):
            entry = self._sequence(inner, entry, folded)
        return entry

    @staticmethod
    def _either(more: int, enough: int, greedy: bool) -> tuple[Any, ...]:
        return ("split", more, enough) if greedy else ("split", enough, more)

    def _characters(self, op: Any, argument: Any, folded: bool) -> Characters:
        """The characters that one atom of the pattern matches."""
        name = str(op)
        if name == "LITERAL":
            return self._literal(argument, folded)
        if name == "NOT_LITERAL":
            return ~self._literal(argument, folded)
        if name == "ANY":
            return ~_range(0x0A, 0x0A)
        if name == "CATEGORY":
            kind = str(argument).removeprefix("CATEGORY_")
            found = characters_of(_CATEGORIES[kind.removeprefix("NOT_")])
            return ~found if kind.startswith("NOT_") else found
        if name == "RANGE" and not folded:
            return _range(*argument)
        if name == "IN":
            negated = str(argument[0][0]) == "NEGATE"
            parts = [self._characters(kind, value, folded) for kind, value in argument[negated:]]
            union: Characters = np.logical_or.reduce(parts)
            return ~union if negated else union
        raise UnknownPattern(f"{name} in a pattern")

    def _literal(self, code: int, folded: bool) -> Characters:
        if 0 <= code - _PRIVATE < len(self._properties):
            return characters_of(self._properties[code - _PRIVATE])
        return characters_of(f"(?i:{re.escape(chr(code))})") if folded else _range(code, code)


def _range(low: int, high: int) -> Characters:
    found = np.zeros(CODE_POINTS, dtype=np.bool_)
    found[low : high + 1] = True
    return found
