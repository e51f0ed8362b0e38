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
from controlgen.constraints import Language, Regex, Vocabulary
from controlgen.families import Family, View
from controlgen.samplers import Ancestral

__all__ = [
    "LETTERS",
    "Table",
    "ancestral",
    "chain",
    "left_to_right",
    "log_weight",
    "masses",
    "random_order",
    "session",
    "target",
    "text_of",
]

LETTERS = "abc"
MASK = len(LETTERS)
Canvas = tuple[int, ...]
Allowed = Callable[[str], Any]


class Table:
    """A denoiser whose logits (B, L, V) are a fixed random function of the canvas.

    Args:
        length: L.
        seed, spread: of the table.
        stops: whether the last letter is the stop (and pad) token instead; else canvases are all text.
        block: positions per block of a family that decodes block by block; None: the whole canvas.
    """

    def __init__(
        self, length: int, seed: int = 0, spread: float = 1.5, *, stops: bool = False, block: int | None = None
    ) -> None:
        ends = frozenset([MASK - 1] if stops else [])
        spelled = [None if token in ends else letter.encode() for token, letter in enumerate(LETTERS)]
        self.vocabulary = Vocabulary.from_bytes([*spelled, None], stop_ids=ends, pad_ids=ends)
        self.family = Family(
            name="table",
            vocab_size=len(LETTERS) + 1,
            mask_id=MASK,
            stop_ids=ends,
            pad_ids=ends,
            context=1000,
            canvas=length,
            block=block,
            block_origin="canvas",
        )
        self.device = torch.device("cpu")
        self._powers = (len(LETTERS) + 1) ** torch.arange(length)
        draw = torch.Generator().manual_seed(seed)
        size = (len(LETTERS) + 1) ** length
        self.table = torch.randn(size, length, len(LETTERS) + 1, generator=draw, dtype=torch.float64) * spread
        self.table[..., MASK] = -40.0  # as a network that never predicts the mask

    def encode(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        return torch.empty(len(prompts), 0, dtype=torch.int64)

    def blank(self, prompt: Sequence[int]) -> Sequence[int]:
        return prompt

    def select(self, conditioning: Tensor, rows: Tensor) -> Tensor:
        return conditioning[rows]

    def store(self, conditioning: Tensor, tokens: Tensor) -> Tensor:
        return torch.cat((conditioning, tokens), 1)

    def carried(self, conditioning: Tensor) -> None:
        return None

    def predict(self, view: View, conditioning: Tensor) -> Tensor:
        begin, end = conditioning.shape[1], conditioning.shape[1] + view.tokens.shape[1]
        whole = torch.full((len(view.tokens), len(self._powers)), MASK)
        whole[:, :begin], whole[:, begin:end] = conditioning, view.tokens
        return self.table[(whole * self._powers).sum(-1), begin:end]

    def probabilities(self, canvas: Canvas, bias: Tensor | None = None, temperature: float = 1.0) -> list[list[float]]:
        """p_t at each position of a canvas, -1 = open; with log-factors (V,) of guidance, if given."""
        shown = torch.tensor([MASK if token < 0 else token for token in canvas])
        logits = self.table[int((shown * self._powers).sum())]
        return torch.softmax((logits if bias is None else logits + bias)[:, :MASK] / temperature, -1).tolist()

    def text(self, canvas: Canvas) -> str | None:
        """What a canvas spells; None if text follows a stop token."""
        found = "".join("" if token in self.family.stop_ids else LETTERS[token] for token in canvas)
        return found if found == text_of(canvas)[: len(found)] else None

    def blocks(self) -> list[range]:
        """The positions of each block."""
        length, size = self.family.canvas, self.family.block or self.family.canvas
        return [range(begin, min(begin + size, length)) for begin in range(0, length, size)]


def session(denoiser: Table, language: str | Language, groups: int, **options: Any) -> Session:
    """As many prompts as groups, all under one language, or one regular expression."""
    language = Regex(language) if isinstance(language, str) else language
    task = Task(
        prompt=[],
        automaton=language.compile(denoiser.vocabulary),
        reader=Reader(denoiser.vocabulary, parse=str),
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


def left_to_right(open_: list[int], step: int, steps: int) -> Iterator[tuple[tuple[int, ...], float]]:
    """The first ceil(open / steps left) positions."""
    yield tuple(open_[: -(-len(open_) // (steps - step))]), 1.0


def chain(denoiser: Table, choose: Choose, steps: int) -> dict[Canvas, float]:
    """P(x): the model's own reverse chain, by enumeration of all its paths; so many steps per block.

    A model that decodes block by block stops once all before a stop token is written: what is open in the block is
    drawn in that step, and further blocks are padding.
    """
    states: dict[Canvas, float] = {(-1,) * denoiser.family.canvas: 1.0}
    for block, step in itertools.product(denoiser.blocks(), range(steps)):
        following: dict[Canvas, float] = defaultdict(float)
        for canvas, mass in states.items():
            open_ = [position for position in block if canvas[position] < 0]
            if _has_stopped(denoiser, canvas[: block[0]]):
                following[canvas[: block[0]] + (MASK - 1,) * (len(canvas) - block[0])] += mass
                continue
            for chosen, chance in choose(open_, step, steps):
                for written, share in _draws(denoiser, canvas, chosen, open_):
                    following[written] += mass * chance * share
        states = following
    return states


def _draws(
    denoiser: Table, canvas: Canvas, chosen: Sequence[int], open_: list[int]
) -> Iterator[tuple[Canvas, float]]:
    """The canvases with tokens at the chosen positions, and how likely each is."""
    predicted = denoiser.probabilities(canvas)

    def drawn(before: Canvas, positions: Sequence[int]) -> Iterator[tuple[Canvas, float]]:
        for tokens in itertools.product(range(MASK), repeat=len(positions)):
            new = dict(zip(positions, tokens, strict=True))
            share = math.prod(predicted[position][token] for position, token in new.items())
            yield tuple(new.get(position, token) for position, token in enumerate(before)), share

    for written, share in drawn(canvas, chosen):
        if _has_stopped(denoiser, written):
            rest = [position for position in open_ if position not in chosen]
            yield from ((whole, share * more) for whole, more in drawn(written, rest))
        else:
            yield written, share


def _has_stopped(denoiser: Table, canvas: Canvas) -> bool:
    """Whether the filled beginning of a canvas that is decoded in blocks holds a stop token."""
    beginning = itertools.takewhile(lambda token: token >= 0, canvas)
    return denoiser.family.block is not None and any(token in denoiser.family.stop_ids for token in beginning)


def text_of(canvas: Canvas) -> str:
    """The letters of a canvas, whatever they stand for."""
    return "".join(LETTERS[token] for token in canvas)


def masses(
    denoiser: Table, choose: Choose, steps: int, allowed: Allowed, reward: Callable[[str], float]
) -> dict[str, float]:
    """P(x) 1[x ∈ L] e^{reward(x)} by text, summed over the canvases that spell it."""
    found: dict[str, float] = defaultdict(float)
    for canvas, mass in chain(denoiser, choose, steps).items():
        text = denoiser.text(canvas)
        if text is not None and allowed(text) and reward(text) > -math.inf:
            found[text] += mass * math.exp(reward(text))
    return dict(found)


def target(
    denoiser: Table, choose: Choose, steps: int, allowed: Allowed, reward: Callable[[str], float]
) -> tuple[dict[str, float], float]:
    """π(x) ∝ P(x) 1[x ∈ L] e^{reward(x)}, and its normaliser."""
    found = masses(denoiser, choose, steps, allowed, reward)
    total = sum(found.values())
    return {text: mass / total for text, mass in found.items()}, total


def log_weight(
    denoiser: Table, canvases: Sequence[Canvas], allowed: Allowed, bias: Tensor | None = None, temperature: float = 1.0
) -> float:
    """log of P over the proposal of a path of canvases, -1 = open, by sums over all completions of each."""
    gained = 0.0
    for before, after in itertools.pairwise(canvases):
        block = next(block for block in denoiser.blocks() if any(before[position] < 0 for position in block))
        plain = denoiser.probabilities(before, None, temperature)
        guided = denoiser.probabilities(before, bias, temperature)
        for position in block:
            if before[position] < 0 <= after[position]:
                gained += math.log(plain[position][after[position]] / guided[position][after[position]])
        gained += math.log(_completions(denoiser, before, block, guided, allowed))
        gained -= math.log(_completions(denoiser, after, block, guided, allowed))
    return gained


def _completions(
    denoiser: Table, canvas: Canvas, block: range, predicted: list[list[float]], allowed: Allowed
) -> float:
    """Probability of all ways to fill a block's open positions from which the rest can still be finished."""
    choices = [range(MASK) if token < 0 else [token] for token in canvas]
    end = block[-1] + 1
    total = 0.0
    for head in itertools.product(*choices[:end]):
        if any(_is_allowed(denoiser, (*head, *rest), allowed) for rest in itertools.product(*choices[end:])):
            total += math.prod(predicted[position][head[position]] for position in block if canvas[position] < 0)
    return total


def _is_allowed(denoiser: Table, canvas: Canvas, allowed: Allowed) -> bool:
    text = denoiser.text(canvas)
    return text is not None and bool(allowed(text))
