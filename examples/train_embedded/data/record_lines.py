"""Lines of one grammar: columns, separators, brackets, placeholders, a header; and where in a line a value stands.

Knows the text of the lines and which descriptions of a place are unmistakable. Knows no field names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random

from data import names
from data.datum import Context
from data.pools import pick
from data.record_cells import Aspect, Column, Valued

SEPARATORS = (
    " ",
    " ",
    " ",
    "\t",
    "\t",
    " | ",
    "|",
    ";",
    ",",
    ", ",
    " - ",
    ": ",
    "::",
    "; ",
    " / ",
    "~",
    " :: ",
    "fixed",
)
BRACKETS = ("[]", "[]", "()", '""', "''", "<>", "{}")
PLACEHOLDERS = ("-", "-", "<none>", "n/a", "null", "?", "(none)", '""', "--", "N/A", "None", "nil", "*")
ORDINALS = "first second third fourth fifth sixth seventh eighth".split()
INSIDE = {
    "[": "square brackets",
    "(": "parentheses",
    '"': "double quotes",
    "'": "single quotes",
    "<": "angle brackets",
    "{": "curly braces",
}


@dataclass
class Cell:
    """What one line shows in one column; no values where it shows a placeholder or nothing."""

    text: str
    values: tuple[Valued, ...] | None


@dataclass
class Sheet:
    """The lines of one document."""

    columns: list[Column]
    rows: list[list[Cell]]
    lines: list[str]
    separator: str = ""  # empty where the lines follow a pattern
    wraps: list[str] = field(default_factory=list)
    labels: list[list[str]] | None = None
    header: str = ""

    def aspects(self) -> list[tuple[int, int]]:
        """Every part of every column."""
        return [(c, a) for c, column in enumerate(self.columns) for a in range(len(column.aspects))]

    def aspect(self, at: tuple[int, int]) -> Aspect:
        """The part at a place."""
        return self.columns[at[0]].aspects[at[1]]


def draw_rows(ctx: Context, columns: list[Column], count: int, gaps: float, holder: str) -> list[list[Cell]]:
    """Cells of `count` lines; a gap shows `holder`."""
    rows = []
    for _ in range(count):
        row = []
        for index, column in enumerate(columns):
            text, valued = column.draw()
            gap = index and ctx.rng.random() < gaps
            row.append(Cell(holder, None) if gap else Cell(text, valued))
        rows.append(row)
    return rows


def _separators(cells: list[list[Cell]], wraps: list[str], header: list[str]) -> list[str]:
    """Those that part the cells without doubt."""
    texts = [(cell.text, bool(wraps[i])) for row in cells for i, cell in enumerate(row)]
    texts += [(label, False) for label in header]
    ends = [row[-1].text for row in cells] if not header and not wraps[-1] else []
    found = []
    for separator in SEPARATORS:
        core = separator.strip() or separator
        if separator == " ":
            inner = [row[i] for row in cells for i in range(len(row) - (1 if ends else 0)) if not wraps[i]]
            good = not any(" " in cell.text or not cell.text for cell in inner) and not any(" " in h for h in header)
            good = good and all(ends) if ends else good
        elif separator == "fixed":
            good = not any("  " in text or not text or "\t" in text for text, _ in texts)
        elif separator in (" - ", " / ", ": ", ", ", "; "):
            good = not any(separator in f" {text} " for text, _ in texts) and all(text for text, _ in texts)
        else:
            good = not any(core in text for text, _ in texts)
        if good:
            found.append(separator)
    return found


def lay_out(rng: Random, columns: list[Column], rows: list[list[Cell]], labels: list[list[str]] | None) -> Sheet | None:
    """The lines, all written alike; None where no separator will do."""
    often = rng.choice((0.0, 0.0, 0.1, 0.3))
    wraps = [rng.choice(BRACKETS) if column.bare and rng.random() < often and not labels else "" for column in columns]
    for index, wrap in enumerate(wraps):
        if wrap and any(mark in row[index].text for row in rows for mark in wrap):
            wraps[index] = ""
    style = pick(rng, "snake|lower|title|upper_snake|camel|sentence|kebab")
    head = [names.join(words, style) for words in labels] if labels else []
    fits = _separators(rows, wraps, head)
    if not fits:
        return None
    separator = rng.choice(fits)
    if labels and "\t" in fits and rng.random() < 0.4:
        separator = "\t"
    body = [[_wrapped(cell.text, wrap) for cell, wrap in zip(row, wraps, strict=True)] for row in rows]
    if separator == " " and not labels and rng.random() < 0.35:
        _punctuate(rng, body)
    table = [head, *body] if head else body
    lines = _fixed(rng, table) if separator == "fixed" else [separator.join(line) for line in table]
    if head:
        lines[0] = pick(rng, "|||# |#|") + lines[0]
        lines = [line.rstrip("\t ") for line in lines] if rng.random() < 0.5 else lines
        return Sheet(columns, rows, lines[1:], separator, wraps, labels, lines[0])
    lead = pick(rng, "||||||- |* |> ") if rng.random() < 0.5 else ""
    return Sheet(columns, rows, [lead + line for line in lines], "" if lead and separator == " " else separator, wraps)


def _wrapped(text: str, wrap: str) -> str:
    return wrap[0] + text + wrap[1] if wrap else text


def _punctuate(rng: Random, body: list[list[str]]) -> None:
    """A mark after one column of every line."""
    index = rng.randrange(len(body[0]) - 1) if len(body[0]) > 1 else 0
    mark = pick(rng, ":|:|,|;")
    if len(body[0]) > 1 and all(line[index][-1:].isalnum() or line[index][-1:] in "])>" for line in body):
        for line in body:
            line[index] += mark


def _fixed(rng: Random, table: list[list[str]]) -> list[str]:
    gap = rng.randint(2, 4)
    widths = [max(len(line[i]) for line in table) + gap for i in range(len(table[0]))]
    return ["".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in table]


def _counted(sheet: Sheet, index: int) -> list[str]:
    """'third column' and the like, where the columns of a line can be counted."""
    if not sheet.separator:
        return []
    if sheet.separator == " " and any(" " in row[i].text for row in sheet.rows for i in range(index + 1)):
        return []
    what = ["column", "field"] + (["word"] if sheet.separator == " " else ["part"])
    found = [f"{ORDINALS[index]} {word}" for word in what]
    last = index == len(sheet.columns) - 1
    if last:
        found += ["last column", "last field", "what stands at the end of the line"]
    return found


def _numbered(sheet: Sheet, index: int) -> list[str]:
    """'second number', where no other cell holds a digit."""
    numeric = [column.aspects[0].shape in ("int", "decimal") for column in sheet.columns]
    if not numeric[index]:
        return []
    if any(re.search(r"\d", row[i].text) for row in sheet.rows for i, is_number in enumerate(numeric) if not is_number):
        return []
    if any(row[i].values is None for row in sheet.rows for i, is_number in enumerate(numeric) if is_number):
        return []
    return [f"{ORDINALS[sum(numeric[:index])]} number"] if sum(numeric) > 1 else ["the number", "the only number"]


def places(sheet: Sheet, at: tuple[int, int]) -> list[str]:
    """Descriptions of where a value stands, each of which leads to it alone."""
    index, part = at
    aspects = sheet.columns[index].aspects
    own = aspects[part]
    whole = _counted(sheet, index) if not sheet.labels else [f'the "{" ".join(sheet.labels[index])}" column']
    if len(aspects) > 1:
        whole = [place for place in whole if not place.startswith("what")]
        if not own.where:
            return [f"the {own.phrases.split('|')[0]} in the {place.removeprefix('the ')}" for place in whole]
        found = [f"in the {place.removeprefix('the ')}, the part {own.where}" for place in whole]
        if all(line.count(own.mark) == 1 for line in sheet.lines) and len(own.mark) > 0 and not sheet.labels:
            found += (
                [f"the part {own.where}", f"what stands {own.where}"]
                if len(aspects) == 2 and bounded(sheet, at)
                else []
            )
        return found
    found = whole + _numbered(sheet, index)
    if own.where:
        found.append(f"what stands {own.where}")
    wrap = sheet.wraps[index] if sheet.wraps else ""
    if wrap and all(line.count(wrap[0]) == 1 + (wrap[0] == wrap[1]) for line in sheet.lines):
        found += [f"what stands in {INSIDE[wrap[0]]}", f"the part in {INSIDE[wrap[0]]}"]
    return found


def bounded(sheet: Sheet, at: tuple[int, int]) -> bool:
    """Whether "the part before the mark" can only mean the piece next to the mark."""
    return sheet.aspect(at).where[:3] == "in " or sheet.separator in (" ", "\t", "fixed")
