"""Holes cut out of members of a grammar: `Infill` has to hold the text removed, and to fill the holes validly."""

from __future__ import annotations

import random
import statistics
import time

import torch
from torch import Tensor

from benchmarks._grammar_draws import ADVERSARIES, hostile_logits
from benchmarks._report import Row
from controlgen.constraints import TokenAutomaton, Vocabulary
from controlgen.constraints._deadline import MAX_SECONDS
from controlgen.constraints._template import Infill
from examples.grammars.worked import Worked

__all__ = ["measured"]


def measured(worked: Worked, vocabulary: Vocabulary, holes: int, max_depth: int, seed: int) -> Row:
    """The row of one grammar, after at least `holes` holes."""
    chance, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    automaton = worked.language.compile(vocabulary, max_depth=max_depth, max_seconds=None)
    cut = texts = inside = fills = accepted = late = 0
    compiling: list[float] = []  # ms per hole
    stepping: list[float] = []
    while cut < holes:
        member, text = _member(automaton, chance, generator)
        pieces = pieces_of(text, min(chance.randint(1, 3), holes - cut), chance)
        cut, texts = cut + len(pieces) - 1, texts + 1
        begun = time.perf_counter()
        filler = Infill(worked.language, *pieces).compile(vocabulary, max_depth=max_depth, max_seconds=None)
        took = 1e3 * (time.perf_counter() - begun)
        compiling.append(took / (len(pieces) - 1))
        late += took > 1e3 * MAX_SECONDS
        kept = _is_inside(filler, member, generator)
        inside += kept
        if not kept:
            print(f"LOST {worked.name}: {text!r} cut into {pieces!r}")
        begun = time.perf_counter()
        filling = _fills(filler, max(len(member), filler.min_tokens), chance, generator)
        stepping.append(1e3 * (time.perf_counter() - begun) / len(filling) / (len(pieces) - 1))
        for filled in filling:
            fault = worked.fault_of(filled) or (None if stands(pieces, filled) else "the pieces don't stand there")
            fills, accepted = fills + 1, accepted + (fault is None)
            if fault:
                print(f"REFUSED {worked.name}: {filled!r} for {pieces!r}: {fault}")
    return {
        "grammar": worked.name,
        "holes": cut,
        "texts": texts,
        "removed text inside %": inside / max(1, texts),
        "fills": fills,
        "fills accepted %": accepted / max(1, fills),
        "compile, ms a hole": f"{statistics.median(compiling):.0f} (to {max(compiling):.0f})",
        "over budget": late,
        "fill, ms a hole": f"{statistics.median(stepping):.0f} (to {max(stepping):.0f})",
    }


def _member(automaton: TokenAutomaton, chance: random.Random, generator: torch.Generator) -> tuple[Tensor, str]:
    """A member with at least two characters, drawn from noise."""
    while True:
        length, adversary = chance.randint(64, 200), chance.choice(["noise", "structure"])
        logits = hostile_logits(automaton, length, adversary, chance.choice([3.0, 10.0]), generator)
        member = automaton.posterior(logits).sample(generator)
        text = automaton.text(member)
        if len(text) > 1:
            return member, text


def pieces_of(text: str, holes: int, chance: random.Random) -> list[str]:
    """The text without `holes` stretches of characters, some of them long; what is left, in order."""
    places = sorted(chance.randint(0, len(text)) for _ in range(2 * holes))
    bounds = [0, *places, len(text)]
    return [text[bounds[i] : bounds[i + 1]] for i in range(0, len(bounds), 2)]


def _is_inside(filler: TokenAutomaton, member: Tensor, generator: torch.Generator) -> bool:
    """Whether the tokens of the whole text, the removed ones with them, are taken, each at its position."""
    logits = torch.randn(len(member), filler.vocab_size, generator=generator)
    support = filler.posterior(logits).support()
    return filler.accepts(member) and bool(support[torch.arange(len(member)), member].all())


def _fills(filler: TokenAutomaton, length: int, chance: random.Random, generator: torch.Generator) -> list[str]:
    """What stands in the holes for two queries of one step of hostile logits: the whole texts."""
    logits = hostile_logits(filler, length, chance.choice(ADVERSARIES), chance.choice([3.0, 30.0]), generator)
    posterior = filler.posterior(logits)
    return [filler.text(posterior.mode()), filler.text(posterior.sample(generator))]


def stands(pieces: list[str], text: str) -> bool:
    """Whether the pieces stand in the text in their order, without overlap, first and last at its ends."""
    first, *middle, last = pieces
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True
