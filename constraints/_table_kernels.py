"""Numba kernels: an automaton's table over byte classes from its sparse rows (see `_minimise_kernels`), and back."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of these kernels from their arguments; `_expansion` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["dense", "sparse"]


@njit(cache=True, nogil=True)
def _mixed(state, target, salt):
    z = (np.uint64(state) << np.uint64(32) | np.uint64(target + 1)) * np.uint64(0x9E3779B97F4A7C15) + salt
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def dense(ptr, low, high, target):
    """The table int32 (S, K), −1 for no edge, and the class of each byte: uint8 (256,), numbered by first byte.

    Bytes of one class lead to the same states everywhere. A column is known by two 64-bit sums over its entries, equal
    for equal columns and different otherwise but for a chance of about 2⁻¹²⁸.
    """
    num_states = ptr.shape[0] - 1
    sums = np.zeros((257, 2), dtype=np.uint64)  # differences from one byte to the next
    for s in range(num_states):
        for j in range(ptr[s], ptr[s + 1]):
            first, second = _mixed(s, target[j], np.uint64(1)), _mixed(s, target[j], np.uint64(0xD1B54A32D192ED03))
            sums[low[j], 0] += first
            sums[low[j], 1] += second
            sums[high[j] + 1, 0] -= first
            sums[high[j] + 1, 1] -= second
    byte_class = np.empty(256, dtype=np.uint8)
    representative = np.empty(256, dtype=np.int32)
    num_classes = 0
    for byte in range(256):
        if byte:
            sums[byte, 0] += sums[byte - 1, 0]
            sums[byte, 1] += sums[byte - 1, 1]
        found = -1
        for k in range(num_classes):
            other = representative[k]
            if sums[other, 0] == sums[byte, 0] and sums[other, 1] == sums[byte, 1]:
                found = k
                break
        if found < 0:
            found = num_classes
            representative[num_classes] = byte
            num_classes += 1
        byte_class[byte] = found
    first_at = np.empty(257, dtype=np.int64)  # the first class whose representative is this byte or a later one
    k = num_classes
    first_at[256] = k
    for byte in range(255, -1, -1):
        if k > 0 and representative[k - 1] == byte:
            k -= 1
        first_at[byte] = k
    table = np.full((num_states, num_classes), -1, dtype=np.int32)
    for s in range(num_states):
        for j in range(ptr[s], ptr[s + 1]):
            for k in range(first_at[low[j]], first_at[high[j] + 1]):
                table[s, k] = target[j]
    return table, byte_class


@njit(cache=True, nogil=True)
def sparse(table, byte_class):
    """The rows of a table as ranges of bytes: (ptr, low, high, target)."""
    num_states = table.shape[0]
    cuts = np.empty(257, dtype=np.int32)  # runs of bytes of one class
    num_runs = 0
    for byte in range(256):
        if byte == 0 or byte_class[byte] != byte_class[byte - 1]:
            cuts[num_runs] = byte
            num_runs += 1
    cuts[num_runs] = 256
    ptr = np.zeros(num_states + 1, dtype=np.int64)
    for fill in range(2):
        if fill == 0:
            low = np.empty(0, dtype=np.int32)
            high = np.empty(0, dtype=np.int32)
            target = np.empty(0, dtype=np.int32)
        else:
            low = np.empty(ptr[-1], dtype=np.int32)
            high = np.empty(ptr[-1], dtype=np.int32)
            target = np.empty(ptr[-1], dtype=np.int32)
        n = 0
        for s in range(num_states):
            previous = np.int32(-1)
            for r in range(num_runs):
                t = table[s, byte_class[cuts[r]]]
                if t >= 0:
                    if t == previous:
                        if fill:
                            high[n - 1] = cuts[r + 1] - 1
                    else:
                        if fill:
                            low[n], high[n], target[n] = cuts[r], cuts[r + 1] - 1, t
                        n += 1
                previous = t
            ptr[s + 1] = n
    return ptr, low, high, target
