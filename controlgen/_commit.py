"""Which open positions may be committed now where a whole canvas is committed block after block.

A pure function on one row, no model and no automaton. Everything here speaks of the *open text positions* of a
witness: not committed yet, and holding neither a stop nor a pad token. Committing any subset is always safe, so this
is about quality and speed only.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["window"]


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
