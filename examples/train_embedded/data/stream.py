"""The endless stream of examples. Knows the mixture and the length limits; makers know the rest."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from data import abstract
from data.example import Example

MAX_TEXT = 900  # characters; longer documents seldom fit the prompt
MAX_RECORD = 440  # characters of the compact record


def fits(example: Example) -> bool:
    """Whether prompt and record are likely to fit the model."""
    return len(example.text) <= MAX_TEXT and len(str(example.record)) <= MAX_RECORD and len(str(example.schema)) < 1600


def examples(seed: int, split: str = "train") -> Iterator[Example]:
    """Examples without end, the same for the same seed; `split` is "train" or "test"."""
    if split not in ("train", "test"):
        raise ValueError(f'split must be "train" or "test", not {split!r}')
    rng = Random(f"{split}:{seed}")
    layouts = abstract.layouts_of(split)
    while True:
        example = abstract.make(rng, split, *layouts)
        if fits(example):
            yield example
