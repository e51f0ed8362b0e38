"""The smallest conflict, against all subsets of the parts by brute force on small canvases."""

from __future__ import annotations

import itertools
import random

import pytest
import torch

from controlgen.constraints import Contains, Grammar, InfeasibleConstraint, Length, Regex, Text, Vocabulary, diagnose
from controlgen.constraints._language import Language
from tests.constraints._languages_by_chance import Judged, member, random_language, random_vocabulary


def fits(parts: tuple[Judged, ...], vocabulary, length: int, fixed: dict[int, int]) -> bool:
    choices = [[fixed[i]] if i in fixed else range(vocabulary.size) for i in range(length)]
    return any(all(member(part, vocabulary, ids) for part in parts) for ids in itertools.product(*choices))


@pytest.mark.parametrize("seed", range(60))
def test_conflicts_are_smallest(seed: int) -> None:
    rng = random.Random(seed)
    vocabulary = random_vocabulary(rng, 3)
    parts = tuple(random_language(rng, 1) for _ in range(rng.randint(1, 3)))
    length = rng.randint(1, 3)
    fixed = torch.tensor([rng.randrange(vocabulary.size) if rng.random() < 0.5 else -1 for _ in range(length)])
    taken = {i: int(token) for i, token in enumerate(fixed) if token >= 0}
    whole = parts[0].language
    for part in parts[1:]:
        whole = whole & part.language
    conflict = diagnose(whole, vocabulary, length=length, fixed=fixed)
    if conflict is None:
        assert fits(parts, vocabulary, length, taken)
        return
    assert not fits(parts, vocabulary, length, taken)
    pinned = dict(conflict.fixed)
    by_name = {repr(piece): part for part in parts for piece in part.language.parts}
    named = tuple(dict.fromkeys(by_name[name] for name in conflict.languages))
    if conflict.canvas is not None:
        assert not fits(named, vocabulary, length, pinned)
        for place in pinned:
            assert fits(named, vocabulary, length, {i: t for i, t in pinned.items() if i != place})


def test_compiling_names_the_languages_that_conflict() -> None:
    vocabulary = Vocabulary.from_bytes([bytes([letter]) for letter in range(97, 123)] + [None], stop_ids=[26])
    language: Language = Regex("[a-z]+") & Length("chars", 3, 9) & Contains("x") & ~Contains("x") & Text()
    with pytest.raises(InfeasibleConstraint, match=r"these conflict: Contains\('x'\) and ~Contains\('x'\)") as caught:
        language.compile(vocabulary)
    assert caught.value.conflict is not None
    assert caught.value.conflict.languages == ("Contains('x')", "~Contains('x')")


def test_grammar_length_and_fixed_tokens() -> None:
    vocabulary = Vocabulary.from_bytes([b"(", b")", b"a", b"aa", None], stop_ids=[4])
    language = Grammar('start: "(" start ")" | "a"+') & Length("chars", 5)
    assert diagnose(language, vocabulary, length=6) is None
    short = diagnose(language, vocabulary, length=2)
    assert short is not None
    assert (short.canvas, short.min_tokens) == (2, 3)
    assert short.languages == (repr(language.parts[1]),)
    fixed = torch.tensor([0, -1, -1, 2, -1, 3])
    pinned = diagnose(language, vocabulary, length=6, fixed=fixed)
    assert pinned is not None
    assert set(pinned.fixed) == {(0, 0), (5, 3)}
    assert "'aa' at position 5" in str(pinned)
