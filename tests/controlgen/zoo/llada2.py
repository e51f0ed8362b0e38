"""LLaDA2.0 and LLaDA2.1: block diffusion, blocks of 32 from the first position, unshifted; 2.1 edits its text.

The published loops are ``generate`` of the two versions' modeling_llada2_moe.py. Neither uses a cache.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache

from tests.controlgen.zoo import _shared, _tokenizer
from tests.controlgen.zoo._shared import Uniforms
from tests.controlgen.zoo.remote.llada2.configuration_llada2_moe import LLaDA2MoeConfig
from tests.controlgen.zoo.remote.llada2.modeling_llada2_moe import LLaDA2MoeModelLM
from tests.controlgen.zoo.sdar import sample, transfer_counts

SPECIAL = ("<|startoftext|>", "<|endoftext|>", "[CLS]", "[gMASK]", "<|mask|>", "<role>", "</role>", "<|role_end|>")
BOS, EOS, _, _, MASK, _, _, ROLE_END = range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(SPECIAL))
COLUMNS = 336
"""Columns of the logits: those beyond the tokenizer's ids are padding, as in the published model."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<role>{{ message['role'] | upper }}</role>{{ message['content'] }}<|role_end|>"
    "{% endfor %}{% if add_generation_prompt %}<role>ASSISTANT</role>{% endif %}"
)

CONFIG: dict[str, Any] = {
    "architectures": ["LLaDA2MoeModelLM"],
    "attention_dropout": 0.0,
    "auto_map": {
        "AutoConfig": "configuration_llada2_moe.LLaDA2MoeConfig",
        "AutoModelForCausalLM": "modeling_llada2_moe.LLaDA2MoeModelLM",
    },
    "embedding_dropout": 0.0,
    "first_k_dense_replace": 1,
    "head_dim": 16,
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.02,
    "intermediate_size": 64,
    "max_position_embeddings": 32768,
    "model_type": "llada2_moe",
    "moe_intermediate_size": 16,
    "moe_router_enable_expert_bias": True,
    "n_group": 2,
    "norm_topk_prob": True,
    "num_attention_heads": 2,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "num_shared_experts": 1,
    "output_router_logits": False,
    "pad_token_id": EOS,
    "partial_rotary_factor": 0.5,
    "rms_norm_eps": 1e-06,
    "rope_theta": 30.0,
    "routed_scaling_factor": 2.5,
    "score_function": "sigmoid",
    "tie_word_embeddings": False,
    "topk_group": 1,
    "torch_dtype": "float32",
    "use_qk_norm": True,
    "use_qkv_bias": False,
    "vocab_size": COLUMNS,
}


def network(seed: int = 0, spread: float = 3.0, **sizes: Any) -> LLaDA2MoeModelLM:
    """The model in memory; ``sizes`` override entries of the configuration."""
    made = LLaDA2MoeModelLM(LLaDA2MoeConfig(**{**CONFIG, **sizes})).eval()
    made.model.fill(spread, seed)
    return made


def save(folder: str | Path, seed: int = 0) -> None:
    """A model folder as published: the mask token is in the tokenizer, not in config.json."""
    _shared.write(folder, network(seed), CONFIG, remote="llada2")
    _tokenizer.save(
        folder,
        SPECIAL,
        bos_token="<|startoftext|>",
        eos_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        mask_token="<|mask|>",
        chat_template=CHAT_TEMPLATE,
    )


def barred(ends: bool = False) -> Tensor:
    """Control tokens and padded columns; the token that ends a text is allowed if ``ends``."""
    bad = torch.zeros(COLUMNS, dtype=torch.bool)
    bad[_tokenizer.TEXT_TOKENS :] = True
    if ends:
        bad[EOS] = False
    return bad


class Canvas:
    """Prompt and masks up to the end of a block, and the model's view of one block after those before it."""

    def __init__(self, network: nn.Module, prompt_ids: Tensor, length: int, block: int, mask: int) -> None:
        self.network = network
        self.prompt, self.length, self.block = len(prompt_ids), length, block
        blocks = -(-(self.prompt + length) // block)
        self.ids = torch.cat((prompt_ids, torch.full((blocks * block - self.prompt,), mask)))
        self.positions = torch.arange(len(self.ids))
        visible = self.positions[:, None] // block >= self.positions // block
        self.added = visible.double().log()[None, None].float()

    @property
    def starts(self) -> range:
        """Where the blocks begin that hold something to write."""
        return range(self.prompt // self.block * self.block, len(self.ids), self.block)

    def logits(self, start: int, cache: DynamicCache | None = None) -> Tensor:
        """Logits (block, V) of the block at ``start``, from everything up to its end.

        With a cache, which holds everything before the block, only the block is computed, and forgotten again.
        """
        end, begin = start + self.block, 0 if cache is None else start
        logits = self.network(
            self.ids[None, begin:end],
            attention_mask=self.added[:, :, begin:end, :end],
            position_ids=self.positions[None, begin:end],
            past_key_values=cache,
            use_cache=cache is not None,
        ).logits[0]
        if cache is not None:
            cache.crop(-self.block)
        return logits[-self.block :]

    def remember(self, start: int, end: int, cache: DynamicCache) -> None:
        """Writes finished blocks to the cache."""
        if end > start:
            self.network(
                self.ids[None, start:end],
                attention_mask=self.added[:, :, start:end, :end],
                position_ids=self.positions[None, start:end],
                past_key_values=cache,
                use_cache=True,
            )

    def answer(self, eos: int | None) -> Tensor:
        """The tokens after the prompt; everything after the first end of text is end of text."""
        answer = self.ids[self.prompt : self.prompt + self.length].clone()
        if eos is not None and (answer == eos).any():
            answer[int((answer == eos).nonzero()[0]) :] = eos
        return answer

    def ended(self, end: int, eos: int | None) -> bool:
        """Whether an end of text stands before ``end``."""
        return eos is not None and bool((self.ids[self.prompt : end] == eos).any())


def commit(confidence: Tensor, threshold: float, count: int) -> Tensor:
    """Positions to commit: those above the threshold, or the ``count`` surest if these are fewer than ``count``.

    ``confidence`` is minus infinity where nothing is to be committed.
    """
    high = confidence > threshold
    if int(high.sum()) >= count:
        return high.nonzero()[:, 0]
    return _shared.first(confidence, min(count, int(confidence.isfinite().sum())))


@torch.no_grad()
def generate(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    block_length: int = 32,
    steps: int = 32,
    minimal_topk: int = 1,
    threshold: float = 0.95,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    eos_id: int | None = None,
    mask_id: int = MASK,
    cached: bool = False,
) -> Tensor:
    """LLaDA2.0: the answer (L,). Nothing is decoded after a block with ``eos_id``.

    eos_early_stop of the published loop leaves a block earlier, when nothing before the end of text can change
    any more: the answer is the same.
    """
    canvas, cache = Canvas(network, prompt_ids, length, block_length, mask_id), DynamicCache() if cached else None
    if cache is not None:
        canvas.remember(0, canvas.starts.start, cache)
    for start in canvas.starts:
        block = canvas.ids[start : start + block_length]
        for count in transfer_counts(block_length, min(steps, length // minimal_topk)):
            masked = block == mask_id
            if not masked.any():
                break
            logits = _shared.allowed(canvas.logits(start, cache), barred)
            tokens, probabilities = sample(logits, temperature, top_k, top_p, uniforms)
            confidence = probabilities.gather(-1, tokens[:, None])[:, 0]
            written = commit(confidence.masked_fill(~masked, -torch.inf), threshold, count)
            block[written] = tokens[written]
        if canvas.ended(start + block_length, eos_id):
            break
        if cache is not None:
            canvas.remember(start, start + block_length, cache)
    return canvas.answer(eos_id)


@torch.no_grad()
def generate_editing(
    network: nn.Module,
    prompt_ids: Tensor,
    length: int,
    *,
    barred: Tensor,
    uniforms: Uniforms = _shared.no_uniforms,
    block_length: int = 32,
    threshold: float = 0.7,
    editing_threshold: float = 0.5,
    max_post_steps: int = 16,
    num_to_transfer: int = 1,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    eos_id: int | None = None,
    mask_id: int = MASK,
    cached: bool = False,
) -> Tensor:
    """LLaDA2.1: the answer (L,). A step fills masks and, from the same logits, edits what the block holds.

    A token of the block (never of the prompt) is replaced where the model's token differs from it and has a
    probability above ``editing_threshold``. Without masks only edits are left: at most ``max_post_steps`` such
    steps, and the first that edits nothing is the last.
    """
    canvas, cache = Canvas(network, prompt_ids, length, block_length, mask_id), DynamicCache() if cached else None
    if cache is not None:
        canvas.remember(0, canvas.starts.start, cache)
    for start in canvas.starts:
        block = canvas.ids[start : start + block_length]
        ours, post_steps = torch.arange(start, start + block_length) >= len(prompt_ids), 0
        while True:
            masked = block == mask_id
            post_steps += not masked.any()
            if post_steps > max_post_steps:
                break
            logits = _shared.allowed(canvas.logits(start, cache), barred)
            tokens, probabilities = sample(logits, temperature, top_k, top_p, uniforms)
            confidence = probabilities.gather(-1, tokens[:, None])[:, 0]
            written = torch.zeros_like(masked)
            written[commit(confidence.masked_fill(~masked, -torch.inf), threshold, num_to_transfer)] = True
            edited = ~masked & ours & (confidence > editing_threshold) & (tokens != block)
            block[written | edited] = tokens[written | edited]
            if not masked.any() and not edited.any():
                break
        if canvas.ended(start + block_length, eos_id):
            break
        if cache is not None:
            canvas.remember(start, start + block_length, cache)
    return canvas.answer(eos_id)
