"""Internationalised host names: IDNA2008 (RFC 5890 to 5893), by the Unicode data of the running Python.

That a label is in normal form C, that its ASCII form has at most 63 characters, that an `xn--` label is the ASCII form
of a valid one: no finite automaton of a bearable size holds these. `idn_label` is everything else that a look at each
character and its neighbours can tell; the functions `is_…` are the whole rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from .._regex import regex_term
from .._terms import Term, alt, any_char, any_text, both, chars, lit, neg, opt, rep, seq
from ._host_names import MAX_LABEL, MAX_NAME

__all__ = ["idn_host_name", "idn_label", "is_idn_host_name", "is_u_label", "keep_bidi_rule"]

_DOTS = ".\u3002\uff0e\uff61"
_LAST_LETTER = 0x3FFFF  # behind it Unicode has nothing that a label may hold, and reserves nothing for letters
_VIRAMA = 9  # a combining class
_JOINERS = "\u200c\u200d"
_ARABIC_DIGITS, _EXTENDED_DIGITS = frozenset(map(chr, range(0x660, 0x66A))), frozenset(map(chr, range(0x6F0, 0x6FA)))

# RFC 5892: code points whose property is not derived (section 2.6), or derived from blocks and `Other` properties.
_VALID = "-\u00df\u03c2\u06fd\u06fe\u0f0b\u3007"
_IN_CONTEXT = "\u00b7\u0375\u05f3\u05f4\u30fb" + "".join(sorted(_ARABIC_DIGITS | _EXTENDED_DIGITS))
_DISALLOWED = frozenset("\u0640\u07fa\u302e\u302f\u3031\u3032\u3033\u3034\u3035\u303b")
_IGNORABLE = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f"  # properties
    "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb"  # old Hangul jamo
    "\u20d0-\u20ff\U0001d100-\U0001d24f]"  # blocks
)
_LETTER_DIGITS = frozenset(("Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"))

# Arabic letters that join to the letter before them only, and to none (Unicode's ArabicShaping).
_RIGHT_JOINING = re.compile(
    "[\u0622-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0673\u0675-\u0677\u0688-\u0699\u06c0\u06c3-\u06cb\u06cd\u06cf"
    "\u06d2\u06d3\u06d5\u06ee\u06ef\u0759-\u075b\u076b\u076c\u0771\u0773\u0774\u0778\u0779]"
)
_DUAL_JOINING = re.compile(
    r"(?![\u0621\u0670\u0674\u06fd\u06fe])[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f]"
)

_RTL_FIRST = frozenset(("R", "AL"))
_RTL = frozenset(("R", "AL", "AN"))
_RTL_MEMBERS = frozenset(("R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"))
_LTR_MEMBERS = frozenset(("L", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"))


# --- characters


@cache
def _valid() -> str:
    """The characters that are valid without a context (PVALID)."""
    return _VALID + "".join(c for c in map(chr, range(_LAST_LETTER + 1)) if _is_derived_valid(c))


def _is_derived_valid(c: str) -> bool:
    if unicodedata.category(c) not in _LETTER_DIGITS or c in _VALID or c in _IN_CONTEXT or c in _DISALLOWED:
        return False
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", c).casefold())
    return folded == c and not _IGNORABLE.match(c)


@cache
def _members() -> frozenset[str]:
    return frozenset(_valid() + _IN_CONTEXT + _JOINERS)


def _is_script(c: str, *scripts: str) -> bool:
    return unicodedata.name(c, "").startswith(scripts)


def _is_greek(c: str) -> bool:
    return _is_script(c, "GREEK ")


def _is_hebrew(c: str) -> bool:
    return _is_script(c, "HEBREW ")


def _is_japanese(c: str) -> bool:
    return c in "\u3005\u3007" or (c != "\u30fb" and _is_script(c, "HIRAGANA ", "KATAKANA ", "HENTAIGANA ", "CJK "))


def _is_mark(c: str) -> bool:
    return unicodedata.category(c).startswith("M")


def _is_virama(c: str) -> bool:
    return unicodedata.combining(c) == _VIRAMA


def _joins_on(c: str) -> bool:
    """Whether the character joins to the one after it."""
    return bool(_DUAL_JOINING.match(c)) and not _RIGHT_JOINING.match(c)


def _joins_back(c: str) -> bool:
    return bool(_DUAL_JOINING.match(c) or _RIGHT_JOINING.match(c))


# --- the whole rules


def is_idn_host_name(name: str) -> bool:
    """Whether each label is ASCII or valid under IDNA2008, and the ASCII form of the name is not too long."""
    labels = re.split(f"[{_DOTS}]", name)
    decoded = [_decoded(label) for label in labels]
    whole = [label for label in decoded if label is not None]
    if len(whole) < len(labels) or not keep_bidi_rule(whole):
        return False
    return len(labels) - 1 + sum(len(_ascii_form(label)) for label in labels) <= MAX_NAME


def _decoded(label: str) -> str | None:
    """The label with its letters: what an `xn--` label spells, any other as it is; None if it isn't valid."""
    if not label.isascii():
        return label if is_u_label(label) else None
    label = label.lower()
    if label[2:4] != "--":
        return label if len(label) <= MAX_LABEL and re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) else None
    if not label.startswith("xn--") or label.endswith("-"):
        return None
    try:
        spelled = label[4:].encode().decode("punycode")
        return spelled if is_u_label(spelled) and _ascii_form(spelled) == label else None
    except UnicodeError:
        return None


def _ascii_form(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def is_u_label(label: str) -> bool:
    """Whether the label holds more than ASCII and is valid (RFC 5891 section 4.2, without the rule of section 4.2.3.4
    for the neighbours of a right-to-left label: see `keep_bidi_rule`)."""
    return (
        not label.isascii()
        and len(label) <= MAX_LABEL  # at least as long in ASCII
        and label[0] != "-" != label[-1]
        and label[2:4] != "--"
        and not _is_mark(label[0])
        and _members().issuperset(label)
        and unicodedata.is_normalized("NFC", label)
        and all(_fits(label, place) for place in range(len(label)))
        and len(_ascii_form(label)) <= MAX_LABEL
        and keep_bidi_rule([label])
    )


def _fits(label: str, place: int) -> bool:
    """The rules of RFC 5892 appendix A for the character at a place."""
    before, c, after = label[:place], label[place], label[place + 1 :]
    match c:
        case "\u00b7":
            return before[-1:] == "l" == after[:1]
        case "\u0375":
            return after != "" and _is_greek(after[0])
        case "\u05f3" | "\u05f4":
            return before != "" and _is_hebrew(before[-1])
        case "\u30fb":
            return any(map(_is_japanese, label))
        case "\u200d":
            return before != "" and _is_virama(before[-1])
        case "\u200c":
            return before != "" and (_is_virama(before[-1]) or _is_between_joining(before, after))
    return not (c in _ARABIC_DIGITS and _EXTENDED_DIGITS.intersection(label)) and not (
        c in _EXTENDED_DIGITS and _ARABIC_DIGITS.intersection(label)
    )


def _is_between_joining(before: str, after: str) -> bool:
    left = next((c for c in reversed(before) if not _is_transparent(c)), "")
    right = next((c for c in after if not _is_transparent(c)), "")
    return left != "" and right != "" and _joins_on(left) and _joins_back(right)


def _is_transparent(c: str) -> bool:
    return unicodedata.category(c) == "Mn"


def keep_bidi_rule(labels: list[str]) -> bool:
    """RFC 5893: once a label of a name has right-to-left characters, each label has one direction."""
    kinds = [[unicodedata.bidirectional(c) for c in label] for label in labels]
    return all(map(_has_one_direction, kinds)) if any(map(_RTL.intersection, kinds)) else True


def _has_one_direction(kinds: list[str]) -> bool:
    leftwards = kinds[0] in _RTL_FIRST
    if not (leftwards or kinds[0] == "L") or not (_RTL_MEMBERS if leftwards else _LTR_MEMBERS).issuperset(kinds):
        return False
    last = next(kind for kind in reversed(kinds) if kind != "NSM")
    return last in ("EN", *(_RTL if leftwards else "L")) and not (leftwards and {"AN", "EN"} <= set(kinds))


# --- the regular part


@cache
def idn_host_name() -> Term:
    """A superset of the internationalised names."""
    label = alt(_ascii_label(), idn_label())
    return seq(label, rep(seq(chars(_DOTS), label), 0))


def _ascii_label() -> Term:
    plain = regex_term("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
    return both(plain, alt(_without_two_hyphens(), regex_term("[Xx][Nn]--[A-Za-z0-9-]+")))


@cache
def idn_label() -> Term:
    """A superset of the labels that hold more than ASCII: directions, hyphens and most contexts are right."""
    kinds: dict[str, list[str]] = {}
    for c in _members():
        kinds.setdefault(unicodedata.bidirectional(c), []).append(c)

    def of(wanted: Iterable[str]) -> list[str]:
        return [c for kind in wanted for c in kinds.get(kind, ())]

    first = _one([c for c in of(_LTR_MEMBERS) if not _is_mark(c) and c != "-"])
    rightwards = seq(first, rep(_one(of(_LTR_MEMBERS)), 0))
    inside = rep(_one(of(_RTL_MEMBERS)), 0)
    end = seq(_one(of((*_RTL, "EN"))), rep(_one(of(["NSM"])), 0))
    leftwards = both(seq(_one(of(_RTL_FIRST)), rep(any_char(), 0)), seq(inside, end))
    ascii_only = rep(chars([(0, 0x7F)]), 0)
    no_hyphen = neg(seq(any_text(), lit("-")))
    return both(alt(rightwards, leftwards), neg(ascii_only), no_hyphen, _without_two_hyphens(), *_contexts())


def _contexts() -> list[Term]:
    members = _members()
    viramas = [c for c in members if _is_virama(c)]
    return [
        _only_after("\u00b7", "l"),
        _only_before("\u00b7", "l"),
        _only_before("\u0375", filter(_is_greek, members)),
        _only_after("\u05f3\u05f4", filter(_is_hebrew, members)),
        _only_after("\u200d", viramas),
        _only_after("\u200c", [*viramas, *(c for c in members if _joins_on(c) or _is_transparent(c))]),
    ]


def _only_after(members: str, neighbours: Iterable[str]) -> Term:
    return neg(seq(opt(seq(any_text(), _one(neighbours, negate=True))), chars(members), any_text()))


def _only_before(members: str, neighbours: Iterable[str]) -> Term:
    return neg(seq(any_text(), chars(members), opt(seq(_one(neighbours, negate=True), any_text()))))


def _without_two_hyphens() -> Term:
    return neg(seq(rep(any_char(), 2, 2), lit("--"), any_text()))


def _one(members: Iterable[str], *, negate: bool = False) -> Term:
    return chars([(ord(c), ord(c)) for c in members], negate=negate)
