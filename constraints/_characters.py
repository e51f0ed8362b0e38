r"""Free text: the states of an automaton that take one character like any other, however it is spelled.

Most states of most automata stand inside a string value whose content is free, or of bounded length. From such a state
every character leads to one and the same next state, so a token says only how many characters it completes, what is
left of its last one, and what follows a closing quote. That is known once per vocabulary (`_walkable`).

Two kinds of text have such characters: the inside of JSON strings, which a quote closes, and plain text. A *place* is a
state of the reference automaton of one of them: between two characters, or within one, such as after `\u00`. The
reference automata are compiled from their terms, so how characters are spelled is written elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ._character_kernels import CLOSED, NOWHERE, chains, characters
from ._dfa import Dfa
from ._expansion import compile_term
from ._terms import any_text, json_string

__all__ = ["FreeStates", "References", "free_states", "references"]

_QUOTE = 0x22


@dataclass(frozen=True, eq=False)
class References:
    """The places of both kinds of text, numbered through.

    Attributes:
        step: int16 (P, 256), place after each byte; `NOWHERE`, or `CLOSED` where the byte closes the string.
        byte_class: uint8 (256,), bytes of one class behave alike in both.
        body: int16 (P,), the place between two characters of the same text.
        order: int16 (P,), the places such that all that lie ahead within the character come first.
        path, path_length: uint8 (P * P, n) and int32 (P * P,): for each pair of places p, q, in row `p * P + q`, the
            bytes of a way from p to q within one character (none for p = q).
    """

    step: NDArray[np.int16]
    byte_class: NDArray[np.uint8]
    body: NDArray[np.int16]
    order: NDArray[np.int16]
    path: NDArray[np.uint8]
    path_length: NDArray[np.int32]

    @property
    def num_places(self) -> int:
        return len(self.body)


@dataclass(frozen=True, eq=False)
class FreeStates:
    """What free text an automaton has.

    Attributes:
        place: int16 (S,), the place that a state stands for, −1 for none.
        following: int32 (S,), where the end of the character leads, −1 without a place.
        reach: int8 (S,), 0: no free text; 1: free text; 2: free text that is endless and all alike after one character.
        model: int32 (S,), for other states: the state of free text that most characters lead away from alike, or −1.
    """

    place: NDArray[np.int16]
    following: NDArray[np.int32]
    reach: NDArray[np.int8]
    model: NDArray[np.int32]


@cache
def references() -> References:
    """The reference automata, compiled at the first call."""
    string = compile_term(json_string(any_text()), max_seconds=None)
    inside = int(string.table[string.start, string.byte_class[_QUOTE]])
    text = compile_term(any_text(), max_seconds=None)
    steps, orders, paths = zip(*(_places(*pair) for pair in ((string, inside), (text, text.start))), strict=True)
    first = [0, len(steps[0])]
    total = sum(map(len, steps))
    every = [b""] * total**2
    for offset, found in zip(first, paths, strict=True):
        for (p, q), path in found.items():
            every[(offset + p) * total + offset + q] = path
    longest = max(map(len, every))
    joint = string.byte_class.astype(np.int32) * 256 + text.byte_class
    return References(
        np.concatenate([np.where(step >= 0, step + offset, step) for offset, step in zip(first, steps, strict=True)]),
        np.unique(joint, return_inverse=True)[1].reshape(-1).astype(np.uint8),
        np.concatenate([np.full(len(step), offset, np.int16) for offset, step in zip(first, steps, strict=True)]),
        np.concatenate([order + offset for offset, order in zip(first, orders, strict=True)]).astype(np.int16),
        np.array([list(path.ljust(longest, b"\0")) for path in every], dtype=np.uint8),
        np.array([len(path) for path in every], dtype=np.int32),
    )


def _places(dfa: Dfa, body: int) -> tuple[NDArray[np.int16], NDArray[np.int16], dict[tuple[int, int], bytes]]:
    """Steps between places (the body is place 0), their order, and the paths within a character."""
    wide = dfa.table[:, dfa.byte_class]
    number = {body: 0}
    closing = -1 if dfa.accepting[body] else int(wide[body, _QUOTE])
    pending = [body]
    while pending:
        for target in np.unique(wide[pending.pop()]).tolist():
            if target >= 0 and target != closing and target not in number:
                number[target] = len(number)
                pending.append(target)
    states = list(number)
    renumber = np.full(len(wide) + 1, NOWHERE, dtype=np.int16)
    renumber[states] = np.arange(len(states))
    if closing >= 0:
        renumber[closing] = CLOSED
    step = renumber[wide[states]]  # −1, dead, reads the last entry
    paths: dict[tuple[int, int], bytes] = {}
    for place in range(len(states)):
        reached = {place: b""}
        frontier = [place]
        for here in frontier:
            for byte in range(256):
                target = int(step[here, byte])
                if target > 0 and target not in reached:
                    reached[target] = reached[here] + bytes([byte])
                    frontier.append(target)
        paths |= {(place, target): path for target, path in reached.items()}
    ahead = [sum(1 for p, _ in paths if p == place) for place in range(len(states))]
    return step, np.argsort(ahead, kind="stable").astype(np.int16), paths


def free_states(dfa: Dfa, longest: int) -> FreeStates:
    """Find the free text in an automaton; no token completes more than `longest` characters."""
    known = references()
    joint = known.byte_class.astype(np.int32) * 256 + dfa.byte_class
    _, representative, size = np.unique(joint[:0x80], return_index=True, return_counts=True)
    weight = np.zeros(256, dtype=np.int32)  # how many ASCII bytes a byte stands for
    weight[representative] = size
    representative = np.unique(joint, return_index=True)[1]
    step = np.ascontiguousarray(known.step[:, representative])
    column = dfa.byte_class[representative].astype(np.int32)
    quote = dfa.byte_class[_QUOTE]
    quote = np.int32(quote if (dfa.byte_class == quote).sum() == 1 else -1)  # its own column, or none
    place, following, model = characters(
        dfa.table, column, weight[representative], step, known.body, known.order, quote
    )
    return FreeStates(place, following, *chains(dfa.table, quote, place, following, model, known.body, longest))
