"""What can go wrong with a constraint, and how each failure names its place.

    ConstraintError (ValueError)
    ├── UnsupportedConstraint     the language uses something that is not enforced; every reason is listed
    ├── InfeasibleConstraint      no member of the language fits (empty language, canvas too short, fixed tokens)
    ├── BudgetExceeded            compiling would take more states than allowed
    └── VocabularyError           a tokenizer whose token bytes can't be known

This module knows no language, no automaton and no vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._diagnosis import Conflict

__all__ = [
    "BudgetExceeded",
    "ConstraintError",
    "InfeasibleConstraint",
    "Reason",
    "UnsupportedConstraint",
    "VocabularyError",
]


class ConstraintError(ValueError):
    """Base of every error that a constraint raises."""


@dataclass(frozen=True)
class Reason:
    """One construct that is not enforced: where it stands, what it is called, why it is refused.

    Attributes:
        pointer: JSON pointer into the schema (`""` is the root), or a position such as `"at 12"` in a pattern.
        keyword: the keyword or construct, e.g. `"uniqueItems"` or `"look-ahead"`.
        why: one clause that says why it is refused and, where there is one, the way out.
    """

    pointer: str
    keyword: str
    why: str

    def __str__(self) -> str:
        return f"{self.pointer or '(root)'}: {self.keyword}: {self.why}"


class UnsupportedConstraint(ConstraintError):
    """The constraint uses constructs that can't be enforced. `reasons` holds all of them, not the first only."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons: tuple[Reason, ...] = tuple(reasons)
        super().__init__("not supported: " + "; ".join(str(reason) for reason in self.reasons))

    @classmethod
    def single(cls, pointer: str, keyword: str, why: str) -> UnsupportedConstraint:
        """The error for one reason."""
        return cls([Reason(pointer, keyword, why)])


class InfeasibleConstraint(ConstraintError):
    """No member of the language fits the canvas.

    Attributes:
        min_tokens: least number of tokens of any member, or None where there is none at all or it is unknown.
        canvas: length of the canvas in tokens, or None where no canvas is involved.
        conflict: the smallest set of parts that conflict, where it was looked for; see `_diagnosis`.
    """

    def __init__(
        self,
        message: str,
        *,
        min_tokens: int | None = None,
        canvas: int | None = None,
        conflict: Conflict | None = None,
    ) -> None:
        super().__init__(message)
        self.min_tokens = min_tokens
        self.canvas = canvas
        self.conflict = conflict


class BudgetExceeded(ConstraintError):
    """Compiling the language needs more states than the budget allows; the message has both figures."""


class VocabularyError(ConstraintError):
    """The exact bytes of a tokenizer's tokens can't be determined; the message names what was found."""
