"""Why nothing fits: the smallest set of parts that conflict.

The parts of a request are the languages that were joined with `&`, the vocabulary, the length of the canvas, and each
fixed token. `diagnose` looks for a smallest set of them that has no member: languages first, fewest of them, by trying
subsets in the order of their size; then as few fixed tokens as possible (QuickXplain, Junker 2004: all of those left
are needed).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ._errors import BudgetExceeded, InfeasibleConstraint

if TYPE_CHECKING:
    from ._automaton import TokenAutomaton
    from ._language import Language
    from ._vocabulary import Vocabulary

__all__ = ["Conflict", "diagnose"]

_MOST_PARTS = 7  # of which all subsets are tried; of more, one part after the other is left out
_SECONDS = 2.0  # to compile one subset


@dataclass(frozen=True)
class Conflict:
    """Parts that have no member together, while all but any one of them have (of languages: no smaller set conflicts).

    Attributes:
        languages: how the languages are written.
        min_tokens: the least number of tokens of a text in all of them; None where there is no such text.
        canvas: the length of the canvas, None where it doesn't matter.
        fixed: position → token, for the fixed tokens that matter.
        tokens: what those tokens spell.
    """

    languages: tuple[str, ...]
    min_tokens: int | None = None
    canvas: int | None = None
    fixed: tuple[tuple[int, int], ...] = ()
    tokens: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = " and ".join(self.languages)
        if self.fixed:
            spelled = zip(self.fixed, self.tokens, strict=True)
            places = ", ".join(f"{text} at position {place}" for (place, _), text in spelled)
            return f"these conflict: {what}; a canvas of {self.canvas} tokens; the fixed {places}"
        if self.canvas is not None:
            return f"these conflict: {what}, which need at least {self.min_tokens} tokens; a canvas of {self.canvas}"
        return (
            f"these conflict: {what}" if len(self.languages) > 1 else f"no text that the vocabulary spells is in {what}"
        )


def diagnose(
    language: Language, vocabulary: Vocabulary, *, length: int | None = None, fixed: Tensor | None = None
) -> Conflict | None:
    """The smallest conflict of a language with a vocabulary, a canvas and fixed tokens; None if there is none, or none
    can be found within the budgets.

    Args:
        language: joined with `&` from the parts that are to be named.
        vocabulary: of the canvas.
        length: of the canvas, in tokens; None: any.
        fixed: (L,) int64, the token at a fixed position, -1 where open.
    """
    try:
        return _Search(language, vocabulary, length, fixed).conflict()
    except BudgetExceeded:
        return None


class _Search:
    def __init__(self, language: Language, vocabulary: Vocabulary, length: int | None, fixed: Tensor | None) -> None:
        self._parts = language.parts
        self._vocabulary = vocabulary
        self._length = length
        self._open = torch.full((length or 0,), -1, dtype=torch.int64)
        self._fixed = self._open if fixed is None else fixed.to("cpu", torch.int64)

    def conflict(self) -> Conflict | None:
        whole = self._compiled(self._parts)
        if whole is None:
            return self._named(self._smallest(self._is_empty))
        if self._length is None:
            return None
        if not self._fits(whole, self._open):
            smallest = self._smallest(lambda parts: not self._fits_all(parts, self._open))
            return self._named(smallest, canvas=self._length)
        if self._fits(whole, self._fixed):
            return None
        smallest = self._smallest(lambda parts: not self._fits_all(parts, self._fixed))
        return self._with_tokens(smallest)

    def _smallest(self, conflicts: Callable[[Sequence[Language]], bool]) -> tuple[Language, ...]:
        for parts in self._candidates():
            if conflicts(parts):
                return parts
        if len(self._parts) <= _MOST_PARTS:
            return self._parts
        kept = list(self._parts)
        for part in self._parts:
            fewer = [other for other in kept if other is not part]
            if fewer and conflicts(fewer):
                kept = fewer
        return tuple(kept)

    def _candidates(self) -> Iterator[tuple[Language, ...]]:
        """The subsets by size, without the whole; of many parts only the smallest."""
        sizes = range(1, len(self._parts) if len(self._parts) <= _MOST_PARTS else 2)
        for size in sizes:
            yield from itertools.combinations(self._parts, size)

    def _compiled(self, parts: Sequence[Language]) -> TokenAutomaton | None:
        """The automaton of some parts together; None if they have no member."""
        joined = reduce(lambda left, right: left & right, parts)
        try:
            return joined._compiled(self._vocabulary, max_seconds=_SECONDS)
        except InfeasibleConstraint:
            return None

    def _is_empty(self, parts: Sequence[Language]) -> bool:
        """Whether some parts have no member at all; no, if that can't be found out."""
        try:
            return self._compiled(parts) is None
        except BudgetExceeded:
            return False

    def _fits_all(self, parts: Sequence[Language], fixed: Tensor) -> bool:
        """Whether some parts have a member on the canvas; yes, if that can't be found out."""
        try:
            automaton = self._compiled(parts)
        except BudgetExceeded:
            return True
        return automaton is not None and self._fits(automaton, fixed)

    def _fits(self, automaton: TokenAutomaton, fixed: Tensor) -> bool:
        factors = torch.zeros(1, automaton.vocab_size).expand(len(fixed), -1)
        return bool(automaton.posterior(factors, fixed).feasible)

    def _named(self, parts: tuple[Language, ...], *, canvas: int | None = None) -> Conflict:
        least = None if canvas is None else self._least(parts)
        return Conflict(tuple(map(repr, parts)), least, canvas)

    def _least(self, parts: tuple[Language, ...]) -> int | None:
        automaton = self._compiled(parts)
        return None if automaton is None else automaton.min_tokens

    def _with_tokens(self, parts: tuple[Language, ...]) -> Conflict:
        automaton = self._compiled(parts)
        assert automaton is not None
        places = [int(place) for place in (self._fixed >= 0).nonzero()[:, 0]]

        def conflicts(chosen: list[int]) -> bool:
            fixed = self._open.clone()
            fixed[chosen] = self._fixed[chosen]
            return not self._fits(automaton, fixed)

        needed = sorted(_quick_explain(conflicts, [], places))
        fixed = tuple((place, int(self._fixed[place])) for place in needed)
        spelled = tuple(self._spelled(token) for _, token in fixed)
        return Conflict(tuple(map(repr, parts)), automaton.min_tokens, self._length, fixed, spelled)

    def _spelled(self, token: int) -> str:
        if not self._vocabulary.is_text[token]:
            return f"token {token}"
        return repr(self._vocabulary.decode([token]).decode("utf-8", "backslashreplace"))


def _quick_explain(conflicts: Callable[[list[int]], bool], background: list[int], places: list[int]) -> list[int]:
    """A minimal set of places that conflicts together with `background`, which doesn't by itself."""
    if len(places) == 1:
        return places
    half = len(places) // 2
    first, second = places[:half], places[half:]
    if conflicts(background + first):
        return _quick_explain(conflicts, background, first)
    if conflicts(background + second):
        return _quick_explain(conflicts, background, second)
    of_second = _quick_explain(conflicts, background + first, second)
    return of_second + _quick_explain(conflicts, background + of_second, first)
