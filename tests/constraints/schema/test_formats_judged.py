"""Formats against the checkers of `jsonschema`: members drawn from the automata, and strings that others make."""

from __future__ import annotations

import datetime
import ipaddress
import random
import re
import uuid
from collections.abc import Callable

import jsonschema
import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints._expansion import compile_term
from controlgen.constraints.schema._formats import DRAFT_3_FORMATS, FORMATS, VERIFIED_FORMATS, format_term

from .test_members import Drawer

CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER
FAKER = Faker(["en_US", "de_DE", "ja_JP", "ar_AA", "hi_IN", "ru_RU"])
LENGTHS = (0, 3, 8, 20, 60, 300)


def holds(name: str, value: str) -> bool:
    return compile_term(format_term(name)).matches(value.encode())


def test_every_format_has_a_checker() -> None:
    assert {*FORMATS, *VERIFIED_FORMATS} == set(CHECKER.checkers), "needs jsonschema[format]"
    assert set(DRAFT_3_FORMATS) < set(jsonschema.Draft3Validator.FORMAT_CHECKER.checkers)


@pytest.mark.parametrize("name", sorted({**FORMATS, **DRAFT_3_FORMATS}))
def test_members_are_accepted(name: str) -> None:
    checker = jsonschema.Draft3Validator.FORMAT_CHECKER if name in DRAFT_3_FORMATS else CHECKER
    drawer, rng = Drawer(compile_term(format_term(name))), random.Random(name)
    drawn = [drawer.draw(rng, rng.choice(LENGTHS)) for _ in range(200)]
    assert [value for value in drawn if not checker.conforms(value, name)] == []


@pytest.mark.parametrize(("name", "share"), [("idn-hostname", 0.4), ("idn-email", 0.6), ("regex", 0.8)])
def test_most_members_of_a_superset_pass_and_are_accepted(name: str, share: float) -> None:
    verified, rng = VERIFIED_FORMATS[name], random.Random(name)
    drawer = Drawer(compile_term(verified.term))
    drawn = [drawer.draw(rng, rng.choice((3, 8, 20, 60))) for _ in range(200)]
    passed = [value for value in drawn if verified.check(value)]
    assert len(passed) > share * len(drawn)
    assert [value for value in passed if not CHECKER.conforms(value, name)] == []


# What the checker takes beyond the standards, so that only there an automaton may say less than it.
LENIENT = {
    "time": r".*\n",
    "date-time": r".*\n",
    "hostname": r"(?s).*([.\n]|(^|\.)xn--.*|[^.]{44,}.*)",
    "uri": r"(?s).*(\n|\[.*\b0+[0-9]+\..*)",
    "uri-reference": r"(?s).*(\n|\[.*\b0+[0-9]+\..*)",
    "iri": r"(?s).*(\n|\[.*\b0+[0-9]+\..*)",
    "iri-reference": r"(?s).*(\n|\[.*\b0+[0-9]+\..*)",
    "relative-json-pointer": r"(?s)[^\x00-\x7f].*|[0-9]*[^\x00-\x7f].*",
}
NEARBY = "date time date-time hostname ipv4 ipv6 uri uri-reference iri iri-reference json-pointer relative-json-pointer"


@pytest.mark.parametrize("name", NEARBY.split())
def test_what_is_near_a_member_is_judged_alike(name: str) -> None:
    dfa, rng = compile_term(format_term(name)), random.Random(name)
    drawer, lenient = Drawer(dfa), re.compile(LENIENT.get(name, "(?!)"))
    for _ in range(300):
        value = drawer.draw(rng, rng.choice(LENGTHS))
        place, new = rng.randrange(len(value) + 1), rng.choice("{}[]\",:\\ 0159-.Eft/?#@%'v\n\x00éא\ue000Z+~")
        for near in (value[:place] + new + value[place:], value[:place] + new + value[place + 1 :], value + new):
            if not lenient.fullmatch(near):
                assert dfa.matches(near.encode()) == CHECKER.conforms(near, name), near


SOURCES: dict[str, Callable[[], str]] = {
    "email": FAKER.ascii_email,
    "hostname": FAKER.hostname,
    "ipv4": FAKER.ipv4,
    "ipv6": FAKER.ipv6,
    "uri": FAKER.uri,
    "uuid": FAKER.uuid4,
    "date": FAKER.date,
    "date-time": lambda: FAKER.date_time(tzinfo=datetime.UTC).isoformat(),
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_what_faker_makes(name: str) -> None:
    Faker.seed(1)
    made = [SOURCES[name]() for _ in range(200)]
    assert [value for value in made if not holds(name, value)] == []


zones = st.timezones() | st.integers(-1439, 1439).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m)))


@given(st.datetimes(timezones=zones).filter(lambda moment: moment.utcoffset().seconds % 60 == 0))
@settings(max_examples=300, deadline=None)
def test_moments(moment: datetime.datetime) -> None:
    assert holds("date", moment.date().isoformat())
    assert holds("time", moment.timetz().replace(tzinfo=datetime.UTC).isoformat())
    for text in (moment.isoformat(), moment.isoformat(timespec="milliseconds").lower()):
        assert holds("date-time", text)


@given(st.integers(0, 2**128 - 1), st.uuids())
@settings(max_examples=300, deadline=None)
def test_addresses_and_uuids(number: int, identifier: uuid.UUID) -> None:
    address = ipaddress.IPv6Address(number)
    for spelled in (address.compressed, address.exploded, address.compressed.upper()):
        assert holds("ipv6", spelled)
        assert holds("uri", f"http://[{spelled}]:80/")
        assert holds("email", f"a@[IPv6:{spelled}]")
    assert holds("ipv6", f"::ffff:{ipaddress.IPv4Address(number % 2**32)}")
    assert holds("uuid", str(identifier))


@given(st.lists(st.text()), st.integers(1, 99))
@settings(max_examples=300, deadline=None)
def test_pointers(keys: list[str], up: int) -> None:
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    assert holds("json-pointer", pointer)
    assert holds("relative-json-pointer", f"{up}{pointer}")
