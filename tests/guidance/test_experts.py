"""Experts by hand, and models as experts in the loop."""

from __future__ import annotations

import pytest
import torch

from controlgen.constraints import Regex
from controlgen.errors import OptionError
from controlgen.guidance import ClassifierFree, Cost, Experts, StepContext, total
from tests.controlgen import tiny
from tests.guidance.contexts import step_context

LOGITS = torch.tensor([[[1.0, 2.0, 0.0], [0.5, 0.0, -1.0]]])
GOOD = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 0.0, 3.0]]])
BAD = torch.tensor([[[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]])


def test_the_equation_by_hand() -> None:
    cost = Cost()
    both = total([Experts(lambda _: GOOD + 5, lambda _: BAD - 3, 0.7)], step_context(LOGITS), [cost])
    expected = 0.7 * (torch.log_softmax(GOOD, -1) - torch.log_softmax(BAD, -1))
    assert both is not None
    assert torch.allclose(both, expected, atol=1e-6)
    assert cost.forwards == 2
    alone = Experts(anti=lambda _: BAD).at(step_context(LOGITS))
    assert alone is not None
    assert torch.allclose(alone, torch.log_softmax(LOGITS, -1) - torch.log_softmax(BAD, -1), atol=1e-6)


def test_a_model_as_its_own_anti_expert_without_prompt_is_classifier_free_guidance() -> None:
    """The embedded model's blank prompt is `<|record|>`: as a prompt of the anti-expert the two are one."""
    model = tiny.model()
    blank = tiny.tokenizer().decode(model.denoiser.blank(model.encode("x")), skip_special_tokens=False)
    language = Regex("[a-z]{6}")
    arguments = {"max_new_tokens": 8, "steps": 4, "seed": 0}
    one = model.generate("ada", language, guidance=ClassifierFree(1.5), **arguments)
    other = model.generate("ada", language, guidance=Experts(anti=model.expert(blank), strength=1.5), **arguments)
    assert one.text == other.text
    assert torch.allclose(one.confidences, other.confidences, atol=1e-4)


def test_another_model_pulls_the_output_towards_its_own() -> None:
    model, expert = tiny.model(0), tiny.model(7)
    language = Regex("[a-z]{8}")
    arguments = {"max_new_tokens": 10, "steps": 1, "seed": 0}
    alone = expert.generate(["x", "yy"], language, **arguments)
    pulled = model.generate(["x", "yy"], language, guidance=Experts(expert.expert(), strength=1.0), **arguments)
    assert [result.text for result in pulled] == [result.text for result in alone]  # log p + (log p⁺ − log p) = log p⁺


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an expert"):
        Experts()
    with pytest.raises(ValueError, match=r"logits of shape \(1, 2, 2\)"):
        Experts(lambda _: LOGITS[..., :2]).at(step_context(LOGITS))

    def foreign(context: StepContext) -> torch.Tensor:
        return tiny.model().expert()(context)

    with pytest.raises(OptionError, match="has another vocabulary"):
        Experts(foreign).at(step_context(LOGITS))
