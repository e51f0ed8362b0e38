"""Outlines terms as languages. Outlines is imported only here, and only when a term of it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._errors import UnsupportedConstraint
from ._language import Language
from ._regex import regex_term
from ._terms import Term, alt, lit, opt, rep, seq

if TYPE_CHECKING:
    from .schema import Whitespace

__all__ = ["outlines_language"]


def outlines_language(source: Any, *, whitespace: str | int | Whitespace = "default") -> Language:
    """The language of a term of `outlines.types`: regular expressions, literals, choices, sequences,
    quantifiers, schemas, grammars.

    Raises UnsupportedConstraint for a `JsonSchema` with a white-space pattern of its own.
    """
    from outlines.types import dsl

    from .grammar import Grammar

    if isinstance(source, dsl.JsonSchema):
        return _schema_language(source, whitespace)
    if isinstance(source, dsl.CFG):
        return Grammar(source.definition)
    return Language(_term(source, whitespace))


def _schema_language(source: Any, whitespace: str | int | Whitespace) -> Language:
    from .schema import JsonSchema

    if source.whitespace_pattern is not None:
        why = "white space is a policy here; give the schema to JsonSchema(schema, whitespace=...)"
        raise UnsupportedConstraint.single("", "whitespace_pattern", why)
    return JsonSchema(source.schema, closed=True, whitespace=whitespace)


def _term(source: Any, whitespace: str | int | Whitespace) -> Term:
    from outlines.types import dsl

    from .grammar import Grammar

    def inner(term: Any) -> Term:
        return _term(term, whitespace)

    match source:
        case dsl.String(value):
            return lit(value)
        case dsl.Regex(pattern):
            return regex_term(pattern)
        case dsl.JsonSchema():
            return _exact(_schema_language(source, whitespace))
        case dsl.CFG(definition):
            return Grammar(definition).term
        case dsl.Choice(items):
            return alt(*(inner(dsl.python_types_to_terms(item)) for item in items))
        case dsl.Alternatives(terms):
            return alt(*map(inner, terms))
        case dsl.Sequence(terms):
            return seq(*map(inner, terms))
        case dsl.Optional(term):
            return opt(inner(term))
        case dsl.KleeneStar(term):
            return rep(inner(term), 0)
        case dsl.KleenePlus(term):
            return rep(inner(term), 1)
        case dsl.QuantifyExact(term, count):
            return rep(inner(term), count, count)
        case dsl.QuantifyMinimum(term, low):
            return rep(inner(term), low)
        case dsl.QuantifyMaximum(term, high):
            return rep(inner(term), 0, high)
        case dsl.QuantifyBetween(term, low, high):
            return rep(inner(term), low, high)
    raise UnsupportedConstraint.single("", type(source).__name__, "not known; build it from Regex and sequences")


def _exact(language: Language) -> Term:
    if language.verify is not None:
        why = "inside another term a schema must be exact: close its objects with additionalProperties false"
        raise UnsupportedConstraint.single("", "JsonSchema", why)
    return language.term
