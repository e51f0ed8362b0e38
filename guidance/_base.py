"""The one abstraction that the loop calls: `Guidance`, what it sees (`StepContext`), and how several add up.

A step's target is q(x) ∝ 1[x ∈ L] · exp Σ_i (log p_i(x_i) + Σ_k g_ki(x_i)); a guidance supplies one g_k. This
module knows when a guidance is on, how strong it is and what it costs; it does not know what a factor means.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from controlgen.constraints import Vocabulary

__all__ = ["Cost", "Guidance", "StepContext", "total"]


@dataclass
class Cost:
    """What a guidance has cost so far, summed over steps; passes are of the whole batch.

    Attributes:
        name: of the guidance's class.
        steps: steps in which it gave factors.
        forwards, backwards: passes of any network that it asked for. The unconditional pass of a step is made once,
            and counted for every guidance that asks for it.
        evaluations: canvases that a classifier was given.
        seconds: wall clock.
    """

    name: str = ""
    steps: int = 0
    forwards: int = 0
    backwards: int = 0
    evaluations: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class StepContext:
    """What a guidance may look at during one denoising step: B rows, T positions, V logit columns.

    Positions are those that the network sees: the canvas, or its present block with the last tokens of the prompt
    where the two share it. Tensors are not to be written to.

    Attributes:
        canvas: (B, T) int64, the mask id (or random tokens, for a uniform model) stands at open positions.
        editable: (B, T) bool, True where a position is still open. Ask this, never `canvas == mask_id`.
        logits: (B, T, V) floating, aligned: row i speaks of position i.
        step: index of the step, from 0; counted anew in every block.
        steps: how many steps there are at most.
        progress: in [0, 1], share of the steps done before this one.
        time: noise level in (0, 1] that a time-conditioned network is told; 1 is all noise.
        rows: each row's index in the whole batch; rows that are finished are missing.
        lengths: positions of each row that are real; what stands behind them is padding.
        witness: (B, T) int64, the last complete canvas: a member of the row's language.
        prompts: token ids before the view, per row: the prompt, and the blocks that are final.
        vocabulary: the bytes of the tokens, stop and pad ids.
        unconditional: the logits (B, T, V) of a pass without the prompt. One more pass of the model; it runs when
            first called and is remembered for the step.
        support: (B, T, V) bool, tokens that the constraint allows at open positions of the window, beside what is
            fixed; False elsewhere. Computed when first called and remembered for the step.
        cost: where `count` adds up.
    """

    canvas: Tensor
    editable: Tensor
    logits: Tensor
    step: int
    steps: int
    progress: float
    time: float
    rows: tuple[int, ...]
    lengths: tuple[int, ...]
    witness: Tensor
    prompts: Sequence[Sequence[int]]
    vocabulary: Vocabulary
    unconditional: Callable[[], Tensor]
    support: Callable[[], Tensor]
    cost: Cost = field(default_factory=Cost)

    def count(self, *, forwards: int = 0, backwards: int = 0, evaluations: int = 0) -> None:
        """Add passes and evaluations to the cost of the guidance that asks."""
        self.cost.forwards += forwards
        self.cost.backwards += backwards
        self.cost.evaluations += evaluations


class Guidance(ABC):
    """A source of log-factors, on in every `every`-th step while `start <= progress <= stop`, times `strength`.

    Args:
        strength: factor on the log-factors; 0 turns the guidance off without computing anything.
        start: share of the steps, in [0, 1], from which it is on.
        stop: share of the steps, in [start, 1], up to which it is on.
        every: 1 is every step of the window, 2 every second one, counted from step 0.

    Raises:
        ValueError: a strength that is not finite, a window outside 0 <= start <= stop <= 1, or `every` below 1.
    """

    def __init__(
        self, strength: float = 1.0, *, start: float = 0.0, stop: float = 1.0, every: int = 1
    ) -> None:
        if not math.isfinite(strength):
            raise ValueError(f"strength must be a finite number, not {strength}")
        if not 0.0 <= start <= stop <= 1.0:
            raise ValueError(
                f"the window must satisfy 0 <= start <= stop <= 1, not start={start}, stop={stop}"
            )
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"every must be an integer of at least 1, not {every!r}")
        self.strength = float(strength)
        self.start = float(start)
        self.stop = float(stop)
        self.every = every

    @abstractmethod
    def log_factors(self, context: StepContext) -> Tensor | None:
        """Log-factors at strength 1: (B, T, V) floating and finite, or None where there is nothing to say."""

    def is_on(self, step: int, progress: float) -> bool:
        """Whether a step is in the guidance's window and turn."""
        return self.strength != 0.0 and self.start <= progress <= self.stop and step % self.every == 0

    def at(self, context: StepContext) -> Tensor | None:
        """The log-factors of this step with window and strength applied; None while the guidance is off."""
        if not self.is_on(context.step, context.progress):
            return None
        factors = self.log_factors(context)
        return factors if factors is None or self.strength == 1.0 else factors * self.strength


def total(
    guidances: Iterable[Guidance], context: StepContext, costs: Sequence[Cost] | None = None
) -> Tensor | None:
    """Σ_k g_k: the summed log-factors (B, T, V) of all guidances that are on, or None if none is.

    Args:
        guidances: the sources.
        context: of the step.
        costs: one per guidance, which this step's cost is added to; None: nobody counts.

    Raises:
        ValueError: factors whose shape is not that of the logits, or that are not finite; the message names the
            guidance.
    """
    summed: Tensor | None = None
    for index, guidance in enumerate(guidances):
        cost = Cost() if costs is None else costs[index]
        begun = time.perf_counter()
        factors = guidance.at(replace(context, cost=cost))
        if factors is None:
            continue
        _check(guidance, factors, context.logits)
        summed = factors if summed is None else summed + factors
        cost.steps += 1
        cost.seconds += time.perf_counter() - begun
    return summed


def _check(guidance: Guidance, factors: Tensor, logits: Tensor) -> None:
    name = type(guidance).__name__
    if factors.shape != logits.shape:
        expected, got = tuple(logits.shape), tuple(factors.shape)
        raise ValueError(f"{name}.log_factors gave shape {got}, the logits have {expected}")
    if not bool(torch.isfinite(factors.sum())) and not bool(torch.isfinite(factors).all()):
        row, position, column = (int(x) for x in (~torch.isfinite(factors)).nonzero()[0])
        raise ValueError(
            f"{name}.log_factors gave {float(factors[row, position, column])} at row {row}, position {position}, "
            f"token {column}: factors must be finite"
        )
