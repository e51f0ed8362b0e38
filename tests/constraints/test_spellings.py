r"""Readings of escapes: Python's `json` is the judge inside strings, a plain reader of the rules elsewhere."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import Choice, Contains, JsonSchema, Language, Regex, Text
from controlgen.constraints._expansion import compile_term
from controlgen.constraints._spellings import in_any_spelling, in_plain_spelling

UNIT = re.compile(r'\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(["\\/bfnrt])')
SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def reading(written: str) -> str:
    """What a text reads as: by a regular expression, and nothing of the library."""

    def unit(match: re.Match[str]) -> str:
        high, low, plain, short = match.groups()
        if high:
            return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
        if short:
            return SHORT[short]
        point = int(plain, 16)
        return "\ufffd" if 0xD800 <= point < 0xE000 else chr(point)

    return UNIT.sub(unit, written)


def spelled(character: str, how: int) -> str:
    """One character: raw where JSON lets it stand, or in an escape."""
    if how == 0 and character not in '"\\' and ord(character) >= 0x20:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    codes = [units[i : i + 2].hex() for i in range(0, len(units), 2)]
    return "".join("\\u" + (code.upper() if how == 1 else code) for code in codes)


ODD = st.sampled_from(['"', "\\", "/", "\b", "\n", "u", "0", "b", "\u00e9", "\u20ac", "\ufffd", "\ud7ff", "\U0001f4a3"])
CHARACTERS = st.one_of(st.characters(exclude_categories=["Cs"]), ODD)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CHARACTERS, st.integers(0, 2)), max_size=6), st.data())
def test_every_spelling_of_a_value(letters: list[tuple[str, int]], data: st.DataObject) -> None:
    value = "".join(letter for letter, _ in letters)
    written = "".join(spelled(letter, how) for letter, how in letters)
    assert json.loads(f'"{written}"') == value == reading(written)
    language = in_any_spelling(Choice([value, "other"]))
    assert language.matches(written)
    position = data.draw(st.integers(0, len(written)))
    changed = written[:position] + data.draw(st.sampled_from(["u", "0", "\\", "d", "b"])) + written[position:]
    assert language.matches(changed) == (reading(changed) in (value, "other"))


PIECES = ["\\", "u", "0", "00", "6", "62", "b", "d8", "D83D", "dca3", "\\u", "\\uD83D", "\\udca3", "\\\\", "x", "n"]
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
READ = [Contains("b"), Contains("\\u"), Contains("\ufffd"), Contains("\U0001f4a3"), Regex("[^b]*"), Contains("u0")]


@settings(max_examples=600, deadline=None)
@given(WRITTEN)
def test_odd_texts_are_read_in_one_way(written: str) -> None:
    for language in READ:
        assert in_any_spelling(language).matches(written) == language.matches(reading(written)), written


def test_all_short_texts() -> None:
    languages = [(language, in_any_spelling(language)) for language in READ]
    for length in range(5):
        for letters in itertools.product("\\ub06", repeat=length):
            written = "".join(letters)
            for language, written_language in languages:
                assert written_language.matches(written) == language.matches(reading(written)), written


def test_every_escape_of_every_code_point() -> None:
    """Each four-digit escape, and surrogate pairs at the borders of their ranges, in one language of texts each."""
    every = in_any_spelling(Regex("[^\ufffd]", flags=re.DOTALL))
    alone = in_any_spelling(Choice(["\ufffd"]))
    low, high = in_any_spelling(Regex("[\0-\u07ff]")), in_any_spelling(Regex("[\u0800-\U0010ffff]"))
    for point in range(0x10000):
        written = rf"\u{point:04x}".encode()
        assert every.dfa.matches(written) == (point not in range(0xD800, 0xE000) and point != 0xFFFD)
        if point % 7 == 0:
            assert alone.dfa.matches(written) == (point in range(0xD800, 0xE000) or point == 0xFFFD)
            assert low.dfa.matches(written) == (point < 0x800)
            assert high.dfa.matches(written) == (point >= 0x800)
    for first in (0xD800, 0xD801, 0xD83D, 0xDABC, 0xDBFF):
        for second in (0xDC00, 0xDC01, 0xDCA3, 0xDEAD, 0xDFFF):
            written = rf"\u{first:04X}\u{second:04x}"
            assert in_any_spelling(Choice([json.loads(f'"{written}"')])).matches(written)


def is_plain(written: str) -> bool:
    r"""Whether `\uXXXX` stands for control characters alone."""
    escapes = (match[3] or match[1] or "0" for match in UNIT.finditer(written))
    return all(int(code, 16) < 0x20 for code in escapes)


MORE = [*PIECES, "01", "\\u001F", "\\u0009", "\n", "\\n", "\\/", "\u00e9"]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(MORE), max_size=9).map("".join))
def test_plain_spellings(written: str) -> None:
    for language in (*READ, Contains("\t"), Contains("\n"), Contains("/n"), Regex(r"(?s)(?:[^\x1f]|\x1fb)*")):
        expected = is_plain(written) and language.matches(reading(written))
        assert in_plain_spelling(language).matches(written) == expected, written


def test_all_short_texts_in_plain_spelling() -> None:
    languages = [(language, in_plain_spelling(language)) for language in (*READ, Contains("\x00"))]
    for letters in itertools.chain(itertools.product("\\ub06", repeat=4), itertools.product("\\u0", repeat=7)):
        written = "".join(letters)
        for language, plain in languages:
            assert plain.matches(written) == (is_plain(written) and language.matches(reading(written))), written


def test_parity_of_backslashes() -> None:
    word = in_any_spelling(Contains("bomb"))
    for count in range(6):
        assert word.matches("\\" * count + "u0062omb") == (count % 2 == 1), count


def test_what_is_barred_stays_barred_in_json() -> None:
    schema = JsonSchema({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})
    allowed = schema & ~(Contains("a/b") | in_any_spelling(Contains("a/b")))
    assert allowed.matches('{"a": "a b"}')
    assert not allowed.matches('{"a": "a/b"}')
    assert not allowed.matches('{"a": "a\\/b"}')


def test_operators_and_sizes() -> None:
    assert compile_term(in_any_spelling(Text()).term).num_states == compile_term(Text().term).num_states
    assert not in_any_spelling(Choice(["a"]) & Choice(["b"])).matches("")
    assert in_any_spelling(Contains("bomb")).dfa.num_states < 60
    assert in_plain_spelling(Contains("bomb")).dfa.num_states < 40


@pytest.mark.parametrize("language", [Language(Text().term, verify=bool), Language(Text().term, borders=True)])
def test_languages_without_an_automaton_of_their_own_are_refused(language: Language) -> None:
    for spelling in (in_any_spelling, in_plain_spelling):
        with pytest.raises(ValueError, match=f"{spelling.__name__} needs an exact language"):
            spelling(language)
