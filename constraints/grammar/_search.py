"""The best member of a context-free language on a canvas: best first, with a regular superset as the bound.

    max { Σ_i f_i(x_i) + W(x) : x ∈ 𝓛_L },      f as in `_posterior`

by A* (Hart, Nilsson & Raphael 1968, "A formal basis for the heuristic determination of minimum cost paths"). A node is
(position i, state s of the superset's automaton, configuration c of the grammar): prefixes that agree in all three have
the same continuations, and the best of them stands for all. What may still be gained,

    h(L, s) = 0 where s accepts,  else −∞;      h(i, s) = max over edges (s, label, t) of  f_i(label) + h(i + 1, t),

is exact for the superset, so never too low for the language (admissible), and never grows along an edge by more than
the edge loses (consistent): once no entry of the queue promises more than a member that is known, that one is the best.
A node's tokens are looked at by class, best first, and only as far as they may matter (Yoshizumi, Miura & Ishida 2000,
"A* with partial expansion").
"""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from .._backends._path_kernels import best_values
from .._errors import ConstraintError, InfeasibleConstraint
from .._factors import FLOOR
from .._inference import Inference
from ._outcomes import BEGIN, TokenReader

__all__ = ["BestMember", "Search", "SearchBudgetExceeded"]

_CLOCK = 64  # entries between looks at the clock


class SearchBudgetExceeded(ConstraintError):
    """The budget of a search ended, and no member is known.

    Attributes:
        bound: no member scores more.
        expanded: entries of the queue that were looked at.
    """

    def __init__(self, bound: float, expanded: int) -> None:
        super().__init__(
            f"no member was found among {expanded:,} entries of the search (none scores more than {bound:.6g}): raise "
            "max_expanded or max_seconds, or the depth and count of the superset"
        )
        self.bound = bound
        self.expanded = expanded


@dataclass(frozen=True, eq=False)
class BestMember:
    """What a search found.

    Attributes:
        tokens: (L,) int64, a member of the whole language.
        score: Σ_i f_i + W of it; fixed positions count 0.
        bound: no member scores more.
        exact: whether it is known to be the best; then `bound` is `score`.
        expanded: entries of the queue that were looked at.
    """

    tokens: Tensor
    score: float
    bound: float
    exact: bool
    expanded: int

    @property
    def gap(self) -> float:
        """How much a better member could score more at most."""
        return self.bound - self.score


@dataclass(frozen=True)
class _Node:
    """A prefix: its last token and the prefix before."""

    position: int
    state: int
    configuration: int
    score: float
    token: int
    before: _Node | None


@dataclass(frozen=True, eq=False)
class _Ways:
    """How a state may be left at a position: the classes, best first, each with the edge and what may be scored."""

    classes: list[int]
    edges: list[int]
    reach: list[float]


class Search:
    """The search on one canvas, the first of `inference`, whose automaton is the superset's, on the CPU.

    Scores are relative to the peak of each position, as in `_inference`.
    """

    def __init__(self, inference: Inference, reader: TokenReader) -> None:
        self._arrays, self._factors, self._reader = inference.arrays, inference.factors, reader
        _, classes, labels = inference._maxima  # raises where not even the superset has a member
        weight = self._arrays.label_weight
        self._fixed: list[int] = inference.fixed[0].tolist()
        self._length = len(self._fixed)
        self._peak: list[float] = inference.peak[0].tolist()
        self.offset = sum(self._peak)
        self._classes: NDArray[np.float64] = classes[0].numpy()
        self._best: NDArray[np.int32] = inference.statistics.best[0].numpy()
        self._edges = [getattr(self._arrays, name).numpy() for name in ("edge_ptr", "edge_label", "edge_target")]
        self._labels = [getattr(self._arrays, name).numpy() for name in ("label_ptr", "label_class")]
        self._weight = np.zeros(self._arrays.num_labels) if weight is None else weight.numpy()
        states = inference.reach.states[0].numpy()
        paths = labels[0].numpy() + self._weight
        self._bound = best_values(self._arrays.accepting.numpy(), *self._edges, paths, states)
        self._ways: dict[tuple[int, int], _Ways] = {}
        self._queue: list[tuple[float, int, int, _Node, int]] = []
        self._count = 0
        self._seen: dict[tuple[int, int, int], float] = {}
        self._known: tuple[float, Tensor] | None = None

    @cached_property
    def _accepting(self) -> NDArray[np.bool_]:
        accepting: NDArray[np.bool_] = self._arrays.accepting.numpy()
        return accepting

    def offer(self, tokens: Tensor, score: float) -> None:
        """A member (L,) that is known already, with its score: prefixes that can't beat it are left out."""
        if self._known is None or score - self.offset > self._known[0]:
            self._known = score - self.offset, tokens

    def run(self, max_expanded: int, max_seconds: float | None) -> BestMember:
        """Search until the best member is known, or the budget is spent.

        Raises:
            InfeasibleConstraint: the language has no member on this canvas.
            SearchBudgetExceeded: the budget is spent and no member is known.
        """
        end = None if max_seconds is None else time.perf_counter() + max_seconds
        self._push(_Node(0, self._arrays.start, BEGIN, 0.0, -1, None))
        expanded = 0
        while self._queue:
            top = -self._queue[0][0]
            if self._known is not None and top <= self._known[0]:
                break
            late = expanded % _CLOCK == 0 and end is not None and time.perf_counter() > end
            if expanded >= max_expanded or late:
                return self._given_up(top, expanded)
            expanded += 1
            self._take()
        if self._known is None:
            raise InfeasibleConstraint(
                f"no member of the grammar fills a canvas of exactly {self._length} tokens with these fixed ones",
                canvas=self._length,
            )
        score = self._known[0] + self.offset
        return BestMember(self._known[1], score, score, True, expanded)

    def _given_up(self, top: float, expanded: int) -> BestMember:
        bound = top + self.offset
        if self._known is None:
            raise SearchBudgetExceeded(bound, expanded)
        return BestMember(self._known[1], self._known[0] + self.offset, bound, False, expanded)

    # -- the queue ----------------------------------------------------------------------------------------------

    def _push(self, node: _Node) -> None:
        """Take a prefix in, unless one that has the same continuations is as good; keep it, if it is a member."""
        bound = node.score + float(self._bound[node.position, node.state])
        if bound == -np.inf or (self._known is not None and bound <= self._known[0]):
            return
        key = node.position, node.state, node.configuration
        if self._seen.get(key, -np.inf) >= node.score:
            return
        self._seen[key] = node.score
        if node.position < self._length:
            self._enter(bound, node, 0)
        elif self._accepting[node.state] and self._reader.accepts(node.configuration):
            self._known = node.score, _tokens(node)

    def _enter(self, bound: float, node: _Node, rank: int) -> None:
        """Put the way `rank` out of a node into the queue; of equal bounds the longest prefix comes first."""
        self._count += 1
        heapq.heappush(self._queue, (-bound, -node.position, self._count, node, rank))

    def _take(self) -> None:
        """Look at the best entry: one class of tokens behind one prefix."""
        _, _, _, node, rank = heapq.heappop(self._queue)
        if self._seen[node.position, node.state, node.configuration] > node.score:
            return  # a better prefix came later
        ways = self._ways_from(node.position, node.state)
        if rank + 1 < len(ways.classes):
            self._enter(node.score + ways.reach[rank + 1], node, rank + 1)
        edge, chosen = ways.edges[rank], ways.classes[rank]
        target, weight = int(self._edges[2][edge]), float(self._weight[self._edges[1][edge]])
        for configuration, token, factor in self._following(node, chosen):
            score = node.score + (factor + weight)
            self._push(_Node(node.position + 1, target, configuration, score, token, node))

    def _ways_from(self, position: int, state: int) -> _Ways:
        key = position, state
        if key not in self._ways:
            classes, edges, reach = _ways(
                state, *self._edges, *self._labels, self._classes[position], self._weight, self._bound[position + 1]
            )
            order = np.argsort(-reach, kind="stable")
            self._ways[key] = _Ways(classes[order].tolist(), edges[order].tolist(), reach[order].tolist())
        return self._ways[key]

    def _following(self, node: _Node, chosen: int) -> list[tuple[int, int, float]]:
        """Per outcome of a class the configuration, the best token (of equals the least) and its factor."""
        position, token = node.position, self._fixed[node.position]
        top = float(self._classes[position, chosen])
        if token >= 0:
            after = self._reader.after(node.configuration, token)
            return [(after, token, top)] if after != -1 else []
        found = []
        for outcome in self._reader.outcomes(node.configuration, chosen):
            if outcome.tokens is None:
                found.append((outcome.configuration, int(self._best[position, chosen]), top))
            else:
                factors = np.minimum(self._factors_of(position, outcome.tokens), top)
                place = int(factors.argmax())
                found.append((outcome.configuration, int(outcome.tokens[place]), float(factors[place])))
        return found

    def _factors_of(self, position: int, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """f of some tokens at a position, relative to its peak, in float64."""
        factors = self._factors
        index = torch.from_numpy(tokens)
        values = factors.values[factors.rows[0], position][index].double() / factors.temperature
        bias = factors.bias_of(0)
        if bias is not None:
            values = values + bias[position if bias.shape[0] > 1 else 0][index].double()
        relative: NDArray[np.float64] = values.clamp(min=FLOOR).numpy() - self._peak[position]
        return relative


def _tokens(node: _Node) -> Tensor:
    tokens = []
    step: _Node | None = node
    while step is not None and step.before is not None:
        tokens.append(step.token)
        step = step.before
    return torch.tensor(tokens[::-1], dtype=torch.int64)


@njit(cache=True, nogil=True)
def _ways(  # type: ignore[no-untyped-def]  # Numba infers the types from its arguments
    state, edge_ptr, edge_label, edge_target, label_ptr, label_class, classes, weight, after
):
    """The classes that leave a state towards a complete path: (class, edge, f + W + h behind it)."""
    first, last = edge_ptr[state], edge_ptr[state + 1]
    most = 0
    for e in range(first, last):
        most += label_ptr[edge_label[e] + 1] - label_ptr[edge_label[e]]
    chosen, edges, reach = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.float64)
    count = 0
    for e in range(first, last):
        k = edge_label[e]
        for j in range(label_ptr[k], label_ptr[k + 1]):
            value = classes[label_class[j]] + weight[k] + after[edge_target[e]]
            if value > -np.inf:
                chosen[count], edges[count], reach[count] = label_class[j], e, value
                count += 1
    return chosen[:count], edges[:count], reach[:count]
