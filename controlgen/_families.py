"""Model families: what differs between denoisers, as a declaration plus a forward call.

`Family` holds conventions only (mask id, stop and pad ids, which position a row of logits speaks of). A
`Denoiser` is a family with a network behind it: it encodes prompts once and predicts canvases. The loop knows
nothing else of a model, and this module knows nothing of constraints and steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from controlgen._errors import ModelFolderError
from controlgen._prompt import SPECIAL_TOKENS

__all__ = ["FAMILIES", "Denoiser", "Family", "align", "open_denoiser"]


@dataclass(frozen=True)
class Family:
    """The conventions of one model.

    Attributes:
        name: of the family.
        vocab_size: V, logit columns, padded ones included.
        mask_id: what stands at open positions of a canvas.
        stop_ids: tokens that end the text.
        pad_ids: tokens that fill the canvas after it.
        context: most tokens of prompt and canvas together.
        canvas: tokens of a canvas if the caller names no number.
        logit_shift: row i of the logits speaks of position i + logit_shift.
        whitespace: JSON style that the model was trained on, as `JsonSchema` names it.
        special_tokens: texts that mark a prompt as complete: one that starts with any of them is taken as it
            is.
    """

    name: str
    vocab_size: int
    mask_id: int
    stop_ids: frozenset[int]
    pad_ids: frozenset[int]
    context: int
    canvas: int
    logit_shift: int = 0
    whitespace: str = "compact"
    special_tokens: tuple[str, ...] = ()


class Denoiser(Protocol):
    """A network with its family's conventions."""

    family: Family
    device: torch.device

    def encode(self, prompts: Sequence[Sequence[int]]) -> Any:
        """What predicting needs to know of B prompts (token ids), computed once."""

    def select(self, conditioning: Any, rows: Tensor) -> Any:
        """The conditioning of some rows; rows (R,) int64, ascending."""

    def unconditional(self, rows: int) -> Any:
        """The conditioning of so many rows without a prompt."""

    def predict(self, canvas: Tensor, conditioning: Any) -> Tensor:
        """One forward pass: canvas (B, L) int64 to logits (B, L, V), aligned: row i speaks of position i."""


def align(logits: Tensor, length: int, shift: int) -> Tensor:
    """Rows that speak of the canvas, given those of the canvas and of the `shift` positions before it.

    Row i of a shifted family speaks of position i + shift, so its rows for a canvas start `shift` rows
    earlier.

    Args:
        logits: (B, shift + L, V).
        length: L.
        shift: the family's `logit_shift`.

    Returns:
        (B, L, V), a view.
    """
    if logits.shape[1] != length + shift:
        raise ValueError(f"{logits.shape[1]} rows of logits for {length} positions and a shift of {shift}")
    return logits[:, :length]


class EmbeddedDenoiser:
    """The embedded model: a prompt is encoded once, a pass costs canvas positions only.

    Args:
        network: an `EmbeddedDiffusionModel`, on its device and in its dtype.
    """

    def __init__(self, network: Any) -> None:
        config = network.config
        self.network = network.eval()
        self.device: torch.device = network.device
        self.family = Family(
            name="embedded",
            vocab_size=config.vocab_size,
            mask_id=config.mask_token_id,
            stop_ids=frozenset([config.eos_token_id]),
            pad_ids=frozenset([config.pad_token_id]),
            context=config.max_position,
            canvas=config.max_canvas,
            special_tokens=SPECIAL_TOKENS,
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

    def select(self, conditioning: Any, rows: Tensor) -> Any:
        """The conditioning of some rows; rows (R,) int64."""
        return conditioning.select(rows.to(self.device))

    def unconditional(self, rows: int) -> Any:
        """The conditioning that the model was trained with in place of dropped prompts."""
        with torch.no_grad():
            return self.network.unconditional(rows)

    def predict(self, canvas: Tensor, conditioning: Any) -> Tensor:
        """One forward pass: canvas (B, L) int64 to logits (B, L, V)."""
        with torch.no_grad():
            logits = self.network(canvas.to(self.device), conditioning)
        return align(logits, canvas.shape[1], self.family.logit_shift)


def _open_embedded(folder: Path, device: torch.device, dtype: torch.dtype) -> EmbeddedDenoiser:
    from controlgen.embedded import EmbeddedDiffusionModel

    network = EmbeddedDiffusionModel.from_pretrained(folder, dtype=dtype, local_files_only=True)
    return EmbeddedDenoiser(network.to(device))


FAMILIES: dict[str, Callable[[Path, torch.device, torch.dtype], Denoiser]] = {
    "controlgen_embedded": _open_embedded,
}
"""How to open a model folder, by the `model_type` of its configuration."""


def open_denoiser(folder: Path, device: torch.device, dtype: torch.dtype) -> Denoiser:
    """The denoiser in a model folder.

    Raises:
        ModelFolderError: no readable configuration, an unknown `model_type`, or weights that don't load.
    """
    try:
        configuration = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFolderError(f"{folder}: no config.json: not a model folder") from None
    except ValueError as error:
        raise ModelFolderError(f"{folder / 'config.json'}: not JSON ({error})") from None
    kind = configuration.get("model_type") if isinstance(configuration, dict) else None
    if kind not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ModelFolderError(
            f"{folder / 'config.json'}: model_type {kind!r} is not a known family ({known})"
        )
    try:
        return FAMILIES[kind](folder, device, dtype)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ModelFolderError(f"{folder}: the weights don't load: {first_line}") from error
