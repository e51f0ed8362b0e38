"""A token automaton with weights: scorers read the text beside it, token by token; their gains are labels' weights.

1. How the vocabulary's tokens move a scorer: walks over the prefix tree sort the tokens into *reading classes*, alike
   from every state of the scorer (`_weigh_kernels.readings`).
2. The classes of the automaton, cut by these, are the tokens' pairs; pairs of states are followed over pairs.
3. An edge is told apart by source, target and gain, a label by its tokens and its weight. Classes become as coarse as
   the labels allow.

The language's own walk is done before and stays as fast as it is without weights. Gains are on edges only, so they hold
for the text whether a stop token follows it or not. Knows no bytes of the language.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ._automaton import TokenAutomaton
from ._compile_kernels import number_rows, token_keys
from ._deadline import Deadline
from ._determinise_kernels import grouped
from ._errors import BudgetExceeded
from ._expansion import MAX_STATES
from ._vocabulary import Vocabulary
from ._weigh_kernels import beside, follow, label_classes, readings, sums_by
from ._weights import Scorer

__all__ = ["MAX_WEIGHED_EDGES", "weighed"]

MAX_WEIGHED_EDGES = 4_000_000
_SALT, _GAIN_SALT = np.uint64(0x9FB21C651E98DF25), np.uint64(0xD6E8FEB86659FD93)
_BITS = 45  # of the largest gain; a token adds up to 2^15 of them

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class _Readings:
    """How tokens move a scorer. An *outcome* is a state with a gain.

    Attributes:
        token_class: int32 (V,), reading class of each token; tokens of no text are class 0 and move nothing.
        count: number of these classes.
        outcome: int32 (S, count), of each state and class.
        state, gain: int32 and int64 (O,), of each outcome; gains in units.
        at_rest: int32 (O,), the outcome of the same gain in state 0.
        start: the scorer's state before the first token.
    """

    token_class: Int32
    count: int
    outcome: Int32
    state: Int32
    gain: Int64
    at_rest: Int32
    start: int


def weighed(
    automaton: TokenAutomaton, vocabulary: Vocabulary, weights: tuple[Scorer, ...], deadline: Deadline
) -> TokenAutomaton:
    """The same canvases, weighed by the scorers: `label_weight` holds what a token of each label gains.

    Raises:
        BudgetExceeded: with the figures, if the scorers make it too large, or once the deadline has passed.
    """
    unit = _unit(sum(float(np.abs(scorer.gain).max()) for scorer in weights))
    gain = np.zeros(automaton.num_labels, dtype=np.int64)
    for scorer in weights:
        automaton, gain = _beside(automaton, gain, _read(scorer, vocabulary, unit, deadline), vocabulary, deadline)
    return replace(automaton, label_weight=torch.from_numpy(gain * unit) if gain.any() else None)


def _unit(largest: float) -> float:
    """A power of two, `largest` is at most 2^_BITS of it: counted in units, sums of gains are equal in any order."""
    return math.ldexp(1.0, max(math.frexp(largest)[1], -900) - _BITS)


# -- tokens and the scorer ------------------------------------------------------------------------------------------


def _read(scorer: Scorer, vocabulary: Vocabulary, unit: float, deadline: Deadline) -> _Readings:
    if vocabulary.drops_leading_space:
        scorer = _with_leading_space(scorer)
    trie, table = vocabulary.trie, np.ascontiguousarray(scorer.table)
    gain = np.rint(scorer.gain / unit).astype(np.int64)
    node_column = scorer.byte_class[trie.byte]
    of_node = readings(table, gain, scorer.start, node_column, trie.skip, trie.depth, deadline.passed)
    deadline.check("reading the vocabulary with weights")
    signature = np.zeros((vocabulary.size, 2), dtype=np.uint64)
    signature[trie.tokens] = np.repeat(of_node, np.diff(trie.token_ptr), axis=0)
    token_class, count, first = number_rows(signature)
    representative = first.astype(np.int64)
    representative[0] = -1
    state, total = follow(table, gain, scorer.byte_class, vocabulary.data, vocabulary.offsets, representative)
    return _Readings(token_class, count, *_outcomes(state, total), scorer.start)


def _outcomes(state: Int32, gain: Int64) -> tuple[Int32, Int32, Int64, Int32]:
    """Number the distinct outcomes of (S, C): (outcome (S, C), state (O,), gain (O,), the one at rest (O,))."""
    outcome, first = _numbered(state.reshape(-1), gain.reshape(-1))
    states, gains = state.reshape(-1)[first], gain.reshape(-1)[first]
    # The outcomes in state 0, of which some are known already, come behind.
    rest, of_rest = np.unique(gains, return_inverse=True)
    at_rest = (len(first) + of_rest.reshape(-1)).astype(np.int32)
    at_rest = np.concatenate([at_rest, len(first) + np.arange(len(rest), dtype=np.int32)])
    states, gains = np.append(states, np.zeros(len(rest), dtype=np.int32)), np.append(gains, rest)
    return outcome.reshape(gain.shape), states, gains, at_rest


def _numbered(state: Int32, gain: Int64) -> tuple[Int32, Int32]:
    """Number the distinct pairs: (number (n,), first place of each)."""
    rows = np.empty((len(state), 2), dtype=np.uint64)
    rows[:, 1] = gain.view(np.uint64) ^ np.uint64(1 << 63)  # not 0 for any gain that a token has
    mixed = (state.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + rows[:, 1]
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    rows[:, 0] = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
    number, _, first = number_rows(rows)
    return number - 1, first[1:]


def _with_leading_space(scorer: Scorer) -> Scorer:
    """The scorer for vocabularies whose text is the tokens' bytes less one leading space: that one gains nothing."""
    table, byte_class = scorer.table, scorer.byte_class.copy()
    space = int(byte_class[0x20])
    if (byte_class == space).sum() > 1:  # the space needs a column of its own
        byte_class[0x20] = table.shape[1]
        table = np.concatenate([table, table[:, space : space + 1]], axis=1)
    first = table[scorer.start].copy()
    first[byte_class[0x20]] = scorer.start
    return Scorer(np.concatenate([table, first[None]]), byte_class, len(table), np.append(scorer.gain, 0.0))


# -- the automaton and the scorer -----------------------------------------------------------------------------------


def _beside(
    automaton: TokenAutomaton, label_gain: Int64, read: _Readings, vocabulary: Vocabulary, deadline: Deadline
) -> tuple[TokenAutomaton, Int64]:
    """The automaton with one more scorer, and the gain of each label in units."""
    names = ("edge_ptr", "edge_label", "edge_target", "label_ptr", "label_class")
    language = tuple(getattr(automaton, name).numpy() for name in names)
    pair_of, pair_ptr, pair_class = _pairs(automaton, read)
    keys = token_keys(len(pair_class), _SALT)
    quiet = _quiet(automaton, vocabulary)
    scorer = read.outcome, read.state, read.at_rest
    state, other, columns, signature, complete = beside(
        language, automaton.start, quiet, pair_ptr, pair_class, scorer, read.start, keys,
        MAX_STATES, MAX_WEIGHED_EDGES, deadline.passed,
    )  # fmt: skip
    deadline.check("weighing")
    if not complete:
        raise BudgetExceeded(
            f"with weights the constraint needs more than {MAX_STATES:,} states or {MAX_WEIGHED_EDGES:,} edges: the "
            f"language has {automaton.num_states:,} and {automaton.num_edges:,}, the weights {len(read.outcome):,} "
            f"states and {read.count:,} ways for tokens to move them; weigh fewer or shorter patterns"
        )
    source, target, origin, outcome = (np.ascontiguousarray(column) for column in columns)
    gain = label_gain[language[1][origin]] + read.gain[outcome]
    number, count, first = number_rows(_told_apart(signature, gain))
    first = first[1:]
    label_of, pair = label_classes(language, quiet, pair_ptr, pair_class, scorer, first, source, other, origin, outcome)
    tensors: dict[str, Any] = _classes(pair_of, label_of, pair, count - 1, len(pair_class))
    result = replace(
        automaton,
        num_states=len(state),
        start=0,
        accepting=torch.from_numpy(automaton.accepting.numpy()[state]),
        edge_ptr=_pointers(source, len(state)),
        edge_source=_tensor(source),
        edge_label=_tensor(number - 1),
        edge_target=_tensor(target),
        label_weight=None,
        **tensors,
    )
    return result, gain[first]


def _pairs(automaton: TokenAutomaton, read: _Readings) -> tuple[Int32, Int32, Int32]:
    """The automaton's classes cut by reading classes: (pair of each token, pointers by class (C + 1,), reading class
    of each pair). Pair 0 are the tokens of class 0, whatever they read."""
    own = automaton.token_class.numpy().astype(np.int64)
    key = np.where(own == 0, 0, own * read.count + read.token_class)
    known, pair_of = np.unique(np.append(key, 0), return_inverse=True)
    ptr = np.searchsorted(known, np.arange(automaton.num_classes + 1) * read.count).astype(np.int32)
    return pair_of.reshape(-1)[:-1].astype(np.int32), ptr, (known % read.count).astype(np.int32)


def _quiet(automaton: TokenAutomaton, vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """States that no text token leaves: bool (S,)."""
    speaks = np.zeros(automaton.num_classes, dtype=np.bool_)
    speaks[automaton.token_class.numpy()[vocabulary.is_text]] = True
    if not automaton.num_labels:
        return np.ones(automaton.num_states, dtype=np.bool_)
    heard = np.logical_or.reduceat(speaks[automaton.label_class.numpy()], automaton.label_ptr.numpy()[:-1])
    quiet = np.ones(automaton.num_states, dtype=np.bool_)
    quiet[automaton.edge_source.numpy()[heard[automaton.edge_label.numpy()]]] = False
    return quiet


def _told_apart(signature: NDArray[np.uint64], gain: Int64) -> NDArray[np.uint64]:
    """Signatures (E, 2) of token sets with gains: equal where both are."""
    values, index = np.unique(gain, return_inverse=True)
    keys = token_keys(len(values), _GAIN_SALT)
    return np.asarray(signature + keys[index.reshape(-1)])


def _classes(pair_of: Int32, label_of: Int32, pair: Int32, num_labels: int, num_pairs: int) -> dict[str, torch.Tensor]:
    """The tensors of labels and classes: pairs in exactly the same labels are one class."""
    class_of, count, _ = number_rows(sums_by(pair, token_keys(num_labels, _SALT), label_of, num_pairs))
    key = np.unique(label_of.astype(np.int64) * count + class_of[pair])
    token_class = class_of[pair_of]
    return {
        "label_ptr": _pointers(key // count, num_labels),
        "label_class": _tensor(key % count),
        "token_class": _tensor(token_class),
        "class_ptr": _pointers(token_class, count),
        "class_tokens": _tensor(grouped(token_class, count)[1]),
    }


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int32))


def _pointers(keys: NDArray[Any], count: int) -> torch.Tensor:
    ptr = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=count), out=ptr[1:])
    return torch.from_numpy(ptr)
