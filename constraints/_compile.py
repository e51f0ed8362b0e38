"""From a byte automaton and a vocabulary to the automaton over tokens.

1. *Walk* the vocabulary's prefix tree from every byte state: the targets, and a signature of each token set T(s, s').
   With borders, go on from there as `_borders` says.
2. Add the canvas rules: an accepting state may stop; after the stop only stop and pad tokens follow.
3. *Trim* what can't be reached, or can't finish, by whole tokens.
4. *Labels*: number the distinct signatures. *Classes*: number the distinct sets of labels that tokens belong to.
5. With weights, lay the scorers beside the result (`_weigh`).

Knows byte states and token bytes; knows no model and no probabilities.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ._automaton import TokenAutomaton
from ._borders import Edges, Steps, steps_of, with_borders, with_leading_space
from ._characters import free_states, references
from ._compile_kernels import distances, label_members, number_rows, token_keys
from ._deadline import Deadline
from ._determinise_kernels import grouped
from ._dfa import Dfa
from ._errors import BudgetExceeded, InfeasibleConstraint
from ._expansion import compile_term, load_kernels
from ._terms import any_text
from ._vocabulary import Vocabulary
from ._walk_kernels import class_sums, walk
from ._walkable import Walkable, walkable
from ._weigh import weighed
from ._weights import Scorer, ngrams

__all__ = ["MAX_EDGES", "compile_dfa", "prepare"]

MAX_EDGES = 20_000_000
_PARALLEL_STATES = 2_000  # states from which threads pay
_CHUNK = 500  # least states of a thread's piece of work

Int32 = NDArray[np.int32]


def prepare(vocabulary: Vocabulary, *, weighted: bool = False) -> None:
    """What is made once for a vocabulary, or once at all, and counts for no deadline: its items, the kernels (those of
    languages with weights when asked for)."""
    walkable(vocabulary)
    _load_kernels(vocabulary)
    if weighted and not _loaded_weighted.is_set():
        text = compile_dfa(compile_term(any_text(), max_seconds=None), vocabulary)
        weighed(text, vocabulary, (ngrams({"a": 1.0}),), Deadline(None))
        _loaded_weighted.set()


_loaded, _loaded_weighted = threading.Event(), threading.Event()


def _load_kernels(vocabulary: Vocabulary) -> None:
    load_kernels()
    if not _loaded.is_set():
        with contextlib.suppress(InfeasibleConstraint):
            compile_dfa(compile_term(any_text(), max_seconds=None), vocabulary)
        _loaded.set()


def compile_dfa(
    dfa: Dfa,
    vocabulary: Vocabulary,
    *,
    verify: Callable[[str], bool] | None = None,
    weights: tuple[Scorer, ...] = (),
    borders: bool = False,
    deadline: Deadline | None = None,
) -> TokenAutomaton:
    """The automaton over whole canvases of `vocabulary` (design: 𝓛_L, text, one stop token, then stop or pad tokens).

    With `weights`, labels carry what these scorers gain. With `borders`, `dfa` is read with markers (`BORDER`) between
    tokens wherever it accepts them, and with none within a token.

    Raises:
        InfeasibleConstraint: if no token sequence spells a member.
        BudgetExceeded: if more than `MAX_EDGES` edges would be needed, or once the deadline has passed.
    """
    deadline = deadline or Deadline(None)
    steps = with_borders(dfa, deadline) if borders else steps_of(dfa)
    if vocabulary.drops_leading_space:
        steps = with_leading_space(steps)
    dfa = steps.dfa
    walker = _Walker(steps, vocabulary, deadline)
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
    automaton = _assemble(
        dfa, vocabulary, verify, accepting, keep, edges, label, num_labels, token_class, num_classes, members
    )
    return weighed(automaton, vocabulary, weights, deadline) if weights else automaton


def _number(signature: NDArray[np.uint64]) -> tuple[Int32, int, Int32]:
    """Label of each edge, how many labels, and the first edge of each."""
    number, count, first = number_rows(signature)
    return number - 1, count - 1, first[1:]  # no edge has the empty set, row 0


class _Walker:
    """The prefix-tree walk for one automaton and one vocabulary, spread over threads where it pays."""

    def __init__(self, steps: Steps, vocabulary: Vocabulary, deadline: Deadline) -> None:
        self._deadline = deadline
        self._steps = steps
        self.dfa = dfa = steps.dfa
        self.vocabulary = vocabulary
        self.prepared = walkable(vocabulary)
        self._read = _readable(dfa, self.prepared)
        self._bounds = (vocabulary.trie.max_length, self.prepared.doors.longest)

    def edges(self) -> Edges:
        states = self._steps.roots
        sums = self.prepared.item_sums
        stop = self._deadline.passed
        parts = self._spread(states, lambda chunk: walk(chunk, *self._read, sums, *self._bounds, MAX_EDGES, stop))
        self._deadline.check("walking the vocabulary")
        if any(ptr[-1] < 0 for _, (ptr, *_) in parts) or sum(len(part[1]) for _, part in parts) > MAX_EDGES:
            raise BudgetExceeded(
                f"the constraint needs more than {MAX_EDGES:,} token edges for {self.dfa.num_states:,} byte states; "
                "lower its lengths or repetition bounds"
            )
        source = np.concatenate([np.repeat(chunk, np.diff(ptr)) for chunk, (ptr, *_) in parts])
        self._walked = Edges(source, *(np.concatenate([part[i] for _, part in parts]) for i in (1, 2)))
        return self._steps.merged(self._walked)

    def classes(
        self, edges: Edges, label: Int32, num_labels: int, first_edge: Int32
    ) -> tuple[Int32, int, tuple[Int32, Int32]]:
        """(class of each token (V,), number of classes, (label, class) pairs of all memberships)."""
        size = self.vocabulary.size
        read_at = edges.select(np.isin(np.arange(len(label)), first_edge))
        read_label = label[np.sort(first_edge)]
        text = read_at.source < self.dfa.num_states
        text &= read_at.target < self.dfa.num_states
        source, target, text_label = self._steps.walked(read_at.select(text), read_label[text], self._walked)

        def in_chunk(states: Int32) -> tuple[Int32, NDArray[np.int64], Int32, Int32]:
            inside = np.isin(source, states)
            ptr = np.zeros(len(states) + 1, dtype=np.int64)
            np.cumsum(np.bincount(np.searchsorted(states, source[inside]), minlength=len(states)), out=ptr[1:])
            return states, ptr, target[inside], text_label[inside]

        def sums_of(chunk: Int32) -> NDArray[np.uint64]:
            sums = np.zeros((size, 2), dtype=np.uint64)
            items = self.prepared.item_ptr, self.prepared.item_tokens
            class_sums(*in_chunk(chunk), *self._read, *items, *self._bounds, sums, self._deadline.passed)
            return sums

        states = np.unique(source)
        signature = sum((part for _, part in self._spread(states, sums_of)), np.zeros((size, 2), dtype=np.uint64))
        self._deadline.check("finding the classes of tokens")
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
        self, read_at: Edges, read_label: Int32, chosen: NDArray[np.bool_]
    ) -> list[tuple[int, tuple[int, ...]]]:
        """The labels of stop and pad tokens: (label, token ids)."""
        stop, filler = self.vocabulary.stop_ids, _filler(self.vocabulary)
        end = self.dfa.num_states
        return [
            (int(label), filler if source == end else stop)
            for label, source in zip(read_label[chosen], read_at.source[chosen], strict=True)
        ]

    def _spread(self, states: Int32, work: Callable[[Int32], Any]) -> list[tuple[Int32, Any]]:
        """Run `work` on runs of the states, in order; in threads where it pays."""
        workers = os.cpu_count() or 1
        if workers == 1 or len(states) < _PARALLEL_STATES:
            return [(states, work(states))]
        chunks = np.array_split(states, min(8 * workers, len(states) // _CHUNK))
        with ThreadPoolExecutor(workers) as pool:
            return list(zip(chunks, pool.map(work, chunks), strict=True))


def _readable(dfa: Dfa, prepared: Walkable) -> tuple[tuple[Any, ...], ...]:
    """The arrays that the kernels read: of the automaton, of the prefix tree, of the doors."""
    free = free_states(dfa, prepared.doors.longest)
    trie, doors, behind = prepared.trie, prepared.doors, prepared.doors.behind
    known = references()
    node_column = dfa.byte_class[trie.byte]
    top = prepared.top
    root_ptr, order = grouped(node_column[top], dfa.table.shape[1])
    return (
        (dfa.table, free.place, free.following, free.reach, free.model),
        (node_column, trie.skip, trie.depth, trie.token_ptr, root_ptr, top[order]),
        (
            (
                doors.count, doors.of_node, doors.end_ptr, doors.end_steps, doors.end_path, doors.end_item,
                doors.quote_ptr, doors.quote_steps, doors.quote_node,
            ),
            (dfa.byte_class[known.path], known.path_length, int(dfa.byte_class[0x22])),
            (dfa.byte_class[behind.byte], behind.skip, behind.depth, behind.token_ptr, doors.behind_item),
        ),
    )  # fmt: skip


def _filler(vocabulary: Vocabulary) -> tuple[int, ...]:
    """What may stand after the first stop token."""
    return tuple(sorted({*vocabulary.stop_ids, *vocabulary.pad_ids}))


def _with_stop_edges(edges: Edges, dfa: Dfa, vocabulary: Vocabulary, keys: NDArray[np.uint64]) -> Edges:
    """Accepting states stop; END keeps itself. Without stop tokens a canvas is text to its last position."""
    if not vocabulary.stop_ids:
        return edges
    end = dfa.num_states
    stopping = np.flatnonzero(dfa.accepting).astype(np.int32)
    stop_signature = keys[list(vocabulary.stop_ids)].sum(axis=0, dtype=np.uint64)
    fill_signature = keys[list(_filler(vocabulary))].sum(axis=0, dtype=np.uint64)
    at = np.append(np.searchsorted(edges.source, stopping, side="right"), len(edges.source))  # END comes after all
    return Edges(
        np.insert(edges.source, at, np.append(stopping, np.int32(end))),
        np.insert(edges.target, at, np.int32(end)),
        np.insert(edges.signature, at, [*[stop_signature] * len(stopping), fill_signature], axis=0),
    )


def _useful(edges: Edges, start: int, accepting: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """States on a path from the start to acceptance, by whole tokens."""
    forward = distances(edges.source, edges.target, np.array([start]), len(accepting))
    backward = distances(edges.target, edges.source, np.flatnonzero(accepting), len(accepting))
    return np.asarray((forward >= 0) & (backward >= 0))


def _assemble(
    dfa: Dfa,
    vocabulary: Vocabulary,
    verify: Callable[[str], bool] | None,
    accepting: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    edges: Edges,
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
    least = distances(source, target, np.array([start]), num_states)[text_accepting]
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
        class_tokens=_tensor(grouped(token_class, num_classes)[1]),
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
