"""The embedded network: a masked diffusion transformer with a prompt that is encoded once.

Knows how prompt and canvas attend: prompt tokens to the prompt only, canvas tokens to prompt and canvas, both
without a causal mask. So the prompt's keys and values don't depend on the canvas, are computed once per
document, and a denoising step costs canvas positions only. Knows nothing of noise, steps or constraints.

The blocks take tensors of any leading shape, so that training can run them on packed sequences.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from controlgen.embedded.configuration_embedded import EmbeddedDiffusionConfig


@dataclass(frozen=True)
class PromptCache:
    """Keys and values of encoded prompts.

    keys, values: one tensor (B, H, P, D) per layer; mask (B, P) bool, True at real tokens, or None if all are
    real; lengths (B,) int64: true prompt lengths, where the canvas positions begin.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask: Tensor | None
    lengths: Tensor

    @property
    def batch(self) -> int:
        return int(self.lengths.shape[0])

    def select(self, rows: Tensor) -> PromptCache:
        """The cache of some rows, in the order of `rows` (R,) int64; a row may be taken more than once."""
        return PromptCache(
            keys=tuple(key.index_select(0, rows) for key in self.keys),
            values=tuple(value.index_select(0, rows) for value in self.values),
            mask=None if self.mask is None else self.mask.index_select(0, rows),
            lengths=self.lengths.index_select(0, rows),
        )


class RMSNorm(nn.Module):
    """Root-mean-square norm over the last dimension (Zhang & Sennrich 2019), gain only."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


def rotary(positions: Tensor, size: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions (Su et al. 2021): float32, (..., 1, size / 2) for (...)."""
    frequencies = theta ** (-torch.arange(0, size, 2, device=positions.device, dtype=torch.float32) / size)
    angles = positions[..., None, None].float() * frequencies  # (..., 1, D/2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    """Turn the two halves of each head (..., H, D) by the position's angles."""
    cos, sin = rope
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)


class Block(nn.Module):
    """One pre-norm layer, cut open at the attention: `project`, then attend elsewhere, then `finish`."""

    def __init__(self, config: EmbeddedDiffusionConfig) -> None:
        super().__init__()
        d, hidden, eps = config.hidden_size, config.intermediate_size, config.rms_norm_eps
        self.heads, self.head_size = config.num_attention_heads, config.head_size
        self.attention_norm = RMSNorm(d, eps)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.query_norm = RMSNorm(self.head_size, eps)
        self.key_norm = RMSNorm(self.head_size, eps)
        self.output = nn.Linear(d, d, bias=False)
        self.mlp_norm = RMSNorm(d, eps)
        self.gate_up = nn.Linear(d, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, d, bias=False)

    def project(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Normed, rotated queries and keys, and values, each (..., H, D), of x (..., d)."""
        qkv = self.qkv(self.attention_norm(x)).unflatten(-1, (3, self.heads, self.head_size))
        query, key, value = qkv.unbind(-3)
        return rotate(self.query_norm(query), rope), rotate(self.key_norm(key), rope), value

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """Add attention's output (..., H, D) and the gated MLP to x (..., d)."""
        x = x + self.output(attended.flatten(-2))
        gate, up = self.gate_up(self.mlp_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class EmbeddedDiffusionModel(PreTrainedModel):
    """Masked diffusion transformer: `encode_prompt` once, then `forward(canvas, cache)` per denoising step.

    The output matrix is the embedding matrix itself (one parameter, used twice).
    """

    config_class = EmbeddedDiffusionConfig
    base_model_prefix = "model"
    main_input_name = "canvas"

    def __init__(self, config: EmbeddedDiffusionConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Normal matrices; what adds to the residual stream starts at zero: layers begin as identities."""
        std = self.config.initializer_range
        if isinstance(module, Block):
            for name in ("output", "down"):
                _fresh(getattr(module, name).weight, lambda weight: nn.init.zeros_(weight))
            for name in ("qkv", "gate_up"):
                _fresh(getattr(module, name).weight, lambda weight: nn.init.normal_(weight, std=std))
        elif isinstance(module, RMSNorm):
            _fresh(module.weight, lambda weight: nn.init.ones_(weight))
        elif isinstance(module, nn.Embedding):
            _fresh(module.weight, lambda weight: nn.init.normal_(weight, std=std))

    def get_input_embeddings(self) -> nn.Module:
        return self.embedding

    def layers(self) -> Iterator[Block]:
        """The blocks, from the embedding upwards."""
        for block in self.blocks:
            assert isinstance(block, Block)
            yield block

    def embed(self, ids: Tensor) -> Tensor:
        """Token ids (...) to vectors (..., d) whose entries have about unit size when training starts."""
        return self.embedding(ids) * (1.0 / self.config.initializer_range)

    def logits(self, x: Tensor) -> Tensor:
        """Scores (..., V) of final vectors x (..., d): inner products with the token embeddings."""
        return F.linear(self.norm(x), self.embedding.weight)

    def encode_prompt(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> PromptCache:
        """Encode right-padded prompts.

        input_ids (B, P) int64; attention_mask (B, P), nonzero at real tokens, or None if all are real. A row
        may be empty (all padding): its canvas then attends to itself only. The prompt that stands for "no
        condition" in training is not the empty one but `<|record|>` alone: see `unconditional`.
        ValueError if a prompt is not padded on the right or is longer than the context.
        """
        self._check_context(input_ids.shape[1])
        mask = None if attention_mask is None else attention_mask.bool()
        if mask is not None and bool((mask[:, 1:] & ~mask[:, :-1]).any()):
            raise ValueError("attention_mask must be 1…10…0 in each row: prompts are padded on the right")
        if mask is None or bool(mask.all()):
            mask, bias = None, None
            lengths = torch.full((input_ids.shape[0],), input_ids.shape[1], device=input_ids.device)
        else:
            lengths = mask.sum(1)
            bias = mask.clone()
            bias[:, 0] = True  # an empty row needs one key to attend to; nobody reads the result
            bias = bias[:, None, None, :]
        positions = torch.arange(input_ids.shape[1], device=input_ids.device)  # (P,)
        rope = rotary(positions, self.config.head_size, self.config.rope_theta)
        x = self.embed(input_ids)  # (B, P, d)
        keys, values = [], []
        for index, block in enumerate(self.layers()):
            query, key, value = (part.transpose(1, 2) for part in block.project(x, rope))  # (B, H, P, D)
            keys.append(key)
            values.append(value)
            if index + 1 < len(self.blocks):  # nobody reads the prompt's own last output
                attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
                x = block.finish(x, attended.transpose(1, 2))
        return PromptCache(tuple(keys), tuple(values), mask, lengths)

    def unconditional(self, batch: int) -> PromptCache:
        """The cache of the prompt `<|record|>` alone, as training shows it in place of dropped prompts."""
        ids = torch.full((batch, 1), self.config.record_token_id, device=self.embedding.weight.device)
        return self.encode_prompt(ids)

    def forward(self, canvas: Tensor, cache: PromptCache, lengths: Tensor | None = None) -> Tensor:
        """Logits (B, L, V), in the parameters' dtype, of the canvas (B, L) int64 after the cached prompts.

        Row i of the logits speaks of position i. `<|end|>` and `<|pad|>` belong to a canvas and are predicted like
        any token; where canvases differ in length, `lengths` (B,) int64 says how much of each is real, and nothing
        attends to what stands behind. Positions continue after each row's true prompt length.
        ValueError if batch sizes differ or the context is exceeded.
        """
        return self.logits(self.states(self.embed(canvas), cache, lengths))

    def states(
        self, x: Tensor, cache: PromptCache, lengths: Tensor | None = None, *, depth: int | None = None
    ) -> Tensor:
        """The residual stream (B, L, d) of a canvas after its first `depth` layers (None: all of them).

        x (B, L, d): the canvas as `embed` gives it; cache and lengths as in `forward`, and the same errors.
        """
        batch, length = x.shape[:2]
        if batch != cache.batch:
            raise ValueError(f"the canvas has {batch} rows, the prompt cache {cache.batch}")
        self._check_context(length + int(cache.lengths.max()))
        mask = None
        if cache.mask is not None or lengths is not None:
            past = cache.keys[0].shape[2]
            before = x.new_ones(batch, past, dtype=torch.bool) if cache.mask is None else cache.mask
            own = x.new_ones(batch, length, dtype=torch.bool)
            if lengths is not None:
                own = torch.arange(length, device=x.device) < lengths[:, None]
            mask = torch.cat((before, own), dim=1)[:, None, None, :]  # (B, 1, 1, P+L)
        positions = cache.lengths[:, None] + torch.arange(length, device=x.device)  # (B, L)
        rope = rotary(positions, self.config.head_size, self.config.rope_theta)
        layers = islice(zip(self.layers(), cache.keys, cache.values, strict=True), depth)
        for block, past_key, past_value in layers:
            query, key, value = (part.transpose(1, 2) for part in block.project(x, rope))  # (B, H, L, D)
            key = torch.cat((past_key, key), dim=2)  # (B, H, P+L, D)
            value = torch.cat((past_value, value), dim=2)
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
            x = block.finish(x, attended.transpose(1, 2))
        return x

    def _check_context(self, length: int) -> None:
        if length > self.config.max_position:
            raise ValueError(
                f"{length} positions are asked for, but the model's context is {self.config.max_position} "
                f"({self.config.max_prompt} of prompt, {self.config.max_canvas} of canvas): shorten the text"
            )


def _fresh(weight: Tensor, fill: Any) -> None:
    """Initialise unless the loader has put a checkpoint's values there."""
    if not getattr(weight, "_is_hf_initialized", False):
        fill(weight)


def save_folder(model: EmbeddedDiffusionModel, folder: str | os.PathLike[str]) -> None:
    """Write config and weights as a transformers folder: bfloat16, safetensors shards of at most 15 MB."""
    copy = EmbeddedDiffusionModel(model.config).to(torch.bfloat16)
    copy.load_state_dict(model.state_dict())
    copy.config.architectures = [type(copy).__name__]
    copy.save_pretrained(folder, max_shard_size="15MB")
