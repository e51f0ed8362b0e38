"""Numba kernels on token sets: their keys, the numbers of distinct ones, which classes a label holds; and distances."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of these kernels from their arguments; `_compile` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["distances", "item_sums", "label_members", "mixed_key", "number_rows", "token_keys"]


@njit(cache=True, nogil=True, inline="always")
def mixed_key(token, salt):
    """A pseudo-random 64-bit number of a token (the finaliser of SplitMix64, Steele et al. 2014)."""
    z = (np.uint64(token) + salt) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def item_sums(item_ptr, item_tokens, keys):
    """Sum of the keys of each item's tokens: uint64 (items, 2)."""
    sums = np.zeros((item_ptr.shape[0] - 1, 2), dtype=np.uint64)
    for i in range(sums.shape[0]):
        for j in range(item_ptr[i], item_ptr[i + 1]):
            sums[i, 0] += keys[item_tokens[j], 0]
            sums[i, 1] += keys[item_tokens[j], 1]
    return sums


@njit(cache=True, nogil=True)
def label_members(states, ptr, target, label, table, byte_class, data, offsets, representative):
    """The (label, class) pairs: each class is followed through one token of it, from one state of each label.

    `representative` (C,): a text token of each class, −1 for none. Returns (label (nnz,), class (nnz,)).
    """
    label_of = np.full(table.shape[0], -1, dtype=np.int32)
    room = 1024
    out_label = np.empty(room, dtype=np.int32)
    out_class = np.empty(room, dtype=np.int32)
    used = 0
    first = np.full(representative.shape[0], -1, dtype=np.int32)  # the column of each representative's first byte
    for c in range(representative.shape[0]):
        if representative[c] >= 0:
            first[c] = byte_class[data[offsets[representative[c]]]]
    for n in range(states.shape[0]):
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = label[j]
        row = table[states[n]]
        for c in range(representative.shape[0]):
            if first[c] < 0 or row[first[c]] < 0:
                continue
            v = representative[c]
            s = row[first[c]]
            for k in range(offsets[v] + 1, offsets[v + 1]):
                s = table[s, byte_class[data[k]]]
                if s < 0:
                    break
            if s >= 0 and label_of[s] >= 0:
                if used == room:
                    room *= 2
                    label_, class_ = out_label, out_class
                    out_label = np.empty(room, dtype=np.int32)
                    out_class = np.empty(room, dtype=np.int32)
                    out_label[:used] = label_
                    out_class[:used] = class_
                out_label[used] = label_of[s]
                out_class[used] = c
                used += 1
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = -1
    return out_label[:used].copy(), out_class[:used].copy()


@njit(cache=True, nogil=True)
def token_keys(size, salt):
    """Pseudo-random keys of tokens 0 … size − 1: uint64 (size, 2)."""
    keys = np.empty((size, 2), dtype=np.uint64)
    for v in range(size):
        keys[v, 0] = mixed_key(v, salt)
        keys[v, 1] = mixed_key(v, salt ^ np.uint64(0xD1B54A32D192ED03))
    return keys


@njit(cache=True, nogil=True)
def number_rows(rows):
    """Number the distinct rows of uint64 (n, 2) in order of appearance, the zero row first and always 0.

    Returns (number (n,) int32, how many, first row of each).
    """
    slots = np.full(1024, -1, dtype=np.int32)
    number = np.empty(rows.shape[0], dtype=np.int32)
    first = np.full(rows.shape[0] + 1, -1, dtype=np.int32)
    count = 1  # number 0 is the zero row
    for i in range(rows.shape[0]):
        a, b = rows[i, 0], rows[i, 1]
        if a == 0 and b == 0:
            number[i] = 0
            continue
        slot = np.int64(a & np.uint64(slots.shape[0] - 1))
        found = -1
        while slots[slot] >= 0:
            j = first[slots[slot]]
            if rows[j, 0] == a and rows[j, 1] == b:
                found = slots[slot]
                break
            slot = (slot + 1) & (slots.shape[0] - 1)
        if found < 0:
            found = count
            first[count] = i
            slots[slot] = count
            count += 1
            if 2 * count > slots.shape[0]:
                slots = np.full(4 * slots.shape[0], -1, dtype=np.int32)
                for k in range(1, count):
                    place = np.int64(rows[first[k], 0] & np.uint64(slots.shape[0] - 1))
                    while slots[place] >= 0:
                        place = (place + 1) & (slots.shape[0] - 1)
                    slots[place] = k
        number[i] = found
    return number, count, first[:count].copy()


@njit(cache=True, nogil=True)
def distances(source, target, roots, num_states):
    """Least number of edges from any of `roots` to each state: int32 (S,), −1 where there is no path."""
    ptr = np.zeros(num_states + 1, dtype=np.int64)
    for s in source:
        ptr[s + 1] += 1
    for s in range(num_states):
        ptr[s + 1] += ptr[s]
    fill = ptr[:-1].copy()
    following = np.empty(target.shape[0], dtype=np.int32)
    for i in range(source.shape[0]):
        following[fill[source[i]]] = target[i]
        fill[source[i]] += 1
    distance = np.full(num_states, -1, dtype=np.int32)
    queue = np.empty(num_states, dtype=np.int32)
    count = 0
    for s in roots:
        if distance[s] < 0:
            distance[s] = 0
            queue[count] = s
            count += 1
    done = 0
    while done < count:
        s = queue[done]
        done += 1
        for i in range(ptr[s], ptr[s + 1]):
            t = following[i]
            if distance[t] < 0:
                distance[t] = distance[s] + 1
                queue[count] = t
                count += 1
    return distance
