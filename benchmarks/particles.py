"""Particles against enumeration: how far the drawn outputs are from the target, with log Z in the weights and without.

    python -m benchmarks.particles [--groups 1500]

A model of three letters and three positions, whose whole reverse chain is enumerated. The target is
π(x) ∝ P(x) 1[x ∈ L] e^{λ r(x)}, the language a regular expression of six texts, r the number of b's. Distances are
total variation between the shares of the drawn results and π; "noise" is what that many perfect draws would show.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table
from torch import Tensor

from controlgen.guidance import Guidance, Particles, StepContext
from controlgen.samplers import Ancestral
from tests.controlgen import chains

PATTERN, LENGTH, STEPS = "a(a|b)c|b(c|b)b|ccc|aab", 3, 3
COUNTS = (1, 2, 4, 8, 16, 32)


class Towards(Guidance):
    """One nat more for the letter c, everywhere."""

    def log_factors(self, context: StepContext) -> Tensor:
        factors = torch.zeros_like(context.logits)
        factors[..., 2] = 1.0
        return factors


def rewards(texts: Any) -> list[float]:
    return [float(text.count("b")) for text in texts]


def distance(strength: float, particles: Particles, guidance: Any, groups: int, wanted: dict[str, float]) -> float:
    """Total variation of the drawn results from the target."""
    found: Counter[str] = Counter()
    for begin in range(0, groups, 500):
        seeds = list(range(begin, min(begin + 500, groups)))
        session = chains.session(
            chains.Table(LENGTH), PATTERN, len(seeds), steps=STEPS, temperature=1.0, seed=seeds, sampler=Ancestral(),
            particles=particles, guidance=guidance,
        )  # fmt: skip
        for _ in session:
            pass
        found.update(result.text for result in session.results())
    return sum(abs(found[text] / groups - share) for text, share in wanted.items()) / 2


def noise(groups: int, wanted: dict[str, float]) -> float:
    """The mean distance of so many perfect draws."""
    draw = torch.Generator().manual_seed(0)
    shares = torch.tensor(list(wanted.values()), dtype=torch.float64)
    off = []
    for _ in range(200):
        counts = torch.bincount(torch.multinomial(shares, groups, True, generator=draw), minlength=len(shares))
        off.append(float((counts / groups - shares).abs().sum()) / 2)
    return math.fsum(off) / len(off)


def main(groups: Annotated[int, typer.Option(help="results per figure")] = 1500) -> None:
    """Print the distances by the number of particles."""
    table = Table("λ", "guidance", "log Z in the weights", *(f"{count} particles" for count in COUNTS), "noise")
    for strength in (0.0, 1.0):
        wanted, _ = chains.target(
            chains.Table(LENGTH),
            chains.ancestral,
            STEPS,
            lambda text: re.fullmatch(PATTERN, text),
            lambda text, strength=strength: strength * rewards([text])[0],  # type: ignore[misc]
        )
        for guidance in ((), Towards()):
            for log_z in (True, False):
                figures = [
                    distance(strength, Particles(rewards, count, strength, log_z=log_z), guidance, groups, wanted)
                    for count in COUNTS
                ]
                table.add_row(
                    f"{strength:g}",
                    "towards c" if guidance else "none",
                    "yes" if log_z else "no (biased)",
                    *(f"{figure:.3f}" for figure in figures),
                    f"{noise(groups, wanted):.3f}",
                )
    Console(width=130).print(table)


if __name__ == "__main__":
    typer.run(main)
