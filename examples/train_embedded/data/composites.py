"""Shown texts made of typed parts: a name with an address, a host with a port, a range, a run of pairs.

Knows how the parts of `data.shapes` are put together without blurring, and how a description may single one out.
Knows no schema and no layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from data import names, pools, values
from data.datum import Context, Datum
from data.pools import characters
from data.shapes import CITY, COMPANY, SHAPES, Role, Shape, code, full_name, slug_word, small


@dataclass(frozen=True)
class Composite:
    """One shown text with its parts."""

    text: str
    form: str
    parts: tuple[Datum, ...]
    roles: tuple[Role, ...]


WEIGHTS = [shape.weight for shape in SHAPES]
MARKS = {
    "<": ("before the angle brackets", "inside the angle brackets"),
    "(": ("before the parenthesis", "inside the parentheses"),
    "[": ("before the square brackets", "inside the square brackets"),
    ":": ("before the colon", "after the colon"),
    ",": ("before the comma", "after the comma"),
    "@": ("before the at sign", "after the at sign"),
    "/": ("before the slash", "after the slash"),
    "=": ("before the equals sign", "after the equals sign"),
    "-": ("before the dash", "after the dash"),
    "–": ("before the dash", "after the dash"),
    "—": ("before the dash", "after the dash"),
    "->": ("before the arrow", "after the arrow"),
    "→": ("before the arrow", "after the arrow"),
    "#": ("before the hash sign", "after the hash sign"),
    "|": ("before the bar", "after the bar"),
    "x": ('before the "x"', 'after the "x"'),
    "by": ('before "by"', 'after "by"'),
    "to": ('before "to"', 'after "to"'),
    "of": ('before "of"', 'after "of"'),
    "..": ("before the dots", "after the dots"),
}  # fmt: skip
DIRECTORY_KEYS = {"CN", "O", "OU", "C", "L", "ST", "DC", "UID", "SN"}  # left to the documents that are tested on
FIELD = re.compile(r"\{(\d)\}")


@lru_cache(maxsize=512)
def _literals(form: str) -> tuple[str, ...]:
    """The fixed texts around and between the parts, in the order of the form."""
    return tuple(FIELD.split(form)[::2])


def _clear(shape: Shape, form: str, parts: tuple[Datum, ...]) -> bool:
    """Whether no part holds a mark that separates the parts."""
    for mark in _literals(form)[1:-1]:
        sign = mark if mark[:1] == mark[-1:] == " " and len(mark) > 1 else mark.strip()
        if not sign and form[:3] == "{0}" and " " in parts[0].text and " " in parts[1].text:
            return False
        if sign and any(sign in part.text for part in parts):
            return False
        if sign in ("<", "(", "[") and any(set("<>()[]") & set(part.text) for part in parts):
            return False
    return True


def runs(ctx: Context, split: str) -> Composite:
    """Several `KEY=value` pairs in one text, whose values may hold spaces."""
    rng = ctx.rng
    keys: list[str] = []
    for _ in range(rng.choice((2, 3, 3, 4)) * 3):
        key = characters(rng, pools.CODE_UPPER, rng.randint(1, 3)) if rng.random() < 0.6 else names.word_for(rng, split)
        if key not in DIRECTORY_KEYS and key.lower() not in {k.lower() for k in keys} and names.fits(key.lower(), split):
            keys.append(key)
    keys = keys[: rng.choice((2, 3, 3, 4))] or ["x1"]
    generators = (values.noun, COMPANY, CITY, full_name, code, small(1, 999), values.product, slug_word)
    mark, between = rng.choice((("=", " "), ("=", " "), ("=", ", "), ("=", "; "), (":", " "), ("=", " / ")))
    parts = []
    for _ in keys:
        part = rng.choice(generators)(ctx)
        while mark in part.text or (between.strip() and between.strip() in part.text):
            part = rng.choice(generators)(ctx)
        parts.append(part)
    roles = tuple(Role((key.lower(),), (f"the value of {key}", f"what {key} is set to", f"after {key}{mark}")) for key in keys)
    text = between.join(f"{key}{mark}{part.text}" for key, part in zip(keys, parts, strict=True))
    return Composite(text, "", tuple(parts), roles)


def of_shape(ctx: Context, shape: Shape, form: str) -> Composite | None:
    """A composite of this shape and form; none when luck gives only unclear ones."""
    roles = tuple(Role.parse(role) for role in shape.roles.split(";"))
    for _ in range(6):
        parts = shape.draw(ctx)
        if shape.loose or _clear(shape, form, parts):
            return Composite(form.format(*(part.text for part in parts)), form, parts, roles)
    return None


def drawn_shape(rng: Random) -> tuple[Shape, str]:
    """A kind of composite and one of its forms."""
    shape = rng.choices(SHAPES, WEIGHTS)[0]
    return shape, rng.choice(shape.forms.split("¦"))


def draw(ctx: Context, split: str) -> Composite:
    """Any composite."""
    while True:
        if ctx.rng.random() < 0.06:
            return runs(ctx, split)
        found = of_shape(ctx, *drawn_shape(ctx.rng))
        if found is not None:
            return found


def _position(composite: Composite, index: int) -> str | None:
    """Where the part stands relative to the mark between two parts."""
    literals = _literals(composite.form)
    sign = literals[1].strip() if len(literals) == 3 else ""
    if sign not in MARKS or composite.text.count(literals[1].strip() if not sign.isalpha() else literals[1]) != 1:
        return None
    if sign in "<([" and len(sign) == 1 and literals[0]:
        return None
    order = FIELD.findall(composite.form)
    return None if literals[0].strip() else MARKS[sign][order.index(str(index))]


def saying(rng: Random, composite: Composite, index: int) -> str:
    """A description that singles out one part."""
    role, position = composite.roles[index], _position(composite, index)
    if role.described:
        return rng.choice(role.sayings)
    if not composite.form:
        return rng.choice(role.sayings)
    noun = role.words[0]
    other = composite.roles[index - 1].words[0]
    options = [f"only the {noun}", f"the {noun}, without the {other}", f"{noun} only", f"just the {noun}", *role.sayings]
    if position:
        options += [f"the part {position}", f"what stands {position}", f"only what is {position}", position] * 2
    numeric = [part.family in ("count", "number") for part in composite.parts]
    if all(numeric):
        rank = FIELD.findall(composite.form).index(str(index))
        ordinal = "last" if rank == len(numeric) - 1 and rng.random() < 0.3 else ("first", "second", "third")[rank]
        options += [f"the {ordinal} number", f"{ordinal} number", f"the {ordinal} of the numbers"]
    return rng.choice(options)


def shortened(composite: Composite) -> Composite:
    """The composite without what follows its first part, as in a list where only some items say more."""
    return replace(composite, text=composite.parts[0].text)


def may_shorten(composite: Composite) -> bool:
    """Whether the form is a first part with an addition in brackets."""
    return composite.form.startswith("{0} ") and composite.form[4:5] in ("(", "[", "<") and len(composite.parts) == 2
