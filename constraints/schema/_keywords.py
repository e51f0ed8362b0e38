"""The table of JSON Schema keywords: what becomes of each. One place, for the front end, reports and documentation.

Outcomes:

* `exact`: held by the automaton;
* `exact or verified`: held by the automaton where `note` says so; otherwise the automaton holds a superset, and each
  candidate is checked by a validator;
* `structure`: names or places other schemas;
* `annotation`: says nothing about validity (JSON Schema's own annotations).

A keyword that a schema's draft doesn't know is an annotation too: that is JSON Schema's rule. Reports list each of them
with its place, and one that looks like a misspelt keyword is warned of.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from ._languages import LANGUAGE

__all__ = ["KEYWORDS", "Keyword", "active_keywords", "similar_keyword"]


@dataclass(frozen=True)
class Keyword:
    """One keyword.

    Attributes:
        name: as it stands in a schema.
        outcome: see above.
        note: the condition, in one clause; may be empty.
        since, until: the first and the last draft that has it (4, 6, 7, 2019, 2020).
    """

    name: str
    outcome: str
    note: str = ""
    since: int = 4
    until: int = 2020


_BY_COMPLEMENT = "by intersection and complement; verified where that makes more cases than the budget of cases"
_COUNTED = "exact as far as the automaton counts (1,500; 300, 64, 16 where a schema would be too large), else verified"
_ITEMS = "exact as far as the automaton counts (1,000; 40, 8, 2 where a schema would be too large), else verified"
_ROWS = (
    *(Keyword(name, "exact") for name in ("type", "properties", "required", "items")),
    *(Keyword(name, "exact or verified", _ITEMS) for name in ("minItems", "maxItems")),
    *(Keyword(name, "exact or verified", f"code points; {_COUNTED}") for name in ("minLength", "maxLength")),
    *(Keyword(name, "exact") for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
    Keyword("enum", "exact", "by JSON's equality: 1 is 1.0; objects keep the order that the value has"),
    Keyword("const", "exact", "by JSON's equality", since=6),
    Keyword("prefixItems", "exact", since=2020),
    Keyword("additionalItems", "exact", until=2019),
    Keyword("additionalProperties", "exact or verified", "that free keys differ from each other is verified"),
    Keyword("patternProperties", "exact", "finitely many keys become optional properties"),
    Keyword("propertyNames", "exact", since=6),
    *(Keyword(name, "exact or verified", _ITEMS) for name in ("minProperties", "maxProperties")),
    Keyword(
        "pattern",
        "exact or verified",
        f"ECMA-262, look-around included, back-references are refused; repetitions: {_COUNTED}",
    ),
    Keyword("format", "exact or verified", "see the table of formats; a name that no draft knows is an annotation"),
    Keyword(
        LANGUAGE,
        "exact or verified",
        "no JSON Schema: a name in `languages`, without any an annotation; as exact as that language, refused under a "
        "complement where it embeds itself",
    ),
    Keyword("multipleOf", "exact or verified", "exact where the remainders are few enough to be counted"),
    Keyword("uniqueItems", "exact or verified", "exact for at most one item or few possible items"),
    Keyword("contains", "exact", since=6),
    *(Keyword(name, "exact or verified", _ITEMS, since=2019) for name in ("minContains", "maxContains")),
    *(Keyword(name, "exact") for name in ("allOf", "anyOf")),
    *(Keyword(name, "exact or verified", _BY_COMPLEMENT) for name in ("oneOf", "not")),
    *(Keyword(name, "exact or verified", _BY_COMPLEMENT, since=7) for name in ("if", "then", "else")),
    Keyword("dependencies", "exact", until=7),
    Keyword("dependentRequired", "exact", since=2019),
    Keyword("dependentSchemas", "exact", since=2019),
    Keyword("unevaluatedProperties", "exact", since=2019),
    Keyword("unevaluatedItems", "exact", since=2019),
    Keyword("$ref", "structure", "inside the document or into the registry that the caller passes; nothing is fetched"),
    Keyword("$dynamicRef", "structure", since=2020),
    Keyword("$recursiveRef", "structure", since=2019, until=2019),
    *(Keyword(name, "structure") for name in ("$schema", "definitions")),
    *(Keyword(name, "structure", since=2019) for name in ("$defs", "$anchor", "$vocabulary")),
    Keyword("$dynamicAnchor", "structure", since=2020),
    Keyword("$recursiveAnchor", "structure", since=2019, until=2019),
    Keyword("id", "structure", until=4),
    Keyword("$id", "structure", since=6),
    *(Keyword(name, "annotation") for name in ("title", "description", "default")),
    *(Keyword(name, "annotation", since=6) for name in ("examples",)),
    *(Keyword(name, "annotation", since=7) for name in ("$comment", "readOnly", "writeOnly")),
    *(Keyword(name, "annotation", since=7) for name in ("contentEncoding", "contentMediaType")),
    *(Keyword(name, "annotation", since=2019) for name in ("contentSchema", "deprecated")),
)
KEYWORDS: dict[str, Keyword] = {row.name: row for row in _ROWS}


@cache
def active_keywords(draft: int) -> frozenset[str]:
    """The keywords that a draft knows."""
    return frozenset(row.name for row in _ROWS if row.since <= draft <= row.until and row.name != LANGUAGE)


@cache
def similar_keyword(name: str, draft: int) -> str | None:
    """The keyword of the draft that an unknown name seems to misspell."""
    if name.startswith("x-") or len(name) < 4 or name in KEYWORDS:
        return None
    found = get_close_matches(name, sorted(active_keywords(draft)), n=1, cutoff=0.88)
    return found[0] if found else None
