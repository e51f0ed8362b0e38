"""A tiny model with the calling convention of published SDAR checkpoints."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

from ._attention import TinyBlocks
from .configuration_sdar import SDARConfig


class SDARForCausalLM(PreTrainedModel):
    """The caller says who sees whom; row i of the logits speaks of position i; store_kv alone writes the cache."""

    config_class = SDARConfig
    base_model_prefix = "model"

    def __init__(self, config: SDARConfig) -> None:
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
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        cache_position: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        store_kv: bool = False,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Non-zero entries of ``attention_mask`` (1, T, past + T) or (B, 1, T, past + T) are visible.

        The published code cannot do without a mask, and hands it to attention as it is: a two-dimensional one
        would be read as (T, past + T), which no caller means.
        """
        if attention_mask is None or attention_mask.ndim < 3:
            raise ValueError("a mask of three or four dimensions is needed")
        if attention_mask.ndim == 3 and len(attention_mask) != 1:
            raise ValueError("a mask of three dimensions broadcasts over heads: its first dimension must be 1")
        if not isinstance(past_key_values, Cache | None):
            raise ValueError("past_key_values must be a Cache")
        if self.config.use_cache if use_cache is None else use_cache:
            past_key_values = DynamicCache() if past_key_values is None else past_key_values
            returned = past_key_values
        else:
            returned = None
        logits, present = self.model(input_ids, attention_mask.bool(), position_ids, _past(past_key_values))
        if store_kv and past_key_values is not None:
            _store(past_key_values, present, input_ids.shape[1])
        keep = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        return CausalLMOutputWithPast(logits=logits[:, keep], past_key_values=returned)

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


def _past(cache: Cache | None) -> list[tuple[Tensor, Tensor]] | None:
    if cache is None or cache.get_seq_length() == 0:
        return None
    return [(layer.keys, layer.values) for layer in cache.layers]


def _store(cache: Cache, present: list[tuple[Tensor, Tensor]], length: int) -> None:
    for number, (keys, values) in enumerate(present):
        cache.update(keys[:, :, -length:], values[:, :, -length:], number)
