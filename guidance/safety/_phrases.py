r"""Banned phrases and patterns: proven filters, and the language without given texts.

A text is banned for what it says as it is written, and for what it says once JSON's escapes are resolved; so a phrase
is barred in plain text, in JSON strings under any spelling, and across the borders of both. The languages bar needless
escapes besides (`seen_through`); a scan reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from controlgen.constraints import Language, Text
from controlgen.constraints._expansion import compile_term
from controlgen.constraints._regex import regex_term
from controlgen.constraints._spellings import in_plain_spelling
from controlgen.constraints._terms import alt, minus, neg
from controlgen.guidance.safety._base import Finding, SafetyFilter, Spans
from controlgen.guidance.safety._search import Search
from controlgen.guidance.safety._text import Normaliser, merged, readings

__all__ = ["BannedPatterns", "BannedPhrases", "seen_through", "without"]


class BannedPhrases(SafetyFilter):
    """Texts in which none of the phrases stands.

    A text holds a phrase where, after each of its characters is replaced by what it counts as (see `Normaliser`), the
    phrase's own characters stand in a row. So what is folded is exactly what is said here, for the text and the phrase.

    Args:
        phrases: one or more texts.
        case: fold case.
        normalize: fold compatibility forms (NFKD, by character).
        look_alikes: fold characters that look like ASCII ones, and drop combining marks.
        invisible: see through characters without a glyph.
        whole_words: only where no letter, digit or underscore stands right before or behind the phrase.
        spaces: any white space is a space, and a space of a phrase is any number of them, one at least.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: no phrase, or one that is empty or of which nothing is left; it is named.
    """

    level = "proven"
    default_name = "banned_phrases"

    def __init__(
        self,
        phrases: Iterable[str],
        *,
        case: bool = True,
        normalize: bool = True,
        look_alikes: bool = False,
        invisible: bool = False,
        whole_words: bool = False,
        spaces: bool = True,
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self.phrases = (phrases,) if isinstance(phrases, str) else tuple(phrases)
        self._normaliser = Normaliser(case, normalize, look_alikes, invisible, spaces)
        written = [reading for phrase in self.phrases for reading in _written(self.name, phrase, self._normaliser)]
        if not written:
            raise ValueError(f"{self.name}: no phrase is given, so nothing is banned; pass at least one")
        self._search = Search(written, self._normaliser, whole_words=whole_words)

    def scan(self, text: str, prompt: str = "") -> Finding:
        return _finding(
            reading.span(*span) for reading in readings(text) for span in self._search.occurrences(reading.text)
        )

    def allowed(self) -> Language:
        return self._allowed

    @cached_property
    def _allowed(self) -> Language:
        return prepared(seen_through(~Language(self._search.term())))


class BannedPatterns(SafetyFilter):
    """Texts in which none of the regular expressions matches somewhere.

    Args:
        patterns: in Python's syntax, or compiled; what is not regular (back-references) is refused.
        case: fold case, as `re.IGNORECASE` does.
        arguments: those of `SafetyFilter`.

    Raises:
        ValueError: no pattern, or one that matches the empty text and so bans every text.
        ConstraintError: a pattern that is none; UnsupportedConstraint: one that is not regular.
    """

    level = "proven"
    default_name = "banned_patterns"

    def __init__(self, patterns: Iterable[str | re.Pattern[str]], *, case: bool = True, **arguments: Any) -> None:
        super().__init__(**arguments)
        given = (patterns,) if isinstance(patterns, str | re.Pattern) else tuple(patterns)
        flags = re.IGNORECASE if case else 0
        pairs = [(one, flags) if isinstance(one, str) else (one.pattern, one.flags | flags) for one in given]
        if not pairs:
            raise ValueError(f"{self.name}: no pattern is given, so nothing is banned; pass at least one")
        self.patterns = tuple(pattern for pattern, _ in pairs)
        self._term = alt(*(regex_term(pattern, flags=flags, search=True) for pattern, flags in pairs))
        self._compiled = [re.compile(pattern, flags) for pattern, flags in pairs]
        for pattern in self._compiled:
            if pattern.search(""):
                raise ValueError(f"{self.name}: {pattern.pattern!r} matches the empty text, so it bans every text")

    def scan(self, text: str, prompt: str = "") -> Finding:
        return _finding(
            reading.span(*match.span())
            for reading in readings(text)
            for pattern in self._compiled
            for match in pattern.finditer(reading.text)
        )

    def allowed(self) -> Language:
        return self._allowed

    @cached_property
    def _allowed(self) -> Language:
        return prepared(seen_through(~Language(self._term)))


def without(texts: Iterable[str]) -> Language:
    """The texts in which none of these stands: case folded, as it is written or in any spelling of JSON's escapes; and
    no needless escape (`seen_through`), if any text is given.

    Raises:
        ValueError: an empty text, which stands everywhere.
    """
    plain = Normaliser(case=True, normalize=False)
    spelled = dict.fromkeys(reading.text for text in texts for reading in readings(text))
    written = [reading for text in spelled for reading in _written("without", text, plain)]
    return seen_through(~Language(Search(written, plain).term())) if written else Text()


def seen_through(allowed: Language) -> Language:
    r"""The texts of a language that are in it as they read, too, and in which `\uXXXX` spells control characters alone.

    Any other escape of that form is needless: what it spells may stand there as it is, or has a short form. So no text
    is lost for what it says, and the automaton is hardly larger than that of `allowed`; one that reads all escapes has
    about five times as many states. One term: it is compiled once, not anew with each language that it is joined with.
    """
    return Language(minus(allowed.term, neg(in_plain_spelling(allowed).term)))


def prepared(language: Language) -> Language:
    """The same language, compiled: that counts for no deadline of those that it is joined with."""
    compile_term(language.term, max_seconds=None)
    return language


def _written(name: str, phrase: str, normaliser: Normaliser) -> tuple[str, ...]:
    if not isinstance(phrase, str):
        raise ValueError(f"{name}: a phrase must be a string, not {phrase!r}")
    written = normaliser.written(phrase)
    if not all(written):
        left = "is empty" if not phrase else "has only characters that count for nothing"
        raise ValueError(f"{name}: the phrase {phrase!r} {left}, so it would stand in every text; leave it out")
    return written


def _finding(spans: Iterable[tuple[int, int]]) -> Finding:
    found: Spans = merged(spans)
    return Finding(float(bool(found)), found)
