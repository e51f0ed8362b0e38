"""What the examples share: a vocabulary of single characters, a constraint, and a small network with random weights.

Random weights write nonsense, but never anything else than a member of the language.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from controlgen.constraints import JsonSchema, TokenAutomaton, Vocabulary

STOP, PAD, MASK, SIZE = 95, 96, 97, 112
"""Ids below 95 are the printable characters of ASCII; the columns behind the mask token are padding."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 12}, "open": {"type": "boolean"}},
    "required": ["city", "open"],
    "additionalProperties": False,
}


def vocabulary() -> Vocabulary:
    text: list[bytes | None] = [bytes([code]) for code in range(32, 127)]
    return Vocabulary.from_bytes(text + [None] * (SIZE - len(text)), stop_ids=[STOP], pad_ids=[PAD])


def constraint() -> TokenAutomaton:
    return JsonSchema(SCHEMA).compile(vocabulary())


def text_of(tokens: Tensor) -> str:
    """What the text tokens before the first stop token spell; other tokens are shown as dots."""
    ids = [int(token) for token in tokens]
    ids = ids[: ids.index(STOP)] if STOP in ids else ids
    return "".join(chr(32 + token) if token < STOP else "·" for token in ids)


class Network(nn.Module):
    """One bidirectional layer; row i of the logits speaks of position i."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embed, self.places = nn.Embedding(SIZE, 32), nn.Embedding(512, 32)
        self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
        self.head = nn.Linear(32, SIZE)
        self.eval()

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    @torch.no_grad()
    def forward(self, input_ids: Tensor, attention_mask: Any = None, position_ids: Any = None) -> Any:
        hidden = self.embed(input_ids) + self.places.weight[: input_ids.shape[1]]
        return type("Output", (), {"logits": 4 * self.head(self.layer(hidden))})()
