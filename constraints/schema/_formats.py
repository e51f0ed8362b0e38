r"""String formats as terms over the decoded value: exact, as far as their standards describe a regular
language.

| format | standard | left out |
|---|---|---|
| `date` | RFC 3339 full-date, days per month and leap years | the year 0000, which no date type holds |
| `time` | RFC 3339 full-time | leap seconds (`:60`), which no time type holds |
| `date-time` | RFC 3339 | both of these |
| `duration` | RFC 3339 appendix A | |
| `email` | RFC 5321 mailbox, all forms of both parts | the size limits of section 4.5.3.1 |
| `uuid` | RFC 4122 | |
| `ipv4` | RFC 2673 dotted quad, no leading zeros | |
| `ipv6` | RFC 4291 section 2.2 | zone identifiers, which are no part of an address |
| `hostname` | RFC 1123 | the total length of 253 |
| `uri` | RFC 3986 `URI` | |
| `uri-reference` | RFC 3986 `URI-reference` | |
| `json-pointer` | RFC 6901 | |

Lengths that these standards limit as a whole are one `maxLength` away. This module knows no schema.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from .._regex import regex_term
from .._terms import Term, alt, lit, opt, rep, seq

__all__ = ["FORMATS", "format_term"]

_HEX = "[0-9A-Fa-f]"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_SHORT_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


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


def _email() -> Term:
    atom = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
    quoted = r'"([ !#-\[\]-~]|\\[ -~])*"'
    local = regex_term(rf"{atom}(\.{atom})*|{quoted}")
    domain = regex_term(rf"{_LABEL}(\.{_LABEL})*")
    literal = seq(lit("["), alt(regex_term(_IPV4), seq(regex_term("[Ii][Pp][Vv]6:"), _ipv6())), lit("]"))
    return seq(local, lit("@"), alt(domain, literal))


def _uuid() -> Term:
    return regex_term(f"{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}")


def _ipv4() -> Term:
    return regex_term(_IPV4)


def _ipv6() -> Term:
    group = regex_term(f"{_HEX}{{1,4}}")
    group_colon = seq(group, lit(":"))
    last_32 = alt(seq(group_colon, group), regex_term(_IPV4))
    options = [seq(rep(group_colon, 6, 6), last_32)]
    for after in range(6):  # the elided groups are followed by `after` groups and the last 32 bits
        before = opt(seq(rep(group_colon, 0, 4 - after), group)) if after < 5 else rep(group, 0, 0)
        options.append(seq(before, lit("::"), rep(group_colon, after, after), last_32))
    options.append(seq(opt(seq(rep(group_colon, 0, 5), group)), lit("::"), group))
    options.append(seq(opt(seq(rep(group_colon, 0, 6), group)), lit("::")))
    return alt(*options)


def _hostname() -> Term:
    return regex_term(rf"{_SHORT_LABEL}(\.{_SHORT_LABEL})*")


_UNRESERVED = r"A-Za-z0-9._~!$&'()*+,;=-"
_PCHAR = rf"([:@{_UNRESERVED}]|%{_HEX}{{2}})"
_TAIL = rf"(\?({_PCHAR}|[/?])*)?(#({_PCHAR}|[/?])*)?"


def _authority() -> Term:
    plain = rf"([{_UNRESERVED}]|%{_HEX}{{2}})*"
    future = rf"[Vv]{_HEX}+\.[:{_UNRESERVED}]+"
    literal = seq(lit("["), alt(_ipv6(), regex_term(future)), lit("]"))
    host = alt(literal, regex_term(plain))
    userinfo = regex_term(rf"(([:{_UNRESERVED}]|%{_HEX}{{2}})*@)?")
    return seq(lit("//"), userinfo, host, regex_term("(:[0-9]*)?"))


def _uri() -> Term:
    path = alt(
        seq(_authority(), regex_term(f"(/{_PCHAR}*)*")),
        regex_term(f"/({_PCHAR}+(/{_PCHAR}*)*)?"),
        regex_term(f"({_PCHAR}+(/{_PCHAR}*)*)?"),
    )
    return seq(regex_term("[A-Za-z][A-Za-z0-9+.-]*:"), path, regex_term(_TAIL))


def _uri_reference() -> Term:
    without_colon = _PCHAR.replace(":@", "@")
    path = alt(
        seq(_authority(), regex_term(f"(/{_PCHAR}*)*")),
        regex_term(f"/({_PCHAR}+(/{_PCHAR}*)*)?"),
        regex_term(f"({without_colon}+(/{_PCHAR}*)*)?"),
    )
    return alt(_uri(), seq(path, regex_term(_TAIL)))


def _json_pointer() -> Term:
    return regex_term("(/([^/~]|~[01])*)*")


FORMATS: dict[str, Callable[[], Term]] = {
    "date": _date,
    "time": _time,
    "date-time": _date_time,
    "duration": _duration,
    "email": _email,
    "uuid": _uuid,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "hostname": _hostname,
    "uri": _uri,
    "uri-reference": _uri_reference,
    "json-pointer": _json_pointer,
}


@cache
def format_term(name: str) -> Term:
    """The decoded values of a format; the same object each time, so that it is compiled once. KeyError if
    unknown."""
    return FORMATS[name]()
