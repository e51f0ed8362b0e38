"""Hostile logits on one canvas, for grammars: what the adversary wants, and draws against it."""

from __future__ import annotations

import random
from functools import cache

import torch
from torch import Tensor

from controlgen.constraints import TokenAutomaton, Vocabulary

__all__ = ["ADVERSARIES", "filled", "hostile_logits"]

ADVERSARIES = ("noise", "forbidden", "structure")
_STRUCTURE = frozenset(b"()[]{}\"'.,:0123456789CNu= ")


@cache
def _structural(vocabulary: Vocabulary) -> Tensor:
    """Tokens of brackets, quotes and digits: noise alone would be text in quotes, mostly."""
    chosen = torch.zeros(vocabulary.size, dtype=torch.bool)
    for token in vocabulary.is_text.nonzero()[0].tolist():
        chosen[token] = _STRUCTURE.issuperset(vocabulary.token(token))
    return chosen


def hostile_logits(
    automaton: TokenAutomaton, length: int, adversary: str, scale: float, generator: torch.Generator
) -> Tensor:
    """Logits (length, V): noise; noise with all mass on tokens outside of the support; or noise on structure."""
    logits = scale * torch.randn(length, automaton.vocab_size, generator=generator)
    if adversary == "forbidden":
        allowed = automaton.posterior(logits).support()
        return torch.where(allowed, logits, logits + 1e4)
    if adversary == "structure" and automaton.vocabulary is not None:
        return logits + 3 * scale * _structural(automaton.vocabulary)
    return logits


def filled(
    automaton: TokenAutomaton,
    length: int,
    adversary: str,
    scale: float,
    chance: random.Random,
    generator: torch.Generator,
) -> list[str]:
    """A canvas committed in random order, a share at a time, under fresh logits: the text of each step's witness."""
    fixed = torch.full((max(length, automaton.min_tokens),), -1)
    texts: list[str] = []
    while bool((fixed < 0).any()):
        logits = hostile_logits(automaton, len(fixed), adversary, scale, generator)
        posterior = automaton.posterior(logits, fixed)
        witness = posterior.mode() if chance.random() < 0.3 else posterior.sample(generator)
        texts.append(automaton.text(witness))
        open_ = torch.nonzero(fixed < 0).flatten().tolist()
        chosen = chance.sample(open_, min(len(open_), chance.randint(1, 1 + len(fixed) // 2)))
        if bool(((fixed >= 0) & (fixed != witness)).any()):
            raise RuntimeError("a committed token was changed")
        fixed[chosen] = witness[chosen]
    return texts
