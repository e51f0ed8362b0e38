"""LLaDA 8B and LLaDA 1.5: bidirectional, row i speaks of position i. Nie et al. 2025 (arXiv:2502.09992)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from controlgen.families._family import Family
from controlgen.families._full_canvas import Call, FullCanvas
from controlgen.families._ids import columns, context, named_ids, one_id, template_prompt
from controlgen.families._registry import Entry, register
from controlgen.samplers import LowConfidence


def _call(network: Any, call: Call) -> Tensor:
    logits: Tensor = network(call.tokens, attention_mask=None if call.mask is None else call.mask.long()).logits
    return logits


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> FullCanvas:
    """A LLaDA network with its conventions; two tokens end a text, one of them is the padding too."""
    end = one_id(config, "eos_token_id", tokenizer, ["<|endoftext|>"], 126081, "LLaDA")
    family = Family(
        name="LLaDA",
        vocab_size=columns(config),
        mask_id=one_id(config, "mask_token_id", tokenizer, ["<|mdm_mask|>"], 126336, "LLaDA"),
        stop_ids=named_ids({}, (), tokenizer, ["<|eot_id|>"]) | {end},
        pad_ids=frozenset([one_id(config, "pad_token_id", tokenizer, ["<|endoftext|>"], 126081, "LLaDA")]),
        context=context(config, "max_sequence_length"),
        canvas=128,
        sampler=LowConfidence(),
        steps=128,
        special_tokens=("<|startoftext|>",),
        prompt=template_prompt,
    )
    return FullCanvas(network, family, _call)


register(Entry("llada", ("llada",), build))
