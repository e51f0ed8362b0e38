"""LLaDA2.0 and LLaDA2.1: block diffusion with experts, blocks of 32 from the sequence's start. Ant Group 2025, 2026.

The two versions have the same configuration; 2.1 was trained to edit what it wrote, which is the sampler's matter
(`TokenEditing`) and that of `family="llada2.1"`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from controlgen.families._block_causal import BlockCall, BlockCausal
from controlgen.families._family import Family
from controlgen.families._ids import columns, context, named_ids, one_id, template_prompt
from controlgen.families._registry import Entry, register
from controlgen.samplers import LowConfidence, Sampler, TokenEditing


def _call(network: Any, call: BlockCall) -> Tensor:
    """The cache that is given is written: what is not to stay is cut off again."""
    hidden = torch.zeros(call.visible.shape, dtype=_dtype(network), device=call.visible.device)
    logits: Tensor = network(
        call.tokens,
        attention_mask=hidden.masked_fill_(~call.visible, torch.finfo(hidden.dtype).min),
        position_ids=call.positions,
        past_key_values=call.cache,
        use_cache=True,
    ).logits
    if not call.store:
        call.cache.crop(-call.tokens.shape[1])
    return logits


def _dtype(network: Any) -> torch.dtype:
    kind: torch.dtype = next(network.parameters()).dtype
    return kind


def _built(network: Any, config: Mapping[str, Any], tokenizer: Any, name: str, sampler: Sampler) -> BlockCausal:
    family = Family(
        name=name,
        vocab_size=columns(config),
        mask_id=one_id(config, "mask_token_id", tokenizer, ["<|mask|>"], 156895, name),
        stop_ids=named_ids(config, ["eos_token_id"], tokenizer, ["<|endoftext|>"]),
        pad_ids=frozenset([one_id(config, "pad_token_id", tokenizer, ["<|endoftext|>"], 156892, name)]),
        context=context(config, "max_position_embeddings", published=32768),
        canvas=512,
        block=32,
        resizable=True,
        sampler=sampler,
        steps=32,
        special_tokens=("<role>",),
        prompt=template_prompt,
    )
    return BlockCausal(network, family, _call)


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> BlockCausal:
    """A LLaDA2.0 network with its conventions."""
    return _built(network, config, tokenizer, "LLaDA2.0", LowConfidence(schedule="fixed", threshold=0.95))


def build_editing(network: Any, config: Mapping[str, Any], tokenizer: Any) -> BlockCausal:
    """A LLaDA2.1 network with its conventions."""
    return _built(network, config, tokenizer, "LLaDA2.1", TokenEditing())


_LOADER = "transformers:AutoModelForCausalLM"
register(Entry("llada2", ("llada2_moe",), build, loader=_LOADER))
register(Entry("llada2.1", (), build_editing, loader=_LOADER))
