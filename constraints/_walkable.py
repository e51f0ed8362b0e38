"""A vocabulary made ready for the walk: prefix trees with the key sums of their tokens, and plain text apart.

*Plain* tokens are whole characters, none of them a control character, `"` or `\\`: most of every vocabulary, and alike
inside a string value, where only their number of characters counts. They are kept in groups by that number, so a state
that takes every plain character to one next state reads the groups and the small tree of the other tokens, and not the
whole tree.

Prepared once per vocabulary; knows no automaton.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._compile_kernels import node_sums, plain_lengths, token_keys
from ._trie import Trie, build_trie
from ._vocabulary import Vocabulary

__all__ = ["Tree", "Walkable", "walkable"]

_SALT = np.uint64(0x2545F4914F6CDD1D)


@dataclass(frozen=True)
class Tree:
    """A prefix tree (see `Trie`) and the sum of the keys of the tokens that end at each node: uint64 (N, 2)."""

    trie: Trie
    sums: NDArray[np.uint64]


@dataclass(frozen=True)
class Walkable:
    """What the walk reads.

    Attributes:
        keys: pseudo-random token keys, uint64 (V, 2).
        whole: the tree of all text tokens.
        rest: the tree of those that aren't plain.
        group_ptr: int32 (n + 2,), plain tokens of k characters are `group_tokens[group_ptr[k]:group_ptr[k + 1]]`.
        group_tokens: int32, ascending within a group.
        group_sums: uint64 (n + 1, 2), the sum of each group's keys.
    """

    keys: NDArray[np.uint64]
    whole: Tree
    rest: Tree
    group_ptr: NDArray[np.int32]
    group_tokens: NDArray[np.int32]
    group_sums: NDArray[np.uint64]


_lock = threading.Lock()
_prepared: weakref.WeakKeyDictionary[Vocabulary, Walkable] = weakref.WeakKeyDictionary()


def walkable(vocabulary: Vocabulary) -> Walkable:
    """The prepared form of a vocabulary; made at the first call and kept as long as the vocabulary lives."""
    with _lock:
        kept = _prepared.get(vocabulary)
        if kept is None:
            kept = _prepared[vocabulary] = _prepare(vocabulary)
    return kept


def _prepare(vocabulary: Vocabulary) -> Walkable:
    keys = token_keys(vocabulary.size, _SALT)
    lengths = plain_lengths(vocabulary.data, vocabulary.offsets)  # (V,), 0: not plain
    order = np.argsort(lengths, kind="stable").astype(np.int32)
    ptr = np.searchsorted(lengths[order], np.arange(lengths.max(initial=0) + 2)).astype(np.int32)
    sums = np.zeros((len(ptr) - 1, 2), dtype=np.uint64)
    np.add.at(sums, lengths, keys)
    others = np.flatnonzero(vocabulary.is_text & (lengths == 0))
    rest = build_trie(vocabulary.data, vocabulary.offsets, others)
    return Walkable(keys, _tree(vocabulary.trie, keys), _tree(rest, keys), ptr, order, sums)


def _tree(trie: Trie, keys: NDArray[np.uint64]) -> Tree:
    return Tree(trie, node_sums(trie.token_ptr, trie.tokens, keys))
