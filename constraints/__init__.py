"""Languages, their compilers, and exact inference over whole canvases.

The data's path: a `Language` (`Regex`, `JsonSchema`, `Choice` …) is a term → a minimal automaton over bytes → with a
`Vocabulary`, a `TokenAutomaton` → with a step's logits, a `Posterior` with its queries. Nothing here knows a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import (
    BudgetExceeded,
    ConstraintError,
    InfeasibleConstraint,
    Reason,
    UnsupportedConstraint,
    VocabularyError,
)
from ._language import Choice, Contains, Language, Regex, Text
from ._texts import EndsWith, Length, Quote, StartsWith
from ._vocabulary import Vocabulary

if TYPE_CHECKING:
    from ._automaton import TokenAutomaton
    from ._canonical import CanonicalAutomaton, Segmenter
    from ._diagnosis import Conflict, diagnose
    from ._posterior import Posterior, posterior
    from ._replies import fenced, reasoning_then
    from ._template import Infill, Template
    from .grammar import Grammar
    from .schema import JsonSchema, Whitespace

__all__ = [
    "BudgetExceeded",
    "CanonicalAutomaton",
    "Choice",
    "Conflict",
    "ConstraintError",
    "Contains",
    "EndsWith",
    "Grammar",
    "InfeasibleConstraint",
    "Infill",
    "JsonSchema",
    "Language",
    "Length",
    "Posterior",
    "Quote",
    "Reason",
    "Regex",
    "Segmenter",
    "StartsWith",
    "Template",
    "Text",
    "TokenAutomaton",
    "UnsupportedConstraint",
    "Vocabulary",
    "VocabularyError",
    "Whitespace",
    "diagnose",
    "fenced",
    "posterior",
    "reasoning_then",
]

_LAZY = {  # these import torch, lark or the JSON Schema packages
    "CanonicalAutomaton": "_canonical",
    "Segmenter": "_canonical",
    "Conflict": "_diagnosis",
    "diagnose": "_diagnosis",
    "fenced": "_replies",
    "reasoning_then": "_replies",
    "Grammar": "grammar",
    "Infill": "_template",
    "Template": "_template",
    "JsonSchema": "schema",
    "Whitespace": "schema",
    "TokenAutomaton": "_automaton",
    "Posterior": "_posterior",
    "posterior": "_posterior",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
