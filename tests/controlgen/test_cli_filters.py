"""Safety filters on the command line, end to end, with the real classes and random weights."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from controlgen._cli._app import _code

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string", "pattern": "^[a-c]{4}$"}},
    "required": ["word"],
    "additionalProperties": False,
}
PLUGIN = """
from controlgen.guidance.safety import Finding, SafetyFilter


class NoLetter(SafetyFilter):
    "Texts without a letter.\\n\\nMore of it."

    default_name = "no_letter"

    def __init__(self, letter: str, *, share: float = 0.25, **arguments):
        super().__init__(**arguments)
        self.letter = letter

    def scan(self, text, prompt=""):
        word = text[9:-2] if text.startswith('{"word":') else text
        place = text.find(self.letter, 9)
        return Finding(float(self.letter in word), ((place, place + 1),) if place >= 0 else ())


def never():
    class Never(NoLetter):
        def scan(self, text, prompt=""):
            return Finding(1.0, ((0, len(text)),), "hidden")

    return Never("a", action="block", name="never")


class Broken(NoLetter):
    def scan(self, text, prompt=""):
        raise RuntimeError("out of order")
"""

Control = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a schema and two documents."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    (tmp_path / "docs").mkdir()
    for name in ("a", "b"):
        (tmp_path / "docs" / f"{name}.txt").write_text(f"A word of {name}: abba", encoding="utf-8")
    return tmp_path


@pytest.fixture
def plugin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution with filters on the path."""
    folder = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(folder)

    def put(name: str = "letters", **points: str) -> None:
        info = folder / f"{name}-2.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
        lines = ["[controlgen.safety_filters]", *(f"{key} = {value}" for key, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        (folder / "letters_plugin.py").write_text(PLUGIN)
        monkeypatch.delitem(sys.modules, "letters_plugin", raising=False)

    return put


@pytest.fixture
def control(place: Path, model_folder: Path, capfd: pytest.CaptureFixture[str]) -> Control:
    """Run a command; gives its exit code, what it printed and what it complained of."""

    def run(*arguments: str) -> tuple[int, str, str]:
        options = ["--model", str(model_folder), "--steps", "4"] if arguments[0] == "extract" else []
        code = _code([*arguments, *options])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_without_filters_rows_have_no_verdicts(control: Control) -> None:
    code, out, _ = control("extract", "s.json", "docs")
    assert code == 0
    assert all("verdicts" not in row for row in rows(out))


def test_filters_with_options_and_their_verdicts(control: Control, plugin: Callable[..., None]) -> None:
    plugin(no_letter="letters_plugin:NoLetter")
    plain = rows(control("extract", "s.json", "docs")[1])
    letter = plain[0]["record"]["word"][1]
    asked = {
        "banned_phrases": {"phrases": [plain[0]["record"]["word"]]},
        "no_letter": {"letter": letter, "attempts": 40},
        "banned_patterns": {"patterns": [r"\d"], "action": "block"},
    }
    given = [part for name, options in asked.items() for part in ("--filter", f"{name}:{json.dumps(options)}")]
    code, out, err = control("extract", "s.json", "docs", *given)
    assert (code, err[:12]) == (0, "controlgen: "), err
    for row in rows(out):
        jsonschema.validate(row["record"], SCHEMA)
        assert letter not in row["record"]["word"]
        banned, judged, digits = row["verdicts"]
        text = json.dumps(row["record"], separators=(",", ":"))
        assert banned == {
            "text": text, "passed": True, "risk": 0.0, "spans": [], "action": "ban", "filter": "banned_phrases",
        }  # fmt: skip
        assert (judged["filter"], judged["passed"]) == ("no_letter", True)
        assert judged["action"] in ("remask", None)
        assert (digits["filter"], digits["action"]) == ("banned_patterns", None)


def test_a_blocked_document_is_an_error_row_without_its_text(control: Control, plugin: Callable[..., None]) -> None:
    plugin(never="letters_plugin:never")
    code, out, err = control("extract", "s.json", "docs", "--filter", "never")
    assert code == 1
    assert "2 documents without one" in err
    for row in rows(out):
        assert set(row) == {"id", "error", "verdicts"}
        assert "blocked by the safety filter 'never' (risk 1.00" in row["error"]
        assert "hidden" not in json.dumps(row)
        (verdict,) = row["verdicts"]
        assert set(verdict) == {"passed", "risk", "spans", "action", "filter"}
        assert (verdict["passed"], verdict["action"]) == (False, "block")


def test_a_filter_that_fails_withholds_the_record(control: Control, plugin: Callable[..., None]) -> None:
    plugin(broken="letters_plugin:Broken")
    code, out, _ = control("extract", "s.json", "docs", "--filter", 'broken:{"letter": "a", "action": "block"}')
    assert code == 1
    for row in rows(out):
        assert "RuntimeError: out of order" in row["error"]
        assert "record" not in row


def test_a_ban_that_leaves_nothing_names_the_conflict(control: Control) -> None:
    code, out, err = control(
        "extract", "s.json", "docs", "--filter", 'banned_phrases:{"phrases": ["a", "b", "c"]}'
    )
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "filter 'banned_phrases'" in err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("secretz", "no safety filter is called 'secretz'; did you mean 'secrets'?"),
        ("banned_phrases", "the option 'phrases' is needed"),
        ('banned_phrases:{"phrase": ["x"]}', "no option 'phrase'; did you mean 'phrases'?"),
        ('banned_phrases:{"phrases": []}', "no phrase is given"),
        ('banned_phrases:{"phrases": "x", "threshold": "high"}', "TypeError"),
        ("banned_phrases:phrases=x", "the options are not JSON"),
        ("banned_phrases:", "the options are not JSON"),
        ('banned_phrases:["x"]', "the options are a JSON object, as in --filter 'banned_phrases:{"),
        (":{}", "there is no name"),
        ("missing", "'missing' of letters 2.0: nowhere:Nothing can't be loaded: ModuleNotFoundError"),
    ],
)
def test_what_is_wrong_is_one_line(
    control: Control, plugin: Callable[..., None], given: str, message: str
) -> None:
    plugin(missing="nowhere:Nothing")
    code, out, err = control("extract", "s.json", "docs", "--filter", given)
    assert (code, out) == (2, "")
    assert err.startswith("controlgen: --filter ")
    assert err.count("\n") == 1
    assert message in err


def test_two_filters_of_one_name(control: Control) -> None:
    one = 'banned_phrases:{"phrases": ["x"]}'
    code, _, err = control("extract", "s.json", "docs", "--filter", one, "--filter", one)
    assert code == 2
    assert "two filters called 'banned_phrases'; give one another name" in err
    other = 'banned_phrases:{"phrases": ["x"], "name": "other"}'
    code, out, _ = control("extract", "s.json", "docs", "--filter", one, "--filter", other)
    assert code == 0
    assert [verdict["filter"] for verdict in rows(out)[0]["verdicts"]] == ["banned_phrases", "other"]


def test_the_list_of_filters(control: Control, plugin: Callable[..., None]) -> None:
    plugin(no_letter="letters_plugin:NoLetter", never="letters_plugin:never")
    code, out, err = control("filters", "--json")
    assert (code, err) == (0, "")
    listed = {row["name"]: row for row in json.loads(out)}
    assert list(listed) == sorted(listed)
    assert {"banned_phrases", "banned_patterns", "personal_data", "secrets", "required_disclaimer"} <= set(listed)
    assert listed["secrets"]["actions"] == ["ban", "reweight", "remask", "resample", "block"]
    assert listed["no_letter"] == {
        "name": "no_letter",
        "level": "statistical",
        "actions": ["reweight", "remask", "resample", "block"],
        "distribution": "letters 2.0",
        "about": "Texts without a letter.",
    }
    code, out, _ = control("filters")
    assert code == 0
    assert all(name in out for name in listed)


def test_the_options_of_one(control: Control, plugin: Callable[..., None]) -> None:
    plugin(no_letter="letters_plugin:NoLetter")
    code, out, _ = control("filters", "no_letter", "--json")
    assert code == 0
    options = {row["option"]: row["default"] for row in json.loads(out)}
    assert options["letter"] == "needed"
    assert options["share"] == "0.25"
    assert options["threshold"] == "0.5"
    assert "letter" in control("filters", "no_letter")[1]
    code, _, err = control("filters", "no_leter")
    assert code == 2
    assert "no safety filter is called 'no_leter'" in err


def test_what_can_not_be_loaded_is_listed_beside_the_others(control: Control, plugin: Callable[..., None]) -> None:
    plugin(missing="nowhere:Nothing", secrets="letters_plugin:NoLetter")
    code, out, _ = control("filters", "--json")
    assert code == 1
    listed = {row["name"]: row for row in json.loads(out)}
    assert "nowhere:Nothing can't be loaded" in listed["missing"]["error"]
    assert "letters 2.0 both have a safety filter 'secrets'" in listed["secrets"]["error"]
    assert listed["banned_phrases"]["level"] == "proven"
    code, out, _ = control("filters")
    assert code == 1
    assert "nowhere" in out
    assert control("filters", "missing")[0] == 2
