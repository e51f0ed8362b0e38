"""The two hooks of Dream's `diffusion_generate`.

    guard = DreamConstraint(language.compile(vocabulary), mask_id=model.config.mask_token_id)
    model.diffusion_generate(input_ids, max_new_tokens=64, steps=64, alg="entropy", **guard.hooks)

The loop calls the hook of tokens once before its first step and after every step, and the hook of logits, already
aligned with their positions, in between. The hook of logits finds the witness, the joint best that agrees with all
tokens on the canvas, and makes it the largest of each open row, so that the loop ranks positions by how sure the model
is among what the language allows. The hook of tokens then puts the witness's token at each position that the loop has
filled, whatever it drew there, and restores what it must not have touched.

Knows: when that loop calls its hooks, and how it marks open positions. Does not know: the model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ._witness import How, Kind, Row, checked, choose, lifted, rows_of

__all__ = ["DreamConstraint"]


class DreamConstraint:
    """Makes each row's canvas, all columns from the first mask token on, a member of its constraint.

    Guaranteed for what `diffusion_generate` returns, with every `alg`, temperature, top-k and top-p, if the loop fills
    all positions, as it does when the rows of a batch have equally many open ones; where they have not, give `steps`.
    Canvases may hold tokens already (a template): they are kept. One object serves any number of calls, one at a time.

    Args:
        constraints: one compiled constraint, or one for each row of the batch; exact ones.
        mask_id: the token that marks an open position.
        steps: what `diffusion_generate` is given; after the last of them open positions are filled from the witness.
        witness: "mode", the most probable member; "mbr", the least expected wrong tokens; "sample", a draw.
        seed: of the draws.
        temperature: of the draws.

    Raises:
        UnsupportedConstraint: for a verified constraint: it needs a check of each candidate, which has no place here.
        InfeasibleConstraint: before anything is filled, where the canvas has no member.
    """

    def __init__(
        self,
        constraints: Any,
        *,
        mask_id: int,
        steps: int | None = None,
        witness: Kind = "mode",
        seed: int = 0,
        temperature: float = 1.0,
    ) -> None:
        self._constraints = checked(constraints)
        for number, constraint in enumerate(self._constraints):
            if not 0 <= mask_id < constraint.vocab_size or int(constraint.token_class[mask_id]):
                raise ValueError(f"constraint {number} may write the mask token {mask_id}: bar it from the vocabulary")
        self._mask_id = mask_id
        self._steps = steps
        self._how = How(witness, seed, temperature)
        self._rows: list[Row] = []
        self._kept: Tensor | None = None  # (B, T) the sequence as it should be
        self._first = 0
        self._witness: Tensor | None = None  # (B, L)

    @property
    def hooks(self) -> dict[str, Callable[..., Tensor]]:
        """The two hooks by the names of the arguments of `diffusion_generate`."""
        return {"generation_tokens_hook_func": self.tokens, "generation_logits_hook_func": self.logits}

    def tokens(self, step: int | None, x: Tensor, logits: Tensor | None) -> Tensor:
        """The hook of tokens: takes note of the canvas before the first step, and keeps to the witness afterwards."""
        if step is None:
            self._begin(x)
            return x
        kept, witness = self._started(), self._witness
        if witness is None:
            raise RuntimeError("the hook of logits was not called in this step: pass both hooks")
        open_before = kept[:, self._first :] == self._mask_id
        filled = open_before & (x[:, self._first :] != self._mask_id)
        if self._steps is not None and step >= self._steps - 1:
            filled = open_before
        canvas = torch.where(filled, witness, kept[:, self._first :])
        self._kept = torch.cat([kept[:, : self._first], canvas], dim=1)
        self._witness = None
        x.copy_(self._kept)
        return x

    def logits(self, step: int, x: Tensor, logits: Tensor) -> Tensor:
        """The hook of logits (B, T, V): rows of open positions are led by the witness; float32."""
        canvas = self._started()[:, self._first :]
        fixed = canvas.masked_fill(canvas == self._mask_id, -1)
        scores = logits[:, self._first :]
        self._witness, target = choose(self._rows, scores, fixed, self._how)
        return torch.cat([logits[:, : self._first].float(), lifted(scores, target.support(), self._witness)], dim=1)

    # -- the canvas -----------------------------------------------------------------------------------------------

    def _begin(self, x: Tensor) -> None:
        open_positions = x == self._mask_id
        columns = open_positions.any(dim=0).nonzero()
        if not len(columns):
            raise ValueError(f"the sequences have no open position: none is the mask token {self._mask_id}")
        self._first = int(columns[0])
        counts = open_positions.sum(dim=1)
        if self._steps is None and bool((counts != counts[0]).any()):
            raise ValueError(
                f"rows have different numbers of open positions ({counts.tolist()}), of which this loop fills equally "
                "many at each step: give `steps`, so that the last step fills the rest"
            )
        self._rows = rows_of(self._constraints, x.shape[0], x.shape[1] - self._first)
        self._kept, self._witness = x.clone(), None

    def _started(self) -> Tensor:
        if self._kept is None:
            raise RuntimeError("the hook of tokens was not called before the first step: pass both hooks")
        return self._kept
