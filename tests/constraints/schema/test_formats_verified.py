"""The formats that no automaton holds: their checks by cases of the standards, and that their terms are supersets."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import unicodedata

import idna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints._expansion import compile_term
from controlgen.constraints.schema._formats import VERIFIED_FORMATS
from controlgen.constraints.schema._idna import _valid
from controlgen.constraints.schema._strings import matches_text


def passes(name: str, text: str) -> bool:
    """Whether the check passes a text; if so, the term has to have it."""
    verified = VERIFIED_FORMATS[name]
    passed = verified.check(text)
    assert not passed or matches_text(verified.term, text), text
    return passed


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        (
            "idn-hostname",
            ["example.com", "EXAMPLE.com", "a--b", "bücher.example", "faß.de", "例え.テスト", "한국.kr", "Россия.рф".lower(), "ελλάδα.gr",
             "a。b", "xn--bcher-kva.example", "XN--BCHER-KVA", "col·lega", "α͵β", "א׳ב", "カ・カ", "क्\u200dष", "नाम\u0947", "بي\u200cبي",
             "مثال.إختبار", "ب٠", "a.אב", "1.2", "a" * 63, ".".join(["a" * 63] * 3 + ["b" * 61]), "ü" * 54],
            ["", ".", "a.", "a..b", "-a", "a-", "ab--cd", "ü-", "-ü", "üü--a", "Ü", "a_b", "a b", "\u0301a", "cafe\u0301.com", "xn--x", "xn--",
             "xn--bcher-kva-", "xn---bcher-kva", "xn--abc-", "l·a", "·l", "a͵b", "α͵", "a׳", "・", "ক\u200dষ", "a\u200cb", "ب٠۰", "ا0٠", "0ا", "aא", "אa",
             "0a.א", "ـ", "a\U0001f600", "ß" * 64, "a" * 64, ".".join(["a" * 63] * 3 + ["b" * 62]), "ü" * 200, "ａ", "\ud800"],
        ),
        (
            "idn-email",
            ["a@b.c", "ü@bücher.example", "실례@실례.테스트", '"ü ü"@a', "a@[127.0.0.1]", "\U0001f600@a.b"],
            ["a", "@a", "a@", "a@ü-", "a@ａ", "ü ü@a", "a@cafe\u0301.com", "a@b@c", "a@\U0001f600", "a@0.אא", "\ud800@a", "a@" + "ü" * 70],
        ),
        (
            "regex",
            ["", "a|b||", "^[a-z]+$", r"\d{2,3}?", r"(?:a(b(c(d(e)))))", r"(a)\1", "(?=a)b(?!c)", "(?<=ab)c(?<!d)", r"[\w\-.\]^]", r"\x41\u00e9\0",
             r"[^\b]", "é+", r"\/\-\@", "[--a]", "[a-]", "[-a]", r"[\w-]", "()", "(?:)", "^", r"[\0-\x1f]", "[[a]", r"\bx\B", "[^^]"],
            ["(", ")", "[", "]", "{", "}", "*", "a**", "a*+", "a{2}{3}", "a{3,2}", "a{,2}", "^*", "(?=a)*", "(?<n>a)", "(?P<n>a)", "(?i)a", "(?#a)", "(?>a)", r"\a",
             r"\A", r"\Z", r"\_", r"\8", r"(a\1)", r"\1", "[]", "[^]", "[z-a]", r"[\w-a]", r"[a-\d]", "[a", "a\\", r"\x4", r"\u12", r"\u{61}", r"\p{L}", r"\cA", r"\01",
             "(?<=a+)b", "(?<!a|bc)d", "(" * 3000 + ")" * 3000, "a{99999999999}", "a{" + "9" * 5000 + "}", "((((a)", "((((a)))))"],
        ),
    ],
)  # fmt: skip
def test_cases(name: str, inside: list[str], outside: list[str]) -> None:
    assert [text for text in inside if not passes(name, text)] == []
    assert [text for text in outside if passes(name, text)] == []


def test_nested_groups_are_counted() -> None:
    dfa = compile_term(VERIFIED_FORMATS["regex"].term)
    assert not dfa.matches(b"(a")
    assert not dfa.matches(b"((a)")
    assert not dfa.matches(b"a)")
    assert not dfa.matches(b"(?=a)*")
    assert dfa.matches(b"(((((a)))))*")


label = st.text(
    st.sampled_from("abl-1·\u0301üßαβ͵אב׳٠۰عيペカ・漢कष\u094d\u200c\u200d") | st.sampled_from(_valid()),
    min_size=1,
    max_size=8,
)


@given(label | st.lists(label, min_size=1, max_size=3).map(".".join))
@settings(max_examples=2000, deadline=None)
def test_names_by_chance(name: str) -> None:
    if passes("idn-hostname", name):
        assert idna.encode(name)
    elif unicodedata.normalize("NFC", name) == name and not any(map(is_bidi, name)) and "\u200c" not in name:
        with pytest.raises(idna.IDNAError):
            idna.encode(name)


def is_bidi(c: str) -> bool:
    return unicodedata.bidirectional(c) in ("R", "AL", "AN")
