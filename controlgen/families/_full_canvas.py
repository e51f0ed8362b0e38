"""Networks that see prompt and canvas as one sequence, without a cache: `FullCanvas`.

Prompts are padded on the left, canvases of different lengths on the right; a mask keeps every row from seeing either.
A network that takes no mask gets the rows of equal lengths together, in passes of their own. Knows how rows are laid
out; a family's file says how its network is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from controlgen.families._family import Family, View, align

__all__ = ["Call", "FullCanvas"]


@dataclass(frozen=True)
class Call:
    """One call of a network.

    Attributes:
        tokens: (B, T) int64.
        mask: (B, T) bool, True at real tokens; None where all are.
        positions: (B, T) int64, positions of the real tokens from 0; None where that is 0 … T − 1.
        time: noise level in (0, 1].
    """

    tokens: Tensor
    mask: Tensor | None
    positions: Tensor | None
    time: float


class FullCanvas:
    """A network over whole sequences.

    Args:
        network: on its device.
        family: its conventions.
        call: (network, `Call`) to logits (B, T, V), row by row as the network gives them.
        masks: whether the network can be kept from attending to padding.
        blank_id: what stands for every token of a prompt that is not shown; None: the mask token.
    """

    def __init__(
        self,
        network: Any,
        family: Family,
        call: Callable[[Any, Call], Tensor],
        *,
        masks: bool = True,
        blank_id: int | None = None,
    ) -> None:
        self.network, self.family = network.eval(), family
        self.device: torch.device = next(network.parameters()).device
        self._call, self._masks = call, masks
        self._blank_id = family.mask_id if blank_id is None else blank_id

    def encode(self, prompts: Sequence[Sequence[int]]) -> list[Tensor]:
        """The prompts, each (P,) int64."""
        return [torch.as_tensor(list(prompt), dtype=torch.int64) for prompt in prompts]

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        """As many mask tokens as the prompt has tokens (LLaDA's unconditional prediction)."""
        assert self._blank_id is not None
        return [self._blank_id] * len(prompt)

    def select(self, conditioning: list[Tensor], rows: Tensor) -> list[Tensor]:
        return [conditioning[row] for row in rows.tolist()]

    def store(self, conditioning: list[Tensor], tokens: Tensor) -> list[Tensor]:
        """Finished blocks follow the prompts."""
        return [torch.cat((prompt, row)) for prompt, row in zip(conditioning, tokens, strict=True)]

    def carried(self, conditioning: list[Tensor]) -> Tensor | None:
        return None

    def predict(self, view: View, conditioning: list[Tensor]) -> Tensor:
        """One forward pass: logits (B, T, V); without masks one for each shape of rows."""
        shapes = [(len(prompt), length) for prompt, length in zip(conditioning, view.lengths, strict=True)]
        if self._masks or len(set(shapes)) == 1:
            return self._pass(view.tokens, view.lengths, conditioning, view.time)
        rows_of: dict[tuple[int, int], list[int]] = {}
        for row, shape in enumerate(shapes):
            rows_of.setdefault(shape, []).append(row)
        out: Tensor | None = None
        for (_, length), rows in rows_of.items():
            tokens = view.tokens[rows, :length]
            part = self._pass(tokens, (length,) * len(rows), [conditioning[row] for row in rows], view.time)
            if out is None:
                out = part.new_zeros(*view.tokens.shape, part.shape[-1])
            out[torch.tensor(rows, device=out.device), :length] = part
        assert out is not None
        return out

    def _pass(self, canvas: Tensor, lengths: Sequence[int], prompts: list[Tensor], time: float) -> Tensor:
        size, longest = canvas.shape[1], max(map(len, prompts))
        filler = min(self.family.pad_ids | self.family.stop_ids, default=0)
        tokens = torch.full((len(prompts), longest + size), filler, dtype=torch.int64)  # (B, P + T)
        real = torch.zeros_like(tokens, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            begin = longest - len(prompt)
            tokens[row, begin:] = torch.cat((prompt, canvas[row].cpu()))
            real[row, begin : longest + lengths[row]] = True
        whole = bool(real.all())
        positions = None if whole else (real.cumsum(1) - 1).clamp(min=0)
        call = Call(
            tokens=tokens.to(self.device),
            mask=None if whole else real.to(self.device),
            positions=None if positions is None else positions.to(self.device),
            time=time,
        )
        with torch.no_grad():
            logits = self._call(self.network, call)  # (B, P + T, V), or the last rows of it
        shift = self.family.logit_shift
        return align(logits[:, -(size + shift) :], size, shift)
