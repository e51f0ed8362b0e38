"""How numbers, dates and times are written in documents, and where a given one stands.

Knows notations: digit grouping, decimal marks, orders of day and month, English month names, 12 and 24 hours.
Where a notation is ambiguous ("03/04/2024") every reading counts: the question here is whether a known value
may stand there, not what an unknown text means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Occurrence", "date_occurrences", "number_occurrences"]


@dataclass(frozen=True)
class Occurrence:
    """A place where a value may stand: code-point offsets, and a rank (0 literal, more is less certain)."""

    start: int
    end: int
    rank: int

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


_DIGITS = re.compile(r"\d+(?:[.,'’ \u00a0\u202f]\d+)*")
_PIECE = re.compile(r"\d+")
_SPACES = " \u00a0\u202f'’"
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_MAX_PIECES = 12


def number_occurrences(document: str, value: int | float) -> list[Occurrence]:
    """Places where the number stands in any usual notation: 1234.5 in "1,234.50", "1.234,50", "1 234.5"."""
    if not math.isfinite(value):
        return []
    wanted = Decimal(str(value))
    found = [
        Occurrence(match.start(), match.end(), 0)
        for match in _EXPONENT.finditer(document)
        if Decimal(match[0]) == wanted
    ]
    for run in _DIGITS.finditer(document):
        found += _in_run(document, run, wanted, str(value).lstrip("-"))
    return found


def _in_run(document: str, run: re.Match[str], wanted: Decimal, literal: str) -> Iterator[Occurrence]:
    """A run such as "5 12.50" may be one number or several: every stretch of whole pieces is tried."""
    pieces = list(_PIECE.finditer(run[0]))[:_MAX_PIECES]
    for first in range(len(pieces)):
        for last in range(first, len(pieces)):
            text = run[0][pieces[first].start() : pieces[last].end()]
            if abs(wanted) not in _readings(text):
                continue
            start, end = run.start() + pieces[first].start(), run.start() + pieces[last].end()
            start, negative = _with_sign(document, start)
            if negative == (wanted < 0):
                rank = 0 if text == literal else 1
                yield Occurrence(start, end, rank + _rank_of_place(document, run, start, end))


def _readings(text: str) -> set[Decimal]:
    """The numbers that a text of digits and separators may mean."""
    readings: set[Decimal] = set()
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        readings.add(Decimal(text))
    if re.fullmatch(r"\d+,\d+", text):
        readings.add(Decimal(text.replace(",", ".")))
    for group, mark in ((",", "."), (".", ","), (f"[{_SPACES}]", "[.,]")):
        group = re.escape(group) if len(group) == 1 else group
        mark = re.escape(mark) if len(mark) == 1 else mark
        match = re.fullmatch(rf"(\d{{1,3}}(?:{group}\d{{3}})+)(?:{mark}(\d+))?", text)
        if match:
            readings.add(Decimal(re.sub(r"\D", "", match[1]) + "." + (match[2] or "0")))
    return readings


def _with_sign(document: str, start: int) -> tuple[int, bool]:
    """The start with a minus sign taken in, and whether there is one; a hyphen inside a word is no sign."""
    before = document[max(start - 1, 0) : start]
    if before not in ("-", "−", "–"):
        return start, False
    if start >= 2 and (document[start - 2].isalnum() or document[start - 2] in ")]"):
        return start, False
    return start - 1, True


def _rank_of_place(document: str, run: re.Match[str], start: int, end: int) -> int:
    """Worse by one for each glued border: part of a run ("1.5" in "1.5.2"), or of a word ("A4", "2nd")."""
    before, after = document[max(start - 1, 0) : start], document[end : end + 1]
    left = before.isalnum() or (start > run.start() and before not in _SPACES) or before in ("-", "/", ":")
    right = after.isalnum() or (end < run.end() and after not in _SPACES)
    right = right or (after in ("-", "/", ":") and document[end + 1 : end + 2].isdigit())
    return (left and before != "") + (right and after != "")


# Dates and times ----------------------------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_GAP = r"[\s,./-]*"
_YEAR = r"(?P<year>\d{4}|['’]?\d{2})"
_NAMED_DATES = [
    re.compile(rf"(?i)\b{_DAY}{_GAP}(?:of\s+)?{_MONTH}(?:{_GAP}{_YEAR}\b(?!:\d))?(?!\d)"),
    re.compile(rf"(?i)\b{_MONTH}{_GAP}{_DAY}\b(?!:)(?:{_GAP}{_YEAR}\b(?!:))?"),
    re.compile(rf"(?i)\b{_YEAR}{_GAP}{_MONTH}{_GAP}{_DAY}\b"),
]
_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,4})([-/.]|\.\s)(\d{1,2})\2(\d{1,4})(?!\d)")
_COMPACT_DATE = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_TIME = re.compile(
    r"(?i)(?<![\d:])(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?(?![\d:])"
)
_ZONE = re.compile(r"\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})\b")
_ISO = re.compile(
    r"(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d))?(?P<t>[Tt ])?"
    r"(?:(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?)?"
)
_REACH = 6
"""Characters that may lie between the date and the time of one moment: ", at "."""


def date_occurrences(document: str, value: str) -> list[Occurrence]:
    """Places where an ISO date, time or date-time stands in another notation; none if `value` isn't one."""
    match = _ISO.fullmatch(value)
    if match is None:
        return []
    date = (int(match["year"]), int(match["month"]), int(match["day"])) if match["year"] else None
    time = (int(match["hour"]), int(match["minute"]), int(match["second"] or 0)) if match["hour"] else None
    if date and time:
        return _moments(document, date, time)
    if date:
        return list(_dates(document, date))
    return list(_times(document, time)) if time else []


def _moments(document: str, date: tuple[int, int, int], time: tuple[int, int, int]) -> list[Occurrence]:
    """A date and a time that stand next to each other, either first, and a zone behind the time."""
    found = []
    times = list(_times(document, time))
    for day in _dates(document, date):
        for clock in times:
            gap = max(clock.start - day.end, day.start - clock.end)
            if 0 <= gap <= _REACH:
                span = min(day.start, clock.start), max(day.end, clock.end)
                found.append(Occurrence(*span, max(day.rank, clock.rank)))
    return found


def _dates(document: str, wanted: tuple[int, int, int]) -> Iterator[Occurrence]:
    year, month, day = wanted
    for pattern in _NAMED_DATES:
        for match in pattern.finditer(document):
            if _MONTHS[match["month"].lower()] != month or int(match["day"]) != day:
                continue
            if match["year"] is None:
                yield Occurrence(match.start(), match.end(), 2)  # the year is told elsewhere, or not at all
            elif _is_year(match["year"], year):
                yield Occurrence(match.start(), match.end(), 1)
    for match in _NUMERIC_DATE.finditer(document):
        first, _, second, third = match.groups()
        orders = ((first, second, third), (third, second, first), (third, first, second))
        if any(_is_year(y, year) and int(m) == month and int(d) == day for y, m, d in orders):
            yield Occurrence(match.start(), match.end(), 1)
    for match in _COMPACT_DATE.finditer(document):
        if tuple(map(int, match.groups())) == wanted:
            yield Occurrence(match.start(), match.end(), 1)


def _is_year(text: str, year: int) -> bool:
    digits = text.lstrip("'’")
    return int(digits) == year if len(digits) == 4 else len(digits) == 2 and int(digits) == year % 100


def _times(document: str, wanted: tuple[int, int, int]) -> Iterator[Occurrence]:
    for match in _TIME.finditer(document):
        if match["minute"] is None and match["half"] is None:
            continue  # a bare number is no time of day
        hour, half = int(match["hour"]), (match["half"] or "").lower()
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if (hour, int(match["minute"] or 0), int(match["second"] or 0)) == wanted:
            zone = _ZONE.match(document, match.end())
            yield Occurrence(match.start(), zone.end() if zone else match.end(), 1)
