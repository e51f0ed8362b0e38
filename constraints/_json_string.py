r"""JSON string literals over a language of decoded strings.

The decoded language is an automaton over UTF-8 bytes. JSON escapes concern ASCII characters only (`"`, `\`, `/` and the
control characters), so escaping is a local change: at each state, the step by such a byte is replaced, or joined, by
steps that spell its escapes. Surrogate-pair escapes of other characters are legal JSON that this language leaves out:
its texts spell such characters raw, so a value that the language bars stays barred.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._dfa import Dfa, _as_fragment
from ._nfa import Edges, Nfa

__all__ = ["json_string_nfa"]

_QUOTE, _BACKSLASH = 0x22, 0x5C
_SHORT = {0x22: b'"', 0x5C: b"\\", 0x2F: b"/", 0x08: b"b", 0x0C: b"f", 0x0A: b"n", 0x0D: b"r", 0x09: b"t"}

Row = tuple[int, int, int, int]


def json_string_nfa(decoded: Dfa) -> Nfa:
    """The automaton of the JSON spellings, quotes included, of the decoded texts."""
    size = decoded.num_states
    start, end = size, size + 1
    raw = _raw_edges(decoded)
    rows: list[Row] = [(start, _QUOTE, _QUOTE, decoded.start)] if size else []
    rows += [(int(state), _QUOTE, _QUOTE, end) for state in np.flatnonzero(decoded.accepting)]
    fresh = size + 2
    control = decoded.table[:, decoded.byte_class[:0x20]] if size else np.empty((0, 0x20), np.int32)
    for state in range(size):
        escapes, fresh = _escapes(decoded, state, control[state], fresh)
        rows += escapes
    extra = np.array(rows, dtype=np.int32).reshape(-1, 4).T
    edges = Edges(*(np.concatenate(pair).astype(np.int32) for pair in zip(raw, extra, strict=True)))
    none = np.empty(0, np.int32)
    return Nfa(fresh, start, end, edges, (none, none))


def _raw_edges(decoded: Dfa) -> tuple[NDArray[np.int32], ...]:
    """The bytes that a JSON string may hold as they are: all but controls, quote and backslash."""
    edges = _as_fragment(decoded).edges
    pieces: list[NDArray[np.int32]] = []
    for low, high in ((0x20, _QUOTE - 1), (_QUOTE + 1, _BACKSLASH - 1), (_BACKSLASH + 1, 0xFF)):
        cut_low, cut_high = np.maximum(edges.low, low), np.minimum(edges.high, high)
        live = cut_low <= cut_high
        pieces.append(np.stack([edges.source[live], cut_low[live], cut_high[live], edges.target[live]]))
    return tuple(np.concatenate(pieces, axis=1))


def _escapes(decoded: Dfa, state: int, control: NDArray[np.int32], fresh: int) -> tuple[list[Row], int]:
    """The escape sequences that leave one state; `fresh` is the next unused state number."""
    rows: list[Row] = []
    after = fresh
    for byte, letter in _SHORT.items():
        target = int(decoded.table[state, decoded.byte_class[byte]])
        if target >= 0:
            rows.append((after, letter[0], letter[0], target))
    if (control >= 0).any():
        u, zero, zeros, high0, high1 = range(after + 1, after + 6)
        rows += [(after, 0x75, 0x75, u), (u, 0x30, 0x30, zero), (zero, 0x30, 0x30, zeros)]
        rows += [(zeros, 0x30, 0x30, high0), (zeros, 0x31, 0x31, high1)]
        for value, target in enumerate(control.tolist()):
            if target >= 0:
                digit = b"0123456789abcdef"[value & 15]
                source = high1 if value >> 4 else high0
                rows.append((source, digit, digit, target))
                if digit >= 0x61:
                    rows.append((source, digit - 0x20, digit - 0x20, target))
        fresh += 5
    if not rows:
        return [], fresh
    return [(state, _BACKSLASH, _BACKSLASH, after), *rows], fresh + 1
