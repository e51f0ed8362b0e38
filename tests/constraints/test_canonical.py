"""Canonical tokens against the tokenizer itself: every sequence of small vocabularies, and random texts."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from tokenizers import Regex as Pattern
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from controlgen.constraints import Regex, Vocabulary
from controlgen.constraints._canonical import CanonicalAutomaton, Segmenter, canonical
from controlgen.constraints._canonical_borders import DEAD, START, Borders
from controlgen.constraints._canonical_pattern import UnknownPattern, program_of
from tests.constraints._small_tokenizers import unigram

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QUOTES = r'[{}\[\],:]*"[{}\[\],:"]*'
CORPUS = ["aab abab baab", 'a"b "ab" "a", "ba","aa"', "a  b   ab's a's", "b\n a \n\nab"] * 3


def _pattern(*patterns: str) -> Any:
    splits = [pre_tokenizers.Split(Pattern(pattern), "isolated") for pattern in patterns]
    return pre_tokenizers.Sequence([*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


PRE_TOKENIZERS = {
    "none": pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    "gpt2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "llama3": _pattern(LLAMA3),
    "sequence": _pattern(r"\p{N}", QUOTES, " +", GPT2),
}


def _trained(pre_tokenizer: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizer, decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=30, special_tokens=["<|end|>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _compiled(tokenizer: Tokenizer, pattern: str) -> tuple[Any, CanonicalAutomaton, Segmenter, Vocabulary]:
    vocabulary = Vocabulary.from_tokenizer(tokenizer, stop_ids=[0], cache_dir=False)
    plain = Regex(pattern).compile(vocabulary)
    segmenter = Segmenter.of(tokenizer)
    return plain, canonical(plain, vocabulary, segmenter), segmenter, vocabulary


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
@pytest.mark.parametrize("pattern", ["[ab]{0,6}", '"[ab ]*","a"', "(ab|ba|  )*", "(a|b| |'s|\"){0,5}"])
def test_every_sequence_is_judged_as_the_tokenizer_does(name: str, pattern: str) -> None:
    plain, automaton, segmenter, vocabulary = _compiled(_trained(PRE_TOKENIZERS[name]), pattern)
    automaton.validate()
    text = [token for token in range(vocabulary.size) if vocabulary.is_text[token]]
    for length in range(4):
        for chosen in itertools.product(text, repeat=length):
            ids = [*chosen, 0]
            if not (plain._reaches_end(ids) or automaton._reaches_end(ids)):
                continue
            wanted = plain.accepts(ids) and segmenter.is_canonical(ids, vocabulary)
            assert automaton._reaches_end(ids) == wanted == automaton.accepts(ids), [
                vocabulary.token(t) for t in chosen
            ]
    assert automaton.segmentation == "exact"


@pytest.mark.parametrize("name", PRE_TOKENIZERS)
def test_a_literal_is_one_path(name: str) -> None:
    _, automaton, segmenter, _ = _compiled(_trained(PRE_TOKENIZERS[name]), 'abab "ab", a\'s')
    assert automaton.num_edges == len(segmenter.encode('abab "ab", a\'s')) + 1  # and stop tokens at its end


@pytest.mark.parametrize("patterns", [[GPT2], [LLAMA3], [r"\p{N}", QUOTES, " +", GPT2]])
def test_borders_are_those_of_the_library(patterns: list[str]) -> None:
    borders = Borders([program_of(pattern) for pattern in patterns])
    splitter = pre_tokenizers.Sequence([pre_tokenizers.Split(Pattern(pattern), "isolated") for pattern in patterns])
    rng = random.Random(0)

    def possible(text: str, cuts: set[int]) -> bool:
        subset = START
        for place, letter in enumerate(text):
            subset = borders.walk(subset, borders.atoms(letter), within=place not in cuts, cut=place in cuts)
            if subset == DEAD:
                return False
        return borders.may_end(subset)

    for _ in range(3000):
        text = "".join(rng.choices("ab's'tSdrevmll 19  \n\r\t\"\"{}:,,ſ.é१\u00a0", k=rng.randint(1, 9)))
        cuts = {start for _, (start, _) in splitter.pre_tokenize_str(text)}
        assert possible(text, cuts), text
        assert not possible(text, cuts ^ {rng.randrange(len(text))}), text


def test_free_text_keeps_every_canonical_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlgen.constraints._canonical_product.SMALL", 2)
    _, automaton, segmenter, _ = _compiled(_trained(PRE_TOKENIZERS["gpt2"]), '"[ab "\',]{0,9}","a"')
    assert automaton.segmentation == "checked"
    rng = random.Random(0)
    for _ in range(300):
        body = "".join(rng.choices("ab \"',", k=rng.randint(0, 9)))
        assert automaton.accepts([*segmenter.encode(f'"{body}","a"'), 0])


def test_without_rules_the_tokenizer_judges() -> None:
    tokenizer = unigram()
    plain, automaton, segmenter, _ = _compiled(tokenizer, "the dog|fox")
    assert segmenter.why_no_rules is not None
    assert "Unigram" in segmenter.why_no_rules
    assert (automaton.num_edges, automaton.segmentation) == (plain.num_edges, "checked")


@pytest.mark.parametrize("pattern", [r"a*", r"(?<=a)b", r"(a)\1", r"a(?=b)", r"a++b"])
def test_patterns_that_are_not_read_are_refused(pattern: str) -> None:
    with pytest.raises(UnknownPattern):
        program_of(pattern)
