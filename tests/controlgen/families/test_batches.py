"""Rows with different prompts, constraints and lengths in one batch give what each gives alone."""

from __future__ import annotations

import re

import pytest
import torch

from controlgen import Model
from controlgen._result import Result
from controlgen.constraints import Regex
from tests.controlgen.families.zoo_models import CALM, ENDLESS

PROMPTS = ["Ada", "Grace Hopper, 85, wrote a compiler.", "x" * 45, "the engine; " * 3]
PATTERNS = [r"[a-z ]{4,64}", r'\{"n":[0-9]{1,6}(,[0-9]{1,6}){0,30}\}', r"([A-Z][a-z]+ ?)+", None]
LENGTHS = [32, 48, 48, 16]


def both(model: Model, **options: object) -> tuple[list[Result], list[Result]]:
    """The rows of a batch, and each alone."""
    types = [None if pattern is None else Regex(pattern) for pattern in PATTERNS]
    options = {"steps": 6, "seed": [3, 4, 5, 6], **options}
    batch = model.generate(PROMPTS, types, max_new_tokens=LENGTHS, **options)
    alone = [
        model.generate(prompt, kind, max_new_tokens=length, **{**options, "seed": 3 + row})
        for row, (prompt, kind, length) in enumerate(zip(PROMPTS, types, LENGTHS, strict=True))
    ]
    return batch, alone


@pytest.mark.parametrize("name", CALM)
@pytest.mark.parametrize("temperature", [None, 0.7])
@pytest.mark.parametrize("jump", [False, True])
def test_rows_do_not_depend_on_their_neighbours(name: str, temperature: float | None, jump: bool) -> None:
    model = CALM[name]()
    batch, alone = both(model, temperature=temperature, jump=jump)
    for together, single, pattern in zip(batch, alone, PATTERNS, strict=True):
        assert together.tokens.tolist() == single.tokens.tolist()
        assert together.forward_passes == single.forward_passes
        assert torch.allclose(together.confidences, single.confidences, atol=1e-2)
        if pattern is not None:
            assert re.fullmatch(pattern, together.text)
            assert name not in ENDLESS or together.text_tokens == len(together.tokens)
