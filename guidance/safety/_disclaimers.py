"""Required texts: a filter that is passed by saying something, not by leaving it out."""

from __future__ import annotations

from typing import Any, Literal, get_args

from controlgen.constraints import Contains, EndsWith, Language, StartsWith
from controlgen.constraints._spellings import in_any_spelling
from controlgen.guidance.safety._base import Finding, SafetyFilter
from controlgen.guidance.safety._text import readings

__all__ = ["RequiredDisclaimer"]

Where = Literal["end", "start", "anywhere"]


class RequiredDisclaimer(SafetyFilter):
    """Texts in which a given text stands, letter by letter.

    Args:
        text: what has to stand there.
        where: "end" or "start" of the whole output, as it is written; "anywhere" also in JSON strings, in any spelling.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: an empty text, or a place that there isn't.
    """

    level = "proven"
    default_name = "required_disclaimer"

    def __init__(self, text: str, where: Where = "end", **arguments: Any) -> None:
        super().__init__(**arguments)
        if not text:
            raise ValueError(f"{self.name}: the text is empty, so every text has it; say what is required")
        if where not in get_args(Where):
            raise ValueError(f"{self.name}: where must be one of {', '.join(get_args(Where))}, not {where!r}")
        self.text, self.where = text, where

    def scan(self, text: str, prompt: str = "") -> Finding:
        return Finding(float(not self._stands(text)))

    def _stands(self, text: str) -> bool:
        if self.where == "end":
            return text.endswith(self.text)
        if self.where == "start":
            return text.startswith(self.text)
        return any(self.text in reading.text for reading in readings(text))

    def scan_beginning(self, text: str, prompt: str = "") -> Finding:
        """Passes what may still become a text that passes: for "start", a beginning of what is required."""
        if self.where == "start" and not self.text.startswith(text):
            return self.scan(text, prompt)
        return Finding(0.0)

    def allowed(self) -> Language:
        if self.where == "end":
            return EndsWith(self.text)
        if self.where == "start":
            return StartsWith(self.text)
        return Contains(self.text) | in_any_spelling(Contains(self.text))
