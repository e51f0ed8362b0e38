"""Checking candidates of a constraint that is only `verified`, within a budget.

An automaton that is `verified` accepts a superset of its language; membership of a whole text is a question
for the language. Knows texts and a budget, no model and no automaton.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from controlgen._errors import VerificationError

__all__ = ["Verifier"]


class Verifier:
    """Remembers which candidates passed; a candidate that comes again costs nothing.

    Args:
        check: text-level membership; None: every text passes.
        text: the text of a canvas (L,).
        budget: how many distinct candidates may be checked.
        segmented: whether the tokens of a canvas (L,) are the ones that its text is to have; None: all are.
    """

    def __init__(
        self,
        check: Callable[[str], bool] | None,
        text: Callable[[Tensor], str],
        budget: int,
        segmented: Callable[[Tensor], bool] | None = None,
    ) -> None:
        self._check, self._text, self._budget, self._segmented = check, text, budget, segmented
        self._seen: dict[str | tuple[int, ...], bool] = {}

    @property
    def exhausted(self) -> bool:
        """Whether the budget is spent."""
        return len(self._seen) >= self._budget

    def passes(self, tokens: Tensor) -> bool:
        """Whether a canvas (L,) is a member; past the budget unknown candidates count as failing."""
        text = self._text(tokens)
        key = text if self._segmented is None else tuple(tokens.tolist())
        if key not in self._seen and not self.exhausted:
            fits = self._segmented is None or self._segmented(tokens)
            self._seen[key] = fits and (self._check is None or self._check(text))
        return self._seen.get(key, False)

    def search(self, redraw: Callable[[], Tensor], attempts: int) -> Tensor | None:
        """The first of `attempts` redrawn canvases (L,) that passes, or None."""
        for _ in range(attempts):
            if self.exhausted:
                return None
            candidate = redraw()
            if self.passes(candidate):
                return candidate
        return None

    def error(self, row: int) -> VerificationError:
        """The error of a row for which no candidate passed."""
        return VerificationError(len(self._seen), row)
