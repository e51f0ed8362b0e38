"""Inputs, schemas and outputs of the command line: what is read, what is refused, what stays on the disk."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from contextlib import nullcontext

import pytest

from controlgen._cli._errors import CommandError, one_line
from controlgen._cli._inputs import DocumentError, collect_documents
from controlgen._cli._interrupts import Interrupts
from controlgen._cli._output import Output, finished_ids
from controlgen._cli._schemas import load_output_type


def texts(inputs, **options):
    return {
        document.id: document.read()
        for document in collect_documents([str(path) for path in inputs], **options)
    }


def refusal(call, *arguments, **options):
    with pytest.raises(CommandError) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


# Inputs ---------------------------------------------------------------------------------------------------


def test_files_folders_and_lines_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_text("second", encoding="utf-8")
    (tmp_path / "b" / ".hidden").write_text("no", encoding="utf-8")
    (tmp_path / "b" / "a.md").write_bytes(b"\xef\xbb\xbffirst")
    (tmp_path / "more.jsonl").write_text(
        '{"id": 7, "text": "seven"}\n\n{"id": "x", "text": "ex"}\n', encoding="utf-8"
    )
    found = texts([tmp_path / "b", tmp_path / "more.jsonl"])
    assert list(found.values()) == ["first", "second", "seven", "ex"]
    assert list(found)[2:] == [7, "x"]
    assert next(iter(found)) == (tmp_path / "b" / "a.md").as_posix()


def test_the_output_is_no_input(tmp_path):
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    output = tmp_path / "out.jsonl"
    output.write_text('{"id": 1, "record": {}}\n', encoding="utf-8")
    assert list(texts([tmp_path], exclude=output.resolve()).values()) == ["a"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\x89PNG\0\0", "binary"), (b"caf\xe9", "not UTF-8 at byte 3"), (b" \n ", "empty"), (b"", "empty")],
)
def test_a_file_that_is_no_text_fails_alone(tmp_path, data, reason):
    (tmp_path / "bad").write_bytes(data)
    (tmp_path / "good").write_text("good", encoding="utf-8")
    bad, good = collect_documents([str(tmp_path)])
    with pytest.raises(DocumentError, match=reason):
        bad.read()
    assert good.read() == "good"


def test_a_lone_surrogate_is_no_text(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "\\ud800"}', encoding="utf-8")
    (document,) = collect_documents([str(tmp_path / "a.jsonl")])
    with pytest.raises(DocumentError, match="surrogate at character 0"):
        document.read()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", ":1: not JSON"),
        ("[1]", "each line is an object"),
        ('{"text": "a"}', "id must be a string or an integer"),
        ('{"id": true, "text": "a"}', "id must be a string or an integer"),
        ('{"id": 1.5, "text": "a"}', "id must be a string or an integer"),
        ('{"id": "", "text": "a"}', "id must be a string or an integer"),
        ('{"id": 1}', "text must be a string"),
        ('{"id": 1, "text": 3}', "text must be a string"),
        ('{"id": 1, "text": "a"}\n{"id": "1", "text": "b"}', ":2: id '1' stands in"),
        ("[" * 100000, "nested too deeply"),
        ("", "empty"),
    ],
)
def test_bad_lines_are_refused_at_once(tmp_path, line, reason):
    path = tmp_path / "a.jsonl"
    path.write_text(line, encoding="utf-8")
    assert reason in refusal(collect_documents, [str(path)])


def test_missing_doubled_and_no_inputs(tmp_path):
    assert "no such file" in refusal(collect_documents, [str(tmp_path / "absent")])
    assert "no document" in refusal(collect_documents, [str(tmp_path)])
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    assert "ids must be unique" in refusal(collect_documents, [str(tmp_path), str(tmp_path / "a.txt")])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("a text\nof two lines", {"-": "a text\nof two lines"}),
        ('{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n', {1: "a", 2: "b"}),
        ('{"total": 3}', {"-": '{"total": 3}'}),
    ],
)
def test_standard_input(monkeypatch, data, found):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    assert texts(["-"]) == found


# Schemas --------------------------------------------------------------------------------------------------


def test_a_schema_file(tmp_path):
    path = tmp_path / "s.json"
    path.write_text('{"type": "object"}', encoding="utf-8")
    assert load_output_type(str(path)) == {"type": "object"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "binary"),
        (b"[]", "a schema is an object, this is an array"),
        (b"null", "this is null"),
        (b'{"type": "objekt"}', "/type"),
        (b'{"properties": {"a": {"minLength": -1}}}', "/properties/a/minLength"),
        (b"[" * 100000, "nested too deeply"),
    ],
)
def test_what_is_no_schema_is_refused(tmp_path, data, reason):
    path = tmp_path / "s.json"
    path.write_bytes(data)
    assert reason in refusal(load_output_type, str(path))


def test_a_model_of_a_module_in_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "shapes_of_test.py").write_text("class Box:\n    class Lid: pass\n", encoding="utf-8")
    (tmp_path / "broken_of_test.py").write_text("raise RuntimeError('two\\nlines')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert load_output_type("shapes_of_test:Box.Lid").__qualname__ == "Box.Lid"
    assert "has no Cup" in refusal(load_output_type, "shapes_of_test:Cup")
    assert "two lines" in refusal(load_output_type, "broken_of_test:Cup")
    assert "no module named" in refusal(load_output_type, "absent_of_test:Cup")
    assert "no such file" in refusal(load_output_type, "absent.json")
    assert "a folder" in refusal(load_output_type, str(tmp_path))


# Outputs --------------------------------------------------------------------------------------------------


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_whole_lines(tmp_path):
    path = tmp_path / "out.jsonl"
    with Output(path) as output:
        output.write({"id": 1, "record": "ä\n"})
        assert path.read_bytes().endswith(b"\n")
        output.write({"id": 2, "error": "x"})
    assert rows_of(path) == [{"id": 1, "record": "ä\n"}, {"id": 2, "error": "x"}]


def test_an_output_that_exists_is_kept(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("precious", encoding="utf-8")
    assert "--resume" in refusal(Output, path)
    assert path.read_text(encoding="utf-8") == "precious"
    Output(path, overwrite=True).close()
    assert path.read_text(encoding="utf-8") == ""


def test_an_output_that_can_not_be_written(tmp_path):
    assert "can't be written" in refusal(Output, tmp_path / "absent" / "out.jsonl")
    assert "can't be written" in refusal(Output, tmp_path, append=True)


def test_a_write_cut_off_leaves_no_half_line(tmp_path, monkeypatch):
    """A disk that is full after ten bytes: the line is taken back."""
    path = tmp_path / "out.jsonl"
    output = Output(path)
    output.write({"id": 1, "record": 1})
    write, calls = os.write, []

    def full(file, data):
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(file, data[:10])

    monkeypatch.setattr(os, "write", full)
    assert "No space left" in refusal(output.write, {"id": 2, "record": "long enough"})
    monkeypatch.undo()
    output.write({"id": 3, "record": 3})
    assert [row["id"] for row in rows_of(path)] == [1, 3]


def test_resume_repairs_and_tells_what_is_done(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_bytes(
        b'{"id": 1, "record": {}}\n{"id": "b", "error": "x"}\n{"id": "other", "error": "y"}\n{"id": 3, "rec'
    )
    assert finished_ids(path, ["1", "b", "3"]) == {"1"}
    assert [row["id"] for row in rows_of(path)] == [1, "other"]
    before = path.stat().st_ino
    assert finished_ids(path, ["1", "b", "3"]) == {"1"}
    assert path.stat().st_ino == before, "a file that is in order is left alone"
    assert list(tmp_path.iterdir()) == [path]


def test_resume_of_nothing_and_of_something_else(tmp_path):
    path = tmp_path / "out.jsonl"
    assert finished_ids(path, ["1"]) == set()
    for other in ("a letter\nto a friend\n", "a letter", '{"type": "object"}'):
        path.write_text(other, encoding="utf-8")
        assert "earlier run" in refusal(finished_ids, path, ["1"])
        assert path.read_text(encoding="utf-8") == other


def test_an_interrupt_waits_for_the_end_of_a_held_stretch():
    before = signal.getsignal(signal.SIGINT)  # ignored where the tests run in the background of a shell
    done = []

    def work(held):
        with Interrupts() as interrupts, interrupts.held() if held else nullcontext():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest of the stretch")

    with pytest.raises(KeyboardInterrupt):
        work(held=True)
    assert len(done) == 1
    with pytest.raises(KeyboardInterrupt):
        work(held=False)
    assert len(done) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_messages_are_one_line():
    assert one_line("a\n  b\t c") == "a b c"
    assert one_line(KeyError()) == "KeyError"
    assert len(one_line("x" * 5000)) == 400
