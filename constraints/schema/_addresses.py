"""IP addresses as terms; more than one format has them inside."""

from __future__ import annotations

from .._regex import regex_term
from .._terms import EPSILON, Term, alt, lit, opt, rep, seq

__all__ = ["HEX", "ipv4", "ipv6"]

HEX = "[0-9A-Fa-f]"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


def ipv4() -> Term:
    """RFC 2673 dotted quads, without leading zeros."""
    return regex_term(rf"{_OCTET}(\.{_OCTET}){{3}}")


def ipv6(elided: int = 1) -> Term:
    """RFC 4291 section 2.2, as RFC 3986 writes it out; `::` stands for at least `elided` groups."""
    group = regex_term(f"{HEX}{{1,4}}")
    group_colon = seq(group, lit(":"))
    last_32 = alt(seq(group_colon, group), ipv4())

    def up_to(groups: int) -> Term:
        return opt(seq(rep(group_colon, 0, groups - 1), group)) if groups else EPSILON

    options = [seq(rep(group_colon, 6, 6), last_32)]
    for after in range(7 - elided):  # `::` is followed by `after` groups and the last 32 bits
        options.append(seq(up_to(6 - elided - after), lit("::"), rep(group_colon, after, after), last_32))
    options.append(seq(up_to(7 - elided), lit("::"), group))
    options.append(seq(up_to(8 - elided), lit("::")))
    return alt(*options)
