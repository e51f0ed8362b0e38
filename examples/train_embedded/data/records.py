"""Examples from texts without labels: fields are found by the kind, the format, the place or the description of a value.

Knows which grammars of lines there are, how a part of a line is named, and which records lines make.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

from data import heldout, names, pools, record_notes, record_pairs, schemas
from data.datum import Context, View
from data.example import Example
from data.pools import pick
from data.record_asking import Asker
from data.record_cells import Column, assigned
from data.record_kinds import KINDS
from data.record_lines import ORDINALS, PLACEHOLDERS, Sheet, draw_rows, lay_out
from data.schemas import Group, Leaf, Node, Rows, Strings

ANY = "|".join(KINDS)
# Columns of a line, in order: one of the alternatives each; "" leaves the column out.
GRAMMARS: dict[str, tuple[float, str]] = {
    "log": (4, "moment|date|time level|process|host| host|process|word|user|ip|level action|state|code| message"),
    "log-tail": (3, "moment|moment|time level|process|action package|word|path|host key key| key|"),
    "requests": (3, "ip|host|endpoint user|login| moment|time method path|url status bytes|took|size|"),
    "action": (4, "date|moment|moment|time action|state package|word|pinned|tagged|archive old new"),
    "action-change": (3, "moment|date| action|state|level package|word|path change|change|range user|version|hex|"),
    "package-list": (3, "package|archive|pinned version|date|size size|count|date|list product|message|url|list|"),
    "people": (3, "mailbox|person|user email|phone|user|city| city|company|code date|flag|level|list|"),
    "endpoints": (3, "endpoint|login|branch ip|mac|uuid|state| state|flag|took|percent| date|moment|message|"),
    "stock": (3, "code|uuid|list product|file|aside count|size|extent decimal|percent|flag| city|company|list|"),
    "geo": (3, "code|list|word place city|word|extent message|count|list|"),
    "files": (3, "size|bytes|flag| user|login date|moment|moment path|file|archive"),
    "commits": (3, "hex branch|person|mailbox date|moment|state message"),
    "glued": (
        4,
        "tagged|archive|process|aside|endpoint extent|range|percent|size list|place|version|change key|flag|state|",
    ),
    "lists": (3, "code|word|date list|list| place|count|city|person version|message|product|"),
    "free": (7, f"{ANY} {ANY} {ANY}| {ANY}| {'|' * 30}{ANY}"),
    "free-wide": (4, f"{ANY} {ANY} {ANY} {ANY} {ANY}| {ANY}| {ANY}|"),
    "couple": (3, f"{ANY} {ANY}"),
    "headed": (7, f"{ANY} {ANY} {ANY}| {ANY}| {ANY}|"),
    "headed-list": (4, "list|code|word place|date|version|moment city|person|path|company message|product|list|count"),
}
NOTES = record_notes.NOTES
PAIRS: dict[str, tuple[float, Callable[[Random, str], tuple[str, list[Node]]]]] = {
    "pairs": (6, record_pairs.single),
    "pairs-headed": (6, record_pairs.repeated),
}
# Words that, by chance, would make a line look like real text which is kept for testing.
AVOIDED = re.compile(r"(?i)urgency|closes:|\d\d:\d\d (?:status|install|upgrade|configure|remove|trigproc) ")
LISTS = "entries|lines|rows|items|records|list|events|results"


def _columns(ctx: Context, split: str, grammar: str) -> list[Column]:
    columns = []
    for options in grammar.split(" "):
        kind = ctx.rng.choice(options.split("|")) if options else ""
        if kind:
            columns.append((assigned(split) if kind == "key" else KINDS[kind])(ctx))
    return columns[:8]


def _labels(rng: Random, split: str, columns: list[Column]) -> list[list[str]]:
    labels: list[list[str]] = []
    while len(labels) < len(columns):
        own = columns[len(labels)].aspects[-1]
        telling = pick(rng, own.phrases).split()
        use = (
            own.phrases
            and len(columns[len(labels)].aspects) == 1
            and rng.random() < 0.4
            and names.fits("_".join(telling), split)
        )
        words = telling if use else names.compose(rng, "", split)
        if words not in labels:
            labels.append(words)
    return labels


def sheet_of(rng: Random, split: str, kind: str) -> Sheet | None:
    """Lines of a grammar."""
    ctx = Context.draw(rng)
    columns = _columns(ctx, split, GRAMMARS[kind][1])
    labels = _labels(rng, split, columns) if kind.startswith("headed") else None
    gaps = rng.choice((0.0, 0.0, 0.0, 0.12, 0.25))
    holder = rng.choice((*PLACEHOLDERS, "", "", "", "") if labels else PLACEHOLDERS)
    rows = draw_rows(ctx, columns, rng.choice((1, 1, 1, 2, 2, 3, 3, 4)), gaps, holder)
    return lay_out(rng, columns, rows, labels)


def _leaf_view(sheet: Sheet, row: int, at: tuple[int, int]) -> tuple[View, bool]:
    """The view of a part in one line, and whether it is missing there. A list is empty rather than missing."""
    aspect, cell = sheet.aspect(at), sheet.rows[row][at[0]]
    listed = aspect.schema.get("type") == "array"
    if cell.values is None:
        return View([] if listed else None, aspect.schema, "empty" if listed else "null"), not listed
    value, kind = cell.values[at[1]]
    return View(value, aspect.schema, kind), False


def _nodes(
    sheet: Sheet, row: int, asked: list[tuple[tuple[int, int], str, str | None]], before: str = ""
) -> list[Node]:
    nodes: list[Node] = []
    for at, name, about in asked:
        view, missing = _leaf_view(sheet, row, at)
        about = f"{before}, {about}" if before and about else before or about
        nodes.append(Leaf(name, view, about, missing))
    return nodes


def _table(rng: Random, asker: Asker, sheet: Sheet, asked: list[tuple[tuple[int, int], str, str | None]]) -> list[Node]:
    columns = [Leaf(name, View(None, sheet.aspect(at).schema, "null"), about) for at, name, about in asked]
    rows = [[node for node in _nodes(sheet, row, asked) if isinstance(node, Leaf)] for row in range(len(sheet.rows))]
    outer = asker.plain(LISTS)
    about = "one per line" if rng.random() < 0.2 else None
    return [Rows(outer, columns, rows, about)]


def _line_places(rng: Random, sheet: Sheet, row: int) -> list[tuple[str, str]]:
    """Ways to speak of one of several lines: a name for it and a description."""
    count = len(sheet.rows)
    found = [(ORDINALS[row], f"{ORDINALS[row]} line"), (f"line {row + 1}", f"line {row + 1}")]
    if row == count - 1:
        found = [("last", "the last line"), ("final", "last line"), ("bottom", "the last line")]
    elif row == 0:
        found += [("top", "the first line")]
    if sheet.header:
        found = [(name, f"{about} below the header") for name, about in found if not name.startswith("line")]
    marks = [cell.text for cell in sheet.rows[row] if cell.values and 3 < len(cell.text) < 24]
    marks = [mark for mark in marks if sum(mark in line for line in sheet.lines) == 1]
    if marks:
        mark = rng.choice(marks)
        found += [("matching", f"the line with {mark}"), ("that one", f'the line that has "{mark}"')] * 2
    return found


def _chosen(
    rng: Random, asker: Asker, sheet: Sheet, asked: list[tuple[tuple[int, int], str, str | None]]
) -> list[Node]:
    """One or two of several lines, as objects or as a flat record."""
    rows = rng.sample(range(len(sheet.rows)), 2 if rng.random() < 0.3 else 1)
    if len(rows) == 1 and rng.random() < 0.5:
        return _nodes(sheet, rows[0], asked, rng.choice(_line_places(rng, sheet, rows[0]))[1])
    nodes: list[Node] = []
    for row in rows:
        phrase, about = rng.choice(_line_places(rng, sheet, row))
        nodes.append(Group(asker.plain(phrase), _nodes(sheet, row, asked), about))
    return nodes


def _all_of(rng: Random, sheet: Sheet, asked: list[tuple[tuple[int, int], str, str | None]]) -> list[Node] | None:
    """Columns as arrays: one string of every line."""
    nodes: list[Node] = []
    for at, name, about in asked[:2]:
        views = [_leaf_view(sheet, row, at) for row in range(len(sheet.rows))]
        if any(missing for _, missing in views) or sheet.aspect(at).schema.get("type") == "array":
            return None
        about = f"of every line, {about}" if about else rng.choice(("of every line", "from each line", "one per line"))
        nodes.append(Strings(name, [view for view, _ in views], sheet.aspect(at).schema, about))
    return nodes


def nodes_of(rng: Random, split: str, sheet: Sheet) -> list[Node] | None:
    """What a schema asks of these lines."""
    asker = Asker(rng, split, sheet)
    asked = asker.choose()
    if not asked:
        return None
    if len(sheet.rows) == 1:
        if rng.random() < 0.12:
            return _table(rng, asker, sheet, asked)
        nodes = _nodes(sheet, 0, asked)
        lacking = asker.lacking() if rng.random() < 0.2 else None
        return [*nodes, lacking] if lacking else nodes
    chance = rng.random()
    if chance < 0.62:
        return _table(rng, asker, sheet, asked)
    if chance < 0.88:
        return _chosen(rng, asker, sheet, asked)
    return _all_of(rng, sheet, asked)


def _spread_kinds(built: schemas.Built) -> dict[str, str]:
    """The kinds, with one entry for every item of a list that stood as one leaf."""
    out: dict[str, str] = {}
    for pointer, kind in built.kinds.items():
        value: Any = built.record if kind not in ("absent", "null") else None
        for step in pointer.split("/")[1:] if value is not None else ():
            key = step.replace("~1", "/").replace("~0", "~")
            value = value[int(key)] if isinstance(value, list) else value[key]
        if isinstance(value, list):
            out.update({f"{pointer}/{index}": kind for index in range(len(value))} or {pointer: "empty"})
        else:
            out[pointer] = kind
    return out


def make(rng: Random, split: str, kind: str) -> Example | None:
    """One example of a kind, or None where the draw came to nothing."""
    if kind in PAIRS:
        text, nodes = PAIRS[kind][1](rng, split)
    elif kind in NOTES:
        text, nodes = NOTES[kind][1](rng, split)
    else:
        sheet = sheet_of(rng, split, kind)
        found = nodes_of(rng, split, sheet) if sheet else None
        if sheet is None or not found:
            return None
        nodes, text = found, "\n".join([sheet.header, *sheet.lines] if sheet.header else sheet.lines)
        if isinstance(found[0], Rows) and not sheet.header and rng.random() < 0.12:
            text = f"{pools.word(rng).capitalize()} {pools.word(rng)}:\n{text}"
    if not nodes or AVOIDED.search(text):
        return None
    policy = schemas.Policy.draw(rng)
    if rng.random() < 0.5:
        rng.shuffle(nodes)
    built = schemas.build(rng, nodes, policy)
    return Example(built.schema, text, built.record, f"record/{kind}", _spread_kinds(built))


def kinds_of(split: str) -> tuple[list[str], list[float]]:
    """The kinds of one split with their weights."""
    table = {**{k: w for k, (w, _) in GRAMMARS.items()}, **{k: w for k, (w, _) in {**PAIRS, **NOTES}.items()}}
    kinds = [k for k in table if heldout.is_template_held_out(f"record/{k}") == (split == "test")]
    return kinds, [table[kind] for kind in kinds]
