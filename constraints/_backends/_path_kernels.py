"""Kernels over positions and states: boolean passes, label scores, sweeps, best path, class weights, drawing.

They work on the float64 tensors of one canvas, release the interpreter lock, allocate what scratch they need and write
to the arrays they are given. Only states on complete paths are visited; the scores of others are -inf. Know: the
recursions.
Do not know: torch, threads, logits.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._arithmetic import REORDER, ByteArray, DoubleArray, IntArray, exponentiate, pick

_NEGLIGIBLE = 1e-24  # posterior masses below this are left out: all of them together are far below rounding
_COARSE = 1e4  # log sums beyond this are rounded so much that the shares in them have to be divided by their sum
_TINY = 1e-280  # linear sums below this may have lost terms to underflow and are taken in the log domain


# -- boolean passes ---------------------------------------------------------------------------------------


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
    states: ByteArray,  # (L + 1, S) result, zeros: states on complete paths
    live: ByteArray,  # (L, K) result, zeros: labels on complete paths
) -> bool:
    """Returns whether there is a complete path."""
    length = fixed_class.size
    allowed = np.ones((length, live.shape[1]), np.uint8)
    for i in range(length):
        if fixed_class[i] >= 0:
            allowed[i] = 0
            c = fixed_class[i]
            for k in range(class_label_ptr[c], class_label_ptr[c + 1]):
                allowed[i, class_labels[k]] = 1
    can = _can_finish(accepting, edge_ptr, edge_label, edge_target, fixed_class, allowed)
    if not can[0, start]:
        return False
    states[0, start] = 1
    for i in range(length):
        for s in range(accepting.size):
            if states[i, s]:
                for e in range(edge_ptr[s], edge_ptr[s + 1]):
                    if can[i + 1, edge_target[e]] & allowed[i, edge_label[e]]:
                        states[i + 1, edge_target[e]] = 1
                        live[i, edge_label[e]] = 1
    return True


@njit(nogil=True, cache=True)
def _can_finish(
    accepting: ByteArray,
    edge_ptr: IntArray,
    edge_label: IntArray,
    edge_target: IntArray,
    fixed_class: IntArray,
    allowed: ByteArray,
) -> ByteArray:
    """States (L + 1, S) from which the rest of the canvas can be filled."""
    length = fixed_class.size
    can = np.zeros((length + 1, accepting.size), np.uint8)
    can[length] = accepting
    for i in range(length - 1, -1, -1):
        open_twice = i + 1 < length and fixed_class[i] < 0 and fixed_class[i + 1] < 0
        if open_twice and np.array_equal(can[i + 1], can[i + 2]):  # the same step from the same states
            can[i] = can[i + 1]
            continue
        for s in range(accepting.size):
            for e in range(edge_ptr[s], edge_ptr[s + 1]):
                if can[i + 1, edge_target[e]] & allowed[i, edge_label[e]]:
                    can[i, s] = 1
                    break
    return can


@njit(nogil=True, cache=True)
def live_classes(label_ptr: IntArray, label_class: IntArray, live: ByteArray, out: ByteArray) -> None:
    """Classes of live labels; out (L, C) starts as zeros."""
    for i in range(live.shape[0]):
        for k in range(live.shape[1]):
            if live[i, k]:
                for j in range(label_ptr[k], label_ptr[k + 1]):
                    out[i, label_class[j]] = 1


# -- classes to labels --------------------------------------------------------------------------------------------


@njit(nogil=True, cache=True, fastmath=REORDER)
def _largest_at(values: DoubleArray, index: IntArray) -> float:
    top = -np.inf
    for j in range(index.size):
        top = max(top, values[index[j]])
    return top


@njit(nogil=True, cache=True, fastmath=REORDER)
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
    ptr: IntArray,
    index: IntArray,
    values: DoubleArray,
    wanted: ByteArray,
    linear: DoubleArray,
    out: DoubleArray,
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
    exponentiate(linear)
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


# -- sweeps over positions --------------------------------------------------------------------------------


@njit(nogil=True, cache=True)
def _pair_log_sums(
    ptr: IntArray,
    left_index: IntArray,
    right_index: IntArray,
    left: DoubleArray,
    right: DoubleArray,
    wanted: ByteArray,
    buffer: DoubleArray,
    ends: IntArray,
    out: DoubleArray,
) -> None:
    """out[k] = log sum over the entries of segment k of exp(left + right), -inf where k is not wanted.

    Possible entries are packed, each relative to its segment's largest, so that one vectorised loop takes all
    exponentials.
    """
    filled = 0
    for k in range(out.size):
        top = -np.inf
        if wanted[k]:
            first = filled
            for j in range(ptr[k], ptr[k + 1]):
                value = left[left_index[j]] + right[right_index[j]]
                buffer[filled] = value
                filled += value > -np.inf
                top = max(top, value)
            if filled - first == 1:
                filled = first  # a single entry is its own sum
            for j in range(first, filled):
                buffer[j] -= top
        out[k] = top
        ends[k] = filled
    exponentiate(buffer[:filled])
    first = 0
    for k in range(out.size):
        if ends[k] > first:
            total = 0.0
            for j in range(first, ends[k]):
                total += buffer[j]
            out[k] += np.log(total)
            first = ends[k]


@njit(nogil=True, cache=True)
def backward(
    edge_ptr: IntArray,
    edge_target: IntArray,
    edge_label: IntArray,
    labels: DoubleArray,  # (L, K)
    wanted: ByteArray,  # (L + 1, S)
    states: DoubleArray,  # (L + 1, S), the last row filled
) -> None:
    """Fill the states' log sums from the last row downwards."""
    buffer, ends = np.empty(edge_target.size + 1), np.empty(states.shape[1], np.int32)
    for i in range(labels.shape[0] - 1, -1, -1):
        _pair_log_sums(
            edge_ptr, edge_target, edge_label, states[i + 1], labels[i], wanted[i], buffer, ends, states[i]
        )


@njit(nogil=True, cache=True)
def best_values(
    accepting: ByteArray,
    edge_ptr: IntArray,
    edge_label: IntArray,
    edge_target: IntArray,
    paths: DoubleArray,  # (L, K) what a label adds to a path
    wanted: ByteArray,  # (L + 1, S)
) -> DoubleArray:
    """Backward Viterbi, (L + 1, S): the most that a path from a state to acceptance adds; -inf off complete paths."""
    length, states = paths.shape[0], accepting.size
    value = np.full((length + 1, states), -np.inf)
    for s in range(states):
        if accepting[s]:
            value[length, s] = 0.0
    for i in range(length - 1, -1, -1):
        for s in range(states):
            if wanted[i, s]:
                top = -np.inf
                for e in range(edge_ptr[s], edge_ptr[s + 1]):
                    top = max(top, paths[i, edge_label[e]] + value[i + 1, edge_target[e]])
                value[i, s] = top
    return value


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
    labels: DoubleArray,  # (L, K) maxima of class scores
    paths: DoubleArray,  # (L, K) what a label adds to a path
    best: IntArray,  # (L, C)
    wanted: ByteArray,  # (L + 1, S)
    tokens: NDArray[np.int64],  # (L,) result
) -> None:
    """Backward Viterbi and forward trace; among equal edges the one with the lowest token id."""
    length = labels.shape[0]
    value = best_values(accepting, edge_ptr, edge_label, edge_target, paths, wanted)
    state = start
    for i in range(length):
        token, after = -1, -1
        for e in range(edge_ptr[state], edge_ptr[state + 1]):
            k = edge_label[e]
            if paths[i, k] + value[i + 1, edge_target[e]] == value[i, state]:
                for j in range(label_ptr[k], label_ptr[k + 1]):
                    c = label_class[j]
                    if scores[i, c] == labels[i, k] and (token < 0 or best[i, c] < token):
                        token, after = best[i, c], edge_target[e]
        tokens[i] = token
        state = after


# -- posterior masses -------------------------------------------------------------------------------------


@njit(nogil=True, cache=True)
def label_masses(
    start: int,
    edge_ptr: IntArray,
    edge_label: IntArray,
    edge_target: IntArray,
    labels: DoubleArray,  # (L, K) log sums of labels
    backward: DoubleArray,  # (L + 1, S)
    out: DoubleArray,  # (L, K) result
) -> None:
    """Carry the posterior probabilities of states forward, and add up those of the edges by label.

        γ_0(start) = 1,    γ_{i+1}(t) = Σ_(s,k,t) γ_i(s) p_i(k, t | s),    mass_i(k) = Σ_(s,k,t) γ_i(s) p_i(k, t | s)

    with p_i from `_shares`: the forward Markovian decomposition of a hidden Markov model given all that follows (Cappé,
    Moulines & Rydén 2005, "Inference in Hidden Markov Models", chapter 3). No forward sums, so no scaling, and only
    edges are followed whose mass exceeds `_NEGLIGIBLE`.
    """
    states = backward.shape[1]
    now, after = np.zeros(states), np.zeros(states)
    active, queued = np.empty(states, np.int32), np.empty(states, np.int32)
    weights = np.empty(edge_label.size + 1)
    now[start], active[0], count = 1.0, start, 1
    out[:] = 0.0
    for i in range(labels.shape[0]):
        fresh, whole = 0, 0.0
        for a in range(count):
            s = active[a]
            first, last = edge_ptr[s], edge_ptr[s + 1]
            _shares(edge_label, edge_target, first, last, labels[i], backward[i + 1], weights)
            for e in range(first, last):
                mass = now[s] * weights[e - first]
                if mass > _NEGLIGIBLE:
                    t = edge_target[e]
                    out[i, edge_label[e]] += mass
                    whole += mass
                    if after[t] == 0.0:
                        queued[fresh] = t
                        fresh += 1
                    after[t] += mass
            now[s] = 0.0
        out[i] /= whole
        now, after, active, queued, count = after, now, queued, active, fresh


@njit(nogil=True, cache=True)
def _shares(
    edge_label: IntArray,
    edge_target: IntArray,
    first: int,
    last: int,
    labels: DoubleArray,
    backward: DoubleArray,
    weights: DoubleArray,
) -> None:
    """p(k, t | s) = e^(labels[k] + backward[t]) / Σ of the same over the edges of s, in `weights`."""
    top, total = -np.inf, 0.0
    for e in range(first, last):
        weights[e - first] = labels[edge_label[e]] + backward[edge_target[e]]
        top = max(top, weights[e - first])
    for j in range(last - first):
        weights[j] -= top
    exponentiate(weights[: last - first])
    for j in range(last - first):
        total += weights[j]
    for j in range(last - first):
        weights[j] /= total


@njit(nogil=True, cache=True)
def class_masses(
    label_ptr: IntArray,
    label_class: IntArray,
    scores: DoubleArray,  # (R, C) log sums of classes
    labels: DoubleArray,  # (R, K) log sums of labels
    masses: DoubleArray,  # (R, K)
    out: DoubleArray,  # (R, C)
) -> None:
    """Log posterior mass of each class; a row's masses are divided by their own sum, which is 1 but for rounding."""
    for i in range(out.shape[0]):
        out[i] = 0.0
        for k in range(masses.shape[1]):
            if masses[i, k] > 0.0:
                for j in range(label_ptr[k], label_ptr[k + 1]):
                    c = label_class[j]  # its share of the label first: both may be huge, their difference is not
                    out[i, c] += masses[i, k] * np.exp(scores[i, c] - labels[i, k])
        out[i] = np.log(out[i] / out[i].sum())


@njit(nogil=True, cache=True)
def chosen_masses(
    label_ptr: IntArray,
    label_class: IntArray,
    class_label_ptr: IntArray,
    class_labels: IntArray,
    scores: DoubleArray,  # (R, C) log sums of classes
    labels: DoubleArray,  # (R, K) log sums of labels
    masses: DoubleArray,  # (R, K)
    classes: NDArray[np.int64],  # (R,)
    out: DoubleArray,  # (R,)
) -> None:
    """Log posterior mass of one class per row."""
    for i in range(out.size):
        c, total = classes[i], 0.0
        for j in range(class_label_ptr[c], class_label_ptr[c + 1]):
            k = class_labels[j]
            if masses[i, k] > 0.0:
                share = np.exp(scores[i, c] - labels[i, k])
                if abs(labels[i, k]) > _COARSE:
                    members = label_class[label_ptr[k] : label_ptr[k + 1]]
                    whole = 0.0
                    for m in members:
                        whole += np.exp(scores[i, m] - labels[i, k])
                    share /= whole
                total += masses[i, k] * share
        out[i] = np.log(total)


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
        edge = first + pick(reached, uniforms[i, 0])
        inside = label_class[label_ptr[edge_label[edge]] : label_ptr[edge_label[edge] + 1]]
        within = np.empty(inside.size)
        for j in range(inside.size):
            within[j] = scores[i, inside[j]]
        classes[i] = inside[pick(within, uniforms[i, 1])]
        state = edge_target[edge]
