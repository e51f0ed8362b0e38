"""Strings: lengths, patterns and formats of the decoded value, as one JSON string literal. Knows no
schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .._terms import EMPTY, Term, alt, any_char, any_text, both, json_string, lit, neg, rep

__all__ = ["ANY_STRING", "StringFacets", "string_except", "string_term"]

ANY_STRING = json_string(any_text())


@dataclass(frozen=True)
class StringFacets:
    """What is asked of a decoded string: its length in code points, and the languages (patterns, formats) it
    is in."""

    low: int = 0
    high: int | None = None
    languages: tuple[Term, ...] = ()


def string_term(facets: StringFacets) -> Term:
    """The JSON string literals whose value has all facets."""
    if facets.high is not None and facets.high < facets.low:
        return EMPTY
    parts = list(facets.languages)
    if facets.low or facets.high is not None:
        parts.append(rep(any_char(), facets.low, facets.high))
    return json_string(both(*parts)) if parts else ANY_STRING


def string_except(values: Iterable[str]) -> Term:
    """The JSON string literals of every value but these."""
    barred = [lit(value) for value in values]
    return json_string(neg(alt(*barred))) if barred else ANY_STRING
