"""Sets of tokens as packed bits, in the layout that llguidance and xgrammar share.

Word w, bit b (the least significant is 0) stands for token 32 w + b; words are int32. For loops that take a mask for
each position and have their own kernels to apply it. Masks keep single positions within what is possible; that all of
them together make a member is not theirs to say: commit tokens of `mode`, `mbr` or `sample`, and compute the mask anew.
"""

from __future__ import annotations

import torch
from torch import Tensor

from controlgen.constraints import Posterior

__all__ = ["posterior_bitmask", "token_bitmask", "unpack"]


def token_bitmask(support: Tensor) -> Tensor:
    """Pack a mask of tokens (…, V) bool into int32 (…, ceil(V / 32)); the bits behind the last token are 0."""
    if support.dtype != torch.bool or support.dim() < 1:
        raise ValueError(f"support must be bool with a last dimension of tokens, got {support.dtype}")
    words = -(-support.shape[-1] // 32)
    padded = torch.nn.functional.pad(support, (0, words * 32 - support.shape[-1]))
    bits = padded.reshape(*support.shape[:-1], words, 32).long()
    value = (bits << torch.arange(32, device=support.device)).sum(dim=-1)
    return (value - ((value >> 31) << 32)).int()  # bit 31 is the sign


def unpack(bitmask: Tensor, size: int) -> Tensor:
    """The mask of tokens (…, size) bool of packed words (…, ceil(size / 32)) int32."""
    words = -(-size // 32)
    if bitmask.dtype != torch.int32 or bitmask.shape[-1] != words:
        raise ValueError(f"a mask of {size} tokens is int32 (…, {words}), got {bitmask.dtype} {tuple(bitmask.shape)}")
    bits = (bitmask[..., None] >> torch.arange(32, device=bitmask.device, dtype=torch.int32)) & 1
    return bits.bool().flatten(-2)[..., :size]


def posterior_bitmask(posterior: Posterior) -> Tensor:
    """The packed masks of a posterior's positions, int32 (B, L, words) or (L, words)."""
    return token_bitmask(posterior.support())
