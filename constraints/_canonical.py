"""Canonical tokens: of all sequences that spell a member, the one that the tokenizer itself would give.

    canvas in the language  ⇔  text tokens = encode(decode(text tokens)), then stop and pad tokens as ever

What the tokenizer's rules exclude (`_canonical_rules`) is not in the automaton; the tokenizer judges what is left
(`CanonicalAutomaton.is_canonical`). Literals, keys and numbers come out exact, as single paths where the text
is forced; free text comes out as a superset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ._automaton import TokenAutomaton
from ._canonical_kernels import blocks_of
from ._canonical_product import Edge, Product
from ._canonical_rules import NoRules, Rules, read_rules
from ._compile_kernels import distances, number_rows, token_keys
from ._determinise_kernels import grouped
from ._errors import InfeasibleConstraint, VocabularyError
from ._tokenizer_source import TokenizerSource, open_source
from ._vocabulary import Vocabulary

__all__ = ["CanonicalAutomaton", "Segmenter", "canonical"]


class Segmenter:
    """A tokenizer as a judge of segmentations: made once, used for many constraints.

    Attributes:
        why_no_rules: why nothing can be excluded beforehand (then every candidate is left to the judge), or None.
    """

    why_no_rules: str | None

    def __init__(self, source: TokenizerSource) -> None:
        self._source = source
        self._encode = source.encoder()
        self._rules: dict[int, Rules] = {}
        self.why_no_rules = None

    @classmethod
    def of(cls, tokenizer: Any) -> Segmenter:
        """From what `Vocabulary.from_tokenizer` takes, or a segmenter itself.

        Raises:
            VocabularyError: if it is no tokenizer.
        """
        return tokenizer if isinstance(tokenizer, Segmenter) else cls(open_source(tokenizer))

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, without special ones."""
        return self._encode(text)

    def is_canonical(self, token_ids: Sequence[int], vocabulary: Vocabulary) -> bool:
        """Whether the tokens before the first stop token are what the tokenizer gives for their text."""
        stop = set(vocabulary.stop_ids)
        ids = [int(token) for token in token_ids]
        ids = ids[: next((i for i, token in enumerate(ids) if token in stop), len(ids))]
        try:
            return self.encode(vocabulary.decode(ids).decode()) == ids
        except (VocabularyError, UnicodeDecodeError):
            return False

    def rules(self, size: int) -> Rules | None:
        """What can be excluded beforehand for a vocabulary of `size` ids; None: nothing (see `why_no_rules`)."""
        if size not in self._rules and self.why_no_rules is None:
            try:
                self._rules[size] = read_rules(self._spec, size)
            except NoRules as reason:
                self.why_no_rules = str(reason)
        return self._rules.get(size)

    @cached_property
    def _spec(self) -> dict[str, Any]:
        return self._source.parse()


@dataclass(frozen=True, eq=False, repr=False)
class CanonicalAutomaton(TokenAutomaton):
    """A token automaton of canonical canvases.

    Attributes:
        segmenter: the judge; None after loading.
        segmentation: "exact" if every canvas of the automaton is canonical, "checked" if `is_canonical` must agree.
    """

    segmenter: Segmenter | None = field(default=None)
    segmentation: str = field(default="checked")

    def is_canonical(self, token_ids: Sequence[int] | Tensor) -> bool:
        """Whether the tokenizer would give these text tokens."""
        if self.segmenter is None or self.vocabulary is None:
            raise VocabularyError("the tokenizer's judgement needs the segmenter and the vocabulary")
        return self.segmenter.is_canonical([int(token) for token in token_ids], self.vocabulary)

    def accepts(self, token_ids: Sequence[int] | Tensor) -> bool:
        """As `TokenAutomaton.accepts`; and the segmentation must be the tokenizer's."""
        ruled = self.segmentation == "exact" and self.member is None  # what nests deeper is in no automaton
        return super().accepts(token_ids) and (ruled or self.is_canonical(token_ids))


def canonical(automaton: TokenAutomaton, vocabulary: Vocabulary, tokenizer: Any) -> CanonicalAutomaton:
    """The canonical canvases of a finished automaton.

    Args:
        automaton: compiled for `vocabulary`.
        tokenizer: what the vocabulary was read from, or a `Segmenter` made of it.

    Raises:
        InfeasibleConstraint: if no member has a canonical segmentation.
        BudgetExceeded: if the product with the rules is too large.
    """
    segmenter = Segmenter.of(tokenizer)
    rules = segmenter.rules(vocabulary.size)
    own = {f.name: getattr(automaton, f.name) for f in fields(TokenAutomaton)}
    if rules is None:
        return CanonicalAutomaton(**own, segmenter=segmenter)
    product = Product(automaton, vocabulary, rules)
    layout = _Layout(automaton, product)
    own.update(layout.arrays())
    exact = not product.loose and rules.complete and _plain(layout.kept, vocabulary, rules)
    return CanonicalAutomaton(**own, segmenter=segmenter, segmentation="exact" if exact else "checked")


def _plain(edges: list[Edge], vocabulary: Vocabulary, rules: Rules) -> bool:
    """Whether the texts are ASCII and none can hold an added token: the rules are the whole truth then."""
    tokens = np.unique(np.concatenate([edge.tokens for edge in edges]))
    spelled = {byte for token in tokens if vocabulary.is_text[token] for byte in vocabulary.token(int(token))}
    return max(spelled, default=0) < 0x80 and all(set(content) - spelled for content in rules.added_contents)


class _Layout:
    """From the product's edges to flat tensors: trimmed, minimal, with labels and classes numbered."""

    def __init__(self, automaton: TokenAutomaton, product: Product) -> None:
        self._automaton = automaton
        self._product = product
        self._keys = token_keys(automaton.vocab_size, np.uint64(0xC0FFEE))
        self.kept: list[Edge] = []

    def arrays(self) -> dict[str, Any]:
        """The fields of `AutomatonArrays` that change."""
        product, size = self._product, self._automaton.vocab_size
        accepting = np.array(product.accepting)
        useful = self._useful(product.edges, accepting)
        if not useful[0]:
            raise InfeasibleConstraint("no member is spelled by the tokens that the tokenizer would give for it")
        self.kept = [e for e in product.edges if useful[e.source] and useful[e.target]]
        block, count = self._blocks(accepting, useful)
        source, target, sets, weights = self._joined(block, useful)
        label, members = _distinct([self._signature(*pair) for pair in zip(sets, weights, strict=True)])
        chosen = [sets[i] for i in members]
        token_class, num_classes, pairs = _classes(chosen, size)
        accepted = np.zeros(count, dtype=np.bool_)
        accepted[block[useful]] = accepting[useful]
        start = int(block[0])
        return {
            "num_states": count,
            "start": start,
            "min_tokens": self._least(source, target, sets, start, accepted),
            "accepting": torch.from_numpy(accepted),
            "edge_ptr": _pointers(source, count),
            "edge_source": _tensor(source),
            "edge_label": _tensor(label),
            "edge_target": _tensor(target),
            "label_ptr": _pointers(np.repeat(np.arange(len(pairs)), [len(p) for p in pairs]), len(pairs)),
            "label_class": _tensor(np.concatenate(pairs)),
            "token_class": _tensor(token_class),
            "label_weight": self._label_weight([weights[i] for i in members]),
            "class_ptr": _pointers(token_class, num_classes),
            "class_tokens": _tensor(grouped(token_class, num_classes)[1]),
        }

    def _useful(self, edges: list[Edge], accepting: NDArray[np.bool_]) -> NDArray[np.bool_]:
        source = np.array([e.source for e in edges], dtype=np.int32)
        target = np.array([e.target for e in edges], dtype=np.int32)
        forward = distances(source, target, np.array([0]), len(accepting))
        backward = distances(target, source, np.flatnonzero(accepting), len(accepting))
        return np.asarray((forward >= 0) & (backward >= 0))

    def _label_weight(self, weights: list[float]) -> Tensor | None:
        weighted = self._automaton.label_weight is not None
        return torch.tensor(weights, dtype=torch.float64) if weighted else None

    def _signature(self, tokens: NDArray[np.int32], weight: float) -> NDArray[np.uint64]:
        """Of tokens with their weight: sets are the same if tokens and weights are."""
        sums = self._keys[tokens].sum(axis=0, dtype=np.uint64)
        return np.asarray(sums * np.uint64((2 * hash(weight) + 1) % 2**64))

    def _blocks(self, accepting: NDArray[np.bool_], useful: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
        """Blocks of the useful states, numbered from 0; −1 for the others."""
        number = (np.cumsum(useful) - 1).astype(np.int32)
        source = number[[e.source for e in self.kept]]
        known: dict[tuple[int, float], NDArray[np.uint64]] = {}
        signature = np.empty((len(self.kept), 2), dtype=np.uint64)
        for i, edge in enumerate(self.kept):
            key = id(edge.tokens), edge.weight
            if key not in known:
                known[key] = self._signature(edge.tokens, edge.weight)
            signature[i] = known[key]
        ptr = np.zeros(int(useful.sum()) + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=len(ptr) - 1), out=ptr[1:])
        found, count = blocks_of(ptr, number[[e.target for e in self.kept]], signature, accepting[useful])
        block = np.full(len(useful), -1, dtype=np.int32)
        block[useful] = found
        return block, int(count)

    def _joined(self, block: NDArray[np.int32], useful: NDArray[np.bool_]) -> tuple[Any, ...]:
        """(source, target, tokens, weight) of the edges between blocks: those of one state of each block."""
        first: dict[int, int] = {}
        for state in np.flatnonzero(useful).tolist():
            first.setdefault(int(block[state]), state)
        parts: dict[tuple[int, int, float], list[NDArray[np.int32]]] = {}
        for edge in self.kept:
            s = int(block[edge.source])
            if first[s] == edge.source:
                parts.setdefault((s, int(block[edge.target]), edge.weight), []).append(edge.tokens)
        order = sorted(parts)
        sets = [parts[key][0] if len(parts[key]) == 1 else np.concatenate(parts[key]) for key in order]
        columns = np.array([key[:2] for key in order], dtype=np.int32).reshape(-1, 2)
        return columns[:, 0].copy(), columns[:, 1].copy(), sets, [key[2] for key in order]

    def _least(self, source: Any, target: Any, sets: list[Any], start: int, accepted: NDArray[np.bool_]) -> int:
        """Least number of text tokens: to a state that accepts and that text leads to, or from which text may stop."""
        vocabulary = self._product.vocabulary
        silent = np.array([not vocabulary.is_text[tokens[0]] for tokens in sets], dtype=np.bool_)
        least = distances(source[~silent], target[~silent], np.array([start]), len(accepted))[accepted]
        return int(least[least >= 0].min())


def _distinct(signatures: list[NDArray[np.uint64]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The number of each signature, and the first place of each number."""
    number, _, first = number_rows(np.stack(signatures))
    return number - 1, first[1:]


def _classes(sets: list[NDArray[np.int32]], size: int) -> tuple[NDArray[np.int32], int, list[NDArray[np.int32]]]:
    """(class of each token, how many, the classes of each set): tokens of one class are in the same sets."""
    keys = token_keys(len(sets) + 1, np.uint64(7919))
    sums = np.zeros((size, 2), dtype=np.uint64)
    for k, tokens in enumerate(sets):
        sums[tokens] += keys[k]
    token_class, count, _ = number_rows(sums)
    return token_class, int(count), [np.unique(token_class[tokens]).astype(np.int32) for tokens in sets]


def _tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.int32))


def _pointers(keys: NDArray[Any], count: int) -> Tensor:
    ptr = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=count), out=ptr[1:])
    return torch.from_numpy(ptr)
