"""Numba kernels on automata over a small alphabet of byte classes: determinise, minimise, product.

Plain arrays in, plain arrays out; no policy, no terms. A table is int32 (S, K): row = state, column = byte class,
−1 = dead. Every kernel releases the GIL and keeps no state between calls.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["determinise", "minimise", "product"]


@njit(cache=True, nogil=True)
def _grown(array, size):  # type: ignore[no-untyped-def]
    wider = np.empty(max(2 * array.shape[0], size), dtype=array.dtype)
    wider[: array.shape[0]] = array
    return wider


@njit(cache=True, nogil=True)
def _csr(keys, num_keys):  # type: ignore[no-untyped-def]
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
def _closed_subset(seeds, empty_ptr, empty_to, keep, stamp, mark, stack, out):  # type: ignore[no-untyped-def]
    """Sorted important states reachable from `seeds` by empty edges, into `out`; returns how many."""
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
def determinise(  # type: ignore[no-untyped-def]
    num_states, start, end, source, low_class, high_class, target, empty_source, empty_target, num_classes, max_states
):
    """Subset construction. Edges carry inclusive ranges of byte classes.

    Returns (table, accepting, complete); not complete if more than `max_states` states would be needed.
    """
    edge_ptr, edge_order = _csr(source, num_states)
    empty_ptr, empty_order = _csr(empty_source, num_states)
    empty_to = empty_target[empty_order]
    keep = np.zeros(num_states, dtype=np.bool_)
    for s in source:
        keep[s] = True
    keep[end] = True

    mark = np.full(num_states, -1, dtype=np.int64)
    stamp = np.int64(0)
    stack = np.empty(num_states, dtype=np.int32)
    found = np.empty(num_states, dtype=np.int32)

    pool = np.empty(1024, dtype=np.int32)  # the subsets, one after the other
    ptr = np.zeros(1025, dtype=np.int64)
    hashes = np.empty(1024, dtype=np.uint64)
    table = np.full((1024, num_classes), -1, dtype=np.int32)
    slots = np.full(4096, -1, dtype=np.int32)
    num_subsets = 0

    class_count = np.zeros(num_classes, dtype=np.int64)
    targets = np.empty(1024, dtype=np.int32)
    class_ptr = np.zeros(num_classes + 1, dtype=np.int64)

    current = -1  # -1: the start subset is being made
    while current < num_subsets:
        # 1. the targets of every class, grouped
        if current < 0:
            class_ptr[:] = 0
            class_ptr[1:] = 1
            targets[0] = start
        else:
            class_count[:] = 0
            for i in range(ptr[current], ptr[current + 1]):
                state = pool[i]
                for j in range(edge_ptr[state], edge_ptr[state + 1]):
                    e = edge_order[j]
                    for k in range(low_class[e], high_class[e] + 1):
                        class_count[k] += 1
            class_ptr[0] = 0
            for k in range(num_classes):
                class_ptr[k + 1] = class_ptr[k] + class_count[k]
                class_count[k] = class_ptr[k]
            if class_ptr[num_classes] > targets.shape[0]:
                targets = _grown(targets, class_ptr[num_classes])
            for i in range(ptr[current], ptr[current + 1]):
                state = pool[i]
                for j in range(edge_ptr[state], edge_ptr[state + 1]):
                    e = edge_order[j]
                    for k in range(low_class[e], high_class[e] + 1):
                        targets[class_count[k]] = target[e]
                        class_count[k] += 1
        # 2. close, hash and number each of them; equal neighbours are found by comparing the raw targets
        previous = -1
        for k in range(num_classes if current >= 0 else 1):
            size = class_ptr[k + 1] - class_ptr[k]
            if size == 0:
                continue
            seeds = targets[class_ptr[k] : class_ptr[k + 1]]
            if previous >= 0 and class_ptr[previous + 1] - class_ptr[previous] == size:
                same = True
                for i in range(size):
                    if targets[class_ptr[previous] + i] != seeds[i]:
                        same = False
                        break
                if same:
                    table[current, k] = table[current, previous]
                    previous = k
                    continue
            stamp += 1
            count = _closed_subset(seeds, empty_ptr, empty_to, keep, stamp, mark, stack, found)
            if count == 0:
                continue
            digest = np.uint64(1469598103934665603)
            for i in range(count):
                digest = (digest ^ np.uint64(found[i])) * np.uint64(1099511628211)
                digest ^= digest >> np.uint64(29)
            slot = np.int64(digest & np.uint64(slots.shape[0] - 1))
            number = -1
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
                if num_subsets >= max_states:
                    return np.empty((0, num_classes), dtype=np.int32), np.empty(0, dtype=np.bool_), False
                number = num_subsets
                num_subsets += 1
                slots[slot] = number
                if number + 1 >= hashes.shape[0]:
                    hashes = _grown(hashes, number + 2)
                    ptr = _grown(ptr, hashes.shape[0] + 1)
                    wider = np.full((hashes.shape[0], num_classes), -1, dtype=np.int32)
                    wider[: table.shape[0]] = table
                    table = wider
                if ptr[number] + count > pool.shape[0]:
                    pool = _grown(pool, ptr[number] + count)
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
            if current >= 0:
                table[current, k] = number
            previous = k
        current += 1

    accepting = np.zeros(num_subsets, dtype=np.bool_)
    for i in range(num_subsets):
        for j in range(ptr[i], ptr[i + 1]):
            if pool[j] == end:
                accepting[i] = True
    return table[:num_subsets].copy(), accepting, True


@njit(cache=True, nogil=True)
def _useful(table, start, accepting):  # type: ignore[no-untyped-def]
    """States that are reachable and can reach acceptance."""
    num_states, num_classes = table.shape
    reached = np.zeros(num_states, dtype=np.bool_)
    stack = np.empty(num_states + 1, dtype=np.int32)
    stack[0] = start
    reached[start] = True
    top = 1
    num_edges = 0
    while top > 0:
        top -= 1
        state = stack[top]
        for k in range(num_classes):
            t = table[state, k]
            if t >= 0:
                num_edges += 1
                if not reached[t]:
                    reached[t] = True
                    stack[top] = t
                    top += 1
    heads = np.empty(num_edges, dtype=np.int32)
    tails = np.empty(num_edges, dtype=np.int32)
    n = 0
    for state in range(num_states):
        if reached[state]:
            for k in range(num_classes):
                if table[state, k] >= 0:
                    heads[n] = table[state, k]
                    tails[n] = state
                    n += 1
    ptr, order = _csr(heads, num_states)
    useful = np.zeros(num_states, dtype=np.bool_)
    top = 0
    for state in range(num_states):
        if reached[state] and accepting[state]:
            useful[state] = True
            stack[top] = state
            top += 1
    while top > 0:
        top -= 1
        state = stack[top]
        for j in range(ptr[state], ptr[state + 1]):
            t = tails[order[j]]
            if not useful[t]:
                useful[t] = True
                stack[top] = t
                top += 1
    return useful


@njit(cache=True, nogil=True)
def _mark(element, elements, place, set_of, first, marked, touched, num_touched):  # type: ignore[no-untyped-def]
    """Move an element to the marked front of its set; returns the new number of touched sets."""
    s = set_of[element]
    i = place[element]
    j = first[s] + marked[s]
    elements[i] = elements[j]
    place[elements[i]] = i
    elements[j] = element
    place[element] = j
    if marked[s] == 0:
        touched[num_touched] = s
        num_touched += 1
    marked[s] += 1
    return num_touched


@njit(cache=True, nogil=True)
def _split(elements, set_of, first, past, marked, touched, num_touched, num_sets):  # type: ignore[no-untyped-def]
    """Split every touched set into marked and unmarked; the smaller half gets the new number."""
    while num_touched > 0:
        num_touched -= 1
        s = touched[num_touched]
        j = first[s] + marked[s]
        if j == past[s]:
            marked[s] = 0
            continue
        if marked[s] <= past[s] - j:
            first[num_sets] = first[s]
            past[num_sets] = j
            first[s] = j
        else:
            past[num_sets] = past[s]
            first[num_sets] = j
            past[s] = j
        for i in range(first[num_sets], past[num_sets]):
            set_of[elements[i]] = num_sets
        marked[s] = 0
        marked[num_sets] = 0
        num_sets += 1
    return num_sets


@njit(cache=True, nogil=True)
def minimise(table, start, accepting):  # type: ignore[no-untyped-def]
    """The minimal trimmed automaton, states numbered breadth first from the start: equal languages have equal tables.

    Valmari's partition refinement over the live transitions (A. Valmari, "Fast brief practical DFA minimization",
    2012): O(m log m) for m live transitions; the dead state is never made explicit.
    Returns (table, accepting), start = 0; no rows if the language is empty.
    """
    num_classes = table.shape[1]
    useful = _useful(table, start, accepting)
    rank = np.full(table.shape[0], -1, dtype=np.int32)
    n = 0
    for s in range(table.shape[0]):
        if useful[s]:
            rank[s] = n
            n += 1
    if n == 0 or not useful[start]:
        return np.empty((0, num_classes), dtype=np.int32), np.empty(0, dtype=np.bool_)

    # the live transitions, sorted by class
    m = 0
    for s in range(table.shape[0]):
        if useful[s]:
            for k in range(num_classes):
                t = table[s, k]
                if t >= 0 and useful[t]:
                    m += 1
    tail = np.empty(m, dtype=np.int32)
    head = np.empty(m, dtype=np.int32)
    label_past = np.zeros(num_classes, dtype=np.int64)
    m = 0
    for k in range(num_classes):
        for s in range(table.shape[0]):
            if useful[s]:
                t = table[s, k]
                if t >= 0 and useful[t]:
                    tail[m] = rank[s]
                    head[m] = rank[t]
                    m += 1
        label_past[k] = m

    # blocks of states
    elements = np.arange(n).astype(np.int32)
    place = elements.copy()
    set_of = np.zeros(n, dtype=np.int32)
    first = np.zeros(n + 1, dtype=np.int32)
    past = np.zeros(n + 1, dtype=np.int32)
    marked = np.zeros(n + 1, dtype=np.int32)
    touched = np.empty(n + 1, dtype=np.int32)
    past[0] = n
    num_blocks = 1
    num_touched = 0
    for s in range(table.shape[0]):
        if useful[s] and accepting[s]:
            num_touched = _mark(rank[s], elements, place, set_of, first, marked, touched, num_touched)
    num_blocks = _split(elements, set_of, first, past, marked, touched, num_touched, num_blocks)

    # cords: sets of transitions
    cord_elements = np.arange(m).astype(np.int32)
    cord_place = cord_elements.copy()
    cord_of = np.zeros(m, dtype=np.int32)
    cord_first = np.zeros(m + 1, dtype=np.int32)
    cord_past = np.zeros(m + 1, dtype=np.int32)
    cord_marked = np.zeros(m + 1, dtype=np.int32)
    cord_touched = np.empty(m + 1, dtype=np.int32)
    num_cords = 0
    begin = 0
    for k in range(num_classes):
        if label_past[k] > begin:
            cord_first[num_cords] = begin
            cord_past[num_cords] = label_past[k]
            for i in range(begin, label_past[k]):
                cord_of[i] = num_cords
            num_cords += 1
            begin = label_past[k]

    in_ptr, in_order = _csr(head, n)
    b = 1
    c = 0
    while c < num_cords:
        num_touched = 0
        for i in range(cord_first[c], cord_past[c]):
            num_touched = _mark(tail[cord_elements[i]], elements, place, set_of, first, marked, touched, num_touched)
        num_blocks = _split(elements, set_of, first, past, marked, touched, num_touched, num_blocks)
        c += 1
        while b < num_blocks:
            cord_num_touched = 0
            for i in range(first[b], past[b]):
                state = elements[i]
                for j in range(in_ptr[state], in_ptr[state + 1]):
                    cord_num_touched = _mark(
                        in_order[j],
                        cord_elements,
                        cord_place,
                        cord_of,
                        cord_first,
                        cord_marked,
                        cord_touched,
                        cord_num_touched,
                    )
            num_cords = _split(
                cord_elements, cord_of, cord_first, cord_past, cord_marked, cord_touched, cord_num_touched, num_cords
            )
            b += 1

    # one row per block, numbered breadth first
    number = np.full(num_blocks, -1, dtype=np.int32)
    member = np.empty(num_blocks, dtype=np.int32)
    for s in range(table.shape[0]):
        if useful[s]:
            member[set_of[rank[s]]] = s
    queue = np.empty(num_blocks, dtype=np.int32)
    queue[0] = set_of[rank[start]]
    number[queue[0]] = 0
    count = 1
    small = np.full((num_blocks, num_classes), -1, dtype=np.int32)
    small_accepting = np.zeros(num_blocks, dtype=np.bool_)
    done = 0
    while done < count:
        s = member[queue[done]]
        small_accepting[done] = accepting[s]
        for k in range(num_classes):
            t = table[s, k]
            if t >= 0 and useful[t]:
                block = set_of[rank[t]]
                if number[block] < 0:
                    number[block] = count
                    queue[count] = block
                    count += 1
                small[done, k] = number[block]
        done += 1
    return small, small_accepting


@njit(cache=True, nogil=True)
def product(  # type: ignore[no-untyped-def]
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
):
    """Intersection, or (`difference`) left without right, on a common alphabet.

    `left_class`, `right_class` (K,): column of either table for each common class. In a difference the right side may
    be dead (−1). Returns (table, accepting, complete), start = 0; not complete if more than `max_states` pairs would be
    needed.
    """
    num_classes = left_class.shape[0]
    width = np.int64(right.shape[0] + 1)
    numbers = {np.int64(left_start) * width + right_start + 1: 0}
    pairs = [np.int64(left_start) * width + right_start + 1]
    table = np.full((256, num_classes), -1, dtype=np.int32)
    done = 0
    while done < len(pairs):
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
