"""Classifier-free guidance: away from what the model would say without the prompt.

Knows two sets of logits and nothing else; the second forward pass is the caller's.
"""

from __future__ import annotations

from torch import Tensor

from controlgen.guidance._base import Guidance, StepContext
from controlgen.guidance._numbers import log_probabilities

__all__ = ["ClassifierFree"]


class ClassifierFree(Guidance):
    """g_i(v) = w · (log p_i(v | prompt) − log p_i(v)).

    Two forms are in use, which are one family:

        LLaDA, `ClassifierFree(w)`:            log p + g = (1 + w) log p(v | prompt) − w log p(v)
        D-CFG, `ClassifierFree.dcfg(gamma)`:   log p + g = γ log p(v | prompt) + (1 − γ) log p(v),   γ = 1 + w

    `strength` is w: LLaDA's `cfg_scale`, 0 is off; γ = 1 is off, γ = 0 forgets the prompt. Here p_i is the model's
    prediction of the clean token, and the result is normalised by the posterior. D-CFG tempers the reverse kernel
    p(x_s | x_t). For masked models that is the same for what a position is unmasked to: the kernel's mass at text is
    this prediction times a number. How many positions are unmasked is the sampler's business here; with D-CFG it shifts
    with γ too. For uniform models the kernel mixes the prediction with the token that stands there, so tempering it is
    another target: here the prediction is tempered, and the sampler's kernel is built on that.

    Cost: one more forward pass in each step of the window, without the prompt as the family blanks it (mask tokens for
    LLaDA, the prompt of dropped conditions for the embedded model).

    Sources: Ho and Salimans, Classifier-Free Diffusion Guidance, 2022 (arXiv:2207.12598), equation 6; Nie et al., Large
    Language Diffusion Models, 2025 (arXiv:2502.09992), the form with w; Schiff et al., Simple Guidance Mechanisms for
    Discrete Diffusion Models, 2024 (arXiv:2412.10193), D-CFG.
    """

    @classmethod
    def dcfg(cls, gamma: float, *, start: float = 0.0, stop: float = 1.0, every: int = 1) -> ClassifierFree:
        """The form with γ, the exponent of p(v | prompt); 1 is off."""
        return cls(gamma - 1.0, start=start, stop=stop, every=every)

    def log_factors(self, context: StepContext) -> Tensor:
        """log p(v | prompt) − log p(v): (B, T, V), float64 for float64 logits, else float32."""
        context.count(forwards=1)
        conditional = log_probabilities(context.logits)
        return conditional.sub_(log_probabilities(context.unconditional()).to(conditional.dtype))
