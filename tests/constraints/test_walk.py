"""The walk against the plain one: for every state, each token's bytes followed one by one."""

from __future__ import annotations

import random

import numpy as np
import pytest

from controlgen.constraints import BudgetExceeded, Regex, Text, Vocabulary
from controlgen.constraints import _terms as T
from controlgen.constraints._borders import steps_of
from controlgen.constraints._characters import free_states, references
from controlgen.constraints._compile import MAX_EDGES, _Walker
from controlgen.constraints._deadline import Deadline
from controlgen.constraints._dfa import Dfa
from controlgen.constraints._expansion import compile_term

PIECES = [
    '"',
    "\\",
    "/",
    "u",
    "0",
    "00",
    "1f",
    "n",
    "a",
    "b",
    "no",
    "ab",
    "é",
    "\U0001f600",
    "\n",
    ",",
    ":",
    " ",
    "{",
    "}",
]
BROKEN = [b"\xc3", b"\xa9", b"\xf0\x9f", b"\x98\x80", b'\x80"', b'\xa9":', b"\xff"]
KEY = T.json_string(T.neg(T.alt(T.lit("no"), T.lit("a/b"), T.lit("né"))))
TERMS = [
    T.json_string(T.any_text()),
    T.json_string(T.rep(T.any_char(), 0, 5)),
    T.json_string(T.rep(T.any_char(), 3)),
    T.json_string(T.rep(T.any_char(), 1)),
    T.json_string(T.rep(T.any_char(), 2, 2)),
    T.json_string(T.rep(T.chars("abc", negate=True), 0, 4)),
    T.json_string(T.rep(T.chars([(0, 0xFFFF)]), 2, 4)),
    T.json_string(T.both(T.rep(T.any_char(), 0, 6), T.neg(T.lit("no")))),
    T.json_string(T.rep(T.seq(T.any_char(), T.any_char()), 0)),
    T.seq(T.lit("{"), T.rep(T.seq(KEY, T.lit(":"), T.json_string(T.any_text()), T.opt(T.lit(","))), 0), T.lit("}")),
    Regex(r"\w{2,4}|x.*").term,
    Regex(r'.{0,3}"').term,
    Text().term,
    Text(max_chars=3).term,
    Text(min_chars=2).term,
]


def vocabulary(seed: int) -> Vocabulary:
    """Random tokens of pieces that matter inside strings; quotes often enough for doors."""
    rng = random.Random(seed)
    tokens = {b"".join(rng.choice(PIECES).encode() for _ in range(rng.randint(1, 5))) for _ in range(400)}
    tokens |= {b'"' + b"".join(rng.choice(PIECES).encode() for _ in range(rng.randint(1, 4))) for _ in range(60)}
    tokens |= {rng.choice(BROKEN) + rng.choice(PIECES).encode() for _ in range(20)} | {*BROKEN}
    return Vocabulary.from_bytes(sorted(tokens))


def plainly(dfa: Dfa, words: Vocabulary) -> dict[tuple[int, int], set[int]]:
    found: dict[tuple[int, int], set[int]] = {}
    for source in range(dfa.num_states):
        for token in range(words.size):
            state = source
            for byte in words.token(token):
                state = int(dfa.table[state, dfa.byte_class[byte]])
                if state < 0:
                    break
            if state >= 0:
                found.setdefault((source, state), set()).add(token)
    return found


@pytest.mark.parametrize("number", range(len(TERMS)))
def test_every_state_leads_where_its_tokens_lead(number: int) -> None:
    dfa = compile_term(TERMS[number])
    words = vocabulary(number)
    walker = _Walker(steps_of(dfa), words, Deadline(None))
    edges = walker.edges()
    expected = plainly(dfa, words)
    pairs = list(zip(edges.source.tolist(), edges.target.tolist(), strict=True))
    assert pairs == sorted(expected)
    sums = [walker.prepared.keys[sorted(expected[pair])].sum(axis=0, dtype=np.uint64) for pair in pairs]
    assert np.array_equal(edges.signature, np.array(sums))
    assert len(pairs) < MAX_EDGES


def test_string_bodies_are_free_text() -> None:
    dfa = compile_term(T.json_string(T.rep(T.any_char(), 0, 5)))
    free = free_states(dfa, longest=20)
    state = int(dfa.table[dfa.start, dfa.byte_class[0x22]])
    for _ in range(5):
        assert free.reach[state] == 1
        assert free.place[state] == 0
        state = int(free.following[state])
    assert free.reach[state] == 0


def test_a_barred_key_is_walked_beside_free_text() -> None:
    dfa = compile_term(KEY)
    free = free_states(dfa, longest=20)
    state = int(dfa.table[dfa.start, dfa.byte_class[0x22]])
    assert free.reach[state] == 0
    assert free.reach[free.model[state]] == 2


def test_endless_text_is_known_by_its_places() -> None:
    dfa = compile_term(T.json_string(T.any_text()))
    free = free_states(dfa, longest=20)
    assert (free.reach > 0).sum() == (references().body == 0).sum()


def test_time_is_limited() -> None:
    language = Text(max_chars=50_000)
    with pytest.raises(BudgetExceeded, match=r"more than 0\.001 s"):
        language.compile(vocabulary(0), max_seconds=0.001)
    assert compile_term(T.lit("a"), max_seconds=5).matches(b"a")
