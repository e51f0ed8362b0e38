"""One batch of different schemas, prompts and canvas lengths beside the same rows by themselves: outputs and time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks._report import Row
from benchmarks._schemas import SCHEMAS
from controlgen import Model, Result
from controlgen.constraints import JsonSchema, Language

_WORDS = "Ada Lovelace, born 1815 in London, paid 12.50 EUR on 2024-02-29 for two engines. "


@dataclass(frozen=True)
class Request:
    """One row: its prompt, language and canvas length."""

    prompt: str
    language: Language
    length: int


def requests(model: Model, count: int = 32, longest: int = 96) -> list[Request]:
    """So many different schemas that fit the model, each with its own prompt and one of several canvas lengths."""
    found: list[Request] = []
    for place, (_, schema, whitespace) in enumerate(SCHEMAS):
        language = JsonSchema(schema, whitespace=whitespace)
        automaton = model.automaton(language)
        prompt = _WORDS[: 12 + 9 * place % 60]
        length = automaton.min_tokens + 8 + 7 * place % 40
        needed = len(model.encode(model.prompt(prompt, language))) + length
        if length <= longest and needed <= model.family.context and len(found) < count:
            found.append(Request(prompt, language, length))
    return found


def together(model: Model, asked: Sequence[Request], **options: Any) -> list[Result]:
    """All rows in one batch."""
    return model.generate(
        [one.prompt for one in asked],
        [one.language for one in asked],
        max_new_tokens=[one.length for one in asked],
        **options,
    )


def alone(model: Model, asked: Sequence[Request], **options: Any) -> list[Result]:
    """Each row by itself."""
    return [model.generate(one.prompt, one.language, max_new_tokens=one.length, **options) for one in asked]


def compare(name: str, model: Model, asked: Sequence[Request], repeat: int = 3, **options: Any) -> Row:
    """A line of the table: equal tokens and rows, seconds of both sides and their ratio, pair by pair."""
    timings: list[tuple[float, float]] = []
    batch = single = []
    together(model, asked[:2], **options)  # kernels
    for _ in range(repeat):
        begun = time.perf_counter()
        batch = together(model, asked, **options)
        between = time.perf_counter()
        single = alone(model, asked, **options)
        timings.append((between - begun, time.perf_counter() - between))
    same = [first.tokens == second.tokens for first, second in zip(batch, single, strict=True)]  # (L,) bool each
    equal, tokens = sum(int(row.sum()) for row in same), sum(len(row) for row in same)
    return {
        "model": name,
        "dtype": str(next(model.network.parameters()).dtype).removeprefix("torch."),
        "rows": len(asked),
        "rows equal": f"{sum(bool(row.all()) for row in same)} of {len(same)}",
        "tokens equal": f"{equal:,} of {tokens:,}",
        "share": equal / tokens,
        "batch, s": _spread([first for first, _ in timings]),
        "alone, s": _spread([second for _, second in timings]),
        "batch / alone": _spread([first / second for first, second in timings]),
    }


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def in_dtype(model: Model, dtype: torch.dtype) -> Model:
    """The model with its weights in another dtype."""
    model.network.to(dtype)
    return model
