"""Numba kernel: the intersection and the difference of two deterministic automata."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of this kernel from its arguments; `_expansion` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["product"]


@njit(cache=True, nogil=True)
def product(
    left,
    left_start,
    left_accepting,
    right,
    right_start,
    right_accepting,
    left_class,
    right_class,
    difference,
    max_states,
    stop,
):
    """Intersection, or (`difference`) left without right, on a common alphabet.

    `left_class`, `right_class` (K,): column of either table for each common class. In a difference the right side may
    be dead (−1). Returns (table, accepting, complete), start = 0; not complete if more than `max_states` pairs would be
    needed, or once `stop[0]` is true.
    """
    num_classes = left_class.shape[0]
    width = np.int64(right.shape[0] + 1)
    numbers = {np.int64(left_start) * width + right_start + 1: 0}
    pairs = [np.int64(left_start) * width + right_start + 1]
    table = np.full((256, num_classes), -1, dtype=np.int32)
    done = 0
    while done < len(pairs):
        if stop[0]:
            return np.empty((0, num_classes), dtype=np.int32), np.empty(0, dtype=np.bool_), False
        a = pairs[done] // width
        b = pairs[done] % width - 1
        if done >= table.shape[0]:
            wider = np.full((2 * table.shape[0], num_classes), -1, dtype=np.int32)
            wider[: table.shape[0]] = table
            table = wider
        for k in range(num_classes):
            s = left[a, left_class[k]]
            if s < 0:
                continue
            t = np.int32(-1) if b < 0 else right[b, right_class[k]]
            if t < 0 and not difference:
                continue
            key = np.int64(s) * width + t + 1
            if key in numbers:
                table[done, k] = numbers[key]
            else:
                if len(pairs) >= max_states:
                    return np.empty((0, num_classes), dtype=np.int32), np.empty(0, dtype=np.bool_), False
                numbers[key] = len(pairs)
                table[done, k] = len(pairs)
                pairs.append(key)
        done += 1
    accepting = np.zeros(len(pairs), dtype=np.bool_)
    for i in range(len(pairs)):
        a = pairs[i] // width
        b = pairs[i] % width - 1
        right_accepts = b >= 0 and right_accepting[b]
        accepting[i] = left_accepting[a] and (right_accepts != difference)
    return table[: len(pairs)].copy(), accepting, True
