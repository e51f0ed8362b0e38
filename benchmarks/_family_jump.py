"""What the constraint decides alone: `jump` and `canonical`, on and off, with and without a threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from benchmarks._documents import Document
from benchmarks._family_documents import Prepared
from benchmarks._measures import Passes
from benchmarks._report import Row
from controlgen import Model


class Number(float):
    """A number with two decimals, written as such and not as a share."""

    def __str__(self) -> str:
        return f"{float(self):.2f}"


def cells() -> list[dict[str, Any]]:
    """The options of each cell."""
    return [
        {"threshold": threshold, "jump": jump, "canonical": canonical}
        for threshold, canonical, jump in product((None, 0.9), (False, True), (False, True))
    ]


def compare(
    model: Model,
    documents: Sequence[Document],
    steps: int,
    batch_size: int = 8,
    told: Callable[[Row], object] = lambda row: None,
) -> list[Row]:
    """A row per cell; `told` gets each when it is known."""
    prepared = Prepared(model, documents, batch_size)
    rows = []
    for options in cells():
        tally = prepared.run(label=str(options), steps=steps, seed=0, **options)
        rows.append(
            {
                "threshold": "–" if options["threshold"] is None else str(options["threshold"]),
                "jump": "on" if options["jump"] else "off",
                "canonical": "on" if options["canonical"] else "off",
                "fields": tally.score.share(),
                "records": tally.score.exact / tally.score.documents,
                "valid": tally.score.valid / tally.score.documents,
                "invalid drafts": f"{tally.invalid} of {tally.drafts:,}",
                "passes": Passes(tally.mean_passes),
                "text tokens a pass": Number(tally.tokens_per_forward),
                "errors": len(tally.errors),
            }
        )
        told(rows[-1])
    return rows
