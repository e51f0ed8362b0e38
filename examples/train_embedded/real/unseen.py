"""Documents of the held-out kinds, from the machine a benchmark runs on, with schemas a user would write.

Knows where a Debian and Python machine keeps them and which fields are asked for. The ground truth is that
of `_unseen_parsers`. A machine without the files is told as `Absent`, with the reason; nothing is left out
silently.
"""

from __future__ import annotations

import gzip
import importlib.util
import re
import sysconfig
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from random import Random
from typing import Any

from data.example import Example

from . import _unseen_parsers as parsers
from ._leaves import leaf_kinds
from ._source import find, read_text

View = tuple[str, ...]

MAX_CHARACTERS = 750
MIN_DOCUMENTS = 100


class Absent(Exception):
    """This machine has no (or too few) documents of a kind; the message says what was looked for."""


@dataclass(frozen=True)
class Unseen:
    """One held-out kind: where its documents are, how they are parsed, what may be asked.

    `views` are sets of fields; a document is asked one of those that its text determines in full.
    """

    name: str
    about: str
    documents: Callable[[], Iterator[str]]
    parse: Callable[[str], dict[str, Any] | None]
    fields: dict[str, dict[str, Any]]
    views: tuple[View, ...]


STRING: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
DATE: dict[str, Any] = {"type": "string", "format": "date"}


def _stanzas() -> Iterator[str]:
    text = Path("/var/lib/dpkg/status")
    if text.is_file():
        yield from text.read_text(encoding="utf-8", errors="replace").split("\n\n")


def _changelogs() -> Iterator[str]:
    seen: set[str] = set()
    for path in find(("/usr/share/doc",), "*/changelog*.gz"):
        try:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                head = file.read(4000)
        except (OSError, EOFError, UnicodeDecodeError):
            continue
        entry = re.match(r"(?s)\S+ \([^)]+\) .*?\n -- [^\n]+", head)
        if entry and entry[0] not in seen:
            seen.add(entry[0])
            yield entry[0]


def _log_lines() -> Iterator[str]:
    lines = [line for path in sorted(Path("/var/log").glob("dpkg.log*")) for line in _log(path).splitlines()]
    yield from (line for line in lines if re.search(r" (?:install|upgrade|remove|purge) ", line))
    runs = [line for line in lines if " status " in line and "triggers" not in line]
    yield from ("\n".join(runs[start : start + 2]) for start in range(0, len(runs) - 1, 2))


def _log(path: Path) -> str:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read()
    return path.read_text(encoding="utf-8", errors="replace")


def _zones() -> Iterator[str]:
    places = [Path("/usr/share/zoneinfo/zone1970.tab")]
    spec = importlib.util.find_spec("tzdata")
    if spec is not None and spec.origin:
        places.append(Path(spec.origin).parent / "zoneinfo" / "zone1970.tab")
    table = next((path for path in places if path.is_file()), None)
    if table is None:
        return
    rows = [row for row in table.read_text(encoding="utf-8").splitlines() if row and not row.startswith("#")]
    heading = "#codes\tcoordinates\tTZ\tcomments"
    yield from (f"{heading}\n{row}" for row in rows)
    yield from ("\n".join([heading, *rows[start : start + 3]]) for start in range(0, len(rows) - 3, 6))


def _units() -> Iterator[str]:
    seen: set[str] = set()
    for suffix in ("service", "socket", "timer", "path", "mount", "target"):
        for path in find(
            ("/usr/lib/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/user"), f"*.{suffix}"
        ):
            text = read_text(path, 20_000) or ""
            body = text[max(text.find("[Unit]"), 0) :].strip()
            if body and body not in seen:
                seen.add(body)
                yield body


def _certificates() -> Iterator[str]:
    bundle = _bundle()
    if bundle:
        yield from (block.strip() for block in re.findall(r"(?m)^# Issuer:.*\n(?:#.*\n){4}", bundle))


def _bundle() -> str | None:
    """The certificate bundle inside the installed pip, or inside the one that `ensurepip` carries."""
    spec = importlib.util.find_spec("pip")
    if spec is not None and spec.origin:
        path = Path(spec.origin).parent / "_vendor/certifi/cacert.pem"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    for wheel in find((sysconfig.get_path("stdlib"), "/usr/share/python-wheels"), "**/pip-*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            return archive.read("pip/_vendor/certifi/cacert.pem").decode()
    return None


UNSEEN: tuple[Unseen, ...] = (
    Unseen(
        "dpkg_status",
        "installed packages in /var/lib/dpkg/status",
        _stanzas,
        parsers.dpkg_status,
        {
            "package": STRING,
            "version": STRING,
            "architecture": {
                "enum": ["all", "amd64", "arm64", "armhf", "i386", "ppc64el", "riscv64", "s390x"]
            },
            "installed_size": {"type": "integer", "description": "installed size in KiB"},
            "maintainer_name": STRING,
            "maintainer_email": STRING,
            "section": MAYBE,
            "priority": {"enum": ["required", "important", "standard", "optional", "extra", None]},
            "homepage": MAYBE,
            "source": {**MAYBE, "description": "source package, if named"},
            "multi_arch": {"enum": ["same", "foreign", "allowed", "no", None]},
            "summary": {**MAYBE, "description": "first line of the description"},
            "depends": {**STRINGS, "description": "names of the packages it depends on, without versions"},
        },
        (
            (
                "package",
                "version",
                "architecture",
                "installed_size",
                "homepage",
                "maintainer_name",
                "maintainer_email",
            ),
            ("package", "section", "priority", "depends"),
            ("package", "source", "version", "multi_arch", "summary"),
        ),
    ),
    Unseen(
        "debian_changelog",
        "newest entries of /usr/share/doc/*/changelog*.gz",
        _changelogs,
        parsers.debian_changelog,
        {
            "package": STRING,
            "version": STRING,
            "distribution": STRING,
            "urgency": {"enum": ["low", "medium", "high", "emergency", "critical"]},
            "author": STRING,
            "email": STRING,
            "date": DATE,
            "closed_bugs": {
                "type": "array",
                "items": {"type": "integer"},
                "description": "numbers after Closes",
            },
        },
        (
            ("package", "version", "distribution", "urgency", "author", "email", "date"),
            ("package", "version", "closed_bugs", "author", "date"),
        ),
    ),
    Unseen(
        "dpkg_log",
        "actions and status changes in /var/log/dpkg.log",
        _log_lines,
        parsers.dpkg_log,
        {
            "date": DATE,
            "time": STRING,
            "action": {"enum": ["install", "upgrade", "remove", "purge"]},
            "package": STRING,
            "architecture": STRING,
            "old_version": {**MAYBE, "description": "null where the log says <none>"},
            "new_version": {**MAYBE, "description": "null where the log says <none>"},
            "events": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"time": STRING, "status": STRING, "package": STRING, "version": STRING},
                    "required": ["time", "status", "package", "version"],
                    "additionalProperties": False,
                },
            },
        },
        (("date", "time", "action", "package", "architecture", "old_version", "new_version"), ("events",)),
    ),
    Unseen(
        "zone_table",
        "rows of /usr/share/zoneinfo/zone1970.tab",
        _zones,
        parsers.zone_table,
        {
            "country_codes": STRINGS,
            "coordinates": STRING,
            "time_zone": STRING,
            "area": {
                "enum": [
                    "Africa",
                    "America",
                    "Antarctica",
                    "Asia",
                    "Atlantic",
                    "Australia",
                    "Europe",
                    "Indian",
                    "Pacific",
                ]
            },
            "comments": MAYBE,
            "zones": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"time_zone": STRING, "comments": MAYBE},
                    "required": ["time_zone", "comments"],
                    "additionalProperties": False,
                },
            },
        },
        (
            ("country_codes", "coordinates", "time_zone", "comments"),
            ("time_zone", "area", "country_codes"),
            ("zones",),
        ),
    ),
    Unseen(
        "systemd_unit",
        "unit files below /usr/lib/systemd",
        _units,
        parsers.systemd_unit,
        {
            "description": STRING,
            "documentation": STRINGS,
            "after": STRINGS,
            "before": STRINGS,
            "conflicts": STRINGS,
            "default_dependencies": {"type": ["boolean", "null"]},
            "type": {
                "enum": [
                    "simple",
                    "exec",
                    "forking",
                    "oneshot",
                    "dbus",
                    "notify",
                    "notify-reload",
                    "idle",
                    None,
                ]
            },
            "exec_start": MAYBE,
            "restart": MAYBE,
            "user": MAYBE,
            "wanted_by": STRINGS,
        },
        (
            ("description", "type", "exec_start", "restart", "user"),
            ("description", "documentation", "default_dependencies", "wanted_by"),
            ("description", "before", "after", "conflicts"),
        ),
    ),
    Unseen(
        "ca_certificates",
        "comments in the certificate bundle that pip carries",
        _certificates,
        parsers.ca_certificates,
        {
            "label": STRING,
            "common_name": MAYBE,
            "organization": MAYBE,
            "organizational_unit": MAYBE,
            "serial": STRING,
            "md5_fingerprint": STRING,
        },
        (
            ("label", "common_name", "organization", "organizational_unit"),
            ("label", "serial", "organization", "md5_fingerprint"),
        ),
    ),
)


def unseen_examples(source: Unseen, count: int = 120, seed: int = 0) -> list[Example]:
    """`count` examples of one held-out kind, its views in turn, the same for the same machine and seed.

    Raises Absent where this machine has fewer than MIN_DOCUMENTS usable documents of the kind.
    """
    texts = list(dict.fromkeys(text for text in source.documents() if len(text) <= MAX_CHARACTERS))
    Random(f"{source.name} {seed}").shuffle(texts)
    asked: dict[View, list[Example]] = {view: [] for view in source.views}
    for text in texts:
        fields = source.parse(text)
        views = [view for view in source.views if fields and _determined(source, fields, view)]
        if fields and views:
            view = min(views, key=lambda one: len(asked[one]))
            asked[view].append(_example(source, text, fields, view))
    found = [example for turn in zip_longest(*asked.values()) for example in turn if example is not None]
    if len(found) < MIN_DOCUMENTS:
        raise Absent(f"{len(found)} usable documents where {MIN_DOCUMENTS} are needed: {source.about}")
    return found[:count]


def _determined(source: Unseen, fields: dict[str, Any], view: View) -> bool:
    """Whether the text settles every field of the view, with values that the schema foresees."""
    return all(
        name in fields and ("enum" not in source.fields[name] or fields[name] in source.fields[name]["enum"])
        for name in view
    )


def _example(source: Unseen, text: str, fields: dict[str, Any], view: View) -> Example:
    schema = {
        "type": "object",
        "properties": {name: source.fields[name] for name in view},
        "required": list(view),
        "additionalProperties": False,
    }
    record = {name: fields[name] for name in view}
    return Example(schema, text, record, f"unseen:{source.name}", leaf_kinds(schema, record, text))
