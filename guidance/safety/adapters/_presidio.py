"""Presidio's analyzer, or one of its recognisers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from controlgen.guidance.safety._base import Finding, SafetyFilter
from controlgen.guidance.safety._judged import judged
from controlgen.guidance.safety._text import merged

__all__ = ["PresidioFilter"]


class PresidioFilter(SafetyFilter):
    """Texts without entities of the given types, as Presidio recognises them.

    The risk is the greatest score, the spans are the entities whose score reaches the threshold; `Finding.text` has
    each one replaced by its type, `<PERSON>`.

    Args:
        analyzer: an `AnalyzerEngine` (`analyze(text=…, entities=…, language=…)`) or a recogniser
            (`analyze(text=…, entities=…, nlp_artifacts=…)`, for those that need no artifacts); either gives a list of
            results (entity_type, start, end, score).
        entities: types; None: all that it knows.
        language: of the texts; an engine needs it.
        arguments: those of `SafetyFilter`.

    Raises:
        TypeError: it has no `analyze`.
    """

    default_name = "presidio"

    def __init__(
        self, analyzer: Any, *, entities: Iterable[str] | None = None, language: str = "en", **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        if not callable(getattr(analyzer, "analyze", None)):
            raise TypeError(f"{self.name}: an analyzer has a method analyze(text, entities, …); this one has none")
        self.analyzer, self.language = analyzer, language
        self.entities = None if entities is None else list(entities)
        self._is_engine = "language" in inspect.signature(analyzer.analyze).parameters

    def scan(self, text: str, prompt: str = "") -> Finding:
        return judged(text, self._judge)

    def _judge(self, text: str) -> Finding:
        found = [(one.start, one.end, float(one.score), one.entity_type) for one in self._results(text)]
        for _, _, score, _ in found:
            if not 0 <= score <= 1:  # NaN too
                raise ValueError(f"the analyzer gave the score {score}, which is no probability")
        failed = [one for one in found if one[2] >= self.threshold]
        spans = merged((start, end) for start, end, *_ in failed)
        return Finding(max((one[2] for one in found), default=0.0), spans, _redacted(text, failed) if failed else None)

    def _results(self, text: str) -> Iterable[Any]:
        if self._is_engine:
            return self.analyzer.analyze(text=text, entities=self.entities, language=self.language) or ()
        entities = self.analyzer.supported_entities if self.entities is None else self.entities
        results = self.analyzer.analyze(text=text, entities=entities, nlp_artifacts=None) or ()
        return [one for one in results if one.entity_type in entities]


def _redacted(text: str, found: list[tuple[int, int, float, str]]) -> str:
    """The text with each entity replaced by its type; of those that overlap, the first counts."""
    out, here = "", 0
    for start, end, _, kind in sorted(found):
        if start >= here:
            out, here = f"{out}{text[here:start]}<{kind}>", end
        here = max(here, end)
    return out + text[here:]
