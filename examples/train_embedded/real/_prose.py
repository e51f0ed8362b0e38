"""Texts that people and programs write: manual heads, licences, code, commits, tracebacks.

Knows the formal part of each kind, from which the facts come, and nothing of how schemas are made.
"""

from __future__ import annotations

import ast
import gzip
import importlib
import os
import re
import subprocess
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ._compose import Unusable
from ._facts import Fact, Facts, Table, date_facts, flag_fact, integer_fact, list_fact, text_fact
from ._keyed_sources import PYTHONS
from ._source import MAX_TEXT, Raw, find, read_text


class _Plain:
    """Sources that need not see their documents before reading."""

    def study(self, documents: list[Raw]) -> None:
        return


@dataclass
class ManualSource(_Plain):
    """The head of a manual page: .TH line, NAME, SYNOPSIS, in troff or stripped of it."""

    name: str = "manual"
    weight: float = 2.0

    def collect(self) -> Iterator[Raw]:
        pages = [
            path for path in find(("/usr/share/man",), "man[1-8]/*.gz") if not path.name.startswith("gcloud")
        ]
        for path in pages[:: max(1, len(pages) // 1500)]:
            try:
                with gzip.open(path, "rt", encoding="utf-8", errors="ignore") as file:
                    text = file.read(9000)
            except (OSError, EOFError):
                continue
            head = self.head(text)
            if head:
                yield Raw(head, path.name)

    def head(self, text: str) -> str | None:
        start = re.search(r"(?m)^\.TH ", text)
        if start is None:
            return None
        lines = [
            line
            for line in text[start.start() :].splitlines()
            if not line.startswith(('.\\"', "'\\\"", ".if", ".ie", ".el", ".ad", ".nh", ".de", ".."))
        ]
        return "\n".join(lines)[:1600]

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        title, *rest = raw.text.splitlines()
        parts = [plain or quoted for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', title)][1:]
        name = re.search(r'(?m)^\.SH "?NAME"?\n(?:\.\w+.*\n)*(.+?)\s+\\?-+\s*(.*)', raw.text)
        if name is None or len(parts) < 2:
            raise Unusable
        names, summary = _untroff(name[1]), _untroff(name[2])
        text = "\n".join([title, *rest])[: rng.choice((350, 600, 1000))].rsplit("\n", 1)[0]
        if rng.random() < 0.5:
            text = "\n".join(filter(None, (_untroff(line) for line in text.splitlines())))
        if summary not in " ".join(_untroff(text).split()):
            raise Unusable
        date, source, manual = [*parts[2:], "", "", ""][:3]
        facts = [
            text_fact("title", _untroff(parts[0]), "title", "page title", "heading"),
            text_fact("section", parts[1], "section", "manual section", "section number"),
            *date_facts("date", _untroff(date), "date", "last change", "updated"),
            text_fact("source", _untroff(source), "source", "software", "origin", "release"),
            text_fact("manual", _untroff(manual), "manual", "manual name", "book", "collection"),
            list_fact("names", [part.strip() for part in names.split(",")], "names", "commands", "topics"),
            text_fact(
                "summary", summary, "summary", "short description", "purpose", "what it does", "description"
            ),
        ]
        if parts[1].isdigit():
            facts.append(
                integer_fact("section", int(parts[1]), "section", "manual section", "section number")
            )
        return text, Facts(rng.choice(("page", "manual page", "command")), tuple(facts))


def _untroff(line: str) -> str:
    """A troff line as a reader sees it, roughly; requests that set no text vanish."""
    heading = re.fullmatch(r"\.(?:SH|SS|B|I|BR|IR|RB|BI|IB|RI|TH)\s+(.*)", line)
    if heading:
        line = heading[1]
    elif re.match(r"[.'][A-Za-z]{1,3}\b", line):
        return ""
    line = re.sub(r"\\f[BIRP]|\\f\([A-Z]{2}|\\[,/&|:^]|\\s[-+]?\d", "", line)
    line = (
        line.replace("\\-", "-")
        .replace("\\(aq", "'")
        .replace("\\(co", "©")
        .replace("\\e", "\\")
        .replace("\\ ", " ")
    )
    return " ".join(line.replace('"', "" if heading else '"').split())


@dataclass
class LicenseSource(_Plain):
    """The head of a licence file with a copyright line."""

    name: str = "license"
    weight: float = 1.2

    _notice = re.compile(
        r"(?m)^[ \t#*]*Copyright (?:\(c\)|\(C\)|©)?[ ,]*(?P<first>(?:19|20)\d\d)"
        r"(?:[-–](?P<last>(?:19|20)\d\d|present))?,?"
        r"(?:[ ]by)? (?P<holder>[^\d\n<(][^\n<(]{2,60}?)(?: *<(?P<mail>[^>\s]+@[^>\s]+)>)?"
        r"(?:\.? All rights reserved)?\.?$"
    )

    def collect(self) -> Iterator[Raw]:
        seen: set[str] = set()
        roots = (*PYTHONS, "/usr/lib/node_modules", "/usr/share/nodejs")
        for pattern in ("**/LICENSE*", "**/COPYING*", "**/license*", "**/LICENCE*"):
            for path in find(roots, pattern):
                text = read_text(path, 1800)
                if text and len(self._notice.findall(text)) == 1 and text not in seen:
                    seen.add(text)
                    yield Raw(text, path.name)

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        lines = raw.text.strip().splitlines()
        text = "\n".join(lines[: rng.choice((4, 6, 9, 14))])[: MAX_TEXT - 300]
        found = list(self._notice.finditer(text))
        if len(found) != 1:
            raise Unusable
        match = found[0]
        title = lines[0].strip()
        named = bool(re.match(r"(?i)(the )?[\w. -]{2,40}licen[cs]e[\w. ()-]{0,20}$", title))
        spoken = re.search(r"(?i)licen[cs]e|apache|\bMIT\b|BSD|GPL", text)
        last = match["last"]
        return text, Facts(
            rng.choice(("license", "software", "notice")),
            (
                text_fact(
                    "holder",
                    match["holder"].rstrip(" ,."),
                    "holder",
                    "copyright holder",
                    "rights owner",
                    "owner",
                ),
                integer_fact("first", int(match["first"]), "year", "first year", "copyright year", "since"),
                integer_fact(
                    "last", int(last) if last and last.isdigit() else None, "last year", "end year", "until"
                ),
                text_fact("mail", match["mail"], "email", "holder email", "contact"),
                *(
                    [text_fact("title", title if named else None, "license", "license name", "license title")]
                    if named or not spoken
                    else []
                ),
                flag_fact(
                    "reserved",
                    "all rights reserved" in text.lower(),
                    "all rights reserved",
                    "rights reserved",
                    notes=("true if the notice says All rights reserved",),
                ),
            ),
        )


@dataclass
class PythonSource(_Plain):
    """Functions and classes of the standard library: signature and docstring."""

    name: str = "python_code"
    weight: float = 2.0

    def collect(self) -> Iterator[Raw]:
        library = Path(os.__file__).parent
        paths = [
            path
            for path in sorted(library.glob("*.py")) + sorted(library.glob("[a-z]*/*.py"))
            if "test" not in str(path.relative_to(library))
        ]
        count = 0
        for path in paths:
            source = path.read_text(encoding="utf-8", errors="ignore")
            try:
                tree = ast.parse(source)
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(
                    node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
                ) and ast.get_docstring(node):
                    text = self.head(source, node)
                    count += 1
                    if len(text) < MAX_TEXT and count % 3 == 0:
                        yield Raw(text, path.name)

    def head(self, source: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
        lines = source.splitlines()
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
        text = lines[first - 1 : (node.body[0].end_lineno or first)]
        indent = len(text[0]) - len(text[0].lstrip())
        return "\n".join(line[indent:] if not line[:indent].strip() else line for line in text)

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        try:
            node = ast.parse(raw.text).body[0]
        except (SyntaxError, IndexError) as error:
            raise Unusable from error
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            raise Unusable
        docstring = ast.get_docstring(node) or ""
        first = docstring.split("\n\n")[0]
        facts = [
            text_fact(
                "doc",
                first,
                "summary",
                "short description",
                "purpose",
                "first sentence",
                notes=("first paragraph of the docstring",),
            ),
            list_fact(
                "decorators",
                [ast.unparse(item) for item in node.decorator_list],
                "decorators",
                "decorator names",
            ),
        ]
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(item) for item in node.bases]
            facts += [
                text_fact("name", node.name, "name", "class", "class name"),
                list_fact("bases", bases, "bases", "base classes", "parents", "inherits from"),
            ]
            return raw.text, Facts("class", tuple(facts))
        return raw.text, Facts(
            rng.choice(("function", "method", "routine")),
            (*facts, *self.function(node)),
            self.parameters(node),
        )

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Fact]:
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        defaults = [
            ast.unparse(item) for item in [*node.args.defaults, *node.args.kw_defaults] if item is not None
        ]
        return [
            text_fact("name", node.name, "name", "function", "function name", "method"),
            list_fact(
                "parameters",
                [item.arg for item in arguments],
                "parameters",
                "arguments",
                "args",
                "parameter names",
                notes=("names only",),
            ),
            list_fact("defaults", defaults, "defaults", "default values", notes=("as written",)),
            text_fact(
                "returns",
                ast.unparse(node.returns) if node.returns else None,
                "return type",
                "returns",
                "result type",
            ),
            flag_fact(
                "async", isinstance(node, ast.AsyncFunctionDef), "is async", "asynchronous", "coroutine"
            ),
            text_fact(
                "var",
                node.args.vararg.arg if node.args.vararg else None,
                "var args",
                "star args",
                notes=("name after the single star",),
            ),
            text_fact(
                "keywords",
                node.args.kwarg.arg if node.args.kwarg else None,
                "keyword args",
                notes=("name after the double star",),
            ),
        ]

    def parameters(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Table, ...]:
        arguments = [*node.args.posonlyargs, *node.args.args]
        defaults = [None] * (len(arguments) - len(node.args.defaults)) + [
            ast.unparse(item) for item in node.args.defaults
        ]
        rows = tuple(
            (
                text_fact("name", argument.arg, "name", "parameter", "argument"),
                text_fact("default", default, "default", "default value", "initial value"),
                text_fact(
                    "type",
                    ast.unparse(argument.annotation) if argument.annotation else None,
                    "type",
                    "annotation",
                ),
            )
            for argument, default in zip(arguments, defaults, strict=True)
        )
        return (Table(("parameters", "arguments", "params"), rows),) if 2 <= len(rows) <= 5 else ()


@dataclass
class CommitSource(_Plain):
    """Entries of `git log` in several formats, of whatever repositories the machine holds."""

    name: str = "commits"
    weight: float = 0.1

    def collect(self) -> Iterator[Raw]:
        home = Path.home()
        for folder in sorted(
            {
                path.parent
                for pattern in ("*/.git", ".*/.git", ".*/plugins/*/.git")
                for path in home.glob(pattern)
            }
        ):
            for index, options in enumerate(
                (["--stat"], ["--format=fuller"], ["--date=iso"], ["--date=short", "--stat"], [])
            ):
                command = [
                    "git",
                    "-C",
                    str(folder),
                    "log",
                    "--no-color",
                    "-z",
                    "-400",
                    f"--skip={index * 400}",
                    *options,
                ]
                done = subprocess.run(command, capture_output=True, text=True, errors="ignore", timeout=60)
                for entry in done.stdout.split("\0"):
                    if entry.startswith("commit ") and len(entry) < 900 and "Merge:" not in entry:
                        yield Raw(entry.strip("\n"))

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        text = raw.text if rng.random() < 0.8 else "\n".join(raw.text.splitlines()[:12])
        author = re.search(r"(?m)^Author:\s+(.*?) <([^>]*)>$", text)
        date = re.search(r"(?m)^(?:AuthorDate|Date):\s+(.*)$", text)
        subject = re.search(r"(?m)^    (\S.*)$", text)
        if author is None or date is None or subject is None:
            raise Unusable
        committer = re.search(r"(?m)^Commit:\s+(.*?) <([^>]*)>$", text)
        stat = re.search(
            r"(\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?", text
        )
        files = re.findall(r"(?m)^ (\S+)\s+\|\s+\d+", text)
        counts = [int(number) if number else None for number in stat.groups()] if stat else [None] * 3
        return text, Facts(
            rng.choice(("commit", "change", "revision")),
            (
                text_fact("commit", text.split()[1], "commit", "sha", "hash", "commit id"),
                text_fact("author", author[1], "author", "author name", "written by"),
                text_fact("mail", author[2], "author email", "email", "author mail"),
                *date_facts("date", date[1], "date", "author date", "day", "when"),
                text_fact("subject", subject[1], "subject", "title", "headline", "message title"),
                text_fact("committer", committer[1] if committer else None, "committer", "committed by"),
                integer_fact("files", counts[0], "files changed", "changed files", "file count"),
                integer_fact("added", counts[1], "insertions", "lines added", "added"),
                integer_fact("removed", counts[2], "deletions", "lines removed", "removed"),
                list_fact("paths", files, "paths", "touched files", "file names"),
            ),
        )


@dataclass
class TracebackSource(_Plain):
    """Tracebacks of the standard library's functions called with nonsense."""

    name: str = "traceback"
    weight: float = 1.0

    def collect(self) -> Iterator[Raw]:
        for module in (
            "json",
            "base64",
            "datetime",
            "decimal",
            "fractions",
            "ipaddress",
            "uuid",
            "statistics",
            "textwrap",
            "shlex",
            "string",
            "struct",
            "zoneinfo",
            "configparser",
            "csv",
            "email.utils",
            "email.message",
            "urllib.parse",
            "xml.etree.ElementTree",
            "html",
            "random",
            "calendar",
            "colorsys",
            "copy",
            "difflib",
            "fnmatch",
            "glob",
            "gzip",
            "heapq",
            "inspect",
            "keyword",
            "locale",
            "mimetypes",
            "operator",
            "pathlib",
            "pickle",
            "posixpath",
            "pprint",
            "quopri",
            "re",
            "secrets",
            "tempfile",
            "tokenize",
            "tomllib",
            "types",
            "unicodedata",
            "weakref",
            "zipfile",
            "plistlib",
            "tarfile",
            "ast",
            "codecs",
            "collections",
            "contextlib",
            "dataclasses",
            "dis",
            "enum",
            "functools",
            "hashlib",
            "hmac",
            "itertools",
            "math",
            "numbers",
            "bisect",
            "binascii",
        ):
            loaded = importlib.import_module(module)
            for name in sorted(vars(loaded)):
                function = getattr(loaded, name)
                if (
                    name.startswith("_")
                    or not callable(function)
                    or name in ("breakpoint", "exit", "main", "input", "sleep")
                ):
                    continue
                for arguments in ((), ("",), ("x y",), (None,), (-1, "z")):
                    text = self.call(function, arguments)
                    if text:
                        yield Raw(text)

    def call(self, function: object, arguments: tuple[object, ...]) -> str | None:
        try:
            function(*arguments)  # type: ignore[operator]
        except Exception:
            text = traceback.format_exc()
            inner = re.sub(r'(?s)  File "[^"]*_prose\.py", line \d+, in call\n.*?\n(?=  File|\w)', "", text)
            home = str(Path(os.__file__).parent)
            shown = inner.replace(home, "/usr/lib/python3").strip()
            return (
                shown
                if shown.count("File ") >= 1 and len(shown) < MAX_TEXT and "During handling" not in shown
                else None
            )
        return None

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        lines = raw.text.splitlines()
        kind, _, message = lines[-1].partition(": ")
        frames = re.findall(r'File "([^"]+)", line (\d+), in (\S+)', raw.text)
        if not frames or not re.fullmatch(r"[\w.]+", kind):
            raise Unusable
        path, line, function = frames[-1]
        rows = tuple(
            (
                text_fact("file", f, "file", "path"),
                integer_fact("line", int(n), "line", "line number"),
                text_fact("function", name, "function", "in"),
            )
            for f, n, name in frames
        )
        last = ("of the innermost frame", "of the last frame shown")
        return raw.text, Facts(
            rng.choice(("error", "traceback", "failure")),
            (
                text_fact("error", kind, "error", "exception", "error type", "exception class"),
                text_fact("message", message, "message", "error message", "reason"),
                Fact(
                    "file",
                    ("file", "path", "source file"),
                    path,
                    {"type": "string"},
                    last,
                    unclear=len(frames) > 1,
                ),
                Fact(
                    "line",
                    ("line", "line number"),
                    int(line),
                    {"type": "integer"},
                    last,
                    unclear=len(frames) > 1,
                ),
                Fact(
                    "function",
                    ("function", "in function"),
                    function,
                    {"type": "string"},
                    last,
                    unclear=len(frames) > 1,
                ),
            ),
            (Table(("frames", "stack", "calls"), rows),) if rng.random() < 0.3 else (),
        )


@dataclass
class PerlSource(_Plain):
    """Perl modules: the package line, the version, and the NAME section of their documentation."""

    name: str = "perl_module"
    weight: float = 1.0

    def collect(self) -> Iterator[Raw]:
        for path in find(
            ("/usr/share/perl", "/usr/share/perl5", "/usr/lib/x86_64-linux-gnu/perl"), "**/*.pm"
        ):
            text = path.read_text(encoding="utf-8", errors="ignore")[:60_000]
            package = re.search(r"(?m)^package [\w:]+;.*\n", text)
            version = re.search(r"(?m)^(?:our )?\$VERSION\s*=.*;.*\n", text)
            pod = re.search(r"(?m)^=head1 NAME\n\n[\w:]+ - .*\n", text)
            if package and pod:
                used = re.findall(r"(?m)^use [A-Z][\w:]+.*;\n", text)[:4]
                rest = text[pod.end() : pod.end() + 500]
                yield Raw(
                    package[0] + "".join(used) + (version[0] if version else "") + "\n" + pod[0] + rest,
                    path.name,
                )

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        text = raw.text[: rng.choice((300, 500, 900))].rsplit("\n", 1)[0]
        name = re.search(r"(?m)^=head1 NAME\n\n([\w:]+) - (.*)$", text)
        package = re.search(r"(?m)^package ([\w:]+);", text)
        if name is None or package is None or not name[2]:
            raise Unusable
        version = re.search(r"\$VERSION\s*=\s*['\"]?([\d._]+)['\"]?;", text)
        return text, Facts(
            rng.choice(("module", "package", "library")),
            (
                text_fact("name", name[1], "name", "module", "module name"),
                text_fact("abstract", name[2], "abstract", "summary", "short description", "purpose"),
                text_fact("version", version[1] if version else None, "version", "release", "version number"),
                list_fact(
                    "uses",
                    re.findall(r"(?m)^use ([A-Z][\w:]+)", text),
                    "uses",
                    "used modules",
                    "imports",
                    "dependencies",
                ),
            ),
        )
