"""The logits processor in the real generation loop of transformers, judged by jsonschema."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen.constraints import ConstraintError, InfeasibleConstraint, JsonSchema, UnsupportedConstraint
from controlgen.integrations import DiffusionGemmaConstraint
from tests.controlgen.integrations import _small
from tests.controlgen.integrations._small import FLAG, LONG, PAD, PERSON, SCHEMAS, SIZE, STOP, TAGS, constraint

transformers = pytest.importorskip("transformers")
pytest.importorskip("transformers.models.diffusion_gemma", reason="this version of transformers has no DiffusionGemma")

PROMPT = 5


@pytest.fixture(scope="module")
def model() -> Any:
    from tests.controlgen.integrations._gemma import gemma

    return gemma(16)


def _generate(model: Any, guard: Any, rows: int, new: int, seed: int = 0, **options: Any) -> list[list[int]]:
    """The new tokens of each row."""
    torch.manual_seed(seed)
    prompts = torch.randint(0, 100, (rows, PROMPT))
    processors = transformers.LogitsProcessorList([guard] if guard is not None else [])
    settings = {"max_denoising_steps": 4, **options}
    out = model.generate(prompts, logits_processor=processors, max_new_tokens=new, **settings)
    tokens: list[list[int]] = out.sequences[:, PROMPT:].tolist()
    return tokens


@pytest.mark.parametrize("witness", ["mode", "mbr", "sample"])
@pytest.mark.parametrize("seed", range(3))
def test_every_row_is_valid_under_its_own_schema(model: Any, seed: int, witness: Any) -> None:
    guard = DiffusionGemmaConstraint([constraint(s) for s in SCHEMAS], max_new_tokens=48, witness=witness, seed=seed)
    rows = _generate(model, guard, 3, 48, seed)
    assert _small.share_valid(rows, list(SCHEMAS)) == 1.0


@pytest.mark.parametrize(
    "options",
    [
        {"t_min": 0.01, "t_max": 0.02},  # all but greedy
        {"t_min": 3.0, "t_max": 9.0},
        {"max_denoising_steps": 1},
        {"stability_threshold": 0, "confidence_threshold": 100.0},  # stops at once
        {"sampler_config": "accepts everything"},
    ],
    ids=["cold", "hot", "one step", "stops at once", "accepts everything"],
)
def test_samplers_and_stopping_thresholds_do_not_matter(model: Any, options: dict[str, Any]) -> None:
    if "sampler_config" in options:
        from transformers.models.diffusion_gemma.generation_diffusion_gemma import EntropyBoundSamplerConfig

        options = {"sampler_config": EntropyBoundSamplerConfig(entropy_bound=1e6)}
    guard = DiffusionGemmaConstraint(constraint(PERSON), max_new_tokens=48)
    rows = _generate(model, guard, 4, 48, **options)
    assert _small.share_valid(rows, [PERSON] * 4) == 1.0


def test_without_the_processor_nothing_is_valid(model: Any) -> None:
    assert _small.share_valid(_generate(model, None, 6, 48), [PERSON] * 6) == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_a_text_that_is_several_canvases_long(model: Any, seed: int) -> None:
    """Rows that end early are padded by the loop while the long one goes on."""
    schemas = [LONG, FLAG, LONG, TAGS]
    guard = DiffusionGemmaConstraint([constraint(s) for s in schemas], max_new_tokens=96, seed=seed, witness="sample")
    rows = _generate(model, guard, 4, 96, seed)
    assert _small.share_valid(rows, schemas) == 1.0
    assert rows[0].index(STOP) > 32
    assert set(rows[1][16:]) == {PAD}


def test_the_least_number_of_tokens_is_enough(model: Any) -> None:
    """The border falls inside the text, and the last canvas has no place for a stop token or only just."""
    least = constraint(LONG).min_tokens
    for new in (-(-least // 16) * 16, 64):
        guard = DiffusionGemmaConstraint(constraint(LONG), max_new_tokens=new)
        rows = _generate(model, guard, 2, new)
        assert _small.share_valid(rows, [LONG] * 2) == 1.0


@pytest.mark.slow
def test_three_canvases_of_the_published_length() -> None:
    from tests.controlgen.integrations._gemma import gemma

    schema = {"type": "string", "minLength": 500, "maxLength": 700, "pattern": '^[a-z ,."]*$'}
    wide = gemma(256)
    guard = DiffusionGemmaConstraint([constraint(schema), constraint(PERSON)], max_new_tokens=768, witness="sample")
    rows = _generate(wide, guard, 2, 768)
    assert len(rows[0]) == 768
    assert rows[0].index(STOP) > 512
    assert _small.share_valid(rows, [schema, PERSON]) == 1.0


def test_left_padding_and_a_prompt_length_of_its_own(model: Any) -> None:
    prompts = torch.randint(0, 100, (2, 7))
    prompts[0, :3] = PAD
    mask = torch.ones_like(prompts)
    mask[0, :3] = 0
    guard = DiffusionGemmaConstraint(constraint(PERSON), max_new_tokens=48, prompt_length=7)
    out = model.generate(
        prompts,
        attention_mask=mask,
        logits_processor=transformers.LogitsProcessorList([guard]),
        max_new_tokens=48,
        max_denoising_steps=3,
    )
    assert _small.share_valid(out.sequences[:, 7:].tolist(), [PERSON] * 2) == 1.0


def test_an_object_serves_one_call_after_another(model: Any) -> None:
    guard = DiffusionGemmaConstraint(constraint(PERSON), max_new_tokens=32)
    for seed in range(3):
        assert _small.share_valid(_generate(model, guard, 2, 32, seed), [PERSON] * 2) == 1.0
    first = _generate(model, guard, 2, 32, seed=7)
    guard.reset()
    assert _generate(model, guard, 2, 32, seed=7) == first


# -- scores ---------------------------------------------------------------------------------------------------------


def test_scores_are_float32_strictly_led_by_a_member_and_not_one_hot() -> None:
    scores = torch.randn(2, 32, SIZE, generator=torch.Generator().manual_seed(0)).bfloat16()
    before = scores.clone()
    guard = DiffusionGemmaConstraint(constraint(PERSON))
    out = guard(torch.zeros(2, 3, dtype=torch.int64), scores, cur_step=torch.tensor(4))
    assert out.dtype == torch.float32
    assert torch.equal(scores, before)
    witness = out.argmax(dim=-1)
    assert all(constraint(PERSON).accepts(row) for row in witness)
    top = out.topk(2, dim=-1).values
    assert bool((top[..., 0] > top[..., 1]).all())
    for temperature in (0.07, 0.4, 0.8, 13.0):
        assert torch.equal((out / temperature).argmax(dim=-1), witness)
    assert float(torch.distributions.Categorical(logits=out).entropy().mean()) > 0.5


def _lowered(scores: Tensor) -> Tensor:
    """A row whose every allowed token has minus infinity."""
    return torch.full_like(scores, -torch.inf).index_fill(-1, torch.tensor([SIZE - 1]), 9.0)


def test_scores_that_bar_every_member_still_give_one() -> None:
    guard = DiffusionGemmaConstraint(constraint(TAGS))
    out = guard(torch.zeros(1, 2, dtype=torch.int64), _lowered(torch.zeros(1, 20, SIZE)))
    assert not bool(out.isnan().any())
    assert constraint(TAGS).accepts(out.argmax(dim=-1)[0])
    assert constraint(TAGS).accepts((out / 0.4).argmax(dim=-1)[0])


# -- refusals -------------------------------------------------------------------------------------------------------


def test_too_few_new_tokens_name_the_least_number(model: Any) -> None:
    guard = DiffusionGemmaConstraint([constraint(FLAG), constraint(LONG)], max_new_tokens=16)
    with pytest.raises(InfeasibleConstraint, match=f"row 1: .* at least {constraint(LONG).min_tokens} ") as info:
        _generate(model, guard, 2, 16)
    assert info.value.canvas == 16


def test_another_number_of_constraints_than_rows(model: Any) -> None:
    with pytest.raises(ValueError, match="2 constraints for a batch of 3"):
        _generate(model, DiffusionGemmaConstraint([constraint(FLAG)] * 2), 3, 16)


def test_another_vocabulary_width() -> None:
    guard = DiffusionGemmaConstraint(constraint(FLAG))
    with pytest.raises(ValueError, match="161 columns"):
        guard(torch.zeros(1, 2, dtype=torch.int64), torch.zeros(1, 16, 161))


def test_scores_of_a_left_to_right_loop() -> None:
    with pytest.raises(ValueError, match="those of a canvas"):
        DiffusionGemmaConstraint(constraint(FLAG))(torch.zeros(1, 2, dtype=torch.int64), torch.zeros(1, SIZE))


def test_verified_constraints_are_refused_when_made() -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    with pytest.raises(UnsupportedConstraint, match=r"verified.*Model\.generate"):
        DiffusionGemmaConstraint([constraint(FLAG), constraint(schema)])


def test_what_is_no_compiled_constraint() -> None:
    with pytest.raises(TypeError, match=r"compile\(vocabulary\)"):
        DiffusionGemmaConstraint(JsonSchema(FLAG))
    with pytest.raises(ValueError, match="one of mode, mbr, sample"):
        DiffusionGemmaConstraint(constraint(FLAG), witness="best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_new_tokens"):
        DiffusionGemmaConstraint(constraint(FLAG), max_new_tokens=0)
    with pytest.raises(ValueError, match="one constraint"):
        DiffusionGemmaConstraint([])


class _Spoiler:
    """A processor that comes last and has its own idea."""

    def __call__(self, input_ids: Tensor, scores: Tensor, cur_step: Any = None) -> Tensor:
        return scores.index_fill(-1, torch.tensor([33]), 1e9)


def test_a_canvas_that_another_processor_changed_is_noticed(model: Any) -> None:
    guard = DiffusionGemmaConstraint(constraint(LONG), max_new_tokens=64)
    processors = transformers.LogitsProcessorList([guard, _Spoiler()])
    with pytest.raises(ConstraintError, match="put this processor last"):
        model.generate(torch.zeros(1, 2, dtype=torch.int64), logits_processor=processors, max_new_tokens=64)
