"""What texts read as: normalisation against `unicodedata`, escapes against `json`."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlgen.guidance.safety._text import Normaliser, merged, readings

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(TEXTS)
def test_case_alone_is_casefold(text: str) -> None:
    folded = "".join(Normaliser(normalize=False).images(one)[0] for one in text)
    assert folded == text.casefold()


@pytest.mark.parametrize(
    ("character", "image"), [("ß", "ss"), ("ﬁ", "fi"), ("㎏", "kg"), ("Ｂ", "b"), ("𝐛", "b"), ("Å", "a\u030a")]
)
def test_compatibility_forms(character: str, image: str) -> None:
    assert Normaliser().images(character) == (image,)


@pytest.mark.parametrize("normaliser", [Normaliser(), Normaliser(True, True, True, True, True)])
def test_the_table_holds_every_character_that_changes(normaliser: Normaliser) -> None:
    """Far planes are left out of it: nothing there changes."""
    far = [point for point in range(0x20000, 0x110000, 7) if point not in range(0x2F800, 0x2FA20)]
    for point in far:
        if point not in range(0xE0000, 0xE1000):
            character = chr(point)
            assert unicodedata.normalize("NFKD", character).casefold() == character
            assert point not in normaliser.table
    for character in "aZß𝐛é\u200b":
        expected = normaliser.images(character)
        assert normaliser.table.get(ord(character), (character,)) == expected


def test_look_alikes_and_invisible() -> None:
    every = Normaliser(True, True, True, True, True)
    for one in "bВЬ𝐛ḃƁ":
        assert "b" in every.images(one), one
    assert "в" in every.images("В")
    for one in "\u200b\u00ad\u2060\ufe0f\U000e0041":
        assert every.images(one) == ("",)
    assert {every.images(one) for one in "il1|I"} == {("i",)}
    assert {every.images(one) for one in "oO0"} == {("o",)}


@given(TEXTS, st.booleans())
def test_readings_of_json(value: str, ascii_only: bool) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
    *_, last = readings(written)
    assert last.text == value
    for index in range(len(value)):
        start, end = last.span(index, index + 1)
        assert json.loads(f'"{written[start:end]}"') == value[index]


def test_spans_are_merged() -> None:
    assert merged([(3, 5), (0, 2), (4, 9), (2, 3)]) == ((0, 2), (2, 3), (3, 9))
