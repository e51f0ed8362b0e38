"""Numba kernels that lay a scorer beside a token automaton: how tokens move the scorer, and both together."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment, index, arg-type, comparison-overlap"
# Numba infers the types of these kernels from their arguments; `_weigh` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

from ._compile_kernels import mixed_key

__all__ = ["beside", "follow", "label_classes", "readings", "sums_by"]


@njit(cache=True, nogil=True, inline="always")
def _key(state, target, gain, salt):
    return mixed_key(mixed_key(mixed_key(state, salt), np.uint64(target + 1)), np.uint64(gain))


@njit(cache=True, nogil=True)
def readings(table, gain, start, node_column, skip, depth, stop):
    """What each node of a prefix tree in preorder does to a scorer, as a signature uint64 (N, 2): equal where it leads
    from every state to equal states with equal gains.

    `gain` int64 (S,), on entering. One walk from `start` is the reference; from other states a walk ends where it meets
    the reference, since from there on only what was gained before tells them apart, and patterns are soon forgotten.
    """
    num_nodes = depth.shape[0]
    sums = np.zeros((num_nodes + 1, 2), dtype=np.uint64)
    rising = np.zeros((num_nodes + 1, 2), dtype=np.uint64)  # differences from one node to the next
    usual = np.empty(num_nodes, dtype=np.int32)
    usually = np.empty(num_nodes, dtype=np.int64)
    longest = np.int64(depth.max()) + 2 if num_nodes else 1
    stack, total = np.empty(longest, dtype=np.int32), np.zeros(longest, dtype=np.int64)
    salts = np.array([11, 0x517CC1B727220A95], dtype=np.uint64)
    stack[0] = start
    for i in range(num_nodes):
        d = depth[i]
        t = table[stack[d], node_column[i]]
        stack[d + 1], total[d + 1] = t, total[d] + gain[t]
        usual[i], usually[i] = t, total[d + 1]
        for j in range(2):
            sums[i, j] = _key(start, t, total[d + 1], salts[j])
    for s in range(table.shape[0]):
        if s == start or stop[0]:
            continue
        stack[0] = s
        i = 0
        while i < num_nodes:
            d = depth[i]
            t = table[stack[d], node_column[i]]
            g = total[d] + gain[t]
            if t == usual[i]:
                if g != usually[i]:
                    for j in range(2):
                        key = _key(s, -1, g - usually[i], salts[j])
                        rising[i, j] += key
                        rising[skip[i], j] -= key
                i = skip[i]
                continue
            for j in range(2):
                sums[i, j] += _key(s, t, g, salts[j])
            stack[d + 1], total[d + 1] = t, g
            i += 1
    for i in range(num_nodes):
        for j in range(2):
            if i:
                rising[i, j] += rising[i - 1, j]
            sums[i, j] += rising[i, j]
    return sums[:num_nodes]


@njit(cache=True, nogil=True)
def follow(table, gain, byte_class, data, offsets, representative):
    """Where one token of each class (C,) leads from every state, and its gain: int32 and int64 (S, C); −1: nowhere."""
    target = np.empty((table.shape[0], representative.shape[0]), dtype=np.int32)
    total = np.zeros((table.shape[0], representative.shape[0]), dtype=np.int64)
    for s in range(table.shape[0]):
        for c in range(representative.shape[0]):
            t = np.int32(s)
            if representative[c] >= 0:
                for i in range(offsets[representative[c]], offsets[representative[c] + 1]):
                    t = table[t, byte_class[data[i]]]
                    total[s, c] += gain[t]
            target[s, c] = t
    return target, total


@njit(cache=True, nogil=True)
def beside(language, start, quiet, pair_ptr, pair_class, scorer, scorer_start, keys, max_states, max_edges, stop):
    """All pairs of a token automaton's state and a scorer's that are reached from both starts, with their edges.

    `language`: (edge_ptr, edge_label, edge_target, label_ptr, label_class); class c of it is cut into the pairs
    `pair_ptr[c]:pair_ptr[c + 1]`, each with the scorer's class in `pair_class`. `scorer`: (outcome of a state and class
    (S, C), state of each outcome, outcome of the same gain in state 0): an outcome is a state with a gain. Where the
    language's state is `quiet`, no text follows, and the scorer rests in state 0.

    Returns (state of the language (n,), of the scorer (n,), source, target, edge it came from, outcome (all (E,)),
    signature of its pairs uint64 (E, 2), complete); not complete beyond the limits, or once `stop[0]` is true.
    """
    edge_ptr, edge_label, edge_target, label_ptr, label_class = language
    outcome_of, outcome_state, at_rest = scorer
    width = np.int64(outcome_of.shape[0])
    first = np.int64(start) * width + scorer_start
    numbers = {first: np.int32(0)}
    pairs = [first]
    room = 1024
    columns = np.empty((4, room), dtype=np.int32)
    signature = np.empty((room, 2), dtype=np.uint64)
    place = np.full(outcome_state.shape[0], -1, dtype=np.int64)
    used, done, complete = 0, 0, True
    while done < len(pairs) and complete:
        q, s = pairs[done] // width, pairs[done] % width
        for e in range(edge_ptr[q], edge_ptr[q + 1]):
            begin = used
            rests = quiet[edge_target[e]]
            label = edge_label[e]
            for n in range(label_ptr[label], label_ptr[label + 1]):
                for p in range(pair_ptr[label_class[n]], pair_ptr[label_class[n] + 1]):
                    o = outcome_of[s, pair_class[p]]
                    if rests:
                        o = at_rest[o]
                    if place[o] < 0:
                        if used == room:
                            room *= 2
                            columns_, signature_ = columns, signature
                            columns = np.empty((4, room), dtype=np.int32)
                            signature = np.empty((room, 2), dtype=np.uint64)
                            columns[:, :used] = columns_
                            signature[:used] = signature_
                        key = np.int64(edge_target[e]) * width + outcome_state[o]
                        if key not in numbers:
                            numbers[key] = np.int32(len(pairs))
                            pairs.append(key)
                        place[o] = used
                        columns[0, used], columns[1, used] = done, numbers[key]
                        columns[2, used], columns[3, used] = e, o
                        signature[used] = 0
                        used += 1
                    signature[place[o], 0] += keys[p, 0]
                    signature[place[o], 1] += keys[p, 1]
            for i in range(begin, used):
                place[columns[3, i]] = -1
        done += 1
        complete = len(pairs) <= max_states and used <= max_edges and not stop[0]
    states = np.array(pairs)
    return (
        (states // width).astype(np.int32),
        (states % width).astype(np.int32),
        columns[:, :used].copy(),
        signature[:used].copy(),
        complete,
    )


@njit(cache=True, nogil=True)
def label_classes(language, quiet, pair_ptr, pair_class, scorer, edges, source, scorer_state, origin, outcome):
    """The pairs of each of `edges` (K,), ascending, of `source`: (place in `edges`, pair) of each, int32 (2, nnz).

    An edge came of `origin` from its source, where the scorer was in `scorer_state`, by `outcome`; edges of one source
    and origin stand together and are told apart in one pass.
    """
    _, edge_label, edge_target, label_ptr, label_class = language
    outcome_of, outcome_state, at_rest = scorer
    place = np.full(outcome_state.shape[0], -1, dtype=np.int32)
    room = 1024
    found = np.empty((2, room), dtype=np.int32)
    used, first = 0, 0
    while first < edges.shape[0]:
        e, here = origin[edges[first]], source[edges[first]]
        past = first
        while past < edges.shape[0] and origin[edges[past]] == e and source[edges[past]] == here:
            place[outcome[edges[past]]] = past
            past += 1
        rests, label, s = quiet[edge_target[e]], edge_label[e], scorer_state[here]
        for n in range(label_ptr[label], label_ptr[label + 1]):
            for p in range(pair_ptr[label_class[n]], pair_ptr[label_class[n] + 1]):
                o = outcome_of[s, pair_class[p]]
                k = place[at_rest[o] if rests else o]
                if k < 0:
                    continue
                if used == room:
                    room *= 2
                    found_ = found
                    found = np.empty((2, room), dtype=np.int32)
                    found[:, :used] = found_
                found[0, used], found[1, used] = k, p
                used += 1
        for i in range(first, past):
            place[outcome[edges[i]]] = -1
        first = past
    return found[:, :used].copy()


@njit(cache=True, nogil=True)
def sums_by(row, keys, number, count):
    """Sums of the keys uint64 (K, 2) of `number` (n,) by `row` (n,): uint64 (count, 2)."""
    sums = np.zeros((count, 2), dtype=np.uint64)
    for i in range(row.shape[0]):
        sums[row[i], 0] += keys[number[i], 0]
        sums[row[i], 1] += keys[number[i], 1]
    return sums
