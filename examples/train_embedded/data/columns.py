"""Several values of one kind that share one schema: the items of a list, the cells of a column."""

from __future__ import annotations

from random import Random

from data import fields, measures, pools
from data.datum import Context, Datum, Generator, View

BARE = ("type", "format", "enum")


def _like(datum: Datum, chosen: View) -> View | None:
    """The datum's view of the chosen type; any kind of number will do for a number."""
    kind = chosen.schema.get("type")
    wanted = ("integer", "number") if kind in ("integer", "number") else (kind,)
    for view in datum.views:
        same = view.schema.get("type") in wanted and view.schema.get("format") == chosen.schema.get("format")
        if (
            same
            and view.hint == chosen.hint
            and not view.suffix
            and ("enum" in view.schema) == ("enum" in chosen.schema)
        ):
            return view
    return None


def _loose(view: View) -> View:
    """The view without bounds and patterns, which would not hold for its neighbours."""
    return View(view.value, {key: value for key, value in view.schema.items() if key in BARE}, view.kind, view.hint)


def plain(datum: Datum) -> View:
    """The datum as a string that is copied."""
    return View(datum.text, {"type": "string"}, "copied")


def settled(rng: Random, generator: Generator) -> Generator:
    """The generator for a whole column: an enum keeps its options."""
    if generator is not measures.choice:
        return generator
    options = "|".join(sorted({pools.word(rng) for _ in range(rng.randint(3, 5))}))
    return lambda ctx: measures.choice(ctx, options, keep=True)


def aligned(rng: Random, data: list[Datum]) -> tuple[list[View], View]:
    """Views of one type for all the data, and one that shows the schema."""
    chosen = fields.view_of(rng, data[0])
    if chosen.suffix or chosen.hint:
        chosen = data[0].views[0] if not data[0].views[0].hint else plain(data[0])
    found = [_like(datum, chosen) for datum in data]
    whole = [view for view in found if view is not None]
    if len(whole) < len(data):
        whole = [plain(datum) for datum in data]
    if any(view.schema.get("type") == "number" for view in whole):
        whole = [View(view.value, {"type": "number"}, view.kind) for view in whole]
    whole = [_loose(view) for view in whole]
    return whole, whole[0]


def column(ctx: Context, generator: Generator, count: int) -> tuple[list[str], list[View], View]:
    """Texts and aligned views of `count` values, and a view that shows the schema even if there are none."""
    draw = settled(ctx.rng, generator)
    data = [draw(ctx) for _ in range(max(count, 1))]
    views, shape = aligned(ctx.rng, data)
    return [datum.text for datum in data[:count]], views[:count], shape
