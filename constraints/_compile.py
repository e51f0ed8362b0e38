"""From a byte automaton and a vocabulary to the automaton over tokens.

1. *Walk* the vocabulary's prefix tree from every byte state: the targets, and a signature of each token set T(s, s').
2. Add the canvas rules: an accepting state may stop; after the stop only stop and pad tokens follow.
3. *Trim* what can't be reached, or can't finish, by whole tokens.
4. *Labels*: number the distinct signatures. *Classes*: number the distinct sets of labels that tokens belong to.

Knows byte states and token bytes; knows no model and no probabilities.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ._automaton import TokenAutomaton
from ._compile_kernels import class_signatures, label_members, number_rows, token_keys, walk
from ._dfa import Dfa
from ._errors import BudgetExceeded, InfeasibleConstraint
from ._plain import plain_steps
from ._vocabulary import Vocabulary
from ._walkable import Tree, walkable

__all__ = ["MAX_EDGES", "compile_dfa"]

MAX_EDGES = 20_000_000
_PARALLEL_WORK = 2_000_000  # states x trie nodes from which threads pay

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class _Edges:
    """Token edges in order of (source, target), each with the signature of its token set: uint64 (E, 2)."""

    source: Int32
    target: Int32
    signature: NDArray[np.uint64]

    def select(self, keep: NDArray[np.bool_]) -> _Edges:
        return _Edges(self.source[keep], self.target[keep], self.signature[keep])


def compile_dfa(dfa: Dfa, vocabulary: Vocabulary, *, verify: Callable[[str], bool] | None = None) -> TokenAutomaton:
    """The automaton over whole canvases of `vocabulary` (design: 𝓛_L, text, one stop token, then stop or pad tokens).

    Raises:
        InfeasibleConstraint: if no token sequence spells a member.
        BudgetExceeded: if more than `MAX_EDGES` edges would be needed.
    """
    if vocabulary.drops_leading_space:
        dfa = _with_leading_space(dfa)
    walker = _Walker(dfa, vocabulary)
    edges = walker.edges()
    accepting = np.append(dfa.accepting, bool(vocabulary.stop_ids))  # the last state is END
    keys = walker.prepared.keys
    edges = _with_stop_edges(edges, dfa, vocabulary, keys)
    keep = _useful(edges, dfa.start, accepting)
    if not keep[dfa.start]:
        raise InfeasibleConstraint(
            "the language is not empty, but no sequence of this vocabulary's tokens spells a member"
        )
    edges = edges.select(keep[edges.source] & keep[edges.target])
    label, num_labels, first_edge = _number(edges.signature)
    token_class, num_classes, members = walker.classes(edges, label, num_labels, first_edge)
    return _assemble(
        dfa, vocabulary, verify, accepting, keep, edges, label, num_labels, token_class, num_classes, members
    )


def _number(signature: NDArray[np.uint64]) -> tuple[Int32, int, Int32]:
    """Label of each edge, how many labels, and the first edge of each."""
    number, count, first = number_rows(signature)
    return number - 1, count - 1, first[1:]  # no edge has the empty set, row 0


class _Walker:
    """The prefix-tree walk for one automaton and one vocabulary, spread over threads where it pays."""

    def __init__(self, dfa: Dfa, vocabulary: Vocabulary) -> None:
        self.dfa = dfa
        self.vocabulary = vocabulary
        self.prepared = walkable(vocabulary)
        trees = (self._tree(tree) for tree in (self.prepared.whole, self.prepared.rest))
        self._read = (dfa.table, plain_steps(dfa), *trees, self.prepared.group_ptr)
        self._max_length = vocabulary.trie.max_length

    def _tree(self, tree: Tree) -> tuple[NDArray[Any], ...]:
        trie = tree.trie
        return self.dfa.byte_class[trie.byte], trie.skip, trie.depth, trie.token_ptr, trie.tokens, tree.sums

    def edges(self) -> _Edges:
        states = np.arange(self.dfa.num_states, dtype=np.int32)
        parts = self._spread(
            states, lambda chunk: walk(chunk, *self._read, self.prepared.group_sums, self._max_length, MAX_EDGES)
        )
        if any(ptr[-1] < 0 for _, (ptr, *_) in parts) or sum(len(part[1]) for _, part in parts) > MAX_EDGES:
            raise BudgetExceeded(
                f"the constraint needs more than {MAX_EDGES:,} token edges for {self.dfa.num_states:,} byte states; "
                "lower its lengths or repetition bounds"
            )
        source = np.concatenate([np.repeat(chunk, np.diff(ptr)) for chunk, (ptr, *_) in parts])
        order = np.argsort(source, kind="stable")
        target, signature = (np.concatenate([part[i] for _, part in parts])[order] for i in (1, 2))
        return _Edges(source[order].astype(np.int32), target, signature)

    def classes(
        self, edges: _Edges, label: Int32, num_labels: int, first_edge: Int32
    ) -> tuple[Int32, int, tuple[Int32, Int32]]:
        """(class of each token (V,), number of classes, (label, class) pairs of all memberships)."""
        size = self.vocabulary.size
        read_at = edges.select(np.isin(np.arange(len(label)), first_edge))
        read_label = label[np.sort(first_edge)]
        text = read_at.source < self.dfa.num_states
        text &= read_at.target < self.dfa.num_states
        source, target, text_label = read_at.source[text], read_at.target[text], read_label[text]

        def in_chunk(states: Int32) -> tuple[Int32, NDArray[np.int64], Int32, Int32]:
            inside = np.isin(source, states)
            ptr = np.zeros(len(states) + 1, dtype=np.int64)
            np.cumsum(np.bincount(np.searchsorted(states, source[inside]), minlength=len(states)), out=ptr[1:])
            return states, ptr, target[inside], text_label[inside]

        states = np.unique(source)
        parts = self._spread(
            states,
            lambda chunk: class_signatures(
                *in_chunk(chunk), *self._read, self.prepared.group_tokens, self._max_length, size
            ),
        )
        signature = np.zeros((size, 2), dtype=np.uint64)
        for _, part in parts:
            signature += part
        silent = self._silent_labels(read_at, read_label, ~text)
        for name, ids in silent:
            signature[list(ids)] += token_keys(num_labels + 1, np.uint64(7919))[name]
        token_class, num_classes, first = number_rows(signature)
        representative = np.where(self.vocabulary.is_text[first], first, -1).astype(np.int32)
        representative[0] = -1
        pairs = label_members(
            *in_chunk(states), self.dfa.table, self.dfa.byte_class,
            self.vocabulary.data, self.vocabulary.offsets, representative,
        )  # fmt: skip
        extra = [(name, int(c)) for name, ids in silent for c in np.unique(token_class[list(ids)])]
        more = np.array(extra, dtype=np.int32).reshape(-1, 2)
        return token_class, num_classes, (np.append(pairs[0], more[:, 0]), np.append(pairs[1], more[:, 1]))

    def _silent_labels(
        self, read_at: _Edges, read_label: Int32, chosen: NDArray[np.bool_]
    ) -> list[tuple[int, tuple[int, ...]]]:
        """The labels of stop and pad tokens: (label, token ids)."""
        stop, filler = self.vocabulary.stop_ids, _filler(self.vocabulary)
        end = self.dfa.num_states
        return [
            (int(label), filler if source == end else stop)
            for label, source in zip(read_label[chosen], read_at.source[chosen], strict=True)
        ]

    def _spread(self, states: Int32, work: Callable[[Int32], Any]) -> list[tuple[Int32, Any]]:
        """Run `work` on interleaved chunks of the states (neighbours cost alike), in threads where it pays."""
        workers = os.cpu_count() or 1
        if workers == 1 or len(states) * self.vocabulary.trie.num_nodes < _PARALLEL_WORK:
            return [(states, work(states))]
        chunks = [states[i :: 4 * workers] for i in range(min(4 * workers, len(states)))]
        with ThreadPoolExecutor(workers) as pool:
            return list(zip(chunks, pool.map(work, chunks), strict=True))


def _with_leading_space(dfa: Dfa) -> Dfa:
    """The tokens' bytes of vocabularies whose text is the bytes less one leading space: one space may come first."""
    space = dfa.byte_class[0x20]
    byte_class = dfa.byte_class.copy()
    table = dfa.table
    if (dfa.byte_class == space).sum() > 1:  # the space needs a column of its own
        byte_class[0x20] = table.shape[1]
        table = np.concatenate([table, table[:, space : space + 1]], axis=1)
    first = table[dfa.start].copy()
    first[byte_class[0x20]] = dfa.start
    table = np.ascontiguousarray(np.concatenate([table, first[None]]), dtype=np.int32)
    accepting = np.append(dfa.accepting, dfa.accepting[dfa.start])
    return Dfa(table, byte_class, len(table) - 1, accepting, dfa.max_depth)


def _filler(vocabulary: Vocabulary) -> tuple[int, ...]:
    """What may stand after the first stop token."""
    return tuple(sorted({*vocabulary.stop_ids, *vocabulary.pad_ids}))


def _with_stop_edges(edges: _Edges, dfa: Dfa, vocabulary: Vocabulary, keys: NDArray[np.uint64]) -> _Edges:
    """Accepting states stop; END keeps itself. Without stop tokens a canvas is text to its last position."""
    if not vocabulary.stop_ids:
        return edges
    end = dfa.num_states
    stopping = np.flatnonzero(dfa.accepting).astype(np.int32)
    stop_signature = keys[list(vocabulary.stop_ids)].sum(axis=0, dtype=np.uint64)
    fill_signature = keys[list(_filler(vocabulary))].sum(axis=0, dtype=np.uint64)
    source = np.concatenate([edges.source, stopping, [end]]).astype(np.int32)
    target = np.concatenate([edges.target, np.full(len(stopping) + 1, end)]).astype(np.int32)
    signature = np.concatenate([edges.signature, np.tile(stop_signature, (len(stopping), 1)), fill_signature[None]])
    order = np.lexsort((target, source))
    return _Edges(source[order], target[order], signature[order])


def _useful(edges: _Edges, start: int, accepting: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """States on a path from the start to acceptance, by whole tokens."""
    forward = _distance(edges.source, edges.target, np.array([start]), len(accepting))
    backward = _distance(edges.target, edges.source, np.flatnonzero(accepting), len(accepting))
    return (forward >= 0) & (backward >= 0)


def _distance(source: Int32, target: Int32, roots: NDArray[Any], num_states: int) -> Int32:
    """Least number of edges from any root; −1 where there is no path."""
    order = np.argsort(source, kind="stable")
    following = target[order]
    ptr = np.searchsorted(source[order], np.arange(num_states + 1))
    distance = np.full(num_states, -1, dtype=np.int32)
    distance[roots] = 0
    frontier = np.asarray(roots)
    steps = 0
    while len(frontier):
        steps += 1
        sizes = ptr[frontier + 1] - ptr[frontier]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        reached = np.unique(following[np.repeat(ptr[frontier], sizes) + within])
        frontier = reached[distance[reached] < 0]
        distance[frontier] = steps
    return distance


def _assemble(
    dfa: Dfa,
    vocabulary: Vocabulary,
    verify: Callable[[str], bool] | None,
    accepting: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    edges: _Edges,
    label: Int32,
    num_labels: int,
    token_class: Int32,
    num_classes: int,
    members: tuple[Int32, Int32],
) -> TokenAutomaton:
    renumbered = (np.cumsum(keep) - 1).astype(np.int32)
    num_states = int(keep.sum())
    source, target = renumbered[edges.source], renumbered[edges.target]
    start = int(renumbered[dfa.start])
    text_accepting = np.append(dfa.accepting, False)[keep]
    least = _distance(source, target, np.array([start]), num_states)[text_accepting]
    member_order = np.lexsort((members[1], members[0]))
    return TokenAutomaton(
        vocab_size=vocabulary.size,
        num_states=num_states,
        start=start,
        min_tokens=int(least[least >= 0].min()),
        accepting=torch.from_numpy(accepting[keep]),
        edge_ptr=_pointers(source, num_states),
        edge_source=_tensor(source),
        edge_label=_tensor(label),
        edge_target=_tensor(target),
        label_ptr=_pointers(members[0], num_labels),
        label_class=_tensor(members[1][member_order]),
        token_class=_tensor(token_class),
        class_ptr=_pointers(token_class, num_classes),
        class_tokens=_tensor(np.argsort(token_class, kind="stable")),
        fingerprint=vocabulary.fingerprint,
        vocabulary=vocabulary,
        verify=verify,
        verified=verify is not None,
        byte_states=dfa.num_states,
        max_depth=dfa.max_depth,
    )


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int32))


def _pointers(keys: Int32, count: int) -> torch.Tensor:
    ptr = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=count), out=ptr[1:])
    return torch.from_numpy(ptr)


