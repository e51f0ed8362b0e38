"""A tiny model with the calling convention of published LLaDA2 checkpoints (without their experts)."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicCache
from transformers.modeling_outputs import MoeCausalLMOutputWithPast

from ._attention import TinyBlocks
from .configuration_llada2_moe import LLaDA2MoeConfig


class LLaDA2MoeModelLM(PreTrainedModel):
    """The caller says who sees whom; row i of the logits speaks of position i; a cache given is a cache written."""

    config_class = LLaDA2MoeConfig
    base_model_prefix = "model"

    def __init__(self, config: LLaDA2MoeConfig) -> None:
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
        output_router_logits: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> MoeCausalLMOutputWithPast | tuple[Tensor, ...]:
        """``attention_mask`` (B, 1, T, past + T): true is visible, or numbers added to the scores.

        Refused is what published revisions read differently: no mask or one of two dimensions (causal in 2.0,
        bidirectional later), and numbers above zero (zeros and ones hide nothing where they are added).
        """
        if attention_mask is None or attention_mask.ndim != 4:
            raise ValueError("a mask of four dimensions is needed")
        if attention_mask.is_floating_point() and bool((attention_mask > 0).any()):
            raise ValueError("a mask of numbers is added to the scores: 0 is visible, minus infinity hidden")
        if not attention_mask.is_floating_point():
            attention_mask = attention_mask.bool()
        if use_cache is None:
            use_cache = self.config.use_cache
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        dtype = self.model.head.weight.dtype
        visible = attention_mask.to(dtype) if attention_mask.is_floating_point() else attention_mask
        logits, present = self.model(input_ids, visible, position_ids, _past(past_key_values))
        if past_key_values is not None:
            _store(past_key_values, present, input_ids.shape[1])
        returned = past_key_values if use_cache else None
        if return_dict is False:
            return (logits,) if returned is None else (logits, returned)
        return MoeCausalLMOutputWithPast(logits=logits.float(), past_key_values=returned)

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
