"""How documents write dates and times. Every form here has one reading; forms that need a hint carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

MONTHS = "January February March April May June July August September October November December".split()
FOREIGN = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),
    "nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),
}
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def _ordinal(day: int) -> str:
    if 10 <= day % 100 <= 20:
        return f"{day}th"
    return f"{day}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th') }"


@dataclass(frozen=True)
class DateStyle:
    """One way to write dates; `hint` is what a schema must say before the form is unambiguous."""

    write: Callable[[date], str]
    hint: str | None = None
    numeric: bool = False


Table = list[tuple[float, DateStyle]]

STYLES: Table = [
    (14, DateStyle(lambda d: d.isoformat(), numeric=True)),
    (8, DateStyle(lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}")),
    (6, DateStyle(lambda d: f"{d.day} {MONTHS[d.month - 1][:3]} {d.year}")),
    (5, DateStyle(lambda d: f"{d.day:02d} {MONTHS[d.month - 1][:3]} {d.year}")),
    (7, DateStyle(lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}")),
    (6, DateStyle(lambda d: f"{MONTHS[d.month - 1][:3]} {d.day}, {d.year}")),
    (2, DateStyle(lambda d: f"{MONTHS[d.month - 1]} {_ordinal(d.day)}, {d.year}")),
    (2, DateStyle(lambda d: f"{_ordinal(d.day)} of {MONTHS[d.month - 1]} {d.year}")),
    (2, DateStyle(lambda d: f"{_ordinal(d.day)} {MONTHS[d.month - 1]} {d.year}")),
    (2, DateStyle(lambda d: f"{DAYS[d.weekday()]}, {d.day} {MONTHS[d.month - 1]} {d.year}")),
    (2, DateStyle(lambda d: f"{DAYS[d.weekday()][:3]} {d.day} {MONTHS[d.month - 1][:3]} {d.year}")),
    (2, DateStyle(lambda d: f"{DAYS[d.weekday()]}, {MONTHS[d.month - 1]} {d.day}, {d.year}")),
    (3, DateStyle(lambda d: f"{d.day:02d}-{MONTHS[d.month - 1][:3]}-{d.year}")),
    (1, DateStyle(lambda d: f"{d.day:02d}-{MONTHS[d.month - 1][:3].upper()}-{d.year}")),
    (1, DateStyle(lambda d: f"{d.day:02d}{MONTHS[d.month - 1][:3].upper()}{d.year}")),
    (4, DateStyle(lambda d: f"{d.year}/{d.month:02d}/{d.day:02d}", numeric=True)),
    (2, DateStyle(lambda d: f"{d.year}{d.month:02d}{d.day:02d}", numeric=True)),
    (2, DateStyle(lambda d: f"{d.year}.{d.month:02d}.{d.day:02d}", numeric=True)),
    (6, DateStyle(lambda d: f"{d.day:02d}.{d.month:02d}.{d.year}", numeric=True)),
    (3, DateStyle(lambda d: f"{d.day}.{d.month}.{d.year}", numeric=True)),
    (4, DateStyle(lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}", "day first", numeric=True)),
    (1, DateStyle(lambda d: f"{d.day:02d}-{d.month:02d}-{d.year}", "day first", numeric=True)),
    (3, DateStyle(lambda d: f"{d.month:02d}/{d.day:02d}/{d.year}", "month first", numeric=True)),
    (1, DateStyle(lambda d: f"{d.month}/{d.day}/{d.year}", "month first", numeric=True)),
    (2, DateStyle(lambda d: f"{d.day}. {FOREIGN['de'][d.month - 1]} {d.year}")),
    (1, DateStyle(lambda d: f"{d.day} {FOREIGN['fr'][d.month - 1]} {d.year}")),
    (1, DateStyle(lambda d: f"{d.day} de {FOREIGN['es'][d.month - 1]} de {d.year}")),
    (1, DateStyle(lambda d: f"{d.day} {FOREIGN['it'][d.month - 1]} {d.year}")),
    (1, DateStyle(lambda d: f"{d.day} {FOREIGN['nl'][d.month - 1]} {d.year}")),
]
WEIGHTS = [weight for weight, _ in STYLES]
CHOICES = [style for _, style in STYLES]
NUMERIC = [style for style in CHOICES if style.numeric and style.hint is None]
EPOCH = date(1990, 1, 1)


def date_style(rng: Random) -> DateStyle:
    """The way one document writes dates."""
    return rng.choices(CHOICES, WEIGHTS)[0]


def random_date(rng: Random) -> date:
    """Mostly a date of the last years, at times any since 1950."""
    if rng.random() < 0.1:
        return date(1950, 1, 1) + timedelta(days=rng.randrange(36500))
    return date(2012, 1, 1) + timedelta(days=rng.randrange(5900))


def hint_of(style: DateStyle, day: date) -> str | None:
    """The hint this date needs; none when only one reading is a date, or both are the same."""
    if style.hint is None or day.day > 12 or day.day == day.month:
        return None
    return style.hint


def _twelve(moment: datetime) -> str:
    return f"{(moment.hour + 11) % 12 + 1}:{moment.minute:02d}"


TIME_STYLES: list[tuple[float, Callable[[datetime], str]]] = [
    (10, lambda t: f"{t.hour:02d}:{t.minute:02d}"),
    (3, lambda t: f"{t.hour}:{t.minute:02d}"),
    (2, lambda t: f"{_twelve(t)} {'am' if t.hour < 12 else 'pm'}"),
    (2, lambda t: f"{_twelve(t)} {'AM' if t.hour < 12 else 'PM'}"),
    (1, lambda t: f"{_twelve(t)}{'am' if t.hour < 12 else 'pm'}"),
    (1, lambda t: f"{_twelve(t)} {'a.m.' if t.hour < 12 else 'p.m.'}"),
    (1, lambda t: f"{t.hour:02d}.{t.minute:02d} Uhr"),
    (1, lambda t: f"{t.hour:02d}h{t.minute:02d}"),
    (1, lambda t: f"{t.hour:02d}{t.minute:02d} hrs"),
]
TIME_WEIGHTS = [weight for weight, _ in TIME_STYLES]
TIME_CHOICES = [write for _, write in TIME_STYLES]

# Machine timestamps: text and whether it names UTC itself.
STAMPS: list[tuple[float, Callable[[datetime], str]]] = [
    (6, lambda t: t.strftime("%Y-%m-%dT%H:%M:%SZ")),
    (5, lambda t: t.strftime("%Y-%m-%d %H:%M:%S")),
    (2, lambda t: t.strftime("%Y-%m-%d %H:%M:%S UTC")),
    (2, lambda t: t.strftime("%Y/%m/%d %H:%M:%S")),
    (2, lambda t: t.strftime("%d/%b/%Y:%H:%M:%S +0000")),
    (2, lambda t: t.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    (1, lambda t: t.strftime("%a %b %d %H:%M:%S %Y")),
    (1, lambda t: t.strftime("%d.%m.%Y %H:%M:%S")),
    (1, lambda t: t.strftime("%Y%m%dT%H%M%SZ")),
    (1, lambda t: t.strftime("%b %d, %Y %H:%M:%S")),
]
STAMP_WEIGHTS = [weight for weight, _ in STAMPS]
STAMP_CHOICES = [write for _, write in STAMPS]
