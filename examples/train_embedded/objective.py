"""The objective: the 1/t-weighted masked cross-entropy of absorbing-noise diffusion.

A clean canvas x of length L gets a noise level t in (0, 1]; each token becomes `<|mask|>` with probability t.
The loss is the negative evidence bound of masked diffusion with the linear schedule (MDLM, Sahoo et al. 2024,
eq. 10; LLaDA, Nie et al. 2025, eq. 3), here per token and with a weight w_j for each position:

    loss = E_t E_mask Σ_j  w_j · 1[j masked] · (1/t) · −log p(x_j | masked canvas, prompt)  /  Σ_j w_j

w_j is 1 for the record and `<|end|>`, and small for the `<|pad|>` that follows, which is nearly free to
predict and would outnumber the rest. A share of the canvases is drawn at t = 1 instead, where few-step
decoding starts; in expectation over masks each token keeps weight w_j at every t, so this changes only how
often each t is seen.

`noise.py` draws t and the masks and computes w_j · 1[j masked] / t; this file has the rest.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def weighted_cross_entropy(logits: Tensor, clean: Tensor, loss_weight: Tensor) -> Tensor:
    """Σ loss_weight · cross-entropy: logits (T, V), clean (T,) int64, loss_weight (T,); a float32 scalar."""
    return (F.cross_entropy(logits.float(), clean, reduction="none") * loss_weight).sum()


def masked_loss(logits: Tensor, clean: Tensor, loss_weight: Tensor, total_weight: Tensor) -> Tensor:
    """The objective for a packed batch; total_weight is Σ_j w_j over all its canvas tokens, masked or not."""
    return weighted_cross_entropy(logits, clean, loss_weight) / total_weight.clamp(min=torch.finfo().eps)
