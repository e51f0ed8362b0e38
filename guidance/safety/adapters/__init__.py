"""Judges of other frameworks as statistical filters. They are known by their interface: none is imported here.

Each text is judged as it is written and, if it has JSON's escapes, as it reads; see `judged`.
"""

from __future__ import annotations

from controlgen.guidance.safety.adapters._guardrails import GuardrailsFilter
from controlgen.guidance.safety.adapters._llm_guard import LLMGuardFilter
from controlgen.guidance.safety.adapters._presidio import PresidioFilter

__all__ = ["GuardrailsFilter", "LLMGuardFilter", "PresidioFilter"]
