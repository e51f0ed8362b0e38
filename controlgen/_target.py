"""The posteriors of one step, asked as one: rows whose automata and windows may differ.

A row's window is the part of the network's view that its constraint speaks of: `length` positions from `offset` on.
Rows with equal windows are one `Posterior`; answers come back per row, on the CPU. Knows no model and no sampler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from controlgen.constraints import Posterior, posterior
from controlgen.constraints._arrays import AutomatonArrays

__all__ = ["Slot", "Target"]


@dataclass(frozen=True)
class Slot:
    """One row's part of a step: its automaton between the borders of its window, and what is fixed there.

    Attributes:
        row: index of the row in the logits.
        automaton: of the window.
        offset: where the window begins in the view.
        fixed: (n,) int64, -1 = open; its length is the window's.
    """

    row: int
    automaton: AutomatonArrays
    offset: int
    fixed: Tensor


class Target:
    """q of a step for several rows; see `Posterior` for the queries.

    Args:
        slots: one per row asked about.
        logits: (R, T, V) floating.
        bias: (R, T, V) floating, added to the logits, or None.
        temperature: greater than 0; divides logits and bias.
    """

    def __init__(self, slots: Sequence[Slot], logits: Tensor, bias: Tensor | None, temperature: float) -> None:
        self._slots = slots
        self._groups: list[tuple[list[int], Posterior]] = []
        windows: dict[tuple[int, int], list[int]] = {}
        for index, slot in enumerate(slots):
            windows.setdefault((slot.offset, len(slot.fixed)), []).append(index)
        for (offset, length), members in windows.items():
            rows = [slots[index].row for index in members]
            values = _cut(logits, rows, offset, length)
            added = None if bias is None else _cut(bias, rows, offset, length)
            asked = posterior(
                [slots[index].automaton for index in members],
                values,
                torch.stack([slots[index].fixed for index in members]).to(logits.device),
                temperature=temperature,
                bias=added if added is None or temperature == 1.0 else added / temperature,
                normalize=True,
            )
            self._groups.append((members, asked))

    def ask(self, query: Callable[[Posterior, list[int]], Tensor]) -> list[Tensor]:
        """A query's answer per slot, on the CPU; it gets a posterior and the indices of its slots."""
        answers: list[Tensor] = [torch.empty(0)] * len(self._slots)
        for members, asked in self._groups:
            for index, answer in zip(members, query(asked, members).cpu(), strict=True):
                answers[index] = answer
        return answers

    def mode(self) -> list[Tensor]:
        return self.ask(lambda asked, _: asked.mode())

    def mbr(self) -> list[Tensor]:
        return self.ask(lambda asked, _: asked.mbr())

    def sample(self, generators: Sequence[torch.Generator]) -> list[Tensor]:
        """A draw per row, by its own generator."""
        return self.ask(lambda asked, members: asked.sample([generators[index] for index in members]))

    def confidence(self, tokens: Sequence[Tensor]) -> list[Tensor]:
        """Constrained marginal probabilities of tokens (n,) per row, float64."""
        return self._of_tokens(Posterior.confidence, tokens)

    def raw_confidence(self, tokens: Sequence[Tensor]) -> list[Tensor]:
        """Unconstrained probabilities of tokens (n,) per row, float64."""
        return self._of_tokens(Posterior.raw_confidence, tokens)

    def _of_tokens(self, method: Callable[[Posterior, Tensor], Tensor], tokens: Sequence[Tensor]) -> list[Tensor]:
        return self.ask(lambda asked, members: method(asked, torch.stack([tokens[i] for i in members])).double())

    @cached_property
    def entropy(self) -> list[Tensor]:
        return self.ask(lambda asked, _: asked.entropy())

    @cached_property
    def raw_log_normalizer(self) -> list[Tensor]:
        return self.ask(lambda asked, _: asked.raw_log_normalizer)

    @cached_property
    def margin(self) -> list[Tensor]:
        """Difference of the two largest marginals, (n,) float64 per row; 1 at fixed positions."""

        def query(asked: Posterior, _: list[int]) -> Tensor:
            first = asked.marginals().topk(2, dim=-1).values.double()
            return first[..., 0] - first[..., 1]

        return self.ask(query)

    @property
    def support_size(self) -> list[Tensor]:
        return self.ask(lambda asked, _: asked.support_size())

    @property
    def log_z(self) -> list[float]:
        return [float(value) for value in self.ask(lambda asked, _: asked.log_z)]


def _cut(values: Tensor, rows: list[int], offset: int, length: int) -> Tensor:
    """The rows and positions of a window: a view where they are all rows in order, else a copy."""
    cut = values[:, offset : offset + length]
    return cut if rows == list(range(values.shape[0])) else cut[torch.tensor(rows, device=values.device)]
