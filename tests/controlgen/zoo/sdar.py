"""SDAR: block diffusion on Qwen3's shoulders; blocks from the first position, unshifted, cache by store_kv.

The published loop is generate.py of the SDAR repository.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.sdar.configuration_sdar import SDARConfig
from tests.controlgen.zoo.remote.sdar.modeling_sdar import SDARForCausalLM

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<|MASK|>")
EOS, START, END, _, _, MASK = range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(SPECIAL))
COLUMNS = 336
"""Columns of the logits: those beyond the tokenizer's ids are padding, as in the published model."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

CONFIG: dict[str, Any] = {
    "architectures": ["SDARForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "auto_map": {
        "AutoConfig": "configuration_sdar.SDARConfig",
        "AutoModelForCausalLM": "modeling_sdar.SDARForCausalLM",
    },
    "block_size": 4,
    "bos_token_id": EOS,
    "debug": False,
    "eos_token_id": EOS,
    "fuse_cross_entropy": True,
    "head_dim": 16,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 64,
    "mask_token_id": MASK,
    "max_position_embeddings": 32768,
    "max_window_layers": 2,
    "model_type": "sdar",
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-06,
    "rope_theta": 30.0,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "use_cache": False,
    "use_sliding_window": False,
    "vocab_size": COLUMNS,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> SDARForCausalLM:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = SDARForCausalLM(SDARConfig(**{**CONFIG, **sizes})).eval()
    made.model.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published."""
    _shared.write(folder, network(seed), CONFIG, remote="sdar")
    _tokenizer.save(
        folder,
        SPECIAL,
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        mask_token="<|MASK|>",
        chat_template=CHAT_TEMPLATE,
    )


def barred(ends: bool = False) -> Tensor:
    """Control tokens and padded columns; the two tokens that end a text are allowed if ``ends``."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    if ends:
        bad[[EOS, END]] = False
    return bad


def transfer_counts(block_length: int, steps: int) -> list[int]:
    """How many tokens each step commits: equal shares, and the remainder one by one to the first steps."""
    base, remainder = divmod(block_length, steps)
    return [base + (step < remainder) for step in range(steps)]


def top_k_logits(logits: Tensor, top_k: int) -> Tensor:
    """Logits below the k-th largest become minus infinity; all equals of the k-th stay. 0 keeps everything."""
    if not 0 < top_k < logits.shape[-1]:
        return logits
    return logits.masked_fill(logits < logits.topk(top_k).values[:, -1:], -torch.inf)


def top_p_logits(logits: Tensor, top_p: float) -> Tensor:
    """A token stays as long as those before it, by descending probability, have at most ``top_p`` together."""
    if top_p >= 1:
        return logits
    ordered, order = logits.sort(descending=True, stable=True)
    late = ordered.softmax(-1).cumsum(-1) > top_p
    late = torch.cat((torch.zeros_like(late[:, :1]), late[:, :-1]), dim=-1)
    return logits.masked_fill(torch.zeros_like(late).scatter(-1, order, late), -torch.inf)


def sample(logits: Tensor, temperature: float, top_k: int, top_p: float, uniforms: Uniforms) -> tuple[Tensor, Tensor]:
    """A token per row and the distributions it comes from.

    Temperature 0 takes the likeliest token and leaves the distribution as the model gave it, without filters.
    """
    if temperature == 0:
        return _shared.pick(logits, 0, uniforms), logits.softmax(-1)
    logits = top_p_logits(top_k_logits(logits / temperature, top_k), top_p)
    return _shared.pick(logits, 1, uniforms), logits.softmax(-1)


def bounded_count(entropies: list[float], bound: float) -> int:
    """How many of the ascending entropies have a running sum below the bound; at least one."""
    total, count = 0.0, 0
    for entropy in entropies:
        total += entropy
        if total >= bound:
            break
        count += 1
    return max(count, 1)


def chosen(
    strategy: str,
    masked: Tensor,
    tokens: Tensor,
    probabilities: Tensor,
    count: int,
    confidence_threshold: float,
    eb_threshold: float,
) -> Tensor:
    """The positions of the block that a step commits, ``count`` of them where nothing else decides.

    Never more than are masked: the published loop then writes over the prompt in the block they share. The
    published code of entropy_bounded cannot run; this is what its names say, on the entropy of each position.
    """
    count = min(count, int(masked.sum()))
    if strategy == "sequential":
        return masked.nonzero()[:count, 0]
    confidence = probabilities.gather(-1, tokens[:, None])[:, 0].masked_fill(~masked, -torch.inf)
    if strategy == "low_confidence_dynamic" and int((confidence > confidence_threshold).sum()) >= count:
        return (confidence > confidence_threshold).nonzero()[:, 0]
    if strategy in ("low_confidence_static", "low_confidence_dynamic"):
        return _shared.first(confidence, count)
    assert strategy == "entropy_bounded"
    calm = (-torch.special.entr(probabilities).sum(-1)).masked_fill(~masked, -torch.inf)
    order = _shared.first(calm, int(masked.sum()))
    return order[: bounded_count((-calm[order]).tolist(), eb_threshold)]


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    block_length: int | None = None,
    denoising_steps: int | None = None,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    remasking_strategy: str = "low_confidence_dynamic",
    confidence_threshold: float = 0.85,
    eb_threshold: float = 0.35,
    stop_ids: Sequence[int] = (),
) -> Tensor:
    """The answer (L,). After a block with a stop token nothing is decoded: the rest is that stop token."""
    mask, prompt = network.config.mask_token_id, len(prompt_ids)
    block_length = block_length or network.config.block_size
    blocks = -(-(prompt + length) // block_length)
    canvas = torch.cat((prompt_ids, torch.full((blocks * block_length - prompt,), mask)))
    positions = torch.arange(len(canvas))
    visible = (positions[:, None] // block_length >= positions // block_length).float()
    cache = DynamicCache()

    def forward(start: int, end: int, store_kv: bool) -> Tensor:
        return network(
            canvas[None, start:end],
            attention_mask=visible[None, start:end, :end],
            position_ids=positions[None, start:end],
            past_key_values=cache,
            use_cache=True,
            store_kv=store_kv,
        ).logits[0]

    known = prompt // block_length * block_length
    if known:
        forward(0, known, store_kv=True)
    plan = transfer_counts(block_length, denoising_steps or block_length)
    for start in range(known, len(canvas), block_length):
        end = start + block_length
        block = canvas[start:end]
        for count in plan:
            masked = block == mask
            if not masked.any():
                break
            logits = _shared.allowed(forward(start, end, store_kv=False), barred)
            tokens, probabilities = sample(logits, temperature, top_k, top_p, uniforms)
            committed = chosen(
                remasking_strategy, masked, tokens, probabilities, count, confidence_threshold, eb_threshold
            )
            block[committed] = tokens[committed]
        forward(start, end, store_kv=True)
        stops = [token for token in canvas[prompt:end].tolist() if token in stop_ids]
        if stops:
            canvas[end:] = stops[0]
            break
    return canvas[prompt : prompt + length].clone()
