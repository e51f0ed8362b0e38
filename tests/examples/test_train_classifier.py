"""The training of noised classifiers: labelled records, canvases, noise, and a run of the script on a file."""

from __future__ import annotations

import json
import random
import sys
from itertools import islice
from pathlib import Path

import pytest
import torch

from controlgen.embedded import WEIGHTS, EmbeddedClassifier, EmbeddedDiffusionConfig, EmbeddedDiffusionModel
from controlgen.embedded._classifier import Head
from examples.train_classifier import train
from examples.train_classifier.canvases import noised, tokenised
from examples.train_classifier.kinds import KINDS, records, thinned


def test_records_are_small_and_the_same_for_the_same_seed() -> None:
    found = list(islice(records(3), 300))
    assert found == list(islice(records(3), 300)) != list(islice(records(4), 300))
    assert {kind for _, kind in found} == set(KINDS)
    for text, _ in found:
        record = json.loads(text)
        assert 2 <= len(record) <= 5
        assert not any(isinstance(value, dict | list) for value in record.values())


def test_thinning_keeps_the_order_and_takes_members_out_of_objects() -> None:
    record = {"a": 1, "in": {"b": 2, "rows": [1, 2]}, "c": "x"}
    for seed in range(20):
        kept = thinned(random.Random(seed), record)
        assert kept is not None
        assert list(kept) == sorted(kept)
        assert kept.items() <= {"a": 1, "b": 2, "c": "x"}.items()
    assert thinned(random.Random(0), {"a": 1, "rows": []}) is None


def tokenizer() -> object:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))


def test_canvases_hold_the_text_an_end_and_pads() -> None:
    made = tokenised([("ab", "x"), ("a long text " * 20, "y"), ("", "y")], "xy", tokenizer(), length=8, end=1, pad=0)
    assert made.classes.tolist() == [0, 1]  # the long one is left out
    assert made.canvases[1].tolist() == [1] + [0] * 7
    assert made.lengths[1] == 1
    length = int(made.lengths[0])
    assert made.canvases[0, length - 1 :].tolist() == [1] + [0] * (8 - length)
    with pytest.raises(ValueError, match="example 1 has the label 'z'"):
        tokenised([("ab", "z")], "xy", tokenizer(), length=8, end=1, pad=0)
    with pytest.raises(ValueError, match="none of 1 texts fits"):
        tokenised([("a long text " * 20, "x")], "xy", tokenizer(), length=8, end=1, pad=0)


def test_noise_masks_the_share_that_it_is_told() -> None:
    clean = torch.arange(3, 53).repeat(400, 1)
    times = torch.linspace(0, 1, 400)
    noisy = noised(clean, times, 2, torch.Generator().manual_seed(0))
    masked = noisy == 2
    assert torch.equal(noisy[~masked], clean[~masked])
    assert not masked[0].any()
    assert masked[-1].all()
    assert float((masked.float().mean(1) - times).abs().max()) < 0.35  # 5 standard deviations of 50 draws
    assert float(masked.float().mean()) == pytest.approx(0.5, abs=0.02)


def test_training_a_head_on_a_small_trunk_learns_and_leaves_the_trunk_alone() -> None:
    torch.manual_seed(0)
    network = EmbeddedDiffusionModel(
        EmbeddedDiffusionConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2)
    ).eval()
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    words = {"animal": ("cat", "dog", "horse"), "colour": ("red", "blue", "green")}
    rng = random.Random(0)
    pairs = [(" ".join(rng.choices(words[kind], k=4)), kind) for kind in rng.choices(sorted(words), k=400)]
    examples = tokenised(pairs, sorted(words), tokenizer(), length=16, end=1, pad=0)
    classifier = EmbeddedClassifier(network, Head(2, 32, queries=2, width=32), sorted(words), depth=1)
    losses = train.train(classifier, examples, epochs=6, batch=32, rate=3e-3, seed=0)
    classifier.head.eval()
    assert losses[-1] < 0.4 < losses[0]
    share = train.accuracies(classifier, examples, seed=1, levels=(0.0, 0.5, 1.0))
    assert share[0.0] > 0.97
    assert share[0.5] > 0.8
    assert share[1.0] < 0.65
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())


def test_the_script_trains_on_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"total": "bill", "error": "log"}
    lines = [{"text": f"{word} {n}", "label": words[word]} for n in range(14) for word in words]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    save, report = tmp_path / "head.safetensors", tmp_path / "report.json"
    command = ["train", "--data", str(tmp_path / "data.jsonl"), "--held-out", "8", "--epochs", "2", "--canvas", "16"]
    monkeypatch.setattr(sys, "argv", [*command, "--device", "cpu", "--save", str(save), "--report", str(report)])
    train.main()
    assert set(json.loads(report.read_text())["held out"]) == {str(level) for level in train.LEVELS}
    network = EmbeddedDiffusionModel.from_pretrained(str(WEIGHTS), dtype=torch.float32).eval()
    assert EmbeddedClassifier.load(network, save).classes == ("bill", "log")


def test_a_file_with_a_bad_line_is_refused_by_number(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('{"text": "a", "label": "b"}\n{"text": "a"}\n')
    with pytest.raises(SystemExit, match="line 2"):
        list(train.labelled_lines(str(tmp_path / "data.jsonl")))
    (tmp_path / "data.jsonl").write_text('{"text": "a", "label": "b"}\n')
    with pytest.raises(SystemExit, match="lower --held-out"):
        train.of_file(str(tmp_path / "data.jsonl"), 5, 10)
