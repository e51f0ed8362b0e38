"""From a schema to a formula: what it says of the values of one JSON type.

Applicators in place (`$ref`, `allOf`, `anyOf`, `oneOf`, `not`, `if`, `dependentSchemas`) become connectives; keywords
become atoms; schemas of properties and items stay claims. How formulas become text is not known here.

`unevaluatedProperties` and `unevaluatedItems` depend on which schemas in place hold. So below such a keyword (its
*watcher*) every alternative is decided, not only the one that suffices, and schemas that hold say what they evaluate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from .._errors import ConstraintError, UnsupportedConstraint
from ._atoms import (
    Among,
    Compared,
    Count,
    Declared,
    EachKey,
    Evaluated,
    Has,
    HasFormat,
    InLanguage,
    Item,
    KeySet,
    Length,
    Matches,
    MultipleOf,
    Rest,
    Unevaluated,
    Unique,
    Value,
    WholeSpelling,
)  # fmt: skip
from ._document import Claim, Document, Node
from ._formats import FORMATS, VERIFIED_FORMATS
from ._formula import FALSE, TRUE, Formula, Watched, every, negated, some
from ._languages import LANGUAGE, why_refused
from ._numbers import to_decimal
from ._values import json_type

__all__ = ["KINDS", "Assertions"]

KINDS = ("null", "boolean", "number", "string", "array", "object")
_IN_PLACE = frozenset(
    ("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies")
)
_RELATIONS = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}

Watchers = tuple[tuple[Any, ...], ...]
Disjoint = Callable[[Node, Node, Node, str], bool]


class Assertions:
    """Reads the schemas of one document.

    Args:
        document: see there.
        refuse: takes (pointer, keyword, why) of what is not supported.
        disjoint: whether no value of a type is valid under two branches of a schema.
    """

    def __init__(
        self, document: Document, refuse: Callable[[str, str, str], None], disjoint: Disjoint, *, formats: bool
    ) -> None:
        self._document = document
        self._formats = formats
        self._refuse = refuse
        self._disjoint = disjoint
        self._kept: dict[tuple[Any, ...], Formula] = {}
        self._own = {"number": self._number, "string": self._string, "array": self._array, "object": self._object}

    def of(self, claim: Claim, kind: str) -> Formula:
        """What a claim says of the values of a type."""
        formula = self._formula(claim.node, kind, (), frozenset())
        return formula if claim.holds else negated(formula)

    def _formula(self, node: Node, kind: str, watchers: Watchers, active: frozenset[Any]) -> Formula:
        if isinstance(node.schema, bool):
            return TRUE if node.schema else FALSE
        key = (node.key, kind, watchers)
        if key not in self._kept:
            if node.key in active:
                raise ConstraintError(f"at {node.pointer or '(root)'}: the schema refers to itself without end")
            formula = self._build(node, kind, watchers, active | {node.key})
            if kind == "string" and formula == FALSE and LANGUAGE in self._document.view(node):
                self._refuse(node.pointer, LANGUAGE, "it asks something of strings, and no string is valid here")
            self._kept[key] = formula
        return self._kept[key]

    def _build(self, node: Node, kind: str, watchers: Watchers, active: frozenset[Any]) -> Formula:
        view = self._document.view(node)
        if "type" in view and (formula := self._type(view["type"], kind)) == FALSE:
            return FALSE
        watched = self._watching(view, kind)
        inner = (*watchers, (*node.key, kind)) if watched else watchers
        parts = [formula] if "type" in view else []
        parts += [self._given(node, view[name], name, kind) for name in ("const", "enum") if name in view]
        if kind in self._own:
            parts += self._own[kind](node, view, inner)
        if not _IN_PLACE.isdisjoint(view):
            parts += self._applicators(node, view, kind, inner, active)
        if not watched:
            return every(parts)
        rest: list[Formula] = [Unevaluated(inner[-1], Claim(self._document.child(node, watched)))]
        rest += [Evaluated(watcher, items=None) for watcher in watchers]
        return Watched(every(parts), every(rest))

    @staticmethod
    def _watching(view: dict[str, Any], kind: str) -> str:
        name = {"object": "unevaluatedProperties", "array": "unevaluatedItems"}.get(kind, "")
        return name if name in view else ""

    def _type(self, given: Any, kind: str) -> Formula:
        names = (given,) if isinstance(given, str) else given
        if kind in names:
            return TRUE
        if kind == "number" and "integer" in names:
            return WholeSpelling() if self._document.draft == 4 else MultipleOf(to_decimal(1))
        return FALSE

    # --- values

    def _given(self, node: Node, value: Any, name: str, kind: str) -> Formula:
        """`const` and `enum`."""
        values = [value] if name == "const" else value
        alike = [each for each in values if json_type(each) == kind or (kind, json_type(each)) == ("number", "integer")]
        if not alike:
            return FALSE
        if kind == "null":
            return TRUE
        if kind == "number":
            alike = [each for each in alike if self._is_writable(node, each, name)]
        if kind in ("array", "object"):
            return some(self._structure(node, each, kind) for each in alike)
        return Among(tuple(dict.fromkeys(alike)))

    def _is_writable(self, node: Node, value: Any, name: str) -> bool:
        return bool([*self._with_decimal(node, name, value, Among)])

    def _structure(self, node: Node, value: Any, kind: str) -> Formula:
        """An array or an object, item by item."""
        if kind == "array":
            items = [Item(i, self._const(node, item)) for i, item in enumerate(value)]
            return every([Length(len(value), len(value)), *items])
        members: list[Formula] = []
        for name, member in value.items():
            members += [Has(name), Value(name, self._const(node, member))]
        return every([*members, Length(len(value), len(value))])

    def _const(self, node: Node, value: Any) -> Claim:
        keyword = "const" if self._document.draft >= 6 else "enum"
        return Claim(self._document.made({keyword: value if keyword == "const" else [value]}, node))

    # --- numbers and strings

    def _number(self, node: Node, view: dict[str, Any], watchers: Watchers) -> Iterator[Formula]:
        for name, relation in _RELATIONS.items():
            bound = view.get(name)
            if bound is None or isinstance(bound, bool):  # draft 4: a flag on the other keyword
                continue
            if self._document.draft == 4 and view.get(f"exclusive{name.capitalize()}") is True:
                relation = relation[0]
            yield from self._with_decimal(node, name, bound, partial(Compared, relation))
        if "multipleOf" in view:
            yield from self._with_decimal(node, "multipleOf", view["multipleOf"], MultipleOf)

    def _with_decimal(
        self, node: Node, name: str, value: Any, make: Callable[[Any], Formula]
    ) -> Iterator[Formula]:
        try:
            yield make(to_decimal(value))
        except ValueError as error:
            self._refuse(node.pointer, name, str(error))

    def _string(self, node: Node, view: dict[str, Any], watchers: Watchers) -> Iterator[Formula]:
        if "minLength" in view or "maxLength" in view:
            yield _length(view, "minLength", "maxLength")
        if "pattern" in view:
            yield Matches(view["pattern"], node.pointer)
        if LANGUAGE in view:
            why = why_refused(view[LANGUAGE], self._document.languages)
            if why is None:
                yield InLanguage(view[LANGUAGE], node.pointer)
            else:
                self._refuse(node.pointer, LANGUAGE, why)
        if "format" in view and self._formats:
            name = view["format"]
            if name in FORMATS or name in VERIFIED_FORMATS:
                yield HasFormat(name)
            else:
                why = f"{name!r} is not a format of JSON Schema, so it asks for nothing"
                self._document.ignore(node, "format", why)

    # --- arrays

    def _array(self, node: Node, view: dict[str, Any], watchers: Watchers) -> Iterator[Formula]:
        if "minItems" in view or "maxItems" in view:
            yield _length(view, "minItems", "maxItems")
        first, rest = ("prefixItems", "items") if self._document.draft >= 2020 else ("items", "additionalItems")
        prefix = view[first] if isinstance(view.get(first), list) else ()
        for i in range(len(prefix)):
            yield Item(i, Claim(self._document.child(node, first, i)))
        if not prefix and first == "items" and "items" in view and not isinstance(view["items"], list):
            rest = "items"
        elif first == "items" and not isinstance(view.get("items"), list):
            rest = ""  # additionalItems without a list of items asks for nothing
        if rest in view:
            yield Rest(len(prefix), Claim(self._document.child(node, rest)))
        if "contains" in view:
            yield self._contains(node, view)
        if view.get("uniqueItems") is True:
            yield Unique()
        for watcher in watchers:
            yield Evaluated(watcher, items=None if rest in view else len(prefix))
            if "contains" in view and self._document.draft >= 2020:
                yield Evaluated(watcher, item=Claim(self._document.child(node, "contains")))

    def _contains(self, node: Node, view: dict[str, Any]) -> Formula:
        low = int(view.get("minContains", 1))
        high = int(view["maxContains"]) if "maxContains" in view else None
        if high is not None and high < low:
            return FALSE
        if not low and high is None:
            return TRUE
        return Count(0, (Claim(self._document.child(node, "contains")),), low, high)

    # --- objects

    def _object(self, node: Node, view: dict[str, Any], watchers: Watchers) -> Iterator[Formula]:
        child = self._document.child
        for name in view.get("properties", ()):
            yield Value(name, Claim(child(node, "properties", name)))
        for name in view.get("required", ()):
            yield Has(name)
        names = frozenset(view.get("properties", ()))
        patterns = tuple(view.get("patternProperties", ()))
        for pattern in patterns:
            place = child(node, "patternProperties", pattern)
            yield EachKey(KeySet(pattern, pointer=node.pointer), Claim(place))
        if "additionalProperties" in view:
            others = KeySet(names=names, patterns=patterns, pointer=node.pointer)
            yield EachKey(others, Claim(child(node, "additionalProperties")))
        if "propertyNames" in view:
            barred = KeySet(claim=Claim(child(node, "propertyNames"), holds=False), pointer=node.pointer)
            yield EachKey(barred, Claim(self._document.made({"not": {}}, node)))
        if "minProperties" in view or "maxProperties" in view:
            yield _length(view, "minProperties", "maxProperties")
        for name, needed in self._dependencies(view):
            if isinstance(needed, list):
                yield some([Has(name, holds=False), every(Has(other) for other in needed)])
        says = not {"additionalProperties", "patternProperties", "unevaluatedProperties"}.isdisjoint(view)
        if says or "properties" in view:
            yield Declared(says)
        for watcher in watchers:
            yield Evaluated(watcher, names, patterns, None if "additionalProperties" in view else 0)

    @staticmethod
    def _dependencies(view: dict[str, Any]) -> Iterable[tuple[str, Any]]:
        for name in ("dependentRequired", "dependentSchemas", "dependencies"):
            yield from view.get(name, {}).items()

    # --- in place

    def _applicators(
        self, node: Node, view: dict[str, Any], kind: str, watchers: Watchers, active: frozenset[Any]
    ) -> Iterator[Formula]:
        def formula(target: Node, *, watched: bool = True) -> Formula:
            return self._formula(target, kind, watchers if watched else (), active)

        def child(*path: str | int) -> Node:
            return self._document.child(node, *path)

        for name in ("$ref", "$dynamicRef", "$recursiveRef"):
            if name in view and (target := self._resolved(node, name)) is not None:
                yield formula(target)
        for i in range(len(view.get("allOf", ()))):
            yield formula(child("allOf", i))
        if "anyOf" in view:
            options = [formula(child("anyOf", i)) for i in range(len(view["anyOf"]))]
            yield some(options)
            if watchers:
                yield from (some([option, negated(option)]) for option in options)
        if "oneOf" in view:
            yield self._one_of(node, kind, [child("oneOf", i) for i in range(len(view["oneOf"]))], formula)
        if "not" in view:
            yield negated(formula(child("not"), watched=False))
        if "if" in view and (watchers or "then" in view or "else" in view):
            condition = formula(child("if"))
            then = formula(child("then")) if "then" in view else TRUE
            otherwise = formula(child("else")) if "else" in view else TRUE
            yield some([every([condition, then]), every([negated(condition), otherwise])])
        if kind == "object":
            for keyword in ("dependentSchemas", "dependencies"):
                for name, needed in view.get(keyword, {}).items():
                    if not isinstance(needed, list):
                        yield some([Has(name, holds=False), every([Has(name), formula(child(keyword, name))])])

    def _one_of(self, node: Node, kind: str, branches: list[Node], formula: Callable[[Node], Formula]) -> Formula:
        """Exactly one: each branch without those others that it may overlap with."""
        formulas = [formula(branch) for branch in branches]
        live = [i for i in range(len(branches)) if formulas[i] != FALSE]
        options = []
        for i in live:
            others = [j for j in live if j != i and not self._apart(node, kind, branches, formulas, i, j)]
            options.append(every([formulas[i], *(negated(formulas[j]) for j in others)]))
        return some(options)

    def _apart(self, node: Node, kind: str, branches: list[Node], formulas: list[Formula], i: int, j: int) -> bool:
        if kind in ("null", "boolean", "number", "string") or TRUE in (formulas[i], formulas[j]):
            return False  # the complement is as cheap as the test
        return self._disjoint(node, branches[min(i, j)], branches[max(i, j)], kind)

    def _resolved(self, node: Node, keyword: str) -> Node | None:
        try:
            return self._document.resolve(node, keyword)
        except UnsupportedConstraint as error:
            for reason in error.reasons:
                self._refuse(reason.pointer, reason.keyword, reason.why)
            return None


def _length(view: dict[str, Any], least: str, most: str) -> Formula:
    low, high = int(view.get(least, 0)), view.get(most)
    if high is not None and int(high) < low:
        return FALSE
    return Length(low, None if high is None else int(high)) if low or high is not None else TRUE
