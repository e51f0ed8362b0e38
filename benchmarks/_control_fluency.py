"""How likely the model itself holds a text: the absorbing diffusion's bound on −log p, in nats per token.

Knows the embedded network and its tokenizer; nothing of tasks, guidance or constraints.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["mean_and_error", "nats_per_token"]


def nats_per_token(model: Any, texts: Sequence[str], *, draws: int = 16, seed: int = 0) -> list[float]:
    """An estimate of the bound for each text, behind the prompt that stands for "no condition".

        −log p(x | n) / n  ≤  E_{k ~ U{1…n}} E_{M: |M| = k} [ 1/k Σ_{i ∈ M} −log p(x_i | x with M masked) ]

    x: the tokenizer's tokens of the text and the end token, n of them. k is spread evenly over 1…n, `draws` values of
    it; the masks are the same for every text of the same length. Source: the bound of Ou et al. 2024 (arXiv:2406.03736)
    and of LLaDA, Nie et al. 2025 (arXiv:2502.09992), equation 6.
    """
    return [_bound(model, text, draws, seed) for text in texts]


def _bound(model: Any, text: str, draws: int, seed: int) -> float:
    network = model.network
    clean = torch.tensor([*model.encode(text), network.config.eos_token_id])  # (n,)
    masked = _masks(len(clean), draws, seed)  # (K, n)
    canvas = torch.where(masked, network.config.mask_token_id, clean).to(network.device)
    with torch.no_grad():
        logits = network(canvas, network.unconditional(draws))  # (K, n, V)
    log_p = logits.float().log_softmax(-1).cpu().gather(-1, clean.expand_as(masked)[..., None])[..., 0]  # (K, n)
    return float((-(log_p * masked).sum(1) / masked.sum(1)).mean())


def _masks(length: int, draws: int, seed: int) -> Tensor:
    """(K, n) bool: row j masks k_j positions, k_j in the middle of the j-th of K equal parts of 1…n."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(draws, length, generator=generator).argsort(1).argsort(1)  # ranks
    counts = ((torch.arange(draws) + 0.5) / draws * length).ceil().clamp(1, length)
    return order < counts[:, None]


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """The mean and its standard error."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.fmean(values), spread / len(values) ** 0.5
