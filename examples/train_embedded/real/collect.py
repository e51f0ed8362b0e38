"""Collects the training texts of this machine into the corpus file: `python -m real.collect`.

Knows how much of each kind to keep, and nothing of what is in the texts.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from ._corpus import CORPUS, SOURCES, write
from ._source import Raw
from .held_out import kind_of

MAX_DOCUMENTS = 1600
MAX_CHARACTERS = 1_300_000


def collected() -> Iterator[tuple[str, Raw]]:
    """A random choice of each source's documents, within the limits; tells counts on standard error."""
    for source in SOURCES:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = [raw for raw in source.collect() if raw.text.strip()]
        documents = [raw for raw in found if kind_of(raw.text) is None]
        Random(source.name).shuffle(documents)
        kept, size = [], 0
        for raw in documents[:MAX_DOCUMENTS]:
            if size + len(raw.text) <= MAX_CHARACTERS:
                kept.append(raw)
                size += len(raw.text)
        dropped = len(found) - len(documents)
        told = f"{source.name:20} {len(kept):6} documents {size:9} characters"
        print(told + (f", {dropped} dropped as test material" if dropped else ""), file=sys.stderr)
        yield from ((source.name, raw) for raw in kept)


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    size = write(collected(), path)
    print(f"{path.name}: {size / 1e6:.2f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
