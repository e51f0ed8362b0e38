"""From a checked schema document to a term: conjunctions of schemas, case by case and type by type.

The unit of work is a tuple of schemas that hold of one value at once. Merging is done by name: the value of a
property is the tuple of what each schema says about it. So `allOf`, `$ref` with siblings and `anyOf` beside
`properties` are exact intersections, no schema is ever copied, and every distinct tuple is compiled once. A
tuple that comes back inside itself stays a call to a named definition.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from .._dfa import compile_term
from .._errors import ConstraintError, UnsupportedConstraint
from .._regex import regex_term
from .._terms import EMPTY, Call, Term, alt, json_string, lit, scope, seq
from ._any import AnyJson
from ._arrays import array_term
from ._cases import Case, Cases, types_of
from ._formats import FORMATS, format_term
from ._given import given_values
from ._numbers import Bounds, number_term, to_decimal
from ._objects import Member, object_term
from ._refs import Document, Node
from ._strings import ANY_STRING, StringFacets, string_except, string_term
from ._values import value_term
from ._whitespace import Whitespace

__all__ = ["SchemaCompiler"]

DISJOINT_STATES = 5000  # states that the test of two branches of oneOf may take
INDENTED_LEVELS = 4  # how often a recursive schema comes back where white space depends on the depth
# formats that ask nothing of the text
FREE_FORMATS = frozenset(
    ("password", "path", "file-path", "directory-path", "binary", "byte", "textarea", "multi-line")
)
IN_PLACE = frozenset(("$ref", "allOf", "anyOf", "oneOf"))
STRING_KEYWORDS = frozenset(("minLength", "maxLength", "pattern", "format"))
NUMBER_KEYWORDS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
ARRAY_KEYWORDS = frozenset(("items", "prefixItems", "additionalItems", "minItems", "maxItems"))
OBJECT_KEYWORDS = frozenset(("properties", "required", "additionalProperties"))


class SchemaCompiler:
    """Compiles one document under one policy.

    Attributes:
        free_keys: after `term()`: whether some object may have keys that no schema names, so that duplicates
            among them are left to a verifier.
    """

    def __init__(self, document: Document, whitespace: Whitespace, *, closed: bool, numbers: str) -> None:
        self._document = document
        self._whitespace = whitespace
        self._closed = closed
        self._numbers = numbers
        self._any = AnyJson(whitespace, numbers)
        self._cases = Cases(document, self._are_disjoint)
        self._kept: dict[tuple[Any, ...], Term] = {}
        self._active: dict[tuple[Any, ...], str] = {}
        self._called: set[str] = set()
        self._definitions: dict[str, Term] = {}
        self._patterns: dict[str, Term] = {}
        self._plain: dict[int, Node] = {}
        self._colon = whitespace.colon()
        self.free_keys = False

    def term(self) -> Term:
        """The documents that are valid and spelled by the policy.

        Raises UnsupportedConstraint with every reason, ConstraintError for a schema that isn't one.
        """
        body = self._compile([Node(self._document.root, "")], 0)
        if self._cases.reasons:
            raise UnsupportedConstraint(self._cases.reasons.values())
        self.free_keys = self.free_keys or bool(self._any.definitions)
        return scope(body, {**self._any.definitions, **self._definitions})

    def _compile(self, nodes: Iterable[Node], depth: int) -> Term:
        """The values that satisfy all these schemas."""
        distinct = {id(node.schema): node for node in nodes if node.schema is not True}
        if not distinct:
            return self._any.value(depth)
        place = depth if self._whitespace.depth_matters else 0
        key = (*distinct, place)
        if key in self._kept:
            return self._kept[key]
        if key in self._active:
            self._called.add(self._active[key])
            return Call(self._active[key])
        if self._whitespace.depth_matters and sum(key[:-1] == other[:-1] for other in self._active) >= INDENTED_LEVELS:
            return EMPTY
        name = (
            " & ".join(node.pointer or "#" for node in distinct.values()) + f" #{len(self._kept) + len(self._active)}"
        )
        self._active[key] = name
        term = alt(*(self._case(case, place) for case in self._cases.of(list(distinct.values()))))
        del self._active[key]
        if name in self._called:
            self._definitions[name] = term
            term = Call(name)
        self._kept[key] = term
        return term

    def _case(self, case: Case, depth: int) -> Term:
        types = types_of(case)
        if any("enum" in node.schema or "const" in node.schema for node in case):
            return self._given(case, types, depth)
        keywords = frozenset().union(*(node.schema.keys() for node in case))
        options = []
        if "null" in types:
            options.append(lit("null"))
        if "boolean" in types:
            options += [lit("true"), lit("false")]
        if "number" in types or "integer" in types:
            options.append(self._number(case, integer="number" not in types))
        if "string" in types:
            options.append(self._string(case) if keywords & STRING_KEYWORDS else ANY_STRING)
        if "array" in types:
            options.append(self._array(case, depth) if keywords & ARRAY_KEYWORDS else self._any.array(depth))
        if "object" in types:
            options.append(self._object(case, depth) if keywords & OBJECT_KEYWORDS else self._any.object(depth))
        return alt(*options)

    def _given(self, case: Case, types: frozenset[str], depth: int) -> Term:
        values = given_values(case, types, self._document)
        try:
            return alt(*(value_term(value, self._whitespace, depth, self._numbers) for value in values))
        except ValueError as error:
            raise ConstraintError(
                f"at {case[0].pointer or '(root)'}: a value that no text can hold: {error}"
            ) from error

    def _number(self, case: Case, *, integer: bool) -> Term:
        bounds = Bounds(integer=integer)
        for node in case:
            for name in NUMBER_KEYWORDS & node.schema.keys():
                value = node.schema[name]
                if isinstance(value, bool):  # draft 4: a flag on the other keyword
                    continue
                try:
                    bounds = self._bounded(bounds, name, to_decimal(value), node.schema)
                except ValueError as error:
                    self._cases.refuse(node.pointer, name, str(error))
        return number_term(bounds, self._numbers)

    @staticmethod
    def _bounded(bounds: Bounds, name: str, value: Decimal, schema: dict[str, Any]) -> Bounds:
        if name.endswith("inimum"):
            return bounds.above(value, open_end=name == "exclusiveMinimum" or schema.get("exclusiveMinimum") is True)
        return bounds.below(value, open_end=name == "exclusiveMaximum" or schema.get("exclusiveMaximum") is True)

    def _string(self, case: Case) -> Term:
        low, high = 0, None
        languages: list[Term] = []
        for node in case:
            schema = node.schema
            low = max(low, int(schema.get("minLength", 0)))
            if "maxLength" in schema:
                high = int(schema["maxLength"]) if high is None else min(high, int(schema["maxLength"]))
            if "pattern" in schema:
                languages += self._pattern(node)
            if "format" in schema:
                languages += self._format(node)
        return string_term(StringFacets(low, high, tuple(languages)))

    def _pattern(self, node: Node) -> list[Term]:
        pattern = node.schema["pattern"]
        if pattern not in self._patterns:
            try:
                self._patterns[pattern] = regex_term(pattern, search=True)
            except UnsupportedConstraint as error:
                for reason in error.reasons:
                    self._cases.refuse(node.pointer, "pattern", f"{reason.keyword} {reason.pointer}: {reason.why}")
                return []
            except ConstraintError as error:
                raise ConstraintError(f"at {node.pointer}/pattern: {error}") from error
        return [self._patterns[pattern]]

    def _format(self, node: Node) -> list[Term]:
        name = node.schema["format"]
        if name in FORMATS:
            return [format_term(name)]
        if name not in FREE_FORMATS:
            self._cases.refuse(node.pointer, "format", f"{name!r} is not known; known: {', '.join(FORMATS)}")
        return []

    def _array(self, case: Case, depth: int) -> Term:
        low, high = 0, None
        shapes = []
        for node in case:
            low = max(low, int(node.schema.get("minItems", 0)))
            if "maxItems" in node.schema:
                limit = int(node.schema["maxItems"])
                high = limit if high is None else min(high, limit)
            shapes.append(_items_of(node))
        length = max(len(prefix) for prefix, _ in shapes)
        prefix = []
        for i in range(length):
            items = (given[i] if i < len(given) else rest for given, rest in shapes)
            prefix.append(self._compile([item for item in items if item is not None], depth + 1))
        if high is not None and high <= length:
            item = EMPTY
        else:
            item = self._compile([rest for _, rest in shapes if rest is not None], depth + 1)
        return array_term(prefix, item, low, high, self._whitespace, depth)

    def _object(self, case: Case, depth: int) -> Term:
        required = {name for node in case for name in node.schema.get("required", ())}
        names = dict.fromkeys(name for node in case for name in node.schema.get("properties", {}))
        names |= dict.fromkeys(name for node in case for name in node.schema.get("required", ()))
        members = []
        for name in names:
            value = self._compile(_property(case, name), depth + 1)
            members.append(Member(seq(self._key(name, case), self._colon, value), required=name in required))
        free = self._free_member(case, names, depth)
        if free != EMPTY:
            self.free_keys = True
            members.append(Member(free, repeated=True))
        return object_term(members, self._whitespace, depth)

    def _key(self, name: str, case: Case) -> Term:
        try:
            return json_string(lit(name))
        except UnicodeEncodeError as error:
            place = case[0].pointer or "(root)"
            raise ConstraintError(
                f"at {place}: the property name {name!r} holds a lone surrogate, which is no text"
            ) from error

    def _free_member(self, case: Case, names: Iterable[str], depth: int) -> Term:
        """A member whose key no schema names."""
        nodes = [node.child("additionalProperties") for node in case if "additionalProperties" in node.schema]
        if self._closed and not nodes and any("properties" in node.schema for node in case):
            return EMPTY
        value = self._compile(nodes, depth + 1)
        return seq(string_except(names), self._colon, value)

    def _are_disjoint(self, parent: Node, left: Node, right: Node) -> bool:
        """Whether no value is valid under both branches (and the plain keywords beside them)."""
        if id(parent.schema) not in self._plain:
            plain = {name: value for name, value in parent.schema.items() if name not in IN_PLACE}
            self._plain[id(parent.schema)] = Node(plain, parent.pointer)
        term = self._compile([self._plain[id(parent.schema)], left, right], 0)
        if term == EMPTY:
            return True
        try:
            whole = scope(term, {**self._any.definitions, **self._definitions})
            dfa = compile_term(whole, max_states=DISJOINT_STATES)
        except ValueError:  # too large, or it calls a definition that is still being made
            return False
        return dfa.is_empty and dfa.max_depth is None


def _items_of(node: Node) -> tuple[list[Node], Node | None]:
    """What a schema says of the first items, one by one, and of all that follow."""
    schema = node.schema
    given, following = ("prefixItems", "items") if "prefixItems" in schema else ("items", "additionalItems")
    if isinstance(schema.get(given), list):
        prefix = [node.child(given, i) for i in range(len(schema[given]))]
        return prefix, node.child(following) if following in schema else None
    return [], node.child("items") if "items" in schema else None


def _property(case: Case, name: str) -> list[Node]:
    """Everything that the schemas of a case say of one property."""
    nodes = []
    for node in case:
        if name in node.schema.get("properties", {}):
            nodes.append(node.child("properties", name))
        elif "additionalProperties" in node.schema:
            nodes.append(node.child("additionalProperties"))
    return nodes
