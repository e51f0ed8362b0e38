"""The endless stream of examples. Knows the mixture and the length limits; makers know the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from data import abstract, domain, records
from data.example import Example

ABSTRACT, ENTITY, RECORD = 0.42, 0.16, 0.16  # free names, everyday records, unlabelled lines; the rest is running text
MAX_TEXT = 900  # characters; longer documents seldom fit the prompt
MAX_RECORD = 440  # characters of the compact record


def fits(example: Example) -> bool:
    """Whether prompt and record are likely to fit the model."""
    return len(example.text) <= MAX_TEXT and len(str(example.record)) <= MAX_RECORD and len(str(example.schema)) < 1600


def _drawer(rng: Random, split: str) -> Callable[[], Example | None]:
    """Draws an example of one of the four makers."""
    layouts, layout_weights = abstract.layouts_of(split)
    templates, template_weights = domain.templates_of(split)
    kinds, kind_weights = records.kinds_of(split)

    def draw() -> Example | None:
        chance = rng.random()
        if chance < ABSTRACT:
            return abstract.make(rng, split, layouts, layout_weights)
        if chance < ABSTRACT + ENTITY:
            return domain.from_entity(rng, split, rng.choices(layouts, layout_weights)[0])
        if chance < ABSTRACT + ENTITY + RECORD:
            return records.make(rng, split, rng.choices(kinds, kind_weights)[0])
        return domain.from_template(rng, split, rng.choices(templates, template_weights)[0])

    return draw


def examples(seed: int, split: str = "train") -> Iterator[Example]:
    """Examples without end, the same for the same seed; `split` is "train" or "test"."""
    if split not in ("train", "test"):
        raise ValueError(f'split must be "train" or "test", not {split!r}')
    draw = _drawer(Random(f"{split}:{seed}"), split)
    while True:
        example = draw()
        if example is not None and fits(example):
            yield example
