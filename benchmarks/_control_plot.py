"""Success and fluency by strength, drawn. Knows the rows of the benchmark and matplotlib, which is imported on use."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from benchmarks._report import Row

COLOURS = ("#0b6e99", "#c2541b", "#4b7f2a")


def draw(rows: list[Row], reference: float | None, path: Path) -> None:
    """One column per panel: above the share that satisfies the task, below the nats per token, by strength.

    Raises:
        SystemExit: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SystemExit("the plot needs matplotlib: pip install matplotlib") from error
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    figure = Figure(figsize=(3.4 * len(panels), 5.6), layout="constrained")
    axes = figure.subplots(2, len(panels), sharex="col", sharey="row", squeeze=False)
    for column, panel in enumerate(panels):
        _panel(axes[:, column], [row for row in rows if row["panel"] == panel])
        axes[1, column].set_xlabel("γ" if panel == "category" else "weight, nats (∞: a constraint)")
        axes[0, column].set_title(panel)
        if panel == "category" and reference is not None:
            axes[1, column].axhline(reference, color="0.5", linestyle=":", label="records of the data")
        axes[1, column].legend(fontsize=8, frameon=False)
    axes[0, 0].set_ylabel("share that satisfies")
    axes[1, 0].set_ylabel("−log p, nats per token")
    axes[0, 0].set_ylim(-0.03, 1.03)
    axes[1, 0].set_ylim(bottom=0)
    figure.savefig(path, dpi=110)


def _panel(axes: Any, rows: list[Row]) -> None:
    strengths = sorted({row["strength"] for row in rows})
    for axis in axes:
        axis.set_xticks(range(len(strengths)), ["∞" if math.isinf(s) else f"{s:g}" for s in strengths])
        axis.grid(alpha=0.25)
    for colour, task in zip(COLOURS, dict.fromkeys(row["task"] for row in rows), strict=False):
        own = [row for row in rows if row["task"] == task]
        places = [strengths.index(row["strength"]) for row in own]
        axes[0].plot(places, [row["success"] for row in own], "o-", color=colour, label=task)
        means, errors = ([row[key] for row in own] for key in ("nats", "error"))
        axes[1].errorbar(places, means, yerr=errors, fmt="o-", color=colour, label=task, capsize=2)
