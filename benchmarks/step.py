"""Time of one exact step beside `torch.logsumexp` row by row over the same logits, in the same run.

    python benchmarks/step.py --tokenizer PATH [--schema FILE] [--length 256] [--repeat 15] [--threads 2]
    python benchmarks/step.py --states 400 --edges 4700 --labels 450 --classes 470 --vocabulary 151665

A step is what a denoising loop asks for: the mode, and the confidence and the entropy of every position, from logits
that were not looked at before. Both sides alternate; the ratio is taken pair by pair. Without a tokenizer the automaton
is synthetic: random edges of the given numbers, disjoint labels, class sizes with a heavy tail.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


def synthetic(states: int, edges: int, labels: int, classes: int, vocabulary: int) -> Any:
    """A random automaton of the given sizes; its last state is the end and loops."""
    from controlgen.constraints._arrays import AutomatonArrays

    rng = np.random.default_rng(0)
    sizes = rng.multinomial(vocabulary - classes, rng.dirichlet(np.full(classes, 0.1))) + 1
    class_tokens = rng.permutation(vocabulary)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    for low, high in itertools.pairwise(bounds):
        class_tokens[low:high].sort()
    token_class = np.empty(vocabulary, np.int64)
    token_class[class_tokens] = np.repeat(np.arange(classes), sizes)
    label_sizes = np.bincount(
        np.arange(classes - 1) % labels, minlength=labels
    )  # every label has classes of its own
    degree = np.bincount(np.arange(edges) % states, minlength=states)
    chosen = [np.sort(rng.choice(labels, size=min(d, labels), replace=False)) for d in degree]
    targets = [
        np.concatenate([[min(s + 1, states - 1)], rng.integers(0, states, len(k) - 1)])
        for s, k in enumerate(chosen)
    ]
    chosen[-1], targets[-1] = np.array([0]), np.array([states - 1])
    degrees = [len(k) for k in chosen]

    def ints(values: Any) -> torch.Tensor:
        return torch.as_tensor(np.asarray(values), dtype=torch.int32).contiguous()

    return AutomatonArrays(
        vocab_size=vocabulary,
        num_states=states,
        start=0,
        min_tokens=1,
        accepting=torch.arange(states) == states - 1,
        edge_ptr=ints(np.concatenate([[0], np.cumsum(degrees)])),
        edge_source=ints(np.repeat(np.arange(states), degrees)),
        edge_label=ints(np.concatenate(chosen)),
        edge_target=ints(np.concatenate(targets)),
        label_ptr=ints(np.concatenate([[0], np.cumsum(label_sizes)])),
        label_class=ints(np.arange(1, classes)),
        token_class=ints(token_class),
        class_ptr=ints(bounds),
        class_tokens=ints(class_tokens),
    )


def compiled(tokenizer: Path, schema: Path | None) -> Any:
    """The automaton of a schema (by default the invoice of the compile benchmark)."""
    from compile import INVOICE  # type: ignore[import-not-found]  # beside this file

    from controlgen.constraints import JsonSchema, Vocabulary

    document = json.loads(schema.read_text()) if schema else INVOICE
    return JsonSchema(document).compile(Vocabulary.from_tokenizer(tokenizer))


def step(automaton: Any, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mode (L,), confidence (L,) and entropy (L,) from unseen logits (L, V)."""
    from controlgen.constraints import posterior

    exact = posterior(automaton, logits)
    mode = exact.mode()
    return mode, exact.confidence(mode), exact.entropy()


def row_by_row(logits: torch.Tensor) -> list[torch.Tensor]:
    return [torch.logsumexp(row, dim=-1) for row in logits]


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(values: list[float], unit: float = 1.0) -> str:
    low, high = unit * min(values), unit * max(values)
    return f"{unit * statistics.median(values):.2f} ({low:.2f} to {high:.2f})"


def main(
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json, or a folder with one.")] = None,
    schema: Annotated[Path | None, typer.Option(help="A JSON Schema file; by default an invoice.")] = None,
    length: Annotated[int, typer.Option(help="Canvas positions.")] = 256,
    repeat: Annotated[int, typer.Option(help="Timed pairs.")] = 15,
    threads: Annotated[int, typer.Option(help="Threads for both sides; 0 leaves torch's default.")] = 0,
    states: Annotated[int, typer.Option(help="Of a synthetic automaton.")] = 400,
    edges: Annotated[int, typer.Option(help="Of a synthetic automaton.")] = 4700,
    labels: Annotated[int, typer.Option(help="Of a synthetic automaton.")] = 450,
    classes: Annotated[int, typer.Option(help="Of a synthetic automaton.")] = 470,
    vocabulary: Annotated[int, typer.Option(help="Of a synthetic automaton.")] = 151665,
) -> None:
    """Print medians and spreads of both sides and of their ratio."""
    if threads:
        torch.set_num_threads(threads)
    if tokenizer:
        automaton = compiled(tokenizer, schema)
    else:
        automaton = synthetic(states, edges, labels, classes, vocabulary)
    sizes = (
        f"{automaton.num_states} states, {automaton.num_edges:,} edges, {automaton.num_labels} labels, "
        f"{automaton.num_classes} classes, {automaton.vocab_size:,} tokens, L={length}"
    )
    table = Table(title=f"one exact step: {sizes}; {torch.get_num_threads()} threads", title_justify="left")
    for column in ("logits", "step ms", "logsumexp row by row ms", "ratio, pair by pair"):
        table.add_column(column)
    generator = torch.Generator().manual_seed(0)
    for name, dtype in DTYPES.items():
        logits = (3.0 * torch.randn(length, automaton.vocab_size, generator=generator)).to(dtype)
        first = seconds(lambda logits=logits: step(automaton, logits))  # type: ignore[misc]
        row_by_row(logits)
        pairs = [
            (seconds(lambda: step(automaton, logits)), seconds(lambda: row_by_row(logits)))  # noqa: B023
            for _ in range(repeat)
        ]
        ours, theirs = [list(side) for side in zip(*pairs, strict=True)]
        ratio = spread([a / b for a, b in pairs])
        table.add_row(name, spread(ours, 1e3), spread(theirs, 1e3), ratio)
        print(f"{name}: first call {first:.2f} s (kernels compiled or loaded), load {os.getloadavg()[0]:.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
