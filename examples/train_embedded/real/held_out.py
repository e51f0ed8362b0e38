"""Which kinds of real text are for testing only, and how a document of such a kind is recognised.

`HELD_OUT` names the test kinds; `RELATIVES` what is too near to them to train on. Collecting drops every
document that bears one of the `SIGNATURES`, and a test asserts that training kinds and corpus have none.
"""

from __future__ import annotations

import re

HELD_OUT: tuple[str, ...] = (
    "dpkg_status",
    "debian_changelog",
    "dpkg_log",
    "zone_table",
    "systemd_unit",
    "ca_certificates",
)

RELATIVES: dict[str, tuple[str, ...]] = {
    "dpkg_status": ("apt_lists", "apt_sources", "debian_control", "dsc_files"),
    "debian_changelog": ("gnu_changelog", "news_debian"),
    "dpkg_log": ("apt_history", "apt_term_log", "alternatives_log"),
    "zone_table": ("zone_tab", "iso3166_tab", "iso_3166", "tzdata"),
    "systemd_unit": ("init_scripts", "dbus_services", "tmpfiles"),
    "ca_certificates": ("certificates",),
}

SIGNATURES: dict[str, re.Pattern[str]] = {
    "dpkg_status": re.compile(
        r"(?m)^(?:Installed-Size|Architecture): \S+\n(?:.*\n)*?(?:Depends|Version|Multi-Arch): "
    ),
    "debian_changelog": re.compile(r"(?m)^\S+ \([^)\s]+\) [\w -]+; urgency=|^ -- .+ <\S+@\S+>  \w{3}, "),
    "dpkg_log": re.compile(
        r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:status|install|upgrade|configure|remove|trigproc) "
    ),
    "zone_table": re.compile(r"(?m)^[A-Z]{2}(?:,[A-Z]{2})*\t[+-]\d{4,6}[+-]\d{5,7}\t"),
    "systemd_unit": re.compile(r"(?m)^\[(?:Unit|Service|Install|Socket|Timer)\]$"),
    "ca_certificates": re.compile(r"(?m)^# Issuer: CN=|^-----BEGIN CERTIFICATE-----$"),
}


def kind_of(text: str) -> str | None:
    """The held-out kind that a text belongs to, or None."""
    return next((kind for kind, signature in SIGNATURES.items() if signature.search(text)), None)
