"""Layouts that are more than one entry per line: JSON, XML, YAML, CSV, logfmt, tables, prose, chat.

Knows syntaxes only. `LAYOUTS` has every layout of labelled documents by id, with those of `layouts.LINES`,
`dialogue.TALKS` and `statements.STATEMENTS`.
"""

from __future__ import annotations

import json
import re
from random import Random

from data import dialogue, layouts, names, pools, statements
from data.blocks import Block, Entry, ListEntry, Section
from data.datum import Shown
from data.layouts import Pieces, Writer, joined, write_label
from data.pools import pick

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def _scalar(text: str) -> Pieces:
    """A JSON value: bare where the text is a number or a boolean."""
    if NUMBER.fullmatch(text) or text in ("true", "false"):
        return [Shown(text)]
    if json.dumps(text, ensure_ascii=False) != f'"{text}"':
        return [json.dumps(text, ensure_ascii=False)]
    return ['"', Shown(text), '"']


def as_json(rng: Random, blocks: list[Block]) -> Pieces:
    """A JSON object, pretty or compact, whose keys are the document's labels."""
    casing = pick(rng, "snake|camel|pascal|lower|kebab")
    newline, pad = rng.choice((("\n", "  "), ("\n", "    "), ("", ""), (" ", "")))
    colon = rng.choice((": ", ": ", ":")) if not newline else ": "

    def members(entries: list[Entry], depth: int) -> Pieces:
        out: Pieces = []
        for entry in entries:
            key = write_label(rng, entry.words, casing)
            out += [f"{newline}{pad * depth}" + f'"{key}"{colon}', *_scalar(entry.text), ","]
        return out[:-1]

    out: Pieces = ["{"]
    for block in blocks:
        key = f'{newline}{pad}"{write_label(rng, block.words or ["items"], casing)}"{colon}'
        if isinstance(block, Entry):
            out += members([block], 1)
        elif isinstance(block, ListEntry):
            out += [key + "["]
            for item in block.items:
                out += [*_scalar(item), ", "]
            out[-1:] = ["]"] if block.items else [out[-1] + "]"]
        elif isinstance(block, Section):
            out += [key + "{", *members(block.entries, 2), f"{newline}{pad}" + "}"]
        else:
            out += [key + "["]
            for row in block.rows:
                cells = [Entry(words, cell) for words, cell in zip(block.columns, row, strict=True) if cell]
                out += [
                    "{",
                    *(
                        piece.strip(" \n") if not isinstance(piece, Shown) and piece[:1] in ("\n", " ") else piece
                        for piece in members(cells, 2)
                    ),
                    "}",
                    ", ",
                ]
            out[-1:] = ["]"] if block.rows else [out[-1] + "]"]
        out.append(",")
    return [*out[:-1], newline + "}\n"]


def as_xml(rng: Random, blocks: list[Block]) -> Pieces:
    """Elements, or attributes of one element."""
    casing = pick(rng, "camel|kebab|snake|pascal|joined")
    root = pools.word(rng)
    if rng.random() < 0.3 and all(isinstance(b, Entry) and not set(b.text) & set('<>&"') for b in blocks):
        out: Pieces = [f"<{root}"]
        for block in blocks:
            assert isinstance(block, Entry)
            out += [f' {write_label(rng, block.words, casing)}="', Shown(block.text), '"']
        return [*out, pick(rng, "/>\n| />\n|></" + root + ">\n")]
    pad = pick(rng, "  |\t||    ")
    out = [f"<{root}>\n"]

    def element(words: list[str], value: Pieces, depth: int) -> Pieces:
        tag = write_label(rng, words, casing)
        return [f"{pad * depth}<{tag}>", *value, f"</{tag}>\n"]

    for block in blocks:
        if isinstance(block, Entry):
            out += element(block.words, [Shown(block.text)], 1)
        elif isinstance(block, ListEntry):
            for item in block.items:
                out += element(block.words, [Shown(item)], 1)
        elif isinstance(block, Section):
            inner: Pieces = [piece for e in block.entries for piece in element(e.words, [Shown(e.text)], 2)]
            out += element(block.words, ["\n", *inner, pad], 1)
        else:
            for row in block.rows:
                inner = [p for w, c in zip(block.columns, row, strict=True) if c for p in element(w, [Shown(c)], 2)]
                out += element(block.words or ["item"], ["\n", *inner, pad], 1)
    return [*out, f"</{root}>\n"]


def as_yaml(rng: Random, blocks: list[Block]) -> Pieces:
    """Nested keys and dashes."""
    casing = pick(rng, "snake|camel|kebab|pascal|lower")
    dash = pick(rng, "- |  - ")
    quote = rng.choice(("", "", "", '"', "'"))
    out: Pieces = ["---\n" if rng.random() < 0.2 else ""]

    def value(text: str) -> Pieces:
        return [quote, Shown(text), quote] if quote and quote not in text else [Shown(text)]

    for block in blocks:
        key = write_label(rng, block.words or ["items"], casing)
        if isinstance(block, Entry):
            out += [f"{key}: ", *value(block.text), "\n"]
        elif isinstance(block, ListEntry):
            if rng.random() < 0.3 and not any("," in item for item in block.items):
                out += [f"{key}: [", *joined(block.items, ", "), "]\n"]
                continue
            out.append(f"{key}:\n" if block.items else f"{key}: []\n")
            for item in block.items:
                out += [dash, *value(item), "\n"]
        elif isinstance(block, Section):
            out.append(f"{key}:\n")
            for entry in block.entries:
                out += [f"  {write_label(rng, entry.words, casing)}: ", *value(entry.text), "\n"]
        else:
            out.append(f"{key}:\n" if block.rows else f"{key}: []\n")
            for row in block.rows:
                lead = dash
                for words, cell in zip(block.columns, row, strict=True):
                    if cell:
                        out += [f"{lead}{write_label(rng, words, casing)}: ", *value(cell), "\n"]
                        lead = " " * len(dash)
    return out


def as_columns(rng: Random, blocks: list[Block]) -> Pieces:
    """A header line over one line of values: CSV, TSV, a Markdown table, aligned columns or a box."""
    entries = [block for block in blocks if isinstance(block, Entry)]
    casing = pick(rng, "snake|lower|title|sentence|upper|camel|upper_snake")
    head = [write_label(rng, entry.words, casing) for entry in entries]
    cells = [entry.text for entry in entries]
    forms = "|".join(
        ["\t", "pipe", "box"] + [m for m in (",", ";", ", ") if not any(m.strip() in c for c in cells)] * 2
    ).split("|")
    form = rng.choice(forms)
    if form == "pipe":
        rule = "|" + "---|" * len(head) if rng.random() < 0.8 else ""
        return ["| " + " | ".join(head) + " |\n" + (rule + "\n" if rule else "") + "| ", *joined(cells, " | "), " |\n"]
    if form == "box":
        widths = [max(len(h), len(c)) for h, c in zip(head, cells, strict=True)]
        out: Pieces = ["  ".join(h.ljust(w) for h, w in zip(head, widths, strict=True)).rstrip() + "\n"]
        if rng.random() < 0.4:
            out.append("  ".join("-" * w for w in widths) + "\n")
        for cell, width in zip(cells, widths, strict=True):
            out += [Shown(cell), " " * (width - len(cell) + 2)]
        return [*out[:-1], "\n"]
    quote = '"' if form in (",", ";") and rng.random() < 0.2 and not any('"' in cell for cell in cells) else ""
    return [
        form.join(quote + h + quote for h in head) + "\n" + quote,
        *joined(cells, quote + form + quote),
        quote + "\n",
    ]


def as_logfmt(rng: Random, blocks: list[Block]) -> Pieces:
    """Pairs on one line, perhaps after a timestamp and a level."""
    casing = pick(rng, "snake|camel|lower|kebab|dotted|joined")
    mark = pick(rng, "=|=|=|:|: ")
    between = rng.choice((" ", " ", ", ", "; ", " | ", "  ")) if mark == "=" else rng.choice((", ", "; ", " | "))
    lead = pick(
        rng,
        f"||level={pick(rng, 'info|warn|debug')} |[{pools.word(rng)}] |{pools.word(rng)}[{rng.randint(2, 32000)}]: |{pools.word(rng)}: |INFO ",
    )
    out: Pieces = [lead]
    for block in blocks:
        if isinstance(block, Entry):
            label = write_label(rng, block.words, casing).replace(" ", "_")
            needs = mark == "=" and " " in block.text and '"' not in block.text
            out += [label + mark, *(['"', Shown(block.text), '"'] if needs else [Shown(block.text)]), between]
    return [*out[:-1], "\n"]


PROSE = (
    "The {} is |.",
    "{} is |.",
    "The {} was | .",
    "Its {}: |.",
    "With {} |.",
    "It has a {} of |.",
    "For the {} we noted |.",
    "{}: |.",
    "As {}, take |.",
    "We use | as the {}.",
    "| is the {}.",
    "| was given as {}.",
    "The value of {} is |.",
    "There is a {} (|).",
    "Please note the {}: |.",
    "The {} reads |.",
    "{} changed to |.",
    "They set the {} to |.",
    "Regarding {}: |.",
    "We recorded | for {}.",
    "and the {} is |",
    "the {} being |",
    "{} equals |",
    "The {}, |, was confirmed.",
    "I think the {} should be |.",
    "| (that is the {}).",
)


def as_prose(rng: Random, blocks: list[Block]) -> Pieces:
    """Sentences that name the label and the value."""
    few = rng.sample(PROSE, rng.randint(1, 5))
    out: Pieces = []
    for block in blocks:
        if not isinstance(block, Entry):
            continue
        before, after = rng.choice(few).replace("was | .", "was |.").split("|")
        label = " ".join(block.words) if rng.random() < 0.85 else names.join(block.words, "title")
        before, after = before.replace("{}", label), after.replace("{}", label)
        if before[:1].islower() and (not out or rng.random() < 0.5):
            before = before[:1].upper() + before[1:]
        if after == "." and block.text[-1:] in ".!":
            after = ""
        out += [before, Shown(block.text), after + rng.choice((" ", " ", " ", "\n"))]
    return out


def as_inline(rng: Random, blocks: list[Block]) -> Pieces:
    """Label and value, one after the other, in one sentence."""
    mark, between = rng.choice(
        (
            (" ", ", "),
            (" ", "; "),
            (": ", ", "),
            (" = ", ", "),
            (" is ", ", "),
            (": ", " / "),
            (" ", " · "),
            (" - ", "; "),
        )
    )
    casing = pick(rng, "lower|lower|sentence|title")
    out: Pieces = [pick(rng, "||Summary: |Noted: |In short: |FYI |Details – ")]
    for block in blocks:
        if isinstance(block, Entry):
            out += [write_label(rng, block.words, casing) + mark, Shown(block.text), between]
    return [*out[:-1], pick(rng, ".\n|\n")]


def as_chat(rng: Random, blocks: list[Block]) -> Pieces:
    """One asks for each label, the other answers."""
    one, two = pools.first_name(rng), pools.first_name(rng)
    ask = pick(rng, "{}?|what's the {}?|and the {}?|{} please|can you tell me the {}?|do you know the {}?")
    form = pick(rng, "{}: |<{}> |[{}] |{} > |- {}: ")
    out: Pieces = []
    for block in blocks:
        if isinstance(block, Entry):
            out += [form.replace("{}", one) + ask.replace("{}", " ".join(block.words)) + "\n", form.replace("{}", two)]
            out += [pick(rng, "||||it's |that's |sure, |ok: "), Shown(block.text), "\n"]
    return out


def as_call(rng: Random, blocks: list[Block]) -> Pieces:
    """Keyword arguments of a call or a repr."""
    casing = pick(rng, "snake|camel|snake")
    opener, closer = rng.choice((("(", ")"), ("{", "}"), (" [", "]"), ("<", ">")))
    out: Pieces = [names.join([pools.word(rng), pools.word(rng)], "pascal") + opener]
    quote = rng.choice(("'", '"'))
    mark = "=" if opener != "{" else pick(rng, ": |=")
    for block in blocks:
        if isinstance(block, Entry):
            bare = NUMBER.fullmatch(block.text) or quote in block.text
            out += [
                write_label(rng, block.words, casing) + mark,
                *([Shown(block.text)] if bare else [quote, Shown(block.text), quote]),
                ", ",
            ]
    return [*out[:-1], closer + "\n"]


def as_two_up(rng: Random, blocks: list[Block]) -> Pieces:
    """Two labelled values on each line."""
    casing = pick(rng, "sentence|title|upper")
    gap = pick(rng, "    |\t|   /  | // ") if rng.random() < 0.7 else "      "
    mark = pick(rng, ": |:| : |  ")
    out: Pieces = []
    for number, block in enumerate(b for b in blocks if isinstance(b, Entry)):
        out += [write_label(rng, block.words, casing) + mark, Shown(block.text), gap if number % 2 == 0 else "\n"]
    return [*out[:-1], "\n"]


def as_below(rng: Random, blocks: list[Block]) -> Pieces:
    """The value first, its label after or under it."""
    form = pick(rng, " (\t)|  <- \t| = \t| – \t| [\t]| # \t| \u2190 \t|\n   \t").split("\t")
    casing = pick(rng, "lower|sentence|upper|title")
    out: Pieces = []
    for block in blocks:
        if isinstance(block, Entry):
            out += [Shown(block.text), form[0] + write_label(rng, block.words, casing) + form[1] + "\n"]
    return out


def as_sql(rng: Random, blocks: list[Block]) -> Pieces:
    """An INSERT statement."""
    entries = [block for block in blocks if isinstance(block, Entry)]
    columns = ", ".join(write_label(rng, entry.words, "snake") for entry in entries)
    out: Pieces = [f"INSERT INTO {pools.word(rng)} ({columns}){pick(rng, ' |' + chr(10))}VALUES ("]
    for entry in entries:
        bare = NUMBER.fullmatch(entry.text) or "'" in entry.text
        out += [*([Shown(entry.text)] if bare else ["'", Shown(entry.text), "'"]), ", "]
    return [*out[:-1], ");\n"]


# Layouts for scalar entries only, and layouts for sections, lists and tables as well; each with its weight.
FLAT: dict[str, tuple[Writer, float]] = {
    "columns": (as_columns, 3),
    "logfmt": (as_logfmt, 3),
    "prose": (as_prose, 4),
    "inline": (as_inline, 2),
    "chat": (as_chat, 1),
    "call": (as_call, 1),
    "two-up": (as_two_up, 1),
    "below": (as_below, 1),
    "sql": (as_sql, 1),
    **dialogue.TALKS,
    **statements.STATEMENTS,
}
NESTED: dict[str, tuple[Writer, float]] = {"json": (as_json, 3), "xml": (as_xml, 3), "yaml": (as_yaml, 3)}
LAYOUTS: dict[str, tuple[Writer, float]] = {
    **{
        f"line/{name}": (layouts.line_writer(line), 2.0 if "colon" in name else 1.0)
        for name, line in layouts.LINES.items()
    },
    **{f"flat/{name}": entry for name, entry in FLAT.items()},
    **{f"nested/{name}": entry for name, entry in NESTED.items()},
}
