"""Weights of phrases: texts in which they stand become likelier, or less likely.

Knows phrases, and the tokens that spell them. Where the output has a language and the guidance is always on, the loop
does without this module's factors: it puts the weights into the automaton, where they are exact (`Language.score`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from controlgen.constraints import Vocabulary
from controlgen.guidance._base import Guidance, StepContext
from controlgen.guidance._numbers import precision

__all__ = ["Phrases"]

_TOKENS: WeakKeyDictionary[Vocabulary, dict[bytes, int]] = WeakKeyDictionary()


class Phrases(Guidance):
    r"""Every occurrence of a phrase adds its weight w (nats, times `strength`) to a text's log-weight.

    Under a language, on in every step (`start=0, stop=1, every=1`), the posterior is exact for e^{W(x)}, W(x) the
    summed weights of all occurrences in the whole text: the weights are states of the automaton, and nothing is
    computed per step. Else by factors, the mean-field approximation

        g_i(v) = ∂ E_p[W] / ∂ p_i(v) = Σ_{spellings t, i = s + k, v = t_k} w · Π_{j ≠ k} p_{s+j}(t_j)

    with p the model's prediction at open positions and certainty at closed ones: what a token adds to the expected
    weight, given what stands or is expected beside it. A spelling is the segmentation of the phrase into the fewest
    tokens, and that of the phrase behind a space; other segmentations are not seen. Cost: no pass; one softmax, and
    n small products per spelling of n tokens.

    Args:
        weights: phrase to weight in nats; what must not stand in a text at all is a ban, not a weight.
        strength, start, stop, every: see `Guidance`.

    Source: the automaton is that of Aho and Corasick 1975 with additive weights; the factors are the first-order
    (mean-field) term, as in Wainwright and Jordan 2008, "Graphical models, exponential families, and variational
    inference", section 5.

    Raises:
        ValueError: no phrase, an empty one, or a weight that is no finite number.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        strength: float = 1.0,
        *,
        start: float = 0.0,
        stop: float = 1.0,
        every: int = 1,
    ) -> None:
        super().__init__(strength, start=start, stop=stop, every=every)
        for phrase, weight in weights.items():
            if not phrase:
                raise ValueError("an empty phrase stands everywhere: it can't be weighed")
            if not math.isfinite(weight):
                raise ValueError(f"the weight of {phrase!r} must be a finite number, not {weight}")
        if not weights:
            raise ValueError("Phrases needs at least one phrase")
        self.weights = dict(weights)

    @property
    def always_on(self) -> bool:
        """Whether the weights may be part of the language."""
        return (self.start, self.stop, self.every) == (0.0, 1.0, 1)

    @property
    def scores(self) -> dict[str, float]:
        """The weights times the strength."""
        return {phrase: self.strength * weight for phrase, weight in self.weights.items()}

    def log_factors(self, context: StepContext) -> Tensor:
        """The mean-field factors at strength 1: (B, T, V), float64 for float64 logits, else float32."""
        chances = torch.softmax(context.logits.to(precision(context.logits)), dim=-1)  # (B, T, V)
        canvas, closed = context.canvas.to(chances.device), ~context.editable.to(chances.device)
        chances[closed] = torch.nn.functional.one_hot(canvas[closed], chances.shape[-1]).to(chances)
        factors = torch.zeros_like(chances)
        for phrase, weight in self.weights.items():
            for spelling in _spellings(phrase, context.vocabulary):
                _add(factors, chances, spelling, weight)
        return factors.masked_fill_(closed[..., None], 0.0)


def _add(factors: Tensor, chances: Tensor, spelling: tuple[int, ...], weight: float) -> None:
    """What each token of a spelling adds, wherever it may begin."""
    places = chances.shape[1] - len(spelling) + 1
    if places < 1:
        return
    each = torch.stack([chances[:, k : k + places, token] for k, token in enumerate(spelling)])  # (n, B, places)
    for k, token in enumerate(spelling):
        others = torch.cat((each[:k], each[k + 1 :])).prod(0)
        factors[:, k : k + places, token] += weight * others


def _spellings(phrase: str, vocabulary: Vocabulary) -> list[tuple[int, ...]]:
    """The fewest tokens that spell the phrase, and those that spell it behind a space."""
    tokens = _TOKENS.get(vocabulary)
    if tokens is None:
        texts = vocabulary.is_text.nonzero()[0].tolist()
        tokens = {vocabulary.token(token): token for token in reversed(texts)}
        _TOKENS[vocabulary] = tokens
    found = [_fewest(text.encode(), tokens) for text in (phrase, " " + phrase)]
    return list(dict.fromkeys(spelling for spelling in found if spelling))


def _fewest(text: bytes, tokens: Mapping[bytes, int]) -> tuple[int, ...]:
    """The segmentation into the fewest tokens, longest first; empty if there is none."""
    longest = max(map(len, tokens), default=0)
    best: list[tuple[int, ...] | None] = [()] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for begin in range(max(0, end - longest), end):
            before, token = best[begin], tokens.get(text[begin:end])
            known = best[end]
            if before is not None and token is not None and (known is None or len(before) + 1 < len(known)):
                best[end] = (*before, token)
    return best[-1] or ()
