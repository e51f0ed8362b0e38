"""Ground truth for the held-out kinds: each parser reads a document's formal structure; no model is asked.

A parser returns what the text determines, None standing for "the text does not say"; a field that the text
leaves open to reading (alternatives in a dependency, a setting given twice) is not in the result at all, so
that no schema asks for it. A document that is not of the parser's kind gives None.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

Fields = dict[str, Any]

_MAILBOX = re.compile(r"(?P<name>[^<>]+?) <(?P<mail>[^<>\s]+@[^<>\s]+)>")


def dpkg_status(text: str) -> Fields | None:
    """A stanza of dpkg's status file (deb822 syntax: deb822(5), deb-control(5))."""
    values: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        if line[:1] in (" ", "\t"):
            values[key] = f"{values[key]}\n{line.strip()}"
            continue
        key, colon, value = line.partition(":")
        if not colon:
            return None
        values[key] = value.strip()
    maintainer = _MAILBOX.fullmatch(values.get("Maintainer", ""))
    if not {"Package", "Version", "Architecture", "Installed-Size"} <= set(values) or maintainer is None:
        return None
    fields: Fields = {
        "package": values["Package"],
        "version": values["Version"],
        "architecture": values["Architecture"],
        "installed_size": int(values["Installed-Size"]),
        "maintainer_name": maintainer["name"],
        "maintainer_email": maintainer["mail"],
        "section": values.get("Section"),
        "priority": values.get("Priority"),
        "homepage": values.get("Homepage"),
        "multi_arch": values.get("Multi-Arch"),
        "summary": values.get("Description", "").splitlines()[0] if values.get("Description") else None,
    }
    if " " not in values.get("Source", ""):
        fields["source"] = values.get("Source")
    depends = [part.strip() for part in values.get("Depends", "").split(",") if part.strip()]
    if len(depends) <= 6 and "|" not in values.get("Depends", ""):
        fields["depends"] = [re.split(r"[\s:(]", part)[0] for part in depends]
    return fields


_HEAD = re.compile(r"(?P<package>\S+) \((?P<version>[^()\s]+)\) (?P<targets>[^;]+); urgency=(?P<urgency>\w+)")
_CLOSES = re.compile(r"(?i)closes:((?:\s*(?:bug)?#?\s?\d+,?)+)")
_FOOT = re.compile(r"(?m)^ -- (?P<name>[^<>]+?) <(?P<mail>[^<>\s]+)>  (?P<date>.+)$")


def debian_changelog(text: str) -> Fields | None:
    """The newest entry of a Debian changelog (deb-changelog(5))."""
    head = _HEAD.match(text)
    feet = list(_FOOT.finditer(text))
    if head is None or len(feet) != 1 or " " in head["targets"].strip():
        return None
    try:
        day = parsedate_to_datetime(feet[0]["date"]).date().isoformat()
    except ValueError:
        return None
    closed = [int(number) for part in _CLOSES.findall(text) for number in re.findall(r"\d+", part)]
    fields: Fields = {
        "package": head["package"],
        "version": head["version"],
        "distribution": head["targets"].strip(),
        "urgency": head["urgency"].lower(),
        "author": feet[0]["name"].strip(),
        "date": day,
        "closed_bugs": closed,
    }
    if "@" in feet[0]["mail"]:
        fields["email"] = feet[0]["mail"]
    return fields


_LOG_STAMP = r"(?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)"
_LOG_ACTION = re.compile(
    rf"{_LOG_STAMP} (?P<action>install|upgrade|remove|purge) (?P<package>[^:\s]+):(?P<arch>\S+) "
    r"(?P<old>\S+) (?P<new>\S+)"
)
_LOG_STATUS = re.compile(
    rf"{_LOG_STAMP} status (?P<state>[a-z-]+) (?P<package>[^:\s]+):(?P<arch>\S+) (?P<version>\S+)"
)


def dpkg_log(text: str) -> Fields | None:
    """One action line, or a few status lines, of dpkg's log (dpkg(1), LOGGING)."""
    lines = text.splitlines()
    action = _LOG_ACTION.fullmatch(lines[0]) if len(lines) == 1 else None
    if action is not None:
        return {
            "date": action["date"],
            "time": action["time"],
            "action": action["action"],
            "package": action["package"],
            "architecture": action["arch"],
            "old_version": None if action["old"] == "<none>" else action["old"],
            "new_version": None if action["new"] == "<none>" else action["new"],
        }
    found = [_LOG_STATUS.fullmatch(line) for line in lines]
    if not found or any(match is None for match in found):
        return None
    return {
        "events": [
            {
                "time": match["time"],
                "status": match["state"],
                "package": match["package"],
                "version": match["version"],
            }
            for match in found
            if match is not None
        ]
    }


def zone_table(text: str) -> Fields | None:
    """Rows of the time zone database's zone1970.tab under the table's own heading."""
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    if not rows or any(len(row) not in (3, 4) for row in rows):
        return None
    zones = [
        {
            "country_codes": row[0].split(","),
            "time_zone": row[2],
            "comments": row[3] if len(row) == 4 else None,
        }
        for row in rows
    ]
    if len(zones) > 1:
        return {"zones": [{"time_zone": zone["time_zone"], "comments": zone["comments"]} for zone in zones]}
    return {**zones[0], "coordinates": rows[0][1], "area": str(rows[0][2]).split("/")[0]}


def systemd_unit(text: str) -> Fields | None:
    """A unit file (systemd.unit(5), systemd.syntax(7)); settings that stand twice are left out."""
    section = ""
    values: dict[str, list[str]] = {}
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if re.fullmatch(r"\[\w+\]", line.strip()):
            section = line.strip()[1:-1]
        elif "=" in line and line[:1] not in "#;":
            key, _, value = line.partition("=")
            values.setdefault(f"{section}.{key.strip()}", []).append(" ".join(value.split()))
    if len(values.get("Unit.Description", ())) != 1:
        return None
    wanted: dict[str, tuple[str, str]] = {
        "description": ("Unit.Description", "one"),
        "documentation": ("Unit.Documentation", "list"),
        "after": ("Unit.After", "list"),
        "before": ("Unit.Before", "list"),
        "conflicts": ("Unit.Conflicts", "list"),
        "default_dependencies": ("Unit.DefaultDependencies", "flag"),
        "type": ("Service.Type", "one"),
        "exec_start": ("Service.ExecStart", "one"),
        "restart": ("Service.Restart", "one"),
        "user": ("Service.User", "one"),
        "wanted_by": ("Install.WantedBy", "list"),
    }
    fields = {name: _setting(values.get(key, []), form) for name, (key, form) in wanted.items()}
    service = any(key.startswith("Service.") for key in values)
    only_services = {"type", "exec_start", "restart", "user"}
    return {
        name: value
        for name, value in fields.items()
        if value != _UNCLEAR and (service or name not in only_services)
    }


_UNCLEAR = object()


def _setting(given: list[str], form: str) -> Any:
    if form == "list":
        return [item for value in given for item in value.split()] if "" not in given else _UNCLEAR
    if len(given) > 1:
        return _UNCLEAR
    if form == "flag":
        return given[0].lower() in ("yes", "true", "1", "on") if given else None
    return given[0] if given and given[0] else None


def ca_certificates(text: str) -> Fields | None:
    """The comment block above a certificate in the Mozilla bundle that pip carries."""
    lines = dict(line[2:].split(": ", 1) for line in text.splitlines() if re.match(r"# \w[\w ]*: ", line))
    if not {"Issuer", "Label", "Serial", "MD5 Fingerprint"} <= set(lines):
        return None
    parts = re.split(r"(?:^|\s)(CN|OU|O)=", lines["Issuer"])
    named = list(zip(parts[1::2], parts[2::2], strict=True))
    names = dict(named)
    if parts[0] or len(names) != len(named):
        return None
    return {
        "label": lines["Label"].strip('"'),
        "common_name": names.get("CN"),
        "organization": names.get("O"),
        "organizational_unit": names.get("OU"),
        "serial": lines["Serial"],
        "md5_fingerprint": lines["MD5 Fingerprint"],
    }
