r"""Regular expressions in ECMA-262's syntax, as a small tree.

The grammar is that of unicode mode (`\u{…}`, `\p{…}`, a surrogate pair is one character) with the leniences of annex
B where real patterns use them: identity escapes (`\-`, `\_`, `\a`), lone `]`, `{` and `}`, octal escapes, `[\w-.]`.
Beyond both, `\A`, `\Z` and `\z` are the ends of the text, a leading `(?i)` sets flags for the whole pattern, and a
group's name may be spelled `(?P<name>…)`.

Flags end here: a tree has sets of characters with case already ignored, and the anchors of both modes as look-around.
This module knows no term.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ._ecma_characters import ANYTHING, DIGITS, LINE_ENDS, SPACES, WORD, any_case, complement, property_ranges
from ._errors import ConstraintError, UnsupportedConstraint
from ._terms import Ranges, normal_ranges

__all__ = ["END", "START", "Boundary", "Choice", "Look", "Loop", "Node", "One", "Sequence", "parse"]

_MAX_NESTING = 60  # groups within groups
_MAX_LOOKS = 8  # look-around within look-around
_MANY = 10**9  # larger counts are beyond every budget, and all alike


class Node:
    """Base class of the tree."""

    __slots__ = ()


@dataclass(frozen=True)
class One(Node):
    """One character out of `ranges`; none at all if they are empty."""

    ranges: Ranges


@dataclass(frozen=True)
class Sequence(Node):
    """The items one after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Choice(Node):
    """One of the options."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Loop(Node):
    """`low` to `high` times the item; None is unbounded."""

    item: Node
    low: int
    high: int | None


@dataclass(frozen=True)
class Look(Node):
    """Nothing, where `body` matches from here on (`ahead`) or up to here; with `negate`, where it doesn't."""

    ahead: bool
    negate: bool
    body: Node
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Boundary(Node):
    """Nothing, where exactly one of the two neighbours is in `word`; with `negate`, where both or none are."""

    word: Ranges
    negate: bool
    position: int = field(default=0, compare=False)


START = Look(ahead=False, negate=True, body=One(ANYTHING))  # no character before
END = Look(ahead=True, negate=True, body=One(ANYTHING))


@dataclass(frozen=True)
class _Flags:
    ignore_case: bool = False
    multiline: bool = False
    dot_all: bool = False

    def changed(self, letters: str, *, to: bool) -> _Flags:
        return _Flags(
            to if "i" in letters else self.ignore_case,
            to if "m" in letters else self.multiline,
            to if "s" in letters else self.dot_all,
        )


_QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]+)(?:(,)([0-9]*))?\})(\??)")
_OPENING = re.compile(r"\(\?(?:(<?[=!])|(:)|P?<([^\W\d]\w*|[$]\w*)>|([ims]*)(?:-([ims]+))?:)")
_LEADING_FLAGS = re.compile(r"\(\?([imsu]+)\)")
_GROUPS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(?P<group>\((?!\?))|(?P<named>\(\?P?<(?![=!]))", re.DOTALL)
_OCTAL = re.compile(r"[0-3][0-7]{0,2}|[4-7][0-7]?")
_HEX = re.compile(r"x([0-9A-Fa-f]{2})")
_SECOND_HALF = r"(?<=[dD][89abAB]..)\\u([dD][c-fC-F][0-9A-Fa-f]{2})"  # of a surrogate pair
_UNICODE = re.compile(rf"u(?:\{{([0-9A-Fa-f]+)\}}|([0-9A-Fa-f]{{4}})(?:{_SECOND_HALF})?)")
_PROPERTY = re.compile(r"[pP]\{([A-Za-z0-9_=]+)\}")
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_CLASSES: dict[str, Ranges] = {"d": DIGITS, "s": SPACES, "w": WORD}


def parse(pattern: str) -> Node:
    """The tree of a pattern. Raises as `ecma_term` does."""
    parser = _Parser(pattern)
    flags = _Flags()
    if leading := _LEADING_FLAGS.match(pattern):
        flags, parser.at = flags.changed(leading[1], to=True), leading.end()
    tree = parser.disjunction(flags)
    if parser.at < len(pattern):
        raise parser.malformed("unmatched ')'")
    return tree


class _Parser:
    """Recursive descent; `at` is the place of the next character to be read."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.nesting = 0
        self.looks = 0
        found = [match.lastgroup for match in _GROUPS.finditer(pattern)]
        self.has_names = "named" in found
        self.groups = len(found) - found.count(None)

    def malformed(self, what: str, at: int | None = None) -> ConstraintError:
        shown = self.pattern if len(self.pattern) <= 200 else self.pattern[:200] + "…"
        return ConstraintError(f"not a regular expression: {what} at {self.at if at is None else at}: {shown!r}")

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self, wanted: re.Pattern[str]) -> re.Match[str] | None:
        found = wanted.match(self.pattern, self.at)
        if found:
            self.at = found.end()
        return found

    def disjunction(self, flags: _Flags) -> Node:
        options = [self.alternative(flags)]
        while self.peek() == "|":
            self.at += 1
            options.append(self.alternative(flags))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def alternative(self, flags: _Flags) -> Node:
        items: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            items.append(self.term(flags))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def term(self, flags: _Flags) -> Node:
        start = self.at
        item = self.atom(flags)
        found = self.take(_QUANTIFIER)
        if not found:
            return item
        if isinstance(item, Look | Boundary) and self.pattern[start] != "(":
            raise self.malformed("nothing to repeat", found.start())
        low, high = _bounds(found)
        if high is not None and high < low:
            raise self.malformed("a quantifier's bounds are out of order", found.start())
        if isinstance(item, Look):  # once is enough, and nothing is asked where it may be left out
            return item if low else Sequence(())
        return Loop(item, low, high)

    def atom(self, flags: _Flags) -> Node:
        start, character = self.at, self.peek()
        if _QUANTIFIER.match(self.pattern, start):
            raise self.malformed("nothing to repeat")
        self.at += 1
        match character:
            case "(":
                return self.group(flags, start)
            case "[":
                return One(self.char_class(flags, start))
            case ".":
                return One(ANYTHING if flags.dot_all else complement(LINE_ENDS))
            case "^" | "$":
                return _anchor(character == "$", flags)
            case "\\":
                return self.escape(flags, start)
        return One(_in_case(_single(ord(character)), flags))

    def group(self, flags: _Flags, start: int) -> Node:
        self.at = start
        opening = self.take(_OPENING)
        if not opening:
            if self.pattern.startswith("(?", start):
                raise self.malformed("no group begins like this")
            self.at = start + 1
        look = opening[1] if opening else None
        if opening and (opening[4] is not None):
            if not (opening[4] or opening[5]) or set(opening[4]) & set(opening[5] or ""):
                raise self.malformed("no group begins like this", start)
            flags = flags.changed(opening[4], to=True).changed(opening[5] or "", to=False)
        self.nesting, self.looks = self.nesting + 1, self.looks + bool(look)
        if self.nesting > _MAX_NESTING or self.looks > _MAX_LOOKS:
            raise self.malformed("groups are nested too deeply", start)
        body = self.disjunction(flags)
        if self.peek() != ")":
            raise self.malformed("a group is not closed", start)
        self.at += 1
        self.nesting, self.looks = self.nesting - 1, self.looks - bool(look)
        return Look("<" not in look, "!" in look, body, start) if look else body

    def escape(self, flags: _Flags, start: int) -> Node:
        letter = self.peek()
        match letter:
            case "A":
                self.at += 1
                return START
            case "Z" | "z":
                self.at += 1
                return END
            case "b" | "B":
                self.at += 1
                return Boundary(_in_case(WORD, flags), letter == "B", start)
            case "k" if self.has_names:
                raise self.back_reference(start)
        number = re.compile(r"[1-9][0-9]{0,8}").match(self.pattern, self.at)
        if number and int(number[0]) <= self.groups:
            raise self.back_reference(start)
        return One(_in_case(self.character_escape(flags, start), flags))

    def back_reference(self, start: int) -> UnsupportedConstraint:
        why = f"what it matches depends on earlier text, which is not regular (in {self.pattern!r})"
        return UnsupportedConstraint.single(f"at {start}", "back-reference", why)

    def char_class(self, flags: _Flags, start: int) -> Ranges:
        negate = self.peek() == "^"
        self.at += negate
        members: list[tuple[int, int]] = []
        while (character := self.peek()) != "]":
            if not character:
                raise self.malformed("a character class is not closed", start)
            first = self.class_atom(flags)
            is_range = self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", "")
            if not is_range:
                members += first
                continue
            place, self.at = self.at, self.at + 1
            last = self.class_atom(flags)
            if not (_is_single(first) and _is_single(last)):  # annex B: a hyphen beside \w is a hyphen
                members += [*first, *_single(ord("-")), *last]
                continue
            if first[0][0] > last[0][0]:
                raise self.malformed("a range is out of order", place)
            members.append((first[0][0], last[0][0]))
        self.at += 1
        ranges = _in_case(normal_ranges(members), flags)
        return complement(ranges) if negate else ranges

    def class_atom(self, flags: _Flags) -> Ranges:
        start, character = self.at, self.peek()
        self.at += 1
        if character != "\\":
            return _single(ord(character))
        if self.peek() == "b":
            self.at += 1
            return _single(8)
        return self.character_escape(flags, start)

    def character_escape(self, flags: _Flags, start: int) -> Ranges:
        """What stands after a backslash and means the same in a class and outside: a set of characters."""
        letter = self.peek()
        if not letter:
            raise self.malformed("a backslash ends the pattern", start)
        if letter in "dswDSW":
            self.at += 1
            ranges = _CLASSES[letter.lower()]
            ranges = any_case(ranges) if letter in "wW" and flags.ignore_case else ranges
            return complement(ranges) if letter.isupper() else ranges
        if letter in "pP":
            return self.unicode_property(start)
        readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], int]], ...] = (
            (_OCTAL, lambda found: int(found[0], 8)),
            (_HEX, lambda found: int(found[1], 16)),
            (_UNICODE, _code_point),
            (re.compile(r"c([A-Za-z])"), lambda found: ord(found[1]) % 32),
        )
        for wanted, read in readers:
            if found := self.take(wanted):
                point = read(found)
                if point > 0x10FFFF:
                    raise self.malformed("a code point beyond 10FFFF", start)
                return _single(point)
        if letter == "c":  # annex B: no control letter follows, so the backslash stands for itself
            return _single(ord("\\"))
        self.at += 1
        return _single(_CONTROLS.get(letter, ord(letter)))

    def unicode_property(self, start: int) -> Ranges:
        found = self.take(_PROPERTY)
        try:
            ranges = property_ranges(found[1]) if found else None
        except LookupError as error:
            raise UnsupportedConstraint.single(f"at {start}", self.pattern[start : self.at], str(error)) from error
        if found is None or ranges is None:
            raise self.malformed(r"no Unicode property: it is spelled as \p{L} or \p{Script=Greek}", start)
        return complement(ranges) if found[0][0] == "P" else ranges


def _bounds(quantifier: re.Match[str]) -> tuple[int, int | None]:
    sign, low, comma, high, _ = quantifier.groups()
    if sign:
        return int(sign == "+"), 1 if sign == "?" else None
    least = _count(low)
    if not comma:
        return least, least
    return least, _count(high) if high else None


def _count(digits: str) -> int:
    digits = digits.lstrip("0")
    return _MANY if len(digits) > 9 else int(digits or "0")


def _anchor(is_end: bool, flags: _Flags) -> Look:
    if flags.multiline:
        return Look(ahead=is_end, negate=True, body=One(complement(LINE_ENDS)))
    return END if is_end else START


def _single(point: int) -> Ranges:
    return ((point, point),)


def _is_single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _in_case(ranges: Ranges, flags: _Flags) -> Ranges:
    return any_case(normal_ranges(ranges)) if flags.ignore_case else normal_ranges(ranges)


def _code_point(found: re.Match[str]) -> int:
    braced, unit, second = found.groups()
    if not second:
        return int(braced or unit, 16)
    return 0x10000 + ((int(unit, 16) - 0xD800) << 10) + (int(second, 16) - 0xDC00)
