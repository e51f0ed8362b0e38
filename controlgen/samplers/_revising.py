"""Samplers around entropy bounds and revision: what is in the canvas is read anew at every step."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from controlgen.samplers._base import Moves, Reading, Sampler, without_last_bits
from controlgen.samplers._ranked import LowConfidence

__all__ = ["EntropyBound", "TokenEditing", "UniformRenoise"]


def within_bound(entropy: Tensor, candidates: Tensor, bound: float) -> Tensor:
    """The k candidates of lowest entropy with Σ_k H − max_k H ≤ bound, (n,) bool; ties to the left.

    The left side bounds the mutual information of the k tokens, so taken together they are nearly independent.
    """
    order = torch.sort(torch.where(candidates, without_last_bits(entropy), torch.inf), stable=True).indices
    ranked = entropy[order].double()
    chosen = torch.zeros_like(candidates)
    chosen[order] = ranked.cumsum(0) - ranked <= bound
    return chosen & candidates


class EntropyBound(Sampler):
    """Commits the positions of lowest entropy whose joint mutual information is bounded by `bound` nats; final.

    At least one a step. Source: EB-Sampler, Ben-Hamu et al. 2025 (arXiv:2505.24857).
    """

    reads: ClassVar[frozenset[str]] = frozenset({"entropy"})

    def __init__(self, bound: float = 0.1) -> None:
        if not bound >= 0:
            raise ValueError(f"bound must be at least 0 nats, not {bound}")
        self.bound = float(bound)

    def step(self, reading: Reading) -> Moves:
        return Moves(within_bound(reading.score("entropy"), reading.open, self.bound))

    def steps(self, length: int, default: int) -> int:
        return length


class UniformRenoise(Sampler):
    """DiffusionGemma's loop: accept by entropy bound, renoise everything else, until the prediction is stable.

    Each step draws one sequence from the posterior, with nothing fixed but what the caller fixed; the positions
    within the entropy bound keep its tokens, all others go back to noise (random tokens for a uniform model, masks
    for an absorbing one). The draft, and at the end the output, is the posterior's mode. The temperature falls
    from `hottest` to `coldest`. It ends early when the mode was the same for `stability` further steps and the mean
    entropy is below `confidence` nats.

    Source: the generation loop of DiffusionGemma as published in transformers; the bound is EB-Sampler's
    (arXiv:2505.24857).
    """

    reads: ClassVar[frozenset[str]] = frozenset({"entropy"})
    revises: ClassVar[bool] = True
    reopens: ClassVar[bool] = True
    draws: ClassVar[bool] = True
    ranks_ends: ClassVar[bool] = True

    def __init__(
        self,
        bound: float = 0.1,
        *,
        coldest: float = 0.4,
        hottest: float = 0.8,
        stability: int = 1,
        confidence: float = 0.005,
    ) -> None:
        if not bound >= 0:
            raise ValueError(f"bound must be at least 0 nats, not {bound}")
        if not 0 < coldest <= hottest:
            raise ValueError(f"temperatures must satisfy 0 < coldest <= hottest, not {coldest}, {hottest}")
        if stability < 0:
            raise ValueError(f"stability must be at least 0 steps, not {stability}")
        self.bound, self.coldest, self.hottest = float(bound), float(coldest), float(hottest)
        self.stability, self.confidence = stability, float(confidence)

    def temperature(self, step: int, steps: int) -> float:
        return self.coldest + (self.hottest - self.coldest) * (steps - step) / steps

    def step(self, reading: Reading) -> Moves:
        entropy = reading.score("entropy")
        accepted = within_bound(entropy, reading.open | reading.committed, self.bound)
        calm = bool(entropy.mean() < self.confidence) and reading.unchanged >= self.stability
        return Moves(accepted, reading.committed & ~accepted, done=calm)


class TokenEditing(LowConfidence):
    """LLaDA2.1's loop: commits by confidence, and replaces committed tokens that the model would now write otherwise.

    Every position of the block is open in the posterior. Open ones are committed as by `LowConfidence` with the fixed
    schedule; a committed one whose witness token differs and has a probability above `editing` is replaced. After
    the last open position is filled, up to `post_steps` further steps edit until nothing changes. What is kept: where
    an edit and an unedited token can't stand together, the whole witness is taken.

    Source: LLaDA2.1, Ant Group 2026, and its decoding as published in diffusers and SGLang.
    """

    revises: ClassVar[bool] = True

    def __init__(self, threshold: float = 0.7, editing: float = 0.5, *, post_steps: int = 16) -> None:
        super().__init__(schedule="fixed", threshold=threshold)
        if not 0 <= editing <= 1:
            raise ValueError(f"editing must be a probability in [0, 1], not {editing}")
        if post_steps < 0:
            raise ValueError(f"post_steps must be at least 0, not {post_steps}")
        self.editing, self.post_steps, self.extra_steps = float(editing), post_steps, post_steps

    def step(self, reading: Reading) -> Moves:
        edits = reading.committed & (reading.witness != reading.held) & (reading.confidence > self.editing)
        filled = not bool(reading.open.any())
        done = filled and (not bool(edits.any()) or reading.filled_for >= self.post_steps)
        return Moves(super().step(reading).commit | edits, done=done)
