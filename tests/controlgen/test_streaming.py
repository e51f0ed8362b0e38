"""Streams: what is settled never changes, for every kind of sampler, and asyncio gives the same as its twin.

The judge of "settled" is the stream itself: a settled text has to begin every later draft, and tokens at settled
positions have to stand there at the end.
"""

from __future__ import annotations

import asyncio
import re
import threading
from functools import cache
from typing import Any

import pytest

from controlgen import Model
from controlgen._errors import VerificationError
from controlgen._result import Draft, Result
from controlgen.constraints import Language, Regex
from controlgen.samplers import (
    Ancestral,
    Entropy,
    EntropyBound,
    LeftToRight,
    LowConfidence,
    Random,
    ReMDM,
    Sampler,
    Threshold,
    TokenEditing,
    UniformRenoise,
)
from tests.controlgen import tiny
from tests.controlgen.zoo import _tokenizer, dream, fast_dllm, llada, llada2, mdlm, sdar

FINAL: dict[str, Sampler] = {
    "LowConfidence": LowConfidence(),
    "Threshold": Threshold(0.6),
    "Entropy": Entropy(),
    "EntropyBound": EntropyBound(0.5),
    "LeftToRight": LeftToRight(),
    "Random": Random(),
    "Ancestral": Ancestral(),
}
REVISING: dict[str, Sampler] = {
    "ReMDM": ReMDM("rescale", eta=0.6),
    "ReMDM conf": ReMDM("conf"),
    "TokenEditing": TokenEditing(0.3, 0.2),
    "UniformRenoise": UniformRenoise(0.5),
}
SAMPLERS = {**FINAL, **REVISING}
WORDS = r"[A-Z][a-z]{2,6}( [a-z]{1,7}){1,4}\."
WIDE = "[äß€語😀]{9,12}"  # two, three and four bytes a character; every one is spelled in several tokens
FAMILIES: dict[str, Any] = {"llada": llada, "dream": dream, "sdar": sdar, "llada2": llada2, "fast_dllm": fast_dllm}


@cache
def embedded() -> Model:
    return tiny.model()


@cache
def model(name: str) -> Model:
    """A model of a family; the embedded one has the wide tokens of the tests' own tokenizer."""
    family = {**FAMILIES, "mdlm": mdlm}.get(name)
    if family is None:
        return embedded()
    return Model.of(family.network(), _tokenizer.tokenizer(family.SPECIAL), config=family.CONFIG)


def checked(drafts: list[Draft], result: Result) -> list[str]:
    """The settled texts of one row's drafts, after everything that has to hold for them."""
    assert [draft.final for draft in drafts] == [False] * (len(drafts) - 1) + [True]
    assert drafts[-1].text == drafts[-1].settled_text == result.text
    assert drafts[-1].tokens.equal(result.tokens)
    settled = [draft.settled_text for draft in drafts]
    for early, text in enumerate(settled):
        assert "�" not in text
        for later in drafts[early:]:
            assert later.text.startswith(text)
            assert later.settled_text.startswith(text)
            kept = drafts[early].settled
            assert later.tokens[kept].equal(drafts[early].tokens[kept])
            assert bool((later.settled | ~kept).all())
    for draft in drafts:
        assert bool((draft.committed | ~draft.settled).all())
    return settled


def streamed(held: Model, prompt: str, kind: Any, **options: Any) -> tuple[list[Draft], Result]:
    """What `Model.stream` hands out, and the result of the same session."""
    session = held.session(prompt, kind, **options)
    return [draft for output in session for draft in output.drafts], session.result()


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("pattern", [WORDS, WIDE])
def test_what_is_settled_stays(name: str, pattern: str, seed: int) -> None:
    options: Any = {"max_new_tokens": 48, "steps": 10, "seed": seed, "sampler": SAMPLERS[name]}
    drafts, result = streamed(embedded(), "Ada", Regex(pattern), **options)
    assert re.fullmatch(pattern, result.text)
    assert all(re.fullmatch(pattern, draft.text) for draft in drafts)
    settled = checked(drafts, result)
    if name in REVISING:
        assert set(settled[:-1]) <= {""}  # on a canvas without blocks anything may still change
    elif name == "LeftToRight":
        assert [len(text) for text in settled] == sorted({len(text) for text in settled})[-len(settled) :]
        assert len(set(settled)) > 4


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("sampler", [None, "LeftToRight", *REVISING])
@pytest.mark.parametrize("name", FAMILIES)
def test_families_settle_block_by_block(name: str, sampler: str | None, seed: int) -> None:
    """What a revising sampler writes is settled at the end of its block."""
    held = model(name)
    blocks = {"block_length": 8} if held.family.block else {}
    options: Any = {"max_new_tokens": 48, "steps": 6, "seed": seed, **blocks}
    if sampler is not None:
        options["sampler"] = SAMPLERS[sampler]
    pattern = "([A-Z][a-z]{3,7} ){6}" if seed else WIDE
    drafts, result = streamed(held, "Who is it? ", Regex(pattern), **options)
    settled = checked(drafts, result)
    if held.family.block:
        lead = held.family.lead(len(held.encode(held.prompt("Who is it? "))))
        past = [draft for draft in drafts if int(draft.predicted.sum()) > 16]
        assert past, "the text goes on behind the second block"
        assert all(bool(draft.settled[: 8 - lead % 8].all()) for draft in past)
        assert len(set(settled)) > 2


@pytest.mark.parametrize("seed", range(4))
def test_a_model_without_a_stop_token_streams(seed: int) -> None:
    for sampler in (Ancestral(), ReMDM("cap", eta=0.5), LeftToRight()):
        options: Any = {"max_new_tokens": 16, "steps": 8, "seed": seed, "sampler": sampler}
        checked(*streamed(model("mdlm"), "x", Regex("[a-zäö ]*"), **options))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", [*SAMPLERS])
def test_without_a_constraint_broken_bytes_are_settled_last(name: str, seed: int) -> None:
    """Free text may break off inside a character; what is settled holds whole characters, or U+FFFD for good."""
    options: Any = {"max_new_tokens": 24, "steps": 8, "seed": seed, "sampler": SAMPLERS[name]}
    drafts, result = streamed(embedded(), "Ada", None, **options)
    assert drafts[-1].settled_text == result.text
    for early, draft in enumerate(drafts):
        assert all(later.text.startswith(draft.settled_text) for later in drafts[early:])


def test_half_a_character_is_not_settled() -> None:
    """Left to right, one token a step: a character appears when its last byte does."""
    drafts, result = streamed(embedded(), "x", Regex("[語😀]{4}"), max_new_tokens=20, steps=20, order="left_to_right")
    settled = checked(drafts, result)
    lengths = {len(text) for text in settled}
    assert lengths == {0, 1, 2, 3, 4}
    assert len(settled) > 8  # several steps a character


# -- verified constraints ----------------------------------------------------------------------------------------


def open_ended(text: str) -> bool:
    return text[0] != text[-1]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_verified_constraint_settles_with_what_passed(name: str, seed: int) -> None:
    language = Language(Regex("[abcd]{4}").term, verify=open_ended)
    options: Any = {"max_new_tokens": 8, "steps": 4, "seed": seed, "candidates": 500, "sampler": SAMPLERS[name]}
    drafts, result = streamed(embedded(), "x", language, **options)
    assert open_ended(result.text)
    assert set(checked(drafts, result)[:-1]) <= {""}  # another candidate may take the place of the whole canvas


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["sdar", "llada2", "fast_dllm"])
def test_a_verified_constraint_in_blocks(name: str, seed: int) -> None:
    language = Language(Regex("([abcd][0-9]){8}").term, verify=lambda text: open_ended(text[::2]))
    options: Any = {"max_new_tokens": 24, "steps": 4, "seed": seed, "candidates": 500, "block_length": 8}
    drafts, result = streamed(model(name), "xy", language, **options)
    assert open_ended(result.text[::2])
    checked(drafts, result)


def test_a_stream_whose_candidates_all_fail_ends_without_a_final_draft() -> None:
    """The error is the session's; a stream hands out drafts."""
    never = Language(Regex("[a-z]{4}").term, verify=lambda text: False)
    session = embedded().session("x", never, max_new_tokens=8, steps=2, candidates=4)
    drafts = [draft for output in session for draft in output.drafts]
    assert not any(draft.final or draft.verified for draft in drafts)
    assert {draft.settled_text for draft in drafts} <= {""}
    with pytest.raises(VerificationError):
        session.result()


# -- batches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["embedded", "llada", "sdar", "llada2", "fast_dllm"])
def test_rows_of_a_batch_stream_as_if_alone(name: str) -> None:
    held = model(name)
    prompts, kinds, lengths = ["Ada ", "Who is it? "], [Regex(WORDS), Regex("[0-9]{2,9}")], [40, 12]
    blocks = {"block_length": 8} if held.family.block else {}
    options: Any = {"steps": 8, "seed": 3, **blocks}
    drafts = list(held.stream(prompts, kinds, max_new_tokens=lengths, **options))
    for row, (prompt, kind, length) in enumerate(zip(prompts, kinds, lengths, strict=True)):
        own = [draft for draft in drafts if draft.row == row]
        assert own[-1].final
        result = held.generate(prompt, kind, max_new_tokens=length, **options)
        assert re.fullmatch(kind.pattern, result.text)
        for early, draft in enumerate(own):
            assert all(later.text.startswith(draft.settled_text) for later in own[early:])


def test_the_stream_is_that_of_the_session() -> None:
    options: Any = {"max_new_tokens": 32, "steps": 6, "seed": 7}
    drafts, result = streamed(embedded(), "Ada", Regex(WORDS), **options)
    assert told(list(embedded().stream("Ada", Regex(WORDS), **options))) == told(drafts)
    assert embedded().generate("Ada", Regex(WORDS), **options).tokens.equal(result.tokens)


# -- asyncio -----------------------------------------------------------------------------------------------------

ASYNC: Any = {"max_new_tokens": 32, "steps": 6, "seed": 7}


def told(drafts: list[Draft]) -> list[tuple[Any, ...]]:
    return [
        (draft.row, draft.step, draft.text, draft.settled_text, draft.final, draft.tokens.tolist()) for draft in drafts
    ]


@pytest.mark.parametrize("name", [*SAMPLERS, "temperature"])
def test_asyncio_gives_the_same(name: str) -> None:
    options = {**ASYNC, **({"temperature": 1.0} if name == "temperature" else {"sampler": SAMPLERS[name]})}
    prompts, kinds = ["Ada", "Grace"], [Regex(WORDS), Regex(WIDE)]
    held = embedded()

    async def run() -> tuple[list[Draft], Any, Any]:
        drafts = [draft async for draft in held.astream(prompts, kinds, **options)]
        return drafts, await held.agenerate(prompts, kinds, **options), await held.agenerate("Ada", kinds[0], **options)

    drafts, results, single = asyncio.run(run())
    assert told(drafts) == told(list(held.stream(prompts, kinds, **options)))
    twins = held.generate(prompts, kinds, **options)
    assert [result.text for result in results] == [twin.text for twin in twins]
    assert all(result.tokens.equal(twin.tokens) for result, twin in zip(results, twins, strict=True))
    assert single.text == held.generate("Ada", kinds[0], **options).text


def test_several_streams_at_once_do_not_mix() -> None:
    held = embedded()
    seeds = range(5)

    async def text(seed: int) -> str:
        last = ""
        async for draft in held.astream("Ada", Regex(WORDS), **{**ASYNC, "seed": seed, "temperature": 1.0}):
            last = draft.text
        return last

    async def run() -> list[str]:
        return list(await asyncio.gather(*map(text, seeds)))

    alone = [held.generate("Ada", Regex(WORDS), **{**ASYNC, "seed": seed, "temperature": 1.0}).text for seed in seeds]
    assert asyncio.run(run()) == alone


def test_leaving_a_stream_early_ends_it() -> None:
    held = tiny.model()
    passes = held.denoiser.rows  # type: ignore[attr-defined]

    async def run() -> int:
        stream = held.astream("Ada", Regex(WORDS), **ASYNC)
        async for draft in stream:
            assert not draft.final
            break
        await stream.aclose()  # type: ignore[attr-defined]
        made = len(passes)
        await asyncio.sleep(0.05)
        assert len(passes) == made == 1
        assert [draft async for draft in stream] == []
        return made

    before = threading.active_count()
    assert asyncio.run(run()) == 1
    assert threading.active_count() == before
    assert held.generate("Ada", Regex(WORDS), **ASYNC).text  # nothing is left behind in the model


def test_leaving_a_synchronous_stream_early_ends_it() -> None:
    held = tiny.model()
    stream = held.stream("Ada", Regex(WORDS), **ASYNC)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(held.denoiser.rows) == 1  # type: ignore[attr-defined]
    assert list(stream) == []


def test_cancelling_ends_after_the_step_under_way() -> None:
    held = tiny.model(seconds=0.05)
    passes = held.denoiser.rows  # type: ignore[attr-defined]

    async def run() -> None:
        task = asyncio.create_task(held.agenerate("Ada", Regex(WORDS), **{**ASYNC, "steps": 30}))
        while not passes:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert len(passes) <= 2


def test_the_event_loop_runs_on_meanwhile() -> None:
    held = tiny.model(seconds=0.05)

    async def run() -> int:
        ticks = 0
        task = asyncio.create_task(held.agenerate("Ada", Regex(WORDS), **ASYNC))
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await task
        return ticks

    assert asyncio.run(run()) >= 10


def test_errors_of_arguments_come_at_once_or_with_the_first_draft() -> None:
    with pytest.raises(ValueError, match="temperature must be"):
        embedded().stream("x", Regex(WORDS), temperature=-1.0)

    async def run() -> None:
        with pytest.raises(ValueError, match="temperature must be"):
            await embedded().agenerate("x", Regex(WORDS), temperature=-1.0)
        with pytest.raises(ValueError, match="temperature must be"):
            async for _ in embedded().astream("x", Regex(WORDS), temperature=-1.0):
                pass

    asyncio.run(run())
