"""Random schemas against `jsonschema`: a document is in the language iff it is valid, in some order of its
keys."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from controlgen.constraints import BudgetExceeded, ConstraintError, JsonSchema

NAMES = "abc"
SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
names = st.sampled_from(NAMES)
small = st.integers(0, 3)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-4, 12),
    st.sampled_from([0.5, -0.25, 1.0, 2.5, 1e30, 1e-9]),
    st.text("ab1é", max_size=3),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)


def facets(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


numeric = facets(
    minimum=st.sampled_from([-3, 0, 0.5, 2]),
    maximum=st.sampled_from([-1, 1, 2.5, 10]),
    exclusiveMinimum=st.sampled_from([-3, 0, 0.5]),
    exclusiveMaximum=st.sampled_from([0, 3, 10]),
    multipleOf=st.sampled_from([1, 2, 3, 0.5, 2.5]),
)
strings = facets(
    minLength=small, maxLength=small, pattern=st.sampled_from(["^a", "b$", "^[ab]*$", "1", "^.{2}$", "a|é"]),
    format=st.sampled_from(["date", "ipv4"]),
)  # fmt: skip
kinds = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
typed = facets(type=kinds | st.lists(kinds, min_size=1, max_size=3, unique=True))
given_values = facets(enum=st.lists(values, min_size=1, max_size=4), const=values)
leaves = st.one_of(st.booleans(), typed, typed, numeric, strings, given_values, st.just({"$ref": "#/$defs/x"}))


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda dicts: {key: value for part in dicts for key, value in part.items()})


def composite(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = facets(
        properties=st.dictionaries(names, inner, max_size=3),
        required=st.lists(names, max_size=2, unique=True),
        additionalProperties=inner,
    )
    keys = facets(
        patternProperties=st.dictionaries(st.sampled_from(["^a", "b|c", "^[^a]$", "^(a|b)$"]), inner, max_size=2),
        propertyNames=st.one_of(inner, strings, given_values),
        minProperties=small,
        maxProperties=small,
        dependentRequired=st.dictionaries(names, st.lists(names, max_size=2, unique=True), max_size=2),
        dependentSchemas=st.dictionaries(names, inner, max_size=2),
        unevaluatedProperties=inner,
    )
    arrays = facets(items=inner, prefixItems=st.lists(inner, min_size=1, max_size=2), minItems=small, maxItems=small)
    counted = facets(
        contains=inner, minContains=small, maxContains=small, uniqueItems=st.booleans(), unevaluatedItems=inner
    )
    several = st.lists(inner, min_size=1, max_size=3)
    in_place = facets(anyOf=several, allOf=several)
    logic = facets(**{"oneOf": several, "not": inner, "if": inner, "then": inner, "else": inner})
    reference = facets(**{"$ref": st.just("#/$defs/x")})
    return st.one_of(
        merged(typed, objects),
        merged(typed, arrays),
        merged(typed, numeric, strings, in_place),
        merged(objects, in_place),
        merged(objects, given_values, reference),
        merged(typed, objects, keys),
        merged(keys, in_place, logic),
        merged(typed, arrays, counted),
        merged(counted, in_place, logic),
        merged(typed, logic),
        merged(objects, logic, reference),
        merged(numeric, strings, logic),
    )


schemas = st.recursive(leaves, composite, max_leaves=6)


def orders(value: Any) -> Iterator[Any]:
    """The value with the keys of its objects in every order."""
    if isinstance(value, dict):
        for keys in itertools.permutations(value):
            for members in itertools.product(*(list(orders(value[key])) for key in keys)):
                yield dict(zip(keys, members, strict=True))
    elif isinstance(value, list):
        for items in itertools.product(*(list(orders(item)) for item in value)):
            yield list(items)
    else:
        yield value


def build(schema: Any, definition: Any) -> dict[str, Any]:
    """A document whose root is the schema, beside a definition that it may refer to (and that may refer to
    itself)."""
    return {"$defs": {"x": definition}, **(schema if isinstance(schema, dict) else {"allOf": [schema]})}


def language_of(schema: dict[str, Any], **options: Any) -> JsonSchema:
    """The language of a schema that has one within the budget."""
    try:
        language = JsonSchema(schema, **options)
        language.dfa  # noqa: B018  (compiled here, once)
    except BudgetExceeded:
        assume(False)
    except ConstraintError as error:
        assume("refers to itself without end" not in str(error))
        raise
    return language


def judge_of(document: dict[str, Any]) -> Callable[[Any], bool]:
    """Validity by `jsonschema`; it can't judge a schema that refers to itself without end in a dead branch."""
    validator = jsonschema.Draft202012Validator(document, format_checker=jsonschema.FormatChecker())

    def is_valid(value: Any) -> bool:
        try:
            return bool(validator.is_valid(value))
        except RecursionError:
            endless = True
        assume(not endless)
        return False

    return is_valid


def check(language: JsonSchema, value: Any, valid: bool, **style: Any) -> None:
    texts = [json.dumps(option, ensure_ascii=False, **style) for option in itertools.islice(orders(value), 500)]
    accepted = [text for text in texts if language.matches(text)]
    assert bool(accepted) == valid, (language.schema, value, accepted)


@given(schemas, leaves, st.lists(values, min_size=8, max_size=8))
@SETTINGS
def test_matches_is_validity(schema: Any, definition: Any, instances: list[Any]) -> None:
    document = build(schema, definition)
    language = language_of(document, numbers="any")
    is_valid = judge_of(document)
    for value in instances:
        check(language, value, is_valid(value))


@given(
    st.recursive(leaves, composite, max_leaves=3),
    st.recursive(leaves, composite, max_leaves=3),
    st.lists(values, min_size=6, max_size=6),
)
@SETTINGS
def test_values_made_for_a_schema(schema: Any, definition: Any, instances: list[Any]) -> None:
    """Instances near the schema: its own enum values and objects that carry its property names."""
    document = build(schema, definition)
    language = language_of(document, numbers="any")
    is_valid = judge_of(document)
    near = list(given_of(document))[:6] + [
        dict(zip(NAMES, triple, strict=True)) for triple in zip(*[iter(instances)] * 3, strict=True)
    ]
    for value in near:
        check(language, value, is_valid(value))


def given_of(schema: Any) -> Iterator[Any]:
    if isinstance(schema, dict):
        yield from schema["enum"] if isinstance(schema.get("enum"), list) else ()
        if "const" in schema:
            yield schema["const"]
        for part in schema.values():
            yield from given_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from given_of(part)


@given(schemas, st.sampled_from(["compact", 0, 2, 3]), st.lists(values, min_size=4, max_size=4))
@settings(SETTINGS, max_examples=150)
def test_policies_of_white_space(schema: Any, policy: str | int, instances: list[Any]) -> None:
    document = build(schema, True)
    language = language_of(document, whitespace=policy, numbers="any")
    is_valid = judge_of(document)
    style: dict[str, Any] = {"separators": (",", ":")} if policy == "compact" else {"indent": policy}
    for value in instances:
        check(language, value, is_valid(value) and depth_of(value) <= 4, **style)


def depth_of(value: Any) -> int:
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth_of, members), default=0) if isinstance(value, (dict, list)) else 0
