"""The worked grammars under hostile logits: every witness is a member to the judge of its language."""

from __future__ import annotations

import random
from functools import cache

import pytest
import torch
from lark import Lark
from lark.exceptions import UnexpectedInput
from torch import Tensor

from benchmarks._grammar_draws import ADVERSARIES, hostile_logits
from controlgen.constraints import Language, TokenAutomaton, Vocabulary
from examples.grammars import judges
from examples.grammars.run import holes
from examples.grammars.smiles import grammar_text
from examples.grammars.worked import FOLDER, WORKED
from tests.constraints import _small_tokenizers as small

LENGTH = 64
HOLES = holes()


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary.from_tokenizer(small.byte_level(), stop_ids=[0], pad_ids=[1], cache_dir=False)


@cache
def automaton(name: str) -> TokenAutomaton:
    language: Language = HOLES[name][1] if name in HOLES else WORKED[name].language
    return language.compile(vocabulary(), max_depth=3)


def fault_of(name: str, text: str) -> str | None:
    """What the judge says; the test is skipped where the judge's library is missing."""
    try:
        return WORKED[HOLES[name][0] if name in HOLES else name].fault_of(text)
    except ImportError as error:
        pytest.skip(f"{error.name} is not installed")


def check(name: str, witness: Tensor) -> str:
    text = automaton(name).text(witness)
    assert fault_of(name, text) is None, (name, text)
    assert automaton(name).accepts(witness)
    return text


@pytest.mark.parametrize("adversary", ADVERSARIES)
@pytest.mark.parametrize("name", [*WORKED, *HOLES])
def test_members_whatever_the_logits(name: str, adversary: str) -> None:
    generator = torch.Generator().manual_seed(7)
    for scale in (3.0, 30.0):
        logits = hostile_logits(automaton(name), LENGTH, adversary, scale, generator)
        posterior = automaton(name).posterior(logits)
        check(name, posterior.mode())
        for _ in range(2):
            check(name, posterior.sample(generator))


@pytest.mark.parametrize("name", [*WORKED, *HOLES])
def test_any_order_of_commits_ends_in_a_member(name: str) -> None:
    generator, chance = torch.Generator().manual_seed(3), random.Random(3)
    fixed = torch.full((LENGTH,), -1)
    while bool((fixed < 0).any()):
        logits = hostile_logits(automaton(name), LENGTH, "structure", 10.0, generator)
        witness = automaton(name).posterior(logits, fixed).sample(generator)
        check(name, witness)
        open_ = torch.nonzero(fixed < 0).flatten().tolist()
        chosen = chance.sample(open_, min(len(open_), chance.randint(1, LENGTH // 4)))
        fixed[chosen] = witness[chosen]
    check(name, fixed)


@pytest.mark.parametrize("name", WORKED)
def test_earley_over_the_same_grammar(name: str) -> None:
    """Members are members to lark's Earley parser, and texts with a letter changed are judged alike."""
    worked = WORKED[name]
    parser = Lark(worked.text, parser="earley", lexer="dynamic_complete", start=worked.start)
    generator, chance = torch.Generator().manual_seed(11), random.Random(11)
    logits = hostile_logits(automaton(name), automaton(name).min_tokens + 8, "structure", 10.0, generator)
    for _ in range(3):
        text = automaton(name).text(automaton(name).posterior(logits).sample(generator))
        place = chance.randrange(len(text) + 1)
        changed = text[:place] + chance.choice("(){}[]\"',. 01ax=\n") + text[place + chance.randint(0, 1) :]
        assert parses(parser, text), text
        assert worked.language.matches(text)
        assert worked.language.matches(changed) == parses(parser, changed), changed


def parses(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "text", "member"),
    [
        ("arithmetic", "2*(3+-4)-0.5", True),
        ("arithmetic", "2*(3+", False),
        ("json", '{"a": [1, {"b": null}]}', True),
        ("json", "[01]", False),
        ("sql", "SELECT DISTINCT u.city, COUNT(*) FROM users AS u GROUP BY u.city HAVING COUNT(*) > 2 LIMIT 5", True),
        ("sql", "SELECT u.name FROM users AS u WHERE u.id IN (SELECT o.user_id FROM orders AS o)", True),
        ("sql", "SELECT o.total FROM users AS u", False),
        ("sql", "SELECT u.name FROM users AS u WHERE COUNT(*) > 2", False),
        ("graphql", "query Q($n: Int = 3){user(id: $n){name ...F ... on Admin @skip(if: true){rights}}}", True),
        ("graphql", "{a {b}", False),
        ("smiles", "CC(C)C1CC2CCC1CC2", True),
        ("smiles", "C1CC", False),
        ("smiles", "C1C1", False),
        ("smiles", "C12CCC12", False),
        ("python_expr", "f(x)[0].y if b else [-a**2, not_, ('x',)]", True),
        ("python_expr", "a.if + 1", False),
        ("python_expr", "01 + 1", False),
        ("python_function", "def f(x):\n    if x > 1:\n        return x\n    y = f(x)\n", True),
        ("ini", "[server]\ntls = on\nport = 80\n[logging]\nlevel = INFO\n", True),
        ("ini", "[server]\nport = 80\nport = 80\n", False),
    ],
)
def test_texts(name: str, text: str, member: bool) -> None:
    assert WORKED[name].language.matches(text) == member
    assert (fault_of(name, text) is None) == member


def test_smiles_lark_is_what_smiles_writes() -> None:
    assert (FOLDER / "smiles.lark").read_text(encoding="utf-8") == grammar_text()


def test_a_judge_refuses_repeated_options() -> None:
    assert judges.ini("[a]\nb = 1\nb = 2\n") is not None
