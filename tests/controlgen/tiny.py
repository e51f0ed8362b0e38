"""Small real parts for tests of the loop: a byte-level tokenizer and an embedded model with random weights.

The network is the real one, two layers wide enough to react to its canvas; `spread` scales its output so that
its predictions are neither flat nor certain. `Counting` counts calls and can slow them down or replace their
logits by hostile ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from controlgen._model import Model
from controlgen._prompt import SPECIAL_TOKENS
from controlgen.embedded import EmbeddedDiffusionConfig, EmbeddedDiffusionModel
from controlgen.families import View
from controlgen.families.embedded import EmbeddedDenoiser

CORPUS = [
    '{"name":"Ada Lovelace","age":36,"tags":["math","engine"],"paid":true,"note":null}',
    '{"name":"Grace Hopper","age":85,"tags":[],"paid":false,"note":"compiler"}',
    "Ada Lovelace, 36, wrote notes on the engine. Grace Hopper, 85, wrote a compiler.",
]


@cache
def tokenizer() -> Tokenizer:
    """Byte-level BPE over all 256 bytes, about 330 tokens, special tokens first."""
    tiny = Tokenizer(models.BPE())
    tiny.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tiny.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tiny.train_from_iterator(CORPUS * 4, trainer)
    return tiny


def network(seed: int = 0, *, spread: float = 3.0, max_prompt: int = 192, max_canvas: int = 64) -> Any:
    """An embedded model with random weights; logits have about the standard deviation `spread`."""
    config = EmbeddedDiffusionConfig(
        vocab_size=352,  # a few padded logit columns
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_prompt=max_prompt,
        max_canvas=max_canvas,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = EmbeddedDiffusionModel(config)
        with torch.no_grad():
            for parameter in net.parameters():
                if parameter.dim() == 2:
                    parameter.normal_(std=0.3)
            net.embedding.weight.normal_(std=spread / config.hidden_size**0.5)
    return net.eval()


class Counting(EmbeddedDenoiser):
    """The tiny model, counting its forward passes and the rows of each."""

    def __init__(
        self, net: Any, *, seconds: float = 0.0, hostile: Callable[[Tensor, Tensor], Tensor] | None = None
    ) -> None:
        super().__init__(net)
        self.rows: list[int] = []
        self.encoded = 0
        self.canvases: list[Tensor] = []
        self._seconds, self._hostile = seconds, hostile

    def encode(self, prompts: Sequence[Sequence[int]]) -> Any:
        self.encoded += 1
        return super().encode(prompts)

    def predict(self, view: View, conditioning: Any) -> Tensor:
        canvas = view.tokens
        self.rows.append(canvas.shape[0])
        self.canvases.append(canvas.clone())
        time.sleep(self._seconds)
        logits = super().predict(view, conditioning)
        return logits if self._hostile is None else self._hostile(canvas, logits)


def model(seed: int = 0, *, spread: float = 3.0, **denoiser: Any) -> Model:
    """A fresh model over the tiny network; `model.denoiser` is a `Counting`."""
    return Model(Counting(network(seed, spread=spread), **denoiser), tokenizer())
