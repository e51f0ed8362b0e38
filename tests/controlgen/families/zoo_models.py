"""Models of the library over the networks of the zoo, one of each family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from controlgen import Model
from tests.controlgen import tiny
from tests.controlgen.zoo import _tokenizer, bd3lm, dream, fast_dllm, llada, llada2, mdlm, sdar, sedd

GEMMA_SPECIAL = ("<pad>", "<eos>")


def of(module: Any, family: str | None = None, spread: float = 3.0) -> Callable[[], Model]:
    """Makes a model of a module of the zoo."""

    def make() -> Model:
        tokenizer = _tokenizer.tokenizer(module.SPECIAL)
        return Model.of(module.network(spread=spread), tokenizer, family=family, config=module.CONFIG)

    return make


def gemma(spread: float = 6.0, dtype: torch.dtype = torch.float32) -> Model:
    """The real DiffusionGemma class with small random weights and canvases of 16."""
    from tests.controlgen.integrations._gemma import gemma as network

    pad = _tokenizer.TEXT_TOKENS
    made = network(16, spread=spread, vocab_size=pad + 2, pad_token_id=pad, eos_token_id=pad + 1)
    made.generation_config.eos_token_id, made.generation_config.pad_token_id = pad + 1, pad
    if dtype is torch.float64:
        made.set_experts_implementation("eager")  # the grouped product has no float64
    return Model.of(made.to(dtype), _tokenizer.tokenizer(GEMMA_SPECIAL))


MODELS: dict[str, Callable[[], Model]] = {
    "embedded": tiny.model,
    "LLaDA": of(llada),
    "Dream": of(dream),
    "SDAR": of(sdar),
    "LLaDA2.0": of(llada2),
    "LLaDA2.1": of(llada2, "llada2.1"),
    "Fast-dLLM v2": of(fast_dllm),
    "MDLM": of(mdlm),
    "SEDD": of(sedd),
    "BD3-LM": of(bd3lm),
    "DiffusionGemma": gemma,
}

CALM: dict[str, Callable[[], Model]] = {
    **MODELS,
    "LLaDA": of(llada, spread=1.0),
    "DiffusionGemma": lambda: gemma(2.0, torch.float64),
}
"""The same, calmer where rounding, which padding changes, would grow from step to step.

DiffusionGemma routes each position to one expert: in float32 a tie between experts is decided by the rounding of the
machine at hand, and all that follows differs. Float64 leaves only a real dependence to be seen."""

ENDLESS = {"MDLM", "SEDD", "BD3-LM"}
"""Families without a stop token: a canvas is text to its last position."""
