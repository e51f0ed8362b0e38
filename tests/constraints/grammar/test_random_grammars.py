"""Random grammars against lark's Earley parser, and every query of their automata against enumeration."""

from __future__ import annotations

import functools
import itertools
import random

import pytest

from controlgen.constraints import InfeasibleConstraint, Vocabulary
from controlgen.constraints._match import matches_term
from controlgen.constraints.grammar import Grammar
from tests.constraints._weighted_canvases import check_queries, compiled, enumerated, of_text, random_factors

from ._grammars_by_chance import LETTERS, Sample, random_grammar

TEXTS = ["".join(letters) for size in range(5) for letters in itertools.product(LETTERS, repeat=size)]


def language_of(sample: Sample) -> Grammar | None:
    try:
        return Grammar(sample.text)
    except InfeasibleConstraint:
        return None


@pytest.mark.parametrize("seed", range(300))
def test_members_are_those_of_an_earley_parser(seed: int) -> None:
    rng = random.Random(seed)
    sample = random_grammar(rng)
    language = language_of(sample)
    texts = rng.sample(TEXTS, 60)
    texts += ["".join(rng.choice(LETTERS + " ") for _ in range(rng.randint(5, 9))) for _ in range(20)]
    for text in ["", *TEXTS[1:21], *texts]:
        wanted = sample.contains(text)
        assert wanted == (language is not None and language.matches(text)), (sample.text, text)
        if language is not None:
            in_automaton = language.dfa.matches(text.encode())
            assert in_automaton == wanted or (not in_automaton and language.dfa.max_depth is not None)
            assert matches_term(language.term, text.encode()) == wanted, (sample.text, text)


@pytest.mark.parametrize("seed", range(300))
def test_every_query_is_that_of_the_members(seed: int) -> None:
    rng = random.Random(seed + 1_000)
    sample = random_grammar(rng)
    language = language_of(sample)
    if language is None:
        return
    tokens = ["".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 3))).encode() for _ in range(3)]
    vocabulary = Vocabulary.from_bytes([*tokens, None, None], stop_ids=[3], pad_ids=[4])
    length = rng.randint(1, 4)
    logits, fixed = random_factors(rng, length, vocabulary.size)
    truth = enumerated(vocabulary, of_text(functools.cache(sample.contains), lambda _: 0.0), logits, fixed)
    try:
        automaton = compiled(language, vocabulary)
    except InfeasibleConstraint:
        assert not len(truth.members)
        return
    if automaton.max_depth is None or automaton.max_depth > 3 * length:
        check_queries(automaton, truth, logits, fixed)
