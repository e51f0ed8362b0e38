"""Classifier guidance: towards canvases that a noised classifier holds for what is wanted.

Knows canvases and a function on them; what the constraint allows is asked of the step's context.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from controlgen.guidance._base import Guidance, StepContext
from controlgen.guidance._numbers import FLOOR, precision

__all__ = ["ClassifierGuidance", "NoisedClassifier", "RelaxedClassifier"]

Method = Literal["exact", "first_order"]


class NoisedClassifier(Protocol):
    """log p(y | x_t) of canvases under noise."""

    def __call__(self, canvas: Tensor, time: float) -> Tensor:
        """log p(y | x_t) in nats, (N,) floating, of canvases (N, T) int64 at a noise level in (0, 1]."""


class RelaxedClassifier(NoisedClassifier, Protocol):
    """A noised classifier that also takes weights of tokens, so that it has a gradient in them."""

    def relaxed(self, weights: Tensor, time: float) -> Tensor:
        """log p(y | x_t), (N,), of rows of weights (N, T, V) floating; of one-hot rows the same as of their tokens."""


class ClassifierGuidance(Guidance):
    r"""Discrete classifier-based guidance (D-CBG): `strength` is γ, the exponent of p(y | x).

    exact:        g_i(v) = log p(y | x_t with x_i := v) − log p(y | x_t)
    first order:  g_i(v) = ∂_{i,v} log p(y | x_t) − ∂_{i,x_i} log p(y | x_t),   ∂ by the one-hot rows of the canvas

    at open positions i, 0 elsewhere; p(x_i | x_t) e^{γ g} is proportional to p(x_i | x_t) p(y | x_t, x_i)^γ.

    The exact form evaluates the classifier on one canvas per open position and token, which is L·V canvases a step for
    free text. It is asked only of tokens that the constraint allows at that position beside what is fixed, and of at
    most `cap` of those, the ones that the model finds likeliest; tokens beyond the cap get g = 0. That is neutral, for
    p(y | x_t) = Σ_v p(v | x_t) p(y | x_t, x_i = v): e^g is 1 on average. Cost: Σ_i min(allowed_i, cap) + rows
    evaluations in batches of `batch_size`. First order: one forward and one backward of the classifier on
    (B, T, V) weights, whatever is allowed; it is a linear approximation, which can be far off.

    **Several commits in one step count the evidence more than once.** Each position's factor is what its own token says
    of y given the canvas so far. For γ = 1 and exact networks p e^g is the right p(x_i | x_t, y) of every position; but
    tokens committed together are drawn apart from each other, and their factors add up to Σ_i log p(y | x_t, x_i) where
    log p(y | all of them) is due. What two tokens both say is counted twice; what only the two together say, not at
    all. With one commit a step the sum over steps telescopes to log p(y | x), and the target p(x) p(y | x) is met; for
    γ ≠ 1 nearly so, since the normalisers of the steps do not cancel. Dividing the factors by the number of commits was
    measured, and is worse (`benchmarks/README.md`, where the distances by commits per step are): take more steps.

    Args:
        classifier: log p(y | x_t); `relaxed` too for the first-order form.
        strength: γ.
        method: "exact" or "first_order".
        cap: most tokens per position that the exact form asks about; None: all that are allowed.
        batch_size: canvases per call of the classifier.
        start, stop, every: see `Guidance`.

    Sources: Schiff et al., Simple Guidance Mechanisms for Discrete Diffusion Models, 2024 (arXiv:2412.10193), D-CBG and
    its first-order approximation; Nisonoff et al., Unlocking Guidance for Discrete State-Space Diffusion and Flow
    Models, 2024 (arXiv:2406.01572), the same Taylor approximation for rates.

    Raises:
        ValueError: an unknown method, a cap or batch size below 1, or a classifier without what the method needs.
    """

    def __init__(
        self,
        classifier: NoisedClassifier,
        strength: float = 1.0,
        *,
        method: Method = "exact",
        cap: int | None = 256,
        batch_size: int = 1024,
        start: float = 0.0,
        stop: float = 1.0,
        every: int = 1,
    ) -> None:
        super().__init__(strength, start=start, stop=stop, every=every)
        if method not in ("exact", "first_order"):
            raise ValueError(f"method must be 'exact' or 'first_order', not {method!r}")
        if method == "first_order" and not hasattr(classifier, "relaxed"):
            raise ValueError(
                f"{type(classifier).__name__} has no relaxed(weights, time), which the first-order form takes the "
                "gradient of; use method='exact'"
            )
        for name, value in (("cap", cap), ("batch_size", batch_size)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        self.classifier, self.method, self.cap, self.batch_size = classifier, method, cap, batch_size

    def log_factors(self, context: StepContext) -> Tensor:
        """g: (B, T, V), float64 for float64 logits, else float32.

        0 at closed positions and, in the exact form, at tokens that were not asked about.
        """
        return self._exact(context) if self.method == "exact" else self._first_order(context)

    def _exact(self, context: StepContext) -> Tensor:
        asked = self._asked(context)  # (B, T, V)
        canvas = context.canvas.to(asked.device)
        factors = torch.zeros(context.logits.shape, dtype=precision(context.logits), device=asked.device)
        rows, positions, tokens = asked.nonzero(as_tuple=True)  # (N,) each
        if not len(rows):
            return factors
        # The canvases as they stand come first: what every other one of their row is compared with.
        before = self._scores(canvas, context)  # (B,)
        found = [
            self._scores(_with(canvas[row], position, token), context) - before[row]
            for row, position, token in zip(
                torch.split(rows, self.batch_size),
                torch.split(positions, self.batch_size),
                torch.split(tokens, self.batch_size),
                strict=True,
            )
        ]
        factors[rows, positions, tokens] = torch.cat(found)
        return factors

    def _asked(self, context: StepContext) -> Tensor:
        """(B, T, V) bool: allowed tokens at open positions, the likeliest `cap`, and none that stands there."""
        allowed = context.support() & context.editable.to(context.logits.device)[..., None]
        if self.cap is not None and self.cap < allowed.shape[-1] and bool((allowed.sum(-1) > self.cap).any()):
            ranked = context.logits.float().masked_fill(~allowed, -torch.inf)
            likeliest = torch.zeros_like(allowed).scatter_(-1, ranked.topk(self.cap, dim=-1).indices, True)
            allowed &= likeliest
        standing = context.canvas.to(allowed.device)[..., None]
        return allowed.scatter(-1, standing, False)

    def _scores(self, canvas: Tensor, context: StepContext) -> Tensor:
        """log p(y | x_t), (N,); −inf, and what else lies below the floor, is the floor."""
        scores, dtype = [], precision(context.logits)
        for part in torch.split(canvas, self.batch_size):
            context.count(forwards=1, evaluations=len(part))
            with torch.no_grad():
                scores.append(self.classifier(part, context.time).to(context.logits.device, dtype))
        return torch.cat(scores).clamp_(min=FLOOR)

    def _first_order(self, context: StepContext) -> Tensor:
        canvas = context.canvas.to(context.logits.device)
        context.count(forwards=1, backwards=1, evaluations=len(canvas))
        with torch.inference_mode(False), torch.enable_grad():
            one_hot = F.one_hot(canvas.clone(), context.logits.shape[-1])
            weights = one_hot.to(precision(context.logits)).requires_grad_()  # (B, T, V)
            score = self.classifier.relaxed(weights, context.time).sum()  # type: ignore[attr-defined]
            (gradient,) = torch.autograd.grad(score, weights)
        slope = gradient.detach() - gradient.detach().gather(-1, canvas[..., None])
        return slope * context.editable.to(slope.device)[..., None]


def _with(canvas: Tensor, positions: Tensor, tokens: Tensor) -> Tensor:
    """Canvases (N, T), each with one token put to one position."""
    return canvas.scatter(1, positions[:, None], tokens[:, None])
