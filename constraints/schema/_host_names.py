"""Host names of letters, digits and hyphens (RFC 1123) as a term.

That a label has at most 63 characters and a name at most 253 would take both counts at once, some 30,000 states. Here
the length of a name is exact, and the start of a label is known up to a multiple of `_GRID`, rounded down: so a label
is counted longer than it is by less than `_GRID`, and the first one by nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._regex import regex_term
from .._terms import EPSILON, Term, any_text, both, graph, lit, neg, seq

__all__ = ["MAX_LABEL", "MAX_NAME", "host_name"]

MAX_LABEL = 63
MAX_NAME = 253
_GRID = 21
_ALPHANUMERIC = regex_term("[A-Za-z0-9]")

_Place = tuple[int, int, str]  # characters read, of those before the label, the last one: "." "a" or "-"


def host_name() -> Term:
    """Names of at most 253 characters; labels of at most 43, the first of at most 63; none begins with `xn--`."""
    is_ace = seq(regex_term(r"([A-Za-z0-9-]*\.)*[Xx][Nn]--"), any_text())
    return both(_counted(), neg(is_ace))


def _counted() -> Term:
    numbers: dict[_Place, int] = {(0, 0, "."): 0}
    pending = list(numbers)
    edges: list[tuple[int, Term, int]] = []
    while pending:
        place = pending.pop()
        if place[2] == "a":
            edges.append((numbers[place], EPSILON, 1))
        for step, reached in _steps(*place):
            if reached not in numbers:
                numbers[reached] = len(numbers) + 1
                pending.append(reached)
            edges.append((numbers[place], step, numbers[reached]))
    return graph(edges)


def _steps(read: int, start: int, last: str) -> Iterator[tuple[Term, _Place]]:
    """What may stand next, and where that leads."""
    if read < MAX_NAME and read - start < MAX_LABEL:
        yield _ALPHANUMERIC, (read + 1, start, "a")
        if last != ".":
            yield lit("-"), (read + 1, start, "-")
    if last == "a" and read < MAX_NAME:
        yield lit("."), (read + 1, (read + 1) // _GRID * _GRID, ".")
