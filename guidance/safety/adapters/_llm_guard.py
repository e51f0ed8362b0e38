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
        share = min(float(risk), 1.0) if risk >= 0 else 0.0  # NaN says nothing
        if valid:
            return Finding(min(share, math.nextafter(self.threshold, 0)))
        return Finding(max(share, self.threshold), _replaced(text, written), written)


def _replaced(text: str, other: str) -> Spans:
    """What of a text is not in the other one, start and end: words that differ, without what they have in common at
    their beginnings and ends. By characters alone, a replacement might share letters with what it hides."""
    words, others = (re.findall(r"\w+|\W", one) for one in (text, other))
    starts, places = ([0, *accumulate(map(len, one))] for one in (words, others))
    found = []
    for tag, first, last, begin, end in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        if tag in ("replace", "delete"):
            lost, put = text[starts[first] : starts[last]], other[places[begin] : places[end]]
            left = _common(lost, put)
            right = _common(lost[left:][::-1], put[left:][::-1])
            found.append((starts[first] + left, starts[last] - right))
    return tuple((start, end) for start, end in found if end > start)


def _common(left: str, right: str) -> int:
    """How many characters two texts begin with alike."""
    shorter = min(len(left), len(right))
    return next((place for place in range(shorter) if left[place] != right[place]), shorter)
