"""Records with their kind, to train a classifier on: what the document that a record was read from is about.

The records are those of the embedded model's own training data (`examples/train_embedded/data`), flattened and thinned
out to a few scalar members, which is a record of a smaller schema. The kind is the domain of the document's template;
"other" are records with invented field names, which are about nothing. Knows nothing of tokens, noise or models.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "train_embedded"))  # `data` is no installed package

from data import abstract, domain

__all__ = ["KINDS", "records"]

KINDS = ("trade", "people", "life", "logs", "software", "other")
NULLS = 0.3  # share of null members that are kept
MEMBERS = (2, 5)


def records(seed: int, split: str = "train") -> Iterator[tuple[str, str]]:
    """Pairs of a record as compact JSON and its kind, without end, the same for the same seed.

    All kinds are drawn alike. split "test" has templates and field names that the split "train" never has.
    """
    rng = Random(f"{split}:kinds:{seed}")
    layouts, weights = abstract.layouts_of(split)
    templates = domain.templates_of(split)[0]
    of_kind = {kind: [t for t in templates if t.name.startswith(f"{kind}/")] for kind in KINDS}
    while True:
        kind = rng.choice(KINDS)
        if kind == "other":
            example = abstract.make(rng, split, layouts, weights)
        else:
            example = domain.from_template(rng, split, rng.choice(of_kind[kind]))
        record = None if example is None else thinned(rng, example.record)
        if record:
            yield json.dumps(record, ensure_ascii=False, separators=(",", ":")), kind


def thinned(rng: Random, record: dict[str, Any]) -> dict[str, Any] | None:
    """Some scalar members of a record in their order, out of their objects; None where there are too few."""
    members = [pair for pair in scalars(record) if pair[1] is not None or rng.random() < NULLS]
    least, most = MEMBERS
    if len(members) < least:
        return None
    count = rng.randint(least, min(most, len(members)))
    kept = dict(members[index] for index in sorted(rng.sample(range(len(members)), count)))
    return kept if len(kept) >= least else None  # equal names of two objects are one


def scalars(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members that are no objects and no arrays, at any depth of objects."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from scalars(value)
        elif not isinstance(value, list):
            yield name, value
