r"""JSON string literals over a language of decoded strings.

The decoded language is an automaton over UTF-8 bytes. JSON escapes concern ASCII characters only (`"`, `\`, `/` and the
control characters), so escaping is a local change: at each state, the step by such a byte is replaced, or joined, by
steps that spell its escapes. Other characters could legally be spelled as `\uXXXX` too; this language leaves such
spellings out, so each of its texts decodes to a value of the decoded language, and a value that is barred stays barred.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._dfa import Dfa, as_fragment
from ._json_literal import SHORT
from ._nfa import Edges, Nfa

__all__ = ["json_string_nfa"]

_QUOTE, _BACKSLASH = 0x22, 0x5C
_HELPERS = 6  # fresh states for each decoded state: after `\`, `\u`, `\u0`, `\u00`, `\u000`, `\u001`

Block = NDArray[np.int32]  # (4, n): source, low, high, target


def json_string_nfa(decoded: Dfa) -> Nfa:
    """The automaton of the JSON spellings, quotes included, of the decoded texts."""
    size = decoded.num_states
    start, end = size, size + 1
    accepting = np.flatnonzero(decoded.accepting)
    ends = [_block(accepting, _QUOTE, end)]
    if size:
        ends.append(_block(np.array([start]), _QUOTE, decoded.start))
    edges = np.concatenate([*ends, *_raw(decoded), *_escapes(decoded, first_helper=size + 2)], axis=1)
    none = np.empty(0, np.int32)
    return Nfa(size + 2 + _HELPERS * size, start, end, Edges(*edges), (none, none))


def _block(source: NDArray[np.integer], byte: int, target: NDArray[np.integer] | int) -> Block:
    """One edge by `byte` from each source to its target."""
    columns = np.broadcast_arrays(source, np.int64(byte), np.int64(byte), target)
    return np.stack(columns).astype(np.int32)


def _raw(decoded: Dfa) -> list[Block]:
    """The bytes that a JSON string may hold as they are: all but controls, quote and backslash."""
    edges = as_fragment(decoded).edges
    blocks = []
    for low, high in ((0x20, _QUOTE - 1), (_QUOTE + 1, _BACKSLASH - 1), (_BACKSLASH + 1, 0xFF)):
        cut_low, cut_high = np.maximum(edges.low, low), np.minimum(edges.high, high)
        live = cut_low <= cut_high
        blocks.append(np.stack([edges.source[live], cut_low[live], cut_high[live], edges.target[live]]))
    return [block.astype(np.int32) for block in blocks]


# Steps inside an escape: (helper state, byte, ASCII byte whose step is taken), for the short and the hexadecimal forms.
_STEPS = np.array(
    [(0, letter[0], byte) for byte, letter in SHORT.items()]
    + [(4 + (v >> 4), ord(digit), v) for v in range(0x20) for digit in sorted({f"{v & 15:x}", f"{v & 15:X}"})]
)
# Steps from helper to helper: (from, byte, to).
_CHAIN = np.array([(0, ord("u"), 1), (1, ord("0"), 2), (2, ord("0"), 3), (3, ord("0"), 4), (3, ord("1"), 5)])


def _escapes(decoded: Dfa, *, first_helper: int) -> list[Block]:
    """Every escape sequence, for all states at once."""
    states = np.arange(decoded.num_states)
    helper = first_helper + _HELPERS * states[:, None]  # (S, 1): the first of each state's helpers
    following = decoded.table[:, decoded.byte_class[:0x60]]  # (S, 96): target by ASCII byte
    target = following[:, _STEPS[:, 2]]  # (S, steps)
    live = target >= 0
    digits = np.broadcast_to(_STEPS[:, 1], target.shape)[live]
    steps = np.stack([(helper + _STEPS[:, 0])[live], digits, digits, target[live]])
    chain = helper[(following[:, :0x20] >= 0).any(axis=1)]
    letters = np.broadcast_to(_CHAIN[:, 1], (len(chain), len(_CHAIN))).ravel()
    links = np.stack([(chain + _CHAIN[:, 0]).ravel(), letters, letters, (chain + _CHAIN[:, 2]).ravel()])
    escaped = live.any(axis=1)
    starts = _block(states[escaped], _BACKSLASH, helper[escaped, 0])
    return [steps.astype(np.int32), links.astype(np.int32), starts]
