"""The loop: validity in any order, quotas, thresholds, blocks, deadlines, seeds, batches, freezing, refusals.

Judges are `re` and plain Python, never an automaton. The network is the real one with random weights, or
hostile.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen._errors import ContextTooLong, OptionError, SessionError
from controlgen._model import Model
from controlgen._result import Result
from controlgen.constraints import Choice, Grammar, InfeasibleConstraint, Length, Regex, Template
from tests.controlgen import tiny

RECORD = (
    r'\{"name":"[A-Za-zé ]{1,12}","tags":\[("[a-z]{2,5}"(,"[a-z]{2,5}"){0,3})?\],"age":(0|[1-9][0-9]{0,2})\}'
)
LANGUAGE = Regex(RECORD)
CANVAS = 60
ORDERS = ["confidence", "entropy", "raw", "left_to_right", "random"]


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny.model()


def run(model: Model, prompt: str = "Ada, 36", language: Any = LANGUAGE, **options: Any) -> Result:
    options = {"steps": 6, "max_new_tokens": CANVAS, "seed": 0, **options}
    return model.generate(prompt, language, **options)


def assert_valid(result: Result, pattern: str = RECORD) -> None:
    assert re.fullmatch(pattern, result.text), result.text
    rest = result.tokens[result.text_tokens :].tolist()
    assert not rest or (rest[0] == 1 and set(rest) <= {0, 1})  # one <|end|>, then <|end|> or <|pad|>


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("witness", ["mode", "mbr", "sample"])
def test_any_order_and_any_witness_is_valid(model: Model, order: str, witness: str) -> None:
    temperature = 1.0 if witness == "sample" else 0.0
    for steps in (1, 3, CANVAS):
        result = run(model, order=order, witness=witness, temperature=temperature, steps=steps)
        assert_valid(result)
        assert result.finish_reason == "complete"
        assert result.forward_passes <= steps
        assert len(result.log_z) == result.forward_passes


def hostile_logits(kind: str) -> Any:
    generator = torch.Generator().manual_seed(3)

    def replace(canvas: Tensor, logits: Tensor) -> Tensor:
        noise = torch.randn(logits.shape, generator=generator) * 8
        if kind == "noise":
            return noise
        hostile = torch.full_like(logits, -torch.inf)
        forbidden = {"mask": 2, "pad": 0, "end": 1, "letter": 80, "padded column": 351}[kind]
        hostile[..., forbidden] = 50.0
        return hostile

    return replace


@pytest.mark.parametrize("kind", ["noise", "mask", "pad", "end", "letter", "padded column"])
@pytest.mark.parametrize("block_length", [None, 7])
def test_hostile_logits_give_valid_output(kind: str, block_length: int | None) -> None:
    model = tiny.model(hostile=hostile_logits(kind))
    for order in ORDERS:
        assert_valid(run(model, order=order, block_length=block_length, steps=9))


def test_every_draft_is_valid_and_keeps_what_was_committed(model: Model) -> None:
    previous: Tensor | None = None
    fixed: Tensor | None = None
    drafts = list(model.stream("x", LANGUAGE, steps=10, max_new_tokens=CANVAS, seed=1, order="random"))
    for draft in drafts:
        assert re.fullmatch(RECORD, draft.text)
        assert draft.value == draft.text
        if previous is not None and fixed is not None:
            assert bool((draft.committed | ~fixed).all())
            assert draft.tokens[fixed].equal(previous[fixed])
        previous, fixed = draft.tokens, draft.committed
    assert [draft.final for draft in drafts] == [False] * (len(drafts) - 1) + [True]
    assert bool(drafts[-1].committed.all())


def test_stop_and_pad_positions_are_never_committed_before_the_text(model: Model) -> None:
    for draft in model.stream("x", LANGUAGE, steps=10, max_new_tokens=CANVAS):
        if not draft.final:
            assert not bool((draft.tokens[draft.committed] < 2).any())


def test_the_mask_id_is_not_how_open_positions_are_known() -> None:
    """A caller's fixed token stays even where the network would see it as any other."""
    denoiser = tiny.Counting(tiny.network())
    model = Model(denoiser, tiny.tokenizer())
    fixed = [-1] * CANVAS
    fixed[0] = model.encode("{")[0]
    result = run(model, fixed=fixed)
    assert_valid(result)
    assert all(int(canvas[0, 0]) == fixed[0] for canvas in denoiser.canvases)
    assert float(result.confidences[0]) == 1.0


def test_quota_is_recounted_so_that_all_steps_are_used_and_suffice(model: Model) -> None:
    for steps in (1, 2, 5, 17):
        result = run(model, steps=steps, order="random")
        assert result.forward_passes <= steps
        assert result.finish_reason == "complete"


def test_threshold_commits_at_once_and_saves_passes(model: Model) -> None:
    assert run(model, steps=30, threshold=0.0).forward_passes == 1
    some = run(model, steps=30, threshold=0.5).forward_passes
    assert 1 <= some <= run(model, steps=30, threshold=1.0).forward_passes <= 30


def test_threshold_commits_every_position_that_passes(model: Model) -> None:
    result = run(model, steps=30, threshold=0.6, trace=True)
    assert result.trace is not None
    for step in result.trace.steps[:-1]:
        committed = set(step.committed)
        for position, confidence in enumerate(step.confidences):
            if confidence >= 0.6 and step.canvas[position] == -1:
                assert step.witness[position] < 2, "a text position that passes was left open"
        assert committed


def test_blocks_commit_from_left_to_right(model: Model) -> None:
    result = run(model, steps=20, block_length=8, trace=True, order="random")
    assert_valid(result)
    assert result.trace is not None
    reached = 0
    for step in result.trace.steps:
        blocks = {position // 8 for position in step.committed}
        assert min(blocks) >= reached
        reached = max(reached, min(blocks))
        assert len(blocks) == 1  # more steps than blocks: one at a time


def test_deadline_returns_the_witness_reached() -> None:
    model = tiny.model(seconds=0.05)
    result = run(model, steps=60, deadline=0.25)
    assert result.finish_reason == "deadline"
    assert 1 <= result.forward_passes <= 5
    assert result.elapsed < 0.35
    assert_valid(result)


def test_deadline_before_the_first_pass_needs_no_model() -> None:
    model = tiny.model()
    result = run(model, deadline=0.0)
    assert_valid(result)
    assert result.forward_passes == 0
    assert model.denoiser.rows == []
    assert float(result.confidences.sum()) == 0.0


def test_infeasible_canvas_is_refused_before_any_forward_pass() -> None:
    model = tiny.model()
    language = Regex("[a-z]{30}")
    least = language.compile(model.vocabulary).min_tokens
    with pytest.raises(
        InfeasibleConstraint, match=f"at least {least} tokens and the canvas has {least - 1}"
    ) as info:
        run(model, language=language, max_new_tokens=least - 1)
    assert (info.value.min_tokens, info.value.canvas) == (least, least - 1)
    assert model.denoiser.encoded == 0
    assert model.denoiser.rows == []
    assert len(run(model, language=language, max_new_tokens=least).text) == 30


def test_fixed_tokens_outside_the_language_are_refused() -> None:
    model = tiny.model()
    fixed = [-1] * CANVAS
    fixed[0] = model.encode("z")[0]
    with pytest.raises(InfeasibleConstraint, match="fixed"):
        run(model, fixed=fixed)
    assert model.denoiser.rows == []


def test_too_long_a_prompt_is_refused_with_both_figures() -> None:
    model = tiny.model()
    with pytest.raises(
        ContextTooLong, match=r"prompt 0 has \d+ tokens and the canvas 60.*context of 256"
    ) as info:
        run(model, prompt="z" * 1000)
    assert info.value.limit == 256
    assert model.denoiser.encoded == 0


@pytest.mark.parametrize("options", [{}, {"temperature": 0.7}, {"order": "random"}])
def test_same_seed_same_output(model: Model, options: dict[str, Any]) -> None:
    first, second = run(model, seed=5, **options), run(model, seed=5, **options)
    assert first.tokens.equal(second.tokens)
    assert first.confidences.equal(second.confidences)
    assert first.seed == 5
    if options:
        others = [run(model, seed=seed, **options).confidences for seed in range(6, 10)]
        assert any(not other.equal(first.confidences) for other in others)


def test_fresh_seeds_differ_and_are_told(model: Model) -> None:
    first = run(model, seed=None, temperature=1.0)
    assert run(model, seed=first.seed, temperature=1.0).tokens.equal(first.tokens)
    assert run(model, seed=None, temperature=1.0).seed != first.seed


@pytest.mark.parametrize("options", [{}, {"temperature": 1.0, "order": "random"}, {"threshold": 0.7}])
def test_a_batch_equals_its_rows_alone(model: Model, options: dict[str, Any]) -> None:
    prompts = ["Ada, 36", "Grace Hopper, 85, compiler", "?"]
    languages = [LANGUAGE, Choice(["yes", "no", "perhaps"]), Regex("[0-9]{3,20}")]
    batch = model.generate(prompts, languages, steps=8, max_new_tokens=CANVAS, seed=[1, 2, 3], **options)
    for seed, (prompt, language, together) in enumerate(zip(prompts, languages, batch, strict=True), 1):
        alone = model.generate(prompt, language, steps=8, max_new_tokens=CANVAS, seed=seed, **options)
        assert together.text == alone.text
        assert together.forward_passes == alone.forward_passes
        assert torch.allclose(together.confidences, alone.confidences, atol=1e-4)


def test_finished_rows_drop_out_of_the_forward_pass() -> None:
    model = tiny.model()
    results = model.generate(
        ["a", "b", "c"], [Choice(["x"]), LANGUAGE, Choice(["y"])], steps=12, max_new_tokens=CANVAS
    )
    assert [result.text for result in (results[0], results[2])] == ["x", "y"]
    assert model.denoiser.rows == [3] + [1] * (len(model.denoiser.rows) - 1)
    assert model.denoiser.encoded == 1
    assert results[0].forward_passes == 1 < results[1].forward_passes


def test_stepping_from_outside_equals_generate(model: Model) -> None:
    session = model.session("Ada, 36", LANGUAGE, steps=6, max_new_tokens=CANVAS, seed=0)
    steps = 0
    while not session.done:
        output = session.step()
        assert output.step == steps
        assert len(output.drafts) == 1
        steps += 1
    assert output.done
    result = session.result()
    assert result.tokens.equal(run(model).tokens)
    assert result.log_z == run(model).log_z
    with pytest.raises(SessionError, match="ended after"):
        session.step()


def test_stopping_from_outside_keeps_the_witness(model: Model) -> None:
    session = model.session("Ada, 36", LANGUAGE, steps=20, max_new_tokens=CANVAS)
    draft = session.step().drafts[0]
    with pytest.raises(SessionError, match="go on"):
        session.results()
    closing = session.stop()
    assert closing is not None
    assert closing.drafts[0].final
    assert session.result().finish_reason == "stopped"
    assert session.result().text == draft.text
    assert session.stop() is None


def test_on_step_sees_every_draft(model: Model) -> None:
    seen: list[tuple[int, int, str]] = []
    model.generate(
        ["a", "b"],
        LANGUAGE,
        steps=3,
        max_new_tokens=CANVAS,
        on_step=lambda draft: seen.append((draft.step, draft.row, draft.text)),
    )
    assert [entry[:2] for entry in seen] == [(step, row) for step in range(3) for row in range(2)]


def test_rows_that_cannot_start_leave_the_others_alone(model: Model) -> None:
    prompts, languages = ["a", "b", "z" * 1000], [LANGUAGE, Regex("[a-z]{900}"), LANGUAGE]
    session = model.session(prompts, languages, steps=2, max_new_tokens=CANVAS, strict=False)
    for _ in session:
        pass
    outcomes = session.outcomes()
    assert isinstance(outcomes[0], Result)
    assert isinstance(outcomes[1], InfeasibleConstraint)
    assert isinstance(outcomes[2], ContextTooLong)
    with pytest.raises(InfeasibleConstraint):
        session.results()


def test_forced_positions_can_be_free(model: Model) -> None:
    language = Regex("x[0-9]y[0-9]z[0-9]w[0-9]")
    counted = run(model, language=language, steps=8, trace=True)
    free = run(model, language=language, steps=4, jump=True, trace=True)
    assert_valid(free, "x[0-9]y[0-9]z[0-9]w[0-9]")
    assert counted.trace is not None
    assert free.trace is not None
    assert len(counted.trace.steps[0].committed) == 1
    assert all(free.trace.steps[0].canvas[position] >= 0 for position in (0, 2, 4, 6))
    assert free.forward_passes == 4


def test_constraint_seconds_and_elapsed_add_up(model: Model) -> None:
    result = run(model)
    assert 0 < result.constraint_seconds < result.elapsed


def test_nan_is_refused_with_its_place() -> None:
    def poison(canvas: Tensor, logits: Tensor) -> Tensor:
        poisoned = logits.clone()
        poisoned[0, 4, 9] = torch.nan
        return poisoned

    with pytest.raises(ValueError, match="row 0, position 4"):
        run(tiny.model(hostile=poison))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1"),
        ({"temperature": -1.0}, "temperature must be"),
        ({"witness": "best"}, "witness must be one of mode, mbr, sample"),
        ({"witness": "sample"}, "needs a temperature above 0"),
        ({"order": "up"}, "order must be one of"),
        ({"threshold": 1.5}, "threshold must be a probability"),
        ({"block_length": 0}, "block_length must be"),
        ({"deadline": -1.0}, "deadline must be"),
        ({"candidates": 0}, "candidates must be"),
        ({"seed": [1, 2]}, "seed has 2 entries for 1 prompts"),
        ({"max_new_tokens": 0}, "max_new_tokens must be at least 1"),
        ({"fixed": [1, 2]}, "fixed has shape"),
    ],
)
def test_options_outside_their_range_are_refused(model: Model, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        run(model, **options)


def test_canonical_output_is_what_the_tokenizer_gives(model: Model) -> None:
    for seed in range(3):
        result = run(model, language=Regex('"invoice number": [0-9]{1,4} units'), canonical=True, seed=seed)
        assert result.tokens[: result.text_tokens].tolist() == model.encode(result.text)
    free = run(model, language=Regex("[a-z]{1,9} [a-z]{1,9}"), canonical=True)
    assert free.tokens[: free.text_tokens].tolist() == model.encode(free.text)


def test_weights_are_no_part_of_a_kept_automaton(model: Model) -> None:
    plain = Regex("[ab]{6}")
    assert run(model, language=plain.prefer("aaa", 500.0)).text.count("aaa")
    assert run(model, language=plain.prefer("bbb", 500.0)).text.count("bbb")


def test_templates_give_typed_values_and_grammars_texts(model: Model) -> None:
    template = Template("to {name}: {count} pieces", name=Regex("[A-Z][a-z]{1,5}"), count=int)
    result = run(model, language=template)
    found = re.fullmatch(r"to ([A-Z][a-z]{1,5}): (.*) pieces", result.text)
    assert found
    assert result.value == {"name": found[1], "count": int(found[2])}
    brackets = Grammar('start: "(" start ")" | "[" start "]" | "x"')
    assert brackets.matches(run(model, language=brackets, temperature=1.0).text)


def test_what_does_not_fit_is_named_before_the_first_pass(model: Model) -> None:
    with pytest.raises(InfeasibleConstraint, match=r"these conflict: Length\('words', 70, None\)") as caught:
        run(model, language=Length("words", 70) & Regex("[a-z ]*"))
    assert caught.value.conflict is not None
    assert caught.value.conflict.canvas == CANVAS
