"""Absorbing noise: how much of each canvas is masked, and what weight its tokens get in the loss.

Draws t and the masks of the objective (see `objective.py`), in numpy and without torch, so that batches can
be made beside the training.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def noise_levels(
    rng: np.random.Generator, examples: int, copies: int, *, lowest: float, full_share: float
) -> NDArray[np.float32]:
    """Noise levels (examples, copies) in [lowest, 1], stratified over the copies of an example and over the
    batch.

    Copy k of every example gets a level from the k-th of `copies` equal strata, and the places inside the
    strata are spread evenly over the examples (with one random offset and order), which lowers the variance
    of the loss (the low-discrepancy sampler of Kingma et al. 2021).
    """
    place = (np.arange(examples) + rng.random()) / examples
    rng.shuffle(place)
    unit = (np.arange(copies) + place[:, None]) / copies
    levels = lowest + (1.0 - lowest) * unit
    levels[rng.random(levels.shape) < full_share] = 1.0
    return levels.astype(np.float32)


def corrupt(
    rng: np.random.Generator,
    clean: NDArray[np.int32],
    level: NDArray[np.float32],
    weight: NDArray[np.float32],
    mask_id: int,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Noisy tokens and loss weights, both (T,), of clean tokens with their canvas's level and their own
    weight (T,).
    """
    masked = rng.random(clean.shape, dtype=np.float32) < level
    noisy = np.where(masked, np.int32(mask_id), clean)
    return noisy, np.where(masked, weight / level, np.float32(0.0)).astype(np.float32)
