"""Strings: from a formula to the language of decoded values, and its JSON literals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from .._ecma import ecma_term
from .._errors import BudgetExceeded, ConstraintError, UnsupportedConstraint
from .._expansion import compile_term
from .._terms import EMPTY, Alt, And, Bytes, Minus, Not, Term, alt, any_char, any_text, both, json_string, lit, neg, rep
from ._atoms import Among, HasFormat, InLanguage, Length, Matches
from ._formats import FORMATS, VERIFIED_FORMATS, barred_by, format_term
from ._formula import All, Either, Formula
from ._languages import LANGUAGE, embeds_itself
from ._limits import Limits, relaxed

if TYPE_CHECKING:
    from .._language import Language

__all__ = ["ANY_STRING", "Strings", "is_impossible", "matches_text", "string_except"]

ANY_STRING = json_string(any_text())
PRODUCT_STATES = 40_000  # of a length and patterns together; beyond, the length is verified

Note = Callable[[str, str], None]


class Strings:
    """Formulas about strings as terms over the decoded value.

    Args:
        refuse: takes (pointer, keyword, why) of what is not supported.
        verify: takes (keyword, why) of what is left to the verifier.
        limits: how far code points and repetitions are counted.
        languages: those that the document names.
    """

    def __init__(
        self, refuse: Callable[[str, str, str], None], verify: Note, limits: Limits, languages: Mapping[str, Language]
    ) -> None:
        self._refuse = refuse
        self._verify = verify
        self._limits = limits
        self._languages = languages
        self._patterns: dict[str, Term] = {}

    def decoded(self, formula: Formula) -> Term:
        """The decoded strings that satisfy a formula; EMPTY only if there is certainly none."""
        match formula:
            case All(parts):
                lengths = [part for part in parts if isinstance(part, Length)]
                others = [self.decoded(part) for part in parts if not isinstance(part, Length)]
                return _joined([*self._lengths(lengths, others), *others])
            case Either(parts):
                return alt(*(self.decoded(part) for part in parts))
            case Length():
                return _joined(self._lengths([formula]))
            case Among(values, holds):
                return _signed(alt(*(lit(value) for value in values)), holds)
            case Matches(pattern, pointer, holds):
                return self._pattern(pattern, pointer, holds)
            case HasFormat(name, holds):
                return self._format(name, holds)
            case InLanguage(name, pointer, holds):
                return self._language(name, pointer, holds)
        raise TypeError(f"not a condition on strings: {formula!r}")

    def pattern(self, pattern: str, pointer: str = "", keyword: str = "pattern") -> Term | None:
        """The strings in which a pattern matches somewhere; None (and noted) if it isn't regular."""
        if pattern not in self._patterns:
            try:
                self._patterns[pattern] = ecma_term(pattern)
            except UnsupportedConstraint as error:
                for reason in error.reasons:
                    self._refuse(pointer, keyword, f"{reason.keyword} {reason.pointer}: {reason.why}")
                return None
            except ConstraintError as error:
                raise ConstraintError(f"at {pointer or '(root)'}/{keyword}: {error}") from error
        return self._patterns[pattern]

    def _pattern(self, pattern: str, pointer: str, holds: bool) -> Term:
        term = self.pattern(pattern, pointer)
        if term is None:
            return any_text()
        if not holds:
            return neg(term)
        wider = relaxed(term, self._limits.chars)
        if wider != term:
            self._verify("pattern", f"repetitions beyond {self._limits.chars} are not counted")
        return wider

    def _format(self, name: str, holds: bool) -> Term:
        if not holds:
            return neg(barred_by(name))
        if name in FORMATS:
            return format_term(name)
        self._verify("format", f"{name!r} is held by a superset")
        return VERIFIED_FORMATS[name].term

    def _language(self, name: str, pointer: str, holds: bool) -> Term:
        language = self._languages[name]
        if language.verify is not None:
            self._verify(LANGUAGE, f"{name!r} is held by a superset")
            return language.term if holds else any_text()
        if not holds and embeds_itself(language.term):
            why = f"{name!r} embeds itself: automata can't hold what is not in it, as not, oneOf and if ask for"
            self._refuse(pointer, LANGUAGE, why)
            return any_text()
        return _signed(language.term, holds)

    def _lengths(self, lengths: Iterable[Length], others: Iterable[Term] = ()) -> list[Term]:
        low = max((length.low for length in lengths), default=0)
        high = min((length.high for length in lengths if length.high is not None), default=None)
        if high is not None and high < low:
            return [EMPTY]
        others = [term for term in others if term != any_text()]
        if len(others) == 1 and isinstance(others[0], Alt) and all(isinstance(o, Bytes) for o in others[0].options):
            counted = max(high or 0, low)  # of a list of strings any length can be told
        else:
            states = max((_num_states(term) for term in others), default=1)
            counted = min(self._limits.chars, PRODUCT_STATES // states)
        if low > counted:
            self._verify("minLength", f"code points beyond {counted} are not counted here")
            low = counted
        if high is not None and high > counted:
            self._verify("maxLength", f"code points beyond {counted} are not counted here")
            high = None
        return [rep(any_char(), low, high)] if low or high is not None else []


def _num_states(term: Term) -> int:
    try:
        return max(compile_term(term).num_states, 1)
    except BudgetExceeded:
        return PRODUCT_STATES


def _joined(parts: list[Term]) -> Term:
    parts = [part for part in parts if part != any_text()]
    return both(*parts) if parts else any_text()


def _signed(term: Term, holds: bool) -> Term:
    return term if holds else neg(term)


def is_impossible(term: Term) -> bool:
    """Whether no text is in a language; a language too large to be told counts as possible."""
    if not isinstance(term, (And, Minus, Not)):
        return term == EMPTY
    try:
        return compile_term(term).is_empty
    except BudgetExceeded:
        return False


def matches_text(term: Term, text: str) -> bool:
    """Whether a text is in a language."""
    try:
        return compile_term(term).matches(text.encode())
    except UnicodeEncodeError:
        return False


def string_except(values: Iterable[str]) -> Term:
    """The JSON string literals of every value but these."""
    barred = [lit(value) for value in values]
    return json_string(neg(alt(*barred))) if barred else ANY_STRING
