"""Numba kernel: the subset construction, from a nondeterministic automaton over bytes to a deterministic one.

Automata of structured texts are nearly deterministic: most subsets are what one state reaches by empty edges. So the
number of a subset is kept by the state that it comes from, and only where several states are reached by one byte is a
subset gathered, sorted and looked up. Rows come out sparse, as ranges of bytes.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"
# Numba infers the types of this kernel from its arguments; `_expansion` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["determinise", "grouped", "grown"]

# Few subsets of very many members cost as much as very many subsets: both are bounded.
_MAX_POOL = 2**24  # members of all subsets together
_MAX_WORK = 2**27  # members found, again and again, over all steps


@njit(cache=True, nogil=True)
def grown(array, size):
    """A copy with room for at least `size` entries."""
    wider = np.empty(max(2 * array.shape[0], size), dtype=array.dtype)
    wider[: array.shape[0]] = array
    return wider


@njit(cache=True, nogil=True)
def grouped(keys, num_keys):
    """Stable grouping: `order[ptr[k]:ptr[k+1]]` are the positions i with keys[i] == k."""
    ptr = np.zeros(num_keys + 1, dtype=np.int64)
    for key in keys:
        ptr[key + 1] += 1
    for k in range(num_keys):
        ptr[k + 1] += ptr[k]
    fill = ptr[:-1].copy()
    order = np.empty(keys.shape[0], dtype=np.int32)
    for i in range(keys.shape[0]):
        order[fill[keys[i]]] = i
        fill[keys[i]] += 1
    return ptr, order


@njit(cache=True, nogil=True)
def _closed(seeds, empty_ptr, empty_to, keep, stamp, mark, stack, out):
    """Sorted states with edges of their own reachable from `seeds` by empty edges, into `out`; returns how many."""
    top = 0
    for seed in seeds:
        if mark[seed] != stamp:
            mark[seed] = stamp
            stack[top] = seed
            top += 1
    count = 0
    while top > 0:
        top -= 1
        state = stack[top]
        if keep[state]:
            out[count] = state
            count += 1
        for j in range(empty_ptr[state], empty_ptr[state + 1]):
            target = empty_to[j]
            if mark[target] != stamp:
                mark[target] = stamp
                stack[top] = target
                top += 1
    out[:count].sort()
    return count


@njit(cache=True, nogil=True)
def determinise(
    num_states, start, end, source, low, high, target, empty_source, empty_target, class_low, max_states, stop
):
    """The deterministic automaton; edges carry inclusive ranges of byte classes, class k begins at `class_low[k]`.

    `class_low` (K + 1,) ends with 256. Returns (ptr (S + 1,), low, high, target, accepting, outcome, work): the edges
    of state s are `ptr[s]:ptr[s + 1]`, by inclusive ranges of bytes, ascending. The start is state 0. Outcome 0: done;
    1: more than `max_states` states would be needed; 2: `stop[0]` became true. Work: how many
    members of subsets were gathered.
    """
    num_classes = class_low.shape[0] - 1
    edge_ptr, edge_order = grouped(source, num_states)
    empty_ptr, empty_order = grouped(empty_source, num_states)
    empty_to = empty_target[empty_order]
    keep = np.zeros(num_states, dtype=np.bool_)
    for s in source:
        keep[s] = True
    keep[end] = True
    # edges in order of their first class, per state; `plain`: no two of them overlap
    plain = np.ones(num_states, dtype=np.bool_)
    for s in range(num_states):
        for i in range(edge_ptr[s] + 1, edge_ptr[s + 1]):
            e = edge_order[i]
            j = i
            while j > edge_ptr[s] and low[edge_order[j - 1]] > low[e]:
                edge_order[j] = edge_order[j - 1]
                j -= 1
            edge_order[j] = e
        for i in range(edge_ptr[s] + 1, edge_ptr[s + 1]):
            if low[edge_order[i]] <= high[edge_order[i - 1]]:
                plain[s] = False

    mark = np.full(num_states, -1, dtype=np.int64)
    stamp = np.int64(0)
    stack = np.empty(num_states, dtype=np.int32)
    found = np.empty(num_states, dtype=np.int32)
    of_state = np.full(num_states, -2, dtype=np.int32)  # subset that a state alone leads to: −1 none, −2 not known yet

    pool = np.empty(1024, dtype=np.int32)  # the subsets, one after the other
    ptr = np.zeros(1026, dtype=np.int64)
    hashes = np.empty(1025, dtype=np.uint64)
    slots = np.full(4096, -1, dtype=np.int32)
    num_subsets = 0

    out_ptr = np.zeros(1026, dtype=np.int64)
    out = np.empty((3, 4096), dtype=np.int32)  # low class, high class, target
    used = 0
    failed = np.zeros(1, dtype=np.int64)

    class_count = np.zeros(num_classes, dtype=np.int64)
    class_ptr = np.zeros(num_classes + 1, dtype=np.int64)
    targets = np.empty(1024, dtype=np.int32)
    work = np.int64(0)

    current = -1  # -1: the start subset is being made
    while current < num_subsets:
        simple = current >= 0 and ptr[current + 1] - ptr[current] == 1 and plain[pool[ptr[current]]]
        first_edge, num_groups = np.int64(0), np.int64(num_classes)
        if current < 0:
            class_ptr[:] = 0
            class_ptr[1:] = 1
            targets[0] = start
            num_groups = 1
        elif simple:
            first_edge = edge_ptr[pool[ptr[current]]]
            num_groups = edge_ptr[pool[ptr[current]] + 1] - first_edge
        else:  # the targets of every class, grouped
            class_count[:] = 0
            for i in range(ptr[current], ptr[current + 1]):
                state = pool[i]
                for j in range(edge_ptr[state], edge_ptr[state + 1]):
                    e = edge_order[j]
                    for k in range(low[e], high[e] + 1):
                        class_count[k] += 1
            class_ptr[0] = 0
            for k in range(num_classes):
                class_ptr[k + 1] = class_ptr[k] + class_count[k]
                class_count[k] = class_ptr[k]
            if class_ptr[num_classes] > targets.shape[0]:
                targets = grown(targets, class_ptr[num_classes])
            for i in range(ptr[current], ptr[current + 1]):
                state = pool[i]
                for j in range(edge_ptr[state], edge_ptr[state + 1]):
                    e = edge_order[j]
                    for k in range(low[e], high[e] + 1):
                        targets[class_count[k]] = target[e]
                        class_count[k] += 1
        if stop[0]:
            failed[0] = 2
            break
        if used + num_groups > out.shape[1]:
            wider = np.empty((3, 2 * out.shape[1] + num_groups), dtype=np.int32)
            wider[:, :used] = out[:, :used]
            out = wider
        row = used
        previous = -1
        number = np.int32(-1)
        for g in range(num_groups):
            if simple:
                e = edge_order[first_edge + g]
                from_class, to_class = low[e], high[e]
                seeds = target[e : e + 1]
            else:
                from_class, to_class = g, g
                size = class_ptr[g + 1] - class_ptr[g]
                if size == 0:
                    continue
                seeds = targets[class_ptr[g] : class_ptr[g + 1]]
            # number the subset that the seeds lead to
            known = False
            if not simple and previous >= 0 and class_ptr[previous + 1] - class_ptr[previous] == seeds.shape[0]:
                known = True
                for i in range(seeds.shape[0]):
                    if targets[class_ptr[previous] + i] != seeds[i]:
                        known = False
                        break
            if not known and seeds.shape[0] == 1 and of_state[seeds[0]] != -2:
                number = of_state[seeds[0]]
                known = True
            if not known:
                stamp += 1
                count = _closed(seeds, empty_ptr, empty_to, keep, stamp, mark, stack, found)
                work += count
                number = np.int32(-1)
                if count > 0:
                    digest = np.uint64(1469598103934665603)
                    for i in range(count):
                        digest = (digest ^ np.uint64(found[i])) * np.uint64(1099511628211)
                        digest ^= digest >> np.uint64(29)
                    slot = np.int64(digest & np.uint64(slots.shape[0] - 1))
                    while slots[slot] >= 0:
                        other = slots[slot]
                        if hashes[other] == digest and ptr[other + 1] - ptr[other] == count:
                            same = True
                            for i in range(count):
                                if pool[ptr[other] + i] != found[i]:
                                    same = False
                                    break
                            if same:
                                number = other
                                break
                        slot = (slot + 1) & (slots.shape[0] - 1)
                    if number < 0:
                        if num_subsets >= max_states or ptr[num_subsets] + count > _MAX_POOL or work > _MAX_WORK:
                            failed[0] = 1
                            break
                        number = np.int32(num_subsets)
                        num_subsets += 1
                        slots[slot] = number
                        if number + 2 >= hashes.shape[0]:
                            hashes = grown(hashes, number + 3)
                            ptr = grown(ptr, hashes.shape[0] + 1)
                            out_ptr = grown(out_ptr, hashes.shape[0] + 1)
                        if ptr[number] + count > pool.shape[0]:
                            pool = grown(pool, ptr[number] + count)
                        pool[ptr[number] : ptr[number] + count] = found[:count]
                        ptr[number + 1] = ptr[number] + count
                        hashes[number] = digest
                        if 3 * num_subsets > slots.shape[0]:
                            slots = np.full(4 * slots.shape[0], -1, dtype=np.int32)
                            for i in range(num_subsets):
                                place = np.int64(hashes[i] & np.uint64(slots.shape[0] - 1))
                                while slots[place] >= 0:
                                    place = (place + 1) & (slots.shape[0] - 1)
                                slots[place] = i
                if seeds.shape[0] == 1:
                    of_state[seeds[0]] = number
            previous = g
            if current < 0 or number < 0:
                continue
            if used > row and out[2, used - 1] == number and out[1, used - 1] == from_class - 1:
                out[1, used - 1] = to_class
            else:
                out[0, used] = from_class
                out[1, used] = to_class
                out[2, used] = number
                used += 1
        if failed[0]:
            break
        if current >= 0:
            out_ptr[current + 1] = used
        current += 1

    if failed[0]:
        num_subsets, used = 0, 0
    accepting = np.zeros(num_subsets, dtype=np.bool_)
    for i in range(num_subsets):
        for j in range(ptr[i], ptr[i + 1]):
            if pool[j] == end:
                accepting[i] = True
    out_low = np.empty(used, dtype=np.int32)
    out_high = np.empty(used, dtype=np.int32)
    for e in range(used):
        out_low[e] = class_low[out[0, e]]
        out_high[e] = class_low[out[1, e] + 1] - 1
    return out_ptr[: num_subsets + 1].copy(), out_low, out_high, out[2, :used].copy(), accepting, failed[0], work
