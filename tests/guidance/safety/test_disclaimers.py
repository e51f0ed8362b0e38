"""Required texts, at each place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.guidance.safety import RequiredDisclaimer

TEXT = 'No "advice".'
PIECES = st.lists(st.sampled_from([TEXT, "No ", '"', "x", "\\", TEXT[:5], json.dumps(TEXT)]), max_size=4).map("".join)


@settings(deadline=None)
@given(PIECES)
def test_scan_and_language_agree(text: str) -> None:
    for where, holds in (("end", text.endswith(TEXT)), ("start", text.startswith(TEXT))):
        one = RequiredDisclaimer(TEXT, where)
        assert one.allowed().matches(text) == (one.scan(text).risk == 0) == holds
    one = RequiredDisclaimer(TEXT, "anywhere")
    assert one.allowed().matches(text) == (one.scan(text).risk == 0)
    assert one.scan(text).risk == 0 or TEXT not in text


def test_in_json() -> None:
    one = RequiredDisclaimer(TEXT, "anywhere")
    assert one.scan(json.dumps({"note": TEXT})).risk == 0
    assert one.allowed().matches(json.dumps({"note": TEXT}))
    assert one.allowed().matches('{"note": "\\u004eo \\"advice\\"."}')
    assert not one.allowed().matches("{}")


@pytest.mark.parametrize("where", ["end", "start", "anywhere"])
def test_beginnings_pass(where: str) -> None:
    one = RequiredDisclaimer(TEXT, where)
    whole = f"{TEXT} and {TEXT}"
    assert all(one.scan_beginning(whole[:end]).risk == 0 for end in range(len(whole) + 1))
    assert (one.scan_beginning("xyz").risk == 0) == (where != "start")


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="text is empty"):
        RequiredDisclaimer("")
    with pytest.raises(ValueError, match="where must be one of"):
        RequiredDisclaimer("a", "middle")
