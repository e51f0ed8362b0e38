"""Random logits on the schemas that people write: is what `sample` draws valid? Runs in the processes of `_crew`."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass, field
from typing import Any

import torch

from benchmarks._judge import Judge, Unjudgeable
from benchmarks._schema_data import Subject
from benchmarks._schema_work import Bench, compile_schema, forget
from controlgen.constraints import InfeasibleConstraint

__all__ = ["Attack", "attack"]

LONGEST = 512  # positions of a canvas
ROOM = 64  # positions beyond the least number


@dataclass
class Attack:
    """What came of one schema.

    Attributes:
        status: that of the compilation; "too long" where the shortest member doesn't fit.
        seconds: of each posterior with its draw.
        candidates: draws until one was accepted, one number for each seed; exact constraints take one.
        exhausted: seeds whose candidates were all refused by the verifier.
        faults: (seed, what the judge says, the text).
    """

    name: str
    status: str
    exactness: str = ""
    edges: int = 0
    seconds: list[float] = field(default_factory=list)
    candidates: list[int] = field(default_factory=list)
    exhausted: int = 0
    valid: int = 0
    unjudgeable: str = ""
    faults: list[tuple[int, str, str]] = field(default_factory=list)


def attack(bench: Bench, most: int, task: tuple[Subject, tuple[int, ...]]) -> Attack:
    """One draw for each seed, judged; at most `most` candidates for each."""
    subject, seeds = task
    forget()
    compiled = compile_schema(subject.schema, bench)
    result = Attack(subject.name, compiled.status)
    constraint = compiled.constraint
    if constraint is None:
        return result
    result.exactness, result.edges = constraint.exactness, constraint.num_edges
    if constraint.min_tokens > LONGEST:
        result.status = "too long"
        return result
    length = max(1, min(constraint.min_tokens + ROOM, LONGEST))
    judge = bench.judge(subject.schema)
    for seed in seeds:
        generator = torch.Generator().manual_seed(1000 * zlib.crc32(subject.name.encode()) + seed)
        logits = torch.randn(length, constraint.vocab_size, generator=generator) * 3
        canvas = _draw(constraint, logits, generator, most, seed, result)
        if canvas is not None:
            _judge(bench, judge, canvas, seed, result)
    return result


def _draw(
    constraint: Any, logits: torch.Tensor, generator: torch.Generator, most: int, seed: int, result: Attack
) -> list[int] | None:
    """A canvas that the constraint accepts; None, and why, if there was none."""
    start = time.perf_counter()
    try:
        posterior = constraint.posterior(logits)
        canvas = posterior.sample(generator)
    except InfeasibleConstraint as error:
        result.faults.append((seed, f"infeasible: {error}", ""))
        return None
    result.seconds.append(time.perf_counter() - start)
    drawn = 1
    while not (accepted := constraint.accepts(canvas)) and constraint.verified and drawn < most:
        canvas = posterior.sample(generator)
        drawn += 1
    result.candidates.append(drawn)
    if accepted:
        return [int(token) for token in canvas]
    if constraint.verified:
        result.exhausted += 1
    else:
        result.faults.append((seed, "the constraint does not accept its own draw", constraint.text(canvas)[:200]))
    return None


def _judge(bench: Bench, judge: Judge, canvas: list[int], seed: int, result: Attack) -> None:
    """Judge what the tokenizer's own decoder reads, and what stands behind the stop token."""
    vocabulary = bench.vocabulary
    silent = {*vocabulary.stop_ids, *vocabulary.pad_ids}
    end = next((place for place, token in enumerate(canvas) if token in vocabulary.stop_ids), len(canvas))
    text = bench.parts[0].decode(canvas[:end], skip_special_tokens=False)
    try:
        fault = judge.fault(text)
    except Unjudgeable as error:
        result.unjudgeable = str(error)
        return
    if any(token not in silent for token in canvas[end:]):
        fault = "text after the end"
    if fault is None:
        result.valid += 1
    else:
        result.faults.append((seed, fault, text[:200]))
