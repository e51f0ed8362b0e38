"""Numba kernels of exact inference on a CPU.

Each kernel works on plain arrays of one canvas, releases the interpreter lock, allocates what scratch it needs and
writes to the arrays it is given. Knows: memory order and vectorisation. Does not know: torch, threads, queries.

The exponential is a polynomial that the compiler vectorises (Cody-Waite reduction to |r| <= ln(2)/2, then a Taylor
polynomial; 2^n through the exponent bits): within 2 units in the last place of float32, and of float64.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
ByteArray = NDArray[np.uint8]

_BLOCK = 2048  # tokens in flight: two float32 buffers of this size stay in the first-level cache
_TINY = 1e-280  # linear sums below this may have lost terms to underflow and are taken in the log domain
_REORDER = {"nnan", "nsz", "reassoc", "contract"}  # lets sums and maxima run in vector lanes; infinities keep
_KEEP_ORDER = {"nnan", "nsz", "contract"}  # the exponential rounds by adding and subtracting a large number


@intrinsic
def _float_of_bits(typing_context: Any, bits: Any) -> Any:
    """Reinterpret int32 as float32, int64 as float64."""
    target, kind = {32: (types.float32, ir.FloatType()), 64: (types.float64, ir.DoubleType())}[bits.bitwidth]
    return target(bits), lambda context, builder, signature, args: builder.bitcast(args[0], kind)


@intrinsic
def _bits_of_float(typing_context: Any, value: Any) -> Any:
    """Reinterpret float32 as int32, float64 as int64."""
    target, width = {32: (types.int32, 32), 64: (types.int64, 64)}[value.bitwidth]
    return target(value), lambda context, builder, signature, args: builder.bitcast(args[0], ir.IntType(width))


def _exp(x):  # type: ignore[no-untyped-def]
    """e^x for x <= 0 in the precision of x; below the exponent range it gives a number near the least positive."""
    raise NotImplementedError("compiled only")


@njit(inline="always")
def _exp32(x: float) -> float:
    x = max(x, np.float32(-87.0))
    shifted = x * np.float32(1.4426950408889634) + np.float32(12582912.0)  # rounds to an integer
    whole = shifted - np.float32(12582912.0)
    r = x - whole * np.float32(0.693359375) - whole * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1.0)
    exponent = np.int32(_bits_of_float(shifted) - np.int32(0x4B400000 - 127))
    return p * _float_of_bits(np.int32(exponent << np.int32(23)))


@njit(inline="always")
def _exp64(x: float) -> float:
    x = max(x, -700.0)
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    whole = shifted - 6755399441055744.0
    r = x - whole * 6.93147180369123816490e-01 - whole * 1.90821492927058770002e-10
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 0.0001984126984126984
    p = p * r + 0.001388888888888889
    p = p * r + 0.008333333333333333
    p = p * r + 0.041666666666666664
    p = p * r + 0.16666666666666666
    p = p * r + 0.5
    p = p * r * r + r + 1.0
    exponent = _bits_of_float(shifted) - np.int64(0x4338000000000000 - 1023)
    return p * _float_of_bits(exponent << np.int64(52))


@overload(_exp, inline="always")
def _exp_overload(x):  # type: ignore[no-untyped-def]  # numba compares this signature with the inner ones
    if x == types.float32:
        return lambda x: _exp32(x)
    return lambda x: _exp64(x)


# -- one read of the logits -------------------------------------------------------------------------------------


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
def _unusable(values: FloatArray, limit: float) -> bool:
    """Whether some value is NaN or above the limit."""
    count = 0
    for j in range(values.size):
        count += not (values[j] <= limit)
    return count > 0


@njit(nogil=True, cache=True, fastmath=_REORDER)
def _largest(values: FloatArray) -> float:
    top = values[0]
    for j in range(1, values.size):
        top = max(top, values[j])
    return top


@njit(nogil=True, cache=True)
def _first_equal(values: FloatArray, wanted: float) -> int:
    for j in range(values.size):
        if values[j] == wanted:
            return j
    return 0


@njit(nogil=True, cache=True, fastmath=_KEEP_ORDER)
def _exponentials(distance: FloatArray, out: FloatArray) -> None:
    for j in range(distance.size):
        out[j] = _exp(distance[j])


@njit(nogil=True, cache=True, fastmath=_REORDER)
def _moments(distance: FloatArray, weight: FloatArray) -> tuple[float, float]:
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
    """Maximum, sum of e^d, sum of d e^d (d = f - maximum) and the first token at the maximum, per class."""
    buffer = np.empty(_BLOCK, values.dtype)
    weights = np.empty(_BLOCK, values.dtype)
    for i in range(values.shape[0]):
        maximum[i] = -np.inf
        total[i] = 0.0
        moment[i] = 0.0
        best[i] = 0
        status[i] = 0
        if skip[i]:
            continue
        c = 0
        for start in range(0, class_tokens.size, _BLOCK):
            stop = min(start + _BLOCK, class_tokens.size)
            f = buffer[: stop - start]
            _gather(values[i], bias[min(i, bias.shape[0] - 1)], scale, floor, class_tokens[start:stop], f)
            if _unusable(f, limit):
                status[i] = 1
                break
            c = _accumulate(
                f, weights[: stop - start], start, c, class_ptr, class_tokens, maximum[i], total[i], moment[i], best[i]
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
    _exponentials(f, weights)
    last, c, at = c, first, start
    while at < stop:
        while class_ptr[c + 1] <= at:
            c += 1
        end = min(class_ptr[c + 1], stop)
        added, weighted = _moments(f[at - start : end - start], weights[at - start : end - start])
        total[c] += added
        moment[c] += weighted
        at = end
    return last


# -- boolean passes -----------------------------------------------------------------------------------------------


@njit(nogil=True, cache=True)
def reach(
    start: int,
    accepting: ByteArray,
    edge_ptr: IntArray,
    edge_label: IntArray,
    edge_target: IntArray,
    fixed_class: IntArray,  # (L,) class of the fixed token, -1 = open
    class_label_ptr: IntArray,
    class_labels: IntArray,
    live: ByteArray,  # (L, K) result
) -> bool:
    """Labels of edges on complete paths; returns whether there is a complete path."""
    length, states = fixed_class.size, accepting.size
    allowed = np.ones((length, live.shape[1]), np.uint8)
    for i in range(length):
        if fixed_class[i] >= 0:
            allowed[i] = 0
            c = fixed_class[i]
            for k in range(class_label_ptr[c], class_label_ptr[c + 1]):
                allowed[i, class_labels[k]] = 1
    can = np.zeros((length + 1, states), np.uint8)
    can[length] = accepting
    for i in range(length - 1, -1, -1):
        for s in range(states):
            for e in range(edge_ptr[s], edge_ptr[s + 1]):
                if can[i + 1, edge_target[e]] & allowed[i, edge_label[e]]:
                    can[i, s] = 1
                    break
    seen = np.zeros(states, np.uint8)
    seen[start] = 1
    for i in range(length):
        after = np.zeros(states, np.uint8)
        for s in range(states):
            if seen[s]:
                for e in range(edge_ptr[s], edge_ptr[s + 1]):
                    if can[i + 1, edge_target[e]] & allowed[i, edge_label[e]]:
                        after[edge_target[e]] = 1
                        live[i, edge_label[e]] = 1
        seen = after
    return can[0, start] > 0


@njit(nogil=True, cache=True)
def live_classes(label_ptr: IntArray, label_class: IntArray, live: ByteArray, out: ByteArray) -> None:
    """Classes of live labels; out (L, C) starts as zeros."""
    for i in range(live.shape[0]):
        for k in range(live.shape[1]):
            if live[i, k]:
                for j in range(label_ptr[k], label_ptr[k + 1]):
                    out[i, label_class[j]] = 1


# -- classes to labels --------------------------------------------------------------------------------------------


@njit(nogil=True, cache=True, fastmath=_REORDER)
def _largest_at(values: DoubleArray, index: IntArray) -> float:
    top = -np.inf
    for j in range(index.size):
        top = max(top, values[index[j]])
    return top


@njit(nogil=True, cache=True, fastmath=_REORDER)
def _sum_at(values: DoubleArray, index: IntArray) -> float:
    total = 0.0
    for j in range(index.size):
        total += values[index[j]]
    return total


@njit(nogil=True, cache=True)
def _log_sum_at(values: DoubleArray, index: IntArray) -> float:
    top = _largest_at(values, index)
    if top == -np.inf:
        return top
    total = 0.0
    for j in range(index.size):
        total += np.exp(values[index[j]] - top)
    return top + np.log(total)


@njit(nogil=True, cache=True)
def label_max(
    label_ptr: IntArray, label_class: IntArray, scores: DoubleArray, live: ByteArray, out: DoubleArray
) -> None:
    """Largest class score of each live label, rows of (L, C) to (L, K)."""
    for i in range(live.shape[0]):
        for k in range(live.shape[1]):
            out[i, k] = -np.inf
            if live[i, k]:
                out[i, k] = _largest_at(scores[i], label_class[label_ptr[k] : label_ptr[k + 1]])


@njit(nogil=True, cache=True)
def _indexed_log_sums(
    ptr: IntArray, index: IntArray, values: DoubleArray, wanted: ByteArray, linear: DoubleArray, out: DoubleArray
) -> None:
    """log sum exp of values[index] in each wanted segment: linear about the largest, in logs where that is tiny."""
    top = -np.inf
    for j in range(values.size):
        top = max(top, values[j])
    if top == -np.inf:
        out[:] = -np.inf
        return
    for j in range(values.size):
        linear[j] = values[j] - top
    _exponentials(linear, linear)
    for k in range(out.size):
        out[k] = -np.inf
        if wanted[k]:
            entries = index[ptr[k] : ptr[k + 1]]
            total = _sum_at(linear, entries)
            out[k] = top + np.log(total) if total > _TINY else _log_sum_at(values, entries)


@njit(nogil=True, cache=True)
def label_log_sum(
    label_ptr: IntArray, label_class: IntArray, scores: DoubleArray, live: ByteArray, out: DoubleArray
) -> None:
    """log sum exp of the class scores of each live label, rows of (L, C) to (L, K)."""
    linear = np.empty(scores.shape[1])
    for i in range(live.shape[0]):
        _indexed_log_sums(label_ptr, label_class, scores[i], live[i], linear, out[i])


# -- sweeps over positions ----------------------------------------------------------------------------------------


@njit(nogil=True, cache=True)
def _pair_log_sums(
    ptr: IntArray,
    left_index: IntArray,
    right_index: IntArray,
    left: DoubleArray,
    right: DoubleArray,
    buffer: DoubleArray,
    out: DoubleArray,
) -> None:
    """out[k] = log sum over the entries of segment k of exp(left + right)."""
    for j in range(buffer.size):
        buffer[j] = left[left_index[j]] + right[right_index[j]]
    for k in range(out.size):
        top = -np.inf
        for j in range(ptr[k], ptr[k + 1]):
            top = max(top, buffer[j])
        out[k] = top
        if top > -np.inf:
            for j in range(ptr[k], ptr[k + 1]):
                buffer[j] -= top
    _exponentials(buffer, buffer)
    for k in range(out.size):
        if out[k] > -np.inf:
            total = 0.0
            for j in range(ptr[k], ptr[k + 1]):
                total += buffer[j]
            out[k] += np.log(total)


@njit(nogil=True, cache=True)
def sweep_log_sum(
    ptr: IntArray, state_index: IntArray, label_index: IntArray, labels: DoubleArray, states: DoubleArray, down: bool
) -> None:
    """Fill states (L + 1, S) from its last row downwards, or from its first row upwards."""
    buffer = np.empty(state_index.size)
    length = labels.shape[0]
    for step in range(length):
        if down:
            i = length - 1 - step
            _pair_log_sums(ptr, state_index, label_index, states[i + 1], labels[i], buffer, states[i])
        else:
            _pair_log_sums(ptr, state_index, label_index, states[step], labels[step], buffer, states[step + 1])


@njit(nogil=True, cache=True)
def best_path(
    start: int,
    accepting: ByteArray,
    edge_ptr: IntArray,
    edge_label: IntArray,
    edge_target: IntArray,
    label_ptr: IntArray,
    label_class: IntArray,
    scores: DoubleArray,  # (L, C)
    labels: DoubleArray,  # (L, K)
    best: IntArray,  # (L, C)
    tokens: NDArray[np.int64],  # (L,) result
) -> None:
    """Backward Viterbi and forward trace; among equal edges the one with the lowest token id."""
    length, states = labels.shape[0], accepting.size
    value = np.full((length + 1, states), -np.inf)
    for s in range(states):
        if accepting[s]:
            value[length, s] = 0.0
    for i in range(length - 1, -1, -1):
        for s in range(states):
            top = -np.inf
            for e in range(edge_ptr[s], edge_ptr[s + 1]):
                top = max(top, labels[i, edge_label[e]] + value[i + 1, edge_target[e]])
            value[i, s] = top
    state = start
    for i in range(length):
        token, after = -1, -1
        for e in range(edge_ptr[state], edge_ptr[state + 1]):
            k = edge_label[e]
            if labels[i, k] + value[i + 1, edge_target[e]] == value[i, state]:
                for j in range(label_ptr[k], label_ptr[k + 1]):
                    c = label_class[j]
                    if scores[i, c] == labels[i, k] and (token < 0 or best[i, c] < token):
                        token, after = best[i, c], edge_target[e]
        tokens[i] = token
        state = after


# -- back to classes and tokens -----------------------------------------------------------------------------------


@njit(nogil=True, cache=True)
def class_weights(
    ptr: IntArray,  # edges grouped by label
    source: IntArray,
    target: IntArray,
    class_label_ptr: IntArray,
    class_labels: IntArray,
    forward: DoubleArray,  # (R, S) states before each position
    backward: DoubleArray,  # (R, S) states after it
    live: ByteArray,  # (R, K)
    log_z: float,
    out: DoubleArray,  # (R, C)
) -> None:
    """Log of the posterior weight, per unit of e^f, of the labels that hold each class."""
    buffer = np.empty(source.size)
    weight, linear = np.empty(live.shape[1]), np.empty(live.shape[1])
    every = np.ones(out.shape[1], np.uint8)
    for i in range(live.shape[0]):
        _pair_log_sums(ptr, source, target, forward[i], backward[i], buffer, weight)
        for k in range(weight.size):
            weight[k] = weight[k] - log_z if live[i, k] else -np.inf
        _indexed_log_sums(class_label_ptr, class_labels, weight, every, linear, out[i])


@njit(nogil=True, cache=True)
def marginals(
    values: FloatArray,  # (R, V)
    bias: FloatArray,
    scale: float,
    floor: float,
    token_class: IntArray,
    weights: DoubleArray,  # (R, C)
    peak: DoubleArray,  # (R,)
    out: FloatArray,  # (R, V)
) -> None:
    """exp(w + f - peak) of every token."""
    for i in range(values.shape[0]):
        added = bias[min(i, bias.shape[0] - 1)]
        for v in range(token_class.size):
            f = values[i, v] * scale
            if added.size:
                f += added[v]
            out[i, v] = np.exp(weights[i, token_class[v]] + (max(f, floor) - peak[i]))


@njit(nogil=True, cache=True)
def _pick(log_weights: DoubleArray, uniform: float) -> int:
    """Inverse-CDF choice: the first entry whose running sum exceeds `uniform` times the whole."""
    top = log_weights.max()
    whole = 0.0
    for j in range(log_weights.size):
        whole += np.exp(log_weights[j] - top)
    running, last = 0.0, 0
    for j in range(log_weights.size):
        weight = np.exp(log_weights[j] - top)
        running += weight
        if weight > 0.0:
            last = j
            if running > uniform * whole:
                return j
    return last


@njit(nogil=True, cache=True)
def draw_classes(
    start: int,
    edge_ptr: IntArray,
    edge_label: IntArray,
    edge_target: IntArray,
    label_ptr: IntArray,
    label_class: IntArray,
    scores: DoubleArray,  # (L, C)
    labels: DoubleArray,  # (L, K)
    backward: DoubleArray,  # (L + 1, S)
    uniforms: DoubleArray,  # (L, 3)
    classes: IntArray,  # (L,) result
) -> None:
    """Forward sampling of an edge, then of a class within its label."""
    state = start
    for i in range(classes.size):
        first, last = edge_ptr[state], edge_ptr[state + 1]
        reached = np.empty(last - first)
        for e in range(first, last):
            reached[e - first] = labels[i, edge_label[e]] + backward[i + 1, edge_target[e]]
        edge = first + _pick(reached, uniforms[i, 0])
        inside = label_class[label_ptr[edge_label[edge]] : label_ptr[edge_label[edge] + 1]]
        within = np.empty(inside.size)
        for j in range(inside.size):
            within[j] = scores[i, inside[j]]
        classes[i] = inside[_pick(within, uniforms[i, 1])]
        state = edge_target[edge]


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
    return tokens[_pick(f.astype(np.float64), uniform)]
