"""Kernels that read the logits: class statistics, marginals of tokens, a token drawn within its class.

They work on consecutive rows of one canvas, release the interpreter lock, allocate what scratch they need and write to
the arrays they are given. Know: memory order and vectorisation. Do not know: torch, threads, states.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._arithmetic import (
    REORDER,
    ByteArray,
    DoubleArray,
    FloatArray,
    IntArray,
    bits_of_float,
    exponentials,
    float_of_bits,
    order_key,
    pick,
)

_BLOCK = 2048  # tokens in flight: two float32 buffers of this size stay in the first-level cache


@njit(nogil=True, cache=True)
def widen_bfloat16(values: NDArray[np.uint16], out: NDArray[np.uint32]) -> None:
    """bfloat16 bits (R, V) to the bits of float32."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = np.uint32(values[i, j]) << np.uint32(16)


@njit(nogil=True, cache=True)
def _gather(row: FloatArray, bias: FloatArray, scale: float, floor: float, tokens: IntArray, out: FloatArray) -> None:
    if bias.size:
        for j in range(tokens.size):
            out[j] = max(row[tokens[j]] * scale + bias[tokens[j]], floor)
    else:
        for j in range(tokens.size):
            out[j] = max(row[tokens[j]] * scale, floor)


@njit(nogil=True, cache=True)
def _interleave(
    first: FloatArray,
    second: FloatArray,
    first_bias: FloatArray,
    second_bias: FloatArray,
    scale: float,
    floor: float,
    limit: float,
    pairs: FloatArray,
) -> tuple[int, int]:
    """Factors of two rows side by side (2 V,); returns how many of each are NaN or above the limit."""
    first_bad, second_bad = 0, 0
    if first_bias.size:
        for v in range(first.size):
            f = first[v] * scale + first_bias[v]
            g = second[v] * scale + second_bias[v]
            first_bad += not (f <= limit)
            second_bad += not (g <= limit)
            pairs[2 * v] = max(f, floor)
            pairs[2 * v + 1] = max(g, floor)
    else:
        for v in range(first.size):
            f = first[v] * scale
            g = second[v] * scale
            first_bad += not (f <= limit)
            second_bad += not (g <= limit)
            pairs[2 * v] = max(f, floor)
            pairs[2 * v + 1] = max(g, floor)
    return first_bad, second_bad


@njit(nogil=True, cache=True)
def _gather_pairs(pairs: NDArray[np.complexfloating[Any]], tokens: IntArray, out: NDArray[Any]) -> None:
    for j in range(tokens.size):
        out[j] = pairs[np.uint32(tokens[j])]


@njit(nogil=True, cache=True)
def _separate(pairs: FloatArray, first: FloatArray, second: FloatArray) -> None:
    for j in range(first.size):
        first[j] = pairs[2 * j]
        second[j] = pairs[2 * j + 1]


@njit(nogil=True, cache=True)
def _largest(values: FloatArray) -> float:
    """Maximum of values without NaN, over keys: integer maxima run in vector lanes, float maxima do not."""
    top = order_key(bits_of_float(values[0]))
    for j in range(1, values.size):
        top = max(top, order_key(bits_of_float(values[j])))
    return float_of_bits(order_key(top))


@njit(nogil=True, cache=True)
def _first_equal(values: FloatArray, wanted: float) -> np.int32:
    """Index of the first `wanted`, which is there: an integer maximum over all runs in vector lanes."""
    size, from_end = np.int32(values.size), np.int32(0)
    for j in range(values.size):
        from_end = max(from_end, np.int32((size - np.int32(j)) * np.int32(values[j] == wanted)))
    return size - from_end


@njit(nogil=True, cache=True, fastmath=REORDER)
def _moments(distance: FloatArray, weight: FloatArray) -> tuple[np.floating[Any], np.floating[Any]]:
    zero = distance.dtype.type(0)
    total, moment = zero, zero
    for j in range(distance.size):
        total += weight[j]
        moment += weight[j] * distance[j]
    return total, moment


@njit(nogil=True, cache=True)
def class_statistics(
    values: FloatArray,  # (R, V)
    bias: FloatArray,  # (R or 1, V), or (1, 0) for none
    pair: NDArray[np.complexfloating[Any]],  # (0,) of the dtype that holds two values
    skip: ByteArray,  # (R,) rows that are not read
    scale: float,
    floor: float,
    limit: float,
    class_ptr: IntArray,
    class_tokens: IntArray,
    maximum: DoubleArray,  # (R, C) and so on: results
    total: DoubleArray,
    moment: DoubleArray,
    best: IntArray,
    status: ByteArray,  # (R,) 1 where the row holds NaN or a value above the limit
) -> None:
    """Maximum, sum of e^d, sum of d e^d (d = f - maximum) and the first token at the maximum, per class.

    Rows go in pairs: laid side by side, one indexed load brings the factors of both, and the rows themselves are read
    in memory order.
    """
    pairs, block = np.empty(class_tokens.size, pair.dtype), np.empty(_BLOCK, pair.dtype)
    rows, buffers = np.empty(2, np.int64), np.empty((2, _BLOCK), values.dtype)
    weights = np.empty(_BLOCK, values.dtype)
    maximum[:] = -np.inf
    total[:] = 0.0
    moment[:] = 0.0
    best[:] = 0
    status[:] = 0
    opened = np.flatnonzero(skip == 0)
    for at in range(0, opened.size, 2):
        rows[0], rows[1] = opened[at], opened[min(at + 1, opened.size - 1)]
        count = min(2, opened.size - at)
        first_bias, second_bias = bias[min(rows[0], bias.shape[0] - 1)], bias[min(rows[1], bias.shape[0] - 1)]
        first, second = values[rows[0]], values[rows[1]]
        bad = _interleave(first, second, first_bias, second_bias, scale, floor, limit, pairs.view(values.dtype))
        status[rows[0]] |= bad[0] > 0
        status[rows[1]] |= bad[1] > 0
        c = 0
        for start in range(0, class_tokens.size, _BLOCK):
            size = min(_BLOCK, class_tokens.size - start)
            _gather_pairs(pairs, class_tokens[start : start + size], block)
            _separate(block.view(values.dtype), buffers[0, :size], buffers[1, :size])
            begin = c
            for k in range(count):
                i = rows[k]
                if not status[i]:
                    c = _accumulate(
                        buffers[k, :size],
                        weights[:size],
                        start,
                        begin,
                        class_ptr,
                        class_tokens,
                        maximum[i],
                        total[i],
                        moment[i],
                        best[i],
                    )


@njit(nogil=True, cache=True)
def _accumulate(
    f: FloatArray,
    weights: FloatArray,
    start: int,
    c: int,
    class_ptr: IntArray,
    class_tokens: IntArray,
    maximum: DoubleArray,
    total: DoubleArray,
    moment: DoubleArray,
    best: IntArray,
) -> int:
    """Add one block of grouped factors to the running statistics; returns the class in which the block ends."""
    stop = start + f.size
    first = c
    at = start
    while at < stop:
        while class_ptr[c + 1] <= at:
            c += 1
        end = min(class_ptr[c + 1], stop)
        if class_ptr[c + 1] - class_ptr[c] == 1:  # most classes hold one token
            maximum[c], total[c], best[c] = f[at - start], 1.0, class_tokens[at]
            f[at - start] = 0.0
            at = end
            continue
        run = f[at - start : end - start]
        top = _largest(run)
        if top > maximum[c]:
            best[c] = class_tokens[at + _first_equal(run, top)]
            if total[c] > 0.0:
                step = maximum[c] - top
                factor = np.exp(step)
                moment[c] = factor * (moment[c] + step * total[c])
                total[c] *= factor
            maximum[c] = top
        shift = f.dtype.type(maximum[c])
        for j in range(run.size):
            run[j] -= shift
        at = end
    exponentials(f, weights)
    last, c, at = c, first, start
    while at < stop:
        while class_ptr[c + 1] <= at:
            c += 1
        end = min(class_ptr[c + 1], stop)
        if class_ptr[c + 1] - class_ptr[c] > 1:
            added, weighted = _moments(f[at - start : end - start], weights[at - start : end - start])
            total[c] += added
            moment[c] += weighted
        at = end
    return last


@njit(nogil=True, cache=True)
def marginals(
    values: FloatArray,  # (R, V)
    bias: FloatArray,
    scale: float,
    floor: float,
    token_class: IntArray,
    levels: DoubleArray,  # (R, C) log marginal of a token at the class's maximum
    maximum: DoubleArray,  # (R, C)
    out: FloatArray,  # (R, V)
) -> None:
    """exp(level + f - maximum) of every token."""
    for i in range(values.shape[0]):
        added = bias[min(i, bias.shape[0] - 1)]
        for v in range(token_class.size):
            f = values[i, v] * scale
            if added.size:
                f += added[v]
            c = token_class[v]
            out[i, v] = np.exp(levels[i, c] + (max(f, floor) - maximum[i, c])) if levels[i, c] > -np.inf else 0.0


@njit(nogil=True, cache=True)
def draw_token(
    values: FloatArray,  # (V,)
    bias: FloatArray,  # (V,) or (0,)
    scale: float,
    floor: float,
    tokens: IntArray,
    uniform: float,
) -> int:
    """A token of one class in proportion to e^f."""
    f = np.empty(tokens.size, values.dtype)
    _gather(values, bias, scale, floor, tokens, f)
    return tokens[pick(f.astype(np.float64), uniform)]
