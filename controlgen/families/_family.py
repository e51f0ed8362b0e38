"""What differs between model families, as data: `Family`; and the one interface of a forward pass: `Denoiser`.

The loop knows nothing else of a model, and this module knows nothing of constraints and steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from controlgen.samplers import LowConfidence, Sampler

__all__ = ["Denoiser", "Family", "View", "align", "plain_prompt"]


def plain_prompt(tokenizer: Any, text: str, schema: Any) -> str:
    """The text as it is."""
    return text


@dataclass(frozen=True)
class Family:
    """The conventions of one model.

    Attributes:
        name: of the family.
        vocab_size: V, logit columns, padded ones included.
        mask_id: what stands at open positions of a canvas; None for a uniform model, which sees random tokens there.
        stop_ids: tokens that end the text; without any, a canvas is text to its last position.
        pad_ids: tokens that fill the canvas after it.
        barred_ids: further tokens that are never text (turn and image tokens, and the like).
        context: most tokens of prompt and canvas together.
        canvas: tokens of a canvas if the caller names no number.
        logit_shift: row i of the network's logits speaks of position i + logit_shift.
        block: positions per block of a model that decodes block by block behind a key/value cache; None: it sees the
            whole canvas.
        block_origin: where blocks are counted from: the start of the sequence, so that the last tokens of a prompt
            share a block with the first ones of the canvas, or the start of the canvas.
        resizable: whether `block_length` may name another size of block.
        inner: positions that are committed together within a block, part after part; None: all of them.
        carries: the pass that stores a block also predicts the first position behind it, which is committed before
            the next block's first pass.
        sampler: what the family's own loop does.
        steps: denoising steps if the caller names no number; per block where there are blocks.
        ranks_ends: without a constraint, stop and pad tokens are committed like any others, as the family's own loop
            does. Under a constraint they never are.
        remembers: the network takes the logits of the last step (self-conditioning).
        whitespace: JSON style that the model was trained on, as `JsonSchema` names it.
        special_tokens: texts that mark a prompt as complete: one that starts with any of them is taken as it is.
        begin_ids: tokens that every prompt begins with; added where they are missing.
        prompt: (tokenizer, text, schema) to the prompt that a text is wrapped in.
    """

    name: str
    vocab_size: int
    mask_id: int | None
    stop_ids: frozenset[int]
    pad_ids: frozenset[int]
    context: int
    canvas: int
    barred_ids: frozenset[int] = frozenset()
    logit_shift: int = 0
    block: int | None = None
    block_origin: Literal["sequence", "canvas"] = "sequence"
    resizable: bool = False
    inner: int | None = None
    carries: bool = False
    sampler: Sampler = field(default_factory=LowConfidence)
    steps: int = 32
    ranks_ends: bool = True
    remembers: bool = False
    whitespace: str = "compact"
    special_tokens: tuple[str, ...] = ()
    begin_ids: tuple[int, ...] = ()
    prompt: Callable[[Any, str, Any], str] = plain_prompt

    def lead(self, prompt: int) -> int:
        """How many tokens of a prompt of so many stand in the first block of the canvas."""
        return prompt % self.block if self.block is not None and self.block_origin == "sequence" else 0


@dataclass(frozen=True)
class View:
    """What a network is shown in one forward pass.

    Attributes:
        tokens: (B, T) int64: the canvas, or its present block (with the last tokens of the prompt where they share
            it); the mask id or random tokens at open positions.
        lengths: tokens of each row that are real; what stands behind them is padding that nothing may attend to.
        time: noise level in (0, 1].
        memory: (B, T, V) the last step's logits over its temperature, for models that remember; None at first.
    """

    tokens: Tensor
    lengths: tuple[int, ...]
    time: float = 1.0
    memory: Tensor | None = None

    @property
    def padded(self) -> bool:
        """Whether any row is shorter than the others."""
        return min(self.lengths) < self.tokens.shape[1]


class Denoiser(Protocol):
    """A network with its family's conventions."""

    family: Family
    device: torch.device

    def encode(self, prompts: Sequence[Sequence[int]]) -> Any:
        """What predicting needs to know of B prompts (token ids), computed once."""

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        """The prompt that stands for "no prompt" beside this one, for classifier-free guidance."""

    def select(self, conditioning: Any, rows: Tensor) -> Any:
        """The conditioning of some rows; rows (R,) int64, ascending. The old one is not used any more."""

    def store(self, conditioning: Any, tokens: Tensor) -> Any:
        """The conditioning with finished blocks behind it; tokens (B, n · block). Never called without blocks."""

    def carried(self, conditioning: Any) -> Tensor | None:
        """Logits (B, V) of the first position behind what was stored, for families that carry; None: there are none."""

    def predict(self, view: View, conditioning: Any) -> Tensor:
        """One forward pass: logits (B, T, V), aligned: row i speaks of position i."""


def align(logits: Tensor, length: int, shift: int) -> Tensor:
    """Rows that speak of the canvas, given those of the canvas and of the `shift` positions before it.

    Row i of a shifted family speaks of position i + shift, so its rows for a canvas start `shift` rows earlier.

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
