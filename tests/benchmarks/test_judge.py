"""The judge of the schema benchmarks finds every fault that it is there for."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("regex")
pytest.importorskip("rfc3339_validator", reason="the judge needs jsonschema[format]")

from benchmarks._judge import Judge, Unjudgeable, parse


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', '"\\ud800"',
     '["\ud800"]', '{"\\udc00":1}', "NaN", "[-Infinity]", "01", "1.", "'a'", "", "[1]x", '"\t"'],
)  # fmt: skip
def test_what_is_not_strictly_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
    assert Judge(True).fault(text).startswith("not JSON")  # type: ignore[union-attr]


def test_json_is_read() -> None:
    assert parse(' {"a":[1,2.5e3,"\\ud83d\\ude00"]} ') == {"a": [1, 2500, "😀"]}
    assert parse("9" * 5000) == 10**5000 - 1


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"multipleOf": 0.01}, ["0.07", "1.1", "1e400", "0", "-0.29", "99999999999999999999999.99"], ["0.075", "1e-3"]),
        ({"multipleOf": 3}, ["9", "9.0", "3e0"], ["1", "9.000000000000000000001", "1e-400"]),
        ({"multipleOf": 1e-8}, ["12391239123"], ["1e-9"]),
        ({"type": "integer"}, ["1", "1.0", "1e3"], ["1.5", "1e-1", "true", '"1"']),
        ({"enum": [1, "a", [0.1]]}, ["1", "1.0", "[0.10]"], ["true", "[1]", "0.1"]),
        ({"const": {"a": [False]}}, ['{"a":[false]}'], ['{"a":[0]}']),
        ({"uniqueItems": True}, ["[1,true]", "[0,false]", '[1,"1"]', "[[1],[true]]"],
         ["[1,1.0]", '[{"a":1},{"a":1.00}]']),
        ({"maximum": 0.1}, ["0.1", "0.10"], ["0.1000000000000000000000001", "1e999"]),
        ({"maxLength": 1}, ['"😀"', '"\\ud83d\\ude00"'], ['"ab"']),
        ({"pattern": "a$"}, ['"ba"'], ['"a\\n"', '"b"']),
        ({"pattern": r"[$]\$"}, ['"$$"'], ['"$"']),
        ({"pattern": r"^\p{Lu}$"}, ['"Ä"'], ['"ä"', '"ÄÄ"']),
        (
            {"patternProperties": {"^a$": {"type": "null"}}, "additionalProperties": False},
            ['{"a":null}'],
            ['{"a":1}', '{"a\\n":null}', '{"b":null}'],
        ),
        (
            {"allOf": [{"patternProperties": {"^a$": True}}], "unevaluatedProperties": False},
            ['{"a":1}'],
            ['{"a\\n":1}', '{"b":1}'],
        ),
    ],
)  # fmt: skip
def test_exact_where_jsonschema_is_not(schema: Any, right: list[str], wrong: list[str]) -> None:
    judge = Judge(schema)
    assert [text for text in right if not judge.valid(text)] == []
    assert [text for text in wrong if judge.valid(text)] == []


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("date", ["2024-02-29", "0000-02-29"], ["2023-02-29", "2024-W01-1", "20240229", "2024-2-1", "2024-01-01\n"]),
        ("time", ["23:59:60Z", "00:59:60+01:00", "08:30:06.1z"], ["22:59:60Z", "24:00:00Z", "08:30:06", "08:30Z"]),
        ("date-time", ["2024-01-01T00:00:00Z", "2024-01-01t00:00:00.5+23:59"], ["2024-01-01 00:00:00Z", "2024-01-01"]),
        ("email", ["a@b.c"], ["a"]),
        ("uri", ["http://a.b/c"], ["a b", "//a"]),
        ("ipv4", ["1.2.3.4"], ["1.2.3.256", "01.2.3.4"]),
        ("ipv6", ["::1"], ["::g"]),
        ("uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08aa9811eab4aa73b441d16380"]),
        ("hostname", ["a.b"], ["-a", "a..b"]),
        ("duration", ["P1D"], ["P", "1D"]),
        ("json-pointer", ["/a~0"], ["a", "/~2"]),
        ("uri-template", ["/{a}"], ["/{a"]),
        ("nobody knows it", ["anything"], []),
    ],
)
def test_formats_assert(name: str, right: list[str], wrong: list[str]) -> None:
    judge = Judge({"format": name})
    assert [value for value in right if judge.fault_of_value(value)] == []
    assert [value for value in wrong if not judge.fault_of_value(value)] == []
    assert Judge({"format": name}, formats=False).fault_of_value("{") is None
    assert judge.fault_of_value(1) is None


def test_the_draft_is_the_one_of_the_schema() -> None:
    four = {"$schema": "http://json-schema.org/draft-04/schema", "maximum": 3, "exclusiveMaximum": True}
    assert Judge(four).valid("2")
    assert not Judge(four).valid("3")
    assert not Judge({"type": "integer"}, draft="4").valid("1.0")
    seven = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [True], "additionalItems": False}
    assert Judge(seven).valid("[null]")
    assert not Judge(seven).valid("[null,1]")
    beside = {"$ref": "#/definitions/a", "maxLength": 1, "definitions": {"a": {"multipleOf": 0.01}}}
    assert Judge(beside, draft="7").valid('"long"')
    assert not Judge(beside).valid('"long"')
    assert Judge({**beside, "$schema": "https://json-schema.org/draft/2020-12/schema"}).valid("0.07")


def test_references_are_found_and_never_fetched() -> None:
    registry = {"http://a.test/b": {"$defs": {"c": {"multipleOf": 0.01}}}}
    judge = Judge({"$ref": "http://a.test/b#/$defs/c"}, registry=registry)
    assert judge.valid("0.07")
    assert not judge.valid("0.075")
    assert not Judge({"$ref": "https://json-schema.org/draft/2020-12/schema"}).valid('{"type":1}')
    with pytest.raises(Unjudgeable):
        Judge({"$ref": "http://a.test/none"}).valid("1")


def test_notes_tell_of_patterns_that_python_cannot_read() -> None:
    assert Judge({"pattern": "^a$"}).notes == set()
    assert "regex" in Judge({"properties": {"a": {"pattern": r"\p{L}"}}}).notes.pop()
    with pytest.raises(Unjudgeable):
        Judge({"pattern": "("}).valid('"a"')
