"""Weights of phrases: factors against a derivative by enumeration, and the exact form in the loop."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch

from controlgen.constraints import Regex, Vocabulary
from controlgen.guidance import Phrases
from tests.controlgen import tiny
from tests.guidance.contexts import step_context

VOCABULARY = Vocabulary.from_bytes([b"a", b"b", b"ab", b" ", b" a"])


def test_factors_are_the_derivative_of_the_expected_weight() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 3, 5, generator=draw)
    editable = torch.tensor([[True, False, True]])
    canvas = torch.tensor([[0, 1, 0]])
    weights = {"ab": 1.5, "a": -0.5}
    factors = Phrases(weights).at(
        step_context(logits, canvas=canvas, editable=editable, vocabulary=VOCABULARY)
    )
    assert factors is not None
    spellings = [((2,), 1.5), ((3, 2), 1.5), ((0,), -0.5), ((4,), -0.5)]  # "ab", " ab", "a", " a" in fewest tokens

    def expected(chances: torch.Tensor) -> torch.Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for tokens in itertools.product(range(5), repeat=3):
            weight = sum(
                w for t, w in spellings for s in range(4 - len(t)) if tokens[s : s + len(t)] == t
            )
            total = total + weight * math.prod(chances[i, v] for i, v in enumerate(tokens))
        return total

    chances = torch.softmax(logits[0].double(), -1)
    chances[1] = torch.nn.functional.one_hot(torch.tensor(1), 5).double()
    # a multilinear function: the derivative is what the enumeration says of a certain token, the others' mass kept
    for position, token in itertools.product((0, 2), range(5)):
        certain, none = chances.clone(), chances.clone()
        certain[position] = torch.nn.functional.one_hot(torch.tensor(token), 5).double()
        rest = chances[[i for i in range(3) if i != position]]
        assert bool((rest >= 0).all())
        none[position] = 0.0
        constant = _without(spellings, chances, position)
        assert float(factors[0, position, token]) == pytest.approx(float(expected(certain)) - constant, abs=1e-5)
    assert float(factors[0, 1].abs().max()) == 0.0


def _without(spellings: list[tuple[tuple[int, ...], float]], chances: torch.Tensor, position: int) -> float:
    """The expected weight of occurrences that do not touch a position."""
    total = 0.0
    for tokens, weight in spellings:
        for start in range(4 - len(tokens)):
            if not start <= position < start + len(tokens):
                total += weight * math.prod(float(chances[start + k, t]) for k, t in enumerate(tokens))
    return total


def test_under_a_language_the_weights_are_exact() -> None:
    """Draws of one step against enumeration with e^W; the loop must not add factors on top."""
    model = tiny.model(spread=1.0)
    language = Regex("[ab]{3}")
    session = model.session("x", language, max_new_tokens=4, steps=1, seed=0, guidance=Phrases({"ab": 1.0}, 2.0))
    session.step()
    assert session.guidance_costs == ()  # part of the language now
    plain = model.session("x", language, max_new_tokens=4, steps=1, seed=0)
    plain.step()
    counts: Counter[str] = Counter()
    for seed in range(30):
        rows = model.generate(
            ["x"] * 20, language, max_new_tokens=4, steps=1, seed=[seed * 20 + k for k in range(20)], temperature=1.0,
            guidance=Phrases({"ab": 1.0}, 2.0),
        )  # fmt: skip
        counts.update(row.text for row in rows)
    base: Counter[str] = Counter()
    for seed in range(30):
        rows = model.generate(
            ["x"] * 20, language, max_new_tokens=4, steps=1, seed=[seed * 20 + k for k in range(20)], temperature=1.0
        )
        base.update(row.text for row in rows)
    with_ab = sum(n for text, n in counts.items() if "ab" in text) / 600
    before = sum(n for text, n in base.items() if "ab" in text) / 600
    wanted = before * math.e**2 / (before * math.e**2 + 1 - before)
    assert with_ab == pytest.approx(wanted, abs=0.08)


def test_without_a_language_and_in_windows_there_are_factors() -> None:
    model = tiny.model()
    for output, window in ((None, {}), (Regex("[a-z]{6}"), {"stop": 0.9})):
        session = model.session("x", output, max_new_tokens=8, steps=2, guidance=Phrases({"ada": 3.0}, **window))
        session.step()
        assert session.guidance_costs[0].steps == 1


def test_compiled_once_and_factors_where_the_automaton_would_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.model()
    arguments = {"max_new_tokens": 8, "steps": 2, "seed": 0}
    for _ in range(2):
        model.generate("x", Regex("[a-z]{6}"), guidance=Phrases({"ada": 3.0}), **arguments)
    assert len(model._automata) == 1
    monkeypatch.setattr("controlgen.constraints._weigh.MAX_WEIGHED_EDGES", 3)
    session = model.session("x", Regex("[a-z]{5}"), guidance=Phrases({"ada": 3.0}), **arguments)
    session.step()
    assert session.guidance_costs[0].steps == 1
    assert len(session.stop().rows[0].text) == 5


def test_rows_without_a_language_leave_all_to_the_factors() -> None:
    model = tiny.model()
    session = model.session(["x", "y"], [Regex("[a-z]{6}"), None], max_new_tokens=8, guidance=Phrases({"ada": 3.0}))
    session.step()
    assert session.guidance_costs[0].steps == 1


@pytest.mark.parametrize(
    ("weights", "message"), [({}, "at least one"), ({"": 1.0}, "empty phrase"), ({"a": math.nan}, "finite")]
)
def test_what_is_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Phrases(weights)
