"""Particles: several canvases per prompt that compete by their weights, so that rewards on whole drafts can steer.

Knows weights and rewards of texts; what a step adds to a particle's weight, and what is copied, is the loop's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

__all__ = ["ParticleCloud", "Particles", "Reward", "SequenceClassifierReward", "effective_size", "systematic"]

Reward = Callable[[Sequence[str]], Sequence[float]]
Potential = Literal["difference", "max"]
Selection = Literal["resample", "svdd"]


class Particles:
    r"""`count` canvases per prompt, weighted so that a draw among them follows

        π(x) ∝ P(x) · 1[x ∈ L] · e^{λ r(x)}

    as their number grows: P is the model's own reverse chain over whole canvases, r the reward of the text, λ the
    `strength`. A step of that chain chooses positions S and draws each of their tokens from p_t. The loop draws from
    the constrained q_t instead, whose factors are f = log p_t + g with guidance g and whose normaliser is Z_t. What it
    writes at S has the probability e^{Σ_S f} Z_t(S fixed too) / Z_t, so the weight of a particle takes up

        log w += Σ_{i ∈ S} (log p_t(x_i) − f_i(x_i)) + log Z_t − log Z_t(S fixed too)

    at each step: without guidance just the increments of log Z that come from the commits. Guidance changes where
    particles are looked for, not the target; weights of a language (`Language.prefer`, phrases that are always on)
    multiply P. With the increments left out (`log_z=False`, for comparison only) the result is biased, however many
    particles there are: canvases that the constraint has squeezed count as much as those that the model likes, and
    guidance stays in. The reward enters by Feynman–Kac potentials of the drafts x̂_t:

        "difference":  log w += λ (r(x̂_t) − r(x̂_{t−1})),
        "max":         log w += λ (max_{s ≤ t} r(x̂_s) − max_{s < t} r(x̂_s)),  and λ (r(x) − max) at the end,

    which both come to λ r(x) in the end; until then a draft of −inf counts as much as the worst of the others, so that
    nothing is lost that might come to a good end. Particles are drawn anew in proportion to their weights, and the
    weights made equal, when the effective sample size (Σw)² / Σw² falls below `threshold` · count ("resample",
    systematic), or in every step all from one draw ("svdd": the next step's candidates all come from the one that was
    chosen). In the end one particle is drawn by weight.

    Right for samplers whose choice of positions looks at no token (`Sampler.blind`): `Ancestral`, `Analytic`,
    `FirstHitting`, `Random` and `LeftToRight` without a threshold. With particles these commit stop and pad tokens like
    any others, and P is the chain that does so. Those that go by confidence have the same weights, but there they only
    approximate: which positions are chosen depends on the tokens drawn. So do candidates that verification or a filter
    has drawn again, and outputs of a session that is stopped early, whose weights speak of what was committed.
    Samplers that take tokens back, greedy steps and models without a mask token have no such weights and are refused.

    Cost: `count` canvases instead of one in every pass, one more log Z per step, one call of the reward per step; where
    canvases are decoded in blocks, one pass that stores the finished blocks anew when resampling has mixed them.

    Args:
        reward: texts to numbers, the more the better; called with all new texts of a step at once. −inf: impossible,
            and where all particles are in the end, the prompt ends in a `RewardError`. None: log Z alone.
        count: particles per prompt.
        strength: λ.
        potential, selection, threshold, log_z: see above.
        every: the reward enters at each `every`-th step, and at the end.
        start, stop: shares of the steps between which it does, and at the end.

    Sources: Singhal et al., A General Framework for Inference-time Scaling and Steering of Diffusion Models, 2025
    (arXiv:2501.06848), potentials and resampling; Li et al., Derivative-Free Guidance in Continuous and Discrete
    Diffusion Models with Soft Value-Based Decoding, 2024 (arXiv:2408.08252), SVDD; Del Moral, Feynman–Kac Formulae,
    2004, for the weights.

    Raises:
        ValueError: a number or a name outside its range.
    """

    def __init__(
        self,
        reward: Reward | None = None,
        count: int = 4,
        strength: float = 1.0,
        *,
        potential: Potential = "difference",
        selection: Selection = "resample",
        threshold: float = 0.5,
        log_z: bool = True,
        every: int = 1,
        start: float = 0.0,
        stop: float = 1.0,
    ) -> None:
        for name, value in (("count", count), ("every", every)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1, not {value!r}")
        if not math.isfinite(strength):
            raise ValueError(f"strength must be a finite number, not {strength}")
        if potential not in get_args(Potential):
            raise ValueError(f"potential must be one of {', '.join(get_args(Potential))}, not {potential!r}")
        if selection not in get_args(Selection):
            raise ValueError(f"selection must be one of {', '.join(get_args(Selection))}, not {selection!r}")
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be a share in [0, 1], not {threshold}")
        if not 0 <= start <= stop <= 1:
            raise ValueError(f"the window must satisfy 0 <= start <= stop <= 1, not start={start}, stop={stop}")
        self.reward, self.count, self.strength = reward, count, float(strength)
        self.potential, self.selection, self.threshold = potential, selection, float(threshold)
        self.log_z, self.every, self.start, self.stop = log_z, every, float(start), float(stop)

    def is_on(self, step: int, progress: float) -> bool:
        """Whether drafts of a step are rewarded."""
        return self.start <= progress <= self.stop and step % self.every == 0

    def rewards(self, texts: Sequence[str]) -> list[float]:
        """λ r of texts.

        Raises:
            ValueError: the reward raises, or gives NaN, +inf, what is no number, or another number of values than there
                are texts; the message names the reward and a draft.
        """
        if self.reward is None or self.strength == 0 or not texts:
            return [0.0] * len(texts)
        name = getattr(self.reward, "__name__", type(self.reward).__name__)
        try:
            found = [float(value) for value in self.reward(texts)]
        except Exception as error:
            raise ValueError(
                f"the reward {name} failed on {len(texts)} drafts, the first of which is {texts[0][:80]!r}: "
                f"{type(error).__name__}: {error}"
            ) from error
        if len(found) != len(texts):
            raise ValueError(f"the reward {name} gave {len(found)} values for {len(texts)} drafts")
        for text, value in zip(texts, found, strict=True):
            if math.isnan(value) or value == math.inf:
                raise ValueError(f"the reward {name} gave {value} for the draft {text[:80]!r}: give a number, or -inf")
        return [self.strength * value if value != -math.inf else -math.inf for value in found]

    def ancestors(self, log_weights: Tensor, generator: torch.Generator) -> Tensor | None:
        """Which particle (K,) int64 each one is replaced by, ascending; None: all stay, with their weights."""
        if self.selection == "svdd":
            return systematic(log_weights, generator, draws=1).expand(len(log_weights)).clone()
        if effective_size(log_weights) < self.threshold * len(log_weights):
            return systematic(log_weights, generator)
        return None


@dataclass(frozen=True)
class ParticleCloud:
    """The particles behind one result.

    Attributes:
        texts: of all particles, at the end; None for those whose output failed (verification, a safety filter).
        log_weights: (K,) float64, normalised: the probability that a particle is the result.
        rewards: λ r of the texts, as far as they did not fail.
        effective_sizes: (Σw)² / Σw² after each step, before resampling; between 1 and K.
        log_normalizer: estimate of log Σ_x P(x) 1[x ∈ L] e^{λ r(x)}; its exponential is unbiased.
    """

    texts: tuple[str | None, ...]
    log_weights: Tensor
    rewards: tuple[float, ...]
    effective_sizes: tuple[float, ...]
    log_normalizer: float


def effective_size(log_weights: Tensor) -> float:
    """(Σw)² / Σw² of log-weights (K,); 0 if all are −inf."""
    total = torch.logsumexp(log_weights, 0)
    if total == -math.inf:
        return 0.0
    return float(torch.exp(2 * total - torch.logsumexp(2 * log_weights, 0)))


def systematic(log_weights: Tensor, generator: torch.Generator, draws: int | None = None) -> Tensor:
    """Indices (draws,) int64, ascending, each particle about draws · w times (systematic resampling).

    One uniform number for all: the count of each differs from its expectation by less than one. Without any weight, all
    count alike.
    """
    count = len(log_weights)
    draws = count if draws is None else draws
    total = torch.logsumexp(log_weights, 0)
    weights = torch.full_like(log_weights, 1 / count) if total == -math.inf else torch.exp(log_weights - total)
    places = (torch.rand(1, generator=generator, dtype=torch.float64) + torch.arange(draws)) / draws
    ends = weights.double().cumsum(0)
    found = torch.searchsorted(ends / ends[-1], places, right=True).clamp(max=count - 1)
    return found if total == -math.inf else _with_weight(found, weights)


def _with_weight(found: Tensor, weights: Tensor) -> Tensor:
    """No particle without weight, even where rounding points at one."""
    alive = weights.nonzero()[:, 0]
    return alive[torch.searchsorted(alive, found).clamp(max=len(alive) - 1)]


class SequenceClassifierReward:
    """log p(label | text) in nats by a `transformers` sequence classifier: a reward for `Particles`.

    Args:
        model: an `AutoModelForSequenceClassification`, on its device.
        tokenizer: its tokenizer.
        label: index or name of the wanted class.
        batch_size: texts per forward pass.
        independent: whether labels don't exclude each other (a sigmoid each, else one softmax); None: what the model's
            configuration says.

    Raises:
        ValueError: the model has no such label.
    """

    def __init__(
        self, model: Any, tokenizer: Any, label: int | str, *, batch_size: int = 32, independent: bool | None = None
    ) -> None:
        names = {str(name): int(index) for index, name in model.config.id2label.items()}
        index = names.get(label, -1) if isinstance(label, str) else label
        if not 0 <= index < model.config.num_labels:
            raise ValueError(f"the classifier has no label {label!r}; it has {', '.join(names)}")
        if independent is None:
            independent = getattr(model.config, "problem_type", None) == "multi_label_classification"
        self.model, self.tokenizer, self.label, self.batch_size = model.eval(), tokenizer, index, batch_size
        self.independent = independent or model.config.num_labels == 1

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """log p(label | text) per text; what is longer than the classifier's context is cut off."""
        found: list[float] = []
        for begin in range(0, len(texts), self.batch_size):
            part = list(texts[begin : begin + self.batch_size])
            encoded = self.tokenizer(part, return_tensors="pt", padding=True, truncation=True)
            with torch.no_grad():
                logits = self.model(**encoded.to(self.model.device)).logits.float()
            scores = torch.nn.functional.logsigmoid(logits) if self.independent else torch.log_softmax(logits, -1)
            found += scores[:, self.label].tolist()
        return found
