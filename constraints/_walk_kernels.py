"""Numba kernels of the vocabulary walk: which tokens lead from each byte state to which.

`_visit` finds, for one state, the *items* (sets of tokens, see `_walkable`) that lead from it, each with its target:

* in free text, by the outcomes of its place;
* where most characters lead as from a state of free text (its *model*), by the outcomes there, and by a walk of both
  states at once, which takes back and adds where they differ and ends where they meet;
* else by a walk of the prefix tree in preorder, which jumps over a subtree as soon as the automaton dies, and takes
  the outcomes of a door where a quote leads into free text.

Sets of tokens are never stored: T(s, s') is known by two 64-bit sums of pseudo-random token keys, equal for equal sets
and different otherwise but for a chance of about 2⁻¹²⁸.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"
# Numba infers the types of these kernels from their arguments; `_compile` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

from ._compile_kernels import mixed_key

__all__ = ["class_sums", "walk"]

_HEAD = 4  # as in `_walkable`


@njit(cache=True, nogil=True)
def _enter(door, state, automaton, doors, stack, chain, out_item, out_target, used):
    """The items of a door that is entered at `state`, which has a place in free text."""
    table, place, following, reach, _ = automaton
    (count, _, end_ptr, end_steps, end_path, end_item, quote_ptr, quote_steps, quote_node), paths, behind = doors
    path_columns, path_lengths, quote = paths
    node_column, skip, depth, token_ptr, behind_item = behind
    if reach[state] == 2:
        door += count
    known = 0
    chain[0] = state
    for e in range(end_ptr[door], end_ptr[door + 1]):
        steps = end_steps[e]
        while known < steps and chain[known] >= 0:
            here = chain[known]
            chain[known + 1] = following[here] if place[here] >= 0 else -1
            known += 1
        if known < steps or chain[steps] < 0:
            break
        t = chain[steps]
        for i in range(path_lengths[end_path[e]]):
            t = table[t, path_columns[end_path[e], i]]
            if t < 0:
                break
        if t >= 0:
            out_item[used] = end_item[e]
            out_target[used] = t
            used += 1
    for e in range(quote_ptr[door], quote_ptr[door + 1]):
        steps = quote_steps[e]
        while known < steps and chain[known] >= 0:
            here = chain[known]
            chain[known + 1] = following[here] if place[here] >= 0 else -1
            known += 1
        if known < steps or chain[steps] < 0:
            break
        t = table[chain[steps], quote]
        if t < 0:
            continue
        root = quote_node[e]
        if token_ptr[root] < token_ptr[root + 1]:
            out_item[used] = behind_item + root
            out_target[used] = t
            used += 1
        stack[_HEAD] = t
        i = root + 1
        past = skip[root]
        while i < past:
            t = table[stack[depth[i]], node_column[i]]
            if t < 0:
                i = skip[i]
                continue
            stack[depth[i] + 1] = t
            if token_ptr[i] < token_ptr[i + 1]:
                out_item[used] = behind_item + i
                out_target[used] = t
                used += 1
            i += 1
    return used


@njit(cache=True, nogil=True)
def _visit(state, automaton, tree, doors, stack, model_stack, chain, out_item, out_target):
    """The items that lead from `state`: into `out_item` (−1 − item: to be taken back) and `out_target`; how many."""
    table, place, _, reach, model = automaton
    node_column, skip, depth, token_ptr, root_ptr, roots = tree
    if reach[state] > 0:
        return _enter(np.int64(place[state]), state, automaton, doors, stack, chain, out_item, out_target, 0)
    used = 0
    num_nodes = node_column.shape[0]
    i = 0
    stack[0] = state
    if model[state] >= 0:
        other = model[state]
        used = _enter(np.int64(place[other]), other, automaton, doors, stack, chain, out_item, out_target, 0)
        stack[0] = state
        model_stack[0] = other
        while i < num_nodes:
            d = depth[i]
            s, m = stack[d], model_stack[d]
            t = table[s, node_column[i]] if s >= 0 else np.int32(-1)
            u = table[m, node_column[i]] if m >= 0 else np.int32(-1)
            if t == u:
                i = skip[i]
                continue
            stack[d + 1] = t
            model_stack[d + 1] = u
            if token_ptr[i] < token_ptr[i + 1]:
                if t >= 0:
                    out_item[used] = i
                    out_target[used] = t
                    used += 1
                if u >= 0:
                    out_item[used] = -1 - i
                    out_target[used] = u
                    used += 1
            i += 1
        return used
    of_node = doors[0][1]
    door_stack = model_stack  # not used otherwise
    for k in range(table.shape[1]):
        if table[state, k] < 0:
            continue
        for r in range(root_ptr[k], root_ptr[k + 1]):
            i = np.int64(roots[r])
            past = skip[i]
            while i < past:
                d = depth[i]
                t = table[stack[d], node_column[i]]
                if t < 0:
                    i = skip[i]
                    continue
                stack[d + 1] = t
                if token_ptr[i] < token_ptr[i + 1]:
                    out_item[used] = i
                    out_target[used] = t
                    used += 1
                if of_node[i] >= 0 and place[t] == 0 and reach[t] > 0:
                    door = np.int64(of_node[i])
                    used = _enter(door, t, automaton, doors, door_stack, chain, out_item, out_target, used)
                    i = skip[i]
                    continue
                i += 1
    return used


@njit(cache=True, nogil=True)
def walk(states, automaton, tree, doors, item_sums, max_length, longest, max_edges, stop):
    """For each of `states` (n,): its targets and the signature of the token set of each.

    `automaton`: (table, place, following, reach, model); `tree`: (column of each node's byte, skip, depth, token_ptr,
    and the nodes without a parent by their column: ptr (K + 1,), nodes);
    `doors`: (the arrays of `Doors`, the paths as columns with their lengths and the quote's column, the tree behind).
    Returns (ptr (n + 1,), target (E,), signature uint64 (E, 2)), targets ascending within a state; the last pointer is
    −1 if more than `max_edges` edges would be needed. Not to be used once `stop[0]` is true: then it gives up.
    """
    num_states = automaton[0].shape[0]
    sums = np.zeros((num_states, 2), dtype=np.uint64)
    seen = np.zeros(num_states, dtype=np.bool_)
    touched = np.empty(num_states, dtype=np.int32)
    stack = np.empty(max_length + 8, dtype=np.int32)
    model_stack = np.empty(max_length + 8, dtype=np.int32)
    chain = np.empty(longest + 2, dtype=np.int32)
    out_item = np.empty(item_sums.shape[0] + tree[0].shape[0], dtype=np.int32)
    out_target = np.empty(out_item.shape[0], dtype=np.int32)
    ptr = np.zeros(states.shape[0] + 1, dtype=np.int64)
    room = 1024
    target = np.empty(room, dtype=np.int32)
    signature = np.empty((room, 2), dtype=np.uint64)
    used = 0
    for n in range(states.shape[0]):
        if stop[0]:
            break
        count = _visit(states[n], automaton, tree, doors, stack, model_stack, chain, out_item, out_target)
        num_touched = 0
        for j in range(count):
            t = out_target[j]
            if not seen[t]:
                seen[t] = True
                touched[num_touched] = t
                num_touched += 1
            item = out_item[j]
            if item >= 0:
                sums[t, 0] += item_sums[item, 0]
                sums[t, 1] += item_sums[item, 1]
            else:
                sums[t, 0] -= item_sums[-1 - item, 0]
                sums[t, 1] -= item_sums[-1 - item, 1]
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
            if sums[t, 0] != 0 or sums[t, 1] != 0:
                target[used] = t
                signature[used, 0] = sums[t, 0]
                signature[used, 1] = sums[t, 1]
                used += 1
            sums[t, 0] = 0
            sums[t, 1] = 0
            seen[t] = False
        ptr[n + 1] = used
    return ptr, target[:used].copy(), signature[:used].copy()


@njit(cache=True, nogil=True)
def class_sums(
    states, ptr, target, label, automaton, tree, doors, item_ptr, item_tokens, max_length, longest, sums, stop
):
    """Add to `sums` (V, 2), for each token, two 64-bit keys of every label that holds it.

    Each label is read at one of `states` (n,), with edges `ptr[i]:ptr[i + 1]` to `target` under `label`. Gives
    up once `stop[0]` is true.
    """
    num_items = item_ptr.shape[0] - 1
    of_item = np.zeros((num_items, 2), dtype=np.uint64)
    label_of = np.full(automaton[0].shape[0], -1, dtype=np.int32)
    stack = np.empty(max_length + 8, dtype=np.int32)
    model_stack = np.empty(max_length + 8, dtype=np.int32)
    chain = np.empty(longest + 2, dtype=np.int32)
    out_item = np.empty(num_items + tree[0].shape[0], dtype=np.int32)
    out_target = np.empty(out_item.shape[0], dtype=np.int32)
    for n in range(states.shape[0]):
        if stop[0]:
            return
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = label[j]
        count = _visit(states[n], automaton, tree, doors, stack, model_stack, chain, out_item, out_target)
        for j in range(count):
            name = label_of[out_target[j]]
            if name < 0:
                continue
            first, second = mixed_key(name, np.uint64(11)), mixed_key(name, np.uint64(0x517CC1B727220A95))
            item = out_item[j]
            if item >= 0:
                of_item[item, 0] += first
                of_item[item, 1] += second
            else:
                of_item[-1 - item, 0] -= first
                of_item[-1 - item, 1] -= second
        for j in range(ptr[n], ptr[n + 1]):
            label_of[target[j]] = -1
    for i in range(num_items):
        if of_item[i, 0] != 0 or of_item[i, 1] != 0:
            for j in range(item_ptr[i], item_ptr[i + 1]):
                sums[item_tokens[j], 0] += of_item[i, 0]
                sums[item_tokens[j], 1] += of_item[i, 1]
