"""Experts and anti-experts: towards what one model would write, away from another.

Knows logits, and callables that give logits for a step; where these come from is theirs (`Model.expert` makes one).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from controlgen.guidance._base import Guidance, StepContext
from controlgen.guidance._numbers import log_probabilities

__all__ = ["Expert", "Experts"]

Expert = Callable[[StepContext], Tensor]
"""Logits (B, T, V) of the step's view, aligned as the model's own: row i speaks of position i."""


class Experts(Guidance):
    """DExperts: g_i(v) = α · (log p⁺_i(v) − log p⁻_i(v)), `strength` is α.

    p⁺ is the expert's prediction, p⁻ the anti-expert's. Where one of them is left out, the model's own prediction
    stands in its place: with an anti-expert alone, p^{1+α} / (p⁻)^α; with an expert alone p (p⁺ / p)^α, which for α in
    [0, 1] is the geometric mean of the two. The normalisers are constants of a position and change no choice.

    Cost: one forward pass of each expert in each step of the window, counted for this guidance.

    Source: Liu et al., DExperts: Decoding-Time Controlled Text Generation with Experts and Anti-Experts, 2021
    (arXiv:2105.03023), applied to every position of a canvas.

    Args:
        expert, anti: `Model.expert()` of a model with the same vocabulary, or any callable (`Expert`).
        strength: α.
        start, stop, every: see `Guidance`.

    Raises:
        ValueError: neither expert nor anti-expert; or, in a step, logits of another shape than the model's.
    """

    def __init__(
        self,
        expert: Expert | None = None,
        anti: Expert | None = None,
        strength: float = 1.0,
        *,
        start: float = 0.0,
        stop: float = 1.0,
        every: int = 1,
    ) -> None:
        super().__init__(strength, start=start, stop=stop, every=every)
        if expert is None and anti is None:
            raise ValueError("Experts needs an expert, an anti-expert, or both: they are what it steers by")
        self.expert, self.anti = expert, anti

    def log_factors(self, context: StepContext) -> Tensor:
        """log p⁺ − log p⁻: (B, T, V), float64 for float64 logits of the model, else float32."""
        own = log_probabilities(context.logits)
        towards = own if self.expert is None else self._opinion("expert", self.expert, context).to(own.dtype)
        away = own if self.anti is None else self._opinion("anti-expert", self.anti, context).to(own.dtype)
        return towards - away

    def _opinion(self, name: str, expert: Expert, context: StepContext) -> Tensor:
        context.count(forwards=1)
        logits = expert(context)
        if logits.shape != context.logits.shape:
            raise ValueError(
                f"the {name} gave logits of shape {tuple(logits.shape)}, the model's have {tuple(context.logits.shape)}"
            )
        return log_probabilities(logits.detach().to(context.logits.device))
