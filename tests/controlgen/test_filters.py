"""Safety filters in the loop: bans from the first step, drafts that are sent back, and what is withheld.

The models are hostile: all mass lies on the tokens that spell what is barred. The judge is `in` on decoded texts and
values.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen import ExtractionError, Model, extract
from controlgen.constraints import BudgetExceeded, Contains, InfeasibleConstraint, Language, Regex, Template
from controlgen.errors import BlockedOutput, FilterError, OptionError
from controlgen.guidance.safety import Finding, SafetyFilter
from controlgen.samplers import Ancestral, LeftToRight, Random, ReMDM, Sampler, TokenEditing, UniformRenoise
from tests.controlgen import tiny
from tests.controlgen.zoo import _tokenizer, llada2, sdar

WORD = "bomb"
LETTERS = Regex("[abmo ]{4,12}")


class Proven(SafetyFilter):
    """Bars a word."""

    level = "proven"
    default_name = "no_word"

    def __init__(self, word: str = WORD, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.word = word

    def scan(self, text: str, prompt: str = "") -> Finding:
        start = text.find(self.word)
        spans = () if start < 0 else ((start, start + len(self.word)),)
        return Finding(float(start >= 0), spans)

    def allowed(self) -> Language:
        return ~Contains(self.word)


class Judge(SafetyFilter):
    """The same by a judge that proves nothing; counts the texts that it was given."""

    default_name = "judge"

    def __init__(self, word: str = WORD, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.word, self.seen = word, []

    def scan(self, text: str, prompt: str = "") -> Finding:
        self.seen.append((text, prompt))
        start = text.find(self.word)
        return Finding(0.9, ((start, start + len(self.word)),)) if start >= 0 else Finding(0.1)


def towards(text: str, strength: float = 30.0) -> Callable[[Tensor, Tensor], Tensor]:
    """Logits that spell a text over and over, whatever stands there."""
    ids = tiny.tokenizer().encode(text, add_special_tokens=False).ids

    def hostile(canvas: Tensor, logits: Tensor) -> Tensor:
        out = logits.clone()
        for position in range(out.shape[1]):
            out[:, position, ids[position % len(ids)]] += strength
        return out

    return hostile


def hostile_model(text: str = "bomb ", strength: float = 30.0) -> Model:
    return tiny.model(hostile=towards(text, strength))


def test_without_filters_the_word_is_written() -> None:
    assert WORD in hostile_model().generate("x", LETTERS, max_new_tokens=12, steps=4, seed=0).text


@pytest.mark.parametrize("kind", [Proven, Judge])
@pytest.mark.parametrize("output", [LETTERS, None, {"type": "string", "maxLength": 20}])
@pytest.mark.parametrize("action", ["ban", "remask", "resample", "reweight"])
def test_every_action_keeps_the_word_out(kind: Any, action: Any, output: Any) -> None:
    if action == "ban" and kind is Judge:
        return
    one = kind(action=action, **({"weight": 40.0} if action == "reweight" else {}))
    model = hostile_model("bomb" if output is None else '"bomb ', 15.0 if action == "resample" else 30.0)
    arguments: dict[str, Any] = {"max_new_tokens": 12, "steps": 6, "seed": 0, "filters": one}
    drafts: list[str] = []
    result = model.generate("x", output, on_step=lambda draft: drafts.append(draft.text), **arguments)
    assert WORD not in result.text
    assert all(WORD not in text for text in drafts)
    (verdict,) = result.verdicts
    assert verdict.passed
    assert (verdict.text, verdict.filter) == (result.text, one.name)
    assert verdict.action == action
    if isinstance(output, Language):
        assert output.matches(result.text)
    elif output is not None:
        assert isinstance(json.loads(result.text), str)


def test_nothing_to_do_is_said() -> None:
    (verdict,) = hostile_model("moab ").generate(
        "x", LETTERS, max_new_tokens=12, steps=4, seed=0, filters=Judge()
    ).verdicts
    assert (verdict.passed, verdict.action, verdict.spans) == (True, None, ())
    assert verdict.risk == pytest.approx(0.1)


def test_block_withholds_the_output_and_says_where() -> None:
    model = hostile_model()
    with pytest.raises(BlockedOutput, match=r"prompt 0: .*'judge' \(risk 0.90 at 0–4\)") as caught:
        model.generate("x", LETTERS, max_new_tokens=12, steps=4, seed=0, filters=Judge(action="block"))
    (verdict,) = caught.value.verdicts
    assert (verdict.passed, verdict.action, verdict.spans) == (False, "block", ((0, 4),))
    assert WORD not in str(caught.value)


def test_a_blocked_row_leaves_the_others() -> None:
    model = hostile_model()
    session = model.session(
        ["x", "y"], [LETTERS, Regex("[xyz]{5}")], max_new_tokens=12, steps=4, seed=0, filters=Judge(action="block")
    )
    for output in session:
        assert all(WORD not in draft.text for draft in output.drafts)
    blocked, whole = session.outcomes()
    assert isinstance(blocked, BlockedOutput)
    assert not isinstance(whole, Exception)
    assert whole.verdicts[0].passed


def test_what_can_not_be_written_otherwise_is_withheld() -> None:
    """A judge that is never content: attempts are bounded, and the output ends in an error."""

    class Never(SafetyFilter):
        def scan(self, text: str, prompt: str = "") -> Finding:
            return Finding(1.0, ((0, len(text)),) if len(text) % 2 else ())

    for action in ("remask", "reweight", "resample", "block"):
        model = hostile_model()
        with pytest.raises(BlockedOutput, match="Never"):
            model.generate(
                "x", LETTERS, max_new_tokens=12, steps=4, seed=0, filters=Never(action=action, attempts=3)
            )
        stream = model.stream("x", LETTERS, max_new_tokens=12, steps=4, seed=0, filters=Never(action=action))
        with pytest.raises(BlockedOutput):
            next(stream)  # no draft is shown before the error


def test_bans_that_leave_nothing_name_the_conflict() -> None:
    with pytest.raises(InfeasibleConstraint, match="filter 'no_word'"):
        hostile_model().generate("x", Regex("a bomb"), max_new_tokens=12, filters=Proven())
    with pytest.raises(InfeasibleConstraint, match="filter 'judge'"):
        hostile_model().generate("x", Regex("a bomb"), max_new_tokens=12, filters=Judge())
    fixed = tiny.tokenizer().encode("bomb").ids
    template = torch.full((12,), -1)
    template[: len(fixed)] = torch.tensor(fixed)
    with pytest.raises(InfeasibleConstraint, match="filter 'no_word'"):
        hostile_model().generate("x", LETTERS, max_new_tokens=12, fixed=template, filters=Proven())


class TooLarge(Proven):
    """A ban whose language needs more states than any budget allows."""

    default_name = "too_large"

    def allowed(self) -> Language:
        return super().allowed() & ~Contains(Regex("a[ab]{30}a"))


def test_a_ban_that_is_too_large_is_named_with_the_way_out() -> None:
    with pytest.raises(BudgetExceeded, match=r"the bans of the safety filters 'too_large' .*action='remask'"):
        hostile_model().generate("x", Regex("[abmo ]{4,}"), max_new_tokens=12, filters=[TooLarge(), Judge()])
    with pytest.raises(BudgetExceeded, match="'too_large'"):
        list(extract(["one"], {"type": "object"}, model=tiny.model(), filters=TooLarge()))


def test_remasking_bars_what_stood_there_where_the_whole_ban_is_too_large() -> None:
    result = hostile_model().generate(
        "x", Regex("[abmo ]{4,}"), max_new_tokens=12, steps=6, seed=0, filters=TooLarge(action="remask")
    )
    assert WORD not in result.text
    assert result.verdicts[0].action == "remask"


def test_a_filter_that_can_not_be_had_by_name_is_an_error_of_options() -> None:
    with pytest.raises(OptionError, match="no safety filter is called 'secretz'"):
        hostile_model().generate("x", LETTERS, filters=["secretz"])


def test_a_word_across_template_and_hole() -> None:
    template = Template("abo{end}", end=Regex("[mb]{2,4}"))
    plain = hostile_model("bm").generate("x", template, max_new_tokens=12, steps=3, seed=0)
    assert "abomb" in plain.text
    result = hostile_model("bm").generate("x", template, max_new_tokens=12, steps=3, seed=0, filters=Proven())
    assert result.text.startswith("abo")
    assert WORD not in result.text
    assert result.value == {"end": result.text[3:]}


@pytest.mark.parametrize(
    "sampler",
    [Ancestral(), Random(), LeftToRight(), ReMDM("rescale", eta=0.5), TokenEditing(0.3, 0.2), UniformRenoise(0.5)],
    ids=lambda sampler: type(sampler).__name__,
)
@pytest.mark.parametrize("action", ["ban", "remask", "resample", "block"])
def test_streams_show_only_what_passes(sampler: Sampler, action: Any) -> None:
    one = Proven() if action == "ban" else Judge(action=action)
    for seed in range(4):
        model = hostile_model("bomb ", 6.0)
        shown = []
        try:
            for draft in model.stream(
                "x", LETTERS, max_new_tokens=12, steps=6, seed=seed, sampler=sampler, filters=one
            ):
                shown += [draft.text, draft.settled_text]
        except BlockedOutput:
            pass
        assert all(WORD not in text for text in shown)
        assert all(LETTERS.matches(text) for text in shown[::2])


@pytest.mark.parametrize("family", [sdar, llada2], ids=["sdar", "llada2"])
@pytest.mark.parametrize("action", ["ban", "remask", "resample"])
def test_families_that_decode_blocks(family: Any, action: Any) -> None:
    model = Model.of(family.network(), _tokenizer.tokenizer(family.SPECIAL), config=family.CONFIG)
    language = Regex("[abc]{9,14}")
    plain = model.generate(["x", "yy"], language, max_new_tokens=24, steps=3, seed=2)
    words = [result.text[4:6] for result in plain]
    for word in words:
        one = Proven(word) if action == "ban" else Judge(word, action=action)
        shown: list[str] = []
        session = model.session(["x", "yy"], language, max_new_tokens=24, steps=3, seed=2, filters=one)
        for output in session:
            shown += [text for draft in output.drafts for text in (draft.text, draft.settled_text)]
        for outcome in session.outcomes():
            if isinstance(outcome, Exception):
                assert isinstance(outcome, BlockedOutput)
                assert action != "ban"
            else:
                assert word not in outcome.text
                assert language.matches(outcome.text)
        assert all(word not in text for text in shown)


def test_async_streams_are_screened_too() -> None:
    async def texts() -> list[str]:
        stream = hostile_model().astream("x", LETTERS, max_new_tokens=12, steps=5, seed=0, filters=Judge())
        return [draft.text async for draft in stream]

    assert all(WORD not in text for text in asyncio.run(texts()))


def test_filters_see_the_prompt_and_each_text_once() -> None:
    one = Judge()
    hostile_model("moab ").generate("tell me", LETTERS, max_new_tokens=12, steps=6, seed=0, filters=one)
    assert {prompt for _, prompt in one.seen} == {"tell me"}
    assert len(one.seen) == len(set(one.seen))


def test_a_filter_that_fails_lets_nothing_pass() -> None:
    class Broken(SafetyFilter):
        def __init__(self, finding: Any) -> None:
            super().__init__()
            self.finding = finding

        def scan(self, text: str, prompt: str = "") -> Finding:
            if isinstance(self.finding, Exception):
                raise self.finding
            return self.finding

    for finding, message in [
        (RuntimeError("no network"), "raised RuntimeError: no network"),
        (None, "gave NoneType"),
        (Finding(float("nan")), "risk nan"),
        (Finding(0.2, ((3, 900),)), r"span \(3, 900\)"),
    ]:
        stream = hostile_model().stream("x", LETTERS, max_new_tokens=12, steps=3, seed=0, filters=Broken(finding))
        with pytest.raises(FilterError, match=message):
            next(stream)  # no draft is shown before the error


def test_options_of_filters() -> None:
    with pytest.raises(OptionError, match="2 safety filters are called 'judge'"):
        hostile_model().generate("x", LETTERS, filters=[Judge(), Judge()])
    with pytest.raises(ValueError, match='"ban" needs a filter that is proven'):
        Judge(action="ban")
    for arguments in ({"threshold": 0.0}, {"weight": -1.0}, {"attempts": 0}, {"action": "shout"}):
        with pytest.raises(ValueError, match="judge: "):
            Judge(**arguments)  # type: ignore[arg-type]


def test_a_deadline_returns_what_passed() -> None:
    model = tiny.model(hostile=towards("bomb ", 30.0), seconds=0.05)
    session = model.session("x", LETTERS, max_new_tokens=12, steps=50, seed=0, deadline=0.2, filters=Judge())
    for _ in session:
        pass
    outcome = session.outcomes()[0]
    assert isinstance(outcome, BlockedOutput) or WORD not in outcome.text  # type: ignore[union-attr]


def test_extraction_under_filters() -> None:
    model = hostile_model('{"a":"bomb"}')
    schema = {"type": "object", "properties": {"a": {"enum": ["bomb", "tea"]}}, "required": ["a"]}
    found = list(
        extract(["one", "two"], schema, model=model, max_new_tokens=20, steps=4, seed=0, filters=Proven())
    )
    for extraction in found:
        assert extraction.record == {"a": "tea"}
        assert [verdict.action for verdict in extraction.verdicts] == ["ban"]
    blocked = extract(
        ["one"], schema, model=model, max_new_tokens=20, seed=0, filters=Judge(action="block"), on_error="yield"
    )
    (error,) = blocked
    assert isinstance(error, ExtractionError)
    assert isinstance(error.cause, BlockedOutput)
