"""The example plugin, as its users have it: installed by pip, found and applied by name, from Python and a shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "safety_plugin"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "born": {"type": "integer"}},
    "required": ["name", "born"],
    "additionalProperties": False,
}
NAMED = "Name: Kestrel Lovelace. Born in London in 1815."
PROMISED = "Name: Guaranteed Lovelace. Born in London in 1815."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the plugin, and nothing else."""
    source = tmp_path_factory.mktemp("source") / "plugin"
    shutil.copytree(PLUGIN, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    target = tmp_path_factory.mktemp("site")
    offline = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", str(target), str(source)]
    found = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return target


def run(site: Path | None, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """An interpreter that finds what is installed there."""
    environment = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": str(site or "")}
    return subprocess.run(
        [sys.executable, *arguments], input=text, env=environment, capture_output=True, text=True, check=False
    )


def test_without_it_the_names_are_unknown() -> None:
    code = "from controlgen.guidance.safety import filter_of; filter_of('code_names')"
    found = run(None, "-c", code)
    assert found.returncode == 1
    assert "ValueError: no safety filter is called 'code_names'" in found.stderr


BY_NAME = """
import json, sys
import controlgen
from controlgen.guidance.safety import available, filter_of

known = available()
told = {name: [known[name].distribution, known[name].kind().level] for name in ("code_names", "promises")}
named, promised, schema = json.load(sys.stdin)
model = controlgen.load()

def generate(*filters):
    found = model.generate([named, promised], schema, max_new_tokens=32, steps=4, seed=0, filters=filters)
    return [[one.value["name"], [[v.filter, v.passed, v.risk, v.action] for v in one.verdicts]] for one in found]

sharp = filter_of("promises", threshold=0.6, attempts=30)
print(json.dumps({"told": told, "free": generate(), "filtered": generate("code_names", sharp)}))
"""


def test_found_and_applied_by_name_from_python(site: Path) -> None:
    found = run(site, "-c", BY_NAME, text=json.dumps([NAMED, PROMISED, SCHEMA]))
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["told"] == {
        "code_names": ["controlgen-house-style 1.0.0", "proven"],
        "promises": ["controlgen-house-style 1.0.0", "statistical"],
    }
    assert told["free"] == [["Kestrel Lovelace", []], ["Guaranteed Lovelace", []]]  # what it would say without
    (name, verdicts), (other, (_, (judge, passed, risk, action))) = told["filtered"]
    assert "kestrel" not in name.lower()
    assert verdicts == [["code_names", True, 0.0, "ban"], ["promises", True, 0, None]]
    assert "guarante" not in other.lower()
    assert (judge, passed, action) == ("promises", True, "remask")
    assert risk < 0.6


def test_applied_by_name_from_the_command_line(site: Path, tmp_path: Path) -> None:
    schema = tmp_path / "person.json"
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    lines = [json.dumps({"id": key, "text": text}) for key, text in (("named", NAMED), ("promised", PROMISED))]
    found = run(
        site,
        *("-m", "controlgen", "extract", str(schema), "-", "--steps", "4", "--max-new-tokens", "32"),
        *("--filter", "code_names", "--filter", 'promises:{"threshold": 0.6, "action": "block"}'),
        text="\n".join(lines),
    )
    assert found.returncode == 1, found.stderr
    named, promised = (json.loads(line) for line in found.stdout.splitlines())
    assert "kestrel" not in named["record"]["name"].lower()
    assert [(one["filter"], one["action"]) for one in named["verdicts"]] == [("code_names", "ban"), ("promises", None)]
    assert "blocked by the safety filter 'promises' (risk 0.70" in promised["error"]
    assert "record" not in promised


def test_listed_by_the_command_line(site: Path) -> None:
    found = run(site, "-m", "controlgen", "filters", "--json")
    assert found.returncode == 0, found.stderr
    listed: dict[str, dict[str, Any]] = {row["name"]: row for row in json.loads(found.stdout)}
    assert listed["code_names"] == {
        "name": "code_names",
        "level": "proven",
        "actions": ["ban", "reweight", "remask", "resample", "block"],
        "distribution": "controlgen-house-style 1.0.0",
        "about": "Texts without internal code names, in any spelling.",
    }
    assert listed["promises"]["actions"] == ["reweight", "remask", "resample", "block"]


@pytest.mark.parametrize(
    "text",
    [
        "the Kestrel plan",
        "KESTREL",
        "Késtrel",
        "Ｋｅｓｔｒｅｌ",  # full width
        "Кestrel",  # a Cyrillic capital
        "Kes\u200btrel",
        r"\u004bestrel",
        "Blue Heron",
        "BlueHeron",
        "blue-heron",
        "BLUE_HERON",
        "Blue\u00a0Heron",
    ],
)
def test_code_names_in_any_spelling(site: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.syspath_prepend(site)
    from controlgen.guidance.safety import filter_of

    one = filter_of("code_names")
    assert one.scan(f"about {text} now").risk == 1
    assert one.scan("about a blue bird now").risk == 0


def test_the_risk_of_promises(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 − Π (1 − p): by hand."""
    monkeypatch.syspath_prepend(site)
    from controlgen.guidance.safety import filter_of

    one = filter_of("promises")
    text = "It is always risk-free."
    found = one.scan(text)
    assert found.risk == pytest.approx(1 - 0.7 * 0.1)
    assert [text[start:end] for start, end in found.spans] == ["always", "risk-free"]
    assert one.scan("It might work.").risk == 0
