"""The model that comes with the package: a prompt is encoded once, a pass costs canvas positions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from controlgen._prompt import SPECIAL_TOKENS, prompt_text
from controlgen.families._family import Family, View, align
from controlgen.families._registry import Entry, register

__all__ = ["EmbeddedDenoiser"]


def _prompt(tokenizer: Any, text: str, schema: Any) -> str:
    return prompt_text({"type": "string"} if schema is None else schema, text)


class EmbeddedDenoiser:
    """The embedded network with its conventions.

    Args:
        network: an `EmbeddedDiffusionModel`, on its device and in its dtype.
    """

    def __init__(self, network: Any) -> None:
        config = network.config
        self.network = network.eval()
        self.device: torch.device = network.device
        self._record = int(config.record_token_id)
        self.family = Family(
            name="embedded",
            vocab_size=config.vocab_size,
            mask_id=config.mask_token_id,
            stop_ids=frozenset([config.eos_token_id]),
            pad_ids=frozenset([config.pad_token_id]),
            context=config.max_position,
            canvas=config.max_canvas,
            ranks_ends=False,
            special_tokens=SPECIAL_TOKENS,
            prompt=_prompt,
        )

    def encode(self, prompts: Sequence[Sequence[int]]) -> Any:
        """Keys and values of the prompts, padded on the right."""
        longest = max(1, *map(len, prompts)) if prompts else 1
        ids = torch.full((len(prompts), longest), min(self.family.pad_ids), dtype=torch.int64)  # (B, P)
        mask = torch.zeros(len(prompts), longest, dtype=torch.bool)  # (B, P)
        for row, prompt in enumerate(prompts):
            ids[row, : len(prompt)] = torch.as_tensor(prompt, dtype=torch.int64)
            mask[row, : len(prompt)] = True
        with torch.no_grad():
            return self.network.encode_prompt(ids.to(self.device), mask.to(self.device))

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        """The prompt that the model was trained with in place of dropped ones."""
        return [self._record]

    def select(self, conditioning: Any, rows: Tensor) -> Any:
        """The conditioning of some rows; rows (R,) int64."""
        return conditioning.select(rows.to(self.device))

    def store(self, conditioning: Any, tokens: Tensor) -> Any:
        raise NotImplementedError("the embedded model sees its whole canvas: there are no blocks to store")

    def carried(self, conditioning: Any) -> Tensor | None:
        return None

    def predict(self, view: View, conditioning: Any) -> Tensor:
        """One forward pass: logits (B, L, V)."""
        lengths = torch.tensor(view.lengths, device=self.device) if view.padded else None
        with torch.no_grad():
            logits = self.network(view.tokens.to(self.device), conditioning, lengths)
        return align(logits, view.tokens.shape[1], self.family.logit_shift)


def build(network: Any, config: Mapping[str, Any], tokenizer: Any) -> EmbeddedDenoiser:
    """The embedded network with its conventions."""
    return EmbeddedDenoiser(network)


register(
    Entry(
        "embedded",
        ("controlgen_embedded",),
        build,
        loader="controlgen.embedded:EmbeddedDiffusionModel",
        native=True,
    )
)
