"""The documents that extraction is measured on: held-out synthetic ones, real text of kinds never trained on.

Knows where both come from and how they are written to a file, for a machine that has not got the real ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

SYNTHETIC = "synthetic"
TRAINING = Path(__file__).resolve().parents[1] / "examples" / "train_embedded"


@dataclass(frozen=True)
class Document:
    """A text, the schema asked of it, the right record, and the kind of each of its leaves."""

    source: str
    schema: dict[str, Any]
    text: str
    record: dict[str, Any]
    kinds: dict[str, str]


@dataclass(frozen=True)
class Missing:
    """A source that this machine has not got, and why."""

    source: str
    reason: str


def synthetic(count: int, seed: int) -> list[Document]:
    """Held-out synthetic documents: templates, field names and schemas that training never sees."""
    _packages()
    from data import examples

    return [_document(SYNTHETIC, example) for example in islice(examples(seed, split="test"), count)]


def real(count: int, seed: int) -> tuple[list[Document], list[Missing]]:
    """`count` documents of each held-out kind of real text, and the kinds that this machine lacks."""
    _packages()
    from real.unseen import UNSEEN, Absent, unseen_examples

    found: list[Document] = []
    missing: list[Missing] = []
    for source in UNSEEN:
        try:
            examples = unseen_examples(source, count, seed)
        except Absent as reason:
            missing.append(Missing(source.name, str(reason)))
        else:
            found += [_document(source.name, example) for example in examples]
    return found, missing


def write(path: Path, documents: Iterable[Document]) -> int:
    """One JSON object per line; returns how many."""
    lines = [json.dumps(asdict(document), ensure_ascii=False) for document in documents]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def read(path: Path) -> list[Document]:
    """The documents of a file that `write` made."""
    lines = path.read_text(encoding="utf-8").split("\n")  # str.splitlines would cut at U+2028 too
    return [Document(**json.loads(line)) for line in lines if line]


def _document(source: str, example: Any) -> Document:
    return Document(source, example.schema, example.text, example.record, example.kinds)


def _packages() -> None:
    if str(TRAINING) not in sys.path:
        sys.path.insert(0, str(TRAINING))
