"""Real text: parsers against hand-written inputs, composed records against schemas, test kinds held out."""

from __future__ import annotations

import contextlib
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
from data import examples as synthetic_examples
from data.heldout import is_name_held_out
from real import CORPUS, training_examples
from real import _tables as rows
from real import _unseen_parsers as parsers
from real._compose import Unusable, compose
from real._corpus import SOURCES, read, write
from real._facts import Fact, Facts, Table, iso_date, mailbox, text_fact
from real._keyed import entries, views
from real._keyed_sources import KEYED
from real._leaves import leaf_kinds
from real._names import styled, words_of
from real._source import Raw
from real._stream import example
from real.held_out import HELD_OUT, RELATIVES, SIGNATURES, kind_of
from real.unseen import MAX_CHARACTERS, MIN_DOCUMENTS, UNSEEN, Absent, Unseen, unseen_examples

METADATA = """Metadata-Version: 2.1
Name: parcels
Version: 1.4.0
Summary: Count and weigh parcels
Author: Ada Long
Author-email: Ada Long <ada@example.org>
Keywords: post,mail
Requires-Python: >=3.9
Requires-Dist: scales (>=2.0)
Requires-Dist: stamps[blue]>=1 ; extra == "x"

Readme: not a header
"""

STANZA = """Package: zip
Status: install ok installed
Priority: optional
Section: utils
Installed-Size: 616
Maintainer: Santiago Vila <sanvila@example.org>
Architecture: amd64
Version: 3.0-13
Depends: libbz2-1.0, libc6 (>= 2.34)
Description: Archiver for .zip files
 This is a zip program.
 .
 Second paragraph: not a key."""

CHANGELOG = """adduser (3.134) unstable; urgency=Medium

  * fix one thing (Closes: #1031337, #1004710)
  * another. closes: 7

 -- Jo Wu <jo@example.org>  Mon, 29 Feb 2016 23:30:00 -0800"""

UNIT = """[Unit]
# a comment=with an equals sign
Description=Daily \\
  backup
Documentation=man:dpkg(1) https://example.org/x
After=a.target
After=b.service c.service
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=/bin/one --x=y
ExecStart=/bin/two"""

CERTIFICATE = """# Issuer: CN=Root R3 O=Trust Services, Inc. OU=www.example.org
# Subject: CN=Root R3 O=Trust Services, Inc. OU=www.example.org
# Label: "Root R3"
# Serial: 0012
# MD5 Fingerprint: 3e:e7"""


def test_status_stanza() -> None:
    fields = parsers.dpkg_status(STANZA)
    assert fields is not None
    assert fields["installed_size"] == 616
    assert (fields["maintainer_name"], fields["maintainer_email"]) == ("Santiago Vila", "sanvila@example.org")
    assert fields["depends"] == ["libbz2-1.0", "libc6"]
    assert fields["homepage"] is None
    assert fields["source"] is None
    assert fields["summary"] == "Archiver for .zip files"


def test_status_stanza_leaves_out_what_is_open_to_reading() -> None:
    fields = parsers.dpkg_status(
        STANZA.replace("libbz2-1.0,", "a | b,").replace("Section", "Source: zip (3)\nSection")
    )
    assert fields is not None
    assert "depends" not in fields
    assert "source" not in fields
    assert parsers.dpkg_status("Package: x\nno colon here") is None


def test_changelog_entry() -> None:
    assert parsers.debian_changelog(CHANGELOG) == {
        "package": "adduser",
        "version": "3.134",
        "distribution": "unstable",
        "urgency": "medium",
        "author": "Jo Wu",
        "email": "jo@example.org",
        "date": "2016-02-29",
        "closed_bugs": [1031337, 1004710, 7],
    }
    assert parsers.debian_changelog("Version 1.2\n * things") is None


def test_log_lines() -> None:
    install = parsers.dpkg_log("2025-06-24 14:36:29 install libgdbm6:amd64 <none> 1.23-3")
    assert install is not None
    assert (install["action"], install["old_version"], install["new_version"]) == ("install", None, "1.23-3")
    status = parsers.dpkg_log("2025-06-24 14:36:29 status half-installed libgdbm6:amd64 1.23-3")
    assert status == {
        "events": [
            {"time": "14:36:29", "status": "half-installed", "package": "libgdbm6", "version": "1.23-3"}
        ]
    }
    assert parsers.dpkg_log("2025-06-24 14:36:25 startup archives unpack") is None


def test_zone_rows() -> None:
    one = parsers.zone_table(
        "#codes\tcoordinates\tTZ\tcomments\nJP,AU\t+353916+1394441\tAsia/Tokyo\tEyre Bird"
    )
    assert one is not None
    assert one["country_codes"] == ["JP", "AU"]
    assert (one["area"], one["coordinates"], one["comments"]) == ("Asia", "+353916+1394441", "Eyre Bird")
    two = parsers.zone_table("HN\t+1406-08713\tAmerica/Tegucigalpa\nPN\t-2504-13005\tPacific/Pitcairn")
    assert two is not None
    assert two["zones"][1] == {"time_zone": "Pacific/Pitcairn", "comments": None}


def test_unit_file() -> None:
    fields = parsers.systemd_unit(UNIT)
    assert fields is not None
    assert fields["description"] == "Daily backup"
    assert fields["documentation"] == ["man:dpkg(1)", "https://example.org/x"]
    assert fields["after"] == ["a.target", "b.service", "c.service"]
    assert fields["default_dependencies"] is False
    assert fields["wanted_by"] == []
    assert fields["restart"] is None
    assert "exec_start" not in fields, "given twice, so no schema may ask for the one"
    only_unit = parsers.systemd_unit("[Unit]\nDescription=x")
    assert only_unit is not None
    assert "type" not in only_unit


def test_certificate_comment() -> None:
    assert parsers.ca_certificates(CERTIFICATE) == {
        "label": "Root R3",
        "common_name": "Root R3",
        "organization": "Trust Services, Inc.",
        "organizational_unit": "www.example.org",
        "serial": "0012",
        "md5_fingerprint": "3e:e7",
    }
    two = parsers.ca_certificates(CERTIFICATE.replace(" OU=", " OU=x OU="))
    assert two is None, "two units: the one unit is not determined"


@pytest.mark.parametrize("source", UNSEEN, ids=lambda source: source.name)
def test_unseen_documents_of_this_machine(source: Unseen) -> None:
    try:
        examples = unseen_examples(source)
    except Absent as reason:
        pytest.skip(str(reason))
    assert len(examples) >= MIN_DOCUMENTS
    assert examples == unseen_examples(source)
    for one in examples:
        jsonschema.Draft202012Validator(one.schema, format_checker=jsonschema.FormatChecker()).validate(
            one.record
        )
        assert list(one.record) == list(one.schema["properties"])
        assert len(one.text) <= MAX_CHARACTERS


def test_too_few_documents_are_told() -> None:
    source = UNSEEN[0]
    poor = Unseen(
        source.name, "two stanzas", lambda: iter([STANZA, STANZA]), source.parse, source.fields, source.views
    )
    with pytest.raises(Absent, match=r"1 usable documents where 100 are needed: two stanzas"):
        unseen_examples(poor)


def test_test_kinds_are_held_out_of_training() -> None:
    trained = {source.name for source in SOURCES}
    assert set(HELD_OUT) == {source.name for source in UNSEEN} == set(RELATIVES) == set(SIGNATURES)
    assert trained.isdisjoint(HELD_OUT)
    assert trained.isdisjoint(name for names in RELATIVES.values() for name in names)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("dpkg_status", STANZA),
        ("debian_changelog", CHANGELOG),
        ("dpkg_log", "2025-06-24 14:36:29 install libgdbm6:amd64 <none> 1.23-3"),
        ("zone_table", "JP,AU\t+353916+1394441\tAsia/Tokyo\tEyre Bird"),
        ("systemd_unit", UNIT),
        ("ca_certificates", CERTIFICATE),
    ],
)
def test_signatures_recognise_their_kind(kind: str, text: str) -> None:
    assert kind_of(f"some words\n{text}\nmore") == kind
    assert kind_of(METADATA) is None


def test_corpus_has_no_held_out_document() -> None:
    if not CORPUS.is_file():
        pytest.skip("no corpus here: `python -m real.collect` makes it")
    documents = read()
    assert set(documents) <= {source.name for source in SOURCES}
    assert [raw.text for raws in documents.values() for raw in raws if kind_of(raw.text)] == []


def test_synthetic_training_text_is_of_no_held_out_kind() -> None:
    texts = (made.text for made in islice(synthetic_examples(3, split="train"), 3000))
    assert [text for text in texts if kind_of(text)] == []


def test_corpus_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl.gz"
    write([("python_metadata", Raw(METADATA, "METADATA"))], path)
    assert read(path) == {"python_metadata": [Raw(METADATA, "METADATA")]}
    first = list(islice(training_examples(4, path), 50))
    assert first == list(islice(training_examples(4, path), 50))
    assert first != list(islice(training_examples(5, path), 50))


def test_examples_of_a_known_document() -> None:
    source = next(source for source in KEYED if source.name == "python_metadata")
    raw = Raw(METADATA)
    source.study([raw])
    rng = Random(1)
    made = 0
    for _ in range(400):
        try:
            one = example(rng, source, raw)
        except Unusable:
            continue
        made += 1
        jsonschema.Draft202012Validator(one.schema).validate(one.record)
        assert not any(is_name_held_out(name) for name in _names(one.schema))
        for value in _strings(one.record):
            assert value in METADATA, f"{value!r} does not stand in the text"
    assert made > 200


def _names(schema: dict[str, Any]) -> list[str]:
    own = schema.get("properties", {})
    return [*own, *(name for child in own.values() for name in _names(child))]


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [value] if isinstance(value, str) else []


def test_entries_join_continuations_and_take_quotes_off() -> None:
    found = list(entries("# note\nTitle: a\n  b\nEmpty:\n\nLast: c", "colon"))
    assert [(entry.key, entry.value) for entry in found] == [("Title", "a b"), ("Empty", ""), ("Last", "c")]
    assert [(e.key, e.value) for e in entries('A="x y"\nexport B=1', "equals")] == [("A", "x y"), ("B", "1")]


def test_views_of_a_value() -> None:
    assert {fact.value for fact in views("Enabled", "no")} == {False, "no"}
    assert {fact.value for fact in views("Size", "12 kB")} == {12, "12 kB"}
    assert {fact.value for fact in views("Date", "Fri, 20 Apr 2001 19:35:02 -0400")} == {
        "2001-04-20",
        "Fri, 20 Apr 2001 19:35:02 -0400",
    }
    by_group = {fact.group: fact for fact in views("From", "Ada Long <ada@example.org>")}
    assert by_group["from name"].value == "Ada Long"
    assert by_group["from mail"].value == "ada@example.org"
    assert by_group["from"].unclear, "name and address together are asked for only with a description"


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("2024-02-29 12:00", "2024-02-29"),
        ("2023-02-29", None),
        ("Mon, 1 Jan 2024 00:00:00 GMT", "2024-01-01"),
        ("Tue Apr 26 17:34:32 2022 +0900", "2022-04-26"),
        ("March 5, 2019", "2019-03-05"),
        ("03/04/2019", None),
        ("5 pm", None),
    ],
)
def test_iso_dates_only_where_there_is_no_doubt(raw: str, day: str | None) -> None:
    assert iso_date(raw) == day


def test_mailbox() -> None:
    assert mailbox('"Long, Ada" <a@b.org>') is None or mailbox("Ada <a@b.org>") == ("Ada", "a@b.org")
    assert mailbox("a@b.org") is None
    assert mailbox("Ada <a@b.org>, Bo <b@b.org>") is None


def test_rows() -> None:
    assert _values(rows.service_row("http 80/tcp www www-http # WorldWideWeb HTTP")) == {
        "name": "http",
        "port": 80,
        "protocol": "tcp",
        "aliases": ["www", "www-http"],
        "comment": "WorldWideWeb HTTP",
    }
    listed = _values(rows.listing_row("lrwxrwxrwx 1 root wheel 13 2024-05-09 10:00 a -> ../b"))
    assert (listed["name"], listed["target"], listed["group"], listed["size"]) == ("a", "../b", "wheel", 13)
    assert listed["directory"] is False
    hit = _values(rows.access_row('9.8.7.6 - - [08/Sep/2003 22:26:36] "HEAD /x HTTP/1.1" 200 -'))
    assert (hit["date"], hit["status"], hit["size"]) == ("2003-09-08", 200, None)
    table = rows.csv_rows("name,n,day", ["x,1,2020-01-02", '"a,b",,'], ",")
    assert [_values(row) for row in table] == [
        {"name": "x", "n": 1, "day": "2020-01-02"},
        {"name": "a,b", "n": None, "day": None},
    ]
    assert rows.service_row("# comment") is None


def _values(row: tuple[Fact, ...] | None) -> dict[str, object]:
    assert row is not None
    return {fact.group: fact.value for fact in row}


def _composed(facts: Facts) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    made = []
    for seed in range(400):
        with contextlib.suppress(Unusable):  # all names of a fact may be kept for testing
            made.append(compose(Random(seed), facts))
    assert len(made) > 20
    return made


def test_composed_tables_validate_and_keep_every_row() -> None:
    cells = [("a", "x"), ("b", None), ("c", "z")]
    table = Table(
        ("things",), tuple((text_fact("name", n, "name"), text_fact("note", m, "note")) for n, m in cells)
    )
    for schema, record in _composed(Facts("thing", (), (table,))):
        jsonschema.Draft202012Validator(schema).validate(record)
        values = next(iter(record.values()))
        assert len(values) == 3


def test_absent_facts_are_null_or_left_out() -> None:
    facts = Facts(
        "thing", (text_fact("a", "x", "alpha"), text_fact("b", None, "gamma"), text_fact("c", "y", "delta"))
    )
    kinds: set[str] = set()
    for schema, record in _composed(facts):
        jsonschema.Draft202012Validator(schema).validate(record)
        kinds |= set(leaf_kinds(schema, record, "x y").values())
    assert kinds == {"copied", "null", "absent"}


def test_leaf_kinds() -> None:
    schema = {
        "properties": {
            "a": {"type": "string"},
            "b": {"enum": ["q"]},
            "c": {"type": "array", "items": {"type": "integer"}},
            "d": {"anyOf": [{"type": "object", "properties": {"x/y": {"type": "null"}}}, {"type": "null"}]},
            "e": {"type": "string"},
        }
    }
    record = {"a": "2020-01-02", "b": "q", "c": [7, 8], "d": {"x/y": None}}
    assert leaf_kinds(schema, record, "q 7") == {
        "/a": "normalised",
        "/b": "enum",
        "/c/0": "number",
        "/c/1": "normalised",
        "/d/x~1y": "null",
        "/e": "absent",
    }


def test_names() -> None:
    assert words_of("Home-page") == words_of("homePage") == words_of("HOME_PAGE") == "home page"
    assert styled("home page", "camel") == "homePage"
    assert styled("home page", "upper") == "HOME_PAGE"
