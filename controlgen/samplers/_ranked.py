"""Samplers that rank the open positions and commit the first ones; what they commit is final."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from controlgen.samplers._base import Moves, Reading, Sampler, best, even_quota

__all__ = ["Entropy", "Factor", "LeftToRight", "LowConfidence", "Margin", "Random", "Schedule", "Threshold"]

Schedule = Literal["even", "linear", "fixed", "one"]


class _Ranked(Sampler):
    """Commits the positions of highest rank: as many as the schedule says, and all that reach the threshold.

    Args:
        schedule: how many a step commits. "even": ceil(open / remaining steps), recounted (LLaDA, whose precomputed
            quotas it equals where nothing else fills positions). "linear": floor(open · (1 − s/t)), t falling from 1
            to `eps` in equal steps (Dream). "fixed": the block's length over the steps, the remainder in the first
            ones (SDAR, LLaDA2). "one": a single one.
        threshold: besides, every open position whose constrained probability is at least this; None: none.
        eps: the last time of the "linear" schedule.
    """

    def __init__(
        self, *, schedule: Schedule = "even", threshold: float | None = None, eps: float = 1e-3
    ) -> None:
        if schedule not in get_args(Schedule):
            raise ValueError(f"schedule must be one of {', '.join(get_args(Schedule))}, not {schedule!r}")
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be a probability in [0, 1] or None, not {threshold}")
        if not 0 < eps < 1:
            raise ValueError(f"eps must lie between 0 and 1, not {eps}")
        self.schedule, self.threshold, self.eps = schedule, threshold, eps

    @abstractmethod
    def rank(self, reading: Reading) -> Tensor:
        """(n,) floating, higher is earlier."""

    def step(self, reading: Reading) -> Moves:
        chosen = best(self.rank(reading), reading.open, self.quota(reading))
        if self.threshold is not None:
            chosen = chosen | (reading.open & (reading.confidence >= self.threshold))
        return Moves(chosen)

    def quota(self, reading: Reading) -> int:
        """How many positions this step commits whatever their confidence."""
        count = int(reading.open.sum())
        if self.schedule == "even":
            return even_quota(count, reading.remaining)
        if self.schedule == "fixed":
            base, more = divmod(reading.length, reading.steps)
            return base + (reading.step < more)
        if self.schedule == "linear":
            now, then = self.time(reading.step, reading.steps), self.time(reading.step + 1, reading.steps)
            return int(count * (1 - then / now))
        return 1

    def time(self, step: int, steps: int) -> float:
        if self.schedule != "linear":
            return super().time(step, steps)
        grid = torch.linspace(1, self.eps, steps + 1)  # float32, as the family's own loop has it
        return float(grid[min(step, steps)])

    def steps(self, length: int, default: int) -> int:
        return length if self.schedule == "one" else default


class LowConfidence(_Ranked):
    """The most confident positions first, the others stay noise ("low-confidence remasking").

    rank_i = q(x_i) of the witness's token, or the model's own unconstrained p(x_i) with raw=True: a token that the
    constraint forces has q = 1 however little the model thinks of it.

    Source: LLaDA, Nie et al. 2025 (arXiv:2502.09992), and MaskGIT before it; the threshold is Fast-dLLM's
    (arXiv:2505.22618) and, with the fixed schedule, SDAR's and LLaDA2's.
    """

    def __init__(
        self,
        *,
        raw: bool = False,
        schedule: Schedule = "even",
        threshold: float | None = None,
        eps: float = 1e-3,
    ) -> None:
        super().__init__(schedule=schedule, threshold=threshold, eps=eps)
        self.raw = raw
        if raw:
            self.reads = frozenset({"raw"})  # type: ignore[misc]

    def rank(self, reading: Reading) -> Tensor:
        return reading.score("raw") if self.raw else reading.confidence


class Entropy(_Ranked):
    """rank_i = −H(q_i): the positions of lowest constrained entropy first (Dream's "entropy")."""

    reads: ClassVar[frozenset[str]] = frozenset({"entropy"})

    def rank(self, reading: Reading) -> Tensor:
        return -reading.score("entropy")


class Margin(_Ranked):
    """rank_i = q_i(first) − q_i(second), the gap of the two likeliest tokens (Dream's "topk_margin").

    Needs whole rows of marginals: one array (B, n, V) more than the others.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"margin"})

    def rank(self, reading: Reading) -> Tensor:
        return reading.score("margin")


class Random(_Ranked):
    """Any positions, drawn evenly with the row's seed."""

    @property
    def blind(self) -> bool:
        return self.threshold is None

    def rank(self, reading: Reading) -> Tensor:
        return torch.rand(len(reading.witness), generator=reading.generator)


class LeftToRight(_Ranked):
    """The leftmost positions first (SDAR's "sequential")."""

    @property
    def blind(self) -> bool:
        return self.threshold is None

    def rank(self, reading: Reading) -> Tensor:
        return -torch.arange(len(reading.witness), dtype=torch.float64)


class Threshold(LowConfidence):
    """Every position whose constrained probability is at least `threshold`, and in any case the best one.

    As many steps as that takes, at most one per position. Source: Fast-dLLM, Wu et al. 2025 (arXiv:2505.22618).
    """

    def __init__(self, threshold: float = 0.9) -> None:
        super().__init__(schedule="one", threshold=threshold)


class Factor(Sampler):
    """The largest n with (n + 1)(1 − c_n) < f, where c_n is the n-th largest confidence; at least one.

    The bound under which taking the n tokens together equals taking them one by one. Source: Fast-dLLM, Wu et al.
    2025 (arXiv:2505.22618), theorem 1 and its "factor" decoding.
    """

    def __init__(self, factor: float = 1.0) -> None:
        if not factor > 0:
            raise ValueError(f"factor must be greater than 0, not {factor}")
        self.factor = float(factor)

    def step(self, reading: Reading) -> Moves:
        ranked = reading.confidence[reading.open].sort(descending=True).values
        rising = torch.arange(2, len(ranked) + 2, dtype=torch.float64)
        holds = (rising * (1 - ranked) < self.factor).nonzero()
        count = int(holds[-1]) + 1 if len(holds) else 1
        return Moves(best(reading.confidence, reading.open, count))

    def steps(self, length: int, default: int) -> int:
        return length
