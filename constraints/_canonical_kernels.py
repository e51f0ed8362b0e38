"""Numba kernels: byte-pair encoding of single tokens and of pairs, and the minimal automaton over tokens."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of these kernels from their arguments; `_canonical_rules` and `_canonical_product` say which.

from __future__ import annotations

import numpy as np
from numba import njit

from ._compile_kernels import mixed_key

__all__ = ["blocks_of", "follow", "hash_pairs", "stands_alone"]

_NO_RANK = np.int64(1) << 60


@njit(cache=True, nogil=True)
def hash_pairs(left, right):
    """Open-addressing table of pairs of ids: int64 slots of pairs, −1 where free, and the last index of each pair."""
    size = 16
    while size < 2 * left.shape[0]:
        size *= 2
    slots = np.full(size, -1, dtype=np.int64)
    index = np.full(size, -1, dtype=np.int32)
    for i in range(left.shape[0]):
        pair = np.int64(left[i]) << 32 | np.int64(right[i])
        place = np.int64(mixed_key(pair, np.uint64(0)) & np.uint64(size - 1))
        while slots[place] >= 0 and slots[place] != pair:
            place = (place + 1) & (size - 1)
        slots[place] = pair
        index[place] = i
    return slots, index


@njit(cache=True, nogil=True)
def _find(table, left, right):
    slots, index = table
    pair = np.int64(left) << 32 | np.int64(right)
    place = np.int64(mixed_key(pair, np.uint64(0)) & np.uint64(slots.shape[0] - 1))
    while slots[place] >= 0:
        if slots[place] == pair:
            return np.int64(index[place])
        place = (place + 1) & (slots.shape[0] - 1)
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _encode(symbols, count, ranks, merges, merged):
    """Byte-pair encoding in place: the merge of least rank, of equals the leftmost, until none is left."""
    for i in range(count - 1):
        found = _find(merges, symbols[i], symbols[i + 1])
        ranks[i] = found if found >= 0 else _NO_RANK
    while count > 1:
        best = 0
        for i in range(1, count - 1):
            if ranks[i] < ranks[best]:
                best = i
        if ranks[best] == _NO_RANK:
            break
        symbols[best] = merged[ranks[best]]
        count -= 1
        for i in range(best + 1, count):
            symbols[i] = symbols[i + 1]
            ranks[i] = ranks[i + 1]
        for i in (best - 1, best):
            if 0 <= i < count - 1:
                found = _find(merges, symbols[i], symbols[i + 1])
                ranks[i] = found if found >= 0 else _NO_RANK
    return count


@njit(cache=True, nogil=True)
def stands_alone(first_ptr, first_symbols, merges, merged):
    """Whether each token is the encoding of its own symbols: bool (V,); False for tokens without symbols."""
    longest = 2
    for v in range(first_ptr.shape[0] - 1):
        longest = max(longest, first_ptr[v + 1] - first_ptr[v])
    symbols = np.empty(longest, dtype=np.int64)
    ranks = np.empty(longest, dtype=np.int64)
    found = np.zeros(first_ptr.shape[0] - 1, dtype=np.bool_)
    for v in range(found.shape[0]):
        count = first_ptr[v + 1] - first_ptr[v]
        symbols[:count] = first_symbols[first_ptr[v] : first_ptr[v + 1]]
        if count > 0:
            count = _encode(symbols, count, ranks, merges, merged)
            found[v] = count == 1 and symbols[0] == v
    return found


@njit(cache=True, nogil=True)
def follow(before, after, alone, first_ptr, first_symbols, merges, merged, touching):
    """Whether token b may follow token a within a piece, b in `after` (n,), a in `before` (m,): bool (m, n).

    The pair is canonical when its symbols encode to the pair itself. `touching` holds the pairs of symbols between
    which some merge closes a gap: without one, nothing can change. Tokens that aren't
    their own encoding follow nothing.
    """
    longest = 2
    for v in before:
        longest = max(longest, first_ptr[v + 1] - first_ptr[v])
    behind = 0
    for v in after:
        behind = max(behind, first_ptr[v + 1] - first_ptr[v])
    symbols = np.empty(longest + behind, dtype=np.int64)
    ranks = np.empty(longest + behind, dtype=np.int64)
    found = np.zeros((before.shape[0], after.shape[0]), dtype=np.bool_)
    for i in range(before.shape[0]):
        a = before[i]
        if not alone[a]:
            continue
        size = first_ptr[a + 1] - first_ptr[a]
        for j in range(after.shape[0]):
            b = after[j]
            if not alone[b]:
                continue
            if _find(touching, first_symbols[first_ptr[a + 1] - 1], first_symbols[first_ptr[b]]) < 0:
                found[i, j] = True
                continue
            symbols[:size] = first_symbols[first_ptr[a] : first_ptr[a + 1]]
            count = size + first_ptr[b + 1] - first_ptr[b]
            symbols[size:count] = first_symbols[first_ptr[b] : first_ptr[b + 1]]
            count = _encode(symbols, count, ranks, merges, merged)
            found[i, j] = count == 2 and symbols[0] == a and symbols[1] == b
    return found


@njit(cache=True, nogil=True)
def _row_key(state, ptr, target, signature, block, at, sums, touched):
    """A hash of what leads from a state to which block; `at`, `sums` and `touched` are room."""
    count = 0
    for j in range(ptr[state], ptr[state + 1]):
        b = block[target[j]]
        if at[b] < 0:
            at[b] = count
            touched[count] = b
            sums[count, 0] = 0
            sums[count, 1] = 0
            count += 1
        sums[at[b], 0] += signature[j, 0]
        sums[at[b], 1] += signature[j, 1]
    low, high = np.uint64(0), np.uint64(0)
    for k in range(count):
        b = touched[k]
        at[b] = -1
        low += mixed_key(sums[k, 0] ^ mixed_key(b, np.uint64(3)), np.uint64(5))
        high += mixed_key(sums[k, 1] ^ mixed_key(b, np.uint64(7)), np.uint64(11))
    return low, high


@njit(cache=True, nogil=True)
def blocks_of(ptr, target, signature, accepting):
    """States of one language as one block (Moore's refinement): block of each state int32 (S,), how many.

    Edges of state s: `ptr[s]:ptr[s + 1]`, each with the summed keys of its tokens, uint64 (E, 2).
    """
    num_states = accepting.shape[0]
    block = np.empty(num_states, dtype=np.int32)
    for s in range(num_states):
        block[s] = 1 if accepting[s] else 0
    at = np.full(num_states + 2, -1, dtype=np.int64)
    sums = np.empty((num_states + 2, 2), dtype=np.uint64)
    touched = np.empty(num_states + 2, dtype=np.int32)
    keys = np.empty((num_states, 2), dtype=np.uint64)
    count = 0
    while True:
        for s in range(num_states):
            low, high = _row_key(s, ptr, target, signature, block, at, sums, touched)
            keys[s, 0] = low + mixed_key(block[s], np.uint64(13))
            keys[s, 1] = high + mixed_key(block[s], np.uint64(17))
        order = np.argsort(keys[:, 0], kind="mergesort")
        found = 0
        following = np.empty(num_states, dtype=np.int32)
        for i in range(num_states):
            if i > 0 and (keys[order[i], 0] != keys[order[i - 1], 0] or keys[order[i], 1] != keys[order[i - 1], 1]):
                found += 1
            following[order[i]] = found
        block = following
        if found + 1 == count:
            return block, count
        count = found + 1
