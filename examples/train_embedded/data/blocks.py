"""The content of a labelled document before a layout writes it. Knows no syntax and no schema."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Entry:
    """A label (as words) and the literal text of its value."""

    words: list[str]
    text: str


@dataclass
class ListEntry:
    """A label and the literal texts of several values."""

    words: list[str]
    items: list[str]


@dataclass
class Section:
    """A heading over entries."""

    words: list[str]
    entries: list[Entry]


@dataclass
class Grid:
    """Rows of cells under column headings; a cell is empty where a row lacks the value."""

    words: list[str]
    columns: list[list[str]]
    rows: list[list[str]]


Block = Entry | ListEntry | Section | Grid
