"""The compiler against brute force and against an established engine for left-to-right models."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from outlines_core import Guide, Index
from outlines_core import Vocabulary as OutlinesVocabulary

from controlgen.constraints import (
    ConstraintError,
    InfeasibleConstraint,
    Regex,
    TokenAutomaton,
    Vocabulary,
)
from tests.constraints import _languages_by_chance as chance
from tests.constraints import _small_tokenizers as small

LONGEST = 4


def compiled(judged: chance.Judged, vocabulary: Vocabulary) -> TokenAutomaton | None:
    try:
        return judged.language.compile(vocabulary)
    except InfeasibleConstraint:
        return None


@pytest.mark.parametrize("block", range(20))
def test_canvases_are_exactly_the_members(block: int) -> None:
    """Every sequence up to a length, for random languages and vocabularies; least length; layout."""
    for case in range(12):
        rng = random.Random(1000 * block + case)
        judged, vocabulary = chance.random_language(rng), chance.random_vocabulary(rng)
        expected = {
            ids for ids in chance.canvases(vocabulary, LONGEST) if chance.member(judged, vocabulary, ids)
        }
        automaton = compiled(judged, vocabulary)
        if automaton is None:
            assert not expected, judged.name
            continue
        assert chance.accepted(automaton, LONGEST) == expected, (block, case, judged.name)
        if expected:
            assert automaton.min_tokens == min(map(len, expected)), judged.name
        else:
            assert automaton.min_tokens > LONGEST
        some = rng.sample(list(chance.canvases(vocabulary, 3)), 60)
        assert all(automaton.accepts(ids) == (ids in expected) for ids in some)
        check_tables(automaton, vocabulary)


def check_tables(automaton: TokenAutomaton, vocabulary: Vocabulary) -> None:
    """What the layout promises, from first principles."""
    automaton.validate()
    table = chance.transitions(automaton)  # fails on a token that two edges of a state share
    forward, backward = {automaton.start}, set(torch.nonzero(automaton.accepting).flatten().tolist())
    for _ in range(automaton.num_states):
        forward |= {t for s in forward for t in table[s].values()}
        backward |= {s for s in range(automaton.num_states) if backward & set(table[s].values())}
    assert len(forward) == len(backward) == automaton.num_states == automaton.accepting.numel()
    source, target = automaton.edge_source.tolist(), automaton.edge_target.tolist()
    assert list(zip(source, target, strict=True)) == sorted(set(zip(source, target, strict=True)))
    ptr, classes = automaton.label_ptr.tolist(), automaton.label_class.tolist()
    labels = [tuple(classes[ptr[i] : ptr[i + 1]]) for i in range(automaton.num_labels)]
    assert len(set(labels)) == len(labels)
    assert set(automaton.edge_label.tolist()) == set(range(len(labels)))
    assert all(label and label == tuple(sorted(set(label))) and 0 not in label for label in labels)
    patterns = [frozenset(i for i, x in enumerate(labels) if c in x) for c in range(automaton.num_classes)]
    assert len(set(patterns)) == len(patterns)  # classes are as coarse as can be
    assert patterns[0] == frozenset()
    sizes = torch.bincount(automaton.token_class.long(), minlength=automaton.num_classes)
    assert sizes[1:].min() > 0 if len(sizes) > 1 else True
    assert torch.equal(torch.diff(automaton.class_ptr).long(), sizes)
    order = torch.argsort(automaton.token_class.long(), stable=True)
    assert torch.equal(automaton.class_tokens.long(), order)
    barred = [v for v in range(vocabulary.size) if not vocabulary.is_text[v]]
    silent = set(barred) - set(vocabulary.stop_ids) - set(vocabulary.pad_ids)
    assert all(int(automaton.token_class[v]) == 0 for v in silent)


@pytest.mark.parametrize("seed", range(12))
def test_support_is_what_some_completion_uses(seed: int) -> None:
    """The token mask on canvases with fixed positions anywhere, against all members of that length."""
    rng = random.Random(7000 + seed)
    for _ in range(6):
        judged, vocabulary = chance.random_language(rng), chance.random_vocabulary(rng)
        automaton = compiled(judged, vocabulary)
        if automaton is None:
            continue
        members = [ids for ids in chance.accepted(automaton, LONGEST) if len(ids) == LONGEST]
        base = rng.choice(members) if members else (0,) * LONGEST
        fixed = torch.tensor([t if rng.random() < 0.3 else -1 for t in base])
        if rng.random() < 0.2:
            fixed[rng.randrange(LONGEST)] = rng.randrange(vocabulary.size)
        agreeing = [m for m in members if all(f in (-1, t) for f, t in zip(fixed.tolist(), m, strict=True))]
        expected = torch.zeros(LONGEST, vocabulary.size, dtype=torch.bool)
        for ids in agreeing:
            expected[range(LONGEST), list(ids)] = True
        factors = torch.randn(LONGEST, vocabulary.size)
        for backend in ("torch", "numba"):
            posterior = posterior_of(automaton, factors, fixed, backend)
            assert bool(posterior.feasible) == bool(agreeing)
            assert torch.equal(posterior.support(), expected), judged.name


def posterior_of(automaton: TokenAutomaton, factors: torch.Tensor, fixed: torch.Tensor, backend: str):  # type: ignore[no-untyped-def]
    from controlgen.constraints import posterior

    return posterior(automaton, factors, fixed, backend=backend)


# -- an engine for left-to-right models on the same vocabulary -------------------------------------------

# Differences that are meant:
# 1. Ours knows the length: a token is out if what it starts can't end in time. The canvases here have room.
# 2. Ours looks as far as tokens reach: a token is out if no sequence of tokens completes it. In a vocabulary
#    with all single bytes there is always one.
# 3. The engine's patterns are those of Rust's regex crate: where syntax or classes differ from Python's
#    (`\Z`, `(?a:`, `\s` on U+001C..U+001F, `\w` by the version of Unicode), the languages differ. The
#    patterns here mean the same in both.
# 4. After the end ours allows every stop or pad token, the engine its one end token.
# 5. The engine leaves out a token that could go on if the text less its last byte is a member and the text
#    is not: after "maybe" in `maybe(?:, no)?` it allows the end, but not the comma. Its automaton reports a
#    match one byte late and takes such a state for a failed match. Ours must have just these more.
PATTERNS = [
    r"[a-z]+@[a-z]+\.(?:com|org)",
    r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
    r'\{"name": ?"[^"\\\x00-\x1f]{0,12}", ?"total": ?-?(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,2})?\}',
    r"(?:yes|no|maybe)(?:, (?:yes|no|maybe)){0,3}",
    r"[^a]{1,5}é?",
    r"(?:日本|中文|é|ü){2,4}",
    r".{0,6}x",
    r"[A-Za-zé_]{3}[ \t][^0-9]",
    r"",
    r"a*",
]


def late_matches(pattern: str, vocabulary: Vocabulary, prefix: list[int], tokens: set[int]) -> set[int]:
    """Difference 5."""

    def is_member(text: bytes) -> bool:
        try:
            return re.fullmatch(pattern, text.decode()) is not None
        except UnicodeDecodeError:
            return False

    texts = {t: vocabulary.decode([*prefix, t]) for t in tokens if vocabulary.is_text[t]}
    return {t for t, text in texts.items() if is_member(text[:-1]) and not is_member(text)}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_masks_equal_those_of_a_left_to_right_engine(pattern: str) -> None:
    tokenizer = small.byte_level(size=600)
    end = tokenizer.token_to_id("<|end|>")
    vocabulary = Vocabulary.from_tokenizer(tokenizer, stop_ids=[end], cache_dir=False)
    spelled: dict[bytes | str, list[int]] = {}
    for token in range(vocabulary.size):
        if vocabulary.is_text[token]:
            spelled.setdefault(vocabulary.token(token), []).append(token)
    index = Index(pattern, OutlinesVocabulary(end, spelled))
    automaton = Regex(pattern).compile(vocabulary)
    rng = random.Random(pattern)
    length = 48
    for _ in range(6):
        guide = Guide(index)
        prefix: list[int] = []
        while True:
            allowed = set(guide.get_tokens())
            fixed = torch.tensor(prefix + [-1] * (length - len(prefix)))
            mask = automaton.posterior(torch.zeros(length, vocabulary.size), fixed).support()[len(prefix)]
            ours = set(torch.nonzero(mask).flatten().tolist())
            assert allowed <= ours, vocabulary.decode(prefix)
            assert ours - allowed == late_matches(pattern, vocabulary, prefix, ours), vocabulary.decode(
                prefix
            )
            token = rng.choice(sorted(allowed))
            if token == end or len(prefix) > 12:
                break
            guide.advance(token)
            prefix.append(token)


# -- on disk and between threads -------------------------------------------------------------------------


def test_saved_automata_accept_the_same(tmp_path: Path) -> None:
    for seed in range(10):
        rng = random.Random(9000 + seed)
        judged, vocabulary = chance.random_language(rng), chance.random_vocabulary(rng)
        automaton = compiled(judged, vocabulary)
        if automaton is None:
            continue
        file = tmp_path / f"{seed}.safetensors"
        automaton.save(file)
        for loaded in (TokenAutomaton.load(file), TokenAutomaton.load(file, vocabulary)):
            assert chance.accepted(loaded, 3) == chance.accepted(automaton, 3)
            assert (loaded.min_tokens, loaded.fingerprint) == (automaton.min_tokens, automaton.fingerprint)


def test_damaged_files_are_refused_or_harmless(tmp_path: Path) -> None:
    """Any flipped bit: an error that is ours, or an automaton whose tables still hold together."""
    vocabulary = Vocabulary.from_bytes([b"a", b"b", b"ab", None], stop_ids=[3])
    Regex("(?:ab|b){2,4}").compile(vocabulary).save(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        (tmp_path / "bad").write_bytes(bytes(damaged))
        try:
            loaded = TokenAutomaton.load(tmp_path / "bad", vocabulary)
        except ConstraintError:
            continue
        loaded.validate()
        loaded.accepts([2, 2, 3])
    for cut in (0, 5, 100, len(whole) - 1):
        (tmp_path / "bad").write_bytes(whole[:cut])
        with pytest.raises(ConstraintError):
            TokenAutomaton.load(tmp_path / "bad", vocabulary)


def test_threads_share_one_automaton() -> None:
    tokenizer = small.byte_level()
    vocabulary = Vocabulary.from_tokenizer(tokenizer, stop_ids=[0], cache_dir=False)
    automaton = Regex(r'\{"n": \d{1,4}, "s": "[a-z]{0,9}"\}').compile(vocabulary)
    generator = torch.Generator().manual_seed(0)
    factors = [torch.randn(40, vocabulary.size, generator=generator) for _ in range(8)]
    alone = [automaton.posterior(f).mode() for f in factors]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda f: automaton.posterior(f).mode(), factors * 4))
    assert all(torch.equal(t, alone[i % 8]) for i, t in enumerate(together))
    assert all(automaton.accepts(m) for m in alone)
