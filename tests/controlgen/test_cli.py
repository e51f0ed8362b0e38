"""The command line end to end, with the real classes and random weights."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import jsonschema
import pytest

from controlgen._cli._app import _code

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 6},
        "n": {"type": "integer", "minimum": 0, "maximum": 99},
    },
    "required": ["name", "n"],
    "additionalProperties": False,
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory with a schema and three documents."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    (tmp_path / "docs").mkdir()
    for name, text in (("a", "Ada, 36"), ("b", "Grace 85"), ("c", "Köln 7")):
        (tmp_path / "docs" / f"{name}.txt").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def control(place, model_folder, capfd):
    """Run a command; gives its exit code, what it printed and what it complained of."""

    def run(*arguments, options=("--model", str(model_folder), "--steps", "2")):
        code = _code([*map(str, arguments), *options])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def test_records_to_a_file(control, place):
    code, out, err = control("extract", "s.json", "docs", "-o", "out.jsonl")
    assert (code, out) == (0, "")
    assert err.startswith("controlgen: 3 records in ")
    found = rows((place / "out.jsonl").read_text(encoding="utf-8"))
    assert [row["id"] for row in found] == ["docs/a.txt", "docs/b.txt", "docs/c.txt"]
    for row in found:
        jsonschema.validate(row["record"], SCHEMA)
        assert set(row) == {"id", "record", "confidence", "spans", "finish_reason"}
        assert set(row["confidence"]) == set(row["spans"]) == {"/name", "/n"}


def test_records_to_standard_output_and_the_same_seed(control):
    code, first, _ = control("extract", "s.json", "docs", "--seed", "3")
    assert code == 0
    assert control("extract", "s.json", "docs", "--seed", "3", "--batch-size", "1")[1] == first
    assert len(rows(first)) == 3


def test_a_model_of_a_module(control, place):
    (place / "kinds_of_cli_test.py").write_text(
        "from pydantic import BaseModel\nclass Flag(BaseModel):\n    up: bool\n", encoding="utf-8"
    )
    code, out, _ = control("extract", "kinds_of_cli_test:Flag", "docs/a.txt")
    assert code == 0
    assert isinstance(rows(out)[0]["record"]["up"], bool)


def test_one_document_fails_and_the_others_go_on(control, place):
    (place / "docs" / "aa.bin").write_bytes(b"\0\1")
    (place / "docs" / "ab.txt").write_text("x" * 2000, encoding="utf-8")
    code, _, err = control("extract", "s.json", "docs", "-o", "out.jsonl")
    assert code == 1
    assert "3 records, 2 documents without one" in err
    found = {row["id"]: row for row in rows((place / "out.jsonl").read_text(encoding="utf-8"))}
    assert "binary" in found["docs/aa.bin"]["error"]
    assert "context" in found["docs/ab.txt"]["error"]
    assert set(found["docs/ab.txt"]) == {"id", "error"}
    assert sum("record" in row for row in found.values()) == 3


def test_resume_does_what_is_left(control, place):
    (place / "docs" / "b.txt").write_bytes(b"\0")
    assert control("extract", "s.json", "docs", "-o", "out.jsonl")[0] == 1
    kept = rows((place / "out.jsonl").read_text(encoding="utf-8"))
    with (place / "out.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "docs/d.txt", "reco')
    (place / "docs" / "b.txt").write_text("Grace 85", encoding="utf-8")
    code, _, err = control("extract", "s.json", "docs", "-o", "out.jsonl", "--resume")
    assert code == 0
    assert "1 records, 2 done earlier" in err
    found = rows((place / "out.jsonl").read_text(encoding="utf-8"))
    assert [row["id"] for row in found] == ["docs/a.txt", "docs/c.txt", "docs/b.txt"]
    assert found[:2] == [row for row in kept if "record" in row]
    assert control("extract", "s.json", "docs", "-o", "out.jsonl", "--resume")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["extract", "absent.json", "docs"], "absent.json: no such file"),
        (["extract", "s.json", "absent"], "absent: no such file or folder"),
        (["extract", "docs/a.txt", "docs"], "docs/a.txt: not JSON"),
        (["extract", "list.json", "docs"], "list.json: not a JSON Schema"),
        (["extract", "odd.json", "docs"], "odd.json: not supported: /properties/a: pattern: back-reference"),
        (["extract", "s.json", "docs", "-o", "no/out.jsonl"], "no/out.jsonl: can't be written"),
        (["extract", "s.json", "docs", "-o", "docs"], "docs: a folder"),
        (["extract", "s.json", "docs", "-o", "s.json"], "s.json: exists"),
        (["extract", "s.json", "docs", "--resume"], "--resume and --overwrite need an output file"),
        (["extract", "s.json", "docs", "-o", "s.json", "--resume"], "earlier run"),
        (["extract", "s.json", "docs", "--batch-size", "0"], "Invalid value for '--batch-size'"),
        (["extract", "s.json"], "Missing argument"),
        (["extract", "s.json", "docs", "--device", "nowhere"], "nowhere"),
        (["unknown"], "No such command"),
        (["inspect", "absent.json"], "absent.json: no such file"),
        (["inspect", "s.json", "--tokenizer", "absent"], "absent"),
    ],
)
def test_what_can_not_be_carried_out_is_told_in_one_line(control, place, arguments, message):
    (place / "list.json").write_text("[]", encoding="utf-8")
    (place / "odd.json").write_text(
        r'{"properties": {"a": {"type": "string", "pattern": "(a)\\1"}}}', encoding="utf-8"
    )
    before = (place / "s.json").read_text(encoding="utf-8")
    code, out, err = control(*arguments) if arguments[0] == "extract" else control(*arguments, options=())
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("controlgen: ")
    assert err.count("\n") == 1
    assert (place / "s.json").read_text(encoding="utf-8") == before


def test_an_unknown_model(control):
    code, _, err = control("extract", "s.json", "docs", options=("--model", "absent"))
    assert code == 2
    assert err.startswith("controlgen: absent: ")


def test_a_canvas_too_short_names_the_least_number(control):
    code, out, _ = control("extract", "s.json", "docs/a.txt", "--max-new-tokens", "4")
    assert code == 1
    (row,) = rows(out)
    assert "4" in row["error"]
    assert "least" in row["error"]


def test_standard_input(place, model_folder):
    command = [
        sys.executable,
        "-m",
        "controlgen",
        "extract",
        "s.json",
        "-",
        "--model",
        str(model_folder),
        "--steps",
        "1",
    ]
    found = subprocess.run(command, input="Ada, 36", capture_output=True, text=True, check=True, cwd=place)
    assert [row["id"] for row in rows(found.stdout)] == ["-"]


def test_the_progress_bar_is_for_terminals(control):
    assert "extracting" not in control("extract", "s.json", "docs")[2]
    assert "extracting" in control("extract", "s.json", "docs", "--progress")[2]


def test_inspect_tells_what_a_schema_compiles_to(control, model_folder):
    tokenizer = ("--tokenizer", str(model_folder / "tokenizer.json"))
    code, out, _ = control("inspect", "s.json", "--json", options=tokenizer)
    facts = json.loads(out)
    assert code == 0
    assert facts["exactness"] == "exact"
    assert facts["refused"] == []
    assert all(
        facts[key] > 0 for key in ("byte_states", "states", "edges", "labels", "classes", "min_tokens")
    )
    code, out, _ = control("inspect", "s.json", options=tokenizer)
    assert code == 0
    assert f"{facts['edges']:,}" in out


def test_inspect_lists_all_that_is_refused(control, place, model_folder):
    odd = {"properties": {"a": {"pattern": r"(a)\1"}, "b": {"$ref": "http://example.com/b"}}}
    (place / "odd.json").write_text(json.dumps(odd), encoding="utf-8")
    tokenizer = ("--tokenizer", str(model_folder / "tokenizer.json"))
    code, out, _ = control("inspect", "odd.json", "--json", options=tokenizer)
    assert code == 1
    refused = {(reason["pointer"], reason["keyword"]) for reason in json.loads(out)["refused"]}
    assert refused == {("/properties/a", "pattern"), ("/properties/b", "$ref")}
    code, out, _ = control("inspect", "odd.json", options=tokenizer)
    assert code == 1
    assert "back-reference" in out


def test_inspect_tells_what_becomes_of_each_keyword(control, place, model_folder):
    odd = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True, "requird": 1}}}
    (place / "odd.json").write_text(json.dumps(odd), encoding="utf-8")
    tokenizer = ("--tokenizer", str(model_folder / "tokenizer.json"))
    code, out, _ = control("inspect", "odd.json", "--keywords", "--json", options=tokenizer)
    facts = json.loads(out)
    assert code == 0
    assert facts["exactness"] == "verified"
    rows = {(row["pointer"], row["keyword"]): row["outcome"] for row in facts["outcomes"]}
    assert rows["", "properties"] == "exact"
    assert rows["/properties/a", "uniqueItems"] == "verified"
    assert rows["/properties/a", "requird"] == "ignored"
    code, out, _ = control("inspect", "odd.json", options=tokenizer)
    assert code == 0
    assert "uniqueItems" in out
    code, out, _ = control("inspect", "--keywords", "--json", options=())
    assert code == 0
    assert {"unevaluatedItems", "not"} <= {row["name"] for row in json.loads(out)["keywords"]}
    assert control("inspect", options=())[0] == 2


def test_ctrl_c_leaves_whole_lines_and_resume_goes_on(place, model_folder):
    lines = "".join(json.dumps({"id": index, "text": f"Ada, {index}"}) + "\n" for index in range(400))
    (place / "many.jsonl").write_text(lines, encoding="utf-8")
    command = [sys.executable, "-m", "controlgen", "extract", "s.json", "many.jsonl", "-o", "out.jsonl"]
    command += ["--model", str(model_folder), "--steps", "8", "--batch-size", "2"]
    output = place / "out.jsonl"
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True) as process:
        give_up = time.monotonic() + 60
        while not (output.exists() and output.stat().st_size) and time.monotonic() < give_up:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: " in err
    assert "Traceback" not in err
    data = output.read_bytes()
    assert data.endswith(b"\n")
    done = rows(data.decode())
    assert 0 < len(done) < 400
    assert f"interrupted: {len(done)} records" in err
    (place / "many.jsonl").write_text(
        "".join(lines.splitlines(keepends=True)[: len(done) + 2]), encoding="utf-8"
    )
    subprocess.run([*command, "--resume"], cwd=place, check=True, capture_output=True)
    assert output.read_bytes().startswith(data)
    assert [row["id"] for row in rows(output.read_text(encoding="utf-8"))] == list(range(len(done) + 2))


def test_a_reader_that_goes_away_is_no_traceback(place, model_folder):
    command = [sys.executable, "-m", "controlgen", "extract", "s.json", "docs", "--model", str(model_folder)]
    read, write = os.pipe()
    os.close(read)
    found = subprocess.run(command, cwd=place, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_help_and_version(control):
    for arguments in ([], ["--help"], ["extract", "--help"], ["inspect", "--help"], ["--version"]):
        code, out, err = control(*arguments, options=())
        assert (code, err) == (0, "")
        assert "controlgen" in out
