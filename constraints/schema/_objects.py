"""Objects: which members in which order, and where the commas stand.

Members stand in the order given, each at most once; then the loose ones in any order; then free members. This module
knows how members are put together, not what a schema says about them.

The object is a graph. A node remembers how many members are written (up to the number that matters: without bounds
only whether there is one, which decides on the comma) and which of the needs are met. Each member stands in the graph
once for each such memory, so the term is linear in the number of members.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .._terms import EMPTY, EPSILON, Term, alt, graph
from ._whitespace import Whitespace

__all__ = ["Member", "object_term"]


@dataclass(frozen=True)
class Member:
    """A key with its value, as one term: `"key": value`; `repeated` members may stand any number of times.

    `variants` are the terms by the needs that they meet (bits), for the same key. Loose members have no place among
    each other: with k of them the graph has k * 2**(k - 1) copies.
    """

    variants: tuple[tuple[Term, int], ...]
    required: bool = False
    repeated: bool = False
    loose: bool = False


@dataclass(frozen=True)
class _Memory:
    """Members written, needs met, and which of the loose members are used (bit masks)."""

    written: int
    met: int
    used: int = 0


def object_term(
    members: Sequence[Member],
    whitespace: Whitespace,
    depth: int,
    *,
    low: int = 0,
    high: int | None = None,
    needs: int = 0,
) -> Term:
    """The objects with `low` to `high` of these members, in this order, that meet all `needs` (a bit mask).

    `depth` is the nesting depth of the object itself.
    """
    members = [_possible(member) for member in members]
    if any(member.required and not member.variants for member in members):
        return EMPTY
    empty = EMPTY if low or needs or any(member.required for member in members) else whitespace.empty("{}")
    written = _Writer(members, whitespace, depth, low, high, needs).term() if high != 0 else EMPTY
    return alt(*(term for term in (empty, written) if term != EMPTY))


def _possible(member: Member) -> Member:
    variants = tuple((term, met) for term, met in member.variants if term != EMPTY)
    return replace(member, variants=variants)


class _Writer:
    """Writes the graph of the objects with at least one member."""

    def __init__(
        self, members: Sequence[Member], whitespace: Whitespace, depth: int, low: int, high: int | None, needs: int
    ) -> None:
        self._members = [member for member in members if member.variants and not member.repeated and not member.loose]
        self._loose = [member for member in members if member.variants and member.loose]
        self._free = [member for member in members if member.variants and member.repeated]
        self._comma = whitespace.comma(depth + 1)
        self._opening = whitespace.opening("{", depth + 1)
        self._closing = whitespace.closing("}", depth)
        self._low, self._high, self._needs = max(low, 1), high, needs
        self._cap = high if high is not None else self._low
        self._numbers: dict[object, int] = {"start": 0, "end": 1}

    def term(self) -> Term:
        return graph(self._edges())

    def _node(self, name: object) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def _edges(self) -> Iterator[tuple[int, Term, int]]:
        level = following = {_Memory(0, 0): None}
        yield 0, self._opening, self._node((0, _Memory(0, 0)))
        for place, member in enumerate(self._members):
            following = {}
            entered: set[tuple[int, _Memory]] = set()
            for memory in level:
                here = self._node((place, memory))
                if not member.required:
                    following.setdefault(memory)
                    yield here, EPSILON, self._node((place + 1, memory))
                yield from self._write(here, memory, member, (place,), entered, following, place + 1)
            level = following
        if self._loose:
            level = {}
            yield from self._any_order(following, level)
        yield from self._rest(list(level))

    def _any_order(self, level: dict[_Memory, None], done: dict[_Memory, None]) -> Iterator[tuple[int, Term, int]]:
        """Loose members: a node remembers which are used."""
        place = len(self._members)
        needed = sum(1 << i for i, member in enumerate(self._loose) if member.required)
        pending = list(level)
        seen = dict.fromkeys(pending)
        entered: set[tuple[int, _Memory]] = set()
        while pending:
            memory = pending.pop()
            here = self._node((place, memory))
            if memory.used & needed == needed:
                after = replace(memory, used=0)
                done.setdefault(after)
                yield here, EPSILON, self._node((place + 1, after))
            for number, member in enumerate(self._loose):
                if memory.used >> number & 1:
                    continue
                following: dict[_Memory, None] = {}
                yield from self._write(here, memory, member, ("loose", number), entered, following, place, 1 << number)
                pending += [new for new in following if new not in seen]
                seen |= following

    def _rest(self, pending: list[_Memory]) -> Iterator[tuple[int, Term, int]]:
        """Free members, any number of them, and the end."""
        last = len(self._members) + bool(self._loose)
        seen = dict.fromkeys(pending)
        entered: set[tuple[int, _Memory]] = set()
        while pending:
            memory = pending.pop()
            here = self._node((last, memory))
            if memory.written >= self._low and memory.met == self._needs:
                yield here, self._closing, 1
            for number, member in enumerate(self._free):
                following: dict[_Memory, None] = {}
                yield from self._write(here, memory, member, ("free", number), entered, following, last)
                pending += [new for new in following if new not in seen]
                seen |= following

    def _write(
        self,
        here: int,
        memory: _Memory,
        member: Member,
        name: tuple[object, ...],
        entered: set[tuple[int, _Memory]],
        following: dict[_Memory, None],
        place: int,
        use: int = 0,
    ) -> Iterator[tuple[int, Term, int]]:
        """From a node through a member; what follows is shared by all nodes whose memory comes to the same."""
        if self._high is not None and memory.written >= self._high:
            return
        separator = self._comma if memory.written else EPSILON
        for number, (term, met) in enumerate(member.variants):
            after = _Memory(min(memory.written + 1, self._cap), memory.met | met, memory.used | use)
            entry = self._node((*name, "entry", number, after))
            yield here, separator, entry
            following.setdefault(after)
            if (entry, after) not in entered:
                entered.add((entry, after))
                yield entry, term, self._node((place, after))
