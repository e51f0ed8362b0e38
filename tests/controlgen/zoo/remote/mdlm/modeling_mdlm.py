"""A tiny model with the calling convention of published MDLM checkpoints."""

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import MaskedLMOutput

from ._attention import TinyBlocks
from .configuration_mdlm import MDLMConfig


class MDLM(PreTrainedModel):
    """Raw logits for every position and every token, the mask included; no attention mask, no padding.

    Whether an output object or a bare tensor comes back is up to ``return_dict`` of the configuration, which
    published checkpoints set to false.
    """

    config_class = MDLMConfig
    base_model_prefix = "mdlm"

    def __init__(self, config: MDLMConfig) -> None:
        super().__init__(config)
        self.backbone = TinyBlocks(config.vocab_size, config.hidden_dim, config.n_blocks, config.n_heads, absolute=1.0)
        self.time = nn.Parameter(torch.linspace(-1, 1, config.hidden_dim))
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        timesteps: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> Tensor | tuple[Tensor, list[Tensor]] | MaskedLMOutput:
        """``timesteps`` (B,) is the noise sigma; it must be given even where the model ignores it."""
        sigma = timesteps if self.config.time_conditioning else torch.zeros_like(timesteps)
        offset = torch.sin(sigma.to(self.time.dtype))[:, None] * self.time
        logits, _ = self.backbone(input_ids, offset=offset)
        if self.config.return_dict if return_dict is None else return_dict:
            return MaskedLMOutput(logits=logits)
        return (logits, []) if output_hidden_states else logits

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """The blocks have drawn their weights themselves."""
