"""What a sampler sees (`Reading`), what it answers (`Moves`), and the abstraction itself (`Sampler`).

One row, one step, the n positions that are decoded now (the whole canvas, or its present block).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["Moves", "Reading", "Sampler", "best", "even_quota"]


@dataclass(frozen=True)
class Reading:
    """One row after the queries of a step.

    Attributes:
        witness: (n,) int64, tokens of a complete valid sequence that agrees with everything fixed.
        held: (n,) int64, the tokens in the canvas; meaningful where `committed`.
        open: (n,) bool, uncommitted positions that may be committed now: text, of the block in turn.
        committed: (n,) bool, committed by earlier steps (neither by the caller nor by the prompt).
        confidence: (n,) float64, constrained marginal probability of the witness's tokens.
        entropy: (n,) float64, of the constrained marginals, nats; None unless read.
        raw: (n,) float64, unconstrained probability of the witness's tokens; None unless read.
        margin: (n,) float64, difference of the two largest constrained marginals; None unless read.
        log_total: (n,) float64, log of the sum of e^logit over the tokens that may be written; None unless read.
        taken_at: (n,) float64, the probability that each committed token had when it was committed.
        step: index of the step within the block, from 0.
        steps: how many there are at most.
        remaining: steps left for the open positions, this one included, at least 1.
        length: positions of the block.
        unchanged: how many steps before this one in a row gave this same witness.
        filled_for: how many steps were begun with no open position left.
        generator: the row's own random numbers.
    """

    witness: Tensor
    held: Tensor
    open: Tensor
    committed: Tensor
    confidence: Tensor
    entropy: Tensor | None
    raw: Tensor | None
    margin: Tensor | None
    log_total: Tensor | None
    taken_at: Tensor
    step: int
    steps: int
    remaining: int
    length: int
    unchanged: int
    filled_for: int
    generator: torch.Generator

    def uniforms(self) -> Tensor:
        """(n,) float64 in [0, 1), fresh ones at each call."""
        return torch.rand(len(self.witness), dtype=torch.float64, generator=self.generator)

    def score(self, name: str) -> Tensor:
        """One of the optional readings by its name, (n,)."""
        value = getattr(self, name)
        if value is None:
            raise ValueError(f"{name} was not read: list it in the sampler's `reads`")
        assert isinstance(value, Tensor)
        return value


@dataclass(frozen=True)
class Moves:
    """What a step does to the canvas.

    Attributes:
        commit: (n,) bool, take the witness's token here; at a committed position this edits it.
        reopen: (n,) bool, committed positions that go back to noise; None: none.
        done: the block needs no further step; what is open takes the witness's tokens.
    """

    commit: Tensor
    reopen: Tensor | None = None
    done: bool = False


class Sampler(ABC):
    """Decides what is committed; see `step`.

    Attributes:
        reads: which optional fields of `Reading` it needs; each costs a query.
        revises: committed positions are open again in the step's posterior, so that the witness may differ there.
        reopens: it may give committed positions back to noise.
        draws: tokens come from a draw of the posterior (temperature 1 unless said otherwise) instead of its mode.
        ranks_ends: stop and pad positions may be committed early. Elsewhere they never are, where a constraint
            decides the length: their certainty would freeze it.
        extra_steps: steps that it may take beyond those of the schedule.
    """

    reads: ClassVar[frozenset[str]] = frozenset()
    revises: ClassVar[bool] = False
    reopens: ClassVar[bool] = False
    draws: ClassVar[bool] = False
    ranks_ends: ClassVar[bool] = False
    extra_steps: int = 0

    @property
    def blind(self) -> bool:
        """Whether the choice of positions looks at no token of the witness and at no probability of one.

        Only then is the probability of what a step commits known; see `controlgen.guidance.Particles`.
        """
        return False

    @abstractmethod
    def step(self, reading: Reading) -> Moves:
        """What to commit and what to reopen. In the last step everything open is committed, whatever it says."""

    def time(self, step: int, steps: int) -> float:
        """The noise level in (0, 1] that a time-conditioned model is told at the start of a step."""
        return max(1.0 - step / steps, 1e-3)

    def temperature(self, step: int, steps: int) -> float | None:
        """The temperature of a step where the sampler has a schedule of its own; None: the caller's."""
        return None

    def steps(self, length: int, default: int) -> int:
        """How many steps a block of so many positions gets unless the caller says a number."""
        return default


def best(scores: Tensor, candidates: Tensor, count: int) -> Tensor:
    """The `count` candidates (n,) bool of highest score, ties to the left."""
    ranked = torch.where(candidates, without_last_bits(scores), -torch.inf)
    chosen = torch.zeros_like(candidates)
    chosen[torch.sort(ranked, descending=True, stable=True).indices[: min(count, int(candidates.sum()))]] = True
    return chosen


def without_last_bits(scores: Tensor) -> Tensor:
    """Finite scores (n,) float64, rounded to 32 bits.

    Positions that the constraint ties together have one probability, and its last bits, which depend on what else is in
    a batch, must not say which of them comes first.
    """
    mantissa, exponent = torch.frexp(scores.double().nan_to_num().clamp(-1e300, 1e300))
    return torch.ldexp(torch.round(mantissa * 2**32) / 2**32, exponent)


def even_quota(open_positions: int, remaining_steps: int) -> int:
    """How many positions a step has to commit so that none is left at the end: ceil(open / remaining steps).

    Recounted at every step, because a witness may grow, shrink or be filled by the constraint meanwhile.
    """
    return -(-open_positions // max(remaining_steps, 1))
