"""Fields of a JSON text: pointers, values and offsets, against the standard library's parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlgen._fields import fields

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def leaves(value, pointer=""):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaves(child, pointer + "/" + key.replace("~", "~0").replace("/", "~1"))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{index}")
    else:
        yield pointer, value


@given(values, st.sampled_from([None, 2]), st.booleans())
def test_every_scalar_has_its_pointer_value_and_place(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    found = fields(text)
    assert [(field.pointer, field.value) for field in found] == list(leaves(value))
    for field in found:
        assert json.loads(text[field.start : field.end]) == field.value


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', '{"a":1', "[1 2]", "1 2", '{"a":}', "nul", '{"a":1,}'])
def test_what_is_not_json_is_refused(text):
    with pytest.raises((ValueError, IndexError)):
        json.loads(text)
    with pytest.raises(ValueError):
        fields(text)


def test_parent_and_key():
    field = fields('{"lines":[{"unit/price":3}]}')[0]
    assert field.pointer == "/lines/0/unit~1price"
    assert field.parent == "/lines/0"
    assert field.key == "unit/price"
    assert fields('{"tags":["a"]}')[0].key == "tags"
    assert fields('"a"')[0].key == ""
