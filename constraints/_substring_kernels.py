"""Numba kernel: the suffix automaton (directed acyclic word graph) of several words over integers.

Blumer et al., "The smallest automaton recognizing the subwords of a text", 1985: after a subword w the automaton is in
the state of its end positions, so states are the classes of subwords with equal sets of ends, at most 2n − 1 of them
with at most 3n − 3 edges for n symbols; built from left to right, in linear time. Several words ("Complete inverted
files for efficient text retrieval and analysis", 1987): each begins again at the start state.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"
# Numba infers the types of this kernel from its arguments; `_substrings` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["suffix_automaton"]


@njit(cache=True, nogil=True)
def _slot(slots, source, symbol, state, letter):
    """Where the edge of `state` by `letter` is, or would be, in the hash table."""
    mask = slots.shape[0] - 1
    digest = (np.uint64(state) << np.uint64(32) | np.uint64(letter)) * np.uint64(0x9E3779B97F4A7C15)
    slot = np.int64(digest >> np.uint64(20)) & mask
    while slots[slot] >= 0 and (source[slots[slot]] != state or symbol[slots[slot]] != letter):
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def _add(slots, slot, edges, following, head, count, state, letter, target):
    """Edge number `count`, into a free slot and before the others of its state."""
    edges[0, count], edges[1, count], edges[2, count] = state, letter, target
    following[count] = head[state]
    head[state] = count
    slots[slot] = count
    return count + 1


@njit(cache=True, nogil=True)
def _clone(new, old, state, letter, slots, edges, following, head, count, length, link):
    """Part the class `old`: its shorter words, which `state` leads to by `letter`, become the class `new`."""
    length[new] = length[state] + 1
    link[new] = link[old]
    link[old] = new
    edge = head[old]
    while edge >= 0:
        slot = _slot(slots, edges[0], edges[1], new, edges[1, edge])
        count = _add(slots, slot, edges, following, head, count, new, edges[1, edge], edges[2, edge])
        edge = following[edge]
    while state >= 0:
        edge = slots[_slot(slots, edges[0], edges[1], state, letter)]
        if edge < 0 or edges[2, edge] != old:
            break
        edges[2, edge] = new
        state = link[state]
    return count


@njit(cache=True, nogil=True)
def _ending(place, last, link, length, num_states):
    """The states with an end where `place` holds. Ends of a class are those of all classes that link to it."""
    ending = np.zeros(num_states, dtype=np.bool_)
    for i in range(last.shape[0]):
        if place[i]:
            ending[last[i]] = True
    ptr = np.zeros(length.max() + 2, dtype=np.int64)
    for s in range(num_states):
        ptr[length[s] + 1] += 1
    ptr = np.cumsum(ptr)
    order = np.empty(num_states, dtype=np.int32)
    for s in range(num_states):
        order[ptr[length[s]]] = s
        ptr[length[s]] += 1
    for i in range(num_states - 1, 0, -1):
        if ending[order[i]]:
            ending[link[order[i]]] = True
    ending[0] = False
    return ending


@njit(cache=True, nogil=True)
def suffix_automaton(symbols, word_ptr, place, max_states, stop):
    """The automaton of all subwords; word d is `symbols[word_ptr[d]:word_ptr[d + 1]]`.

    `place` (n,): whether a subword may end behind each symbol. Returns (edges (3, E): source, symbol, target; ending
    (S,), whether some place of a state's words is one where they may end; outcome), start = 0, which is not ending.
    Outcome 0: done; 1: more than `max_states` states would be needed; 2: `stop[0]` became true.
    """
    n = symbols.shape[0]
    most = min(2 * n, max_states) + 2
    length = np.zeros(most, dtype=np.int32)  # of the longest word of each state
    link = np.full(most, -1, dtype=np.int32)  # the class of its longest suffix that has more ends
    head = np.full(most, -1, dtype=np.int32)  # first edge; then `following`
    edges = np.empty((3, 3 * n + 1), dtype=np.int32)
    following = np.empty(3 * n + 1, dtype=np.int32)
    capacity = 16
    while capacity < 6 * n:
        capacity *= 2
    slots = np.full(capacity, -1, dtype=np.int32)
    last = np.empty(n, dtype=np.int32)  # the state of each whole prefix
    states, count = 1, 0
    for d in range(word_ptr.shape[0] - 1):
        current = 0
        for i in range(word_ptr[d], word_ptr[d + 1]):
            if stop[0] or states + 1 > max_states:
                return edges[:, :0].copy(), np.zeros(0, dtype=np.bool_), 2 if stop[0] else 1
            letter = symbols[i]
            state = current
            edge = slots[_slot(slots, edges[0], edges[1], state, letter)]
            fresh = edge < 0
            if fresh:
                current = states
                states += 1
                length[current] = length[state] + 1
                while state >= 0:
                    slot = _slot(slots, edges[0], edges[1], state, letter)
                    edge = slots[slot]
                    if edge >= 0:
                        break
                    count = _add(slots, slot, edges, following, head, count, state, letter, current)
                    state = link[state]
            suffix = np.int32(0)  # the class of the longest suffix that was there before
            if edge >= 0:
                suffix = edges[2, edge]
                if length[suffix] != length[state] + 1:
                    old, suffix = suffix, np.int32(states)
                    states += 1
                    count = _clone(suffix, old, state, letter, slots, edges, following, head, count, length, link)
            if fresh:
                link[current] = suffix
            else:
                current = suffix
            last[i] = current
    if states > max_states:
        return edges[:, :0].copy(), np.zeros(0, dtype=np.bool_), 1
    return edges[:, :count].copy(), _ending(place, last, link, length[:states], states), 0
