r"""String formats as terms over the decoded value.

A format is the intersection of its standard with what the checkers of the package `jsonschema` take, those of its extra
`format` included: each string here is valid under both.

| format | standard | left out, or taken away by the checker |
|---|---|---|
| `date` | RFC 3339 full-date, days per month and leap years | the year 0000 |
| `time` | RFC 3339 full-time | leap seconds (`:60`) |
| `date-time` | RFC 3339 | both of these |
| `duration` | RFC 3339 appendix A | |
| `email` | RFC 5321 mailbox, all forms of both parts | general address literals |
| `idn-email` | RFC 6531 mailbox | the same; verified, as `idn-hostname` is |
| `hostname` | RFC 1123, names of 253 characters, labels of 63 | see below |
| `idn-hostname` | RFC 5890 to 5893 | verified; see below |
| `ipv4` | RFC 2673 dotted quad, no leading zeros | |
| `ipv6` | RFC 4291 section 2.2 | zone identifiers, which are no part of an address |
| `uri`, `uri-reference` | RFC 3986 | the future address literal is spelled with a small `v` |
| `iri`, `iri-reference` | RFC 3987 | the same |
| `uri-template` | RFC 6570, all four levels | reserved operators; prefixes above 999; a name beginning with `%` |
| `uuid` | RFC 4122 | |
| `json-pointer` | RFC 6901 | |
| `relative-json-pointer` | draft-handrews-01 | numbers with a digit after a 0 (`100`); `0+1` of later drafts |
| `regex` | ECMA-262 without annex B | verified; what Python's `re` can't compile: `(?<name>…)`, `\p{…}`, `\cA`, `[]` |

Draft 3 alone has `ip-address` and `host-name`, which are `ipv4` and `hostname`, and `color`: CSS 2.1, the 17 names and
`#rgb`, `#rrggbb`; the checker takes away `rgb(…)` and the system's colours.

* `email`: The sizes of RFC 5321 section 4.5.3.1 are the least that must be accepted, so they are no limits here.
* `hostname`: A label that doesn't begin the name has at most 43 characters (see `_host_names`). Labels `xn--…` are left
  out: most of them are not what RFC 5891 makes of any name, and which are is not regular.
* `idn-hostname`: The terms hold characters, directions, hyphens; the check also normal form C, lengths and `xn--…`.
  Left out are characters that the running Python's Unicode data doesn't know, and U+200C between joining letters of
  other scripts than Arabic.
* A verified format has a term that is a superset, and a check that is exact.

This module knows no schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from .._expansion import compile_term
from .._regex import regex_term
from .._terms import Term, alt, chars, lit, rep, seq
from ._addresses import HEX, ipv4, ipv6
from ._host_names import host_name
from ._idna import idn_host_name, idn_label, is_idn_host_name, is_u_label, keep_bidi_rule
from ._regex_format import is_regex, regex_superset
from ._uris import iri, iri_reference, uri, uri_reference, uri_template

__all__ = ["DRAFT_3_FORMATS", "FORMATS", "VERIFIED_FORMATS", "Verified", "barred_by", "format_term"]

_COLORS = [
    "aqua", "black", "blue", "fuchsia", "gray", "green", "lime", "maroon", "navy", "olive", "orange", "purple", "red",
    "silver", "teal", "white", "yellow",
]  # fmt: skip


@dataclass(frozen=True)
class Verified:
    """A format that no finite automaton of a bearable size holds.

    Attributes:
        make: makes the term of a superset.
        check: whether a string has the format.
    """

    make: Callable[[], Term]
    check: Callable[[str], bool]

    @cached_property
    def term(self) -> Term:
        """The same object each time, so that it is compiled once."""
        return self.make()


def _date() -> Term:
    year = regex_term("[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9]")
    fours = "(0[48]|[2468][048]|[13579][26])"  # multiples of four, without 00
    leap_year = regex_term(f"[0-9]{{2}}{fours}|{fours}00")
    days = regex_term(
        "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
    )
    return alt(seq(year, lit("-"), days), seq(leap_year, lit("-02-29")))


def _time() -> Term:
    return regex_term(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])")


def _date_time() -> Term:
    return seq(_date(), regex_term("[Tt]"), _time())


def _duration() -> Term:
    clock = "T([0-9]+H([0-9]+M([0-9]+S)?)?|[0-9]+M([0-9]+S)?|[0-9]+S)"
    days = "([0-9]+D|[0-9]+M([0-9]+D)?|[0-9]+Y([0-9]+M([0-9]+D)?)?)"
    return regex_term(f"P({days}({clock})?|{clock}|[0-9]+W)")


_MORE = "\u0080-\U0010ffff"  # what RFC 6531 adds to atoms and quoted strings
_LABEL = regex_term("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")


def _mailbox(more: str, label: Term) -> Term:
    atom = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~{more}-]+"
    quoted = rf'"([ !#-\[\]-~{more}]|\\[ -~])*"'
    local = regex_term(rf"{atom}(\.{atom})*|{quoted}")
    domain = seq(label, rep(seq(lit("."), label), 0))
    literal = seq(lit("["), alt(ipv4(), seq(regex_term("[Ii][Pp][Vv]6:"), ipv6(elided=2))), lit("]"))
    return seq(local, lit("@"), alt(domain, literal))


def _email() -> Term:
    return _mailbox("", _LABEL)


@cache
def _idn_email() -> Term:
    return _mailbox(_MORE, alt(_LABEL, idn_label()))


def _is_idn_email(value: str) -> bool:
    try:
        if not compile_term(_idn_email()).matches(value.encode()):
            return False
    except UnicodeEncodeError:
        return False
    labels = value.rpartition("@")[2].split(".")
    return all(label.isascii() or is_u_label(label) for label in labels) and keep_bidi_rule(labels)


def _uuid() -> Term:
    return regex_term(f"{HEX}{{8}}(-{HEX}{{4}}){{3}}-{HEX}{{12}}")


_POINTER = "(/([^/~]|~[01])*)*"


def _json_pointer() -> Term:
    return regex_term(_POINTER)


def _relative_json_pointer() -> Term:
    return regex_term(f"(0|[1-9]+0?)(#|{_POINTER})")


def _color() -> Term:
    names = [seq(*(chars(letter + letter.upper()) for letter in name)) for name in _COLORS]
    return alt(*names, regex_term(f"#({HEX}{{3}}){{1,2}}"))


FORMATS: dict[str, Callable[[], Term]] = {
    "date": _date,
    "time": _time,
    "date-time": _date_time,
    "duration": _duration,
    "email": _email,
    "hostname": host_name,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "uri": uri,
    "uri-reference": uri_reference,
    "iri": iri,
    "iri-reference": iri_reference,
    "uri-template": uri_template,
    "uuid": _uuid,
    "json-pointer": _json_pointer,
    "relative-json-pointer": _relative_json_pointer,
}
VERIFIED_FORMATS: dict[str, Verified] = {
    "idn-email": Verified(_idn_email, _is_idn_email),
    "idn-hostname": Verified(idn_host_name, is_idn_host_name),
    "regex": Verified(regex_superset, is_regex),
}
# What a *denied* format bars: a superset of what any standard or checker takes, where those differ from each other.
_LOOKS_LIKE = {
    "date": "[0-9]{4}.{2,6}",
    "time": "[0-9]{1,2}:.*",
    "date-time": "[0-9]{4}.*[Tt ].*",
    "duration": "[Pp].*",
    "email": "(.|\\n)*@(.|\\n)*",
    "idn-email": "(.|\\n)*@(.|\\n)*",
    "hostname": r"[^ @:/]*",
    "idn-hostname": r"[^ @:/]*",
    "regex": r"(.|\n)*",
    "uri-template": r"(.|\n)*",
    "iri": r"[^:]*:(.|\n)*",
    "relative-json-pointer": r"[0-9](.|\n)*",
}


@cache
def barred_by(name: str) -> Term:
    """What a value must not be where the format is denied."""
    return regex_term(_LOOKS_LIKE[name]) if name in _LOOKS_LIKE else format_term(name)


DRAFT_3_FORMATS: dict[str, Callable[[], Term]] = {"color": _color, "host-name": host_name, "ip-address": ipv4}


@cache
def format_term(name: str) -> Term:
    """The decoded values of a format; the same object each time, so that it is compiled once. KeyError if it is
    unknown, or verified."""
    return {**DRAFT_3_FORMATS, **FORMATS}[name]()
