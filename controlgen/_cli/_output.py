"""The output file: one JSON object a line, whole lines only, taken up again by id.

A line reaches the file by one write and is never left half written: what a full disk or a crash cuts off is
removed, at once or when the run is resumed. Knows nothing of what the rows say but `id` and `error`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from controlgen._cli._errors import CommandError

__all__ = ["Output", "finished_ids"]

_START = b'{"id": '
"""How every row begins, so also one that was cut off."""


class Output:
    """Rows to a file or to standard output.

    Args:
        path: the file, or None for standard output.
        append: keep what is there (after `finished_ids`).
        overwrite: replace what is there.

    Raises:
        CommandError: the file exists and neither is given, or it can't be written.
    """

    def __init__(self, path: Path | None, *, append: bool = False, overwrite: bool = False) -> None:
        self._name = "standard output" if path is None else str(path)
        self._owned = path is not None
        if path is None:
            sys.stdout.flush()
            self._file = sys.stdout.fileno()
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if not append:
            flags |= os.O_TRUNC if overwrite else os.O_EXCL
        try:
            self._file = os.open(path, flags, 0o666)
        except FileExistsError:
            raise CommandError(
                f"{path}: exists; --resume takes it up again, --overwrite replaces it"
            ) from None
        except OSError as error:
            raise CommandError(f"{path}: can't be written: {error.strerror or error}") from None

    def write(self, row: dict[str, Any]) -> None:
        """Write one row and hand it to the operating system.

        Raises:
            CommandError: the line could not be written whole; nothing of it stays in the file.
        """
        data = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except BrokenPipeError:
            raise CommandError(f"{self._name}: closed by its reader") from None
        except OSError as error:
            self._take_back(written)
            raise CommandError(f"{self._name}: can't be written: {error.strerror or error}") from None

    def _take_back(self, count: int) -> None:
        if self._owned and count:
            os.ftruncate(self._file, os.fstat(self._file).st_size - count)

    def close(self) -> None:
        """Close the file; standard output stays open."""
        if self._owned:
            os.close(self._file)
            self._owned = False

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def finished_ids(path: Path, wanted: Iterable[str]) -> set[str]:
    """Make an earlier run's output ready to be taken up, and tell which documents are done.

    A half last line is cut off. Error rows of wanted documents are taken out, because these are tried again;
    all other rows stay. The file is replaced in one move, and only if something has to go.

    Args:
        path: the output; it need not exist.
        wanted: ids of this run's documents, as text.

    Returns:
        The ids of all rows that hold a record.

    Raises:
        CommandError: a line that is no row of an earlier run: then nothing is changed.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    whole, _, rest = data.rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    again, done, kept = set(wanted), set(), []
    for number, line in enumerate(lines, start=1):
        row = _row(line, f"{path}:{number}")
        key = str(row["id"])
        if "error" not in row:
            done.add(key)
        elif key in again:
            continue
        kept.append(line)
    if rest and not (rest.startswith(_START) or _START.startswith(rest)):
        raise CommandError(
            f"{path}: does not end as an earlier run's output; --resume needs that run's output"
        )
    if rest or len(kept) != len(lines):
        _replace(path, b"".join(line + b"\n" for line in kept))
    return done


def _row(line: bytes, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or "id" not in row or not ("record" in row or "error" in row):
        raise CommandError(f"{place}: not a row of an earlier run; --resume needs that run's output")
    return row


def _replace(path: Path, data: bytes) -> None:
    """Replace a file's contents in one move, so that a crash leaves either the old or the new ones."""
    path = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, path.stat().st_mode)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(f"{path}: can't be written: {error.strerror or error}") from None
