"""What follows from one pass: the step's posterior is asked, the sampler moves, and witnesses are kept valid.

Knows rows, their windows and the answers of the posterior; makes no pass of the model and knows no sessions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from controlgen._borders import Borders
from controlgen._commit import window
from controlgen._options import Options
from controlgen._row import Row
from controlgen._target import Target
from controlgen._views import Pass
from controlgen.constraints import InfeasibleConstraint
from controlgen.families import Family
from controlgen.samplers import Moves, Reading

__all__ = ["Stepper"]

_FLATTENINGS = 7  # the last search for a verified candidate goes up to 2**6 times the temperature


@dataclass(frozen=True)
class _Answers:
    """What the queries of one step said, per row that was asked about; all on the CPU."""

    witness: list[Tensor]  # (n,) int64
    proposal: list[Tensor]  # (n,) int64, what is put into the canvas; the witness unless a sampler draws and revises
    confidence: list[Tensor]  # (n,) float64
    entropy: list[Tensor] | None
    raw: list[Tensor] | None
    margin: list[Tensor] | None
    log_total: list[Tensor] | None
    allowed: list[Tensor] | None
    log_z: list[float]


class Stepper:
    """Carries out the steps of rows.

    Args:
        family: of the model.
        borders: the rows' windows.
        options: with their sampler.
    """

    def __init__(self, family: Family, borders: Borders, options: Options) -> None:
        assert options.sampler is not None
        self._family, self._borders, self._options, self._sampler = family, borders, options, options.sampler

    def __call__(self, rows: list[Row], shown: Pass, step: int) -> None:
        """One step of the rows that work on their block; `step` counts over the whole session, for traces."""
        answers = self._read(rows, shown)
        for index, row in enumerate(rows):
            self._advance(row, index, answers, shown, step)

    def steps(self, row: Row) -> int:
        """How many steps a row has for its present block, by the schedule."""
        own = self._sampler.steps(row.stop - row.start, self._family.steps)
        return self._options.steps or own

    def ends(self, row: Row) -> bool:
        """Whether stop and pad positions are committed like any others."""
        if self._options.particles is not None and self._sampler.blind:
            return True  # positions are chosen without a look at the tokens, or the weights are not known
        return self._sampler.ranks_ends or (row.task.exactness == "free" and self._family.ranks_ends)

    def always_draws(self, row: Row) -> bool:
        """Whether the temperature is above 0 in every step."""
        if self._options.temperature is not None:
            return self._options.temperature > 0
        steps = self.steps(row)
        own = [self._sampler.temperature(step, steps) for step in range(steps)]
        return all(self._sampler.draws if heat is None else heat > 0 for heat in own)

    def renew(self, row: Row, shown: Pass) -> None:
        """Another witness from the same step's posterior, for a row whose language has changed."""
        target = self._target([row], shown)
        found = target.mode()[0] if self._temperature(row) == 0 else target.sample([row.generator])[0]
        row.witness = self._borders.whole(row, found)

    def target(self, rows: list[Row], shown: Pass) -> Target:
        """The posterior of the step's factors as the rows stand, at the temperature of their last step."""
        slots = [self._borders.slot(row, shown.rows.index(row.index)) for row in rows]
        return Target(slots, shown.logits, shown.bias, rows[0].temperature)

    def _temperature(self, row: Row) -> float:
        if self._options.temperature is not None:
            return self._options.temperature
        own = self._sampler.temperature(row.step, self.steps(row))
        return own if own is not None else float(self._sampler.draws)

    def _target(self, rows: list[Row], shown: Pass, flatten: float = 1.0, fixed: Tensor | None = None) -> Target:
        slots = [self._borders.slot(row, shown.rows.index(row.index), fixed) for row in rows]
        return Target(slots, shown.logits, shown.bias, (self._temperature(rows[0]) or 1.0) * flatten)

    def _read(self, rows: list[Row], shown: Pass) -> _Answers:
        """Ask the step's posterior for the witness and for what the sampler reads."""
        target = self._target(rows, shown)
        generators = [row.generator for row in rows]
        heat, source = self._temperature(rows[0]), self._options.witness
        for row in rows:
            row.temperature = heat or 1.0
        drawn = target.sample(generators) if heat > 0 and source in (None, "sample") else None
        if drawn is not None and not self._sampler.revises:
            witness = drawn
        else:
            witness = target.mbr() if source == "mbr" else target.mode()
        confidence = target.confidence(witness)
        reads = self._sampler.reads
        raw = target.raw_confidence(witness) if reads & {"raw", "log_total"} else None
        return _Answers(
            witness=witness,
            proposal=witness if drawn is None else drawn,
            confidence=confidence,
            entropy=target.entropy if "entropy" in reads else None,
            raw=raw,
            margin=target.margin if "margin" in reads else None,
            log_total=_log_totals(rows, target, raw, confidence) if "log_total" in reads else None,
            allowed=target.support_size if self._options.trace else None,
            log_z=target.log_z,
        )

    def _advance(self, row: Row, index: int, answers: _Answers, shown: Pass, step: int) -> None:
        """Take the witness, let the sampler move, and end the block when it is done."""
        row.adopt(self._borders.whole(row, answers.witness[index]), answers.confidence[index], answers.log_z[index])
        if row.verifier is not None and not row.verified:
            self._redraw(row, shown)
        last = row.step >= self.steps(row) + self._sampler.extra_steps - 1
        reading = self._reading(row, index, answers)
        moves = self._sampler.step(reading)
        # A redrawn witness is what verification passed: nothing else may be put into the canvas.
        redrawn = not torch.equal(row.witness[row.window], answers.witness[index])
        commit = self._apply(row, moves, reading, row.witness[row.window] if redrawn else answers.proposal[index], last)
        if self._sampler.revises and not self._sampler.reopens:
            self._reconcile(row, shown)
        if self._options.trace:
            assert answers.allowed is not None
            committed = torch.zeros_like(row.given)
            committed[row.window] = commit
            row.record(step, committed, answers.allowed[index])
        row.step += 1
        if last or moves.done or self._is_filled(row):
            if row.verifier is not None and not row.verified and not row.has_passed:
                self._last_search(row, shown)
            row.settle()

    def _is_filled(self, row: Row) -> bool:
        """Whether nothing can be taken back and nothing is left to commit, or nothing before the text's end."""
        if self._sampler.revises or self._sampler.reopens:
            return False
        if not bool(row.open(self.ends(row)).any()):
            return True
        return self._family.block is not None and row.ends_in_kept

    def _reading(self, row: Row, index: int, answers: _Answers) -> Reading:
        steps = self.steps(row)
        inside, remaining = self._part(row, max(steps - row.step, 1))
        row.filled_for = 0 if bool(row.open(self.ends(row)).any()) else row.filled_for + 1
        part = row.window
        return Reading(
            witness=row.witness[part],
            held=row.held[part],
            open=inside,
            committed=row.kept[part],
            confidence=row.confidences[part] if not self._sampler.revises else answers.confidence[index],
            entropy=None if answers.entropy is None else answers.entropy[index],
            raw=None if answers.raw is None else answers.raw[index],
            margin=None if answers.margin is None else answers.margin[index],
            log_total=None if answers.log_total is None else answers.log_total[index],
            taken_at=row.confidences[part],
            step=row.step,
            steps=steps,
            remaining=remaining,
            length=self._borders.size(row),
            unchanged=row.unchanged,
            filled_for=row.filled_for,
            generator=row.generator,
        )

    def _part(self, row: Row, steps: int) -> tuple[Tensor, int]:
        """The open positions that are in turn, (n,) bool, and in how many steps they have to be committed."""
        offset = self._borders.offset(row)
        free = row.open(self.ends(row))
        inside, remaining = window(torch.cat((free.new_zeros(offset), free)), self._borders.inner, steps)
        return inside[offset:], remaining

    def _apply(self, row: Row, moves: Moves, reading: Reading, tokens: Tensor, last: bool) -> Tensor:
        """Carry out a sampler's moves; (n,) bool: what was committed."""
        commit = moves.commit & (reading.open | (reading.committed if self._sampler.revises else False))
        if last or moves.done:
            commit = commit | reading.open
        elif moves.reopen is not None:
            row.reopen(moves.reopen & reading.committed)
        row.keep(commit, tokens)
        return commit

    def _reconcile(self, row: Row, shown: Pass) -> None:
        """Make the witness agree with the canvas after edits, or the canvas with the witness where that can't be."""
        kept = row.kept[row.window]
        if bool((row.witness[row.window] == row.held[row.window])[kept].all()):
            return
        try:
            agreed = self._target([row], shown, fixed=torch.where(row.filled, row.held, -1)).mode()[0]
            row.witness = self._borders.whole(row, agreed)
        except InfeasibleConstraint:
            row.keep(kept, row.witness[row.window])

    # -- candidates of verified constraints -------------------------------------------------------------------------

    def _redraw(self, row: Row, shown: Pass) -> None:
        """Look for a candidate that passes verification among draws from this step's posterior."""
        assert row.verifier is not None
        share = max(1, self._options.candidates // (2 * self.steps(row)))
        found = self._search(row, shown, row.fixed, attempts=share)
        if found is not None:
            row.replace(*found)

    def _last_search(self, row: Row, shown: Pass) -> None:
        """Before a block ends without anything that passed: open it again and spend the rest of the budget.

        The draws become flatter as they go on.
        """
        opened = torch.where(row.given | (torch.arange(row.length) < row.start), row.held, -1)
        found = None
        for doubling in range(_FLATTENINGS):
            found = found or self._search(
                row, shown, opened, attempts=self._options.candidates, flatten=2.0**doubling
            )
        if found is not None:
            row.replace(*found)

    def _search(
        self, row: Row, shown: Pass, fixed: Tensor, *, attempts: int, flatten: float = 1.0
    ) -> tuple[Tensor, Tensor] | None:
        """A canvas (L,) that passes verification, with its confidences (n,), among the draws; or None."""
        assert row.verifier is not None
        target = self._target([row], shown, flatten, fixed)
        tokens = row.verifier.search(
            lambda: self._borders.whole(row, target.sample([row.generator])[0]), attempts
        )
        return None if tokens is None else (tokens, target.confidence([tokens[row.window]])[0])


def _log_totals(
    rows: list[Row], target: Target, raw: list[Tensor] | None, confidence: list[Tensor]
) -> list[Tensor]:
    """log Σ e^f per position; without a constraint over the tokens that may be written only."""
    assert raw is not None
    totals = target.raw_log_normalizer
    return [
        total + ((chance / marginal).log() if row.task.exactness == "free" else 0.0)
        for row, total, chance, marginal in zip(rows, totals, raw, confidence, strict=True)
    ]
