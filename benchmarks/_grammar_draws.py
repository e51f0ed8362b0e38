"""Hostile logits on one canvas, for grammars: what the adversary wants, and draws against it."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from controlgen.constraints import TokenAutomaton, Vocabulary

__all__ = ["ADVERSARIES", "hostile_logits"]

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
