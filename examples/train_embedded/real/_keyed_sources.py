"""The kinds of key-and-value text that the model is trained on, and where a machine keeps them.

Each is a `KeyedSource`: roots and globs to collect from, a syntax, which keys are lists, what the text is
about. No kind of `held_out.HELD_OUT`, nor a relative of one, may be added here.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from random import Random
from time import gmtime, strftime

from ._compose import Unusable
from ._facts import Fact, Facts, choices_of, list_fact, text_fact, with_choices
from ._keyed import Entry, entries, phrases_of, repeated, requirement_names, views
from ._names import words_of
from ._source import MAX_TEXT, Raw, find, read_text

PYTHONS = (
    "/usr/lib/python3",
    "/usr/lib/python3.11",
    "/usr/local/lib",
    str(Path.home() / ".pyenv/versions"),
    "/usr/lib",
)


@dataclass
class KeyedSource:
    """Key-and-value documents of one kind."""

    name: str
    syntax: str
    things: tuple[str, ...]
    places: tuple[tuple[tuple[str, ...], str], ...] = ()
    lists: dict[str, str] = field(default_factory=dict)
    many: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    weight: float = 1.0
    sections: bool = False
    header_only: bool = False
    collector: Callable[[], Iterator[Raw]] | None = None
    usual: Counter[str] = field(default_factory=Counter)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def collect(self) -> Iterator[Raw]:
        if self.collector is not None:
            yield from self.collector()
        seen: set[str] = set()
        for roots, pattern in self.places:
            for path in find(roots, pattern):
                text = read_text(path)
                if text and text[:1500] not in seen and len(list(entries(text, self.syntax))) >= 2:
                    seen.add(text[:1500])
                    yield Raw(text, path.name)

    def study(self, documents: list[Raw]) -> None:
        columns: dict[str, Counter[str]] = {}
        for raw in documents:
            found = list(entries(raw.text, self.syntax))
            self.usual.update({entry.key for entry in found})
            for entry in found:
                columns.setdefault(words_of(entry.key), Counter())[entry.value] += bool(entry.value)
        self.choices = choices_of(columns)

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        text = self.excerpt(rng, raw)
        found: dict[str, list[str]] = {}
        for entry in entries(text, self.syntax):
            found.setdefault(entry.key, []).append(entry.value)
        facts = [fact for key, values in found.items() for fact in self.facts(key, values)]
        if len([fact for fact in facts if fact.value is not None]) < 2:
            raise Unusable
        facts += self.missing(rng, raw, found)
        return text, Facts(rng.choice(self.things), tuple(with_choices(facts, self.choices)))

    def excerpt(self, rng: Random, raw: Raw) -> str:
        """Some of the document's entries: a run of them, or a run with gaps, with the lines they stand on."""
        body = raw.text
        head, _, rest = body.partition("\n\n") if self.header_only else (body, "", "")
        chosen = list(entries(self.one_section(rng, head), self.syntax))
        size = rng.choice((4, 5, 6, 8, 10, 14, 20))
        start = 0 if rng.random() < 0.4 else rng.randrange(max(1, len(chosen) - size + 1))
        chosen = chosen[start : start + size]
        if rng.random() < 0.6:
            chosen = [entry for entry in chosen if rng.random() < 0.75]
        budget = rng.choice((350, 600, 900, MAX_TEXT - 200))
        kept: list[Entry] = []
        for entry in chosen:
            length = sum(len(line) + 1 for line in entry.lines)
            if length <= budget:
                kept.append(entry)
                budget -= length
        text = "\n".join(line for entry in kept for line in entry.lines).strip("\n")
        if rest.strip() and rng.random() < 0.3:
            text += "\n\n" + rest.strip()[: rng.randint(60, 300)].rsplit(" ", 1)[0]
        return text

    def one_section(self, rng: Random, text: str) -> str:
        """For files with [sections]: one of them, so that a key names one thing."""
        if not self.sections:
            return text
        parts = ["[" + part for part in ("\n" + text).split("\n[")[1:]]
        parts = [part for part in parts if len(list(entries(part, self.syntax))) >= 2]
        if not parts:
            raise Unusable
        return rng.choice(parts)

    def facts(self, key: str, values: list[str]) -> list[Fact]:
        if key in self.ignore:
            return []
        if key in self.many:
            whole = repeated(key, values)
            if key.startswith("Requires"):
                note = ("names only, without versions", "package names only")
                names = list_fact(
                    words_of(key), requirement_names(values), "requires", "dependencies", notes=note
                )
                return [
                    *whole,
                    Fact(names.group, names.phrases, names.value, names.schema, note, unclear=True),
                ]
            return whole
        if len(values) > 1:
            return []
        return views(key, values[0], self.lists.get(key))

    def missing(self, rng: Random, raw: Raw, found: dict[str, list[str]]) -> list[Fact]:
        """Keys that such texts often have and this excerpt has not, as facts without a value."""
        said = {words_of(key) for key in found} | {phrase for key in found for phrase in phrases_of(key)}
        common = [key for key, _ in self.usual.most_common(40) if key not in self.ignore]
        absent: list[Fact] = []
        for key in rng.sample(common, min(4, len(common))):
            if said.isdisjoint(phrases_of(key)):
                absent += self.facts(key, []) if key in self.many else self.blank(rng, key)
        return absent

    def blank(self, rng: Random, key: str) -> list[Fact]:
        if key in self.lists:
            return [list_fact(words_of(key), None, *phrases_of(key))]
        return [text_fact(words_of(key), None, *phrases_of(key))]


def _manifests() -> Iterator[Raw]:
    seen: set[str] = set()
    for path in find(("/usr/share/java", "/usr/share/maven-repo", "/usr/lib"), "**/*.jar"):
        try:
            with zipfile.ZipFile(path) as archive:
                text = archive.read("META-INF/MANIFEST.MF").decode("utf-8", "ignore")
        except (OSError, KeyError, zipfile.BadZipFile):
            continue
        text = text.replace("\r\n", "\n").replace("\n ", "")  # lines are folded at 72 bytes, inside words
        if text not in seen and len(text) > 80:
            seen.add(text)
            yield Raw(text[:4000], path.name)


class _Recorder(SimpleHTTPRequestHandler):
    """The standard library's web server answering one request from memory, with no socket."""

    logged = ""

    def __init__(self, path: str, directory: str) -> None:
        self.rfile = io.BytesIO(f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.wfile = self.written = io.BytesIO()
        self.client_address = ("127.0.0.1", 0)
        self.directory = directory
        self.close_connection = True
        self.handle_one_request()

    def answer(self) -> bytes:
        return self.written.getvalue()

    def log_message(self, format: str, *args: object) -> None:
        self.logged = f"{self.client_address[0]} - - [{self.log_date_time_string()}] {format % args}"

    def log_date_time_string(self) -> str:
        rng = Random(self.path)
        return strftime("%d/%b/%Y %H:%M:%S", gmtime(rng.randint(1_000_000_000, 1_750_000_000)))


def _served() -> list[Path]:
    paths = [path for path in find(("/usr/share",), "*/*") if path.suffix and path.is_file()]
    return paths[:: max(1, len(paths) // 300)]


def access_log() -> list[str]:
    """What the web server logs for those requests, at random times."""
    rng = Random(5)
    lines = []
    for path in _served():
        line = _Recorder(f"/{path.relative_to('/usr/share')}", "/usr/share").logged
        size = str(path.stat().st_size) if rng.random() < 0.7 else "-"
        client = f"{rng.randint(1, 223)}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        lines.append(line.replace("127.0.0.1", client).removesuffix("-") + size)
    return lines


def _responses() -> Iterator[Raw]:
    for path in _served():
        head = _Recorder(f"/{path.name}", str(path.parent)).answer()
        yield Raw(head.decode("latin-1").replace("\r\n", "\n"), path.name)


def _locale_heads() -> Iterator[Raw]:
    for path in find(("/usr/share/i18n/locales",), "*"):
        text = read_text(path, 8000) or ""
        start, end = text.find("LC_IDENTIFICATION"), text.find("END LC_IDENTIFICATION")
        if 0 <= start < end:
            lines = [line for line in text[start:end].splitlines()[1:] if not line.startswith("category")]
            yield Raw("\n".join(lines), path.name)


def _processes() -> Iterator[Raw]:
    for name in ("meminfo", "cpuinfo", "self/status", "vmstat"):
        text = read_text(Path("/proc") / name)
        if text:
            yield Raw("\n".join(line.replace("\t", " ") for line in text.splitlines()), name)


KEYED: tuple[KeyedSource, ...] = (
    KeyedSource(
        "python_metadata",
        "colon",
        ("package", "project", "distribution", "library"),
        ((PYTHONS, "**/*.dist-info/METADATA"), (PYTHONS, "**/PKG-INFO")),
        lists={"Keywords": r",|\s(?=\S)", "Platform": ","},
        many=frozenset(
            {"Classifier", "Requires-Dist", "Provides-Extra", "Project-URL", "License-File", "Dynamic"}
        ),
        weight=3.0,
        header_only=True,
    ),
    KeyedSource(
        "copyright_head",
        "colon",
        ("package", "work", "software"),
        ((("/usr/share/doc",), "*/copyright"),),
        lists={"Files": r"\s+"},
        weight=1.5,
        header_only=True,
    ),
    KeyedSource("doc_base", "colon", ("document", "manual"), ((("/usr/share/doc-base",), "*"),), weight=0.4),
    KeyedSource(
        "jar_manifest",
        "colon",
        ("library", "bundle", "archive", "module"),
        lists={"Export-Package": ",(?=[a-z])", "Import-Package": ",(?=[a-z])"},
        collector=_manifests,
        weight=1.5,
    ),
    KeyedSource(
        "mail_head",
        "colon",
        ("mail", "message", "letter"),
        ((PYTHONS, "**/test_email/data/*.txt"), (PYTHONS, "**/email/test/data/*.txt")),
        lists={"To": ",", "Cc": ","},
        many=frozenset({"Received"}),
        header_only=True,
    ),
    KeyedSource("http_response", "colon", ("response", "reply"), collector=_responses, weight=0.7),
    KeyedSource("proc", "colon", ("process", "machine"), collector=_processes, weight=0.4),
    KeyedSource(
        "desktop_entry",
        "equals",
        ("application", "entry", "program"),
        (
            (
                (
                    "/usr/share/applications",
                    "/usr/share/thumbnailers",
                    "/usr/share/icons",
                    "/usr/share/themes",
                ),
                "**/*.desktop",
            ),
            (("/usr/share",), "icons/*/index.theme"),
        ),
        lists={"Categories": ";", "MimeType": ";", "Keywords": ";", "Directories": ","},
        sections=True,
        weight=0.5,
    ),
    KeyedSource(
        "os_release",
        "equals",
        ("system", "distribution"),
        ((("/usr/lib",), "os-release"), (("/etc",), "lsb-release")),
        weight=0.3,
    ),
    KeyedSource(
        "shell_settings",
        "equals",
        ("settings", "configuration", "environment"),
        (
            (("/etc/default", "/etc"), "*"),
            (("/etc",), "*.conf"),
            (("/usr/share",), "doc/*/examples/*.conf"),
            (("/etc/sysctl.d", "/usr/lib/sysctl.d"), "*.conf"),
        ),
    ),
    KeyedSource(
        "ini_section",
        "equals",
        ("section", "settings", "configuration", "options"),
        ((PYTHONS, "**/*.cfg"), (PYTHONS, "**/*.ini"), (("/etc", "/usr/share"), "**/*.ini")),
        sections=True,
        weight=1.5,
    ),
    KeyedSource(
        "properties",
        "equals",
        ("settings", "properties"),
        (((("/usr/share", "/usr/lib")), "**/*.properties"),),
        weight=0.8,
    ),
    KeyedSource(
        "pkg_config",
        "colon",
        ("library", "package", "module"),
        ((("/usr/lib", "/usr/share"), "**/*.pc"),),
        lists={"Requires": r",\s*", "Requires.private": r",\s*"},
    ),
    KeyedSource(
        "spaced_settings",
        "space",
        ("settings", "policy", "options"),
        (
            (("/etc",), "login.defs"),
            (("/etc",), "ssh/*_config"),
            (("/etc",), "*.conf"),
            (("/etc",), "nanorc"),
        ),
        weight=0.5,
    ),
    KeyedSource(
        "locale_identity",
        "space",
        ("locale", "language definition"),
        collector=_locale_heads,
    ),
)
