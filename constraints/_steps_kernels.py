"""Numba kernels: an automaton beside another one, and the sums of gains that tokens of a vocabulary really make."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment, comparison-overlap, index, arg-type"
# Numba infers the types of these kernels from their arguments; `_steps` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["beside", "gained"]

_UNKNOWN = -2
_FAR = 1 << 30


@njit(cache=True, nogil=True)
def beside(left, left_start, right, right_start, left_class, right_class, max_states, stop):
    """Both automata read together, as far as the left one lives: the right one has a next state for every byte.

    `left_class`, `right_class` (K,): column of either table for each common class; a right column of −1 is not read by
    the right automaton. Returns (table, left state (S,), right state (S,), complete), start = 0; not complete if more
    than `max_states` pairs would be needed, or once `stop[0]` is true.
    """
    num_classes = left_class.shape[0]
    width = np.int64(right.shape[0])
    first = np.int64(left_start) * width + right_start
    numbers = {first: 0}
    pairs = [first]
    table = np.full((256, num_classes), -1, dtype=np.int32)
    complete = True
    done = 0
    while done < len(pairs) and complete:
        a = pairs[done] // width
        b = pairs[done] % width
        if done >= table.shape[0]:
            wider = np.full((2 * table.shape[0], num_classes), -1, dtype=np.int32)
            wider[: table.shape[0]] = table
            table = wider
        for k in range(num_classes):
            s = left[a, left_class[k]]
            if s < 0:
                continue
            t = b if right_class[k] < 0 else np.int64(right[b, right_class[k]])
            key = np.int64(s) * width + t
            if key not in numbers:
                if len(pairs) >= max_states:
                    complete = False
                    break
                numbers[key] = len(pairs)
                pairs.append(key)
            table[done, k] = numbers[key]
        done += 1
        complete = complete and not stop[0]
    left_of = np.empty(len(pairs), dtype=np.int32)
    right_of = np.empty(len(pairs), dtype=np.int32)
    for i in range(len(pairs)):
        left_of[i] = pairs[i] // width
        right_of[i] = pairs[i] % width
    return table[:done].copy(), left_of, right_of, complete


@njit(cache=True, nogil=True)
def _bytes_to_gain(table, gain):
    """Least number of bytes from each state until a state with a gain is entered, `_FAR` if that can't be."""
    num_states, num_classes = table.shape
    ptr = np.zeros(num_states + 1, dtype=np.int64)
    for s in range(num_states):
        for k in range(num_classes):
            if table[s, k] >= 0:
                ptr[table[s, k] + 1] += 1
    for s in range(num_states):
        ptr[s + 1] += ptr[s]
    fill = ptr[:-1].copy()
    before = np.empty(ptr[-1], dtype=np.int32)
    far = np.full(num_states, _FAR, dtype=np.int32)
    queue = np.empty(num_states, dtype=np.int32)
    count = 0
    for s in range(num_states):
        for k in range(num_classes):
            t = table[s, k]
            if t >= 0:
                before[fill[t]] = s
                fill[t] += 1
                if gain[t] != 0 and far[s] == _FAR:
                    far[s] = 1
                    queue[count] = s
                    count += 1
    done = 0
    while done < count:
        t = queue[done]
        done += 1
        for i in range(ptr[t], ptr[t + 1]):
            s = before[i]
            if far[s] == _FAR:
                far[s] = far[t] + 1
                queue[count] = s
                count += 1
    return far


@njit(cache=True, nogil=True)
def _heights(depth):
    """Bytes below each node of a prefix tree in preorder."""
    heights = np.zeros(depth.shape[0], dtype=np.int32)
    parents = np.empty(depth.shape[0], dtype=np.int32)
    last = np.full(np.int64(depth.max()) + 2 if depth.shape[0] else 1, -1, dtype=np.int32)
    for i in range(depth.shape[0]):
        parents[i] = last[depth[i]]
        last[depth[i] + 1] = i
    for i in range(depth.shape[0] - 1, -1, -1):
        if parents[i] >= 0:
            heights[parents[i]] = max(heights[parents[i]], heights[i] + 1)
    return heights


@njit(cache=True, nogil=True)
def gained(table, gain, roots, node_column, skip, depth, max_states, stop):
    """States with the gains since the token began: state s < S is s with none, the others are found as tokens are read.

    `gain` int64 (S,), on entering a state; tokens begin at `roots`. Only what some token reads from there is followed:
    from other states and bytes the table may say −1. Returns (table, state int32 (S',), gain int64 (S',), complete).
    """
    num_states, num_classes = table.shape
    wide = np.full((num_states + 256, num_classes), -1, dtype=np.int32)
    for s in range(num_states):
        for k in range(num_classes):
            t = table[s, k]
            wide[s, k] = t if t < 0 or gain[t] == 0 else _UNKNOWN
    numbers = {(np.int64(-1), np.int64(0)): np.int64(-1)}
    state_of = [np.int64(s) for s in range(num_states)]
    gain_of = [np.int64(0) for _ in range(num_states)]
    far, heights = _bytes_to_gain(table, gain), _heights(depth)
    highest = np.int64(heights.max()) + 1 if heights.shape[0] else np.int64(0)
    stack = np.empty(highest + 2, dtype=np.int32)
    complete = True
    for root in roots:
        if far[root] > highest or not complete:
            continue
        stack[0] = root
        i = 0
        while i < depth.shape[0]:
            here = stack[depth[i]]
            t = wide[here, node_column[i]]
            if t == _UNKNOWN:
                s = np.int64(table[state_of[here], node_column[i]])
                total = gain_of[here] + gain[s]
                if total == 0:
                    t = np.int32(s)
                elif (s, total) in numbers:
                    t = np.int32(numbers[(s, total)])
                else:
                    if len(state_of) >= max_states:
                        complete = False
                        break
                    t = np.int32(len(state_of))
                    numbers[(s, total)] = np.int64(t)
                    state_of.append(s)
                    gain_of.append(total)
                    if t >= wide.shape[0]:
                        more = np.full((2 * wide.shape[0], num_classes), -1, dtype=np.int32)
                        more[: wide.shape[0]] = wide
                        wide = more
                    for k in range(num_classes):
                        wide[t, k] = _UNKNOWN if table[s, k] >= 0 else -1
                wide[here, node_column[i]] = t
            if t < 0 or (t < num_states and far[t] > heights[i]):
                i = skip[i]  # nothing below, or no gain: those steps are known
                continue
            stack[depth[i] + 1] = t
            i += 1
        complete = complete and not stop[0]
    states = np.array(state_of).astype(np.int32)
    wide = wide[: states.shape[0]].copy()
    for s in range(wide.shape[0]):
        for k in range(num_classes):
            if wide[s, k] == _UNKNOWN:
                wide[s, k] = -1
    return wide, states, np.array(gain_of), complete
