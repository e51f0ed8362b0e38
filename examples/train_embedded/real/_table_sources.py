"""The kinds of tabular text that the model is trained on, and where a machine keeps them (or prints them).

No kind of `held_out.HELD_OUT`, nor a relative of one (time zones, countries, package logs), may be added
here.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from . import _tables as rows
from ._compose import Unusable
from ._facts import Fact, Facts, Table, choices_of, text_fact, with_choices
from ._keyed_sources import PYTHONS, access_log
from ._source import Raw, find, read_text


@dataclass
class TableSource:
    """Documents of rows: at reading, a run of one to eight of them, under their heading if there is one."""

    name: str
    parse: rows.RowParser
    collector: Callable[[], Iterator[Raw]]
    things: tuple[str, ...]
    plurals: tuple[str, ...]
    weight: float = 0.6
    lines: dict[Raw, list[str]] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def collect(self) -> Iterator[Raw]:
        yield from self.collector()

    def study(self, documents: list[Raw]) -> None:
        columns: dict[str, Counter[str]] = {}
        for raw in documents:
            self.lines[raw] = [line for line in raw.text.splitlines() if self.parse(line) is not None]
            for line in self.lines[raw]:
                for fact in self.parse(line) or ():
                    if isinstance(fact.value, str):
                        columns.setdefault(fact.group, Counter())[fact.value] += 1
        self.choices = choices_of(columns)

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        lines = self.lines[raw]
        count = rng.choice((1, 1, 1, 2, 2, 3, 4, 5, 7))
        if not lines:
            raise Unusable
        start = rng.randrange(max(1, len(lines) - count + 1))
        chosen = lines[start : start + count]
        parsed = [
            tuple(with_choices(row, self.choices)) for row in map(self.parse, chosen) if row is not None
        ]
        if rng.random() < 0.3:
            chosen = [" ".join(line.split()) for line in chosen]
        single: tuple[Fact, ...] = ()
        if raw.origin.startswith(("/etc/", "/usr/")) and rng.random() < 0.25:
            prompt = rng.choice(("# {}", "==> {} <==", "{}:", "$ cat {}", "file: {}"))
            chosen = [prompt.format(raw.origin), *chosen]
            single = (text_fact("origin", raw.origin, "source", "origin", "source file", "shown from"),)
        return "\n".join(chosen), Facts(
            rng.choice(self.things), single, (Table(self.plurals, tuple(parsed)),)
        )


@dataclass
class CsvSource:
    """Delimited tables with a header line."""

    name: str = "csv"
    weight: float = 1.2

    def collect(self) -> Iterator[Raw]:
        for path in find((*PYTHONS, "/usr/share"), "**/*.csv"):
            text = read_text(path)
            if text and "tests/data/umath" not in str(path) and len(text.splitlines()) > 2:
                yield Raw(text, path.name)
        yield from _iso_codes()

    def study(self, documents: list[Raw]) -> None:
        return

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        lines = [line for line in raw.text.splitlines() if line.strip()]
        delimiter = "\t" if "\t" in lines[0] else ("|" if "|" in lines[0] else ",")
        count = rng.choice((1, 1, 1, 2, 2, 3, 4, 6))
        start = rng.randrange(1, max(2, len(lines) - count + 1))
        header, body = lines[0], lines[start : start + count]
        parsed = rows.csv_rows(header, body, delimiter)
        if not parsed or len(parsed[0]) < 2:
            raise Unusable
        if delimiter == "," and not any('"' in line for line in (header, *body)) and rng.random() < 0.4:
            other = rng.choice(("\t", ";", " | ", "|"))
            header, body = header.replace(",", other), [line.replace(",", other) for line in body]
        return "\n".join([header, *body]), Facts(
            "row", (), (Table(("rows", "entries", "items", "records", "lines"), tuple(parsed)),)
        )


def _iso_codes() -> Iterator[Raw]:
    """Languages, scripts and currencies of iso-codes as CSV (countries are too near the test kinds)."""
    import csv
    import io
    import json

    for standard in ("639-3", "639-2", "639-5", "15924", "4217"):
        path = Path(f"/usr/share/iso-codes/json/iso_{standard}.json")
        if not path.is_file():
            continue
        entries = next(iter(json.loads(path.read_text(encoding="utf-8")).values()))
        columns = list(dict.fromkeys(key for entry in entries for key in entry))
        for start in range(0, min(len(entries), 3000), 60):
            out = io.StringIO()
            writer = csv.DictWriter(out, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(entries[start : start + 60])
            yield Raw(out.getvalue(), path.name)


def _file(*paths: str) -> Callable[[], Iterator[Raw]]:
    def collect() -> Iterator[Raw]:
        for path in paths:
            text = read_text(Path(path), 60_000)
            if text:
                yield Raw(text, path)

    return collect


def _command(*commands: tuple[str, ...]) -> Callable[[], Iterator[Raw]]:
    def collect() -> Iterator[Raw]:
        for command in commands:
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=20, env={**os.environ, "LC_ALL": "C"}
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            output = done.stdout or done.stderr
            if output:
                yield Raw(output[:20_000], command[-1] if command[-1].startswith("/") else "")

    return collect


def _accesses() -> Iterator[Raw]:
    yield Raw("\n".join(access_log()))


def _tools() -> dict[str, Callable[[], Iterator[Raw]]]:
    """Commands whose output is a table, on files that every machine has."""
    wheels = [str(path) for path in find((*PYTHONS, "/usr/share"), "**/*.whl")][:12]
    programs = [
        f"/usr/bin/{name}"
        for name in ("git", "perl", "apt", "gcc", "find", "curl", "python3", "man", "node", "gdb")
    ]
    libraries = [str(path) for path in find(("/usr/lib/x86_64-linux-gnu",), "lib[a-z]*.so.[0-9]")][::12]
    texts = sorted(str(path) for path in Path("/usr/share/common-licenses").glob("*")) + sorted(
        str(p) for p in Path("/etc").glob("*.conf")
    )
    modules = (
        "asyncio",
        "email.message",
        "xml.dom.minidom",
        "unittest",
        "http.server",
        "sqlite3",
        "logging.config",
        "multiprocessing",
    )
    return {
        "checksums": _command(("md5sum", *texts), ("sha1sum", *texts)),
        "archives": _command(*((sys.executable, "-m", "zipfile", "-l", path) for path in wheels)),
        "imports": _command(
            *((sys.executable, "-X", "importtime", "-c", f"import {name}") for name in modules)
        ),
        "fonts": _command(("fc-list",)),
        "linked": _command(*(("ldd", path) for path in programs)),
        "symbols": _command(*(("nm", "-D", "--defined-only", path) for path in libraries)),
    }


def _tool(name: str) -> Callable[[], Iterator[Raw]]:
    return lambda: _tools()[name]()


def _listings() -> Iterator[Raw]:
    folders = [
        path
        for root in ("/etc", "/usr/lib", "/usr/share", "/usr/include", "/var")
        for path in _folders(Path(root))
    ]
    for index, folder in enumerate(folders[:: max(1, len(folders) // 260)]):
        style = "long-iso" if index % 2 else "+%b %e  %Y"
        yield from _command(("ls", "-l", f"--time-style={style}", str(folder)))()


def _folders(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(names)[:12]
        if 3 <= len(files) + len(names) <= 60:
            yield Path(folder)


def _counts() -> Iterator[Raw]:
    for folder in [path for path in _folders(Path("/usr/share/doc")) if path.is_dir()][:60]:
        files = sorted(str(path) for path in folder.iterdir() if path.is_file())
        yield from _command(("wc", *files))() if files else ()


def _characters() -> Iterator[Raw]:
    rng = Random(7)
    for _ in range(60):
        start = rng.randrange(0x20, 0x30000)
        table = (
            f"U+{code:04X};{chr(code)};{unicodedata.name(chr(code))};{unicodedata.category(chr(code))}"
            for code in range(start, start + 400)
            if unicodedata.name(chr(code), "")
            and chr(code).isprintable()
            and chr(code) != ";"
            and chr(code).strip()
        )
        text = "\n".join(table)
        if text:
            yield Raw(text)


def _errors() -> Iterator[Raw]:
    yield Raw(
        "\n".join(
            f"{name} {number} {os.strerror(number)}" for number, name in sorted(errno.errorcode.items())
        )
    )


def _users() -> Iterator[Raw]:
    yield from _file("/etc/passwd", "/usr/share/base-passwd/passwd.master")()


def _python_aliases() -> Iterator[Raw]:
    from encodings.aliases import aliases

    yield Raw("\n".join(f"{alias} {target}" for alias, target in sorted(aliases.items())))


TABLES: tuple[TableSource | CsvSource, ...] = (
    TableSource(
        "services",
        rows.service_row,
        _file("/etc/services"),
        ("service",),
        ("services", "ports", "entries"),
        1.0,
    ),
    TableSource(
        "protocols",
        rows.protocol_row,
        _file("/etc/protocols", "/etc/rpc", "/etc/ethertypes"),
        ("protocol",),
        ("protocols", "entries"),
    ),
    TableSource("passwd", rows.passwd_row, _users, ("account", "user"), ("accounts", "users", "logins"), 0.5),
    TableSource("group", rows.group_row, _file("/etc/group"), ("group",), ("groups", "teams"), 0.3),
    TableSource(
        "listing",
        rows.listing_row,
        _listings,
        ("file", "entry"),
        ("files", "entries", "listing", "content"),
        1.6,
    ),
    TableSource("unicode", rows.unicode_row, _characters, ("character",), ("characters", "symbols"), 0.5),
    TableSource("errno", rows.errno_row, _errors, ("error",), ("errors", "codes", "constants"), 0.5),
    TableSource("counts", rows.count_row, _counts, ("file",), ("files", "counts"), 0.6),
    TableSource(
        "usage",
        rows.usage_row,
        _command(("du", "/usr/share/doc"), ("du", "/usr/share/man"), ("du", "/usr/include")),
        ("folder",),
        ("folders", "directories"),
        0.4,
    ),
    TableSource(
        "aliases",
        rows.alias_row,
        _file("/etc/locale.alias", "/usr/share/locale/locale.alias"),
        ("alias",),
        ("aliases", "names"),
        0.3,
    ),
    TableSource(
        "colours",
        rows.colour_row,
        _file("/etc/X11/rgb.txt", "/usr/share/X11/rgb.txt"),
        ("colour",),
        ("colours", "colors"),
        0.4,
    ),
    TableSource(
        "suffixes", rows.suffix_row, _file("/etc/mime.types"), ("media type",), ("media types", "types"), 0.8
    ),
    TableSource("accesses", rows.access_row, _accesses, ("request",), ("requests", "hits", "entries"), 0.8),
    TableSource("checksums", rows.checksum_row, _tool("checksums"), ("file",), ("files", "checksums"), 0.4),
    TableSource(
        "archives",
        rows.archive_row,
        _tool("archives"),
        ("member", "file"),
        ("members", "files", "entries"),
        0.7,
    ),
    TableSource("imports", rows.import_row, _tool("imports"), ("import",), ("imports", "modules"), 0.4),
    TableSource("fonts", rows.font_row, _tool("fonts"), ("font",), ("fonts", "faces"), 0.5),
    TableSource("linked", rows.linked_row, _tool("linked"), ("library",), ("libraries", "dependencies"), 0.4),
    TableSource("symbols", rows.symbol_row, _tool("symbols"), ("symbol",), ("symbols", "exports"), 0.4),
    CsvSource(),
)
