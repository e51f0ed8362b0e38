"""The schema document: checking that it is a schema, what its draft reads in it, and references.

References go into the same document or into the registry that the caller passes; nothing is ever fetched. Plain
documents (pointers into themselves only) are resolved here; identifiers, anchors and dynamic scopes by `referencing`.
What keywords mean is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .._errors import ConstraintError, Reason, UnsupportedConstraint
from ._dialects import dialect_of, meta_validator, passes_quickly, specification, validator_class
from ._keywords import similar_keyword
from ._languages import LANGUAGE, checked_languages
from ._loading import copied_json, pointer_of

if TYPE_CHECKING:
    from .._language import Language

__all__ = ["Claim", "Document", "Node"]

_MOVES_BASE = ("$id", "id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


@dataclass(frozen=True, eq=False)
class Node:
    """A schema and where it stands.

    Attributes:
        schema: the schema itself, a dict or a boolean.
        pointer: JSON pointer into the document (behind a URI where it is another one).
        resolver: of `referencing`, where references need more than the document; else None.
        scope: the dynamic scope, outermost first; empty where no reference is dynamic.
    """

    schema: Any
    pointer: str
    resolver: Any = None
    scope: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for nodes that mean the same."""
        return (self.schema if isinstance(self.schema, bool) else id(self.schema), self.scope)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Claim:
    """That a value is valid under a schema (`holds`), or that it isn't."""

    node: Node
    holds: bool = True

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for claims that mean the same."""
        return (*self.node.key, self.holds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Claim) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def denied(self) -> Claim:
        """The opposite."""
        return Claim(self.node, not self.holds)


class Document:
    """A checked schema document.

    Attributes:
        root: the root schema.
        draft: 4, 6, 7, 2019 or 2020.
        languages: by the names that `x-language` gives; without any, nothing reads that keyword.
        read: the schema objects read so far: (pointer, the keywords that count).
        ignored: what the draft doesn't know among the keywords read so far, by (pointer, keyword).

    Raises:
        ConstraintError: if it isn't a schema; the message names the JSON pointer.
        UnsupportedConstraint: for a `$schema` that names an unknown dialect.
    """

    def __init__(
        self,
        root: dict[str, Any] | bool,
        registry: Mapping[str, Any] | None = None,
        languages: Mapping[str, Language] | None = None,
    ) -> None:
        self.root = root
        self._given = {uri: copied_json(schema) for uri, schema in (registry or {}).items()}
        self.draft, self._known = dialect_of(root, self._given)
        self.languages = checked_languages(languages, [root, *self._given.values()])
        if self.languages:
            self._known |= {LANGUAGE}
        self.ignored: dict[tuple[str, str], Reason] = {}
        self.read: list[tuple[str, dict[str, Any]]] = []
        self._views: dict[int, dict[str, Any]] = {}
        self._made: dict[int, Any] = {}
        self._resolved: dict[tuple[Any, ...], Node] = {}
        self._check(Node(root, ""))
        self._plain = not _moves_base(root, self.draft)
        self._dynamic = not self._plain and _has_key(root, ("$dynamicRef", "$recursiveRef"))

    @cached_property
    def root_node(self) -> Node:
        """The root."""
        return Node(self.root, "", None if self._plain and not self._given else self._root_resolver)

    def view(self, node: Node) -> dict[str, Any]:
        """The keywords of a schema object that the draft reads; the others are noted in `ignored`."""
        schema = node.schema
        kept = self._views.get(id(schema))
        if kept is None:
            kept = {name: value for name, value in schema.items() if name in self._known}
            if "$ref" in kept and self.draft <= 7:  # up to draft 7 a $ref replaces the schema it stands in
                kept = {"$ref": kept["$ref"]}
            elif len(kept) < len(schema):
                self._note_ignored(node, schema.keys() - kept.keys())
            self._views[id(schema)] = kept
            if id(schema) not in self._made:
                self.read.append((node.pointer, kept))
        return kept

    def child(self, node: Node, *path: str | int) -> Node:
        """The schema below a path of keys and indices."""
        schema = node.schema
        for token in path:
            schema = schema[token]
        resolver = node.resolver
        if resolver is not None and isinstance(schema, dict):
            resolver = resolver.in_subresource(specification(self.draft).create_resource(schema))
        return Node(schema, node.pointer + pointer_of(path), resolver, node.scope)

    def made(self, schema: dict[str, Any], node: Node) -> Node:
        """A schema that is written by the compiler in the place of `node`; it lives as long as the document."""
        self._made[id(schema)] = schema
        return Node(schema, node.pointer, node.resolver, node.scope)

    def resolve(self, node: Node, keyword: str = "$ref") -> Node:
        """The schema that a reference of `node` leads to.

        Raises UnsupportedConstraint for a document that isn't in the registry, ConstraintError for a place that
        doesn't exist.
        """
        reference = node.schema[keyword]
        key = (id(node.schema), keyword, node.scope)
        if key not in self._resolved:
            local = node.resolver is None and (reference == "#" or reference.startswith("#/"))
            self._resolved[key] = self._walk(node, reference) if local else self._look_up(node, keyword)
        return self._resolved[key]

    def validator(self, extend: Any, format_checker: Any) -> Any:
        """A `jsonschema` validator of the document for decimal numbers; `extend` makes its class out of the draft's."""
        root = _for_validation(self.root)
        kwargs = {}
        if not self._plain or self._given:
            default = specification(self.draft)
            given = {uri: _for_validation(schema) for uri, schema in self._given.items()}
            kwargs["registry"] = _registry_of(root, given, default)
        return extend(validator_class(self.draft), self.draft)(root, format_checker=format_checker, **kwargs)

    def mentions(self, names: tuple[str, ...]) -> bool:
        """Whether any object of the document, a schema or not, has one of these keys."""
        return _has_key(self.root, names)

    def first_mention(self, text: str) -> int:
        """The place of a text among all strings of `enum`; behind them if it isn't there."""
        return self._mentions.get(text, len(self._mentions))

    @cached_property
    def _mentions(self) -> dict[str, int]:
        given = (schema.get("enum") for _, schema in _dicts(self.root))
        lists = [values for values in given if isinstance(values, list)]
        texts = dict.fromkeys(value for values in lists for value in values if isinstance(value, str))
        return {text: i for i, text in enumerate(texts)}

    def ignore(self, node: Node, name: str, why: str) -> None:
        """Note a keyword that asks for nothing."""
        self.ignored.setdefault((node.pointer, name), Reason(node.pointer, name, why))

    def _note_ignored(self, node: Node, names: set[str]) -> None:
        for name in names:
            similar = similar_keyword(name, self.draft)
            why = f"not a keyword of draft {self.draft}, so it asks for nothing"
            why = "no languages were passed, so it asks for nothing" if name == LANGUAGE else why
            why += f"; did you mean {similar!r}?" if similar else ""
            self.ignore(node, name, why)

    def _check(self, node: Node) -> None:
        """Check that a node is a schema, by its draft's own meta-schema."""
        if passes_quickly(node.schema, self.draft):
            return
        try:
            error = next(iter(meta_validator(self.draft).iter_errors(node.schema)), None)
        except (TypeError, AttributeError) as problem:  # keys that are no strings
            raise ConstraintError(f"not a JSON Schema: {problem}") from problem
        except RecursionError as problem:
            raise ConstraintError("the schema is nested too deeply to be checked") from problem
        if error is not None:
            while error.context:
                error = max(error.context, key=lambda inner: len(inner.absolute_path))
            place = node.pointer + pointer_of(error.absolute_path)
            message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
            raise ConstraintError(f"not a JSON Schema: at {place or '(root)'}: {message}")

    def _walk(self, node: Node, reference: str) -> Node:
        """A JSON pointer into the document."""
        pointer = node.pointer or "(root)"
        value: Any = self.root
        path: list[str | int] = []
        for token in unquote(reference[1:]).split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and token in value:
                value = value[token]
                path.append(token)
            elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", token) and int(token) < len(value):
                value = value[int(token)]
                path.append(int(token))
            else:
                raise ConstraintError(f"at {pointer}: $ref {reference!r} refers to nothing")
        trusted = _is_schema_place(path, self._known)
        return self._checked(Node(value, pointer_of(path)), reference, pointer, trusted=trusted)

    def _look_up(self, node: Node, keyword: str) -> Node:
        from referencing.exceptions import NoSuchAnchor, PointerToNowhere, Unresolvable
        from referencing.jsonschema import lookup_recursive_ref

        reference = node.schema[keyword]
        pointer = node.pointer or "(root)"
        try:
            resolver = node.resolver or self._root_resolver
            if keyword == "$recursiveRef":
                found = lookup_recursive_ref(resolver)
            else:
                found = resolver.lookup(reference)
        except (NoSuchAnchor, PointerToNowhere) as error:
            raise ConstraintError(f"at {pointer}: {keyword} {reference!r} refers to nothing") from error
        except ValueError as error:  # a URI that is none
            raise ConstraintError(f"at {pointer}: {keyword} {reference!r}: {error}") from error
        except Unresolvable as error:
            why = f"{reference!r} is not in the registry that was passed; nothing is fetched"
            raise UnsupportedConstraint.single(node.pointer, keyword, why) from error
        base = found.resolver._base_uri
        scope = (*dict.fromkeys(reversed([uri for uri, _ in found.resolver.dynamic_scope()])), base)
        inside = reference.startswith("#/") and base == resolver._base_uri
        place = reference if inside else f"{base}{_fragment(reference)}"
        target = Node(found.contents, place.removeprefix("#"), found.resolver, scope if self._dynamic else ())
        return self._checked(target, reference, pointer)

    def _checked(self, node: Node, reference: str, pointer: str, *, trusted: bool = False) -> Node:
        """The node, if it is a schema; `trusted` where the meta-schema has looked at it already."""
        if not isinstance(node.schema, (dict, bool)):
            raise ConstraintError(f"at {pointer}: $ref {reference!r} refers to no schema")
        if any(node.schema is schema for schema in self._given.values()):
            self._check_draft(node)
        if not trusted and node.schema is not self.root:
            self._check(node)
        return node

    def _check_draft(self, node: Node) -> None:
        named = isinstance(node.schema, dict) and "$schema" in node.schema
        if named and dialect_of(node.schema, self._given)[0] != self.draft:
            why = f"it leads to a schema of another draft, {node.schema['$schema']!r}; write both in one draft"
            raise UnsupportedConstraint.single(node.pointer, "$schema", why)

    @cached_property
    def _registry(self) -> Any:
        self._dynamic = self._dynamic or any(
            _has_key(schema, ("$dynamicRef", "$recursiveRef")) for schema in self._given.values()
        )
        try:
            return _registry_of(self.root, self._given, specification(self.draft))
        except ValueError as error:
            raise ConstraintError(f"an identifier of the schema is no URI: {error}") from error

    @cached_property
    def _root_resolver(self) -> Any:
        root = _resource(self.root, specification(self.draft))
        return self._registry.resolver(root.id() or "")


def _for_validation(schema: Any) -> Any:
    """A copy with decimals, without `$schema`: by it `jsonschema` would choose a validator class of its own."""
    exact = _exact_numbers(schema)
    return {name: value for name, value in exact.items() if name != "$schema"} if isinstance(exact, dict) else exact


def _exact_numbers(value: Any) -> Any:
    """The same JSON value with the decimals that its floats stand for."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: _exact_numbers(member) for key, member in value.items()}
    return [_exact_numbers(item) for item in value] if isinstance(value, list) else value


def _registry_of(root: Any, given: Mapping[str, Any], default: Any) -> Any:
    from jsonschema_specifications import REGISTRY

    schemas = {uri: schema for uri, schema in given.items() if isinstance(schema, (dict, bool))}
    resources = [(uri, _resource(schema, default)) for uri, schema in schemas.items()]
    own = _resource(root, default)
    return REGISTRY.with_resources([*resources, (own.id() or "", own)]).crawl()


def _fragment(reference: str) -> str:
    return "#" + reference.partition("#")[2] if "#" in reference else ""


def _resource(schema: Any, default: Any) -> Any:
    from referencing import Resource
    from referencing.jsonschema import UnknownDialect

    try:
        return Resource.from_contents(schema, default_specification=default)
    except UnknownDialect:  # a $schema of its own inside a registry: read like the document
        return default.create_resource(schema)


_TO_SCHEMA = frozenset((
    *("additionalProperties", "additionalItems", "items", "contains", "not", "if", "then", "else"),
    *("propertyNames", "unevaluatedProperties", "unevaluatedItems", "contentSchema"),
))  # fmt: skip
_TO_LIST = frozenset(("items", "prefixItems", "allOf", "anyOf", "oneOf"))
_TO_MAP = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"))


def _is_schema_place(path: list[str | int], known: frozenset[str]) -> bool:
    """Whether the meta-schema has already checked this place as a schema."""
    kind = "schema"
    for token in path:
        if kind == "schema" and token not in known:
            return False
        if kind in ("map", "list"):
            kind = "schema"
        elif token in _TO_MAP:
            kind = "map"
        elif token in _TO_LIST and token not in _TO_SCHEMA:
            kind = "list"
        elif token in _TO_SCHEMA and token != "items":
            kind = "schema"
        else:
            return False
    return kind == "schema"


def _moves_base(root: Any, draft: int) -> bool:
    """Whether references need identifiers or anchors: anything but pointers into the document itself."""
    if isinstance(root, bool):
        return False
    for place, schema in _dicts(root):
        for name in _MOVES_BASE:
            if isinstance(schema.get(name), (str, bool)) and (place or name not in ("$id", "id")):
                return True
        reference = schema.get("$ref")
        if isinstance(reference, str) and not (reference == "#" or reference.startswith("#/")):
            return True
    return False


def _has_key(root: Any, names: tuple[str, ...]) -> bool:
    return any(not schema.keys().isdisjoint(names) for _, schema in _dicts(root))


def _dicts(value: Any) -> Iterator[tuple[bool, dict[str, Any]]]:
    """All objects in a JSON value, each with whether it stands below the root."""
    pending = [(False, value)]
    while pending:
        inside, value = pending.pop()
        if isinstance(value, dict):
            yield inside, value
            pending += [(True, member) for member in value.values() if isinstance(member, (dict, list))]
        elif isinstance(value, list):
            pending += [(True, item) for item in value if isinstance(item, (dict, list))]
