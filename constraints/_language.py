"""Languages: what a constraint says, as objects that a user composes.

A `Language` is a set of texts. Each kind of language (`Regex`, `JsonSchema`, `Choice` …) only builds a term; what can
be asked of a language is here, once: membership, the typed value of a text, compilation for a vocabulary, and the
operators `| & ~ +`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ._deadline import MAX_SECONDS, Deadline
from ._dfa import Dfa
from ._errors import BudgetExceeded, ConstraintError, InfeasibleConstraint
from ._expansion import MAX_STATES, compile_term
from ._markers import BORDER
from ._pydantic import CoreSchema
from ._regex import regex_term
from ._terms import EPSILON, Term, alt, any_char, any_text, both, erased, lit, marked, neg, opt, rep, seq

if TYPE_CHECKING:
    from ._automaton import TokenAutomaton
    from ._vocabulary import Vocabulary
    from ._weights import Scorer
    from .schema import Whitespace

__all__ = ["Choice", "Contains", "Language", "Regex", "Text", "named"]

_LONGEST_NAME = 500  # characters of what a language is called in messages


class Language:
    """A set of texts.

    Args:
        term: the language as a term.
        parse: gives the typed value of a member; by default the text itself.
        verify: where no finite automaton holds the language, the check that completes it: `term` is then a superset,
            and the language is "verified", not "exact".
        weights: scorers of the texts, see `prefer`; they change how likely a text is, not whether it is a member.
        borders: the term's texts hold markers (the byte 0xF5) where a token must end; no token stands across one.

    Attributes:
        term: the language as a term (a superset of it where `exactness` is "verified").
        verify, weights, borders: see above.
    """

    def __init__(
        self,
        term: Term,
        *,
        parse: Callable[[str], Any] | None = None,
        verify: Callable[[str], bool] | None = None,
        weights: tuple[Scorer, ...] = (),
        borders: bool = False,
    ) -> None:
        self.term = term
        self.verify = verify
        self.weights = weights
        self.borders = borders
        self._parse = parse
        self._name: str | None = None
        self._parts: tuple[Language, ...] = ()

    __get_pydantic_core_schema__ = CoreSchema()  # so that `Annotated[str, language]` is a type

    @property
    def parts(self) -> tuple[Language, ...]:
        """The languages that were joined with `&`; of any other, the language itself."""
        return self._parts or (self,)

    @staticmethod
    def of(source: Any, *, whitespace: str | int | Whitespace = "default") -> Language:
        """The language of what people already have: a Pydantic model, dataclass, TypedDict, Literal, Enum, Union,
        builtin type, JSON Schema dict, compiled `re.Pattern`, Outlines term, or a language itself. JSON objects are
        closed here (no keys but the declared ones) unless they ask for more; `whitespace` is that of `JsonSchema`.

        Raises:
            UnsupportedConstraint: with every reason, if a part of it can't be enforced.
            TypeError: for anything else; the message lists what is taken.
        """
        from ._of import language_of

        return language_of(source, whitespace=whitespace)

    @property
    def exactness(self) -> str:
        """ "exact", or "verified" where members of the automaton are checked once more by `verify`."""
        return "exact" if self.verify is None else "verified"

    @cached_property
    def dfa(self) -> Dfa:
        """The minimal automaton over bytes, at the default budget."""
        return compile_term(self.term)

    def matches(self, text: str) -> bool:
        """Whether the text is in the language, the verifier included."""
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:  # lone surrogates are no text
            return False
        return self._spells(data) and (self.verify is None or self.verify(text))

    def _spells(self, data: bytes) -> bool:
        """Whether a text is in the language of the term: by the automaton, and by the term where that is cut off."""
        if self.borders:  # markers are no part of the text
            return Language(erased(self.term, BORDER))._spells(data)
        dfa = self._dfa_within_budget
        if dfa is not None and (dfa.max_depth is None or dfa.matches(data)):
            return dfa.matches(data)
        from ._match import matches_term

        return matches_term(self.term, data)

    @cached_property
    def _dfa_within_budget(self) -> Dfa | None:
        try:
            return self.dfa
        except BudgetExceeded:
            return None

    def parse(self, text: str) -> Any:
        """The typed value of a member: JSON for a schema, an instance for a Pydantic model, else the text."""
        return text if self._parse is None else self._parse(text)

    def compile(
        self,
        vocabulary: Vocabulary,
        *,
        max_states: int = MAX_STATES,
        max_depth: int | None = None,
        max_seconds: float | None = MAX_SECONDS,
        canonical: Any = None,
    ) -> TokenAutomaton:
        """The language over the tokens of a vocabulary, stop and padding rules included.

        Args:
            vocabulary: the tokens' bytes, stop and pad ids.
            max_states: the most states any automaton on the way may have.
            max_depth: how deep self-embedding parts (recursive schemas, rules of grammars) are expanded at most; where
                their copies would be too many, less: the result's `max_depth` says how deep. None: 4 for schemas, 64
                for grammars.
            max_seconds: the most time to take; None for any.
            canonical: the tokenizer, or a `Segmenter` of it: only the segmentation that it would give. The result is a
                `CanonicalAutomaton`: in literals and small parts what the tokenizer would not give is excluded; where
                its `segmentation` is "checked" (free text), `is_canonical` has to agree with a candidate.

        Raises:
            BudgetExceeded: with the figures.
            InfeasibleConstraint: if no token sequence spells a member; of languages joined with `&`, the smallest set
                that conflicts is named.
        """
        try:
            made = self._compiled(vocabulary, max_states=max_states, max_depth=max_depth, max_seconds=max_seconds)
            if canonical is None:
                return made
            from ._canonical import canonical as canonical_of

            return canonical_of(made, vocabulary, canonical)
        except InfeasibleConstraint as error:
            if len(self.parts) == 1:
                raise
            from ._diagnosis import diagnose

            conflict = diagnose(self, vocabulary)
            raise InfeasibleConstraint(f"{error}; {conflict}", conflict=conflict) from error

    def _compiled(
        self,
        vocabulary: Vocabulary,
        *,
        max_states: int = MAX_STATES,
        max_depth: int | None = None,
        max_seconds: float | None = MAX_SECONDS,
    ) -> TokenAutomaton:
        from ._compile import compile_dfa, prepare

        prepare(vocabulary, weighted=bool(self.weights))
        custom = (max_states, max_depth) != (MAX_STATES, None)
        with Deadline(max_seconds) as deadline:
            dfa = None if custom else self.__dict__.get("dfa")
            if dfa is None:
                dfa = compile_term(self.term, max_states=max_states, max_depth=max_depth, deadline=deadline)
            if not custom:
                self.__dict__["dfa"] = dfa  # as the cached property
            if dfa.is_empty:
                deep = "" if dfa.max_depth is None else f" that nests up to {dfa.max_depth} deep"
                raise InfeasibleConstraint(f"the language is empty: no text{deep} satisfies the constraint")
            automaton = compile_dfa(
                dfa, vocabulary, verify=self.verify, weights=self.weights, borders=self.borders, deadline=deadline
            )
        return automaton if dfa.max_depth is None else replace(automaton, member=self.matches)

    def prefer(self, pattern: Language | str, weight: float, each: bool = False) -> Language:
        """The same texts; those in which the pattern stands somewhere weigh `weight` nats more (at least 0).

        With `each`, every place of a text at which some match ends adds the weight. Posteriors of the compiled language
        are exact for the product of the log-factors and these weights; weights of several calls add up.

        Raises:
            ValueError: for a negative, infinite or missing weight, or a pattern that matches the empty text.
            ConstraintError: for a pattern that is verified, weighted, has borders or embeds itself.
        """
        from ._weights import preferred

        return self._weighted(preferred(pattern, weight, each))

    def avoid(self, pattern: Language | str, weight: float, each: bool = False) -> Language:
        """`prefer` with a weight of at most 0. What must not stand in a text at all: `language & ~Contains(...)`."""
        from ._weights import avoided

        return self._weighted(avoided(pattern, weight, each))

    def score(self, ngrams: Mapping[str, float]) -> Language:
        """The same texts; every occurrence of an n-gram (a string of any length) adds its weight, in nats, to a text's.

        Raises:
            ValueError: for an empty n-gram, or a weight that is no finite number.
        """
        from ._weights import ngrams as scorer_of

        return self._weighted(scorer_of(ngrams))

    def _weighted(self, scorer: Scorer) -> Language:
        weighted = copy.copy(self)
        weighted.weights = (*self.weights, scorer) if scorer.gain.any() else self.weights
        return weighted

    def __or__(self, other: Language | str) -> Language:
        return _combine(alt, self, other)

    def __ror__(self, other: str) -> Language:
        return _combine(alt, other, self)

    def __and__(self, other: Language | str) -> Language:
        return _combine(both, self, other)

    def __rand__(self, other: str) -> Language:
        return _combine(both, other, self)

    def __add__(self, other: Language | str) -> Language:
        return _combine(seq, self, other)

    def __radd__(self, other: str) -> Language:
        return _combine(seq, other, self)

    def __invert__(self) -> Language:
        _refuse_parts(self, "~")
        return named(Language(neg(self.term)), f"~{self!r}")

    def repeat(self, low: int, high: int | None = None, separator: Language | str = "") -> Language:
        """`low` to `high` members in a row (None: any number), with a separator between each two.

        Raises:
            ValueError: for bounds that are negative or reversed.
        """
        one, between = _piece(self, "repeat"), _piece(separator, "repeat")
        if between == EPSILON or high == 0 or low < 0:
            return Language(rep(one, low, high))
        if high is not None and high < low:
            raise ValueError(f"a repetition from {low} to {high} is no range")
        some = seq(one, rep(seq(between, one), max(low - 1, 0), None if high is None else high - 1))
        return Language(some if low else opt(some))

    def optional(self) -> Language:
        """A member, or the empty text."""
        return Language(opt(_piece(self, "optional")))

    def __repr__(self) -> str:
        return self._name or f"{type(self).__name__}({self.exactness})"


def named(language: Language, name: str) -> Language:
    """Say how a language is called in messages."""
    language._name = name if len(name) <= _LONGEST_NAME else None
    return language


def _as_language(value: Language | str) -> Language:
    if isinstance(value, str):
        return named(Language(lit(value)), repr(value))
    if isinstance(value, Language):
        return value
    raise TypeError(f"a language combines with a language or a string, not with {type(value).__name__}")


def _refuse_parts(language: Language, operator: str) -> None:
    """An operator that needs the exact set of texts, and nothing else to be known of them."""
    for has, what in ((language.weights, "weights"), (language.borders, "borders")):
        if has:
            raise ConstraintError(
                f"{operator} is not defined on a language with {what}: they belong to whole texts; combine first, then "
                "add them"
            )
    if language.verify is not None:
        raise ConstraintError(
            f"{operator} is not defined on a verified language: its automaton is only a superset; make it exact first"
        )


def _piece(text: Language | str, name: str) -> Term:
    """The term of a part of the language `name`, which needs its exact set of texts."""
    language = _as_language(text)
    _refuse_parts(language, name)
    return language.term


def _combine(join: Callable[..., Term], left: Language | str, right: Language | str) -> Language:
    """Join two languages. A conjunction keeps the one typed value and every check; the others need exact parts."""
    pair = _as_language(left), _as_language(right)
    if join is both:
        parses = [language._parse for language in pair if language._parse is not None]
        checks = [language.verify for language in pair if language.verify is not None]
        verify = (lambda text: all(check(text) for check in checks)) if checks else None
        terms = [language.term for language in pair]
        borders = any(language.borders for language in pair)
        if borders:  # either side ignores the other's markers
            terms = [marked(term, BORDER) for term in terms]
        weights = pair[0].weights + pair[1].weights
        parse = parses[0] if parses else None
        joined = Language(both(*terms), parse=parse, verify=verify, weights=weights, borders=borders)
        joined._parts = (*pair[0].parts, *pair[1].parts)
        return named(joined, f"({pair[0]!r} & {pair[1]!r})")
    operator = "|" if join is alt else "+"
    for language in pair:
        _refuse_parts(language, operator)
    return named(Language(join(*(language.term for language in pair))), f"({pair[0]!r} {operator} {pair[1]!r})")


class Regex(Language):
    r"""The texts that a regular expression matches *whole*: Python's syntax, code points, `\d \w \s` as in `re`.

    Look-around, word boundaries and anchors are exact, anywhere. Refused with the position: back-references and
    conditional groups, which are not regular; atomic groups and possessive quantifiers, which ask for an order of
    matching.
    """

    def __init__(self, pattern: str, flags: int | re.RegexFlag = 0) -> None:
        super().__init__(regex_term(pattern, flags=int(flags)))
        self.pattern = pattern

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"


class Choice(Language):
    """One of the given texts, literally. Raises ValueError if there is none."""

    def __init__(self, *options: str | Iterable[str]) -> None:
        self.options = tuple(text for option in options for text in ([option] if isinstance(option, str) else option))
        if not self.options:
            raise ValueError("a choice needs at least one text")
        super().__init__(alt(*(lit(text) for text in self.options)))

    def __repr__(self) -> str:
        return f"Choice{self.options!r}"


class Text(Language):
    """Any text, of at least `min_chars` and at most `max_chars` code points (None: no limit but the canvas)."""

    def __init__(self, *, min_chars: int = 0, max_chars: int | None = None) -> None:
        super().__init__(rep(any_char(), min_chars, max_chars))


class Contains(Language):
    """The texts in which the given text stands literally, or a member of the given language does.

    `~Contains("http://")` keeps it out.
    """

    def __init__(self, text: str | Language) -> None:
        super().__init__(seq(any_text(), _piece(text, "Contains"), any_text()))
        self.text = text

    def __repr__(self) -> str:
        return f"Contains({self.text!r})"
