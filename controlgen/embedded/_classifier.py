"""A classifier of noisy canvases on the embedded model's trunk: what guidance needs to steer towards a class.

Knows the head, its file and how the trunk is read; nothing of guidance, steps or constraints. The head is trained by
`examples/train_classifier/`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from controlgen._errors import ModelFolderError
from controlgen.embedded.modeling_embedded import EmbeddedDiffusionModel

__all__ = ["RECORD_KINDS", "ClassLikelihood", "EmbeddedClassifier", "Head"]

RECORD_KINDS = Path(__file__).parent / "weights" / "record-kinds.safetensors"
"""The head that comes with the package: what a record is about."""

_WAVES = 8
_ROWS = 256  # canvases per pass of the trunk


class Head(nn.Module):
    """Class scores of a canvas: attention pooling of the trunk's states, then an MLP that is told the noise.

        z_k = Σ_i softmax_i(q_k · h_i) gelu(W h_i)          scores = MLP(z_1 … z_K, sin and cos of π j t / 2, j = 1…8)

    with h_i the normed state of position i and t the noise level.

    Args:
        classes: how many.
        size: of a state.
        queries: K, how many weighted means are taken.
        width: of W and of the MLP's hidden layer.
        dropout: of the hidden layer while training.
    """

    def __init__(self, classes: int, size: int, *, queries: int = 4, width: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        self.attention = nn.Linear(size, queries)
        self.value = nn.Linear(size, width)
        self.hidden = nn.Linear(queries * width + 2 * _WAVES, width)
        self.scores = nn.Linear(width, classes)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.attention.weight)  # pooling starts as the plain mean

    def forward(self, states: Tensor, time: Tensor) -> Tensor:
        """Scores (N, C), in the head's dtype, of states (N, T, d) at noise levels (N,)."""
        states = F.rms_norm(states.to(self.value.weight.dtype), states.shape[-1:])
        shares = self.attention(states).softmax(dim=1)  # (N, T, K)
        pooled = shares.transpose(1, 2) @ F.gelu(self.value(states))  # (N, K, W)
        angles = time.to(states)[:, None] * torch.arange(1, _WAVES + 1, device=time.device) * (math.pi / 2)  # (N, 8)
        hidden = self.hidden(torch.cat((pooled.flatten(1), angles.sin(), angles.cos()), dim=1))
        scores: Tensor = self.scores(self.dropout(F.gelu(hidden)))
        return scores


class EmbeddedClassifier:
    """log p(y | x_t) of a canvas x_t with noise level t, for each class y.

    The trunk is the embedded network up to layer `depth`, frozen, behind the prompt that stands for "no condition"; so
    the classifier judges the canvas and not the document that it is made from. Trained on canvases in which each
    position is the mask token with probability t.

    Args:
        network: the embedded network; its weights are shared, not copied. `model.network` of a loaded model.
        head: reads the trunk's states.
        classes: names, in the order of the head's scores.
        depth: how many of the network's layers are used, at least 1.
    """

    def __init__(self, network: EmbeddedDiffusionModel, head: Head, classes: Sequence[str], *, depth: int = 6) -> None:
        if not 1 <= depth <= network.config.num_hidden_layers:
            raise ValueError(f"depth must lie between 1 and {network.config.num_hidden_layers}, not {depth}")
        if len(classes) != head.scores.out_features or len(set(classes)) != len(classes):
            raise ValueError(f"the head has {head.scores.out_features} classes, the names are {list(classes)}")
        self.network, self.head, self.classes, self.depth = network, head.to(network.device), tuple(classes), depth
        with torch.no_grad():
            self._blank = network.unconditional(1)

    def log_probabilities(self, canvas: Tensor, time: float | Tensor) -> Tensor:
        """log p(y | x_t), nats: (N, C) float32, of canvases (N, T) int64 at noise levels in (0, 1], one or (N,)."""
        canvas = canvas.to(self.network.device)
        times = self._times(time, canvas)
        if len(canvas) == 0:
            return times.new_empty(0, len(self.classes))
        with torch.no_grad():
            pieces = [
                self.head(self.states(rows), levels).log_softmax(-1)
                for rows, levels in zip(torch.split(canvas, _ROWS), torch.split(times, _ROWS), strict=True)
            ]
        return torch.cat(pieces)

    def relaxed(self, weights: Tensor, time: float | Tensor) -> Tensor:
        """The same (N, C), differentiable, of rows that are mixtures of tokens: weights (N, T, V) floating.

        A row of the canvas that is one token has weight 1 there and 0 elsewhere.
        """
        network = self.network
        matrix = network.embedding.weight.detach()
        mixed = (weights.to(matrix) @ matrix) * (1.0 / network.config.initializer_range)  # (N, T, d), as `embed`
        return self.head(self._through(mixed), self._times(time, weights)).log_softmax(-1)  # type: ignore[no-any-return]

    def states(self, canvas: Tensor) -> Tensor:
        """What the head reads: the trunk's states (N, T, d) of canvases (N, T) int64."""
        return self._through(self.network.embed(canvas))

    def _through(self, vectors: Tensor) -> Tensor:
        """The trunk's states (N, T, d) of embedded canvases (N, T, d)."""
        rows = torch.zeros(vectors.shape[0], dtype=torch.int64, device=vectors.device)
        return self.network.states(vectors, self._blank.select(rows), depth=self.depth)

    def of(self, name: str) -> ClassLikelihood:
        """The likelihood of one class, as `controlgen.guidance` takes it.

        Raises:
            ValueError: there is no such class; the message names those that there are.
        """
        if name not in self.classes:
            raise ValueError(f"no class {name!r}: this classifier tells apart {', '.join(self.classes)}")
        return ClassLikelihood(self, self.classes.index(name))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the head, not the trunk: one safetensors file in float16, with names and sizes in its header."""
        head = self.head
        told = {"classes": list(self.classes), "depth": self.depth, "size": head.value.in_features}
        told |= {"queries": head.attention.out_features, "width": head.value.out_features}
        tensors = {name: tensor.detach().half().cpu().contiguous() for name, tensor in head.state_dict().items()}
        save_file(tensors, path, {"format": "pt", "noised_classifier": json.dumps(told)})

    @classmethod
    def load(cls, network: EmbeddedDiffusionModel, path: str | os.PathLike[str] = RECORD_KINDS) -> EmbeddedClassifier:
        """The classifier whose head is in a file, by default the one that comes with the package.

        Raises:
            ModelFolderError: the file is no head of a noised classifier, or one for a network of another size.
        """
        try:
            with safe_open(path, framework="pt") as file:
                told = json.loads((file.metadata() or {})["noised_classifier"])
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, KeyError) as error:
            raise ModelFolderError(
                f"{os.fspath(path)} is not the head of a noised classifier ({error}): "
                "examples/train_classifier/train.py makes such files"
            ) from error
        if told["size"] != network.config.hidden_size:
            raise ModelFolderError(
                f"{os.fspath(path)} reads states of size {told['size']}, the network's have "
                f"{network.config.hidden_size}: it was trained on another network"
            )
        head = Head(len(told["classes"]), told["size"], queries=told["queries"], width=told["width"])
        head.load_state_dict(tensors)
        return cls(network, head.eval(), told["classes"], depth=told["depth"])

    def _times(self, time: float | Tensor, like: Tensor) -> Tensor:
        times = torch.as_tensor(time, dtype=torch.float32, device=like.device)
        return times.expand(like.shape[0])


@dataclass(frozen=True)
class ClassLikelihood:
    """log p(y | x_t) of one class y: a noised classifier as guidance takes it.

    Attributes:
        classifier: of all classes.
        index: of the class.
    """

    classifier: EmbeddedClassifier
    index: int

    def __call__(self, canvas: Tensor, time: float) -> Tensor:
        """log p(y | x_t), nats: (N,) float32, of canvases (N, T) int64 at a noise level in (0, 1]."""
        return self.classifier.log_probabilities(canvas, time)[:, self.index]

    def relaxed(self, weights: Tensor, time: float) -> Tensor:
        """The same (N,), differentiable, of weights (N, T, V) floating over the tokens."""
        return self.classifier.relaxed(weights, time)[:, self.index]
