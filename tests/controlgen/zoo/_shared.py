"""What the families of the zoo have in common: drawing tokens, ranking positions, writing a model folder."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_model
from torch import Tensor, nn

HERE = Path(__file__).parent

Uniforms = Callable[[str, tuple[int, ...]], Tensor]
"""``uniforms(purpose, shape)``: float64 uniforms in [0, 1), asked for once per step and purpose."""


def no_uniforms(purpose: str, shape: tuple[int, ...]) -> Tensor:
    """The source of a loop that should be deterministic: asking it is an error."""
    raise AssertionError(f"a deterministic loop asked for {purpose} of shape {shape}")


def allowed(logits: Tensor, barred: Tensor) -> Tensor:
    """The logits in float64, minus infinity at tokens that must never be written."""
    return logits.double().masked_fill(barred, -torch.inf)


def draw(weights: Tensor, uniforms: Tensor) -> Tensor:
    """A column per row of the weights (N, V): the first whose running sum exceeds its share of the total.

    The weights need not sum to one. A column of weight zero is never the first to exceed anything.
    """
    running = weights.cumsum(-1)
    return (running > uniforms[:, None] * running[:, -1:]).int().argmax(-1)


def pick(logits: Tensor, temperature: float, uniforms: Uniforms) -> Tensor:
    """A token per row: the likeliest (the lowest id of equals) at temperature 0, or else a draw."""
    if temperature == 0:
        return logits.argmax(-1)
    return draw((logits / temperature).softmax(-1), uniforms("tokens", (len(logits),)))


def first(values: Tensor, count: int) -> Tensor:
    """The positions of the ``count`` largest values, the leftmost of equals."""
    return values.sort(descending=True, stable=True).indices[:count]


def write(folder: str | Path, network: nn.Module, config: Mapping[str, Any], remote: str | None = None) -> None:
    """Writes config.json, model.safetensors and, for a family with remote code, the files auto_map names."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    save_model(network, str(folder / "model.safetensors"), metadata={"format": "pt"})
    if remote is not None:
        for source in (HERE / "remote" / remote).glob("*_*.py"):
            shutil.copy(source, folder / source.name)
        shutil.copy(HERE / "_attention.py", folder / "_attention.py")
