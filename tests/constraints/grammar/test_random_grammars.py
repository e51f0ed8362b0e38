"""Random grammars against lark's Earley parser, and every query of their automata against enumeration."""

from __future__ import annotations

import functools
import itertools
import random

import pytest

from controlgen.constraints import InfeasibleConstraint, TokenAutomaton, Vocabulary
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


def spelled_grammar(rng: random.Random, length: int) -> tuple[Sample, TokenAutomaton, Vocabulary]:
    """A grammar with members of these tokens, expanded deeper than `length` tokens can nest."""
    while True:
        sample = random_grammar(rng)
        language = language_of(sample)
        members = [] if language is None else [text for text in TEXTS[1:] if language.dfa.matches(text.encode())]
        if language is None or not members:
            continue
        member = rng.choice(members)
        cuts = [0, *sorted(rng.sample(range(1, len(member)), min(len(member) - 1, rng.randint(0, 2)))), len(member)]
        tokens = {member[a:b] for a, b in itertools.pairwise(cuts)}
        while len(tokens) < 3:
            tokens.add("".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 3))))
        pieces = [token.encode() for token in sorted(tokens)]
        vocabulary = Vocabulary.from_bytes([*pieces, None, None], stop_ids=[3], pad_ids=[4])
        automaton = compiled(language, vocabulary)
        if automaton.max_depth is None or automaton.max_depth > 3 * length:
            return sample, automaton, vocabulary


@pytest.mark.parametrize("seed", range(300))
def test_every_query_is_that_of_the_members(seed: int) -> None:
    rng = random.Random(seed + 1_000)
    length = rng.randint(1, 4)
    sample, automaton, vocabulary = spelled_grammar(rng, length)
    logits, fixed = random_factors(rng, length, vocabulary.size)
    truth = enumerated(vocabulary, of_text(functools.cache(sample.contains), lambda _: 0.0), logits, fixed)
    check_queries(automaton, truth, logits, fixed)
