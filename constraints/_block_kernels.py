"""Kernels over the edges of an automaton: states that can finish, walks, the least and the shortest ways to an end.

Know: compressed edges and labels. Do not know: torch, blocks, vocabularies.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FAR = np.int32(2**30)  # more text tokens than any canvas has: there is no way

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]


@njit(nogil=True, cache=True)
def _holds(label_ptr: Ints, label_class: Ints, label: int, wanted: int) -> bool:
    """Whether a class is in a label; its classes ascend."""
    low, high = label_ptr[label], label_ptr[label + 1]
    while low < high:
        middle = (low + high) // 2
        if label_class[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return bool(low < label_ptr[label + 1] and label_class[low] == wanted)


@njit(nogil=True, cache=True)
def fill_finishing(
    edge_ptr: Ints,
    edge_label: Ints,
    edge_target: Ints,
    label_ptr: Ints,
    label_class: Ints,
    wanted: Ints,  # (L,) class of the fixed token, -1 = open
    can: Bytes,  # (L + 1, S) row 0 is given
) -> None:
    length = wanted.size
    allowed = np.ones(label_ptr.size - 1, np.uint8)
    for r in range(1, length + 1):
        c = wanted[length - r]
        if c < 0 and r > 1 and wanted[length - r + 1] < 0 and np.array_equal(can[r - 1], can[r - 2]):
            can[r] = can[r - 1]  # the same step from the same states
            continue
        for k in range(allowed.size):
            allowed[k] = c < 0 or _holds(label_ptr, label_class, k, c)
        for s in range(can.shape[1]):
            for e in range(edge_ptr[s], edge_ptr[s + 1]):
                if can[r - 1, edge_target[e]] & allowed[edge_label[e]]:
                    can[r, s] = 1
                    break


@njit(nogil=True, cache=True)
def walk(
    state: int,
    edge_ptr: Ints,
    edge_label: Ints,
    edge_target: Ints,
    label_ptr: Ints,
    label_class: Ints,
    classes: Ints,
) -> tuple[int, int]:
    """The last state reached and the number of tokens read."""
    for i in range(classes.size):
        found = False
        for e in range(edge_ptr[state], edge_ptr[state + 1]):
            if _holds(label_ptr, label_class, edge_label[e], classes[i]):
                state, found = edge_target[e], True
                break
        if not found:
            return state, i
    return state, classes.size


@njit(nogil=True, cache=True)
def shortest(state: int, edge_ptr: Ints, edge_label: Ints, edge_target: Ints, accepting: Bytes) -> int:
    """Least number of edges from a state to an accepting one, -1 where there is no path."""
    distance = np.full(accepting.size, -1, np.int32)
    queue = np.empty(accepting.size, np.int32)
    distance[state], queue[0], done, count = 0, state, 0, 1
    while done < count:
        s = queue[done]
        done += 1
        if accepting[s]:
            return int(distance[s])
        for e in range(edge_ptr[s], edge_ptr[s + 1]):
            t = edge_target[e]
            if distance[t] < 0:
                distance[t] = distance[s] + 1
                queue[count] = t
                count += 1
    return -1


@njit(nogil=True, cache=True)
def _label_tokens(
    label_ptr: Ints, label_class: Ints, c: int, first_text: Ints, first_other: Ints, text: Ints, other: Ints
) -> None:
    """The lowest text token and the lowest other token of each label, -1 where it has none; of class c only if >= 0."""
    for k in range(text.size):
        text[k], other[k] = -1, -1
        for j in range(label_ptr[k], label_ptr[k + 1]):
            if c >= 0 and label_class[j] != c:
                continue
            v, w = first_text[label_class[j]], first_other[label_class[j]]
            if v >= 0 and (text[k] < 0 or v < text[k]):
                text[k] = v
            if w >= 0 and (other[k] < 0 or w < other[k]):
                other[k] = w


@njit(nogil=True, cache=True)
def fill_costs(
    edge_ptr: Ints,
    edge_label: Ints,
    edge_target: Ints,
    label_ptr: Ints,
    label_class: Ints,
    wanted: Ints,
    first_text: Ints,
    first_other: Ints,
    cost: Ints,  # (L + 1, S) fewest text tokens to the end; the last row is given
) -> None:
    labels = label_ptr.size - 1
    text, other = np.empty(labels, np.int32), np.empty(labels, np.int32)
    for i in range(wanted.size - 1, -1, -1):
        if i == wanted.size - 1 or wanted[i] >= 0 or wanted[i + 1] >= 0:
            _label_tokens(label_ptr, label_class, wanted[i], first_text, first_other, text, other)
        for s in range(cost.shape[1]):
            for e in range(edge_ptr[s], edge_ptr[s + 1]):
                k, rest = edge_label[e], cost[i + 1, edge_target[e]]
                if rest < FAR and (other[k] >= 0 or text[k] >= 0):
                    cost[i, s] = min(cost[i, s], rest if other[k] >= 0 else rest + 1)


@njit(nogil=True, cache=True)
def fill_completion(
    state: int,
    edge_ptr: Ints,
    edge_label: Ints,
    edge_target: Ints,
    label_ptr: Ints,
    label_class: Ints,
    wanted: Ints,
    first_text: Ints,
    first_other: Ints,
    cost: Ints,
    tokens: NDArray[np.int64],  # (L,) the fixed tokens, -1 = open; filled here
) -> None:
    labels = label_ptr.size - 1
    text, other = np.empty(labels, np.int32), np.empty(labels, np.int32)
    for i in range(wanted.size):
        if i == 0 or wanted[i] >= 0 or wanted[i - 1] >= 0:
            _label_tokens(label_ptr, label_class, wanted[i], first_text, first_other, text, other)
        best, following = np.int64(-1), state
        for e in range(edge_ptr[state], edge_ptr[state + 1]):
            k, rest = edge_label[e], cost[i + 1, edge_target[e]]
            for v, more in ((other[k], 0), (text[k], 1)):
                if v >= 0 and rest + more == cost[i, state] and (best < 0 or v < best):
                    best, following = v, edge_target[e]
        if wanted[i] < 0:
            tokens[i] = best
        state = following
