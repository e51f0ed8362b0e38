"""Numba kernels of the vocabulary walk: which tokens lead from each byte state to which.

The walk follows the vocabulary's prefix tree in preorder and jumps over a subtree as soon as the automaton dies, so
each shared prefix is read once per state. Sets of tokens are never stored: T(s, s') is known by its size and by two
64-bit sums of pseudo-random token keys, equal for equal sets and different otherwise but for a chance of about 2⁻¹²⁸.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of these kernels from their arguments; `_compile` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["class_signatures", "label_members", "node_sums", "number_rows", "plain_lengths", "token_keys", "walk"]


@njit(cache=True, nogil=True, inline="always")
def _key(token, salt):
    """A pseudo-random 64-bit number of a token (the finaliser of SplitMix64, Steele et al. 2014)."""
    z = (np.uint64(token) + salt) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def node_sums(token_ptr, tokens, keys):
    """Sum of the keys of the tokens that end at each node of a prefix tree: uint64 (N, 2)."""
    sums = np.zeros((token_ptr.shape[0] - 1, 2), dtype=np.uint64)
    for i in range(sums.shape[0]):
        for j in range(token_ptr[i], token_ptr[i + 1]):
            sums[i, 0] += keys[tokens[j], 0]
            sums[i, 1] += keys[tokens[j], 1]
    return sums


@njit(cache=True, nogil=True)
def plain_lengths(data, offsets):
    """Characters of each token that is plain: whole UTF-8 characters, no control, quote or backslash; else 0."""
    lengths = np.zeros(offsets.shape[0] - 1, dtype=np.int32)
    for v in range(lengths.shape[0]):
        i, end, count = offsets[v], offsets[v + 1], 0
        while i < end:
            lead = data[i]
            low, high, more = np.uint8(0x80), np.uint8(0xBF), 0  # bounds of the second byte, bytes that follow
            if lead < 0x80:
                if lead < 0x20 or lead == 0x22 or lead == 0x5C:
                    break
            elif 0xC2 <= lead <= 0xDF:
                more = 1
            elif 0xE0 <= lead <= 0xEF:
                more = 2
                if lead == 0xE0:
                    low = np.uint8(0xA0)
                elif lead == 0xED:
                    high = np.uint8(0x9F)
            elif 0xF0 <= lead <= 0xF4:
                more = 3
                if lead == 0xF0:
                    low = np.uint8(0x90)
                elif lead == 0xF4:
                    high = np.uint8(0x8F)
            else:
                break
            if i + more >= end:
                break
            whole = True
            for k in range(1, more + 1):
                byte = data[i + k]
                if byte < (low if k == 1 else 0x80) or byte > (high if k == 1 else 0xBF):
                    whole = False
            if not whole:
                break
            i += more + 1
            count += 1
        if i == end:
            lengths[v] = count
    return lengths


@njit(cache=True, nogil=True)
def _takes_plain_alike(state, plain_step, longest):
    """Whether every plain token of up to `longest` characters leads from the state where its length says."""
    for _ in range(longest):
        state = plain_step[state]
        if state < 0:
            return state == -1
    return True


@njit(cache=True, nogil=True)
def walk(states, table, plain_step, whole, rest, group_ptr, group_sums, max_length, max_edges):
    """For each of `states` (n,): its targets and the signature of the token set of each.

    `whole`, `rest`: trees as (node_class, skip, depth, token_ptr, tokens, sums). `plain_step` (S,): where every plain
    character leads, -1 nowhere, -2 not all alike. Returns (ptr (n + 1,), target (E,), signature uint64 (E, 2)),
    targets ascending within a state; the last pointer is -1 if more than `max_edges` edges would be needed.
    """
    num_states = table.shape[0]
    longest = group_ptr.shape[0] - 2
    sums = np.zeros((num_states, 2), dtype=np.uint64)
    seen = np.zeros(num_states, dtype=np.bool_)
    touched = np.empty(num_states, dtype=np.int32)
    stack = np.empty(max_length + 2, dtype=np.int32)
    ptr = np.zeros(states.shape[0] + 1, dtype=np.int64)
    room = 1024
    target = np.empty(room, dtype=np.int32)
    signature = np.empty((room, 2), dtype=np.uint64)
    used = 0
    for n in range(states.shape[0]):
        num_touched = 0
        alike = _takes_plain_alike(states[n], plain_step, longest)
        if alike:
            t = states[n]
            for k in range(1, longest + 1):
                t = plain_step[t]
                if t < 0:
                    break
                if group_ptr[k] < group_ptr[k + 1]:
                    if not seen[t]:
                        seen[t] = True
                        touched[num_touched] = t
                        num_touched += 1
                    sums[t, 0] += group_sums[k, 0]
                    sums[t, 1] += group_sums[k, 1]
        node_class, skip, depth, token_ptr, _, node_sum = rest if alike else whole
        stack[0] = states[n]
        i = 0
        while i < node_class.shape[0]:
            d = depth[i]
            t = table[stack[d], node_class[i]]
            if t < 0:
                i = skip[i]
                continue
            stack[d + 1] = t
            if token_ptr[i] < token_ptr[i + 1]:
                if not seen[t]:
                    seen[t] = True
                    touched[num_touched] = t
                    num_touched += 1
                sums[t, 0] += node_sum[i, 0]
                sums[t, 1] += node_sum[i, 1]
            i += 1
        if used + num_touched > max_edges:
            ptr[-1] = -1
            return ptr, target, signature
        while used + num_touched > room:
            room *= 2
            target_, signature_ = target, signature
            target = np.empty(room, dtype=np.int32)
            signature = np.empty((room, 2), dtype=np.uint64)
            target[:used] = target_[:used]
            signature[:used] = signature_[:used]
        touched[:num_touched].sort()
        for j in range(num_touched):
            t = touched[j]
            target[used] = t
            signature[used, 0] = sums[t, 0]
            signature[used, 1] = sums[t, 1]
            sums[t, 0] = 0
            sums[t, 1] = 0
            seen[t] = False
            used += 1
        ptr[n + 1] = used
    return ptr, target[:used].copy(), signature[:used].copy()


@njit(cache=True, nogil=True)
def class_signatures(
    states, ptr, target, label, table, plain_step, whole, rest, group_ptr, group_tokens, max_length, vocab_size
):
    """Per token, two 64-bit sums over the labels that hold it; each label is read at one state that it leaves.

    `states` (n,), with edges `ptr[i]:ptr[i + 1]` to `target` under `label`. Returns uint64 (V, 2); zero: in no label.
    """
    longest = group_ptr.shape[0] - 2
    sums = np.zeros((vocab_size, 2), dtype=np.uint64)
    group_sums = np.zeros((longest + 1, 2), dtype=np.uint64)
    label_of = np.full(table.shape[0], -1, dtype=np.int32)
    stack = np.empty(max_length + 2, dtype=np.int32)
    second_salt = np.uint64(0x517CC1B727220A95)
    for n in range(states.shape[0]):
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = label[j]
        alike = _takes_plain_alike(states[n], plain_step, longest)
        if alike:
            t = states[n]
            for k in range(1, longest + 1):
                t = plain_step[t]
                if t < 0:
                    break
                if label_of[t] >= 0:
                    group_sums[k, 0] += _key(label_of[t], np.uint64(11))
                    group_sums[k, 1] += _key(label_of[t], second_salt)
        node_class, skip, depth, token_ptr, tokens, _ = rest if alike else whole
        stack[0] = states[n]
        i = 0
        while i < node_class.shape[0]:
            d = depth[i]
            t = table[stack[d], node_class[i]]
            if t < 0:
                i = skip[i]
                continue
            stack[d + 1] = t
            if label_of[t] >= 0:
                first = _key(label_of[t], np.uint64(11))
                second = _key(label_of[t], second_salt)
                for j in range(token_ptr[i], token_ptr[i + 1]):
                    sums[tokens[j], 0] += first
                    sums[tokens[j], 1] += second
            i += 1
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = -1
    for k in range(1, longest + 1):
        for j in range(group_ptr[k], group_ptr[k + 1]):
            sums[group_tokens[j], 0] += group_sums[k, 0]
            sums[group_tokens[j], 1] += group_sums[k, 1]
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
    for n in range(states.shape[0]):
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = label[j]
        for c in range(representative.shape[0]):
            v = representative[c]
            if v < 0:
                continue
            s = states[n]
            for k in range(offsets[v], offsets[v + 1]):
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
        keys[v, 0] = _key(v, salt)
        keys[v, 1] = _key(v, salt ^ np.uint64(0xD1B54A32D192ED03))
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
