"""Does the tokenizer agree with the bytes that were read from it? Encode, decode, compare.

Knows: a set of awkward texts, and which normalisers and pre-tokenizers lose something of a text.
Does not know: how the bytes were found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ._errors import VocabularyError
from ._token_bytes import BYTE_OF_LETTER, WAY_OUT, Reading, components, model_vocabulary

__all__ = ["PROBES", "check_reading"]

PROBES: tuple[str, ...] = (
    "The quick brown fox jumps over the lazy dog.",
    "a",
    " leading and trailing ",
    "two  spaces,   three    four\tTab\nLine\r\nEnd\n\n",
    '{"name": "Ana", "n": -1.5e+3, "list": [true, false, null], "empty": {}}',
    '{"escaped":"\\"\\\\\\u00e9\\n","a/b":"c"}',
    "0123456789 3.14159 2024-02-29T23:59:59Z 1,000,000",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "it's don't we've they're I'm",
    "é à ü ß ñ ø œ Ž ł ğ Ș",
    "Ελληνικά кириллица עברית العربية हिन्दी ไทย",
    "日本語のテキスト、中文文本。한국어",
    "🙂 👩‍👩‍👧 🏳️‍🌈 𝔘𝔫𝔦",
    "\x00\x01\x02\x1b[0m\x7f",
    "def f(x):\n    return x**2  # square\n",
    "https://example.com/a?b=c&d=e#f user.name+tag@example.org",
)
"""Texts that every tokenizer is tried on: ASCII, accents, scripts, emoji, control characters, white space."""

Encode = Callable[[str], list[int]]

# What spells the text differently without losing any of it.
_HARMLESS_NORMALIZERS = frozenset({"Prepend", "ByteLevel"})
_DROP_SPACE = frozenset({"BertPreTokenizer", "Whitespace", "WhitespaceSplit", "CharDelimiterSplit"})
_SPACE_NORMALIZERS = frozenset({"BertNormalizer", "Strip", "Replace", "Precompiled", "Nmt"})


def check_reading(spec: Mapping[str, Any], reading: Reading, encode: Encode) -> tuple[str, ...]:
    """Compare decode(encode(text)) with the text for all probes that the vocabulary can spell.

    A tokenizer that normalises is compared with the normalised text; one that drops white space, without
    white space. Returns notes that say so.
    Raises VocabularyError that names the first text that doesn't agree.
    """
    changing = [n for n in components(spec.get("normalizer")) if not _is_harmless(n, reading)]
    normalize = _normalizer(changing) if changing else str
    loose = reading.kind == "wordpiece" or _loses_space(spec, changing)
    checked = 0
    covers = _coverage(spec, reading)
    for text in PROBES:
        expected = normalize(text)
        if reading.space and changing:
            expected = expected.replace(reading.space, " ")
        if not covers(expected):
            continue
        ids = encode(text)
        if any(not reading.tokens[i] for i in ids):
            continue  # the unknown token: this text can't be spelled
        checked += 1
        found = b"".join(reading.tokens[i] for i in ids)
        if not _agrees(found, expected.encode(), reading, loose):
            raise VocabularyError(
                f"the tokens of {text!r} spell {found.decode(errors='backslashreplace')!r} by the bytes read "
                f"from the tokenizer ({reading.kind}). {WAY_OUT}"
            )
    return _notes(reading, changing, loose, checked)


def _agrees(found: bytes, expected: bytes, reading: Reading, loose: bool) -> bool:
    if loose:
        return b"".join(found.split()) == b"".join(expected.split())
    if not reading.drops_leading_space:
        return found == expected or (reading.adds_leading_space and found == b" " + expected)
    if reading.adds_leading_space and expected.startswith(b" ") and found == expected:
        return True  # some encoders add a space only where there is none: they can't tell " a" from "a"
    return found.removeprefix(b" ") == expected


def _is_harmless(normalizer: Mapping[str, Any], reading: Reading) -> bool:
    """Prepending a space mark, and writing spaces as that mark, keep the text."""
    if normalizer.get("type") in _HARMLESS_NORMALIZERS:
        return True
    pattern = normalizer.get("pattern")
    is_space = isinstance(pattern, Mapping) and pattern.get("String") == " "
    return normalizer.get("type") == "Replace" and is_space and normalizer.get("content") == reading.space


def _loses_space(spec: Mapping[str, Any], changing: list[Mapping[str, Any]]) -> bool:
    splits = components(spec.get("pre_tokenizer"))
    if any(s.get("type") in _DROP_SPACE or s.get("behavior") == "Removed" for s in splits):
        return True
    return any(n.get("type") in _SPACE_NORMALIZERS for n in changing)


def _normalizer(parts: list[Mapping[str, Any]]) -> Callable[[str], str]:
    """The given normalisers, run by the library that they belong to."""
    from tokenizers import Tokenizer

    spec = {
        "version": "1.0",
        "normalizer": {"type": "Sequence", "normalizers": [dict(p) for p in parts]},
        "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
    }
    inner = Tokenizer.from_str(json.dumps(spec)).normalizer

    def normalize(text: str) -> str:
        return str(inner.normalize_str(text))

    return normalize


def _coverage(spec: Mapping[str, Any], reading: Reading) -> Callable[[str], bool]:
    """Whether the vocabulary has a token for every letter of a text: models drop letters that it lacks."""
    names = model_vocabulary(spec)
    if reading.kind == "byte-level":
        known = {BYTE_OF_LETTER[n] for n in names if n in BYTE_OF_LETTER}
        return lambda text: known.issuperset(text.encode())
    if reading.byte_fallback and all(f"<0x{b:02X}>" in names for b in range(256)):
        return lambda text: True
    if reading.kind == "wordpiece":
        return lambda text: True  # words with unknown letters come back as the unknown token
    mark = reading.space or " "
    return lambda text: all(letter in names for letter in text.replace(" ", mark))


def _notes(reading: Reading, changing: list[Mapping[str, Any]], loose: bool, checked: int) -> tuple[str, ...]:
    notes: list[str] = []
    if changing:
        names = ", ".join(dict.fromkeys(str(n.get("type")) for n in changing))
        notes.append(f"the tokenizer normalises text before it encodes: {names}")
    if reading.kind == "wordpiece":
        notes.append("words are joined by single spaces: other white space can't be spelled")
    elif loose:
        notes.append("the tokenizer changes or drops white space when it encodes")
    if reading.drops_leading_space:
        notes.append("one space at the start of a sequence is no part of its text")
    elif reading.adds_leading_space:
        notes.append("the tokenizer puts a space before a text when it encodes")
    if not checked:
        notes.append("no probe text could be encoded: the bytes are unchecked")
    return tuple(notes)
