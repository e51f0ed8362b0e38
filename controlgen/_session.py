"""The denoising loop, one step at a time: logits -> align -> guidance -> posterior -> sampler -> canvas.

A `Session` holds B rows; each has a constraint, a canvas length, a seed and an end of its own. It knows a `Denoiser`
(logits for a view), automata (exact queries) and a `Sampler` (what to commit), nothing of tokenizers, prompts as text
or model folders. What always holds: every row has a witness, a complete member of its language; only tokens of a
member are committed; the output is the last witness. Where a family decodes block by block, all rows work on the same
block, a row that has finished it waits, and its constraint speaks of the block's tokens that the rest of the canvas
can still complete.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from controlgen._borders import Borders, ends_in, has_ended
from controlgen._errors import ContextTooLong, ControlgenError, OptionError, SessionError
from controlgen._first_witness import FirstWitness
from controlgen._options import Options
from controlgen._population import Population
from controlgen._prefix import Prefix
from controlgen._remask import Remasking
from controlgen._result import FinishReason, Result, StepOutput, is_text
from controlgen._row import Row, Task
from controlgen._stepper import Stepper
from controlgen._views import Forward, Pass
from controlgen.constraints import ConstraintError, InfeasibleConstraint
from controlgen.constraints._blocks import completion
from controlgen.families import Denoiser
from controlgen.guidance import Cost

__all__ = ["Session", "Task"]


class Session:
    """A generation that is driven from outside: call `step` until `done`, then `results`.

    Construction refuses what can't succeed (canvas too short, fixed tokens outside the language) and finds a
    first witness for each row; the model is not called before the first step. Iterating over a session steps
    it.

    Args:
        denoiser: the model.
        tasks: one per row.
        length: L, tokens of the canvas; one number, or one per row.
        options: how to run.
        strict: raise the error of the first row that can't start; False keeps it for `outcomes` and runs the
            rest.

    Raises:
        InfeasibleConstraint: no member of a row's language fits; the message has the least number of tokens.
        ContextTooLong: a prompt and the canvas together are longer than the model's context.
        OptionError: seeds that don't match the rows, or a canvas that doesn't divide into the family's blocks.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        tasks: Sequence[Task],
        length: int | Sequence[int],
        options: Options,
        *,
        strict: bool = True,
    ) -> None:
        self._options = options.resolved(denoiser.family)
        denoiser = _with_block(denoiser, self._options.block_length)
        family = denoiser.family
        self._started = time.perf_counter()
        self._step = 0
        self._last_seconds = 0.0
        self._rows: list[Row] = []
        self._errors: dict[int, Exception] = {}
        lengths = [length] * len(tasks) if isinstance(length, int) else list(length)
        first = FirstWitness()
        particles = 1 if self._options.particles is None else self._options.particles.count
        for index, (task, canvas, seed) in enumerate(
            zip(tasks, lengths, self._options.seeds(len(tasks)), strict=True)
        ):
            try:
                _check_length(index, len(task.prompt), canvas, denoiser)
                witness = first(index, task, canvas)
                self._rows += [Row(index, task, witness, seed, self._options, one) for one in range(particles)]
            except (ConstraintError, ControlgenError) as error:
                if strict:
                    raise
                self._errors[index] = error
        prefix = Prefix(denoiser, {row.index: row.task.prompt for row in self._rows})
        self._borders = Borders(family, prefix, family.inner if family.block else self._options.block_length)
        self._forward = Forward(denoiser, prefix, self._borders, self._options)
        self._stepper = Stepper(family, self._borders, self._options)
        self._remasking = Remasking(self._borders)
        self._population = (
            Population(self._rows, self._options, family, self._stepper, self._borders, prefix)
            if self._options.particles is not None
            else None
        )
        self._enter(self._rows)

    @property
    def done(self) -> bool:
        """Whether every row is finished."""
        return not self._active

    @property
    def steps_taken(self) -> int:
        """How many steps were made."""
        return self._step

    @property
    def guidance_costs(self) -> tuple[Cost, ...]:
        """What each source of guidance has cost so far, in the order of the options; passes are of all rows at once."""
        return self._forward.costs

    @property
    def _active(self) -> list[Row]:
        return [row for row in self._rows if row.finish_reason is None]

    def __iter__(self) -> Iterator[StepOutput]:
        while not self.done:
            yield self.step()

    def step(self) -> StepOutput:
        """One forward pass over the rows that go on, and the commits that follow from it.

        When the deadline has come, or what is left is determined, no pass is made.

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
        self._jump(active)
        working = self._active
        if working and self._forward.family.carries and self._population is None:
            self._carry(working)
        if any(not row.block_done for row in working):
            self._denoise(working)
        self._settle_up()
        self._step += 1
        self._last_seconds = time.perf_counter() - begun
        return self._output(active)

    def stop(self) -> StepOutput | None:
        """End the rows that go on with their present witnesses; None if there is none."""
        active = self._active
        return self._close(active, "stopped") if active else None

    def rewrite(self, row: int, tokens: Tensor) -> None:
        """Put tokens into a row's canvas from outside, as if a step had committed them.

        Args:
            row: index of the row.
            tokens: (L,) int64, -1 where nothing changes; only positions of the block that is decoded now, and none
                that the caller fixed.

        Raises:
            InfeasibleConstraint: no member of the language has these tokens beside the committed ones; nothing changed.
            SessionError: the row is finished or unknown, or a position can't be rewritten.
        """
        if self._population is not None:
            raise SessionError("the weights of particles don't know of tokens from outside: give them as fixed")
        found = [candidate for candidate in self._active if candidate.prompt_index == row]
        if not found:
            raise SessionError(f"row {row} is finished or not there: nothing to rewrite")
        one, chosen = found[0], tokens >= 0
        outside = torch.ones_like(chosen)
        outside[one.window] = False
        if bool((chosen & (outside | one.given)).any()):
            raise SessionError(
                f"row {row}: only positions {one.start} to {one.stop - 1} that nobody fixed can be rewritten"
            )
        held = torch.where(chosen, tokens, torch.where(one.filled, one.held, -1))
        one.witness = completion(one.task.automaton, one.task.automaton.start, one.length, held)
        one.keep(chosen[one.window], tokens[one.window])
        one.block_done = False

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
        if self._population is None:
            found.update({row.prompt_index: row.error or row.result() for row in self._rows})
        else:
            for group in dict.fromkeys(row.prompt_index for row in self._rows):
                found[group] = self._population.outcome(group)
        return [found[index] for index in sorted(found)]

    # -- ends -------------------------------------------------------------------------------------------------------

    def _time_is_up(self, now: float) -> bool:
        deadline = self._options.deadline
        return deadline is not None and now - self._started + self._last_seconds > deadline

    def _close(self, rows: list[Row], reason: FinishReason) -> StepOutput:
        for row in rows:
            row.finish(reason, self._elapsed())
        return self._output(rows, self._step)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._started

    def _output(self, rows: list[Row], step: int | None = None) -> StepOutput:
        step = self._step - 1 if step is None else step
        if self._population is not None:
            rows = [self._population.shown(group) for group in dict.fromkeys(row.prompt_index for row in rows)]
        drafts = tuple(row.draft(step) for row in rows if row.error is None)
        return StepOutput(step=step, rows=drafts, done=self.done)

    # -- blocks -----------------------------------------------------------------------------------------------------

    def _enter(self, rows: list[Row]) -> None:
        """Let the rows go on with the present block of their canvases."""
        for row in rows:
            self._borders.enter(row)
            if ends_in(row, row.start):  # it waits for other particles of its prompt
                row.settle()
        self._forward.new_block()

    def _settle_up(self) -> None:
        """End the rows whose text is whole; when all others have finished the block, go on with the next."""
        for row in self._active:
            if self._population is not None and self._population.hold(row):
                continue
            if has_ended(row):
                row.finish("complete", self._elapsed())
        going = self._active
        if going and all(row.block_done for row in going):
            self._borders.advance(going)
            self._enter(going)

    def _jump(self, rows: list[Row]) -> None:
        """Commit what the constraint alone decides, and pass over blocks that it decides whole."""
        while self._options.jump and rows:
            self._commit_forced(rows)
            whole = all(row.block_done for row in rows)
            self._settle_up()
            rows = self._active if whole else []

    def _commit_forced(self, rows: list[Row]) -> None:
        """Positions where one token is left; a row without any choice left has finished its block."""
        waiting = [row for row in rows if not row.block_done]
        for row in waiting:
            target = self._borders.target_without_logits(row)
            forced = (target.support_size[0] == 1) & ~row.filled[row.window]
            if bool(forced.any()):
                row.keep(forced, row.witness[row.window])
            if not bool(row.open(ends=False).any()) and self._borders.determined(row, target):
                row.settle()

    def _carry(self, rows: list[Row]) -> None:
        """Commit the first position of a block that the pass over the block before has predicted already.

        Under a constraint only if it holds text: a stop token would end the text before anything else was seen.
        """
        fresh = [row for row in rows if self._borders.begins(row)]
        logits = self._forward.carried(rows) if fresh else None  # (R, V)
        if logits is None:
            return
        indices = [row.index for row in rows]
        for row in fresh:
            target = self._borders.first_position(row, logits[indices.index(row.index)])
            token = target.mode()[0]  # (1,)
            if self._stepper.ends(row) or bool(is_text(row.task.reader.vocabulary, token)):
                chance = target.confidence([token])[0]
                self._borders.commit_first(row, token, chance)
            if not bool(row.open(self._stepper.ends(row)).any()):
                row.settle()

    def _denoise(self, rows: list[Row]) -> None:
        """One pass of the model over the rows, and what follows for those that still work on their block."""
        shown = self._forward(rows, self._stepper.steps(rows[0]))
        asked = time.perf_counter()
        working = [row for row in rows if not row.block_done]
        fixed = [row.fixed for row in working]
        self._stepper(working, shown, self._step)
        self._send_back(working, shown)
        if self._population is not None:
            self._population.weigh(working, fixed, shown)
        for row in rows:
            row.constraint_seconds += (time.perf_counter() - asked) / len(rows)

    def _send_back(self, rows: list[Row], shown: Pass) -> None:
        """Let safety filters change the drafts that they do not let pass."""
        for row in rows:
            if row.screen is None or not row.screen.acts:
                continue
            try:
                if self._remasking(row, self._stepper.steps(row)):
                    self._stepper.renew(row, shown)
                row.note_passed()
            except InfeasibleConstraint as error:
                row.fail(error, self._elapsed())


def _check_length(index: int, prompt: int, canvas: int, denoiser: Denoiser) -> None:
    family = denoiser.family
    if prompt + canvas > family.context:
        raise ContextTooLong(prompt, canvas, family.context, index)
    if family.block is not None and family.block_origin == "canvas" and canvas % family.block:
        near = max(canvas // family.block, 1) * family.block
        raise OptionError(
            f"prompt {index}: max_new_tokens is {canvas}, which is no multiple of the block of {family.block} tokens "
            f"that {family.name} decodes at a time; use {near} or {near + family.block}"
        )
    if prompt == 0 and family.logit_shift:
        raise OptionError(
            f"prompt {index} is empty: {family.name} needs a token before the canvas to predict its first"
        )


def _with_block(denoiser: Denoiser, size: int | None) -> Denoiser:
    """The denoiser with another size of block, where its family decodes block by block and allows it."""
    family = denoiser.family
    if size is None or family.block in (None, size):
        return denoiser
    if not family.resizable:
        raise OptionError(f"block_length must be {family.block} for {family.name}, or left out; not {size}")
    resized = copy.copy(denoiser)
    resized.family = replace(family, block=size)
    return resized


def _or_raise(outcome: Result | Exception) -> Result:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
