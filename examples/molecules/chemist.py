"""The shipped networks as a `controlgen.Model` and as classifiers for guidance."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

from controlgen import Model
from controlgen.families import Family, FullCanvas
from controlgen.families._full_canvas import Call
from controlgen.samplers import Random
from examples.molecules import network
from examples.molecules.letters import CANVAS, CLASSES, END, LETTERS, MASK, PROMPT, PROPERTIES, VOCABULARY

__all__ = ["WEIGHTS", "PropertyClassifier", "chemist", "tokenizer"]

WEIGHTS = Path(__file__).parent / "weights"
_ANY = VOCABULARY.index(CLASSES[0])  # of the first property; each has three levels


def tokenizer() -> Tokenizer:
    """One token per letter: bytes, and bracket atoms as added tokens."""
    made = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(VOCABULARY)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_tokens([AddedToken(letter, special=False) for letter in LETTERS if len(letter) > 1])
    made.add_special_tokens([AddedToken(name, special=True) for name in VOCABULARY[len(LETTERS) :]])
    return made


class _Denoiser(FullCanvas):
    """The network; a prompt without conditions is one whose properties may be any."""

    def blank(self, prompt: object) -> list[int]:
        return [_ANY + 3 * index for index in range(len(PROPERTIES))]


def chemist(device: str = "cpu", weights: Path = WEIGHTS) -> Model:
    """The diffusion model of QM9's molecules; prompts are those of `letters.prompt`."""
    net = network.load(network.Denoiser, weights / "model.safetensors", device)
    family = Family(
        name="molecules",
        vocab_size=len(VOCABULARY),
        mask_id=MASK,
        stop_ids=frozenset({END}),
        pad_ids=frozenset({END}),
        context=PROMPT + CANVAS,
        canvas=CANVAS,
        sampler=Random(),
        steps=CANVAS,
        special_tokens=CLASSES,
    )
    return Model(_Denoiser(net, family, _call, masks=False), tokenizer())


def _call(net: network.Denoiser, asked: Call) -> Tensor:
    return net(asked.tokens)


@cache
def _classifier(weights: Path, device: str) -> network.Classifier:
    return network.load(network.Classifier, weights / "classifier.safetensors", device)


class PropertyClassifier:
    """log p(high class | x_t) of a property, for `ClassifierGuidance`.

    Args:
        name: of `PROPERTIES`.
        device: where the network is.
    """

    def __init__(self, name: str, device: str = "cpu", weights: Path = WEIGHTS) -> None:
        self.index, self.network = PROPERTIES.index(name), _classifier(weights, device)
        self.device = torch.device(device)

    def __call__(self, canvas: Tensor, time: float) -> Tensor:
        """(N,) nats, of canvases (N, L) int64."""
        return self._log(self.network(canvas.to(self.device), self._times(len(canvas), time)))

    def relaxed(self, weights: Tensor, time: float) -> Tensor:
        """(N,) nats, of weights of letters (N, L, V)."""
        return self._log(self.network.relaxed(weights.to(self.device), self._times(len(weights), time)))

    def _times(self, count: int, time: float) -> Tensor:
        return torch.full((count,), time, device=self.device)

    def _log(self, logits: Tensor) -> Tensor:
        return F.logsigmoid(logits.float()[:, self.index])
