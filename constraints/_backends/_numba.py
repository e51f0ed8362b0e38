"""Exact inference on a CPU with compiled kernels.

Knows: how tensors are handed to kernels without a copy, how work is cut into tasks, and when a row of factors needs
the float64 path. Does not know: what the kernels compute (`_logit_kernels`, `_path_kernels`), or what the queries mean.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .._arrays import AutomatonArrays, Incidence
from .._factors import FLOOR, Factors
from . import Reach, Statistics
from . import _logit_kernels as logit_kernels
from . import _path_kernels as path_kernels
from ._pool import run, workers

_TASK_ELEMENTS = 1 << 21  # per task: about two milliseconds
_LIMITS = {torch.float32: 1e30, torch.float64: 1e300}  # larger factors go to float64, then are refused


def _np(tensor: Tensor) -> NDArray[Any]:
    """A numpy view; bool as bytes."""
    if tensor.dtype == torch.bool:
        tensor = tensor.view(torch.uint8)
    array: NDArray[Any] = tensor.detach().numpy()
    return array


def _of(arrays: AutomatonArrays, *names: str) -> tuple[NDArray[Any], ...]:
    """Numpy views of the automaton's own tensors (those of an `Incidence` in order), kept as long as it lives."""
    kept = arrays.derived.get(names)
    if kept is None:
        kept = arrays.derived[names] = tuple(view for name in names for view in _views(getattr(arrays, name)))
    return cast(tuple[NDArray[Any], ...], kept)


def _views(value: Tensor | Incidence | tuple[Tensor, ...]) -> list[NDArray[Any]]:
    if isinstance(value, Incidence):
        value = (value.ptr, value.left, value.right)
    return [_np(tensor) for tensor in (value if isinstance(value, tuple) else (value,))]


class _Rows:
    """Consecutive rows of one canvas's factors as arrays that a kernel takes (float32 or float64, contiguous).

    Made in the threads of the pool, so with numpy: a torch operation could start a team of OpenMP threads for each of
    them, and once there are more such threads than processors, every later operation of the model waits by sleeping.
    """

    def __init__(self, factors: Factors, canvas: int, start: int, stop: int, exact: bool = False) -> None:
        values = factors.values[factors.rows[canvas], start:stop]
        bias = factors.bias_of(canvas)
        if bias is not None and bias.shape[0] > 1:
            bias = bias[start:stop]
        self.dtype = torch.float64 if exact or values.dtype == torch.float64 else torch.float32
        kind = np.float64 if self.dtype == torch.float64 else np.float32
        self.values = _contiguous(values, kind)
        self.bias = np.empty((1, 0), kind) if bias is None else _contiguous(bias, kind)
        self.scale = kind(1.0 / factors.temperature)
        self.floor = kind(FLOOR)
        self.limit = kind(_LIMITS[self.dtype])


def _contiguous(values: Tensor, kind: type[np.floating[Any]]) -> NDArray[Any]:
    """The values as an array of that kind; a view of them where they are one."""
    if values.dtype == torch.bfloat16:
        bits = np.ascontiguousarray(_np(values.view(torch.uint16)))
        wide = np.empty(bits.shape, np.uint32)
        logit_kernels.widen_bfloat16(bits, wide)
        return wide.view(np.float32).astype(kind, copy=False)
    return np.ascontiguousarray(_np(values), dtype=kind)


class NumbaBackend:
    """See `Backend`; tensors are on the CPU."""

    name = "numba"

    def reach(self, arrays: AutomatonArrays, fixed: Tensor) -> Reach:
        n, length = fixed.shape
        classes = arrays.token_class.long()[fixed.clamp(min=0)].int().where(fixed >= 0, torch.tensor(-1)).int()
        states = torch.zeros(n, length + 1, arrays.num_states, dtype=torch.bool)
        live = torch.zeros(n, length, arrays.num_labels, dtype=torch.bool)
        feasible = torch.zeros(n, dtype=torch.bool)
        shared = _of(arrays, "accepting", "edge_ptr", "edge_label", "edge_target")
        holders = _of(arrays, "labels_of_class")
        fixed_class, on_path, labels = _np(classes), _np(states), _np(live)

        def one(k: int) -> None:
            feasible[k] = path_kernels.reach(
                arrays.start, *shared, fixed_class[k], *holders, on_path[k], labels[k]
            )

        run([partial(one, k) for k in range(n)], n * length * 2 * arrays.num_edges)
        return Reach(feasible, states, live)

    def live_classes(self, arrays: AutomatonArrays, live: Tensor) -> Tensor:
        out = torch.zeros(*live.shape[:2], arrays.num_classes, dtype=torch.bool)
        path_kernels.live_classes(*_of(arrays, "label_ptr", "label_class"), _flat(live), _flat(out))
        return out

    # -- class statistics and label scores ------------------------------------------------------------------

    def statistics(self, arrays: AutomatonArrays, factors: Factors, fixed: Tensor) -> Statistics:
        n, length = fixed.shape
        shape = (n, length, arrays.num_classes)
        largest, total, moment = (torch.empty(shape, dtype=torch.float64) for _ in range(3))
        result = Statistics(largest, total, moment, torch.empty(shape, dtype=torch.int32))
        status = torch.zeros(n, length, dtype=torch.uint8)
        skip = (fixed >= 0).contiguous()

        shared = _of(arrays, "class_ptr", "class_tokens")
        results = [_np(tensor) for tensor in (largest, total, moment, result.best, status)]
        skipped = _np(skip)

        def part(k: int, start: int, stop: int, exact: bool = False) -> None:
            rows = _Rows(factors, k, start, stop, exact)
            logit_kernels.class_statistics(
                rows.values,
                rows.bias,
                np.empty(0, np.complex128 if rows.dtype == torch.float64 else np.complex64),
                skipped[k, start:stop],
                rows.scale,
                rows.floor,
                rows.limit,
                *shared,
                *(array[k, start:stop] for array in results),
            )

        _run(part, n, length, 2 * arrays.vocab_size)
        for k, i in status.nonzero().tolist():
            part(k, i, i + 1, exact=True)
            if status[k, i]:
                raise factors.refuse(k, i)
        _write_fixed(result, arrays, fixed)
        return result

    def label_max(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        return self._per_label(path_kernels.label_max, arrays, scores, live)

    def label_log_sum(self, arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        return self._per_label(path_kernels.label_log_sum, arrays, scores, live)

    @staticmethod
    def _per_label(kernel: Callable[..., None], arrays: AutomatonArrays, scores: Tensor, live: Tensor) -> Tensor:
        out = torch.empty(live.shape, dtype=torch.float64)

        shared = _of(arrays, "label_ptr", "label_class")
        rows = [_np(tensor) for tensor in (scores, live, out)]

        def part(k: int, start: int, stop: int) -> None:
            kernel(*shared, *(row[k, start:stop] for row in rows))

        _run(part, live.shape[0], live.shape[1], 4 * arrays.label_class.numel())
        return out

    # -- sweeps over positions ------------------------------------------------------------------------------

    def backward(self, arrays: AutomatonArrays, labels: Tensor, reach: Reach) -> Tensor:
        n, length, _ = labels.shape
        states = torch.empty(n, length + 1, arrays.num_states, dtype=torch.float64)
        states[:, length] = torch.zeros(arrays.num_states, dtype=torch.float64).masked_fill(
            ~arrays.accepting, -torch.inf
        )
        shared = _of(arrays, "edge_ptr", "edge_target", "edge_label")
        rows = [_np(tensor) for tensor in (labels, reach.states, states)]

        def one(k: int) -> None:
            path_kernels.backward(*shared, *(row[k] for row in rows))

        run([partial(one, k) for k in range(n)], n * length * 4 * arrays.num_edges)
        return states

    def best_path(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, paths: Tensor, best: Tensor, reach: Reach
    ) -> Tensor:
        tokens = torch.empty(labels.shape[:2], dtype=torch.long)
        shared = _of(arrays, "accepting", "edge_ptr", "edge_label", "edge_target", "label_ptr", "label_class")
        rows = [_np(tensor) for tensor in (scores, labels, paths, best, reach.states, tokens)]

        def one(k: int) -> None:
            path_kernels.best_path(arrays.start, *shared, *(row[k] for row in rows))

        run([partial(one, k) for k in range(labels.shape[0])], labels.shape[:2].numel() * 2 * arrays.num_edges)
        return tokens

    # -- posterior masses -----------------------------------------------------------------------------------

    def label_masses(self, arrays: AutomatonArrays, labels: Tensor, backward: Tensor) -> Tensor:
        out = torch.empty_like(labels)
        shared = _of(arrays, "edge_ptr", "edge_label", "edge_target")
        rows = [_np(tensor) for tensor in (labels, backward, out)]

        def one(k: int) -> None:
            path_kernels.label_masses(arrays.start, *shared, *(row[k] for row in rows))

        n, length, _ = labels.shape
        run([partial(one, k) for k in range(n)], n * length * arrays.num_edges)
        return out

    def class_masses(self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor) -> Tensor:
        out = torch.empty(scores.shape, dtype=torch.float64)
        shared = _of(arrays, "label_ptr", "label_class")
        rows = [_np(tensor) for tensor in (scores, labels, masses, out)]

        def part(k: int, start: int, stop: int) -> None:
            path_kernels.class_masses(*shared, *(row[k, start:stop] for row in rows))

        n, length, _ = scores.shape
        _run(part, n, length, 4 * arrays.label_class.numel())
        return out

    def chosen_masses(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, masses: Tensor, classes: Tensor
    ) -> Tensor:
        out = torch.empty(classes.shape, dtype=torch.float64)
        shared = _of(arrays, "label_ptr", "label_class", "labels_of_class")
        rows = [_np(tensor) for tensor in (scores, labels, masses, classes, out)]

        def part(k: int, start: int, stop: int) -> None:
            path_kernels.chosen_masses(*shared, *(row[k, start:stop] for row in rows))

        n, length = classes.shape
        _run(part, n, length, arrays.num_labels)
        return out

    def marginals(
        self,
        arrays: AutomatonArrays,
        factors: Factors,
        fixed: Tensor,
        levels: Tensor,
        maximum: Tensor,
        out: Tensor,
    ) -> None:
        results = [_np(tensor) for tensor in (levels, maximum, out)]

        def part(k: int, start: int, stop: int) -> None:
            rows = _Rows(factors, k, start, stop, exact=True)
            own = (array[k, start:stop] for array in results)
            logit_kernels.marginals(
                rows.values, rows.bias, rows.scale, rows.floor, *_of(arrays, "token_class"), *own
            )

        _run(part, *out.shape)
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
        tokens = fixed.clone()
        classes = self.draw_classes(arrays, scores, labels, backward, uniforms).tolist()
        class_ptr = arrays.class_ptr.tolist()

        def one(k: int) -> None:
            for i in (fixed[k] < 0).nonzero()[:, 0].tolist():
                rows = _Rows(factors, k, i, i + 1, exact=True)
                members = _np(arrays.class_tokens)[class_ptr[classes[k][i]] : class_ptr[classes[k][i] + 1]]
                tokens[k, i] = logit_kernels.draw_token(
                    rows.values[0], rows.bias[0], rows.scale, rows.floor, members, float(uniforms[k, i, 2])
                )

        run([partial(one, k) for k in range(fixed.shape[0])], fixed.numel() * arrays.vocab_size)
        return tokens

    def draw_classes(
        self, arrays: AutomatonArrays, scores: Tensor, labels: Tensor, backward: Tensor, uniforms: Tensor
    ) -> Tensor:
        """The first half of `draw`: edges, and classes on them, (n, L) int32."""
        classes = torch.empty(labels.shape[:2], dtype=torch.int32)
        shared = _of(arrays, "edge_ptr", "edge_label", "edge_target", "label_ptr", "label_class")
        drawn = [_np(tensor) for tensor in (scores, labels, backward, uniforms, classes)]

        def one(k: int) -> None:
            path_kernels.draw_classes(arrays.start, *shared, *(array[k] for array in drawn))

        run([partial(one, k) for k in range(len(classes))], classes.numel() * arrays.num_edges)
        return classes


def _flat(tensor: Tensor) -> NDArray[Any]:
    """(n, L, X) as (n L, X)."""
    return _np(tensor.view(tensor.shape[:-1].numel(), tensor.shape[-1]))  # -1 is ambiguous where X is 0


def _run(part: Callable[[int, int, int], None], n: int, length: int, cost: int) -> None:
    """Cut n canvases of `length` positions, each of some cost, into tasks of similar cost and carry them out."""
    step = max(2, min(_TASK_ELEMENTS // max(cost, 1), -(-n * length // workers())) & ~1)  # rows go in pairs
    cuts = [(k, start, min(start + step, length)) for k in range(n) for start in range(0, length, step)]
    run([partial(part, *cut) for cut in cuts], n * length * cost)


def _write_fixed(statistics: Statistics, arrays: AutomatonArrays, fixed: Tensor) -> None:
    """At a fixed position the token's class stands for that token alone, with factor 0."""
    canvas, position = (fixed >= 0).nonzero(as_tuple=True)
    token = fixed[canvas, position]
    chosen = arrays.token_class.long()[token]
    statistics.maximum[canvas, position, chosen] = 0.0
    statistics.total[canvas, position, chosen] = 1.0
    statistics.best[canvas, position, chosen] = token.int()
