"""Exact inference in plain torch operations: any device, the reference for the other implementations.

Knows: how to reduce ragged segments without atomics (padded index tables in levels, so that results are the same
at every run), and the sweeps over positions. There is no Python loop over tokens, edges or states; sweeps loop over
positions. Does not know: what the queries mean together (`Inference`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from .._arrays import AutomatonArrays, Incidence
from .._factors import Factors
from . import Reach, Statistics

_INFINITY = float("inf")
_CHUNK_ELEMENTS = 1 << 22  # factors held in float64 at a time


class SegmentPlan:
    """Reduces consecutive segments of the last dimension through padded tables of at most `width` entries a row."""

    def __init__(self, ptr: Tensor, width: int) -> None:
        sizes = (ptr[1:] - ptr[:-1]).long()
        segments = torch.arange(sizes.numel(), device=ptr.device)
        self.owner = torch.repeat_interleave(segments, sizes)  # (N,) segment of each entry
        self.tables: list[Tensor] = []
        while True:
            rows = torch.div(sizes + width - 1, width, rounding_mode="floor").clamp(min=1)
            self.tables.append(_table(sizes, rows, width))
            if bool((rows == 1).all()):
                return
            sizes = rows

    def reduce(self, values: Tensor, identity: float, reduction: Callable[[Tensor], Tensor]) -> Tensor:
        """Reduce values (..., N) to (..., segments)."""
        for table in self.tables:
            pad = values.new_full((*values.shape[:-1], 1), identity)
            values = reduction(torch.cat([values, pad], dim=-1)[..., table])
        return values

    def max(self, values: Tensor) -> Tensor:
        """Largest entry of each segment, -inf where empty."""
        return self.reduce(values, -_INFINITY, lambda block: block.amax(dim=-1))

    def sum(self, values: Tensor) -> Tensor:
        """Sum of each segment, 0 where empty."""
        return self.reduce(values, 0.0, lambda block: block.sum(dim=-1))

    def log_sum(self, values: Tensor) -> Tensor:
        """log sum exp of each segment, shifted by its own maximum; -inf where empty or all -inf."""
        top = self.max(values)
        shift = top.nan_to_num(neginf=0.0)
        return shift + self.sum((values - shift[..., self.owner]).exp()).log()

    def any(self, values: Tensor) -> Tensor:
        """Whether some entry of each segment holds, for bool values."""
        return self.max(values.float()) > 0


def _table(sizes: Tensor, rows: Tensor, width: int) -> Tensor:
    """Index table (sum of rows, width) of segments of the given sizes; the entry after the last one pads."""
    device = sizes.device
    total, height = int(sizes.sum()), int(rows.sum())
    start, first = torch.cumsum(sizes, 0) - sizes, torch.cumsum(rows, 0) - rows
    offset = torch.arange(total, device=device) - torch.repeat_interleave(start, sizes)
    row = torch.repeat_interleave(first, sizes) + torch.div(offset, width, rounding_mode="floor")
    table = torch.full((height, width), total, device=device)
    table[row, offset % width] = torch.arange(total, device=device)
    return table


def _plan(arrays: AutomatonArrays, key: str, ptr: Tensor, width: int) -> SegmentPlan:
    """The plan of one of the automaton's pointer tensors, kept with the automaton."""
    name = ("segment plan", key)
    if name not in arrays.derived:
        arrays.derived[name] = SegmentPlan(ptr, width)
    return cast(SegmentPlan, arrays.derived[name])


def _edge_plan(arrays: AutomatonArrays, order: str) -> tuple[Incidence, SegmentPlan]:
    """Edges in one of the orders by_source, by_target, by_label."""
    incidence: Incidence = getattr(arrays, order)
    return incidence, _plan(arrays, order, incidence.ptr, 16)


def _edge_order(arrays: AutomatonArrays, end: str) -> tuple[Tensor, SegmentPlan]:
    """The order of edges by their target or label, from the order in which they are stored, and its plan."""
    name = ("edge order", end)
    if name not in arrays.derived:
        arrays.derived[name] = torch.argsort(getattr(arrays, end), stable=True)
    by = "by_target" if end == "edge_target" else "by_label"
    return cast(Tensor, arrays.derived[name]), _edge_plan(arrays, by)[1]


def _label_plan(arrays: AutomatonArrays) -> SegmentPlan:
    return _plan(arrays, "label_ptr", arrays.label_ptr, 32)


def _class_label_plan(arrays: AutomatonArrays) -> tuple[Tensor, SegmentPlan]:
    ptr, labels = arrays.labels_of_class
    return labels.long(), _plan(arrays, "labels_of_class", ptr, 32)


class TorchBackend:
    """See `Backend`; every tensor stays on the device of the automaton's arrays."""

    name = "torch"

    # -- boolean passes -------------------------------------------------------------------------------------

    def reach(self, arrays: AutomatonArrays, fixed: Tensor) -> Reach:
        allowed = self._allowed(arrays, fixed)
        n, length = fixed.shape
        can = torch.empty(n, length + 1, arrays.num_states, dtype=torch.bool, device=fixed.device)
        can[:, length] = arrays.accepting
        seen = torch.zeros_like(can)
        seen[:, 0, arrays.start] = True
        order, plan = _edge_plan(arrays, "by_source")
        for i in reversed(range(length)):
            state, label = self._ends(order, can[:, i + 1], allowed[:, i])
            can[:, i] = plan.any(state & label)
        order, plan = _edge_plan(arrays, "by_target")
        for i in range(length):
            state, label = self._ends(order, seen[:, i], allowed[:, i])
            seen[:, i + 1] = plan.any(state & label)
        states = seen & can
        live = torch.empty(n, length, arrays.num_labels, dtype=torch.bool, device=fixed.device)
        order, plan = _edge_plan(arrays, "by_label")
        for i in range(length):
            source, target = self._ends(order, states[:, i], states[:, i + 1])
            live[:, i] = plan.any(source & target) & allowed[:, i]
        return Reach(can[:, 0, arrays.start].clone(), states, live)

    @staticmethod
    def _ends(order: Incidence, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        return left[:, order.left.long()], right[:, order.right.long()]

    @staticmethod
    def _allowed(arrays: AutomatonArrays, fixed: Tensor) -> Tensor:
        """Labels (n, L, K) that the fixed tokens leave."""
        token_class = arrays.token_class.long()[fixed.clamp(min=0)]  # (n, L)
        keys = _label_keys(arrays)
        labels = torch.arange(arrays.num_labels, device=fixed.device) * arrays.num_classes
        allowed = _contains(keys, labels + token_class[..., None])
        return allowed | (fixed < 0)[..., None]

    def live_classes(self, arrays: AutomatonArrays, live: Tensor) -> Tensor:
        labels, plan = _class_label_plan(arrays)
        out = torch.empty(*live.shape[:2], arrays.num_classes, dtype=torch.bool, device=live.device)
        for i in range(live.shape[1]):
            out[:, i] = plan.any(live[:, i][:, labels])
        return out

    # -- class statistics and label scores ------------------------------------------------------------------

    def statistics(self, arrays: AutomatonArrays, factors: Factors, fixed: Tensor) -> Statistics:
        n, length = fixed.shape
        shape = (n, length, arrays.num_classes)
        device = fixed.device
        maximum = torch.full(shape, -_INFINITY, dtype=torch.float64, device=device)
        total, moment = torch.zeros_like(maximum), torch.zeros_like(maximum)
        best = torch.zeros(shape, dtype=torch.int32, device=device)
        step = min(length, max(1, _CHUNK_ELEMENTS // arrays.vocab_size))
        many = max(1, _CHUNK_ELEMENTS // (arrays.vocab_size * max(1, step)))
        for first in range(0, n, many):
            last = min(first + many, n)
            for start in range(0, length, max(1, step)):
                stop = min(start + step, length)
                part = self._chunk(arrays, factors, fixed, (first, last), (start, stop))
                for target, value in zip((maximum, total, moment, best), part, strict=True):
                    target[first:last, start:stop] = value
        return _with_fixed(Statistics(maximum, total, moment, best), arrays, fixed)

    @staticmethod
    def _chunk(
        arrays: AutomatonArrays, factors: Factors, fixed: Tensor, canvases: tuple[int, int], positions: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        dense = factors.block(*canvases, *positions)  # (k, l, V)
        bad = ~(dense <= torch.finfo(torch.float64).max)
        bad &= (fixed[slice(*canvases), slice(*positions)] < 0)[..., None]
        if bool(bad.any()):
            canvas, position = bad.any(dim=-1).nonzero()[0].tolist()
            raise factors.refuse(canvases[0] + canvas, positions[0] + position)
        plan = _plan(arrays, "class_ptr", arrays.class_ptr, 64)
        grouped = dense[..., arrays.class_tokens.long()]
        maximum = plan.max(grouped)
        distance = grouped - maximum.nan_to_num(neginf=0.0)[..., plan.owner]
        total = plan.sum(distance.exp())
        moment = plan.sum(distance * distance.exp())
        tokens = arrays.class_tokens.double().where(distance == 0, _INFINITY)
        best = -plan.max(-tokens)
        return maximum, total, moment, best.nan_to_num(posinf=0.0).int()

    def label_max(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        return self._per_label(arrays, scores, live, SegmentPlan.max)

    def label_log_sum(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        return self._per_label(arrays, scores, live, SegmentPlan.log_sum)

    @staticmethod
    def _per_label(
        arrays: AutomatonArrays,
        scores: Tensor,
        live: Tensor,
        reduction: Callable[[SegmentPlan, Tensor], Tensor],
    ) -> Tensor:
        plan, classes = _label_plan(arrays), arrays.label_class.long()
        out = torch.empty(live.shape, dtype=torch.float64, device=live.device)
        for i in range(live.shape[1]):
            out[:, i] = reduction(plan, scores[:, i][:, classes])
        return out.masked_fill(~live, -_INFINITY)

    # -- sweeps over positions ------------------------------------------------------------------------------

    def _sweep(
        self,
        arrays: AutomatonArrays,
        order_name: str,
        labels: Tensor,
        states: Tensor,
        direction: int,
        reduction: Callable[[SegmentPlan, Tensor], Tensor],
    ) -> Tensor:
        """Carry state scores over all positions, downwards or upwards; `states` (n, S) are those at the end."""
        n, length, _ = labels.shape
        out = torch.empty(n, length + 1, states.shape[1], dtype=torch.float64, device=labels.device)
        order, plan = _edge_plan(arrays, order_name)
        at = length if direction < 0 else 0
        out[:, at] = states
        for _ in range(length):
            step = labels[:, at - 1 if direction < 0 else at]
            state, label = self._ends(order, out[:, at], step)
            at += direction
            out[:, at] = reduction(plan, state + label)
        return out

    def _end(self, arrays: AutomatonArrays, n: int) -> Tensor:
        scores = torch.zeros(n, arrays.num_states, dtype=torch.float64, device=arrays.device)
        return scores.masked_fill(~arrays.accepting, -_INFINITY)

    def backward(self, arrays: AutomatonArrays, labels: Tensor, reach: Reach) -> Tensor:
        end = self._end(arrays, labels.shape[0])
        out = self._sweep(arrays, "by_source", labels, end, -1, SegmentPlan.log_sum)
        return out.masked_fill(~reach.states, -_INFINITY)

    def best_path(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, paths: Tensor, best: Tensor, reach: Reach
    ) -> Tensor:
        n, length, _ = labels.shape
        value = self._sweep(arrays, "by_source", paths, self._end(arrays, n), -1, SegmentPlan.max)
        state = torch.full((n,), arrays.start, device=labels.device)
        tokens = torch.empty(n, length, dtype=torch.long, device=labels.device)
        plan, classes = _label_plan(arrays), arrays.label_class.long()
        source, label, target = arrays.edge_source.long(), arrays.edge_label.long(), arrays.edge_target.long()
        for i in range(length):
            optimal = scores[:, i][:, classes] == labels[:, i][:, plan.owner]  # (n, nnz)
            candidate = best[:, i][:, classes].double().where(optimal, _INFINITY)
            token = -plan.max(-candidate)[:, label]  # (n, E) least best token of each edge
            reached = value[:, i + 1][:, target] + paths[:, i][:, label]
            at_state = source == state[:, None]
            top = reached.where(at_state, -_INFINITY).amax(dim=-1, keepdim=True)
            edge = token.where(at_state & (reached == top), _INFINITY).argmin(dim=-1)
            tokens[:, i] = token.gather(1, edge[:, None])[:, 0].long()
            state = target[edge]
        return tokens

    # -- back to classes and tokens -------------------------------------------------------------------------

    def label_masses(self, arrays: AutomatonArrays, labels: Tensor, backward: Tensor) -> Tensor:
        n, length, _ = labels.shape
        out = torch.empty_like(labels)
        order, by_source = _edge_plan(arrays, "by_source")
        target_order, by_target = _edge_order(arrays, "edge_target")
        label_order, by_label = _edge_order(arrays, "edge_label")
        state = torch.zeros(n, arrays.num_states, dtype=torch.float64, device=labels.device)
        state[:, arrays.start] = 1.0
        for i in range(length):
            target, label = self._ends(order, backward[:, i + 1], labels[:, i])
            score = target + label
            top = by_source.max(score).nan_to_num(neginf=0.0)
            weight = (score - top[:, by_source.owner]).exp()
            leaving = (state / by_source.sum(weight).clamp(min=1.0))[:, by_source.owner] * weight  # (n, E)
            out[:, i] = by_label.sum(leaving[:, label_order])
            state = by_target.sum(leaving[:, target_order])
        return out / out.sum(dim=-1, keepdim=True)

    def class_masses(self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor) -> Tensor:
        out = torch.empty(scores.shape, dtype=torch.float64, device=scores.device)
        holders, by_class = _class_label_plan(arrays)
        for i in range(scores.shape[1]):
            # A class's share of a label first: both scores may be huge, their difference is not.
            share = (scores[:, i][:, by_class.owner] - labels[:, i][:, holders]).exp()
            mass = masses[:, i][:, holders]
            out[:, i] = by_class.sum((mass * share).where(mass > 0, 0.0))
        return (out / out.sum(dim=-1, keepdim=True)).log()

    def chosen_masses(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor, classes: Tensor
    ) -> Tensor:
        return self.class_masses(arrays, scores, labels, masses).gather(2, classes[..., None])[..., 0]

    def marginals(
        self,
        arrays: AutomatonArrays,
        factors: Factors,
        fixed: Tensor,
        levels: Tensor,
        maximum: Tensor,
        out: Tensor,
    ) -> None:
        classes = arrays.token_class.long()
        step = max(1, _CHUNK_ELEMENTS // arrays.vocab_size)
        for k in range(out.shape[0]):
            for start in range(0, out.shape[1], step):
                stop = min(start + step, out.shape[1])
                level = levels[k, start:stop][:, classes]
                distance = factors.dense(k, start, stop) - maximum[k, start:stop][:, classes]
                out[k, start:stop] = (level + distance).exp().where(level > -_INFINITY, 0.0)
        canvas, position = (fixed >= 0).nonzero(as_tuple=True)
        out[canvas, position] = 0.0
        out[canvas, position, fixed[canvas, position]] = 1.0

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
        n, length, _ = labels.shape
        state = torch.full((n,), arrays.start, device=labels.device)
        tokens = torch.empty(n, length, dtype=torch.long, device=labels.device)
        source, label, target = arrays.edge_source.long(), arrays.edge_label.long(), arrays.edge_target.long()
        keys, every = _label_keys(arrays), torch.arange(arrays.num_classes, device=labels.device)
        for i in range(length):
            reached = labels[:, i][:, label] + backward[:, i + 1][:, target]
            edge = choose(reached.masked_fill(source != state[:, None], -_INFINITY), uniforms[:, i, 0])
            inside = _contains(keys, label[edge][:, None] * arrays.num_classes + every)
            chosen = choose(scores[:, i].masked_fill(~inside, -_INFINITY), uniforms[:, i, 1])
            rows = factors.block(0, n, i, i + 1)[:, 0]  # (n, V)
            rows = rows.masked_fill(arrays.token_class.long() != chosen[:, None], -_INFINITY)
            top = maximum[:, i].gather(1, chosen[:, None])
            drawn = choose(rows - top, uniforms[:, i, 2])
            tokens[:, i] = drawn.where(fixed[:, i] < 0, fixed[:, i])
            state = target[edge]
        return tokens


def _with_fixed(statistics: Statistics, arrays: AutomatonArrays, fixed: Tensor) -> Statistics:
    """Rows of fixed positions: the token's class stands for that token alone, with factor 0."""
    canvas, position = (fixed >= 0).nonzero(as_tuple=True)
    token = fixed[canvas, position]
    chosen = arrays.token_class.long()[token]
    for tensor, empty, value in (
        (statistics.maximum, -_INFINITY, 0.0),
        (statistics.total, 0.0, 1.0),
        (statistics.moment, 0.0, 0.0),
    ):
        tensor[canvas, position] = empty
        tensor[canvas, position, chosen] = value
    statistics.best[canvas, position, chosen] = token.int()
    return statistics


def _label_keys(arrays: AutomatonArrays) -> Tensor:
    """Sorted keys label * C + class of the label sets."""
    return _label_plan(arrays).owner * arrays.num_classes + arrays.label_class.long()


def _contains(keys: Tensor, wanted: Tensor) -> Tensor:
    """Which of `wanted` stand in the sorted `keys`."""
    if not keys.numel():
        return torch.zeros_like(wanted, dtype=torch.bool)
    found = torch.searchsorted(keys, wanted).clamp(max=keys.numel() - 1)
    return keys[found] == wanted


def choose(log_weights: Tensor, uniform: Tensor) -> Tensor:
    """Inverse-CDF choice in each row of log weights (n, N): the first entry whose running sum exceeds u times it."""
    weights = (log_weights - log_weights.amax(dim=-1, keepdim=True)).exp()
    running = weights.cumsum(dim=-1)
    chosen = torch.searchsorted(running, uniform[:, None] * running[:, -1:], right=True)[:, 0]
    last = running.shape[-1] - 1 - (weights > 0).flip(-1).int().argmax(dim=-1)
    return torch.minimum(chosen, last)
