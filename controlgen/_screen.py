"""One output under its safety filters: what they say of a text, and which of it has to change.

Knows filters and texts; no tokens and no model. A filter that raises, or whose finding makes no sense, lets nothing
pass, and its error is kept for the end of the output.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from controlgen._errors import FilterError
from controlgen.constraints import BudgetExceeded, Language, Text, TokenAutomaton
from controlgen.constraints._language import named
from controlgen.guidance.safety import Action, Finding, SafetyFilter, Verdict

__all__ = ["Offence", "Screen", "compiled", "restricted"]

_SECONDS = 60.0  # to compile a language with the bans of safety filters, which can be large
_STATES = 500_000
_ACTING = ("reweight", "remask")


@dataclass(frozen=True)
class Offence:
    """A filter that does not let a text pass, and where."""

    filter: SafetyFilter
    spans: tuple[tuple[int, int], ...]


class Screen:
    """The filters of one output; each text is scanned once.

    Args:
        filters: in the order of the verdicts.
        prompt: the text that the output answers.

    Attributes:
        error: of the first filter that failed itself; None as long as none did.
    """

    def __init__(self, filters: Sequence[SafetyFilter], prompt: str) -> None:
        self.filters, self.prompt = tuple(filters), prompt
        self.error: FilterError | None = None
        self._findings: dict[tuple[int, str, bool], Finding] = {}
        self._taken: dict[int, Action] = {
            index: "ban" for index, one in enumerate(self.filters) if one.action == "ban"
        }

    @property
    def acts(self) -> bool:
        """Whether some filter changes drafts after they were written."""
        return any(one.action in _ACTING for one in self.filters)

    @property
    def resamples(self) -> bool:
        """Whether some filter has canvases drawn again."""
        return any(one.action == "resample" for one in self.filters)

    def passes(self, text: str) -> bool:
        """Whether every filter lets the text pass."""
        return all(self._passes(index, text) for index in range(len(self.filters)))

    def passes_resampling(self, text: str) -> bool:
        """Whether those filters let it pass that have canvases drawn again."""
        marked = [index for index, one in enumerate(self.filters) if one.action == "resample"]
        passed = all(self._passes(index, text) for index in marked)
        if not passed:
            self._taken.update((index, "resample") for index in marked if not self._passes(index, text))
        return passed

    def is_blocked(self, text: str) -> bool:
        """Whether a filter that only blocks does not let it pass."""
        return any(
            not self._passes(index, text) for index, one in enumerate(self.filters) if one.action == "block"
        )

    def shown(self, beginning: str) -> str:
        """As much of what might be the beginning of a text as every filter lets pass."""
        failed = [
            finding
            for index in range(len(self.filters))
            if (finding := self._scan(index, beginning, begins=True)).risk >= self.filters[index].threshold
        ]
        if not failed:
            return beginning
        cut = beginning[: min((start for finding in failed for start, _ in finding.spans), default=0)]
        return self.shown(cut) if cut and cut != beginning else ""

    def offences(self, text: str) -> list[Offence]:
        """What has to change in a draft: offences against the filters that reweight or remask."""
        found = []
        for index, one in enumerate(self.filters):
            if one.action in _ACTING and not self._passes(index, text):
                spans = self._scan(index, text).spans or ((0, len(text)),)
                self._taken[index] = one.action
                found.append(Offence(one, spans))
        return found

    def verdicts(self, text: str) -> tuple[Verdict, ...]:
        """What every filter says of an output, in their order."""
        return tuple(self._verdict(index, text) for index in range(len(self.filters)))

    def _verdict(self, index: int, text: str) -> Verdict:
        finding, one = self._scan(index, text), self.filters[index]
        passed = self._passes(index, text)
        return Verdict(
            text=text if finding.text is None else finding.text,
            passed=passed,
            risk=finding.risk,
            spans=finding.spans,
            action=self._taken.get(index) if passed else "block",
            filter=one.name,
        )

    def _passes(self, index: int, text: str) -> bool:
        return self._scan(index, text).risk < self.filters[index].threshold

    def _scan(self, index: int, text: str, *, begins: bool = False) -> Finding:
        key = (index, text, begins)
        if key not in self._findings:
            self._findings[key] = self._asked(self.filters[index], text, begins)
        return self._findings[key]

    def _asked(self, one: SafetyFilter, text: str, begins: bool) -> Finding:
        """The filter's finding; one that fails is as good as one that finds the worst."""
        try:
            found = (one.scan_beginning if begins else one.scan)(text, self.prompt)
            _check(one, found, text)
        except FilterError as error:
            self.error = self.error or error
        except Exception as error:  # a plugin may raise anything
            own = FilterError(one.name, f"raised {type(error).__name__}: {error}")
            own.__cause__ = error
            self.error = self.error or own
        else:
            return found
        return Finding(risk=1.0)


def _check(one: SafetyFilter, found: object, text: str) -> None:
    """Refuse a finding that says nothing: NaN would be below every threshold."""
    if not isinstance(found, Finding):
        raise FilterError(one.name, f"gave {type(found).__name__} where a Finding is wanted")
    if not 0 <= found.risk <= 1:
        raise FilterError(one.name, f"gave the risk {found.risk}, which is no probability")
    for start, end in found.spans:
        if not 0 <= start <= end <= len(text):
            raise FilterError(one.name, f"gave the span ({start}, {end}) in a text of {len(text)} code points")


def restricted(language: Language | None, filters: Sequence[SafetyFilter]) -> Language | None:
    """The texts of a language that the filters with a ban let pass; None (every canvas) without any of either."""
    if language is None and filters:
        language = Text()  # what filters judge is text: no bytes that spell none
    for one in filters:
        if one.action == "ban":
            assert language is not None
            language = language & named(Language(one.allowed().term), f"filter {one.name!r}")
    return language


def compiled(
    automaton: Callable[..., TokenAutomaton], language: Language, filters: Sequence[SafetyFilter]
) -> TokenAutomaton:
    """What `Model.automaton` makes of a language that `restricted` made: bans are given more time and more states.

    Raises:
        BudgetExceeded: it is too large all the same; names the filters whose bans are part of it, and what helps.
    """
    bans = ", ".join(repr(one.name) for one in filters if one.action == "ban")
    if not filters:
        return automaton(language)
    deadline = time.monotonic() + _SECONDS
    try:
        return automaton(language, max_seconds=_SECONDS)
    except BudgetExceeded:
        if not bans:
            raise
    try:
        left = max(deadline - time.monotonic(), 1.0)
        return automaton(language, max_seconds=left, max_states=_STATES)
    except BudgetExceeded as error:
        raise BudgetExceeded(
            f"{error}; the bans of the safety filters {bans} are part of it, and states multiply: give those filters "
            "fewer options, the output shorter or no length limits, or let them act otherwise (action='remask', "
            "'resample' or 'block')"
        ) from error
