"""Generators of strings: people, places, codes, addresses of the net, titles. One function per kind of value."""

from __future__ import annotations

import uuid
from random import Random

from data import pools
from data.datum import STRING, Context, Datum, Generator, View, copied
from data.pools import DIGITS, HEX, NOUNS, POOLS, characters, pick

LICENSES = (
    "MIT|Apache-2.0|BSD-3-Clause|GPL-3.0-or-later|LGPL-2.1|MPL-2.0|ISC|Proprietary|CC-BY-4.0|Artistic|PSF|Zlib|AGPL-3.0"
)
SOFTWARE = "lib|py|node-|go-|rust-|r-|php-|ruby-|perl-|gnome-|kde-|x11-|"


def person(ctx: Context, group: str = "") -> Datum:
    """A full name; remembered, so that an e-mail address of the same group fits."""
    rng = ctx.rng
    first, last = pools.first_name(rng), pools.last_name(rng)
    name = f"{first} {last}"
    chance = rng.random()
    if chance < 0.06:
        name = f"{first} {characters(rng, pools.UPPER, 1)}. {last}"
    elif chance < 0.12:
        name = pick(rng, "Dr. |Mr. |Mrs. |Ms. |Prof. |Dr |Mr |Ms ") + name
    elif chance < 0.15:
        name = f"{last}, {first}"
    ctx.people[group] = f"{first} {last}"
    return copied(name, "person")


def first(ctx: Context) -> Datum:
    return copied(pools.first_name(ctx.rng), "person")


def last(ctx: Context) -> Datum:
    return copied(pools.last_name(ctx.rng), "person")


def username(ctx: Context) -> Datum:
    rng = ctx.rng
    stem = pools.ascii_lower(pools.first_name(rng)) or pools.syllables(rng)
    tail = rng.choice(["", "", characters(rng, DIGITS, 2), "_" + pools.word(rng), "." + pools.syllables(rng, 1, 2)])
    return copied(stem + tail, "user")


def email(ctx: Context, group: str = "") -> Datum:
    rng = ctx.rng
    host = pools.domain(rng)
    name = ctx.people.get(group, "")
    parts = [pools.ascii_lower(part) for part in name.split()]
    if not name or not all(parts) or rng.random() < 0.3:
        roles = ["info", "sales", "support", "office", "billing", "hello", pools.syllables(rng), pools.word(rng)]
        local = rng.choice(roles)
    else:
        local = rng.choice([".".join(parts), parts[0], parts[0][0] + parts[-1], "_".join(parts), parts[-1]])
    if rng.random() < 0.15:
        local += characters(rng, DIGITS, rng.randint(1, 3))
    schema = {"type": "string", "format": "email"} if rng.random() < 0.6 else STRING
    return copied(f"{local}@{host}", "email", schema)


def url(ctx: Context) -> Datum:
    rng = ctx.rng
    path = "".join("/" + pools.slug(rng, rng.choice("-_"), 1, 2) for _ in range(rng.choice((0, 0, 1, 1, 2))))
    if rng.random() < 0.15:
        path += f"?{pools.word(rng)}={characters(rng, DIGITS, 3)}"
    text = f"{pick(rng, 'https|https|http')}://{pick(rng, 'www.||||api.|docs.')}{pools.domain(rng)}{path}"
    return copied(text, "url", {"type": "string", "format": "uri"} if rng.random() < 0.5 else STRING)


def domain(ctx: Context) -> Datum:
    return copied(pools.domain(ctx.rng), "domain")


def host(ctx: Context) -> Datum:
    rng = ctx.rng
    stem = pools.slug(rng, "-", 1, 2) + pick(rng, "|-01|-2|3|01|-prod|-eu|.local|.internal")
    return copied(f"{stem}.{pools.domain(rng)}" if rng.random() < 0.3 else stem, "host")


def ipv4(ctx: Context) -> Datum:
    text = ".".join(str(ctx.rng.randrange(1, 255)) for _ in range(4))
    return copied(text, "ip", {"type": "string", "format": "ipv4"} if ctx.rng.random() < 0.5 else STRING)


def mac(ctx: Context) -> Datum:
    return copied(":".join(characters(ctx.rng, HEX, 2) for _ in range(6)), "mac")


def uuid4(ctx: Context) -> Datum:
    text = str(uuid.UUID(int=ctx.rng.getrandbits(128), version=4))
    return copied(text, "uuid", {"type": "string", "format": "uuid"} if ctx.rng.random() < 0.6 else STRING)


def digest(ctx: Context) -> Datum:
    return copied(characters(ctx.rng, HEX, ctx.rng.choice((6, 7, 8, 8, 12, 16, 32, 40))), "hex")


def code(ctx: Context) -> Datum:
    text, pattern = pools.code(ctx.rng)
    chance = ctx.rng.random()
    if chance < 0.15:
        return copied(text, "code", {"type": "string", "pattern": pattern})
    if chance < 0.22:
        return copied(text, "code", {"type": "string", "minLength": max(1, len(text) - 3), "maxLength": len(text) + 6})
    return copied(text, "code")


def digits(ctx: Context) -> Datum:
    """An identifier of digits only; asked as a string, or as a number when no zero would be lost."""
    text = characters(ctx.rng, DIGITS, ctx.rng.randint(3, 10))
    views = [View(text, STRING, "copied")]
    if text[0] != "0":
        views.append(View(int(text), {"type": "integer"}, "number", weight=0.7))
    return Datum(text, "code", tuple(views))


def version(ctx: Context) -> Datum:
    rng = ctx.rng
    text = ".".join(str(rng.choice((0, 1, 2, 3, rng.randrange(40)))) for _ in range(rng.choice((2, 3, 3, 3, 4))))
    text = pick(rng, "||||v|") + text + pick(rng, "||||||-rc1|b2|.dev0|-beta|+build5|-1|~rc2|-alpha.3|.post1|-SNAPSHOT")
    return copied(text, "version")


def path(ctx: Context) -> Datum:
    rng = ctx.rng
    parts = [pools.slug(rng, rng.choice("-_"), 1, 2) for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.12:
        return copied("C:/" + "/".join(parts), "path")
    root = pick(rng, "/|/usr/|/var/|/home/|/opt/|/etc/|./|~/|/srv/|src/|")
    tail = "." + rng.choice(POOLS["extension"]) if rng.random() < 0.6 else ""
    return copied(root + "/".join(parts) + tail, "path")


def filename(ctx: Context) -> Datum:
    rng = ctx.rng
    stem = pools.slug(rng, rng.choice("-_ _-."), 1, 3) + pick(rng, "|||_v2|-final|_2023|(1)|-draft")
    return copied(f"{stem}.{rng.choice(POOLS['extension'])}", "path")


def package(ctx: Context) -> Datum:
    rng = ctx.rng
    return copied(
        pick(rng, SOFTWARE) + pools.slug(rng, rng.choice("--_"), 1, 2) + pick(rng, "||||js|-dev|2|3|-core|-utils"),
        "package",
    )


def phone(ctx: Context) -> Datum:
    rng = ctx.rng
    number = [
        characters(rng, DIGITS, n)
        for n in rng.choice(((3, 3, 4), (2, 4, 4), (3, 7), (1, 3, 3, 4), (2, 2, 2, 2, 2), (4, 6)))
    ]
    text = rng.choice((" ", "-", " ", ".", "")).join(number)
    chance = rng.random()
    if chance < 0.5:
        text = f"+{rng.choice((1, 7, 31, 33, 34, 39, 41, 43, 44, 45, 46, 48, 49, 61, 91, 351, 353, 420))} {text}"
    elif chance < 0.6:
        text = f"({characters(rng, DIGITS, 3)}) {text}"
    elif chance < 0.7:
        text = "0" + text
    return copied(text, "phone")


def iban(ctx: Context) -> Datum:
    rng = ctx.rng
    body = characters(rng, DIGITS, rng.choice((14, 16, 18, 20)))
    text = pick(rng, "DE|FR|NL|ES|IT|AT|BE|GB|CH|PL|SE") + characters(rng, DIGITS, 2) + body
    if rng.random() < 0.5:
        text = " ".join(text[i : i + 4] for i in range(0, len(text), 4))
    return copied(text, "iban")


def postcode(ctx: Context) -> Datum:
    rng = ctx.rng
    chance = rng.random()
    if chance < 0.7:
        return copied(characters(rng, "123456789", 1) + characters(rng, DIGITS, rng.choice((3, 4, 4))), "postcode")
    upper = pools.CODE_UPPER
    if chance < 0.85:
        text = f"{characters(rng, upper, 2)}{rng.randint(1, 29)} {rng.randint(1, 9)}{characters(rng, upper, 2)}"
    else:
        text = f"{characters(rng, DIGITS, 4)} {characters(rng, upper, 2)}"
    return copied(text, "postcode")


def house(ctx: Context) -> Datum:
    return copied(str(ctx.rng.randint(1, 240)) + pick(ctx.rng, "||||a|b|c|-2"), "house")


def street_line(ctx: Context) -> Datum:
    """Street and house number as one value."""
    rng = ctx.rng
    number = house(ctx).text
    text = f"{number} {pools.street(rng)}" if rng.random() < 0.3 else f"{pools.street(rng)} {number}"
    return copied(text, "address")


def address(ctx: Context) -> Datum:
    """A whole address on one line."""
    rng = ctx.rng
    parts = [street_line(ctx).text, f"{postcode(ctx).text} {pools.city(rng)}"]
    if rng.random() < 0.2:
        parts.append(rng.choice(POOLS["country"]))
    return copied(", ".join(parts), "address")


def product(ctx: Context) -> Datum:
    """Something that can be bought."""
    rng = ctx.rng
    noun = rng.choice(NOUNS)
    shapes = (
        lambda: f"{rng.choice(pools.ADJECTIVES)} {noun}",
        lambda: f"{rng.choice(NOUNS)} {noun}",
        lambda: noun,
        lambda: f"{rng.choice(POOLS['colour'])} {noun}",
        lambda: f"{pools.syllables(rng).capitalize()} {noun}",
        lambda: f"{noun} {pools.syllables(rng, 1, 2).upper()}-{rng.randint(1, 900)}",
        lambda: f"{noun} {rng.randint(1, 90)} {pick(rng, 'cm|mm|ml|kg|L|W|GB|m')}",
        lambda: f"{noun} ({pick(rng, 'small|large|set of 4|pack of 10|refill|left|matte|XL')})",
    )
    text = rng.choice(shapes)()
    return copied(
        text.title()
        if rng.random() < 0.3 and text.isascii()
        else text[:1].upper() + text[1:]
        if rng.random() < 0.5
        else text,
        "product",
    )


def _clause(rng: Random) -> str:
    noun, other, verb, adjective = (
        rng.choice(NOUNS),
        pools.word(rng),
        rng.choice(pools.VERBS),
        rng.choice(pools.ADJECTIVES),
    )
    shapes = (
        f"{verb} {adjective} {noun}",
        f"{noun} {other} {pick(rng, 'failed|missing|not found|is broken|ready|updated|expired')}",
        f"{pick(rng, 'fix|add|remove|update|support|improve|drop|refactor|test')} {noun} {pick(rng, 'in|for|of|when using')} {other}",
        f"{adjective} {noun} {pick(rng, 'and|or|with|without')} {other}",
        f"{noun} {pick(rng, 'of|for|in|on')} {adjective} {other}",
        f"{pick(rng, 'how to|cannot|please|unable to|do not|try to')} {verb} {pick(rng, 'the|a|any|every')} {noun}",
        f"{pick(rng, 'a|the')} {adjective} {noun} {pick(rng, 'for|that helps to|to')} {verb} {other}",
        f"{noun} {other} {pick(rng, 'after|before|during|while')} {verb} {pick(rng, 'the|a')} {rng.choice(NOUNS)}",
        f"{adjective} {other} {noun}",
        f"{other} {noun}",
    )
    return rng.choice(shapes)


def title(ctx: Context) -> Datum:
    """A short phrase: a subject, a headline, a log message."""
    rng = ctx.rng
    text = rng.choice(POOLS["phrase"]) if rng.random() < 0.08 else _clause(rng)
    return copied(pools.cased(rng, text), "title")


def sentence(ctx: Context) -> Datum:
    """A sentence that a field repeats whole."""
    rng = ctx.rng
    text = _clause(rng)
    if rng.random() < 0.4:
        text += pick(rng, ", |; | because | so that | and then | but ") + _clause(rng)
    return copied(text[:1].upper() + text[1:] + pick(rng, ".|.|.||!"), "title")


def noun(ctx: Context) -> Datum:
    """A single common word, in any casing."""
    text = pools.word(ctx.rng)
    return copied(text if ctx.rng.random() < 0.6 else text.capitalize(), "word")


def country(ctx: Context) -> Datum:
    return copied(ctx.rng.choice(POOLS["country"]), "country")


def pool(name: str, family: str | None = None) -> Generator:
    """A generator that draws from a closed pool (colours, time zones, MIME types…)."""
    return lambda ctx: copied(ctx.rng.choice(POOLS[name]), family or name)


def simple(draw: object, family: str) -> Generator:
    """A generator from a function of the random source alone."""
    return lambda ctx: copied(draw(ctx.rng), family)  # type: ignore[operator]


def listed(choices: str, family: str) -> Generator:
    """A generator from a short list of words."""
    return lambda ctx: copied(pick(ctx.rng, choices), family)
