"""The kinds of values in unlabelled lines: how each is written, and the parts of it that a schema may ask for.

Knows cells only: a column draws one text per line, with the JSON value of each of its parts. Doesn't know lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from data import clock, names, numerals, pools, values
from data.datum import STRING, Context, Generator
from data.pools import characters, pick

INTEGER, NUMBER = {"type": "integer"}, {"type": "number"}
Valued = tuple[Any, str]  # a JSON value, and how it relates to the text
Drawn = tuple[str, tuple[Valued, ...]]


@dataclass(frozen=True)
class Aspect:
    """A part of a cell. Parts of one shape can be mistaken for each other; `phrases` tell the kind of the value."""

    shape: str
    phrases: str
    schema: dict[str, Any]
    where: str = ""  # where in the cell it stands, such as "before the @"
    mark: str = ""  # the text that `where` speaks of
    words: tuple[str, ...] = ()  # the name that the text itself gives it


@dataclass(frozen=True)
class Column:
    """A kind of cell with the habits of one document."""

    aspects: tuple[Aspect, ...]
    draw: Callable[[], Drawn]
    bare: bool = True  # may stand in brackets


Maker = Callable[[Context], Column]


def copied(shape: str, phrases: str, generator: Generator, form: str = "") -> Maker:
    """A string that the record repeats."""

    def make(ctx: Context) -> Column:
        schema = {"type": "string", "format": form} if form and ctx.rng.random() < 0.5 else STRING

        def draw() -> Drawn:
            text = generator(ctx).text
            return text, ((text, "copied"),)

        return Column((Aspect(shape, phrases, schema),), draw)

    return make


def whole(phrases: str, low: int, high: int) -> Maker:
    """A bare whole number."""

    def make(ctx: Context) -> Column:
        def draw() -> Drawn:
            value = ctx.rng.randint(low, min(high, 10 ** ctx.rng.randint(1, 7)) if high > 9999 else high)
            return str(value), ((value, "number"),)

        return Column((Aspect("int", phrases, INTEGER if ctx.rng.random() < 0.8 else NUMBER),), draw)

    return make


def decimal(ctx: Context) -> Column:
    def draw() -> Drawn:
        text = f"{ctx.rng.choice((1, 10, 100, 1000)) * ctx.rng.random():.2f}"
        value = numerals.plain(float(text))
        return text, ((value, "number" if str(value) == text else "normalised"),)

    return Column((Aspect("decimal", "price|cost|decimal|reading|score|load", NUMBER),), draw)


def united(phrases: str, units: str) -> Maker:
    """A number glued to its unit: asked as a number or as it stands."""

    def make(ctx: Context) -> Column:
        number, unit, gap = ctx.rng.random() < 0.5, pick(ctx.rng, units), ctx.rng.random() < 0.1

        def draw() -> Drawn:
            value = ctx.rng.randint(1, 10 ** ctx.rng.randint(1, 4))
            text = f"{value}{' ' if gap else ''}{unit}"
            return text, (((value, "normalised") if number else (text, "copied")),)

        return Column((Aspect("measure", phrases, INTEGER if number else STRING),), draw)

    return make


def _date_style(ctx: Context) -> clock.DateStyle:
    iso = clock.CHOICES[0]
    return iso if ctx.rng.random() < 0.5 or ctx.dates.hint else ctx.dates


def date(ctx: Context) -> Column:
    """A day: an ISO date, or as it stands."""
    style, as_date = _date_style(ctx), ctx.rng.random() < 0.8

    def draw() -> Drawn:
        day = clock.random_date(ctx.rng)
        text, iso = style.write(day), day.isoformat()
        return text, (((iso, "copied" if iso == text else "normalised") if as_date else (text, "copied")),)

    schema = {"type": "string", "format": "date"} if as_date else STRING
    return Column((Aspect("date", "date|day|on|calendar day|dated|as of", schema),), draw)


TIME_PHRASES = "time|clock|at|clock time|time of day|logged time|clock reading"


def _time_asked(ctx: Context) -> tuple[str, Callable[[datetime], Valued], dict[str, Any]]:
    """How a document writes times, and the value and schema asked."""
    form = pick(ctx.rng, "%H:%M:%S|%H:%M:%S|%H:%M|%H:%M")
    zone = "Z" if form.count("%") == 3 else ":00Z"
    if ctx.rng.random() < 0.25:
        schema = {"type": "string", "format": "time"}
        return form, lambda moment: (moment.strftime(form) + zone, "normalised"), schema
    pattern = r"^\d\d:\d\d:\d\d$" if zone == "Z" else r"^\d{2}:\d{2}$"
    schema = {"type": "string", "pattern": pattern} if ctx.rng.random() < 0.4 else STRING
    return form, lambda moment: (moment.strftime(form), "copied"), schema


def _moment(ctx: Context) -> datetime:
    rng = ctx.rng
    return datetime.combine(clock.random_date(rng), time(rng.randrange(24), rng.randrange(60), rng.randrange(60)))


def clock_time(ctx: Context) -> Column:
    form, valued, schema = _time_asked(ctx)

    def draw() -> Drawn:
        moment = _moment(ctx)
        return moment.strftime(form), (valued(moment),)

    return Column((Aspect("time", TIME_PHRASES, schema),), draw)


def date_time(glue: str) -> Maker:
    """A date and a time side by side: asked apart, or together as a date-time or as they stand."""

    def make(ctx: Context) -> Column:
        style, (form, valued, schema), joint = _date_style(ctx), _time_asked(ctx), pick(ctx.rng, glue)
        together = ctx.rng.random() < 0.6
        joint = joint if style.numeric else " "

        def draw() -> Drawn:
            moment = _moment(ctx)
            day, iso = style.write(moment.date()), moment.date().isoformat()
            text = day + joint + moment.strftime(form)
            full = iso + "T" + moment.strftime("%H:%M:%SZ" if "S" in form else "%H:%M:00Z")
            dated = (iso, "copied" if day == iso else "normalised")
            return text, (dated, valued(moment), (full, "normalised") if together else (text, "copied"))

        stamp = {"type": "string", "format": "date-time"} if together else STRING
        return Column(
            (
                Aspect("date", "date|day|on|calendar day|dated", {"type": "string", "format": "date"}),
                Aspect("time", TIME_PHRASES, schema),
                Aspect("stamp", "timestamp|date and time|datetime|when|moment|instant|date time", stamp),
            ),
            draw,
        )

    return make


LEVELS = "debug|info|warn|error|fatal|trace|notice|warning|critical|alert|severe|verbose"


def level(ctx: Context) -> Column:
    """The weight of a log line: as it stands, or one of an enum in the text's casing or another."""
    rng = ctx.rng
    words = rng.sample(LEVELS.split("|"), rng.randint(3, 6))
    shown: Callable[[str], str] = rng.choice((str.upper, str.upper, str.lower, str.capitalize))
    asked: Callable[[str], str] = rng.choice((shown, shown, str.lower, str.upper))
    enum = rng.random() < 0.5

    def draw() -> Drawn:
        word = rng.choice(words)
        return shown(word), (((asked(word), "enum") if enum else (shown(word), "copied")),)

    schema = {"type": "string", "enum": [asked(word) for word in words]} if enum else STRING
    return Column((Aspect("level", "level|severity|log level|loglevel|lvl|alarm level", schema),), draw)


def yes_no(ctx: Context) -> Column:
    pair = pick(ctx.rng, "yes/no|true/false|on/off|Y/N|enabled/disabled").split("/")

    def draw() -> Drawn:
        value = ctx.rng.random() < 0.5
        return pair[not value], ((value, "boolean"),)

    return Column((Aspect("bool", "flag|enabled|active|switched on|turned on", {"type": "boolean"}),), draw)


ACTIONS = (
    "created deleted opened closed started stopped moved copied sent received merged rejected approved paused "
    "resumed fetched stored loaded parsed queued dropped locked unlocked renamed uploaded downloaded checked skipped "
    "retried connected disconnected login logout restart backup restore sync push pull read write scan probe mount"
).split()
STATES = "ok failed pending done running idle ready blocked expired passed lost unknown partial late empty full".split()


def one_of(words: list[str], phrases: str) -> Maker:
    """A word of a known little set; at times an enum."""

    def make(ctx: Context) -> Column:
        some = ctx.rng.sample(words, ctx.rng.randint(3, 6))
        cased: Callable[[str], str] = ctx.rng.choice((str.lower, str.lower, str.upper, str.capitalize))
        enum = ctx.rng.random() < 0.3

        def draw() -> Drawn:
            word = cased(ctx.rng.choice(some))
            return word, ((word, "enum" if enum else "copied"),)

        schema = {"type": "string", "enum": [cased(word) for word in some]} if enum else STRING
        return Column((Aspect("action", phrases, schema),), draw)

    return make


def version_text(ctx: Context) -> str:
    return values.version(ctx).text


def plain_version(ctx: Context) -> str:
    return ".".join(str(ctx.rng.choice((0, 1, 2, 3, ctx.rng.randrange(40)))) for _ in range(ctx.rng.choice((2, 3, 3))))


def slug_text(ctx: Context) -> str:
    return pools.slug(ctx.rng, "-", 1, 2)


def port_text(ctx: Context) -> str:
    return str(ctx.rng.choice((80, 443, 8080, ctx.rng.randint(21, 65000))))


def number_text(ctx: Context) -> str:
    return str(ctx.rng.randint(1, 10 ** ctx.rng.randint(1, 4)))


Text = Callable[[Context], str]
NAME = "name|item|label|title|id"
OLD = "old|previous|from|before|former|prior|earlier|old version|previous version|from version"
NEW = "new|current|to|after|latest|next|new version|current version|to version"


def glued(form: str, *parts: tuple[str, str, Text, bool]) -> Maker:
    """Values run together: `form` is "a{}b{}c"-like; each part has a shape, phrases, a text and whether it is a number."""

    def make(ctx: Context) -> Column:
        shape = pick(ctx.rng, form)
        around = shape.split("{}")
        aspects = []
        for index, (kind, phrases, _, number) in enumerate(parts):
            mark = around[index].strip() or around[index + 1].strip()
            side = "after" if around[index].strip() else "before"
            where = f'{side} the "{mark}"' if mark and len(parts) == 2 else ""
            if around[index + 1].strip() == ")" or around[index + 1].strip() in ("]", ">"):
                where = {")": "in parentheses", "]": "in square brackets", ">": "in angle brackets"}[around[index + 1]]
            aspects.append(Aspect(kind, phrases, INTEGER if number else STRING, where, mark))

        def draw() -> Drawn:
            texts = [text(ctx) for _, _, text, _ in parts]
            while len(parts) == 2 and any(m.strip() and m.strip() in text for m in around for text in texts):
                texts = [text(ctx) for _, _, text, _ in parts]
            valued = tuple(
                (int(t), "number") if number else (t, "copied") for t, (*_, number) in zip(texts, parts, strict=True)
            )
            return shape.format(*texts), valued

        return Column(tuple(aspects), draw, bare=not set("()[]<>") & set(shape))

    return make


def mailbox(ctx: Context) -> Column:
    """Name and address of a person."""

    def draw() -> Drawn:
        person, mail = f"{pools.first_name(ctx.rng)} {pools.last_name(ctx.rng)}", values.email(ctx).text
        return f"{person} <{mail}>", ((person, "copied"), (mail, "copied"))

    schema = {"type": "string", "format": "email"} if ctx.rng.random() < 0.5 else STRING
    return Column(
        (
            Aspect("person", "name|person|full name|who|author", STRING, 'before the "<"', "<"),
            Aspect("email", "email|mail|e mail|email address|mailbox", schema, "in angle brackets", "<"),
        ),
        draw,
        bare=False,
    )


def place(ctx: Context) -> Column:
    """Latitude and longitude in degrees, run together."""
    shape = pick(
        ctx.rng, "{:+.2f}{:+.2f}|{:+.4f}{:+.4f}|{:.3f},{:.3f}|{:.2f}/{:.2f}|geo:{:.3f},{:.3f}|{:+08.3f}{:+08.3f}"
    )

    def draw() -> Drawn:
        text = shape.format(ctx.rng.uniform(-89, 89), ctx.rng.uniform(-179, 179))
        plain = (
            text.removeprefix("geo:").replace(",", " ").replace("/", " ").replace("+", " +").replace("-", " -").split()
        )
        first, second = (numerals.plain(float(part)) for part in plain)
        return text, ((first, "normalised"), (second, "normalised"))

    return Column((Aspect("lat", "latitude|lat", NUMBER), Aspect("lon", "longitude|lon|lng", NUMBER)), draw)


def assigned(split: str) -> Maker:
    """A pair such as x=1, whose key names the field."""

    def make(ctx: Context) -> Column:
        rng, number = ctx.rng, ctx.rng.random() < 0.5
        words = tuple(names.compose(rng, "", split)[:2])
        while not names.fits("_".join(words), split):
            words = tuple(names.compose(rng, "", split))
        key, mark = names.join(list(words), pick(rng, "snake|snake|camel|kebab")), pick(rng, "=|=|=|:")

        def draw() -> Drawn:
            text = number_text(ctx) if number else slug_text(ctx)
            return f"{key}{mark}{text}", ((int(text), "number") if number else (text, "copied"),)

        schema = INTEGER if number else STRING
        return Column((Aspect("key " + key, "", schema, f"after {key}{mark}", key + mark, words),), draw)

    return make


def sublist(ctx: Context) -> Column:
    """Items without spaces between: an array."""
    rng, mark = ctx.rng, pick(ctx.rng, ",|,|,|+|/|;|&")
    codes = rng.random() < 0.5

    def draw() -> Drawn:
        count = rng.choice((1, 2, 2, 3, 3, 4))
        items = [characters(rng, pools.UPPER, 2) if codes else pools.word(rng) for _ in range(count)]
        return mark.join(items), ((items, "copied"),)

    phrases = "tags|codes|items|list|labels|flags|parts|members|topics|all items"
    return Column((Aspect("list", phrases, {"type": "array", "items": STRING}),), draw)
