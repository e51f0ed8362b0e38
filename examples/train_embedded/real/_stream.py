"""The endless stream of training examples made of real text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from data.example import Example

from . import _corpus
from ._compose import Unusable, compose
from ._leaves import leaf_kinds
from ._source import MAX_TEXT, Raw, Source

TRIES = 8
"""How often a source is asked again when a cut of it gives no example, before another source is drawn."""


@lru_cache(maxsize=2)
def _studied(path: Path) -> tuple[tuple[Source, tuple[Raw, ...]], ...]:
    documents = _corpus.read(path)
    known = [
        (source, tuple(documents[source.name])) for source in _corpus.SOURCES if documents.get(source.name)
    ]
    for source, raws in known:
        source.study(list(raws))
    return tuple(known)


def training_examples(seed: int, path: Path = _corpus.CORPUS) -> Iterator[Example]:
    """Examples without end, the same for one seed and corpus. Raises CorpusMissing without a corpus."""
    sources = _studied(path)
    rng = Random(f"real text {seed}")
    weights = [source.weight for source, _ in sources]
    while True:
        source, raws = rng.choices(sources, weights)[0]
        for _ in range(TRIES):
            try:
                yield example(rng, source, rng.choice(raws))
                break
            except Unusable:
                continue


def example(rng: Random, source: Source, raw: Raw) -> Example:
    """One example out of a raw document. Raises Unusable where this cut of it gives none."""
    text, facts = source.read(rng, raw)
    if not text.strip() or len(text) > MAX_TEXT:
        raise Unusable
    schema, record = compose(rng, facts)
    return Example(schema, text, record, f"real:{source.name}", leaf_kinds(schema, record, text))


def sample_texts(seed: int = 0, count: int = 4000, path: Path = _corpus.CORPUS) -> Iterator[str]:
    """Excerpts for the tokenizer's trainer."""
    stream = training_examples(seed, path)
    for _ in range(count):
        yield next(stream).text


def describe_sources() -> list[dict[str, Any]]:
    """Name, weight and number of documents of every training source in the corpus."""
    return [
        {"source": s.name, "weight": s.weight, "documents": len(raws)} for s, raws in _studied(_corpus.CORPUS)
    ]
