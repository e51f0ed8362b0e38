"""The best member of a whole context-free language: against enumeration, deeper than any expansion, within budgets."""

from __future__ import annotations

import functools
import itertools
import pickle
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from controlgen.constraints import InfeasibleConstraint, Vocabulary
from controlgen.constraints._deadline import Deadline
from controlgen.constraints._expansion import compile_term
from controlgen.constraints._vocabulary_data import VocabularyData
from controlgen.constraints.grammar import Grammar
from controlgen.constraints.grammar._deep import DeepAutomaton
from controlgen.constraints.grammar._recogniser import DEAD, Recogniser
from controlgen.constraints.grammar._search import BestMember, SearchBudgetExceeded
from controlgen.constraints.grammar._superset import superset_term
from tests.constraints._weighted_canvases import TOLERANCE, enumerated, of_text, random_factors

from ._grammars_by_chance import LETTERS, Sample, random_grammar

TEXTS = ["".join(letters) for size in range(5) for letters in itertools.product(LETTERS, repeat=size)]
SHAPES = [(0, 0), (1, 0), (0, 1), (1, 1), (1, 3), (None, None)]
NESTED = 'start: ("(" start ")" | "[" start "]" | "a")*'
RECURSIVE = [  # of kinds that random grammars seldom have
    NESTED,
    'start: "a"? start "b" | "a"',
    'start: start start "b" | "a" | ',
    'start: r "a" | "b"\nr: start? "(" start ")" | s r\ns: "b"? r? "a"',
    'start: "(" start ")" start | "a" | "b" start "b"',
    'start: (r | s)+\nr: "(" s* ")"\ns: "a" r? "b"',
]


def samples(seed: int) -> Sample:
    """A grammar of the list, or a random one: mostly one that embeds itself."""
    if seed < len(RECURSIVE):
        return Sample(RECURSIVE[seed], RECURSIVE[seed])
    rng = random.Random(seed)
    for _ in range(30):
        sample = random_grammar(rng)
        grammar = grammar_of(sample)
        if grammar is not None and grammar.network.num_rules > 1:
            break
    return sample


def grammar_of(sample: Sample) -> Grammar | None:
    try:
        return Grammar(sample.text)
    except InfeasibleConstraint:
        return None


@pytest.mark.parametrize("seed", range(100))
def test_recogniser_is_exact_and_the_superset_is_one(seed: int) -> None:
    rng = random.Random(seed)
    sample = samples(seed)
    grammar = grammar_of(sample)
    if grammar is None:
        return
    recogniser = Recogniser(grammar.network)
    shape = rng.choice(SHAPES)
    superset = grammar.superset(*shape)
    texts = rng.sample(TEXTS, 60)
    texts += ["".join(rng.choice(LETTERS + " ") for _ in range(rng.randint(5, 9))) for _ in range(20)]
    for text in ["", *texts]:
        wanted = sample.contains(text)
        reached = recogniser.run(0, text.encode())
        assert wanted == (reached != DEAD and recogniser.accepting[reached]), (sample.text, text)
        assert wanted == superset.matches(text)
        assert superset.dfa.matches(text.encode()) or not wanted, (sample.text, text, shape)


def compiled(
    grammar: Grammar, vocabulary: Vocabulary, depth: int | None = 0, count: int | None = 1, *, members: bool = True
) -> DeepAutomaton:
    return grammar.compile_deep(vocabulary, depth=depth, count=count, members=members, max_seconds=None)


@pytest.mark.parametrize("seed", range(160))
def test_score_is_that_of_the_best_member(seed: int) -> None:
    rng = random.Random(seed + 5_000)
    sample = samples(seed)
    grammar = grammar_of(sample)
    if grammar is None:
        return
    tokens = ["".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 3))).encode() for _ in range(3)]
    vocabulary = Vocabulary.from_bytes([*tokens, None, None], stop_ids=[3], pad_ids=[4])
    length = rng.randint(1, 5)
    logits, fixed = random_factors(rng, length, vocabulary.size)
    truth = enumerated(vocabulary, of_text(functools.cache(sample.contains), lambda _: 0.0), logits, fixed)
    try:
        deep = compiled(grammar, vocabulary, *rng.choice(SHAPES), members=rng.random() < 0.3)
    except InfeasibleConstraint:
        assert not len(truth.members)
        return
    for ids in truth.members:
        assert deep.superset._reaches_end(ids.tolist())
        assert deep.accepts(ids)
    ask = functools.partial(deep.mode, torch.from_numpy(logits), torch.from_numpy(fixed), max_seconds=None)
    if not len(truth.members):
        with pytest.raises(InfeasibleConstraint):
            ask()
        return
    best = truth.log_weight.max()
    found = ask()
    assert found.exact
    assert found.score == found.bound == pytest.approx(best, rel=TOLERANCE, abs=TOLERANCE)
    assert truth.score(found.tokens.numpy()) == pytest.approx(best, rel=TOLERANCE, abs=TOLERANCE)
    slack = TOLERANCE * max(1.0, abs(best))
    for expanded in range(8):
        part = within_budget(ask, expanded)
        assert part.bound >= best - slack
        assert part.expanded <= expanded
        if isinstance(part, BestMember):
            assert part.score <= best + slack
            assert deep.accepts(part.tokens)


def within_budget(ask: Callable[..., BestMember], expanded: int) -> BestMember | SearchBudgetExceeded:
    try:
        return ask(max_expanded=expanded)
    except SearchBudgetExceeded as error:
        return error


def letters(*more: bytes) -> Vocabulary:
    return Vocabulary.from_bytes([b"(", b")", b"[", b"]", b"a", *more, None, None], stop_ids=[5 + len(more)],
                                 pad_ids=[6 + len(more)])  # fmt: skip


def wanting(vocabulary: Vocabulary, ids: list[int], strength: float, seed: int) -> NDArray[np.float64]:
    logits = np.random.default_rng(seed).normal(size=(len(ids), vocabulary.size))
    logits[np.arange(len(ids)), ids] += strength
    return logits


@pytest.mark.parametrize("strength", [2.0, 6.0])
def test_finds_what_nests_thirty_deep_in_two_kinds_of_brackets(strength: float) -> None:
    grammar, vocabulary = Grammar(NESTED), letters(b"[(", b")]", b"a(a")
    kinds = [random.Random(1).randrange(2) for _ in range(30)]
    ids = [2 * kind for kind in kinds] + [4] + [2 * kind + 1 for kind in reversed(kinds)]
    ids += [8] + [9] * (66 - len(ids))
    deep = compiled(grammar, vocabulary, 1, 40)
    assert deep.members is not None
    assert deep.members.max_depth is not None
    assert deep.members.max_depth < 30
    assert not deep.members._reaches_end(ids)
    logits = torch.from_numpy(wanting(vocabulary, ids, 12.0, 0))
    found = deep.mode(logits)
    assert found.exact
    assert found.tokens.tolist() == ids
    bounded = deep.members.posterior(logits).mode()
    assert found.score > float(logits.gather(1, bounded[:, None]).sum())
    noisy = deep.mode(torch.from_numpy(wanting(vocabulary, ids, strength, 0)), max_seconds=None)
    assert deep.accepts(noisy.tokens)
    assert noisy.bound >= noisy.score
    assert noisy.exact or strength < 6.0


def test_no_text_nests_too_deep_for_membership() -> None:
    grammar = pickle.loads(pickle.dumps(Grammar(NESTED)))
    text = "([" * 3_000 + "a" + "])" * 3_000
    assert grammar.matches(text)
    assert not grammar.matches(text + ")")
    assert not grammar.matches(text[:-1] + "]")
    assert pickle.loads(pickle.dumps(grammar)).matches("[a]")


def test_agrees_with_the_mode_where_depth_is_enough() -> None:
    grammar, vocabulary = Grammar(NESTED), letters(b"[(", b")]", b")a")
    exact = grammar.compile(vocabulary, max_depth=6, max_seconds=None)
    deep = compiled(grammar, vocabulary, 1, 4, members=False)
    for seed in range(10):
        logits = torch.randn(6, vocabulary.size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        wanted = exact.posterior(logits, temperature=0.7, bias=torch.arange(vocabulary.size) / 10).mode()
        found = deep.mode(logits, temperature=0.7, bias=torch.arange(vocabulary.size) / 10, max_seconds=None)
        assert found.tokens.tolist() == wanted.tolist()


def test_weights_count() -> None:
    grammar, vocabulary = Grammar(NESTED), letters()
    weighted = grammar.prefer("[a]", 3.0, each=True)
    assert isinstance(weighted, Grammar)
    exact = weighted.compile(vocabulary, max_depth=4, max_seconds=None)
    deep = compiled(weighted, vocabulary, 0, 1)
    for seed in range(10):
        logits = torch.randn(7, vocabulary.size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        assert deep.mode(logits, max_seconds=None).tokens.tolist() == exact.posterior(logits).mode().tolist()


def test_a_dropped_leading_space_is_no_text() -> None:
    vocabulary = letters(b" a", b" ")
    dropping = Vocabulary(_with_dropped_space(vocabulary))
    deep = compiled(Grammar(NESTED), dropping)
    logits = torch.zeros(3, dropping.size, dtype=torch.float64)
    logits[0, 5] = logits[0, 6] = logits[1, 5] = 3.0
    found = deep.mode(logits)
    assert found.score == 3.0
    assert dropping.decode(t for t in found.tokens.tolist() if dropping.is_text[t]).count(b" ") == 0
    assert deep.accepts(found.tokens)


def _with_dropped_space(vocabulary: Vocabulary) -> VocabularyData:
    return VocabularyData(
        vocabulary.data, vocabulary.offsets, vocabulary.stop_ids, vocabulary.pad_ids, True, vocabulary.notes
    )


def test_rows_of_a_batch_are_searched_one_by_one() -> None:
    vocabulary = letters()
    deep = compiled(Grammar(NESTED), vocabulary)
    logits = torch.randn(3, 6, vocabulary.size, generator=torch.Generator().manual_seed(0))
    fixed = torch.full((3, 6), -1)
    fixed[1, 2] = 1
    found = deep.modes(logits, fixed)
    assert len(found) == 3
    assert int(found[1].tokens[2]) == 1
    for row, member in enumerate(found):
        assert torch.equal(member.tokens, deep.mode(logits[row], fixed[row]).tokens)
        assert deep.accepts(member.tokens)


def test_what_does_not_fit_is_infeasible() -> None:
    deep = compiled(Grammar('start: "(" start ")" | "[" start "]" | "a"'), letters(), 0, 0)
    logits = torch.zeros(6, 7)
    with pytest.raises(InfeasibleConstraint):  # the superset has members on this canvas, the grammar none
        deep.mode(logits, torch.tensor([0, -1, -1, -1, 3, -1]))
    with pytest.raises(InfeasibleConstraint):
        deep.mode(logits, torch.tensor([1, -1, -1, -1, -1, -1]))


def test_the_end_of_a_budget_without_a_member_is_an_error() -> None:
    deep = compiled(Grammar(NESTED), letters(), members=False)
    with pytest.raises(SearchBudgetExceeded, match="max_expanded"):
        deep.mode(torch.zeros(8, 7), max_expanded=2)
    with pytest.raises(ValueError, match="modes"):
        deep.mode(torch.zeros(1, 8, 7))


@pytest.mark.parametrize("shape", [(0, 0), (1, 2), (2, 8)])
def test_the_term_of_a_superset_is_its_automaton(shape: tuple[int, int]) -> None:
    superset = Grammar('start: "é" start "€" | /[^a-z]/ start "]" | "𝄞"').superset(*shape)
    again = compile_term(superset_term(superset.dfa), deadline=Deadline(None))
    assert np.array_equal(again.table, superset.dfa.table)
    assert np.array_equal(again.byte_class, superset.dfa.byte_class)
    assert superset.exactness == "verified"
