r"""Banned phrases: the automaton against plain searches, hostile spellings, and short canvases enumerated."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata

import pytest
from confusable_homoglyphs.confusables import confusables_data
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import ConstraintError, JsonSchema, Vocabulary
from controlgen.guidance.safety import BannedPatterns, BannedPhrases, without
from tests.guidance.safety.escapes import has_needless

PLAIN = BannedPhrases(["bomb", "Straße", "fix it"])
HARD = BannedPhrases(["bomb"], look_alikes=True, invisible=True)
WORDS = BannedPhrases(["ab", "b"], whole_words=True)
ALL_WORDS = BannedPhrases(["kg b"], whole_words=True, look_alikes=True, invisible=True)

PIECES = [*"bomBOMstrae fixkg", "ß", "SS", "ﬁ", "㎏", "\\u0062", "\\u006F", "\\", "\\n", "\n", "𝐛", "о", "\u200b",
          "\\u200b", "m", "_", ".", "1", "\\u00df", "ſ", "ab", "b"]  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def test_every_look_alike_of_every_letter() -> None:
    allowed = HARD.allowed()
    for place, letter in enumerate("bomb"):
        for form in (letter, letter.upper()):
            twins = [one["c"] for one in confusables_data.get(form, ()) if len(one["c"]) == 1]
            twins += [key for key, others in confusables_data.items() if len(key) == 1 and {"c": form} in [
                {"c": one["c"]} for one in others]]  # fmt: skip
            for twin in {*twins, form}:
                for spelled in (twin, json.dumps(twin)[1:-1]):
                    text = f"a {'bomb'[:place]}{spelled}{'bomb'[place + 1 :]}s"
                    assert not allowed.matches(text), (letter, twin)
                    assert HARD.scan(text).spans, (letter, twin)


def test_look_alikes_are_barred_where_asked_only() -> None:
    for text in ("bоmb", "Ьomb", "b\u200bomb"):
        assert not HARD.allowed().matches(text)
        assert PLAIN.allowed().matches(text)


def test_every_character_as_the_last_letter() -> None:
    """By the standard library: two planes, in all of their code points."""
    dfa = PLAIN.allowed().dfa
    for point in (*range(0xD800), *range(0xE000, 0x20000)):
        character = chr(point)
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
        assert dfa.matches(f"bom{character}".encode()) == (not folded.startswith("b")), hex(point)


@settings(max_examples=150, deadline=None)
@given(WRITTEN)
def test_scan_and_language_agree(written: str) -> None:
    for one in (PLAIN, HARD, WORDS, ALL_WORDS):
        passes = one.scan(written).risk == 0 and not has_needless(written)
        assert one.allowed().matches(written) == passes, (one.phrases, written)


@settings(max_examples=150, deadline=None)
@given(WRITTEN)
def test_against_a_search_in_the_normalised_text(written: str) -> None:
    """NFKD and case folding by the standard library, escapes by a judge of one line."""

    def plain(text: str) -> str:
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        return re.sub(r"\s+", " ", folded)

    read = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), written).replace("\\n", "\n")
    barred = any(phrase in plain(text) for text in (written, read) for phrase in ("bomb", "strasse", "fix it"))
    if "\\\\" not in written:
        assert bool(PLAIN.scan(written).spans) == barred, written
        assert PLAIN.allowed().matches(written) == (not barred and not has_needless(written)), written


@pytest.mark.parametrize(
    "text",
    ["\\u0062omb", "b\\u006fm\\u0062", "BOMB", "a\\nbomb", "\\bomb", "b\\u200bomb", "b\u200bo\u00adm\\ufeffb", "Ьоmb"],
)
def test_hostile_spellings(text: str) -> None:
    assert not HARD.allowed().matches(text)
    assert not HARD.allowed().matches('{"a": "' + text + '"}')
    assert HARD.scan(text).risk == 1


def test_spans_are_places_of_the_written_text() -> None:
    assert PLAIN.scan("a \\u0062omb, a Bomb").spans == ((2, 11), (15, 19))
    assert PLAIN.scan("b\\\\u0062omb").spans == ()
    assert PLAIN.scan("a Strasse").spans == ((2, 9),)
    assert PLAIN.scan("a STRAßE ").spans == ((2, 8),)


def test_short_canvases_of_a_vocabulary_of_long_tokens() -> None:
    """Every canvas of four tokens: none that is allowed says the word in any reading, and nothing else is barred."""
    tokens = ["bo", "mb", "b", "omb", "\\", "u00", "62", "\\u006", "2o", "\\u00", "08", "B", "\u200b"]
    vocabulary = Vocabulary.from_bytes([token.encode() for token in tokens])
    allowed = HARD.allowed()
    automaton = allowed.compile(vocabulary, max_seconds=None)
    for canvas in itertools.product(range(len(tokens)), repeat=4):
        text = "".join(tokens[token] for token in canvas)
        read = re.sub(r"\\u([0-9a-f]{4})|\\([\\b])", lambda m: chr(int(m[1], 16)) if m[1] else f"<{m[2]}>", text)
        barred = any("bomb" in one.replace("\u200b", "").lower() for one in (text, read))
        assert automaton.accepts(list(canvas)) == (not barred and not has_needless(text)), text


def test_inside_a_schema() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}
    language = JsonSchema({**schema, "additionalProperties": False}) & PLAIN.allowed()
    assert language.matches('{"a": "bom", "b": "b"}')
    assert not language.matches('{"a": "a bomb"}')


def test_patterns() -> None:
    one = BannedPatterns([r"\bkill\s+\w+", re.compile("[0-9]{3}-x")])
    for text in ("KILL him", "\\u006bill\\nhim", "12\\u0033-X"):
        assert not one.allowed().matches(text)
        assert one.scan(text).risk == 1
    for text in ("skill him", "kill", "123x"):
        assert one.allowed().matches(text)
        assert one.scan(text).risk == 0
    assert one.scan("I kill him").spans == ((2, 10),)


def test_without() -> None:
    language = without(["a Bomb", "\\u0041b"])
    for text in ("A BOMB", "a\\u0020bomb", "ab", "\\u0041B", "x\\u0061\\u0062"):
        assert not language.matches(text)
    assert language.matches("a  bomb")
    assert language.matches("x\\u0009y\\\\u0061")
    assert without([]).matches("anything")
    with pytest.raises(ValueError, match="is empty"):
        without([""])


def test_bad_phrases_are_named() -> None:
    with pytest.raises(ValueError, match="phrase '' is empty"):
        BannedPhrases(["a", ""])
    with pytest.raises(ValueError, match="count for nothing"):
        BannedPhrases(["\u200b"], invisible=True)
    with pytest.raises(ValueError, match="no phrase"):
        BannedPhrases([])
    with pytest.raises(ValueError, match="matches the empty text"):
        BannedPatterns(["a*"])
    with pytest.raises(ConstraintError, match="not a regular expression"):
        BannedPatterns(["("])
