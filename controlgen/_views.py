"""One forward pass: what the rows' canvases look like to the network, its logits, and the guidance on them.

Knows how open positions are shown (the mask token, or random tokens), how rows of different lengths share a pass, and
how many passes were made; no constraint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import overload

import torch
from torch import Tensor

from controlgen._borders import Borders
from controlgen._errors import ModelOutputError
from controlgen._options import Options
from controlgen._prefix import Prefix
from controlgen._row import Row
from controlgen._target import Target
from controlgen.families import Denoiser, View
from controlgen.guidance import Cost, StepContext, total

__all__ = ["Forward", "Pass"]


@dataclass(frozen=True)
class Pass:
    """What came out of one pass.

    Attributes:
        rows: indices of the rows, in the order of the logits.
        logits: (R, T, V).
        bias: (R, T, V), the summed log-factors of guidance, or None.
    """

    rows: list[int]
    logits: Tensor
    bias: Tensor | None


class Forward:
    """Shows the canvases to the network, once per step."""

    def __init__(self, denoiser: Denoiser, prefix: Prefix, borders: Borders, options: Options) -> None:
        assert options.sampler is not None
        self.family = denoiser.family
        self.costs = tuple(Cost(type(guidance).__name__) for guidance in options.guidances)
        self._denoiser, self._prefix, self._borders = denoiser, prefix, borders
        self._options, self._sampler = options, options.sampler
        self._memory: Tensor | None = None
        self._remembered: list[int] = []
        self._step, self._steps = 0, 1

    def new_block(self) -> None:
        """Forget the last step's logits and begin to count steps anew."""
        self._memory, self._step = None, 0

    def __call__(self, rows: list[Row], steps: int) -> Pass:
        """One pass over these rows, the next of so many, and the further ones that guidance asks for."""
        self._steps = steps
        view, editable = self._view(rows)
        indices = [row.index for row in rows]
        conditioning, stored = self._prefix.conditioning(indices)
        logits = self._denoiser.predict(view, conditioning)  # (R, T, V)
        self._check(logits, view)
        blank = _OncePerStep(self._denoiser, self._prefix, view, indices)
        bias = total(self._options.guidances, self._context(rows, view, editable, logits, blank), self.costs)
        bias = self._penalised(rows, logits, bias)
        for row in rows:
            if not row.block_done:
                row.forward_passes += 1 + blank.passes
                row.cache_passes += stored + blank.cache_passes
        if self.family.remembers:
            self._remember(rows, logits)
        self._step += 1
        return Pass(indices, logits, bias)

    def carried(self, rows: list[Row]) -> Tensor | None:
        """Logits (R, V) of the first position behind what was stored, from the pass that stored it; or None."""
        conditioning, stored = self._prefix.conditioning([row.index for row in rows])
        for row in rows:
            row.cache_passes += stored
        return self._denoiser.carried(conditioning)

    def _context(
        self, rows: list[Row], view: View, editable: Tensor, logits: Tensor, blank: _OncePerStep
    ) -> StepContext:
        return StepContext(
            canvas=view.tokens,
            editable=editable,
            logits=logits,
            step=self._step,
            steps=self._steps,
            progress=min(self._step / self._steps, 1.0),
            time=view.time,
            rows=tuple(row.index for row in rows),
            lengths=view.lengths,
            witness=self._witnesses(rows, view),
            prompts=_Told(self._prefix, rows),
            vocabulary=rows[0].task.reader.vocabulary,
            unconditional=blank,
            support=cache(partial(self._support, rows, logits)),
        )

    def _penalised(self, rows: list[Row], logits: Tensor, bias: Tensor | None) -> Tensor | None:
        """The log-factors less the nats that safety filters take off single tokens."""
        if not any(row.penalties for row in rows):
            return bias
        bias = torch.zeros_like(logits) if bias is None else bias.clone()
        for index, row in enumerate(rows):
            shift = self._borders.offset(row) - row.start
            for (position, token), nats in row.penalties.items():
                if row.start <= position < row.stop:
                    bias[index, position + shift, token] -= nats
        return bias

    def _witnesses(self, rows: list[Row], view: View) -> Tensor:
        """The view with the last witnesses in the windows, (R, T) int64."""
        witnesses = view.tokens.clone()
        for index, row in enumerate(rows):
            start = self._borders.offset(row)
            witnesses[index, start : start + row.stop - row.start] = row.witness[row.window]
        return witnesses

    def _support(self, rows: list[Row], logits: Tensor) -> Tensor:
        """Tokens that the constraints allow at open positions, (R, T, V) bool, on the logits' device."""
        allowed = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
        working = [index for index, row in enumerate(rows) if not row.block_done]
        slots = [self._borders.slot(rows[index], index) for index in working]
        blank = logits.new_zeros(1).expand(logits.shape)  # the question is boolean
        target = Target(slots, blank, None, 1.0)
        for slot, own in zip(slots, target.ask(lambda asked, _: asked.support()), strict=True):
            open_ = (slot.fixed < 0)[:, None]
            allowed[slot.row, slot.offset : slot.offset + len(own)] = (own & open_).to(logits.device)
        return allowed

    def _view(self, rows: list[Row]) -> tuple[View, Tensor]:
        """The canvases as the network sees them, and where they are open, (R, T) bool."""
        frames = [self._frame(row) for row in rows]
        widest = max(len(tokens) for tokens, _ in frames)
        tokens = torch.zeros(len(rows), widest, dtype=torch.int64)
        editable = torch.zeros(len(rows), widest, dtype=torch.bool)
        for index, (shown, free) in enumerate(frames):
            tokens[index, : len(shown)], editable[index, : len(shown)] = shown, free
        lengths = tuple(len(shown) for shown, _ in frames)
        time = self._sampler.time(self._step, self._steps)
        return View(tokens, lengths, time, self._recalled([row.index for row in rows])), editable

    def _frame(self, row: Row) -> tuple[Tensor, Tensor]:
        """One row's canvas or block (T,), with the tokens of the prompt that share it, and where it is open."""
        free = ~row.filled[row.window]
        shown = torch.where(free, self._noise(row, len(free)), row.held[row.window])
        if self.family.block is None:
            return shown, free
        lead = self._prefix.lead(row.index) if row.start == 0 else shown[:0]
        behind = self.family.block - len(lead) - len(shown)  # positions past the canvas, which nobody reads
        tail = self._noise(row, behind)
        closed = torch.zeros_like
        return torch.cat((lead, shown, tail)), torch.cat((closed(lead).bool(), free, closed(tail).bool()))

    def _noise(self, row: Row, count: int) -> Tensor:
        """What stands at open positions, (count,) int64."""
        if self.family.mask_id is not None:
            return torch.full((count,), self.family.mask_id, dtype=torch.int64)
        drawn = torch.rand(count, dtype=torch.float64, generator=row.generator)
        return (drawn * self.family.vocab_size).long()

    # -- self-conditioning ------------------------------------------------------------------------------------------

    def _remember(self, rows: list[Row], logits: Tensor) -> None:
        heat = self._options.temperature or self._sampler.temperature(self._step, self._steps) or 1.0
        self._memory = logits if heat == 1.0 else logits / heat
        self._remembered = [row.index for row in rows]

    def _recalled(self, rows: list[int]) -> Tensor | None:
        if self._memory is None or rows == self._remembered:
            return self._memory
        kept = torch.tensor([self._remembered.index(row) for row in rows], device=self._memory.device)
        return self._memory[kept]

    def _check(self, logits: Tensor, view: View) -> None:
        expected = (*view.tokens.shape, self.family.vocab_size)
        if tuple(logits.shape) != expected:
            raise ModelOutputError(
                f"the network gave logits of shape {tuple(logits.shape)} where {self.family.name} should give "
                f"{expected} (rows, positions, logit columns): is it the network of this configuration?"
            )


class _Told(Sequence[Sequence[int]]):
    """What the network has been told of each row before the view; put together for rows that are asked about."""

    def __init__(self, prefix: Prefix, rows: list[Row]) -> None:
        self._prefix, self._rows = prefix, [row.index for row in rows]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Sequence[int]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[int]]: ...

    def __getitem__(self, index: int | slice) -> Sequence[int] | Sequence[Sequence[int]]:
        if isinstance(index, slice):
            return [self._prefix.told(row) for row in self._rows[index]]
        return self._prefix.told(self._rows[index])


class _OncePerStep:
    """The unconditional logits of one view, computed when first asked for; counts its passes."""

    def __init__(self, denoiser: Denoiser, prefix: Prefix, view: View, rows: list[int]) -> None:
        self._denoiser, self._prefix, self._view, self._rows = denoiser, prefix, view, rows
        self._logits: Tensor | None = None
        self.cache_passes = 0

    @property
    def passes(self) -> int:
        return 0 if self._logits is None else 1

    def __call__(self) -> Tensor:
        if self._logits is None:
            conditioning, self.cache_passes = self._prefix.blank(self._rows)
            self._logits = self._denoiser.predict(self._view, conditioning)
        return self._logits
