"""What a network has been told before the present block: prompts, encoded once, and the blocks that are final.

Finished blocks are stored lazily, all that wait in one pass, just before the next prediction: a row that ends costs
none. The same with the prompts blanked, for classifier-free guidance, is kept from the first time it is asked for.
Knows a `Denoiser` and rows of tokens; no constraint, no steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from controlgen.families import Denoiser

__all__ = ["Prefix"]


class Prefix:
    """The conditioning of the rows that go on.

    Args:
        denoiser: the network.
        prompts: token ids per row, by the row's index.
    """

    def __init__(self, denoiser: Denoiser, prompts: dict[int, Sequence[int]]) -> None:
        self._denoiser, self._prompts = denoiser, prompts
        self._rows: list[int] = []
        self._conditioning: Any = None
        self._stored: dict[int, list[Tensor]] = {row: [] for row in prompts}
        self._blanked: tuple[tuple[tuple[int, ...], int], Any] | None = None
        self._waiting = 0  # of the stored blocks, how many the network has not seen

    def lead(self, row: int, *, blank: bool = False) -> Tensor:
        """The last tokens of a row's prompt, which share the first block with the canvas: (lead,) int64."""
        prompt = self._blank(row) if blank else self._prompts[row]
        lead = self._denoiser.family.lead(len(prompt))
        return torch.as_tensor(list(prompt[len(prompt) - lead :]), dtype=torch.int64)

    def told(self, row: int) -> Sequence[int]:
        """Everything that the network has been told of a row before the present block: token ids."""
        return [*self._head(row), *(token for block in self._stored[row] for token in block.tolist())]

    def append(self, blocks: dict[int, Tensor]) -> None:
        """Blocks (block,) int64 of the rows that go on, which are final now."""
        for row, block in blocks.items():
            self._stored[row].append(block)
        self._waiting += 1

    def copy(self, sources: dict[int, int]) -> None:
        """Rows take over the finished blocks of others, row by source, all of the same prompt.

        Where that changes any, the blocks of all rows are stored anew before the next prediction.
        """
        before = self._stored
        self._stored = before | {row: list(before[source]) for row, source in sources.items()}
        if any(not torch.equal(*pair) for row in sources for pair in zip(before[row], self._stored[row], strict=True)):
            self._conditioning = self._blanked = None
            self._waiting = len(self._stored[next(iter(sources))])

    def conditioning(self, rows: list[int]) -> tuple[Any, int]:
        """What `Denoiser.predict` needs for these rows, ascending; and how many cache passes that took."""
        if self._conditioning is None:
            self._conditioning = self._denoiser.encode([self._head(row) for row in rows])
        elif rows != self._rows:
            kept = torch.tensor([self._rows.index(row) for row in rows])
            self._conditioning = self._denoiser.select(self._conditioning, kept)
        self._rows = list(rows)
        if not self._waiting:
            return self._conditioning, 0
        waiting = torch.stack([torch.cat(self._stored[row][-self._waiting :]) for row in rows])  # (R, n · block)
        self._conditioning = self._denoiser.store(self._conditioning, waiting)
        self._waiting = 0
        return self._conditioning, 1

    def blank(self, rows: list[int]) -> tuple[Any, int]:
        """The conditioning of these rows with their prompts blanked, and how many cache passes that took."""
        key = (tuple(rows), len(self._stored[rows[0]]))
        if self._blanked is not None and self._blanked[0] == key:
            return self._blanked[1], 0
        conditioning = self._denoiser.encode([self._head(row, blank=True) for row in rows])
        seen = [torch.cat(self._stored[row]) for row in rows if self._stored[row]]
        if seen:
            conditioning = self._denoiser.store(conditioning, torch.stack(seen))
        self._blanked = (key, conditioning)
        return conditioning, int(bool(seen))

    def _head(self, row: int, *, blank: bool = False) -> Sequence[int]:
        """The part of a prompt that precedes the first block."""
        prompt = self._blank(row) if blank else self._prompts[row]
        return prompt[: len(prompt) - self._denoiser.family.lead(len(prompt))]

    def _blank(self, row: int) -> Sequence[int]:
        return self._denoiser.blank(self._prompts[row])
