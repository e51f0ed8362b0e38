"""Texts in JSON, TOML and XML: package descriptions and setting definitions.

Knows how to cut such a document down to some of its members without changing how the rest is written, and
which of its leaves can be asked for.
"""

from __future__ import annotations

import json
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ._compose import Unusable
from ._facts import (
    INTEGER,
    NUMBER,
    STRINGS,
    Fact,
    Facts,
    Table,
    flag_fact,
    integer_fact,
    list_fact,
    mailbox,
    text_fact,
)
from ._keyed import phrases_of, requirement_names
from ._keyed_sources import PYTHONS
from ._names import words_of
from ._source import MAX_TEXT, Raw, find, read_text


def leaf_facts(key: str, value: Any, parent: str = "") -> Iterator[Fact]:
    """The facts of one member of a parsed document; what is inside is named with its parent."""
    phrases = phrases_of(key)
    group = words_of(f"{parent} {key}")
    if parent:
        phrases = (group, *(f"{words_of(parent)} {phrase}" for phrase in phrases))
    if isinstance(value, bool):
        yield flag_fact(group, value, *phrases)
    elif isinstance(value, int):
        yield integer_fact(group, value, *phrases)
    elif isinstance(value, float):
        yield Fact(group, phrases, value, NUMBER)
    elif isinstance(value, str):
        yield from _string_facts(group, phrases, value)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield list_fact(group, value, *phrases)
        names = requirement_names(value)
        if "depend" in group and names != value:
            yield Fact(group, phrases, names, STRINGS, ("names only, without versions",), unclear=True)
    elif isinstance(value, list) and value and isinstance(value[0], dict) and not parent:
        for inner, content in value[0].items():
            yield from leaf_facts(inner, content, f"first {key.removesuffix('s')}")
    elif isinstance(value, dict) and not parent:
        for inner, content in value.items():
            yield from leaf_facts(inner, content, key)


def _string_facts(group: str, phrases: tuple[str, ...], value: str) -> Iterator[Fact]:
    box = mailbox(value)
    if box:
        yield text_fact(f"{group} name", box[0], f"{group} name", notes=("name only",))
        yield text_fact(f"{group} mail", box[1], f"{group} email", f"{group} mail", notes=("address only",))
    if value == " ".join(value.split()):
        yield text_fact(group, value, *phrases)


def pair_table(key: str, members: dict[str, Any]) -> Table | None:
    """An object that maps names to strings (dependencies, scripts) as rows of name and value."""
    pairs = [(name, value) for name, value in members.items() if isinstance(value, str)]
    if not pairs or len(pairs) != len(members) or len(pairs) > 8:
        return None
    second = (
        ("version", "version range", "spec", "constraint")
        if "epend" in key or key == "engines"
        else ("value", "command", "content")
    )
    return Table(
        phrases_of(key),
        tuple(
            (text_fact("name", n, "name", "key", "package"), text_fact("value", v, *second)) for n, v in pairs
        ),
    )


def _document_facts(thing: str, document: dict[str, Any], usual: tuple[str, ...], rng: Random) -> Facts:
    facts = [fact for key, value in document.items() for fact in leaf_facts(key, value)]
    tables = []
    for key, value in document.items():
        if isinstance(value, dict):
            facts.append(
                list_fact(
                    f"{words_of(key)} names",
                    list(value),
                    f"{words_of(key)} names",
                    f"names of {words_of(key)}",
                    notes=("the keys only",),
                )
            )
            table = pair_table(key, value)
            tables += [table] if table else []
    absent = [key for key in rng.sample(usual, min(3, len(usual))) if key not in document]
    said = {phrase for fact in facts for phrase in fact.phrases}
    facts += [
        text_fact(words_of(key), None, *phrases_of(key)) for key in absent if said.isdisjoint(phrases_of(key))
    ]
    if len(facts) < 2:
        raise Unusable
    return Facts(thing, tuple(facts), tuple(tables) if rng.random() < 0.35 else ())


@dataclass
class JsonSource:
    """package.json files and the like: some of the members, indented as they were."""

    name: str = "package_json"
    weight: float = 2.0
    usual: tuple[str, ...] = (
        "name",
        "version",
        "description",
        "license",
        "author",
        "homepage",
        "main",
        "type",
        "types",
        "repository",
    )

    def collect(self) -> Iterator[Raw]:
        for path in find(("/usr/lib/node_modules", "/usr/share/nodejs", "/usr/local/lib"), "**/package.json"):
            text = read_text(path, 12_000)
            if text and _object(text):
                yield Raw(text, path.name)

    def study(self, documents: list[Raw]) -> None:
        return

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        document = _object(raw.text)
        wanted = rng.randint(2, 10)
        keys = [key for key in document if not key.startswith("_")]
        kept = set(rng.sample(keys, min(wanted, len(keys)))) | ({"name"} if rng.random() < 0.7 else set())
        cut = {key: value for key, value in document.items() if key in kept}
        while cut and len(json.dumps(cut, indent=2)) > MAX_TEXT - 100:
            cut.pop(max(cut, key=lambda key: len(json.dumps(cut[key]))))
        indent = rng.choice((2, 2, 2, 4, None))
        text = json.dumps(cut, indent=indent, ensure_ascii=False)
        return text, _document_facts(rng.choice(("package", "module", "project")), cut, self.usual, rng)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@dataclass
class TomlSource:
    """One table of a TOML file (pyproject.toml and others)."""

    name: str = "toml"
    weight: float = 1.0
    usual: tuple[str, ...] = (
        "name",
        "version",
        "description",
        "license",
        "readme",
        "requires-python",
        "authors",
    )
    roots: tuple[str, ...] = field(default_factory=lambda: ("/usr/lib", "/usr/share", "/usr/local/lib"))

    def collect(self) -> Iterator[Raw]:
        for path in find((*self.roots, *PYTHONS), "**/*.toml"):
            text = read_text(path, 9000)
            if text and "invalid" not in str(path):
                yield Raw(text, path.name)

    def study(self, documents: list[Raw]) -> None:
        return

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        parts = re.split(r"(?m)^(?=\[)", raw.text)
        part = rng.choice([part for part in parts if part.count("=") >= 2] or [""])
        lines = part.strip().splitlines()
        while lines and sum(map(len, lines)) > MAX_TEXT - 200:
            lines.pop()
        for _ in range(len(lines)):
            try:
                document = tomllib.loads("\n".join(lines))
                break
            except tomllib.TOMLDecodeError:
                lines.pop()
        else:
            raise Unusable
        while len(document) == 1 and isinstance(inner := next(iter(document.values())), dict):
            document = inner
        return "\n".join(lines), _document_facts(
            rng.choice(("project", "configuration", "table")), document, self.usual, rng
        )


@dataclass
class PomSource:
    """Maven project files: the coordinates and a few leaves, in their XML."""

    name: str = "maven_pom"
    weight: float = 1.2
    usual: tuple[str, ...] = (
        "groupId",
        "artifactId",
        "version",
        "packaging",
        "name",
        "description",
        "url",
        "inceptionYear",
    )

    def collect(self) -> Iterator[Raw]:
        seen: set[str] = set()
        for path in find(("/usr/share/maven-repo", "/usr/lib", str(Path.home() / ".m2")), "**/*.pom", limit=2500):
            text = read_text(path, 6000)
            if text and len(text) > 200 and text not in seen:
                seen.add(text)
                yield Raw(re.sub(r"(?s)<!--.*?-->\s*", "", text)[:3500], path.name)

    def study(self, documents: list[Raw]) -> None:
        return

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        leaf = re.compile(r"[ \t]*<([A-Za-z.]+)>([^<>]*)</\1>")
        start = raw.text.find("<modelVersion>")
        body = re.sub(
            r"(?s)<(dependencies|build|profiles|plugins|dependencyManagement|properties|modules)>.*",
            "",
            raw.text[max(start, 0) :],
        )
        lines = body.splitlines()
        first = rng.randrange(max(1, len(lines) // 3))
        lines = lines[first : first + rng.randint(6, 24)]
        text = "\n".join(lines)[: MAX_TEXT - 300].rsplit("\n", 1)[0]
        if "</parent>" in text and "<parent>" not in text:
            text = text.split("</parent>\n", 1)[-1]
        text = text.strip("\n")
        facts: list[Fact] = []
        path: list[str] = []
        for line in text.splitlines():
            found = leaf.fullmatch(line.rstrip())
            opened = re.fullmatch(r"\s*<([A-Za-z]+)>", line.rstrip())
            if found and found[2].strip():
                parent = path[-1] if path else ""
                facts.append(_xml_leaf(found[1], _unescape(found[2]), parent))
            elif opened:
                path.append(opened[1])
            elif path and line.strip() == f"</{path[-1]}>":
                path.pop()
        said = {phrase for fact in facts for phrase in fact.phrases}
        times = Counter(fact.group for fact in facts)
        facts = [
            fact for fact in facts if times[fact.group] == 1
        ]  # a second licence makes "the licence" unclear
        facts += [
            text_fact(words_of(k), None, *phrases_of(k))
            for k in rng.sample(self.usual, 2)
            if said.isdisjoint(phrases_of(k))
        ]
        if len(facts) < 3:
            raise Unusable
        return text, Facts(rng.choice(("project", "artifact", "module")), tuple(facts))


def _xml_leaf(name: str, value: str, parent: str) -> Fact:
    """A leaf element, named with its parent unless that is the document itself."""
    if parent in ("", "project"):
        return text_fact(words_of(name), value, *phrases_of(name))
    return text_fact(words_of(f"{parent} {name}"), value, words_of(f"{parent} {name}"))


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&").strip()


@dataclass
class GSchemaSource:
    """GSettings keys: name, type, default, summary, description, in their XML."""

    name: str = "gsettings"
    weight: float = 0.8

    def collect(self) -> Iterator[Raw]:
        for path in find(("/usr/share/glib-2.0/schemas",), "*.xml"):
            text = path.read_text(encoding="utf-8")
            for found in re.finditer(r"(?s)[ \t]*<key name.*?</key>", text):
                if len(found[0]) < MAX_TEXT:
                    yield Raw(found[0], path.name)

    def study(self, documents: list[Raw]) -> None:
        return

    def read(self, rng: Random, raw: Raw) -> tuple[str, Facts]:
        try:
            element = ElementTree.fromstring(raw.text.strip())
        except ElementTree.ParseError as error:
            raise Unusable from error
        default = (element.findtext("default") or "").strip()
        facts = [
            text_fact("name", element.get("name"), "name", "key", "setting", "setting name"),
            text_fact("type", element.get("type") or element.get("enum"), "type", "value type", "kind"),
            text_fact("summary", element.findtext("summary"), "summary", "short description", "title"),
            text_fact(
                "description", element.findtext("description"), "description", "details", "explanation"
            ),
            text_fact("default", default, "default", "default value", "initial value", notes=("as written",)),
        ]
        if default in ("true", "false"):
            facts[-1] = flag_fact(
                "default", default == "true", "default", "default value", "enabled by default"
            )
        elif re.fullmatch(r"-?\d{1,9}", default):
            facts[-1] = Fact("default", ("default", "default value"), int(default), INTEGER)
        return raw.text, Facts("setting", tuple(facts))
