"""Particles against enumeration of the model's whole reverse chain; the variant without log Z beside them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from controlgen.constraints import Language, Regex
from controlgen.errors import OptionError, RewardError, SessionError, VerificationError
from controlgen.guidance import Guidance, Particles, StepContext
from controlgen.samplers import Ancestral, LeftToRight, LowConfidence, Random, ReMDM
from tests.controlgen import chains, tiny

PATTERN = "a(a|b)c|b(c|b)b|ccc|aab"  # most of what the model likes is outside
ENDING = "a?b|ab*a|bb"  # texts of one to three letters
LENGTH, STEPS = 3, 3
CASES: dict[str, tuple[chains.Table, str, Any, Any]] = {
    "ancestral": (chains.Table(LENGTH), PATTERN, Ancestral(), chains.ancestral),
    "random": (chains.Table(LENGTH), PATTERN, Random(), chains.random_order),
    "left to right": (chains.Table(LENGTH), PATTERN, LeftToRight(), chains.left_to_right),
    "with stop tokens": (chains.Table(LENGTH, stops=True), ENDING, Ancestral(), chains.ancestral),
    "stop tokens at random": (chains.Table(LENGTH, stops=True), ENDING, Random(), chains.random_order),
    "in blocks": (chains.Table(4, block=2), "(a|bc?)+", Random(), chains.random_order),
    "in blocks with stop tokens": (chains.Table(4, stops=True, block=2), "a|b?a*b", Ancestral(), chains.ancestral),
}
named = pytest.mark.parametrize("name", CASES)


def reward(texts: Sequence[str]) -> list[float]:
    return [1.0 * text.count("b") for text in texts]


def allowed(pattern: str) -> Callable[[str], Any]:
    return lambda text: re.fullmatch(pattern, text)


def run(name: str, particles: Particles, groups: int, language: Language | None = None, **options: Any) -> Any:
    """A finished session of so many groups, with one seed each."""
    denoiser, pattern, sampler, _ = CASES[name]
    made = chains.session(
        denoiser,
        language or pattern,
        groups,
        particles=particles,
        **{"steps": STEPS, "temperature": 1.0, "seed": list(range(groups)), "sampler": sampler, **options},
    )
    for _ in made:
        pass
    return made


def estimates(results: Any) -> list[dict[str, float]]:
    """Per group the estimate of P(x) 1[x ∈ L] e^{λ r(x)} by text; unbiased, whatever the number of particles."""
    found = []
    for result in results:
        masses: dict[str, float] = defaultdict(float)
        for text, weight in zip(result.particles.texts, result.particles.log_weights.exp().tolist(), strict=True):
            masses[text] += math.exp(result.particles.log_normalizer) * weight
        found.append(masses)
    return found


def worst(found: list[dict[str, float]], wanted: dict[str, float]) -> float:
    """How many standard errors the means are off at most: of common texts, of the rare ones together, and of all."""
    common = [text for text, mass in wanted.items() if mass > 0.05 * sum(wanted.values())]

    def parts(masses: dict[str, float]) -> list[float]:
        each = [masses.get(text, 0.0) for text in common]
        return [*each, sum(masses.values()) - sum(each), sum(masses.values())]

    values = torch.tensor([parts(group) for group in found], dtype=torch.float64)  # (groups, parts)
    off = values.mean(0) - torch.tensor(parts(wanted), dtype=torch.float64)
    return float((off / (values.std(0) / len(found) ** 0.5 + 1e-12)).abs().max())


def exact(name: str, strength: float, pattern: str | None = None, extra: Any = None) -> dict[str, float]:
    denoiser, own, _, choose = CASES[name]
    value = (lambda text: strength * reward([text])[0]) if extra is None else extra
    return chains.masses(denoiser, choose, STEPS, allowed(pattern or own), value)


def distance(first: dict[str, float], second: dict[str, float]) -> float:
    return sum(abs(first.get(text, 0.0) - second.get(text, 0.0)) for text in {*first, *second}) / 2


class Towards(Guidance):
    """Prefers one letter, whatever stands there."""

    factors = torch.tensor([0.0, 0.0, 1.0, 0.0], dtype=torch.float64)

    def log_factors(self, context: StepContext) -> torch.Tensor:
        return self.factors.expand(context.logits.shape)


@named
@pytest.mark.parametrize("guided", [False, True], ids=["plain", "guided"])
def test_each_weight_is_that_of_its_path(name: str, guided: bool) -> None:
    """Without resampling: log P over the proposal, by sums over all completions of each canvas on the way."""
    denoiser, pattern, _, _ = CASES[name]
    heat, bias = 0.7, Towards.factors if guided else None
    made = run(
        name, Particles(count=3, threshold=0.0), 2, trace=True, temperature=heat, guidance=Towards() if guided else ()
    )
    found = [
        result.particles.log_weights + result.particles.log_normalizer + math.log(3) for result in made.results()
    ]
    for row, weight in zip(made._rows, torch.cat(found).tolist(), strict=True):
        path = _path(row)
        assert weight == pytest.approx(chains.log_weight(denoiser, path, allowed(pattern), bias, heat), abs=1e-9)


def _path(row: Any) -> list[chains.Canvas]:
    """The canvases of a row, each block whole after its last step."""
    path = [(-1,) * row.length]
    windows = [[count > 0 for count in step.allowed] for step in row.trace]
    for step, window, following in zip(row.trace, windows, [*windows[1:], None], strict=True):
        whole = window != following
        path.append(
            tuple(
                final if whole and inside else token
                for token, final, inside in zip(step.canvas, row.witness.tolist(), window, strict=True)
            )
        )
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ancestral", {}),
        ("random", {"guidance": Towards()}),
        ("left to right", {"potential": "max"}),
        ("with stop tokens", {"selection": "svdd"}),
        ("stop tokens at random", {"threshold": 1.0, "guidance": Towards()}),
        ("in blocks", {"threshold": 1.0}),
        ("in blocks with stop tokens", {"threshold": 0.8, "every": 2}),
    ],
)
def test_every_estimate_is_unbiased(name: str, options: dict[str, Any]) -> None:
    guidance = options.get("guidance", ())
    own = {key: value for key, value in options.items() if key != "guidance"}
    made = run(name, Particles(reward, count=4, **own), 150, guidance=guidance)
    assert worst(estimates(made.results()), exact(name, 1.0)) < 4.5


@pytest.mark.parametrize("guidance", [(), Towards()], ids=["plain", "guided"])
def test_without_log_z_the_target_is_missed(guidance: Any) -> None:
    """By what the constraint has squeezed, and by the guidance that the weights should take off again."""
    found = {}
    for log_z in (True, False):
        masses: dict[str, float] = defaultdict(float)
        for group in estimates(run("ancestral", Particles(count=8, log_z=log_z), 100, guidance=guidance).results()):
            for text, mass in group.items():
                masses[text] += mass
        found[log_z] = {text: mass / sum(masses.values()) for text, mass in masses.items()}
    wanted = exact("ancestral", 0.0)
    wanted = {text: mass / sum(wanted.values()) for text, mass in wanted.items()}
    near, far = (0.12, 0.35) if guidance else (0.07, 0.1)
    assert distance(found[True], wanted) < near
    assert distance(found[False], wanted) > far


def test_more_particles_come_closer_in_the_drawn_results() -> None:
    """What a user gets is one particle of each group: a single one is a draw of the proposal."""
    wanted = exact("ancestral", 1.0)
    wanted = {text: mass / sum(wanted.values()) for text, mass in wanted.items()}

    def drawn(count: int) -> dict[str, float]:
        shares: dict[str, float] = defaultdict(float)
        for result in run("ancestral", Particles(reward, count=count), 160).results():
            shares[result.text] += 1 / 160
        return shares

    assert distance(drawn(16), wanted) < 0.16 < distance(drawn(1), wanted)


def test_drafts_that_are_impossible_for_now_are_not_lost() -> None:
    """A reward of -inf on the way is no end: texts that it would end keep their share of the target."""

    def value(text: str) -> float:
        return 1.0 if text in ("abc", "bbb", "ccc") else -math.inf

    particles = Particles(lambda texts: [value(text) for text in texts], count=8, threshold=1.0)
    results = run("ancestral", particles, 200).outcomes()
    dead = [one for one in results if isinstance(one, RewardError)]
    alive = estimates([one for one in results if not isinstance(one, RewardError)])
    assert worst(alive + [{}] * len(dead), exact("ancestral", 1.0, extra=value)) < 4.5


def test_weights_of_a_language_belong_to_the_target() -> None:
    """Also those that are held in an automaton: e for each text with a b in it."""
    language = Regex(PATTERN).prefer("b", 1.0)
    made = run("random", Particles(count=4), 150, language=language)
    assert worst(estimates(made.results()), exact("random", 0.0, extra=lambda text: float("b" in text))) < 4.5


def test_blocks_of_the_copied_particle_are_what_the_network_is_told() -> None:
    made = run("in blocks", Particles(reward, count=4, threshold=1.0), 6, steps=2)
    told = {row.index: made._forward._prefix.told(row.index) for row in made._rows}
    assert all(told[row.index] == row.witness[:2].tolist() for row in made._rows)


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
        ({"sampler": Ancestral()}, "in every step"),
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
    [([math.nan], "gave nan"), ([math.inf], "gave inf"), ([0.0, 0.0, 0.0], "3 values for 1 drafts")],
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


def test_a_reward_that_raises_is_named_with_a_draft() -> None:
    def shaky(texts: Sequence[str]) -> list[float]:
        raise KeyError("no such word")

    with pytest.raises(ValueError, match=r"the reward shaky failed on \d drafts.*'[ab]{3}'.*KeyError: 'no such word'"):
        tiny.model().generate(
            "x", Regex("[ab]{3}"), max_new_tokens=5, steps=2, temperature=1.0, particles=Particles(shaky)
        )


def test_where_all_are_impossible_there_is_an_error_and_no_final_draft() -> None:
    arguments: dict[str, Any] = {"max_new_tokens": 5, "steps": 2, "temperature": 1.0, "seed": 0}
    arguments["particles"] = Particles(lambda texts: [-math.inf if "b" in text else 0.0 for text in texts], count=3)
    session = tiny.model().session(["x", "y"], [Regex("b{3}"), Regex("a{3}")], **arguments)
    drafts = [draft for output in session for draft in output.drafts]
    failed, fine = session.outcomes()
    assert isinstance(failed, RewardError)
    assert failed.row == 0
    assert "prompt 0: the reward is -inf for all 3 particles, 'bbb' among them" in str(failed)
    assert fine.text == "aaa"
    assert [draft.row for draft in drafts if draft.final] == [1]


def test_a_stream_ends_with_the_result() -> None:
    model = tiny.model(spread=0.5)
    arguments: dict[str, Any] = {"max_new_tokens": 8, "steps": 3, "seed": 4, "temperature": 1.0}
    arguments["particles"] = Particles(lambda texts: [text.count("b") for text in texts], count=5)
    last = [draft for draft in model.stream(["x", "y", "z"], Regex("[ab]{6}"), **arguments) if draft.final]
    results = model.generate(["x", "y", "z"], Regex("[ab]{6}"), **arguments)
    assert [draft.text for draft in last] == [result.text for result in results]


def test_stopped_early_there_is_a_valid_output() -> None:
    arguments: dict[str, Any] = {"max_new_tokens": 8, "steps": 6, "seed": 0, "temperature": 1.0}
    session = tiny.model().session("x", Regex("[ab]{6}"), particles=Particles(reward, count=4, every=5), **arguments)
    session.step()
    with pytest.raises(SessionError, match="particles"):
        session.rewrite(0, torch.full((8,), -1))
    session.stop()
    result = session.result()
    assert Regex("[ab]{6}").matches(result.text)
    assert result.particles.rewards == tuple(float(text.count("b")) for text in result.particles.texts)


def test_samplers_that_go_by_confidence_do_not_commit_stop_tokens_early() -> None:
    """Their order looks at tokens whatever is done: it stays what it is without particles."""
    arguments: dict[str, Any] = {"max_new_tokens": 12, "steps": 4, "seed": 0, "temperature": 1.0}
    for sampler, early in ((LowConfidence(), False), (Random(), True)):
        session = tiny.model().session(
            "x", Regex("[ab]{2,6}"), sampler=sampler, particles=Particles(count=4), **arguments
        )
        session.step()
        texts = session._rows[0].task.reader.vocabulary.is_text
        assert any(not texts[row.held[row.kept].numpy()].all() for row in session._rows) == early
