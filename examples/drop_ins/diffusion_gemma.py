"""DiffusionGemma in transformers: `.venv/bin/python examples/drop_ins/diffusion_gemma.py`.

The real classes and their real loop, two layers with random weights, three canvases of 16 tokens.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from transformers import DiffusionGemmaForBlockDiffusion, LogitsProcessorList
from transformers.models.diffusion_gemma.configuration_diffusion_gemma import (
    DiffusionGemmaConfig,
    DiffusionGemmaTextConfig,
)

sys.path.insert(0, str(Path(__file__).parent))
from tiny import PAD, SIZE, STOP, constraint, text_of

from controlgen.integrations import DiffusionGemmaConstraint


def small_model() -> Any:
    """The published architecture in small."""
    text = DiffusionGemmaTextConfig(
        vocab_size=SIZE,
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
        pad_token_id=PAD,
        eos_token_id=STOP,
        bos_token_id=None,
    )
    vision = {"model_type": "gemma4_vision", "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    vision |= {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8}
    torch.manual_seed(0)
    config = DiffusionGemmaConfig(text_config=text, vision_config=vision, canvas_length=16, image_token_id=SIZE - 1)
    model = DiffusionGemmaForBlockDiffusion(config).eval()
    torch.nn.init.normal_(model.model.decoder.embed_tokens.weight)
    model.generation_config.pad_token_id, model.generation_config.eos_token_id = PAD, STOP
    return model


def main() -> None:
    model, prompts = small_model(), torch.arange(10).reshape(2, 5)
    options = {"max_new_tokens": 48, "max_denoising_steps": 8}
    out = model.generate(prompts, **options)
    print("without:", *map(text_of, out.sequences[:, 5:]), sep="\n  ")
    guard = DiffusionGemmaConstraint(constraint(), max_new_tokens=48, witness="sample")
    out = model.generate(prompts, logits_processor=LogitsProcessorList([guard]), **options)
    print("with:", *map(text_of, out.sequences[:, 5:]), sep="\n  ")


if __name__ == "__main__":
    main()
