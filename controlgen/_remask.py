"""What follows from a draft that a safety filter does not let pass: spans go back to noise, and are written otherwise.

"remask" adds a ban to the row's language, compiles it, and opens the tokens of the offensive spans again; "reweight"
takes nats off those tokens in the steps that follow. What can't change any more (finished blocks, tokens that the
caller fixed) stays; the output is then withheld at its end. Knows rows and their borders; no model and no sampler.
"""

from __future__ import annotations

from contextlib import suppress

import torch
from torch import Tensor

from controlgen._borders import Borders
from controlgen._first_witness import FirstWitness
from controlgen._row import Row
from controlgen._screen import Offence
from controlgen.constraints import BudgetExceeded, InfeasibleConstraint, Language, Text
from controlgen.constraints._blocks import completion
from controlgen.constraints._language import named
from controlgen.guidance.safety import without

__all__ = ["Remasking"]


class Remasking:
    """Sends offensive drafts back.

    Args:
        borders: the rows' windows.
    """

    def __init__(self, borders: Borders) -> None:
        self._borders = borders

    def __call__(self, row: Row, steps: int) -> bool:
        """Whether the row's language has changed, so that it needs another witness; `steps` of its window.

        Raises:
            InfeasibleConstraint: nothing of the row's language is left under the ban; names the parts that conflict.
        """
        assert row.screen is not None
        text = row.task.reader.text(row.witness)
        changed, touched = False, torch.zeros(row.length, dtype=torch.bool)
        for offence in row.screen.offences(text):
            name = offence.filter.name
            row.attempts[name] = row.attempts.get(name, 0) + 1
            if row.attempts[name] > offence.filter.attempts:
                continue
            positions = _covered(row, text, offence)
            touched |= positions
            if offence.filter.action == "remask":
                changed |= self._ban(row, text, offence, again=row.attempts[name] > 1)
            else:
                _penalise(row, positions, offence.filter.weight)
        if bool(touched.any()):
            self._reopen(row, touched, steps)
        if changed:
            row.witness = self._complete(row)
        return changed

    def _ban(self, row: Row, text: str, offence: Offence, *, again: bool) -> bool:
        """Bar what the filter promises to, at first if it can prove it; else what stands in the spans.

        A ban that makes the language too large is left out: the spans are drawn again without it, and scanned again.
        """
        spelled = sorted({text[start:end] for start, end in offence.spans if end > start})
        bans = [without(spelled)]
        if offence.filter.level == "proven" and not again:
            bans.insert(0, offence.filter.allowed())
        for banned in bans:
            part = named(Language(banned.term), f"filter {offence.filter.name!r}")
            language = (Text() if row.task.language is None else row.task.language) & part
            with suppress(BudgetExceeded):
                return self._borders.recompile(row, language)
        return False

    def _reopen(self, row: Row, positions: Tensor, steps: int) -> None:
        """Open positions (L,) bool of the window again, with steps to fill them even if the window had ended."""
        row.reopen(positions[row.window])
        if row.block_done:
            row.step = max(row.step - max(1, steps // 4), 0)
            row.block_done = False

    def _complete(self, row: Row) -> Tensor:
        """A first witness under the new ban; what stands against it in the window is opened too."""
        automaton, before = row.task.automaton, torch.arange(row.length) < row.start
        held = torch.where(row.filled | before, row.held, -1)
        try:
            return completion(automaton, automaton.start, row.length, held)
        except InfeasibleConstraint:
            row.reopen(torch.ones(row.stop - row.start, dtype=torch.bool))
        if row.start == 0:
            return FirstWitness()(row.index, row.task, row.length)
        return completion(automaton, automaton.start, row.length, torch.where(row.given | before, row.held, -1))


def _covered(row: Row, text: str, offence: Offence) -> Tensor:
    """The tokens (L,) bool that spell some byte of an offensive span."""
    reader = row.task.reader
    count = reader.text_length(row.witness)
    sizes = [len(reader.vocabulary.token(token)) for token in row.witness[:count].tolist()]
    ends = torch.tensor([0, *sizes]).cumsum(0)  # (count + 1,) in bytes
    covered = torch.zeros(row.length, dtype=torch.bool)
    for start, end in offence.spans:
        first, last = len(text[:start].encode()), len(text[:end].encode())
        covered[:count] |= (ends[:-1] < last) & (ends[1:] > first)
    return covered


def _penalise(row: Row, positions: Tensor, weight: float) -> None:
    for position in positions.nonzero()[:, 0].tolist():
        key = (position, int(row.witness[position]))
        row.penalties[key] = row.penalties.get(key, 0.0) + weight
