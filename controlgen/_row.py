"""One row of a session: its task, its witness, what stands in its canvas, and how it ends.

Knows the state of a single canvas of L positions and how it is cut into blocks; no model and no queries. `Task` says
what a row is to write. A position is *given* (the caller fixed it), *kept* (a step put the token there; it may be
edited or given back), or open. What lies before `start` is final.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from controlgen._errors import BlockedOutput
from controlgen._options import Options
from controlgen._result import Draft, FinishReason, Reader, Result, is_text
from controlgen._screen import Screen
from controlgen._trace import Trace, TraceStep
from controlgen._verify import Verifier
from controlgen.constraints import Language, TokenAutomaton
from controlgen.constraints._arrays import AutomatonArrays
from controlgen.guidance.safety import SafetyFilter

__all__ = ["Row", "Task"]

_STRIDE = 0x9E3779B97F4A7C15  # between the seeds of the particles of one prompt
_STATE = (
    "_passed", "attempts", "automaton", "block_done", "cache_passes", "confidences", "constraint_seconds", "filled_for",
    "forward_passes", "held", "kept", "log_z", "penalties", "start", "state", "step", "stop", "task", "temperature",
    "trace", "unchanged", "witness",
)  # fmt: skip


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
        compile: compiles another language as this one was, for a ban that is added on the way.
        filters: what the output has to pass; those with a ban are part of the language.
        text: the prompt as the caller gave it.
    """

    prompt: Sequence[int]
    automaton: TokenAutomaton
    reader: Reader
    exactness: Literal["exact", "verified", "free"]
    fixed: Tensor | None = None
    verify: Callable[[str], bool] | None = None
    segmented: Callable[[Tensor], bool] | None = None
    language: Language | None = None
    compile: Callable[[Language], TokenAutomaton] | None = None
    filters: tuple[SafetyFilter, ...] = ()
    text: str = ""

    def fixed_tokens(self, length: int) -> Tensor:
        """(L,) int64, -1 at open positions."""
        return torch.full((length,), -1, dtype=torch.int64) if self.fixed is None else self.fixed


class Row:
    """The state of one canvas.

    Attributes:
        index: of the row among all rows; `prompt_index`: of its prompt, which several particles may share.
        witness: (L,) int64, complete and valid, agrees with all final positions, and with all kept ones unless the
            sampler revises.
        held: (L,) int64, the tokens in the canvas, where given or kept.
        given, kept: (L,) bool.
        confidences: (L,) float64, see `Result.confidences`.
        start, stop: the window of the canvas that is decoded now.
        automaton: of the window.
        step: index of the step within the window.
        block_done: the window needs no further step.
        finish_reason: None while the row goes on.
    """

    def __init__(
        self, index: int, task: Task, witness: Tensor, seed: int, options: Options, particle: int = 0
    ) -> None:
        assert options.sampler is not None
        count = 1 if options.particles is None else options.particles.count
        self.index, self.prompt_index = index * count + particle, index
        self.task, self.seed, self.options = task, seed, options
        self.sampler = options.sampler
        self.generator = torch.Generator().manual_seed((seed + particle * _STRIDE) % 2**63)
        self.temperature = 1.0
        self.length = len(witness)
        self.witness = witness
        self.given = task.fixed_tokens(self.length) >= 0
        self.kept = torch.zeros_like(self.given)
        self.held = witness.clone()
        self.confidences = self.given.double()
        self.screen = Screen(task.filters, task.text) if task.filters else None
        self.penalties: dict[tuple[int, int], float] = {}  # (position, token) -> nats that a filter takes off
        self.attempts: dict[str, int] = {}  # filter -> how often a draft was sent back
        self.verifier = _verifier(task, self.screen, options.candidates)
        self.automaton: AutomatonArrays = task.automaton
        self.state = task.automaton.start
        self.start, self.stop = 0, self.length
        self.step = self.unchanged = self.filled_for = 0
        self.block_done = False
        self.finish_reason: FinishReason | None = None
        self.error: Exception | None = None
        self.forward_passes = self.cache_passes = 0
        self.constraint_seconds = self.elapsed = 0.0
        self.log_z: list[float] = []
        self.trace: list[TraceStep] = []
        self._passed: tuple[Tensor, Tensor] | None = None  # last witness that passed verification, its confidences

    # -- what stands where ------------------------------------------------------------------------------------------

    @property
    def window(self) -> slice:
        """The positions that are decoded now."""
        return slice(self.start, self.stop)

    @property
    def filled(self) -> Tensor:
        """(L,) bool: given or kept."""
        return self.given | self.kept

    @property
    def fixed(self) -> Tensor:
        """(L,) int64: what the posterior takes as fixed, -1 at open positions."""
        certain = self.given | self.final if self.sampler.revises else self.filled
        return torch.where(certain, self.held, -1)

    @property
    def final(self) -> Tensor:
        """(L,) bool: positions that can't change any more."""
        if self.finish_reason is not None:
            return torch.ones_like(self.given)
        before = torch.arange(self.length) < self.start
        acts = self.screen is not None and self.screen.acts
        changes = self.sampler.revises or self.sampler.reopens or self.verifier is not None or acts
        return before | (self.given if changes else self.filled)

    def open(self, ends: bool) -> Tensor:
        """(n,) bool: positions of the window that may be committed; stop and pad tokens only if `ends`."""
        free = ~self.filled[self.window]
        return free if ends else free & is_text(self.task.reader.vocabulary, self.witness[self.window])

    @property
    def verified(self) -> bool:
        """Whether the witness is known to be a member of the language."""
        return self.verifier is None or self.verifier.passes(self.witness)

    @property
    def blocked(self) -> bool:
        """Whether a filter does not let the witness pass."""
        return self.screen is not None and not self.screen.passes(self.task.reader.text(self.witness))

    @property
    def has_passed(self) -> bool:
        """Whether a witness that agrees with everything final passed verification."""
        return self._passed is not None and bool((self._passed[0] == self.witness)[: self.start].all())

    @property
    def ends_in_kept(self) -> bool:
        """Whether the filled positions at the window's beginning hold the end of the text."""
        filled = self.filled[self.window]
        leading = len(filled) if bool(filled.all()) else int((~filled).int().argmax())
        return not bool(is_text(self.task.reader.vocabulary, self.held[self.window][:leading]).all())

    # -- moves ------------------------------------------------------------------------------------------------------

    def enter(self, start: int, stop: int, automaton: AutomatonArrays) -> None:
        """Go on with another window of the canvas."""
        self.start, self.stop, self.automaton = start, stop, automaton
        self.step = self.unchanged = self.filled_for = 0
        self.block_done = False

    def adopt(self, witness: Tensor, confidences: Tensor, log_z: float) -> None:
        """Take a step's witness (L,), with the constrained probability of each token of the window (n,)."""
        window = self.window
        same = torch.equal(witness[window], self.witness[window])
        self.unchanged = self.unchanged + 1 if self.step and same else 0
        self.witness = witness
        settled = self.given if self.sampler.revises else self.filled
        self.confidences = self.confidences.clone()
        self.confidences[window] = torch.where(settled[window], self.confidences[window], confidences)
        self.log_z.append(log_z)
        self.note_passed()

    def replace(self, witness: Tensor, confidences: Tensor) -> None:
        """Take another witness (L,) of the same step that passed verification; confidences (n,)."""
        self.witness = witness
        self.confidences = self.confidences.clone()
        self.confidences[self.window] = confidences
        self.held = torch.where(self.kept, witness, self.held)
        self._passed = (witness, self.confidences)

    def note_passed(self) -> None:
        """Remember the witness where it may be needed in place of a later one that fails."""
        acts = self.screen is not None and self.screen.acts
        if (acts or self.verifier is not None) and self.verified and not (acts and self.blocked):
            self._passed = (self.witness, self.confidences)

    def keep(self, commit: Tensor, tokens: Tensor) -> None:
        """Put tokens (n,) into the canvas at positions (n,) bool of the window."""
        self.held, self.kept = self.held.clone(), self.kept.clone()
        self.held[self.window] = torch.where(commit, tokens, self.held[self.window])
        self.kept[self.window] |= commit & ~self.given[self.window]

    def reopen(self, positions: Tensor) -> None:
        """Give kept positions (n,) bool of the window back to noise."""
        self.kept = self.kept.clone()
        self.kept[self.window] &= ~positions

    def settle(self) -> None:
        """End the window with its witness; one that fails verification gives way to the last that passed."""
        if not self.verified:
            self._fall_back()
        self.keep(torch.ones(self.stop - self.start, dtype=torch.bool), self.witness[self.window])
        self.block_done = True

    def finish(self, reason: FinishReason, elapsed: float) -> None:
        """End the row with its witness; one that fails verification or a filter gives way to the last that passed."""
        self.finish_reason, self.elapsed, self.block_done = reason, elapsed, True
        if not self.verified or self.blocked:
            self._fall_back()
        if self.blocked:
            assert self.screen is not None
            verdicts = self.screen.verdicts(self.task.reader.text(self.witness))
            self.error = self.screen.error or BlockedOutput(verdicts, self.prompt_index)
        elif not self.verified:
            assert self.verifier is not None
            self.error = self.verifier.error(self.prompt_index)

    def fail(self, error: Exception, elapsed: float) -> None:
        """End the row with an error."""
        self.finish_reason, self.elapsed, self.block_done, self.error = "stopped", elapsed, True, error

    def _fall_back(self) -> None:
        """Take the last witness that passed, unless a filter blocks whatever fails in the end."""
        blocked = self.screen is not None and self.screen.is_blocked(self.task.reader.text(self.witness))
        if self.has_passed and not blocked:
            assert self._passed is not None
            self.witness, self.confidences = self._passed

    # -- copies -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything that makes this canvas what it is; not its place, its generator and its checks."""
        return {name: copy.copy(getattr(self, name)) for name in _STATE}

    def load_state(self, state: dict[str, Any]) -> None:
        """Become a copy of another canvas of the same prompt."""
        for name, value in state.items():
            setattr(self, name, copy.copy(value))

    # -- what is handed out -----------------------------------------------------------------------------------------

    def record(self, step: int, committed: Tensor, allowed: Tensor) -> None:
        """Add this step to the trace: the positions (L,) bool that it committed, the tokens allowed in its window."""
        counts = torch.zeros(self.length, dtype=torch.int64)
        counts[self.window] = allowed
        self.trace.append(
            TraceStep(
                step=step,
                canvas=tuple(torch.where(self.filled, self.held, -1).tolist()),
                witness=tuple(self.witness.tolist()),
                confidences=tuple(self.confidences.tolist()),
                committed=tuple(committed.nonzero()[:, 0].tolist()),
                allowed=tuple(counts.tolist()),
                log_z=self.log_z[-1],
                text=self.task.reader.text(self.witness),
            )
        )

    def draft(self, step: int) -> Draft:
        """The row's present output."""
        final = self.final
        return Draft(
            row=self.prompt_index,
            step=step,
            tokens=self.witness,
            committed=final | self.filled,
            settled=final,
            predicted=torch.arange(self.length) < self.stop,
            confidences=self.confidences,
            verified=self.verified,
            final=self.finish_reason is not None,
            reader=self.task.reader,
            screen=self.screen,
        )

    def result(self) -> Result:
        """The output of a finished row."""
        assert self.finish_reason is not None
        trace = Trace(self.length, self.seed, self.options.summary(), tuple(self.trace))
        return Result(
            tokens=self.witness,
            confidences=self.confidences,
            finish_reason=self.finish_reason,
            log_z=tuple(self.log_z),
            forward_passes=self.forward_passes,
            cache_passes=self.cache_passes,
            elapsed=self.elapsed,
            constraint_seconds=self.constraint_seconds,
            exactness=self.task.exactness,
            seed=self.seed,
            reader=self.task.reader,
            verdicts=() if self.screen is None else self.screen.verdicts(self.task.reader.text(self.witness)),
            trace=trace if self.options.trace else None,
        )


def _verifier(task: Task, screen: Screen | None, candidates: int) -> Verifier | None:
    """The checks of single candidates: what the constraint leaves to them, and the filters that draw again."""
    resamples = screen is not None and screen.resamples
    if task.verify is None and task.segmented is None and not resamples:
        return None
    verify = task.verify

    def check(text: str) -> bool:
        return (verify is None or verify(text)) and (screen is None or screen.passes_resampling(text))

    return Verifier(check if resamples else verify, task.reader.text, candidates, task.segmented)
