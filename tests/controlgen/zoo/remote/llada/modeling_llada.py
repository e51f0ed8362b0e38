"""A tiny model with the calling convention of published LLaDA checkpoints."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from ._attention import TinyBlocks
from .configuration_llada import LLaDAConfig


class LLaDAModelLM(PreTrainedModel):
    """Bidirectional, row i of the logits speaks of position i; there are no position ids and no cache."""

    config_class = LLaDAConfig
    base_model_prefix = "model"

    def __init__(self, config: LLaDAConfig) -> None:
        super().__init__(config)
        self.model = TinyBlocks(config.embedding_size, config.d_model, config.n_layers, config.n_heads)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        attention_mask: Tensor | None = None,
        attention_bias: Tensor | None = None,
        past_key_values: Any = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        cache_position: Any = None,
    ) -> CausalLMOutputWithPast | tuple[Tensor]:
        """``attention_mask`` (B, T) hides padding from every query; ``attention_bias`` is a boolean 4-D mask."""
        if output_attentions:
            raise ValueError("output_attentions is not supported")
        if past_key_values is not None or use_cache:
            raise ValueError("there is no cache")
        visible = None if attention_bias is None else attention_bias.bool()
        if attention_mask is not None and bool((attention_mask == 0).any()):
            keys = attention_mask.bool()[:, None, None, :]
            visible = keys if visible is None else visible & keys
        logits, _ = self.model(input_ids, visible)
        if return_dict is False:
            return (logits,)
        return CausalLMOutputWithPast(logits=logits)

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
