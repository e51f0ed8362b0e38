"""From a datum and a name to an asked field: which view, which description, which hint. Knows no layout."""

from __future__ import annotations

from random import Random

from data import names
from data.datum import Datum, View

LINKS = (
    'the value labelled "{}"',
    "{}",
    "given as {}",
    'from the "{}" line',
    "{} in the text",
    "stands for {}",
    'see "{}"',
    "what the text calls {}",
    "the {}",
    "the {}",
    "the {}, as written",
    "called {} there",
    "{} of the document",
)


def view_of(rng: Random, datum: Datum) -> View:
    """One of the ways to ask for the datum."""
    views = datum.views
    if len(views) == 1:
        return views[0]
    return rng.choices(views, [view.weight for view in views])[0]


def named(words: list[str], style: str, split: str) -> str:
    """The field name in the schema's casing, or in snake case where that casing would cross the split."""
    if style == "joined" and len("".join(words)) > 14:
        style = "snake"
    for attempt in (style, "snake", "camel", "kebab"):
        name = names.join(words, attempt)
        if names.fits(name, split):
            return name
    raise ValueError(f"the name {words} does not belong to the {split} split")


def linking(rng: Random, label: str) -> str:
    """A description that ties a field to a label of the text."""
    return rng.choice(LINKS).replace("{}", label)
