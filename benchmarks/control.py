"""Control tasks on text with the embedded model: success against the model's own likelihood as strength grows.

    python -m benchmarks.control [--samples 64] [--steps 16] [--output out/control.json] [--plot benchmarks/control.png]

A keyword, a length in words and a kind of record; `_control_tasks.py` says what is asked and how, `_control_judge.py`
who judges, `_control_fluency.py` what fluency is. About half an hour on two shared cores. The plot needs matplotlib.
"""

from __future__ import annotations

import math
import statistics
import time
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

import controlgen
from benchmarks._control_fluency import mean_and_error, nats_per_token
from benchmarks._control_judge import KindJudge
from benchmarks._control_plot import draw
from benchmarks._control_tasks import Cell, Task, kind_task, texts_of, word_task, words_task
from benchmarks._report import Row, save, show
from controlgen.embedded import EmbeddedClassifier
from examples.train_classifier.kinds import records

INFINITE = math.inf
WORDS = (0, 2, 4, 8, 12, INFINITE)
LENGTHS = (0, 2, 4, 8, 12, 16, INFINITE)
KINDS = (0, 2, 4, 8, 16)
EXAMPLES = 2  # texts of each cell that are kept in the output


def main(
    samples: Annotated[int, typer.Option(help="Outputs per cell.")] = 64,
    steps: Annotated[int, typer.Option(help="Denoising steps.")] = 16,
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw them, as PNG or SVG.")] = None,
) -> None:
    begun = time.perf_counter()
    model: Any = controlgen.load(device="cpu", dtype=torch.float32)
    judge = KindJudge()
    rows: list[Row] = []
    known: dict[int, Row] = {}  # cells without control, by their language
    for task in tasks(model, judge):
        for cell in task.cells:
            rows.append(measured(model, task, cell, samples, steps, known))
            print(rows[-1], flush=True)
    reference = statistics.fmean(nats_per_token(model, [text for text, _ in islice(records(123), samples)]))
    notes = [
        f"judge of kinds: {100 * judge.accuracy:.1f} % right on 2,000 held-out records",
        f"records of the training data's makers: {reference:.2f} nats per token",
        f"{samples} samples a cell, {steps} steps, {time.perf_counter() - begun:.0f} s in all",
    ]
    show("Control tasks: success and fluency by strength", [table_row(row) for row in rows], notes)
    content = [{**row, "strength": str(row["strength"])} for row in rows]  # JSON has no infinity
    save(output, {"rows": content, "reference": reference, "judge": judge.accuracy, "notes": notes})
    if plot is not None:
        draw(rows, reference, plot)


def tasks(model: Any, judge: KindJudge) -> list[Task]:
    classifier = EmbeddedClassifier.load(model.network)
    return [
        word_task("error", WORDS),
        word_task("network", WORDS),
        words_task(7, 8, LENGTHS),
        kind_task("people", KINDS, classifier, judge),
        kind_task("logs", KINDS, classifier, judge),
    ]


def measured(model: Any, task: Task, cell: Cell, samples: int, steps: int, known: dict[int, Row]) -> Row:
    """One cell; what has no control is generated once per language and judged again for each task."""
    free = cell.strength == 0
    made = known.get(id(cell.language)) if free else None
    if made is None:
        begun = time.perf_counter()
        texts = texts_of(model, task, cell, samples, steps)
        seconds = time.perf_counter() - begun
        nats, error = mean_and_error(nats_per_token(model, texts))
        made = {"texts": texts, "nats": nats, "error": error, "seconds": seconds}
        if free:
            known[id(cell.language)] = made
    texts = made["texts"]
    return {
        "task": task.name,
        "panel": task.panel,
        "strength": cell.strength,
        "success": sum(map(task.passed, texts)) / len(texts),
        "distinct": len(set(texts)) / len(texts),
        "nats": made["nats"],
        "error": made["error"],
        "seconds": made["seconds"],
        "examples": [*filter(task.passed, texts)][:EXAMPLES],
    }


def table_row(row: Row) -> Row:
    return {
        "task": row["task"],
        "strength": "∞" if math.isinf(row["strength"]) else f"{row['strength']:g}",
        "success %": row["success"],
        "nats per token": f"{row['nats']:.2f} ± {row['error']:.2f}",
        "distinct %": row["distinct"],
        "seconds": f"{row['seconds']:.0f}",
    }


if __name__ == "__main__":
    typer.run(main)
