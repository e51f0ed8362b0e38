"""A statistical filter: it judges texts, and proves nothing."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from controlgen.guidance.safety import Finding, SafetyFilter, judged

__all__ = ["Promises"]

# How likely it is that one who writes this promises too much.
_SHARES = {
    r"guarante\w+": 0.7,
    r"risk[- ]free": 0.9,
    r"always|never": 0.3,
    r"the (?:best|cheapest|fastest)": 0.4,
    r"100 ?%": 0.4,
}
_WORDS = [(re.compile(rf"\b(?:{word})", re.IGNORECASE), share) for word, share in _SHARES.items()]


class Promises(SafetyFilter):
    """Texts that promise no more than can be kept.

    risk = 1 − Π (1 − p_w) over the telling words w of the text, as if each told by itself.

    Args:
        arguments: those of `SafetyFilter`: `threshold`, `action` …
    """

    default_name = "promises"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)

    def scan(self, text: str, prompt: str = "") -> Finding:
        return judged(text, self._judge)  # as it is written, and as it reads once escapes are resolved

    def _judge(self, text: str) -> Finding:
        found = [(match.span(), share) for word, share in _WORDS for match in word.finditer(text)]
        risk = 1 - prod(1 - share for _, share in found)
        return Finding(risk, tuple(sorted(span for span, _ in found)))
