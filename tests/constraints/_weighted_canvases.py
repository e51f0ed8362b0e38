"""All canvases of a small vocabulary and their weights, told by plain text: the judge of weights and borders."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from controlgen.constraints import Language, TokenAutomaton, Vocabulary
from tests.constraints._random_automata import FLOOR, Enumeration

BACKENDS = ("numba", "torch", "hybrid")
TOLERANCE = 1e-9

Pieces = tuple[bytes, ...]
Says = Callable[[Pieces], float | None]  # the weight of a text, token by token; None: no member


def occurrences(text: str, pattern: str) -> int:
    """At how many places of the text a match ends."""
    rule = re.compile(pattern)
    return sum(any(rule.fullmatch(text, start, end) for start in range(end)) for end in range(1, len(text) + 1))


def once(text: str, pattern: str, weight: float) -> float:
    return weight if occurrences(text, pattern) else 0.0


def each(text: str, pattern: str, weight: float) -> float:
    return weight * occurrences(text, pattern)


def counted(text: str, ngrams: Mapping[str, float]) -> float:
    return sum(w * sum(text.startswith(g, i) for i in range(len(text))) for g, w in ngrams.items())


def of_text(contains: Callable[[str], bool], worth: Callable[[str], float]) -> Says:
    """A judge of whole texts, whatever their tokens."""

    def says(pieces: Pieces) -> float | None:
        try:
            text = b"".join(pieces).decode()
        except UnicodeDecodeError:
            return None
        return worth(text) if contains(text) else None

    return says


def pieces_of(vocabulary: Vocabulary, ids: Sequence[int]) -> Pieces | None:
    """The bytes of each text token of a canvas; None where the rules of stop and pad tokens are broken."""
    end = next((i for i, token in enumerate(ids) if token in vocabulary.stop_ids), len(ids))
    if not all(vocabulary.is_text[token] for token in ids[:end]):
        return None
    if any(token not in vocabulary.stop_ids + vocabulary.pad_ids for token in ids[end:]):
        return None
    spans = [(int(vocabulary.offsets[t]), int(vocabulary.offsets[t + 1])) for t in ids[:end]]
    return tuple(vocabulary.data[a:b].tobytes() for a, b in spans)


def enumerated(
    vocabulary: Vocabulary, says: Says, factors: NDArray[np.float64], fixed: NDArray[np.int64]
) -> Enumeration:
    """Every member canvas and its log weight, by asking `says` about each sequence of tokens."""
    length, size = factors.shape
    floored = np.maximum(factors, FLOOR)
    floored[fixed >= 0] = 0.0
    members, weights = [], []
    for ids in itertools.product(*(range(size) if f < 0 else [int(f)] for f in fixed)):
        pieces = pieces_of(vocabulary, ids)
        worth = None if pieces is None else says(pieces)
        if worth is not None:
            members.append(ids)
            weights.append(worth + sum(floored[i, v] for i, v in enumerate(ids)))
    return Enumeration(
        np.array(members, dtype=np.int64).reshape(-1, length), np.array(weights, dtype=np.float64), 0.0, floored
    )


def check_queries(
    automaton: TokenAutomaton, truth: Enumeration, logits: NDArray[np.float64], fixed: NDArray[np.int64]
) -> None:
    """Every query of both backends against the enumeration."""
    for backend in BACKENDS:
        q = automaton.posterior(torch.from_numpy(logits), torch.from_numpy(fixed), backend=backend)
        assert bool(q.feasible) == bool(len(truth.members))
        assert np.array_equal(q.support().numpy(), truth.support)
        if not len(truth.members):
            continue
        assert abs(float(q.log_z) - truth.log_z) <= TOLERANCE * max(1.0, abs(truth.log_z))
        assert np.allclose(q.marginals().numpy(), truth.marginals, rtol=TOLERANCE, atol=TOLERANCE)
        assert np.allclose(q.entropy().numpy(), truth.entropy, rtol=TOLERANCE, atol=TOLERANCE)
        mode, mbr = q.mode().numpy(), q.mbr().numpy()
        assert truth.score(mode) >= truth.log_weight.max() - TOLERANCE * max(1.0, abs(truth.log_weight.max()))
        assert truth.score(mbr) > -np.inf
        assert truth.expected_correct(mbr) >= truth.expected_correct(truth.members).max() - TOLERANCE
        alone = automaton.posterior(torch.from_numpy(logits), torch.from_numpy(fixed), backend=backend)
        sure = truth.marginals[np.arange(len(fixed)), mode]
        assert np.allclose(alone.confidence(torch.from_numpy(mode)).numpy(), sure, rtol=TOLERANCE, atol=TOLERANCE)
        drawn = q.sample(torch.Generator().manual_seed(3)).numpy()
        assert truth.score(drawn) > -np.inf


def random_factors(rng: random.Random, length: int, size: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Log-factors (L, V) of some scale, and fixed tokens (L,) at some positions."""
    scale = rng.choice([0.3, 1.0, 5.0])
    logits = np.array([[rng.gauss(0.0, scale) for _ in range(size)] for _ in range(length)])
    share = rng.choice([0.0, 0.0, 0.3])
    fixed = np.array([rng.randrange(size) if rng.random() < share else -1 for _ in range(length)], dtype=np.int64)
    return logits, fixed


def path_weight(automaton: TokenAutomaton, ids: Sequence[int]) -> float | None:
    """The weights along the path of a canvas; None if it is not accepted."""
    state, total = automaton.start, 0.0
    for token in ids:
        wanted = int(automaton.token_class[token])
        for edge in range(int(automaton.edge_ptr[state]), int(automaton.edge_ptr[state + 1])):
            label = int(automaton.edge_label[edge])
            first, past = int(automaton.label_ptr[label]), int(automaton.label_ptr[label + 1])
            if wanted in automaton.label_class[first:past].tolist():
                state = int(automaton.edge_target[edge])
                total += 0.0 if automaton.label_weight is None else float(automaton.label_weight[label])
                break
        else:
            return None
    return total if bool(automaton.accepting[state]) else None


def compiled(language: Language, vocabulary: Vocabulary) -> TokenAutomaton:
    automaton = language.compile(vocabulary, max_seconds=None)
    automaton.validate()
    return automaton
