"""LLaDA 8B and 1.5: bidirectional, unshifted, prompts masked out for guidance, blocks from left to right.

The published loops are LLaDA's generate.py and the loops without cache of Fast-dLLM (threshold, factor).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.llada.configuration_llada import LLaDAConfig
from tests.controlgen.zoo.remote.llada.modeling_llada import LLaDAModelLM

SPECIAL = ("<|startoftext|>", "<|endoftext|>", "<|mdm_mask|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
BOS, EOS, MASK, _, _, EOT = range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(SPECIAL))
COLUMNS = 352
"""Columns of the logits: those beyond the tokenizer's ids are padding, as in the published model."""

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)

CONFIG: dict[str, Any] = {
    "activation_type": "silu",
    "alibi": False,
    "architectures": ["LLaDAModelLM"],
    "attention_dropout": 0.0,
    "attention_layer_norm": False,
    "auto_map": {
        "AutoConfig": "configuration_llada.LLaDAConfig",
        "AutoModel": "modeling_llada.LLaDAModelLM",
        "AutoModelForCausalLM": "modeling_llada.LLaDAModelLM",
    },
    "block_group_size": 1,
    "block_type": "llama",
    "d_model": 32,
    "embedding_dropout": 0.0,
    "embedding_size": COLUMNS,
    "eos_token_id": EOS,
    "flash_attention": False,
    "include_bias": False,
    "include_qkv_bias": False,
    "init_device": "meta",
    "layer_norm_type": "rms",
    "mask_token_id": MASK,
    "max_sequence_length": 4096,
    "mlp_hidden_size": 64,
    "mlp_ratio": 4,
    "model_type": "llada",
    "n_heads": 2,
    "n_kv_heads": 2,
    "n_layers": 2,
    "pad_token_id": EOS,
    "residual_dropout": 0.0,
    "rms_norm_eps": 1e-06,
    "rope": True,
    "rope_theta": 30.0,
    "torch_dtype": "float32",
    "use_cache": False,
    "vocab_size": COLUMNS,
    "weight_tying": False,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> LLaDAModelLM:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = LLaDAModelLM(LLaDAConfig(**{**CONFIG, **sizes})).eval()
    made.model.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published. The tokenizer knows no mask token: config.json has its id."""
    _shared.write(folder, network(seed), CONFIG, remote="llada")
    _tokenizer.save(
        folder,
        SPECIAL,
        bos_token="<|startoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
    )


def barred(ends: bool = False) -> Tensor:
    """Control tokens and padded columns; the two tokens that end a text are allowed if ``ends``."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    if ends:
        bad[[EOS, EOT]] = False
    return bad


def transfer_counts(masked: int, steps: int) -> list[int]:
    """How many tokens each step commits: equal shares, and the remainder one by one to the first steps."""
    base, remainder = divmod(masked, steps)
    return [base + (step < remainder) for step in range(steps)]


def threshold_count(ranked: list[float], threshold: float) -> int:
    """Fast-dLLM: all positions at or above the threshold, and at least the surest. ``ranked`` descends."""
    return max(1, sum(value >= threshold for value in ranked))


def factor_count(ranked: list[float], factor: float) -> int:
    """Fast-dLLM: the n-th surest is held against 1 - factor / (n + 1), the first always passes.

    As published, the last position is not held against anything: reaching it commits all of them.
    """
    for index, value in enumerate(ranked):
        if index > 0 and value < 1 - factor / (index + 2):
            return len(ranked) if index == len(ranked) - 1 else index
    return len(ranked)


def _logits(network: nn.Module, canvas: Tensor, prompt: int, cfg_scale: float) -> Tensor:
    """Logits (P + L, V), guided away from what the model says when the prompt is masked."""
    if cfg_scale == 0:
        return network(canvas[None]).logits[0].double()
    blind = canvas.clone()
    blind[:prompt] = network.config.mask_token_id
    with_prompt, without = network(torch.stack((canvas, blind))).logits.double()
    return without + (cfg_scale + 1) * (with_prompt - without)


def _confidence(logits: Tensor, tokens: Tensor, remasking: str, uniforms: Uniforms) -> Tensor:
    """The probability of each chosen token at temperature 1, or a random number."""
    if remasking == "random":
        return uniforms("unmask", (len(tokens),))
    assert remasking == "low_confidence"
    return logits.softmax(-1).gather(-1, tokens[:, None])[:, 0]


def _count(ranked: list[float], plan: Iterator[int], threshold: float | None, factor: float | None) -> int:
    if factor is not None:
        return factor_count(ranked, factor)
    if threshold is not None:
        return threshold_count(ranked, threshold)
    return next(plan)


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    steps: int = 16,
    block_length: int | None = None,
    temperature: float = 0.0,
    cfg_scale: float = 0.0,
    remasking: str = "low_confidence",
    threshold: float | None = None,
    factor: float | None = None,
) -> Tensor:
    """The answer (L,). With ``threshold`` or ``factor`` a block takes as many steps as it needs."""
    mask, prompt = network.config.mask_token_id, len(prompt_ids)
    block_length = block_length or length
    blocks = length // block_length
    assert length % block_length == 0
    assert steps % blocks == 0
    canvas = torch.cat((prompt_ids, torch.full((length,), mask)))
    answer = canvas[prompt:]
    for end in range(block_length, length + 1, block_length):
        open_now = int((answer[:end] == mask).sum())
        plan = iter(transfer_counts(open_now, steps // blocks))
        for _ in range(steps // blocks if threshold is None and factor is None else open_now):
            masked = (answer == mask) & (torch.arange(length) < end)
            if (threshold is not None or factor is not None) and not masked.any():
                break
            logits = _shared.allowed(_logits(network, canvas, prompt, cfg_scale)[prompt:], barred)
            tokens = _shared.pick(logits, temperature, uniforms)
            confidence = _confidence(logits, tokens, remasking, uniforms).masked_fill(~masked, -torch.inf)
            ranked = confidence[masked].sort(descending=True).values.tolist()
            chosen = _shared.first(confidence, _count(ranked, plan, threshold, factor))
            answer[chosen] = tokens[chosen]
    return answer.clone()
