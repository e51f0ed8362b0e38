r"""Regular expressions of ECMA-262, the dialect of JSON Schema's `pattern`, as terms over decoded texts.

`_ecma_parser` reads the syntax. Here anchors, word boundaries and look-around become exact, anywhere in a pattern:

* A condition at an end of the text is a condition on the whole text: `^(?!--)(?=.*\d)…(?<!-)$` is an intersection.
* Any other is written into the text as a marker (see `_markers`): the pattern, with a marker in the place of each
  assertion, gives marked texts; those are taken away in which some marker stands where its assertion fails; then the
  markers are erased. So loops and nesting need no care of their own.

What is not regular is refused with its position: back-references.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from ._ecma_parser import END, START, Boundary, Choice, Look, Loop, Node, One, Sequence, parse
from ._errors import UnsupportedConstraint
from ._terms import (
    EPSILON,
    Bytes,
    Ranges,
    Repeat,
    Term,
    alt,
    any_text,
    both,
    chars,
    erased,
    lit,
    marked,
    minus,
    neg,
    rep,
    seq,
)

__all__ = ["ecma_term", "search_term"]

_MARKERS = bytes(range(0xF5, 0x100))
Assertion = Look | Boundary


@lru_cache(maxsize=512)
def ecma_term(pattern: str) -> Term:
    """The texts in which a pattern matches somewhere, as JSON Schema asks.

    Raises:
        ConstraintError: if it isn't a pattern; the message has the position.
        UnsupportedConstraint: for what is not regular; the pointer is the position, as `at 12`.
    """
    return search_term(parse(pattern), at_start=False, at_end=False)


def search_term(tree: Node, *, at_start: bool, at_end: bool) -> Term:
    """The texts in which the tree matches somewhere; at their start and up to their end, if so asked."""
    plain: dict[tuple[Term, Term], list[Term]] = {}  # those without assertions share what stands around them
    checked: list[Term] = []
    for items in _top_level((tree,)):
        inner, before, after, conditions = _alternative(items, at_start, at_end)
        if conditions or any(True for _ in _assertions(inner)):
            checked.append(both(_checked(inner, before, after), *conditions))
        else:
            plain.setdefault((before, after), []).append(_term(inner, {}))
    return alt(*checked, *(seq(before, alt(*terms), after) for (before, after), terms in plain.items()))


def _top_level(items: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    """Alternatives at the top, where each has ends of its own; groups around the whole are looked through.

    Assertions beside one group, as in `^(…|…)$`, go to each of its alternatives, if these have assertions too.
    """
    cores = [i for i, item in enumerate(items) if not isinstance(item, Assertion)]
    if len(cores) == 1:
        place = cores[0]
        core = items[place]
        if isinstance(core, Sequence):
            yield from _top_level((*items[:place], *core.items, *items[place + 1 :]))
            return
        if isinstance(core, Choice) and (len(items) == 1 or any(True for _ in _assertions(core))):
            for option in core.options:
                yield from _top_level((*items[:place], option, *items[place + 1 :]))
            return
    yield items


def _alternative(items: tuple[Node, ...], at_start: bool, at_end: bool) -> tuple[Node, Term, Term, list[Term]]:
    """One alternative, its assertions at the ends of the text taken off: what is left, what stands before and after
    it, and what is asked of the whole text."""
    cores = [i for i, item in enumerate(items) if not isinstance(item, Assertion)]
    first, last = (cores[0], cores[-1] + 1) if cores else (len(items), len(items))
    head, core, tail = items[:first], items[first:last], items[last:]
    if not core and END in head:
        head, tail = tuple(item for item in head if item != END), (END,)
    at_start, at_end = at_start or START in head, at_end or END in tail
    conditions: list[Term] = []
    if at_start:
        conditions += [_on_whole(item, ahead=True) for item in head if _looks(item, ahead=True)]
        head = tuple(item for item in head if not _looks(item, ahead=True) and item != START)
    if at_end:
        conditions += [_on_whole(item, ahead=False) for item in tail if _looks(item, ahead=False)]
        tail = tuple(item for item in tail if not _looks(item, ahead=False) and item != END)
    before = EPSILON if at_start else any_text()
    after = EPSILON if at_end else any_text()
    return Sequence((*head, *core, *tail)), before, after, conditions


def _looks(item: Node, *, ahead: bool) -> bool:
    """Whether an assertion asks for something on this side only, once the other side is known to be empty."""
    return isinstance(item, Boundary) or (isinstance(item, Look) and item.ahead == ahead)


def _on_whole(item: Node, *, ahead: bool) -> Term:
    """An assertion at the start of the text (`ahead`) or at its end, as a condition on the whole text."""
    if isinstance(item, Boundary):
        beside = chars(item.word)
        term = seq(beside, any_text()) if ahead else seq(any_text(), beside)
        return neg(term) if item.negate else term
    assert isinstance(item, Look)
    term = search_term(item.body, at_start=ahead, at_end=not ahead)
    return neg(term) if item.negate else term


def _checked(tree: Node, before: Term, after: Term, pivot: bytes = b"") -> Term:
    """`before`, the tree, `after`, where every assertion of the tree holds; the marker `pivot` may stand around it."""
    asked = list(dict.fromkeys(_assertions(tree)))
    free = bytes(m for m in _MARKERS if m not in pivot)
    if len(asked) > len(free):
        why = f"more than {len(free)} different ones beside each other are not supported"
        raise UnsupportedConstraint.single(f"at {asked[len(free)].position}", "look-around", why)
    markers = {assertion: free[i : i + 1] for i, assertion in enumerate(asked)}
    term = seq(before, _term(tree, markers), after)
    used = b"".join(markers.values())
    for assertion, marker in markers.items():
        term = minus(term, marked(_failing(assertion, marker), used + pivot))
    return erased(term, used)


def _assertions(node: Node) -> Iterator[Assertion]:
    """The assertions of a tree, without those inside of others."""
    match node:
        case Look() | Boundary():
            yield node
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from _assertions(part)
        case Loop(item):
            yield from _assertions(item)


def _term(node: Node, markers: Mapping[Assertion, bytes]) -> Term:
    match node:
        case One(ranges):
            return _one(ranges)
        case Sequence(items):
            return seq(*(_term(item, markers) for item in items))
        case Choice(options):
            return alt(*(_term(option, markers) for option in options))
        case Loop(item, low, high):
            return _loop(_term(item, markers), low, high)
    assert isinstance(node, Assertion)
    return Bytes(markers[node])


def _one(ranges: Ranges) -> Term:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return lit(chr(ranges[0][0]))
    return chars(ranges)


def _loop(term: Term, low: int, high: int | None) -> Term:
    """A repetition; one of a repetition is a single one, where the counts leave no gap: (a{1,9}){1,9} is a{1,81}."""
    if not isinstance(term, Repeat) or high == 0:
        return rep(term, low, high)
    # k copies give the counts k·least … k·most: the widest gap to the next is at the smallest k
    least, most = term.low, term.high
    reached = (None if low else 0) if most is None else low * most
    if low != high and reached is not None and (low + 1) * least > reached + 1:
        return rep(term, low, high)
    return rep(term.term, low * least, None if most is None or high is None else most * high)


def _failing(assertion: Assertion, marker: bytes) -> Term:
    """The texts with one marker, at a place where the assertion doesn't hold."""
    here = Bytes(marker)
    if isinstance(assertion, Boundary):
        return _failing_boundary(assertion, here)
    ahead, negate, body = assertion.ahead, assertion.negate, assertion.body
    if not _looks_beyond(body, ahead=not ahead):
        side = search_term(body, at_start=ahead, at_end=not ahead)
        side = side if negate else neg(side)
        return seq(any_text(), here, side) if ahead else seq(side, here, any_text())
    if ahead:
        holding = _checked(body, seq(any_text(), here), any_text(), marker)
    else:
        holding = _checked(body, any_text(), seq(here, any_text()), marker)
    return holding if negate else minus(seq(any_text(), here, any_text()), holding)


def _looks_beyond(node: Node, *, ahead: bool) -> bool:
    """Whether anything in a tree asks for text on this side, so possibly for text outside of the tree's own match."""
    for assertion in _assertions(node):
        if isinstance(assertion, Boundary) or assertion.ahead == ahead or _looks_beyond(assertion.body, ahead=ahead):
            return True
    return False


def _failing_boundary(boundary: Boundary, here: Term) -> Term:
    word, other, text = chars(boundary.word), chars(boundary.word, negate=True), any_text()
    ends, starts = seq(text, word), seq(word, text)
    ends_not, starts_not = alt(EPSILON, seq(text, other)), alt(EPSILON, seq(other, text))
    if boundary.negate:
        return alt(seq(ends, here, starts_not), seq(ends_not, here, starts))
    return alt(seq(ends, here, starts), seq(ends_not, here, starts_not))
