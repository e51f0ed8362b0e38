"""Constrained schedulers in the real pipelines of diffusers, judged by jsonschema."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from controlgen.constraints import InfeasibleConstraint, UnsupportedConstraint
from controlgen.integrations import constrained
from tests.controlgen.integrations import _small
from tests.controlgen.integrations._small import FLAG, LONG, MASK, PERSON, SCHEMAS, SIZE, STOP, TAGS, constraint

diffusers = pytest.importorskip("diffusers", reason="diffusers is not installed")
if not hasattr(diffusers, "LLaDA2Pipeline"):
    pytest.skip("this version of diffusers has no LLaDA2Pipeline", allow_module_level=True)


class _Network(nn.Module):
    """One bidirectional layer with random weights and the interface that `LLaDA2Pipeline` calls."""

    def __init__(self, seed: int = 0, spread: float = 5.0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.embed = nn.Embedding(SIZE, 32)
            self.places = nn.Embedding(256, 32)
            self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True)
            self.head = nn.Linear(32, SIZE)
            nn.init.normal_(self.head.weight, std=spread / 32**0.5)
        self.eval()

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    def forward(self, input_ids: Tensor, attention_mask: Tensor, position_ids: Tensor) -> Any:
        hidden = self.layer(self.embed(input_ids) + self.places(position_ids))
        return type("Output", (), {"logits": self.head(hidden)})()


def _llada(scheduler: Any, rows: int, length: int, seed: int = 0, prompt: int = 5, **options: Any) -> list[list[int]]:
    pipe = diffusers.LLaDA2Pipeline(model=_Network(), scheduler=scheduler)
    pipe.set_progress_bar_config(disable=True)
    ids = torch.randint(0, 100, (rows, prompt), generator=torch.Generator().manual_seed(seed))
    settings = {"block_length": 16, "num_inference_steps": 6, "eos_token_id": STOP, "mask_token_id": MASK, **options}
    generator = torch.Generator().manual_seed(seed)
    out = pipe(input_ids=ids, gen_length=length, output_type="seq", generator=generator, **settings)
    tokens: list[list[int]] = out.sequences.tolist()
    return tokens


OPTIONS: list[dict[str, Any]] = [
    {"editing_threshold": None},
    {"editing_threshold": 0.3, "max_post_steps": 4},
    {"editing_threshold": 0.05, "temperature": 1.2, "top_p": 0.95},
    {"temperature": 0.8, "threshold": 0.2, "eos_early_stop": False},
    {"num_inference_steps": 1, "editing_threshold": 0.1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "edits", "hot edits", "no early stop", "one step"])
@pytest.mark.parametrize("prompt", [5, 16, 21])
def test_llada2_writes_valid_rows(options: dict[str, Any], prompt: int) -> None:
    schemas = [*SCHEMAS, LONG]
    base = diffusers.BlockRefinementScheduler(block_length=16)
    scheduler = constrained(base, [constraint(s) for s in schemas], gen_length=100)
    rows = _llada(scheduler, 4, 100, prompt, prompt, **options)
    assert _small.share_valid(rows, schemas) == 1.0
    assert rows[3].index(STOP) > 48


def test_llada2_on_a_canvas_that_is_just_long_enough() -> None:
    """No stop token fits, and the last block is longer than what is left of the canvas."""
    least = constraint(PERSON).min_tokens
    scheduler = constrained(diffusers.BlockRefinementScheduler(block_length=16), constraint(PERSON), gen_length=least)
    rows = _llada(scheduler, 2, least)
    assert [len(row) for row in rows] == [least] * 2
    assert _small.share_valid(rows, [PERSON] * 2) == 1.0
    base = diffusers.BlockRefinementScheduler(block_length=16)
    shorter = constrained(base, constraint(PERSON), gen_length=least - 1)
    with pytest.raises(InfeasibleConstraint, match=f"needs at least {least} tokens"):
        _llada(shorter, 2, least - 1)


@pytest.mark.parametrize("witness", ["mbr", "sample"])
def test_one_scheduler_serves_several_calls(witness: Any) -> None:
    base = diffusers.BlockRefinementScheduler(block_length=16)
    scheduler = constrained(base, constraint(PERSON), gen_length=48, witness=witness)
    for seed in range(3):
        assert _small.share_valid(_llada(scheduler, 2, 48, seed), [PERSON] * 2) == 1.0


def test_edits_happen_and_keep_the_language() -> None:
    """With a threshold that any prediction passes, committed tokens are edited while the block is refined."""
    edits = 0

    def count(pipe: Any, step: int, timestep: int, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal edits
        edits += int(tensors["editing_transfer_index"].sum())
        return {}

    base = diffusers.BlockRefinementScheduler(block_length=16)
    scheduler = constrained(base, constraint(PERSON), gen_length=48)
    rows = _llada(
        scheduler,
        4,
        48,
        editing_threshold=0.01,
        threshold=0.99,
        callback_on_step_end=count,
        callback_on_step_end_tensor_inputs=["editing_transfer_index"],
    )
    assert edits > 0
    assert _small.share_valid(rows, [PERSON] * 4) == 1.0


# -- DiffusionGemma ---------------------------------------------------------------------------------------------------


class _Processor:
    """Turns a prompt into tokens; ids are all that the tests look at."""

    eos_token_id = STOP

    def apply_chat_template(self, messages: list[Any], **_: Any) -> dict[str, Tensor]:
        rows = messages if isinstance(messages[0], list) else [messages]
        ids = torch.stack([torch.arange(4) + 11 * number for number in range(len(rows))])
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


@pytest.fixture(scope="module")
def gemma() -> Any:
    pytest.importorskip("transformers.models.diffusion_gemma", reason="this transformers has no DiffusionGemma")
    from tests.controlgen.integrations._gemma import gemma as made

    model = made(16)
    decoder = model.model.decoder
    masks = decoder.create_diffusion_decoder_attention_mask
    if "past_key_values" not in inspect.signature(masks).parameters:  # the name in transformers before 5.24

        def called_as_before(past_key_values: Any, **options: Any) -> Any:
            return masks(cache=past_key_values, **options)

        decoder.create_diffusion_decoder_attention_mask = called_as_before
    return model


def _gemma(model: Any, scheduler: Any, rows: int, length: int, seed: int = 0, **options: Any) -> list[list[int]]:
    pipe = diffusers.DiffusionGemmaPipeline(model=model, scheduler=scheduler, processor=_Processor())
    pipe.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    settings = {"num_inference_steps": 5, **options}
    out = pipe(["a"] * rows, gen_length=length, output_type="seq", generator=generator, **settings)
    tokens: list[list[int]] = out.sequences.tolist()
    return tokens


SCHEDULERS: list[tuple[str, dict[str, Any]]] = [
    ("EntropyBoundScheduler", {}),
    ("EntropyBoundScheduler", {"entropy_bound": 1e6}),
    ("BlockRefinementScheduler", {"threshold": 0.3}),
    ("BlockRefinementScheduler", {"threshold": 0.3, "editing_threshold": 0.2}),
    ("DiscreteDDIMScheduler", {}),
    ("DiscreteDDIMScheduler", {"corrector_steps": 1, "corrector_k": 3}),
]


@pytest.mark.parametrize("options", [{}, {"confidence_threshold": 100.0}, {"confidence_threshold": None}])
@pytest.mark.parametrize(("name", "config"), SCHEDULERS)
def test_gemma_writes_valid_rows(gemma: Any, name: str, config: dict[str, Any], options: dict[str, Any]) -> None:
    """Several canvases, with rows that the pipeline freezes at different steps, at once, or never."""
    schemas = [LONG, FLAG, LONG, TAGS]
    base = getattr(diffusers, name)(**config)
    for temperature in (0.0, 1.0):
        scheduler = constrained(base, [constraint(s) for s in schemas], gen_length=90)
        rows = _gemma(gemma, scheduler, 4, 90, temperature=temperature, **options)
        assert {len(row) for row in rows} == {96}
        assert _small.share_valid(rows, schemas) == 1.0


def test_without_the_constraint_nothing_is_valid(gemma: Any) -> None:
    for name, config in SCHEDULERS[:5:2]:
        rows = _gemma(gemma, getattr(diffusers, name)(**config), 4, 48)
        assert _small.share_valid(rows, [PERSON] * 4) == 0.0
    assert _small.share_valid(_llada(diffusers.BlockRefinementScheduler(), 4, 48), [PERSON] * 4) == 0.0


# -- the object -------------------------------------------------------------------------------------------------------


def test_it_is_a_scheduler_of_the_same_class_and_configuration() -> None:
    base = diffusers.EntropyBoundScheduler(entropy_bound=0.7)
    made = constrained(base, constraint(FLAG), gen_length=16)
    assert isinstance(made, diffusers.EntropyBoundScheduler)
    assert made.config.entropy_bound == 0.7
    for name in ("step", "set_timesteps"):
        assert inspect.signature(getattr(made, name)) == inspect.signature(getattr(base, name))
    made.set_timesteps(2)
    out = made.step(torch.zeros(1, 16, SIZE), 1, torch.zeros(1, 16, dtype=torch.int64), return_dict=False)
    assert isinstance(out, tuple)


def test_what_does_not_fit_is_refused() -> None:
    base = diffusers.EntropyBoundScheduler()
    schema = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    with pytest.raises(UnsupportedConstraint):
        constrained(base, constraint(schema), gen_length=16)
    with pytest.raises(ValueError, match="gen_length"):
        constrained(base, constraint(FLAG), gen_length=0)
