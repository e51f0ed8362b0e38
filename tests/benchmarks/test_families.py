"""A small slice of the families benchmark, and proof that its judges can find fault."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks import _family_matrix as matrix
from benchmarks import _family_zoo as zoo

SUBJECTS = {subject.name: subject for subject in zoo.subjects()}
FEW = {name: zoo.SAMPLERS[name] for name in ("LowConfidence", "EntropyBound", "ReMDM rescale", "UniformRenoise")}


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_draft_of_every_family_is_valid(name: str) -> None:
    found = matrix.run([SUBJECTS[name]], FEW, [0])
    assert not found.faults
    assert str(found.of()) == "24/24"
    assert found.of().drafts > 24


@pytest.mark.slow
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_sampler_of_every_family(name: str) -> None:
    found = matrix.run([SUBJECTS[name]], zoo.SAMPLERS, [2])
    assert not found.faults


def test_all_samplers_are_there() -> None:
    from controlgen import samplers

    public = {getattr(samplers, name) for name in samplers.__all__}
    kinds = {kind for kind in public if issubclass(kind, samplers.Sampler) and kind is not samplers.Sampler}
    assert {type(sampler) for sampler in zoo.SAMPLERS.values()} == kinds


def _canvas(subject: zoo.Subject, model: Any, text: str, length: int, tail: list[int]) -> list[int]:
    ids = list(model.tokenizer.encode(text, add_special_tokens=False).ids)
    return ids + tail + [min(subject.ends)] * (length - len(ids) - len(tail))


@pytest.mark.parametrize(
    ("text", "tail", "fault"),
    [
        ("Rome, 1999", [321], None),
        ("Rome, 199", [321], "no member"),
        ("Rome, 1999", [321, 65], "text after the end"),
        ("Rome, 1999", [322], "a mask, control or padded token"),
        ("Rome, 1999", [340], "a mask, control or padded token"),
    ],
)
def test_the_judge_of_regular_expressions(text: str, tail: list[int], fault: str | None) -> None:
    subject = SUBJECTS["LLaDA"]
    model = subject.make(0)
    found = subject.judges("regex", model)[0](_canvas(subject, model, text, 40, tail))
    assert (found is None) == (fault is None)
    assert found is None or found.startswith(str(fault))


def test_the_judges_of_schemas_and_of_free_text() -> None:
    subject = SUBJECTS["embedded"]
    model = subject.make(0)
    (stop,) = subject.stops
    (pad,) = subject.ends - subject.stops
    schema = subject.judges("schema", model)[0]
    assert schema(_canvas(subject, model, '{"name":"Ada","age":36}', 40, [stop])) is None
    assert str(schema(_canvas(subject, model, '{"name":"Ada","age":131}', 40, [stop]))).startswith("no member")
    assert schema(_canvas(subject, model, '{"name":"Ada","age":36}', 40, [pad])) == "padding before the end"
    free = subject.judges("none", model)[0]
    assert free(torch.arange(subject.first, subject.text).tolist()) is None
    assert free([subject.text]) == f"token {subject.text} may never be written"


def test_wrong_tokens_leave_a_canvas_that_some_member_fills() -> None:
    import random

    from benchmarks import _family_repair as repair
    from tests.controlgen import tiny

    model = tiny.model()
    (person, _) = SUBJECTS["embedded"].languages("schema")
    assert person is not None
    automaton = model.automaton(person)
    text = torch.tensor(model.vocabulary.is_text)
    logits = torch.randn(40, automaton.vocab_size, generator=torch.Generator().manual_seed(0))
    held = automaton.posterior(logits).mode()
    held[::3] = -1
    for seed in range(8):
        wrong = repair.corrupted(automaton, held, text, random.Random(seed))
        changed = wrong != held
        assert int(changed.sum()) == -(-int((held >= 0).sum()) // 10)
        assert bool((held >= 0)[changed].all())
        assert bool(text[wrong[changed]].all())
        assert bool(automaton.posterior(logits, wrong).feasible)


def test_a_batch_beside_single_runs() -> None:
    from benchmarks import _family_batch as batch

    model = SUBJECTS["SDAR"].make(0)
    row = batch.compare("SDAR", model, batch.requests(model, 4), 1, steps=2, seed=0)
    assert row["rows equal"] == "4 of 4"
    assert row["share"] == 1.0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_memory_says_so_without_cuda(capsys: pytest.CaptureFixture[str]) -> None:
    from benchmarks import _family_memory as memory

    assert memory.run(None, None, None, 8, 256) == 2
    assert "no CUDA device" in capsys.readouterr().err
