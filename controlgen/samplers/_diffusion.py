"""Samplers that follow a noise schedule: ancestral sampling, its analytic form for ratio scores, and remasking."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from controlgen.samplers._base import Moves, Reading, Sampler, best

__all__ = ["Analytic", "Ancestral", "FirstHitting", "ReMDM"]

Strategy = Literal["cap", "rescale", "conf", "loop"]


class _Scheduled(Sampler):
    """Time falls from 1 to `eps` in equal steps; the last step is the denoising at `eps`, which leaves no noise."""

    draws: ClassVar[bool] = True

    def __init__(self, *, eps: float = 1e-5) -> None:
        if not 0 < eps < 1:
            raise ValueError(f"eps must lie between 0 and 1, not {eps}")
        self.eps = float(eps)

    def time(self, step: int, steps: int) -> float:
        return 1.0 - (1.0 - self.eps) * step / max(steps - 1, 1)

    def temperature(self, step: int, steps: int) -> float:
        """1, and 0 in the last step, which takes the likeliest sequence (the published "noise removal")."""
        return 0.0 if step == steps - 1 else 1.0


class Ancestral(_Scheduled):
    """From t to s < t an open position is committed with probability (t − s) / t, committed ones stay.

    The reverse posterior of the absorbing process under the log-linear schedule (1 − α_t = t); the tokens come from
    one joint draw of the constrained posterior, where the unconstrained sampler draws each position by itself.

    Source: MDLM, Sahoo et al. 2024 (arXiv:2406.07524), equation 7.
    """

    @property
    def blind(self) -> bool:
        return True

    def step(self, reading: Reading) -> Moves:
        now, then = self.time(reading.step, reading.steps), self.time(reading.step + 1, reading.steps)
        return Moves(reading.open & (reading.uniforms() < (now - then) / now))


class Analytic(_Scheduled):
    """From t to s an open position is committed with probability min(1, (e^Δσ − 1) · Σ_v s_v).

    s_v = e^logit are the model's concrete scores p_t(v) / p_t(mask) at that position and σ(t) = −log(1 − (1 − eps) t)
    the log-linear noise. For logits that are log-probabilities it differs from `Ancestral`, so use it with models
    that give ratio scores.

    Source: SEDD, Lou et al. 2024 (arXiv:2310.16834), section 4.2 (Tweedie τ-leaping, "analytic").
    """

    reads: ClassVar[frozenset[str]] = frozenset({"log_total"})

    @property
    def blind(self) -> bool:
        return True

    def __init__(self, *, eps: float = 1e-5, noise_eps: float = 1e-3) -> None:
        super().__init__(eps=eps)
        self.noise_eps = float(noise_eps)

    def temperature(self, step: int, steps: int) -> float:
        """1: the last step draws as well."""
        return 1.0

    def sigma(self, time: float) -> float:
        """The total noise at a time."""
        return -math.log1p(-(1 - self.noise_eps) * time)

    def step(self, reading: Reading) -> Moves:
        now, then = self.time(reading.step, reading.steps), self.time(reading.step + 1, reading.steps)
        rise = math.expm1(self.sigma(now) - self.sigma(max(then, 0.0)))
        chance = (rise * reading.score("log_total").exp()).clamp(max=1.0)
        return Moves(reading.open & (reading.uniforms() < chance))


class FirstHitting(Sampler):
    """One open position a step, any as likely as another, by a draw: ancestral sampling in exact time.

    The order and the tokens are those of the ancestral sampler with infinitely many steps, whose idle ones cost no
    pass; the times of the commits are not drawn, so it serves models that are blind to time.

    Source: Zheng et al. 2024 (arXiv:2409.02908), section 4; BD3-LM's sampler, Arriola et al. 2025 (arXiv:2503.09573).
    """

    draws: ClassVar[bool] = True

    @property
    def blind(self) -> bool:
        return True

    def step(self, reading: Reading) -> Moves:
        return Moves(best(reading.uniforms(), reading.open, 1))

    def steps(self, length: int, default: int) -> int:
        return length


class ReMDM(_Scheduled):
    """Ancestral sampling that gives committed tokens back with probability σ_t, so that errors can be mended.

    From t to s, with α = 1 − t: a committed position reopens with probability σ; an open one is committed with
    probability (α_s − (1 − σ) α_t) / (1 − α_t). σ by strategy, with σ_max = min(1, (1 − α_s) / α_t):

    * "cap": min(eta, σ_max)
    * "rescale": eta · σ_max
    * "conf": eta_i · σ_max, eta_i the softmax of −(probability of the token when it was committed) over the
      committed positions
    * "loop": between t_on and t_off α stays at alpha_on and σ = eta; before and behind it is plain ancestral.

    Only committed positions that the steps themselves filled reopen, never the caller's. What is kept: every draft is
    a member, and so is the end; a committed token may change until the last step.

    Source: ReMDM, Wang et al. 2025 (arXiv:2503.00307), section 4.
    """

    reopens: ClassVar[bool] = True

    def __init__(
        self,
        strategy: Strategy = "rescale",
        *,
        eta: float = 0.05,
        t_on: float = 0.55,
        t_off: float = 0.05,
        alpha_on: float = 0.9,
        eps: float = 1e-5,
    ) -> None:
        super().__init__(eps=eps)
        if strategy not in get_args(Strategy):
            raise ValueError(f"strategy must be one of {', '.join(get_args(Strategy))}, not {strategy!r}")
        if not 0 <= eta <= 1:
            raise ValueError(f"eta must be a probability, not {eta}")
        if not (0 < t_off < t_on < 1 and 0 < alpha_on < 1):
            raise ValueError(
                f"the loop needs 0 < t_off < t_on < 1 and 0 < alpha_on < 1, not {t_off}, {t_on}, {alpha_on}"
            )
        self.strategy, self.eta = strategy, float(eta)
        self.t_on, self.t_off, self.alpha_on = float(t_on), float(t_off), float(alpha_on)

    def step(self, reading: Reading) -> Moves:
        now, then = self.time(reading.step, reading.steps), self.time(reading.step + 1, reading.steps)
        keep_now, keep_then = self._alphas(now, then)
        sigma = self._sigma(reading, now, keep_now, keep_then)  # (n,)
        noise = 1 - keep_now
        chance = (keep_then - (1 - sigma) * keep_now) / noise if noise > 0 else torch.ones_like(sigma)
        commit = reading.open & (reading.uniforms() < chance)
        reopen = reading.committed & (reading.uniforms() < sigma)
        return Moves(commit, reopen)

    def _looping(self, now: float) -> bool:
        return self.strategy == "loop" and self.t_off < now <= self.t_on

    def _alphas(self, now: float, then: float) -> tuple[float, float]:
        """α at both ends of the step."""
        if self.strategy != "loop":
            return 1 - now, 1 - then
        if self._looping(now):
            return self.alpha_on, self.alpha_on
        if now > self.t_on:
            rate = self.alpha_on / (1 - self.t_on)
            return (1 - now) * rate, (1 - then) * rate
        rate = (1 - self.alpha_on) / self.t_off
        return 1 - now * rate, 1 - then * rate

    def _sigma(self, reading: Reading, now: float, keep_now: float, keep_then: float) -> Tensor:
        """(n,) probability of a committed position to reopen."""
        flat = torch.ones(len(reading.witness), dtype=torch.float64)
        if self.strategy == "loop":
            return flat * (self.eta if self._looping(now) else 0.0)
        largest = min(1.0, (1 - keep_then) / keep_now) if keep_now > 0 else 1.0
        if self.strategy == "cap":
            return flat * min(self.eta, largest)
        if self.strategy == "rescale":
            return flat * self.eta * largest
        scores = torch.where(reading.committed, -reading.taken_at, -torch.inf)
        share = torch.softmax(scores, dim=0) if bool(reading.committed.any()) else 0 * flat
        return share.nan_to_num() * largest
