"""A model small enough to enumerate: logits by a random table of canvases, and its reverse chain by brute force."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from controlgen import Session
from controlgen._options import Options
from controlgen._result import Reader
from controlgen._row import Task
from controlgen.constraints import Regex, Vocabulary
from controlgen.families import Family, View
from controlgen.samplers import Ancestral

__all__ = ["LETTERS", "Table", "chain", "session", "target", "text_of"]

LETTERS = "abc"
MASK = len(LETTERS)
VOCABULARY = Vocabulary.from_bytes([*(letter.encode() for letter in LETTERS), None])
Canvas = tuple[int, ...]


class Table:
    """A denoiser whose logits (B, L, V) are a fixed random function of the canvas, without stop tokens."""

    def __init__(self, length: int, seed: int = 0, spread: float = 1.5) -> None:
        self.family = Family(
            name="table",
            vocab_size=len(LETTERS) + 1,
            mask_id=MASK,
            stop_ids=frozenset(),
            pad_ids=frozenset(),
            context=1000,
            canvas=length,
        )
        self.device = torch.device("cpu")
        self._powers = (len(LETTERS) + 1) ** torch.arange(length)
        draw = torch.Generator().manual_seed(seed)
        size = (len(LETTERS) + 1) ** length
        self.table = torch.randn(size, length, len(LETTERS) + 1, generator=draw, dtype=torch.float64) * spread
        self.table[..., MASK] = -40.0  # as a network that never predicts the mask

    def encode(self, prompts: Sequence[Sequence[int]]) -> int:
        return len(prompts)

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        return prompt

    def select(self, conditioning: Any, rows: Tensor) -> Any:
        return conditioning

    def store(self, conditioning: Any, tokens: Tensor) -> Any:
        raise NotImplementedError

    def carried(self, conditioning: Any) -> None:
        return None

    def predict(self, view: View, conditioning: Any) -> Tensor:
        return self.table[(view.tokens * self._powers).sum(-1)]

    def probabilities(self, canvas: Canvas) -> list[list[float]]:
        """p_t at each position of a canvas, -1 = open."""
        shown = torch.tensor([MASK if token < 0 else token for token in canvas])
        return torch.softmax(self.table[int((shown * self._powers).sum())][:, :MASK], -1).tolist()


def session(denoiser: Table, pattern: str, groups: int, **options: Any) -> Session:
    """As many prompts as groups, all under one regular expression."""
    language = Regex(pattern)
    task = Task(
        prompt=[],
        automaton=language.compile(VOCABULARY),
        reader=Reader(VOCABULARY, parse=str),
        exactness="exact",
        language=language,
    )
    return Session(denoiser, [task] * groups, denoiser.family.canvas, Options(**options))


Choose = Callable[[list[int], int, int], Iterator[tuple[tuple[int, ...], float]]]


def ancestral(open_: list[int], step: int, steps: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """Each open position with the same chance, by the sampler's own schedule of times; all in the last step."""
    now, then = Ancestral().time(step, steps), Ancestral().time(step + 1, steps)
    chance = 1.0 if step == steps - 1 else (now - then) / now
    for size in range(len(open_) + 1):
        for chosen in itertools.combinations(open_, size):
            yield chosen, chance**size * (1 - chance) ** (len(open_) - size)


def random_order(open_: list[int], step: int, steps: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """ceil(open / steps left) positions, all choices alike."""
    size = -(-len(open_) // (steps - step))
    for chosen in itertools.combinations(open_, size):
        yield chosen, 1 / math.comb(len(open_), size)


def chain(denoiser: Table, choose: Choose, steps: int) -> dict[Canvas, float]:
    """P(x): the model's own reverse chain, by enumeration of all its paths."""
    length = denoiser.family.canvas
    states: dict[Canvas, float] = {(-1,) * length: 1.0}
    for step in range(steps):
        following: dict[Canvas, float] = defaultdict(float)
        for canvas, mass in states.items():
            predicted = denoiser.probabilities(canvas)
            open_ = [position for position, token in enumerate(canvas) if token < 0]
            for chosen, chance in choose(open_, step, steps):
                for tokens in itertools.product(range(MASK), repeat=len(chosen)):
                    written, weight = list(canvas), mass * chance
                    for position, token in zip(chosen, tokens, strict=True):
                        written[position] = token
                        weight *= predicted[position][token]
                    following[tuple(written)] += weight
        states = following
    return states


def text_of(canvas: Canvas) -> str:
    return "".join(LETTERS[token] for token in canvas)


def target(
    denoiser: Table, choose: Choose, steps: int, allowed: Callable[[str], Any], reward: Callable[[str], float]
) -> tuple[dict[str, float], float]:
    """π(x) ∝ P(x) 1[x ∈ L] e^{reward(x)}, and its normaliser."""
    masses = {
        text_of(canvas): mass * math.exp(reward(text_of(canvas)))
        for canvas, mass in chain(denoiser, choose, steps).items()
        if allowed(text_of(canvas))
    }
    total = sum(masses.values())
    return {text: mass / total for text, mass in masses.items()}, total
