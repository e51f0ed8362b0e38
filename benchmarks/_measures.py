"""What is measured on extraction: accuracy, accuracy over steps, choices of the witness, speed.

Each function takes a model and documents and returns rows of figures; nothing is printed here.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks._documents import SYNTHETIC, Document
from benchmarks._report import Row
from benchmarks._runs import Answer, Job, answers, batches, prepare, total
from benchmarks._scoring import Score, all_null, leaves, parse, strings
from controlgen import Model

TARGET = 0.95
"""Share of the best unconstrained accuracy that the steps are counted to."""


BESIDE = (
    "source",
    "docs",
    "errors",
    "valid",
    "fields",
    "records",
    "free valid",
    "free fields",
    "free records",
    "null fields",
)
KINDS = (
    "source",
    "with value",
    "no value",
    "copied",
    "number",
    "normalised",
    "enum",
    "boolean",
    "null",
    "absent",
)


def columns(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """These columns of the rows."""
    return [{name: row[name] for name in names} for row in rows]


def by_source(found: Sequence[Answer]) -> dict[str, list[Answer]]:
    """Answers of each source, in order of appearance."""
    groups: dict[str, list[Answer]] = {}
    for answer in found:
        groups.setdefault(answer.document.source, []).append(answer)
    return groups


def accuracy(constrained: Sequence[Answer], free: Sequence[Answer]) -> list[Row]:
    """A row per source, and the mean of the real ones.

    "records" are answers with all fields right, "free" is the same model without constraint, "null fields"
    the fields that an answer of nothing but null has right, "no value" fields that are null, left out or
    empty.
    """
    beside = by_source(free)
    rows = [_accuracy_row(source, group, beside[source]) for source, group in by_source(constrained).items()]
    real = [row for row in rows if row["source"] != SYNTHETIC]
    return [*rows, _mean("mean of real", real)] if len(real) > 1 else rows


def _accuracy_row(source: str, group: Sequence[Answer], beside: Sequence[Answer]) -> Row:
    ours, theirs, nulls = total(group), total(beside), Score()
    for answer in group:
        nulls += all_null(answer.document.kinds)
    kinds = ("copied", "number", "normalised", "enum", "boolean", "null", "absent")
    return {
        "source": source,
        "docs": ours.documents,
        "errors": sum(answer.error is not None for answer in group),
        "valid": ours.valid / ours.documents,
        "fields": ours.share(),
        "records": ours.exact / ours.documents,
        "free valid": theirs.valid / theirs.documents,
        "free fields": theirs.share(),
        "free records": theirs.exact / theirs.documents,
        "null fields": nulls.share(),
        "with value": ours.with_value(),
        "no value": ours.without_value(),
        **{kind: ours.share(kind) for kind in kinds},
    }


def _mean(name: str, rows: Sequence[Row]) -> Row:
    """The plain mean over rows; counts are added up."""
    mean: Row = {}
    for key, first in rows[0].items():
        values = [row[key] for row in rows if row[key] is not None]
        if isinstance(first, str):
            mean[key] = name
        elif isinstance(first, int):
            mean[key] = sum(values)
        else:
            mean[key] = statistics.fmean(values) if values else None
    return mean


def over_steps(
    model: Model, documents: Sequence[Document], steps: Sequence[int], batch_size: int, **options: Any
) -> list[Row]:
    """A row per number of steps: fields right, valid answers and mean passes, constrained and free."""
    rows: list[Row] = []
    for count in steps:
        row: Row = {"steps": count}
        for prefix, constrained in (("", True), ("free ", False)):
            run = {**options, "steps": count, "label": f"{count} steps {prefix}"}
            found = answers(model, documents, constrained=constrained, batch_size=batch_size, **run)
            score = total(found)
            row[f"{prefix}fields"] = score.share()
            row[f"{prefix}valid"] = score.valid / score.documents
            row[f"{prefix}records"] = score.exact / score.documents
            passes = statistics.fmean(answer.forward_passes for answer in found)
            row[f"{prefix}passes"] = Passes(round(passes, 2))
        rows.append(row)
    return rows


class Passes(float):
    """A mean number of forward passes, written as such and not as a share."""

    def __str__(self) -> str:
        return f"{float(self):.1f}"


def passes_needed(rows: Sequence[Row]) -> Row:
    """Least steps, and mean passes there, that reach TARGET of the free accuracy at the most steps."""
    goal = TARGET * rows[-1]["free fields"]
    needed: Row = {"goal": goal}
    for name, prefix in (("constrained", ""), ("free", "free ")):
        enough = next((row for row in rows if row[f"{prefix}fields"] >= goal), None)
        needed[name] = None if enough is None else enough["steps"]
        needed[f"{name} passes"] = None if enough is None else enough[f"{prefix}passes"]
    return needed


CHOICES: tuple[dict[str, Any], ...] = (
    {"witness": "mode"},
    {"witness": "mbr"},
    {"witness": "sample", "temperature": 1.0},
    {"witness": "sample", "temperature": 0.5},
)


def witnesses(
    model: Model, documents: Sequence[Document], orders: Sequence[str], batch_size: int, **options: Any
) -> list[Row]:
    """A row per source of the witness and order of commits: accuracy, lengths, share of empty strings."""
    rows: list[Row] = []
    for choice in CHOICES:
        for order in orders:
            name = choice["witness"] + (f", T={choice['temperature']}" if "temperature" in choice else "")
            run: dict[str, Any] = {**options, **choice, "order": order}
            label = f"{name}, {order}"
            found = answers(model, documents, constrained=True, batch_size=batch_size, label=label, **run)
            rows.append({"witness": name, "order": order, **_shape(found)})
    expected = [document.record for document in documents]
    rows.append(
        {
            "witness": "(right records)",
            "order": "",
            **_shape_of_values(expected),
            "fields": 1.0,
            "valid": 1.0,
        }
    )
    return rows


def _shape(found: Sequence[Answer]) -> Row:
    score = total(found)
    values = [value for value in (parse(answer.text) for answer in found) if value is not ...]
    return {
        "fields": score.share(),
        "with value": score.with_value(),
        "no value": score.without_value(),
        "valid": score.valid / score.documents,
        **_shape_of_values(values),
    }


def _shape_of_values(values: Sequence[Any]) -> Row:
    texts = [text for value in values for text in strings(value)]
    sizes = [sum(len(str(leaf)) for _, leaf in leaves(value)) for value in values]
    return {
        "characters": f"{statistics.fmean(sizes):.1f}" if sizes else None,
        "empty strings": sum(text == "" for text in texts) / len(texts) if texts else None,
    }


def speed(
    model: Model, documents: Sequence[Document], repeat: int, batch_size: int, **options: Any
) -> list[Row]:
    """Seconds a document and how they divide; the bare passes are made again, without the loop."""
    jobs = [prepare(model, index, document, None) for index, document in enumerate(documents)]
    parts = batches(jobs, batch_size)
    _measure(model, parts[:1], options)  # warm: kernels, threads, caches
    samples = [_measure(model, parts, options) for _ in range(repeat)]
    return [_spread(name, [sample[name] / len(documents) for sample in samples]) for name in samples[0]]


def _measure(model: Model, parts: Sequence[Sequence[Job]], options: dict[str, Any]) -> dict[str, float]:
    seconds = {"whole": 0.0, "constraint": 0.0, "bare passes": 0.0, "passes": 0.0}
    for part in parts:
        begun = time.perf_counter()
        results = model.generate(
            [job.prompt for job in part],
            [job.language for job in part],
            max_new_tokens=part[0].length,
            **options,
        )
        _settle(model)
        seconds["whole"] += time.perf_counter() - begun
        seconds["constraint"] += sum(result.constraint_seconds for result in results)
        passes = [result.forward_passes for result in results]
        seconds["passes"] += sum(passes)
        seconds["bare passes"] += _bare(model, part, passes)
    return seconds


def _bare(model: Model, part: Sequence[Job], passes: Sequence[int]) -> float:
    """Seconds for encoding the prompts and for as many passes, over as many rows, and nothing else."""
    denoiser = model.denoiser
    prompts = [model.encode(job.prompt) for job in part]
    begun = time.perf_counter()
    order = sorted(range(len(part)), key=lambda row: -passes[row])
    conditioning = denoiser.encode([prompts[row] for row in order])
    rows = len(order)
    for step in range(max(passes, default=0)):
        active = sum(count > step for count in passes)
        if active < rows:
            conditioning, rows = denoiser.select(conditioning, torch.arange(active)), active
        denoiser.predict(torch.full((rows, part[0].length), denoiser.family.mask_id), conditioning)
    _settle(model)
    return time.perf_counter() - begun


def _settle(model: Model) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)


def _spread(name: str, values: Sequence[float]) -> Row:
    unit = "" if name == "passes" else " s"
    return {
        "per document": name,
        "median": f"{statistics.median(values):.3f}{unit}",
        "least": f"{min(values):.3f}{unit}",
        "most": f"{max(values):.3f}{unit}",
        "seconds": [round(value, 5) for value in values],
    }
