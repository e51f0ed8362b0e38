"""Canvases decoded block by block: what is stored is final, the rest can be finished, determined blocks are free."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import torch

from controlgen import Model
from controlgen.constraints import InfeasibleConstraint, JsonSchema, Regex
from controlgen.samplers import LowConfidence, ReMDM, TokenEditing, UniformRenoise
from tests.controlgen.families.zoo_models import MODELS

BLOCKED = ["SDAR", "LLaDA2.0", "LLaDA2.1", "Fast-dLLM v2", "DiffusionGemma"]
ARRAY = {
    "type": "array",
    "items": {"type": "object", "properties": {"k": {"type": "string", "maxLength": 9}}, "required": ["k"]},
    "minItems": 3,
    "maxItems": 6,
}
SAMPLERS = [None, LowConfidence(), ReMDM("rescale", eta=0.3), TokenEditing(0.5, 0.2), UniformRenoise(3.0)]


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {name: MODELS[name]() for name in BLOCKED}


@pytest.mark.parametrize("name", BLOCKED)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda sampler: type(sampler).__name__)
@pytest.mark.parametrize("prompt", ["Ada", "x" * 37])
def test_every_draft_is_valid_and_a_stored_block_is_final(
    models: dict[str, Model], name: str, sampler: Any, prompt: str
) -> None:
    session = models[name].session(prompt, ARRAY, max_new_tokens=128, sampler=sampler, steps=5, seed=1)
    settled = torch.zeros(128, dtype=torch.bool)
    tokens = torch.zeros(128, dtype=torch.int64)
    for output in session:
        (draft,) = output.drafts
        assert 3 <= len(json.loads(draft.text)) <= 6
        assert draft.tokens[settled].equal(tokens[settled])
        assert bool((draft.settled | ~settled).all())
        assert bool(draft.settled[~draft.predicted].all()) is (draft.final or bool(draft.predicted.all()))
        settled, tokens = draft.settled, draft.tokens
    assert session.result().text == draft.text


@pytest.mark.parametrize("name", BLOCKED)
def test_a_tight_canvas_is_filled_to_its_last_token(models: dict[str, Model], name: str) -> None:
    """The least that is possible in every block is what the rest needs, and that is kept."""
    model = models[name]
    language = Regex("(ab|c){61,}d")
    least = model.automaton(language).min_tokens
    size = -(-least // 16) * 16
    result = model.generate("Ada", language, max_new_tokens=size, steps=4, seed=2)
    assert re.fullmatch("(ab|c){61,}d", result.text)
    with pytest.raises(InfeasibleConstraint, match=f"at least {least} tokens"):
        model.generate("Ada", language, max_new_tokens=16 * ((least - 1) // 16), steps=4)


@pytest.mark.parametrize("name", BLOCKED)
def test_fixed_tokens_in_later_blocks_are_met(models: dict[str, Model], name: str) -> None:
    model = models[name]
    fixed = torch.full((96,), -1)
    fixed[70] = model.encode("Q")[-1]
    result = model.generate("Ada", Regex("[a-p]+Q[a-p]*"), max_new_tokens=96, fixed=fixed, steps=4, seed=0)
    assert re.fullmatch("[a-p]+Q[a-p]*", result.text)
    assert int(result.tokens[70]) == int(fixed[70])


@pytest.mark.parametrize("name", BLOCKED)
def test_a_text_that_ends_early_costs_no_further_passes(models: dict[str, Model], name: str) -> None:
    short = models[name].generate("Ada", Regex("[a-z]{2}"), max_new_tokens=16, steps=4, seed=0)
    long = models[name].generate("Ada", Regex("[a-z]{2}"), max_new_tokens=256, steps=4, seed=0)
    assert len(long.tokens) == 256
    assert long.forward_passes == short.forward_passes


@pytest.mark.parametrize("name", ["SDAR", "LLaDA2.0", "Fast-dLLM v2"])
def test_determined_blocks_cost_no_pass_with_jump(models: dict[str, Model], name: str) -> None:
    """Sixty positions of one spelling each, then a choice: only the blocks with a choice are predicted."""
    model = models[name]
    token = model.encode("Q")[-1]
    fixed = torch.full((96,), -1)
    fixed[:60] = token
    language = Regex("Q{60}[ab]{3}")
    plain = model.generate("Ada", language, max_new_tokens=96, fixed=fixed, seed=0)
    jumped = model.generate("Ada", language, max_new_tokens=96, fixed=fixed, jump=True, seed=0)
    assert re.fullmatch("Q{60}[ab]{3}", jumped.text)
    assert jumped.forward_passes <= plain.forward_passes
    assert jumped.forward_passes <= 6


@pytest.mark.parametrize("name", [*BLOCKED, "LLaDA", "embedded"])
def test_what_is_determined_as_a_whole_needs_no_model(name: str) -> None:
    model = MODELS[name]()
    one = next(text for text in ("Q", "~") if len(model.encode(text)) == 1)
    result = model.generate("Ada", Regex(f"[{one}]{{7}}"), max_new_tokens=16, jump=True, canonical=False)
    if set(result.tokens[:7].tolist()) == {model.encode(one)[0]}:
        assert result.forward_passes == 0
        assert result.tokens_per_forward == float("inf")


def test_jump_does_not_cut_off_longer_members() -> None:
    """The first position is forced, the second may end the text: that is the model's choice."""
    model = MODELS["LLaDA"]()
    texts = {
        model.generate("Ada", Regex("Q(Z[a-z]{3})?"), max_new_tokens=8, jump=True, temperature=3.0, seed=seed).text
        for seed in range(12)
    }
    assert "Q" in texts or len(texts) > 1
    assert all(re.fullmatch("Q(Z[a-z]{3})?", text) for text in texts)
    assert any(len(text) > 1 for text in texts)


def test_schemas_across_borders_of_small_blocks() -> None:
    model = MODELS["SDAR"]()
    language = JsonSchema(ARRAY)
    for size in (4, 8, 64):
        result = model.generate("Ada", language, max_new_tokens=120, block_length=size, seed=size)
        assert 3 <= len(result.value) <= 6
