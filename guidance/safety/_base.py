"""What a safety filter is: `SafetyFilter`, what a scan finds (`Finding`), and what a result carries (`Verdict`).

A filter knows texts. It says which texts it lets pass, either as a language (level "proven": the loop enforces it at
every denoising step, across token borders) or by judging one text at a time (level "statistical"); and what is to be
done about the others. Carrying that out is the loop's.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

if TYPE_CHECKING:
    from controlgen.constraints import Language

__all__ = ["Action", "Finding", "Level", "SafetyFilter", "Spans", "Verdict"]

Level = Literal["proven", "statistical"]
Action = Literal["ban", "reweight", "remask", "resample", "block"]
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Finding:
    """What a scan says of one text.

    Attributes:
        risk: in [0, 1]; a text fails where it reaches the filter's threshold.
        spans: what is offensive, start and end in code points of the text; empty where no place can be named.
        text: the text as the filter would have it (redacted, say); None: as it is. It is reported, never written.
    """

    risk: float
    spans: Spans = ()
    text: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of one output under one filter; `(text, passed, risk, spans, action)` in this order.

    Attributes:
        text: the filter's text: the one judged, or the filter's own version of it.
        passed: whether the text was let pass. What was not is never handed out.
        risk: in [0, 1].
        spans: start and end in code points of the judged text.
        action: what was done: "ban" where the constraint held the filter from the first step, "reweight", "remask" or
            "resample" where a draft was offensive and was changed, "block" where the output is withheld; None where
            nothing had to be done.
        filter: the filter's name.
    """

    text: str
    passed: bool
    risk: float
    spans: Spans
    action: Action | None
    filter: str


class SafetyFilter(ABC):
    """Lets texts pass, or not; a plugin overrides `scan`, and `allowed` if it can prove what it promises.

    Args:
        action: what is to be done about what does not pass:

            * "ban" (level "proven" only, and its default): no draft of any step is outside `allowed`;
            * "reweight": tokens of offensive spans lose `weight` nats in the steps that follow;
            * "remask" (default of level "statistical"): the offensive span goes back to noise and is denoised again
              under a ban: that of `allowed`, or of the span's own text;
            * "resample": other canvases are drawn from the same step's posterior until one passes;
            * "block": the output is withheld.

            Whatever is done, an output that does not pass in the end is withheld (`BlockedOutput`).
        threshold: in (0, 1]; a text whose risk reaches it does not pass.
        weight: nats, for "reweight"; greater than 0.
        attempts: how often "remask" bans something more in one output.
        name: what verdicts and errors call the filter; None: `default_name`.

    Raises:
        ValueError: an action that the level does not have, or a number outside its range.
    """

    level: ClassVar[Level] = "statistical"
    default_name: ClassVar[str] = ""

    def __init__(
        self,
        *,
        action: Action | None = None,
        threshold: float = 0.5,
        weight: float = 5.0,
        attempts: int = 8,
        name: str | None = None,
    ) -> None:
        self.name = name or self.default_name or type(self).__name__
        self.action: Action = action or ("ban" if self.level == "proven" else "remask")
        if self.action not in get_args(Action):
            raise ValueError(f"{self.name}: action must be one of {', '.join(get_args(Action))}, not {action!r}")
        if self.action == "ban" and self.level != "proven":
            raise ValueError(
                f'{self.name}: "ban" needs a filter that is proven, by a language; this one is statistical: use '
                '"remask", "resample", "reweight" or "block"'
            )
        if not 0 < threshold <= 1:
            raise ValueError(f"{self.name}: threshold must be a probability in (0, 1], not {threshold}")
        if not (weight > 0 and math.isfinite(weight)):
            raise ValueError(f"{self.name}: weight must be a positive number of nats, not {weight}")
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            raise ValueError(f"{self.name}: attempts must be an integer of at least 1, not {attempts!r}")
        self.threshold, self.weight, self.attempts = float(threshold), float(weight), attempts

    @abstractmethod
    def scan(self, text: str, prompt: str = "") -> Finding:
        """Judge a whole text, given the prompt that it answers. Called once per distinct text."""

    def scan_beginning(self, text: str, prompt: str = "") -> Finding:
        """Judge what might be the beginning of a text; the same as `scan` unless something is required at its end."""
        return self.scan(text, prompt)

    def allowed(self) -> Language:
        """Level "proven": the texts that pass, at least none that `scan` fails.

        A text that is written into a JSON string may be spelled in escapes: the language is of what is written, and
        has to see through them (`controlgen.guidance.safety.in_any_spelling`).
        """
        raise NotImplementedError(f"{self.name} is statistical: it has no language")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.level}, {self.action})"
