"""Particles against enumeration of the model's whole reverse chain; the variant without log Z beside them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from controlgen.constraints import Regex
from controlgen.errors import OptionError, VerificationError
from controlgen.guidance import Guidance, Particles, StepContext
from controlgen.samplers import Ancestral, Random, ReMDM
from tests.controlgen import chains, tiny

PATTERN = "a(a|b)c|b(c|b)b|ccc|aab"  # most of what the model likes is outside
LENGTH, STEPS = 3, 3


def reward(texts: Sequence[str]) -> list[float]:
    return [1.0 * text.count("b") for text in texts]


def estimate(particles: Particles, groups: int = 96, **options: Any) -> tuple[dict[str, float], float]:
    """π and its normaliser by all particles of many groups, each group weighted by its own estimate of it."""
    made = chains.session(
        chains.Table(LENGTH),
        PATTERN,
        groups,
        steps=STEPS,
        temperature=1.0,
        seed=list(range(groups)),
        particles=particles,
        **{"sampler": Ancestral(), **options},
    )
    for _ in made:
        pass
    masses: dict[str, float] = defaultdict(float)
    totals = []
    for result in made.results():
        cloud = result.particles
        assert cloud is not None
        totals.append(math.exp(cloud.log_normalizer))
        for text, weight in zip(cloud.texts, cloud.log_weights.exp().tolist(), strict=True):
            assert text is not None
            masses[text] += totals[-1] * weight
    total = sum(masses.values())
    return {text: mass / total for text, mass in masses.items()}, total / groups


def distance(first: dict[str, float], second: dict[str, float]) -> float:
    return sum(abs(first.get(text, 0.0) - second.get(text, 0.0)) for text in {*first, *second}) / 2


def exact(strength: float, choose: Any = chains.ancestral) -> tuple[dict[str, float], float]:
    return chains.target(
        chains.Table(LENGTH),
        choose,
        STEPS,
        lambda text: re.fullmatch(PATTERN, text),
        lambda text: strength * reward([text])[0],
    )


class Towards(Guidance):
    """Prefers one letter, whatever stands there."""

    def log_factors(self, context: StepContext) -> torch.Tensor:
        factors = torch.zeros_like(context.logits)
        factors[..., 2] = 1.0
        return factors


@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize(
    ("sampler", "choose"),
    [(Ancestral(), chains.ancestral), (Random(), chains.random_order)],
    ids=["ancestral", "random"],
)
def test_particles_meet_the_enumerated_target(sampler: Any, choose: Any, guided: bool, strength: float) -> None:
    particles = Particles(reward, count=8, strength=strength)
    options = {"sampler": sampler, "guidance": Towards() if guided else ()}
    found, total = estimate(particles, **options)
    wanted, normalizer = exact(strength, choose)
    assert distance(found, wanted) < (0.13 if guided else 0.07)
    assert total == pytest.approx(normalizer, rel=0.2)


def test_without_log_z_the_target_is_missed() -> None:
    """By the guidance that the weights should take off again, and by what the constraint has squeezed."""
    wanted, _ = exact(0.0)
    for guidance, near, far in (((), 0.05, 0.1), (Towards(), 0.12, 0.4)):
        right, _ = estimate(Particles(count=8), groups=160, guidance=guidance)
        biased, _ = estimate(Particles(count=8, log_z=False), groups=160, guidance=guidance)
        assert distance(right, wanted) < near
        assert distance(biased, wanted) > far


@pytest.mark.parametrize("arguments", [{"potential": "max"}, {"selection": "svdd"}, {"every": 2}, {"threshold": 1.0}])
def test_every_potential_and_selection_has_the_same_target(arguments: dict[str, Any]) -> None:
    found, _ = estimate(Particles(reward, count=8, strength=1.0, **arguments), groups=128)
    assert distance(found, exact(1.0)[0]) < 0.12


def test_more_particles_come_closer_in_the_drawn_results() -> None:
    """What a user gets is one particle of each group: a single one is a draw of the proposal."""
    wanted = exact(1.0)[0]

    def drawn(count: int) -> dict[str, float]:
        made = chains.session(
            chains.Table(LENGTH),
            PATTERN,
            160,
            steps=STEPS,
            temperature=1.0,
            seed=list(range(160)),
            sampler=Ancestral(),
            particles=Particles(reward, count=count, strength=1.0),
        )
        for _ in made:
            pass
        shares: dict[str, float] = defaultdict(float)
        for result in made.results():
            shares[result.text] += 1 / 160
        return shares

    assert distance(drawn(16), wanted) < 0.16 < distance(drawn(1), wanted)


def test_through_the_model_and_the_same_seed_the_same_output() -> None:
    model = tiny.model(spread=0.5)
    language = Regex("[ab]{6}")

    def run(**options: Any) -> Any:
        return model.generate(
            ["x", "yy"], language, max_new_tokens=8, steps=4, seed=5, temperature=1.0, **options
        )

    steered = run(particles=Particles(lambda texts: [text.count("b") for text in texts], count=6, strength=6.0))
    plain = run()
    assert all(language.matches(result.text) for result in steered)
    assert sum(result.text.count("b") for result in steered) > sum(result.text.count("b") for result in plain)
    again = run(particles=Particles(lambda texts: [text.count("b") for text in texts], count=6, strength=6.0))
    assert [result.text for result in again] == [result.text for result in steered]
    cloud = steered[0].particles
    assert len(cloud.texts) == 6
    assert all(1 - 1e-9 <= size <= 6 + 1e-9 for size in cloud.effective_sizes)
    assert float(cloud.log_weights.exp().sum()) == pytest.approx(1.0)
    assert steered[0].text in cloud.texts


def test_a_stream_has_one_draft_per_prompt_and_step() -> None:
    drafts = list(
        tiny.model().stream(
            ["x", "y"], Regex("[ab]{6}"), max_new_tokens=8, steps=3, seed=1, temperature=1.0,
            particles=Particles(lambda texts: [0.0] * len(texts), count=3),
        )
    )
    steps = {draft.step for draft in drafts}
    assert all({draft.row for draft in drafts if draft.step == step} <= {0, 1} for step in steps)
    assert len(drafts) <= 2 * len(steps)
    assert {draft.row for draft in drafts if draft.final} == {0, 1}


def test_particles_that_fail_verification_weigh_nothing() -> None:
    from controlgen.constraints import Language

    base = Regex("[ab]{3}")
    picky = Language(base.term, verify=lambda text: text == "aba")
    never = Language(base.term, verify=lambda text: False)
    arguments: dict[str, Any] = {"max_new_tokens": 5, "steps": 2, "seed": 0, "temperature": 1.0, "candidates": 8}
    arguments["particles"] = Particles(lambda texts: [0.0] * len(texts), count=6)
    result = tiny.model().generate("x", picky, **arguments)
    assert result.text == "aba"
    with pytest.raises(VerificationError):
        tiny.model().generate("x", never, **arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "particles are draws"),
        ({}, "particles are draws"),
        ({"temperature": 1.0, "witness": "mode"}, "witness must be 'sample'"),
        ({"sampler": ReMDM("conf")}, "ReMDM takes tokens back"),
        ({"temperature": 1.0, "jump": True}, "exclude jump"),
        ({"temperature": 1.0, "particles": 4}, "must be a controlgen.guidance.Particles"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    particles = Particles(lambda texts: [0.0] * len(texts))
    with pytest.raises(OptionError, match=message):
        tiny.model().session("x", Regex("a{3}"), max_new_tokens=5, **{"particles": particles, **options})


@pytest.mark.parametrize(
    ("values", "message"),
    [([math.nan], "gave nan"), ([math.inf], "gave inf"), ([0.0, 0.0, 0.0], "3 values for 1 texts")],
)
def test_rewards_that_make_no_sense_are_named(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny.model().generate(
            "x", Regex("aaa"), max_new_tokens=5, steps=2, temperature=1.0, particles=Particles(lambda texts: values)
        )


def test_impossible_drafts_weigh_nothing() -> None:
    def only_b(texts: Any) -> list[float]:
        return [0.0 if text == "bbb" else -math.inf for text in texts]

    result = tiny.model(spread=0.5).generate(
        "x", Regex("[ab]{3}"), max_new_tokens=5, steps=1, temperature=1.0, seed=0, particles=Particles(only_b, count=64)
    )
    assert result.text == "bbb"
