"""BD3-LM: block diffusion by ancestral steps, blocks from the token that begins a text. Arriola et al. 2025
(arXiv:2503.09573).

The published network keeps its cache inside itself, for one set of rows at a time; here every pass computes the text
before the block anew, so that rows can differ and threads can share the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from controlgen.families._family import Family
from controlgen.families._full_canvas import Call, FullCanvas
from controlgen.families._ids import columns, context, token_id
from controlgen.families._registry import Entry, register
from controlgen.families.mdlm import subs
from controlgen.samplers import FirstHitting


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> FullCanvas:
    """A BD3-LM network with its conventions; the mask is the last logit column."""
    mask_id, length = columns(config) - 1, context(config, "model_length", published=1024)
    block = int(config["block_size"])

    def call(model: Any, asked: Call) -> Tensor:
        shown = asked.tokens[:, -length:]
        answer = model(shown, timesteps=torch.zeros(len(shown), device=shown.device), sample_mode=True)
        logits = subs(getattr(answer, "logits", answer), shown, mask_id)
        return logits[:, -block:]

    begin = token_id(tokenizer, "<|endoftext|>")
    family = Family(
        name="BD3-LM",
        vocab_size=columns(config),
        mask_id=mask_id,
        stop_ids=frozenset(),
        pad_ids=frozenset(),
        context=2**31,  # the window of `model_length` tokens moves on
        canvas=length,
        block=block,
        sampler=FirstHitting(),
        steps=block,
        begin_ids=() if begin is None else (begin,),
    )
    return FullCanvas(network, family, call, masks=False)


register(Entry("bd3lm", ("bd3lm",), build, loader="transformers:AutoModelForMaskedLM"))
