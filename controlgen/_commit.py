"""Which positions of a witness become fixed in a step: quota, window, order, threshold.

Pure functions on one row, no model and no automaton. A row is L positions; everything here speaks of the
*open text positions* of its witness: not committed yet, and holding neither a stop nor a pad token. Stop and
pad positions are never candidates, so their certainty can't freeze the length early. Committing any subset is
always safe, so all of this is about quality and speed only.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor

__all__ = ["ORDERS", "Order", "choose", "quota", "window"]

Order = Literal["confidence", "entropy", "raw", "left_to_right", "random"]
ORDERS: tuple[str, ...] = get_args(Order)


def quota(open_positions: int, remaining_steps: int) -> int:
    """How many positions a step has to commit so that none is left at the end: ceil(open / remaining steps).

    Recounted at every step, because the witness may grow, shrink or be filled by the constraint meanwhile.
    """
    return -(-open_positions // max(remaining_steps, 1))


def window(candidates: Tensor, block_length: int | None, remaining_steps: int) -> tuple[Tensor, int]:
    """The candidates that may be committed now, and in how many steps they have to be.

    Without blocks that is all of them in all remaining steps. With blocks it is the first block that still
    has a candidate, with its fair share of the steps, at least one step being left for each later block;
    where there are more blocks than steps, as many blocks as a step has to cover.

    Args:
        candidates: (L,) bool, open text positions of the witness.
        block_length: positions per block, counted from the canvas start; None is one block.
        remaining_steps: steps left, this one included, at least 1.

    Returns:
        (L,) bool, a subset of `candidates`, empty only if `candidates` is; and a number of steps, at least 1.
    """
    if block_length is None or not bool(candidates.any()):
        return candidates, remaining_steps
    blocks = torch.arange(len(candidates)) // block_length  # (L,)
    unfinished = torch.unique(blocks[candidates])
    taken = math.ceil(len(unfinished) / remaining_steps)
    inside = candidates & (blocks <= unfinished[taken - 1])
    share = remaining_steps * int(inside.sum()) / int(candidates.sum())
    later = math.ceil((len(unfinished) - taken) / taken)  # steps that the later blocks need at least
    return inside, max(1, min(round(share), remaining_steps - later))


def choose(scores: Tensor, candidates: Tensor, count: int) -> Tensor:
    """The `count` candidates of highest score, ties to the left.

    Args:
        scores: (L,) floating, higher is earlier.
        candidates: (L,) bool.
        count: how many to choose; more than there are candidates means all.

    Returns:
        (L,) bool, a subset of `candidates`.
    """
    finite = scores.double().nan_to_num().clamp(min=-1e300)  # a candidate stays ahead of a non-candidate
    ranked = torch.where(candidates, finite, -math.inf)
    best = torch.sort(ranked, descending=True, stable=True).indices[: min(count, int(candidates.sum()))]
    chosen = torch.zeros_like(candidates)
    chosen[best] = True
    return chosen
