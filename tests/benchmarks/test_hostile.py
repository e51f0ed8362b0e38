"""A small run of the hostile-logits benchmark, and proof that its judge can find fault."""

from __future__ import annotations

import pytest

from benchmarks import hostile
from benchmarks._schemas import SCHEMAS

TOKENIZER, VOCABULARY = hostile.read_vocabulary(None)


def test_every_witness_is_valid_whatever_the_logits() -> None:
    generations = 0
    for place, subject in enumerate(hostile.subjects(TOKENIZER, VOCABULARY)):
        count = hostile.attack(subject, 12, place, longest=24)
        assert not count.faults, subject.name
        assert count.witnesses >= count.generations
        generations += count.generations
    assert generations == 12 * len(SCHEMAS) >= 12 * 25


def test_all_combinations_come_before_any_again() -> None:
    import random

    chosen = list(hostile.plans(40, random.Random(0)))
    assert len({plan for plan, _ in chosen}) == 36
    assert sum(rows for _, rows in chosen) == 40
    assert len(list(hostile.plans(5, random.Random(0)))) == 5


@pytest.mark.parametrize(
    ("text", "tail", "fault"),
    [
        ('{"a": 1, "b": true}', [0, 1, 1], None),
        ('{"a": 1, "b": true}', [], None),
        ('{"a": 0, "b": true}', [0], "not valid"),
        ('{"a": 1, "b": true', [0], "not JSON"),
        ('{"b": true, "b": true}', [0], "not JSON"),
        ('{"b": true}', [0, 1, 50], "text after the end"),
        ('{"b": true}', [1, 0], "padding before the end"),
        ('{"b": NaN}', [0], "not JSON"),
        ("", [0], "not JSON"),
    ],
)
def test_judge_finds_fault(text: str, tail: list[int], fault: str | None) -> None:
    schema = next(schema for name, schema, _ in SCHEMAS if name == "required and optional")
    canvas = [*TOKENIZER.encode(text).ids, *tail]
    assert hostile.judge(schema, TOKENIZER, VOCABULARY)(canvas) == fault
