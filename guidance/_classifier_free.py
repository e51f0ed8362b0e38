"""Classifier-free guidance: away from what the model would say without the prompt.

Knows two sets of logits and nothing else; the second forward pass is the caller's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from controlgen.guidance._base import Guidance, StepContext

__all__ = ["ClassifierFree"]

_FLOOR = -1e4  # log-probabilities below this are equally impossible; keeps -inf - -inf from being NaN


class ClassifierFree(Guidance):
    """g_i(v) = w · (log p_i(v | prompt) − log p_i(v)), so log p + g = (1 + w) log p(v | prompt) − w log p(v).

    `strength` is w; 0 is off. The unconditional prediction costs one more forward pass in each step of the
    window.

    Source: Ho and Salimans, Classifier-Free Diffusion Guidance, 2022 (arXiv:2207.12598), equation 6, applied
    to the categorical predictions of a masked diffusion model.
    """

    def log_factors(self, context: StepContext) -> Tensor:
        """log p(v | prompt) − log p(v): (B, L, V) float32."""
        context.count(forwards=1)
        conditional = _log_probabilities(context.logits)
        return conditional.sub_(_log_probabilities(context.unconditional()))


def _log_probabilities(logits: Tensor) -> Tensor:
    """Normalised log-probabilities (…, V) float32, floored."""
    return torch.log_softmax(logits.float(), dim=-1).clamp_(min=_FLOOR)
