"""The one abstraction that the loop calls: `Guidance`, what it sees (`StepContext`), and how several add up.

A step's target is q(x) ∝ 1[x ∈ L] · exp Σ_i (log p_i(x_i) + Σ_k g_ki(x_i)); a guidance supplies one g_k. This
module knows when a guidance is on and how strong it is; it does not know what a factor means.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Guidance", "StepContext", "total"]


@dataclass(frozen=True)
class StepContext:
    """What a guidance may look at during one denoising step.

    Attributes:
        canvas: (B, L) int64, the mask id stands at open positions.
        editable: (B, L) bool, True where a position is still open. Ask this, never `canvas == mask_id`.
        logits: (B, L, V) floating, aligned: row i speaks of position i. Not to be written to.
        step: index of the step, from 0.
        steps: how many steps there are at most.
        progress: in [0, 1], share of the steps done before this one.
        unconditional: computes the logits (B, L, V) of a forward pass without the prompt. One more pass of
            the model; it runs when first called and is remembered for the step.
    """

    canvas: Tensor
    editable: Tensor
    logits: Tensor
    step: int
    steps: int
    progress: float
    unconditional: Callable[[], Tensor]


class Guidance(ABC):
    """A source of log-factors, on while `start <= progress <= stop`, multiplied by `strength`.

    Args:
        strength: factor on the log-factors; 0 turns the guidance off without computing anything.
        start: share of the steps, in [0, 1], from which it is on.
        stop: share of the steps, in [start, 1], up to which it is on.

    Raises:
        ValueError: a strength that is not finite, or a window outside 0 <= start <= stop <= 1.
    """

    def __init__(self, strength: float = 1.0, *, start: float = 0.0, stop: float = 1.0) -> None:
        if not math.isfinite(strength):
            raise ValueError(f"strength must be a finite number, not {strength}")
        if not 0.0 <= start <= stop <= 1.0:
            raise ValueError(
                f"the window must satisfy 0 <= start <= stop <= 1, not start={start}, stop={stop}"
            )
        self.strength = float(strength)
        self.start = float(start)
        self.stop = float(stop)

    @abstractmethod
    def log_factors(self, context: StepContext) -> Tensor | None:
        """Log-factors at strength 1: (B, L, V) floating and finite, or None where there is nothing to say."""

    def at(self, context: StepContext) -> Tensor | None:
        """The log-factors of this step with window and strength applied; None while the guidance is off."""
        if self.strength == 0.0 or not self.start <= context.progress <= self.stop:
            return None
        factors = self.log_factors(context)
        return factors if factors is None or self.strength == 1.0 else factors * self.strength


def total(guidances: Iterable[Guidance], context: StepContext) -> Tensor | None:
    """Σ_k g_k: the summed log-factors (B, L, V) of all guidances that are on, or None if none is.

    Raises:
        ValueError: factors whose shape is not that of the logits; the message names the guidance.
    """
    summed: Tensor | None = None
    for guidance in guidances:
        factors = guidance.at(context)
        if factors is None:
            continue
        if factors.shape != context.logits.shape:
            expected, got = tuple(context.logits.shape), tuple(factors.shape)
            raise ValueError(
                f"{type(guidance).__name__}.log_factors gave shape {got}, the logits have {expected}"
            )
        summed = factors if summed is None else summed + factors
    return summed
