"""Field names and descriptions for facts found in machine text.

Knows how people name things: synonyms of well-known notions, abbreviations, case styles, prefixes, and
names that say nothing and lean on a description. Knows nothing of documents or values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("title", "label", "called", "identifier"),
    "version": ("release", "version number", "version string", "release number", "current version"),
    "summary": (
        "short description",
        "one line description",
        "synopsis",
        "tagline",
        "abstract",
        "description",
    ),
    "description": ("summary", "details", "about", "text", "explanation", "blurb"),
    "author": ("author name", "written by", "creator", "developer", "author"),
    "author email": ("author mail", "contact email", "author address", "email"),
    "maintainer": ("maintained by", "maintainer name", "responsible person", "caretaker"),
    "maintainer email": ("maintainer mail", "maintainer address", "contact email"),
    "home page": ("homepage", "website", "url", "project url", "web site", "link", "web address"),
    "license": ("licence", "license name", "licensed under", "terms", "license type"),
    "keywords": ("tags", "topics", "labels", "keyword list", "search terms"),
    "requires python": ("python version", "python requirement", "minimum python", "supported python"),
    "requires": ("dependencies", "required packages", "depends on", "needs", "prerequisites", "requirements"),
    "source": ("origin", "source url", "upstream source", "obtained from"),
    "copyright": ("copyright notice", "copyright holders", "rights holder", "copyright statement"),
    "files": ("file pattern", "paths", "covered files", "file glob"),
    "subject": ("title", "topic", "headline", "subject line"),
    "from": ("sender", "from address", "sent by", "author", "originator"),
    "to": ("recipient", "addressee", "to address", "sent to", "receiver"),
    "cc": ("copy to", "carbon copy", "copied", "also sent to"),
    "date": ("timestamp", "day", "date given", "dated", "date and time"),
    "message id": ("id", "message identifier", "mail id", "unique id"),
    "content type": ("media type", "mime type", "type of content", "body type"),
    "content length": ("size", "length", "body size", "bytes", "byte count"),
    "last modified": ("modified", "changed", "modification date", "updated", "last change"),
    "server": ("server software", "served by", "software", "web server"),
    "exec": ("command", "executable", "program", "command line", "run"),
    "icon": ("icon name", "picture", "icon file"),
    "comment": ("remark", "tooltip", "note", "comment text"),
    "categories": ("menu categories", "sections", "groups", "category list"),
    "type": ("kind", "category", "class", "sort"),
    "language": ("tongue", "language name", "spoken language", "lang"),
    "territory": ("country", "region", "area", "land"),
    "email": ("mail", "email address", "contact", "e mail"),
    "revision": ("version", "edition", "revision number", "rev"),
    "title": ("name", "heading", "caption", "headline"),
    "contact": ("contact person", "contact name", "person to ask"),
    "port": ("port number", "tcp port", "listening port", "service port"),
    "aliases": ("other names", "alternative names", "also known as", "nicknames", "alias list"),
    "group": ("group name", "team", "owning group"),
    "owner": ("user", "owned by", "owner name", "account"),
    "size": ("bytes", "length", "size in bytes", "file size"),
    "path": ("file", "location", "file path", "filename"),
    "user": ("username", "login", "account", "login name"),
    "shell": ("login shell", "command shell", "default shell"),
    "home": ("home directory", "home folder", "user directory"),
    "parameters": ("arguments", "params", "args", "inputs", "parameter names"),
    "error": ("exception", "error type", "exception class", "failure"),
    "message": ("text", "error message", "details", "reason"),
    "line": ("line number", "row", "source line", "lineno"),
    "commit": ("sha", "hash", "commit hash", "commit id", "revision"),
    "holder": ("copyright holder", "rights owner", "owner", "copyright owner"),
    "year": ("copyright year", "since", "first year"),
    "section": ("chapter", "part", "division"),
    "architecture": ("arch", "machine type", "hardware", "processor"),
    "encoding": ("charset", "character set", "character encoding"),
    "enabled": ("active", "is enabled", "switched on"),
    "created": ("creation date", "made on", "started", "created on"),
    "release": ("released", "release date", "published", "shipped"),
    "eol": ("end of life", "supported until", "support ends", "end date"),
    "group id": ("group", "organisation id", "publisher id", "owner group"),
    "artifact id": ("artifact", "module", "component id", "module name"),
    "repository": ("repo", "source code", "code repository", "scm url"),
    "vendor": ("supplier", "manufacturer", "maker", "publisher"),
    "dependencies": ("depends on", "requirements", "required modules", "needs"),
}

ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "number": ("no", "num", "nr"),
    "description": ("desc", "descr"),
    "identifier": ("id", "ident"),
    "version": ("ver", "vers"),
    "package": ("pkg",),
    "directory": ("dir",),
    "maximum": ("max",),
    "minimum": ("min",),
    "address": ("addr",),
    "command": ("cmd",),
    "configuration": ("config", "cfg", "conf"),
    "parameter": ("param",),
    "parameters": ("params",),
    "arguments": ("args",),
    "count": ("cnt", "n"),
    "language": ("lang",),
    "message": ("msg",),
    "organization": ("org",),
    "organisation": ("org",),
    "reference": ("ref",),
    "date": ("dt",),
    "source": ("src",),
    "environment": ("env",),
    "maintainer": ("maint",),
    "email": ("mail",),
    "categories": ("cats",),
    "category": ("cat",),
    "document": ("doc",),
    "library": ("lib",),
    "libraries": ("libs",),
    "function": ("func", "fn"),
    "attribute": ("attr",),
    "architecture": ("arch",),
    "repository": ("repo",),
    "dependencies": ("deps",),
    "development": ("dev",),
    "temporary": ("tmp",),
    "previous": ("prev",),
    "permissions": ("perms", "mode"),
    "timestamp": ("ts",),
    "character": ("char",),
    "string": ("str",),
    "value": ("val",),
    "information": ("info",),
    "specification": ("spec",),
    "implementation": ("impl",),
    "application": ("app",),
    "database": ("db",),
    "process": ("proc",),
    "memory": ("mem",),
    "system": ("sys",),
    "user": ("usr",),
    "password": ("passwd", "pwd"),
}

BLANK_NAMES = (
    "a",
    "b",
    "c",
    "x",
    "y",
    "q",
    "v",
    "k",
    "p",
    "foo",
    "bar",
    "item",
    "field",
    "value",
    "col",
    "f",
    "out",
    "slot",
)
STYLES = ("snake",) * 11 + ("camel",) * 5 + ("pascal", "kebab", "upper", "flat")


def words_of(key: str) -> str:
    """`Home-page`, `homePage` and `HOME_PAGE` all become the phrase `home page`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", key)
    return " ".join(re.findall(r"[^\W_]+", spaced)).lower()


def styled(phrase: str, style: str) -> str:
    """A phrase in a case style: snake, camel, pascal, kebab, upper or flat."""
    words: list[str] = re.findall(r"[^\W_]+", phrase.lower()) or ["value"]
    if style == "camel":
        return words[0] + "".join(word.capitalize() for word in words[1:])
    if style == "pascal":
        return "".join(word.capitalize() for word in words)
    if style == "flat":
        return "".join(words)
    joined = ("-" if style == "kebab" else "_").join(words)
    return joined.upper() if style == "upper" else joined


def vary(rng: Random, phrases: Sequence[str], prefix: str) -> str:
    """One phrase for a notion: a synonym, perhaps abbreviated, perhaps after the thing it belongs to."""
    phrase = phrases[0] if rng.random() < 0.4 else rng.choice(list(phrases))
    words = phrase.split()
    if rng.random() < 0.3:
        words = [rng.choice(ABBREVIATIONS[word]) if word in ABBREVIATIONS else word for word in words]
    if prefix and rng.random() < 0.15 and prefix.split()[-1] not in words:
        words = [*prefix.split(), *words]
    if rng.random() < 0.04:
        words.append(rng.choice(("value", "text", "info", "field", "data")))
    return " ".join(words)


def blank_name(rng: Random) -> str:
    """A name that says nothing, for fields which only their description explains."""
    name = rng.choice(BLANK_NAMES)
    return f"{name}{rng.choice(('', '_'))}{rng.randint(1, 30)}" if rng.random() < 0.5 else name


def describe(rng: Random, phrase: str, prefix: str) -> str:
    """A description out of a phrase, in one of many wordings."""
    thing = prefix or "document"
    form = rng.choice(
        (
            "the {p}",
            "{p}",
            "{p} of the {t}",
            "the {t}'s {p}",
            "{p} as written in the text",
            "what the text gives as {p}",
            "{p}, if any",
            "value of {p}",
            "which {p} it has",
            "{p} found in the {t}",
        )
    )
    text = form.format(p=phrase, t=thing)
    return text[0].upper() + text[1:] if rng.random() < 0.5 else text
