"""Numba kernels that find free text in an automaton; `_characters` says what that is."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"
# Numba infers the types of these kernels from their arguments; `_characters` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["CLOSED", "NOWHERE", "chains", "characters"]

NOWHERE, CLOSED = -1, -2


@njit(cache=True, nogil=True)
def characters(table, column, weight, step, body, order, quote):
    """The place of each state, where its character ends, and where most ASCII characters lead.

    `column` (J,): a column of `table` for each column of `step` (P, J); `weight` (J,): how many ASCII bytes each
    stands for. Returns (place int16 (S,), following int32 (S,), most int32 (S,)), −1 for none.
    """
    num_states = table.shape[0]
    num_places, num_columns = step.shape
    ends = np.full((num_places, num_states), -1, dtype=np.int32)  # where all characters end, by place assumed
    for i in range(num_places):
        p = order[i]
        probe = 0  # a column that must lead on: most states fail there
        while step[p, probe] < 0:
            probe += 1
        for s in range(num_states):
            if table[s, column[probe]] < 0:
                continue
            end = np.int32(-1)
            for k in range(num_columns):
                t = table[s, column[k]]
                q = step[p, k]
                if q == CLOSED:
                    continue
                if q == NOWHERE or t < 0:
                    if q != NOWHERE or t >= 0:
                        end = -1
                        break
                    continue
                e = t if q == body[p] else ends[q, t]
                if e < 0 or (end >= 0 and e != end):
                    end = -1
                    break
                end = e
            ends[p, s] = end
    place = np.full(num_states, -1, dtype=np.int16)
    following = np.full(num_states, -1, dtype=np.int32)
    most = np.full(num_states, -1, dtype=np.int32)
    for s in range(num_states):
        for p in range(num_places):
            e = ends[p, s]
            if e >= 0 and (p == body[p] or ends[body[p], e] >= 0 or _only(table, e, quote, body[p])):
                place[s] = p
                following[s] = e
                break
        if place[s] < 0:
            most[s] = _majority(table[s], column, weight)
    return place, following, most


@njit(cache=True, nogil=True)
def _only(table, state, quote, body):
    """Whether no character follows: nothing at all, or in a JSON string (place 0) only the closing quote."""
    following = 0
    for k in range(table.shape[1]):
        if table[state, k] >= 0 and not (k == quote and body == 0):
            following += 1
    return following == 0


@njit(cache=True, nogil=True)
def _majority(row, column, weight):
    """The target of more than half of the weight, or −1 (Boyer and Moore's vote)."""
    best, lead, total = np.int32(-1), 0, 0
    for k in range(column.shape[0]):
        total += weight[k]
        if row[column[k]] == best:
            lead += weight[k]
        elif lead < weight[k]:
            best, lead = row[column[k]], weight[k] - lead
        else:
            lead -= weight[k]
    votes = 0
    for k in range(column.shape[0]):
        if row[column[k]] == best:
            votes += weight[k]
    return best if 2 * votes > total else np.int32(-1)


@njit(cache=True, nogil=True)
def chains(table, quote, place, following, most, body, longest):
    """How far free text reaches from each state, and models of other states; `FreeStates` says what these are."""
    num_states = place.shape[0]
    reach = np.zeros(num_states, dtype=np.int8)
    from_state = np.full(num_states, -1, dtype=np.int32)  # a free state between two characters, by what follows it
    for s in range(num_states):
        if place[s] < 0:
            continue
        text = body[place[s]]
        state = following[s]
        reach[s] = 1
        for _ in range(longest):
            if place[state] != text:
                if not _only(table, state, quote, text):
                    reach[s] = 0
                break
            if following[state] == state:
                reach[s] = 2 if state == following[s] else 1
                break
            state = following[state]
        if reach[s] > 0 and place[s] == text and (from_state[following[s]] < 0 or following[s] == s):
            from_state[following[s]] = s
    model = np.full(num_states, -1, dtype=np.int32)
    for s in range(num_states):
        if reach[s] == 0 and most[s] >= 0:
            model[s] = from_state[most[s]]
    return reach, model
