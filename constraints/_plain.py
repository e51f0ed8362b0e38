"""Where plain characters lead: the states that treat all string content alike.

*Plain* characters are all but control characters, `"` and `\\` (as in `_walkable`). Inside a string value whose content
is free, each of them leads from a state to one and the same next state, however many bytes it has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._dfa import Dfa

__all__ = ["DEAD", "MIXED", "plain_steps"]

DEAD, MIXED = -1, -2
_ASCII = [byte for byte in range(0x20, 0x80) if byte not in (0x22, 0x5C)]

# The well-formed sequences of two to four bytes (Unicode, table 3-7): lead bytes, second byte, how many more follow.
_SEQUENCES = (
    ((0xC2, 0xDF), (0x80, 0xBF), 0),
    ((0xE0, 0xE0), (0xA0, 0xBF), 1),
    ((0xE1, 0xEC), (0x80, 0xBF), 1),
    ((0xED, 0xED), (0x80, 0x9F), 1),
    ((0xEE, 0xEF), (0x80, 0xBF), 1),
    ((0xF0, 0xF0), (0x90, 0xBF), 2),
    ((0xF1, 0xF3), (0x80, 0xBF), 2),
    ((0xF4, 0xF4), (0x80, 0x8F), 2),
)

Steps = NDArray[np.int32]


def plain_steps(dfa: Dfa) -> Steps:
    """(S,) int32: the state that every plain character leads to, DEAD if none is allowed, MIXED if they differ."""
    step = _common(dfa, np.array(_ASCII))
    inner = _common(dfa, np.arange(0x80, 0xC0))
    for lead, second, more in _SEQUENCES:
        after = _common(dfa, np.arange(lead[0], lead[1] + 1))
        after = _then(after, _common(dfa, np.arange(second[0], second[1] + 1)))
        for _ in range(more):
            after = _then(after, inner)
        step = np.where(after == step, step, np.int32(MIXED))
    return step.astype(np.int32)


def _common(dfa: Dfa, members: NDArray[np.integer]) -> Steps:
    """(S,): the one state that all these bytes lead to, or DEAD, or MIXED."""
    columns = dfa.table[:, np.unique(dfa.byte_class[members])]
    same = (columns == columns[:, :1]).all(axis=1)
    return np.where(same, columns[:, 0], np.int32(MIXED))


def _then(first: Steps, following: Steps) -> Steps:
    """One step after another; DEAD and MIXED stay."""
    return np.where(first >= 0, following[np.maximum(first, 0)], first)
