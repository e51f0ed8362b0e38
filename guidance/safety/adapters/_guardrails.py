"""Validators of guardrails-ai."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlgen.guidance.safety._base import Finding, SafetyFilter
from controlgen.guidance.safety._judged import judged

__all__ = ["GuardrailsFilter"]


class GuardrailsFilter(SafetyFilter):
    """Texts that a validator passes: `validate(value, metadata) -> PassResult | FailResult`.

    The risk is 1 or 0. The spans are the result's `error_spans`, `Finding.text` is its `fix_value` where that is a
    text. What the validator does on failure (`on_fail`) is a guard's business and is not asked; `action` says it here.

    Args:
        validator: a `guardrails.Validator`.
        metadata: given to it with each text, and the prompt under the key "prompt", unless there is one.
        name: None: the validator's alias, or that of its class.
        arguments: those of `SafetyFilter`.

    Raises:
        TypeError: it has no `validate`.
    """

    def __init__(
        self, validator: Any, *, metadata: Mapping[str, Any] | None = None, name: str | None = None, **arguments: Any
    ) -> None:
        alias = getattr(validator, "rail_alias", "") or type(validator).__name__
        super().__init__(name=name or str(alias), **arguments)
        if not callable(getattr(validator, "validate", None)):
            raise TypeError(f"{self.name}: a validator has a method validate(value, metadata); this one has none")
        self.validator, self.metadata = validator, dict(metadata or {})

    def scan(self, text: str, prompt: str = "") -> Finding:
        return judged(text, lambda read: self._judge(read, prompt))

    def _judge(self, text: str, prompt: str) -> Finding:
        result = self.validator.validate(text, {"prompt": prompt, **self.metadata})
        outcome = getattr(result, "outcome", None)
        if outcome not in ("pass", "fail"):
            raise ValueError(f"the validator gave {type(result).__name__}, which is no PassResult and no FailResult")
        if outcome == "pass":
            return Finding(0.0)
        spans = tuple((span.start, span.end) for span in getattr(result, "error_spans", None) or ())
        fixed = getattr(result, "fix_value", None)
        return Finding(1.0, spans, fixed if isinstance(fixed, str) else None)
