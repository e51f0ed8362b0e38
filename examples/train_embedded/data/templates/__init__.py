"""Documents in running text, by domain. Each module holds a table of templates in the language of `data.grammar`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

DOMAINS = ("trade", "mail", "logs", "people", "software", "life", "tables", "short")


@dataclass(frozen=True)
class Template:
    """A text with its slots; `doc` is what a person would call the document."""

    name: str
    doc: str
    text: str
    weight: float = 1.0


def load(source: str, domain: str) -> list[Template]:
    """The templates of one module: blocks that begin with a line `## name doc` and end at the next one."""
    found = []
    for block in source.strip().split("\n## "):
        head, _, text = block.removeprefix("## ").partition("\n")
        name, _, doc = head.partition(" ")
        found.append(Template(f"{domain}/{name}", doc.strip() or name, text.strip("\n")))
    return found


TEMPLATES = [
    template for domain in DOMAINS for template in load(import_module(f"data.templates.{domain}").SOURCE, domain)
]
