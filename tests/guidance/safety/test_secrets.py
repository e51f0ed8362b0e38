"""Secrets: every format, and what merely looks like one. The keys are made up here."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.guidance.safety import Secrets

_CHANCE = random.Random(0)


def some(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(_CHANCE.choices(alphabet, k=count))


KEYS = {
    "aws": "AKIA" + some(16, "ABCDEFGHJKLMNPQ234567"),
    "github": "ghp_" + some(36),
    "gitlab": "glpat-" + some(20),
    "slack": "xoxb-" + some(11, string.digits) + "-" + some(24),
    "stripe": "sk_live_" + some(24),
    "google": "AIza" + some(35),
    "openai": "sk-proj-" + some(40),
    "anthropic": "sk-ant-api03-" + some(60),
    "huggingface": "hf_" + some(34),
    "npm": "npm_" + some(36),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + some(40),
    "jwt": "eyJ" + some(20) + ".eyJ" + some(30) + "." + some(43),
    "private_key": "-----BEGIN RSA PRIVATE KEY-----",
    "connection": "postgres://user:pa55@db.example.org/x",
}


def test_every_kind_has_an_example() -> None:
    assert set(KEYS) == set(Secrets.known())


@pytest.mark.parametrize("kind", KEYS)
def test_every_format(kind: str) -> None:
    one, key = Secrets(kind), KEYS[kind]
    escaped = f"\\u{ord(key[0]):04x}{key[1:3]}\\u{ord(key[3]):04X}{key[4:]}"
    for text in (key, f'{{"key": "{key}"}}', f"key={key};", escaped):
        assert one.scan(text).risk == 1, text
        assert not one.allowed().matches(text), text


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*KEYS.values(), "sk-", "x", " ", "_", "ghp_", "://", "a:b@c", "eyJabcde."]), max_size=4)
)
def test_what_a_scan_finds_is_barred(pieces: list[str]) -> None:
    text = "".join(pieces)
    for kind in KEYS:
        one = Secrets(kind)
        if one.scan(text).risk:
            assert not one.allowed().matches(text), (kind, text)


def test_what_is_let_pass() -> None:
    for kind in KEYS:
        for text in (
            "sk-learn",
            "hf_hub_download",
            "npm_config",
            "http://example.org/a@b",
            "BEGIN PRIVATE KEY",
            "AKIA",
        ):
            assert Secrets(kind).scan(text).risk == 0
            assert Secrets(kind).allowed().matches(text)
