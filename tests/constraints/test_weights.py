"""Soft weights against enumeration: every canvas of a small vocabulary, weighed by counting in its text."""

from __future__ import annotations

import dataclasses
import math
import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import (
    BudgetExceeded,
    Choice,
    ConstraintError,
    InfeasibleConstraint,
    JsonSchema,
    Language,
    Regex,
    Text,
    TokenAutomaton,
    Vocabulary,
)
from controlgen.constraints import _terms as T
from controlgen.constraints import _weigh as weigh_module
from controlgen.constraints._vocabulary_data import VocabularyData, pack_bytes
from tests.constraints._languages_by_chance import LETTERS, random_language, random_pattern, random_vocabulary
from tests.constraints._random_automata import arrays_of_table, random_table
from tests.constraints._small_tokenizers import byte_level
from tests.constraints._weighted_canvases import (
    BACKENDS,
    check_queries,
    compiled,
    counted,
    each,
    enumerated,
    occurrences,
    of_text,
    once,
    path_weight,
    random_factors,
)

AB = Vocabulary.from_bytes([b"a", b"b", b"ab", b"ba", b"aab", None, None], stop_ids=[5], pad_ids=[6])


def random_weights(rng: random.Random, language: Language):
    """The language with one to three scorers, and what they say of a text."""
    worths = []
    for _ in range(rng.randint(1, 3)):
        kind, weight = rng.randrange(3), rng.choice([0.5, 1.7, 3.0, 0.3])
        if kind == 2:
            grams = {"".join(rng.choice(LETTERS[:7]) for _ in range(rng.randint(1, 3))) for _ in range(4)}
            table = {gram: rng.uniform(-2, 2) for gram in sorted(grams)}
            language = language.score(table)
            worths.append(lambda text, table=table: counted(text, table))
            continue
        pattern = random_pattern(rng, 2)
        if re.fullmatch(pattern, ""):
            continue
        repeated, sign = kind == 1, rng.choice([1, -1])
        weigh = language.prefer if sign > 0 else language.avoid
        language = weigh(Regex(pattern), sign * weight, each=repeated)
        told = each if repeated else once
        worths.append(lambda text, p=pattern, w=sign * weight, told=told: told(text, p, w))
    return language, lambda text: sum(worth(text) for worth in worths)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_every_query_agrees_with_enumeration(seed: int) -> None:
    """Random languages, patterns, weights, half characters, doubles, no or several stop tokens, fixed positions."""
    rng = random.Random(seed)
    judged = random_language(rng, rng.choice([0, 1]))
    free = rng.random() < 0.5
    language, contains = (Text(), lambda text: True) if free else (judged.language, judged.contains)
    language, worth = random_weights(rng, language)
    vocabulary = random_vocabulary(rng, rng.choice([3, 4, 5]))
    length = rng.choice([1, 2, 3, 4]) if vocabulary.size <= 6 else rng.choice([2, 3])
    logits, fixed = random_factors(rng, length, vocabulary.size)
    truth = enumerated(vocabulary, of_text(contains, worth), logits, fixed)
    try:
        automaton = compiled(language, vocabulary)
    except InfeasibleConstraint:
        assert not len(truth.members)
        return
    check_queries(automaton, truth, logits, fixed)


@pytest.mark.parametrize(
    ("weigh", "worth"),
    [
        (lambda x: x.prefer("ab", 2.0), lambda t: 2.0 * ("ab" in t)),
        (lambda x: x.prefer("ab", 2.0, each=True), lambda t: 2.0 * t.count("ab")),
        (lambda x: x.avoid("aa", -1.5, each=True), lambda t: -1.5 * len(re.findall("(?=aa)", t))),
        (lambda x: x.prefer(Regex("a+b"), 1.25, each=True), lambda t: 1.25 * len(re.findall("ab", t))),
        (lambda x: x.prefer(Choice("b", "bb"), 1.0, each=True), lambda t: t.count("b")),
        (lambda x: x.prefer("ab", 1.0).avoid("ba", -2.0), lambda t: ("ab" in t) - 2.0 * ("ba" in t)),
        (lambda x: x.score({"a": 0.5, "ab": -1, "aab": 3.0}), lambda t: counted(t, {"a": 0.5, "ab": -1, "aab": 3.0})),
        (lambda x: x.prefer("ab", 1.0, True).avoid("ab", -1.0, True), lambda t: 0.0),
        (lambda x: x.prefer("zz", 7.0), lambda t: 0.0),
        (lambda x: x.prefer("ab", 0.0).score({}), lambda t: 0.0),
    ],
)
def test_weights_said_by_counting(weigh, worth) -> None:
    logits, fixed = random_factors(random.Random(5), 4, AB.size)
    for pattern in ("[ab]*", "a*b?a*b*"):
        says = of_text(lambda t, p=pattern: bool(re.fullmatch(p, t)), worth)
        check_queries(compiled(weigh(Regex(pattern)), AB), enumerated(AB, says, logits, fixed), logits, fixed)


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_follow_q(backend: str) -> None:
    """Pearson's statistic of 6,000 draws against the enumerated q, at a level of one in a million."""
    automaton = compiled(Text().prefer("ab", 2.0).avoid("ba", -1.0, each=True), AB)
    logits, fixed = random_factors(random.Random(2), 3, AB.size)
    says = of_text(lambda t: True, lambda t: 2.0 * ("ab" in t) - t.count("ba"))
    truth = enumerated(AB, says, logits, fixed)
    draws = 6_000
    batch = torch.from_numpy(logits).expand(draws, -1, -1)
    drawn = automaton.posterior(batch, backend=backend).sample(torch.Generator().manual_seed(7)).numpy()
    index = {tuple(member): i for i, member in enumerate(truth.members.tolist())}
    seen = np.bincount([index[tuple(row)] for row in drawn.tolist()], minlength=len(index))
    expected = truth.probability * draws
    common = expected >= 5
    seen, expected = (np.append(x[common], x[~common].sum()) for x in (seen, expected))
    statistic = float(((seen - expected) ** 2 / expected).sum())
    freedom = len(seen) - 1
    assert statistic < freedom + 4.9 * math.sqrt(2 * freedom) + 16


@pytest.mark.parametrize("backend", BACKENDS)
def test_ties_go_to_the_lexicographically_least(backend: str) -> None:
    """Weights and factors are integers, so that sums in any order are equal."""
    tied = 0
    for seed in range(120):
        rng = random.Random(seed)
        automaton = compiled(Text().prefer("ab", 1.0, each=True).score({"b": -1.0, "aa": 1.0}), AB)
        logits = np.array([[float(rng.randint(-1, 1)) for _ in range(AB.size)] for _ in range(3)])
        says = of_text(lambda t: True, lambda t: t.count("ab") + counted(t, {"b": -1.0, "aa": 1.0}))
        truth = enumerated(AB, says, logits, np.full(3, -1))
        winners = truth.members[truth.log_weight == truth.log_weight.max()]
        tied += len(winners) > 1
        mode = automaton.posterior(torch.from_numpy(logits), backend=backend).mode().numpy()
        assert np.array_equal(mode, winners[0]), seed
    assert tied >= 30


@pytest.mark.parametrize("backend", BACKENDS)
def test_any_automaton_with_weights_on_its_labels(backend: str) -> None:
    """Inference alone: random automata, a random weight on every label, huge and small factors."""
    for seed in range(150):
        rng = np.random.default_rng(seed)
        states, vocab, length = (int(rng.integers(low, high)) for low, high in ((1, 6), (2, 6), (1, 5)))
        table, accepting = random_table(rng, states, vocab)
        plain = arrays_of_table(table, accepting)
        arrays = dataclasses.replace(plain, label_weight=torch.from_numpy(rng.normal(size=plain.num_labels) * 3))
        arrays.validate()
        logits = rng.normal(size=(length, vocab)) * float(rng.choice([1.0, 100.0, 1e5]))
        vocabulary = Vocabulary.from_bytes([bytes([65 + v]) for v in range(vocab)])
        from controlgen.constraints import posterior

        def says(pieces, arrays=arrays):
            return path_weight(arrays, [piece[0] - 65 for piece in pieces])

        truth = enumerated(vocabulary, says, logits, np.full(length, -1))
        q = posterior(arrays, torch.from_numpy(logits), backend=backend)
        if len(truth.members):
            assert abs(float(q.log_z) - truth.log_z) <= 1e-9 * max(1.0, abs(truth.log_z))
            assert np.allclose(q.marginals().numpy(), truth.marginals, atol=1e-7, rtol=1e-7)
            assert truth.score(q.mode().numpy()) >= truth.log_weight.max() - 1e-9 * abs(truth.log_weight.max())


def segmented(rng: random.Random, vocabulary: Vocabulary, text: str) -> list[int]:
    """Tokens that spell the text, cut anywhere."""
    spelling: dict[bytes, list[int]] = {}
    for token in np.flatnonzero(vocabulary.is_text).tolist():
        spelling.setdefault(vocabulary.decode([token]), []).append(token)
    data, ids, at = text.encode(), [], 0
    while at < len(data):
        ends = [e for e in range(at + 1, min(len(data), at + 12) + 1) if data[at:e] in spelling]
        end = max(ends) if rng.random() < 0.6 else rng.choice(ends)
        ids.append(rng.choice(spelling[data[at:end]]))
        at = end
    return ids


def test_a_real_tokenizer_on_text_and_json() -> None:
    """Byte-level BPE with merges, halves of characters, free text and JSON strings: weights along any segmentation."""
    vocabulary = Vocabulary.from_tokenizer(byte_level())
    rng = random.Random(1)
    words = ["the quick", "naïve façade", "größer", "日本語", "fox", "dog", ", ", "où", "12.50", "\\n", "🙂", "é"]
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 12}},
        "required": ["a"],
        "additionalProperties": False,
    }
    grams = {"é": 0.7, "日本": -1.1, "o": 0.01, " fox": 2.5, "the": 0.3}

    def weigh(language: Language) -> Language:
        return language.prefer("façade", 2.0).avoid(Regex("d.g|ö[a-zß]"), -0.7, each=True).score(grams)

    def worth(text: str) -> float:
        return 2.0 * ("façade" in text) + each(text, "d.g|ö[a-zß]", -0.7) + counted(text, grams)

    json_automaton, text_automaton = (compiled(weigh(x), vocabulary) for x in (JsonSchema(schema), Text()))
    for _ in range(60):
        plain = "".join(rng.choice(words) for _ in range(rng.randint(0, 6)))
        ids = segmented(rng, vocabulary, plain)
        assert path_weight(text_automaton, ids) == pytest.approx(worth(plain), abs=1e-9)
        spelled = '{"a": "' + plain + '"}'
        weight = path_weight(json_automaton, segmented(rng, vocabulary, spelled))
        assert weight == pytest.approx(worth(spelled), abs=1e-9)
    assert path_weight(json_automaton, segmented(rng, vocabulary, '{"a": 1}')) is None


def test_a_leading_space_that_the_vocabulary_drops_weighs_nothing() -> None:
    dropping = Vocabulary(VocabularyData(*pack_bytes([b" a", b"a", b" ", b"  a"], 4), drops_leading_space=True))
    automaton = compiled(Text().score({" ": 1.0, "a": 0.25, " a": 5.0}), dropping)
    logits, fixed = random_factors(random.Random(3), 3, 4)

    def says(pieces):
        text = b"".join(pieces).removeprefix(b" ").decode()
        return counted(text, {" ": 1.0, "a": 0.25, " a": 5.0})

    check_queries(automaton, enumerated(dropping, says, logits, fixed), logits, fixed)


def test_texts_stay_the_same_and_nothing_else_is_lost() -> None:
    plain = Regex("a*b")
    weighted = plain.prefer("ab", 1.0)
    assert isinstance(weighted, Regex)
    assert (len(plain.weights), len(weighted.weights)) == (0, 1)
    assert weighted.matches("aab")
    assert not weighted.matches("a")
    palindrome = Language(T.any_text(), parse=len, verify=lambda text: text == text[::-1]).avoid("b", -1.0)
    assert palindrome.exactness == "verified"
    assert palindrome.parse("aba") == 3
    assert compiled(palindrome, AB).accepts([0, 1, 0, 5])
    assert compiled(plain.prefer("zz", 1.0), AB).label_weight is None


def test_operators_add_up_or_refuse() -> None:
    both = Regex("[ab]*").prefer("ab", 1.0) & Regex("a.*").avoid("ba", -2.0)
    automaton = compiled(both, AB)
    assert path_weight(automaton, [0, 1, 0, 5]) == pytest.approx(-1.0)
    weighted = Text().prefer("a", 1.0)
    for combine in (lambda: weighted | "b", lambda: "b" + weighted, lambda: ~weighted):
        with pytest.raises(ConstraintError, match="weights"):
            combine()


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Text().prefer("a", -1.0),
        lambda: Text().avoid("a", 1.0),
        lambda: Text().prefer("a", math.nan),
        lambda: Text().avoid("a", -math.inf),
        lambda: Text().prefer("", 1.0),
        lambda: Text().prefer(Regex("a*"), 1.0),
        lambda: Text().prefer(Text().prefer("a", 1.0), 1.0),
        lambda: Text().prefer(Language(T.any_text(), verify=bool), 1.0),
        lambda: Text().score({"": 1.0}),
        lambda: Text().score({"a": math.inf}),
        lambda: Text().score({"\ud800": 1.0}),
    ],
)
def test_what_can_not_be_weighed_is_refused(refused) -> None:
    with pytest.raises(ValueError):
        refused()


def test_too_many_edges_are_refused_with_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weigh_module, "MAX_WEIGHED_EDGES", 20)
    grams = {a + b: math.sin(i) for i, (a, b) in enumerate((a, b) for a in "ab" for b in "ab")}
    with pytest.raises(BudgetExceeded, match="20 edges"):
        Text().score(grams).compile(AB)


def test_save_and_load(tmp_path: Path) -> None:
    automaton = compiled(Text().prefer("ab", 2.0), AB)
    automaton.save(tmp_path / "weighted.safetensors")
    loaded = TokenAutomaton.load(tmp_path / "weighted.safetensors", AB)
    assert torch.equal(loaded.label_weight, automaton.label_weight)
    compiled(Text(), AB).save(tmp_path / "plain.safetensors")
    assert TokenAutomaton.load(tmp_path / "plain.safetensors", AB).label_weight is None
    with pytest.raises(ValueError, match="label_weight"):
        dataclasses.replace(automaton, label_weight=torch.zeros(1)).validate()
    moved = automaton.on(torch.device("meta"))
    assert moved.label_weight.device.type == "meta"


def test_the_judge_counts_ends_of_matches() -> None:
    assert occurrences("aab", "a+b") == 1
    assert occurrences("aaa", "a|aa") == 3
