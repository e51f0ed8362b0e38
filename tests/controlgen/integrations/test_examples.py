"""The examples of the drop-ins run as they stand, offline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples" / "drop_ins"


def _output(name: str) -> list[str]:
    run = subprocess.run([sys.executable, EXAMPLES / name], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def _is_found(line: str) -> bool:
    found = json.loads(line)
    return set(found) == {"city", "open"} and isinstance(found["open"], bool)


def test_dream() -> None:
    lines = _output("dream.py")
    assert lines[-1] == "accepted by the constraint: True"
    assert _is_found(lines[-2].partition(": ")[2])


def test_sglang() -> None:
    assert _is_found(_output("sglang.py")[-1].partition(": ")[2])


@pytest.mark.slow
def test_diffusion_gemma() -> None:
    pytest.importorskip("transformers.models.diffusion_gemma", reason="this transformers has no DiffusionGemma")
    assert all(map(_is_found, _output("diffusion_gemma.py")[-2:]))


@pytest.mark.slow
def test_diffusers_pipelines() -> None:
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    assert all(map(_is_found, _output("diffusers_pipelines.py")[-2:]))
