"""Generators of everything that a record normalises: numbers, money, dates, times, booleans, enums, lists."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from data import clock, numerals, pools
from data.datum import STRING, Context, Datum, Generator, View
from data.pools import pick

BOOLEANS = "yes/no|true/false|on/off|enabled/disabled|Yes/No|TRUE/FALSE|Y/N|active/inactive|y/n|[x]/[ ]|✓/✗|True/False|ja/nein|oui/non|1/0"


def _bounded(rng: Random, value: float, schema: dict[str, Any]) -> dict[str, Any]:
    chance = rng.random()
    if chance < 0.06 and value >= 0:
        return {**schema, "minimum": 0}
    if chance < 0.08 and value > 0:
        return {**schema, "minimum": 1 if value >= 1 else 0, "maximum": 10 ** len(str(int(value)))}
    return schema


def number_views(ctx: Context, value: float, decimals: int, shown: str) -> tuple[View, ...]:
    """A number as a number, or as the literal text. `shown` is the whole text with signs and units."""
    number = numerals.plain(value)
    kind = "number" if str(number) == shown else "normalised"
    views = [View(number, _bounded(ctx.rng, value, {"type": "number"}), kind)]
    if decimals == 0:
        views = [
            View(number, _bounded(ctx.rng, value, {"type": "integer"}), kind, weight=2.5),
            View(number, {"type": "number"}, kind, weight=0.6),
        ]
    return (*views, View(shown, STRING, "copied", weight=0.15))


def count(ctx: Context) -> Datum:
    """A small whole number."""
    rng = ctx.rng
    value = rng.choice((1, 2, 3, rng.randint(1, 12), rng.randint(1, 100), rng.randint(1, 999)))
    return Datum(str(value), "count", number_views(ctx, value, 0, str(value)))


def count_word(ctx: Context) -> Datum:
    """A small whole number, now and then spelt out."""
    if ctx.rng.random() < 0.6:
        return count(ctx)
    value = ctx.rng.randint(1, 12)
    text = numerals.WORDS[value]
    return Datum(text, "count", (View(value, {"type": "integer"}, "normalised"),))


def integer(ctx: Context) -> Datum:
    """A whole number of any length."""
    value = numerals.magnitude(ctx.rng)
    if ctx.rng.random() < 0.05:
        value = -value
    text = numerals.write(value, 0, ctx.numbers if ctx.rng.random() < 0.5 else numerals.STYLES[0])
    return Datum(text, "number", number_views(ctx, value, 0, text))


def decimal(ctx: Context) -> Datum:
    """A number with a fraction."""
    rng = ctx.rng
    decimals = rng.choice((1, 1, 2, 2, 3, 4))
    value = round(rng.choice((1, 10, 100, 1000)) * rng.random() * rng.choice((1, 1, 1, 1, -1)), decimals)
    text = numerals.write(value, decimals, ctx.numbers if decimals < 3 else numerals.STYLES[0])
    return Datum(text, "number", number_views(ctx, value, decimals, text))


def percent(ctx: Context) -> Datum:
    """A percentage; the number asked for drops the sign."""
    rng = ctx.rng
    value, decimals = (rng.randint(0, 100), 0) if rng.random() < 0.6 else (round(100 * rng.random(), 1), 1)
    text = numerals.write(value, decimals, ctx.numbers)
    shown = text + pick(rng, "%|%| %| percent")
    return Datum(shown, "percent", number_views(ctx, value, decimals, shown))


def measure(ctx: Context) -> Datum:
    """A quantity with its unit: asked as a number, as text, or for the unit."""
    rng = ctx.rng
    unit = rng.choice(numerals.UNITS)
    base = decimal(ctx) if rng.random() < 0.5 else integer(ctx)
    view = base.views[0]
    shown = base.text + rng.choice((" ", " ", "")) + unit
    views = [View(view.value, view.schema, "normalised", weight=2.0), View(shown, STRING, "copied", weight=0.5)]
    if shown.count(unit) == 1 and len(unit) > 1:
        views.append(View(unit, STRING, "copied", weight=0.3, suffix="unit"))
    return Datum(shown, "measure", tuple(views))


def bare_amount(ctx: Context) -> Datum:
    """A price without its currency."""
    value = numerals.amount(ctx.rng)
    decimals = 0 if value == int(value) and ctx.rng.random() < 0.6 else 2
    text = numerals.write(value, decimals, ctx.numbers)
    return Datum(text, "amount", number_views(ctx, value, decimals, text))


def money(ctx: Context) -> Datum:
    """A price with the document's currency: asked as a number, as text, or for the currency."""
    rng = ctx.rng
    value = numerals.amount(rng)
    decimals = 0 if value == int(value) and rng.random() < 0.6 else 2
    text = numerals.write(value, decimals, ctx.numbers)
    shown = numerals.money(rng, text, ctx.currency)
    views = [*number_views(ctx, value, decimals, shown)]
    views.append(View(ctx.currency, currency_schema(rng, ctx.currency), "enum", weight=0.25, suffix="currency"))
    return Datum(shown, "amount", tuple(views))


def currency_schema(rng: Random, currency: str) -> dict[str, Any]:
    """An enum of currency codes that holds `currency`."""
    others = [code for code in numerals.CURRENCIES if code != currency and numerals.CURRENCIES[code] != currency]
    choices = [currency, *rng.sample(others, rng.randint(1, 4))]
    rng.shuffle(choices)
    return {"enum": choices}


def currency(ctx: Context) -> Datum:
    """The document's currency as a code or sign of its own."""
    shown = ctx.currency if ctx.rng.random() < 0.7 else numerals.CURRENCIES[ctx.currency]
    views = [View(ctx.currency, currency_schema(ctx.rng, ctx.currency), "enum")]
    if shown == ctx.currency:
        views.append(View(shown, STRING, "copied"))
    return Datum(shown, "currency", tuple(views))


def year(ctx: Context) -> Datum:
    value = ctx.rng.randint(1950, 2029)
    return Datum(str(value), "year", number_views(ctx, value, 0, str(value)))


def date(ctx: Context) -> Datum:
    """A day in the document's style: asked as an ISO date, or as it stands."""
    rng = ctx.rng
    day = ctx.today + timedelta(days=rng.randint(-400, 400)) if rng.random() < 0.7 else clock.random_date(rng)
    style = ctx.dates if rng.random() < 0.85 else clock.date_style(rng)
    shown = style.write(day)
    iso = day.isoformat()
    kind = "copied" if shown == iso else "normalised"
    hint = clock.hint_of(style, day)
    hint = f"{hint} in the text" if hint else None
    views = (
        View(iso, {"type": "string", "format": "date"}, kind, hint, weight=4.0),
        View(shown, STRING, "copied", weight=0.5),
    )
    return Datum(shown, "date", views)


def clock_time(ctx: Context) -> Datum:
    """A time of day: asked as HH:MM by a pattern, or as it stands."""
    rng = ctx.rng
    moment = datetime(2024, 1, 1, rng.randrange(24), rng.choice((0, 0, 15, 30, 45, rng.randrange(60))))
    shown = ctx.time(moment)
    value = moment.strftime("%H:%M")
    pattern = rng.choice((r"^\d{2}:\d{2}$", "^[0-2][0-9]:[0-5][0-9]$", r"^([01]\d|2[0-3]):[0-5]\d$", r"^\d\d:\d\d$"))
    kind = "copied" if value == shown else "normalised"
    views = (
        View(value, {"type": "string", "pattern": pattern}, kind, weight=2.0),
        View(value, STRING, kind, "24-hour HH:MM", weight=0.7),
        View(value + ":00Z", {"type": "string", "format": "time"}, "normalised", weight=0.8),
        View(shown, STRING, "copied", weight=0.6),
    )
    return Datum(shown, "time", views)


def stamp(ctx: Context) -> Datum:
    """A machine timestamp (UTC): asked as a date-time, as its date, or as it stands."""
    rng = ctx.rng
    moment = datetime.combine(clock.random_date(rng), time(rng.randrange(24), rng.randrange(60), rng.randrange(60)))
    shown = ctx.stamp(moment)
    iso = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    views = (
        View(iso, {"type": "string", "format": "date-time"}, "copied" if shown == iso else "normalised", weight=2.0),
        View(iso[:10], {"type": "string", "format": "date"}, "normalised", weight=0.8),
        View(shown, STRING, "copied", weight=1.0),
    )
    return Datum(shown, "stamp", views)


def boolean(ctx: Context) -> Datum:
    """A yes or no in one of many spellings."""
    rng = ctx.rng
    pair = pick(rng, BOOLEANS).split("/")
    value = rng.random() < 0.5
    shown = pair[0] if value else pair[1]
    views = [View(value, {"type": "boolean"}, "boolean", weight=4.0)]
    if shown not in ("[x]", "[ ]"):
        views.append(View(shown, STRING, "copied", weight=0.2))
    return Datum(shown, "boolean", tuple(views))


def flag(yes: str, no: str) -> Generator:
    """A boolean said in a phrase: `flag("gift wrapped", "no gift wrapping")`."""

    def draw(ctx: Context) -> Datum:
        value = ctx.rng.random() < 0.5
        return Datum(
            pick(ctx.rng, (yes if value else no).replace("/", "|")),
            "flag",
            (View(value, {"type": "boolean"}, "boolean"),),
        )

    return draw


def _recased(rng: Random, text: str) -> str:
    """The same words in another casing: IN_PROGRESS, in progress, inProgress…"""
    words = text.replace("_", " ").replace("-", " ").split()
    shape = rng.randrange(6)
    if shape == 0:
        return " ".join(words)
    if shape == 1:
        return " ".join(words).capitalize()
    if shape == 2:
        return "_".join(words).upper()
    if shape == 3:
        return "-".join(words)
    return "_".join(words) if shape == 4 else " ".join(words).upper()


def choice(ctx: Context, options: str = "", keep: bool = False) -> Datum:
    """One of a set: the schema's spelling and the text's may differ in case and separators."""
    rng = ctx.rng
    if options:
        words = options.split("|")
        words = words if keep else rng.sample(words, rng.randint(2, len(words)))
    else:
        words = list(
            {" ".join(pools.word(rng) for _ in range(rng.choice((1, 1, 1, 2)))) for _ in range(rng.randint(2, 6))}
        )
        words.sort()
        rng.shuffle(words)
    spelling = 0.5 if keep else rng.random()
    values = [_recased(Random(spelling), word) for word in words]
    value = rng.choice(values)
    shown = value if rng.random() < 0.5 else _recased(rng, value)
    views = [
        View(value, {"enum": values} if rng.random() < 0.5 else {"type": "string", "enum": values}, "enum", weight=4.0)
    ]
    views.append(View(shown, STRING, "copied", weight=0.4))
    return Datum(shown, "choice", tuple(views))


def one_of(options: str) -> Generator:
    """An enum over the `|`-separated options."""
    return lambda ctx: choice(ctx, options)
