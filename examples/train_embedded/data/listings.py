"""How a labelled text shows several values: separators, repeated labels, continuation lines; what a layout can bear.

Knows layouts by id and marks by look; knows neither names nor schemas.
"""

from __future__ import annotations

from random import Random

from data.blocks import Block, Entry
from data.pools import pick

# Separator and how often it is used; "and" joins the last two items only.
SEPARATORS: list[tuple[float, str]] = [
    (6, ", "),
    (4, ","),
    (4, " "),
    (2, ";"),
    (3, "; "),
    (1.5, "|"),
    (2, " | "),
    (3, "and"),
    (1, "+"),
    (1.5, " + "),
    (1, "/"),
    (1.5, " / "),
    (1, " · "),
    (0.7, "\t"),
    (0.7, " - "),
    (0.7, "  "),
]
WRAPPED = ("[]", "()", "{}", '""', "''", "[]")
TAGGED = ("nested/xml", "line/html-row", "line/html-dl", "line/paren", "line/angle", "line/bracket")
CONTINUED = tuple(f"line/{name}" for name in "colon colon-wide upper-colon equals ini header header-x rest conf".split())
HAZARDS = (", ", "; ", " / ", " | ", " · ", " - ", ": ", " = ", "=", "  ", "\t", '"', "'", " is ")


def suits(layout: str, text: str, strict: bool = True) -> bool:
    """Whether the layout can show the text without blurring where it ends; `strict` for texts made of parts."""
    if "\n" in text:
        return layout in CONTINUED
    if layout == "nested/json" and ('"' in text or "\\" in text):
        return False
    if layout in ("flat/columns", "line/pipe", "line/tab") and ("|" in text or "\t" in text or "  " in text):
        return False
    if strict and layout in TAGGED and set("<>&[]") & set(text):
        return False
    if strict and layout in ("nested/yaml", "line/slashes", "line/dash", "line/unicode-colon", "line/tilde"):
        return not any(mark in text for mark in (" / ", " // ", " - ", " – ", " — ", " · ", " ~ ", '"', "  "))
    running = layout.startswith("flat/") and layout != "flat/columns"
    return not (strict and running and any(mark in text for mark in HAZARDS))


def _may_join(separator: str, items: list[str], numeric: bool) -> bool:
    if separator == " ":
        return not any(" " in item for item in items) and len(items) > 1
    if separator == "and":
        return not any("," in item or " and " in f" {item} " for item in items)
    if numeric and separator in (",", "/", "+", " / ", " + ", " - ", "  ", "\t"):
        return False
    mark = separator.strip()
    return not any((mark or separator) in item for item in items)


def one_line(rng: Random, items: list[str], composed: bool = False) -> str | None:
    """The items on one line, or none when no drawn separator keeps them apart; `composed` items have marks inside."""
    numeric = composed or all(item.replace(".", "").isdigit() for item in items)
    for separator in rng.choices([s for _, s in SEPARATORS], [w for w, _ in SEPARATORS], k=4):
        if not _may_join(separator, items, numeric):
            continue
        if separator == "and":
            last = pick(rng, " and | and | & |, and ")
            return ", ".join(items[:-1]) + last + items[-1] if len(items) > 1 else items[0]
        if separator.strip() and len(items) > 1 and rng.random() < 0.12:
            left, right = rng.choice(WRAPPED)
            if left in "\"'" and not any(left in item for item in items):
                return separator.join(left + item + right for item in items)
            if left not in "\"'" and not any({left, right} & set(item) for item in items):
                return left + separator.join(items) + right
        return separator.join(items)
    return None


def below(rng: Random, items: list[str]) -> str:
    """The items on lines of their own, indented or behind bullets; at times the first beside the label."""
    pad = rng.choice(("  ", "    ", "\t", " "))
    if rng.random() < 0.4 and not any("," in item for item in items):
        return f",\n{pad}".join(items)
    if rng.random() < 0.3 and pad != " ":
        return f"\n{pad}".join(items)
    bullet = pad + pick(rng, "- |* |• |+ |||")
    return "".join(f"\n{bullet}{item}" for item in items)


def blocks(
    rng: Random, layout: str, label: list[str], items: list[str], composed: bool = False
) -> list[Block] | None:
    """The blocks that show the items under the label in one of many ways; none when the layout forbids those drawn."""
    if not items:
        empty = pick(rng, "none|-|n/a|(none)|None") if layout.startswith("flat/") else pick(rng, "||none|-|(none)|n/a|[]")
        return [Entry(label, empty)] if suits(layout, empty) else None
    chance = rng.random()
    if chance < 0.2 and layout.startswith("line/") and len(items) > 1:
        repeated: list[Block] = [Entry(label, item) for item in items]
        return repeated if all(suits(layout, item) for item in items) else None
    if chance < 0.45 and layout in CONTINUED and len(items) > 1:
        return [Entry(label, below(rng, items))]
    text = one_line(rng, items, composed)
    return [Entry(label, text)] if text is not None and suits(layout, text) else None
