"""Formats against independent readers of the same standards."""

# ruff: noqa: E501  (tables: one case a line)

from __future__ import annotations

import calendar
import datetime
import ipaddress
import json
import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import JsonSchema
from controlgen.constraints._expansion import compile_term
from controlgen.constraints._terms import json_string
from controlgen.constraints.schema._formats import DRAFT_3_FORMATS, FORMATS, VERIFIED_FORMATS, format_term

digit = st.sampled_from("0123456789")


def language(name: str) -> JsonSchema:
    return JsonSchema({"type": "string", "format": name})


def holds(name: str, value: str) -> bool:
    return language(name).matches(json.dumps(value, ensure_ascii=False))


def is_date(text: str) -> bool:
    try:
        return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def test_every_day_of_the_calendar() -> None:
    dfa = language("date").dfa
    for year in (1, 100, 1900, 2000, 2023, 2024):
        for month in range(14):
            for day in range(33):
                text = f"{year:04d}-{month:02d}-{day:02d}"
                assert dfa.matches(f'"{text}"'.encode()) == is_date(text), text


def test_the_leap_day_of_every_year() -> None:
    dfa = language("date").dfa
    for year in range(1, 10000):
        assert dfa.matches(f'"{year:04d}-02-29"'.encode()) == calendar.isleap(year), year
    assert not dfa.matches(b'"0000-01-01"')


@given(st.from_regex(r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]\Z") | st.text("0123456789-", min_size=8, max_size=11))
@settings(max_examples=300, deadline=None)
def test_dates(text: str) -> None:
    assert holds("date", text) == is_date(text)


def is_time(text: str) -> bool:
    found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-](\d\d):(\d\d))", text, re.ASCII)
    if not found:
        return False
    hour, minute, second, _, _, zone_hour, zone_minute = found.groups("0")
    return int(hour) < 24 and int(minute) < 60 and int(second) < 60 and int(zone_hour) < 24 and int(zone_minute) < 60


@given(st.from_regex(r"\A[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,3})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?\Z"))
@settings(max_examples=300, deadline=None)
def test_times(text: str) -> None:
    assert holds("time", text) == is_time(text)
    for separator in "Tt _":
        moment = f"2024-02-29{separator}{text}"
        assert holds("date-time", moment) == (is_time(text) and separator in "Tt")
    assert not holds("date-time", f"2023-02-29T{text}")


@given(st.from_regex(r"\A([0-9]{1,3}\.){2,4}[0-9]{0,3}\Z"))
@settings(max_examples=300, deadline=None)
def test_ipv4(text: str) -> None:
    assert holds("ipv4", text) == reads(ipaddress.IPv4Address, text)


def reads(kind: type, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def test_octets() -> None:
    for number in range(300):
        assert holds("ipv4", f"1.{number}.3.{number}") == (number < 256)
    assert not holds("ipv4", "01.2.3.4")


@given(st.lists(st.sampled_from(["", "0", "1a", "FFFF", "12345", "g", "1.2.3.4", "::"]), min_size=1, max_size=9))
@settings(max_examples=500, deadline=None)
def test_ipv6(groups: list[str]) -> None:
    text = ":".join(groups)
    assert holds("ipv6", text) == reads(ipaddress.IPv6Address, text), text


@pytest.mark.parametrize("elided", range(8))
def test_ipv6_elisions(elided: int) -> None:
    for before in range(9):
        for after in range(9):
            text = ":".join(["a"] * before) + "::" + ":".join(["b"] * after)
            assert holds("ipv6", text) == reads(ipaddress.IPv6Address, text), text
    assert holds("ipv6", ":".join(["1"] * elided)) == reads(ipaddress.IPv6Address, ":".join(["1"] * elided))


@given(st.uuids(), st.integers(0, 35), st.sampled_from("0aFgG-_"))
@settings(max_examples=200, deadline=None)
def test_uuid(value: uuid.UUID, place: int, character: str) -> None:
    assert holds("uuid", str(value))
    assert holds("uuid", str(value).upper())
    assert not holds("uuid", value.hex)
    changed = str(value)[:place] + character + str(value)[place + 1 :]
    dashes = [i for i, c in enumerate(changed) if not c.isalnum()] == [8, 13, 18, 23]
    assert holds("uuid", changed) == (dashes and "_" not in changed and reads(uuid.UUID, changed))


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        (
            "email",
            ["joe.bloggs@example.com", "te~st@example.com", "~test@example.com", "te.s.t@a", "a+b@x-y.org", "x@[127.0.0.1]",
             '"joe bloggs"@example.com', '"joe..bloggs"@example.com', '"joe@bloggs"@example.com', '"a\\"b"@x.y', "x@[IPv6:::1]", "x@[ipv6:1:2:3:4:5:6::]"],
            ["2962", ".test@example.com", "test.@example.com", "te..st@example.com", "a@b@c", "a@", "@b", "a b@c.d", "a@-b.c",
             "a@b-.c", "a@b..c", "joe@invalid=domain.com", "x@[127.0.0.300]", "ü@x.y", '"a"b"@x.y', "a@b.c\n",
             "x@[IPv6:1:2:3:4:5:6:7::]", "x@[IPv6:1:2:3:4:5::1.2.3.4]"],
        ),
        (
            "hostname",
            ["www.example.com", "r3---sn-x.a", "a" * 63, "h0st", "1", "x." * 126 + "x", ".".join(["a" * 63, *["b" * 43] * 4]),
             "x" + ".0" * 126, "axn--b"],
            ["-a.b", "a-.b", "a_b", "", ".a", "a.", "a" * 64, "a." + "b" * 64, "é.com", "a..b", "x." * 127 + "x", "x." * 126 + "xy",
             "xn--4gbwdl.x", "a.XN--b", "a.b\n", "\u212aelvin.a"],
        ),
        (
            "uri",
            ["http://foo.bar/?baz=qux#quux", "http://foo.com/blah_(wikipedia)_blah#cite-1", "urn:oasis:names:x:1", "mailto:a@b.c",
             "ldap://[2001:db8::7]/c=GB?objectClass?one", "tel:+1-816-555-1212", "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com",
             "a:", "file:///etc/passwd", "http://[v1.a:b]/", "http://1.2.3.4:80/"],
            ["//foo.bar/", "/abc", "\\\\WIN\\share", "abc", "http:// no.com", ":// fail", "bar,baz:foo", "http://[::1", "http://a/%zz",
             "1http://a", "http://a b", "http://ex{a}mple", "http://é.com", "http://a#b#c", "http://x:1a/", "http://[v.a]/", "http://[V1.a]/",
             "http://[::ffff:01.2.3.4]/", "http://a\n"],
        ),
        (
            "iri",
            ["http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://例え.jp/引き出し", "a:\U0001f600", "a:?\ue000", "http://[2001:db8::7]/ü", "urn:x:1"],
            ["/abc", "http:// a", "ü:a", "a:\ue000", "a:#\ue000", "a:\ufdd0", "a:\U0001ffff", "a:\x9f", "http://[ü]/", "a:\U000e0001"],
        ),
        ("iri-reference", ["", "/ü?b#ç", "#ü", "//ü/p", "ü", "http://ü"], ["ü b", "ü:b", "\\ü", "#ü#b"]),
        (
            "uri-template",
            ["", "http://a/{b}/c{?d,e*}", "{+x:3}{#y}{.z}{/w*}{;v}{&u}", "{a.b_c}", "it's", "{a%41}", "ü\ue000", "%41", "a[b]"],
            ["{", "}", "{}", "{a", "{a,}", "{a..b}", "{.}", "{a:0}", "{a:1000}", "{a:x}", "{=a}", "{,a}", "{a b}", "a b", "<a>", "%4",
             "{a**}", "{+}", "a^b", "{-a}", "{%41}", "{a%4}"],
        ),
        ("relative-json-pointer", ["0", "1", "10", "120#", "0#", "2/a/~0~1", "0/", "25/é"],
         ["", "/a", "01", "-1", "+1", "1##", "#", "0#/a", "1a", "0/~2", "0+1", "٣/a", "100"]),
        ("uri-reference", ["", "/a?b#c", "a/b:c", "#x", "//h/p", "../a", "http://a"], ["a b", "1:b", "\\a", "#a#b", ":a"]),
        (
            "duration",
            ["P4DT12H30M5S", "P4Y", "P2W", "PT0S", "P1M", "PT1M", "P1Y2M3D", "PT36H"],
            ["P", "PT", "P1", "4DT12H", "P1D2H", "P2D1Y", "P1YT", "P1Y2W", "P2S", "PT1D", "P1Y1D", "p1d", "P৩D"],
        ),
        ("json-pointer", ["", "/", "/a/b~0~1", "//", "/é"], ["a", "/~", "/~2", "#/"]),
    ],
)  # fmt: skip
def test_cases(name: str, inside: list[str], outside: list[str]) -> None:
    assert [text for text in inside if not holds(name, text)] == []
    assert [text for text in outside if holds(name, text)] == []


def test_formats_ask_nothing_of_other_types() -> None:
    assert JsonSchema({"format": "date"}).matches("12")
    assert JsonSchema({"type": "integer", "format": "int32"}).matches("12")


@pytest.mark.parametrize("name", ["phone", *sorted(DRAFT_3_FORMATS)])
def test_unknown_formats_ask_nothing(name: str) -> None:
    assert language(name).matches('"x y"')


def test_format_with_length_and_pattern() -> None:
    schema = {"type": "string", "format": "email", "maxLength": 7, "pattern": "^a"}
    both = JsonSchema(schema)
    assert both.matches('"a@b.cd"')
    assert not both.matches('"a@b.cdef"')
    assert not both.matches('"b@b.cd"')


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_formats_are_small(name: str) -> None:
    assert compile_term(json_string(format_term(name))).num_states < (2500 if name == "hostname" else 300)


@pytest.mark.parametrize("name", sorted(VERIFIED_FORMATS))
def test_supersets_are_small(name: str) -> None:
    assert compile_term(json_string(VERIFIED_FORMATS[name].term)).num_states < 1700


def test_formats_are_made_once() -> None:
    assert format_term("uri") is format_term("uri")
    assert VERIFIED_FORMATS["regex"].term is VERIFIED_FORMATS["regex"].term
    with pytest.raises(KeyError):
        format_term("phone")
