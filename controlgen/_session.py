"""The denoising loop, one step at a time: logits -> align -> guidance -> posterior -> commits -> canvas.

A `Session` holds B rows that share a canvas length and a number of steps; each has a constraint, a seed and
an end of its own. It knows a `Denoiser` (logits for a canvas) and automata (exact queries), nothing of
tokenizers, prompts as text or model folders. What always holds: every row has a witness, a complete member of
its language that agrees with all fixed positions; only witness tokens are committed; the output is the last
witness.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from controlgen._commit import choose, quota, window
from controlgen._errors import ContextTooLong, ControlgenError, SessionError
from controlgen._families import Denoiser
from controlgen._options import Options
from controlgen._result import FinishReason, Result, StepOutput
from controlgen._row import Row, Task
from controlgen.constraints import ConstraintError, InfeasibleConstraint, Posterior, diagnose, posterior
from controlgen.guidance import StepContext, total

__all__ = ["Session", "Task"]

_FLATTENINGS = 7  # the last search for a verified candidate goes up to 2**6 times the temperature


@dataclass(frozen=True)
class _Reading:
    """What the queries of one step said about R rows of L positions; all on the CPU."""

    witness: Tensor  # (R, L) int64
    confidences: Tensor  # (R, L) float64
    ranking: Tensor | None  # (R, L) floating, higher is earlier; None where the order needs no query
    allowed: Tensor | None  # (R, L) int64, None where nobody asks
    log_z: list[float]  # R


class Session:
    """A generation that is driven from outside: call `step` until `done`, then `results`.

    Construction refuses what can't succeed (canvas too short, fixed tokens outside the language) and finds a
    first witness for each row; the model is not called before the first step. Iterating over a session steps
    it.

    Args:
        denoiser: the model.
        tasks: one per row.
        length: L, tokens of the canvas.
        options: how to run.
        strict: raise the error of the first row that can't start; False keeps it for `outcomes` and runs the
            rest.

    Raises:
        InfeasibleConstraint: no member of a row's language fits; the message has the least number of tokens.
        ContextTooLong: a prompt and the canvas together are longer than the model's context.
        OptionError: seeds that don't match the rows.
    """

    def __init__(
        self, denoiser: Denoiser, tasks: Sequence[Task], length: int, options: Options, *, strict: bool = True
    ) -> None:
        self._denoiser, self._options, self._length = denoiser, options, length
        self._started = time.perf_counter()
        self._step = 0
        self._last_seconds = 0.0
        self._conditioning: Any = None
        self._conditioned: list[int] = []
        self._rows: list[Row] = []
        self._errors: dict[int, Exception] = {}
        first = _FirstWitness(length)
        for index, (task, seed) in enumerate(zip(tasks, options.seeds(len(tasks)), strict=True)):
            try:
                _check_context(index, len(task.prompt), length, denoiser.family.context)
                self._rows.append(Row(index, task, first(index, task), seed, options))
            except (ConstraintError, ControlgenError) as error:
                if strict:
                    raise
                self._errors[index] = error

    @property
    def done(self) -> bool:
        """Whether every row is finished."""
        return not self._active

    @property
    def steps_taken(self) -> int:
        """How many steps were made."""
        return self._step

    @property
    def _active(self) -> list[Row]:
        return [row for row in self._rows if row.finish_reason is None]

    def __iter__(self) -> Iterator[StepOutput]:
        while not self.done:
            yield self.step()

    def step(self) -> StepOutput:
        """One forward pass over the rows that go on, and the commits that follow from it.

        When the deadline has come, no pass is made and the rows end with their witnesses.

        Raises:
            SessionError: the session is done.
            ValueError: the model's logits hold NaN or +inf; the message names row and position.
        """
        active = self._active
        if not active:
            raise SessionError(f"the session ended after {self._step} steps: ask results()")
        begun = time.perf_counter()
        if self._time_is_up(begun):
            return self._close(active, "deadline")
        logits, bias = self._predict(active)
        asked = time.perf_counter()
        reading = self._read(active, logits, bias)
        for index, row in enumerate(active):
            self._advance(row, index, reading, logits, bias)
        now = time.perf_counter()
        for row in active:
            row.constraint_seconds += (now - asked) / len(active)
        self._step += 1
        self._last_seconds = now - begun
        return self._output(active)

    def stop(self) -> StepOutput | None:
        """End the rows that go on with their present witnesses; None if there is none."""
        active = self._active
        return self._close(active, "stopped") if active else None

    def results(self) -> list[Result]:
        """The outputs, one per row.

        Raises:
            SessionError: a row goes on; `stop` would end it with its witness.
            VerificationError: for a constraint that is only `verified`: no candidate of a row passed.
        """
        return [_or_raise(outcome) for outcome in self.outcomes()]

    def result(self, row: int = 0) -> Result:
        """The output of one row; raises as `results` does."""
        return _or_raise(self.outcomes()[row])

    def outcomes(self) -> list[Result | Exception]:
        """Per row its output, or the error that it ended with.

        Raises:
            SessionError: a row goes on; `stop` would end it with its witness.
        """
        if not self.done:
            raise SessionError(f"{len(self._active)} rows go on: call step() until done, or stop()")
        found: dict[int, Result | Exception] = dict(self._errors)
        found.update({row.index: row.error or row.result() for row in self._rows})
        return [found[index] for index in sorted(found)]

    def _time_is_up(self, now: float) -> bool:
        deadline = self._options.deadline
        return deadline is not None and now - self._started + self._last_seconds > deadline

    def _close(self, rows: list[Row], reason: FinishReason) -> StepOutput:
        elapsed = time.perf_counter() - self._started
        for row in rows:
            row.finish(reason, elapsed)
        return self._output(rows, self._step)

    def _output(self, rows: list[Row], step: int | None = None) -> StepOutput:
        step = self._step - 1 if step is None else step
        drafts = tuple(row.draft(step) for row in rows if row.error is None)
        return StepOutput(step=step, drafts=drafts, done=self.done)

    def _predict(self, active: list[Row]) -> tuple[Tensor, Tensor | None]:
        """Logits (R, L, V) of the present canvas, and the summed log-factors of guidance, if any."""
        self._condition(active)
        committed = torch.stack([row.committed for row in active])  # (R, L)
        witness = torch.stack([row.witness for row in active])  # (R, L)
        canvas = torch.where(committed, witness, self._denoiser.family.mask_id)
        logits = self._denoiser.predict(canvas, self._conditioning)  # (R, L, V)
        blank = _OncePerStep(self._denoiser, canvas)
        context = StepContext(
            canvas=canvas,
            editable=~committed,
            logits=logits,
            step=self._step,
            steps=self._options.steps,
            progress=self._step / self._options.steps,
            unconditional=blank,
        )
        bias = total(self._options.guidances, context)
        for row in active:
            row.forward_passes += 1 + blank.passes
        return logits, bias

    def _condition(self, active: list[Row]) -> None:
        """Encode the prompts at the first step, and drop the rows that finished since the last one."""
        indices = [row.index for row in active]
        if not self._conditioned:
            self._conditioning = self._denoiser.encode([row.task.prompt for row in active])
        elif indices != self._conditioned:
            kept = torch.tensor([self._conditioned.index(index) for index in indices])
            self._conditioning = self._denoiser.select(self._conditioning, kept)
        self._conditioned = indices

    def _posterior(
        self, rows: list[Row], logits: Tensor, fixed: Tensor, bias: Tensor | None, flatten: float = 1.0
    ) -> Posterior:
        """The step's target for these rows: f = (logits + bias) / temperature, the temperature times
        `flatten`.
        """
        temperature = (self._options.temperature or 1.0) * flatten
        return posterior(
            [row.task.automaton for row in rows],
            logits,
            fixed.to(logits.device),
            temperature=temperature,
            bias=bias if bias is None or temperature == 1.0 else bias / temperature,
            normalize=True,
        )

    def _read(self, active: list[Row], logits: Tensor, bias: Tensor | None) -> _Reading:
        """Ask the step's posterior for the witness and for what the order of commits needs."""
        options = self._options
        target = self._posterior(active, logits, torch.stack([row.fixed for row in active]), bias)
        if options.witness == "sample":
            witness = target.sample([row.generator for row in active])
        else:
            witness = target.mode() if options.witness == "mode" else target.mbr()
        confidences = target.confidence(witness)
        ranking = None
        if options.order == "confidence":
            ranking = confidences
        elif options.order == "entropy":
            ranking = -target.entropy()
        elif options.order == "raw":
            ranking = target.raw_confidence(witness)
        return _Reading(
            witness=witness.cpu(),
            confidences=confidences.double().cpu(),
            ranking=None if ranking is None else ranking.cpu(),
            allowed=target.support_size().cpu() if options.trace or options.free_forced else None,
            log_z=target.log_z.tolist(),
        )

    def _advance(self, row: Row, index: int, reading: _Reading, logits: Tensor, bias: Tensor | None) -> None:
        """Take the witness, commit a part of it, and end the row when all of its text is committed."""
        row.adopt(reading.witness[index], reading.confidences[index], reading.log_z[index])
        if row.verifier is not None and not row.verified:
            self._redraw(row, logits[index : index + 1], None if bias is None else bias[index : index + 1])
        chosen = self._choose(row, index, reading)
        row.commit(chosen)
        if self._options.trace:
            assert reading.allowed is not None
            row.record(self._step, chosen, reading.allowed[index])
        if not bool(row.open_text.any()):
            row.finish("complete", time.perf_counter() - self._started)

    def _choose(self, row: Row, index: int, reading: _Reading) -> Tensor:
        """The positions that this step commits, (L,) bool."""
        options = self._options
        inside, steps = window(row.open_text, options.block_length, options.steps - self._step)
        extra = torch.zeros_like(inside)
        if options.threshold is not None:
            extra = inside & (row.confidences >= options.threshold)
        counted = inside
        if options.free_forced:
            assert reading.allowed is not None
            forced = inside & (reading.allowed[index] == 1)
            extra, counted = extra | forced, inside & ~forced
        ranking = self._ranking(row, index, reading)
        return choose(ranking, counted, quota(int(counted.sum()), steps)) | extra

    def _ranking(self, row: Row, index: int, reading: _Reading) -> Tensor:
        if reading.ranking is not None:
            return reading.ranking[index]
        if self._options.order == "random":
            return torch.rand(self._length, generator=row.generator)
        return -torch.arange(self._length, dtype=torch.float64)

    def _redraw(self, row: Row, logits: Tensor, bias: Tensor | None) -> None:
        """Look for a candidate that passes verification among draws from this step's posterior.

        At the last step, where nothing has passed yet, the canvas is opened again and the rest of the budget
        is spent, on draws that become flatter as they go on.
        """
        assert row.verifier is not None
        found = self._search(row, logits, bias, row.fixed, attempts=self._share_of_candidates())
        if found is None and self._step == self._options.steps - 1 and not row.has_passed:
            opened = row.task.fixed_tokens(self._length)
            for doubling in range(_FLATTENINGS):
                found = found or self._search(
                    row, logits, bias, opened, attempts=self._options.candidates, flatten=2.0**doubling
                )
        if found is not None:
            row.replace(*found)

    def _search(
        self,
        row: Row,
        logits: Tensor,
        bias: Tensor | None,
        fixed: Tensor,
        *,
        attempts: int,
        flatten: float = 1.0,
    ) -> tuple[Tensor, Tensor] | None:
        """A canvas (L,) that passes verification, with its confidences (L,), among the draws; or None."""
        assert row.verifier is not None
        target = self._posterior([row], logits, fixed[None], bias, flatten)
        tokens = row.verifier.search(lambda: target.sample([row.generator])[0].cpu(), attempts)
        return None if tokens is None else (tokens, target.confidence(tokens[None])[0].double().cpu())

    def _share_of_candidates(self) -> int:
        return max(1, self._options.candidates // (2 * self._options.steps))


class _OncePerStep:
    """The unconditional logits of one canvas, computed when first asked for; counts its forward passes."""

    def __init__(self, denoiser: Denoiser, canvas: Tensor) -> None:
        self._denoiser, self._canvas = denoiser, canvas
        self._logits: Tensor | None = None

    @property
    def passes(self) -> int:
        return 0 if self._logits is None else 1

    def __call__(self) -> Tensor:
        if self._logits is None:
            blank = self._denoiser.unconditional(self._canvas.shape[0])
            self._logits = self._denoiser.predict(self._canvas, blank)
        return self._logits


class _FirstWitness:
    """The shortest member of a language that fits a canvas: the witness before any forward pass.

    It is the mode under factors that know nothing but that stop and pad tokens are better than text. Rows
    with the same automaton and nothing fixed share it.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._known: dict[int, Tensor] = {}

    def __call__(self, index: int, task: Task) -> Tensor:
        key = id(task.automaton)
        if task.fixed is None and key in self._known:
            return self._known[key]
        witness = self._find(index, task)
        if task.fixed is None:
            self._known[key] = witness
        return witness

    def _find(self, index: int, task: Task) -> Tensor:
        automaton, length = task.automaton, self._length
        if automaton.min_tokens > length:
            why = (
                f"prompt {index}: the constraint needs at least {automaton.min_tokens} tokens and the "
                f"canvas has {length}; raise max_new_tokens to {automaton.min_tokens} or more"
            )
            raise self._infeasible(why, task)
        vocabulary = task.reader.vocabulary
        factors = torch.zeros(1, automaton.vocab_size)
        factors[:, [*vocabulary.stop_ids, *vocabulary.pad_ids]] = 1.0
        try:
            return automaton.posterior(factors.expand(length, -1), task.fixed_tokens(length)).mode()  # (L, V)
        except InfeasibleConstraint as error:
            raise self._infeasible(f"prompt {index}: {error}", task) from error

    def _infeasible(self, why: str, task: Task) -> InfeasibleConstraint:
        """The error, with the smallest set of parts that conflict where there are parts to tell apart."""
        apart = task.language is not None and (len(task.language.parts) > 1 or task.fixed is not None)
        conflict = None
        if apart and task.language is not None:
            conflict = diagnose(
                task.language, task.reader.vocabulary, length=self._length, fixed=task.fixed_tokens(self._length)
            )
        return InfeasibleConstraint(
            why if conflict is None else f"{why}; {conflict}",
            min_tokens=task.automaton.min_tokens,
            canvas=self._length,
            conflict=conflict,
        )


def _check_context(index: int, prompt: int, canvas: int, limit: int) -> None:
    if prompt + canvas > limit:
        raise ContextTooLong(prompt, canvas, limit, index)


def _or_raise(outcome: Result | Exception) -> Result:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
