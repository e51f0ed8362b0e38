"""The distribution: the wheel holds the whole tree, and works where there is nothing but the wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "controlgen": "controlgen",
    "constraints": "controlgen/constraints",
    "guidance": "controlgen/guidance",
}


def run(*command, **options):
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert found.returncode == 0, found.stderr
    return found.stdout


def tracked():
    """The files that belong to the project; outside a repository all that are there."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0 and found.stdout:
        return [Path(line) for line in found.stdout.splitlines() if (ROOT / line).is_file()]
    files = [path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return [path for path in files if (ROOT / path).is_file() and "__pycache__" not in path.parts]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the tree so that nothing of earlier builds gets in."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, source / path)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    offline = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    run(sys.executable, "-m", "pip", "wheel", *offline, "-w", target, source)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_holds_the_tree_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {FOLDERS[path.parts[0]] + "/" + "/".join(path.parts[1:]) for path in tracked()}
    assert held == wanted


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 70 * 2**20


@pytest.fixture(scope="module")
def empty_environment(wheel, tmp_path_factory):
    """An environment with the wheel alone; the dependencies are lent by path, the project is not."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    (site,) = folder.glob("lib/python*/site-packages")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel)
    # A folder on the path lends its packages, but its .pth files, and so the editable install, are not run.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


IMPORTS = """
import controlgen, controlgen.constraints, controlgen.guidance
for package in (controlgen, controlgen.constraints, controlgen.guidance):
    for name in package.__all__:
        getattr(package, name)
    print(package.__file__)
print(controlgen.__version__)
"""


def test_the_wheel_works_alone(empty_environment, tmp_path):
    python = empty_environment / "bin" / "python"
    found = run(python, "-I", "-c", IMPORTS, cwd=tmp_path)
    *files, version = found.splitlines()
    assert all(Path(file).is_relative_to(empty_environment) for file in files)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version == project["version"]
    shown = run(python, "-I", "-c", "from controlgen._cli import main; main()", "--version", cwd=tmp_path)
    assert shown == f"controlgen {version}\n"


def test_dependencies_have_lower_bounds_and_a_pin_each():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = dict(
        line.split("==")
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert pins["torch"] == "2.13.0"
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        match = re.fullmatch(r"([a-zA-Z-]+)(?:\[[a-z,-]+\])?>=([\d.]+)", requirement)
        assert match, requirement
        pinned, bound = (tuple(map(int, version.split("."))) for version in (pins[match[1]], match[2]))
        assert pinned >= bound, requirement
