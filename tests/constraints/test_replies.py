"""Replies: the judges are `str.find`, `re` and `json.loads` on the whole text, and hostile draws over tokens."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
import torch
from pydantic import BaseModel

from controlgen.constraints import (
    Choice,
    ConstraintError,
    JsonSchema,
    Language,
    Regex,
    Text,
    Vocabulary,
    fenced,
    reasoning_then,
)
from tests.constraints._small_tokenizers import byte_fallback_bpe, byte_level

PRIME = {"2", "3", "5", "7"}


class Answer(BaseModel):
    good: bool
    note: str = ""


def draws(language: Language, vocabulary: Vocabulary, length: int, seed: int, count: int = 5) -> list[str]:
    """Texts drawn with hostile logits: random ones, far from flat."""
    automaton = language.compile(vocabulary)
    generator = torch.Generator().manual_seed(seed)
    logits = 6 * torch.randn(count, length, vocabulary.size, generator=generator)
    texts = [automaton.text(automaton.posterior(row).sample(generator)) for row in logits]
    return [*texts, *(automaton.text(automaton.posterior(row).mode()) for row in logits)]


@pytest.fixture(scope="module", params=[byte_level, byte_fallback_bpe])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    return Vocabulary.from_tokenizer(request.param())


# --- reasoning


@pytest.mark.parametrize(("open", "close"), [("", "aa"), ("b", "aba"), ("a", "b"), ("<", "a>"), ("", "abab")])
@pytest.mark.parametrize("bounds", [(0, None), (1, 2), (0, 0)])
def test_reasoning_ends_at_the_first_closing_tag(open: str, close: str, bounds: tuple[int, int | None]) -> None:
    low, high = bounds
    language = reasoning_then(Regex("[ab]*"), open, close, min_chars=low, max_chars=high)
    for size in range(8):
        for text in map("".join, itertools.product("ab" if "<" not in open else "a<>", repeat=size)):
            rest = text.removeprefix(open)
            place = rest.find(close)
            answer = rest[place + len(close) :]
            member = text.startswith(open) and place >= low and (high is None or place <= high)
            member = member and re.fullmatch("[ab]*", answer) is not None
            assert language.matches(text) == member, text
            if member:
                assert language.parse(text) == answer
                assert language.split(text) == {"reasoning": rest[:place], "answer": answer}


@pytest.mark.parametrize("seed", range(3))
def test_drawn_reasoning_is_followed_by_the_answer(vocabulary: Vocabulary, seed: int) -> None:
    language = reasoning_then(Answer, between="\n\n", max_chars=30)
    for text in draws(language, vocabulary, 80, seed):
        thought, tag, answer = text.partition("</think>")
        assert thought.startswith("<think>")
        assert len(thought) <= len("<think>") + 30
        assert tag
        assert answer.startswith("\n\n")
        assert language.parse(text) == Answer.model_validate_json(answer)


def test_braces_in_tags_are_braces() -> None:
    language = reasoning_then(int, "{", "}", between="{}")
    assert language.matches("{why}{}5")
    assert language.parse("{why}{}5") == 5


def test_reasoning_that_can_not_be() -> None:
    with pytest.raises(ValueError, match="closing tag"):
        reasoning_then(int, close="")
    with pytest.raises(ValueError, match="no range"):
        reasoning_then(int, min_chars=3, max_chars=2)
    with pytest.raises(ConstraintError, match="weights"):
        reasoning_then(Regex("a").prefer("a", 1.0))
    with pytest.raises(TypeError, match="takes"):
        reasoning_then(5)


# --- fenced blocks


def block_of(text: str, tag: str) -> str | None:
    """What stands in the one fenced block of a text, by lines; None if there is not exactly one, on its own lines."""
    lines = text.split("\n")
    fences = [i for i, line in enumerate(lines) if re.match("[ \t]*```", line)]
    if len(fences) != 2 or lines[fences[0]] != "```" + tag or lines[fences[1]] != "```":
        return None
    first, last = fences
    around = lines[:first] + lines[last + 1 :]
    if last == first + 1 or any(fence in line for line in around for fence in ("```", "~~~")):
        return None
    return "\n".join(lines[first + 1 : last])


PIECES = ["```", "\n", "a", "```t\n", "\n```", " "]


@pytest.mark.parametrize("tag", ["", "t"])
def test_the_block_is_the_one_that_a_reader_finds(tag: str) -> None:
    language = fenced(Text(), tag)
    alone = fenced(Text(), tag, prose=False)
    for size in range(6):
        for text in set(map("".join, itertools.product(PIECES, repeat=size))):
            block = block_of(text, tag)
            assert language.matches(text) == (block is not None), text
            whole = block is not None and text.startswith(f"```{tag}\n") and text.endswith("\n```")
            assert alone.matches(text) == whole, text
            if block is not None:
                assert language.parse(text) == block


@pytest.mark.parametrize("answer", [Answer, {"type": "array", "items": {"type": "string", "maxLength": 6}}])
@pytest.mark.parametrize("seed", range(3))
def test_drawn_replies_have_one_block(vocabulary: Vocabulary, answer: Any, seed: int) -> None:
    language = fenced(answer)
    for text in draws(language, vocabulary, 70, seed):
        block = block_of(text, "json")
        assert block is not None, text
        assert re.search(r"```json\n(.*?)\n```", text, re.DOTALL).group(1) == block
        value = language.parse(text)
        assert (value.model_dump() if isinstance(value, BaseModel) else value) is not None
        assert json.loads(block) is not None


def test_backticks_in_strings_stay() -> None:
    language = fenced(Answer)
    text = 'Here:\n```json\n{"good": true, "note": "```"}\n```\nBye.'
    assert language.matches(text)
    assert language.parse(text) == Answer(good=True, note="```")
    assert language.split(text) == {
        "before": "Here:\n", "answer": '{"good": true, "note": "```"}', "after": "\nBye."
    }  # fmt: skip
    assert not language.matches('```json\n{"good": true}\n```\n```json\n{"good": true}\n```')


def test_carriage_returns_end_lines_too() -> None:
    language = fenced(Text(), "")
    assert language.matches("```\na\r```b\n```") is False
    assert language.matches("```\na\rb```\n```") is True


@pytest.mark.parametrize("make", [fenced, reasoning_then])
def test_verified_answers_are_verified(make: Any, vocabulary: Vocabulary) -> None:
    unique = JsonSchema({"type": "array", "items": {"type": "string"}, "uniqueItems": True})
    language = make(unique)
    assert language.exactness == "verified"
    form = "```json\n{}\n```" if make is fenced else "<think></think>{}"
    assert language.matches(form.format('["a", "b"]'))
    assert not language.matches(form.format('["a", "a"]'))
    assert language.compile(vocabulary).exactness == "verified"
    primes = Language(Regex("[0-9]+").term, parse=int, verify=PRIME.__contains__)
    assert make(primes).matches(form.format("7"))
    assert make(primes).parse(form.format("7")) == 7
    assert not make(primes).matches(form.format("9"))


def test_a_tag_is_one_line() -> None:
    for tag in ("a\n", "`", "\r"):
        with pytest.raises(ValueError, match="can't stand behind a fence"):
            fenced(Choice("a"), tag)
    with pytest.raises(ConstraintError, match="weights"):
        fenced(Regex("a").prefer("a", 1.0))
