r"""Patterns in Python's syntax as the trees of `_ecma_parser`: the way in for look-around and word boundaries.

`_regex` gives terms directly where a pattern has none of them in the middle; here every construct keeps its place, so
that `_ecma.search_term` can write assertions into the text as markers. What is not regular is refused as there.
"""

from __future__ import annotations

import re
from typing import Any

from ._ecma_characters import ANYTHING
from ._ecma_parser import END, START, Boundary, Choice, Look, Loop, Node, One, Sequence
from ._regex import RegexTranslator, category_ranges
from ._terms import Chars

__all__ = ["regex_node"]

_LINE_END = One(((10, 10),))
_EMPTY_IS_INSIDE = re.match(r"\B", "") is not None  # since Python 3.14
_NOT_EMPTY = Choice(tuple(Look(ahead, negate=False, body=One(ANYTHING)) for ahead in (True, False)))


def regex_node(pattern: str, *, flags: int = 0) -> Node:
    """The tree of a pattern. Raises as `regex_term` does."""
    tree, flags = RegexTranslator.read(pattern, flags)
    return _Nodes(pattern, flags, search=False).nodes(tree, flags)


class _Nodes(RegexTranslator):
    """Walks Python's parse tree; sets of characters are those of `_regex`."""

    def nodes(self, items: Any, flags: int) -> Node:
        found = [self.node(op, argument, flags) for op, argument in items]
        return found[0] if len(found) == 1 else Sequence(tuple(found))

    def node(self, op: Any, argument: Any, flags: int) -> Node:
        match str(op):
            case "BRANCH":
                return Choice(tuple(self.nodes(branch, flags) for branch in argument[1]))
            case "SUBPATTERN":
                _, added, removed, inner = argument
                return self.nodes(inner, (flags | added) & ~removed)
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, inner = argument
                return Loop(self.nodes(inner, flags), int(low), self.bound(high))
            case "ASSERT" | "ASSERT_NOT":
                direction, inner = argument
                return Look(direction > 0, str(op) == "ASSERT_NOT", self.nodes(inner, flags))
            case "AT":
                return self._at(str(argument), flags)
        term = self.item(op, argument, flags)
        return One(term.ranges if isinstance(term, Chars) else ())

    def _at(self, kind: str, flags: int) -> Node:
        """Python's `$` is the end of the text, or the place before a line end that is the last character."""
        match kind:
            case "AT_BEGINNING" if flags & re.MULTILINE:
                return Choice((START, Look(ahead=False, negate=False, body=_LINE_END)))
            case "AT_BEGINNING" | "AT_BEGINNING_STRING":
                return START
            case "AT_END_STRING":
                return END
            case "AT_END":
                lines = _LINE_END if flags & re.MULTILINE else Sequence((_LINE_END, END))
                return Choice((END, Look(ahead=True, negate=False, body=lines)))
        word = category_ranges("CATEGORY_WORD", bool(flags & re.ASCII))
        if "NON" not in kind:
            return Boundary(word, negate=False)
        inside = Boundary(word, negate=True)
        return inside if _EMPTY_IS_INSIDE else Sequence((inside, _NOT_EMPTY))
