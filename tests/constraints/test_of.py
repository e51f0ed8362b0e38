"""`Language.of`: what people already have, judged by Pydantic's own validation, `re` and Outlines."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import re
import typing
import uuid
from typing import Annotated, Any, Literal, Optional, Union

import pytest
import typing_extensions
from annotated_types import Ge, Lt
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from controlgen.constraints import (
    Choice,
    ConstraintError,
    Grammar,
    JsonSchema,
    Language,
    Quote,
    Regex,
    UnsupportedConstraint,
)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool = True


class Owner(BaseModel):
    """A model with most of what models have."""

    name: str = Field(min_length=1, max_length=5)
    age: int = Field(ge=0, lt=150)
    color: Color = Color.RED
    born: datetime.date | None = None
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    code: str = Field(default="A1", pattern=r"^[A-Z]\d$")


@dataclasses.dataclass
class Point:
    x: int
    label: str = "p"


class OldStyle(typing.TypedDict):
    a: int
    b: typing.NotRequired[str]


class NewStyle(typing_extensions.TypedDict, total=False):
    a: int


class Tree(BaseModel):
    value: int
    kids: list[Tree] = []


class Checked(BaseModel):
    word: str

    @field_validator("word")
    @classmethod
    def is_ok(cls, value: str) -> str:
        if value != "ok":
            raise ValueError("not ok")
        return value


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int


CASES: list[tuple[Any, list[str], list[str]]] = [
    (int, ["0", "-5"], ["1.0", "x", '"1"']),
    (str, ['"a"', '""'], ["a"]),
    (bool, ["true"], ["True", "1"]),
    (float, ["1", "1.5"], ["1e5", "NaN"]),
    (type(None), ["null"], ["0"]),
    (Color, ['"red"'], ['"green"', "red"]),
    (Literal["a", 1, None], ['"a"', "1", "null"], ["2"]),
    (Optional[int], ["null", "3"], ['"3"']),  # noqa: UP045
    (Union[int, str], ["1", '"x"'], ["null"]),  # noqa: UP007
    (int | None, ["null", "3"], ["x"]),
    (list[int], ["[]", "[1, 2]"], ["[1,]", '["a"]']),
    (tuple[int, str], ['[1, "a"]'], ["[1]", '[1, "a", 2]']),
    (set[int], ["[1, 2]", "[1, 1]"], ["[a]"]),
    (dict[str, int], ["{}", '{"a": 1, "b": 2}'], ['{"a": "x"}', '{"a": 1, "a": 2}']),
    (Annotated[int, Ge(3), Lt(6)], ["3", "5"], ["2", "6"]),
    (datetime.date, ['"2024-02-29"'], ['"2023-02-29"']),
    (datetime.datetime, ['"2024-02-29T10:00:00Z"'], ['"2024-02-29"']),
    (datetime.time, ['"10:00:00+01:00"'], ['"25:00:00Z"']),
    (datetime.timedelta, ['"P1DT2H"', '"PT0S"'], ['"1 day"']),
    (uuid.UUID, ['"123e4567-e89b-12d3-a456-426614174000"'], ['"123e4567"']),
    (decimal.Decimal, ["12.50"], ['"12.50"']),
    (Point, ['{"x": 1}', '{"x": 1, "label": "q"}'], ['{"label": "q", "x": 1}', '{"x": 1, "y": 2}', "{}"]),
    (OldStyle, ['{"a": 1}', '{"a": 1, "b": "x"}'], ['{"b": "x"}', '{"a": 1, "c": 1}']),
    (list[OldStyle], ['[{"a": 1}]'], ['[{"b": "x"}]']),
    (OldStyle | None, ['{"a": 1}', "null"], ["[]"]),
    (NewStyle, ["{}", '{"a": 1}'], ['{"a": null}']),
    (Tree, ['{"value": 1, "kids": [{"value": 2}]}'], ['{"kids": []}']),
    (Checked, ['{"word": "ok"}'], ['{"word": "no"}']),
    (Open, ['{"a": 1}', '{"a": 1, "b": [2]}'], ['{"b": 1}', '{"a": 1, "b": 1, "b": 2}']),
    (Owner, ['{"name": "Ada", "age": 36}',
             '{"name": "Ada", "age": 36, "color": "blue", "born": null, "pets": [{"kind": "dog"}, {"kind": "cat", "lives": 9}], "code": "B2"}'],
     ['{"name": "", "age": 36}', '{"name": "Ada", "age": 150}', '{"name": "Ada", "age": 1, "pets": [{"kind": "cat"}]}',
      '{"name": "Ada", "age": 1, "code": "b2"}', '{"name": "Ada", "age": 1, "extra": 1}']),
]  # fmt: skip


@pytest.mark.parametrize(("source", "inside", "outside"), CASES, ids=[str(case[0]) for case in CASES])
def test_types(source: Any, inside: list[str], outside: list[str]) -> None:
    language = Language.of(source)
    for text in inside:
        assert language.matches(text), text
        language.parse(text)
    assert [text for text in outside if language.matches(text)] == []


def test_values_are_typed() -> None:
    owner = Language.of(Owner).parse(
        '{"name": "Ada", "age": 36, "born": "1815-12-10", "pets": [{"kind": "cat", "lives": 9}]}'
    )
    assert owner == Owner(name="Ada", age=36, born=datetime.date(1815, 12, 10), pets=[Cat(kind="cat", lives=9)])
    assert Language.of(Point).parse('{"x": 1}') == Point(1)
    assert Language.of(Color).parse('"red"') is Color.RED
    assert Language.of(set[int]).parse("[1, 1]") == {1}
    assert Language.of(decimal.Decimal).parse("12.50") == decimal.Decimal("12.5")
    assert Language.of(list[OldStyle]).parse('[{"a": 1}]') == [{"a": 1}]


def test_what_the_type_checks_beyond_its_schema_is_verified() -> None:
    assert Language.of(Checked).exactness == "verified"
    assert Language.of(Owner).exactness == "exact"
    sized = Language.of(Annotated[set[int], Field(min_length=2)])
    assert sized.exactness == "verified"
    assert sized.matches("[1, 2]")
    assert not sized.matches("[1, 1]")
    web = Language.of(HttpUrl)
    assert web.matches('"https://example.org/a"')
    assert not web.matches('"ftp://example.org/a"')


@pytest.mark.parametrize("unit", ["P1Y", "P2M", "P3W", "P1Y2M3D", "PT1H2M3S", "P4D"])
def test_durations_are_read(unit: str) -> None:
    language = Language.of(datetime.timedelta)
    assert language.matches(f'"{unit}"')
    assert isinstance(language.parse(f'"{unit}"'), datetime.timedelta)


def test_schemas_are_closed_and_policies_pass_through() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    language = Language.of(schema, whitespace="compact")
    assert isinstance(language, JsonSchema)
    assert language.schema == schema
    assert language.matches('{"a":1}')
    assert not language.matches('{"a": 1}')
    assert not language.matches('{"b":1}')
    assert Language.of(Point, whitespace=2).matches(json.dumps({"x": 1}, indent=2))


def test_patterns_keep_their_flags() -> None:
    assert Language.of(re.compile("a.b", re.IGNORECASE | re.DOTALL)).matches("A\nB")
    assert not Language.of(re.compile("a.b")).matches("A\nB")
    assert not Language.of(re.compile("ab")).matches("xab"), "a pattern is matched whole"
    with pytest.raises(TypeError, match="bytes"):
        Language.of(re.compile(b"a"))
    with pytest.raises(UnsupportedConstraint):
        Language.of(re.compile(r"(a)\1"))


def test_languages_are_themselves() -> None:
    for language in (Regex("a"), Choice("a"), JsonSchema(True)):
        assert Language.of(language) is language


@pytest.mark.parametrize("source", ["x", 5, None, True, ["a"], b"x", len, object()])
def test_what_is_no_language(source: Any) -> None:
    with pytest.raises(TypeError, match=r"Regex|takes"):
        Language.of(source)


def test_types_without_a_schema() -> None:
    with pytest.raises(UnsupportedConstraint):
        Language.of(typing.Callable[[int], int])


def test_outlines_terms() -> None:
    outlines = pytest.importorskip("outlines.types")
    dsl = pytest.importorskip("outlines.types.dsl")
    samples = [
        "",
        "a",
        "b",
        "ab",
        "aa",
        "aaa",
        "abab",
        "3",
        "1",
        "a.b",
        "axb",
        "b3",
        "q",
        '"a"',
        "x1",
        "12",
        "-7",
    ]
    terms = [
        outlines.integer, outlines.Regex("a+b?"), dsl.String("a.b"), outlines.Choice(["a", "b", 3]), outlines.Regex("a+") + "b",
        outlines.optional("q"), outlines.exactly(3, "a"), outlines.at_least(2, "a"), outlines.at_most(2, "a"), outlines.between(1, 2, "ab"),
        outlines.zero_or_more("a"), outlines.one_or_more("a"), outlines.either("a", outlines.Regex("b3?")),
    ]  # fmt: skip
    for term in terms:
        language = Language.of(term)
        assert [text for text in samples if language.matches(text)] == [
            text for text in samples if term.matches(text)
        ], repr(term)
    schema = Language.of(outlines.JsonSchema(json.dumps({"type": "integer", "minimum": 3})))
    assert schema.matches("3")
    assert not schema.matches("2")
    assert schema.parse("3") == 3
    with pytest.raises(UnsupportedConstraint, match="whitespace_pattern"):
        Language.of(outlines.JsonSchema('{"type": "null"}', whitespace_pattern=" *"))


def test_outlines_grammars() -> None:
    outlines = pytest.importorskip("outlines.types")
    term = outlines.CFG('start: "(" start ")" | DIGIT\nDIGIT: /[0-9]/')
    language = Language.of(term)
    assert isinstance(language, Grammar)
    samples = ["5", "(5)", "((5))", "(" * 30 + "5" + ")" * 30, "", "()", "(5", "5)", "55"]
    assert [text for text in samples if language.matches(text)] == samples[:4]
    inside = Language.of(outlines.either("no", term + "!"))
    assert [text for text in ("no", "5!", "(5)!", "5", "(5!") if inside.matches(text)] == ["no", "5!", "(5)!"]
    with pytest.raises(ConstraintError):
        Language.of(outlines.CFG("start: ("))


@dataclasses.dataclass
class Coded:
    code: Annotated[str, Regex("[A-Z]+")]
    said: Annotated[str, Quote('"so", he\\she said\n')] | None = None


def test_languages_as_metadata() -> None:
    language = Language.of(Coded)
    assert language.exactness == "exact"
    assert language.parse(r'{"code": "AB", "said": "\\she said\n"}') == Coded("AB", "\\she said\n")
    for code, said in (("AB", '"so"'), ("AB", None), ("ab", None), ("AB", "she  said"), ("AB", "he\\she")):
        valid = code.isupper() and (said is None or said in '"so", he\\she said\n')
        assert language.matches(json.dumps({"code": code, "said": said})) == valid


def test_the_schema_of_a_type_is_pydantics() -> None:
    language = Language.of(Owner)
    assert isinstance(language, JsonSchema)
    assert language.schema == TypeAdapter(Owner).json_schema()
