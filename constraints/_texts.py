r"""Languages of texts: what they begin and end with, how long they are, and what they may quote.

Each is defined by a plain expression in Python, which is in its docstring and which the tests judge by.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache

from ._language import Language, _piece
from ._substrings import places
from ._terms import EPSILON, Term, alt, any_char, any_text, both, chars, lit, minus, opt, rep, seq, substrings

__all__ = ["EndsWith", "Length", "Quote", "StartsWith"]

TERMINATORS = ".!?…。！？"
CLOSERS = "\"'”’»›)]}」』）】〉》〕］｝"


class StartsWith(Language):
    """The texts that begin with the given text, or with a member of the given language."""

    def __init__(self, text: str | Language) -> None:
        super().__init__(seq(_piece(text, "StartsWith"), any_text()))
        self.text = text

    def __repr__(self) -> str:
        return f"StartsWith({self.text!r})"


class EndsWith(Language):
    """The texts that end with the given text, or with a member of the given language."""

    def __init__(self, text: str | Language) -> None:
        super().__init__(seq(any_text(), _piece(text, "EndsWith")))
        self.text = text

    def __repr__(self) -> str:
        return f"EndsWith({self.text!r})"


class Length(Language):
    r"""The texts of at least `minimum` and at most `maximum` (None: no limit) characters, words, sentences or lines.

    unit, and what is counted of a text `t`:

    * "chars": code points: `len(t)`.
    * "words": runs of characters other than whitespace: `len(t.split())`.
    * "sentences": a sentence ends with a word that ends it: its last character but for closing quotes and brackets is
      one of `. ! ? … 。 ！ ？`, so whitespace or the end of the text follows. Words behind the last such word are one
      more. `ends = [w.rstrip(CLOSERS)[-1:] in set(TERMINATORS) for w in t.split()]`, then
      `sum(ends) + (ends[-1:] == [False])`. Nothing is known of abbreviations: "Dr. No." has two.
    * "lines": `\n` ends a line, and what follows the last one is a line unless it is empty:
      `t.count("\n") + (t[-1:] not in ("", "\n"))`. "" has none, "a" and "a\n" have one, "\n\n" has two.

    Raises:
        ValueError: for another unit, or for bounds that are negative or reversed.
    """

    def __init__(self, unit: str, minimum: int = 0, maximum: int | None = None) -> None:
        if unit not in _UNITS:
            raise ValueError(f"a length is counted in {', '.join(_UNITS)}, not in {unit!r}")
        _check_bounds(minimum, maximum, unit)
        super().__init__(_UNITS[unit](minimum, maximum))
        self.unit, self.minimum, self.maximum = unit, minimum, maximum

    def __repr__(self) -> str:
        return f"Length({self.unit!r}, {self.minimum}, {self.maximum})"


def _check_bounds(low: int, high: int | None, unit: str) -> None:
    if low < 0 or (high is not None and high < low):
        raise ValueError(f"no text has from {low} to {high} {unit}: bounds are not negative and not reversed")


@cache
def _spaces() -> str:
    """Whitespace as `str.split` knows it."""
    return "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace())


def _chars(low: int, high: int | None) -> Term:
    return rep(any_char(), low, high)


def _words(low: int, high: int | None) -> Term:
    space, word = chars(_spaces()), rep(chars(_spaces(), negate=True), 1)
    return _spaced(seq(word, rep(space, 1)), word, low, high)


def _sentences(low: int, high: int | None) -> Term:
    """A sentence is plain words and one that ends it; the last one may end with a plain word."""
    space, letter = chars(_spaces()), chars(_spaces(), negate=True)
    word, gap = rep(letter, 1), rep(space, 1)
    ending = seq(rep(letter, 0), chars(TERMINATORS), rep(chars(CLOSERS), 0))
    plain = rep(seq(minus(word, ending), gap), 0)
    return _spaced(seq(plain, ending, gap), seq(plain, word), low, high)


def _spaced(part: Term, last: Term, low: int, high: int | None) -> Term:
    """`low` to `high` units in a row, each but the last a `part`, with whitespace around."""
    space = rep(chars(_spaces()), 0)
    if high == 0:
        return space
    some = seq(rep(part, max(low - 1, 0), None if high is None else high - 1), last, space)
    return seq(space, some if low else opt(some))


def _lines(low: int, high: int | None) -> Term:
    rest = chars("\n", negate=True)
    line = seq(rep(rest, 0), lit("\n"))
    whole = rep(line, low, high)
    if high == 0:
        return whole
    return alt(whole, seq(rep(line, max(low - 1, 0), None if high is None else high - 1), rep(rest, 1)))


_UNITS = {"chars": _chars, "words": _words, "sentences": _sentences, "lines": _lines}


class Quote(Language):
    r"""The texts that stand literally in a source: what is quoted can't be invented.

    `any(t in document for document in documents) and min_chars <= len(t) <= max_chars`, by code points: nothing is
    normalised, and no text goes from one document into the next.

    The automaton is linear in the source, about 1.5 states a character of English. Bounds on the length cost more, up
    to `min_chars` or `max_chars` times as much: the automaton counts characters at every place. Where the canvas bounds
    the length anyway, leave `max_chars` out.

    Args:
        source: a document, or several of them.
        min_chars, max_chars: least and most code points (None: no limit).
        words: no word is cut: neither end of a quote lies between two characters that `\w` of Python's `re` matches.
            The empty quote (`min_chars=0`) cuts none.

    Raises:
        ValueError: for no document at all, lone surrogates in one, or bounds that are negative or reversed.
    """

    def __init__(
        self, source: str | Iterable[str], *, min_chars: int = 1, max_chars: int | None = None, words: bool = False
    ) -> None:
        self.documents = (source,) if isinstance(source, str) else tuple(source)
        if not self.documents:
            raise ValueError("a quote needs at least one document")
        _check_bounds(min_chars, max_chars, "chars")
        self.min_chars, self.max_chars, self.words = min_chars, max_chars, words
        term = substrings(self.documents, words=words)
        if max_chars is not None or min_chars > 1:
            term = EPSILON if max_chars == 0 else both(term, rep(any_char(), max(min_chars, 1), max_chars))
        super().__init__(term if min_chars else opt(term))

    def find(self, text: str) -> list[tuple[int, int, int]]:
        """Everywhere that a quote stands: (document, start, end), `documents[document][start:end] == text`.

        Places may overlap. Empty for what is no quote, and for the empty text, which stands everywhere.
        """
        if not text or len(text) < self.min_chars or (self.max_chars is not None and len(text) > self.max_chars):
            return []
        return [
            (number, start, start + len(text))
            for number, document in enumerate(self.documents)
            for start in places(document, text, words=self.words)
        ]

    def __repr__(self) -> str:
        size = sum(map(len, self.documents))
        bounds = f"min_chars={self.min_chars}, max_chars={self.max_chars}, words={self.words}"
        return f"Quote(<{len(self.documents)} documents, {size:,} characters>, {bounds})"
