"""Traces survive a round trip, and damaged ones are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from controlgen._errors import TraceError
from controlgen._trace import Trace, TraceStep


def example() -> Trace:
    step = TraceStep(
        step=0,
        canvas=(5, -1, -1),
        witness=(5, 7, 1),
        confidences=(0.1 + 0.2, 1e-300, 1.0),
        committed=(0,),
        allowed=(1, 4000, 2),
        log_z=-12.345678901234567,
        text='{"é":"\u2028"}',
    )
    return Trace(length=3, seed=2**62 + 1, options={"steps": 4, "threshold": None}, steps=(step,))


def test_round_trip_through_a_file_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    example().save(path)
    assert Trace.load(path) == example()
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 1


def broken(**changes: Any) -> str:
    data = json.loads(example().to_json())
    step = data["steps"][0]
    for name, value in changes.items():
        (step if name in step else data)[name] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "format"),
        (broken(version=99), "version 99"),
        (broken(length="3"), "length: not an integer"),
        (broken(canvas=[1]), r"steps\[0\].canvas: 1 entries for 3"),
        (broken(committed=[3]), "outside the canvas"),
        (broken(log_z=None), "log_z: not a number"),
        (broken(confidences=[True, 0, 0]), "confidences: not a number"),
        (broken(text=1), "text: not a string"),
        (broken(steps=[1]), r"steps\[0\]: not an object"),
    ],
)
def test_damaged_traces_are_refused(text: str, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        Trace.from_json(text)


def test_missing_field_is_named() -> None:
    data = json.loads(example().to_json())
    del data["steps"][0]["witness"]
    with pytest.raises(TraceError, match=r"steps\[0\].witness: missing"):
        Trace.from_json(json.dumps(data))


def test_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_bytes(b"\xff")
    with pytest.raises(TraceError, match=r"trace\.json"):
        Trace.load(path)
