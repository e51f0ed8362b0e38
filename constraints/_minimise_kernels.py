"""Numba kernels: minimal automata.

Automata are sparse here: the edges of state s are `ptr[s]:ptr[s + 1]`, by inclusive ranges of bytes `low..high`,
ascending and disjoint, to `target`. Equal languages come out as equal arrays: ranges are as long as they can be, and
states are numbered breadth first.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of these kernels from their arguments; `_expansion` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

from ._determinise_kernels import grouped

__all__ = ["minimise"]


@njit(cache=True, nogil=True)
def _useful(ptr, target, start, accepting):
    """States that are reachable and can reach acceptance."""
    num_states = accepting.shape[0]
    reached = np.zeros(num_states, dtype=np.bool_)
    stack = np.empty(num_states + 1, dtype=np.int32)
    stack[0] = start
    reached[start] = True
    top = 1
    while top > 0:
        top -= 1
        state = stack[top]
        for j in range(ptr[state], ptr[state + 1]):
            t = target[j]
            if not reached[t]:
                reached[t] = True
                stack[top] = t
                top += 1
    source = _sources(ptr, target.shape[0])
    back, order = grouped(target, num_states)
    useful = np.zeros(num_states, dtype=np.bool_)
    for state in range(num_states):
        if reached[state] and accepting[state]:
            useful[state] = True
            stack[top] = state
            top += 1
    while top > 0:
        top -= 1
        state = stack[top]
        for j in range(back[state], back[state + 1]):
            t = source[order[j]]
            if reached[t] and not useful[t]:
                useful[t] = True
                stack[top] = t
                top += 1
    return useful


@njit(cache=True, nogil=True)
def _sources(ptr, num_edges):
    source = np.empty(num_edges, dtype=np.int32)
    for s in range(ptr.shape[0] - 1):
        source[ptr[s] : ptr[s + 1]] = s
    return source


@njit(cache=True, nogil=True)
def _row_hash(state, ptr, low, high, target, block):
    """A hash of a row: its longest ranges of bytes that lead to one block."""
    digest = np.uint64(1469598103934665603)
    j = ptr[state]
    while j < ptr[state + 1]:
        t = block[target[j]]
        begin, end = low[j], high[j]
        j += 1
        while j < ptr[state + 1] and low[j] == end + 1 and block[target[j]] == t:
            end = high[j]
            j += 1
        digest = (digest ^ ((np.uint64(t) << np.uint64(16)) | np.uint64(begin << 8 | end))) * np.uint64(1099511628211)
        digest ^= digest >> np.uint64(29)
    return digest


@njit(cache=True, nogil=True)
def _rows_agree(left, right, ptr, low, high, target, block):
    """Whether two rows lead to the same blocks."""
    i, j = ptr[left], ptr[right]
    end_i, end_j = ptr[left + 1], ptr[right + 1]
    byte = 0  # all before it agrees
    while i < end_i and j < end_j:
        if max(low[i], byte) != max(low[j], byte) or block[target[i]] != block[target[j]]:
            return False
        byte = min(high[i], high[j]) + 1
        if high[i] < byte:
            i += 1
        if high[j] < byte:
            j += 1
    return i == end_i and j == end_j


@njit(cache=True, nogil=True)
def _link(state, name, block, size, head, after, before):
    block[state] = name
    size[name] += 1
    before[state] = -1
    after[state] = head[name]
    if head[name] >= 0:
        before[head[name]] = state
    head[name] = state


@njit(cache=True, nogil=True)
def _unlink(state, block, size, head, after, before):
    name = block[state]
    size[name] -= 1
    if before[state] >= 0:
        after[before[state]] = after[state]
    else:
        head[name] = after[state]
    if after[state] >= 0:
        before[after[state]] = before[state]


@njit(cache=True, nogil=True)
def _blocks(ptr, low, high, target, accepting, useful, stop):
    """The block of each useful state: states of one block have one language. Returns (block (S,), how many).

    Partition refinement by rows: states are split by the blocks that their rows lead to; the largest part keeps the
    block's number, so only states before the smaller parts have to be looked at again, O(log n) times each.
    """
    num_states = accepting.shape[0]
    source = _sources(ptr, target.shape[0])
    back, order = grouped(target, num_states)
    block = np.full(num_states, -1, dtype=np.int32)
    size = np.zeros(num_states + 2, dtype=np.int32)
    head = np.full(num_states + 2, -1, dtype=np.int32)  # the states of a block, as a doubly linked list
    after = np.full(num_states, -1, dtype=np.int32)
    before = np.full(num_states, -1, dtype=np.int32)
    mark = np.full(num_states, -1, dtype=np.int32)  # the last turn in which a state was made dirty
    dirty = np.empty(num_states, dtype=np.int32)
    num_dirty = 0
    for s in range(num_states):
        if useful[s]:
            _link(s, 1 if accepting[s] else 0, block, size, head, after, before)
            mark[s] = 0
            dirty[num_dirty] = s
            num_dirty += 1
    num_blocks = 2
    changed = np.empty(num_states, dtype=np.int32)
    part_of = np.empty(num_states, dtype=np.int32)  # of each dirty state
    part_first = np.empty(num_states, dtype=np.int32)
    part_hash = np.empty(num_states, dtype=np.uint64)
    part_size = np.empty(num_states, dtype=np.int32)
    part_name = np.empty(num_states, dtype=np.int32)
    rest = np.zeros(num_states + 2, dtype=np.int32)  # states of a block that aren't dirty
    largest = np.full(num_states + 2, -1, dtype=np.int32)  # the largest part of a block, −1 for the rest
    capacity = 16
    while capacity < 3 * num_dirty:
        capacity *= 2
    slots = np.full(capacity, -1, dtype=np.int32)
    turn = 0
    while num_dirty > 0 and not stop[0]:
        turn += 1
        # 1. the parts
        num_parts = 0
        mask = np.uint64(15)
        while np.int64(mask) + 1 < 3 * num_dirty:
            mask = (mask << np.uint64(1)) | np.uint64(1)
        slots[: np.int64(mask) + 1] = -1
        for i in range(num_dirty):
            s = dirty[i]
            b = block[s]
            digest = _row_hash(s, ptr, low, high, target, block) ^ (np.uint64(b) * np.uint64(0x9E3779B97F4A7C15))
            slot = np.int64((digest ^ (digest >> np.uint64(32))) & mask)
            part = -1
            while slots[slot] >= 0:
                p = slots[slot]
                first = part_first[p]
                if (
                    part_hash[p] == digest
                    and block[first] == b
                    and _rows_agree(first, s, ptr, low, high, target, block)
                ):
                    part = p
                    break
                slot = (slot + 1) & np.int64(mask)
            if part < 0:
                part = num_parts
                num_parts += 1
                slots[slot] = part
                part_first[part] = s
                part_hash[part] = digest
                part_size[part] = 0
            part_size[part] += 1
            part_of[i] = part
        # 2. the largest part of each block keeps its number
        for p in range(num_parts):
            b = block[part_first[p]]
            rest[b] = size[b]
            largest[b] = -1
        for p in range(num_parts):
            rest[block[part_first[p]]] -= part_size[p]
        for p in range(num_parts):
            b = block[part_first[p]]
            if part_size[p] > (rest[b] if largest[b] < 0 else part_size[largest[b]]):
                largest[b] = p
        num_changed = 0
        for p in range(num_parts):
            b = block[part_first[p]]
            if largest[b] == p:
                part_name[p] = b
                if rest[b] > 0:
                    s = head[b]
                    while s >= 0:
                        if mark[s] != turn - 1:
                            changed[num_changed] = s
                            num_changed += 1
                        s = after[s]
            else:
                part_name[p] = num_blocks
                num_blocks += 1
        # 3. rename, and look again at what leads to the renamed
        i = 0
        while i < num_changed:  # the states of a block that aren't dirty lie together
            b = block[changed[i]]
            for _ in range(rest[b]):
                _unlink(changed[i], block, size, head, after, before)
                _link(changed[i], num_blocks, block, size, head, after, before)
                i += 1
            num_blocks += 1
        for i in range(num_dirty):
            s = dirty[i]
            name = part_name[part_of[i]]
            if name != block[s]:
                _unlink(s, block, size, head, after, before)
                _link(s, name, block, size, head, after, before)
                changed[num_changed] = s
                num_changed += 1
        num_dirty = 0
        for i in range(num_changed):
            s = changed[i]
            for j in range(back[s], back[s + 1]):
                t = source[order[j]]
                if useful[t] and mark[t] != turn:
                    mark[t] = turn
                    dirty[num_dirty] = t
                    num_dirty += 1
    return block, num_blocks


@njit(cache=True, nogil=True)
def minimise(ptr, low, high, target, start, accepting, stop):
    """The minimal trimmed automaton (ptr, low, high, target, accepting), start = 0; no states if it accepts nothing.

    Not to be used once `stop[0]` is true: then it gives up.
    """
    useful = _useful(ptr, target, start, accepting)
    if not useful[start]:
        none = np.empty(0, dtype=np.int32)
        return np.zeros(1, dtype=np.int64), none, none, none, np.empty(0, dtype=np.bool_)
    kept_ptr = np.zeros(ptr.shape[0], dtype=np.int64)
    kept_low = np.empty(low.shape[0], dtype=np.int32)
    kept_high = np.empty(low.shape[0], dtype=np.int32)
    kept_target = np.empty(low.shape[0], dtype=np.int32)
    n = 0
    for s in range(accepting.shape[0]):
        if useful[s]:
            for j in range(ptr[s], ptr[s + 1]):
                if useful[target[j]]:
                    kept_low[n], kept_high[n], kept_target[n] = low[j], high[j], target[j]
                    n += 1
        kept_ptr[s + 1] = n
    ptr, low, high, target = kept_ptr, kept_low[:n], kept_high[:n], kept_target[:n]
    block, num_blocks = _blocks(ptr, low, high, target, accepting, useful, stop)

    number = np.full(num_blocks, -1, dtype=np.int32)
    queue = np.empty(num_blocks, dtype=np.int32)  # one state of each block
    queue[0] = start
    number[block[start]] = 0
    count = 1
    done = 0
    new_ptr = np.zeros(num_blocks + 1, dtype=np.int64)
    new_low = np.empty(n, dtype=np.int32)
    new_high = np.empty(n, dtype=np.int32)
    new_target = np.empty(n, dtype=np.int32)
    new_accepting = np.zeros(num_blocks, dtype=np.bool_)
    used = 0
    while done < count:
        s = queue[done]
        new_accepting[done] = accepting[s]
        row = used
        for j in range(ptr[s], ptr[s + 1]):
            b = block[target[j]]
            if number[b] < 0:
                number[b] = count
                queue[count] = target[j]
                count += 1
            if used > row and new_target[used - 1] == number[b] and new_high[used - 1] + 1 == low[j]:
                new_high[used - 1] = high[j]
            else:
                new_low[used], new_high[used], new_target[used] = low[j], high[j], number[b]
                used += 1
        done += 1
        new_ptr[done] = used
    return (
        new_ptr[: count + 1].copy(),
        new_low[:used].copy(),
        new_high[:used].copy(),
        new_target[:used].copy(),
        new_accepting[:count].copy(),
    )
