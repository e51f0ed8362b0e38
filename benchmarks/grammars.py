"""The worked grammars of examples/grammars: hostile logits, time of a step, size by depth, texts with holes.

    python -m benchmarks.grammars hostile [--tokenizer PATH] [--draws 50]
    python -m benchmarks.grammars step    [--tokenizer PATH] [--repeat 15]
    python -m benchmarks.grammars depth   [--tokenizer PATH] [--deepest 12]
    python -m benchmarks.grammars infill  [--tokenizer PATH] [--holes 500]

No model: all logits are an adversary's. What comes out is judged by each language's own tools, never by the automaton;
graphql-core and RDKit have to be installed.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks import _grammar_holes
from benchmarks._grammar_draws import ADVERSARIES, filled
from benchmarks._report import Row, save, show
from benchmarks.hostile import read_vocabulary
from controlgen.constraints import BudgetExceeded, TokenAutomaton, Vocabulary
from examples.grammars.worked import WORKED, Worked

CANVASES = (64, 128, 256)
DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32)
CHECKER = "for scale: the fastest published checker needs 1.5–152 ms for ONE token at ONE position (EPIC, two cores)"

app = typer.Typer(help=(__doc__ or "").partition("\n")[0], no_args_is_help=True, add_completion=False)
Tokenizer = Annotated[Path | None, typer.Option(help="A tokenizer.json, or its folder; by default a small one.")]
Output = Annotated[Path | None, typer.Option(help="Write the figures as JSON.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Names = Annotated[list[str] | None, typer.Option("--grammar", help="One of the grammars; may be repeated.")]


def chosen(names: list[str] | None) -> list[Worked]:
    if unknown := [name for name in names or () if name not in WORKED]:
        raise typer.BadParameter(f"{', '.join(unknown)}: not among {', '.join(WORKED)}")
    return [WORKED[name] for name in names or WORKED]


def finish(title: str, rows: list[Row], notes: list[str], output: Path | None, faults: int) -> None:
    """Print and save; exit code 1 if anything was refused by its judge."""
    show(title, rows, notes)
    save(output, {"title": title, "rows": rows, "notes": notes})
    raise typer.Exit(1 if faults else 0)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - begun)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})" if values else "–"


def depth_of(automaton: TokenAutomaton) -> str:
    return "all" if automaton.max_depth is None else str(automaton.max_depth)


@app.command()
def hostile(
    tokenizer: Tokenizer = None,
    draws: Annotated[int, typer.Option(help="Canvases of each grammar.")] = 50,
    grammar: Names = None,
    seed: Seed = 0,
    output: Output = None,
) -> None:
    """Canvases of 64, 128 and 256 positions, committed in random order; every witness on the way is judged."""
    _, vocabulary = read_vocabulary(tokenizer)
    rows: list[Row] = []
    for worked in chosen(grammar):
        automaton = worked.language.compile(vocabulary, max_seconds=None)
        chance, generator = random.Random(seed), torch.Generator().manual_seed(seed)
        texts: list[str] = []
        for draw in range(draws):
            length, adversary = CANVASES[draw % 3], ADVERSARIES[draw // 3 % 3]
            texts += filled(automaton, length, adversary, chance.choice([3.0, 30.0]), chance, generator)
        faults = [text for text in texts if worked.fault_of(text) is not None]
        for text in faults[:3]:
            print(f"REFUSED {worked.name}: {text!r}: {worked.fault_of(text)}")
        rows.append(
            {
                "grammar": worked.name,
                "depth": depth_of(automaton),
                "canvases": draws,
                "witnesses": len(texts),
                "different": len(set(texts)),
                "longest": max(map(len, texts), default=0),
                "accepted %": 1.0 - len(faults) / max(1, len(texts)),
            }
        )
    refused = sum(row["accepted %"] < 1.0 for row in rows)
    finish(f"hostile logits, {vocabulary.size:,} columns", rows, [], output, refused)


@app.command()
def step(
    tokenizer: Tokenizer = None,
    repeat: Annotated[int, typer.Option(help="Steps of each kind.")] = 15,
    length: Annotated[int, typer.Option(help="Canvas positions.")] = 256,
    grammar: Names = None,
    seed: Seed = 0,
    output: Output = None,
) -> None:
    """One exact step over all positions, from float32 logits that were not looked at before."""
    _, vocabulary = read_vocabulary(tokenizer)
    rows: list[Row] = []
    logits = 3 * torch.randn(length, vocabulary.size, generator=torch.Generator().manual_seed(seed))
    for worked in chosen(grammar or ["sql", "json"]):
        automaton = worked.language.compile(vocabulary, max_seconds=None)

        def mode(automaton: TokenAutomaton = automaton) -> None:
            automaton.posterior(logits).mode()

        def sample(automaton: TokenAutomaton = automaton) -> None:
            posterior = automaton.posterior(logits)
            posterior.confidence(posterior.sample(torch.Generator().manual_seed(seed)))

        mode()
        sample()
        row: Row = {"grammar": worked.name, "states": automaton.num_states, "edges": f"{automaton.num_edges:,}"}
        for name, work in (("mode, ms", mode), ("sample and confidence, ms", sample)):
            row[name] = spread([timed(work) for _ in range(repeat)])
        rows.append(row)
    title = f"one exact step, {length} positions, {vocabulary.size:,} columns, {torch.get_num_threads()} threads"
    finish(title, rows, ["median (least to most); a step is exact at all positions together", CHECKER], output, 0)


@app.command()
def depth(
    tokenizer: Tokenizer = None,
    deepest: Annotated[int, typer.Option(help="The greatest depth to ask for.")] = 32,
    grammar: Names = None,
    output: Output = None,
) -> None:
    """Sizes and times of compilation by the depth that is asked for, as far as the budgets go."""
    _, vocabulary = read_vocabulary(tokenizer)
    WORKED["arithmetic"].language.compile(vocabulary)  # the kernels are loaded
    subjects = chosen(grammar or ["arithmetic", "json", "sql"])
    rows = [row for worked in subjects for row in levels(worked, vocabulary, deepest)]
    notes = ["arithmetic has one kind of bracket: linear; JSON and sub-queries of SQL have two: each level doubles"]
    finish(f"size by depth, {vocabulary.size:,} columns", rows, notes, output, 0)


def levels(worked: Worked, vocabulary: Vocabulary, deepest: int) -> Iterator[Row]:
    """The rows of one grammar; ends where the budgets cut a depth off."""
    for wanted in (depth for depth in DEPTHS if depth <= deepest):
        begun = time.perf_counter()
        try:
            automaton = worked.language.compile(vocabulary, max_depth=wanted)
        except BudgetExceeded as error:
            print(f"{worked.name} at depth {wanted}: {error}")
            return
        if automaton.max_depth != wanted:
            return
        yield {
            "grammar": worked.name,
            "depth": wanted,
            "compile ms": f"{1e3 * (time.perf_counter() - begun):.0f}",
            "byte states": f"{automaton.byte_states:,}",
            "states": f"{automaton.num_states:,}",
            "edges": f"{automaton.num_edges:,}",
            "labels": automaton.num_labels,
        }


@app.command()
def infill(
    tokenizer: Tokenizer = None,
    holes: Annotated[int, typer.Option(help="Holes over all grammars, one to three in a text.")] = 500,
    grammar: Names = None,
    max_depth: Annotated[int, typer.Option(help="Of the grammars: texts are cut out of members this deep.")] = 2,
    seed: Seed = 0,
    output: Output = None,
) -> None:
    """Holes cut out of members: is the removed text in the support, and does the judge take what fills them?"""
    _, vocabulary = read_vocabulary(tokenizer)
    worked = chosen(grammar)
    rows = []
    for place, one in enumerate(worked):
        own = holes // len(worked) + (place < holes % len(worked))
        rows.append(_grammar_holes.measured(one, vocabulary, own, max_depth, seed + place))
    total = {key: sum(row[key] for row in rows) for key in ("holes", "texts", "fills")}
    notes = [f"{total['holes']:,} holes in {total['texts']:,} texts, {total['fills']:,} fills judged"]
    notes.append("over budget: texts whose compilation took longer than `compile` allows by default; here it may")
    refused = sum(row["removed text inside %"] < 1.0 or row["fills accepted %"] < 1.0 for row in rows)
    finish(f"texts with holes, {vocabulary.size:,} columns", rows, notes, output, refused)


if __name__ == "__main__":
    app()
