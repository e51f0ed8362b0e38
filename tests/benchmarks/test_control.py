"""The benchmark of control tasks: its judges, its measure of fluency, its languages, and a small run."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import controlgen
from benchmarks._control_fluency import _masks, mean_and_error, nats_per_token
from benchmarks._control_judge import KindJudge, features, has_word, words
from benchmarks._control_plot import draw
from benchmarks._control_tasks import RECORD, SENTENCE, kind_task, texts_of, word_task, words_task
from controlgen.embedded import EmbeddedClassifier


def sentence(text: str) -> str:
    return json.dumps({"description": text})


@pytest.fixture(scope="module")
def model() -> Any:
    return controlgen.load(device="cpu", dtype=torch.float32)


def test_words_are_judged_whole() -> None:
    assert has_word(sentence("The network, then"), "network")
    assert not has_word(sentence("The networks of an internetwork"), "network")
    assert not has_word(sentence("The title"), "description")  # the name of the member is no text
    assert words(sentence("One  two, three.")) == 3


def test_features_ignore_digits_and_see_words_in_names() -> None:
    assert features('{"dueDate":"2024-05-01"}') == features('{"dueDate":"1999-12-31"}')
    assert set(features("due")) & set(features("dueDate"))


def test_the_judge_of_kinds_learns() -> None:
    judge = KindJudge(count=4000, held_out=500, epochs=3)
    assert judge.accuracy > 0.7
    assert judge.kind('{"error_code":500,"client_ip":"10.2.3.4","log_level":"ERROR"}') == "logs"


def test_masks_spread_over_all_sizes() -> None:
    sizes = _masks(20, 10, seed=3).sum(1).tolist()
    assert sizes == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    assert torch.equal(_masks(20, 10, seed=3), _masks(20, 10, seed=3))
    assert _masks(1, 4, seed=0).all()


def test_the_bound_is_the_mean_over_all_masks_and_prefers_likely_text(model: Any) -> None:
    """Two tokens have three masks: {0} and {1} half the time each, both the other half."""
    text = "{"
    clean = torch.tensor([*model.encode(text), model.network.config.eos_token_id])
    assert len(clean) == 2
    cache, mask = model.network.unconditional(1), model.network.config.mask_token_id

    def loss(*masked: int) -> float:
        canvas = clean.clone()
        canvas[list(masked)] = mask
        with torch.no_grad():
            log_p = model.network(canvas[None], cache)[0].log_softmax(-1)
        return -sum(float(log_p[i, clean[i]]) for i in masked) / len(masked)

    exact = (0.5 * (loss(0) + loss(1)) + loss(0, 1)) / 2
    assert nats_per_token(model, [text], draws=400)[0] == pytest.approx(exact, abs=0.1 * exact)
    likely, unlikely = nats_per_token(model, ['{"date":"2024-05-01"}', '}-a"2te0:d"4"1{05-'])
    assert likely + 1 < unlikely


def test_mean_and_error() -> None:
    assert mean_and_error([1.0, 3.0]) == (2.0, pytest.approx(1.0))
    assert mean_and_error([1.0]) == (1.0, 0.0)


def test_every_strength_writes_members_and_the_strongest_satisfies_the_task(model: Any) -> None:
    tasks = [word_task("error", (0, 6, math.inf)), words_task(4, 5, (0, 6, math.inf))]
    for task in tasks:
        for cell in task.cells:
            texts = texts_of(model, task, cell, samples=3, steps=3)
            for text in texts:
                assert re.fullmatch(r"[A-Z][A-Za-z ,]*\.?", json.loads(text)["description"])
                assert SENTENCE.matches(text)
        assert all(map(task.passed, texts))


def test_a_guided_record_is_a_record(model: Any) -> None:
    class Judge:
        def kind(self, text: str) -> str:
            return "people"

    task = kind_task("people", (0, 4), EmbeddedClassifier.load(model.network), Judge())  # type: ignore[arg-type]
    assert not task.cells[0].guidance
    plain, guided = (texts_of(model, task, cell, samples=2, steps=3) for cell in task.cells)
    assert plain != guided
    for text in plain + guided:
        assert isinstance(json.loads(text), dict)
        assert RECORD.matches(text)


ROWS = [
    {"task": "a", "panel": "keyword", "strength": s, "success": s / 9, "nats": 2.0, "error": 0.1} for s in (0, 2, 4)
]


def test_the_plot_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SystemExit, match="pip install matplotlib"):
        draw(ROWS, None, tmp_path / "plot.png")


def test_the_plot_is_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw([*ROWS, {**ROWS[0], "strength": math.inf}], 2.0, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").stat().st_size > 5000
