"""Personal data: check digits against plain arithmetic and other libraries, scans against the language."""

from __future__ import annotations

import ipaddress
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import Language
from controlgen.guidance.safety import PersonalData
from controlgen.guidance.safety._check_digits import STRUCTURES, iban_is_valid, iban_term, luhn_is_valid, luhn_term
from tests.guidance.safety.escapes import has_needless

CARDS = ["4111111111111111", "378282246310005", "6011111111111117", "4222222222222", "6304000000000000000"]
IBANS = ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NO9386011117947",
         "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957", "AT611904300234573201"]  # fmt: skip
OTHERS = {
    "email": ["a@b.co", "jörg.müller+x@mail.example.org", "x@münchen.de"],
    "phone": ["+49 30 1234567", "0049 (30) 123-4567", "01 23 45 67 89", "020 7946 0958", "(212) 555-0123",
              "212-555-0123"],
    "ip": ["192.168.0.1", "8.8.8.8", "2001:db8::1", "fe80:0:0:0:1:2:3:4", "::1", "1::"],
    "national_id": ["078-05-1120", "QQ123456C", "QQ 12 34 56 C", "1 84 12 76 451 089 46", "12345678Z", "X1234567L",
                    "RSSMRA85T10A562S", "86095742719", "123.456.789-09", "756.9217.0769.85"],
}  # fmt: skip


def right_luhn(number: str) -> bool:
    total = 0
    for place, one in enumerate(number[::-1]):
        total += sum(divmod(int(one) * 2, 10)) if place % 2 else int(one)
    return total % 10 == 0


def grouped(number: str, by: str = " ") -> str:
    return by.join(number[place : place + 4] for place in range(0, len(number), 4))


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789", min_size=11, max_size=21))
def test_luhn_is_exact(number: str) -> None:
    right = right_luhn(number)
    assert luhn_is_valid(number) == right
    assert Language(luhn_term()).matches(number) == (right and 13 <= len(number) <= 19)


def test_iban_is_exact_where_accounts_are_digits() -> None:
    language, chance = Language(iban_term()), random.Random(0)
    for country, structure in STRUCTURES.items():
        if structure.endswith("n") and structure[:-1].isdigit():
            account = "".join(chance.choices("0123456789", k=int(structure[:-1])))
            right = []
            for check in range(100):
                number = f"{country}{check:02}{account}"
                moved = "".join(str(int(one, 36)) for one in number[4:] + number[:4])
                right.append(int(moved) % 97 == 1)
                assert language.matches(number) == iban_is_valid(number) == right[-1], number
            assert any(right)


def test_against_other_libraries() -> None:
    iban = pytest.importorskip("stdnum.iban")
    luhn = pytest.importorskip("stdnum.luhn")
    assert all(iban.is_valid(number) for number in IBANS)
    assert all(luhn.is_valid(number) for number in CARDS)


@pytest.mark.parametrize("kind", ["email", "phone", "iban", "card", "ip", "national_id"])
def test_what_is_barred(kind: str) -> None:
    one = PersonalData(kind)
    allowed = one.allowed()
    examples = {"card": [*CARDS, "4111 1111 1111 1111", "3782-822463-10005"],
                "iban": [*IBANS, *map(grouped, IBANS), IBANS[0].lower()]}.get(kind) or OTHERS[kind]  # fmt: skip
    for example in examples:
        for text in (example, f"of {example}, and", f"({example})"):
            start = text.index(example)
            spans = one.scan(text).spans
            assert spans, text
            assert any(left < start + len(example) and start < right for left, right in spans)
            assert not allowed.matches(text), text
            escaped = "".join(f"\\u{ord(letter):04x}" if letter.isdigit() else letter for letter in text)
            assert one.scan(escaped).risk == 1, escaped
            assert not allowed.matches(json.dumps({"a": text}))
            assert not allowed.matches(escaped)


def test_what_is_let_pass() -> None:
    for kind, texts in {
        "card": ["4111111111111112", "x4111111111111111", "41111111111111110000", "411111111111"],
        "iban": ["DE88370400440532013000", "XDE89370400440532013000", "DE8937040044053201300"],
        "ip": ["1.2.3", "v1.2.3-4", "12:30:45", "Foo::Bar", "aa:bb:cc:dd:ee:ff", "1000.1.1.1"],
        "email": ["a@b", "@b.co", "a @ b.co"],
        "phone": ["12", "2024-01-02", "3.14159", "05.06.2024", "05/06/2024 12:30", "01-02-2024", "1,234,567.00"],
        "national_id": ["078-05-112", "A1234567"],
    }.items():
        for one in (PersonalData(kind), PersonalData(kind, check_digits=kind in ("card", "iban"))):
            for text in texts:
                assert one.scan(text).risk == 0, text
                assert one.allowed().matches(text), text


def test_check_digits_are_the_languages_where_wanted() -> None:
    right, wrong = "4111111111111111", "4111111111111112"
    assert PersonalData("card").check_digits
    assert not PersonalData().check_digits
    for one, passes in ((PersonalData("card"), True), (PersonalData("card", check_digits=False), False)):
        assert not one.allowed().matches(right)
        assert one.allowed().matches(wrong) == passes
        assert one.scan(wrong).risk == 0


@given(st.ip_addresses())
def test_every_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    one = PersonalData("ip")
    for text in {str(address), address.exploded} - {"::"}:
        assert one.scan(f"at {text}.").risk == 1
        assert not one.allowed().matches(f"at {text}.")


PIECES = st.sampled_from([*CARDS, *IBANS, *(one for many in OTHERS.values() for one in many), " ", "-", "12", "\\n",
                          "a", "\\u0031", "4111 1111 ", "DE89 3704 ", ".", "@", ":", "+", "0"])  # fmt: skip

ALONE = [PersonalData(kind) for kind in PersonalData.known()]


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES, max_size=5).map("".join))
def test_what_a_scan_finds_is_barred(text: str) -> None:
    for one in (*ALONE, PersonalData(["card", "iban"]), PersonalData()):
        if one.scan(text).risk:
            assert not one.allowed().matches(text), (one.kinds, text)
        elif one.kinds == ("national_id",):
            assert one.allowed().matches(text) == (not has_needless(text)), (one.kinds, text)


def test_unknown_kinds_are_named() -> None:
    with pytest.raises(ValueError, match="'shoe' is not known; there are email, phone, iban"):
        PersonalData(["email", "shoe"])
    with pytest.raises(ValueError, match="no kind"):
        PersonalData([])
