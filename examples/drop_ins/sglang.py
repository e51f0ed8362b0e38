"""SGLang's algorithm, outside of SGLang: `.venv/bin/python examples/drop_ins/sglang.py`.

In a server the engine makes the algorithm from its own configuration (see `controlgen.integrations.sglang`) and calls
`step` after each forward pass. Here a small loop does the same for one request, block by block.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import torch

HERE = str(Path(__file__).parent)
sys.path[:] = [*(folder for folder in sys.path if folder != HERE), HERE]  # last: this file is called sglang, too
from tiny import MASK, STOP, Network, constraint, text_of  # noqa: E402

from controlgen.integrations import ConstrainedLowConfidence  # noqa: E402

BLOCK = 16


def main() -> None:
    config = SimpleNamespace(
        algorithm_config={"max_new_tokens": 48, "threshold": 0.5},
        block_size=BLOCK,
        mask_id=MASK,
        first_done_first_out_mode=False,
    )
    algorithm = ConstrainedLowConfidence(config, constraint())
    model, text = Network(), list(range(6))  # the first block begins with the prompt
    while STOP not in text and len(text) < 6 + 48:
        start = len(text) // BLOCK * BLOCK
        ids = torch.tensor(text[start:] + [MASK] * (BLOCK - len(text) + start))
        batch = SimpleNamespace(batch_size=1, input_ids=ids, rids=["request"], extend_prefix_lens_cpu=[start])
        states, done, steps = algorithm.init_step_state(batch), False, 0
        while not done:
            seen = torch.tensor(text[:start] + ids.tolist())[None]
            logits = model(seen).logits[0, -BLOCK:]
            (done,) = algorithm.step(batch, SimpleNamespace(full_logits=logits), states)
            steps += 1
        text = text[:start] + ids.tolist()
        print(f"block {start // BLOCK} after {steps} steps: {text_of(torch.tensor(text[6:]))}")


if __name__ == "__main__":
    main()
