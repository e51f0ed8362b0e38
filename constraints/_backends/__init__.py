"""The small set of operations that exact inference needs from an implementation.

All operations work on the n canvases of one automaton at a time. Class statistics and everything behind them are
float64; minus infinity stands for "not allowed". Names of shapes: n canvases, L positions, V tokens, C classes,
K labels, S states.

Three implementations: plain torch (`_torch`: any device, the reference), Numba (`_numba`: CPU), and both (`_hybrid`:
logits are read on their device, sweeps run on the CPU). All fill the same tensors and must agree to 1e-9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from .._arrays import AutomatonArrays
from .._factors import Factors

__all__ = ["Backend", "Reach", "Statistics", "select_backend"]


@dataclass(frozen=True, eq=False)
class Reach:
    """What the boolean passes know: the states and the labels that lie on some complete path."""

    feasible: Tensor  # (n,) bool
    states: Tensor  # (n, L + 1, S) bool
    live: Tensor  # (n, L, K) bool


@dataclass(frozen=True, eq=False)
class Statistics:
    """One read of the logits: per class, with d = f - maximum. Empty classes have maximum -inf and total 0.

    Rows of fixed positions are not read: maximum 0, total 1, moment 0 for the fixed token's class, which stands
    for that token alone, and an empty class elsewhere.
    """

    maximum: Tensor  # (n, L, C)
    total: Tensor  # (n, L, C) sum of exp(d)
    moment: Tensor  # (n, L, C) sum of d exp(d)
    best: Tensor  # (n, L, C) int32, lowest token id at the maximum


class Backend(Protocol):
    """What `Inference` calls. Implementations hold no state between calls and may be called from any thread."""

    name: str

    def reach(self, arrays: AutomatonArrays, fixed: Tensor) -> Reach:
        """Boolean forward and backward pass for fixed tokens (n, L) int64, -1 = open."""

    def live_classes(self, arrays: AutomatonArrays, live: Tensor) -> Tensor:
        """Classes of live labels (n, L, C) bool."""

    def statistics(self, arrays: AutomatonArrays, factors: Factors, fixed: Tensor) -> Statistics:
        """Class statistics; raises `Factors.refuse` for NaN or plus infinity in a row that is open."""

    def label_max(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        """Largest class score (n, L, C) of each live label, (n, L, K); -inf elsewhere."""

    def label_log_sum(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        """log sum exp of the class scores (n, L, C) of each live label, (n, L, K); -inf elsewhere."""

    def best_path(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, paths: Tensor, best: Tensor, reach: Reach
    ) -> Tensor:
        """Viterbi: the tokens (n, L) int64 of the best path for class scores (n, L, C) and label scores (n, L, K).

        `labels` are the maxima of the class scores, `paths` what a label adds to a path: the same, or with weights.
        `best` (n, L, C) is the token a class stands for. Among equal paths the lexicographically least wins.
        """

    def backward(self, arrays: AutomatonArrays, labels: Tensor, reach: Reach) -> Tensor:
        """Backward log sums (n, L + 1, S) for label scores (n, L, K); -inf off complete paths."""

    def label_masses(self, arrays: AutomatonArrays, labels: Tensor, backward: Tensor) -> Tensor:
        """Posterior mass of each label at each position, (n, L, K); each row sums to 1.

        The forward pass, in posterior probabilities of states instead of forward sums: state s at i is left by
        edge (s, k, t) with probability e^(labels[k] + backward[i + 1, t]) / (sum of the same over the edges of s).
        """

    def class_masses(self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor) -> Tensor:
        """Log posterior mass of each class, (n, L, C), from log sums of classes and labels and `label_masses`."""

    def chosen_masses(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor, classes: Tensor
    ) -> Tensor:
        """`class_masses` of one class (n, L) int64 at each position only, (n, L)."""

    def marginals(
        self,
        arrays: AutomatonArrays,
        factors: Factors,
        fixed: Tensor,
        levels: Tensor,
        maximum: Tensor,
        out: Tensor,
    ) -> None:
        """Fill out (n, L, V) with exp(level + f - maximum) by class; a fixed position's row is one-hot."""

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
        """Backward-filtered forward sampling with uniforms (n, L, 3) in [0, 1): tokens (n, L) int64.

        Edge, class and token are drawn in turn by `labels`, by `scores` (log sums per class) and by f - `maximum`.
        """


def select_backend(name: str | None, device: torch.device) -> Backend:
    """The implementation called `name`, or by default Numba on a CPU and the hybrid elsewhere."""
    if name is None:
        name = "numba" if device.type == "cpu" else "hybrid"
    if name == "hybrid":
        from ._hybrid import HybridBackend

        return HybridBackend()
    if name == "torch":
        from ._torch import TorchBackend

        return TorchBackend()
    if name == "numba":
        if device.type != "cpu":
            raise ValueError(f"the numba backend runs on the CPU, the log-factors are on {device}: use backend='torch'")
        from ._numba import NumbaBackend

        return NumbaBackend()
    raise ValueError(f"unknown backend {name!r}: use 'numba', 'torch', 'hybrid' or None")
