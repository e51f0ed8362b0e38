"""The real DiffusionGemma classes with a few small random layers."""

from __future__ import annotations

from typing import Any

import torch
from transformers import DiffusionGemmaForBlockDiffusion
from transformers.models.diffusion_gemma.configuration_diffusion_gemma import (
    DiffusionGemmaConfig,
    DiffusionGemmaTextConfig,
)

from tests.controlgen.integrations._small import PAD, SIZE, STOP


def gemma(
    canvas: int,
    seed: int = 0,
    spread: float = 6.0,
    *,
    vocab_size: int = SIZE,
    pad_token_id: int = PAD,
    eos_token_id: int = STOP,
) -> Any:
    """A model of one sliding and one full layer, its logits spread so that they are neither flat nor certain."""
    text = DiffusionGemmaTextConfig(
        vocab_size=vocab_size,
        hidden_size=32,
        intermediate_size=32,
        moe_intermediate_size=16,
        num_hidden_layers=2,
        layer_types=["sliding_attention", "full_attention"],
        num_attention_heads=2,
        num_key_value_heads=1,
        num_global_key_value_heads=1,
        head_dim=16,
        global_head_dim=16,
        num_experts=2,
        top_k_experts=1,
        sliding_window=64,
        pad_token_id=pad_token_id,
        eos_token_id=eos_token_id,
        bos_token_id=None,
    )
    vision = {
        "model_type": "gemma4_vision",
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
    }
    config = DiffusionGemmaConfig(text_config=text, vision_config=vision, canvas_length=canvas, image_token_id=159)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = DiffusionGemmaForBlockDiffusion(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() >= 2:
                    parameter.normal_(std=0.3)
            model.model.decoder.embed_tokens.weight.normal_(std=spread / 32**0.5)
    model.generation_config.pad_token_id = pad_token_id
    model.generation_config.eos_token_id = eos_token_id
    return model
