"""Where the values of a record stand in the document.

A span is literal up to white space, letter case and notation: 1234.5 stands in "1,234.50", 2024-03-01 in
"1 March 2024". What is only implied by the document has no span. Where a value occurs more than once, the
occurrence near the field's name and near the other fields of the same object is taken, and two fields share
an occurrence only if there is no other. Knows nothing of models and tokens; notations are in `_notation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from controlgen._fields import Field
from controlgen._notation import Occurrence, date_occurrences, number_occurrences

__all__ = ["Span", "find_spans"]

Span = tuple[int, int]

_LABEL_REACH = 80
_SIBLING_REACH = 200
_LABEL_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")


def find_spans(document: str, fields: Iterable[Field]) -> dict[str, Span | None]:
    """The span of each field's value in the document, by JSON pointer.

    Args:
        document: the text that the record was read from.
        fields: the scalars of the record (`controlgen._fields.fields`).

    Returns:
        pointer -> (start, end) in code points, `document[start:end]` being the value as it is spelled there,
        or None: null, a boolean, an empty string, or a value that does not stand in the document.
    """
    every = list(fields)
    candidates = {field.pointer: _occurrences(document, field.value) for field in every}
    placed: dict[str, Span | None] = {}
    # Fields that can stand in one place only come first: they tell the others where their object is.
    for field in sorted(every, key=lambda field: _ambiguity(candidates[field.pointer])):
        placed[field.pointer] = _choose(document, field, candidates[field.pointer], placed)
    return {field.pointer: placed[field.pointer] for field in every}


def _ambiguity(occurrences: list[Occurrence]) -> int:
    if not occurrences:
        return 0
    best = min(occurrence.rank for occurrence in occurrences)
    return sum(occurrence.rank == best for occurrence in occurrences)


def _occurrences(document: str, value: object) -> list[Occurrence]:
    if isinstance(value, bool) or value is None or value == "":
        return []
    if isinstance(value, str):
        return _text_occurrences(document, value) or date_occurrences(document, value)
    if isinstance(value, int | float):
        return number_occurrences(document, value)
    return []


def _text_occurrences(document: str, value: str) -> list[Occurrence]:
    """Literal occurrences; failing that, with other white space; failing that, in another letter case."""
    words = value.split()
    if not words:
        return []
    loose = r"\s+".join(re.escape(word) for word in words)
    for rank, (pattern, flags) in enumerate(((re.escape(value), 0), (loose, 0), (loose, re.IGNORECASE))):
        found = []
        for match in re.finditer(pattern, document, flags):
            inside = _inside_word(document, match.start(), match.end())
            if not (inside and len(value) < 3):
                found.append(Occurrence(match.start(), match.end(), rank + 2 * inside))
        if found:
            return found
    return []


def _inside_word(document: str, start: int, end: int) -> bool:
    """Whether the stretch is cut out of a longer word: "art" in "party"."""
    left = start > 0 and document[start - 1].isalnum() and document[start].isalnum()
    right = end < len(document) and document[end].isalnum() and document[end - 1].isalnum()
    return left or right


def _choose(
    document: str, field: Field, occurrences: list[Occurrence], placed: dict[str, Span | None]
) -> Span | None:
    if not occurrences:
        return None
    if len(occurrences) == 1:
        return occurrences[0].span
    labels = _label_ends(document, field.key)
    taken = [span for span in placed.values() if span is not None]
    siblings = _related(field, placed)

    def cost(occurrence: Occurrence) -> tuple[float, int]:
        shared = any(start < occurrence.end and occurrence.start < end for start, end in taken)
        label = min((_label_distance(occurrence.start, end) for end in labels), default=_LABEL_REACH)
        near = min((_gap(occurrence.span, span) for span in siblings), default=_SIBLING_REACH)
        distance = min(label, _LABEL_REACH) + min(near, _SIBLING_REACH) / 2
        return 1000 * occurrence.rank + 400 * shared + distance, occurrence.start

    return min(occurrences, key=cost).span


def _related(field: Field, placed: dict[str, Span | None]) -> list[Span]:
    """Spans already placed in the object or array that holds the field."""
    prefix = field.parent + "/"
    return [span for pointer, span in placed.items() if span is not None and pointer.startswith(prefix)]


def _label_ends(document: str, key: str) -> list[int]:
    """Ends of the words of a field's name in the document, any case: `totalDue` looks for total and due."""
    words = {word.lower() for word in _LABEL_WORD.findall(key) if len(word) > 1}
    if not words:
        return []
    pattern = "|".join(re.escape(word) for word in sorted(words))
    return [match.end() for match in re.finditer(rf"(?i)\b(?:{pattern})", document)]


def _label_distance(start: int, label_end: int) -> int:
    """Labels stand before their values; one behind counts as far as three times its distance."""
    return start - label_end if label_end <= start else 3 * (label_end - start)


def _gap(first: Span, second: Span) -> int:
    return max(first[0] - second[1], second[0] - first[1], 0)
