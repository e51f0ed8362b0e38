"""Any JSON value, as named definitions that are compiled once and shared by every place that is open.

The definitions call each other; how deep they nest is decided at compile time (`max_depth`). Where the white
space depends on the depth (`indented`), each depth has definitions of its own, down to `INDENTED_LEVELS`
below the place.
"""

from __future__ import annotations

from .._terms import EMPTY, Call, Term, alt, lit, seq
from ._arrays import array_term
from ._numbers import Bounds, number_term
from ._objects import Member, object_term
from ._strings import ANY_STRING
from ._whitespace import Whitespace

__all__ = ["AnyJson"]

INDENTED_LEVELS = 3


class AnyJson:
    """The definitions of any JSON value under one policy. `definitions` grows with what is asked for."""

    def __init__(self, whitespace: Whitespace, numbers: str) -> None:
        self._whitespace = whitespace
        self._number = number_term(Bounds(), numbers)
        self.definitions: dict[str, Term] = {}

    def value(self, depth: int, levels: int = INDENTED_LEVELS) -> Term:
        """Any value that stands at `depth`."""
        name = f"any value{self._place(depth, levels)}"
        if name not in self.definitions:
            self.definitions[name] = EMPTY  # taken: a recursive definition calls it while it is made
            scalars = (lit("null"), lit("true"), lit("false"), self._number, ANY_STRING)
            self.definitions[name] = alt(*scalars, self.array(depth, levels), self.object(depth, levels))
        return Call(name)

    def array(self, depth: int, levels: int = INDENTED_LEVELS) -> Term:
        """Any array."""
        return array_term([], self._inner(depth, levels), 0, None, self._whitespace, depth)

    def object(self, depth: int, levels: int = INDENTED_LEVELS) -> Term:
        """Any object; that its keys differ is not regular and is left to a verifier."""
        value = self._inner(depth, levels)
        member = Member(((seq(ANY_STRING, self._whitespace.colon(), value), 0),), repeated=True)
        return object_term([member], self._whitespace, depth)

    def _inner(self, depth: int, levels: int) -> Term:
        if not self._whitespace.depth_matters:
            return self.value(depth, levels)
        return self.value(depth + 1, levels - 1) if levels else EMPTY

    def _place(self, depth: int, levels: int) -> str:
        return f" at {depth}, {levels} levels" if self._whitespace.depth_matters else ""
