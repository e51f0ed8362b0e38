"""Counts which fields of an answer are right. Knows JSON values and kinds of leaves, no model or text.

A field is a leaf of the expected record (a scalar, or an empty array or object), or a member that is rightly
left out. It is right when the answer has an equal value at the same JSON pointer (for a member left out: when
the answer leaves it out too). What the answer has beyond that, such as a surplus item of an array, counts as
one wrong field per leaf, of kind "surplus", unless it stands where another value was expected and is wrong
there already.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NO_VALUE = frozenset({"null", "absent", "empty"})
UNSTATED = frozenset({"null", "absent"})


@dataclass
class Score:
    """Counts over any number of documents; add them up with `+=`.

    Attributes:
        documents: how many answers.
        valid: answers that are JSON and that the judge accepts.
        exact: answers whose fields are all right.
        total, right: fields by kind ("copied", "normalised", "null", …, "surplus").
    """

    documents: int = 0
    valid: int = 0
    exact: int = 0
    total: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: Score) -> Score:
        self.documents += other.documents
        self.valid += other.valid
        self.exact += other.exact
        self.total += other.total
        self.right.update(other.right)
        return self

    def share(self, *kinds: str) -> float | None:
        """Right fields of these kinds (of all, if none is named) over their number; None for no field."""
        names = kinds or tuple(self.total)
        total = sum(self.total[kind] for kind in names)
        return sum(self.right[kind] for kind in names) / total if total else None

    def with_value(self) -> float | None:
        """The share of right fields among those that have a value, surplus ones counting as wrong."""
        return self.share(*(kind for kind in self.total if kind not in NO_VALUE))

    def without_value(self) -> float | None:
        """The share of right fields among those that are null, left out or empty."""
        return self.share(*NO_VALUE)


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """(JSON pointer, value) of every leaf; empty arrays and objects are leaves."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from leaves(child, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{index}")
    else:
        yield pointer, value


def _fields(value: Any) -> dict[str, Any]:
    """Leaves by pointer. An empty record has no field: all of its members are absent."""
    return {} if value == {} else dict(leaves(value))


def equal(first: Any, second: Any) -> bool:
    """Equality of JSON leaves: 1 equals 1.0, but neither equals true."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    return bool(first == second)


def score(record: dict[str, Any], kinds: dict[str, str], answer: Any, *, valid: bool) -> Score:
    """The score of one answer.

    Args:
        record: what is expected.
        kinds: JSON pointer of each of its leaves, and of each member left out ("absent"), to its kind.
        answer: the parsed answer, or `...` if it is no JSON.
        valid: whether the judge accepts it.

    Raises:
        ValueError: `kinds` does not speak of exactly the record's leaves.
    """
    expected = _fields(record)
    absent = {pointer for pointer, kind in kinds.items() if kind == "absent"}
    if set(expected) != set(kinds) - absent:
        raise ValueError(f"kinds and leaves differ: {sorted(set(expected) ^ (set(kinds) - absent))}")
    got = {} if answer is ... else _fields(answer)
    result = Score(documents=1, valid=int(valid))
    for pointer, value in expected.items():
        result.total[kinds[pointer]] += 1
        result.right[kinds[pointer]] += int(pointer in got and equal(got[pointer], value))
    for pointer in absent:
        result.total["absent"] += 1
        result.right["absent"] += int(answer is not ... and not any(_within(other, pointer) for other in got))
    result.total["surplus"] += sum(_is_surplus(pointer, expected, absent) for pointer in got)
    result.total += Counter()  # a kind that did not occur is no kind
    result.exact = int(result.right.total() == result.total.total())
    return result


def all_null(kinds: dict[str, str]) -> Score:
    """The score of the answer that says null everywhere: right where nothing is stated."""
    result = Score(documents=1)
    for kind in kinds.values():
        result.total[kind] += 1
        result.right[kind] += int(kind in UNSTATED)
    result.exact = int(result.right.total() == result.total.total())
    return result


def strings(value: Any) -> Iterator[str]:
    """All string leaves of an answer."""
    return (leaf for _, leaf in leaves(value) if isinstance(leaf, str))


def parse(text: str) -> Any:
    """The JSON value of an answer, or `...` if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return ...


def _is_surplus(pointer: str, expected: dict[str, Any], absent: set[str]) -> bool:
    """Neither expected nor standing at, above or below a place that is counted already."""
    if pointer in expected or any(_within(pointer, other) for other in absent):
        return False
    return not any(_within(pointer, other) or _within(other, pointer) for other in expected)


def _within(pointer: str, place: str) -> bool:
    return pointer == place or pointer.startswith(place + "/")
