"""Fast-dLLM v2: block diffusion on Qwen2.5's shoulders; blocks of 32 from the first position, in parts of 8, shifted.

Row i of the logits speaks of position i + 1. Within a block the rows are moved one to the right; the first token
of a block comes, likeliest first, from the pass that writes the block before it to the cache. The published loop
is ``generate`` of the Hub's modeling.py.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.fast_dllm.configuration import Fast_dLLM_QwenConfig
from tests.controlgen.zoo.remote.fast_dllm.modeling import Fast_dLLM_QwenForCausalLM
from tests.controlgen.zoo.sdar import CHAT_TEMPLATE, sample

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "|<MASK>|")
PAD, START, END, _, _, MASK = range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(SPECIAL))
COLUMNS = 336
"""Columns of the logits: those beyond the tokenizer's ids are padding, as in the published model."""

CONFIG: dict[str, Any] = {
    "architectures": ["Fast_dLLM_QwenForCausalLM"],
    "attention_dropout": 0.0,
    "auto_map": {
        "AutoConfig": "configuration.Fast_dLLM_QwenConfig",
        "AutoModelForCausalLM": "modeling.Fast_dLLM_QwenForCausalLM",
    },
    "bd_size": 32,
    "bos_token_id": PAD,
    "eos_token_id": END,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 64,
    "layer_types": ["full_attention", "full_attention"],
    "max_position_embeddings": 32768,
    "max_window_layers": 2,
    "model_type": "Fast_dLLM_Qwen",
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-06,
    "rope_theta": 30.0,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": COLUMNS,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> Fast_dLLM_QwenForCausalLM:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = Fast_dLLM_QwenForCausalLM(Fast_dLLM_QwenConfig(**{**CONFIG, **sizes})).eval()
    made.model.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published: the tokenizer has the mask token, but not as its mask_token."""
    _shared.write(folder, network(seed), CONFIG, remote="fast_dllm")
    for name in ("configuration.py", "modeling.py"):
        shutil.copy(_shared.HERE / "remote" / "fast_dllm" / name, Path(folder) / name)
    _tokenizer.save(
        folder,
        SPECIAL,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
    )


def barred(ends: bool = False) -> Tensor:
    """Control tokens and padded columns; the two tokens that end a text are allowed if ``ends``."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    if ends:
        bad[[PAD, END]] = False
    return bad


def shifted(logits: Tensor) -> Tensor:
    """Rows that speak of their own position; the first has no row before it and stays as it is."""
    return torch.cat((logits[:1], logits[:-1]))


class Block:
    """The model's view of the block being written, ``ids``, after the finished ones in the cache."""

    def __init__(self, network: nn.Module, ids: Tensor, cache: Any, part: int, block_cache: bool) -> None:
        self.network, self.ids, self.cache, self.part = network, ids, cache, part
        self.block_cache, self.own_cache = block_cache, None

    def logits(self, start: int, mask: int) -> Tensor:
        """Logits (part, V) of the part at ``start``.

        With ``block_cache`` the whole block is only computed while the part's first token is masked, and the
        keys and values of the other parts may be those of an earlier step.
        """
        asked: dict[str, Any] = {"use_cache": True, "past_key_values": self.cache, "block_size": len(self.ids)}
        if self.block_cache and self.own_cache is not None and self.ids[start] != mask:
            rows = self.network(
                self.ids[None, start : start + self.part],
                use_block_cache=True,
                block_past_key_values=self.own_cache,
                replace_position=start,
                **asked,
            ).logits[0]
            return shifted(rows)
        output = self.network(self.ids[None], use_block_cache=self.block_cache, **asked)
        self.own_cache = output.block_past_key_values
        return shifted(output.logits[0])[start : start + self.part]


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    block_size: int | None = None,
    small_block_size: int = 8,
    threshold: float = 0.9,
    temperature: float = 0.0,
    top_p: float = 0.95,
    stop_id: int | None = None,
    block_cache: bool = False,
    mask_id: int = MASK,
) -> Tensor:
    """The answer (L,); everything after the first ``stop_id`` is ``stop_id``.

    Uniforms for tokens are asked for the whole block, and those of the current part used.
    """
    block_size = block_size or network.config.bd_size
    prompt, ids, cache = len(prompt_ids), prompt_ids, None

    def remember(part: Tensor) -> Tensor:
        """Writes finished blocks to the cache; the likeliest token after them, at any temperature."""
        nonlocal cache
        output = network(
            part[None], past_key_values=cache, use_cache=True, update_past_key_values=True, block_size=block_size
        )
        cache = output.past_key_values
        return _shared.allowed(output.logits[0, -1:], barred).argmax(-1)

    known = prompt // block_size * block_size
    if known:
        following = remember(ids[:known])
        if known == prompt:
            ids = torch.cat((ids, following))
    while len(ids) < prompt + length and not _stopped(ids[prompt:], stop_id, mask_id):
        ids = torch.cat((ids, torch.full((block_size - len(ids) % block_size,), mask_id)))
        block = ids[-block_size:]
        view = Block(network, block, cache, small_block_size, block_cache)
        for start in range(0, block_size, small_block_size):
            part = block[start : start + small_block_size]
            while (part == mask_id).any() and not _stopped(ids[prompt:], stop_id, mask_id):
                logits = _shared.allowed(view.logits(start, mask_id), barred)
                _step(part, part == mask_id, logits, threshold, temperature, top_p, _part(uniforms, start, block_size))
        if not (block == mask_id).any():
            ids = torch.cat((ids, remember(block)))
    answer = ids[prompt : prompt + length]
    if stop_id is not None and (answer == stop_id).any():
        kept = answer[: int((answer == stop_id).nonzero()[0])]
        return torch.cat((kept, torch.full((length - len(kept),), stop_id)))
    return answer.clone()


def _stopped(answer: Tensor, stop_id: int | None, mask_id: int) -> bool:
    """Whether the first stop token has no mask before it."""
    if stop_id is None or not (answer == stop_id).any():
        return False
    return not bool((answer[: int((answer == stop_id).nonzero()[0])] == mask_id).any())


def _part(uniforms: Uniforms, start: int, block_size: int) -> Uniforms:
    """The part's share of uniforms for the whole block."""
    return lambda purpose, shape: uniforms(purpose, (block_size,))[start : start + shape[0]]


def _step(
    part: Tensor,
    masked: Tensor,
    logits: Tensor,
    threshold: float,
    temperature: float,
    top_p: float,
    uniforms: Uniforms,
) -> None:
    """Commits what is above the threshold, and always the surest."""
    tokens, probabilities = sample(logits, temperature, 0, top_p, uniforms)
    confidence = probabilities.gather(-1, tokens[:, None])[:, 0].masked_fill(~masked, -torch.inf)
    written = confidence > threshold
    written[_shared.first(confidence, 1)] = True
    part[written] = tokens[written]
