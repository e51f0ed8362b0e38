"""Marker bytes: places in a text, written into the text.

The bytes F5 to FF stand in no UTF-8, so an automaton over bytes can carry up to eleven kinds of marks beside the text.
A language of marked texts says where something is asked for; erasing the marks leaves the texts. Two operations are
all that a front end needs beside the other terms: to let marks stand anywhere, and to erase them.
"""

from __future__ import annotations

import numpy as np

from ._dfa import Dfa, as_fragment
from ._nfa import Edges, Fragment, Int32, Nfa

__all__ = ["BORDER", "erased_nfa", "marked_nfa"]

BORDER = b"\xf5"
"""The marker of languages with borders: where it stands, a token must end."""

_LAST_TEXT_BYTE = 0xF4


def marked_nfa(dfa: Dfa, markers: bytes) -> Nfa:
    """The automaton of the texts that `dfa` accepts once any number of `markers` are taken out."""
    part = as_fragment(dfa)
    states = np.arange(part.num_states, dtype=np.int32)
    loops = [Edges(states, np.full_like(states, m), np.full_like(states, m), states) for m in markers]
    return _ended(part, [part.edges, *loops], [])


def erased_nfa(dfa: Dfa, markers: bytes) -> Nfa:
    """The automaton of the texts that `dfa` accepts, with `markers` taken out of them."""
    part = as_fragment(dfa)
    edges = part.edges
    text = edges.low <= _LAST_TEXT_BYTE
    high = np.minimum(edges.high[text], _LAST_TEXT_BYTE)
    kept = [Edges(edges.source[text], edges.low[text], high, edges.target[text])]
    empty = []
    for marker in range(_LAST_TEXT_BYTE + 1, 0x100):
        here = (edges.low <= marker) & (edges.high >= marker)
        source, target = edges.source[here], edges.target[here]
        if marker in markers:
            empty.append((source, target))
        else:
            byte = np.full_like(source, marker)
            kept.append(Edges(source, byte, byte, target))
    return _ended(part, kept, empty)


def _ended(part: Fragment, edges: list[Edges], empty: list[tuple[Int32, Int32]]) -> Nfa:
    """One end for all accepting states."""
    end = part.num_states
    joined = Edges(*(np.concatenate([getattr(e, name) for e in edges]) for name in ("source", "low", "high", "target")))
    empty = [*empty, (part.accepting, np.full_like(part.accepting, end))]
    source, target = (np.concatenate([pair[i] for pair in empty]) for i in (0, 1))
    return Nfa(end + 1, part.start, end, joined, (source, target))
