"""Show the worked grammars on hostile logits: no model, noise on every position; what comes out is judged.

    python -m examples.grammars.run [NAME...] [--tokenizer PATH] [--length 64] [--scale 10] [--seed 0]
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.hostile import read_vocabulary
from controlgen.constraints import Language, Regex, Vocabulary
from controlgen.constraints._template import Infill, Template
from examples.grammars.worked import WORKED


def holes() -> dict[str, tuple[str, Language]]:
    """Texts with holes, each with the name of the grammar whose judge looks at the whole."""
    json_text, function = WORKED["json"].language, WORKED["python_function"].language
    record = Template('{{"id": {id}, "tags": {tags}}}', id=Regex("[1-9][0-9]{0,5}"), tags=json_text)
    query = Infill(WORKED["sql"].language, "SELECT u.name, ", " FROM users AS u WHERE ", " ORDER BY u.age")
    middle = Infill(function, "def total(r):\n    s = 0\n    for x in r:\n", "\n    return s\n")
    return {
        "json, a template": ("json", record),
        "json, holes": ("json", Infill(json_text, '{"name": ', ', "lines": [', "]}")),
        "sql, holes": ("sql", query),
        "python_function, the middle": ("python_function", middle),
    }


def shown(names: list[str]) -> Iterator[tuple[str, str, Language]]:
    """(title, judge's name, language) of what is asked for."""
    for name in names or WORKED:
        yield name, name, WORKED[name].language
    for title, (name, language) in holes().items():
        if not names or name in names:
            yield title, name, language


def draw(language: Language, vocabulary: Vocabulary, length: int, scale: float, seed: int) -> tuple[str, str]:
    """A member drawn from noise, and figures of its automaton."""
    begun = time.perf_counter()
    automaton = language.compile(vocabulary)
    took = 1e3 * (time.perf_counter() - begun)
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(max(length, automaton.min_tokens), automaton.vocab_size, generator=generator)
    text = automaton.text(automaton.posterior(logits).sample(generator))
    depth = "all" if automaton.max_depth is None else automaton.max_depth
    return text, f"depth {depth}, {automaton.num_states:,} states, {automaton.num_edges:,} edges, {took:,.0f} ms"


def verdict(name: str, text: str) -> str:
    try:
        return WORKED[name].fault_of(text) or "accepted"
    except ImportError as error:
        return f"not judged: {error.name} is not installed"


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Which grammars; by default all.")] = None,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json; by default a small one.")] = None,
    length: Annotated[int, typer.Option(help="Canvas positions.")] = 64,
    scale: Annotated[float, typer.Option(help="Standard deviation of the noise.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
) -> None:
    """Draw a member of each grammar, and of each text with holes, from noise; print it with what its judge says."""
    if unknown := [name for name in names or () if name not in WORKED]:
        raise typer.BadParameter(f"{', '.join(unknown)}: not among {', '.join(WORKED)}")
    _, vocabulary = read_vocabulary(tokenizer)
    console = Console()
    faults = 0
    for title, name, language in shown(names or []):
        text, figures = draw(language, vocabulary, length, scale, seed)
        said = verdict(name, text)
        faults += said != "accepted" and not said.startswith("not judged")
        table = Table(title=f"{title}: {figures}", title_justify="left", show_header=False)
        table.add_row(Text(text))
        table.add_row(Text(said, style="green" if said == "accepted" else "red"))
        console.print(table)
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    typer.run(main)
