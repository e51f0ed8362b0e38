"""Every family with every sampler under every kind of constraint: each draft of each step is judged.

Knows how a cell is run and counted; what the models, languages and judges are is in `_family_zoo`.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks._family_zoo import KINDS, PROMPTS, Subject, tokens_of
from benchmarks._report import Row
from controlgen import Model
from controlgen.samplers import Sampler

_VARIANTS: tuple[dict[str, Any], ...] = ({}, {"jump": True}, {"temperature": 1.5}, {"temperature": 0.0})


@dataclass
class Cell:
    """What happened in one family with one sampler, or in all of one kind.

    Attributes:
        total, valid: generations, and those whose every draft and whose result hold.
        drafts: how many drafts were judged, results included.
        passes: forward passes of all generations.
    """

    total: int = 0
    valid: int = 0
    drafts: int = 0
    passes: int = 0

    def __iadd__(self, other: Cell) -> Cell:
        self.total += other.total
        self.valid += other.valid
        self.drafts += other.drafts
        self.passes += other.passes
        return self

    def __str__(self) -> str:
        return f"{self.valid:,}/{self.total:,}"


@dataclass
class Matrix:
    """Cells by family, sampler and kind, and the faults in words."""

    cells: dict[tuple[str, str, str], Cell] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def of(self, family: str | None = None, sampler: str | None = None, kind: str | None = None) -> Cell:
        """The sum over the cells that agree."""
        total = Cell()
        for key, cell in self.cells.items():
            if all(part in (None, own) for part, own in zip((family, sampler, kind), key, strict=True)):
                total += cell
        return total

    def tables(self, width: int = 6) -> list[list[Row]]:
        """A row per sampler, a column per family; so many families side by side."""
        families = list(dict.fromkeys(family for family, _, _ in self.cells))
        return [self._table(families[start : start + width]) for start in range(0, len(families), width)]

    def _table(self, families: Sequence[str]) -> list[Row]:
        samplers = list(dict.fromkeys(sampler for _, sampler, _ in self.cells))
        rows = [
            {"sampler": sampler, **{family: str(self.of(family, sampler)) for family in families}}
            for sampler in samplers
        ]
        return [*rows, {"sampler": "all", **{family: str(self.of(family)) for family in families}}]

    def kinds(self) -> list[Row]:
        """A row per kind of constraint."""
        return [
            {
                "constraint": kind,
                "valid": str(self.of(kind=kind)),
                "drafts judged": f"{self.of(kind=kind).drafts:,}",
                "forward passes": f"{self.of(kind=kind).passes:,}",
            }
            for kind in KINDS
        ]


def run(
    subjects: Iterable[Subject], samplers: dict[str, Sampler], seeds: Sequence[int], kinds: Sequence[str] = KINDS
) -> Matrix:
    """All cells; a seed is one of the weights, of the sampler, and chooses block size, steps and options."""
    matrix = Matrix()
    for subject in subjects:
        for seed in seeds:
            model = subject.make(seed)
            for kind in kinds:
                for name, sampler in samplers.items():
                    cell, faults = _generate(subject, model, kind, sampler, seed)
                    matrix.cells.setdefault((subject.name, name, kind), Cell()).__iadd__(cell)
                    matrix.faults += [f"{subject.name}, {name}, {kind}, seed {seed}: {fault}" for fault in faults]
    return matrix


def options_of(subject: Subject, seed: int) -> dict[str, Any]:
    """Options of a seed: they change with it, so that few seeds meet many of them."""
    return {
        "seed": seed,
        "steps": (6, 11)[seed % 2],
        "block_length": subject.blocks[seed % len(subject.blocks)],
        **_VARIANTS[seed % len(_VARIANTS)],
    }


def _generate(subject: Subject, model: Model, kind: str, sampler: Sampler, seed: int) -> tuple[Cell, list[str]]:
    """One batch of two rows; an exception is a fault of both."""
    judges = subject.judges(kind, model)
    cell, wrong = Cell(total=2), {0: [], 1: []}
    try:
        session = model.session(
            list(PROMPTS),
            subject.languages(kind),
            max_new_tokens=list(subject.lengths),
            sampler=sampler,
            **options_of(subject, seed),
        )
        for output in session:
            for draft in output.drafts:
                cell.drafts += 1
                fault = judges[draft.row](tokens_of(draft.tokens))
                wrong[draft.row] += [] if fault is None else [f"step {draft.step}: {fault}"]
        for row, result in enumerate(session.results()):
            cell.drafts += 1
            cell.passes += result.forward_passes
            fault = judges[row](tokens_of(result.tokens))
            wrong[row] += [] if fault is None else [f"result: {fault}"]
    except Exception:
        last = traceback.format_exc().strip().splitlines()[-1]
        return cell, [last]
    cell.valid = sum(not faults for faults in wrong.values())
    return cell, [f"row {row}, {faults[0]}" for row, faults in wrong.items() if faults]
