"""The code in the documentation runs as it stands, and what its tables say of the families is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controlgen import samplers
from controlgen.families import _registry, entries
from tests.controlgen.families.zoo_models import MODELS

DOCS = Path(__file__).resolve().parents[1] / "docs"


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["grammars.md", "families.md", "guidance.md", "safety.md"])
def test_code_on_a_page_runs(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "_ENTRIES", entries())  # what a page registers stays there
    blocks = re.findall(r"^```python\n(.*?)^```", _page(page), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, object] = {"__name__": page}
    for block in blocks:
        exec(compile(block, page, "exec"), names)


def _families() -> dict[str, list[str]]:
    """The cells of the table of families, by the family's name."""
    rows = [line.strip("|\n ").split(" | ") for line in _page("families.md").splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in rows if len(row) == 7}


@pytest.mark.parametrize("name", entries())
def test_the_table_of_families(name: str) -> None:
    table, entry = _families(), entries()[name]
    assert set(table) == set(entries())
    kinds, needs, decoded, sampler, steps, revises = table[name]
    in_code = re.findall(r"`([^`]+)`", kinds)
    assert tuple(in_code) == entry.model_types or not entry.model_types
    assert ("trust_remote_code" in needs) == (not entry.native and entry.loader is not None)
    assert ("Model.of" in needs) == (entry.loader is None)

    family = next(family for make in MODELS.values() if _same(family := make().family, name))
    assert (family.block is not None) == (decoded != "whole canvas")
    said = eval(re.findall(r"`([^`]+)`", sampler)[0], vars(samplers))
    assert type(said) is type(family.sampler)
    assert vars(said) == vars(family.sampler)
    assert (revises not in ("no", "with `ReMDM`: remasks")) == family.sampler.revises
    number = re.match(r"\d+", steps)
    if number:
        assert int(number[0]) == family.steps
    if "one per position" in steps:
        assert family.sampler.steps(11, family.steps) == 11


def _same(family: object, name: str) -> bool:
    """Whether a family's own name is that of an entry, spelling apart."""
    own = re.sub(r"[^a-z0-9.]", "", str(getattr(family, "name", "")).lower())
    return own == {"llada2": "llada2.0", "fast_dllm": "fastdllmv2"}.get(name, name.replace("_", ""))


def test_every_sampler_is_on_the_page() -> None:
    page = _page("families.md")
    classes = set(samplers.__all__) - {"Sampler", "Moves", "Reading"}
    assert {name for name in classes if f"`{name}(" not in page} == set()
