"""The pipelines of diffusers: `.venv/bin/python examples/drop_ins/diffusers_pipelines.py` (needs `diffusers>=0.39`).

`LLaDA2Pipeline` with a small network; `DiffusionGemmaPipeline` takes a scheduler made in the same way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from diffusers import BlockRefinementScheduler, LLaDA2Pipeline

sys.path.insert(0, str(Path(__file__).parent))
from tiny import MASK, STOP, Network, constraint, text_of

from controlgen.integrations import constrained


def written(scheduler: Any) -> list[str]:
    """The texts of two prompts."""
    pipe = LLaDA2Pipeline(model=Network(), scheduler=scheduler)
    pipe.set_progress_bar_config(disable=True)
    out = pipe(
        input_ids=torch.arange(12).reshape(2, 6),
        gen_length=48,
        block_length=16,
        num_inference_steps=8,
        eos_token_id=STOP,
        mask_token_id=MASK,
        output_type="seq",
    )
    return [text_of(row) for row in out.sequences]


def main() -> None:
    scheduler = BlockRefinementScheduler(block_length=16)
    print("without:", *written(scheduler), sep="\n  ")
    print("with:", *written(constrained(scheduler, constraint(), gen_length=48)), sep="\n  ")


if __name__ == "__main__":
    main()
