"""Token automata against brute force: decode the canvas, ask `re`, apply the stop and pad rules."""

from __future__ import annotations

import itertools
import random
import re
import threading
from pathlib import Path

import pytest
import torch

from controlgen.constraints import (
    Choice,
    ConstraintError,
    InfeasibleConstraint,
    Language,
    Regex,
    TokenAutomaton,
    Vocabulary,
)
from controlgen.constraints import _terms as T
from controlgen.constraints._vocabulary_data import VocabularyData, pack_bytes


def random_pattern(rng: random.Random, depth: int) -> str:
    kind = rng.randint(0, 5) if depth else 0
    if kind == 0:
        return rng.choice(["a", "b", "é", "[ab]", ".", "[^a]"])
    inner = random_pattern(rng, depth - 1)
    return [
        "", inner + random_pattern(rng, depth - 1), f"(?:{inner}|{random_pattern(rng, depth - 1)})",
        f"(?:{inner})*", f"(?:{inner})?", f"(?:{inner}){{1,2}}",
    ][kind]  # fmt: skip


def random_tokens(rng: random.Random) -> list[bytes]:
    """Byte strings that may hold half characters, or the same bytes twice."""
    tokens = []
    for _ in range(rng.randint(2, 5)):
        whole = "".join(rng.choice("abé") for _ in range(rng.randint(1, 3))).encode()
        start = rng.randint(0, len(whole) - 1)
        tokens.append(whole[start : rng.randint(start + 1, len(whole))])
    return tokens


def is_member(pattern: str, tokens: list[bytes], stop: list[int], pad: list[int], ids: tuple[int, ...]) -> bool:
    length = next((i for i, token in enumerate(ids) if token >= len(tokens)), len(ids))
    rest = ids[length:]
    if rest and (rest[0] not in stop or any(token not in stop + pad for token in rest)):
        return False
    try:
        text = b"".join(tokens[i] for i in ids[:length]).decode()
    except UnicodeDecodeError:
        return False
    return bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize("seed", range(60))
def test_membership_equals_brute_force(seed: int) -> None:
    rng = random.Random(seed)
    tokens, pattern = random_tokens(rng), random_pattern(rng, 3)
    n = len(tokens)
    stop, pad = [n] * rng.randint(0, 1) + [n + 1] * rng.randint(0, 1), [n + 1] * rng.randint(0, 1)
    vocabulary = Vocabulary.from_bytes([*tokens, None, None, None], stop_ids=stop, pad_ids=pad)
    canvases = [ids for length in range(5) for ids in itertools.product(range(n + 3), repeat=length)]
    members = {ids for ids in canvases if is_member(pattern, tokens, stop, pad, ids)}
    try:
        automaton = Regex(pattern).compile(vocabulary)
    except InfeasibleConstraint:
        assert not members
        return
    automaton.validate()
    assert {ids for ids in canvases if automaton.accepts(ids)} == members
    if members:
        assert automaton.min_tokens == min(map(len, members))
    check_classes(automaton)


def check_classes(automaton: TokenAutomaton) -> None:
    """Classes are the coarsest: two tokens share one exactly when they are in the same labels."""
    ptr, members = automaton.label_ptr.tolist(), automaton.label_class.tolist()
    labels = [set(members[ptr[i] : ptr[i + 1]]) for i in range(automaton.num_labels)]
    patterns = [frozenset(i for i, label in enumerate(labels) if c in label) for c in range(automaton.num_classes)]
    assert len(set(patterns)) == len(patterns)
    assert len({frozenset(label) for label in labels}) == len(labels)


def test_padded_columns_and_specials_are_barred() -> None:
    vocabulary = Vocabulary.from_bytes([b"a", None, b"b"], stop_ids=[1], size=8)
    automaton = Regex("[ab]*").compile(vocabulary)
    assert automaton.accepts([0, 2, 1, 1])
    assert not automaton.accepts([0, 5])
    assert not automaton.accepts([0, 8])
    assert not automaton.accepts([0, -1])
    assert automaton.text([0, 2, 1]) == "ab"


def test_a_leading_space_that_the_vocabulary_drops() -> None:
    dropping = Vocabulary(VocabularyData(*pack_bytes([b" a", b"a", b" ", b"  a"], 4), drops_leading_space=True))
    for pattern in ("a+", " a", "( a)*", " *a?"):
        automaton = Regex(pattern).compile(dropping)
        for length in range(4):
            for ids in itertools.product(range(4), repeat=length):
                text = dropping.decode(ids).decode()
                assert automaton.accepts(ids) == bool(re.fullmatch(pattern, text)), (pattern, ids)


def test_save_and_load(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_bytes([b"a", b"b", None], stop_ids=[2])
    automaton = Regex("(ab)+").compile(vocabulary)
    automaton.save(tmp_path / "a.safetensors")
    loaded = TokenAutomaton.load(tmp_path / "a.safetensors", vocabulary)
    assert loaded.accepts([0, 1, 2])
    assert not loaded.accepts([0, 2])
    assert torch.equal(loaded.label_class, automaton.label_class)
    with pytest.raises(ConstraintError, match="another vocabulary"):
        TokenAutomaton.load(tmp_path / "a.safetensors", Vocabulary.from_bytes([b"a", b"c", None], stop_ids=[2]))
    whole = (tmp_path / "a.safetensors").read_bytes()
    for damaged in (whole[: len(whole) // 2], b"nonsense", whole.replace(b'"version"', b'"Version"')):
        (tmp_path / "bad.safetensors").write_bytes(damaged)
        with pytest.raises(ConstraintError):
            TokenAutomaton.load(tmp_path / "bad.safetensors", vocabulary)


def test_verified_languages_check_whole_canvases(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_bytes([b"a", b"b", None], stop_ids=[2])
    palindrome = Language(T.any_text(), verify=lambda text: text == text[::-1])
    automaton = palindrome.compile(vocabulary)
    assert automaton.exactness == "verified"
    assert automaton.accepts([0, 1, 0, 2])
    assert not automaton.accepts([0, 1, 2])
    automaton.save(tmp_path / "v.safetensors")
    with pytest.raises(ConstraintError, match="verifier"):
        TokenAutomaton.load(tmp_path / "v.safetensors", vocabulary).accepts([0, 2])
    assert TokenAutomaton.load(tmp_path / "v.safetensors", vocabulary, verify=lambda text: True).accepts([0, 1, 2])


def test_compiling_in_threads_gives_one_result() -> None:
    vocabulary = Vocabulary.from_bytes([bytes([c]) for c in range(97, 123)] + [b"abc", b"bc", None], stop_ids=[28])
    reference = Regex("[a-c]{3,30}d?").compile(vocabulary)
    results: list[TokenAutomaton] = []
    work = [
        threading.Thread(target=lambda: results.append(Regex("[a-c]{3,30}d?").compile(vocabulary))) for _ in range(8)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert len(results) == 8
    for result in results:
        assert torch.equal(result.edge_label, reference.edge_label)
        assert torch.equal(result.token_class, reference.token_class)


def test_min_tokens_counts_tokens_not_bytes() -> None:
    vocabulary = Vocabulary.from_bytes([b"invoice", b"in", b"voice", b"s"])
    assert Choice("invoices").compile(vocabulary).min_tokens == 2
