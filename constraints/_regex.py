"""Regular expressions in Python's syntax, as terms.

Python's own parser reads the pattern, so syntax, flags and character classes are Python's by construction. Look-around,
word boundaries and anchors in the middle go through `_regex_nodes`. What is not regular, or depends on the order of
matching, is refused with its position: back-references, possessive and atomic groups.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ._errors import ConstraintError, UnsupportedConstraint
from ._terms import EPSILON, Chars, Ranges, Term, alt, any_text, chars, normal_ranges, rep, seq

# The parser behind `re`: private by name, stable in practice, and the only definition of Python's syntax.
_parser: Any = __import__("re._parser", fromlist=["parse"])
_constants: Any = __import__("re._constants", fromlist=["MAXREPEAT"])

__all__ = ["RegexTranslator", "category_ranges", "every_character", "regex_term"]

_REFUSED = {
    "GROUPREF": ("back-reference", "what it matches depends on earlier text, which is not regular"),
    "GROUPREF_EXISTS": ("conditional group", "it depends on earlier text; write both branches as alternatives"),
    "ATOMIC_GROUP": ("atomic group", "it depends on the order of matching; use a plain group"),
    "POSSESSIVE_REPEAT": ("possessive quantifier", "it depends on the order of matching; use a plain quantifier"),
}
_SPELLINGS = {
    "GROUPREF": r"\\[1-9]|\(\?P=",
    "GROUPREF_EXISTS": r"\(\?\(",
    "ATOMIC_GROUP": r"\(\?>",
    "POSSESSIVE_REPEAT": r"[*+?}]\+",
}


def regex_term(pattern: str, *, flags: int = 0, search: bool = False) -> Term:
    """The texts that a pattern matches whole; with `search`, the texts in which it matches somewhere.

    Args:
        pattern: a pattern in Python's syntax.
        flags: `re` flags; IGNORECASE, MULTILINE, DOTALL, VERBOSE, ASCII are honoured.
        search: JSON Schema's meaning of `pattern`: unanchored, `^` and `$` are the ends of the text.

    Raises:
        ConstraintError: if it isn't a pattern; the message has the position.
        UnsupportedConstraint: for what is not regular; the pointer is the position, as `at 12`.
    """
    tree, flags = RegexTranslator.read(pattern, flags)
    try:
        return RegexTranslator(pattern, flags, search).whole(tree)
    except _Assertion:
        from ._ecma import search_term
        from ._regex_nodes import regex_node

        return search_term(regex_node(pattern, flags=flags), at_start=not search, at_end=not search)


class _Assertion(Exception):
    """An assertion in the middle of a pattern: terms have none, trees do."""


class RegexTranslator:
    """Walks Python's parse tree. An anchor is legal at an end of the pattern only; there it is just that end."""

    def __init__(self, pattern: str, flags: int, search: bool) -> None:
        self.pattern = pattern
        self.flags = flags
        self.search = search

    @staticmethod
    def read(pattern: str, flags: int) -> tuple[Any, int]:
        """Python's parse tree and the flags of the whole pattern."""
        try:
            tree = _parser.parse(pattern, flags)
        except re.error as error:
            raise ConstraintError(f"not a regular expression: {error.msg} at {error.pos}: {pattern!r}") from error
        except (RecursionError, OverflowError) as error:
            why = "a regular expression nested too deeply, or with too large a number"
            raise ConstraintError(f"{why}: {pattern[:80]!r}") from error
        return tree, tree.state.flags

    def whole(self, tree: Any) -> Term:
        options = []
        for items, flags in self._top_level(list(tree), self.flags):
            at_start = at_end = not self.search
            while items and self._is_anchor(items[0], ("AT_BEGINNING", "AT_BEGINNING_STRING"), flags):
                items, at_start = items[1:], True
            while items and self._is_anchor(items[-1], ("AT_END", "AT_END_STRING"), flags):
                items, at_end = items[:-1], True
            body = self.sequence(items, flags)
            prefix = EPSILON if at_start else any_text()
            suffix = EPSILON if at_end else any_text()
            options.append(seq(prefix, body, suffix))
        return alt(*options)

    def _top_level(self, items: list[Any], flags: int) -> Iterator[tuple[list[Any], int]]:
        """Alternatives at the top, where each has ends of its own; groups around the whole are looked through."""
        if len(items) == 1:
            op, argument = items[0]
            name = str(op)
            if name == "BRANCH":
                for branch in argument[1]:
                    yield from self._top_level(list(branch), flags)
                return
            if name == "SUBPATTERN":
                yield from self._top_level(list(argument[3]), (flags | argument[1]) & ~argument[2])
                return
        if len(items) > 1:  # an anchor beside one group: ^(…|…)$ keeps its ends on every alternative
            cores = [item for item in items if str(item[0]) != "AT"]
            if len(cores) == 1 and str(cores[0][0]) == "SUBPATTERN":
                place = items.index(cores[0])
                for inner, inner_flags in self._top_level(cores, flags):
                    yield [*items[:place], *inner, *items[place + 1 :]], inner_flags
                return
        yield items, flags

    def _is_anchor(self, item: Any, kinds: tuple[str, ...], flags: int) -> bool:
        op, argument = item
        if str(op) != "AT" or str(argument) not in kinds:
            return False
        if flags & re.MULTILINE and str(argument) in ("AT_BEGINNING", "AT_END"):
            raise _Assertion
        return True

    def sequence(self, items: Any, flags: int) -> Term:
        return seq(*(self.item(op, argument, flags) for op, argument in items))

    def item(self, op: Any, argument: Any, flags: int) -> Term:
        name = str(op)
        match name:
            case "LITERAL":
                return self._members(((argument, argument),), flags, negate=False)
            case "NOT_LITERAL":
                return self._members(((argument, argument),), flags, negate=True)
            case "ANY":
                return chars("" if flags & re.DOTALL else "\n", negate=True)
            case "IN":
                return self._set(argument, flags)
            case "BRANCH":
                return alt(*(self.sequence(branch, flags) for branch in argument[1]))
            case "SUBPATTERN":
                _, added, removed, inner = argument
                return self.sequence(inner, (flags | added) & ~removed)
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, inner = argument
                return rep(self.sequence(inner, flags), int(low), self.bound(high))
            case "AT" | "ASSERT" | "ASSERT_NOT":
                raise _Assertion
            case _ if name in _REFUSED:
                raise self._refusal(name, *_REFUSED[name])
        raise self._refusal(name, name.lower(), "not known to this version")

    @staticmethod
    def bound(high: Any) -> int | None:
        return None if high is _constants.MAXREPEAT else int(high)

    def _set(self, items: Any, flags: int) -> Term:
        negate = False
        pairs: list[tuple[int, int]] = []
        for op, argument in items:
            match str(op):
                case "NEGATE":
                    negate = True
                case "LITERAL":
                    pairs.append((argument, argument))
                case "RANGE":
                    pairs.append(argument)
                case "CATEGORY":
                    pairs += category_ranges(str(argument), bool(flags & re.ASCII))
                case name:
                    raise self._refusal(name, name.lower(), "not known to this version")
        return self._members(tuple(pairs), flags, negate=negate)

    def _members(self, pairs: tuple[tuple[int, int], ...], flags: int, *, negate: bool) -> Term:
        ranges = normal_ranges(pairs)
        if flags & re.IGNORECASE:
            ranges = _any_case(ranges, bool(flags & re.ASCII))
        return chars(ranges, negate=negate)

    def _refusal(self, kind: str, construct: str, why: str) -> UnsupportedConstraint:
        return UnsupportedConstraint.single(f"at {self._position(kind)}", construct, f"{why} (in {self.pattern!r})")

    def _position(self, kind: str) -> int:
        """Python's tree has no positions: find the first place where the construct is spelled, outside of classes."""
        wanted = re.compile(_SPELLINGS.get(kind, "$^"))
        i, in_class = 0, False
        while i < len(self.pattern):
            found = None if in_class else wanted.match(self.pattern, i)
            if found:
                return i
            if self.pattern[i] == "\\":
                i += 2
                continue
            if self.pattern[i] == "[" and not in_class:
                in_class = True
                i += 2 if self.pattern[i + 1 : i + 2] in ("]", "^") else 1
                continue
            in_class = in_class and self.pattern[i] != "]"
            i += 1
        return 0


@lru_cache(maxsize=64)
def category_ranges(name: str, ascii_only: bool) -> Ranges:
    r"""Ranges of \d, \s, \w and their complements, as `re` itself has them."""
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.rsplit("_", 1)[-1]]
    inside = re.compile(rf"\{letter}+", re.ASCII if ascii_only else 0)
    ranges = normal_ranges((found.start(), found.end() - 1) for found in inside.finditer(every_character()))
    if "_NOT_" in name:
        outside = chars(ranges, negate=True)
        assert isinstance(outside, Chars)
        return outside.ranges
    return ranges


@cache
def every_character() -> str:
    points = np.arange(sys.maxunicode + 1, dtype="<u4")
    points[0xD800:0xE000] = 0xE000  # surrogates are no text; a private-use character is in no category
    return points.tobytes().decode("utf-32-le")


@lru_cache(maxsize=1024)
def _any_case(ranges: Ranges, ascii_only: bool) -> Ranges:
    """All characters that match one of `ranges` when case is ignored, by `re`'s own comparison."""
    size = sum(high - low + 1 for low, high in ranges)
    if ascii_only or size > 4096:
        return _any_case_by_class(ranges, ascii_only)
    pairs = list(ranges)
    for low, high in ranges:
        for point in range(low, high + 1):
            pairs += [(other, other) for other in _variants(chr(point))]
    return normal_ranges(pairs)


def _any_case_by_class(ranges: Ranges, ascii_only: bool) -> Ranges:
    spelled = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
    inside = re.compile(f"[{spelled}]+", re.IGNORECASE | (re.ASCII if ascii_only else 0))
    return normal_ranges((found.start(), found.end() - 1) for found in inside.finditer(every_character()))


def _variants(character: str) -> list[int]:
    """Characters equal to this one when case is ignored. `re` compares simple case pairs and a short list of extras."""
    near = {character.lower(), character.upper(), character.title(), character.swapcase(), character.casefold()}
    near |= {c.upper() for c in near} | {c.lower() for c in near}
    candidates = {c for c in near if len(c) == 1} | {character.lower()[0]}
    candidates |= {c for known in [*candidates] for c in _extra_cases().get(ord(known), ())}
    candidates |= {c for known in [*candidates] for c in _by_lower_case().get(known.lower()[0], ())}
    matcher = re.compile(re.escape(character), re.IGNORECASE)
    return sorted(ord(c) for c in candidates if matcher.fullmatch(c))


@cache
def _by_lower_case() -> dict[str, tuple[str, ...]]:
    """Characters by the first of their lower case, where that is another: K and the Kelvin sign stand at k."""
    found: dict[str, list[str]] = {}
    for character in map(chr, range(sys.maxunicode + 1)):
        if (lower := character.lower()) != character:
            found.setdefault(lower[0], []).append(character)
    return {lower: tuple(characters) for lower, characters in found.items()}


@cache
def _extra_cases() -> dict[int, tuple[str, ...]]:
    table: dict[int, tuple[int, ...]] = getattr(__import__("re._casefix", fromlist=["x"]), "_EXTRA_CASES", {})
    closed: dict[int, set[str]] = {}
    for point, others in table.items():
        group = {chr(point), *(chr(other) for other in others)}
        group |= {c.upper() for c in group if len(c.upper()) == 1}
        for member in group:
            closed.setdefault(ord(member), set()).update(group)
    return {point: tuple(group) for point, group in closed.items()}
