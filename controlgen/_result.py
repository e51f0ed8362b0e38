"""What a generation hands out: a `Draft` per row and step, a `StepOutput` per step, a `Result` per row.

Knows tokens, bytes and how a language reads its members; nothing of models and steps. Texts and values are
computed when first asked for, so that nobody pays for drafts that nobody reads.
"""

from __future__ import annotations

import math
from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from torch import Tensor

from controlgen._screen import Screen
from controlgen._trace import Trace
from controlgen.constraints import Vocabulary
from controlgen.guidance import ParticleCloud
from controlgen.guidance.safety import Verdict

__all__ = ["Draft", "FinishReason", "Reader", "Result", "StepOutput"]

FinishReason = Literal["complete", "deadline", "stopped"]


@dataclass(frozen=True)
class Reader:
    """Turns a canvas of one row into text and value.

    Attributes:
        vocabulary: the bytes of the tokens.
        parse: text to value.
        strict: the text must be UTF-8, as every member of a language is; without a language bytes may be
            anything and are replaced by U+FFFD.
    """

    vocabulary: Vocabulary
    parse: Callable[[str], Any]
    strict: bool = True

    def text_length(self, tokens: Tensor) -> int:
        """How many tokens stand before the first stop or pad token of a canvas (L,)."""
        return int((~is_text(self.vocabulary, tokens)).int().argmax()) if self._ends(tokens) else len(tokens)

    def text(self, tokens: Tensor) -> str:
        """The text of a canvas (L,): up to the first stop or pad token."""
        spelled = self.vocabulary.decode(tokens[: self.text_length(tokens)].tolist())
        return spelled.decode("utf-8", errors="strict" if self.strict else "replace")

    def prefix(self, tokens: Tensor, settled: Tensor) -> str:
        """What the leading settled tokens of a canvas (L,) spell, to the last whole character."""
        leading = int((~settled).int().argmax()) if not bool(settled.all()) else len(settled)
        count = min(leading, self.text_length(tokens))
        spelled = self.vocabulary.decode(tokens[:count].tolist())
        ended = count == self.text_length(tokens) and (count < leading or leading == len(settled))
        if ended:
            return spelled.decode("utf-8", errors="strict" if self.strict else "replace")
        decoder = getincrementaldecoder("utf-8")(errors="strict" if self.strict else "replace")
        return decoder.decode(spelled)

    def _ends(self, tokens: Tensor) -> bool:
        return not bool(is_text(self.vocabulary, tokens).all())


def is_text(vocabulary: Vocabulary, tokens: Tensor) -> Tensor:
    """Which tokens of a canvas (…, L) spell text, rather than stop or pad: bool (…, L)."""
    return tokens.new_tensor(vocabulary.is_text[tokens.cpu().numpy()]).bool()


@dataclass(frozen=True)
class Draft:
    """The complete valid output that a row had after a step, from which it might still depart.

    Attributes:
        row: index of the prompt in its batch.
        step: index of the step, from 0.
        tokens: (L,) int64, the whole canvas.
        committed: (L,) bool, positions whose tokens stand in the canvas; a sampler that revises may still change them.
        settled: (L,) bool, positions that can't change any more.
        predicted: (L,) bool, positions that a pass of the model has seen; behind them, where a canvas is decoded block
            by block, stands the shortest way to finish.
        confidences: (L,) float64, constrained probability of each token, at its commit or in this step.
        verified: False for a constraint that is only `verified` when this candidate did not pass.
        final: True for the row's last draft.
        screen: the safety filters of the row; drafts that do not pass them are not handed out.
    """

    row: int
    step: int
    tokens: Tensor
    committed: Tensor
    settled: Tensor
    predicted: Tensor
    confidences: Tensor
    verified: bool
    final: bool
    reader: Reader = field(repr=False)
    screen: Screen | None = field(default=None, repr=False)

    @cached_property
    def text(self) -> str:
        """The draft as text."""
        return self.reader.text(self.tokens)

    @property
    def passes(self) -> bool:
        """Whether the row's safety filters let the text pass."""
        return self.screen is None or self.screen.passes(self.text)

    @cached_property
    def settled_text(self) -> str:
        """The beginning of the text that can't change any more: what every later draft starts with.

        Under safety filters at most as much of it as they let pass.
        """
        settled = self.reader.prefix(self.tokens, self.settled)
        return settled if self.screen is None else self.screen.shown(settled)

    @cached_property
    def value(self) -> Any:
        """The draft as the output type's value; valid at every step."""
        return self.reader.parse(self.text)


@dataclass(frozen=True)
class StepOutput:
    """One step of a session.

    Attributes:
        step: index of the step, from 0.
        rows: the drafts of all rows that were not finished before the step; those that safety filters do not let pass
            among them: not to be shown.
        done: True after the last step of the session.
    """

    step: int
    rows: tuple[Draft, ...] = field(repr=False)
    done: bool

    @cached_property
    def drafts(self) -> tuple[Draft, ...]:
        """One for each row that was not finished before the step and whose text its safety filters let pass."""
        return tuple(draft for draft in self.rows if draft.passes)


@dataclass(frozen=True)
class Result:
    """The output of one row.

    Attributes:
        tokens: (L,) int64, the whole canvas: text tokens, then stop and pad tokens.
        confidences: (L,) float64, constrained probability of each token when it was committed (for positions
            that never were: in the last step); 1 for positions that the caller fixed, 0 if no forward pass
            took place.
        finish_reason: "complete" (all text was committed), "deadline" (the time was up: the text is the
            witness reached by then) or "stopped" (the caller ended the session).
        log_z: per step, log of the probability that an unconstrained draw is valid (nats, normalised
            factors).
        forward_passes: passes of the model for this row, those of guidance included, the prompt's not.
        cache_passes: passes that only stored finished blocks, where a family decodes block by block.
        elapsed: seconds from the start of the session until this row was finished.
        constraint_seconds: this row's share of the seconds spent in exact inference (its batch's, divided by
            rows).
        exactness: "exact", "verified" or, without a constraint, "free".
        seed: the seed that gives this output again.
        verdicts: what each safety filter says of the text and did about its drafts, in the order of the filters.
        particles: what became of all particles of the prompt, this one among them.
        trace: every step, if asked for; drafts that safety filters withheld among them.
    """

    tokens: Tensor
    confidences: Tensor
    finish_reason: FinishReason
    log_z: tuple[float, ...]
    forward_passes: int
    cache_passes: int
    elapsed: float
    constraint_seconds: float
    exactness: Literal["exact", "verified", "free"]
    seed: int
    reader: Reader = field(repr=False)
    verdicts: tuple[Verdict, ...] = ()
    particles: ParticleCloud | None = field(default=None, repr=False)
    trace: Trace | None = field(default=None, repr=False)

    @cached_property
    def text(self) -> str:
        """The text: what stands before the first stop token."""
        return self.reader.text(self.tokens)

    @cached_property
    def value(self) -> Any:
        """The text as the output type's value (`Language.parse`); without an output type the text itself."""
        return self.reader.parse(self.text)

    @property
    def text_tokens(self) -> int:
        """How many tokens the text has."""
        return self.reader.text_length(self.tokens)

    @property
    def tokens_per_forward(self) -> float:
        """Text tokens per forward pass, passes that only store blocks not counted; inf if no pass was made."""
        return self.text_tokens / self.forward_passes if self.forward_passes else math.inf
