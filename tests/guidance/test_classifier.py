"""Classifier guidance against hand loops over tokens, and what it asks its classifier for."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen.constraints import Choice
from controlgen.guidance import ClassifierGuidance, Cost, total
from tests.controlgen import tiny
from tests.guidance.contexts import step_context

V, L = 5, 4


class Quadratic:
    """A classifier with interactions between positions; keeps the canvases that it was given."""

    def __init__(self, size: int = V, length: int = L, seed: int = 0) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.linear = torch.randn(length, size, generator=draw, dtype=torch.float64)
        self.pairs = torch.randn(length, size, length, size, generator=draw, dtype=torch.float64) * 0.3
        self.seen: list[Tensor] = []

    def relaxed(self, weights: Tensor, time: float) -> Tensor:
        x = weights.double()
        linear = torch.einsum("ntv,tv->n", x, self.linear)
        score = linear + torch.einsum("ntv,tvsw,nsw->n", x, self.pairs, x)
        return torch.nn.functional.logsigmoid(score * time)

    def __call__(self, canvas: Tensor, time: float) -> Tensor:
        self.seen.append(canvas.clone())
        return self.relaxed(torch.nn.functional.one_hot(canvas, self.linear.shape[1]), time)

    @property
    def evaluations(self) -> int:
        return sum(len(canvas) for canvas in self.seen)


def a_step(seed: int = 0, rows: int = 3) -> dict[str, Any]:
    draw = torch.Generator().manual_seed(seed)
    return {
        "logits": torch.randn(rows, L, V, generator=draw),
        "canvas": torch.randint(V, (rows, L), generator=draw),
        "editable": torch.rand(rows, L, generator=draw) < 0.6,
        "support": torch.rand(rows, L, V, generator=draw) < 0.5,
        "time": 0.7,
    }


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
def test_exact_is_the_classifier_token_by_token(batch_size: int) -> None:
    step, classifier = a_step(), Quadratic()
    support = step.pop("support")
    factors = ClassifierGuidance(classifier, batch_size=batch_size).at(step_context(**step, support=lambda: support))
    assert factors is not None
    judge, asked = Quadratic(), 0
    for row, position, token in itertools.product(range(3), range(L), range(V)):
        changed = step["canvas"][row : row + 1].clone()
        before = judge(changed, 0.7)
        changed[0, position] = token
        allowed = bool(step["editable"][row, position] and support[row, position, token])
        asked += allowed and int(step["canvas"][row, position]) != token
        expected = float(judge(changed, 0.7) - before) if allowed else 0.0
        assert float(factors[row, position, token]) == pytest.approx(expected, abs=1e-6)
    assert classifier.evaluations == asked + 3  # and each canvas as it stands


def test_the_cap_asks_about_the_likeliest_allowed_tokens() -> None:
    step, classifier = a_step(), Quadratic()
    step["editable"][:] = True
    support = torch.ones(3, L, V, dtype=torch.bool)
    support[..., 2] = False
    step["canvas"][:] = 2  # stands for the mask
    step.pop("support")
    factors = ClassifierGuidance(classifier, cap=2).at(step_context(**step, support=lambda: support))
    assert factors is not None
    for row, position in itertools.product(range(3), range(L)):
        order = step["logits"][row, position].masked_fill(~support[row, position], -math.inf).argsort(descending=True)
        assert set(factors[row, position].nonzero()[:, 0].tolist()) == set(order[:2].tolist())
    assert classifier.evaluations == 3 + 3 * L * 2


def test_first_order_is_the_gradient() -> None:
    step, classifier = a_step(), Quadratic()
    step.pop("support")
    with torch.inference_mode():
        factors = ClassifierGuidance(classifier, method="first_order").at(step_context(**step))
    assert factors is not None
    assert not factors.requires_grad
    eps = 1e-6
    one_hot = torch.nn.functional.one_hot(step["canvas"], V).double()
    for row, position, token in itertools.product(range(3), range(L), range(V)):
        slopes = []
        for moved in (token, int(step["canvas"][row, position])):
            up, down = one_hot[row : row + 1].clone(), one_hot[row : row + 1].clone()
            up[0, position, moved] += eps
            down[0, position, moved] -= eps
            slopes.append(float((classifier.relaxed(up, 0.7) - classifier.relaxed(down, 0.7)) / (2 * eps)))
        expected = (slopes[0] - slopes[1]) * bool(step["editable"][row, position])
        assert float(factors[row, position, token]) == pytest.approx(expected, abs=1e-5)


def test_costs() -> None:
    step = a_step()
    support = step.pop("support")
    context = step_context(**step, support=lambda: support)
    costs = [Cost("exact"), Cost("first order")]
    classifiers = [Quadratic(), Quadratic()]
    guidances = [
        ClassifierGuidance(classifiers[0], batch_size=4),
        ClassifierGuidance(classifiers[1], method="first_order"),
    ]
    total(guidances, context, costs)
    assert costs[0].evaluations == classifiers[0].evaluations
    assert (costs[0].forwards, costs[0].backwards) == (len(classifiers[0].seen), 0)
    assert (costs[1].forwards, costs[1].backwards, costs[1].evaluations) == (1, 1, 3)


def test_an_enum_slot_is_asked_about_its_own_tokens_only() -> None:
    """In the loop, with a real network: evaluations are the allowed tokens, counted in the language's own texts."""
    colours = ["red", "blue", "black"]
    model = tiny.model()

    class Reads:
        def __init__(self) -> None:
            self.seen: list[Tensor] = []

        def __call__(self, canvas: Tensor, time: float) -> Tensor:
            self.seen.append(canvas.clone())
            return torch.zeros(len(canvas))

    classifier = Reads()
    session = model.session(
        "x", Choice(colours), max_new_tokens=5, steps=1, seed=0, guidance=ClassifierGuidance(classifier)
    )
    session.step()
    mask, asked = model.family.mask_id, torch.cat(classifier.seen)
    changed = [(position, int(row[position])) for row in asked for position in range(5) if row[position] != mask]
    # by enumeration: every segmentation of every colour, its stop token and what fills the canvas behind it
    allowed = set()
    pieces = {model.vocabulary.token(token): token for token in model.vocabulary.is_text.nonzero()[0].tolist()}
    stops, pads = model.family.stop_ids, model.family.stop_ids | model.family.pad_ids

    def walk(rest: bytes, position: int, path: list[int]) -> None:
        if position > 5:
            return
        if not rest:
            for tail in itertools.product(*[stops if i == 0 else pads for i in range(5 - position)]):
                allowed.update(enumerate([*path, *tail]))
        for end in range(1, len(rest) + 1):
            if rest[:end] in pieces and position < 5:
                walk(rest[end:], position + 1, [*path, pieces[rest[:end]]])

    for colour in colours:
        walk(colour.encode(), 0, [])
    assert sorted(changed) == sorted(allowed)
    assert session.guidance_costs[0].evaluations == len(allowed) + 1


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="method must be"):
        ClassifierGuidance(Quadratic(), method="third_order")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no relaxed"):
        ClassifierGuidance(lambda canvas, time: torch.zeros(len(canvas)), method="first_order")
    with pytest.raises(ValueError, match="cap must be"):
        ClassifierGuidance(Quadratic(), cap=0)
