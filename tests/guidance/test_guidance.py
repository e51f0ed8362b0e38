"""The guidance abstraction, and classifier-free guidance against a hand calculation."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from controlgen.guidance import ClassifierFree, Cost, Guidance, StepContext, total
from tests.guidance.contexts import step_context

CONDITIONAL = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]]))
UNCONDITIONAL = torch.log(torch.tensor([[[0.2, 0.2, 0.6], [0.1, 0.4, 0.5]]]))


def context(step: int = 0, steps: int = 4, calls: list[int] | None = None) -> StepContext:
    def unconditional() -> Tensor:
        if calls is not None:
            calls.append(step)
        return UNCONDITIONAL + 3.0  # not normalised: the guidance has to do that

    return step_context(CONDITIONAL - 1.5, step=step, steps=steps, unconditional=unconditional)


class Constant(Guidance):
    """Adds a number to every log-factor; tests only."""

    def __init__(self, value: float, **window: float) -> None:
        super().__init__(**window)
        self.value = value

    def log_factors(self, context: StepContext) -> Tensor | None:
        return torch.full_like(context.logits, self.value)


def test_classifier_free_equation_by_hand() -> None:
    factors = ClassifierFree(2.0).at(context())
    assert factors is not None
    expected = [
        [2 * math.log(0.5 / 0.2), 2 * math.log(0.25 / 0.2), 2 * math.log(0.25 / 0.6)],
        [2 * math.log(0.1 / 0.1), 2 * math.log(0.8 / 0.4), 2 * math.log(0.1 / 0.5)],
    ]
    assert torch.allclose(factors[0], torch.tensor(expected), atol=1e-5)
    guided = torch.softmax(CONDITIONAL + factors, dim=-1)[0, 0]
    weights = torch.tensor([0.5**3 / 0.2**2, 0.25**3 / 0.2**2, 0.25**3 / 0.6**2])  # p^(1+w) / p0^w
    assert torch.allclose(guided, weights / weights.sum(), atol=1e-6)


def test_impossible_tokens_give_finite_factors() -> None:
    base = context()
    logits = base.logits.clone()
    logits[0, 0, 0] = -math.inf
    factors = ClassifierFree(1.0).log_factors(
        replace(base, logits=logits, unconditional=lambda: logits)
    )
    assert bool(factors.isfinite().all())
    assert float(factors.abs().max()) == 0.0


def test_strength_zero_and_closed_window_compute_nothing() -> None:
    calls: list[int] = []
    assert ClassifierFree(0.0).at(context(calls=calls)) is None
    assert ClassifierFree(1.0, start=0.5).at(context(step=1, calls=calls)) is None
    assert ClassifierFree(1.0, stop=0.25).at(context(step=2, calls=calls)) is None
    assert calls == []
    assert ClassifierFree(1.0, start=0.5).at(context(step=2, calls=calls)) is not None
    assert calls == [2]


def test_factors_add_up() -> None:
    summed = total([Constant(1.0, strength=3.0), Constant(0.5), Constant(9.0, start=0.9)], context())
    assert summed is not None
    assert bool((summed == 3.5).all())
    assert total([], context()) is None


def test_wrong_shape_is_named() -> None:
    class Narrow(Guidance):
        def log_factors(self, context: StepContext) -> Tensor:
            return context.logits[..., :1]

    with pytest.raises(ValueError, match=r"Narrow.log_factors gave shape \(1, 2, 1\)"):
        total([Narrow()], context())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_factors_that_are_not_finite_are_named(value: float) -> None:
    with pytest.raises(ValueError, match=r"Constant.log_factors gave .* at row 0, position 0, token 0"):
        total([Constant(value)], context())


def test_every_other_step() -> None:
    on = [Constant(1.0, every=2).at(context(step=step)) is not None for step in range(4)]
    assert on == [True, False, True, False]


def test_costs_are_counted_per_guidance() -> None:
    costs = [Cost("a"), Cost("b"), Cost("c")]
    for step in range(4):
        guidances = [Constant(1.0), ClassifierFree(1.0, every=2), ClassifierFree(0.0)]
        total(guidances, context(step=step), costs)
    assert [(cost.steps, cost.forwards) for cost in costs] == [(4, 0), (2, 2), (0, 0)]
    assert costs[1].seconds > 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"every": 0},
        {"every": 1.5},
        {"every": True},
        {"strength": math.nan},
        {"start": -0.1},
        {"stop": 1.1},
        {"start": 0.6, "stop": 0.5},
    ],
)
def test_bad_windows_and_strengths_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        ClassifierFree(**arguments)
