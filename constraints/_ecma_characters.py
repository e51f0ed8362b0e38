r"""Sets of characters as ECMA-262 names them: `\d \w \s .`, `\p{…}`, and what is equal when case is ignored.

General categories come from `unicodedata`, so from the Unicode version of the running Python; scripts and binary
properties from the package `regex`, which the tokenizer stack brings along, and where it is absent they are refused.
This module knows no pattern.
"""

from __future__ import annotations

import importlib
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cache, lru_cache
from itertools import groupby

from ._regex import every_character
from ._terms import MAX_CODE_POINT, Chars, Ranges, chars, normal_ranges

__all__ = ["ANYTHING", "DIGITS", "LINE_ENDS", "SPACES", "WORD", "any_case", "complement", "property_ranges"]

ANYTHING: Ranges = normal_ranges([(0, MAX_CODE_POINT)])
DIGITS: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
LINE_ENDS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
SPACES: Ranges = normal_ranges(
    (ord(first), ord(last))
    for first, last in ("\t\r", "  ", "\xa0\xa0", "\u1680\u1680", "\u2000\u200a", "\u2028\u2029", "\u202f\u202f",
                        "\u205f\u205f", "\u3000\u3000", "\ufeff\ufeff")
)  # fmt: skip

_CATEGORIES = {
    "Cased_Letter": "LC", "Close_Punctuation": "Pe", "Connector_Punctuation": "Pc", "Control": "Cc", "cntrl": "Cc",
    "Currency_Symbol": "Sc", "Dash_Punctuation": "Pd", "Decimal_Number": "Nd", "digit": "Nd", "Enclosing_Mark": "Me",
    "Final_Punctuation": "Pf", "Format": "Cf", "Initial_Punctuation": "Pi", "Letter": "L", "Letter_Number": "Nl",
    "Line_Separator": "Zl", "Lowercase_Letter": "Ll", "Mark": "M", "Combining_Mark": "M", "Math_Symbol": "Sm",
    "Modifier_Letter": "Lm", "Modifier_Symbol": "Sk", "Nonspacing_Mark": "Mn", "Number": "N",
    "Open_Punctuation": "Ps", "Other": "C", "Other_Letter": "Lo", "Other_Number": "No", "Other_Punctuation": "Po",
    "Other_Symbol": "So", "Paragraph_Separator": "Zp", "Private_Use": "Co", "Punctuation": "P", "punct": "P",
    "Separator": "Z", "Space_Separator": "Zs", "Spacing_Mark": "Mc", "Surrogate": "Cs", "Symbol": "S",
    "Titlecase_Letter": "Lt", "Unassigned": "Cn", "Uppercase_Letter": "Lu",
}  # fmt: skip
_SHORT = frozenset(_CATEGORIES.values())
_SCRIPT_KEYS = {"Script": "sc", "sc": "sc", "Script_Extensions": "scx", "scx": "scx"}
_BINARY = frozenset((
    "ASCII_Hex_Digit", "AHex", "Alphabetic", "Alpha", "Bidi_Control", "Bidi_C", "Bidi_Mirrored", "Bidi_M",
    "Case_Ignorable", "CI", "Cased", "Changes_When_Casefolded", "CWCF", "Changes_When_Casemapped", "CWCM",
    "Changes_When_Lowercased", "CWL", "Changes_When_Titlecased", "CWT", "Changes_When_Uppercased", "CWU",
    "Dash", "Default_Ignorable_Code_Point", "DI", "Deprecated", "Dep", "Diacritic", "Dia", "Emoji",
    "Emoji_Component", "EComp", "Emoji_Modifier", "EMod", "Emoji_Modifier_Base", "EBase", "Emoji_Presentation",
    "EPres", "Extended_Pictographic", "ExtPict", "Extender", "Ext", "Grapheme_Base", "Gr_Base",
    "Grapheme_Extend", "Gr_Ext", "Hex_Digit", "Hex", "IDS_Binary_Operator", "IDSB", "IDS_Trinary_Operator",
    "IDST", "ID_Continue", "IDC", "ID_Start", "IDS", "Ideographic", "Ideo", "Join_Control", "Join_C",
    "Logical_Order_Exception", "LOE", "Lowercase", "Lower", "Math", "Noncharacter_Code_Point", "NChar",
    "Pattern_Syntax", "Pat_Syn", "Pattern_White_Space", "Pat_WS", "Quotation_Mark", "QMark", "Radical",
    "Regional_Indicator", "RI", "Sentence_Terminal", "STerm", "Soft_Dotted", "SD", "Terminal_Punctuation",
    "Term", "Unified_Ideograph", "UIdeo", "Uppercase", "Upper", "Variation_Selector", "VS", "White_Space",
    "space", "XID_Continue", "XIDC", "XID_Start", "XIDS",
))  # fmt: skip
# Simple case foldings that neither `str.casefold` (which gives the full ones here) nor `str.lower` knows.
_MORE_FOLDINGS = {0x1FD3: 0x390, 0x1FE3: 0x3B0, 0xFB05: 0xFB06}


def complement(ranges: Ranges) -> Ranges:
    """All other characters."""
    others = chars(ranges, negate=True)
    return others.ranges if isinstance(others, Chars) else ()


@lru_cache(maxsize=1024)
def any_case(ranges: Ranges) -> Ranges:
    """All characters with the simple case folding of a member."""
    cased, classes = _case_classes()
    more: list[tuple[int, int]] = []
    for low, high in ranges:
        for i in range(bisect_left(cased, low), bisect_right(cased, high)):
            more += [(point, point) for point in classes[cased[i]]]
    return normal_ranges([*ranges, *more])


@cache
def _case_classes() -> tuple[list[int], dict[int, tuple[int, ...]]]:
    """The characters that are equal to others when case is ignored, sorted, and for each its whole class."""
    by_folding: dict[int, list[int]] = {}
    for point in range(0x20000):  # scripts with case stand in the first two planes
        if (folded := _folded(point)) != point:
            by_folding.setdefault(folded, [folded]).append(point)
    classes = {point: tuple(group) for group in by_folding.values() for point in group}
    return sorted(classes), classes


def _folded(point: int) -> int:
    """Simple case folding: to one character always, where full folding may give several."""
    character = chr(point)
    for spelled in (character.casefold(), character.lower()):
        if len(spelled) == 1 and spelled != character:
            return ord(spelled)
        if len(spelled) == 1:
            break
    return _MORE_FOLDINGS.get(point, point)


@lru_cache(maxsize=256)
def property_ranges(spelled: str) -> Ranges | None:
    r"""The characters of `\p{spelled}`; None if ECMA-262 knows no such property.

    Raises LookupError for one that it knows and whose table is not at hand.
    """
    key, _, value = spelled.rpartition("=")
    if key in ("", "General_Category", "gc") and (category := _CATEGORIES.get(value, value)) in _SHORT:
        return _category(category)
    if key in _SCRIPT_KEYS and value[:1].isupper() and value.replace("_", "").isalpha():
        return _of_regex(f"{_SCRIPT_KEYS[key]}={value}")
    if key or "=" in spelled:
        return None
    if value in ("Any", "ASCII", "Assigned"):
        return {"Any": ANYTHING, "ASCII": ((0, 0x7F),)}.get(value) or complement(_category("Cn"))
    return _of_regex(f"{value}=Yes") if value in _BINARY else None


def _category(name: str) -> Ranges:
    members = ("Lu", "Ll", "Lt") if name == "LC" else tuple(c for c in _all_categories() if c.startswith(name))
    return normal_ranges(pair for member in members for pair in _all_categories()[member])


@cache
def _all_categories() -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    start = 0
    for category, run in groupby(map(unicodedata.category, every_character())):
        end = start + sum(1 for _ in run)
        found.setdefault(category, []).append((start, end - 1))
        start = end
    return found


def _of_regex(spelled: str) -> Ranges | None:
    try:
        regex = importlib.import_module("regex")
    except ImportError as error:
        raise LookupError("its table comes with the package `regex`, which is not installed") from error
    try:
        inside = regex.compile(rf"\p{{{spelled}}}+")
    except regex.error:
        return None
    return normal_ranges((found.start(), found.end() - 1) for found in inside.finditer(every_character()))
