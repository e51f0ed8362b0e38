"""Log-factors of one inference call: logits, temperature and bias, read in place.

Knows: what f is, its floor, and how to read some of it. Does not know: automata, classes, sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

#: Log-factors below this count as this much: a factor of minus infinity makes nothing impossible.
FLOOR = -1e9


@dataclass(frozen=True, eq=False)
class Factors:
    """f = max(values / temperature + bias, FLOOR) of the canvases ``rows`` of a batch; nothing is copied."""

    values: Tensor  # (B, L, V) floating
    bias: Tensor | None  # broadcasts against values: (1 or B, 1 or L, V)
    temperature: float
    rows: tuple[int, ...]  # the canvases meant, indices into B
    batched: bool  # whether the caller gave a batch (for error messages)

    @property
    def length(self) -> int:
        return int(self.values.shape[1])

    def bias_of(self, canvas: int) -> Tensor | None:
        """Bias of the k-th canvas, (1 or L, V)."""
        if self.bias is None:
            return None
        return self.bias[self.rows[canvas] if self.bias.shape[0] > 1 else 0]

    def dense(self, canvas: int, start: int, stop: int) -> Tensor:
        """f at positions start:stop of the k-th canvas in float64, (stop - start, V); NaN and +inf pass through."""
        dense = self.values[self.rows[canvas], start:stop].double() / self.temperature
        bias = self.bias_of(canvas)
        if bias is not None:
            dense = dense + (bias[start:stop] if bias.shape[0] > 1 else bias).double()
        return dense.clamp(min=FLOOR)

    def block(self, first: int, last: int, start: int, stop: int) -> Tensor:
        """f at positions start:stop of the canvases first:last, as `dense`, (last - first, stop - start, V)."""
        rows = torch.tensor(self.rows[first:last], device=self.values.device)
        dense = self.values[rows, start:stop].double() / self.temperature
        if self.bias is not None:
            bias = self.bias[rows] if self.bias.shape[0] > 1 else self.bias
            dense = dense + (bias[:, start:stop] if bias.shape[1] > 1 else bias).double()
        return dense.clamp(min=FLOOR)

    def at(self, tokens: Tensor) -> Tensor:
        """f of one token per position in float64, (n, L) for tokens (n, L)."""
        device = self.values.device
        rows = torch.tensor(self.rows, device=device)[:, None]  # (n, 1)
        positions = torch.arange(self.length, device=device)[None]  # (1, L)
        chosen = self.values[rows, positions, tokens].double() / self.temperature
        if self.bias is not None:
            row = rows if self.bias.shape[0] > 1 else torch.zeros_like(rows)
            position = positions if self.bias.shape[1] > 1 else torch.zeros_like(positions)
            chosen = chosen + self.bias[row, position, tokens].double()
        return chosen.clamp(min=FLOOR)

    def place(self, canvas: int, position: int) -> str:
        """How an error message names a row of factors."""
        return f"row {self.rows[canvas]}, position {position}" if self.batched else f"position {position}"

    def refuse(self, canvas: int, position: int) -> ValueError:
        """The error for a row of factors that holds NaN or plus infinity."""
        row = self.dense(canvas, position, position + 1)[0]
        bad = ~(row <= torch.finfo(torch.float64).max)
        token = int(bad.int().argmax())
        what = "NaN" if bool(row[token].isnan()) else "plus infinity"
        return ValueError(
            f"log_factors at {self.place(canvas, position)} hold {what} for token {token} "
            f"({int(bad.sum())} such entries in this row; temperature {self.temperature:g}): "
            "every log-factor must be finite or minus infinity"
        )
