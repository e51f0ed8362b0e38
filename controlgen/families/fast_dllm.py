"""Fast-dLLM v2: block diffusion on Qwen2.5's shoulders, row i speaks of position i + 1.

Blocks of 32 from the sequence's start, committed in parts of 8. The row before a block is that of the pass which stores
the block before it: it predicts the block's first token, which is committed before the block's first pass. The network
makes its own mask and can't be kept from attending to padding, so rows whose prompts differ in whole blocks are passed
separately. Source: Wu et al. 2025 (arXiv:2509.26328) and the code that comes with the checkpoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from controlgen.families._family import Family, View
from controlgen.families._ids import columns, context, named_ids, one_id, template_prompt
from controlgen.families._registry import Entry, register
from controlgen.samplers import Threshold


@dataclass(frozen=True)
class _Group:
    """Rows with equally many stored blocks: their places in the batch, their cache, their last logits (B, V)."""

    rows: tuple[int, ...]
    cache: DynamicCache
    last: Tensor | None


class FastDenoiser:
    """A Fast-dLLM v2 network with its family's conventions."""

    def __init__(self, network: Any, family: Family) -> None:
        self.network, self.family = network.eval(), family
        self.device: torch.device = next(network.parameters()).device

    def encode(self, prompts: Sequence[Sequence[int]]) -> list[_Group]:
        """One cache per number of blocks."""
        lengths: dict[int, list[int]] = {}
        for row, prompt in enumerate(prompts):
            lengths.setdefault(len(prompt), []).append(row)
        groups = []
        for length, rows in lengths.items():
            group = _Group(tuple(rows), DynamicCache(), None)
            tokens = torch.tensor([list(prompts[row]) for row in rows], dtype=torch.int64)
            groups.append(self._stored(group, tokens) if length else group)
        return groups

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        """As many mask tokens as the prompt has tokens."""
        assert self.family.mask_id is not None
        return [self.family.mask_id] * len(prompt)

    def select(self, conditioning: list[_Group], rows: Tensor) -> list[_Group]:
        places = {row: place for place, row in enumerate(rows.tolist())}
        groups = []
        for group in conditioning:
            kept = [index for index, row in enumerate(group.rows) if row in places]
            if not kept:
                continue
            chosen = torch.tensor(kept, device=self.device)
            if group.cache.get_seq_length():
                group.cache.batch_select_indices(chosen)
            last = None if group.last is None else group.last[chosen]
            groups.append(_Group(tuple(places[group.rows[index]] for index in kept), group.cache, last))
        return groups

    def store(self, conditioning: list[_Group], tokens: Tensor) -> list[_Group]:
        return [self._stored(group, tokens[list(group.rows)]) for group in conditioning]

    def carried(self, conditioning: list[_Group]) -> Tensor | None:
        """The rows of logits (B, V) that predict the first position behind the stored blocks, if any has them."""
        if all(group.last is None for group in conditioning):
            return None
        return self._gathered([(group, group.last) for group in conditioning], (self.family.vocab_size,))

    def predict(self, view: View, conditioning: list[_Group]) -> Tensor:
        """One pass per group: logits (B, block, V), each row moved to the position that it speaks of."""
        parts = []
        for group in conditioning:
            tokens = view.tokens[list(group.rows)].to(self.device)
            rows = self._run(group.cache, tokens, store=False)  # (b, block, V)
            first = rows[:, :1] if group.last is None else group.last[:, None]
            parts.append((group, torch.cat((first, rows[:, :-1]), dim=1)))
        return self._gathered(parts, (view.tokens.shape[1], self.family.vocab_size))

    def _stored(self, group: _Group, tokens: Tensor) -> _Group:
        logits = self._run(group.cache, tokens.to(self.device), store=True)
        return _Group(group.rows, group.cache, logits[:, -1])

    def _run(self, cache: DynamicCache, tokens: Tensor, *, store: bool) -> Tensor:
        with torch.no_grad():
            logits: Tensor = self.network(
                tokens,
                past_key_values=cache,
                use_cache=True,
                update_past_key_values=store,
                block_size=self.family.block,
            ).logits
        return logits

    def _gathered(self, parts: Sequence[tuple[_Group, Tensor | None]], shape: tuple[int, ...]) -> Tensor:
        """The groups' parts in the order of the batch; zeros where a group has none."""
        known = next(part for _, part in parts if part is not None)
        if len(parts) == 1 and parts[0][0].rows == tuple(range(len(known))):
            return known
        out = known.new_zeros(sum(len(group.rows) for group, _ in parts), *shape)
        for group, part in parts:
            if part is not None:
                out[list(group.rows)] = part
        return out


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> FastDenoiser:
    """A Fast-dLLM v2 network with its conventions."""
    family = Family(
        name="Fast-dLLM v2",
        vocab_size=columns(config),
        mask_id=one_id(config, "mask_token_id", tokenizer, ["|<MASK>|"], 151665, "Fast-dLLM v2"),
        stop_ids=named_ids(config, ["eos_token_id"], tokenizer, ["<|im_end|>"]),
        pad_ids=frozenset([one_id(config, "pad_token_id", tokenizer, ["<|endoftext|>"], 151643, "Fast-dLLM v2")]),
        context=context(config, "max_position_embeddings", published=32768),
        canvas=512,
        logit_shift=1,
        block=int(config.get("bd_size") or 32),
        resizable=True,
        inner=8,
        carries=True,
        sampler=Threshold(0.9),
        steps=32,
        special_tokens=("<|im_start|>",),
        prompt=template_prompt,
    )
    return FastDenoiser(network, family)


register(Entry("fast_dllm", ("Fast_dLLM_Qwen",), build, loader="transformers:AutoModelForCausalLM"))
