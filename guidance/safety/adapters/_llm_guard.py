"""Scanners in the style of llm-guard."""

from __future__ import annotations

import inspect
import math
import re
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any

from controlgen.guidance.safety._base import Finding, SafetyFilter, Spans
from controlgen.guidance.safety._judged import judged

__all__ = ["LLMGuardFilter"]


class LLMGuardFilter(SafetyFilter):
    """Texts that a scanner calls valid: `scan(prompt, output) -> (text, valid, risk)`, or `scan(text)`.

    The scanner's own threshold decides: what it calls valid passes, whatever its risk. The risk is the scanner's, cut
    to [0, 1] (it may give −1) and to the side of the threshold on which its word puts the text. A scanner names no
    places; where it gives back a redacted text, the spans are what that replaces.

    Args:
        scanner: an output scanner, or an input scanner, which is given the output.
        name: None: that of the scanner's class.
        arguments: those of `SafetyFilter`.

    Raises:
        TypeError: it has no `scan`.
    """

    def __init__(self, scanner: Any, *, name: str | None = None, **arguments: Any) -> None:
        super().__init__(name=name or type(scanner).__name__, **arguments)
        if not callable(getattr(scanner, "scan", None)):
            raise TypeError(f"{self.name}: a scanner has a method scan(prompt, output); this one has none")
        self.scanner = scanner
        self._takes_prompt = len(inspect.signature(scanner.scan).parameters) > 1

    def scan(self, text: str, prompt: str = "") -> Finding:
        return judged(text, lambda read: self._judge(read, prompt))

    def _judge(self, text: str, prompt: str) -> Finding:
        written, valid, risk = self.scanner.scan(prompt, text) if self._takes_prompt else self.scanner.scan(text)
        share = min(max(float(risk), 0.0), 1.0)
        if valid:
            return Finding(min(share, math.nextafter(self.threshold, 0)))
        return Finding(max(share, self.threshold), _replaced(text, written), written)


def _replaced(text: str, other: str) -> Spans:
    """What of a text is not in the other one, in whole words: start and end."""
    words, others = (re.findall(r"\w+|\W", one) for one in (text, other))
    starts = [0, *accumulate(map(len, words))]
    codes = SequenceMatcher(None, words, others, autojunk=False).get_opcodes()
    return tuple((starts[first], starts[last]) for tag, first, last, _, _ in codes if tag != "equal" and last > first)
