"""Networks that decode block by block behind a key/value cache: `BlockCausal`.

Every token sees its own block and those before it. What precedes the present block is computed once, in whole blocks;
rows whose prompts differ in length are padded on the left, in whole blocks, and a mask keeps every row from seeing
that. Knows masks, positions and caches; a family's file says how its network is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from controlgen.families._family import Family, View

__all__ = ["BlockCall", "BlockCausal"]


@dataclass(frozen=True)
class BlockCall:
    """One call of a network.

    Attributes:
        tokens: (B, T) int64, one block or several.
        visible: (B, 1, T, S + T) bool, what each token sees of the S tokens before and of these.
        positions: (B, T) int64.
        cache: keys and values of the S tokens before, in place.
        store: whether the keys and values of these tokens are to stay in the cache.
    """

    tokens: Tensor
    visible: Tensor
    positions: Tensor
    cache: DynamicCache
    store: bool


@dataclass(frozen=True)
class _Past:
    """What was stored: the cache and which of its S positions are real, (B, S) bool."""

    cache: DynamicCache
    real: Tensor


class BlockCausal:
    """A block-causal network with a cache.

    Args:
        network: on its device.
        family: its conventions; `block` is set.
        call: (network, `BlockCall`) to logits (B, T, V).
    """

    def __init__(self, network: Any, family: Family, call: Callable[[Any, BlockCall], Tensor]) -> None:
        assert family.block is not None
        self.network, self.family = network.eval(), family
        self.device: torch.device = next(network.parameters()).device
        self._call = call

    def encode(self, prompts: Sequence[Sequence[int]]) -> _Past:
        """Caches of the prompts, whose lengths are multiples of the block."""
        longest = max(map(len, prompts), default=0)
        filler = min(self.family.pad_ids | self.family.stop_ids, default=0)
        tokens = torch.full((len(prompts), longest), filler, dtype=torch.int64)
        real = torch.zeros_like(tokens, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            tokens[row, longest - len(prompt) :] = torch.as_tensor(list(prompt), dtype=torch.int64)
            real[row, longest - len(prompt) :] = True
        nothing = torch.zeros(len(prompts), 0, dtype=torch.bool, device=self.device)
        past = _Past(DynamicCache(), nothing)
        return past if longest == 0 else self._stored(past, tokens.to(self.device), real.to(self.device))

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        """As many mask tokens as the prompt has tokens."""
        assert self.family.mask_id is not None
        return [self.family.mask_id] * len(prompt)

    def select(self, conditioning: _Past, rows: Tensor) -> _Past:
        chosen = rows.to(self.device)
        if conditioning.real.shape[1]:
            conditioning.cache.batch_select_indices(chosen)
        return _Past(conditioning.cache, conditioning.real[chosen])

    def store(self, conditioning: _Past, tokens: Tensor) -> _Past:
        """One pass over finished blocks (B, n · block), whose keys and values stay."""
        shown = tokens.to(self.device)
        return self._stored(conditioning, shown, torch.ones_like(shown, dtype=torch.bool))

    def carried(self, conditioning: _Past) -> Tensor | None:
        return None

    def predict(self, view: View, conditioning: _Past) -> Tensor:
        """One forward pass over the present block: logits (B, block, V)."""
        tokens = view.tokens.to(self.device)
        return self._run(conditioning, tokens, torch.ones_like(tokens, dtype=torch.bool), store=False)

    def _stored(self, past: _Past, tokens: Tensor, real: Tensor) -> _Past:
        self._run(past, tokens, real, store=True)
        return _Past(past.cache, torch.cat((past.real, real), dim=1))

    def _run(self, past: _Past, tokens: Tensor, real: Tensor, *, store: bool) -> Tensor:
        before, count = past.real.shape[1], tokens.shape[1]
        size = self.family.block
        assert size is not None
        block = torch.arange(before + count, device=self.device) // size  # all pads are whole blocks
        causal = block[before:, None] >= block[None]  # (T, S + T)
        everything = torch.cat((past.real, real), dim=1)  # (B, S + T)
        own = torch.eye(count, before + count, dtype=torch.bool, device=self.device).roll(before, 1)
        visible = (causal[None] & everything[:, None]) | own  # padding sees itself: no row without a key
        positions = (everything.cumsum(1) - 1).clamp(min=0)[:, before:]
        call = BlockCall(tokens, visible[:, None], positions, past.cache, store)
        with torch.no_grad():
            return self._call(self.network, call)
