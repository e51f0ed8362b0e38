"""Texts as canvases, and the noise on them: the forward process that the embedded model was trained with.

Knows token ids and the absorbing noise; nothing of networks or of where the texts come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Examples", "noised", "tokenised"]


@dataclass(frozen=True)
class Examples:
    """Tokenised texts with their classes.

    Attributes:
        canvases: (N, T) int64: text tokens, one end token, pad tokens.
        lengths: (N,) int64, text and end token.
        classes: (N,) int64.
    """

    canvases: Tensor
    lengths: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.classes)


def tokenised(
    labelled: Iterable[tuple[str, str]], classes: Sequence[str], tokenizer: Any, *, length: int, end: int, pad: int
) -> Examples:
    """Texts and labels as canvases of `length` tokens; texts that need more are left out.

    Raises:
        ValueError: a label that is not among the classes, or no text that fits.
    """
    pairs = list(labelled)
    for number, (_, label) in enumerate(pairs, 1):
        if label not in classes:
            raise ValueError(f"example {number} has the label {label!r}, which is not among {', '.join(classes)}")
    encodings = tokenizer.encode_batch([text for text, _ in pairs], add_special_tokens=False)
    fitting = [(e.ids, label) for e, (_, label) in zip(encodings, pairs, strict=True) if len(e.ids) < length]
    if not fitting:
        raise ValueError(f"none of {len(pairs)} texts fits a canvas of {length} tokens")
    canvases = torch.full((len(fitting), length), pad, dtype=torch.int64)
    for row, (ids, _) in enumerate(fitting):
        canvases[row, : len(ids)] = torch.tensor(ids)
        canvases[row, len(ids)] = end
    lengths = torch.tensor([len(ids) + 1 for ids, _ in fitting])
    return Examples(canvases, lengths, torch.tensor([classes.index(label) for _, label in fitting]))


def noised(canvases: Tensor, times: Tensor, mask: int, generator: torch.Generator) -> Tensor:
    """x_t (N, T): each position is the mask token with probability t, independently; times (N,) in [0, 1]."""
    drawn = torch.rand(canvases.shape, generator=generator)
    return torch.where(drawn < times[:, None], mask, canvases)
