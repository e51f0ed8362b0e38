"""Abstract examples: free names, free labels, values of every kind, any layout. Teaches matching and copying.

Nothing here has a meaning beyond the link between a field's name (or description) and a label of the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from data import columns, fields, heldout, measures, names, noise, pools, schemas, values, writers
from data.blocks import Block, Entry, Grid, ListEntry, Section
from data.datum import Context, Datum, Generator, View
from data.example import Example
from data.schemas import Group, Leaf, Node, Rows, Strings

SCALARS: list[tuple[float, Generator]] = [
    (5, values.person),
    (1, values.first),
    (1, values.last),
    (2, values.username),
    (4, values.email),
    (3, values.url),
    (1, values.domain),
    (2, values.host),
    (2, values.ipv4),
    (1, values.mac),
    (1.5, values.uuid4),
    (2, values.digest),
    (7, values.code),
    (3, values.digits),
    (3, values.version),
    (4, values.path),
    (2, values.filename),
    (3, values.package),
    (2, values.phone),
    (1, values.iban),
    (1, values.postcode),
    (5, values.product),
    (6, values.title),
    (2, values.sentence),
    (6, values.noun),
    (1, values.country),
    (1, values.pool("job")),
    (1, values.pool("mime")),
    (1, values.pool("timezone")),
    (1, values.pool("colour")),
    (1, values.pool("language")),
    (1, values.address),
    (1, values.street_line),
    (3, values.simple(pools.company, "company")),
    (3, values.simple(pools.city, "city")),
    (2, values.simple(pools.street, "street")),
    (5, measures.count),
    (5, measures.integer),
    (4, measures.decimal),
    (2, measures.percent),
    (3, measures.measure),
    (3, measures.bare_amount),
    (5, measures.money),
    (1, measures.year),
    (9, measures.date),
    (2, measures.clock_time),
    (3, measures.stamp),
    (6, measures.boolean),
    (7, measures.choice),
    (1, measures.currency),
]
GENERATORS = [generator for _, generator in SCALARS]
WEIGHTS = [weight for weight, _ in SCALARS]
LISTABLE: list[Generator] = [
    values.noun,
    values.noun,
    values.product,
    values.person,
    values.email,
    values.code,
    values.package,
    values.path,
    values.ipv4,
    values.username,
    values.simple(pools.city, "city"),
    measures.count,
    values.version,
    values.host,
    values.url,
    values.title,
    values.digest,
    measures.date,
]


@dataclass
class Labelled:
    """A block of the text with the node that asks for it (none for a distractor)."""

    block: Block
    node: Node | None


class Maker:
    """Draws one abstract example."""

    def __init__(self, rng: Random, split: str) -> None:
        self.rng, self.split = rng, split
        self.ctx = Context.draw(rng)
        self.style = names.casing(rng)
        self.taken: set[str] = set()
        self.used_words: set[str] = set()
        self.describe = rng.choice((0.0, 0.05, 0.15, 0.6))
        self.loose_link = rng.choice((0.0, 0.1, 0.3, 0.5))

    def datum(self) -> Datum:
        """A value of any kind."""
        return self.rng.choices(GENERATORS, WEIGHTS)[0](self.ctx)

    def words(self, family: str) -> list[str]:
        """New name words, whose text differs from all before."""
        while True:
            words = names.compose(self.rng, family, self.split)
            key = "".join(words)
            if key not in self.taken:
                self.taken.add(key)
                return words

    def link(self, words: list[str]) -> tuple[list[str], list[str], str | None]:
        """Name words, label words and a description that ties them."""
        rng = self.rng
        chance = rng.random()
        fresh = not self.used_words & set(words)
        self.used_words |= set(words)
        if chance > self.loose_link:
            described = rng.random() < self.describe
            return words, words, fields.linking(rng, " ".join(words)) if described else None
        kind = rng.random()
        if kind < 0.35:
            return words, names.varied(rng, words), None
        if kind < 0.55 and fresh and len(words) > 1:
            return words, words[:-1] if rng.random() < 0.5 else words[1:], None
        if kind < 0.7 and fresh:
            extra = names.word_for(rng, self.split)
            return words, [extra, *words] if rng.random() < 0.5 else [*words, extra], None
        if kind < 0.8:
            reordered = words[::-1] if len(words) == 2 else words
            return (
                words,
                reordered
                if rng.random() < 0.7
                else [words[0], "of", *words[1:]][: len(words) + 1]
                if len(words) > 1
                else words,
                None,
            )
        label = self.words("")
        return words, label, fields.linking(rng, " ".join(label) if rng.random() < 0.6 else names.join(label, "title"))

    def leaf(self, words: list[str], view: View, description: str | None) -> Leaf:
        """The asked field, named in the schema's casing."""
        return Leaf(fields.named(words, self.style, self.split), view, description)

    def scalar(self) -> Labelled:
        """An entry with its field."""
        datum = self.datum()
        view = fields.view_of(self.rng, datum)
        words, label, description = self.link(self.words(datum.family))
        if view.suffix:
            words, description = self.suffixed(words, view, description)
        return Labelled(Entry(label, datum.text), self.leaf(words, view, description))

    def suffixed(self, words: list[str], view: View, description: str | None) -> tuple[list[str], str | None]:
        """A name that asks for a part of the value: its unit or its currency."""
        longer = [*words, view.suffix]
        if names.fits("_".join(longer), self.split):
            return longer, description
        return words, f"{view.suffix} of the value of {' '.join(words)}"

    def strings(self) -> Labelled:
        """A list of values of one kind."""
        rng = self.rng
        count = rng.choice((0, 1, 2, 2, 2, 3, 3, 4))
        texts, views, shape = columns.column(self.ctx, rng.choice(LISTABLE), count)
        words, label, description = self.link(self.words("list"))
        node = Strings(fields.named(words, self.style, self.split), views, shape.schema, description)
        return Labelled(ListEntry(label, texts), node)

    def section(self) -> Labelled:
        """A heading over a few entries: an object."""
        rng = self.rng
        inner = [self.scalar() for _ in range(rng.choice((1, 2, 2, 3)))]
        words, label, description = self.link(self.words("word"))
        entries = [part.block for part in inner if isinstance(part.block, Entry)]
        members = [part.node for part in inner if part.node is not None and rng.random() < 0.85]
        if not members:
            return Labelled(Section(label, entries), None)
        rng.shuffle(members)
        return Labelled(
            Section(label, entries), Group(fields.named(words, self.style, self.split), members, description)
        )

    def grid(self) -> Labelled:
        """A table: an array of objects with some of its columns."""
        rng = self.rng
        count = rng.choice((0, 1, 2, 2, 2, 3, 3, 4))
        generators = rng.choices(GENERATORS, WEIGHTS, k=rng.choice((1, 2, 2, 2, 3, 3, 4)))
        heads = [self.link(self.words(generator(self.ctx).family)) for generator in generators]
        cells = [columns.column(self.ctx, generator, count) for generator in generators]
        asked = [i for i in range(len(cells)) if rng.random() < 0.75] or [0]
        rng.shuffle(asked)
        leaves = [self.leaf(heads[i][0], cells[i][2], heads[i][2]) for i in asked]
        rows = [
            [Leaf(leaf.name, cells[i][1][row]) for leaf, i in zip(leaves, asked, strict=True)] for row in range(count)
        ]
        words, label, description = self.link(self.words("table"))
        node = Rows(fields.named(words, self.style, self.split), leaves, rows, description)
        texts = [[column[0][row] for column in cells] for row in range(count)]
        return Labelled(Grid(label, [head[1] for head in heads], texts), node)

    def missing(self) -> Leaf:
        """A field that the text says nothing of."""
        datum = self.datum()
        view = next(view for view in datum.views if not view.suffix)
        words = self.words(datum.family)
        self.used_words |= set(words)
        return Leaf(fields.named(words, self.style, self.split), view, None, missing=True)


def _parts(rng: Random, maker: Maker, nested: bool) -> list[Labelled]:
    count = rng.choices(range(1, 13), (5, 8, 9, 9, 8, 6, 4, 2, 1.5, 1, 0.5, 0.5))[0]
    parts: list[Labelled] = []
    heavy = 0
    for _ in range(count):
        chance = rng.random()
        if nested and chance < 0.1 and heavy < 2:
            parts.append(maker.section())
            heavy += 1
        elif nested and chance < 0.2 and heavy < 1:
            parts.append(maker.grid())
            heavy += 2
        elif nested and chance < 0.32 and heavy < 3:
            parts.append(maker.strings())
            heavy += 1
        else:
            parts.append(maker.scalar())
    return parts


def make(rng: Random, split: str, layout_ids: list[str], weights: list[float]) -> Example:
    """One abstract example."""
    maker = Maker(rng, split)
    layout = rng.choices(layout_ids, weights)[0]
    parts = _parts(rng, maker, not layout.startswith("flat/"))
    for part in parts:
        if rng.random() < 0.2 and len(parts) > 1:
            part.node = None
    nodes = [part.node for part in parts if part.node is not None] or [parts[0].node]
    asked: list[Node] = [node for node in nodes if node is not None]
    if not asked:
        return make(rng, split, layout_ids, weights)
    asked += [maker.missing() for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2)) if len(asked) > 1 else 0)]
    if rng.random() < 0.6:
        rng.shuffle(asked)
    parts.sort(key=lambda part: isinstance(part.block, Section))  # entries below a heading would seem to be its own
    blocks = [part.block for part in parts]
    pieces = noise.framed(rng, writers.LAYOUTS[layout][0](rng, blocks))
    built = schemas.build(rng, asked, schemas.Policy.draw(rng))
    return Example(built.schema, noise.text_of(rng, pieces), built.record, layout, built.kinds)


def layouts_of(split: str) -> tuple[list[str], list[float]]:
    """The layouts of one split with their weights."""
    ids = [name for name in writers.LAYOUTS if heldout.is_template_held_out(name) == (split == "test")]
    return ids, [writers.LAYOUTS[name][1] for name in ids]
