"""The endless stream of examples. Knows the mixture and the length limits; makers know the rest."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from data import abstract
from data.example import Example

MAX_TEXT = 900  # characters; longer documents seldom fit the prompt


def examples(seed: int, split: str = "train") -> Iterator[Example]:
    """Examples without end, the same for the same seed; `split` is "train" or "test"."""
    if split not in ("train", "test"):
        raise ValueError(f'split must be "train" or "test", not {split!r}')
    rng = Random(f"{split}:{seed}")
    layouts = abstract.layouts_of(split)
    while True:
        example = abstract.make(rng, split, *layouts)
        if len(example.text) <= MAX_TEXT:
            yield example
