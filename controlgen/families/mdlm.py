"""MDLM, and ReMDM on the same checkpoints: no end of text, no padding. arXiv:2406.07524 and 2503.00307.

The network gives raw logits; the SUBS parameterisation makes log-probabilities of them: the mask is never predicted,
and what stands in the canvas stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from controlgen.families._family import Family
from controlgen.families._full_canvas import Call, FullCanvas
from controlgen.families._ids import columns, context
from controlgen.families._registry import Entry, register
from controlgen.samplers import Ancestral

_NOISE_EPS = 1e-3  # of the log-linear schedule that the checkpoints were trained with


def total_noise(time: float) -> float:
    """σ(t) = −log(1 − (1 − 1e-3) t), the log-linear schedule."""
    return -math.log1p(-(1 - _NOISE_EPS) * time)


def subs(logits: Tensor, tokens: Tensor, mask_id: int) -> Tensor:
    """The SUBS parameterisation, in place: −inf at the mask, and only a position's own token where one stands."""
    logits[..., mask_id] = -torch.inf
    written = tokens != mask_id  # the network's rule, not the loop's: a token that is no mask predicts itself
    logits[written] = -torch.inf
    rows, positions = written.nonzero(as_tuple=True)
    logits[rows, positions, tokens[rows, positions]] = 0.0
    return logits


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> FullCanvas:
    """An MDLM network with its conventions; the mask is the last logit column."""
    mask_id = columns(config) - 1

    def call(model: Any, asked: Call) -> Tensor:
        sigma = torch.full((len(asked.tokens),), total_noise(asked.time), device=asked.tokens.device)
        answer = model(asked.tokens, sigma)
        return subs(getattr(answer, "logits", answer), asked.tokens, mask_id)

    family = Family(
        name="MDLM",
        vocab_size=columns(config),
        mask_id=mask_id,
        stop_ids=frozenset(),
        pad_ids=frozenset(),
        context=context(config, "model_length", published=1024),
        canvas=context(config, "model_length", published=1024),
        sampler=Ancestral(),
        steps=128,
    )
    return FullCanvas(network, family, call, masks=False)


register(Entry("mdlm", ("mdlm",), build, loader="transformers:AutoModelForMaskedLM"))
