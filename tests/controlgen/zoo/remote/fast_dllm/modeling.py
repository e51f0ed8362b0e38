"""A tiny model with the calling convention of published Fast-dLLM v2 checkpoints."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from ._attention import TinyBlocks
from .configuration import Fast_dLLM_QwenConfig

Pairs = list[tuple[Tensor, Tensor]]


@dataclass
class CausalLMOutputWithPastAndBlockCache(CausalLMOutputWithPast):
    """Beside the cache of finished blocks, the keys and values of the block being written."""

    block_past_key_values: Cache | None = None


class Fast_dLLM_QwenForCausalLM(PreTrainedModel):
    """Row i of the logits speaks of position i + 1. The model makes its own mask: blocks from the first position."""

    config_class = Fast_dLLM_QwenConfig
    base_model_prefix = "model"

    def __init__(self, config: Fast_dLLM_QwenConfig) -> None:
        super().__init__(config)
        self.model = TinyBlocks(
            config.vocab_size, config.hidden_size, config.num_hidden_layers, config.num_attention_heads
        )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        cache_position: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        update_past_key_values: bool | None = False,
        block_size: int | None = 32,
        use_block_cache: bool | None = False,
        block_past_key_values: Cache | None = None,
        replace_position: int | None = None,
        mask_id: int | None = 151665,
        **kwargs: Any,
    ) -> CausalLMOutputWithPastAndBlockCache:
        """As published: ``attention_mask`` is ignored, ``block_size`` is 32 whatever the configuration says.

        Only ``update_past_key_values`` writes to the cache. With ``use_block_cache`` the first call on a block
        returns its keys and values; later calls give a part of the block, which starts at ``replace_position``
        and takes the place of that part in the block's cache.
        """
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        if use_block_cache and block_past_key_values is None:
            block_past_key_values = DynamicCache()
        seen, length = 0 if past_key_values is None else past_key_values.get_seq_length(), input_ids.shape[1]
        partial = use_block_cache and block_past_key_values.get_seq_length() > 0
        if position_ids is None:
            start = seen + (replace_position or 0 if use_block_cache else 0)
            position_ids = torch.arange(start, start + length, device=input_ids.device)[None]
        past, visible = _pairs(past_key_values), None
        if partial:
            past = _joined(past, _without(_pairs(block_past_key_values), replace_position or 0, length))
        else:
            blocks = torch.arange(seen + length, device=input_ids.device) // block_size
            visible = blocks[seen:, None] >= blocks[None, :]
        logits, present = self.model(input_ids, visible, position_ids.expand(len(input_ids), -1), past)
        fresh = [(keys[:, :, -length:], values[:, :, -length:]) for keys, values in present]
        if partial:
            _replace(block_past_key_values, fresh, replace_position or 0)
        elif use_block_cache:
            _store(block_past_key_values, fresh)
        if update_past_key_values and past_key_values is not None:
            _store(past_key_values, fresh)
        keep = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        return CausalLMOutputWithPastAndBlockCache(
            logits=logits[:, keep],
            past_key_values=past_key_values if use_cache else None,
            block_past_key_values=block_past_key_values if use_block_cache else None,
        )

    def can_generate(self) -> bool:
        return True

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.model.embed = value

    def get_output_embeddings(self) -> nn.Module:
        return self.model.head

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """The blocks have drawn their weights themselves."""


def _pairs(cache: Cache | None) -> Pairs | None:
    if cache is None or cache.get_seq_length() == 0:
        return None
    return [(layer.keys, layer.values) for layer in cache.layers]


def _store(cache: Cache, fresh: Pairs) -> None:
    for number, (keys, values) in enumerate(fresh):
        cache.update(keys, values, number)


def _without(pairs: Pairs, start: int, length: int) -> Pairs:
    """The block's keys and values but for those of the part that is computed anew."""
    return [
        tuple(torch.cat((part[:, :, :start], part[:, :, start + length :]), dim=2) for part in pair) for pair in pairs
    ]


def _joined(past: Pairs | None, block: Pairs) -> Pairs:
    if past is None:
        return block
    return [
        tuple(torch.cat(parts, dim=2) for parts in zip(before, after, strict=True))
        for before, after in zip(past, block, strict=True)
    ]


def _replace(cache: Cache, fresh: Pairs, start: int) -> None:
    for layer, (keys, values) in zip(cache.layers, fresh, strict=True):
        layer.keys[:, :, start : start + keys.shape[2]] = keys
        layer.values[:, :, start : start + values.shape[2]] = values
