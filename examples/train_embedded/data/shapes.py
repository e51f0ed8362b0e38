"""Kinds of composites: which parts they have, what each part may be called, which forms the whole takes.

Knows values and words only: neither names of fields nor layouts. A part whose name would not settle its exact text
has a `!` before its sayings, and is never asked without one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from data import clock, measures, numerals, pools, values
from data.datum import STRING, Context, Datum, Generator, View, copied
from data.pools import DIGITS, HEX, POOLS, characters, pick

Draw = Callable[[Context], tuple[Datum, ...]]


@dataclass(frozen=True)
class Role:
    """What a part is: words that name it, sayings that single it out, and whether it may go without those."""

    words: tuple[str, ...]
    sayings: tuple[str, ...] = ()
    described: bool = False

    @classmethod
    def parse(cls, text: str) -> Role:
        """`word|word//saying|saying`; a `!` before the sayings makes a description obligatory."""
        words, _, sayings = text.partition("//")
        told = tuple(saying for saying in sayings.removeprefix("!").split("|") if saying)
        return cls(tuple(words.split("|")), told, sayings.startswith("!"))


@dataclass(frozen=True)
class Shape:
    """A kind of composite: its parts, their roles (`;`-separated) and the forms (`¦`-separated) they take."""

    weight: float
    draw: Draw
    roles: str
    forms: str
    loose: bool = False  # whether parts may hold the marks between them without becoming unclear


def both(*generators: Generator) -> Draw:
    """Parts that are drawn one by one."""
    return lambda ctx: tuple(generator(ctx) for generator in generators)


def full_name(ctx: Context) -> Datum:
    first, last = pools.first_name(ctx.rng), pools.last_name(ctx.rng)
    ctx.people[""] = f"{first} {last}"
    return copied(ctx.people[""], "person")


def whole_number(value: int) -> Datum:
    """A plain number, asked as an integer, at times as a number."""
    views = (View(value, {"type": "integer"}, "number", weight=4.0), View(value, {"type": "number"}, "number"))
    return Datum(str(value), "count", views)


def small(low: int, high: int) -> Generator:
    """A whole number within bounds."""
    return lambda ctx: whole_number(ctx.rng.randint(low, high))


def _port(ctx: Context) -> Datum:
    return whole_number(ctx.rng.choice((80, 443, 8080, ctx.rng.randint(1, 999), ctx.rng.randint(1000, 65535))))


def _release(ctx: Context) -> Datum:
    numbers = [str(ctx.rng.randrange(30)) for _ in range(ctx.rng.choice((1, 2, 2, 3, 3)))]
    return copied(".".join(numbers) + pick(ctx.rng, "|||||rc1|b2|+x3|~2"), "version")


def _tag(ctx: Context) -> Datum:
    return _release(ctx) if ctx.rng.random() < 0.4 else copied(pools.slug(ctx.rng, "-", 1, 2), "word")


def _bounds(ctx: Context) -> tuple[Datum, ...]:
    top = ctx.rng.choice((10, 40, 100, 900, 5000))
    low, high = sorted(ctx.rng.sample(range(top + 1), 2))
    return whole_number(low), whole_number(high)


def _fractions(ctx: Context) -> tuple[Datum, ...]:
    low, high = sorted(round(ctx.rng.uniform(0, 90), 1) for _ in range(2))
    return tuple(
        Datum(str(n), "number", (View(numerals.plain(n), {"type": "number"}, "number" if n % 1 else "normalised"),))
        for n in (low, high + 0.5)
    )


def _day(ctx: Context, day: date) -> Datum:
    """A date whose form has one reading."""
    style = ctx.dates if ctx.dates.hint is None else clock.CHOICES[0]
    shown, iso = style.write(day), day.isoformat()
    kind = "copied" if shown == iso else "normalised"
    views = (View(iso, {"type": "string", "format": "date"}, kind, weight=3.0), View(shown, STRING, "copied"))
    return Datum(shown, "date", views)


def one_day(ctx: Context) -> Datum:
    return _day(ctx, clock.random_date(ctx.rng))


def _days(ctx: Context) -> tuple[Datum, ...]:
    start = clock.random_date(ctx.rng)
    return _day(ctx, start), _day(ctx, start + timedelta(days=ctx.rng.randint(1, 300)))


def _time(ctx: Context, hour: int) -> Datum:
    value = f"{hour:02d}:{ctx.rng.choice((0, 0, 15, 30, 45, ctx.rng.randrange(60))):02d}"
    return Datum(value, "time", (View(value, STRING, "copied"),))


def one_time(ctx: Context) -> Datum:
    return _time(ctx, ctx.rng.randrange(24))


def _hours(ctx: Context) -> tuple[Datum, ...]:
    day = ctx.rng.choice(clock.DAYS)[: ctx.rng.choice((3, 3, 9))]
    return copied(day, "word"), _time(ctx, ctx.rng.randint(5, 11)), _time(ctx, ctx.rng.randint(12, 22))


def _degrees(limit: int) -> Generator:
    def draw(ctx: Context) -> Datum:
        text = f"{ctx.rng.uniform(-limit, limit):.{ctx.rng.choice((1, 2, 4, 5))}f}"
        number = numerals.plain(float(text) + 0.0)
        kind = "number" if str(number) == text else "normalised"
        return Datum(text, "number", (View(number, {"type": "number"}, kind),))

    return draw


def _price(ctx: Context) -> Datum:
    amount = measures.bare_amount(ctx)
    return amount if " " not in amount.text else whole_number(ctx.rng.randint(1, 900))


def _currency(ctx: Context) -> Datum:
    return copied(ctx.currency, "currency")


def _unit(ctx: Context) -> Datum:
    return copied(ctx.rng.choice(numerals.UNITS), "unit")


def _folder(ctx: Context) -> Datum:
    parts = [pools.slug(ctx.rng, "-", 1, 1) for _ in range(ctx.rng.randint(1, 3))]
    return copied(pick(ctx.rng, "/||~/|./|/srv/|/data/") + "/".join(parts), "path")


def _stem(ctx: Context) -> Datum:
    return copied(pools.slug(ctx.rng, ctx.rng.choice("-_"), 1, 3), "path")


def _extension(ctx: Context) -> Datum:
    return copied(ctx.rng.choice([e for e in POOLS["extension"] if "." not in e]), "word")


def _file(ctx: Context) -> Datum:
    return copied(f"{_stem(ctx).text}.{_extension(ctx).text}", "path")


def _route(ctx: Context) -> Datum:
    count = ctx.rng.randint(1, 3)
    return copied("".join("/" + pools.slug(ctx.rng, "-", 1, 1) for _ in range(count)), "path")


def _house(ctx: Context) -> Datum:
    return copied(str(ctx.rng.randint(1, 240)) + pick(ctx.rng, "||||a|b"), "house")


def _zip(ctx: Context) -> Datum:
    return copied(characters(ctx.rng, "123456789", 1) + characters(ctx.rng, DIGITS, 4), "postcode")


def _phone(ctx: Context) -> Datum:
    return copied(f"+{ctx.rng.randint(1, 99)} {characters(ctx.rng, DIGITS, 3)} {characters(ctx.rng, DIGITS, 6)}", "phone")


def _host(ctx: Context) -> Datum:
    return ctx.rng.choice((values.host, values.domain, values.ipv4))(ctx)


def _short(ctx: Context) -> Datum:
    return ctx.rng.choice((values.noun, values.product, values.title))(ctx)


def slug_word(ctx: Context) -> Datum:
    return copied(pools.slug(ctx.rng, "-", 1, 2), "word")


def code(ctx: Context) -> Datum:
    return copied(pools.code(ctx.rng)[0] if ctx.rng.random() < 0.6 else characters(ctx.rng, HEX, 7), "code")


CITY = values.simple(pools.city, "city")
COMPANY = values.simple(pools.company, "company")
SHAPES: list[Shape] = [
    Shape(6, both(full_name, values.email), "name|person|called|who;email|mail|address|e mail//the address",
          "{0} <{1}>¦{0} <{1}>¦{0} <{1}>¦\"{0}\" <{1}>¦{0} ({1})¦{0}, {1}¦{0} [{1}]¦{1} ({0})¦{0} / {1}"),
    Shape(3, both(values.last, values.first), "last name|surname|family name|last;first name|given name|forename|first", "{0}, {1}"),
    Shape(2, both(full_name, values.pool("job")), "name|person|who;role|job|position|function", "{0} ({1})¦{0} – {1}¦{0}; {1}"),
    Shape(2, both(full_name, COMPANY), "name|person|who;company|firm|employer|organisation", "{0} ({1})¦{0} at {1}¦{0} @ {1}¦{0} / {1}"),
    Shape(3, both(values.package, _tag), "name|image|repository;tag|label|variant", "{0}:{1}¦{0}#{1}"),
    Shape(4, both(values.package, _release), "name|module|library|package;version|release|ver",
          "{0} ({1})¦{0} {1}¦{0} [{1}]¦{0}@{1}¦{0}@{1}¦{0}/{1}¦{0}=={1}"),
    Shape(3, both(values.package, _release), "name|module|library|package;version|release|ver//!the version number alone, "
          "without the comparison sign|only the version number after the sign",
          "{0} (>= {1})¦{0} (> {1})¦{0} (= {1})¦{0} >= {1}¦{0} (>={1})¦{0} (< {1})¦{0}>={1}¦{0} ~> {1}¦{0} (^{1})¦{0} [<={1}]"),
    Shape(5, both(_host, _port), "host|server|hostname|machine;port|port number", "{0}:{1}¦{0}:{1}¦{0} port {1}¦{0} ({1})"),
    Shape(2, both(values.username, _host), "user|login|username|account;host|server|machine", "{0}@{1}¦{0} on {1}"),
    Shape(2, both(values.username, values.package), "owner|user|account;repo|project|repository", "{0}/{1}"),
    Shape(2, both(values.ipv4, small(8, 32)), "address|ip|network;prefix|bits|length//!number of bits after the slash", "{0}/{1}"),
    Shape(4, both(small(1, 4000), small(1, 3000)), "width|wide|w;height|high|h",
          "{0}x{1}¦{0} x {1}¦{0}×{1}¦{0} × {1}¦{0} by {1}¦{0}*{1}"),
    Shape(1.5, both(small(1, 300), small(1, 300), small(1, 300)), "width|w;height|h;depth|d",
          "{0}x{1}x{2}¦{0} x {1} x {2}¦{0} × {1} × {2}¦W{0} H{1} D{2}"),
    Shape(3, both(_degrees(89), _degrees(179)), "latitude|lat|north;longitude|lon|lng|east", "{0}, {1}¦{0},{1}¦{0} {1}¦{0} / {1}¦({0}, {1})"),
    Shape(4, _bounds, "minimum|min|from|low|lower|start;maximum|max|to|high|upper|end",
          "{0}-{1}¦{0} - {1}¦{0}–{1}¦{0} to {1}¦{0}..{1}¦{0} … {1}¦from {0} to {1}¦between {0} and {1}"),
    Shape(2, _fractions, "minimum|min|from|low|lower;maximum|max|to|high|upper", "{0} - {1}¦{0}–{1}¦{0} to {1}¦{0} … {1}¦[{0}; {1}]"),
    Shape(4, _days, "start date|start|from|begin|first day|since;end date|end|to|until|last day", "{0} - {1}¦{0} – {1}¦{0} to {1}¦from {0} to {1}¦{0} until {1}¦{0} / {1}"),
    Shape(3, _hours, "weekday|day;opening time|open|opens|from|start;closing time|close|closes|until|end", "{0} {1}–{2}¦{0} {1}-{2}¦{0}, {1} - {2}¦{0} {1} to {2}¦{0}: {1}–{2}", True),
    Shape(3, both(one_day, one_time), "date|day//only the date;time|hour|clock//only the time", "{0} {1}¦{0}, {1}¦{0} at {1}¦{0} {1}¦{1} on {0}", True),
    Shape(4, both(_price, _currency), "amount|value|sum|price;currency|money|curr", "{0} {1}¦{1} {0}¦{0} ({1})¦{0}{1}"),
    Shape(3, both(small(1, 5000), _unit), "value|number|amount|reading;unit|unit name", "{0} {1}¦{0}{1}¦{0} [{1}]¦{0} ({1})"),
    Shape(3, both(_short, code), "title|name|text;code|id|ref|key", "{0} [{1}]¦{0} ({1})¦{0} #{1}¦{0} <{1}>"),
    Shape(4, both(code, values.title), "code|id|ref|key|number;title|text|subject|summary", "{0} - {1}¦{0}: {1}¦{0} – {1}¦[{0}] {1}¦{0} | {1}"),
    Shape(3, both(CITY, values.country), "city|town|place;country|nation|land", "{0}, {1}¦{0} ({1})¦{0} / {1}¦{0} - {1}"),
    Shape(3, both(_zip, CITY), "postcode|zip|postal code;city|town|place", "{0} {1}¦{0} {1}¦{1} ({0})¦{1}, {0}"),
    Shape(2, both(values.simple(pools.street, "street"), _house), "street|road|street name;number|house|house number", "{0} {1}¦{0} {1}¦{0}, {1}¦{0} no. {1}"),
    Shape(2, both(CITY, CITY), "origin|from|departure|start;destination|to|arrival|end", "{0} -> {1}¦{0} → {1}¦{0} – {1}¦{0} to {1}¦from {0} to {1}"),
    Shape(2, both(_stem, _extension), "stem|base//!file name without its extension;ext|extension|suffix//!the extension without the dot|only what follows the dot", "{0}.{1}"),
    Shape(2, both(_folder, _file), "folder|dir|directory//!the folder, without the slash at its end|directory only, no slash at the end;file|filename|file name//only the file name", "{0}/{1}", True),
    Shape(2, both(values.title, full_name), "title|work;author|creator|writer|artist", "{0} by {1}¦{0} ({1})¦{0} / {1}¦{0} — {1}"),
    Shape(2, both(values.title, measures.year), "title|text|work;year|published", "{0} ({1})¦{0}, {1}¦{0} [{1}]"),
    Shape(2, _bounds, "current value|done|current|reached;total|goal|target", "{0}/{1}¦{0} / {1}¦{0} of {1}¦{0} out of {1}"),
    Shape(2, both(small(0, 9), small(0, 9)), "home score|home|first|left;away score|away|second|right|guest", "{0}:{1}¦{0}-{1}¦{0} : {1}¦{0} – {1}"),
    Shape(2, both(small(1, 60), values.product), "count|quantity|pieces|qty;item|product|article", "{0} x {1}¦{0}x {1}¦{0} × {1}¦{1} (x{0})¦{1} x {0}"),
    Shape(2, both(slug_word, slug_word), "key|field|option;value|setting", "{0}={1}¦{0}: {1}¦{0} = {1}¦{0} => {1}"),
    Shape(3, both(small(0, 20), small(0, 40), small(0, 99)), "major number|major;minor number|minor;patch number|patch|micro|bugfix", "{0}.{1}.{2}¦v{0}.{1}.{2}"),
    Shape(2, both(slug_word, values.domain), "user|local|mailbox//the part before the at sign;domain|server|host//only the domain", "{0}@{1}"),
    Shape(2, both(_phone, small(1, 999)), "main number|number|phone|main;extension|ext|direct", "{0} ext. {1}¦{0} ext {1}¦{0} x{1}¦{0} ext.{1}"),
    Shape(2, both(lambda ctx: copied(pick(ctx.rng, "https|http|ftp|ssh|ws"), "word"), values.domain, _route),
          "scheme|protocol;host|domain|server;path|route//!the path with its leading slash|path, from its first slash on", "{0}://{1}{2}", True),
    Shape(1, both(values.pool("colour"), lambda ctx: copied("#" + characters(ctx.rng, HEX, 6), "hex")), "name|colour|shade;hex code|hex|code|value", "{0} ({1})¦{0} {1}¦{0} / {1}"),
]  # fmt: skip
