"""BD3-LM: block diffusion by ancestral sampling; blocks from the first position (BOS), unshifted, cache in the model.

The published loop is ``_semi_ar_sampler`` with ``_ddpm_caching_update`` of the BD3-LM repository's diffusion.py.
It starts from BOS alone; prompts here stand in its place.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.bd3lm.configuration_bd3lm import BD3LMConfig
from tests.controlgen.zoo.remote.bd3lm.modeling_bd3lm import BD3LM

SPECIAL = ("<|endoftext|>",)
BOS = _tokenizer.TEXT_TOKENS
MASK = BOS + 1
"""The mask token is no token of the tokenizer: its id is the one after the last."""
COLUMNS = MASK + 1

CONFIG: dict[str, Any] = {
    "adaln": True,
    "architectures": ["BD3LM"],
    "attn_backend": "sdpa",
    "auto_map": {
        "AutoConfig": "configuration_bd3lm.BD3LMConfig",
        "AutoModelForMaskedLM": "modeling_bd3lm.BD3LM",
    },
    "block_size": 4,
    "causal": False,
    "cond_dim": 8,
    "cross_attn": True,
    "dropout": 0.1,
    "hidden_dim": 32,
    "model_length": 64,
    "model_type": "bd3lm",
    "n_blocks": 2,
    "n_heads": 2,
    "return_dict": False,
    "sampling_eps_max": 0.999,
    "sampling_eps_min": 0.001,
    "time_conditioning": False,
    "torch_dtype": "float32",
    "var_min": True,
    "vocab_size": COLUMNS,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> BD3LM:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = BD3LM(BD3LMConfig(**{**CONFIG, **sizes})).eval()
    made.backbone.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published, with GPT-2's way of special tokens. Neither file names a mask token."""
    _shared.write(folder, network(seed), CONFIG, remote="bd3lm")
    _tokenizer.save(folder, SPECIAL, bos_token=SPECIAL[0], eos_token=SPECIAL[0], unk_token=SPECIAL[0])


def barred(ends: bool = False) -> Tensor:
    """The mask token, and the token that begins and ends a text unless ``ends``."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[MASK] = True
    bad[BOS] = not ends
    return bad


def nucleus(probabilities: Tensor, mass: float) -> Tensor:
    """The likeliest tokens whose running sum is at most ``mass``, and always the first, scaled to sum to one."""
    if mass == 1:
        return probabilities
    ordered, order = probabilities.sort(descending=True, stable=True)
    keep = ordered.cumsum(-1) <= mass
    keep[:, 0] = True
    kept = probabilities * torch.zeros_like(keep).scatter(-1, order, keep)
    return kept / kept.sum(-1, keepdim=True)


def stay_masked(step: int, num_steps: int) -> float:
    """The probability that a mask outlives a step: move chances at t - dt and at t, of the log-linear schedule.

    As published, t runs over ``linspace(1, 0, num_steps)`` while dt is 1 / num_steps, and the last t is 0, where
    the published code divides by zero: here nothing stays masked then.
    """
    t = 1.0 if num_steps == 1 else 1 - step / (num_steps - 1)
    return max((t - 1 / num_steps) / t, 0.0) if t > 0 else 0.0


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    num_steps: int = 16,
    first_hitting: bool = True,
    nucleus_p: float = 1.0,
    kv_cache: bool = False,
    mask_id: int = MASK,
) -> Tensor:
    """The answer (L,). A step draws a token for every position of the block and says which masks it replaces.

    With ``first_hitting`` one mask goes, each as likely as another: the one with the largest uniform. The time at
    which it goes is of no interest to a model that is blind to time, and not drawn. Without it each mask goes with
    probability 1 - ``stay_masked``.
    """
    block = network.config.block_size
    assert len(prompt_ids) > 0
    assert num_steps >= block or not first_hitting
    blocks = -(-(len(prompt_ids) + length) // block)
    canvas = torch.cat((prompt_ids, torch.full((blocks * block - len(prompt_ids),), mask_id)))
    forward = _reader(network, canvas, kv_cache)
    known = len(prompt_ids) // block * block
    network.cache = None
    if kv_cache:
        network.reset_kv_cache(1)
        for start in range(0, known, block):
            forward(start, True)
    for start in range(known, len(canvas), block):
        text = canvas[start : start + block]
        for step in range(num_steps):
            masked = text == mask_id
            if not masked.any():
                break
            logits = _shared.allowed(forward(start, False), barred)
            tokens = _shared.draw(nucleus(logits.softmax(-1), nucleus_p), uniforms("tokens", (block,)))
            order = uniforms("unmask", (block,))
            if first_hitting:
                written = _shared.first(order.masked_fill(~masked, -torch.inf), 1)
            else:
                written = masked & (order < 1 - stay_masked(step, num_steps))
            text[written] = tokens[written]
        if kv_cache:
            forward(start, True)
    network.cache = None
    return canvas[len(prompt_ids) : len(prompt_ids) + length].clone()


def _reader(network: nn.Module, canvas: Tensor, kv_cache: bool) -> Callable[[int, bool], Tensor]:
    """Logits (block, V) of the block at a start: from the cache, or from as much text as the model is long."""
    block, context = network.config.block_size, network.config.model_length

    def forward(start: int, store: bool) -> Tensor:
        end = start + block
        begin = start if kv_cache else max(end - context, 0)
        logits = network(canvas[None, begin:end], timesteps=torch.zeros(1), sample_mode=True, store_kv=store)
        return logits[0, -block:]

    return forward
