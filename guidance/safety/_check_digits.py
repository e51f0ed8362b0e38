"""Check digits of card numbers and IBANs: as arithmetic on one number, and as languages of all that are right.

Luhn (ISO/IEC 7812-1): from the right, every second digit is doubled, nines cast out; the sum ends in 0.
IBAN (ISO 13616, ISO 7064 MOD 97-10): the first four characters move to the end, letters count 10 … 35; the number is
1 modulo 97. The structures of countries are those of the IBAN registry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from controlgen.constraints._terms import EPSILON, Term, chars, graph

__all__ = ["STRUCTURES", "iban_is_valid", "iban_pattern", "iban_term", "luhn_is_valid", "luhn_term"]

_DOUBLED = tuple(2 * value - 9 * (value > 4) for value in range(10))
_SHORTEST, _LONGEST = 13, 19

# What follows the country and the check digits: n a digit, a a letter, c either; with how many of them.
STRUCTURES = {
    "AD": "8n12c", "AE": "19n", "AL": "8n16c", "AT": "16n", "AZ": "4a20c", "BA": "16n", "BE": "12n", "BG": "4a6n8c",
    "BH": "4a14c", "BI": "23n", "BR": "23n1a1c", "BY": "4c4n16c", "CH": "5n12c", "CR": "18n", "CY": "8n16c",
    "CZ": "20n", "DE": "18n", "DJ": "23n", "DK": "14n", "DO": "4c20n", "EE": "16n", "EG": "25n", "ES": "20n",
    "FI": "14n", "FK": "2a12n", "FO": "14n", "FR": "10n11c2n", "GB": "4a14n", "GE": "2a16n", "GI": "4a15c",
    "GL": "14n", "GR": "7n16c", "GT": "4c20c", "HN": "4a20n", "HR": "17n", "HU": "24n", "IE": "4a14n", "IL": "19n",
    "IQ": "4a15n", "IS": "22n", "IT": "1a10n12c", "JO": "4a4n18c", "KW": "4a22c", "KZ": "3n13c", "LB": "4n20c",
    "LC": "4a24c", "LI": "5n12c", "LT": "16n", "LU": "3n13c", "LV": "4a13c", "LY": "21n", "MC": "10n11c2n",
    "MD": "2c18c", "ME": "18n", "MK": "3n10c2n", "MN": "16n", "MR": "23n", "MT": "4a5n18c", "MU": "4a19n3a",
    "NI": "4a20n", "NL": "4a10n", "NO": "11n", "OM": "3n16c", "PK": "4a16c", "PL": "24n", "PS": "4a21c", "PT": "21n",
    "QA": "4a21c", "RO": "4a16c", "RS": "18n", "RU": "14n15c", "SA": "2n18c", "SC": "4a20n3a", "SD": "14n",
    "SE": "20n", "SI": "15n", "SK": "20n", "SM": "1a10n12c", "SO": "19n", "ST": "21n", "SV": "4a20n", "TL": "19n",
    "TN": "20n", "TR": "5n1n16c", "UA": "6n19c", "VA": "18n", "VG": "4a16n", "XK": "16n", "YE": "4a4n18c",
}  # fmt: skip


def luhn_is_valid(number: str) -> bool:
    """Whether the digits of a text, whatever stands between them, have a right check digit."""
    digits = [int(one) for one in number if one.isdigit()]
    return sum(_DOUBLED[one] if place % 2 else one for place, one in enumerate(reversed(digits))) % 10 == 0


@cache
def luhn_term() -> Term:
    """13 to 19 digits in a row with a right check digit.

    From the left, whether a digit is doubled depends on the length: a path guesses whether that is even, so its state
    is the number of digits and the sum.
    """
    return graph(_luhn_edges())


def _luhn_edges() -> Iterator[tuple[int, Term, int]]:
    def node(parity: int, count: int, total: int) -> int:
        return 2 + (parity * (_LONGEST + 1) + count) * 10 + total % 10

    for parity in (0, 1):
        yield 0, EPSILON, node(parity, 0, 0)
        for count in range(_LONGEST):
            doubled = (parity - count) % 2 == 0  # an even number of digits is left: its right neighbours are odd
            for total in range(10):
                for value in range(10):
                    added = _DOUBLED[value] if doubled else value
                    yield node(parity, count, total), chars(str(value)), node(parity, count + 1, total + added)
        for count in range(_SHORTEST, _LONGEST + 1):
            if count % 2 == parity:
                yield node(parity, count, 0), EPSILON, 1


def iban_is_valid(number: str) -> bool:
    """Whether a text of the shape of an IBAN is one: of a country's structure, with right check digits."""
    compact = "".join(one for one in number.upper() if one.isalnum())
    kinds = {"n": str.isdigit, "a": str.isalpha, "c": str.isalnum}
    structure, body = _letters(STRUCTURES.get(compact[:2], "")), compact[4:]
    if not structure or len(structure) != len(body):
        return False
    fits = all(kinds[kind](one) for kind, one in zip(structure, body, strict=True))
    return fits and int("".join(str(int(one, 36)) for one in body + compact[:4])) % 97 == 1


def _letters(structure: str) -> str:
    """A structure with one letter for each character."""
    out, count = "", ""
    for one in structure:
        if one.isdigit():
            count += one
        else:
            out, count = out + one * int(count), ""
    return out


_CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}
_CERTAIN = 7  # characters behind the first four of an account that are enough to tell that it is one


def iban_pattern(*, grouped: bool = False, numeric: bool, certain: bool = False) -> str:
    """The shape of an IBAN, of the countries whose accounts are digits only or of the others; ignores case.

    `grouped`: with a space or hyphen behind the first group of four, and perhaps behind others; else without any.
    `certain`: a wider shape of its beginning, enough to tell: four digits, letters or either, and seven of either.
    """
    countries: dict[str, list[str]] = {}
    for country, written in STRUCTURES.items():
        structure = _letters(written)
        if (set(structure) == {"n"}) == numeric:
            first = structure[:4] if structure[:4] in ("nnnn", "aaaa") else "cccc"
            countries.setdefault(first + "c" * _CERTAIN if certain else structure, []).append(country)
    options = []
    for structure, members in countries.items():
        body = ""
        for place, kind in enumerate(structure):
            body += ("[ -]?" if place else "[ -]") if grouped and place % 4 == 0 else ""
            body += _CLASSES[kind]
        options.append(f"(?:{'|'.join(members)})[0-9]{{2}}{body}")
    return "|".join(options)


@cache
def iban_term() -> Term:
    """The IBANs of countries whose accounts are digits only, ungrouped, in either case; exact.

    With n digits in the account, account · 10^6 + share = 1 modulo 97, where the share is of the country and the check
    digits. So the remainder begins with (share − 1) / 10^(n + 6), and is 0 behind the account.
    """
    numbers: dict[object, int] = {"start": 0, "end": 1}
    edges: dict[tuple[int, int], set[str]] = {}

    def link(source: object, members: str, target: object) -> None:
        pair = numbers.setdefault(source, len(numbers)), numbers.setdefault(target, len(numbers))
        edges.setdefault(pair, set()).update(members)

    longest = 0
    for country, written in STRUCTURES.items():
        structure = _letters(written)
        if set(structure) == {"n"}:
            longest = max(longest, len(structure))
            _link_country(link, country, len(structure))
    for left in range(1, longest + 1):
        for rest in range(97):
            for value in range(10):
                link((left, rest), str(value), (left - 1, (10 * rest + value) % 97))
    link((0, 0), "", "end")
    return graph((s, chars("".join(members)) if members else EPSILON, t) for (s, t), members in edges.items())


def _link_country(link: Callable[[object, str, object], None], country: str, count: int) -> None:
    """Country and check digits, up to the `count` digits of the account."""
    link("start", country[0] + country[0].lower(), country[0])
    link(country[0], country[1] + country[1].lower(), country)
    shift = pow(10, -(count + 6), 97)
    for check in range(100):
        share = int(f"{int(country[0], 36)}{int(country[1], 36)}") * 100 + check
        link(country, str(check // 10), (country, check // 10))
        link((country, check // 10), str(check % 10), (count, (share - 1) * shift % 97))
