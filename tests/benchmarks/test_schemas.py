"""A tiny run of every command of the schema benchmarks, and of the processes that they use."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("rfc3339_validator", reason="the judge needs jsonschema[format]")

from benchmarks import _schema_data as data_of
from benchmarks import _schema_work as work
from benchmarks import hostile, schemas
from benchmarks._crew import Fault, Limits, run
from benchmarks._schema_data import Subject

PARTS = hostile.read_vocabulary(None)
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 4}, "born": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}
ROWS: list[dict[str, Any]] = [
    {
        "id": "person",
        "schema": PERSON,
        "features": ["required"],
        "tests": [
            {"valid": True, "data": {"name": "é😀", "born": 3}},
            {"valid": False, "data": {"born": 3}},
            {"valid": False, "data": {"name": "12345"}},
        ],
    },
    {"id": "flag", "schema": {"type": "boolean"}, "features": [], "tests": [{"valid": True, "data": True}]},
    {
        "id": "open",
        "schema": {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]},
        "features": ["required"],
        "tests": [{"valid": True, "data": {"a": False}}, {"valid": False, "data": {"a": 1}}],
    },
    {"id": "wrong flag", "schema": {"type": "null"}, "features": ["x"], "tests": [{"valid": False, "data": None}]},
    {"id": "no schema", "schema": {"type": "nothing"}, "features": ["x"], "tests": [{"valid": True, "data": 1}]},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with gzip.open(folder / data_of.MASKBENCH, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in ROWS)
    tests, remotes = (folder / data_of.SUITE / name / "draft2020-12" for name in ("tests", "remotes"))
    for made in (tests, remotes):
        made.mkdir(parents=True)
    group = {
        "description": "bound",
        "schema": {"type": "integer", "maximum": 3},
        "tests": [{"description": "", "valid": True, "data": 3}, {"description": "", "valid": False, "data": 4}],
    }
    (tests / "maximum.json").write_text(json.dumps([group]), encoding="utf-8")
    (remotes / "integer.json").write_text('{"type": "integer"}', encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of one's own take seconds to start; what they do is the same here."""

    def work_on(setup: Callable[[], Callable[[Any], Any]], tasks: Sequence[Any], *_: Any) -> dict[int, Any]:
        work_of_one = setup()
        return {place: work_of_one(task) for place, task in enumerate(tasks)}

    monkeypatch.setattr(schemas, "work_on", work_on)
    monkeypatch.setattr(work.Bench, "parts", PARTS)


def figures(data: Path, *arguments: str) -> dict[str, Any]:
    """What a command writes."""
    file = data / "out.json"
    done = CliRunner().invoke(schemas.app, [*arguments, "--data", str(data), "--json", str(file)])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_maskbench_tells_right_from_wrong(data: Path) -> None:
    found = figures(data, "maskbench")
    rows = {row["name"]: row for row in found["schemas"]}
    right = [[one["accepted"] == one["valid"] for one in row["instances"]] for row in rows.values()]
    assert right == [[True] * 3, [True], [True] * 2, [False], []]
    assert rows["person"]["exactness"] == "exact"
    assert rows["wrong flag"]["instances"][0]["cause"] == "accepted; judge: None"
    assert rows["no schema"]["status"] in ("refused", "unsupported")
    shown = {row["figure"].strip(): row["value"] for row in found["figures"]}
    assert shown["compiled"].startswith("4 ")
    assert shown["all instances right"].startswith("3 ")
    assert shown["invalid accepted"] == "1 of 4"


def test_maskbench_draws_the_same_with_the_same_seed(data: Path) -> None:
    names = [[row["name"] for row in figures(data, "maskbench", "--limit", "3")["schemas"]] for _ in range(2)]
    assert names[0] == names[1]
    assert len(names[0]) == 3


def test_suite(data: Path) -> None:
    found = figures(data, "suite")["schemas"]
    assert [(row["name"], row["features"], len(row["instances"])) for row in found] == [
        ("maximum/0: bound", ["maximum"], 2)
    ]
    assert all(one["accepted"] == one["valid"] for one in found[0]["instances"])
    assert data_of.remotes(data) == {"http://localhost:1234/draft2020-12/integer.json": {"type": "integer"}}


def test_hostile_draws_are_valid(data: Path) -> None:
    found = figures(data, "hostile", "--draws", "2")
    shown = {row["figure"]: row["all"] for row in found["figures"]}
    assert (shown["draws"], shown["valid"], shown["invalid"]) == (8, 8, 0)
    assert len(figures(data, "hostile", "--whole")["schemas"]) == len(ROWS)


def test_flags(data: Path) -> None:
    rows = figures(data, "flags")["figures"]
    assert len(rows) == 10
    assert {row["agree, unnamed"] for row in rows} == {6}
    assert {row["flag False, unnamed"] for row in rows} == {1}
    assert {row["unjudgeable, unnamed"] for row in rows} == {1}


def test_masks_beside_llguidance(data: Path) -> None:
    pytest.importorskip("llguidance")
    found = {row["name"]: row for row in figures(data, "masks")["schemas"]}
    assert found["flag"]["status"] == "compared"
    assert found["flag"]["prefixes"] == found["flag"]["equal"] + found["flag"]["forced"] > 0
    person = found["person"]
    assert not person["dead"]
    assert person["supports"] == 2
    assert person["wrong"] == person["binding"] == 0
    assert {*person["ours"], *person["theirs"]} <= {"escapes", "control characters", "number spelling"}


@pytest.mark.parametrize("engine", ["controlgen", "llguidance", "xgrammar", "outlines-core"])
def test_peers(data: Path, engine: str) -> None:
    if engine != "controlgen":
        pytest.importorskip(engine.replace("-", "_"))
    trials = {one["name"]: one for one in figures(data, "peers", "--engines", engine)["schemas"][engine]}
    assert trials["flag"]["verdicts"] == [[True, True]]
    assert trials["wrong flag"]["verdicts"] == [[False, True]]
    if engine != "outlines-core":  # no `maxLength` in characters beyond ASCII with this vocabulary
        assert trials["person"]["verdicts"] == [[True, True], [False, False], [False, False]]


def test_one_bad_task_stops_no_other() -> None:
    tasks = ["1 + 1", "1 / 0", "__import__('os')._exit(3)", "__import__('time').sleep(60)", "bytearray(2**34)", "2 + 2"]
    start = time.monotonic()
    found = dict(run(partial(partial, eval), tasks, workers=2, limits=Limits(2.0, 4.0)))
    assert time.monotonic() - start < 30
    assert (found[0], found[5]) == (2, 4)
    assert found[1] == Fault("error", "ZeroDivisionError: division by zero")
    assert (found[2].kind, found[3].kind) == ("crash", "overrun")
    assert found[4].kind == "error"


def test_tokens_spell_the_text_whatever_the_tokenizer_does() -> None:
    bench = work.Bench(None)
    for text in ("plain", "<|end|>", '{"a": "é😀\\u0000"}'):
        assert bench.vocabulary.decode(bench.tokens(text)) == text.encode()


def test_a_sample_is_drawn_once() -> None:
    subjects = [Subject(str(i), True) for i in range(9)]
    assert len({one.name for one in data_of.drawn(subjects, 5, 0)}) == 5
    assert data_of.drawn(subjects, None, 0) == subjects
