"""Dream's hooks in a loop with the interface of the published one, judged by jsonschema."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen.constraints import InfeasibleConstraint, Regex, UnsupportedConstraint
from controlgen.integrations import DreamConstraint
from tests.controlgen.integrations import _small
from tests.controlgen.integrations._small import FLAG, MASK, PAD, PERSON, SCHEMAS, SIZE, STOP, constraint
from tests.controlgen.zoo.dream import network

PROMPT, LENGTH = 4, 32
ALGORITHMS = ("origin", "maskgit_plus", "topk_margin", "entropy")


@pytest.fixture(scope="module")
def model() -> Any:
    return network(3, vocab_size=SIZE, mask_token_id=MASK, pad_token_id=PAD, eos_token_id=STOP, bos_token_id=STOP)


def _generate(model: Any, prompts: Tensor, hooks: dict[str, Any], seed: int = 0, **options: Any) -> list[list[int]]:
    torch.manual_seed(seed)
    settings = {"steps": 8, "mask_token_id": MASK, "max_length": PROMPT + LENGTH, **options}
    out = model.diffusion_generate(prompts, **settings, **hooks)
    tokens: list[list[int]] = out[:, PROMPT:].tolist()
    return tokens


def _prompts(rows: int) -> Tensor:
    return torch.arange(rows * PROMPT).reshape(rows, PROMPT) % 90


@pytest.mark.parametrize("options", [{}, {"temperature": 1.3, "top_p": 0.9}, {"temperature": 0.7, "top_k": 3}])
@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("seed", range(2))
def test_every_row_is_valid_under_its_own_schema(model: Any, alg: str, options: dict[str, Any], seed: int) -> None:
    guard = DreamConstraint([constraint(s) for s in SCHEMAS], mask_id=MASK)
    rows = _generate(model, _prompts(3), guard.hooks, seed, alg=alg, **options)
    assert _small.share_valid(rows, list(SCHEMAS)) == 1.0


@pytest.mark.parametrize("witness", ["mbr", "sample"])
def test_other_witnesses_and_one_object_for_several_calls(model: Any, witness: Any) -> None:
    guard = DreamConstraint(constraint(PERSON), mask_id=MASK, witness=witness, seed=5)
    for seed in range(3):
        rows = _generate(model, _prompts(2), guard.hooks, seed, alg="entropy", alg_temp=0.5)
        assert _small.share_valid(rows, [PERSON] * 2) == 1.0


def test_without_the_hooks_nothing_is_valid(model: Any) -> None:
    rows = _generate(model, _prompts(6), {}, alg="entropy")
    assert _small.share_valid(rows, [PERSON] * 6) == 0.0


def test_the_canvas_has_a_member_after_every_step(model: Any) -> None:
    guard = DreamConstraint(constraint(PERSON), mask_id=MASK)
    torch.manual_seed(0)
    options = {"steps": 8, "mask_token_id": MASK, "max_length": PROMPT + LENGTH, "temperature": 2.0, "alg": "origin"}
    out = model.diffusion_generate(
        _prompts(1), return_dict_in_generate=True, output_history=True, **options, **guard.hooks
    )
    before = torch.full((LENGTH,), MASK)
    for canvas in (x[0, PROMPT:] for x in out.history):
        fixed = canvas.masked_fill(canvas == MASK, -1)
        assert bool(constraint(PERSON).posterior(torch.zeros(LENGTH, SIZE), fixed).feasible)
        assert torch.equal(canvas[before != MASK], before[before != MASK])  # nothing is taken back
        before = canvas


# -- the loop by hand: canvases with tokens, and loops that misbehave -------------------------------------------------


def test_tokens_on_the_canvas_are_kept_and_prompts_restored() -> None:
    word = Regex("[a-z]{6} [a-z]{3}").compile(_small.vocabulary())
    x = torch.full((1, 14), MASK)
    x[0, :2] = torch.tensor([7, 9])
    x[0, 4] = ord("q") - 32
    guard = DreamConstraint(word, mask_id=MASK)
    x = guard.tokens(None, x, None)
    for step in range(3):
        scores = guard.logits(step, x, torch.randn(1, 14, SIZE, generator=torch.Generator().manual_seed(step)))
        x[0, 2 + 4 * step : 6 + 4 * step] = scores[0, 2 + 4 * step : 6 + 4 * step].argmax(dim=-1)
        x[0, 0] = MASK  # a loop that spoils what is not its own
        x = guard.tokens(step, x, scores)
    assert x[0, :2].tolist() == [7, 9]
    assert x[0, 4] == ord("q") - 32
    assert word.accepts(x[0, 2:])


def test_what_the_loop_draws_is_replaced_by_the_witness() -> None:
    guard = DreamConstraint(constraint(FLAG), mask_id=MASK)
    x = guard.tokens(None, torch.full((1, 12), MASK), None)
    scores = guard.logits(0, x, torch.zeros(1, 12, SIZE))
    witness = scores.argmax(dim=-1)
    x[0, ::2] = 65
    x = guard.tokens(0, x, scores)
    assert torch.equal(x[0, ::2], witness[0, ::2])
    assert set(x[0, 1::2].tolist()) == {MASK}


def test_rows_with_different_numbers_of_open_positions_need_the_number_of_steps() -> None:
    x = torch.full((2, 12), MASK)
    x[0, 11] = STOP
    with pytest.raises(ValueError, match=r"\[11, 12\].*give `steps`"):
        DreamConstraint(constraint(FLAG), mask_id=MASK).tokens(None, x.clone(), None)
    guard = DreamConstraint(constraint(FLAG), mask_id=MASK, steps=1)
    x = guard.tokens(None, x, None)
    x = guard.tokens(0, x.clone(), guard.logits(0, x, torch.zeros(2, 12, SIZE)))
    assert _small.share_valid(x.tolist(), [FLAG] * 2) == 1.0


# -- refusals -------------------------------------------------------------------------------------------------------


def test_a_canvas_that_is_too_short(model: Any) -> None:
    guard = DreamConstraint(constraint(PERSON), mask_id=MASK)
    with pytest.raises(InfeasibleConstraint, match=f"needs at least {constraint(PERSON).min_tokens} tokens"):
        _generate(model, _prompts(1), guard.hooks, max_length=PROMPT + 5)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="may write the mask token 65"):
        DreamConstraint(constraint(PERSON), mask_id=65)
    schema = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    with pytest.raises(UnsupportedConstraint):
        DreamConstraint(constraint(schema), mask_id=MASK)
    guard = DreamConstraint(constraint(FLAG), mask_id=MASK)
    with pytest.raises(RuntimeError, match="pass both hooks"):
        guard.logits(0, torch.full((1, 12), MASK), torch.zeros(1, 12, SIZE))
    with pytest.raises(ValueError, match="no open position"):
        guard.tokens(None, torch.zeros(1, 5, dtype=torch.int64), None)
    x = guard.tokens(None, torch.full((1, 12), MASK), None)
    with pytest.raises(RuntimeError, match="pass both hooks"):
        guard.tokens(0, x, None)
