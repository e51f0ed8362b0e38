"""What several commits in one step do to classifier guidance, computed and not sampled.

A world small enough to enumerate: a joint p(x) over V^L canvases and p(y | x). The denoiser p(x_i | x_t) and the
noised classifier p(y | x_t) are its exact conditionals, the factors are those of the real `ClassifierGuidance`. The
loop commits k positions a step, chosen at random, their tokens drawn independently from p e^{γ g}: the distribution of
its outputs follows by recursion over all partly masked canvases, and is compared with p(x) p(y | x)^γ / Z.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from controlgen.constraints import Vocabulary
from controlgen.guidance import ClassifierGuidance, StepContext

EVIDENCE: dict[str, Callable[[tuple[int, ...]], float]] = {
    "apart": lambda x: 0.9 ** x.count(0) * 0.4 ** (len(x) - x.count(0)),
    "redundant": lambda x: 0.9 if 0 in x else 0.1,
    "complementary": lambda x: 0.9 if sum(x) % 2 else 0.1,
}
"""p(y | x): what each token says for itself; any one token is enough; no token says anything without all the others."""


@dataclass(frozen=True)
class World:
    """p(x) and p(y | x) over canvases of `length` tokens out of `size`.

    Attributes:
        prior: (N,) float64, p(x) of the canvases in the order of `itertools.product`.
        likelihood: (N,) float64, p(y | x).
    """

    size: int
    length: int
    prior: Tensor
    likelihood: Tensor

    @classmethod
    def random(cls, seed: int, evidence: str, *, correlated: bool, size: int = 3, length: int = 4) -> World:
        """A random p(x): a product of independent positions, or with random interactions on top."""
        draw = torch.Generator().manual_seed(seed)
        canvases = torch.tensor(list(itertools.product(range(size), repeat=length)))
        each = torch.randn(length, size, generator=draw, dtype=torch.float64)
        scores = each[torch.arange(length), canvases].sum(-1)  # (N,)
        if correlated:
            scores = scores + torch.randn(len(canvases), generator=draw, dtype=torch.float64)
        likelihood = torch.tensor([EVIDENCE[evidence](tuple(x)) for x in canvases.tolist()], dtype=torch.float64)
        return cls(size, length, torch.softmax(scores, 0), likelihood)

    @cached_property
    def canvases(self) -> list[tuple[int, ...]]:
        """All partly masked canvases; the mask is the token `size`."""
        return list(itertools.product(range(self.size + 1), repeat=self.length))

    @cached_property
    def index(self) -> dict[tuple[int, ...], int]:
        return {canvas: index for index, canvas in enumerate(self.canvases)}

    @cached_property
    def mass(self) -> Tensor:
        """(P, 2) float64: p(x_t) and p(x_t, y) of the partly masked canvases, as sums over what completes them."""
        joint = torch.stack((self.prior, self.prior * self.likelihood), -1)
        grid = joint.reshape(*[self.size] * self.length, 2)
        for axis in range(self.length):
            grid = torch.cat((grid, grid.sum(axis, keepdim=True)), axis)
        return grid.reshape(-1, 2)

    def __call__(self, canvas: Tensor, time: float) -> Tensor:
        """log p(y | x_t), (N,): the world is its own noised classifier."""
        p = self.mass[self._places(canvas)]
        return (p[:, 1] / p[:, 0]).log()

    def _places(self, canvas: Tensor) -> Tensor:
        scale = (self.size + 1) ** torch.arange(self.length - 1, -1, -1)
        return (canvas * scale).sum(-1)

    def denoiser(self) -> Tensor:
        """log p(x_i | x_t), (P, L, V + 1) float64, −inf at the mask."""
        canvases = torch.tensor(self.canvases)
        found = torch.full((len(canvases), self.length, self.size + 1), -torch.inf, dtype=torch.float64)
        for position, token in itertools.product(range(self.length), range(self.size)):
            placed = canvases.clone()
            placed[:, position] = token
            found[:, position, token] = self.mass[self._places(placed), 0].log()
        return torch.log_softmax(found, -1)

    def target(self, gamma: float) -> Tensor:
        """p(x) p(y | x)^γ / Z, (N,)."""
        weights = self.prior * self.likelihood**gamma
        return weights / weights.sum()


def factors(world: World) -> Tensor:
    """g of the real guidance for every partly masked canvas, (P, L, V + 1)."""
    canvas = torch.tensor(world.canvases)
    open_ = canvas == world.size
    logits = world.denoiser()
    allowed = open_[..., None].expand(logits.shape).clone()
    allowed[..., world.size] = False
    context = StepContext(
        canvas=canvas,
        editable=open_,
        logits=logits,
        step=0,
        steps=world.length,
        progress=0.0,
        time=1.0,
        rows=tuple(range(len(canvas))),
        lengths=(world.length,) * len(canvas),
        witness=canvas,
        prompts=[()] * len(canvas),
        vocabulary=Vocabulary.from_bytes([bytes([97 + token]) for token in range(world.size)], size=world.size + 1),
        unconditional=lambda: logits,
        support=lambda: allowed,
    )
    return ClassifierGuidance(world).log_factors(context)


def outputs(world: World, commits: int, bias: Tensor | None) -> Tensor:
    """The distribution of outputs, (N,), with so many commits a step; bias (P, L, V + 1) is added to log p."""
    chances = torch.softmax(world.denoiser() + (0.0 if bias is None else bias), -1)
    reached = torch.zeros(len(world.canvases), dtype=torch.float64)
    reached[-1] = 1.0  # all masked
    for index in range(len(world.canvases) - 1, -1, -1):  # a commit always leads to a smaller index
        canvas = world.canvases[index]
        free = [position for position, token in enumerate(canvas) if token == world.size]
        if not free or not float(reached[index]):
            continue
        subsets = list(itertools.combinations(free, min(commits, len(free))))
        for chosen in subsets:
            for tokens in itertools.product(range(world.size), repeat=len(chosen)):
                after = list(canvas)
                chance = float(reached[index]) / len(subsets)
                for position, token in zip(chosen, tokens, strict=True):
                    after[position] = token
                    chance *= float(chances[index, position, token])
                reached[world.index[tuple(after)]] += chance
    return reached[[i for i, canvas in enumerate(world.canvases) if world.size not in canvas]]


def distance(found: Tensor, wanted: Tensor) -> float:
    """Total variation, in [0, 1]."""
    return float((found - wanted).abs().sum() / 2)
