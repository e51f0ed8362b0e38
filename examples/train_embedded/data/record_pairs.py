"""Key-value runs whose values hold spaces and have no quotes: 'AA=foo bar BB=qux inc. CC=1', on one or more lines."""

from __future__ import annotations

from random import Random

from data import fields, measures, names, pools, values
from data.datum import Context, Datum, View
from data.pools import pick
from data.schemas import Group, Leaf, Node

PAIRED = (
    values.product,
    values.title,
    values.simple(pools.company, "company"),
    values.simple(pools.city, "city"),
    values.person,
    values.noun,
    values.code,
    values.version,
    values.email,
    values.host,
    measures.count,
    values.simple(lambda rng: f"{pools.word(rng)} {pools.word(rng)} {pools.word(rng)}", "title"),
)
TAKEN_KEYS = ("CN", "OU", "O", "DC", "ST", "UID", "C", "L", "E", "SN")
ABOUT = ("{}", "the {} part", "value of {}", 'what follows "{}"', "stands after {}", "the {} value", 'key "{}"')


class Keys:
    """Keys of one document with the words they may be expanded to."""

    def __init__(self, rng: Random, split: str) -> None:
        self.rng, self.split, self.seen = rng, split, set()
        self.short = rng.random() < 0.65
        self.style = pick(rng, "upper|upper|upper|title|lower")

    def draw(self) -> tuple[str, list[str]]:
        """A key as the text writes it, and name words that lead to it."""
        while True:
            words = [names.word_for(self.rng, self.split) for _ in range(self.rng.choice((1, 2, 2, 3, 4)))]
            letters = "".join(word[0] for word in words)
            key = letters if self.short else words[0]
            if self.short and len(words) == 1:
                key = words[0][: self.rng.randint(1, 3)]
            shown = {"upper": key.upper(), "title": key.capitalize(), "lower": key}[self.style]
            if key not in self.seen and shown not in TAKEN_KEYS and key.isascii() and key.isalpha():
                self.seen.add(key)
                return shown, words


def _value(ctx: Context, banned: str) -> Datum:
    while True:
        datum = ctx.rng.choice(PAIRED)(ctx)
        if not any(mark in datum.text for mark in banned) and len(datum.text) < 40:
            return datum


def _view(rng: Random, datum: Datum) -> View:
    return datum.views[0] if rng.random() < 0.8 else View(datum.text, {"type": "string"}, "copied")


def _named(rng: Random, split: str, style: str, key: str, words: list[str], taken: set[str]) -> tuple[str, str | None]:
    """A name for a key: the key itself, what its letters may stand for, or any name with a description."""
    chance = rng.random()
    tries: list[tuple[list[str], str | None]] = [([key.lower()], None)] if chance < 0.45 else []
    if chance < 0.6 and len(words) == len(key) > 1:
        tries.insert(0, ([key.lower()], " ".join(words)))
    if chance < 0.8:
        tries.append((words, rng.choice(ABOUT).format(key)))
    for option, about in tries:
        if names.fits("_".join(option), split) and "".join(option) not in taken:
            taken.add("".join(option))
            return fields.named(option, style, split), about
    while True:
        option = names.compose(rng, "", split)
        if "".join(option) not in taken:
            taken.add("".join(option))
            return fields.named(option, style, split), rng.choice(ABOUT).format(key)


def _run(rng: Random, keys: list[str], data: list[Datum | None], mark: str, separator: str) -> str:
    return separator.join(f"{key}{mark}{datum.text}" for key, datum in zip(keys, data, strict=True) if datum)


def _line(ctx: Context, count: int, separator: str, mark: str, gaps: float) -> list[Datum | None]:
    banned = "=\n" + separator.strip() + (mark.strip() if mark.strip() != "=" else "")
    data: list[Datum | None] = [_value(ctx, banned) for _ in range(count)]
    for index in range(1, count):
        if ctx.rng.random() < gaps:
            data[index] = None
    return data


def single(rng: Random, split: str) -> tuple[str, list[Node]]:
    """One run of pairs."""
    ctx, keys = Context.draw(rng), Keys(rng, split)
    separator, mark = rng.choice((" ", " ", ", ", "; ", "/", " | ")), pick(rng, "=|=|=|:|: ")
    drawn = [keys.draw() for _ in range(rng.randint(2, 6))]
    if separator == " ":
        mark = "="
    data = _line(ctx, len(drawn), separator, mark, 0.0)
    gone = rng.randrange(len(drawn)) if len(drawn) > 2 and rng.random() < 0.3 else -1
    style, taken, nodes = names.casing(rng), set[str](), list[Node]()
    for index, ((key, words), datum) in enumerate(zip(drawn, data, strict=True)):
        if datum is None or (rng.random() < 0.2 and nodes):
            continue
        name, about = _named(rng, split, style, key, words, taken)
        view = _view(rng, datum)
        nodes.append(Leaf(name, view, about, missing=index == gone))
    shown = [None if index == gone else datum for index, datum in enumerate(data)]
    lead = (
        pick(rng, f"|||{pools.word(rng)}: |{pools.word(rng).capitalize()} {pools.word(rng)}: ") if mark == "=" else ""
    )
    text = (
        lead + ("/" if separator == "/" and not lead else "") + _run(rng, [k for k, _ in drawn], shown, mark, separator)
    )
    return text, nodes


def _heading_words(rng: Random, split: str) -> list[str]:
    while True:
        words = [names.word_for(rng, split)]
        if rng.random() < 0.4:
            words.append(names.word_for(rng, split))
        if names.fits("_".join(words), split):
            return words


def repeated(rng: Random, split: str) -> tuple[str, list[Node]]:
    """The same keys under two or three headings, asked as objects or by names that join heading and key."""
    ctx, keys = Context.draw(rng), Keys(rng, split)
    separator = rng.choice((" ", " ", ", ", "; ", "/"))
    drawn = [keys.draw() for _ in range(rng.randint(2, 4))]
    heads = [_heading_words(rng, split) for _ in range(rng.choice((2, 2, 3)))]
    if len({"".join(head) for head in heads}) < len(heads):
        return repeated(rng, split)
    style, nested, cased = names.casing(rng), rng.random() < 0.4, pick(rng, "sentence|title|lower|upper_snake")
    lines, nodes = [], list[Node]()
    asked = [index for index in range(len(drawn)) if rng.random() < 0.75] or [0]
    inner_names = {index: _named(rng, split, style, *drawn[index], taken) for taken in [set[str]()] for index in asked}
    for head in heads:
        data = _line(ctx, len(drawn), separator, "=", 0.15)
        label = names.join(head, cased)
        lines.append(f"{label}: " + _run(rng, [key for key, _ in drawn], data, "=", separator))
        members: list[Leaf] = []
        for index in asked:
            datum, key = data[index], drawn[index][0]
            view = View(datum.text if datum else None, {"type": "string"}, "copied")
            if nested:
                members.append(Leaf(inner_names[index][0], view, inner_names[index][1], missing=datum is None))
                continue
            words = [*head, key.lower()]
            about = f"{key} of {label}" if rng.random() < 0.3 else None
            if not names.fits("_".join(words), split) or len({len(words), len(set(words))}) > 1:
                words, about = names.compose(rng, "", split), f"{key} in the {label} line"
            members.append(Leaf(fields.named(words, style, split), view, about, missing=datum is None))
        nodes += [Group(fields.named(head, style, split), list(members))] if nested else members
    names_seen = [node.name for node in nodes]
    return ("\n".join(lines), nodes) if len(set(names_seen)) == len(names_seen) else repeated(rng, split)
