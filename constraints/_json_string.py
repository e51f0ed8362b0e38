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
from ._nfa import Edges, Nfa

__all__ = ["json_string_nfa"]

_QUOTE, _BACKSLASH = 0x22, 0x5C
_SHORT = {0x22: b'"', 0x5C: b"\\", 0x2F: b"/", 0x08: b"b", 0x0C: b"f", 0x0A: b"n", 0x0D: b"r", 0x09: b"t"}
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


def _escapes(decoded: Dfa, *, first_helper: int) -> list[Block]:
    """Every escape sequence, for all states at once."""
    states = np.arange(decoded.num_states)
    after, u, zero, zeros, low, high = (first_helper + _HELPERS * states + i for i in range(_HELPERS))
    following = decoded.table[:, decoded.byte_class[:0x60]]  # (S, 96): target by ASCII byte
    blocks = []
    for byte, letter in _SHORT.items():
        live = following[:, byte] >= 0
        blocks.append(_block(after[live], letter[0], following[live, byte]))
    for value in range(0x20):
        live = following[:, value] >= 0
        source = (high if value >> 4 else low)[live]
        for digit in {*f"{value & 15:x}{value & 15:X}"}:
            blocks.append(_block(source, ord(digit), following[live, value]))
    chain = (following[:, :0x20] >= 0).any(axis=1)
    links = ((after, "u", u), (u, "0", zero), (zero, "0", zeros), (zeros, "0", low), (zeros, "1", high))
    for from_state, digit, to_state in links:
        blocks.append(_block(from_state[chain], ord(digit), to_state[chain]))
    escaped = chain | (following[:, list(_SHORT)] >= 0).any(axis=1)
    blocks.append(_block(states[escaped], _BACKSLASH, after[escaped]))
    return blocks
