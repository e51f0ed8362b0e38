"""What can go wrong when a model is loaded or run, each in one line that names the place and the way out.

    ControlgenError (Exception)
    ├── ModelNotFound        no model folder under that name
    ├── ModelFolderError     a model folder that is damaged or of an unknown family
    ├── OptionError          (also ValueError) an option outside its range
    ├── NotADiffusionModel   (a ModelFolderError) a model that writes left to right, or something else
    ├── ModelOutputError     (also ValueError) a network whose logits don't fit its family
    ├── ContextTooLong       (also ValueError) the prompt and the canvas don't fit the model's context
    ├── VerificationError    no candidate of a verified constraint passed within the budget
    ├── BlockedOutput        an output that a safety filter does not let pass
    ├── FilterError          a safety filter that failed itself: nothing passes
    ├── RewardError          a reward of particles that holds every output for impossible
    ├── SessionError         a session was driven past its end
    └── TraceError           (also ValueError) a trace file that can't be read

The errors of `controlgen.constraints` (ConstraintError and below) stay what they are and are re-exported
here, on first use, because importing them loads torch. This module knows no model and no constraint.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlgen.constraints._errors import BudgetExceeded as BudgetExceeded
    from controlgen.constraints._errors import ConstraintError as ConstraintError
    from controlgen.constraints._errors import InfeasibleConstraint as InfeasibleConstraint
    from controlgen.constraints._errors import UnsupportedConstraint as UnsupportedConstraint
    from controlgen.constraints._errors import VocabularyError as VocabularyError
    from controlgen.guidance.safety import Verdict

__all__ = [
    "BlockedOutput",
    "BudgetExceeded",
    "ConstraintError",
    "ContextTooLong",
    "ControlgenError",
    "FilterError",
    "InfeasibleConstraint",
    "ModelFolderError",
    "ModelNotFound",
    "ModelOutputError",
    "NotADiffusionModel",
    "OptionError",
    "RewardError",
    "SessionError",
    "TraceError",
    "UnsupportedConstraint",
    "VerificationError",
    "VocabularyError",
]

_CONSTRAINT_ERRORS = frozenset(
    ("BudgetExceeded", "ConstraintError", "InfeasibleConstraint", "UnsupportedConstraint", "VocabularyError")
)


class ControlgenError(Exception):
    """Base of every error of the loop and of the models."""


class ModelNotFound(ControlgenError):
    """There is no model folder under the given name; nothing is downloaded unasked."""


class ModelFolderError(ControlgenError):
    """A model folder is damaged, incomplete, or of a family that is not known."""


class NotADiffusionModel(ModelFolderError):
    """A model whose configuration names no diffusion family."""


class ModelOutputError(ControlgenError, ValueError):
    """A network gives logits that don't fit its family: wrong rows, positions or columns."""


class OptionError(ControlgenError, ValueError):
    """An option is outside its range, or two options exclude each other."""


class ContextTooLong(ControlgenError, ValueError):
    """The prompt does not fit the model's context beside the canvas.

    Attributes:
        tokens: tokens of the prompt.
        canvas: tokens of the canvas.
        limit: tokens of the context.
        row: index of the prompt in its batch.
    """

    def __init__(self, tokens: int, canvas: int, limit: int, row: int = 0) -> None:
        self.tokens, self.canvas, self.limit, self.row = tokens, canvas, limit, row
        super().__init__(
            f"prompt {row} has {tokens} tokens and the canvas {canvas}: together more than the model's "
            f"context of {limit}; shorten the text to {max(limit - canvas, 0)} tokens or lower max_new_tokens"
        )


class VerificationError(ControlgenError):
    """A constraint is only `verified`, and no candidate within the budget passed.

    Attributes:
        candidates: how many distinct candidates were checked.
        row: index of the prompt in its batch.
    """

    def __init__(self, candidates: int, row: int = 0) -> None:
        self.candidates, self.row = candidates, row
        super().__init__(
            f"prompt {row}: none of {candidates} candidates passed the constraint's verification; raise "
            "candidates, use witness='sample' with a temperature, or drop the verified keyword"
        )


class BlockedOutput(ControlgenError):
    """A safety filter does not let an output pass, whatever was tried; the message does not repeat the text.

    Attributes:
        verdicts: one per filter, with the text that was judged.
        row: index of the prompt in its batch.
    """

    def __init__(self, verdicts: tuple[Verdict, ...], row: int = 0) -> None:
        self.verdicts, self.row = verdicts, row
        failed = [
            f"{verdict.filter!r} (risk {verdict.risk:.2f}{_places(verdict.spans)})"
            for verdict in verdicts
            if not verdict.passed
        ]
        super().__init__(
            f"prompt {row}: the output was blocked by the safety filter{'s' * (len(failed) > 1)} {', '.join(failed)}; "
            "see verdicts, and change the prompt, the seed or the filter's action"
        )


def _places(spans: tuple[tuple[int, int], ...]) -> str:
    shown = ", ".join(f"{start}–{end}" for start, end in spans[:3])
    return f" at {shown}{', …' * (len(spans) > 3)}" if spans else ""


class FilterError(ControlgenError):
    """A safety filter raised, or gave a finding that makes no sense; what it was to judge is withheld.

    Attributes:
        filter: the filter's name.
    """

    def __init__(self, filter: str, what: str) -> None:
        self.filter = filter
        super().__init__(f"safety filter {filter!r} {what}; nothing passes a filter that fails")


class RewardError(ControlgenError):
    """The reward of particles is -inf for every one of them in the end.

    Attributes:
        row: index of the prompt in its batch.
    """

    def __init__(self, texts: tuple[str, ...], row: int = 0) -> None:
        self.row = row
        super().__init__(
            f"prompt {row}: the reward is -inf for all {len(texts)} particles, {texts[0][:80]!r} among them; give what "
            "is only bad a finite reward, take more particles, or put what is impossible into the constraint"
        )


class SessionError(ControlgenError):
    """A session was stepped after its end, or asked for something that it does not hold."""


class TraceError(ControlgenError, ValueError):
    """A trace is not JSON, not a trace, or of a version that this release does not read."""


def __getattr__(name: str) -> Any:
    if name in _CONSTRAINT_ERRORS:
        return getattr(import_module("controlgen.constraints._errors"), name)
    raise AttributeError(f"module 'controlgen._errors' has no attribute {name!r}")
