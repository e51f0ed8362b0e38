"""Verified constraints: a row that ends before its last step still spends its budget; and streams tell."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controlgen.constraints import Language, Regex
from controlgen.errors import VerificationError
from controlgen.samplers import Ancestral, LowConfidence, Threshold, TokenEditing
from tests.controlgen import tiny

DIFFERENT = Language(Regex("[abcd]{4}").term, verify=lambda text: len(set(text)) == 4)
NEVER = Language(Regex("[a-z]{4}").term, verify=lambda text: False)


@pytest.mark.parametrize(
    "sampler", [LowConfidence(), LowConfidence(threshold=0.2), Ancestral(), TokenEditing(0.3, 0.2), Threshold(0.1)]
)
def test_the_last_search_takes_place_whenever_a_row_ends(sampler: Any) -> None:
    for seed in range(4):
        result = tiny.model().generate(
            "x", DIFFERENT, max_new_tokens=8, steps=4, seed=seed, candidates=500, sampler=sampler
        )
        assert sorted(result.text) == ["a", "b", "c", "d"]


def test_streams_raise_what_generate_raises() -> None:
    model = tiny.model()
    with pytest.raises(VerificationError):
        list(model.stream("x", NEVER, max_new_tokens=8, steps=2, candidates=4))

    async def read() -> None:
        async for _ in model.astream("x", NEVER, max_new_tokens=8, steps=2, candidates=4):
            pass

    with pytest.raises(VerificationError):
        asyncio.run(read())
