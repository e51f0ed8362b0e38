"""Random deterministic token automata, and the same answers by enumeration: what inference is tested against."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from controlgen.constraints._arrays import AutomatonArrays

FLOOR = -1e9


def arrays_of_table(
    table: NDArray[np.int64], accepting: NDArray[np.bool_], start: int = 0
) -> AutomatonArrays:
    """Labels, classes and edges of a transition table (S, V) -> state or -1, by the definitions of both."""
    states, vocab = table.shape
    edges, labels = [], {}
    for s in range(states):
        for t in range(states):
            tokens = frozenset(np.flatnonzero(table[s] == t).tolist())
            if tokens:
                edges.append((s, t, labels.setdefault(tokens, len(labels))))
    signatures = {frozenset[int](): 0}
    members = [frozenset(k for tokens, k in labels.items() if v in tokens) for v in range(vocab)]
    token_class = [signatures.setdefault(signature, len(signatures)) for signature in members]
    label_class = [sorted({token_class[v] for v in tokens}) for tokens in labels]
    class_tokens = [[v for v in range(vocab) if token_class[v] == c] for c in range(len(signatures))]

    def ptr(groups: list[list[int]]) -> torch.Tensor:
        return _int([0, *itertools.accumulate(len(group) for group in groups)])

    return AutomatonArrays(
        vocab_size=vocab,
        num_states=states,
        start=start,
        min_tokens=_shortest(table, accepting, start),
        accepting=torch.from_numpy(accepting.copy()),
        edge_ptr=ptr([[e for e in edges if e[0] == s] for s in range(states)]),
        edge_source=_int([s for s, _, _ in edges]),
        edge_label=_int([k for _, _, k in edges]),
        edge_target=_int([t for _, t, _ in edges]),
        label_ptr=ptr(label_class),
        label_class=_int(list(itertools.chain.from_iterable(label_class))),
        token_class=_int(token_class),
        class_ptr=ptr(class_tokens),
        class_tokens=_int(list(itertools.chain.from_iterable(class_tokens))),
    )


def _int(values: list[int]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int32)


def _shortest(table: NDArray[np.int64], accepting: NDArray[np.bool_], start: int) -> int:
    seen, length = {start}, 0
    while not any(accepting[s] for s in seen):
        seen = {int(t) for s in seen for t in table[s] if t >= 0}
        length += 1
        if length > table.shape[0]:
            return length
    return length


def random_table(
    rng: np.random.Generator, states: int, vocab: int, density: float = 0.6
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A transition table and accepting states; some tokens have no transition anywhere."""
    table = rng.integers(0, states, (states, vocab))
    table[rng.random((states, vocab)) > density] = -1
    table[:, rng.random(vocab) < 0.15] = -1
    accepting = rng.random(states) < 0.5
    accepting[rng.integers(states)] = True
    return table, accepting


@dataclass
class Enumeration:
    """All members of a canvas and everything that follows from them, in float64."""

    members: NDArray[np.int64]  # (N, L), lexicographic
    log_weight: NDArray[np.float64]  # (N,) less offset: rows count from their best member, as sums near 0 are exact
    offset: float
    factors: NDArray[np.float64]  # (L, V)

    @property
    def log_z(self) -> float:
        top = self.log_weight.max()
        return float(self.offset + top + np.log(np.exp(self.log_weight - top).sum()))

    @property
    def probability(self) -> NDArray[np.float64]:
        weights = np.exp(self.log_weight - self.log_weight.max())
        return weights / weights.sum()

    @property
    def support(self) -> NDArray[np.bool_]:
        mask = np.zeros(self.factors.shape, bool)
        for i in range(mask.shape[0]):
            mask[i, self.members[:, i]] = True
        return mask

    @property
    def marginals(self) -> NDArray[np.float64]:
        out = np.zeros(self.factors.shape)
        for i in range(out.shape[0]):
            np.add.at(out[i], self.members[:, i], self.probability)
        return out

    @property
    def entropy(self) -> NDArray[np.float64]:
        m = self.marginals
        return -(m * np.log(np.where(m > 0, m, 1.0))).sum(-1)

    def score(self, tokens: NDArray[np.int64]) -> float:
        """Log weight of one sequence (less offset), -inf if it is no member."""
        hit = np.flatnonzero((self.members == tokens).all(-1))
        return float(self.log_weight[hit[0]]) if hit.size else -np.inf

    def expected_correct(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum of marginals of sequences (..., L)."""
        return self.marginals[np.arange(tokens.shape[-1]), tokens].sum(-1)


def enumerate_members(
    table: NDArray[np.int64],
    accepting: NDArray[np.bool_],
    factors: NDArray[np.float64],
    fixed: NDArray[np.int64],
    start: int = 0,
) -> Enumeration:
    """Walk every token sequence of the canvas; `factors` are f before the floor (temperature and bias applied)."""
    length, vocab = factors.shape
    paths = [((), start)]
    for i in range(length):
        tokens = range(vocab) if fixed[i] < 0 else [int(fixed[i])]
        paths = [((*x, v), int(table[s, v])) for x, s in paths for v in tokens if table[s, v] >= 0]
    members = np.array([x for x, s in paths if accepting[s]], dtype=np.int64).reshape(-1, length)
    floored = np.maximum(factors, FLOOR)
    floored[fixed >= 0] = 0.0
    if not members.size:
        return Enumeration(members, np.zeros(0), 0.0, floored)
    chosen = floored[np.arange(length), members]  # (N, L)
    peak = chosen.max(axis=0)
    return Enumeration(members, (chosen - peak).sum(-1), float(peak.sum()), floored)
