"""A model as an expert beside another one: `ModelExpert` predicts the view that the other is shown.

Knows a denoiser, prompts as token ids and views; nothing of factors or constraints. What differs between families
(alignment, mask tokens, prompts behind a cache) is settled here.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from controlgen._errors import OptionError
from controlgen.constraints import Vocabulary
from controlgen.families import Denoiser, View
from controlgen.guidance import StepContext

__all__ = ["ModelExpert"]


class ModelExpert:
    """An `Expert`: logits (B, T, V) of a denoiser for each step's view.

    Prompts are encoded once for the rows of a generation, anew only where they are others. Calls of several threads
    follow one another.

    Args:
        denoiser: of the expert.
        vocabulary: what its tokens spell; the model that is guided must have the same.
        prompt: token ids that it sees instead of the prompt of every row; None: the rows' own prompts.

    Raises:
        OptionError: a uniform model, a self-conditioning one, or a prompt of its own for one that decodes in blocks; in
            a step: another vocabulary, or blocks of another size.
    """

    def __init__(self, denoiser: Denoiser, vocabulary: Vocabulary, prompt: Sequence[int] | None = None) -> None:
        family = denoiser.family
        if family.mask_id is None or family.remembers:
            why = "takes its own last prediction" if family.remembers else "has no mask token"
            raise OptionError(
                f"{family.name} {why}: it can't read another model's canvas, so it can't be an expert beside one"
            )
        if prompt is not None and family.block is not None:
            raise OptionError(
                f"{family.name} counts its blocks from the prompt: as an expert it sees the rows' own; leave prompt out"
            )
        self._denoiser, self._vocabulary, self._prompt = denoiser, vocabulary, prompt
        self._lock = Lock()
        self._rows: tuple[int, ...] = ()
        self._told: list[tuple[int, ...]] = []
        self._conditioning: Any = None

    def __call__(self, context: StepContext) -> Tensor:
        """Logits (B, T, V), aligned, on the expert's device; one forward pass."""
        self._check(context)
        canvas = context.canvas.cpu()
        mask = torch.full_like(canvas, self._denoiser.family.mask_id or 0)
        tokens = torch.where(context.editable.cpu(), mask, canvas)  # (B, T): open positions hold its own mask token
        with self._lock:
            return self._denoiser.predict(View(tokens, context.lengths, context.time), self._encoded(context))

    def _encoded(self, context: StepContext) -> Any:
        """The conditioning of the step's rows; encoded if they are not among those of the last step."""
        told = [tuple(self._prompt if self._prompt is not None else prompt) for prompt in context.prompts]
        known = dict(zip(self._rows, self._told, strict=True))
        if any(known.get(row) != prompt for row, prompt in zip(context.rows, told, strict=True)):
            self._conditioning = self._denoiser.encode(told)
        elif context.rows != self._rows:
            kept = torch.tensor([self._rows.index(row) for row in context.rows])
            self._conditioning = self._denoiser.select(self._conditioning, kept)
        self._rows, self._told = context.rows, told
        return self._conditioning

    def _check(self, context: StepContext) -> None:
        family = self._denoiser.family
        if context.vocabulary.fingerprint != self._vocabulary.fingerprint:
            raise OptionError(
                f"the expert ({family.name}) has another vocabulary than the model that it is to guide: "
                f"{self._vocabulary} beside {context.vocabulary}; experts need the same tokens, stop and pad ids and "
                "logit columns"
            )
        if family.block not in (None, context.canvas.shape[1]):
            raise OptionError(
                f"the expert ({family.name}) decodes blocks of {family.block} tokens, the model that it is to guide "
                f"shows {context.canvas.shape[1]} at a time"
            )
        told = context.prompts if self._prompt is None else [self._prompt]
        if family.logit_shift and family.block is None and not all(len(prompt) for prompt in told):
            raise OptionError(f"the expert ({family.name}) needs a token before the canvas to predict its first")
