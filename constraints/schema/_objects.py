"""Objects: which members in which order, and where the commas stand.

Members stand in the order given, each at most once; free members follow the named ones. This module knows how
members are put together, not what a schema says about them.

The comma is the difficulty when members are optional: which member is the first written one depends on all
before it. With a required member the answer is known from there on, and the term is linear in the number of
members: those before it carry their comma behind them, those after it in front. Without one, the first
written member is searched by halving the list, so each member stands in the term at most log2(n) times; the
minimal automaton is linear either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._terms import EMPTY, EPSILON, Term, alt, opt, rep, seq
from ._whitespace import Whitespace

__all__ = ["Member", "object_term"]


@dataclass(frozen=True)
class Member:
    """A key with its value, as one term: `"key": value`; `repeated` members may stand any number of times."""

    term: Term
    required: bool = False
    repeated: bool = False


def object_term(members: Sequence[Member], whitespace: Whitespace, depth: int) -> Term:
    """The objects with these members, in this order. `depth` is the nesting depth of the object itself."""
    if any(member.required and member.term == EMPTY for member in members):
        return EMPTY
    present = [member for member in members if member.term != EMPTY]
    comma = whitespace.comma(depth + 1)
    first_required = next((i for i, member in enumerate(present) if member.required), None)
    if first_required is None:
        body = _some(present, comma)
    else:
        before = (opt(seq(member.term, comma)) for member in present[:first_required])
        body = seq(*before, present[first_required].term, _following(present[first_required + 1 :], comma))
    written = seq(whitespace.opening("{", depth + 1), body, whitespace.closing("}", depth))
    return written if first_required is not None else alt(whitespace.empty("{}"), written)


def _following(members: Sequence[Member], comma: Term) -> Term:
    """Members after one that is written: each brings its comma."""
    parts = []
    for member in members:
        part = seq(comma, member.term)
        parts.append(rep(part, 0) if member.repeated else part if member.required else opt(part))
    return seq(*parts) if parts else EPSILON


def _some(members: Sequence[Member], comma: Term) -> Term:
    """At least one of these optional members."""
    if not members:
        return EMPTY
    if len(members) == 1:
        alone = members[0]
        return seq(alone.term, rep(seq(comma, alone.term), 0)) if alone.repeated else alone.term
    half = len(members) // 2
    left, right = members[:half], members[half:]
    return alt(seq(_some(left, comma), _following(right, comma)), _some(right, comma))
