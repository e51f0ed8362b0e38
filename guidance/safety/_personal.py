r"""Personal data: e-mail and IP addresses, phone, card and account numbers, national ids.

Latin letters and ASCII digits are what counts as a letter or digit here, also for the borders of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

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

    What is barred, between borders (no letter or digit right before or behind):

    * email: `local@host.tld`; non-ASCII letters too. No quoted local parts.
    * phone: international (`+` or `00`, 7 to 15 digits), national with a trunk zero (8 to 11 digits: most of Europe,
      Japan, India …), North American (3-3-4 digits); digits may have up to two of space `. - / ( )` between them.
    * iban: of the 70-odd countries of the registry, in a row or in groups of four, with right check digits.
    * card: 13 to 19 digits in a row, or in the groups 4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4, with a right Luhn digit.
    * ip: IPv4 in decimal dots, IPv6 in every form of RFC 4291 but `::` alone.
    * national_id, by pattern: US SSN, UK NINO, French NIR, Spanish DNI and NIE, Italian codice fiscale, German
      Steuer-ID (any 11 digits), Brazilian CPF, Swiss AHV, Indian Aadhaar.

    A scan is exact in all of these. The language is, too, but for check digits: it has them for card and iban alone, as
    beside other kinds they would not fit; and even there, grouped numbers, IBANs of countries whose accounts may have
    letters, and texts with a backslash are barred by the shape of a number (of such IBANs, the first 11 characters
    behind the check digits).

    Args:
        kinds: names out of the above; None for all.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: no kind, or one that is not known.
    """

    default_name = "personal_data"

    @classmethod
    def known(cls) -> Mapping[str, tuple[Kind, ...]]:
        return _kinds()

    def _exact(self) -> bool:
        return set(self.kinds) <= {"card", "iban"}


_WIDE = r"0-9A-Za-z\u0080-\U0010ffff"
_GAP = r"[ .\-/()]{0,2}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"


def _ipv6() -> str:
    group = "[0-9A-Fa-f]{1,4}"
    options = [f"{group}(?::{group}){{7}}"]
    for left in range(8):
        begin = f"{group}(?::{group}){{{left - 1}}}" if left else ""
        end = f"(?:{group}(?::{group}){{0,{6 - left}}})" if left < 7 else ""
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
    groups = ("[ -]".join(f"[0-9]{{{size}}}" for size in sizes) for sizes in _CARD_GROUPS)
    return {
        "email": (
            Kind(rf"[{_WIDE}.!#$%&'*+/=?^_`{{|}}~-]+@(?:[{_WIDE}-]+\.)+[A-Za-z\u0080-\U0010ffff]{{2,}}", before=""),
        ),
        "phone": (
            Kind(rf"(?:\+|00)[1-9](?:{_GAP}[0-9]){{6,14}}"),
            Kind(rf"0[1-9](?:{_GAP}[0-9]){{6,9}}"),
            Kind(r"\(?[2-9][0-9]{2}\)?[ .\-]{0,2}[2-9][0-9]{2}[ .\-]?[0-9]{4}"),
        ),
        "iban": (
            Kind(iban_pattern(numeric=True), iban_is_valid, iban_term, ignore_case=True),
            *(
                Kind(
                    iban_pattern(grouped=grouped, numeric=numeric),
                    iban_is_valid,
                    certain=iban_pattern(grouped=grouped, numeric=numeric, certain=True),
                    ignore_case=True,
                )
                for grouped, numeric in ((True, True), (True, False), (False, False))
            ),
        ),
        "card": (
            Kind("[0-9]{13,19}", luhn_is_valid, luhn_term),
            *(Kind(pattern, luhn_is_valid) for pattern in groups),
        ),
        "ip": (
            Kind(rf"{_OCTET}(?:\.{_OCTET}){{3}}"),
            Kind(_ipv6(), before=LETTERS_AND_DIGITS + ":", after=LETTERS_AND_DIGITS + ":"),
        ),
        "national_id": tuple(Kind(pattern) for pattern in _NATIONAL),
    }
