"""How canvases are cut into blocks: each row's window, its automaton between the borders, and the rest as a witness.

A block of the family covers `block` positions of the sequence; a row's window is the part of it that lies in its
canvas. The automaton's state crosses a border with the tokens before it, and a window's automaton accepts where the
rest of the canvas can still be finished, the caller's fixed tokens there included. Knows no model and no steps.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from controlgen._prefix import Prefix
from controlgen._result import is_text
from controlgen._row import Row
from controlgen._target import Slot, Target
from controlgen.constraints import ConstraintError, Language, TokenAutomaton
from controlgen.constraints._arrays import AutomatonArrays
from controlgen.constraints._blocks import advance, block, completion, finishing
from controlgen.families import Family

__all__ = ["Borders", "ends_in", "has_ended"]


class Borders:
    """The present block of every row.

    Args:
        family: whose `block` and `block_origin` cut the canvases.
        prefix: where finished blocks go.
        inner: positions per block where a whole canvas is committed block after block.
    """

    def __init__(self, family: Family, prefix: Prefix, inner: int | None = None) -> None:
        self.inner = inner
        self._family, self._prefix = family, prefix
        self._index = 0
        self._finishing: dict[tuple[int, int], Tensor] = {}
        self._windows: dict[tuple[int, int, int], AutomatonArrays] = {}
        self._rests: dict[tuple[int, int, int, int], Tensor] = {}
        self._alive: dict[int, TokenAutomaton] = {}  # whose ids are keys

    def size(self, row: Row) -> int:
        """Positions of the present block, those of the prompt included."""
        return self._family.block or row.length

    def lead(self, row: Row) -> int:
        """How many tokens of the row's prompt stand before its canvas in the first block."""
        return self._family.lead(len(row.task.prompt))

    def offset(self, row: Row) -> int:
        """Where the row's window begins in the block."""
        return self.lead(row) if row.start == 0 else 0

    def enter(self, row: Row) -> None:
        """Set the row's window and its automaton to the present block."""
        size = self._family.block
        if size is None:
            return
        start = max(0, self._index * size - self.lead(row))
        stop = min(row.length, (self._index + 1) * size - self.lead(row))
        row.enter(start, stop, self._window(row, stop))

    def recompile(self, row: Row, language: Language) -> bool:
        """Go on under another language; False, and nothing has changed, where what is final stands against it.

        Raises:
            InfeasibleConstraint: no text at all is in the language.
        """
        assert row.task.compile is not None
        before = row.task, row.state, row.automaton
        automaton = row.task.compile(language)
        try:
            row.state = advance(automaton, automaton.start, row.witness[: row.start])
            row.task = replace(row.task, language=language, automaton=automaton)
            row.automaton = automaton if self._family.block is None else self._window(row, row.stop)
        except ConstraintError:
            if row.start == 0:
                raise
            row.task, row.state, row.automaton = before
            return False
        return True

    def advance(self, rows: list[Row]) -> None:
        """Go on to the next block; the finished one of these rows is part of what the network is told."""
        for row in rows:
            row.state = advance(row.task.automaton, row.state, row.witness[row.window])
        self._prefix.append({row.index: self._frame(row) for row in rows})
        self._index += 1

    def whole(self, row: Row, witness: Tensor) -> Tensor:
        """The canvas (L,) with tokens (n,) in its window: final before it, the shortest way to finish behind it."""
        if row.stop - row.start == row.length:
            return witness
        behind = self._rest(row, witness) if row.stop < row.length else witness[:0]
        return torch.cat((row.witness[: row.start], witness, behind))

    def slot(self, row: Row, index: int, fixed: Tensor | None = None) -> Slot:
        """The row's part of a step whose logits have it at `index`; fixed (L,) int64: other tokens than the row's."""
        tokens = (row.fixed if fixed is None else fixed)[row.window]
        return Slot(row=index, automaton=row.automaton, offset=self.offset(row), fixed=tokens)

    def begins(self, row: Row) -> bool:
        """Whether the row is about to begin a block whose first position is open and in its canvas."""
        return row.step == 0 and not row.block_done and self.offset(row) == 0 and not bool(row.filled[row.start])

    def first_position(self, row: Row, logits: Tensor) -> Target:
        """The posterior of the window's first position alone, where the rest can still be finished; logits (V,)."""
        rest = row.length - row.start - 1
        ways = block(row.task.automaton, row.state, self._finishing_of(row)[rest])
        fixed = row.fixed[row.start : row.start + 1]
        return Target([Slot(0, ways, 0, fixed)], logits[None, None], None, 1.0)

    def commit_first(self, row: Row, token: Tensor, chance: Tensor) -> None:
        """Commit a token (1,) at the window's first position; the witness goes on the shortest way from there."""
        state = advance(row.task.automaton, row.state, token)
        behind = row.start + 1
        fixed = None if row.task.fixed is None else row.task.fixed[behind:]
        rest = completion(row.task.automaton, state, row.length - behind, fixed)
        row.witness = torch.cat((row.witness[: row.start], token, rest))
        first = torch.zeros(row.stop - row.start, dtype=torch.bool)
        first[0] = True
        row.confidences = row.confidences.clone()
        row.confidences[row.start] = chance[0]
        row.keep(first, row.witness[row.window])

    def target_without_logits(self, row: Row) -> Target:
        """The row's window for boolean questions, which read no logits."""
        length, columns = row.stop - row.start, row.automaton.vocab_size
        blank = torch.zeros(1, 1, 1).expand(1, length, columns)
        return Target([Slot(0, row.automaton, 0, row.fixed[row.window])], blank, None, 1.0)

    def determined(self, row: Row, target: Target) -> bool:
        """Whether nothing is left to choose in the window: no open position may hold text."""
        free = ~row.filled[row.window]
        if not bool(free.any()):
            return True
        support = target.ask(lambda asked, _: asked.support())[0][free]  # (open, V)
        text = torch.tensor(row.task.reader.vocabulary.is_text)
        return not bool(support[:, text].any())

    # -- pieces -----------------------------------------------------------------------------------------------------

    def _window(self, row: Row, stop: int) -> AutomatonArrays:
        """The automaton of the paths from the row's state to where the rest can be finished."""
        rest = row.length - stop
        key = (id(row.task.automaton), row.state, rest)
        own = row.task.fixed is not None
        if own or key not in self._windows:
            accepting = self._finishing_of(row)[rest]
            made = block(row.task.automaton, row.state, accepting)
            if own:
                return made
            self._windows[key] = made
        return self._windows[key]

    def _finishing_of(self, row: Row) -> Tensor:
        key = (id(row.task.automaton), row.length if row.task.fixed is None else -1 - row.index)
        self._alive[id(row.task.automaton)] = row.task.automaton
        if key not in self._finishing:
            self._finishing[key] = finishing(row.task.automaton, row.length, row.task.fixed)
        return self._finishing[key]

    def _rest(self, row: Row, witness: Tensor) -> Tensor:
        """The shortest way to finish behind the window."""
        state = advance(row.task.automaton, row.state, witness)
        own = row.task.fixed is not None
        key = (id(row.task.automaton), -1 - row.index if own else 0, state, row.length - row.stop)
        if key not in self._rests:
            fixed = row.task.fixed[row.stop :] if row.task.fixed is not None else None
            self._rests[key] = completion(row.task.automaton, state, row.length - row.stop, fixed)
        return self._rests[key]

    def _frame(self, row: Row) -> Tensor:
        """The finished block (block,) int64 as the network sees it."""
        lead = self._prefix.lead(row.index) if row.start == 0 else row.witness[:0]
        return torch.cat((lead, row.witness[row.window]))


def has_ended(row: Row) -> bool:
    """Whether a row has finished its block and no text of it is to come."""
    return row.block_done and (row.stop >= row.length or ends_in(row, row.stop))


def ends_in(row: Row, stop: int) -> bool:
    """Whether the text of a row ends before a position."""
    return not bool(is_text(row.task.reader.vocabulary, row.witness[:stop]).all())
