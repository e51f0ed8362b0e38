"""Abstract examples: free names, free labels, values of every kind, any layout. Teaches matching and copying.

Nothing here has a meaning beyond the link between a field's name (or description) and a label of the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from data import (
    columns,
    composites,
    fields,
    heldout,
    listings,
    measures,
    names,
    noise,
    padded,
    parts,
    pools,
    schemas,
    values,
    writers,
)
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
PADDED = [generator for _, generator in padded.PADDED]
PADDED_WEIGHTS = [weight for weight, _ in padded.PADDED]
COMPOSED = 0.2  # share of entries that are made of parts; some layouts can't bear one, so that fewer remain
MARKED = 0.13  # share of the other entries whose value stands in a phrase or holds marks of its own
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
    padded.intricate,
    padded.marked,
]


@dataclass
class Labelled:
    """Blocks of the text with the nodes that ask for them (none for a distractor)."""

    blocks: list[Block]
    nodes: list[Node] = field(default_factory=list)


class Maker:
    """Draws one abstract example."""

    def __init__(self, rng: Random, split: str, layout: str) -> None:
        self.rng, self.split, self.layout = rng, split, layout
        self.ctx = Context.draw(rng)
        self.style = names.casing(rng)
        self.taken: set[str] = set()
        self.used_words: set[str] = set()
        self.describe = rng.choice((0.0, 0.05, 0.15, 0.6))
        self.loose_link = rng.choice((0.0, 0.1, 0.3, 0.5))

    def datum(self) -> Datum:
        """A value of any kind."""
        if self.rng.random() < MARKED:
            datum = self.rng.choices(PADDED, PADDED_WEIGHTS)[0](self.ctx)
            if listings.suits(self.layout, datum.text):
                return datum
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

    def entry(self, grouped: bool) -> Labelled:
        """An entry with its fields: of one value, or of a text made of parts."""
        if self.rng.random() < COMPOSED:
            return self.composite(grouped) or self.scalar()
        return self.scalar()

    def composite(self, grouped: bool) -> Labelled | None:
        """An entry of a text made of parts, if the layout can show the one that is drawn."""
        shown = composites.draw(self.ctx, self.split)
        if not listings.suits(self.layout, shown.text):
            return None
        words = self.words("word" if self.rng.random() < 0.3 else "")
        self.used_words |= set(words)
        return Labelled([Entry(self.label(words), shown.text)], parts.ask(self, words, shown, grouped))

    def label(self, words: list[str]) -> list[str]:
        """The name words as a label, at times abbreviated or by a synonym."""
        return names.varied(self.rng, words) if self.rng.random() < self.loose_link / 2 else words

    def scalar(self) -> Labelled:
        """An entry of one value with its field."""
        datum = self.datum()
        view = fields.view_of(self.rng, datum)
        words, label, description = self.link(self.words(datum.family))
        if view.suffix:
            words, description = self.suffixed(words, view, description)
        return Labelled([Entry(label, datum.text)], [self.leaf(words, view, description)])

    def suffixed(self, words: list[str], view: View, description: str | None) -> tuple[list[str], str | None]:
        """A name that asks for a part of the value: its unit or its currency."""
        longer = [*words, view.suffix]
        if names.fits("_".join(longer), self.split):
            return longer, description
        return words, f"{view.suffix} of the value of {' '.join(words)}"

    def strings(self) -> Labelled:
        """A list of values of one kind."""
        rng = self.rng
        if rng.random() < 0.3:
            found = self.composed_list()
            if found:
                return found
        count = rng.choice((0, 1, 2, 2, 2, 3, 3, 4))
        texts, views, shape = columns.column(self.ctx, rng.choice(LISTABLE), count)
        own = listings.blocks(rng, self.layout, ["list"], texts) if rng.random() < 0.65 else None
        plain = self.layout.startswith("flat/") or not all(listings.suits(self.layout, text) for text in texts)
        if own is None and plain:
            return self.scalar()
        words, label, description = self.link(self.words("list"))
        node = Strings(fields.named(words, self.style, self.split), views, shape.schema, description)
        if own is None:
            return Labelled([ListEntry(label, texts)], [node])
        return Labelled([Entry(label, block.text) for block in own if isinstance(block, Entry)], [node])

    def composed_list(self) -> Labelled | None:
        """A list whose items are made of parts, if the layout can show the one that is drawn."""
        items, index = parts.drawn_items(self, self.rng.choice((1, 2, 2, 3, 3, 4)))
        texts = [item.text for item in items]
        words = self.words("list" if self.rng.random() < 0.4 else "")
        label = self.label(words)
        shown = listings.blocks(self.rng, self.layout, label, texts, composed=True)
        if shown is None:
            return None
        self.used_words |= set(words)
        return Labelled(shown, [parts.ask_items(self, words, items, index)])

    def section(self) -> Labelled:
        """A heading over a few entries: an object."""
        rng = self.rng
        inner = [self.entry(False) for _ in range(rng.choice((1, 2, 2, 3)))]
        words, label, description = self.link(self.words("word"))
        entries = [block for part in inner for block in part.blocks if isinstance(block, Entry)]
        members = [node for part in inner for node in part.nodes if rng.random() < 0.85]
        if not members:
            return Labelled([Section(label, entries)])
        rng.shuffle(members)
        return Labelled(
            [Section(label, entries)], [Group(fields.named(words, self.style, self.split), members, description)]
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
        return Labelled([Grid(label, [head[1] for head in heads], texts)], [node])

    def missing(self) -> Node:
        """A field that the text says nothing of: a scalar, or an array in a third of the cases."""
        chance = self.rng.random()
        if chance < 0.09:
            leaves = [self.absent(self.datum()) for _ in range(self.rng.choice((1, 2, 2, 3)))]
            return Rows(self.unheard("table"), leaves, [], missing=True)
        if chance < 0.34:
            _, _, shape = columns.column(self.ctx, self.rng.choice(LISTABLE), 0)
            return Strings(self.unheard("list"), [], shape.schema, missing=True)
        return self.absent(self.datum())

    def absent(self, datum: Datum) -> Leaf:
        """A scalar of this kind that the text says nothing of."""
        view = next(view for view in datum.views if not view.suffix)
        return Leaf(self.unheard(datum.family), view, None, missing=True)

    def unheard(self, family: str) -> str:
        """The name of a field for which the text has no label."""
        words = self.words(family)
        self.used_words |= set(words)
        return fields.named(words, self.style, self.split)


def _parts(rng: Random, maker: Maker, nested: bool) -> list[Labelled]:
    count = rng.choices(range(1, 13), (5, 8, 9, 9, 8, 6, 4, 2, 1.5, 1, 0.5, 0.5))[0]
    made: list[Labelled] = []
    heavy = 0
    for _ in range(count):
        chance = rng.random()
        if nested and chance < 0.1 and heavy < 2:
            made.append(maker.section())
            heavy += 1
        elif nested and chance < 0.2 and heavy < 1:
            made.append(maker.grid())
            heavy += 2
        elif chance < (0.32 if nested else 0.07) and heavy < 3:
            made.append(maker.strings())
            heavy += 1
        else:
            made.append(maker.entry(nested))
    return made


def make(rng: Random, split: str, layout_ids: list[str], weights: list[float]) -> Example:
    """One abstract example."""
    layout = rng.choices(layout_ids, weights)[0]
    maker = Maker(rng, split, layout)
    made = _parts(rng, maker, not layout.startswith("flat/"))
    heard = [part for part in made if rng.random() >= 0.2 or len(made) == 1] or made[:1]
    asked = [node for part in heard for node in part.nodes]
    if not asked:
        return make(rng, split, layout_ids, weights)
    asked += [maker.missing() for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2)) if len(asked) > 1 else 0)]
    if rng.random() < 0.6:
        rng.shuffle(asked)
    blocks = [block for part in made for block in part.blocks]
    blocks.sort(key=lambda block: isinstance(block, Section))  # entries below a heading would seem to be its own
    built = schemas.build(rng, asked, schemas.Policy.draw(rng))
    whole = not {"absent", "null", "empty"} & set(built.kinds.values())
    pieces = noise.framed(rng, writers.LAYOUTS[layout][0](rng, blocks), whole)
    return Example(built.schema, noise.text_of(rng, pieces), built.record, layout, built.kinds)


def layouts_of(split: str) -> tuple[list[str], list[float]]:
    """The layouts of one split with their weights."""
    ids = [name for name in writers.LAYOUTS if heldout.is_template_held_out(name) == (split == "test")]
    return ids, [writers.LAYOUTS[name][1] for name in ids]
