"""Layouts of labelled documents: how blocks become text. Knows syntaxes, no schema and no meaning.

A layout is a table row (`LINES`: one entry per line) or a function (`WRITERS`). Each has an id by which it may be
held out. Text pieces that stand for values are `Shown`, so that noise leaves them alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from data import names
from data.blocks import Block, Entry, Grid, ListEntry, Section
from data.datum import Shown
from data.pools import pick

Pieces = list[str]


@dataclass(frozen=True)
class Line:
    """A layout of one entry per line. The styles are `|`-separated choices drawn once per document."""

    labels: str  # casings of labels
    before: str
    between: str
    after: str = ""
    quotes: str = ""
    section: str = "# {}||{}:|[{}]|== {} ==|--- {} ---|{}|** {} **"
    indent: str = "|  |"


LINES: dict[str, Line] = {
    "colon": Line("sentence|title|lower", "", ": "),
    "colon-wide": Line("sentence|title|lower|upper", "", " : |:  |:\t|  :  "),
    "upper-colon": Line("upper", "", ": "),
    "equals": Line("snake|lower|kebab|dotted|camel", "", " = |="),
    "ini": Line("snake|camel|kebab|lower|pascal", "", "=| = ", section="[{}]", indent=""),
    "toml": Line("snake|kebab", "", " = ", quotes='"', section="[{}]", indent=""),
    "conf": Line("snake|camel|pascal|kebab", "", " |  |\t", section="# {}"),
    "conf-semicolon": Line("snake|camel", "", " ", ";", section="{} {{"),
    "dash": Line("sentence|title|lower", "", " - | – | — "),
    "arrow": Line("sentence|lower|snake", "", " -> | => | → | >> "),
    "bullet": Line("sentence|title|lower", "- |* |• |+ |– ", ": "),
    "bullet-bold": Line("sentence|title", "- **|* **|**", ":** |**: |** – "),
    "numbered": Line("sentence|title", "#. |#) |(#) ", ": | - "),
    "dots": Line("sentence|title|upper", "", " ..... | ........ | . . . . |.....: |....: "),
    "bracket": Line("sentence|title|lower", "", " [| (", "]|)"),
    "tab": Line("sentence|title|snake|lower", "", "\t|\t\t"),
    "pipe": Line("sentence|title|lower|upper", "| |", " | ", " ||"),
    "next-line": Line("sentence|title|upper", "", "\n|:\n|:\n  |\n    ", "\n|"),
    "header": Line("header", "", ": "),
    "header-x": Line("header", "X-|", ": "),
    "export": Line("upper_snake", "export |set |", "=", quotes="'|\"|"),
    "flags": Line("kebab|snake", "--", "=| ", quotes="'|\"|"),
    "rest": Line("lower|sentence|kebab", ":", ": "),
    "tags": Line("lower|camel|snake", "@|\\|#", " |: "),
    "docstring": Line("snake|camel", ":param |:ivar |", ": | -- "),
    "question": Line("lower", "What is the |Which | ", "? |?\n", ""),
    "comment": Line("sentence|lower|snake", "# |// |; |-- |% ", ": | = "),
    "quote": Line("sentence|title", "> |>> ", ": "),
    "assign": Line("camel|snake", "|$|let |const |my $", " = | := ", ";|", quotes="\"|'"),
    "vcard": Line("upper|upper_snake|header", "", ":|;TYPE=WORK:|;CHARSET=UTF-8:"),
    "html-row": Line(
        "sentence|title", "<tr><td>|<tr><th>|<li><b>", "</td><td>|</th><td>|</b> ", "</td></tr>|</td></tr>|</li>"
    ),
    "html-dl": Line("sentence|title", "<dt>", "</dt><dd>", "</dd>"),
    "paren": Line("sentence|lower", "", " (| <", ")|>"),
    "lisp": Line("kebab|lower", "(|  (", " ", ")", quotes='"|'),
    "value-colon-quote": Line("sentence|lower", "", ": ", quotes="\"|'|«"),
    "unicode-colon": Line("sentence|title", "", "\uff1a| \u00b7 | \u2022 | \u2023 "),
    "slashes": Line("sentence|upper", "", " / | // "),
    "stars": Line("sentence|title|upper", "*|_|__", "* |_ |__ "),
    "heading": Line("title|sentence", "## |### |", "\n", "\n", section="# {}"),
    "indented": Line("sentence|lower", "    |\t|  ", ": | = "),
    "log-pairs": Line("snake|camel|lower", "INFO |[info] |DEBUG: |> ", "=|: "),
    "angle": Line("sentence|lower|upper", "<|{|[", "> |} |] "),
    "tilde": Line("lower|snake", "", " ~ | :: | <- | == "),
}
CLOSERS = {"[": "]", "(": ")", "<": ">", "«": "»"}


def write_label(rng: Random, words: list[str], style: str) -> str:
    """The label in the document's casing."""
    if style == "upper":
        return " ".join(words).upper()
    if style == "header":
        return "-".join(word[:1].upper() + word[1:] for word in words)
    return names.join(words, style)


def _quoted(text: str, quote: str) -> Pieces:
    if not quote or '"' in text or "'" in text:
        return [Shown(text)]
    return [quote, Shown(text), CLOSERS.get(quote, quote)]


class LineWriter:
    """A `Line` with its choices drawn: writes blocks of one document."""

    def __init__(self, rng: Random, line: Line) -> None:
        self.rng = rng
        self.casing = pick(rng, line.labels)
        self.stray = 0.04
        befores, betweens, afters = (self._options(part) for part in (line.before, line.between, line.after))
        index = rng.randrange(60)
        self.before = befores[index % len(befores)]
        self.between = betweens[index % len(betweens)] if len(betweens) == len(befores) else rng.choice(betweens)
        same = len(afters) in (len(befores), len(betweens))
        self.after = afters[index % len(afters)] if same and len(afters) > 1 else rng.choice(afters)
        if self.between.strip() in CLOSERS and self.after:
            self.after = CLOSERS[self.between.strip()]
        if self.before.strip() in "<{[" and self.before.strip():
            self.between = {"<": "> ", "{": "} ", "[": "] "}.get(self.before.strip(), self.between)
        if self.before.strip() in ("*", "_", "__", "**"):
            self.between = self.before.strip() + self.between.lstrip("*_")
        self.quote = pick(rng, line.quotes) if line.quotes else ""
        self.section = rng.choice([s for s in line.section.split("|") if s])
        self.indent = pick(rng, line.indent)
        self.list_style = rng.randrange(5)
        self.pad = rng.random() < 0.12 and "\n" not in self.between
        self.count = 0
        self.width = 0

    @staticmethod
    def _options(part: str) -> list[str]:
        if part in ("| |", " | ", " ||"):
            return [{"| |": "| ", " | ": " | ", " ||": " |"}[part]]
        return part.split("|")

    def label(self, words: list[str]) -> str:
        """The label; now and then in another casing or with a slip of the keyboard."""
        text = write_label(self.rng, words, self.casing)
        return names.typo(self.rng, text) if self.rng.random() < self.stray / 3 else text

    def entry(self, words: list[str], value: Pieces, indent: str = "") -> Pieces:
        """One line."""
        self.count += 1
        before = self.before.replace("#", str(self.count)) if self.before in ("#. ", "#) ", "(#) ") else self.before
        label = self.label(words)
        if self.pad:
            label = label.ljust(self.width)
        return [indent + before + label + self.between, *value, self.after + "\n"]

    def listed(self, words: list[str], items: list[str], indent: str = "") -> Pieces:
        """A list, on one line or below its label."""
        safe = not any(mark in item for item in items for mark in ",;|")
        if (self.list_style < 3 and safe) or self.after or "\n" in self.between or not items:
            return self.entry(
                words, joined(items, (", ", "; ", " | ", ", ", ",")[self.list_style] if safe else " | "), indent
            )
        bullet = ("- ", "* ", "  - ", "  ", "- ")[self.list_style]
        out = [indent + self.before.replace("#", "") + self.label(words) + self.between.rstrip() + "\n"]
        for item in items:
            out += [indent + bullet, Shown(item), "\n"]
        return out

    def write(self, blocks: list[Block]) -> Pieces:
        """The whole document body."""
        self.width = max((len(b.words) + len(" ".join(b.words)) for b in blocks if isinstance(b, Entry)), default=0)
        out: Pieces = []
        for block in blocks:
            if isinstance(block, Entry):
                out += self.entry(block.words, _quoted(block.text, self.quote))
            elif isinstance(block, ListEntry):
                out += self.listed(block.words, block.items)
            elif isinstance(block, Section):
                self.count = 0
                opener = self.section.replace("{{", "{").replace("{}", self.label(block.words))
                out += ["\n" if out and self.rng.random() < 0.6 else "", opener + "\n"]
                for inner in block.entries:
                    out += self.entry(inner.words, _quoted(inner.text, self.quote), self.indent)
                out.append("}\n" if "{{" in self.section else "\n" if self.rng.random() < 0.5 else "")
            else:
                out += grid(self.rng, block, self.label(block.words) if block.words else "")
        return out


def joined(items: list[str], separator: str) -> Pieces:
    """Several values on one line."""
    out: Pieces = []
    for item in items:
        out += [separator, Shown(item)]
    return out[1:]


def grid(rng: Random, block: Grid, title: str) -> Pieces:
    """A table of several rows in one of the usual forms."""
    casing = pick(rng, "sentence|title|lower|snake|upper|camel")
    head = [write_label(rng, words, casing) for words in block.columns]
    form = rng.randrange(7)
    out: Pieces = [pick(rng, f"{title}\n|{title}:\n|\n{title}\n") if title else ""]
    clash = any(mark in cell for row in block.rows for cell in row for mark in ",;|")
    if form == 0:
        out.append("| " + " | ".join(head) + " |\n|" + "---|" * len(head) + "\n")
        for row in block.rows:
            out += ["| ", *joined(row, " | "), " |\n"]
    elif form == 1 and not clash:
        mark = pick(rng, ",|;|, ")
        out.append(mark.join(head) + "\n")
        for row in block.rows:
            out += [*joined(row, mark), "\n"]
    elif form == 2:
        widths = [
            max(len(h), *(len(row[i]) for row in block.rows), 0) if block.rows else len(h) for i, h in enumerate(head)
        ]
        out.append("  ".join(h.ljust(w) for h, w in zip(head, widths, strict=True)).rstrip() + "\n")
        for row in block.rows:
            for cell, width in zip(row, widths, strict=True):
                out += [Shown(cell), " " * (width - len(cell) + 2)]
            out[-1] = "\n"
    elif form == 3:
        for number, row in enumerate(block.rows, 1):
            out.append(f"{number}. ")
            for label, cell in zip(head, row, strict=True):
                out += [f"{label}: ", Shown(cell), ", "] if cell else []
            out[-1] = "\n"
    elif form == 4:
        for row in block.rows:
            out.append("- ")
            for label, cell in zip(head, row, strict=True):
                out += [f"{label}: ", Shown(cell), "\n  "] if cell else []
            out[-1] = "\n"
    elif form == 5:
        out.append("\t".join(head) + "\n")
        for row in block.rows:
            out += [*joined(row, "\t"), "\n"]
    else:
        for row in block.rows:
            out.append("* ")
            for label, cell in zip(head, row, strict=True):
                out += [f"{label}=", Shown(cell), " "] if cell else []
            out[-1] = "\n"
    return out


Writer = Callable[[Random, list[Block]], Pieces]


def line_writer(line: Line) -> Writer:
    """The writer of a table row of `LINES`."""
    return lambda rng, blocks: LineWriter(rng, line).write(blocks)
