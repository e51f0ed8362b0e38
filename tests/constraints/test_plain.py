"""Plain characters: which tokens are made of them, and where they lead, against Python's own view of text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import Regex, Text, Vocabulary
from controlgen.constraints import _terms as T
from controlgen.constraints._compile_kernels import plain_lengths
from controlgen.constraints._dfa import Dfa, compile_term
from controlgen.constraints._plain import DEAD, MIXED, plain_steps
from controlgen.constraints._walkable import walkable

BORDERS = [
    0x20,
    0x21,
    0x23,
    0x5B,
    0x5D,
    0x7F,
    0x80,
    0x7FF,
    0x800,
    0xFFF,
    0xD7FF,
    0xE000,
    0xFFFF,
    0x10000,
    0xFFFFF,
    0x10FFFF,
]
plain_characters = st.one_of(
    st.sampled_from([chr(point) for point in BORDERS]),
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='"\\'),
)


def plain_length(token: bytes) -> int:
    try:
        text = token.decode()
    except UnicodeDecodeError:
        return 0
    return 0 if any(c < " " or c in '"\\' for c in text) else len(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(min_size=1, max_size=5), st.text(plain_characters, min_size=1).map(str.encode)), min_size=1
    )
)
def test_plain_tokens_are_whole_plain_characters(tokens: list[bytes]) -> None:
    vocabulary = Vocabulary.from_bytes(tokens)
    lengths = plain_lengths(vocabulary.data, vocabulary.offsets).tolist()
    assert lengths == [plain_length(token) for token in tokens]
    prepared = walkable(vocabulary)
    for length in range(1, len(prepared.group_ptr) - 1):
        group = prepared.group_tokens[prepared.group_ptr[length] : prepared.group_ptr[length + 1]].tolist()
        assert group == [v for v, token in enumerate(tokens) if plain_length(token) == length]


def follow(dfa: Dfa, state: int, data: bytes) -> int:
    for byte in data:
        state = int(dfa.table[state, dfa.byte_class[byte]])
        if state < 0:
            return DEAD
    return state


TERMS = [
    T.json_string(T.rep(T.any_char(), 0, 5)),
    T.json_string(T.rep(T.any_char(), 3)),
    T.json_string(T.rep(T.chars("abc", negate=True), 0, 4)),
    T.json_string(T.both(T.rep(T.any_char(), 0, 6), T.neg(T.lit("no")))),
    T.json_string(T.rep(T.chars([(0, 0xFFFF)]), 2, 4)),
    Regex(r"\w{2,4}|x.*").term,
    Text(max_chars=3).term,
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TERMS), st.lists(plain_characters, min_size=1, max_size=30))
def test_steps_hold_for_every_plain_character(term: T.Term, characters: list[str]) -> None:
    dfa = compile_term(term)
    for state, step in enumerate(plain_steps(dfa).tolist()):
        if step != MIXED:
            assert {follow(dfa, state, c.encode()) for c in characters} == {step}


def test_string_bodies_are_found() -> None:
    dfa = compile_term(T.json_string(T.rep(T.any_char(), 0, 5)))
    steps = plain_steps(dfa)
    state = follow(dfa, dfa.start, b'"')
    chain = [state := int(steps[state]) for _ in range(6)]
    assert DEAD not in chain[:5]
    assert chain[5] == DEAD
    assert MIXED not in chain
