"""What `Grammar` takes, what it refuses and how, and what depth means; judges are `json`, `re` and plain Python."""

from __future__ import annotations

import itertools
import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import BudgetExceeded, ConstraintError, Grammar, InfeasibleConstraint, UnsupportedConstraint
from controlgen.constraints._expansion import compile_term

JSON = r"""
?start: value
?value: object | array | STRING | NUMBER | "true" | "false" | "null"
array: "[" [value ("," value)*] "]"
object: "{" [pair ("," pair)*] "}"
pair: STRING ":" value
STRING: /"([^"\\\x00-\x1f]|\\(["\\\/bfnrt]|u[0-9a-fA-F]{4}))*"/
NUMBER: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/
WS: /[ \t\n\r]+/
%ignore WS
"""
SUMS = r"""
start: expr
?expr: expr ("+" | "-") term | term
?term: term ("*" | "/") factor | factor
?factor: NUMBER | "-" factor | "(" expr ")"
NUMBER: /[0-9]+/
"""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(json_values, st.integers(0, 10), st.sampled_from('{}[],:" 0tn\\'))
def test_json_is_what_json_reads(value: object, place: int, letter: str) -> None:
    language = Grammar(JSON)
    text = json.dumps(value, indent=place % 3 or None)
    assert language.matches(text)
    for broken in (text[:place] + letter + text[place:], text[:place] + text[place + 1 :]):
        try:
            json.loads(broken)
            wanted = True
        except ValueError:
            wanted = False
        assert language.matches(broken) == wanted, broken


def test_one_kind_of_bracket_grows_linearly_and_two_double() -> None:
    one = [compile_term(Grammar(SUMS).term, max_depth=depth).num_states for depth in range(1, 9)]
    assert len({b - a for a, b in itertools.pairwise(one)}) == 1
    two = [compile_term(Grammar('start: ("(" start ")" | "[" start "]")*').term, max_depth=d) for d in range(1, 9)]
    sizes = [dfa.num_states for dfa in two]
    assert all(b == 2 * a + 1 for a, b in itertools.pairwise(sizes))
    assert [dfa.max_depth for dfa in two] == list(range(1, 9))


def test_depth_is_as_much_as_the_budget_admits() -> None:
    brackets = Grammar('start: "(" start ")" | "x"')
    assert brackets.dfa.max_depth == 64
    deep = "(" * 200 + "x" + ")" * 200
    assert brackets.matches(deep)
    assert not brackets.matches(deep + ")")
    assert 5 <= Grammar(JSON).dfa.max_depth < 64


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ('start: start "a" | "b"', "ba*"),
        ('start: "a" start | "b" | start "c"', "a*bc*"),
        ('start: start "+" start | "-" start | start "!" | "x"', r"-*x!*(\+-*x!*)*"),
        ('start: a\na: b "x" | "1"\nb: c\nc: a "y" | a', "1(y?x)*"),
        ('start: "if" start | "if" start "else" start | "s"', None),
        ('start: e start "x" | "y"\ne: ', "yx*"),
        ('start: (start | "a")*', "a*"),
        ('start: a\na: b | "x"\nb: a', "x"),
        ('%import common.ESCAPED_STRING\nstart: ESCAPED_STRING', r'".*?(?<!\\)(\\\\)*?"'),
        ('start: list{"a"i, ","}\nlist{item, sep}: item (sep item)*', "[aA](,[aA])*"),
        ('start: "a".."c"~2..3', "[a-c]{2,3}"),
        ('start: /a.c/s "\\n" /d$/', None),
    ],
)
def test_regular_rules_are_exact(text: str, pattern: str | None) -> None:
    language = Grammar(text)
    if pattern is None:
        assert language.dfa.num_states
        return
    assert language.dfa.max_depth is None
    judge = re.compile(pattern)
    letters = sorted(set(re.sub(r"[\\\[\](){}*?.<!]", "", pattern)) | {"a"})[:7]
    texts = [""]
    for _ in range(4):
        texts += [text + letter for text in texts[-400:] for letter in letters]
    for member in texts[:2000]:
        assert language.matches(member) == bool(judge.fullmatch(member)), member


def test_ignored_text_stands_between_terminals_only() -> None:
    language = Grammar('start: "ab" NAME\nNAME: /[a-z]+/\n%ignore " "\n%ignore /#[^\\n]*\\n/')
    assert language.matches("  ab#note\n cd ")
    assert not language.matches("a b cd")
    assert not language.matches("ab #note")


def test_rules_that_are_left_out_are_listed() -> None:
    language = Grammar('start: "a" | loop "b"\nloop: "x" loop\nlost: "y"')
    assert language.unproductive == ("loop",)
    assert language.unreachable == ("lost",)
    assert language.dfa.matches(b"a")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("start: a", ConstraintError, "Rule 'a' used but not defined"),
        ("start: (", ConstraintError, "line 1 column 9"),
        ('start: A\nA: ""', ConstraintError, "Empty terminals"),
        ('a: "b"', ConstraintError, "no rule 'start'"),
        ('start: "a"~5..2', ConstraintError, "~5..2"),
        ('start: "z".."a"', ConstraintError, "no range"),
        ("%import nowhere.X\nstart: X", ConstraintError, "nowhere"),
        ("%import .secret.X\nstart: X", UnsupportedConstraint, "files are not read"),
        ('%declare X Y\nstart: X Y "a"', UnsupportedConstraint, "Y: %declare"),
        (r"start: A" + "\n" + r"A: /(a)\1/", UnsupportedConstraint, "back-reference"),
        ('start: "a" start', InfeasibleConstraint, "start goes on for ever"),
        ('start: a{"x"}\na{x}: a{b{x}} | x\nb{y}: y y', BudgetExceeded, "ever longer arguments"),
        ('start: ("(" start ")")~0..1000 "x"', BudgetExceeded, "at most 200"),
        ("start: " + "(" * 3000 + '"a"' + ")" * 3000, ConstraintError, "nested too deeply"),
        ("start: " + '"a" ' * 60_000, BudgetExceeded, "characters"),
    ],
)
def test_what_is_no_grammar_is_one_clear_error(text: str, error: type[ConstraintError], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Grammar(text)


@pytest.mark.parametrize("letter", ["A", "r"])
def test_towers_of_references_end_within_the_budget(letter: str) -> None:
    tower = [f"start: {letter}0", *(f"{letter}{i}: {letter}{i + 1} {letter}{i + 1}" for i in range(40))]
    started = time.perf_counter()
    with pytest.raises(BudgetExceeded):
        _ = Grammar("\n".join([*tower, f'{letter}40: "a"'])).dfa
    assert time.perf_counter() - started < 30


def test_two_hundred_options_are_no_tower() -> None:
    text = "start: " + " ".join(f'["{chr(97 + i % 26)}"]' for i in range(200))
    assert Grammar(text).dfa.num_states == 201
