"""Dream 7B: bidirectional on Qwen2.5's shoulders, row i speaks of position i + 1. Ye et al. 2025 (arXiv:2508.15487)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from controlgen.families._family import Family
from controlgen.families._full_canvas import Call, FullCanvas
from controlgen.families._ids import columns, context, named_ids, one_id, template_prompt
from controlgen.families._registry import Entry, register
from controlgen.samplers import Entropy


def _call(network: Any, call: Call) -> Tensor:
    """Padded rows need a mask of pairs and positions counted from each row's first token; else the model is told so."""
    if call.mask is None:
        logits: Tensor = network(call.tokens, "full", None).logits
        return logits
    pairs = call.mask[:, None, :, None] & call.mask[:, None, None, :]  # (B, 1, T, T)
    pairs = pairs | ~call.mask[:, None, :, None]  # padding sees everything: no row without a key, and nobody reads it
    padded: Tensor = network(call.tokens, pairs, call.positions).logits
    return padded


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> FullCanvas:
    """A Dream network with its conventions."""
    family = Family(
        name="Dream",
        vocab_size=columns(config),
        mask_id=one_id(config, "mask_token_id", tokenizer, ["<|mask|>"], 151666, "Dream"),
        stop_ids=named_ids(config, ["eos_token_id"], tokenizer, ["<|im_end|>"]),
        pad_ids=frozenset([one_id(config, "pad_token_id", tokenizer, ["<|endoftext|>"], 151643, "Dream")]),
        context=context(config, "max_position_embeddings"),
        canvas=256,
        logit_shift=1,
        sampler=Entropy(schedule="linear"),
        steps=256,
        special_tokens=("<|im_start|>", "<|beginoftext|>"),
        prompt=template_prompt,
    )
    return FullCanvas(network, family, _call)


register(Entry("dream", ("Dream",), build))
