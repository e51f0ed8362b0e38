"""DiffusionGemma: uniform diffusion on canvases of 256 tokens behind an encoder cache, with self-conditioning.

The class is transformers' own `DiffusionGemmaForBlockDiffusion`. A prompt and every finished canvas are encoded
causally into the cache; the decoder reads the canvas, in which open positions hold random tokens, both ways, together
with the logits of the step before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from controlgen.families._family import Family, View
from controlgen.families._ids import columns, context, named_ids, template_prompt
from controlgen.families._registry import Entry, register
from controlgen.samplers import UniformRenoise


@dataclass(frozen=True)
class _Encoded:
    """The encoder's cache and which of its S positions are real, (B, S) bool."""

    cache: DynamicCache
    real: Tensor


class GemmaDenoiser:
    """A DiffusionGemma network with its family's conventions."""

    def __init__(self, network: Any, family: Family) -> None:
        self.network, self.family = network.eval(), family
        self.device: torch.device = next(network.parameters()).device

    def encode(self, prompts: Sequence[Sequence[int]]) -> _Encoded:
        """The encoder's cache of the prompts, padded on the left."""
        longest = max(1, *map(len, prompts)) if prompts else 1
        tokens = torch.full((len(prompts), longest), min(self.family.pad_ids, default=0), dtype=torch.int64)
        real = torch.zeros_like(tokens, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            tokens[row, longest - len(prompt) :] = torch.as_tensor(list(prompt), dtype=torch.int64)
            real[row, longest - len(prompt) :] = True
        cache = DynamicCache(config=self.network.config.get_text_config(decoder=True))
        nothing = torch.zeros(len(prompts), 0, dtype=torch.bool, device=self.device)
        return self._stored(_Encoded(cache, nothing), tokens.to(self.device), real.to(self.device))

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        """The first token alone, which begins every text."""
        return prompt[:1]

    def select(self, conditioning: _Encoded, rows: Tensor) -> _Encoded:
        chosen = rows.to(self.device)
        conditioning.cache.batch_select_indices(chosen)
        return _Encoded(conditioning.cache, conditioning.real[chosen])

    def store(self, conditioning: _Encoded, tokens: Tensor) -> _Encoded:
        """Finished canvases (B, n · canvas) join the cache."""
        shown = tokens.to(self.device)
        return self._stored(conditioning, shown, torch.ones_like(shown, dtype=torch.bool))

    def carried(self, conditioning: _Encoded) -> Tensor | None:
        return None

    def predict(self, view: View, conditioning: _Encoded) -> Tensor:
        """One pass of the decoder: logits (B, canvas, V), float32."""
        tokens = view.tokens.to(self.device)
        mask = torch.cat((conditioning.real, torch.ones_like(tokens, dtype=torch.bool)), dim=1)
        memory = view.memory
        if memory is not None:
            memory = memory.to(self.network.model.decoder.embed_tokens.weight.dtype)
        with torch.no_grad():
            logits: Tensor = self.network(
                decoder_input_ids=tokens,
                self_conditioning_logits=memory,
                decoder_attention_mask=mask,
                decoder_position_ids=_positions(mask)[:, -tokens.shape[1] :],
                cache=conditioning.cache,
            ).logits
        return logits

    def _stored(self, past: _Encoded, tokens: Tensor, real: Tensor) -> _Encoded:
        seen = torch.cat((past.real, real), dim=1)
        with torch.no_grad():
            self.network.model.encoder(
                input_ids=tokens,
                attention_mask=seen,
                cache=past.cache,
                position_ids=_positions(seen)[:, -tokens.shape[1] :],
            )
        return _Encoded(past.cache, seen)


def _positions(real: Tensor) -> Tensor:
    """Positions counted from each row's first real token, (B, S): padding does not turn a row's rotations."""
    return (real.cumsum(1) - 1).clamp(min=0)


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> GemmaDenoiser:
    """A DiffusionGemma network with its conventions; its text configuration is nested."""
    text = config.get("text_config")
    inner: Mapping[str, Any] = text if isinstance(text, Mapping) else config
    generation = getattr(network, "generation_config", None)
    ends = named_ids(inner, ["eos_token_id"], tokenizer, ["<turn|>", "<end_of_turn>"])
    named = getattr(generation, "eos_token_id", None)
    ends |= frozenset([named] if isinstance(named, int) else named or ())
    block = int(config.get("canvas_length") or 256)
    family = Family(
        name="DiffusionGemma",
        vocab_size=columns(inner),
        mask_id=None,
        stop_ids=ends,
        pad_ids=named_ids(inner, ["pad_token_id"], tokenizer, []),
        context=context(inner, "max_position_embeddings", published=131072),
        canvas=block,
        block=block,
        block_origin="canvas",
        sampler=UniformRenoise(),
        steps=48,
        remembers=True,
        special_tokens=("<bos>",),
        prompt=template_prompt,
    )
    return GemmaDenoiser(network, family)


register(
    Entry(
        "diffusion_gemma",
        ("diffusion_gemma",),
        build,
        loader="transformers:DiffusionGemmaForBlockDiffusion",
        native=True,
    )
)
