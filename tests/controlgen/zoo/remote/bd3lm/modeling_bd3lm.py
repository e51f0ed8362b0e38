"""A tiny model with the calling convention of published BD3-LM checkpoints."""

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import MaskedLMOutput

from ._attention import TinyBlocks
from .configuration_bd3lm import BD3LMConfig


class BD3LM(PreTrainedModel):
    """Row i of the logits speaks of position i. The cache lies inside the model, one block after the other."""

    config_class = BD3LMConfig
    base_model_prefix = "bd3lm"

    def __init__(self, config: BD3LMConfig) -> None:
        super().__init__(config)
        if config.time_conditioning:
            raise ValueError("published checkpoints are blind to time")
        self.backbone = TinyBlocks(config.vocab_size, config.hidden_dim, config.n_blocks, config.n_heads)
        if config.var_min:
            self.register_buffer("sampling_eps_min", torch.tensor(config.sampling_eps_min))
            self.register_buffer("sampling_eps_max", torch.tensor(config.sampling_eps_max))
        self.cache: list[tuple[Tensor, Tensor]] | None = None
        self.seen = 0
        self.post_init()

    def reset_kv_cache(self, eval_batch_size: int = 1) -> None:
        """Makes the cache, empty. The published model has none, and computes everything, until this call."""
        empty = self.backbone.embed.weight.new_zeros(
            eval_batch_size, self.config.n_heads, 0, self.config.hidden_dim // self.config.n_heads
        )
        self.cache, self.seen = [(empty, empty)] * self.config.n_blocks, 0

    def forward(
        self,
        input_ids: Tensor | None = None,
        timesteps: Tensor | None = None,
        sample_mode: bool | None = None,
        store_kv: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> MaskedLMOutput | Tensor:
        """``timesteps`` (B,) are needed and ignored. Logits alone are returned unless ``return_dict`` says else.

        To train, ``input_ids`` is noised text and then clean text, each ``model_length`` long. With
        ``sample_mode`` it is text from its beginning or, when there is a cache, the current block alone.
        """
        if timesteps is None:
            raise ValueError("timesteps are needed, though their value does not matter")
        if store_kv and not (sample_mode and self.cache is not None):
            raise ValueError("store_kv needs sample_mode and reset_kv_cache")
        if not self.config.cross_attn:
            logits, _ = self.backbone(input_ids)
        elif not sample_mode:
            logits = self._training(input_ids)
        elif self.cache is None:
            logits, _ = self.backbone(input_ids, self._blocks_seen(input_ids.shape[1]))
        else:
            logits = self._next_block(input_ids, bool(store_kv))
        if return_dict is None:
            return_dict = self.config.return_dict
        return MaskedLMOutput(logits=logits) if return_dict else logits

    def _blocks_seen(self, length: int) -> Tensor:
        blocks = torch.arange(length, device=self.device) // self.config.block_size
        return blocks[:, None] >= blocks[None, :]

    def _training(self, input_ids: Tensor) -> Tensor:
        """Noised blocks see themselves and the clean blocks before them, clean blocks see clean ones."""
        length = self.config.model_length
        if input_ids.shape[1] != 2 * length:
            raise ValueError("without sample_mode the input is noised and clean text of the model's length")
        clean = self._blocks_seen(length)
        own = clean & clean.T
        visible = torch.cat((torch.cat((own, clean & ~own), 1), torch.cat((torch.zeros_like(own), clean), 1)))
        positions = torch.arange(length, device=self.device).repeat(2).expand(len(input_ids), -1)
        return self.backbone(input_ids, visible, positions)[0][:, :length]

    def _next_block(self, input_ids: Tensor, store: bool) -> Tensor:
        """The block after the cache; the oldest block leaves a full cache (rotations stay relative)."""
        length = self.config.block_size
        if input_ids.shape[1] != length:
            raise ValueError("with a cache the input is one block")
        positions = torch.arange(self.seen, self.seen + length, device=self.device).expand(len(input_ids), -1)
        logits, present = self.backbone(input_ids, None, positions, self.cache)
        if store:
            self.seen += length
            gone = max(present[0][0].shape[2] - (self.config.model_length - length), 0)
            self.cache = [(keys[:, :, gone:], values[:, :, gone:]) for keys, values in present]
        return logits

    def get_input_embeddings(self) -> nn.Module:
        return self.backbone.embed

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.backbone.embed = value

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """The blocks have drawn their weights themselves."""
