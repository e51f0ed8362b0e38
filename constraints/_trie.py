"""The byte strings of a vocabulary as a flat prefix tree.

Knows: byte strings and the ids that spell them. Does not know: tokenizers, languages, automata.

The tree is laid out in depth-first preorder, children in ascending byte order, as plain numpy arrays, so
that a compiled walk can follow it and jump over a whole subtree as soon as the language forbids a byte::

    i = 0
    while i < len(byte):
        target = delta[stack[depth[i]], byte[i]]
        if target < 0:
            i = skip[i]                       # nothing below this node can be in the language
            continue
        stack[depth[i] + 1] = target
        visit(tokens[token_ptr[i]:token_ptr[i + 1]], target)
        i += 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ._errors import VocabularyError

__all__ = ["LONGEST_TOKEN", "Trie", "build_trie"]

LONGEST_TOKEN = 32_000
"""Longest token in bytes: depths are int16."""

_Array = TypeVar("_Array", bound=npt.NDArray[Any])

_CHUNK = 8  # bytes compared at once while sorting: one big-endian 64-bit word


@dataclass(frozen=True, eq=False)
class Trie:
    """Prefix tree in depth-first preorder; the root is implicit, nodes of depth 0 hold first bytes.

    Attributes:
        byte: uint8 (N,), the byte on the way into the node.
        skip: int32 (N,), index of the first node after the node's subtree (N at the end).
        depth: int16 (N,), number of bytes before ``byte`` on the path, so 0 for a first byte.
        token_ptr: int32 (N + 1,), ``tokens[token_ptr[i]:token_ptr[i + 1]]`` end at node ``i``.
        tokens: int32 (T,), token ids; ids that spell the same bytes share a node, ascending.
    """

    byte: npt.NDArray[np.uint8]
    skip: npt.NDArray[np.int32]
    depth: npt.NDArray[np.int16]
    token_ptr: npt.NDArray[np.int32]
    tokens: npt.NDArray[np.int32]

    @property
    def num_nodes(self) -> int:
        """N, the number of nodes."""
        return int(self.byte.shape[0])

    @property
    def max_length(self) -> int:
        """Length in bytes of the longest token: a walk needs a stack of ``max_length + 1`` states."""
        return int(self.depth.max()) + 1 if self.num_nodes else 0


def build_trie(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], ids: npt.NDArray[np.int64]
) -> Trie:
    """Build the tree of the tokens ``ids``; token ``v`` spells ``data[offsets[v]:offsets[v + 1]]``.

    Tokens without bytes must not be among ``ids``.
    Raises VocabularyError for a token longer than LONGEST_TOKEN.
    """
    start = offsets[ids]
    length = offsets[ids + 1] - start
    if ids.size and int(length.max()) > LONGEST_TOKEN:
        longest = int(ids[int(length.argmax())])
        raise VocabularyError(
            f"token {longest} is {int(length.max())} bytes long, the limit is {LONGEST_TOKEN}: "
            "leave it out of the text tokens"
        )
    order = _sort_byte_strings(data, start, length)
    start, length, ids = start[order], length[order], ids[order]
    shared = _shared_prefix_lengths(data, start, length)
    fresh = length - shared  # (T,) nodes that each string adds; 0 where the same bytes came before
    last = np.cumsum(fresh)  # (T,) one past the node at which the string ends
    total = int(last[-1]) if ids.size else 0
    within = np.arange(total) - np.repeat(last - fresh, fresh)  # (N,) place among the nodes of its string
    depth = within + np.repeat(shared, fresh)
    byte = data[np.repeat(start, fresh) + depth]
    token_ptr = np.zeros(total + 1, dtype=np.int32)
    np.cumsum(np.bincount(last - 1, minlength=total)[:total], out=token_ptr[1:])
    return Trie(
        byte=_frozen(byte.astype(np.uint8)),
        skip=_frozen(_subtree_ends(depth)),
        depth=_frozen(depth.astype(np.int16)),
        token_ptr=_frozen(token_ptr),
        tokens=_frozen(ids.astype(np.int32)),
    )


def _frozen(array: _Array) -> _Array:
    array.setflags(write=False)
    return array


def _words(
    data: npt.NDArray[np.uint8],
    start: npt.NDArray[np.int64],
    length: npt.NDArray[np.int64],
    at: int,
) -> npt.NDArray[np.uint64]:
    """Bytes ``at .. at + 8`` of each string as one big-endian number, zeros behind the end."""
    word = np.zeros(start.shape, dtype=np.uint64)
    for k in range(at, at + _CHUNK):
        word <<= np.uint64(8)
        inside = np.flatnonzero(length > k)
        word[inside] |= data[start[inside] + k]
    return word


def _sort_byte_strings(
    data: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], length: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Order of the strings as bytes compare, equal ones in the given order.

    Eight bytes at a time; only strings that are still tied go on. Zero padding keeps the order: a prefix
    sorts before its extension except where the extension is all zeros, and there the length decides.
    """
    count = start.shape[0]
    order = np.arange(count)
    place = np.zeros(count, dtype=np.int64)  # (T,) rank of the group that the string is in
    active = np.arange(count)
    at = 0
    while active.size:
        word = _words(data, start[active], length[active], at)
        at += _CHUNK
        finished = length[active] <= at  # ends inside this word: then, among equals, short before long
        tie = np.where(finished, length[active], at + 1)
        by = np.lexsort((tie, word, place[active]))
        word, tie, group = word[by], tie[by], place[active][by]
        slots = np.sort(place[active], kind="stable") + _position_in_run(group)
        order[slots] = active[by]
        new_run = np.ones(by.size, dtype=bool)
        new_run[1:] = (group[1:] != group[:-1]) | (word[1:] != word[:-1]) | (tie[1:] != tie[:-1])
        head = np.maximum.accumulate(np.where(new_run, np.arange(by.size), 0))
        place[active[by]] = slots[head]
        run = np.cumsum(new_run) - 1
        going = (np.bincount(run)[run] > 1) & ~finished[by]
        active = active[by][going]
    return order


def _position_in_run(sorted_values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0, 1, 2, … within each run of equal values."""
    index = np.arange(sorted_values.size)
    new_run = np.ones(sorted_values.size, dtype=bool)
    new_run[1:] = sorted_values[1:] != sorted_values[:-1]
    return index - np.maximum.accumulate(np.where(new_run, index, 0))


def _shared_prefix_lengths(
    data: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], length: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Length of the common prefix of each string with the one before it; 0 for the first."""
    shared = np.zeros(start.shape, dtype=np.int64)
    limit = np.minimum(length[1:], length[:-1])
    alive = np.arange(1, start.shape[0])
    depth = 0
    while alive.size:
        alive = alive[limit[alive - 1] > depth]
        alive = alive[data[start[alive] + depth] == data[start[alive - 1] + depth]]
        depth += 1
        shared[alive] = depth
    return shared


def _subtree_ends(depth: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """For nodes in preorder: index of the first later node that is not deeper."""
    count = depth.shape[0]
    by_depth = np.argsort(depth, kind="stable")
    bounds = np.searchsorted(depth[by_depth], np.arange(int(depth.max()) + 2 if count else 1))
    levels = [by_depth[bounds[d] : bounds[d + 1]] for d in range(bounds.size - 1)]
    size = np.ones(count, dtype=np.int64)
    for d in range(len(levels) - 1, 0, -1):
        parent = levels[d - 1][np.searchsorted(levels[d - 1], levels[d]) - 1]
        np.add.at(size, parent, size[levels[d]])
    return (np.arange(count) + size).astype(np.int32)
