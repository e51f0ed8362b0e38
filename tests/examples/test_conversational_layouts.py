"""Conversational layouts and frames: they show every value and label, repeat for a seed, and imitate no test source."""

from __future__ import annotations

from random import Random

import pytest
from data import abstract, dialogue, noise, statements, writers
from data.blocks import Block, Entry
from data.datum import Shown
from data.wording import slip
from real import held_out

TALKS = sorted({**dialogue.TALKS, **statements.STATEMENTS})
LABELS = ("gravel tone", "orbit clerk", "fennel")
VALUES = ("fix pump, then test; done.", "Ida Moss", "12.5", "[ ]", "/usr/lib/x.so", "yes", 'say "hi"', "a/b; c")


def pieces_of(name: str, seed: int) -> tuple[list[str], list[str]]:
    """The pieces of a document in this layout, with the values that went in."""
    rng = Random(f"{name}:{seed}")
    values = rng.sample(VALUES, 3)
    blocks: list[Block] = [Entry(label.split(), value) for label, value in zip(LABELS, values, strict=True)]
    return writers.LAYOUTS[f"flat/{name}"][0](rng, blocks), values


@pytest.mark.parametrize("name", TALKS)
def test_every_label_and_value_is_written(name: str) -> None:
    for seed in range(60):
        pieces, values = pieces_of(name, seed)
        text = "".join(pieces)
        shown = [str(piece) for piece in pieces if isinstance(piece, Shown)]
        plain = text.lower().replace("_", " ")
        assert all(value in shown for value in values), text
        assert all(label in plain for label in LABELS), text
        assert not any(slot in text for slot in ("{l}", "{v}", "{w}", "{x}", "{t}", "{n}", "{d}")), text
        assert pieces == pieces_of(name, seed)[0]


@pytest.mark.parametrize("name", [name for name in TALKS if "correction" not in name and name != "status-bullets"])
def test_values_with_marks_are_quoted_or_end_their_line(name: str) -> None:
    value = "fix pump, then test; done."
    for seed in range(60):
        pieces, values = pieces_of(name, seed)
        if value not in values:
            continue
        at = pieces.index(value)
        before, after = pieces[at - 1][-1:], "".join(pieces[at + 1 :])
        assert before in "“\"'«„`‘⟨" or after[:1] in ("\n", ""), "".join(pieces)


def test_corrected_values_stand_last() -> None:
    for seed in range(200):
        pieces, values = pieces_of("self-correction", seed)
        shown = [str(piece) for piece in pieces if isinstance(piece, Shown)]
        assert [value for value in shown if value in values] == values


def test_a_slip_is_another_value() -> None:
    rng = Random(1)
    for value in [*VALUES, "on", "FALSE", "2024-05-06", "–", "x"]:
        assert all(slip(rng, value) != value for _ in range(50))


def test_frames_leave_the_body_alone() -> None:
    rng = Random(2)
    body = ["Orbit clerk: ", Shown("Ida Moss"), "\n"]
    framed = ["".join(noise.framed(rng, body, whole=True)) for _ in range(500)]
    assert all("".join(body) in text for text in framed)
    assert len(set(framed)) > 150


def test_a_frame_has_no_label_of_the_document() -> None:
    rng = Random(3)
    body = ["Subject: ", Shown("harvest"), "\nphone: ", Shown("12"), "\n"]
    framed = ["".join(noise.framed(rng, body, whole=True)) for _ in range(800)]
    assert all(text.count("Subject") == 1 and text.lower().count("phone") == 1 for text in framed)


def test_examples_imitate_no_test_source() -> None:
    ids = [f"flat/{name}" for name in TALKS]
    rng = Random(4)
    examples = [abstract.make(rng, "train", ids, [1.0] * len(ids)) for _ in range(800)]
    assert not [example.text for example in examples if held_out.kind_of(example.text)]
