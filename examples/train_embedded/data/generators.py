"""The generators by name, as templates and roles call them: `money`, `enum(open|closed)`, `list(email)`.

Knows the names and their arguments; doesn't know where they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from data import measures, pools, values
from data.datum import Context, Datum, Generator, View
from data.pools import pick

SIMPLE: dict[str, Generator] = {
    "person": values.person,
    "first": values.first,
    "last": values.last,
    "user": values.username,
    "email": values.email,
    "url": values.url,
    "domain": values.domain,
    "host": values.host,
    "ip": values.ipv4,
    "mac": values.mac,
    "uuid": values.uuid4,
    "hex": values.digest,
    "code": values.code,
    "digits": values.digits,
    "version": values.version,
    "path": values.path,
    "file": values.filename,
    "package": values.package,
    "phone": values.phone,
    "iban": values.iban,
    "zip": values.postcode,
    "house": values.house,
    "address": values.address,
    "street_line": values.street_line,
    "product": values.product,
    "title": values.title,
    "sentence": values.sentence,
    "noun": values.noun,
    "country": values.country,
    "job": values.pool("job"),
    "mime": values.pool("mime"),
    "tz": values.pool("timezone"),
    "colour": values.pool("colour"),
    "language": values.pool("language"),
    "agent": values.pool("agent"),
    "company": values.simple(pools.company, "company"),
    "city": values.simple(pools.city, "city"),
    "street": values.simple(pools.street, "street"),
    "count": measures.count,
    "number": measures.count_word,
    "integer": measures.integer,
    "decimal": measures.decimal,
    "percent": measures.percent,
    "measure": measures.measure,
    "amount": measures.bare_amount,
    "money": measures.money,
    "year": measures.year,
    "date": measures.date,
    "time": measures.clock_time,
    "stamp": measures.stamp,
    "bool": measures.boolean,
    "choice": measures.choice,
    "currency": measures.currency,
    "license": values.listed(values.LICENSES, "license"),
}


def _enum(argument: str) -> Generator:
    return lambda ctx: measures.choice(ctx, argument)


def _word(argument: str) -> Generator:
    """A word of a list that the record copies."""
    return values.listed(argument, "word")


def _flag(argument: str) -> Generator:
    yes, no = argument.split("|")
    return measures.flag(yes, no)


def _say(argument: str) -> Generator:
    """An enum whose values the text says in its own words: `paid in full/settled>paid|still open>unpaid`."""
    pairs = [(shown.split("/"), value) for shown, value in (part.split(">") for part in argument.split("|"))]
    options = list(dict.fromkeys(value for _, value in pairs))

    def draw(ctx: Context) -> Datum:
        shown, value = ctx.rng.choice(pairs)
        choices = [value, *ctx.rng.sample([o for o in options if o != value], ctx.rng.randint(1, len(options) - 1))]
        ctx.rng.shuffle(choices)
        text = ctx.rng.choice(shown)
        view = View(value, {"enum": choices} if ctx.rng.random() < 0.5 else {"type": "string", "enum": choices}, "enum")
        return Datum(text, "say", (view,))

    return draw


def _unit(argument: str) -> Generator:
    """A whole or broken number with a given unit: `unit(min|minutes)`."""

    def draw(ctx: Context) -> Datum:
        base = measures.count(ctx) if ctx.rng.random() < 0.75 else measures.decimal(ctx)
        first = base.views[0]
        shown = base.text + " " + pick(ctx.rng, argument)
        views = [
            View(view.value, view.schema, "normalised", weight=view.weight)
            for view in base.views
            if view.kind != "copied"
        ]
        return (
            Datum(shown, "measure", (*views, View(shown, {"type": "string"}, "copied", weight=0.2))) if first else base
        )

    return draw


def _range(argument: str) -> Generator:
    """A whole number within bounds: `int(1-60)`."""
    low, high = map(int, argument.split("-"))

    def draw(ctx: Context) -> Datum:
        value = ctx.rng.randint(low, high)
        return Datum(str(value), "count", measures.number_views(ctx, value, 0, str(value)))

    return draw


CALLS: dict[str, Callable[[str], Generator]] = {
    "enum": _enum,
    "word": _word,
    "flag": _flag,
    "say": _say,
    "unit": _unit,
    "int": _range,
}


@lru_cache(maxsize=4096)
def generator(call: str) -> Generator:
    """The generator of a name, or of a name with an argument in parentheses."""
    if "(" not in call:
        return SIMPLE[call]
    name, argument = call[:-1].split("(", 1)
    return CALLS[name](argument)
