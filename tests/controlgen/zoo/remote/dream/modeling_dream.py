"""A tiny model with the calling convention of published Dream checkpoints."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import MaskedLMOutput

from ._attention import TinyBlocks
from .configuration_dream import DreamConfig
from .generation_utils import DreamGenerationMixin


class DreamModel(DreamGenerationMixin, PreTrainedModel):
    """Bidirectional; row i of the logits speaks of position i + 1, as in the causal model it grew from."""

    config_class = DreamConfig
    base_model_prefix = "model"

    def __init__(self, config: DreamConfig) -> None:
        super().__init__(config)
        self.model = TinyBlocks(
            config.vocab_size, config.hidden_size, config.num_hidden_layers, config.num_attention_heads
        )
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | str | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        cache_position: Tensor | None = None,
        num_logits_to_keep: int = 0,
        **loss_kwargs: Any,
    ) -> MaskedLMOutput | tuple[Tensor]:
        """``attention_mask`` is "full", None or boolean of four dimensions; a 2-D mask is not understood."""
        visible = attention_mask if isinstance(attention_mask, Tensor) else None
        if visible is not None and visible.dim() != 4:
            raise ValueError(f"the attention mask has {visible.dim()} dimensions instead of 4")
        logits, _ = self.model(input_ids, visible, position_ids)
        logits = logits[:, -num_logits_to_keep:, :]
        if return_dict is False:
            return (logits,)
        return MaskedLMOutput(logits=logits)

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.model.embed = value

    def get_output_embeddings(self) -> nn.Module:
        return self.model.head

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """The blocks have drawn their weights themselves."""
