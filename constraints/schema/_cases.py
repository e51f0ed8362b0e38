"""From schemas that hold at once to plain cases: `$ref`, `allOf`, `anyOf` and `oneOf` taken apart.

A *case* is a tuple of schemas that all hold of one value and whose in-place applicators are already followed:
what is left in them speaks of types and facets only. A value is valid if it is valid in some case. Reading
facets is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .._errors import ConstraintError, Reason, UnsupportedConstraint
from ._keywords import asks_nothing, keyword
from ._refs import Document, Node

__all__ = ["MAX_CASES", "Case", "Cases", "types_of"]

MAX_CASES = 512
TYPES = ("null", "boolean", "number", "string", "array", "object")

Case = tuple[Node, ...]


def types_of(case: Case) -> frozenset[str]:
    """The types that every schema of a case allows; `integer` stands for whole numbers where `number` isn't
    allowed."""
    allowed = frozenset(TYPES)
    for node in case:
        if "type" in node.schema:
            given = node.schema["type"]
            allowed = _common(allowed, frozenset([given] if isinstance(given, str) else given))
    return allowed


def _common(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    both = left & right
    numeric = ("number", "integer")
    if "number" not in both and any(name in left for name in numeric) and any(name in right for name in numeric):
        return both | {"integer"}
    return both


@dataclass(frozen=True)
class _Pending:
    """One of these schemas holds; `ancestors` are the schemas that led here in place, by identity."""

    options: tuple[Node, ...]
    ancestors: frozenset[int] = frozenset()


class Cases:
    """Takes schemas apart. Refusals are collected in `reasons`; `disjoint` decides whether no value is valid
    under two branches of a schema's `oneOf`."""

    def __init__(self, document: Document, disjoint: Callable[[Node, Node, Node], bool]) -> None:
        self._document = document
        self._disjoint = disjoint
        self._checked: set[int] = set()
        self._one_of: set[int] = set()
        self.reasons: dict[tuple[str, str], Reason] = {}

    def of(self, nodes: Sequence[Node]) -> list[Case]:
        """The cases of schemas that hold at once."""
        return self._expand(tuple(_Pending((node,)) for node in nodes), ())

    def refuse(self, pointer: str, name: str, why: str) -> None:
        """Note a reason; all of them are raised together."""
        self.reasons.setdefault((pointer, name), Reason(pointer, name, why))

    def _expand(self, pending: tuple[_Pending, ...], done: Case) -> list[Case]:
        while pending:
            head, pending = pending[0], pending[1:]
            if len(head.options) != 1:
                return self._branch(head, pending, done)
            node = head.options[0]
            if node.schema is False:
                return []
            if node.schema is True:
                continue
            if id(node.schema) in head.ancestors:
                raise ConstraintError(f"at {node.pointer or '(root)'}: the schema refers to itself without end")
            if any(node.schema is other.schema for other in done):
                continue
            self._check_keywords(node)
            # up to draft 7 a $ref replaces the schema it stands in
            replaced = "$ref" in node.schema and self._document.draft <= 7
            done = done if replaced else (*done, node)
            if not types_of(done):
                return []
            pending = (*self._applicators(node, head.ancestors | {id(node.schema)}), *pending)
        return [done]

    def _branch(self, head: _Pending, pending: tuple[_Pending, ...], done: Case) -> list[Case]:
        cases: list[Case] = []
        for option in head.options:
            cases += self._expand((_Pending((option,), head.ancestors), *pending), done)
            if len(cases) > MAX_CASES:
                self.refuse(
                    option.pointer,
                    "anyOf",
                    f"together with its siblings it makes more than {MAX_CASES} cases",
                )
                break
        return cases

    def _applicators(self, node: Node, ancestors: frozenset[int]) -> list[_Pending]:
        schema = node.schema
        pending = []
        if "$ref" in schema:
            target = self._resolve(node)
            if target is not None:
                pending.append(_Pending((target,), ancestors))
            if self._document.draft <= 7:
                return pending
        for i in range(len(schema.get("allOf", ()))):
            pending.append(_Pending((node.child("allOf", i),), ancestors))
        for name in ("anyOf", "oneOf"):
            if name in schema:
                options = tuple(node.child(name, i) for i in range(len(schema[name])))
                if name == "oneOf":
                    self._check_one_of(node, options)
                pending.append(_Pending(options, ancestors))
        return pending

    def _resolve(self, node: Node) -> Node | None:
        try:
            return self._document.resolve(node.schema["$ref"], node.pointer)
        except UnsupportedConstraint as error:
            for reason in error.reasons:
                self.refuse(reason.pointer, reason.keyword, reason.why)
            return None

    def _check_one_of(self, node: Node, options: tuple[Node, ...]) -> None:
        if id(node.schema) in self._one_of:
            return
        self._one_of.add(id(node.schema))
        for j in range(len(options)):
            for i in range(j):
                if not self._disjoint(node, options[i], options[j]):
                    why = f"branches {i} and {j} overlap, or can't be told apart; use anyOf, or a const in each"
                    self.refuse(node.pointer, "oneOf", why)
                    return

    def _check_keywords(self, node: Node) -> None:
        if id(node.schema) in self._checked:
            return
        self._checked.add(id(node.schema))
        draft = self._document.draft
        if "$ref" in node.schema and draft <= 7:
            return
        for name in node.schema:
            row = keyword(name)
            if row.outcome == "refused" and not asks_nothing(name, node.schema):
                self.refuse(node.pointer, name, row.note)
            elif name == "prefixItems" and draft < 2020:
                self.refuse(node.pointer, name, "a keyword of draft 2020-12; here it is an array of items")
            elif name == "additionalItems" and draft >= 2020:
                self.refuse(node.pointer, name, "no keyword since draft 2020-12; use prefixItems and items")
            elif name in ("$id", "id") and node.pointer and isinstance(node.schema[name], str):
                self.refuse(node.pointer, name, "moves the base of references; it is taken at the root only")
