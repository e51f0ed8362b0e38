"""Names and descriptions for the parts of unlabelled lines. Knows when a name alone is telling, and what to add if not."""

from __future__ import annotations

from collections import Counter
from random import Random

from data import fields, heldout, names, pools
from data.datum import Context, View
from data.pools import pick
from data.record_cells import Aspect
from data.record_kinds import KINDS, PHRASE_WORDS
from data.record_lines import Sheet, places
from data.schemas import Leaf, Node, Strings

QUALIFIERS = "log|event|entry|record|line|the|this|given|noted|stated|listed|logged|seen|found|row|their|its|raw|shown"
# Shapes that people tell apart only by knowing more than the text: a name of their kind fits all of one group.
GROUPS = {"old": "version", "new": "version", "host": "slug", "ext": "ext", "branch": "slug", "tag": "version",
          "aside": "slug", "user": "slug", "width": "int", "height": "int", "low": "int", "high": "int",
          "proper": "proper", "person": "proper", "code": "code", "method": "action", "pid": "pid"}  # fmt: skip
PAIRED_SHAPES = {"old", "new", "width", "height", "low", "high", "lat", "lon", "ext", "pid", "port"}
LACKING = "email|url|ip|phone|mac|version"
Asked = tuple[tuple[int, int], str, str | None]


class Asker:
    """Names fields of one schema."""

    def __init__(self, rng: Random, split: str, sheet: Sheet) -> None:
        self.rng, self.split, self.sheet = rng, split, sheet
        self.style = names.casing(rng)
        self.taken: set[str] = set()
        self.describe = rng.choice((0.0, 0.0, 0.2, 0.5))
        self.invent = rng.choice((0.0, 0.1, 0.3, 0.7))
        every = [sheet.aspect(at) for at in sheet.aspects()]
        self.shapes = Counter(aspect.shape for aspect in every)
        self.groups = Counter(GROUPS.get(aspect.shape, aspect.shape) for aspect in every)

    def is_telling(self, aspect: Aspect) -> bool:
        """Whether a name that says the kind of the value can only mean this part of a line."""
        if not aspect.phrases:
            return False
        if aspect.shape in PAIRED_SHAPES and self.shapes[aspect.shape] == 1:
            partner = {"old": "new", "new": "old"}.get(aspect.shape)
            versions = self.shapes["version"] + self.shapes["tag"]
            return (partner is None or (self.shapes[partner] == 1 and not versions)) and (
                aspect.shape not in ("width", "height", "low", "high") or self.shapes["int"] == 0
            )
        return self.groups[GROUPS.get(aspect.shape, aspect.shape)] == 1

    def own(self, aspect: Aspect) -> str:
        """The phrases that no other part of the line could claim."""
        others = {
            p for at in self.sheet.aspects() if (o := self.sheet.aspect(at)) is not aspect for p in o.phrases.split("|")
        }
        others |= {"from", "to", "before", "after"} if set(self.shapes) & {"person", "email", "user", "ip"} else set()
        others |= {"size"} if self.shapes["width"] else set()
        return "|".join(phrase for phrase in aspect.phrases.split("|") if phrase not in others)

    def invented(self) -> list[str]:
        """A name that tells nothing."""
        while True:
            words = names.compose(self.rng, "", self.split)
            if not PHRASE_WORDS & set(words) and self.claim(words):
                return words

    def claim(self, words: list[str]) -> bool:
        key = "".join(words)
        if key in self.taken:
            return False
        self.taken.add(key)
        return True

    def _qualified(self, phrase: list[str]) -> list[str]:
        chance = self.rng.random()
        if chance < 0.35:
            return phrase
        word = pick(self.rng, QUALIFIERS)
        while chance > 0.65 and (word in PHRASE_WORDS or len(word) > 10 or word in QUALIFIERS.split("|")):
            word = self.rng.choice(pools.NOUNS)
        if self.split == "train" and heldout.is_word_held_out(word):
            return phrase
        return [word, *phrase]

    def telling(self, phrases: str) -> list[str]:
        """A name with one of the phrases that fits the split; empty if none was found."""
        for _ in range(12 if phrases else 0):
            words = self._qualified(pick(self.rng, phrases).split())
            if names.fits("_".join(words), self.split) and self.claim(words):
                return words
        return []

    def plain(self, phrases: str) -> str:
        """A name for a part of the record that has no value of its own."""
        words = self.telling(phrases) or self.invented()
        return fields.named(words, self.style, self.split)

    def ask(self, at: tuple[int, int]) -> Asked | None:
        """Name and description of a part; None if it can't be told from its neighbours."""
        rng, aspect = self.rng, self.sheet.aspect(at)
        spots = places(self.sheet, at)
        labelled = self.sheet.labels is not None and len(self.sheet.columns[at[0]].aspects) == 1
        words: list[str] = []
        about: str | None = None
        if labelled and rng.random() > self.invent / 2:
            words = list(self.sheet.labels[at[0]]) if self.sheet.labels else []
            words = words if self.claim(words) else []
        elif aspect.words and rng.random() > self.invent:
            words = list(aspect.words) if self.claim(list(aspect.words)) else []
        elif self.sheet.labels is None and self.is_telling(aspect):
            if rng.random() > self.invent:
                words = self.telling(self.own(aspect))
            if not words:
                spots = [
                    *spots,
                    *(f"the {phrase}" for phrase in sorted(self.own(aspect).split("|"), key=len)[-2:] if phrase),
                ]
        if words:
            about = rng.choice(spots) if spots and rng.random() < self.describe else None
        elif spots:
            phrased = bool(aspect.phrases) and rng.random() < 0.5 and self.sheet.labels is None
            words = (self.telling(self.own(aspect)) if phrased else []) or self.invented()
            about = rng.choice(spots)
        else:
            return None
        return at, fields.named(words, self.style, self.split), about

    def lacking(self) -> Node | None:
        """A field for a kind of value that the line doesn't have: null, absent, or an empty array."""
        column = KINDS[pick(self.rng, LACKING)](Context.draw(self.rng))
        aspect = column.aspects[0]
        if self.sheet.labels or self.groups[GROUPS.get(aspect.shape, aspect.shape)]:
            return None
        many = self.rng.random() < 0.4
        words = self.telling("|".join(phrase + "s" * many for phrase in self.own(aspect).split("|") if phrase))
        if not words:
            return None
        name = fields.named(words, self.style, self.split)
        return Strings(name, [], aspect.schema) if many else Leaf(name, View(None, aspect.schema, "null"), missing=True)

    def choose(self) -> list[Asked]:
        """Some parts of the line, mostly in order: a date-time whole or in two, not always all of it."""
        rng, keep = self.rng, self.rng.choice((0.6, 0.8, 1.0, 1.0))
        joint = {c: rng.random() < 0.5 for c in range(len(self.sheet.columns))}
        asked: list[Asked] = []
        for at in self.sheet.aspects():
            parts = self.sheet.columns[at[0]].aspects
            if len(parts) == 3 and parts[-1].shape == "stamp" and (at[1] == 2) != joint[at[0]]:
                continue
            found = self.ask(at) if rng.random() < keep else None
            if found:
                asked.append(found)
        if rng.random() < 0.25:
            rng.shuffle(asked)
        return asked[:7]
