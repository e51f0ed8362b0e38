"""What a kind of training text offers. Knows no particular kind.

Collecting (once, on a machine that has the files) and reading (at training, on one that has not) are apart:
`collect` yields raw documents, `read` cuts an excerpt out of one and tells its facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from ._facts import Facts

MAX_TEXT = 1200


@dataclass(frozen=True)
class Raw:
    """A raw document: its text, and the name of the file or command it came from (no more than that)."""

    text: str
    origin: str = ""


class Source(Protocol):
    """One kind of real text."""

    name: str
    weight: float

    def collect(self) -> Iterator[Raw]:
        """Raw documents of this machine; none where the files are absent."""

    def study(self, documents: list[Raw]) -> None:
        """See all collected documents once before reading: which keys are usual, for missing fields."""

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        """An excerpt of at most MAX_TEXT characters and its facts. Raises Unusable if it says too little."""


def read_text(path: Path, limit: int = 6000) -> str | None:
    """The head of a UTF-8 file, cut at a line; None if it can't be read as text."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        return None
    if b"\0" in data:
        return None
    text = data.decode("utf-8", errors="ignore").replace("\r\n", "\n")
    return text[: text.rfind("\n") + 1] if len(data) > limit else text


def find(roots: Iterable[str], pattern: str, limit: int = 100_000) -> Iterator[Path]:
    """Files below the roots that match a glob, in sorted order, each real file once."""
    seen: set[Path] = set()
    for root in roots:
        for path in sorted(Path(root).glob(pattern)):
            real = path.resolve()
            if real not in seen and real.is_file():
                seen.add(real)
                yield path
                if len(seen) >= limit:
                    return
