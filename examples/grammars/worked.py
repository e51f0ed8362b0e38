"""The worked grammars: each with the text that stands in its file, and the judge of its members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from controlgen.constraints.grammar import Grammar
from examples.grammars import judges

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Worked:
    """A worked grammar.

    Attributes:
        name: of its file.
        fault_of: the judge: what is wrong with a text, or None. Raises ImportError if its library is missing.
        also: names of files that are read with it.
        start: the rule to start with.
    """

    name: str
    fault_of: Callable[[str], str | None]
    also: Sequence[str] = ()
    start: str = "start"

    @cached_property
    def text(self) -> str:
        return "\n".join((FOLDER / f"{name}.lark").read_text(encoding="utf-8") for name in (self.name, *self.also))

    @cached_property
    def language(self) -> Grammar:
        return Grammar(self.text, start=self.start)


WORKED = {
    worked.name: worked
    for worked in (
        Worked("arithmetic", judges.arithmetic),
        Worked("json", judges.json_text),
        Worked("sql", judges.sql),
        Worked("graphql", judges.graphql),
        Worked("smiles", judges.smiles),
        Worked("python_expr", judges.python_expression),
        Worked("python_function", judges.python_module, also=("python_expr",), start="function"),
        Worked("ini", judges.ini),
    )
}
