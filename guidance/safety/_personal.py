r"""Personal data: e-mail and IP addresses, phone, card and account numbers, national ids.

Latin letters and ASCII digits are what counts as a letter or digit here, also for the borders of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from controlgen.guidance.safety._check_digits import (
    iban_is_valid,
    iban_pattern,
    iban_term,
    luhn_is_valid,
    luhn_term,
)
from controlgen.guidance.safety._shapes import LETTERS_AND_DIGITS, Kind, KindFilter

__all__ = ["PersonalData"]


class PersonalData(KindFilter):
    r"""Texts without personal data.

    What a scan finds, between borders (no letter or digit right before or behind):

    * email: `local@host.tld`; non-ASCII letters too. No quoted local parts.
    * phone: international (`+` or `00`, 7 to 15 digits), national with a trunk zero (9 to 11 digits: most of Europe,
      Japan, India …; not what begins like 05.06.2024), North American (3-3-4 digits); digits may have up to two of
      space `. - / ( )` between them.
    * iban: of the 89 countries of the registry, in a row or in groups of four, with right check digits.
    * card: 13 to 19 digits in a row, or in the groups 4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4, with a right Luhn digit.
    * ip: IPv4 in decimal dots, IPv6 in every form of RFC 4291 but `::` alone.
    * national_id, by pattern: US SSN, UK NINO, French NIR, Spanish DNI and NIE, Italian codice fiscale, German
      Steuer-ID (any 11 digits), Brazilian CPF, Swiss AHV, Indian Aadhaar.

    The language bars all of these and some more, so as to stay small beside a schema:

    * email and phone from where they can be told (`a@b.c`; the first 8 or 9 digits), whatever follows; four numbers
      below 1000 between dots; any `::` next to a hexadecimal number;
    * with `check_digits`: cards and the IBANs of countries whose accounts are digits, both in a row, with right check
      digits only; without: of that shape;
    * grouped cards by their shape, other IBANs by the shape of their first 15 characters, with any digits;
    * every escape `\uXXXX` but of control characters.

    Args:
        kinds: names out of the above; None for all.
        check_digits: whether the language has them (2,000 to 8,000 states, for each place of a schema's strings); None:
            where all kinds are card or iban.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: no kind, or one that is not known.
    """

    default_name = "personal_data"

    def __init__(
        self, kinds: Iterable[str] | None = None, *, check_digits: bool | None = None, **arguments: Any
    ) -> None:
        super().__init__(kinds, **arguments)
        self.check_digits = set(self.kinds) <= {"card", "iban"} if check_digits is None else check_digits

    @classmethod
    def known(cls) -> Mapping[str, tuple[Kind, ...]]:
        return _kinds()

    def _exact(self) -> bool:
        return self.check_digits


_WIDE = r"0-9A-Za-z\u0080-\U0010ffff"
_LOCAL = rf"[{_WIDE}.!#$%&'*+/=?^_`{{|}}~-]"
_GAP = r"[ .\-/()]{0,2}"
_NO_DATE = r"(?![0-9]{2}[.\-/][0-9]{2}[.\-/][0-9]{4})"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"
_HEX = "[0-9A-Fa-f]{1,4}"


def _ipv6() -> str:
    options = [f"{_HEX}(?::{_HEX}){{7}}"]
    for left in range(8):
        begin = f"{_HEX}(?::{_HEX}){{{left - 1}}}" if left else ""
        end = f"(?:{_HEX}(?::{_HEX}){{0,{6 - left}}})" if left < 7 else ""
        options.append(f"{begin}::{end}{'?' if left and end else ''}")
    return "|".join(options)


_NATIONAL = (
    "[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}",  # US
    "[A-Za-z]{2}[0-9]{6}[A-Da-d]",  # UK
    "[A-Za-z]{2} [0-9]{2} [0-9]{2} [0-9]{2} [A-Da-d]",
    "[12][0-9]{4}(?:[0-9]{2}|2[ABab])[0-9]{6}(?: ?[0-9]{2})?",  # France
    "[12] [0-9]{2} [0-9]{2} (?:[0-9]{2}|2[ABab]) [0-9]{3} [0-9]{3}(?: [0-9]{2})?",
    "[0-9]{8}[- ]?[A-Za-z]",  # Spain
    "[XYZxyz][- ]?[0-9]{7}[- ]?[A-Za-z]",  # Spain, foreigners
    "[A-Za-z]{6}[0-9L-NP-Vl-np-v]{2}[A-Za-z][0-9L-NP-Vl-np-v]{2}[A-Za-z][0-9L-NP-Vl-np-v]{3}[A-Za-z]",  # Italy
    "[1-9][0-9]{10}",  # Germany
    "[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}",
    r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}",  # Brazil
    r"756\.?[0-9]{4}\.?[0-9]{4}\.?[0-9]{2}",  # Switzerland
    "[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}",  # India
)

_CARD_GROUPS = ((4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4))


@cache
def _kinds() -> Mapping[str, tuple[Kind, ...]]:
    return {
        "email": (
            Kind(
                rf"{_LOCAL}+@(?:[{_WIDE}-]+\.)+[A-Za-z\u0080-\U0010ffff]{{2,}}",
                certain=rf"{_LOCAL}@[{_WIDE}.-]+\.[A-Za-z\u0080-\U0010ffff]",
                before="",
            ),
        ),
        "phone": (
            Kind(rf"(?:\+|00)[1-9](?:{_GAP}[0-9]){{6,14}}", certain=rf"(?:\+|00)[1-9](?:{_GAP}[0-9]){{6}}"),
            Kind(rf"{_NO_DATE}0[1-9](?:{_GAP}[0-9]){{7,9}}", certain=rf"{_NO_DATE}0[1-9](?:{_GAP}[0-9]){{7}}"),
            Kind(r"\(?[2-9][0-9]{2}\)?[ .\-]{0,2}[2-9][0-9]{2}[ .\-]?[0-9]{4}"),
        ),
        "iban": _ibans(),
        "card": (
            Kind("[0-9]{13,19}", luhn_is_valid, luhn_term),
            *(Kind("[ -]".join(f"[0-9]{{{size}}}" for size in sizes), luhn_is_valid) for sizes in _CARD_GROUPS),
        ),
        "ip": (
            Kind(rf"{_OCTET}(?:\.{_OCTET}){{3}}", certain=r"(?:[0-9]{1,3}\.){3}[0-9]"),
            Kind(
                _ipv6(),
                certain=f"(?:{_HEX}:){{7}}[0-9A-Fa-f]|(?:{_HEX}:)+:|::[0-9A-Fa-f]",
                before=LETTERS_AND_DIGITS + ":",
                after=LETTERS_AND_DIGITS + ":",
            ),
        ),
        "national_id": tuple(Kind(pattern) for pattern in _NATIONAL),
    }


def _ibans() -> tuple[Kind, ...]:
    """The one shape that has check digits in its language, and the others."""
    return tuple(
        Kind(
            iban_pattern(grouped=grouped, numeric=numeric),
            iban_is_valid,
            iban_term if numeric and not grouped else None,
            certain=iban_pattern(grouped=grouped, numeric=numeric, certain=True),
            ignore_case=True,
        )
        for grouped, numeric in ((False, True), (True, True), (True, False), (False, False))
    )
