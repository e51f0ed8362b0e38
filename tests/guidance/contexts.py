"""A `StepContext` for tests that need no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from controlgen.constraints import Vocabulary
from controlgen.guidance import StepContext

__all__ = ["step_context"]


def step_context(
    logits: Tensor,
    *,
    canvas: Tensor | None = None,
    editable: Tensor | None = None,
    witness: Tensor | None = None,
    step: int = 0,
    steps: int = 4,
    time: float = 1.0,
    prompts: Sequence[Sequence[int]] | None = None,
    vocabulary: Vocabulary | None = None,
    unconditional: Callable[[], Tensor] | None = None,
    support: Callable[[], Tensor] | None = None,
) -> StepContext:
    """A step with these logits (B, T, V): by default all positions are open and every token is allowed."""
    rows, positions, columns = logits.shape
    free = torch.ones(rows, positions, dtype=torch.bool) if editable is None else editable
    tokens = torch.zeros(rows, positions, dtype=torch.int64) if canvas is None else canvas
    return StepContext(
        canvas=tokens,
        editable=free,
        logits=logits,
        step=step,
        steps=steps,
        progress=step / steps,
        time=time,
        rows=tuple(range(rows)),
        lengths=(positions,) * rows,
        witness=tokens if witness is None else witness,
        prompts=[()] * rows if prompts is None else prompts,
        vocabulary=vocabulary or Vocabulary.from_bytes([bytes([97 + index % 26]) for index in range(columns)]),
        unconditional=(lambda: logits) if unconditional is None else unconditional,
        support=(lambda: free[..., None].expand(logits.shape)) if support is None else support,
    )
