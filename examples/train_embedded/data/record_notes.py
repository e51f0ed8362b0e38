"""Signatures, bylines, titles and bullets with references: lines in which a pattern, not a column, places the values.

Knows patterns and how the values in them may be asked. Shares the naming with other unlabelled lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from data import fields, names, values
from data.datum import Context, View
from data.pools import pick
from data.record_asking import Asked, Asker
from data.record_cells import assigned
from data.record_kinds import KINDS
from data.record_lines import Cell, Sheet
from data.schemas import Leaf, Node, Rows, Strings

INTEGERS = {"type": "integer"}
SIGNATURES = (
    "-- <mailbox> <moment>|~ <mailbox>, <date>|-- <person>, <moment>|— <person>, <date>|* <mailbox> <date>|"
    "Signed: <mailbox> on <date>|[<person>, <city>, <date>]|<mailbox> / <moment>|  -- <person> / <date>"
)
BYLINES = (
    "by <person> on <date> at <time>|(<person>, <date>)|Posted by <person> on <date>|written by <mailbox> on <date>|"
    "last edited <moment> by <person>|<person> wrote on <date>:|On <date>, <person> wrote:|from <person>, <date> <time>|"
    "<action> by <user> on <date> at <time>|(<user>, <moment>)|seen <date> <time> from <ip> by <user>"
)
TITLES = (
    "<package> (<version>) <level> <state>; <key>|<package> <version> (<date>)|<word> [<version>] <action>; <key>; <key>|"
    "# <package> v<plain> - <date>|== <package> <version>: <state> ==|<package> (<version>) <state>; <key>, <key>|"
    "<date>: <package> <version> <action>|<package> <change> (<date>)|<tagged> <level>; <key>"
)
REFERENCES = (
    "(fixes #{})|(fix #{})|(resolves #{})|[#{}]|(see #{})|(refs #{})|(bug #{})|- ticket #{}|(issue #{})|"
    "(GH-{})|, solves #{}|(!{})|(PR {})|(addresses #{})|{{{}}}"
)


def _filled(rng: Random, split: str, patterns: str) -> Sheet:
    """One line of a pattern; its values are the columns of a sheet."""
    ctx = Context.draw(rng)
    pieces = pick(rng, patterns).replace("<plain>", "<version>").replace(">", "<").split("<")
    columns, cells, text = [], [], ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            text += piece
            continue
        column = (assigned(split) if piece == "key" else KINDS[piece])(ctx)
        shown, valued = column.draw()
        if text.endswith(" v"):
            shown = shown.removeprefix("v")
            valued = ((shown, "copied"),)
        columns.append(column)
        cells.append(Cell(shown, valued))
        text += shown
    return Sheet(columns, [cells], [text])


def _leaves(sheet: Sheet, asked: list[Asked]) -> list[Node]:
    nodes: list[Node] = []
    for at, name, about in asked:
        valued = sheet.rows[0][at[0]].values
        assert valued is not None
        value, kind = valued[at[1]]
        nodes.append(Leaf(name, View(value, sheet.aspect(at).schema, kind), about))
    return nodes


def _line_of(patterns: str, lead: bool) -> Callable[[Random, str], tuple[str, list[Node]]]:
    def make(rng: Random, split: str) -> tuple[str, list[Node]]:
        sheet = _filled(rng, split, patterns)
        nodes = _leaves(sheet, Asker(rng, split, sheet).choose())
        text = sheet.lines[0]
        if lead and rng.random() < 0.6:
            body = [values.sentence(Context.draw(rng)).text for _ in range(rng.randint(1, 3))]
            text = rng.choice((" ", "\n")).join(body) + rng.choice(("\n", "\n\n", "\n")) + text
        return text, nodes

    return make


def _reference(rng: Random, form: str, digits: int) -> tuple[str, list[int]]:
    low = 10 ** (digits - 1)
    numbers = rng.sample(range(low, low * 10), rng.choice((1, 1, 1, 2, 2, 3)))
    if "#" in form:
        return form.format((", #" if rng.random() < 0.7 else " #").join(map(str, numbers))), numbers
    return form.format(", ".join(map(str, numbers))), numbers


def _bullets(rng: Random, ctx: Context) -> tuple[list[str], list[tuple[str, list[int]]], str]:
    """Bullets as lines, and the text and numbers of each; a form of reference for all."""
    form, mark, digits = pick(rng, REFERENCES), pick(rng, "  * |- |* |• |+ |  - "), rng.randint(2, 6)
    rate = rng.choice((0.0, 0.3, 0.6, 0.9))
    lines, items = [], []
    for _ in range(rng.randint(1, 4)):
        message, numbers, tail = values.title(ctx).text, list[int](), ""
        if rng.random() < rate:
            tail, numbers = _reference(rng, form, digits)
            tail = tail if tail[0] == "," else " " + tail
        lines.append(mark + message + tail)
        items.append((message, numbers))
    return lines, items, form


def _reference_name(rng: Random, asker: Asker, form: str) -> tuple[str, str | None]:
    """A name for the referenced numbers."""
    phrases = "references|issue numbers|issues|ticket numbers|refs|referenced numbers|tickets|linked issues|bugs"
    verb = " ".join(re.findall(r"[A-Za-z]+", form))
    about = rng.choice((f"numbers given as {form.format('n').replace('#n', '#…')}", "the referenced numbers"))
    if verb and rng.random() < 0.3:
        about = f'numbers after "{verb}"'
    words = asker.telling(phrases) if rng.random() < 0.75 else []
    if not words:
        return fields.named(asker.invented(), asker.style, asker.split), about
    return fields.named(words, asker.style, asker.split), about if rng.random() < 0.3 else None


def bulleted(rng: Random, split: str) -> tuple[str, list[Node]]:
    """A title, bullets of which some carry references, perhaps a footer: numbers as an array, bullets as a list."""
    ctx = Context.draw(rng)
    lines, items, form = _bullets(rng, ctx)
    top = _filled(rng, split, TITLES)
    asker = Asker(rng, split, top)
    nodes = _leaves(top, asker.choose())[: rng.randint(1, 4)] if rng.random() < 0.7 else []
    name, about = _reference_name(rng, asker, form)
    text = "\n".join([top.lines[0], *([""] if rng.random() < 0.4 else []), *lines])
    if rng.random() < 0.55:
        numbers = [View(number, INTEGERS, "number") for _, found in items for number in found]
        nodes.append(Strings(name, numbers, INTEGERS, about))
        if rng.random() < 0.4:
            words = asker.plain("changes|bullets|notes|points|changelog|lines|entries")
            texts = [View(message, {"type": "string"}, "copied") for message, _ in items]
            nodes.append(Strings(words, texts, {"type": "string"}, "text of each bullet without its references"))
        return text, nodes
    inner = Asker(rng, split, top)
    inner.style = asker.style
    note = inner.plain("text|message|note|what|change|description|summary|title")
    schema = {"type": "array", "items": INTEGERS}
    rows = [
        [
            Leaf(note, View(message, {"type": "string"}, "copied"), None),
            Leaf(name, View(found, schema, "number" if found else "empty"), None),
        ]
        for message, found in items
    ]
    heads = [Leaf(note, rows[0][0].view, "without its references"), Leaf(name, View([], schema, "empty"), about)]
    outer = asker.plain("changes|bullets|notes|points|entries|items|changelog")
    return text, [*nodes, Rows(outer, heads, rows, "one per bullet" if rng.random() < 0.4 else None)]


def referring(rng: Random, split: str) -> tuple[str, list[Node]]:
    """Lines that refer to two series of numbers, told apart by the word before them."""
    ctx = Context.draw(rng)
    verbs = rng.sample(("fixes", "see", "refs", "resolves", "bug", "needs", "blocks", "after", "replaces"), 2)
    asker = Asker(rng, split, Sheet([], [], []))
    series: dict[str, list[int]] = {verb: [] for verb in verbs}
    lines = []
    for _ in range(rng.randint(1, 4)):
        tail, verb = "", rng.choice(verbs)
        if rng.random() < 0.6:
            tail, found = _reference(rng, rng.choice((" ({verb} #{})", ", {verb} #{}")).replace("{verb}", verb), 3)
            series[verb] += found
        lines.append(pick(rng, "- |- |* ") + values.title(ctx).text + tail)
    nodes: list[Node] = []
    for verb, found in series.items():
        words = [verb] if names.fits(verb, split) else []
        about = f'numbers after "{verb}"' if not words or rng.random() < 0.5 else None
        words = words if words and asker.claim(words) else asker.invented()
        about = about or (None if words == [verb] else f'numbers after "{verb}"')
        nodes.append(
            Strings(
                fields.named(words, asker.style, split), [View(n, INTEGERS, "number") for n in found], INTEGERS, about
            )
        )
    return "\n".join(lines), nodes if rng.random() < 0.8 else nodes[:1]


NOTES: dict[str, tuple[float, Callable[[Random, str], tuple[str, list[Node]]]]] = {
    "signature": (4, _line_of(SIGNATURES, True)),
    "byline": (4, _line_of(BYLINES, True)),
    "title": (4, _line_of(TITLES, False)),
    "bullets": (5, bulleted),
    "references": (3, referring),
}
