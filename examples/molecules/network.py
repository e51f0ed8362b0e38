"""Two small transformers over canvases of SMILES letters: the diffusion model, and a classifier of noisy canvases.

Plain torch; knows letters as numbers, no chemistry, no constraint and no loop.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from examples.molecules.letters import CANVAS, PROMPT, VOCABULARY

__all__ = ["Classifier", "Denoiser", "Size", "load", "save"]


@dataclass(frozen=True)
class Size:
    """Width, layers and heads."""

    width: int = 160
    layers: int = 6
    heads: int = 5


class Block(nn.Module):
    """One pre-norm layer, every position attending to all."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.before, self.between = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
        self.qkv, self.out = nn.Linear(size.width, 3 * size.width), nn.Linear(size.width, size.width)
        self.up, self.down = nn.Linear(size.width, 4 * size.width), nn.Linear(4 * size.width, size.width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv(self.before(x)).unflatten(-1, (3, self.heads, -1)).unbind(-3)  # (B, T, H, D)
        attended = F.scaled_dot_product_attention(*(part.transpose(1, 2) for part in (query, key, value)))
        x = x + self.out(attended.transpose(1, 2).flatten(-2))
        return x + self.down(F.gelu(self.up(self.between(x))))


class _Trunk(nn.Module):
    """Letters to vectors, with learned positions."""

    def __init__(self, size: Size, length: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), size.width)
        self.position = nn.Parameter(torch.randn(length, size.width) * 0.02)
        self.blocks = nn.ModuleList(Block(size) for _ in range(size.layers))
        self.norm = nn.LayerNorm(size.width)

    def forward(self, embedded: Tensor) -> Tensor:
        x = embedded + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Denoiser(nn.Module):
    """Logits (B, P + L, V) of sequences (B, P + L) int64: class letters, then the canvas, masks at open positions."""

    def __init__(self, size: Size = Size()) -> None:
        super().__init__()
        self.size = size
        self.trunk = _Trunk(size, PROMPT + CANVAS)
        self.head = nn.Linear(size.width, len(VOCABULARY))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.trunk(self.trunk.embedding(tokens)))


class Classifier(nn.Module):
    """Logits (B, properties) that a noisy canvas (B, L) becomes a molecule of the high class of each property."""

    def __init__(self, size: Size = Size(96, 3, 3), properties: int = 2) -> None:
        super().__init__()
        self.size = size
        self.trunk = _Trunk(size, CANVAS)
        self.noise = nn.Sequential(nn.Linear(2, size.width), nn.GELU(), nn.Linear(size.width, size.width))
        self.head = nn.Sequential(nn.Linear(size.width, size.width), nn.GELU(), nn.Linear(size.width, properties))

    def forward(self, canvas: Tensor, time: Tensor) -> Tensor:
        """canvas (B, L) int64, time (B,) in (0, 1]."""
        return self.of_vectors(self.trunk.embedding(canvas), time)

    def relaxed(self, weights: Tensor, time: Tensor) -> Tensor:
        """The same of weights (B, L, V) of letters; of one-hot rows as of their letters."""
        return self.of_vectors(weights @ self.trunk.embedding.weight, time)

    def of_vectors(self, vectors: Tensor, time: Tensor) -> Tensor:
        noise = self.noise(torch.stack((time, time.clamp(min=1e-4).log()), dim=-1))  # (B, d)
        return self.head(self.trunk(vectors + noise[:, None]).mean(1))


def save(model: Denoiser | Classifier, path: Path, **notes: Any) -> None:
    """Write half-precision weights."""
    tensors = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in model.state_dict().items()}
    about = {**asdict(model.size), **notes}
    save_file(tensors, path, metadata={name: str(value) for name, value in about.items()})


def load(kind: type[Any], path: Path, device: str = "cpu") -> Any:
    """Read weights that `save` wrote, in single precision."""
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no mapping
    model = kind(Size(int(about["width"]), int(about["layers"]), int(about["heads"])))
    model.load_state_dict(tensors)
    return model.to(device).eval()
