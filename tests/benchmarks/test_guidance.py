"""What the evidence benchmark computes, against draws and hand sums; and the order that its figures must have."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from benchmarks._guidance_evidence import EVIDENCE, World, distance, factors, outputs


@pytest.mark.parametrize("name", EVIDENCE)
@pytest.mark.parametrize("correlated", [False, True])
def test_one_commit_a_step_meets_the_target_and_more_move_away(name: str, correlated: bool) -> None:
    off = {1: 0.0, 2: 0.0, 3: 0.0}
    for seed in range(3):
        world = World.random(seed, name, correlated=correlated, size=3, length=3)
        guided = factors(world)
        for commits in off:
            off[commits] += distance(outputs(world, commits, guided), world.target(1.0)) / 3
    assert off[1] < 1e-12
    if name == "apart" and not correlated:
        assert off[3] < 1e-12  # what tokens say apart from each other may be said at once
    else:
        assert 0.005 < off[2] < off[3]


def test_all_at_once_is_the_product_of_the_right_marginals() -> None:
    world = World.random(0, "redundant", correlated=False, size=3, length=3)
    target = world.target(1.0).reshape(3, 3, 3)
    marginals = [target.sum(dim=[j for j in range(3) if j != i]) for i in range(3)]
    product = torch.einsum("a,b,c->abc", *marginals).reshape(-1)
    assert distance(outputs(world, 3, factors(world)), product) < 1e-12


def test_the_world_is_its_own_classifier() -> None:
    world = World.random(1, "redundant", correlated=True, size=2, length=3)
    canvases = list(itertools.product(range(2), repeat=3))
    for shown in itertools.product(range(3), repeat=3):
        fits = [
            index
            for index, canvas in enumerate(canvases)
            if all(s in (2, c) for s, c in zip(shown, canvas, strict=True))
        ]
        p = math.fsum(float(world.prior[index]) for index in fits)
        both = math.fsum(float(world.prior[index] * world.likelihood[index]) for index in fits)
        assert float(world(torch.tensor([shown]), 1.0)) == pytest.approx(math.log(both / p), abs=1e-12)
