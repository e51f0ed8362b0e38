"""INPUT on the command line: text files, folders, JSONL with ids, or standard input, as documents with ids.

All ids are known before the work begins, so that a bad or doubled one stops the command at once; files are
read when their turn comes. Knows nothing of schemas and models.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from controlgen._cli._errors import CommandError, one_line

__all__ = ["Document", "DocumentError", "collect_documents"]

DocumentId = str | int


class DocumentError(Exception):
    """The text of one document can't be had; the others go on."""


@dataclass(frozen=True)
class Document:
    """One text to extract from.

    Attributes:
        id: the path of a file as found from the argument, `-` for standard input, or the id of a JSONL line.
        read: gives the text; raises DocumentError.
    """

    id: DocumentId
    read: Callable[[], str]


def collect_documents(inputs: Iterable[str], *, exclude: Path | None = None) -> list[Document]:
    """The documents of all inputs, in order; folders are walked in the order of their names.

    Args:
        inputs: paths, or `-` for standard input.
        exclude: a file that is no input though it lies in an input folder: the output.

    Raises:
        CommandError: a missing input, a JSONL line without id or text, a doubled id, no document at all.
    """
    documents: list[Document] = []
    places: dict[str, str] = {}
    for argument in inputs:
        for document, place in _documents(argument, exclude):
            key = str(document.id)
            if key in places:
                raise CommandError(f"{place}: id {key!r} stands in {places[key]} too; ids must be unique")
            places[key] = place
            documents.append(document)
    if not documents:
        raise CommandError(f"no document in {', '.join(inputs)}")
    return documents


def _documents(argument: str, exclude: Path | None) -> Iterator[tuple[Document, str]]:
    """The documents of one argument, each with its place for messages."""
    if argument == "-":
        yield from _standard_input()
        return
    path = Path(argument)
    if path.is_dir():
        for file in _files(path):
            if exclude is None or file.resolve() != exclude:
                yield from _file(file)
    elif path.exists():
        yield from _file(path)
    else:
        raise CommandError(f"{argument}: no such file or folder")


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder; hidden ones are left out, and links to folders are not followed."""
    try:
        children = sorted(folder.iterdir(), key=lambda child: child.name)
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror or error}") from None
    for child in children:
        if child.name.startswith("."):
            continue
        if child.is_dir():
            if not child.is_symlink():  # a link may lead back up
                yield from _files(child)
        elif child.is_file():
            yield child


def _file(path: Path) -> Iterator[tuple[Document, str]]:
    name = path.as_posix()
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror or error}") from None
        yield from _lines(_decode_or_refuse(data, name), name)
    else:
        yield Document(name, lambda: _read(path)), name


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DocumentError(str(error.strerror or error)) from None
    return decode(data)


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, with or without a byte order mark.

    Raises:
        DocumentError: binary data, another encoding, or no text at all.
    """
    if b"\0" in data:
        raise DocumentError("binary input: it holds zero bytes; give text in UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"binary input or another encoding: not UTF-8 at byte {error.start}") from None
    if not text.strip():
        raise DocumentError("empty input: there is no text to extract from")
    return text


def _decode_or_refuse(data: bytes, place: str) -> str:
    try:
        return decode(data)
    except DocumentError as error:
        raise CommandError(f"{place}: {error}") from None


def _standard_input() -> Iterator[tuple[Document, str]]:
    """Lines of JSON if the first one is an object with `id` and `text`, else one text."""
    text = _decode_or_refuse(sys.stdin.buffer.read(), "standard input")
    if _looks_like_lines(text):
        yield from _lines(text, "standard input")
    else:
        yield Document("-", lambda: text), "standard input"


def _looks_like_lines(text: str) -> bool:
    first = text.strip().split("\n", 1)[0]
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and "id" in row and "text" in row


def _lines(text: str, name: str) -> Iterator[tuple[Document, str]]:
    for number, line in enumerate(text.split("\n"), start=1):  # only \n ends a line of JSONL
        if line.strip():
            place = f"{name}:{number}"
            yield _line(line, place), place


def _line(line: str, place: str) -> Document:
    try:
        row = json.loads(line)
    except RecursionError:
        raise CommandError(f"{place}: nested too deeply") from None
    except ValueError as error:
        raise CommandError(f"{place}: not JSON: {one_line(error)}") from None
    if not isinstance(row, dict):
        raise CommandError(f'{place}: each line is an object: {{"id": …, "text": …}}')
    identity, text = row.get("id"), row.get("text")
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        raise CommandError(f"{place}: id must be a string or an integer, and there is {json.dumps(identity)}")
    if not isinstance(text, str):
        raise CommandError(f"{place}: text must be a string, and there is {one_line(json.dumps(text))}")
    return Document(identity, lambda: _checked(text))


def _checked(text: str) -> str:
    if not text.strip():
        raise DocumentError("empty input: there is no text to extract from")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(f"not text: a lone surrogate at character {error.start}") from None
    return text
