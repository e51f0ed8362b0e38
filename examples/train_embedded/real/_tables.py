"""Texts made of rows: system tables, listings, CSV files.

Knows how a row of each kind is split into typed columns. Where the tables lie is in `_table_sources`. A
document of k rows becomes an array of k objects; of one row, a flat record.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from ._facts import (
    DATE,
    Fact,
    choice_fact,
    flag_fact,
    integer_fact,
    iso_date,
    text_fact,
)
from ._keyed import phrases_of
from ._names import words_of

Row = tuple[Fact, ...]
RowParser = Callable[[str], Row | None]


def service_row(line: str) -> Row | None:
    """/etc/services: `http 80/tcp www # WorldWideWeb HTTP`."""
    body, _, remark = line.partition("#")
    found = re.fullmatch(r"(\S+)\s+(\d+)/(\w+)(?:\s+(.*))?", body.strip())
    if found is None:
        return None
    aliases = (found[4] or "").split()
    return (
        text_fact("name", found[1], "name", "service", "service name"),
        integer_fact("port", int(found[2]), "port", "port number", "listening port"),
        choice_fact(
            "protocol",
            found[3],
            ("tcp", "udp", "sctp", "dccp", "ddp"),
            "protocol",
            "transport",
            "transport protocol",
        ),
        Fact(
            "aliases",
            ("aliases", "other names", "alternative names"),
            aliases,
            {"type": "array", "items": {"type": "string"}},
        ),
        text_fact("comment", remark, "comment", "remark", "note", "description"),
    )


def protocol_row(line: str) -> Row | None:
    """/etc/protocols, /etc/rpc, /etc/ethertypes: `tcp 6 TCP # transmission control protocol`."""
    body, _, remark = line.partition("#")
    found = re.fullmatch(r"(\S+)\s+([0-9A-Fa-f]{1,6})(?:\s+(.*))?", body.strip())
    if found is None:
        return None
    number = found[2]
    decimal = number.isdigit() and len(number) != 4  # four digits: the hexadecimal codes of /etc/ethertypes
    return (
        text_fact("name", found[1], "name", "protocol", "protocol name"),
        integer_fact("number", int(number), "number", "protocol number", "assigned number", "id")
        if decimal
        else text_fact("number", number, "number", "hex number", "type code"),
        Fact(
            "aliases",
            ("aliases", "other names"),
            (found[3] or "").split(),
            {"type": "array", "items": {"type": "string"}},
        ),
        text_fact("comment", remark, "comment", "description", "remark", "meaning"),
    )


def passwd_row(line: str) -> Row | None:
    """/etc/passwd: `daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin`."""
    parts = line.split(":")
    if len(parts) != 7 or not parts[2].isdigit() or not parts[3].isdigit():
        return None
    return (
        text_fact("user", parts[0], "user", "login", "username", "account name"),
        integer_fact("uid", int(parts[2]), "uid", "user id", "user number"),
        integer_fact("gid", int(parts[3]), "gid", "group id", "primary group"),
        text_fact("gecos", parts[4].split(",")[0], "full name", "gecos", "real name"),
        text_fact("home", parts[5], "home", "home directory", "home folder"),
        text_fact("shell", parts[6], "shell", "login shell", "default shell"),
    )


def group_row(line: str) -> Row | None:
    """/etc/group: `audio:x:29:alice,bob`."""
    parts = line.split(":")
    if len(parts) != 4 or not parts[2].isdigit():
        return None
    members = [name for name in parts[3].split(",") if name]
    return (
        text_fact("group", parts[0], "group", "group name", "name"),
        integer_fact("gid", int(parts[2]), "gid", "group id", "number"),
        Fact(
            "members",
            ("members", "users", "member list"),
            members,
            {"type": "array", "items": {"type": "string"}},
        ),
    )


_LS = re.compile(
    r"(?P<mode>[-dlbcps][-rwxsStT]{9})[.+]?\s+(?P<links>\d+)\s+(?P<owner>\S+)\s+(?P<group>\S+)\s+(?P<size>\d+)\s+"
    r"(?P<date>\d{4}-\d{2}-\d{2} \d{2}:\d{2}|[A-Z][a-z]{2} [ \d]\d  \d{4})\s(?P<name>.+)"
)


def listing_row(line: str) -> Row | None:
    """`ls -l`: `-rw-r--r-- 1 root root 2584 Aug  1  2022 login.defs`, with a year in the date."""
    found = _LS.fullmatch(line)
    if found is None:
        return None
    name, _, target = found["name"].partition(" -> ")
    directory = found["mode"][0] == "d"
    day = Fact(
        "date",
        ("modified", "date", "last change", "modification date", "mtime"),
        iso_date(found["date"]),
        DATE,
        ("as YYYY-MM-DD",),
    )
    stamp = text_fact("date", found["date"], "modified", "timestamp", "last change", notes=("as written",))
    return (
        text_fact("mode", found["mode"], "permissions", "mode", "access rights", "mode string"),
        integer_fact("links", int(found["links"]), "links", "link count", "hard links"),
        text_fact("owner", found["owner"], "owner", "user", "owned by"),
        text_fact("group", found["group"], "group", "owning group", "group name"),
        integer_fact("size", int(found["size"]), "size", "bytes", "size in bytes", "length"),
        day,
        stamp,
        text_fact("name", name, "name", "file", "file name", "entry"),
        text_fact("target", target, "target", "link target", "points to", "symlink target"),
        flag_fact(
            "directory",
            directory,
            "is directory",
            "directory",
            notes=("true for a directory", "whether it is a directory"),
        ),
    )


def unicode_row(line: str) -> Row | None:
    """`U+00E9;LATIN SMALL LETTER E WITH ACUTE;Ll`, written from the interpreter's own character table."""
    parts = line.split(";")
    if len(parts) != 4:
        return None
    return (
        text_fact("code", parts[0], "code", "code point", "codepoint", "scalar"),
        text_fact("character", parts[1], "character", "char", "glyph", "symbol"),
        text_fact("name", parts[2], "name", "character name", "unicode name"),
        text_fact("category", parts[3], "category", "general category", "class"),
    )


def errno_row(line: str) -> Row | None:
    """`ENOENT 2 No such file or directory`, as errno(1) prints."""
    found = re.fullmatch(r"([A-Z][A-Z0-9_]+)\s+(\d+)\s+(.+)", line)
    if found is None:
        return None
    return (
        text_fact("symbol", found[1], "symbol", "constant", "error name", "macro"),
        integer_fact("number", int(found[2]), "number", "code", "error number", "errno", "value"),
        text_fact("meaning", found[3], "meaning", "message", "description", "text"),
    )


def count_row(line: str) -> Row | None:
    """`wc`: `  120  800 4980 README.md`."""
    found = re.fullmatch(r"\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S.*)", line)
    if found is None:
        return None
    return (
        integer_fact("lines", int(found[1]), "lines", "line count", "newlines", "number of lines"),
        integer_fact("words", int(found[2]), "words", "word count", "number of words"),
        integer_fact("bytes", int(found[3]), "bytes", "size", "byte count"),
        text_fact("file", found[4], "file", "path", "file name", "name"),
    )


def usage_row(line: str) -> Row | None:
    """`du`: `5120    /usr/share/doc/git`."""
    found = re.fullmatch(r"(\d+)\s+(/\S*)", line)
    if found is None:
        return None
    return (
        integer_fact("size", int(found[1]), "size", "usage", "kilobytes", "disk usage", "blocks"),
        text_fact("path", found[2], "path", "directory", "folder", "location"),
    )


def alias_row(line: str) -> Row | None:
    """/etc/locale.alias: `german  de_DE.ISO-8859-1`; two words."""
    parts = line.split()
    if len(parts) != 2 or line.startswith("#"):
        return None
    return (
        text_fact("alias", parts[0], "alias", "name", "short name", "nickname"),
        text_fact("target", parts[1], "target", "value", "stands for", "full name"),
    )


def colour_row(line: str) -> Row | None:
    """X11's rgb.txt: `255 250 250  snow`."""
    found = re.fullmatch(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+(\S.*)", line)
    if found is None:
        return None
    return (
        text_fact("name", found[4], "name", "colour", "color", "color name"),
        integer_fact("red", int(found[1]), "red", "r", "red part"),
        integer_fact("green", int(found[2]), "green", "g", "green part"),
        integer_fact("blue", int(found[3]), "blue", "b", "blue part"),
    )


def suffix_row(line: str) -> Row | None:
    """/etc/mime.types: `image/jpeg  jpeg jpg jpe`."""
    parts = line.split()
    if not parts or "/" not in parts[0] or line.startswith("#"):
        return None
    major, _, minor = parts[0].partition("/")
    return (
        text_fact("type", parts[0], "type", "media type", "mime type", "content type"),
        Fact(
            "suffixes",
            ("suffixes", "extensions", "file extensions", "file endings"),
            parts[1:],
            {"type": "array", "items": {"type": "string"}},
        ),
        text_fact("major", major, "major type", "top level type", notes=("the part before the slash",)),
        text_fact("minor", minor, "subtype", "minor type", notes=("the part after the slash",)),
    )


def access_row(line: str) -> Row | None:
    """A web server's log: `127.0.0.1 - - [25/Nov/2025 04:09:19] "GET /a.html HTTP/1.1" 200 512`."""
    found = re.fullmatch(
        r'(\S+) - - \[((\d+)/(\w+)/(\d+) (\d\d:\d\d:\d\d))\] "(\w+) (\S+) (HTTP/[\d.]+)" (\d+) (\d+|-)', line
    )
    if found is None:
        return None
    return (
        text_fact("client", found[1], "client", "client address", "ip", "remote host"),
        Fact(
            "date",
            ("date", "day", "requested on"),
            iso_date(f"{found[3]} {found[4]} {found[5]}"),
            DATE,
            ("as YYYY-MM-DD",),
        ),
        text_fact("time", found[6], "time", "time of day", "clock time"),
        choice_fact(
            "method",
            found[7],
            ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"),
            "method",
            "http method",
            "verb",
        ),
        text_fact("path", found[8], "path", "resource", "url path", "requested path"),
        integer_fact("status", int(found[10]), "status", "status code", "response code"),
        integer_fact("size", int(found[11]) if found[11].isdigit() else None, "size", "bytes", "bytes sent"),
    )


def checksum_row(line: str) -> Row | None:
    """`md5sum`: `d41d8cd98f00b204e9800998ecf8427e  empty.txt`."""
    found = re.fullmatch(r"([0-9a-f]{8,40}) [ *](\S.*)", line)
    if found is None:
        return None
    return (
        text_fact("sum", found[1], "checksum", "hash", "digest", "fingerprint"),
        text_fact("file", found[2], "file", "path", "file name"),
    )


def archive_row(line: str) -> Row | None:
    """`python -m zipfile -l` and `tar -tv`: mode or name, date, size."""
    zipped = re.fullmatch(r"(\S+)\s+(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\s+(\d+)", line)
    if zipped is None:
        return None
    return (
        text_fact("name", zipped[1], "name", "member", "file", "entry", "file name"),
        Fact("date", ("date", "modified", "day"), zipped[2], DATE),
        text_fact("time", zipped[3], "time", "time of day"),
        integer_fact("size", int(zipped[4]), "size", "bytes", "uncompressed size"),
    )


def import_row(line: str) -> Row | None:
    """`python -X importtime`: `import time:       190 |        520 |   encodings`."""
    found = re.fullmatch(r"import time:\s+(\d+) \|\s+(\d+) \|\s+([\w.]+)", line)
    if found is None:
        return None
    return (
        integer_fact("self", int(found[1]), "self time", "self us", "own microseconds", "self"),
        integer_fact(
            "total", int(found[2]), "cumulative time", "cumulative", "total us", "microseconds in all"
        ),
        text_fact("module", found[3], "module", "package", "imported package", "name"),
    )


def font_row(line: str) -> Row | None:
    """`fc-list`: `/usr/share/fonts/DejaVuSans.ttf: DejaVu Sans:style=Book`."""
    found = re.fullmatch(r"(/[^:]+): ([^:,]+)(?:,[^:]*)?:style=([^,:]+)(?:,.*)?", line)
    if found is None:
        return None
    return (
        text_fact("path", found[1], "path", "file", "font file"),
        text_fact("family", found[2], "family", "font family", "typeface", "name"),
        text_fact("style", found[3], "style", "font style", "variant"),
    )


def linked_row(line: str) -> Row | None:
    """`ldd`: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2c)`."""
    found = re.fullmatch(r"\s*(\S+) => (/\S+) \((0x[0-9a-f]+)\)", line)
    if found is None:
        return None
    return (
        text_fact("name", found[1], "name", "library", "soname", "needed"),
        text_fact("path", found[2], "path", "resolved path", "file", "location"),
        text_fact("address", found[3], "address", "load address", "mapped at"),
    )


def symbol_row(line: str) -> Row | None:
    """`nm -D`: `0000000000004c50 T inflate`."""
    found = re.fullmatch(r"([0-9a-f]{16}) ([A-Za-z]) (\S+)", line)
    if found is None:
        return None
    return (
        text_fact("value", found[1], "value", "address", "offset"),
        text_fact("type", found[2], "type", "symbol type", "letter", "class"),
        text_fact("name", found[3], "name", "symbol", "symbol name"),
    )


def csv_rows(header: str, lines: list[str], delimiter: str) -> list[Row]:
    """Rows of a delimited table with a header; a column is a number where all its cells are."""
    names = next(csv.reader([header], delimiter=delimiter))
    cells = [row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter) if row]
    if any(len(row) > len(names) for row in cells) or len({words_of(name) for name in names}) < len(names):
        return []
    padded = [row + [""] * (len(names) - len(row)) for row in cells]
    return [
        tuple(
            _cell(name, row[index], [r[index] for r in padded])
            for index, name in enumerate(names)
            if words_of(name)
        )
        for row in padded
    ]


def _cell(name: str, value: str, column: list[str]) -> Fact:
    phrases, group = phrases_of(name), words_of(name)
    given = [cell for cell in column if cell.strip()]
    if given and all(re.fullmatch(r"-?(?:0|[1-9]\d{0,11})", cell) for cell in given):
        return integer_fact(group, int(value) if value.strip() else None, *phrases)
    if given and all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) for cell in given):
        return Fact(group, phrases, value.strip() or None, DATE)
    return text_fact(group, value, *phrases)
