"""A numba kernel: what the tokens of a prefix tree do in free text; `_walkable` says what for."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
# Numba infers the types of this kernel from its arguments; `_walkable` says which arrays it passes.

from __future__ import annotations

import numpy as np
from numba import njit

from ._character_kernels import CLOSED

__all__ = ["outcomes"]


@njit(cache=True, nogil=True)
def outcomes(byte, skip, depth, token_ptr, tokens, step, body, place, first, past, first_depth, max_length):
    """Follow nodes `first` to `past` (a whole forest, its roots at `first_depth`) from a place in free text.

    Returns int64 (4, n): token, characters completed, place at its end or −1 once a quote has closed, and then the
    number of its bytes up to that quote.
    """
    places = np.empty(max_length + 2, dtype=np.int64)
    counts = np.empty(max_length + 2, dtype=np.int64)
    places[first_depth] = place
    counts[first_depth] = 0
    out = np.empty((4, token_ptr[past] - token_ptr[first]), dtype=np.int64)
    n = 0
    i = first
    while i < past:
        d = depth[i]
        here = step[places[d], byte[i]]
        if here < 0:
            if here == CLOSED:
                for j in range(token_ptr[i], token_ptr[skip[i]]):
                    out[0, n] = tokens[j]
                    out[1, n] = counts[d]
                    out[2, n] = -1
                    out[3, n] = d + 1
                    n += 1
            i = skip[i]
            continue
        places[d + 1] = here
        counts[d + 1] = counts[d] + (1 if here == body[here] else 0)
        for j in range(token_ptr[i], token_ptr[i + 1]):
            out[0, n] = tokens[j]
            out[1, n] = counts[d + 1]
            out[2, n] = here
            out[3, n] = 0
            n += 1
        i += 1
    return out[:, :n].copy()
