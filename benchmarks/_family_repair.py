"""Errors put into half-done canvases: what samplers that give tokens back make of them.

A wrong token is one that the language allows beside all other committed ones, so that nothing but the model's own
prediction speaks against it. Every sampler gets the same share of wrong tokens, when half of the text is committed
(for one that commits evenly: at half of its steps).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchmarks._documents import Document
from benchmarks._family_documents import Prepared, Tally
from benchmarks._measures import Passes
from benchmarks._report import Row
from benchmarks._runs import Job
from controlgen import Model, Session
from controlgen._result import Draft
from controlgen.constraints import InfeasibleConstraint, TokenAutomaton
from controlgen.samplers import LowConfidence, ReMDM, Sampler, TokenEditing, UniformRenoise

SHARE = 0.1


@dataclass(frozen=True)
class Plan:
    """How documents are decoded: a sampler, its steps and its temperature."""

    name: str
    sampler: Sampler
    steps: int
    temperature: float | None = None

    @property
    def label(self) -> str:
        heat = "" if self.temperature is None else f", temperature {self.temperature:g}"
        return f"{self.name}, {self.steps} steps{heat}"


@dataclass
class Damage:
    """What was put in: positions and tokens by document, and how many of them stood at the end."""

    seed: int
    placed: dict[int, dict[int, int]] = field(default_factory=dict)
    refused: int = 0
    total: int = 0
    left: int = 0

    def change(self, model: Model, session: Session, draft: Draft, job: Job) -> None:
        """Replace a share of the row's committed tokens."""
        automaton = model.automaton(job.language)
        chance = random.Random(1000 * self.seed + job.index)
        held = torch.where(draft.committed, draft.tokens, -1)
        wrong = corrupted(automaton, held, torch.tensor(model.vocabulary.is_text), chance)
        try:
            session.rewrite(draft.row, torch.where(wrong != held, wrong, -1))
        except InfeasibleConstraint:  # a sampler that draws and revises holds other tokens than its draft
            self.refused += 1
            return
        places = (wrong != held).nonzero()[:, 0].tolist()
        self.placed[job.index] = {place: int(wrong[place]) for place in places}
        self.total += len(places)

    def count(self, job: Job, result: Any) -> None:
        """How many of the wrong tokens stand in the output."""
        self.left += sum(int(result.tokens[place]) == token for place, token in self.placed.get(job.index, {}).items())


def corrupted(automaton: TokenAutomaton, held: Tensor, text: Tensor, chance: random.Random) -> Tensor:
    """The committed tokens (L,), -1 = open, with a share of them replaced by others that leave the canvas feasible.

    One after the other: a position is opened, and any other text token of its support takes its place.
    """
    out = held.clone()
    places = (held >= 0).nonzero()[:, 0].tolist()
    wanted = math.ceil(SHARE * len(places))
    chance.shuffle(places)
    blank = torch.zeros(1, 1).expand(len(held), automaton.vocab_size)
    for place in places:
        if wanted == 0:
            break
        opened = out.clone()
        opened[place] = -1
        allowed = automaton.posterior(blank, opened).support()[place] & text
        allowed[held[place]] = False
        others = allowed.nonzero()[:, 0].tolist()
        if others:
            out[place] = chance.choice(others)
            wanted -= 1
    return out


def run(prepared: Prepared, plan: Plan, *, corrupt: bool, seed: int = 0) -> tuple[Tally, Damage]:
    """All documents with one plan."""
    damage = Damage(seed)
    tally = prepared.run(
        change=(lambda session, draft, job: damage.change(prepared.model, session, draft, job)) if corrupt else None,
        ended=damage.count,
        label=plan.label,
        sampler=plan.sampler,
        steps=plan.steps,
        temperature=plan.temperature,
        seed=seed,
    )
    return tally, damage


def row(plan: Plan, tally: Tally, damage: Damage, *, corrupt: bool) -> Row:
    """A line of the table."""
    return {
        "decoding": plan.label,
        "wrong tokens put in": damage.total if corrupt else None,
        "left": damage.left / damage.total if damage.total else None,
        "fields": tally.score.share(),
        "records": tally.score.exact / tally.score.documents,
        "valid": tally.score.valid / tally.score.documents,
        "invalid drafts": f"{tally.invalid} of {tally.drafts:,}",
        "passes": Passes(tally.mean_passes),
    }


def candidates(steps: int) -> list[Plan]:
    """What remasks or edits, tried on the development half."""
    return [
        Plan("ReMDM loop, eta 0.1", ReMDM("loop", eta=0.1), 2 * steps, 0.0),
        Plan("ReMDM loop, eta 0.3", ReMDM("loop", eta=0.3), 2 * steps, 0.0),
        Plan("ReMDM rescale, eta 0.5", ReMDM("rescale", eta=0.5), 2 * steps, 0.0),
        Plan("ReMDM conf", ReMDM("conf"), 2 * steps, 0.0),
        Plan("ReMDM cap, eta 0.2", ReMDM("cap", eta=0.2), 2 * steps),
        Plan("TokenEditing", TokenEditing(1.0, 0.5), 2 * steps),
        Plan("UniformRenoise, bound 0.1", UniformRenoise(0.1), 2 * steps),
        Plan("UniformRenoise, bound 0.02, 3 stable", UniformRenoise(0.02, stability=3), 2 * steps),
    ]


def baselines(steps: int) -> list[Plan]:
    """What never takes a token back."""
    return [Plan("LowConfidence", LowConfidence(), steps)]


def compare(
    model: Model,
    documents: Sequence[Document],
    steps: int,
    plans: Sequence[Plan] | None = None,
    told: Callable[[Row], object] = lambda row: None,
) -> tuple[list[Row], list[Row], list[Plan]]:
    """Rows of the development half, rows of the other half, the best plan of each sampler on the first; `told` gets
    each row when it is known.
    """
    half = len(documents) // 2
    development, other = Prepared(model, documents[:half]), Prepared(model, documents[half:])
    tried = []
    for plan in [*baselines(steps), *(candidates(steps) if plans is None else plans)]:
        tried.append((plan, *run(development, plan, corrupt=True)))
        told(row(*tried[-1], corrupt=True))
    first = [row(plan, tally, damage, corrupt=True) for plan, tally, damage in tried]
    best: dict[type[Sampler], tuple[float, Plan]] = {}
    for plan, tally, _ in tried[1:]:
        fields = tally.score.share() or 0.0
        if fields > best.get(type(plan.sampler), (-1.0, plan))[0]:
            best[type(plan.sampler)] = (fields, plan)
    chosen = [plan for _, plan in best.values()]
    second = []
    for plan in [*baselines(steps), *chosen]:
        for corrupt in (False, True):
            tally, damage = run(other, plan, corrupt=corrupt)
            second.append({"corrupted": "yes" if corrupt else "no", **row(plan, tally, damage, corrupt=corrupt)})
            told(second[-1])
    return first, second, chosen
