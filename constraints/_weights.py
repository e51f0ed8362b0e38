"""Soft weights on texts: scorers, automata that read a text beside the language and give gains in nats.

A language with scorers is the same set of texts. What its token automaton weighs is

    q(x) ∝ 1[x ∈ 𝓛_L] · exp(Σ_i f_i(x_i) + W(text(x))),      W = the sum of all gains over the whole text

and every query is exact for that q: the gains are on the edges of the automaton, wherever tokens begin and end.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._errors import BudgetExceeded, ConstraintError
from ._expansion import MAX_STATES, compile_term
from ._terms import Term, any_char, any_text, lit, minus, seq

if TYPE_CHECKING:
    from ._language import Language

__all__ = ["MAX_WEIGHT", "Scorer", "avoided", "ngrams", "preferred"]

MAX_WEIGHT = 1e6  # nats; far more than any factor, and sums keep their digits


@dataclass(frozen=True, eq=False)
class Scorer:
    """A deterministic automaton over bytes that gives a gain on entering a state.

    Attributes:
        table: int32 (S, K), the next state by byte class; every byte has one.
        byte_class: uint8 (256,).
        start: the start state, which gives no gain.
        gain: float64 (S,), nats.
    """

    table: NDArray[np.int32]
    byte_class: NDArray[np.uint8]
    start: int
    gain: NDArray[np.float64]

    @property
    def num_states(self) -> int:
        return len(self.gain)


def preferred(pattern: Language | str, weight: float, each: bool) -> Scorer:
    """The scorer of `Language.prefer`."""
    if _finite(weight, f"the weight of {pattern!r}") < 0:
        raise ValueError(f"prefer takes a weight of at least 0, got {weight:g}: use avoid for a negative one")
    return _pattern_scorer(pattern, float(weight), each)


def avoided(pattern: Language | str, weight: float, each: bool) -> Scorer:
    """The scorer of `Language.avoid`."""
    if _finite(weight, f"the weight of {pattern!r}") > 0:
        raise ValueError(f"avoid takes a weight of at most 0, got {weight:g}: use prefer for a positive one")
    return _pattern_scorer(pattern, float(weight), each)


def _finite(weight: float, what: str) -> float:
    value = float(weight)
    if not abs(value) <= MAX_WEIGHT:
        raise ValueError(f"{what} must be a number of at most {MAX_WEIGHT:g} nats either way, got {weight!r}")
    return value


def _pattern_scorer(pattern: Language | str, weight: float, each: bool) -> Scorer:
    """Reads what ends with a match, or (not `each`) with the first one to end: the places that gain."""
    term = _pattern_term(pattern)
    found = seq(any_text(), term)
    if not each:
        found = minus(found, seq(any_text(), term, any_char(), any_text()))
    dfa = compile_term(found)
    if dfa.max_depth is not None:
        raise ConstraintError(f"{pattern!r} embeds itself, automata hold it up to a depth only: it can't be weighed")
    rest = dfa.num_states  # no place behind gains
    table = np.full((rest + 1, dfa.table.shape[1]), rest, dtype=np.int32)
    table[:rest] = np.where(dfa.table < 0, rest, dfa.table)
    gain = np.where(np.append(dfa.accepting, False), weight, 0.0)
    return Scorer(table, dfa.byte_class, dfa.start, gain)


def _pattern_term(pattern: Language | str) -> Term:
    """The pattern's texts. A language must be plain: no verifier, weights or borders of its own, no empty text."""
    from ._language import Language

    if isinstance(pattern, str):
        term = lit(pattern)
    elif not isinstance(pattern, Language):
        raise TypeError(f"a pattern is a string or a language, not {type(pattern).__name__}")
    elif pattern.verify is not None or pattern.weights or pattern.borders:
        raise ConstraintError(f"{pattern!r} is verified, has weights or has borders: weigh a plain language")
    else:
        term = pattern.term
    if compile_term(term).matches(b""):
        raise ValueError(f"{pattern!r} matches the empty text, which stands everywhere: weigh a pattern of some text")
    return term


def ngrams(weights: Mapping[str, float]) -> Scorer:
    """The scorer of `Language.score` (Aho & Corasick 1975, "Efficient string matching"): a state is the longest end of
    the text that begins an n-gram, its gain that of all n-grams that end there."""
    return _automaton(
        tuple((_ngram_bytes(word), _finite(weight, f"the weight of {word!r}")) for word, weight in weights.items())
    )


@lru_cache(maxsize=64)  # equal weights are one scorer, so that what was compiled with it is found again
def _automaton(words: tuple[tuple[bytes, float], ...]) -> Scorer:
    children: list[dict[int, int]] = [{}]
    gain = [0.0]
    for word, weight in words:
        node = 0
        for byte in word:
            if byte not in children[node]:
                children[node][byte] = len(children)
                children.append({})
                gain.append(0.0)
            node = children[node][byte]
        gain[node] += weight
    if len(children) > MAX_STATES:
        raise BudgetExceeded(f"the n-grams need {len(children):,} states, the most are {MAX_STATES:,}: weigh fewer")
    return _with_failures(children, np.array(gain))


def _ngram_bytes(word: str) -> bytes:
    if not isinstance(word, str) or not word:
        raise ValueError(f"an n-gram is a string of at least one character, got {word!r}")
    try:
        return word.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{word!r} is no text: {error.reason}") from error


def _with_failures(children: list[dict[int, int]], gain: NDArray[np.float64]) -> Scorer:
    """The whole table of a trie of n-grams: where a node has no child, as from its longest proper end."""
    used = sorted({byte for node in children for byte in node})
    byte_class = np.zeros(256, dtype=np.uint8)  # class 0: in no n-gram
    byte_class[used] = np.arange(1, len(used) + 1)
    table = np.zeros((len(children), len(used) + 1), dtype=np.int32)
    failure = [0] * len(children)
    pending = deque([0])
    while pending:
        node = pending.popleft()
        table[node] = table[failure[node]] if node else 0
        gain[node] += gain[failure[node]] if node else 0.0
        for byte, child in children[node].items():
            column = byte_class[byte]
            failure[child] = int(table[node, column])  # still the one of its longest end; 0 from the root
            table[node, column] = child
            pending.append(child)
    if not math.isfinite(float(np.abs(gain).sum())):
        raise ValueError("the n-grams' weights add up to no number")
    return Scorer(table, byte_class, 0, gain)
