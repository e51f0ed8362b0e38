"""SDAR: block diffusion on Qwen3's shoulders, blocks of 4 to 64 from the sequence's start. Cheng et al. 2025
(arXiv:2510.06303).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from controlgen.families._block_causal import BlockCall, BlockCausal
from controlgen.families._family import Family
from controlgen.families._ids import columns, context, named_ids, one_id, template_prompt
from controlgen.families._registry import Entry, register
from controlgen.samplers import LowConfidence


def _call(network: Any, call: BlockCall) -> Tensor:
    logits: Tensor = network(
        call.tokens,
        attention_mask=call.visible,
        position_ids=call.positions,
        past_key_values=call.cache,
        use_cache=True,
        store_kv=call.store,
    ).logits
    return logits


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> BlockCausal:
    """An SDAR network with its conventions."""
    block = int(config.get("block_size") or 4)
    family = Family(
        name="SDAR",
        vocab_size=columns(config),
        mask_id=one_id(config, "mask_token_id", tokenizer, ["<|MASK|>"], 151669, "SDAR"),
        stop_ids=named_ids(config, ["eos_token_id"], tokenizer, ["<|im_end|>", "<|endoftext|>"]),
        pad_ids=frozenset([one_id(config, "pad_token_id", tokenizer, ["<|endoftext|>"], 151643, "SDAR")]),
        context=context(config, "max_position_embeddings", published=32768),
        canvas=256,
        block=block,
        resizable=True,
        sampler=LowConfidence(schedule="fixed", threshold=0.85),
        steps=block,
        special_tokens=("<|im_start|>",),
        prompt=template_prompt,
    )
    return BlockCausal(network, family, _call)


register(Entry("sdar", ("sdar", "sdar_moe"), build, loader="transformers:AutoModelForCausalLM"))
