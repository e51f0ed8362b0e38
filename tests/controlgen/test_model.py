"""`load` and `Model`: folders, refusals, prompts, unconstrained text, guidance and verified constraints."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch

import controlgen
from controlgen._errors import ModelFolderError, ModelNotFound, OptionError, VerificationError
from controlgen._model import Model
from controlgen._trace import Trace
from controlgen.constraints import Choice, Language, Regex
from controlgen.embedded.modeling_embedded import save_folder
from controlgen.families import View, align
from controlgen.guidance import ClassifierFree, Guidance, StepContext
from tests.controlgen import tiny

NAME = Regex("[A-Z][a-z]{2,8}")


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny.model()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as it is shipped."""
    path = tmp_path_factory.mktemp("model")
    save_folder(tiny.network(), path)
    tiny.tokenizer().save(str(path / "tokenizer.json"))
    return path


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_folder_is_loaded_and_generates(folder: Path, dtype: torch.dtype) -> None:
    model = controlgen.load(folder, device="cpu", dtype=dtype)
    assert model.network.dtype == dtype
    assert model.device == torch.device("cpu")
    result = model.generate("Ada", NAME, max_new_tokens=16, steps=4, temperature=1.0, seed=0)
    assert re.fullmatch("[A-Z][a-z]{2,8}", result.text)
    assert result.exactness == "exact"


def test_the_default_dtype_is_one_that_the_device_computes(folder: Path) -> None:
    assert controlgen.load(folder, device="cpu").network.dtype in (torch.float32, torch.bfloat16)


def test_unknown_names_are_refused_without_a_download() -> None:
    with pytest.raises(ModelNotFound, match=r"GSAI-ML/LLaDA-8B-Instruct: not a folder.*download=True"):
        controlgen.load("GSAI-ML/LLaDA-8B-Instruct")


def test_damaged_folders_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"no config\.json"):
        controlgen.load(tmp_path, device="cpu")
    config = tmp_path / "config.json"
    config.write_text("{")
    with pytest.raises(ModelFolderError, match=r"config\.json: not JSON"):
        controlgen.load(tmp_path, device="cpu")
    config.write_text('{"model_type": "gpt2"}')
    with pytest.raises(ModelFolderError, match=r"'gpt2'.*no diffusion language model"):
        controlgen.load(tmp_path, device="cpu")
    config.write_text((folder / "config.json").read_text())
    with pytest.raises(ModelFolderError, match="no weights"):
        controlgen.load(tmp_path, device="cpu")
    for weights in folder.glob("*.safetensors*"):
        (tmp_path / weights.name).write_bytes(weights.read_bytes())
    with pytest.raises(ModelFolderError, match=r"tokenizer\.json: missing"):
        controlgen.load(tmp_path, device="cpu")
    (tmp_path / "tokenizer.json").write_text("[]")
    with pytest.raises(ModelFolderError, match="not a tokenizer"):
        controlgen.load(tmp_path, device="cpu")


def test_a_text_is_wrapped_and_a_prompt_is_taken_as_it_is(model: Model) -> None:
    assert model.prompt("Ada <|end|>", NAME) == "<|schema|>string<|text|>Ada < |end|><|record|>"
    finished = "<|schema|>{}<|text|>x<|record|>"
    assert model.prompt(finished, NAME) == finished
    ids = model.encode(finished)
    assert ids[0] == 3
    assert ids[-1] == 5


def test_without_an_output_type_the_text_ends_at_the_first_stop_token(model: Model) -> None:
    result = model.generate("Ada", max_new_tokens=24, steps=6)
    assert result.exactness == "free"
    assert result.value == result.text
    tokens = result.tokens.tolist()
    assert not {2, 3, 4, 5} & set(tokens)  # mask and control tokens are barred
    assert max(tokens) < model.tokenizer.get_vocab_size()  # and so are padded columns
    end = result.text_tokens
    assert end == len(tokens) or tokens[end] in (0, 1)
    assert all(-1e3 < value <= 0 for value in result.log_z)


def test_without_an_output_type_greedy_decoding_is_the_argmax(model: Model) -> None:
    result = model.generate("Ada", max_new_tokens=24, steps=1)
    denoiser = model.denoiser
    state = denoiser.encode([model.encode(model.prompt("Ada"))])
    logits = denoiser.predict(View(torch.full((1, 24), 2), (24,)), state)[0]
    logits[:, [2, 3, 4, 5]] = -torch.inf
    logits[:, model.tokenizer.get_vocab_size() :] = -torch.inf
    assert result.tokens.equal(logits.argmax(dim=-1))


def test_values_come_from_the_language(model: Model) -> None:
    language = Language(Regex("[1-9][0-9]").term, parse=int)
    result = model.generate("x", language, max_new_tokens=8, steps=2)
    assert isinstance(result.value, int)
    assert 10 <= result.value <= 99


def test_trace_round_trips_through_a_file(model: Model, tmp_path: Path) -> None:
    result = model.generate(
        "x", NAME, max_new_tokens=16, steps=5, trace=True, seed=3, guidance=ClassifierFree(0.5)
    )
    trace = result.trace
    assert trace is not None
    trace.save(tmp_path / "trace.json")
    assert Trace.load(tmp_path / "trace.json") == trace
    assert len(trace.steps) == result.forward_passes / 2
    assert [step.log_z for step in trace.steps] == list(result.log_z)
    assert trace.options["steps"] == 5
    assert trace.options["guidance"] == ["ClassifierFree"]
    last = trace.steps[-1]
    assert last.text == result.text
    committed = [position for step in trace.steps for position in step.committed]
    assert len(committed) == len(set(committed))
    assert sorted(committed) == list(range(result.text_tokens))
    assert all(size >= 1 for size in last.allowed)
    assert model.generate("x", NAME, max_new_tokens=16, steps=5).trace is None


def test_one_output_type_per_prompt(model: Model) -> None:
    results = model.generate(["a", "b"], [Choice(["yes"]), None], max_new_tokens=8, steps=2)
    assert results[0].text == "yes"
    assert results[1].exactness == "free"
    with pytest.raises(OptionError, match="1 output types for 2 prompts"):
        model.generate(["a", "b"], [NAME], max_new_tokens=8)


def test_no_prompts_give_no_results(model: Model) -> None:
    assert model.generate([], NAME) == []


def test_rows_of_logits_are_aligned_by_the_shift() -> None:
    rows = torch.arange(5.0)[None, :, None].expand(1, 5, 2)
    assert align(rows, 4, 1)[0, :, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
    assert align(rows, 5, 0).shape == (1, 5, 2)
    with pytest.raises(ValueError, match="5 rows of logits for 5 positions and a shift of 1"):
        align(rows, 5, 1)


# -- guidance ------------------------------------------------------------------------------------------------


class Towards(Guidance):
    """Prefers one token everywhere; keeps the contexts that it saw."""

    def __init__(self, token: int, **window: float) -> None:
        super().__init__(**window)
        self.token = token
        self.seen: list[StepContext] = []

    def log_factors(self, context: StepContext) -> torch.Tensor:
        self.seen.append(context)
        factors = torch.zeros_like(context.logits)
        factors[..., self.token] = 50.0
        return factors


def test_guidance_steers_inside_the_language(model: Model) -> None:
    z = model.encode("z")[0]
    guidance = Towards(z)
    result = model.generate("x", Regex("[a-y]{3}[a-z]{4}"), max_new_tokens=10, steps=4, guidance=guidance)
    assert result.text.endswith("zzzz")
    assert "z" not in result.text[:3]
    assert [context.step for context in guidance.seen] == [0, 1, 2, 3]
    assert [context.progress for context in guidance.seen] == [0.0, 0.25, 0.5, 0.75]
    assert bool(guidance.seen[0].editable.all())
    assert not bool(guidance.seen[3].editable.all())
    assert result.forward_passes == 4


def test_classifier_free_guidance_by_hand_on_the_model() -> None:
    """One step, one position, two choices: the probability of each from two plain forward passes."""
    model = tiny.model(spread=6.0)
    choices = [model.encode(letter)[0] for letter in "ab"]
    strength = 1.5
    prompt = model.encode(model.prompt("Ada", NAME))
    canvas = torch.full((1, 2), model.family.mask_id)
    network = model.network
    with torch.inference_mode():
        conditional = network(canvas, network.encode_prompt(torch.tensor([prompt])))[0].log_softmax(-1)
        unconditional = network(canvas, network.unconditional(1))[0].log_softmax(-1)
    guided = (1 + strength) * conditional - strength * unconditional  # (2, V)
    expected = guided[0, choices].softmax(-1)
    language = Choice(["a", "b"])
    session = model.session("Ada", language, max_new_tokens=2, steps=1, guidance=ClassifierFree(strength))
    session.step()
    result = session.result()
    winner = "ab".index(result.text)
    assert winner == int(expected.argmax())
    assert float(result.confidences[0]) == pytest.approx(float(expected[winner]), abs=1e-4)
    assert result.forward_passes == 2


def test_temperature_divides_the_guided_factors(model: Model) -> None:
    """A factor of 4 at temperature 2 multiplies the odds by e^2, as a factor of 2 does at temperature 1."""

    class Prefer(Guidance):
        def log_factors(self, context: StepContext) -> torch.Tensor:
            factors = torch.zeros_like(context.logits)
            factors[..., model.encode("a")[0]] = 4.0
            return factors

    def odds(**options: Any) -> float:
        session = model.session("x", Choice(["a", "b"]), max_new_tokens=2, steps=1, witness="mode", **options)
        session.step()
        result = session.result()
        share = float(result.confidences[0])
        return share / (1 - share) if result.text == "a" else (1 - share) / share

    plain = odds(temperature=2.0)
    assert odds(temperature=2.0, guidance=Prefer()) == pytest.approx(plain * math.exp(2.0), rel=1e-3)


class Looks(Guidance):
    """Gives nothing; keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[StepContext, torch.Tensor]] = []

    def log_factors(self, context: StepContext) -> None:
        self.seen.append((context, context.support()))


def test_guidance_sees_the_allowed_tokens_and_the_witness(model: Model) -> None:
    guidance, language = Looks(), Regex("[ab]c[xy]")
    session = model.session("x", language, max_new_tokens=4, steps=4, guidance=guidance, seed=0)
    automaton = model.automaton(language)
    for _ in session:
        context, support = guidance.seen[-1]
        assert automaton.accepts(context.witness[0].tolist())
        assert not bool(support[0][~context.editable[0]].any())
        assert list(context.prompts[0]) == model.encode(model.prompt("x", language))
    context, support = guidance.seen[0]
    spelled = {model.vocabulary.decode([token]) for token in support[0, 0].nonzero()[:, 0].tolist()}
    texts = {model.vocabulary.decode([token]) for token in model.vocabulary.is_text.nonzero()[0].tolist()}
    assert spelled == {b"a", b"b", b"ac", b"bc", b"acx", b"bcx", b"acy", b"bcy"} & texts
    assert session.guidance_costs[0].steps == 0  # it never gave factors


def test_a_window_of_guidance_saves_its_passes(model: Model) -> None:
    result = model.generate(
        "x", Regex("[a-z]{8}"), max_new_tokens=10, steps=8, guidance=ClassifierFree(1.0, stop=0.5)
    )
    assert result.forward_passes == 8 + 5  # progress 0, 1/8, …, 4/8


# -- verified constraints ------------------------------------------------------------------------------------


def distinct(text: str) -> bool:
    return len(set(text)) == len(text)


def test_a_verified_constraint_returns_only_what_passes(model: Model) -> None:
    language = Language(Regex("[abcd]{4}").term, verify=distinct)
    for seed in range(5):
        result = model.generate("x", language, max_new_tokens=8, steps=4, seed=seed, candidates=500)
        assert sorted(result.text) == list("abcd")
        assert result.exactness == "verified"


def test_candidates_are_limited_and_the_error_says_how_many(model: Model) -> None:
    checked: list[str] = []

    def never(text: str) -> bool:
        checked.append(text)
        return False

    language = Language(Regex("[a-z]{6}").term, verify=never)
    with pytest.raises(VerificationError, match="none of 9 candidates passed") as info:
        model.generate("x", language, max_new_tokens=8, steps=3, candidates=9)
    assert info.value.candidates == 9
    assert len(checked) == len(set(checked)) == 9


def test_an_unverified_row_leaves_the_others_alone(model: Model) -> None:
    never: Any = Language(Regex("[a-z]{6}").term, verify=lambda text: False)
    session = model.session(["x", "y"], [never, NAME], max_new_tokens=12, steps=3, candidates=4, strict=False)
    drafts = [draft for output in session for draft in output.drafts]
    first, second = session.outcomes()
    assert isinstance(first, VerificationError)
    assert re.fullmatch("[A-Z][a-z]{2,8}", second.text)  # type: ignore[union-attr]
    assert not any(draft.verified for draft in drafts if draft.row == 0)
