"""How tokens step through a byte automaton, where the state after a token is not simply the one its bytes lead to.

Two things make the difference, one mechanism carries both:

* *Weights*: scorers read the text beside the language and give gains. A token's gain is the sum since it began, so the
  automaton that is walked tells states apart by that sum; after the token it starts from none again.
* *Borders*: where the byte 0xF5 (see `_markers`) stands in a text, a token must end. Any number of markers may be read
  between two tokens and none within one, so a token starts from a state *closed* under the marker only.

After the walk, `Steps.resume` says for each state that a token ends at from which one the next token starts, and what
the token gained. Knows byte states and gains; the walk itself is `_compile`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ._compile_kernels import token_keys
from ._deadline import Deadline
from ._dfa import MAX_STATES, Dfa, _Expansion
from ._errors import BudgetExceeded
from ._markers import BORDER, marked_nfa
from ._steps_kernels import beside, gained
from ._vocabulary import Vocabulary
from ._weights import Scorer

__all__ = ["MAX_GAINED", "Edges", "Resume", "Steps", "steps_of"]

MAX_GAINED = 400_000  # byte states told apart by gains
_FIRST_MARKER = 0xF5
_SALT = np.uint64(0x9FB21C651E98DF25)
_BITS = 45  # of the largest gain; a token adds up to 2^15 of them

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """Token edges in order of (source, target, gain).

    Attributes:
        source, target: int32 (E,).
        signature: uint64 (E, 2), of the token set of each.
        end: int32 (E,), its row in `Resume`, −1 for what is no text; None without a `Resume`.
    """

    source: Int32
    target: Int32
    signature: NDArray[np.uint64]
    end: Int32 | None = None

    def select(self, keep: NDArray[np.bool_]) -> Edges:
        end = None if self.end is None else self.end[keep]
        return Edges(self.source[keep], self.target[keep], self.signature[keep], end)


@dataclass(frozen=True)
class Resume:
    """What follows the end of a token: P distinct pairs of a state and a gain.

    Attributes:
        row: int32 (S,), the pair of each state that a token may end at.
        state: int32 (P,), where the next token starts.
        gain: int64 (P,), what the token gained, in units.
        unit: nats of one unit, a power of two.
    """

    row: Int32
    state: Int32
    gain: Int64
    unit: float

    def merged(self, walked: Edges) -> Edges:
        """The edges between the states that tokens start from; the token sets of what now is one edge add up."""
        key = self._key(walked.source, self.row[walked.target])
        order = np.argsort(key, kind="stable")
        first = np.flatnonzero(np.diff(key[order], prepend=-1))
        if not len(first):
            return replace(walked, end=walked.target)
        signature = np.add.reduceat(walked.signature[order], first, axis=0)
        end = self.row[walked.target][order][first]
        return Edges(walked.source[order][first], self.state[end], signature, end)

    def walked(self, merged: Edges, label: Int32, walked: Edges) -> tuple[Int32, Int32, Int32]:
        """The edges of the walk (source, target, label) that `merged` ones with these labels were made of."""
        assert merged.end is not None
        key = self._key(merged.source, merged.end)
        wanted = self._key(walked.source, self.row[walked.target])
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        found = key[place] == wanted if len(key) else np.zeros(len(wanted), dtype=np.bool_)
        return walked.source[found], walked.target[found], label[place[found]]

    def _key(self, source: Int32, row: Int32) -> Int64:
        return source.astype(np.int64) * len(self.state) + row

    def told_apart(self, edges: Edges) -> NDArray[np.uint64]:
        """Signatures (E, 2) of token sets with gains: equal where both are."""
        gain = self.gains(edges)
        values, index = np.unique(gain, return_inverse=True)
        keys = token_keys(len(values), _SALT)
        keys[values == 0] = 0
        return np.asarray(edges.signature + keys[index.reshape(-1)])

    def gains(self, edges: Edges) -> Int64:
        """What each edge gains, in units: int64 (E,)."""
        assert edges.end is not None
        return np.append(self.gain, 0)[edges.end]  # row −1 is the last one

    def label_weight(self, edges: Edges, first_edge: Int32) -> torch.Tensor | None:
        """The weight of each label in nats, float64 (K,), from one edge of each; None if all are 0."""
        gain = self.gains(edges)[first_edge]
        return torch.from_numpy(gain * self.unit) if gain.any() else None


@dataclass(frozen=True)
class Steps:
    """What the walk over a vocabulary reads.

    Attributes:
        dfa: the automaton that tokens are read by; neither minimal nor trimmed where there is a `resume`.
        roots: int32 (R,), the states that tokens start from, ascending.
        resume: what follows a token; None where that is the state it leads to and nothing is gained.
        byte_states: states of the automaton without the gains within tokens.
    """

    dfa: Dfa
    roots: Int32
    resume: Resume | None
    byte_states: int


def steps_of(dfa: Dfa, vocabulary: Vocabulary, weights: tuple[Scorer, ...], borders: bool, deadline: Deadline) -> Steps:
    """How the tokens of a vocabulary step through a language with these scorers, and with borders where it has them."""
    if not weights and not borders:
        dfa = _with_leading_space(dfa) if vocabulary.drops_leading_space else dfa
        return Steps(dfa, np.arange(dfa.num_states, dtype=np.int32), None, dfa.num_states)
    if borders:
        free = _Expansion(MAX_STATES, 0, None, deadline)._determinise(marked_nfa(dfa, BORDER))
        dfa = _own_column(replace(free, max_depth=dfa.max_depth), BORDER[0])
    dfa, gain, unit = _scored(dfa, weights, deadline)
    resume = _closed(dfa) if borders else np.arange(dfa.num_states, dtype=np.int32)
    if borders:
        dfa = _without_markers(replace(dfa, start=int(resume[dfa.start])))
    if vocabulary.drops_leading_space:
        dfa = _with_leading_space(dfa)
        resume, gain = np.append(resume, np.int32(dfa.start)), np.append(gain, 0)
    is_root = resume == np.arange(len(resume))
    dfa = replace(dfa, accepting=dfa.accepting & is_root)
    roots = np.flatnonzero(is_root).astype(np.int32)
    wide, state, total = _with_gains(dfa, gain, roots, vocabulary, deadline)
    return Steps(wide, roots, _resume(resume[state], total, unit), dfa.num_states)


def _resume(state: Int32, gain: Int64, unit: float) -> Resume:
    """Number the pairs in their order."""
    values, index = np.unique(gain, return_inverse=True)
    key, row = np.unique(state.astype(np.int64) * len(values) + index.reshape(-1), return_inverse=True)
    state = (key // len(values)).astype(np.int32)
    return Resume(row.reshape(-1).astype(np.int32), state, values[key % len(values)], unit)


# -- borders --------------------------------------------------------------------------------------------------------


def _closed(dfa: Dfa) -> Int32:
    """The state of each after any number of markers, int32 (S,). The automaton ignores markers that it need not read,
    so what it accepts only grows with each, and at some state no more."""
    step = dfa.table[:, dfa.byte_class[BORDER[0]]]
    closed = step
    while not np.array_equal(further := step[closed], closed):
        closed = further
    return closed


def _without_markers(dfa: Dfa) -> Dfa:
    """No token spells a marker, not even a token of the byte 0xF5."""
    table = dfa.table.copy()
    table[:, dfa.byte_class[BORDER[0]]] = -1
    return replace(dfa, table=table)


def _own_column(dfa: Dfa, byte: int) -> Dfa:
    """The same automaton with this byte alone in its class."""
    column = dfa.byte_class[byte]
    if (dfa.byte_class == column).sum() == 1:
        return dfa
    byte_class = dfa.byte_class.copy()
    byte_class[byte] = dfa.table.shape[1]
    return replace(
        dfa, table=np.concatenate([dfa.table, dfa.table[:, column : column + 1]], axis=1), byte_class=byte_class
    )


def _with_leading_space(dfa: Dfa) -> Dfa:
    """The tokens' bytes of vocabularies whose text is the bytes less one leading space: one space may come first."""
    dfa = _own_column(dfa, 0x20)
    first = dfa.table[dfa.start].copy()
    first[dfa.byte_class[0x20]] = dfa.start
    table = np.ascontiguousarray(np.concatenate([dfa.table, first[None]]), dtype=np.int32)
    accepting = np.append(dfa.accepting, dfa.accepting[dfa.start])
    return Dfa(table, dfa.byte_class, len(table) - 1, accepting, dfa.max_depth)


# -- weights --------------------------------------------------------------------------------------------------------


def _scored(dfa: Dfa, weights: tuple[Scorer, ...], deadline: Deadline) -> tuple[Dfa, Int64, float]:
    """The language with its scorers beside it: automaton, gain on entering each state in units (S,), nats of a unit.

    In units of one power of two the same gains have the same sum in any order.
    """
    unit = _unit(sum(float(np.abs(scorer.gain).max()) for scorer in weights))
    gain = np.zeros(dfa.num_states, dtype=np.int64)
    states = [dfa.num_states]
    for scorer in weights:
        marker = np.arange(256) >= _FIRST_MARKER  # scorers read texts, not the marks in them
        read = np.where(marker, -1, scorer.byte_class.astype(np.int64))
        joint = dfa.byte_class.astype(np.int64) * 512 + read
        _, first, byte_class = np.unique(joint, return_index=True, return_inverse=True)
        table, own, other, complete = beside(
            np.ascontiguousarray(dfa.table), dfa.start, scorer.table, scorer.start,
            dfa.byte_class[first].astype(np.int64), read[first], MAX_STATES, deadline.passed,
        )  # fmt: skip
        deadline.check("reading weights beside the language")
        states.append(scorer.num_states)
        if not complete:
            raise BudgetExceeded(
                f"the language with its weights needs more than {MAX_STATES:,} byte states (language and scorers have "
                f"{', '.join(f'{n:,}' for n in states)}): weigh fewer or shorter patterns"
            )
        dfa = Dfa(table, byte_class.reshape(-1).astype(np.uint8), 0, dfa.accepting[own], dfa.max_depth)
        gain = gain[own] + np.rint(scorer.gain / unit).astype(np.int64)[other]
    return dfa, gain, unit


def _unit(largest: float) -> float:
    """A power of two of which `largest` is at most 2^_BITS."""
    return math.ldexp(1.0, math.frexp(largest)[1] - _BITS) if largest > 1e-200 else math.ldexp(1.0, -800)


def _with_gains(
    dfa: Dfa, gain: Int64, roots: Int32, vocabulary: Vocabulary, deadline: Deadline
) -> tuple[Dfa, Int32, Int64]:
    """The automaton with states told apart by gains since a token began; state (S',) and gain (S',) of each."""
    if not gain.any():
        return dfa, np.arange(dfa.num_states, dtype=np.int32), gain
    trie = vocabulary.trie
    table, state, total, complete = gained(
        np.ascontiguousarray(dfa.table), gain, roots, dfa.byte_class[trie.byte], trie.skip, trie.depth, MAX_GAINED,
        deadline.passed,
    )  # fmt: skip
    deadline.check("adding up weights within tokens")
    if not complete:
        raise BudgetExceeded(
            f"within tokens the weights add up to too many different sums: {dfa.num_states:,} byte states become more "
            f"than {MAX_GAINED:,}; use fewer different weights, or shorter patterns"
        )
    accepting: NDArray[Any] = np.zeros(len(state), dtype=np.bool_)
    accepting[: dfa.num_states] = dfa.accepting
    return replace(dfa, table=table, accepting=accepting), state, total
