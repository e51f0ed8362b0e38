"""The schemas that are measured: read from a folder of data, drawn with a seed. Knows files, no engine."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._schema_order import in_schema_order

__all__ = ["MASKBENCH", "SUITE", "Subject", "drawn", "maskbench", "remotes", "suite"]

MASKBENCH = "maskbench-dev.jsonl.gz"
SUITE = "json-schema-test-suite"
_DRAFT = "draft2020-12"
_SERVED = "http://localhost:1234/"  # where the suite says that its remotes are


@dataclass(frozen=True)
class Subject:
    """One schema and its instances.

    Attributes:
        name: its id.
        schema: as read.
        features: names of what it uses.
        instances: (valid, value), written in the order of the schema.
    """

    name: str
    schema: Any
    features: tuple[str, ...] = ()
    instances: tuple[tuple[bool, Any], ...] = field(default=())


def maskbench(data: Path) -> list[Subject]:
    """All schemas of the half."""
    found = []
    with gzip.open(data / MASKBENCH, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            instances = tuple((test["valid"], in_schema_order(test["data"], row["schema"])) for test in row["tests"])
            found.append(Subject(row["id"], row["schema"], tuple(row["features"]), instances))
    return found


def suite(data: Path) -> list[Subject]:
    """The required tests of draft 2020-12, one subject for each schema; the feature is the file's name."""
    found = []
    for file in sorted((data / SUITE / "tests" / _DRAFT).glob("*.json")):
        for place, group in enumerate(json.loads(file.read_text(encoding="utf-8"))):
            ordered = ((test["valid"], in_schema_order(test["data"], group["schema"])) for test in group["tests"])
            instances = tuple(ordered)
            name = f"{file.stem}/{place}: {group['description']}"
            found.append(Subject(name, group["schema"], (file.stem,), instances))
    return found


def remotes(data: Path) -> dict[str, Any]:
    """URI → schema of what the suite refers to."""
    folder = data / SUITE / "remotes"
    return {
        _SERVED + file.relative_to(folder).as_posix(): json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.json"))
    }


def drawn(subjects: Sequence[Subject], limit: int | None, seed: int) -> list[Subject]:
    """`limit` of them, drawn without replacement; all of them, in order, without a limit."""
    if limit is None or limit >= len(subjects):
        return list(subjects)
    return random.Random(seed).sample(list(subjects), limit)
