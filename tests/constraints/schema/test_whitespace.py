"""Policies of white space: exactly the spellings that they promise, and none without end."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import JsonSchema, Whitespace

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"type": "integer"}},
        "b": {
            "type": "object",
            "properties": {"c": {"type": "null"}, "d": {"type": "array", "items": {"type": "array"}}},
        },
        "e": {"enum": ["x y", [1, {"k": [2]}], {}]},
    },
}
DOCUMENTS: list[Any] = [
    {}, {"a": []}, {"a": [1, 2]}, {"b": {}}, {"a": [3], "b": {"c": None, "d": [[], []]}}, {"e": [1, {"k": [2]}]}, {"b": {"d": []}, "e": {}},
]  # fmt: skip
STYLES: dict[str, dict[str, Any]] = {
    "compact": {"separators": (",", ":")},
    "spaced": {},
    "indent 0": {"indent": 0},
    "indent 2": {"indent": 2},
    "indent 4": {"indent": 4},
}
ACCEPTED: dict[str | int, set[str]] = {
    "compact": {"compact"},
    "default": {"compact", "spaced"},
    "indented": {"indent 2"},
    "indent2": {"indent 2"},
    "indent4": {"indent 4"},
    0: {"indent 0"},
    4: {"indent 4"},
}


@pytest.mark.parametrize("policy", list(ACCEPTED))
def test_policies_accept_their_style_only(policy: str | int) -> None:
    language = JsonSchema(SCHEMA, whitespace=policy, closed=True)
    for document in DOCUMENTS:
        texts = {name: json.dumps(document, **style) for name, style in STYLES.items()}
        allowed = {texts[name] for name in ACCEPTED[policy]}
        for name, text in texts.items():
            assert language.matches(text) == (text in allowed), (policy, name, text)


def test_default_takes_one_space_at_each_place_freely() -> None:
    language = JsonSchema(SCHEMA, closed=True)
    for gaps in itertools.product(["", " ", "  "], repeat=3):
        text = '{{"a":{}[1,{}2],{}"b":{{}}}}'.format(*gaps)
        assert language.matches(text) == all(len(gap) <= 1 for gap in gaps)
    for text in (
        '{ "a":[]}',
        '{"a" :[]}',
        '{"a":[] }',
        '{"a":[ ]}',
        '{"a":[1 ,2]}',
        '{"a":\t[]}',
        '{"a":\n[]}',
        ' {"a":[]}',
    ):
        assert not language.matches(text)


@given(st.lists(st.text(alphabet=" \t\n\r", max_size=5), min_size=9, max_size=9), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_flexible_is_bounded(gaps: list[str], limit: int) -> None:
    language = JsonSchema(SCHEMA, whitespace=Whitespace.flexible(limit), closed=True)
    text = '{{{}"a"{}:{}[{}1{},{}2{}],"b":{{{}}}{}}}'.format(*gaps)
    assert json.loads(text)
    assert language.matches(text) == all(len(gap) <= limit for gap in gaps)
    assert not language.matches(text + " ")


def test_indented_any_json_and_recursion_are_bounded() -> None:
    value: Any = {"a": [{"b": 1}]}
    anything = JsonSchema(True, whitespace=2)
    assert anything.matches(json.dumps(value, indent=2))
    assert not anything.matches(json.dumps(value))
    tree = JsonSchema(
        {"properties": {"kids": {"type": "array", "items": {"$ref": "#"}}}, "type": "object"},
        whitespace=2,
        closed=True,
    )
    assert tree.matches(json.dumps({"kids": [{"kids": [{}, {"kids": []}]}]}, indent=2))
    assert not tree.matches(json.dumps({"kids": [{"kids": [{}, {"kids": []}]}]}, indent=4))


def test_unknown_policies() -> None:
    with pytest.raises(ValueError, match="unknown whitespace policy 'loose'"):
        JsonSchema(True, whitespace="loose")
    with pytest.raises(ValueError, match="indent"):
        JsonSchema(True, whitespace=99)
    with pytest.raises(ValueError, match="limit"):
        Whitespace.flexible(0)
    assert Whitespace.of(Whitespace.of("compact")) == Whitespace.of("compact")
