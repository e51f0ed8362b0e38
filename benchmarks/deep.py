"""The best member of JSON however deep it nests, beside the mode of the automaton that is expanded by depth.

    python benchmarks/deep.py --tokenizer PATH [--length 64] [--length 256] [--strength 12] [--strength 6] [--repeat 3]

The logits are noise of deviation 1 plus `strength` at the tokens of a text that nests arrays and objects at random,
deeper than the automaton goes. Of 151,665 noisy tokens the best has about 4.4, so a strength of 12 says nearly the text
itself, 6 loses places of it, and 4 is mostly noise.
"""

from __future__ import annotations

import random
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

GRAMMAR = Path(__file__).parent.parent / "examples" / "grammars" / "json.lark"


def nested(rng: random.Random, depth: int) -> str:
    """A JSON text that nests `depth` deep, with something small beside every other bracket."""
    if not depth:
        return rng.choice(["1", "true", '"a"'])
    inner = nested(rng, depth - 1)
    beside = rng.choice(["", "", "1", '"b"'])
    if rng.random() < 0.5:
        return f"[{beside}, {inner}]" if beside else f"[{inner}]"
    return f'{{"k": {beside}, "m": {inner}}}' if beside else f'{{"k": {inner}}}'


def wanted(tokenizer: Any, vocabulary: Any, length: int, seed: int) -> tuple[list[int], int]:
    """The tokens of the deepest text that fits the canvas, filled up, and its depth."""
    best: tuple[list[int], int] = ([], 0)
    for depth in range(1, length):
        ids = tokenizer.encode(nested(random.Random(seed), depth), add_special_tokens=False).ids
        if len(ids) >= length:
            break
        best = ids, depth
    stop = vocabulary.stop_ids[0]
    filler = (vocabulary.pad_ids or vocabulary.stop_ids)[0]
    return [*best[0], stop, *[filler] * (length - len(best[0]) - 1)], best[1]


def noisy(vocabulary: Any, ids: list[int], strength: float, seed: int) -> torch.Tensor:
    logits = torch.randn(len(ids), vocabulary.size, generator=torch.Generator().manual_seed(seed))
    logits[torch.arange(len(ids)), torch.tensor(ids)] += strength
    return logits


def measured(deep: Any, logits: torch.Tensor, seconds: float) -> dict[str, float]:
    """One canvas: milliseconds of both sides, and what the search found."""
    begun = time.perf_counter()
    tokens = deep.members.posterior(logits).mode()
    between = time.perf_counter()
    found = deep.mode(logits, max_expanded=10**9, max_seconds=seconds)
    end = time.perf_counter()
    assert deep.accepts(found.tokens)
    score = float(logits.double().gather(1, tokens[:, None]).sum())
    return {
        "members": 1e3 * (between - begun),
        "search": 1e3 * (end - between),
        "expanded": found.expanded,
        "gain": found.score - score,
        "gap": found.gap,
        "exact": found.exact,
        "depth": _depth(deep.superset.text(found.tokens)),
    }


def _depth(text: str) -> int:
    deepest = height = 0
    for letter in text:
        height += (letter in "[{") - (letter in "]}")
        deepest = max(deepest, height)
    return deepest


def main(
    tokenizer: Annotated[Path, typer.Option(help="A tokenizer.json, or a folder with one.")],
    length: Annotated[list[int] | None, typer.Option(help="Canvas positions; repeat it for several.")] = None,
    strength: Annotated[list[float] | None, typer.Option(help="Of the wanted text; repeat it for several.")] = None,
    repeat: Annotated[int, typer.Option(help="Texts for each row.")] = 3,
    seconds: Annotated[float, typer.Option(help="Most seconds of a search.")] = 10.0,
    depth: Annotated[int | None, typer.Option(help="Brackets that the superset knows.")] = None,
    count: Annotated[int | None, typer.Option(help="Up to which depth it counts.")] = None,
) -> None:
    """Print medians over the texts of each length and strength."""
    from tokenizers import Tokenizer

    from controlgen.constraints import Vocabulary
    from controlgen.constraints.grammar import Grammar

    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    encoder = Tokenizer.from_file(str(tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer))
    begun = time.perf_counter()
    deep = Grammar(GRAMMAR.read_text()).compile_deep(vocabulary, depth=depth, count=count, max_seconds=None)
    print(f"{deep!r}, compiled in {time.perf_counter() - begun:.1f} s")
    names = ("members", "search", "expanded", "exact", "gap", "gain", "depth")
    table = Table(title="medians", title_justify="left")
    for column in ("L", "strength", "text's depth", "by depth ms", "search ms", *names[2:]):
        table.add_column(column)
    for size in length or [64, 256]:
        for force in strength or [12.0, 6.0, 4.0]:
            rows, depths = [], []
            for seed in range(repeat):
                ids, deepest = wanted(encoder, vocabulary, size, seed)
                depths.append(deepest)
                rows.append(measured(deep, noisy(vocabulary, ids, force, seed), seconds))
            values = [statistics.median(row[name] for row in rows) for name in names if name != "exact"]
            exact = f"{sum(row['exact'] for row in rows)} of {repeat}"
            told = [f"{value:,.1f}" for value in values]
            table.add_row(str(size), f"{force:g}", str(statistics.median(depths)), *told[:3], exact, *told[3:])
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
