"""Languages inside schemas: judged by `re`, `in`, `json.loads` and Pydantic's validation."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from typing import Annotated, Any, Optional

import pytest
import torch
import typing_extensions
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from controlgen.constraints import (
    Choice,
    ConstraintError,
    Grammar,
    JsonSchema,
    Language,
    Quote,
    Regex,
    Text,
    UnsupportedConstraint,
    Vocabulary,
)
from controlgen.constraints.schema import KEYWORDS
from tests.constraints._small_tokenizers import byte_fallback_bpe, byte_level

SOURCE = 'He said "a\\b/c"\nthen\ttabbed \x01\x1f, € and 😀!'
SUMS = """
start: product (("+" | "-") product)*
product: atom (("*" | "/") atom)*
atom: /[0-9]/ | "(" start ")"
"""
EVEN = Language(Regex("[0-9]{1,3}").term, verify=lambda text: int(text) % 2 == 0)


class Order(BaseModel):
    """The places in which a language may stand."""

    code: Annotated[str, Regex('[A-Z]{2}["\\\\]?')]
    quote: Annotated[str, Quote(SOURCE)] = Field(max_length=6)
    kind: Optional[Annotated[str, Choice("a", "b")]] = None  # noqa: UP045  (the old spelling too)
    either: int | Annotated[str, Regex("x+")] = 1
    many: Annotated[list[Annotated[str, Regex("[ab]+")]], Field(max_length=3)] = []


@dataclasses.dataclass
class Point:
    label: Annotated[str, Regex("[a-z]+")]


class Row(typing_extensions.TypedDict):
    label: Annotated[str, Regex("[a-z]+")]


@pytest.fixture(scope="module", params=[byte_level, byte_fallback_bpe])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    return Vocabulary.from_tokenizer(request.param())


def draws(language: Language, vocabulary: Vocabulary, length: int, seed: int, count: int = 4) -> list[str]:
    """Texts drawn with hostile logits."""
    automaton = language.compile(vocabulary)
    generator = torch.Generator().manual_seed(seed)
    logits = 6 * torch.randn(count, length, vocabulary.size, generator=generator)
    texts = [automaton.text(automaton.posterior(row).sample(generator)) for row in logits]
    return [*texts, *(automaton.text(automaton.posterior(row).mode()) for row in logits)]


def one(language: Language, said: dict[str, Any] | None = None) -> JsonSchema:
    schema = {"type": "string", "x-language": "name", **(said or {})}
    return JsonSchema(schema, languages={"name": language})


# --- types


@pytest.mark.parametrize("seed", range(4))
def test_drawn_fields_are_in_their_languages(vocabulary: Vocabulary, seed: int) -> None:
    language = Language.of(Order)
    assert language.exactness == "exact"
    for text in draws(language, vocabulary, 90, seed):
        value = json.loads(text)
        assert re.fullmatch(r'[A-Z]{2}["\\]?', value["code"])
        assert value["quote"] in SOURCE
        assert 0 < len(value["quote"]) <= 6
        assert value.get("kind") in ("a", "b", None)
        assert isinstance(value.get("either", 1), int) or re.fullmatch("x+", value["either"])
        assert all(re.fullmatch("[ab]+", item) for item in value.get("many", []))
        assert language.parse(text) == Order.model_validate(value)


@pytest.mark.parametrize("source", [Point, Row, list[Point], dict[str, Row], Optional[Point]])  # noqa: UP045
def test_every_kind_of_type_has_them(source: Any) -> None:
    language = Language.of(source)
    good, bad = '{"label": "ab"}', '{"label": "a1"}'
    texts = [wrapped % one for wrapped in ("%s", "[%s]", '{"k": %s}') for one in (good, bad)]
    for text in texts:
        try:
            TypeAdapter(source).validate_json(text)
            valid = True
        except ValidationError:
            valid = False
        assert language.matches(text) == valid, text


def test_keys_of_maps_have_them_too() -> None:
    language = Language.of(dict[Annotated[str, Regex("[a-z]+")], int])
    assert language.matches('{"a": 1, "bc": 2}')
    assert not language.matches('{"A": 1}')
    with pytest.raises(UnsupportedConstraint, match="keys are told apart by complements"):
        Language.of(dict[Annotated[str, Grammar(SUMS)], int])


def test_pydantic_checks_the_language_as_well() -> None:
    with pytest.raises(ValidationError, match=r"not a member of Regex\('x\+'\)"):
        TypeAdapter(Annotated[str, Regex("x+")]).validate_python("y")
    assert TypeAdapter(Annotated[str | None, Regex("x+")]).validate_python(None) is None
    assert "x-language" not in json.dumps(TypeAdapter(Order).json_schema())


def test_classes_of_languages_stay_types_for_pydantic() -> None:
    class Holder(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)
        language: Language

    regex = Regex("a")
    assert Holder(language=regex).language is regex


def test_with_other_metadata() -> None:
    class Both(BaseModel):
        word: Annotated[str, Regex("[a-z]+"), Regex(".*b.*")] = Field(pattern="^a", max_length=4)

    language = Language.of(Both)
    for word in ("ab", "aab", "b", "ba", "a", "aaaab", "aB"):
        valid = re.fullmatch("a[a-z]*", word) is not None and "b" in word and len(word) <= 4
        assert language.matches(json.dumps({"word": word})) == valid, word
    assert not language.dfa.matches(b'{"word": "ba"}'), "the automaton holds the pattern too"
    checked = Language.of(Annotated[str, Regex("[a-z]+"), AfterValidator(str.upper)])
    assert checked.exactness == "verified"
    assert checked.parse('"ab"') == "AB"


def test_strings_that_pydantic_changes_are_checked_again() -> None:
    class Stripped(BaseModel):
        model_config = ConfigDict(str_strip_whitespace=True)
        word: Annotated[str, Regex(" *[a-z]")]

    class Spaced(Stripped):
        word: Annotated[str, Regex(" [a-z]")]

    upper = Annotated[str, StringConstraints(to_upper=True), Regex("[a-zA-Z]")]
    for source, text, valid in (
        (Stripped, '{"word": " a"}', True),
        (Spaced, '{"word": " a"}', False),
        (upper, '"a"', True),
        (Annotated[str, StringConstraints(to_upper=True), Regex("[a-z]")], '"a"', False),
        (Annotated[str, AfterValidator(str.upper), Field(pattern="^A")], '"ab"', True),
    ):
        language = Language.of(source)
        assert language.exactness == "verified"
        assert language.matches(text) == valid


def test_equal_names_are_told_apart() -> None:
    first, second = (Language(Regex(pattern).term) for pattern in ("a", "b"))
    language = Language.of(tuple[Annotated[str, first], Annotated[str, second], Annotated[str, first]])
    assert language.matches('["a", "b", "a"]')
    assert not language.matches('["a", "a", "a"]')


# --- schemas


@pytest.mark.parametrize("seed", range(4))
def test_every_substring_in_every_escape_is_a_quote(seed: int) -> None:
    rng = random.Random(seed)
    language = one(Quote(SOURCE))
    spellings = {
        '"': ['\\"'], "\\": ["\\\\"], "/": ["/", "\\/"], "\n": ["\\n", "\\u000a", "\\u000A"],
        "\t": ["\\t", "\\u0009"], "\x01": ["\\u0001"], "\x1f": ["\\u001f", "\\u001F"],
    }  # fmt: skip
    for _ in range(200):
        start, end = sorted(rng.sample(range(len(SOURCE) + 1), 2))
        quote = SOURCE[start:end]
        text = '"' + "".join(rng.choice(spellings.get(c, [c])) for c in quote) + '"'
        assert json.loads(text) == quote
        assert language.matches(text), text
        changed = quote[: len(quote) // 2] + rng.choice('"\\\n/aé😀') + quote[len(quote) // 2 :]
        assert language.matches(json.dumps(changed, ensure_ascii=False)) == (changed in SOURCE)


WORDS = ["", "a", "ab", "b", "ba", "abc", "aab", "c", "bb"]
SIGNED: list[tuple[dict[str, Any], Any]] = [
    ({}, lambda a, b: a),
    ({"x-language": "b"}, lambda a, b: b),
    ({"minLength": 2}, lambda a, b: a),
    ({"not": {"x-language": "b"}}, lambda a, b: a and not b),
    ({"oneOf": [{"x-language": "a"}, {"x-language": "b"}], "x-language": "any"}, lambda a, b: a != b),
    ({"anyOf": [{"x-language": "a"}, {"x-language": "b"}], "x-language": "any"}, lambda a, b: a or b),
    ({"if": {"x-language": "b"}, "then": {"x-language": "a"}, "x-language": "any"}, lambda a, b: a or not b),
    ({"allOf": [{"x-language": "b"}]}, lambda a, b: a and b),
]  # fmt: skip


@pytest.mark.parametrize("verified", [False, True])
@pytest.mark.parametrize(("said", "judge"), SIGNED, ids=[json.dumps(said) for said, _ in SIGNED])
def test_languages_are_signed_like_patterns(said: dict[str, Any], judge: Any, verified: bool) -> None:
    b = Language(Text().term, verify=re.compile("[bc]*|a").fullmatch) if verified else Regex("[bc]*|a")  # type: ignore[arg-type]
    table = {"a": Regex("[ab]*"), "b": b, "any": Text()}
    schema = {"x-language": "a", **said}
    used = {name for name in table if json.dumps(name) in json.dumps(schema)}
    language = JsonSchema(schema, languages={name: table[name] for name in used})
    for word in WORDS:
        wanted = judge(re.fullmatch("[ab]*", word) is not None, re.fullmatch("[bc]*|a", word) is not None)
        wanted = wanted and len(word) >= said.get("minLength", 0)
        assert language.matches(json.dumps(word)) == wanted, word
    assert language.matches("5") == judge(True, True), "to what is no string every language says yes"
    if verified and "b" in used:
        assert "x-language" in {reason.keyword for reason in language.verified}


def test_it_goes_with_lengths_patterns_and_formats() -> None:
    language = one(Regex("[0-9a-f.:-]*"), {"minLength": 3, "pattern": "^[^a]*$", "format": "date"})
    assert language.exactness == "exact"
    assert language.matches('"2024-01-31"')
    assert not language.matches('"2024-01-32"')
    assert one(Regex("[a-z]*"), {"maxLength": 2}).matches('"ab"')
    assert not one(Regex("[a-z]*"), {"maxLength": 2}).matches('"abc"')


def test_references_and_older_drafts() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"w": {"type": "string", "x-language": "w"}},
        "type": "array",
        "items": {"$ref": "#/definitions/w"},
        "uniqueItems": True,
    }
    language = JsonSchema(schema, languages={"w": Regex("[ab]+")})
    assert language.matches('["a", "b"]')
    assert not language.matches('["a", "a"]')
    assert not language.matches('["a", "c"]')
    assert not language.verify('["a", "c"]'), "the validator knows the keyword by itself"


@pytest.mark.parametrize("seed", range(2))
def test_verified_languages_make_a_verified_schema(vocabulary: Vocabulary, seed: int) -> None:
    language = one(EVEN)
    assert [(reason.keyword, reason.pointer) for reason in language.verified] == [("x-language", "")]
    assert language.matches('"12"')
    assert not language.matches('"13"')
    automaton = language.compile(vocabulary)
    assert automaton.exactness == "verified"
    assert not automaton.verify('"7"')


@pytest.mark.parametrize(
    ("schema", "language", "pointer", "why"),
    [
        ({"properties": {"a": {"type": "integer", "x-language": "l"}}}, Text(), "/properties/a", "no string is valid"),
        ({"anyOf": [{"type": "null"}], "x-language": "l"}, Text(), "", "no string is valid"),
        ({"items": {"x-language": "m"}, "x-language": "l"}, Text(), "/items", "'m' is none of the languages"),
        ({"x-language": ["l"], "items": {"x-language": "l"}}, Text(), "", "is none of the languages"),
        ({"x-language": "l"}, Regex("a").prefer("a", 1.0), "", "has weights"),
        ({"x-language": "l"}, Language(Regex("a").term, borders=True), "", "has borders"),
        ({"not": {"x-language": "l"}}, Grammar(SUMS), "/not", "embeds itself"),
        ({"propertyNames": {"x-language": "l"}}, Grammar(SUMS), "/propertyNames", "embeds itself"),
    ],
)
def test_what_is_refused_has_its_place(schema: dict[str, Any], language: Language, pointer: str, why: str) -> None:
    with pytest.raises(UnsupportedConstraint, match=why) as caught:
        JsonSchema(schema, languages={"l": language})
    assert ("x-language", pointer) in [(reason.keyword, reason.pointer) for reason in caught.value.reasons]


def test_tables_that_do_not_fit() -> None:
    with pytest.raises(ConstraintError, match="no schema names the language 'l'"):
        JsonSchema({"x-langauge": "l"}, languages={"l": Text()})
    with pytest.raises(TypeError, match="no Language"):
        JsonSchema({"x-language": "l"}, languages={"l": "a"})


def test_without_languages_it_is_an_annotation() -> None:
    language = JsonSchema({"type": "string", "x-language": "l"})
    assert language.matches('"anything"')
    assert [(reason.keyword, reason.why) for reason in language.ignored] == [
        ("x-language", "no languages were passed, so it asks for nothing")
    ]
    rows = {row.keyword: row.outcome for row in one(Text()).outcomes}
    assert rows == {"type": "exact", "x-language": "exact"}
    assert "x-language" in KEYWORDS


# --- grammars


def is_sum(text: str) -> bool:
    """Whether a text is an arithmetic expression over digits, by Python's own parser."""
    if not re.fullmatch(r"[0-9()+*/-]+", text) or re.search(r"[0-9]{2}|\*\*|//|\(\)|[0-9]\(|\)[0-9(]", text):
        return False
    if re.search(r"(^|[-+*/(])[-+]", text):  # signs
        return False
    try:
        compile(text, "sum", "eval")
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_grammar_as_a_field(vocabulary: Vocabulary, seed: int, closed: bool) -> None:
    schema = {"type": "object", "properties": {"e": {"type": "string", "x-language": "sums"}}, "required": ["e"]}
    language = JsonSchema(schema, languages={"sums": Grammar(SUMS)}, closed=closed)
    for text in draws(language, vocabulary, 60, seed, count=2):
        assert is_sum(json.loads(text)["e"]), text
    assert language.dfa.max_depth is not None
    deep = "(" * 5 + "1" + ")" * 5
    assert language.matches(json.dumps({"e": deep}))
    assert not language.matches(json.dumps({"e": deep + ")"}))
