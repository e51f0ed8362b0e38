"""How the parts of composites are asked: named after label and part, described, or as members of an object.

Knows how names and descriptions single out a part; doesn't know layouts. A name that would leave open whether a part
or the whole is meant gets a description.
"""

from __future__ import annotations

from random import Random
from typing import Protocol

from data import columns, composites, fields, names
from data.composites import Composite, Role
from data.datum import STRING, Context, View
from data.schemas import Group, Leaf, Node, Rows, Strings

WHOLE = ("the whole value as written", "all of it, as it stands", "the complete text", "everything after the label")
AT = ('{} in "@"', "{} of the @", "@: {}", "{}, from @", "{} (@)", "in @, {}", '{} in the line "@"')
EACH = ("of each item, {}", "{} in every item", "{}, for each of them", "for every entry {}")


class Namer(Protocol):
    """What is needed of the maker of an example."""

    rng: Random
    ctx: Context
    split: str
    style: str
    describe: float
    taken: set[str]
    used_words: set[str]

    def words(self, family: str) -> list[str]: ...


def plural(word: str) -> str:
    """The word for several."""
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    return word[:-1] + "ies" if word.endswith("y") and word[-2:-1] not in "aeou" else word + "s"


def at(rng: Random, said: str, label: list[str]) -> str:
    """The description of a part together with the label under which it stands."""
    return rng.choice(AT).replace("{}", said).replace("@", " ".join(label))


def _named(maker: Namer, words: list[str]) -> str:
    return fields.named(words, maker.style, maker.split)


def claimed(maker: Namer, label: list[str], role: Role, several: bool = False) -> list[str] | None:
    """New name words of the label and a word for the part; none when no such name belongs to the split."""
    rng = maker.rng
    for word in rng.sample(role.words, len(role.words)):
        part = word.split()
        if set(part) & set(label):
            continue
        part = [*part[:-1], plural(part[-1])] if several else part
        words = [*label, *part]
        if rng.random() < 0.15:
            words = [*part, "of", *label] if rng.random() < 0.4 else [*part, *label]
        if "".join(words) not in maker.taken and names.fits("_".join(words), maker.split):
            maker.taken.add("".join(words))
            maker.used_words |= set(words)
            return words
    return None


def _one(maker: Namer, label: list[str], composite: Composite, index: int, alone: bool) -> tuple[list[str], str | None]:
    """Name words and description of one part; the label alone may name it where nothing else is asked."""
    rng, role = maker.rng, composite.roles[index]
    chance = rng.random()
    if chance < 0.55 or not alone:
        words = claimed(maker, label, role)
        if words:
            described = role.described or rng.random() < maker.describe
            return words, composites.saying(rng, composite, index) if described else None
    said = composites.saying(rng, composite, index)
    if alone and chance < 0.88:
        return label, said
    return maker.words(""), at(rng, said, label)


def _member(maker: Namer, role: Role, taken: set[str]) -> list[str] | None:
    """A name for the part inside an object that stands for the whole."""
    for word in maker.rng.sample(role.words, len(role.words)):
        words = word.split()
        if word not in taken and names.fits("_".join(words), maker.split):
            taken.add(word)
            return words
    return None


def _members(maker: Namer, composite: Composite, views: list[View], asked: list[int]) -> list[Leaf] | None:
    """One leaf for each of the parts; none when a part has no name of its own in this split."""
    taken: set[str] = set()
    leaves = []
    for index, view in zip(asked, views, strict=True):
        words = _member(maker, composite.roles[index], taken)
        if words is None:
            return None
        described = composite.roles[index].described or maker.rng.random() < maker.describe / 2
        said = composites.saying(maker.rng, composite, index) if described else None
        leaves.append(Leaf(_named(maker, words), view, said))
    return leaves


def whole(maker: Namer, label: list[str], composite: Composite) -> tuple[str, str | None]:
    """Name and description for the text as it stands."""
    unclear = set(label) & {form for role in composite.roles for word in role.words for form in (word, plural(word))}
    described = unclear or maker.rng.random() < 0.15
    return _named(maker, label), maker.rng.choice(WHOLE) if described else None


def ask(maker: Namer, label: list[str], composite: Composite, grouped: bool) -> list[Node]:
    """The fields that ask for one, several or all parts, or for the whole; `grouped` allows an object."""
    rng = maker.rng
    chance = rng.random()
    order = list(range(len(composite.parts)))
    rng.shuffle(order)
    asked = order if rng.random() < 0.6 else order[: max(1, len(order) - 1)]
    if chance < 0.16:
        name, description = whole(maker, label, composite)
        return [Leaf(name, View(composite.text, STRING, "copied"), description)]
    if grouped and chance < 0.34:
        views = [fields.view_of(rng, composite.parts[index]) for index in asked]
        members = _members(maker, composite, views, asked)
        if members:
            return [Group(_named(maker, label), list(members))]
    if chance < 0.64:
        asked = order[:1]
    nodes: list[Node] = []
    for index in sorted(asked) if rng.random() < 0.7 else asked:
        words, description = _one(maker, label, composite, index, len(asked) == 1)
        nodes.append(Leaf(_named(maker, words), fields.view_of(rng, composite.parts[index]), description))
    if len(nodes) > 1 and rng.random() < 0.08:
        name, description = whole(maker, label, composite)
        nodes.append(Leaf(name, View(composite.text, STRING, "copied"), description))
    return nodes


def _each(maker: Namer, composite: Composite, index: int) -> str:
    """A description of one part of every item of a list."""
    rng, role = maker.rng, composite.roles[index]
    noun, other = plural(role.words[0]), plural(composite.roles[index - 1].words[0])
    if role.described or rng.random() < 0.4:
        return rng.choice(EACH).replace("{}", composites.saying(rng, composite, index))
    return rng.choice((f"only the {noun}", f"the {noun}, without the {other}", f"{noun} only", f"just the {noun}"))


def _of_all(maker: Namer, label: list[str], items: list[Composite], index: int) -> Node:
    """An array with one part of every item."""
    rng, first = maker.rng, items[0]
    views, shape = columns.aligned(rng, [item.parts[index] for item in items])
    words = claimed(maker, label, first.roles[index], several=True) if rng.random() < 0.5 else None
    if words:
        described = first.roles[index].described or rng.random() < maker.describe
        description = _each(maker, first, index) if described else None
    elif rng.random() < 0.75:
        words, description = label, _each(maker, first, index)
    else:
        words, description = maker.words("list"), at(rng, _each(maker, first, index), label)
    return Strings(_named(maker, words), views, shape.schema, description)


def ask_items(maker: Namer, label: list[str], items: list[Composite], index: int) -> Node:
    """The array that asks for a part of every item, for whole items, or for objects of their parts."""
    rng, first = maker.rng, items[0]
    chance = rng.random()
    if chance < 0.35 and all(len(item.text) > len(item.parts[0].text) for item in items):
        asked = rng.sample(range(len(first.parts)), rng.choice((len(first.parts), len(first.parts), 1)))
        made = [columns.aligned(rng, [item.parts[i] for item in items]) for i in asked]
        leaves = _members(maker, first, [shape for _, shape in made], asked)
        if leaves:
            rows = [
                [Leaf(leaf.name, views[row]) for leaf, (views, _) in zip(leaves, made, strict=True)]
                for row in range(len(items))
            ]
            return Rows(_named(maker, label), leaves, rows)
    if chance < 0.5:
        name, description = whole(maker, label, first)
        texts = [View(item.text, STRING, "copied") for item in items]
        return Strings(name, texts, STRING, "each item whole, as written" if description else None)
    return _of_all(maker, label, items, index)


def drawn_items(maker: Namer, count: int) -> tuple[list[Composite], int]:
    """Composites of one form for a list, and the part to ask for; some items may lack what follows a first part."""
    rng = maker.rng
    while True:
        shape, form = composites.drawn_shape(rng)
        found = [composites.of_shape(maker.ctx, shape, form) for _ in range(count)]
        items = [item for item in found if item is not None]
        if len(items) == count:
            break
    index = rng.randrange(len(items[0].parts))
    if composites.may_shorten(items[0]) and rng.random() < 0.5:
        index = 0
        items = [item if rng.random() < 0.6 else composites.shortened(item) for item in items]
    return items, index


