r"""A vocabulary made ready for the walk: its tokens as *items*, sets of tokens that the walk visits at once.

* Each node of the prefix tree is an item: the tokens that end there.
* In free text (see `_characters`) a token is known by its *outcome*: the characters it completes, then the place within
  a character that it ends at, or what it says behind the closing quote. Tokens of one outcome are one item, and what
  stands behind quotes is a prefix tree of its own, small, since `",` and `.",` are one there.

Outcomes are kept per *door*: where a token enters free text. It may begin there, at one of the places, or enter by a
node of the prefix tree whose byte is a quote. Every door is kept twice: with all counts of characters, and for endless
text, where only whether a character was completed counts.

Prepared once per vocabulary; knows no automaton but the reference ones.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._characters import references
from ._compile_kernels import item_sums, token_keys
from ._outcome_kernels import outcomes
from ._trie import Trie, build_trie
from ._vocabulary import Vocabulary

__all__ = ["Doors", "Walkable", "walkable"]

_SALT = np.uint64(0x2545F4914F6CDD1D)
_QUOTE = 0x22
_LARGE = 16  # nodes below a quote from which it is a door
_HEAD = 4  # bytes before what follows a quote: door and count, two bytes each

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Doors:
    """The outcomes of every door; door d of `count` has its endless form at `count + d`.

    Attributes:
        count: number of doors; the first are the places, each as its own door.
        of_node: int32 (N,), the door that a node of the prefix tree is, −1 for most.
        end_ptr: int32 (2 * count + 1,), the outcomes without a closing quote of each door, by characters ascending.
        end_steps, end_path, end_item: int32: characters completed, path within the next (`References.path`), item.
        quote_ptr: int32 (2 * count + 1,), the outcomes with one, by characters before it, ascending.
        quote_steps, quote_node: int32: these characters, and the root in `behind` of what follows the quote.
        behind: the tree of what follows, under `_HEAD` bytes; its first item is `behind_item`.
        longest: most characters that a token completes.
    """

    count: int
    of_node: Int32
    end_ptr: Int32
    end_steps: Int32
    end_path: Int32
    end_item: Int32
    quote_ptr: Int32
    quote_steps: Int32
    quote_node: Int32
    behind: Trie
    behind_item: int
    longest: int


@dataclass(frozen=True)
class Walkable:
    """What the walk reads.

    Attributes:
        keys: pseudo-random token keys, uint64 (V, 2).
        trie: the prefix tree of all text tokens.
        top: int32, its nodes without a parent.
        doors: where tokens enter free text.
        item_ptr, item_tokens: the tokens of item i are `item_tokens[item_ptr[i]:item_ptr[i + 1]]`. First the nodes
            of `trie`, then those of `doors.behind`, then the outcomes without a quote.
        item_sums: uint64 (items, 2), the sum of the keys of each item's tokens.
    """

    keys: NDArray[np.uint64]
    trie: Trie
    top: Int32
    doors: Doors
    item_ptr: Int32
    item_tokens: Int32
    item_sums: NDArray[np.uint64]


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
    trie = vocabulary.trie
    places = references().num_places
    large = np.flatnonzero((trie.byte == _QUOTE) & (trie.skip - np.arange(trie.num_nodes) > _LARGE))
    count = places + len(large)
    of_node = np.full(trie.num_nodes, -1, dtype=np.int32)
    of_node[large] = np.arange(places, count)
    found = _all_outcomes(trie, large)
    longest = int(found[2].max(initial=0))

    door, token, steps, place, cut = (np.concatenate([column, column]) for column in found)
    endless = np.arange(len(door)) >= len(door) // 2
    start = np.where(door < places, door, 0)
    steps[endless] = np.minimum(steps, 1)[endless]
    door[endless] += count

    open_ = place >= 0
    ends = _ends(door[open_], steps[open_], start[open_], place[open_], token[open_])
    quotes = (array[~open_] for array in (door, steps, token, cut))
    behind, behind_tokens, quote_door, quote_steps, quote_node = _behind(vocabulary, *quotes)
    first = trie.num_nodes + behind.num_nodes
    end_door, end_steps, end_path, end_size, end_tokens = ends
    doors = Doors(
        count, of_node,
        _pointers(end_door, 2 * count), end_steps, end_path, first + np.arange(len(end_door), dtype=np.int32),
        _pointers(quote_door, 2 * count), quote_steps, quote_node, behind, trie.num_nodes, longest,
    )  # fmt: skip
    sizes = np.concatenate([np.diff(trie.token_ptr), np.diff(behind.token_ptr), end_size])
    item_ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    item_tokens = np.concatenate([trie.tokens, behind_tokens, end_tokens]).astype(np.int32)
    keys = token_keys(vocabulary.size, _SALT)
    top = np.flatnonzero(trie.depth == 0).astype(np.int32)
    return Walkable(keys, trie, top, doors, item_ptr, item_tokens, item_sums(item_ptr, item_tokens, keys))


def _all_outcomes(trie: Trie, large: NDArray[np.intp]) -> tuple[NDArray[np.int64], ...]:
    """(door, token, characters completed, place or −1 behind a quote, bytes up to that quote) of every entrance."""
    known = references()
    entrances = [(place, 0, trie.num_nodes, 0) for place in range(known.num_places)]
    entrances += [(0, node + 1, trie.skip[node], trie.depth[node] + 1) for node in large.tolist()]
    columns = []
    for door, (place, first, past, depth) in enumerate(entrances):
        found = outcomes(
            trie.byte, trie.skip, trie.depth, trie.token_ptr, trie.tokens, known.step, known.body,
            place, int(first), int(past), int(depth), trie.max_length,
        )  # fmt: skip
        columns.append(np.concatenate([np.full((1, found.shape[1]), door), found]))
    return tuple(np.concatenate(columns, axis=1))


def _ends(
    door: NDArray[np.int64],
    steps: NDArray[np.int64],
    start: NDArray[np.int64],
    place: NDArray[np.int64],
    token: NDArray[np.int64],
) -> tuple[Int32, Int32, Int32, Int32, Int32]:
    """Outcomes without a quote, grouped: (door, steps, path, number of tokens, all their tokens)."""
    known = references()
    begin = np.where(steps > 0, known.body[start], start)  # where the path within the last character begins
    path = begin * known.num_places + place
    order = np.lexsort((token, path, steps, door))
    columns = np.stack([door, steps, path])[:, order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (columns[:, 1:] != columns[:, :-1]).any(axis=0)
    first = np.flatnonzero(fresh)
    size = np.diff(np.append(first, len(order)))
    grouped = columns[:, first].astype(np.int32)
    return grouped[0], grouped[1], grouped[2], size.astype(np.int32), token[order].astype(np.int32)


def _behind(
    vocabulary: Vocabulary,
    door: NDArray[np.int64],
    steps: NDArray[np.int64],
    token: NDArray[np.int64],
    cut: NDArray[np.int64],
) -> tuple[Trie, Int32, Int32, Int32, Int32]:
    """The tree of what follows closing quotes, its tokens, and (door, steps, root) of each of its parts."""
    begin = vocabulary.offsets[token] + cut
    length = vocabulary.offsets[token + 1] - begin
    offsets = np.concatenate([[0], np.cumsum(length + _HEAD)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], length + _HEAD)
    source = np.repeat(begin, length + _HEAD) + within - _HEAD
    data = vocabulary.data[np.maximum(source, 0)].copy() if len(door) else np.empty(0, np.uint8)
    for i, column in enumerate((door >> 8, door & 255, steps >> 8, steps & 255)):
        data[offsets[:-1] + i] = column
    trie = build_trie(data, offsets, np.arange(len(door)))
    root = np.flatnonzero(trie.depth == _HEAD - 1).astype(np.int32)
    member = trie.tokens[trie.token_ptr[root]] if len(root) else np.empty(0, np.int64)  # tokens come in preorder
    return (
        trie,
        token[trie.tokens].astype(np.int32),
        door[member].astype(np.int32),
        steps[member].astype(np.int32),
        root,
    )


def _pointers(keys: NDArray[np.integer], count: int) -> Int32:
    return np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=count))]).astype(np.int32)
