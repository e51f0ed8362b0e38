"""What holds for every committed text: nothing of one machine or one workplace stands in it."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Written so that this file does not match itself.
PATHS = re.compile(r"(?<![\w.])/(?:home|root|work|tmp|Users|opt)/(?=[\w.~-])|[A-Z]:\\Users")
INDEX = re.compile(
    r"--(?:extra-)?index-url|--find-links|\b(?:files\.python)?" + r"pythonhosted\.org|pypi" + r"\.org"
)


def committed():
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip("not a repository: which files are committed is not known")
    paths = [ROOT / line for line in found.stdout.splitlines()]
    small = [path for path in paths if path.is_file() and path.stat().st_size < 500_000]
    return [path for path in small if b"\0" not in path.read_bytes()]  # texts: no weights, no pictures


@pytest.mark.parametrize(
    ("pattern", "meaning"),
    [(PATHS, "a path of one machine"), (INDEX, "a package index")],
    ids=["paths", "indexes"],
)
def test_nothing_of_one_machine_stands_in_the_project(pattern, meaning):
    found = []
    for path in committed():
        if path == Path(__file__).resolve():
            continue
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        ):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}: {meaning}")
    assert not found, "\n".join(found)


def test_every_module_says_what_it_is_for():
    for path in committed():
        if path.suffix == ".py" and path.stat().st_size:
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
