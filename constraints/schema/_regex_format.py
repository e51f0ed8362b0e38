r"""The format `regex`: patterns that ECMA-262 reads, without the leniences of annex B, and Python's `re` compiles.

Groups nest, back-references count groups, a range has an order: patterns are no regular language. `regex_superset` is
exact for each part of a pattern and for groups within groups up to `_NESTING`, beyond which parentheses are free.
`is_regex` is the whole grammar.
"""

from __future__ import annotations

import re
import warnings

from .._regex import regex_term
from .._terms import Term, alt, lit, rep, seq

__all__ = ["is_regex", "regex_superset"]

_NESTING = 2

_PUNCTUATION = r"[ -/:-@\[-\^`{-~]"  # what an escape leaves as it is: neither letter nor digit nor `_`
_CONTROL = r"\\[fnrtv]|\\0"  # the latter only where no digit follows
_CODE = r"\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}"
_ONE = rf"(?:\\{_PUNCTUATION}|{_CONTROL}|{_CODE})"
_SET = r"\\[dDsSwW]"
_MEMBER = rf"(?:[^\\\]]|{_ONE}|{_SET}|\\b)"
_CLASS = rf"\[(?:\^{_MEMBER}|[^\\\]^]|{_ONE}|{_SET}|\\b){_MEMBER}*\]"
_ATOM = rf"(?:[^\\^$.*+?()\[\]{{}}|]|\.|{_ONE}|{_SET}|\\[1-9][0-9]*|{_CLASS})"
_CONTROLS = {"0": 0, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_QUANTIFIER = r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??"
_ASSERTION = r"(?:[\^$]|\\[bB])"
_GROUP = r"\((?:\?:)?"
_LOOK = r"\(\?<?[=!]"


def regex_superset() -> Term:
    """A superset of the patterns."""
    plain = regex_term(rf"{_ATOM}(?:{_QUANTIFIER})?|{_ASSERTION}|\|")
    group, look = regex_term(_GROUP), regex_term(_LOOK)
    close = regex_term(rf"\)(?:{_QUANTIFIER})?")
    inner = rep(alt(plain, group, look, close), 0)
    for _ in range(_NESTING):
        inner = rep(alt(plain, seq(group, inner, close), seq(look, inner, lit(")"))), 0)
    return inner


_SCANNER = {
    "assertion": _ASSERTION, "reference": r"\\[1-9][0-9]*", "class": _CLASS, "atom": _ATOM, "quantifier": _QUANTIFIER,
    "look": _LOOK, "group": _GROUP, "close": r"\)", "bar": r"\|",
}  # fmt: skip
_TOKEN = re.compile(
    "|".join(f"(?P<{kind}>{token})" for kind, token in _SCANNER.items()).replace(r"\\0", r"\\0(?![0-9])"), re.DOTALL
)
_CLASS_TOKEN = re.compile(rf"(?P<set>{_SET})|(?P<one>{_MEMBER})", re.DOTALL)


def is_regex(pattern: str) -> bool:
    """Whether both ECMA-262 and Python's `re` take the pattern."""
    return _is_ecma(pattern) and _is_python(pattern)


def _is_python(pattern: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, ValueError, OverflowError, RecursionError):
        return False
    return True


def _is_ecma(pattern: str) -> bool:
    at, groups, highest = 0, 0, 0
    open_groups: list[bool] = []  # of each, whether it may be repeated
    repeatable = False
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if not found:
            return False
        at, kind, token = found.end(), found.lastgroup, found[0]
        if kind == "quantifier":
            if not repeatable or not _is_ordered(token):
                return False
            repeatable = False
            continue
        if kind == "close":
            if not open_groups:
                return False
            repeatable = open_groups.pop()
            continue
        if kind in ("look", "group"):
            open_groups.append(kind == "group")
            groups += token == "("
        elif kind == "reference":
            highest = max(highest, int(token[1:6]))
        elif kind == "class" and not _is_class(token):
            return False
        repeatable = kind in ("atom", "class", "reference")
    return not open_groups and highest <= groups


def _is_ordered(quantifier: str) -> bool:
    low, _, high = quantifier.rstrip("?").strip("{}").partition(",")
    return not high or int(low[:12]) <= int(high[:12])


def _is_class(text: str) -> bool:
    """Whether the ranges of a class run upwards, from one character to another."""
    members = list(_CLASS_TOKEN.finditer(text, 2 if text[1] == "^" else 1, len(text) - 1))
    at = 0
    while at + 2 < len(members):
        first, between, last = members[at : at + 3]
        if between[0] != "-":
            at += 1
            continue
        if "set" in (first.lastgroup, last.lastgroup) or _code_point(first[0]) > _code_point(last[0]):
            return False
        at += 3
    return True


def _code_point(member: str) -> int:
    if len(member) == 1:
        return ord(member)
    letter, digits = member[1], member[2:]
    return int(digits, 16) if digits else _CONTROLS.get(letter, ord(letter))
