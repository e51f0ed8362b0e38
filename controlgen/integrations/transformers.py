"""A logits processor for `DiffusionGemmaForBlockDiffusion.generate` of transformers.

    constraint = language.compile(vocabulary)          # for the width of the model's logits
    guard = DiffusionGemmaConstraint(constraint, max_new_tokens=768)
    model.generate(input_ids, logits_processor=LogitsProcessorList([guard]), max_new_tokens=768)

That loop draws each position by itself and keeps, at the end of a canvas, the largest score of each position. So at
every step the scores are returned with the joint witness of the whole canvas as the largest of each position: what is
kept is a witness. The loop does not tell which tokens it accepted earlier, and takes none for final: nothing is fixed.

Knows: the order in which that loop calls its processors, and how it puts canvases together. Does not know: the model.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from controlgen.constraints import ConstraintError

from ._witness import How, Kind, Row, checked, choose, foreign, lifted, rows_of

__all__ = ["DiffusionGemmaConstraint"]


class DiffusionGemmaConstraint:
    """Makes every row's new tokens a member of its constraint, over one or several canvases.

    Guaranteed for what `generate` returns, whatever the sampler, the temperatures and the stopping thresholds, as long
    as this is the last processor in the list (the temperature that `generate` appends keeps the order of scores), no
    other stopping criterion ends the text, and what `generate` takes for an end of text is a stop token of the
    vocabulary. Left-padded batches are fine. Make the list anew for each call: `generate` appends to it.

    Args:
        constraints: one compiled constraint, or one for each row of the batch; exact ones.
        prompt_length: columns of `input_ids` before the new tokens. By default those of the first call; give it, or
            call `reset`, where an object serves several calls of `generate`.
        max_new_tokens: what `generate` is given; rounded up to whole canvases, as there. By default the first canvas
            has to hold the whole text.
        witness: "mode", the most probable member; "mbr", the least expected wrong tokens; "sample", a draw.
        seed: of the draws.
        temperature: of the draws.

    Raises:
        UnsupportedConstraint: for a verified constraint: it needs a check of each candidate, which has no place here.
        InfeasibleConstraint: at the first call, where the tokens are too few, with the least number.
    """

    supports_continuous_batching = False  # asked of every processor by `LogitsProcessorList`

    def __init__(
        self,
        constraints: Any,
        *,
        prompt_length: int | None = None,
        max_new_tokens: int | None = None,
        witness: Kind = "mode",
        seed: int = 0,
        temperature: float = 1.0,
    ) -> None:
        if max_new_tokens is not None and max_new_tokens < 1:
            raise ValueError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
        self._constraints = checked(constraints)
        self._prompt_length = prompt_length
        self._max_new_tokens = max_new_tokens
        self._how = How(witness, seed, temperature)
        self.reset()

    def reset(self) -> None:
        """Forget the canvases seen: the next call is the first one of another `generate`."""
        self._rows: list[Row] = []
        self._seen: Tensor | None = None
        self._first = 0

    def __call__(self, input_ids: Tensor, scores: Tensor, cur_step: Any = None) -> Tensor:
        """The scores (B, L, V) with each row's witness as its strict maxima, float32."""
        if scores.dim() != 3:
            raise ValueError(
                f"scores must be those of a canvas, (batch, canvas, vocabulary), got {tuple(scores.shape)}: this "
                "processor is for DiffusionGemmaForBlockDiffusion.generate"
            )
        self._follow(input_ids, scores.shape[0], scores.shape[1])
        tokens, target = choose(self._rows, scores, None, self._how)
        return lifted(scores, target.support(), tokens)

    # -- canvases -----------------------------------------------------------------------------------------------

    def _follow(self, input_ids: Tensor, batch: int, canvas: int) -> None:
        """Take note of the canvases that were put behind the prompt since the last call."""
        if self._seen is None or not self._goes_on(input_ids):
            self._begin(input_ids, batch, canvas)
        done = self._rows[0].done
        new = input_ids[:, self._first + done :]
        if new.shape[1]:
            for number, (row, tokens) in enumerate(zip(self._rows, new.tolist(), strict=True)):
                try:
                    row.read(tokens)
                except ConstraintError as error:
                    raise foreign(error, number, "put this processor last in the list") from error
        self._seen = input_ids.clone()

    def _begin(self, input_ids: Tensor, batch: int, canvas: int) -> None:
        length = self._max_new_tokens or canvas
        self._rows = rows_of(self._constraints, batch, -(-length // canvas) * canvas)
        self._first = input_ids.shape[1] if self._prompt_length is None else self._prompt_length

    def _goes_on(self, input_ids: Tensor) -> bool:
        """Whether the tokens are those of the last call with none or more behind them."""
        seen = self._seen
        if seen is None or seen.shape[0] != input_ids.shape[0] or seen.shape[1] > input_ids.shape[1]:
            return False
        return torch.equal(seen, input_ids[:, : seen.shape[1]].to(seen.device))
