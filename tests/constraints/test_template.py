"""Templates and infilling against enumeration, with Python's `re` on the whole text as the judge."""

from __future__ import annotations

import random
import re

import pytest
import torch
from pydantic import BaseModel

from controlgen.constraints import ConstraintError, InfeasibleConstraint, JsonSchema, Regex, Text, Vocabulary
from controlgen.constraints._template import Infill, Template
from controlgen.constraints.grammar import Grammar
from tests.constraints._languages_by_chance import random_pattern, random_vocabulary
from tests.constraints._weighted_canvases import check_queries, compiled, enumerated, of_text, random_factors

NESTED = 'start: "(" start* ")" | "[" start* "]" | "a"'


def random_template(rng: random.Random) -> tuple[str, dict[str, Regex], str]:
    """The text of a template, its holes, and the whole as one pattern with a group for every hole."""
    text, pattern, holes = "", "", {}
    for number in range(rng.randint(1, 3)):
        fixed = "".join(rng.choice("ab1 é") for _ in range(rng.randint(0, 2)))
        inner = random_pattern(rng, 2)
        holes[f"h{number}"] = Regex(inner)
        text += fixed + f"{{h{number}}}"
        pattern += re.escape(fixed) + f"({inner})"
    return text, holes, pattern


@pytest.mark.parametrize("seed", range(60))
def test_every_query_of_a_template_is_that_of_its_texts(seed: int) -> None:
    rng = random.Random(seed)
    text, holes, pattern = random_template(rng)
    judge = re.compile(pattern)
    template = Template(text, **holes)
    vocabulary = random_vocabulary(rng, 3)
    logits, fixed = random_factors(rng, rng.randint(1, 4), vocabulary.size)
    truth = enumerated(
        vocabulary, of_text(lambda text: judge.fullmatch(text) is not None, lambda _: 0.0), logits, fixed
    )
    try:
        automaton = compiled(template, vocabulary)
    except InfeasibleConstraint:
        assert not len(truth.members)
        return
    check_queries(automaton, truth, logits, fixed)
    for ids in truth.members[:20]:
        whole = automaton.text(ids.tolist())
        pieces = [piece for found in template.split(whole).values() for piece in found]
        assert all(holes[name].matches(piece) for name, piece in zip(holes, pieces, strict=True))


def test_values_are_typed() -> None:
    class Order(BaseModel):
        id: int

    template = Template("Dear {name}, {{your}} order {order}!", name=Regex("[A-Z][a-z ]+"), order=Order)
    text = 'Dear Ada, {your} order {"id": 7}!'
    assert template.matches(text)
    assert template.parse(text) == {"name": "Ada", "order": Order(id=7)}
    assert not template.matches(text[:-1])
    with pytest.raises(ValueError, match="not a member"):
        template.parse("Dear")


def test_a_name_that_stands_twice_has_two_values_and_holes_on_the_left_are_long() -> None:
    template = Template("{x}-{x}", x=Text())
    assert template.parse("a-b") == {"x": ["a", "b"]}
    assert template.parse("a-b-c") == {"x": ["a-b", "c"]}


def test_verified_holes_are_checked_where_they_stand() -> None:
    free = JsonSchema({"type": "array", "items": {"type": "string"}, "uniqueItems": True})
    template = Template("A {left} B {right} C", left=free, right=free)
    assert template.exactness == "verified"
    assert template.matches('A ["a"] B ["a", "b"] C')
    assert not template.matches('A ["a"] B ["a", "a"] C')


@pytest.mark.parametrize(
    ("text", "holes", "message"),
    [
        ("{a} {b}", {"a": Text()}, "hole {b} has no language"),
        ("{a}", {"a": Text(), "b": Text()}, "no hole in the text is called b"),
        ("{a", {"a": Text()}, "written twice"),
        ("{a!r}", {"a": Text()}, "hole {a} has no language"),
        ("{}", {}, "has no language"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(text: str, holes: dict[str, Text], message: str) -> None:
    with pytest.raises(ConstraintError, match=re.escape(message)):
        Template(text, **holes)


@pytest.mark.parametrize("make", ["template", "infill"])
def test_tokens_stand_across_borders_unless_they_are_aligned(make: str) -> None:
    vocabulary = Vocabulary.from_bytes([b"a", b"b", b"ab", b"ba", None], stop_ids=[4])

    def language(align: bool):
        hole = Regex("b*")
        if make == "template":
            return Template("a{x}a", align=align, x=hole)
        return Infill(Regex("ab*a"), "a", "a", gap=hole, align=align)

    across, aligned = (language(align).compile(vocabulary) for align in (False, True))
    assert language(True).matches("abba")
    for ids in ([0, 1, 0, 4], [2, 0, 4], [0, 3, 4], [0, 0, 4]):
        assert across.accepts(ids)
        assert aligned.accepts(ids) == (2 not in ids and 3 not in ids)


@pytest.mark.parametrize("seed", range(40))
def test_gaps_are_filled_so_that_the_whole_is_a_member(seed: int) -> None:
    rng = random.Random(seed)
    grammar = Grammar(NESTED)
    vocabulary = Vocabulary.from_bytes(
        [b"(", b")", b"[", b"]", b"a", b"(a)", b"[(", b")]", b"a]", b"((", b"))", None], stop_ids=[11]
    )
    whole = grammar.compile(vocabulary, max_depth=8)
    generator = torch.Generator().manual_seed(seed)
    length = rng.randint(8, 24)
    ids = whole.posterior(torch.randn(length, 12, dtype=torch.float64, generator=generator)).sample(generator)
    text = whole.text(ids)
    cuts = sorted(rng.sample(range(len(text) + 1), min(2 * rng.randint(1, 2), len(text) + 1) // 2 * 2))
    pieces = [text[a:b] for a, b in zip([0, *cuts[1::2]], [*cuts[::2], len(text)], strict=True)]
    infill = Infill(grammar, *pieces)
    automaton = infill.compile(vocabulary, max_depth=8)
    assert automaton.accepts(ids)
    hostile = automaton.posterior(5 * torch.randn(length, 12, dtype=torch.float64, generator=generator))
    assert bool(hostile.support()[torch.arange(length), ids].all())
    filled = automaton.text(hostile.sample(generator))
    assert grammar.matches(filled)
    assert infill.gaps(filled) is not None
    assert filled.startswith(pieces[0])
    assert filled.endswith(pieces[-1])


def test_an_infill_needs_two_texts() -> None:
    with pytest.raises(ConstraintError, match="needs the text before"):
        Infill(Text(), "a")
