"""Exact inference where the logits are on an accelerator: they are read there, the sweeps run on the CPU.

One read of the logits makes class statistics of them, some hundred numbers a position instead of some hundred thousand.
Those travel, and the sweeps over positions, which on an accelerator are thousands of small kernels, are compiled loops
here. What is asked of single tokens (a draw inside a class, marginals of the whole vocabulary) is read on the device
again. Knows: what has to travel. Does not know: how either side computes (`_torch`, `_numba`).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from .._arrays import AutomatonArrays
from .._factors import Factors
from . import Reach, Statistics
from ._numba import NumbaBackend
from ._torch import TorchBackend, choose

_HERE = torch.device("cpu")


def _host(arrays: AutomatonArrays) -> AutomatonArrays:
    """The automaton on the CPU, copied once."""
    if "host" not in arrays.derived:
        arrays.derived["host"] = arrays.on(_HERE)
    return cast(AutomatonArrays, arrays.derived["host"])


class HybridBackend:
    """See `Backend`; tensors come and go on the device of the logits."""

    name = "hybrid"

    def __init__(self) -> None:
        self._near, self._far = NumbaBackend(), TorchBackend()

    def reach(self, arrays: AutomatonArrays, fixed: Tensor) -> Reach:
        found = self._near.reach(_host(arrays), fixed.cpu())
        return Reach(*(tensor.to(fixed.device) for tensor in (found.feasible, found.states, found.live)))

    def live_classes(self, arrays: AutomatonArrays, live: Tensor) -> Tensor:
        return self._near.live_classes(_host(arrays), live.cpu()).to(live.device)

    def statistics(self, arrays: AutomatonArrays, factors: Factors, fixed: Tensor) -> Statistics:
        return self._far.statistics(arrays, factors, fixed)

    def label_max(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        return self._near.label_max(_host(arrays), scores.cpu(), live.cpu()).to(scores.device)

    def label_log_sum(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        return self._near.label_log_sum(_host(arrays), scores.cpu(), live.cpu()).to(scores.device)

    def best_path(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, paths: Tensor, best: Tensor, reach: Reach
    ) -> Tensor:
        near = (scores.cpu(), labels.cpu(), paths.cpu(), best.cpu(), _near_reach(reach))
        return self._near.best_path(_host(arrays), *near).to(scores.device)

    def backward(self, arrays: AutomatonArrays, labels: Tensor, reach: Reach) -> Tensor:
        return self._near.backward(_host(arrays), labels.cpu(), _near_reach(reach)).to(labels.device)

    def label_masses(self, arrays: AutomatonArrays, labels: Tensor, backward: Tensor) -> Tensor:
        return self._near.label_masses(_host(arrays), labels.cpu(), backward.cpu()).to(labels.device)

    def class_masses(self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor) -> Tensor:
        return self._near.class_masses(_host(arrays), scores.cpu(), labels.cpu(), masses.cpu()).to(scores.device)

    def chosen_masses(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor, classes: Tensor
    ) -> Tensor:
        near = (scores.cpu(), labels.cpu(), masses.cpu(), classes.cpu())
        return self._near.chosen_masses(_host(arrays), *near).to(scores.device)

    def marginals(
        self,
        arrays: AutomatonArrays,
        factors: Factors,
        fixed: Tensor,
        levels: Tensor,
        maximum: Tensor,
        out: Tensor,
    ) -> None:
        self._far.marginals(arrays, factors, fixed, levels, maximum, out)

    def draw(
        self,
        arrays: AutomatonArrays,
        factors: Factors,
        fixed: Tensor,
        maximum: Tensor,
        scores: Tensor,
        labels: Tensor,
        backward: Tensor,
        uniforms: Tensor,
    ) -> Tensor:
        """Edges and classes here, the tokens inside the classes on the device."""
        near = (scores.cpu(), labels.cpu(), backward.cpu(), uniforms.cpu())
        classes = self._near.draw_classes(_host(arrays), *near).to(fixed.device)  # (n, L)
        tokens = fixed.clone()
        for canvas in range(len(fixed)):
            for start in range(0, fixed.shape[1], _DRAWN_TOGETHER):
                part = slice(start, start + _DRAWN_TOGETHER)
                rows = factors.dense(canvas, start, min(part.stop, fixed.shape[1]))  # (l, V)
                wanted = classes[canvas, part]
                rows = rows.masked_fill(arrays.token_class.long() != wanted[:, None], -torch.inf)
                top = maximum[canvas, part].gather(1, wanted[:, None].long())
                drawn = choose(rows - top, uniforms[canvas, part, 2])
                tokens[canvas, part] = drawn.where(fixed[canvas, part] < 0, fixed[canvas, part])
        return tokens


_DRAWN_TOGETHER = 16  # positions whose rows are widened to float64 at a time


def _near_reach(reach: Reach) -> Reach:
    return Reach(reach.feasible.cpu(), reach.states.cpu(), reach.live.cpu())
