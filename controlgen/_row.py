"""One row of a session: its task, its witness, what is committed, and how it ends.

Knows the state of a single canvas of L positions and the rule that only witness tokens are committed; no
model and no queries. `Task` says what a row is to write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from controlgen._options import Options
from controlgen._result import Draft, FinishReason, Reader, Result, is_text
from controlgen._trace import Trace, TraceStep
from controlgen._verify import Verifier
from controlgen.constraints import Language, TokenAutomaton

__all__ = ["Row", "Task"]


@dataclass(frozen=True)
class Task:
    """What one row is to write.

    Attributes:
        prompt: token ids.
        automaton: the constraint, or the free automaton where there is none.
        reader: text and value of a canvas.
        exactness: "exact", "verified" or "free".
        fixed: (L,) int64, tokens that the caller wants at their positions, -1 elsewhere; None: none.
        verify: the check of a `verified` constraint.
        segmented: whether the tokens of a canvas (L,) are the tokenizer's own, where that has to be checked.
        language: what the automaton was compiled from, so that a conflict can name its parts.
    """

    prompt: Sequence[int]
    automaton: TokenAutomaton
    reader: Reader
    exactness: Literal["exact", "verified", "free"]
    fixed: Tensor | None = None
    verify: Callable[[str], bool] | None = None
    segmented: Callable[[Tensor], bool] | None = None
    language: Language | None = None

    def fixed_tokens(self, length: int) -> Tensor:
        """(L,) int64, -1 at open positions."""
        return torch.full((length,), -1, dtype=torch.int64) if self.fixed is None else self.fixed


class Row:
    """The state of one canvas.

    Attributes:
        witness: (L,) int64, complete and valid, agrees with all committed positions.
        committed: (L,) bool.
        confidences: (L,) float64, see `Result.confidences`.
        finish_reason: None while the row goes on.
    """

    def __init__(self, index: int, task: Task, witness: Tensor, seed: int, options: Options) -> None:
        self.index, self.task, self.seed, self.options = index, task, seed, options
        self.generator = torch.Generator().manual_seed(seed)
        self.witness = witness
        self.committed = task.fixed_tokens(len(witness)) >= 0
        self.confidences = self.committed.double()
        checked = task.verify is not None or task.segmented is not None
        self.verifier = (
            Verifier(task.verify, task.reader.text, options.candidates, task.segmented) if checked else None
        )
        self.finish_reason: FinishReason | None = None
        self.error: Exception | None = None
        self.forward_passes = 0
        self.constraint_seconds = 0.0
        self.elapsed = 0.0
        self.log_z: list[float] = []
        self.trace: list[TraceStep] = []
        self._passed: tuple[Tensor, Tensor] | None = None  # last witness that passed verification, its confidences

    @property
    def fixed(self) -> Tensor:
        """(L,) int64: the committed tokens, -1 at open positions."""
        return torch.where(self.committed, self.witness, -1)

    @property
    def open_text(self) -> Tensor:
        """(L,) bool: open positions where the witness has text; stop and pad positions never count."""
        return is_text(self.task.reader.vocabulary, self.witness) & ~self.committed

    @property
    def verified(self) -> bool:
        """Whether the witness is known to be a member of the language."""
        return self.verifier is None or self.verifier.passes(self.witness)

    @property
    def has_passed(self) -> bool:
        """Whether any witness so far passed verification."""
        return self._passed is not None

    def adopt(self, witness: Tensor, confidences: Tensor, log_z: float) -> None:
        """Take a step's witness (L,), with the constrained probability of each token (L,)."""
        self.witness = witness
        self.confidences = torch.where(self.committed, self.confidences, confidences)
        self.log_z.append(log_z)
        if self.verifier is not None and self.verified:
            self._passed = (witness, self.confidences)

    def replace(self, witness: Tensor, confidences: Tensor) -> None:
        """Take another witness (L,) of the same step, one that passed verification."""
        self.witness, self.confidences = witness, confidences
        self._passed = (witness, confidences)

    def commit(self, positions: Tensor) -> None:
        """Fix the witness tokens at these positions, (L,) bool."""
        self.committed = self.committed | positions

    def finish(self, reason: FinishReason, elapsed: float) -> None:
        """End the row with its witness; a candidate that fails verification gives way to the last that
        passed.
        """
        if not self.verified:
            if self._passed is None:
                assert self.verifier is not None
                self.error = self.verifier.error(self.index)
            else:
                self.witness, self.confidences = self._passed
        self.committed = torch.ones_like(self.committed)
        self.finish_reason, self.elapsed = reason, elapsed

    def record(self, step: int, committed: Tensor, allowed: Tensor) -> None:
        """Add this step to the trace."""
        self.trace.append(
            TraceStep(
                step=step,
                canvas=tuple(self.fixed.tolist()),
                witness=tuple(self.witness.tolist()),
                confidences=tuple(self.confidences.tolist()),
                committed=tuple(committed.nonzero()[:, 0].tolist()),
                allowed=tuple(allowed.tolist()),
                log_z=self.log_z[-1],
                text=self.task.reader.text(self.witness),
            )
        )

    def draft(self, step: int) -> Draft:
        """The row's present output."""
        return Draft(
            row=self.index,
            step=step,
            tokens=self.witness,
            committed=self.committed,
            confidences=self.confidences,
            verified=self.verified,
            final=self.finish_reason is not None,
            reader=self.task.reader,
        )

    def result(self) -> Result:
        """The output of a finished row."""
        assert self.finish_reason is not None
        trace = Trace(len(self.witness), self.seed, self.options.summary(), tuple(self.trace))
        return Result(
            tokens=self.witness,
            confidences=self.confidences,
            finish_reason=self.finish_reason,
            log_z=tuple(self.log_z),
            forward_passes=self.forward_passes,
            elapsed=self.elapsed,
            constraint_seconds=self.constraint_seconds,
            exactness=self.task.exactness,
            seed=self.seed,
            reader=self.task.reader,
            trace=trace if self.options.trace else None,
        )
