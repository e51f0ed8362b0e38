"""The record of one generation, step by step, as versioned JSON.

Knows plain numbers only: token ids, probabilities, positions. Reading checks the shape of everything, so that
a damaged file is an error here and not later.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from controlgen._errors import TraceError

__all__ = ["TRACE_VERSION", "Trace", "TraceStep"]

TRACE_VERSION = 1
_FORMAT = "controlgen-trace"
_T = TypeVar("_T")


@dataclass(frozen=True)
class TraceStep:
    """One denoising step of one row; L positions.

    Attributes:
        step: index from 0.
        canvas: (L,) token ids after the step's commits, -1 at open positions.
        witness: (L,) token ids of the complete valid sequence of this step.
        confidences: (L,) constrained probability of each witness token.
        committed: positions that became fixed in this step, ascending.
        allowed: (L,) how many tokens the constraint and the fixed positions leave.
        log_z: log of the probability that an unconstrained draw of this step is valid (nats).
        text: the witness as text.
    """

    step: int
    canvas: tuple[int, ...]
    witness: tuple[int, ...]
    confidences: tuple[float, ...]
    committed: tuple[int, ...]
    allowed: tuple[int, ...]
    log_z: float
    text: str


@dataclass(frozen=True)
class Trace:
    """All steps of one row.

    Attributes:
        length: L, tokens of the canvas.
        seed: the row's seed.
        options: the options of the loop, as JSON values.
        steps: the steps in order.
    """

    length: int
    seed: int
    options: dict[str, Any]
    steps: tuple[TraceStep, ...] = field(default=())

    def to_json(self) -> str:
        """One JSON object; numbers survive the round trip exactly."""
        return json.dumps({"format": _FORMAT, "version": TRACE_VERSION, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what `to_json` wrote.

        Raises:
            TraceError: not JSON, not a trace, an unknown version, or a field of the wrong shape, named.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise TraceError(f"not a trace: not JSON ({error})") from None
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise TraceError(f'not a trace: no "format": "{_FORMAT}"')
        if data.get("version") != TRACE_VERSION:
            raise TraceError(
                f"trace version {data.get('version')!r}: this release reads version {TRACE_VERSION}"
            )
        length = _read(data, "length", _count)
        steps = _read(data, "steps", _list)
        return cls(
            length=length,
            seed=_read(data, "seed", _integer),
            options=_read(data, "options", _mapping),
            steps=tuple(_step(entry, index, length) for index, entry in enumerate(steps)),
        )

    def save(self, path: str | Path) -> None:
        """Write the trace to a file (UTF-8)."""
        Path(path).write_text(self.to_json() + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read a trace from a file.

        Raises:
            TraceError: as `from_json`; the message names the file.
            OSError: the file can't be read.
        """
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except (TraceError, UnicodeDecodeError) as error:
            raise TraceError(f"{path}: {error}") from None


def _step(data: Any, index: int, length: int) -> TraceStep:
    where = f"steps[{index}]"
    if not isinstance(data, dict):
        raise TraceError(f"{where}: not an object")
    per_position = {
        "canvas": _read(data, "canvas", _integers, where),
        "witness": _read(data, "witness", _integers, where),
        "allowed": _read(data, "allowed", _integers, where),
    }
    confidences = _read(data, "confidences", _numbers, where)
    for name, values in {**per_position, "confidences": confidences}.items():
        if len(values) != length:
            raise TraceError(f"{where}.{name}: {len(values)} entries for {length} positions")
    committed = _read(data, "committed", _integers, where)
    if any(not 0 <= position < length for position in committed):
        raise TraceError(f"{where}.committed: a position outside the canvas of {length}")
    return TraceStep(
        step=_read(data, "step", _count, where),
        confidences=confidences,
        committed=committed,
        log_z=_read(data, "log_z", _number, where),
        text=_read(data, "text", _string, where),
        **per_position,
    )


def _read(data: dict[str, Any], name: str, convert: Callable[[Any], _T], where: str = "trace") -> _T:
    if name not in data:
        raise TraceError(f"{where}.{name}: missing")
    try:
        return convert(data[name])
    except TypeError as error:
        raise TraceError(f"{where}.{name}: {error}") from None


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"not an integer: {value!r:.40}")
    return value


def _count(value: Any) -> int:
    if _integer(value) < 0:
        raise TypeError(f"negative: {value}")
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"not a number: {value!r:.40}")
    return float(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a string: {value!r:.40}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"not an array: {value!r:.40}")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"not an object: {value!r:.40}")
    return value


def _integers(value: Any) -> tuple[int, ...]:
    return tuple(_integer(entry) for entry in _list(value))


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(_number(entry) for entry in _list(value))
