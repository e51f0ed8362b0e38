r"""Slots of templates: what a place in a text holds and how schemas call it. Knows no template.

    {generator=phrase;phrase;generic*//description;description}
    {role}          a role of `data.roles`, which stands for such a specification
    {group.role}    the role within a group: "buyer.city" is the `buyer city`, or `city` inside the object `buyer`
    {list:spec}     several values, joined in one line; {lines:spec} below one another

A phrase with a `*` is generic: it names the slot only while nothing else in the text could be meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from data import columns
from data.datum import Context, Datum, Generator, Shown, View
from data.generators import SIMPLE, generator
from data.roles import GROUPS, ROLES


@dataclass(frozen=True)
class Many:
    """Several values of one kind: stands where a datum stands."""

    text: str
    family: str
    texts: tuple[str, ...]
    items: tuple[View, ...]
    item_schema: tuple[tuple[str, object], ...]

    views = ()


@dataclass(frozen=True)
class Slot:
    """A place in a text."""

    key: str
    draw_one: Generator
    phrases: tuple[str, ...]
    generic: tuple[str, ...]
    descriptions: tuple[str, ...]
    group: str = ""
    distractor: bool = False
    many: str = ""

    def draw(self, ctx: Context) -> Datum | Many:
        """A value for this place."""
        if self.many:
            count = ctx.rng.choice((1, 2, 2, 3, 3, 4))
            texts, views, shape = columns.column(ctx, self.draw_one, count)
            family = self.draw_one(ctx).family
            return Many(" ".join(texts), "list:" + family, tuple(texts), tuple(views), tuple(shape.schema.items()))
        if self.group and self.draw_one in GROUPED:
            return self.draw_one(ctx, self.group)  # type: ignore[call-arg]
        return self.draw_one(ctx)

    def text(self, rng: Random, datum: Datum | Many) -> list[str]:
        """The value as pieces of text."""
        if isinstance(datum, Datum):
            return [Shown(datum.text)]
        if self.many == "lines":
            bullet = rng.choice(("- ", "* ", "  ", "• ", "  - "))
            return [piece for text in datum.texts for piece in (bullet, Shown(text), "\n")]
        clash = any("," in text for text in datum.texts)
        last = rng.choice((" and ", ", ", " & ", ", ")) if not clash else "; "
        out: list[str] = []
        for index, text in enumerate(datum.texts):
            if index:
                out.append(last if index == len(datum.texts) - 1 else "; " if clash else ", ")
            out.append(Shown(text))
        return out


GROUPED = (generator("person"), generator("email"))


def _phrases(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = [phrase.strip() for phrase in text.split(";") if phrase.strip()]
    return tuple(p for p in words if not p.endswith("*")), tuple(p[:-1] for p in words if p.endswith("*"))


@lru_cache(maxsize=8192)
def parse_slot(text: str) -> Slot:
    """The slot of a specification."""
    key, distractor, many = text, text.startswith("~"), ""
    body = text.removeprefix("~")
    for prefix in ("list:", "lines:"):
        if body.startswith(prefix):
            many, body = prefix[:-1], body.removeprefix(prefix)
    group = ""
    if "=" not in body:
        if "." in body:
            group, body = body.split(".", 1)
        if body not in ROLES:
            if distractor:
                return Slot(key, generator(body), (), (), (), group, True, many)
            raise ValueError(f"template: there is no role {body!r}")
        body = ROLES[body]
    call, _, rest = body.partition("=")
    if call in ROLES and call not in SIMPLE and "(" not in call:
        call = ROLES[call].partition("=")[0]
    naming, _, describing = rest.partition("//")
    specific, generic = _phrases(naming)
    descriptions = tuple(d.strip() for d in describing.split(";") if d.strip())
    if group:
        leaves = specific + generic
        qualified = tuple(f"{q} {leaf}" for q in GROUPS[group] for leaf in leaves)
        return Slot(key, generator(call), qualified, leaves, descriptions, group, distractor, many)
    return Slot(key, generator(call), specific, generic, descriptions, "", distractor, many)
