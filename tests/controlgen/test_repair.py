"""Error correction under a constraint: wrong committed tokens are planted, and a sampler that reopens mends them.

The network is the embedded model's own; wrong tokens are ones that the language allows: only the model can tell.
"""

from __future__ import annotations

import json

import pytest
import torch
from torch import Tensor

import controlgen
from controlgen import Model, Session
from controlgen._errors import SessionError
from controlgen.constraints import InfeasibleConstraint
from controlgen.samplers import LowConfidence, ReMDM, Sampler, UniformRenoise

SCHEMA = {
    "type": "object",
    "properties": {
        "vendor": {"type": "string", "maxLength": 30},
        "number": {"type": "string", "maxLength": 12},
        "total": {"type": "number"},
    },
    "required": ["vendor", "number", "total"],
    "additionalProperties": False,
}
TEXT = "INVOICE\nNordlicht Werkzeuge GmbH\nInvoice no. NW-20417\nTotal due: 509.08 EUR\n"
TRUTH = {"vendor": "Nordlicht Werkzeuge GmbH", "number": "NW-20417", "total": 509.08}


@pytest.fixture(scope="module")
def model() -> Model:
    return controlgen.load(device="cpu", dtype=torch.float32)


def wrong_tokens(model: Model, session: Session, canvas: Tensor, positions: list[int], seed: int) -> Tensor:
    """Other tokens at these positions, one by one, such that the language still has a member: (L,), -1 elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    automaton = model.automaton(model.language(SCHEMA))
    planted, fixed = torch.full_like(canvas, -1), canvas.clone()
    flat = torch.zeros(1, model.family.vocab_size).expand(len(canvas), -1)
    for position in positions:
        fixed[position] = -1
        allowed = automaton.posterior(flat, fixed).support()[position].nonzero()[:, 0]
        others = allowed[allowed != canvas[position]]
        if len(others):
            planted[position] = others[torch.randint(len(others), (1,), generator=generator)]
        fixed[position] = planted[position] if len(others) else canvas[position]
    return planted


def run(model: Model, sampler: Sampler, steps: int, seed: int) -> tuple[dict[str, object], int]:
    """The record after a tenth of what is committed at half time was replaced; and how many tokens that were."""
    session = model.session(TEXT, SCHEMA, max_new_tokens=64, sampler=sampler, steps=steps, seed=seed)
    count = 0
    for output in session:
        (draft,) = output.drafts
        record = json.loads(draft.text)
        assert set(record) == set(TRUTH)
        assert isinstance(record["vendor"], str)
        if session.steps_taken == steps // 2 and not session.done:
            held = torch.where(draft.committed, draft.tokens, -1)
            at = held.ge(2).nonzero()[:, 0]
            chosen = at[torch.randperm(len(at), generator=torch.Generator().manual_seed(seed))][: max(2, len(at) // 10)]
            planted = wrong_tokens(model, session, held, chosen.tolist(), seed)
            count = int((planted >= 0).sum())
            session.rewrite(0, planted)
    return session.result().value, count


def right(record: dict[str, object]) -> int:
    return sum(record[name] == value for name, value in TRUTH.items())


def test_remasking_mends_what_commits_alone_cannot(model: Model) -> None:
    final, mended, planted = 0, 0, 0
    for seed in range(4):
        record, count = run(model, LowConfidence(), 16, seed)
        planted += count
        final += right(record)
        mended += right(run(model, ReMDM("loop", eta=0.3, t_on=0.7, t_off=0.1), 32, seed)[0])
    assert planted >= 4
    assert mended > final
    assert mended >= 10  # of 12


def test_a_sampler_that_reads_everything_anew_mends_too(model: Model) -> None:
    assert sum(right(run(model, UniformRenoise(1.0), 16, seed)[0]) for seed in range(4)) >= 8


def test_tokens_outside_the_language_are_refused_and_change_nothing(model: Model) -> None:
    session = model.session(TEXT, SCHEMA, max_new_tokens=64, steps=8, seed=0)
    session.step()
    foreign = torch.full((64,), -1)
    foreign[0] = model.encode("x")[0]
    with pytest.raises(InfeasibleConstraint):
        session.rewrite(0, foreign)
    with pytest.raises(SessionError, match="row 3"):
        session.rewrite(3, foreign)
    for _ in session:
        pass
    assert set(session.result().value) == set(TRUTH)
    with pytest.raises(SessionError, match="finished"):
        session.rewrite(0, foreign)
