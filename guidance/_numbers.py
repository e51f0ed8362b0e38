"""Log-probabilities that stay finite: what guidances subtract from each other."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["FLOOR", "log_probabilities", "precision"]

FLOOR = -1e4  # nats; what lies below is equally impossible, and −inf − −inf is no NaN


def precision(values: Tensor) -> torch.dtype:
    """float64 for float64, else float32: the dtype in which factors on these logits are computed."""
    return torch.promote_types(values.dtype, torch.float32)


def log_probabilities(logits: Tensor) -> Tensor:
    """Normalised log-probabilities (…, V), at least `FLOOR`, of logits (…, V); a tensor of its own."""
    return torch.log_softmax(logits.to(precision(logits)), dim=-1).clamp_(min=FLOOR)
