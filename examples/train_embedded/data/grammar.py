r"""The little language of templates: parsing and expanding. Knows no template and no schema.

[a|b|]        one of the alternatives, which may be empty and may nest
{spec}        a slot, see `data.slots`; the same slot twice shows the same value
{~spec}       a distractor: shown, never asked
<<a;;b;;c>>   the parts in random order
@@names@@row@@  a list of objects: the row template several times, its alternatives chosen once
\[ \| \{ …    the character itself
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from data.datum import Context, Datum, Shown
from data.slots import Slot, parse_slot

Part = tuple[str, object]


class Parser:
    """Recursive descent over one template."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def sequence(self, stops: tuple[str, ...]) -> tuple[Part, ...]:
        """Parts up to one of the stops."""
        parts: list[Part] = []
        literal: list[str] = []

        def flush() -> None:
            if literal:
                parts.append(("text", "".join(literal)))
                literal.clear()

        while self.at < len(self.text) and not self.text.startswith(stops, self.at):
            if self.text[self.at] == "\\":
                literal.append(self.text[self.at + 1])
                self.at += 2
            elif self.text[self.at] == "[":
                flush()
                parts.append(("alt", self.options("[", "|", "]")))
            elif self.text.startswith("<<", self.at):
                flush()
                parts.append(("shuffle", self.options("<<", ";;", ">>")))
            elif self.text.startswith("@@", self.at):
                flush()
                parts.append(("rows", self.rows()))
            elif self.text[self.at] == "{":
                flush()
                end = self.text.index("}", self.at)
                parts.append(("slot", parse_slot(self.text[self.at + 1 : end])))
                self.at = end + 1
            else:
                literal.append(self.text[self.at])
                self.at += 1
        flush()
        return tuple(parts)

    def options(self, opener: str, mark: str, closer: str) -> list[tuple[Part, ...]]:
        self.at += len(opener)
        options = [self.sequence((mark, closer))]
        while self.text.startswith(mark, self.at):
            self.at += len(mark)
            options.append(self.sequence((mark, closer)))
        if not self.text.startswith(closer, self.at):
            raise ValueError(f"template: {closer!r} is missing after {self.text[: self.at]!r}")
        self.at += len(closer)
        return options

    def rows(self) -> tuple[list[str], tuple[Part, ...]]:
        end = self.text.index("@@", self.at + 2)
        names = self.text[self.at + 2 : end].split(";")
        self.at = end + 2
        body = self.sequence(("@@",))
        self.at += 2
        return names, body


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Part, ...]:
    """The parts of a template."""
    parser = Parser(text)
    return parser.sequence(())


@dataclass
class Table:
    """Rows that an expansion has shown: per row, the datum of every slot."""

    names: list[str]
    slots: list[Slot]
    rows: list[list[Datum]]


@dataclass
class Expansion:
    """The text of one expansion and the values that stand in it."""

    ctx: Context
    pieces: list[str] = field(default_factory=list)
    shown: dict[str, tuple[Slot, Datum]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    families: list[str] = field(default_factory=list)

    def run(self, parts: tuple[Part, ...]) -> None:
        """Expands the parts in turn."""
        for kind, content in parts:
            if kind == "text":
                self.pieces.append(content)  # type: ignore[arg-type]
            elif kind == "slot":
                self.slot(content)  # type: ignore[arg-type]
            elif kind == "alt":
                self.run(self.ctx.rng.choice(content))  # type: ignore[arg-type]
            elif kind == "shuffle":
                order = list(content)  # type: ignore[call-overload]
                self.ctx.rng.shuffle(order)
                for option in order:
                    self.run(option)
            else:
                self.rows(*content)  # type: ignore[misc]

    def slot(self, slot: Slot) -> None:
        if slot.key in self.shown:
            datum = self.shown[slot.key][1]
        else:
            datum = slot.draw(self.ctx)
            self.shown[slot.key] = (slot, datum)
            self.families.append(datum.family)
        self.pieces.extend(slot.text(self.ctx.rng, datum))

    def rows(self, names: list[str], body: tuple[Part, ...]) -> None:
        rng = self.ctx.rng
        fixed: list[Part] = []
        resolve(self.ctx, body, fixed)
        slots = [part for kind, part in fixed if kind == "slot"]
        table = Table(names, slots, [])  # type: ignore[arg-type]
        for _ in range(rng.choice((1, 2, 2, 2, 3, 3, 4))):
            row: list[Datum] = []
            for kind, content in fixed:
                if kind == "text":
                    self.pieces.append(content)  # type: ignore[arg-type]
                else:
                    datum = content.draw(self.ctx)  # type: ignore[attr-defined]
                    row.append(datum)
                    self.pieces.append(Shown(datum.text))
            table.rows.append(row)
        if table.rows:
            self.families.extend(datum.family for datum in table.rows[0])
        self.tables.append(table)


def resolve(ctx: Context, parts: tuple[Part, ...], out: list[Part]) -> None:
    """The parts with every alternative chosen: a row template that all rows follow."""
    for kind, content in parts:
        if kind == "alt":
            resolve(ctx, ctx.rng.choice(content), out)  # type: ignore[arg-type]
        elif kind == "shuffle":
            for option in content:  # type: ignore[attr-defined]
                resolve(ctx, option, out)
        else:
            out.append((kind, content))


def slots_of(parts: tuple[Part, ...]) -> list[Slot]:
    """All slots that a template may show outside its rows."""
    found: list[Slot] = []
    for kind, content in parts:
        if kind == "slot":
            found.append(content)  # type: ignore[arg-type]
        elif kind in ("alt", "shuffle"):
            for option in content:  # type: ignore[attr-defined]
                found.extend(slots_of(option))
    return list({slot.key: slot for slot in found}.values())
