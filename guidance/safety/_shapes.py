r"""Kinds of things with a shape, such as numbers and keys: what a filter of personal data or of secrets is made of.

A kind says what it looks like, as a regular expression between borders, and may have a check (of its check digits)
that a scan asks in addition. Its language has the check too where that is wanted and an automaton of it is affordable
(`term`); else it is all texts of that shape, a superset of what a scan finds. Needless escapes (`\u0031` for a digit)
are barred as such by the language; a scan reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from controlgen.constraints import Language
from controlgen.constraints._regex import regex_term
from controlgen.constraints._terms import EPSILON, Term, alt, any_text, both, minus, neg, seq
from controlgen.guidance.safety._base import Finding, SafetyFilter
from controlgen.guidance.safety._phrases import prepared, seen_through
from controlgen.guidance.safety._text import merged, readings

__all__ = ["Kind", "KindFilter"]

LETTERS_AND_DIGITS = "0-9A-Za-z"


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    Attributes:
        pattern: what it looks like, in Python's syntax without groups that capture, look-around or anchors.
        check: whether a text of that shape is one.
        term: the texts that are one; None: all of that shape.
        certain: a wider shape that each begins with, for the language, whatever may follow; None: `pattern` itself.
        before, after: the characters (inside of a class `[...]`) that may not stand right before it and behind it.
        ignore_case: whether the pattern folds case.
    """

    pattern: str
    check: Callable[[str], bool] | None = None
    term: Callable[[], Term] | None = None
    certain: str | None = None
    before: str = LETTERS_AND_DIGITS
    after: str = LETTERS_AND_DIGITS
    ignore_case: bool = False

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        before = f"(?<![{self.before}])" if self.before else ""
        after = f"(?![{self.after}])" if self.after else ""
        return re.compile(f"{before}(?=((?:{self.pattern}){after}))", self._flags)

    @property
    def _flags(self) -> int:
        return re.ASCII | (re.IGNORECASE if self.ignore_case else 0)

    def occurrences(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each; of several with one start, the longest that the pattern prefers."""
        for match in self._compiled.finditer(text):
            if self.check is None or self.check(match[1]):
                yield match.span(1)

    def language(self, *, exact: bool) -> Term:
        """The texts in which one stands, or something of its shape."""
        if exact and self.term is not None:
            return seq(_border(self.before, left=True), self.term(), _border(self.after, left=False))
        inner = regex_term(self.pattern if self.certain is None else self.certain, flags=self._flags)
        right = _border(self.after, left=False) if self.certain is None else any_text()
        return seq(_border(self.before, left=True), inner, right)


def _border(barred: str, *, left: bool) -> Term:
    """The texts that may stand on that side."""
    if not barred:
        return any_text()
    free = regex_term(f"[^{barred}]", flags=re.ASCII | re.DOTALL)
    return alt(EPSILON, seq(any_text(), free) if left else seq(free, any_text()))


class KindFilter(SafetyFilter):
    """Texts in which nothing of some kinds stands; what kinds there are, a subclass says.

    Args:
        kinds: names; None for all.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: no kind, or one that is not known; the message lists those that are.
    """

    level = "proven"

    def __init__(self, kinds: Iterable[str] | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        known = self.known()
        self.kinds = (kinds,) if isinstance(kinds, str) else tuple(known if kinds is None else kinds)
        unknown = [kind for kind in self.kinds if kind not in known]
        if unknown or not self.kinds:
            what = f"the kind {unknown[0]!r} is not known" if unknown else "no kind is given, so nothing is banned"
            raise ValueError(f"{self.name}: {what}; there are {', '.join(known)}")
        self._kinds = {kind: known[kind] for kind in self.kinds}

    @classmethod
    def known(cls) -> Mapping[str, tuple[Kind, ...]]:
        """The kinds by name; each may come in several shapes."""
        raise NotImplementedError

    def _exact(self) -> bool:
        """Whether the language of these kinds has check digits."""
        return False

    def scan(self, text: str, prompt: str = "") -> Finding:
        spans = merged(
            reading.span(*span)
            for reading in readings(text)
            for shapes in self._kinds.values()
            for shape in shapes
            for span in shape.occurrences(reading.text)
        )
        return Finding(float(bool(spans)), spans)

    def allowed(self) -> Language:
        return self._allowed

    @cached_property
    def _allowed(self) -> Language:
        """Shape by shape: small automata, taken away one by one, are the cheapest way to that of all."""
        first, *others = (kind.language(exact=self._exact()) for kinds in self._kinds.values() for kind in kinds)
        written = Language(minus(both(*map(neg, others)), first) if others else neg(first))
        return prepared(seen_through(written))
