"""The table of JSON Schema keywords: what becomes of each. One place, for the front end and for reports.

Outcomes:

* `exact`: held by the automaton;
* `conditional`: held by the automaton under the condition in `note`, refused otherwise;
* `annotation`: says nothing about validity (JSON Schema's annotations and the usual foreign ones); ignored;
* `structure`: names or places other schemas;
* `refused`: an assertion that is not enforced; a schema with it is refused, with the place.

A keyword that is not in the table is refused as well: a misspelt keyword must not weaken a schema silently.
Names that start with `x-` are annotations.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KEYWORDS", "Keyword", "asks_nothing", "keyword"]


@dataclass(frozen=True)
class Keyword:
    """One keyword: its name, its outcome, and the condition or reason in one clause (may be empty)."""

    name: str
    outcome: str
    note: str = ""


_EXACT = (
    "type properties required additionalProperties items prefixItems additionalItems minItems maxItems "
    "minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum enum const allOf anyOf"
)
_ANNOTATIONS = (
    "title description default examples example $comment deprecated readOnly writeOnly contentEncoding "
    "contentMediaType contentSchema discriminator $vocabulary externalDocs xml"
)
_STRUCTURE = "$schema $defs definitions $anchor $dynamicAnchor $recursiveAnchor"
_REFUSED = {
    "not": "complements are not enforced; state what is allowed instead",
    "if": "conditional schemas are not enforced; use anyOf with one branch per case",
    "then": "conditional schemas are not enforced; use anyOf with one branch per case",
    "else": "conditional schemas are not enforced; use anyOf with one branch per case",
    "dependentRequired": "not enforced; use anyOf with one branch per case",
    "dependentSchemas": "not enforced; use anyOf with one branch per case",
    "dependencies": "not enforced; use anyOf with one branch per case",
    "patternProperties": "not enforced; name the properties, or use additionalProperties",
    "propertyNames": "not enforced; name the properties",
    "unevaluatedProperties": "not enforced; use additionalProperties",
    "unevaluatedItems": "not enforced; use items",
    "minProperties": "not enforced; use required",
    "maxProperties": "not enforced; name the properties and close the object",
    "contains": "not enforced",
    "minContains": "not enforced",
    "maxContains": "not enforced",
    "uniqueItems": "not regular in general, and not enforced",
    "multipleOf": "not enforced; use bounds, an enum, or a string with a pattern",
    "$dynamicRef": "not resolved; use $ref",
    "$recursiveRef": "not resolved; use $ref",
    "extends": "not a keyword of the drafts that are taken; use allOf",
    "disallow": "not a keyword of the drafts that are taken",
    "divisibleBy": "not enforced; use bounds or an enum",
    "nullable": "an OpenAPI keyword; use a type list with null",
}
# values with which a refused keyword asks for nothing
_NEUTRAL: dict[str, object] = {
    "uniqueItems": False,
    "minProperties": 0,
    "patternProperties": {},
    "propertyNames": True,
    "dependentRequired": {},
    "dependentSchemas": {},
    "dependencies": {},
    "unevaluatedProperties": True,
    "unevaluatedItems": True,
    "nullable": False,
}


def _table() -> dict[str, Keyword]:
    rows = [Keyword(name, "exact") for name in _EXACT.split()]
    rows += [Keyword(name, "annotation") for name in _ANNOTATIONS.split()]
    rows += [Keyword(name, "structure") for name in _STRUCTURE.split()]
    rows += [Keyword(name, "refused", why) for name, why in _REFUSED.items()]
    rows += [
        Keyword("$ref", "conditional", "a JSON pointer into the same document; nothing is fetched"),
        Keyword("$id", "conditional", "at the root only"),
        Keyword("id", "conditional", "at the root only (draft 4)"),
        Keyword("oneOf", "conditional", "where no value is valid under two branches"),
        Keyword("format", "conditional", "formats in the table of formats; others where no string is possible"),
    ]
    return {row.name: row for row in rows}


KEYWORDS: dict[str, Keyword] = _table()


def asks_nothing(name: str, schema: dict[str, object]) -> bool:
    """Whether a keyword of a schema is there without effect, by its value or for want of its partner."""
    if name in ("then", "else"):
        return "if" not in schema
    if name in ("minContains", "maxContains"):
        return "contains" not in schema
    if name == "if":
        return "then" not in schema and "else" not in schema
    return name in _NEUTRAL and schema[name] == _NEUTRAL[name] and type(schema[name]) is type(_NEUTRAL[name])


def keyword(name: str) -> Keyword:
    """The row of a keyword, known or not."""
    if name in KEYWORDS:
        return KEYWORDS[name]
    if name.startswith("x-"):
        return Keyword(name, "annotation")
    return Keyword(name, "refused", "not a keyword of JSON Schema; misspelt? Annotations of one's own start with x-")
