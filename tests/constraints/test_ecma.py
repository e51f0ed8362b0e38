"""ECMA-262 patterns against Python's `re` where the dialects agree, a plain matcher, and tables of what differs."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import BudgetExceeded, ConstraintError, UnsupportedConstraint
from controlgen.constraints import _ecma_parser as P
from controlgen.constraints._dfa import Dfa
from controlgen.constraints._ecma import ecma_term
from controlgen.constraints._expansion import compile_term
from controlgen.constraints._terms import EMPTY, Bytes, alt, any_text, erased, lit, marked, minus, neg, seq

ATOMS = ["a", "b", "1", "-", "_", "é", "[ab]", "[^a]", "[a-c1]", r"\d", r"\D", r"\w", r"\W", "[^\\w-]", r"\-"]
PLACES = ["^", "$", r"\b", r"\B", "(?=a)", "(?!b)", "(?<=a)", "(?<!-)", r"(?<=\w)", "(?!.*--)", "(?=[^-]*$)"]
QUANTIFIERS = ["?", "*", "+", "{2}", "{1,3}", "{2,}", "{0}", "*?", "+?", "??", "{1,2}?"]
TEXTS = ["".join(letters) for size in range(4) for letters in itertools.product("ab1-", repeat=size)]
TEXT = st.text(alphabet="aab1-_é\U0001f600", max_size=7)


def compound(inner: st.SearchStrategy[str], looks: list[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda p: f"(?:{p[0]}|{p[1]})"),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, st.sampled_from(QUANTIFIERS)).map(lambda p: f"({p[0]}){p[1]}"),
        st.tuples(inner, st.sampled_from(looks)).map(lambda p: f"({p[1]}{p[0]})"),
    )


patterns = st.recursive(
    st.sampled_from(ATOMS + PLACES), lambda inner: compound(inner, ["?:", "?=", "?!"]), max_leaves=8
)
looking_back = st.recursive(
    st.sampled_from(["a", "b", "[^a]", r"\b", "^", "$", r"\B"]),
    lambda inner: compound(inner, ["?=", "?!", "?<=", "?<!"]),
    max_leaves=8,
)


def compiled(pattern: str) -> Dfa:
    return compile_term(ecma_term(pattern))


def matches(pattern: str, text: str) -> bool:
    return compiled(pattern).matches(text.encode())


def of_python(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)


@settings(max_examples=200, deadline=None)
@given(patterns, st.lists(TEXT, min_size=1, max_size=8))
def test_searches_are_those_of_re(pattern: str, texts: list[str]) -> None:
    judge, dfa = of_python(pattern), compiled(pattern)
    for text in texts:
        if text or r"\B" not in pattern:  # in `re`, \B is no part of the empty text
            assert dfa.matches(text.encode()) == bool(judge.search(text)), (pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^a|b$", r"^(a|b)$", "(^a|^b)1", "(^|-)a(-|$)", "^$", "$^", "", "a^", "$b", "(a|^)(b|$)", "(?:^a)*b", "^^a$$",
        r"\ba\b", r"a\Bb", r"\b", r"\B", r"^\b", r"\B$", r"(\ba|-\b)+$", r"^\B-|1\b$",
        "^(?!-)[ab-]+(?<!-)$", "^(?=.*1)(?=.*a)[ab1]{2,3}$", "^(?!ab$)", "^(?!a$|b$).*$", "^(?!.*--)", "(?<!a)$",
        "^((?!ab).)*$", "^(?:(?!-)[ab-])+$", "(?:a(?=b)|b(?=1|$))+", "(?=a)*b", "(?!a)(?!b)1", "(?=a(?!b))a.",
        "(?=.*(?!.*-)1)a", "a(?=$|-)", "(?<=^|-)a", "(?<=a(?=b))b", "(?<=-)(?=a)", r"(?=\b)a", r"(?<=\b)a", r"(?!\B)-",
        "(?:(?=a)|b){2}1", "(a{1,2}){2,3}", "(a{2}){0,2}b", "^(a{3,}){0,1}$", "^(a{2}){1,}$", "^(a*){2}$",
        "^(a{0,1}){2}$", "((((((a+b)+-)+1)+a)+b?)+-?)+1", "(((((a?b){0,3}-?){0,3}1?){0,3}a?){0,3}b?){0,3}$",
    ],
)  # fmt: skip
def test_anchors_and_look_around_on_every_short_text(pattern: str) -> None:
    judge, dfa = re.compile(pattern.replace("(?<=^|-)", "(?:(?<=-)|^)").replace("$", r"\Z")), compiled(pattern)
    texts = [t for t in TEXTS if t or r"\B" not in pattern]  # in `re`, \B is no part of the empty text
    assert [t for t in texts if dfa.matches(t.encode())] == [t for t in texts if judge.search(t)]


def ends(node: P.Node, text: str, starts: frozenset[int]) -> frozenset[int]:
    """Where matches that begin at `starts` can end: the meaning of a pattern in its plainest form."""
    match node:
        case P.One(ranges):
            inside = [any(low <= ord(c) <= high for low, high in ranges) for c in text]
            return frozenset(i + 1 for i in starts if i < len(text) and inside[i])
        case P.Sequence(items):
            for item in items:
                starts = ends(item, text, starts)
            return starts
        case P.Choice(options):
            return frozenset().union(*(ends(option, text, starts) for option in options))
        case P.Loop(item, low, high):
            found: frozenset[int] = frozenset()
            for count in range((low + len(text) if high is None else high) + 1):
                found = found | starts if count >= low else found
                starts = ends(item, text, starts)
            return found
        case P.Boundary(word, negate):
            wordy = [False, *(any(low <= ord(c) <= high for low, high in word) for c in text), False]
            return frozenset(i for i in starts if (wordy[i] == wordy[i + 1]) == negate)
        case P.Look(ahead, negate, body):
            every = range(len(text) + 1)
            holds = [
                bool(ends(body, text, frozenset([i]))) if ahead else i in ends(body, text, frozenset(every[: i + 1]))
                for i in every
            ]
            return frozenset(i for i in starts if holds[i] != negate)
    raise TypeError(node)


@settings(max_examples=150, deadline=None)
@given(looking_back)
def test_look_behind_of_any_width_and_nesting(pattern: str) -> None:
    tree, dfa = P.parse(pattern), compiled(pattern)
    for size in range(5):
        for text in map("".join, itertools.product("ab", repeat=size)):
            wanted = bool(ends(tree, text, frozenset(range(size + 1))))
            assert dfa.matches(text.encode()) == wanted, (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        (r"^\d$", ["7"], ["٣"]),
        (r"^\w$", ["a", "_", "7"], ["é", "-"]),
        (r"^\s$", ["\ufeff", "\xa0", "\u2003", "\u2028", "\v", "\u3000"], ["\x85", "\x1c", "\u180e", "\u200b"]),
        (r"^\S$", ["\x85", "😀"], ["\u2029", " "]),
        ("^.$", ["\x85", "\v", "😀"], ["\n", "\r", "\u2028", "\u2029", ""]),
        ("a$", ["a"], ["a\n"]),
        (r"^[^]$", ["\n", "a", "😀"], [""]),
        ("[]", [], ["", "a"]),
        (r"^\u{1F600}$", ["😀"], ["u"]),
        (r"^\uD83D\uDE00$", ["😀"], []),
        (r"^[\uD83D\uDE00-\uD83D\uDE02]$", ["😀", "😁"], ["😃"]),
        (r"\uD83D", [], ["😀", "\ufffd"]),
        (r"^\x41\u0042\cA\0$", ["AB\x01\0"], []),
        (r"^\t\n\v\f\r$", ["\t\n\v\f\r"], []),
        (r"^[\b]$", ["\b"], ["b"]),
        (r"^\-\_\/\@\a\x4$", ["-_/@ax4"], []),
        (r"^{a]}$", ["{a]}"], []),
        (r"^a{,2}$", ["a{,2}"], ["aa", ""]),
        (r"^x{a}$", ["x{a}"], []),
        (r"^[\w-.]$", ["a", "-", "."], ["/"]),
        (r"^[\d-x]$", ["1", "-", "x"], ["a"]),
        (r"^\012\8$", ["\n8"], []),
        (r"^\k<n>$", ["k<n>"], []),
        (r"^\c$", [r"\c"], []),
        ("^[[:a:]]$", ["[]", ":]", "a]"], ["a"]),
        (r"^(?<year>\d+)-(?<m>\d)$", ["12-3"], ["12"]),
        (r"^\p{L}$", ["é", "日", "a"], ["1", "-"]),
        (r"^\p{Lu}\p{Letter}\p{gc=Nd}\P{L}$", ["Éa٣1"], ["éa٣1"]),
        (r"^[\p{Lu}\d]+$", ["A1Ω"], ["a"]),
        (r"^[^\P{L}]$", ["é"], ["1"]),
        (r"^\p{Script=Greek}\p{sc=Cyrl}\p{IDC}$", ["αж1"], ["aж1", "αж-"]),
        (r"^\p{Alphabetic}\p{ASCII}\p{Any}$", ["éa\n"], ["éé\n"]),
    ],
)  # fmt: skip
def test_what_is_particular_to_ecma(pattern: str, inside: list[str], outside: list[str]) -> None:
    dfa = compiled(pattern)
    assert [text for text in [*inside, *outside] if dfa.matches(text.encode())] == inside


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("(?i:K)k", ["Kk", "kk", "\u212ak"], ["KK"]),
        ("^(?i:s)$", ["s", "S", "ſ"], ["ß"]),
        ("^(?i:ß)$", ["ß", "ẞ"], ["ss", "SS"]),
        ("^(?i:σ)$", ["σ", "ς", "Σ"], []),
        ("^(?i:i)$", ["i", "I"], ["İ", "ı"]),
        (r"^(?i:\w)$", ["ſ", "\u212a"], ["é"]),
        ("^(?i:[^k])$", ["a"], ["k", "K", "\u212a"]),
        (r"^(?i:\P{Lu})$", ["a", "A", "1"], []),
        ("^(?i:a(?-i:b))$", ["ab", "Ab"], ["AB"]),
        ("(?i)^yes$", ["YES", "yes"], ["no"]),
        ("^(?s:.).$", ["\na"], ["a\n"]),
        ("(?m:^a$)", ["a", "b\na\nb", "\u2028a"], ["ba", "ab"]),
        (r"\Aa\Z", ["a"], ["ba", "a\n"]),
        (r"^a\z", ["a"], ["az"]),
        (r"^(?P<n>a)$", ["a"], [""]),
    ],
)  # fmt: skip
def test_flags_and_what_is_read_leniently(pattern: str, inside: list[str], outside: list[str]) -> None:
    dfa = compiled(pattern)
    assert [text for text in [*inside, *outside] if dfa.matches(text.encode())] == inside


@pytest.mark.parametrize(
    ("pattern", "position"), [(r"(a)\1", 3), (r"(?<n>a)[(]\k<n>", 10), (r"\1(a)", 0), (r"((a))x\2", 6)]
)
def test_back_references_are_refused_with_their_place(pattern: str, position: int) -> None:
    with pytest.raises(UnsupportedConstraint) as caught:
        ecma_term(pattern)
    (reason,) = caught.value.reasons
    assert (reason.keyword, reason.pointer) == ("back-reference", f"at {position}")


def test_markers_are_inserted_and_erased() -> None:
    mark, other = b"\xf8", b"\xff"
    anywhere = compile_term(marked(lit("é"), mark + other))
    assert anywhere.matches("é".encode())
    assert anywhere.matches(mark + b"\xc3" + other + mark + b"\xa9" + mark)
    assert not anywhere.matches(mark)
    inside = seq(lit("a"), Bytes(mark), alt(lit("b"), Bytes(other)))
    found = compile_term(erased(inside, mark))
    assert [found.matches(t) for t in (b"ab", b"a" + other, b"a" + mark + b"b", b"a")] == [True, True, False, False]
    left = compile_term(minus(marked(any_text(), mark), marked(neg(lit("a")), mark)))
    assert [left.matches(t) for t in (b"a", mark + b"a", b"b", mark)] == [True, True, False, False]
    assert minus(EMPTY, lit("a")) == marked(EMPTY, mark) == erased(EMPTY, mark) == EMPTY
    assert minus(lit("a"), EMPTY) == marked(lit("a"), b"") == erased(lit("a"), b"") == lit("a")


def test_more_markers_than_there_are_bytes_are_refused() -> None:
    looks = [f"x(?={letter}|.)" for letter in "abcdefghijkl"]
    assert matches("".join(looks[:11]), "x" * 12)
    assert matches("".join(looks[:1] * 12), "x" * 13)  # equal ones share a marker
    with pytest.raises(UnsupportedConstraint, match="at 89: look-around: more than 11"):
        ecma_term("".join(looks))


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("a)", 1), ("(a", 0), ("[a", 0), ("*a", 0), ("a**", 2), ("a|+", 2), ("a++", 2), ("a{2}{3}", 4), ("{2}", 0),
        ("(?>a)", 0), ("(?#c)", 0), ("(?<1>a)", 0), ("(?", 0), ("[z-a]", 2), ("a{3,2}", 1), ("a\\", 1), ("^*", 1),
        (r"\b+", 2), (r"\p{Foo}", 0), (r"a\pL", 1), (r"\p{Script=Foo}", 0), (r"\u{110000}", 0), ("a(?i)b", 1),
        ("(?i-i:a)", 0), ("(?-:a)", 0),
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_an_error_with_a_place(pattern: str, position: int) -> None:
    with pytest.raises(ConstraintError, match=f"at {position}: ") as caught:
        ecma_term(pattern)
    assert not isinstance(caught.value, UnsupportedConstraint)


@pytest.mark.parametrize("opening", ["(", "(?:a|", "(?!", "(?<=", "((?=a)", "[a](?:"])
def test_nesting_is_bounded(opening: str) -> None:
    with pytest.raises(ConstraintError, match="nested too deeply"):
        ecma_term(opening * 3000 + ")" * 3000)
    deep = 8 if "(?=" in opening or "(?!" in opening or "(?<" in opening else 60
    closing = "b)?" if deep == 60 else "b)"
    assert compiled(opening * deep + "a" + closing * deep).num_states > 0


@pytest.mark.parametrize(
    "pattern",
    [
        "(a{1,1000}){1,1000}", "(a{1,1000}b?){1,1000}", "(a{1,300}b?){1,300}", "(?:" * 40 + "ab" + "){4}" * 40,
        "(?:" * 60 + "a" + "b*){0,3}" * 60, "a{4294967296}", "a{0,99999999999999999999}", ".*a.{40}b",
    ],
)  # fmt: skip
def test_what_is_too_large_is_a_budget_error(pattern: str) -> None:
    with pytest.raises(BudgetExceeded):
        compiled(pattern)


def test_the_usual_patterns_are_small() -> None:
    assert compiled("^[a-z]+$").num_states == 2
    assert compiled("^(ab|cd)$|^ef$").num_states == 5
    assert compiled("^(a{1,9}){1,9}$").num_states == 82
    assert compiled("|".join(str(n) for n in range(1000))).num_states < 20
