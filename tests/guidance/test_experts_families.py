"""Models of all kinds as experts in the loop: what an expert is shown is what the model itself is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from controlgen.constraints import Choice
from controlgen.errors import OptionError
from controlgen.guidance import Experts, StepContext
from tests.controlgen import tiny
from tests.controlgen.families.zoo_models import MODELS


class _Seen:
    """Passes an expert's logits on and keeps them beside the step."""

    def __init__(self, expert: Callable[[StepContext], Tensor]) -> None:
        self.expert = expert
        self.steps: list[tuple[StepContext, Tensor]] = []

    def __call__(self, context: StepContext) -> Tensor:
        logits = self.expert(context)
        self.steps.append((context, logits.clone()))
        return logits


@pytest.mark.parametrize("name", ["LLaDA", "Dream", "MDLM", "Fast-dLLM v2", "SDAR"])
def test_a_model_beside_itself_says_the_same(name: str) -> None:
    """Prompts behind a cache, shifted logits, blocks, rows of different lengths: all passes are equal."""
    model = MODELS[name]()
    block = model.family.block
    lengths = [8, 6] if block is None else 2 * block
    seen = _Seen(model.expert())
    session = model.session(["Ada, 36", "x"], max_new_tokens=lengths, steps=2, seed=0, guidance=Experts(seen))
    while not session.done:
        session.step()
    assert len(seen.steps) >= (1 if block is None else 2)
    for context, logits in seen.steps:
        for row, length in enumerate(context.lengths):
            open_ = context.editable[row, :length]
            mine, own = (values[row, :length][open_].float() for values in (logits, context.logits))
            assert torch.allclose(mine, own, atol=1e-4)


def test_encoded_once_and_rows_that_end_are_left_out() -> None:
    model, other = tiny.model(0), tiny.model(1)
    session = model.session(
        ["a", "b", "c"],
        [Choice("no"), Choice("Ada Lovelace, 36"), Choice("true")],
        max_new_tokens=16,
        seed=0,
        guidance=Experts(other.expert(), model.expert(), strength=0.5),
    )
    while not session.done:
        session.step()
    counting = other.denoiser
    assert counting.encoded == 1  # type: ignore[attr-defined]
    assert len(set(counting.rows)) > 1  # type: ignore[attr-defined]
    assert session.guidance_costs[0].forwards == 2 * session.guidance_costs[0].steps
    assert [result.text for result in session.results()] == ["no", "Ada Lovelace, 36", "true"]


def test_a_prompt_of_its_own_is_what_the_expert_sees() -> None:
    model = tiny.model()
    seen, alone = _Seen(model.expert(prompt="something else")), _Seen(model.expert())
    model.generate(["x", "y"], max_new_tokens=5, steps=1, seed=0, guidance=Experts(anti=seen))
    model.generate(["something else"] * 2, max_new_tokens=5, steps=1, seed=0, guidance=Experts(alone))
    (context, logits), (_, expected) = seen.steps[0], alone.steps[0]
    assert torch.allclose(logits, expected, atol=1e-5)
    assert not torch.allclose(logits, context.logits, atol=1e-2)


def test_models_that_read_no_other_canvas_are_refused() -> None:
    with pytest.raises(OptionError, match="has another vocabulary than the model"):
        tiny.model().generate("x", max_new_tokens=4, seed=0, guidance=Experts(MODELS["LLaDA"]().expert()))
    with pytest.raises(OptionError, match="takes its own last prediction"):
        MODELS["DiffusionGemma"]().expert()
    with pytest.raises(OptionError, match="counts its blocks from the prompt"):
        MODELS["SDAR"]().expert(prompt="x")
