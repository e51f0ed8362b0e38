"""Every error that the package raises on purpose, by name; `controlgen._errors` says how they descend."""

from __future__ import annotations

from controlgen._errors import (
    BlockedOutput,
    BudgetExceeded,
    ConstraintError,
    ContextTooLong,
    ControlgenError,
    FilterError,
    InfeasibleConstraint,
    ModelFolderError,
    ModelNotFound,
    ModelOutputError,
    NotADiffusionModel,
    OptionError,
    RewardError,
    SessionError,
    TraceError,
    UnsupportedConstraint,
    VerificationError,
    VocabularyError,
)

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
