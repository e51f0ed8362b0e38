"""Molecules: the language against RDKit, the shipped networks under it, and the training script in small."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from examples.molecules import network, train
from examples.molecules.chemist import PropertyClassifier, chemist
from examples.molecules.language import Machine, State, smiles
from examples.molecules.letters import CANVAS, END, LETTERS, VOCABULARY, encode, prompt


def accepts(text: str) -> bool:
    """Whether the machine takes the text, letter by letter."""
    canvas = encode(text)
    if canvas is None:
        return False
    machine, state = Machine(), State()
    for number in canvas[: canvas.index(END)]:
        following = dict(machine.steps(state))
        if LETTERS[number] not in following:
            return False
        state = following[LETTERS[number]]
    return state.may_end


def member(draw: random.Random) -> str:
    """A random walk of the machine, to its first end after a few letters."""
    machine = Machine()
    while True:
        state, text = State(), ""
        wanted = draw.randint(1, CANVAS - 1)
        for _ in range(CANVAS - 1):
            if state.may_end and len(text) >= wanted:
                break
            following = list(machine.steps(state))
            if not following:
                break
            letter, state = draw.choice(following)
            text += letter
        if state.may_end and encode(text) is not None:
            return text


@pytest.mark.parametrize(
    "text", ["C", "CCO", "C#N", "C1CC1", "C1CC1C", "CC(C)C", "CC(=O)N", "C1C2CC1C2", "C[NH+](C)C", "O=C1CCC1"]
)
def test_molecules_are_members(text: str) -> None:
    assert accepts(text)


@pytest.mark.parametrize(
    "text", ["", "C=", "F=C", "C#O", "FF(C)", "O(C)(C)C", "C1CC", "C11", "C1C1", "CC(C", "CC(C)", "C)C", "C1=CC2"]
)
def test_broken_texts_are_refused(text: str) -> None:
    assert not accepts(text)


def test_rdkit_reads_every_random_member() -> None:
    chem = pytest.importorskip("rdkit.Chem")
    draw = random.Random(0)
    texts = [member(draw) for _ in range(300)]
    assert len(set(texts)) > 100
    assert [text for text in texts if chem.MolFromSmiles(text) is None] == []


def test_shipped_model_writes_members() -> None:
    results = chemist().generate([prompt(rings="high")] * 3, smiles(), seed=[0, 1, 2], temperature=1.0)
    texts = [result.text for result in results]
    assert all(accepts(text) for text in texts), texts


def test_a_property_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="weight"):
        prompt(weight="high")


@pytest.mark.parametrize("name", ["rings", "qed"])
def test_relaxed_classifier_of_letters_is_the_plain_one(name: str) -> None:
    classifier = PropertyClassifier(name)
    canvas = torch.tensor([encode("C1CC1"), encode("CC(=O)N")])
    weights = F.one_hot(canvas, len(VOCABULARY)).float()
    for time in (0.1, 0.9):
        torch.testing.assert_close(classifier.relaxed(weights, time), classifier(canvas, time), atol=1e-5, rtol=1e-5)


def test_rehearsal_of_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canvases = np.array([encode("C1CC1"), encode("CCO")] * 40, np.uint8)
    values = np.array([[4.0, 0.6], [0.0, 0.3]] * 40, np.float32)
    np.savez(tmp_path / "data.npz", canvas=canvases, properties=values)
    asked = [str(tmp_path / "data.npz"), str(tmp_path), "--tiny", "--steps", "3", "--batch", "8", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["train", *asked])
    train.main()
    model = network.load(network.Denoiser, tmp_path / "model.safetensors")
    assert model(torch.zeros(1, 26, dtype=torch.long)).isfinite().all()
    assert (tmp_path / "classifier.safetensors").exists()
