"""Drafts of JSON Schema: which one a document is written in, what it reads, and what is a schema in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from .._errors import UnsupportedConstraint
from ._keywords import active_keywords

__all__ = ["dialect_of", "meta_validator", "passes_quickly", "specification", "validator_class"]

DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-07/schema": 7,
    "https://json-schema.org/draft/2019-09/schema": 2019,
    "https://json-schema.org/draft/2020-12/schema": 2020,
    "http://json-schema.org/schema": 2020,
}
_VOCABULARIES = {
    "core": "",
    "applicator": "properties patternProperties additionalProperties propertyNames dependentSchemas items prefixItems "
    "additionalItems contains allOf anyOf oneOf not if then else",
    "unevaluated": "unevaluatedItems unevaluatedProperties",
    "validation": "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength "
    "pattern maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required "
    "dependentRequired",
    "meta-data": "",
    "format-annotation": "",
    "format-assertion": "",
    "content": "",
}


def dialect_of(root: dict[str, Any] | bool, registry: Mapping[str, Any]) -> tuple[int, frozenset[str]]:
    """The draft of a document, and the keywords that it reads; a `$schema` in the registry names its own."""
    if isinstance(root, bool) or "$schema" not in root:
        return 2020, active_keywords(2020)
    identifier = str(root["$schema"]).rstrip("#")
    if identifier in DRAFTS:
        return DRAFTS[identifier], active_keywords(DRAFTS[identifier])
    meta = registry.get(identifier, registry.get(identifier + "#"))
    base = DRAFTS.get(str(meta.get("$schema", "")).rstrip("#")) if isinstance(meta, dict) else None
    if base is None or not isinstance(meta, dict):
        why = f"unknown dialect {root['$schema']!r}; known: drafts 4 to 2020-12, and what the registry defines by them"
        raise UnsupportedConstraint.single("", "$schema", why)
    known = active_keywords(base)
    if base >= 2019 and isinstance(meta.get("$vocabulary"), dict):
        known = _of_vocabularies(known, meta["$vocabulary"])
    return base, known


def _of_vocabularies(known: frozenset[str], vocabularies: Mapping[str, bool]) -> frozenset[str]:
    """The keywords of the vocabularies that a meta-schema names."""
    names = {uri.rsplit("/", 1)[-1] for uri in vocabularies if uri.startswith("https://json-schema.org/draft/")}
    foreign = [uri for uri, needed in vocabularies.items() if needed and uri.rsplit("/", 1)[-1] not in _VOCABULARIES]
    if foreign:
        raise UnsupportedConstraint.single("", "$vocabulary", f"{foreign[0]!r} is required and not known")
    absent = [keywords for name, keywords in _VOCABULARIES.items() if name not in names]
    return known - frozenset().union(*(keywords.split() for keywords in absent))


@cache
def specification(draft: int) -> Any:
    from referencing import jsonschema

    return {
        4: jsonschema.DRAFT4, 6: jsonschema.DRAFT6, 7: jsonschema.DRAFT7,
        2019: jsonschema.DRAFT201909, 2020: jsonschema.DRAFT202012,
    }[draft]  # fmt: skip


def validator_class(draft: int) -> Any:
    import jsonschema

    return {
        4: jsonschema.Draft4Validator, 6: jsonschema.Draft6Validator, 7: jsonschema.Draft7Validator,
        2019: jsonschema.Draft201909Validator, 2020: jsonschema.Draft202012Validator,
    }[draft]  # fmt: skip


def passes_quickly(schema: Any, draft: int) -> bool:
    """Whether a schema is certainly one: by a compiled validator, a hundred times as fast, that explains nothing."""
    try:
        return bool(_quick_validator(draft).is_valid(schema))
    except ValueError:  # what it doesn't take: decimals, deep nesting
        return False


@cache
def _quick_validator(draft: int) -> Any:
    import jsonschema_rs

    return {
        4: jsonschema_rs.Draft4Validator, 6: jsonschema_rs.Draft6Validator, 7: jsonschema_rs.Draft7Validator,
        2019: jsonschema_rs.Draft201909Validator, 2020: jsonschema_rs.Draft202012Validator,
    }[draft](validator_class(draft).META_SCHEMA)  # fmt: skip


@cache
def meta_validator(draft: int) -> Any:
    validator = validator_class(draft)
    return validator(validator.META_SCHEMA)
