"""The Outlines model through Outlines' own doors; what comes back is judged by re, jsonschema, pydantic and json."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import outlines
import pytest
import typing_extensions
from outlines.inputs import Chat
from outlines.processors import OutlinesLogitsProcessor
from outlines.types import CFG, Choice, JsonSchema, Regex
from pydantic import AfterValidator, BaseModel, TypeAdapter

from controlgen import Model
from controlgen._errors import ContextTooLong, InfeasibleConstraint, UnsupportedConstraint, VerificationError
from controlgen.constraints import Contains, Template
from controlgen.constraints import Regex as Pattern
from controlgen.integrations.outlines import AsyncDiffusionModel, DiffusionModel, from_controlgen
from tests.controlgen import tiny
from tests.controlgen.zoo import _tokenizer, dream, llada

LENGTH = 48
SEEDS = range(3)


class Line(BaseModel):
    sku: Literal["A-1", "B-2"]
    count: Annotated[int, AfterValidator(lambda count: count % 1000)]


class Invoice(BaseModel):
    paid: bool
    issued: date | None
    lines: Annotated[list[Line], typing_extensions.Doc("at most a few")]


@dataclass
class Point:
    x: bool
    y: Literal["up", "down"]


class Pair(typing_extensions.TypedDict):
    left: bool
    right: typing_extensions.NotRequired[bool]


class Color(Enum):
    RED = "red"
    GREEN = "green"


@pytest.fixture(scope="module")
def own() -> Model:
    return tiny.model()


@pytest.fixture(scope="module")
def model(own: Model) -> DiffusionModel:
    return from_controlgen(own, max_new_tokens=LENGTH, steps=4, temperature=1.0)


def full(pattern: str) -> Any:
    return lambda text: re.fullmatch(pattern, text) is not None


def valid(kind: Any) -> Any:
    return lambda text: TypeAdapter(kind).validate_json(text) is not None


def accepts(schema: dict[str, Any]) -> Any:
    return lambda text: jsonschema.Draft202012Validator(schema).is_valid(json.loads(text))


SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "n": {"type": "integer", "minimum": 3}},
    "required": ["n"],
    "additionalProperties": False,
}

TYPES: dict[str, tuple[Any, Any]] = {
    "pydantic": (Invoice, valid(Invoice)),
    "dataclass": (Point, valid(Point)),
    "typed dict": (Pair, valid(Pair)),
    "literal": (Literal["a", "b c"], full("a|b c")),
    "literals of several types": (Literal["a", 1, True], full("a|1|True")),
    "enum": (Color, full("red|green")),
    "int": (int, full(r"[+-]?(0|[1-9][0-9]*)")),
    "bool": (bool, full("True|False")),
    "union": (bool | Literal["none"], full("True|False|none")),
    "optional": (Literal["x"] | None, full("x|None")),
    "list": (list[bool], full(r"\[((True|False)(, ?(True|False))*)?\]")),
    "Regex": (Regex(r"\d{3}-[a-f]+"), full(r"\d{3}-[a-f]+")),
    "Choice": (Choice(["left", "right"]), full("left|right")),
    "JsonSchema": (JsonSchema(SCHEMA), accepts(SCHEMA)),
    "JsonSchema of a model": (JsonSchema(Point), valid(Point)),
    "CFG": (CFG('start: "(" start ")" | "x"'), lambda text: text == "(" * (n := text.index("x")) + "x" + ")" * n),
    "sequence of terms": ("No " + Regex("[0-9]{2}") + Choice([";", "."]), full(r"No [0-9]{2}[;.]")),
    "repeated term": (outlines.types.exactly(3, Regex("[ab]")), full("[ab]{3}")),
    "schema as a dict": (SCHEMA, accepts(SCHEMA)),
    "compiled pattern": (re.compile("[a-d]{2,5}", re.IGNORECASE), full("[a-dA-D]{2,5}")),
    "Language": (Pattern("[a-z]{5}") & ~Contains("e"), full("[a-df-z]{5}")),
    "Template": (Template("Dear {name}!", name=Pattern("[A-Z][a-z]+")), full("Dear [A-Z][a-z]+!")),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", TYPES)
def test_every_output_type_is_kept(model: DiffusionModel, name: str, seed: int) -> None:
    output_type, judge = TYPES[name]
    text = model("Ada owes 7.", output_type, seed=seed)
    assert isinstance(text, str)
    assert judge(text), text


def test_a_generator_gives_what_the_model_gives(model: DiffusionModel, own: Model) -> None:
    generator = outlines.Generator(model, Invoice)
    assert isinstance(generator, outlines.generator.BlackBoxGenerator)
    text = generator("Ada", seed=1)
    assert text == model("Ada", Invoice, seed=1)
    options: Any = {"max_new_tokens": LENGTH, "steps": 4, "temperature": 1.0, "seed": 1}
    assert text == own.generate("Ada", Invoice, **options).text
    assert generator.batch(["Ada", "Bob"], seed=[1, 2]) == [text, generator("Bob", seed=2)]
    assert "".join(generator.stream("Ada", seed=1)) == text


def test_without_an_output_type_it_is_free_text(model: DiffusionModel, own: Model) -> None:
    free = own.generate("Ada", max_new_tokens=LENGTH, steps=4, temperature=1.0, seed=5).text
    assert model("Ada", seed=5) == outlines.Generator(model)("Ada", seed=5) == free


def test_a_batch_is_decoded_together(own: Model) -> None:
    model, before = from_controlgen(own, max_new_tokens=16, steps=4), len(own.denoiser.rows)  # type: ignore[attr-defined]
    texts = model.batch(["a", "b", "c"], Regex("[a-z]{8}"), seed=0)
    assert all(map(full("[a-z]{8}"), texts))
    assert own.denoiser.rows[before:] == [3, 3, 3, 3]  # type: ignore[attr-defined]
    assert model.batch([], int) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", TYPES)
def test_parts_of_a_stream_are_the_text(model: DiffusionModel, name: str, seed: int) -> None:
    output_type, _ = TYPES[name]
    parts = list(model.stream("Ada", output_type, seed=seed, order="left_to_right"))
    assert all(parts)
    assert "".join(parts) == model("Ada", output_type, seed=seed, order="left_to_right")


def test_a_stream_starts_before_the_text_is_whole(model: DiffusionModel, own: Model) -> None:
    stream = model.stream("Ada", Regex("[a-z]{24}"), steps=8, seed=0, order="left_to_right")
    begun = len(own.denoiser.rows)  # type: ignore[attr-defined]
    assert len(next(stream)) < 24
    assert len(own.denoiser.rows) == begun + 1  # type: ignore[attr-defined]


def test_a_stream_of_a_verified_type_is_settled_at_its_end_or_raises(model: DiffusionModel) -> None:
    def never(value: int) -> int:
        raise ValueError(value)

    class Odd(BaseModel):
        n: Annotated[Literal[1, 2, 3, 4], AfterValidator(lambda n: n if n % 2 else never(n))]

    parts = list(model.stream("x", Odd, seed=0))
    assert len(parts) == 1
    assert Odd.model_validate_json(parts[0]).n % 2
    Impossible = Annotated[Literal[1, 2], AfterValidator(never)]

    class Refused(BaseModel):
        n: Impossible

    with pytest.raises(VerificationError):
        model("x", Refused, candidates=4)
    with pytest.raises(VerificationError):
        list(model.stream("x", Refused, candidates=4))


def test_an_application_of_outlines(model: DiffusionModel) -> None:
    template = outlines.Template.from_string("Is {{ name }} well?")
    application = outlines.Application(template, Literal["yes", "no"])
    assert application(model, {"name": "Ada"}, seed=0) in ("yes", "no")


# -- asyncio -----------------------------------------------------------------------------------------------------


def test_asyncio_gives_the_same(model: DiffusionModel, own: Model) -> None:
    twin = AsyncDiffusionModel(own, **model.options)

    async def run() -> tuple[Any, Any, list[str], list[str]]:
        generator: Any = outlines.Generator(twin, Invoice)
        streamed = [part async for part in generator.stream("Ada", seed=3)]
        direct = [part async for part in twin.stream("Ada", Invoice, seed=3)]
        return await generator("Ada", seed=3), await twin.batch(["Ada", "Bob"], Invoice, seed=3), streamed, direct

    text, texts, streamed, direct = asyncio.run(run())
    assert text == texts[0] == model("Ada", Invoice, seed=3)
    assert texts[1] == model("Bob", Invoice, seed=3)
    assert streamed == direct == list(model.stream("Ada", Invoice, seed=3))


# -- prompts -----------------------------------------------------------------------------------------------------


class Templated:
    """A tokenizer of the zoo with the chat template of its family."""

    def __init__(self, family: Any) -> None:
        from transformers import PreTrainedTokenizerFast

        self.made = PreTrainedTokenizerFast(
            tokenizer_object=_tokenizer.tokenizer(family.SPECIAL), bos_token="<|startoftext|>"
        )
        self.made.chat_template = family.CHAT_TEMPLATE
        self.made.add_special_tokens({"additional_special_tokens": list(family.SPECIAL)})


def templated(family: Any) -> Model:
    return Model.of(family.network(), Templated(family).made, config=family.CONFIG)


@pytest.mark.parametrize("family", [dream, llada])
def test_a_chat_goes_through_the_template_of_the_tokenizer(family: Any) -> None:
    own = templated(family)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "2 + 2?"},
        {"role": "assistant", "content": "4"},
        {"role": "user", "content": "And 3 + 3?"},
    ]
    prompt = own.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    model = from_controlgen(own, max_new_tokens=16, steps=4, seed=0)
    assert model.type_adapter.format_input(Chat(messages)) == prompt
    assert own.prompt(prompt) == prompt
    text = model(Chat(messages), Regex("[0-9]{1,3}"))
    assert full("[0-9]{1,3}")(text)
    assert text == own.generate(prompt, Pattern("[0-9]{1,3}"), max_new_tokens=16, steps=4, seed=0).text
    single = Chat([{"role": "user", "content": "2 + 2?"}])
    assert model(single, int) == model("2 + 2?", int)


def test_a_chat_without_a_template_is_one_message_of_the_user(model: DiffusionModel) -> None:
    assert model(Chat([{"role": "user", "content": "Ada"}]), int, seed=0) == model("Ada", int, seed=0)
    for messages in ([], [{"role": "system", "content": "x"}], [{"role": "user", "content": "x"}] * 2):
        with pytest.raises(ValueError, match="embedded: no chat template; give a str"):
            model(Chat(messages), int)


def test_a_template_that_marks_no_finished_prompt_is_refused() -> None:
    own = templated(dream)
    own.tokenizer.chat_template = "Q: {{ messages[0]['content'] }}"
    with pytest.raises(ValueError, match=r"Dream: its chat template begins with 'Q: hm'.*<\|im_start\|>"):
        from_controlgen(own)(Chat([{"role": "user", "content": "hm"}]), int)


# -- refusals ----------------------------------------------------------------------------------------------------


class Processor(OutlinesLogitsProcessor):
    def __init__(self) -> None:
        pass

    def process_logits(self, input_ids: Any, logits: Any) -> Any:
        raise AssertionError("never called")


def test_logits_processors_are_refused(model: DiffusionModel) -> None:
    with pytest.raises(NotImplementedError, match="does not support logits processors"):
        outlines.Generator(model, processor=Processor())
    with pytest.raises(TypeError, match=r"Processor masks one next token after another.*output type itself"):
        model("x", Processor())


@pytest.mark.parametrize(
    ("prompt", "options", "message"),
    [
        (["Describe", object()], {}, "reads a str or a Chat, not list; several prompts go to batch"),
        (7, {}, "reads a str or a Chat, not int"),
        (Chat([{"role": "user", "content": ["Describe", object()]}]), {}, "reads text only"),
        (Chat([{"role": "tool", "content": "7"}]), {}, "without tools"),
        ("x", {"tools": [{"type": "function"}]}, "tools: .* call no tools"),
        ("x", {"max_tokens": 8}, "max_tokens"),
    ],
)
def test_what_can_not_be_is_refused_by_name(model: DiffusionModel, prompt: Any, options: Any, message: str) -> None:
    for call in (model, model.stream):
        with pytest.raises(TypeError, match=message):
            call(prompt, int, **options)  # type: ignore[operator]
    with pytest.raises(TypeError, match=message):
        model.batch([prompt], int, **options)


def test_errors_of_the_library_come_through(model: DiffusionModel) -> None:
    with pytest.raises(InfeasibleConstraint, match="at least"):
        model("x", Regex("(xq){40}"))
    with pytest.raises(ContextTooLong):
        model("word " * 300, int)
    with pytest.raises(UnsupportedConstraint, match="whitespace_pattern"):
        model("x", JsonSchema(SCHEMA, whitespace_pattern=" "))
    with pytest.raises(TypeError, match="not supported"):
        model("x", object())


def test_only_a_model_of_this_library_is_wrapped() -> None:
    with pytest.raises(TypeError, match=r"a controlgen\.Model is needed, not str"):
        from_controlgen("GSAI-ML/LLaDA-8B-Instruct")  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_example_runs_offline() -> None:
    example = Path(__file__).parents[3] / "examples" / "drop_ins" / "outlines_model.py"
    run = subprocess.run([sys.executable, example], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    bill, batch, stream = (line.partition(": ")[2] for line in run.stdout.splitlines())
    assert bill.startswith("Bill(vendor=")
    first, second = (json.loads(record) for record in batch.split(" and "))
    assert set(first) == set(second) == {"total"}
    assert json.loads("".join(part.strip("'") for part in stream.split(" + "))) == second
