"""The corpus file: raw documents of every training kind, collected once, read wherever training runs.

A gzipped JSONL file, one `{"source", "text", "origin"}` per line. It is not part of the repository, since
the texts are other people's; `collect.py` makes it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from ._keyed_sources import KEYED
from ._prose import CommitSource, LicenseSource, ManualSource, PerlSource, PythonSource, TracebackSource
from ._source import Raw, Source
from ._structured import GSchemaSource, JsonSource, PomSource, TomlSource
from ._table_sources import TABLES

CORPUS = Path(__file__).resolve().parent.parent / "corpus.jsonl.gz"

SOURCES: tuple[Source, ...] = (
    *KEYED,
    *TABLES,
    JsonSource(),
    TomlSource(),
    PomSource(),
    GSchemaSource(),
    ManualSource(),
    LicenseSource(),
    PythonSource(),
    CommitSource(),
    TracebackSource(),
    PerlSource(),
)


class CorpusMissing(FileNotFoundError):
    """The corpus file is not there; the message says how to make it."""


def write(documents: Iterable[tuple[str, Raw]], path: Path = CORPUS) -> int:
    """Write (source name, document) pairs; returns the size of the file in bytes."""
    with gzip.GzipFile(path, "wb", compresslevel=9, mtime=0) as file:
        for source, raw in documents:
            line = json.dumps({"source": source, "text": raw.text, "origin": raw.origin}, ensure_ascii=False)
            file.write(line.encode() + b"\n")
    return path.stat().st_size


def read(path: Path = CORPUS) -> dict[str, list[Raw]]:
    """All documents by source. Raises CorpusMissing where there is no such file."""
    if not path.is_file():
        raise CorpusMissing(
            f"{path.name} is missing: run `python -m real.collect` on a machine that has the files"
        )
    found: dict[str, list[Raw]] = {}
    for source, raw in _lines(path):
        found.setdefault(source, []).append(raw)
    return found


def _lines(path: Path) -> Iterator[tuple[str, Raw]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            yield entry["source"], Raw(entry["text"], entry["origin"])
