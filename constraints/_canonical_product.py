"""The product of a token automaton with a tokenizer's rules: paths that no text makes canonical are left out.

A state of the product is (state t, row, subset): which of the tokens that leave t may follow the last token within one
piece, and where in the pre-tokenizer the text may be. Only tokens of small labels are told apart. Behind a token of a
large label nothing is remembered; nor which token it was that led into free text (states that a large label leaves), or
from there to there. That leaves more in than is canonical, never less.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ._arrays import AutomatonArrays
from ._canonical_borders import DEAD, START
from ._canonical_rules import Rules
from ._errors import BudgetExceeded
from ._vocabulary import Vocabulary

__all__ = ["MAX_EDGES", "Edge", "Product"]

MAX_EDGES = 500_000
SMALL = 512  # tokens of a label up to which they are told apart
_FEW = 8  # tokens of a label with parts of characters up to which they are told apart: more are free text's
_MOST_PAIRS = 4_000_000  # of one label and what follows it

Int32 = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Edge:
    """From one state of the product to another by tokens, with the weight of their label."""

    source: int
    target: int
    weight: float
    tokens: Int32


@dataclass
class Product:
    """Built on construction.

    Attributes:
        edges: in order of their sources.
        state_of: of each state of the product, the automaton's.
        accepting: of each state of the product.
        loose: the rules were not followed everywhere (free text, parts of characters).
    """

    arrays: AutomatonArrays
    vocabulary: Vocabulary
    rules: Rules
    edges: list[Edge] = field(default_factory=list)
    state_of: list[int] = field(default_factory=list)
    accepting: list[bool] = field(default_factory=list)
    loose: bool = False

    def __post_init__(self) -> None:
        a = self.arrays
        self._edge_ptr, self._target, self._label = a.edge_ptr.tolist(), a.edge_target.tolist(), a.edge_label.tolist()
        self._ends = a.accepting.tolist()
        weight = a.label_weight
        self._weight = [0.0] * a.num_labels if weight is None else weight.tolist()
        self.label_tokens = _tokens_of_labels(a)
        self._silent = [not self.vocabulary.is_text[tokens[0]] for tokens in self.label_tokens]
        self._atoms: dict[int, tuple[int, ...] | None] = {}
        self._small = [
            len(tokens) <= SMALL and not silent and not (len(tokens) > _FEW and self._is_broken(tokens))
            for tokens, silent in zip(self.label_tokens, self._silent, strict=True)
        ]
        self._free = [
            any(not self._small[k] and not self._silent[k] for k in self._label[begin:end])
            for begin, end in itertools.pairwise(self._edge_ptr)
        ]
        self._numbers: dict[tuple[int, bytes | None, int], int] = {}
        self._keys: list[tuple[int, NDArray[np.bool_] | None, int]] = []
        self._follow: dict[tuple[int, tuple[int, ...]], NDArray[np.bool_] | None] = {}
        self._walks: dict[tuple[int, int, bool], Int32] = {}
        self._walk_memo: dict[tuple[int, tuple[int, ...], bool, bool], int] = {}
        self._onward: dict[tuple[int, int, int], Int32] = {}
        self._parted: dict[int, tuple[Int32, Int32]] = {}
        self._explore()

    def _explore(self) -> None:
        self._state(self.arrays.start, None, START)
        done = 0
        while done < len(self._keys):
            self._leave(done)
            if len(self.edges) > MAX_EDGES:
                raise BudgetExceeded(f"canonical tokens need more than {MAX_EDGES:,} edges; compile without")
            done += 1
        self.state_of = [key[0] for key in self._keys]
        self.accepting = [self._ends[state] and self._may_end(subset) for state, _, subset in self._keys]

    def _may_end(self, subset: int) -> bool:
        return subset == START or self.rules.borders.may_end(subset)

    def _state(self, state: int, row: NDArray[np.bool_] | None, subset: int) -> int:
        if row is not None and row.all():
            row = None
        key = (state, None if row is None else row.tobytes(), subset)
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append((state, row, subset))
        return self._numbers[key]

    def _leave(self, number: int) -> None:
        """The edges that leave one state of the product."""
        state, row, subset = self._keys[number]
        place = 0
        for e in range(self._edge_ptr[state], self._edge_ptr[state + 1]):
            label, target = self._label[e], self._target[e]
            tokens = self.label_tokens[label]
            if self._silent[label]:
                if self._may_end(subset):  # the end stays START, which may end as it is
                    self.edges.append(Edge(number, self._state(target, None, START), self._weight[label], tokens))
                continue
            if not self._small[label] or (self._free[state] and self._free[target]):
                place += len(tokens) if self._small[label] else 0
                self._leave_freely(number, label, target)
                continue
            own = None if row is None else row[place : place + len(tokens)]
            place += len(tokens)
            self._leave_by(number, subset, own, label, target)

    def _leave_freely(self, number: int, label: int, target: int) -> None:
        """By free text: whatever was before, nothing is known behind it, except behind added tokens."""
        self.loose = True
        tokens = self.label_tokens[label]
        added = self.rules.added[tokens]
        anywhere = self.rules.borders.anywhere
        weight = self._weight[label]
        if not added.any():
            self.edges.append(Edge(number, self._state(target, None, anywhere), weight, tokens))
            return
        parts = self._parted.setdefault(label, (tokens[added], tokens[~added]))
        for subset, part in zip((START, anywhere), parts, strict=True):
            if len(part):
                self.edges.append(Edge(number, self._state(target, None, subset), weight, part))

    def _leave_by(self, number: int, subset: int, row: NDArray[np.bool_] | None, label: int, target: int) -> None:
        tokens = self.label_tokens[label]
        behind = self._walk(subset, label, True)
        if row is not None:
            behind = np.where(row, behind, self._walk(subset, label, False))
        onward = np.full(len(tokens), -1, dtype=np.int32)
        for following in np.unique(behind):
            if following != DEAD:
                here = behind == following
                onward[here] = self._behind(label, target, int(following))[here]
        for following in np.unique(onward):
            if following >= 0:
                self.edges.append(Edge(number, int(following), self._weight[label], tokens[onward == following]))

    def _walk(self, subset: int, label: int, within: bool) -> Int32:
        """The subset behind each token of a label, `DEAD` where it can't stand; `within`: in a piece, too."""
        key = (subset, label, within)
        if key not in self._walks:
            found = [self._walk_token(subset, int(token), within) for token in self.label_tokens[label]]
            self._walks[key] = np.array(found, dtype=np.int32)
        return self._walks[key]

    def _walk_token(self, subset: int, token: int, within: bool) -> int:
        rules = self.rules
        if rules.added[token]:
            return START
        if not rules.alone[token] and not rules.whole:
            return DEAD
        atoms = self._atoms_of(token)
        if atoms is None:  # parts of characters
            self.loose = True
            starts_inside = self.vocabulary.data[self.vocabulary.offsets[token]] & 0xC0 == 0x80
            return rules.borders.anywhere if within or not starts_inside else DEAD
        key = (subset, atoms, within, True)
        if key not in self._walk_memo:
            self._walk_memo[key] = rules.borders.walk(subset, atoms, within=within, cut=True)
        return self._walk_memo[key]

    def _is_broken(self, tokens: Int32) -> bool:
        """Whether a token begins or ends inside a character."""
        return not self.rules.borders.trivial and any(self._atoms_of(int(token)) is None for token in tokens)

    def _atoms_of(self, token: int) -> tuple[int, ...] | None:
        if token not in self._atoms:
            spelled = self.vocabulary.token(token)
            borders = self.rules.borders
            try:
                self._atoms[token] = (0,) if borders.trivial else borders.atoms(spelled.decode())
            except UnicodeDecodeError:
                self._atoms[token] = None
        return self._atoms[token]

    def _behind(self, label: int, target: int, subset: int) -> Int32:
        """The state of the product behind each token of a label that leads to `target` and `subset`."""
        key = (label, target, subset)
        if key not in self._onward:
            rows = self._rows(label, target)
            size = len(self.label_tokens[label])
            if rows is None or subset == START:
                self._onward[key] = np.full(size, self._state(target, None, subset), dtype=np.int32)
            else:
                rows = rows | self._indifferent(target, subset)
                found = [self._state(target, row, subset) for row in rows]
                self._onward[key] = np.array(found, dtype=np.int32)
        return self._onward[key]

    def _followers(self, state: int) -> tuple[int, ...]:
        labels = self._label[self._edge_ptr[state] : self._edge_ptr[state + 1]]
        return tuple(label for label in labels if self._small[label])

    def _rows(self, label: int, target: int) -> NDArray[np.bool_] | None:
        """Which tokens of the small labels behind may follow each token of `label`; None: not looked at."""
        if self._free[target]:
            self.loose = True
            return None
        followers = self._followers(target)
        key = (label, followers)
        if key not in self._follow:
            before = self.label_tokens[label]
            after = np.concatenate([self.label_tokens[f] for f in followers]) if followers else before[:0]
            many = len(before) * len(after) > _MOST_PAIRS
            self.loose |= many
            self._follow[key] = None if many or not followers else self.rules.follow(before, after)
        return self._follow[key]

    def _indifferent(self, target: int, subset: int) -> NDArray[np.bool_]:
        """The tokens behind for which it is the same whether they may stand within the piece."""
        parts = [
            self._walk(subset, label, True) == self._walk(subset, label, False) for label in self._followers(target)
        ]
        return np.concatenate(parts)


def _tokens_of_labels(arrays: AutomatonArrays) -> list[Int32]:
    """The tokens of each label, ascending."""
    members, label_ptr = arrays.label_class.numpy(), arrays.label_ptr.tolist()
    tokens, ptr = arrays.class_tokens.numpy(), arrays.class_ptr.tolist()
    found: dict[bytes, Int32] = defaultdict()
    out = []
    for k in range(len(label_ptr) - 1):
        classes = members[label_ptr[k] : label_ptr[k + 1]]
        key = classes.tobytes()
        if key not in found:
            found[key] = np.sort(np.concatenate([tokens[ptr[c] : ptr[c + 1]] for c in classes]))
        out.append(found[key])
    return out
