"""SEDD with the absorbing graph: ratio scores instead of logits. Lou et al. 2024 (arXiv:2310.16834).

Its checkpoints belong to no transformers class and their config.json names no model_type: build the network with its
own repository's code and give it to `Model.of(network, tokenizer, family="sedd")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from controlgen._errors import ModelFolderError
from controlgen.families._family import Family
from controlgen.families._full_canvas import Call, FullCanvas
from controlgen.families._registry import Entry, register
from controlgen.families.mdlm import total_noise
from controlgen.samplers import Analytic


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> FullCanvas:
    """A SEDD network with its conventions: log s(v) = log p_t(v) / p_t(mask), the mask in the last column.

    log s is log p(v | canvas) but for one number per position, so it serves as logits; that number says how likely the
    position is to be unmasked, which the analytic sampler reads.
    """
    graph, noise = _part(config, "graph"), _part(config, "noise")
    if graph.get("type") != "absorb" or noise.get("type") != "loglinear":
        raise ModelFolderError(
            f"SEDD with graph {graph.get('type')!r} and noise {noise.get('type')!r}: only absorb, loglinear is known"
        )
    mask_id = int(config["tokens"])

    def call(model: Any, asked: Call) -> Tensor:
        sigma = torch.full((len(asked.tokens),), total_noise(asked.time), device=asked.tokens.device)
        scores: Tensor = model(asked.tokens, sigma)
        scores[..., mask_id] = -torch.inf
        return scores

    length = int(_part(config, "model").get("length", 1024))
    family = Family(
        name="SEDD",
        vocab_size=mask_id + 1,
        mask_id=mask_id,
        stop_ids=frozenset(),
        pad_ids=frozenset(),
        context=length,
        canvas=length,
        sampler=Analytic(),
        steps=128,
    )
    return FullCanvas(network, family, call, masks=False)


def _part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = config.get(name)
    return part if isinstance(part, Mapping) else {}


def _matches(config: Mapping[str, Any]) -> bool:
    return "model_type" not in config and "tokens" in config and "type" in _part(config, "graph")


register(Entry("sedd", (), build, loader=None, matches=_matches))
