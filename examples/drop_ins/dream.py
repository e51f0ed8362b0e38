"""Dream's hooks: `.venv/bin/python examples/drop_ins/dream.py`.

With a published checkpoint the call is

    model = AutoModel.from_pretrained("Dream-org/Dream-v0-Instruct-7B", trust_remote_code=True)
    guard = DreamConstraint(language.compile(vocabulary), mask_id=model.config.mask_token_id)
    model.diffusion_generate(input_ids, max_new_tokens=64, steps=64, alg="entropy", **guard.hooks)

Here a small loop calls the hooks in the same order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent))
from tiny import MASK, Network, constraint, text_of

from controlgen.integrations import DreamConstraint

Hook = Callable[..., Tensor]


def _unchanged_tokens(step: int | None, x: Tensor, logits: Tensor | None) -> Tensor:
    return x


def _unchanged_logits(step: int, x: Tensor, logits: Tensor) -> Tensor:
    return logits


def diffusion_generate(
    model: Network,
    prompt: Tensor,
    new: int,
    steps: int,
    generation_tokens_hook_func: Hook = _unchanged_tokens,
    generation_logits_hook_func: Hook = _unchanged_logits,
) -> Tensor:
    """The surest open positions of each row first, an equal share at every step."""
    x = torch.cat([prompt, torch.full((len(prompt), new), MASK)], dim=1)
    x = generation_tokens_hook_func(None, x, None)
    for step in range(steps):
        logits = generation_logits_hook_func(step, x, model(x).logits)
        confidence, tokens = logits.softmax(dim=-1).max(dim=-1)
        confidence[x != MASK] = -1
        share = int((x[0] == MASK).sum()) // (steps - step)
        chosen = confidence.topk(share, dim=-1).indices
        x.scatter_(1, chosen, tokens.gather(1, chosen))
        x = generation_tokens_hook_func(step, x, logits)
        print(f"step {step}: {text_of(x[0, prompt.shape[1] :])}")
    return x[:, prompt.shape[1] :]


def main() -> None:
    model, prompt = Network(), torch.arange(6)[None]
    print("without the hooks")
    diffusion_generate(model, prompt, 40, 4)
    print("with the hooks")
    guard = DreamConstraint(constraint(), mask_id=MASK)
    found = diffusion_generate(model, prompt, 40, 8, **guard.hooks)
    print("accepted by the constraint:", constraint().accepts(found[0]))


if __name__ == "__main__":
    main()
