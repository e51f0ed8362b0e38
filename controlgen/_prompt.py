"""The prompt of the embedded model: a schema as a compact signature, then the document.

Knows how a JSON Schema is told to the model; training and inference both call it, so the two can't drift
apart. Knows nothing of tokenizers, models or constraints: what a schema *allows* is decided by
`controlgen.constraints`, this is only its description. Hence it is total: whatever it does not understand
becomes `any`, never an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

SPECIAL_TOKENS = ("<|pad|>", "<|end|>", "<|mask|>", "<|schema|>", "<|text|>", "<|record|>")
"""Control tokens of the embedded tokenizer, in the order of their ids."""

MAX_DEPTH = 8
MAX_CHARACTERS = 6000
MAX_ENUM = 24
MAX_LITERAL = 48
MAX_DESCRIPTION = 100
MAX_PATTERN = 32
MAX_LENGTH_HINT = 99

_FORMATS = frozenset({"date", "time", "date-time", "email", "uuid", "ipv4", "uri"})
_BARE_NAME = re.compile(r"[^\W\d][\w-]*")
_TYPES = frozenset({"string", "integer", "number", "boolean", "null", "object", "array"})
_TELLTALES = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "uniqueItems")),
    ("string", ("format", "pattern", "minLength", "maxLength")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)


def render_schema(schema: Any) -> str:
    """Write a JSON Schema as a TypeScript-like signature, properties in schema order.

    `{vendor: string, issued: date, currency?: "EUR"|"USD", lines: [{sku: string, qty: integer}]}`

    Pure and deterministic. Total on any input: unknown keywords are dropped, unknown or recursive schemas
    read `any`, and past MAX_CHARACTERS characters further schemas read `any` and further properties `...`.
    """
    return _Renderer(schema).document()


def prompt_text(schema: Any, text: str) -> str:
    """The whole prompt: `<|schema|>` signature `<|text|>` document `<|record|>`.

    Control tokens that occur literally in the schema or in the document are broken up by a space, so that a
    document can't end its own section.
    """
    return f"<|schema|>{_defuse(render_schema(schema))}<|text|>{_defuse(text)}<|record|>"


def _defuse(text: str) -> str:
    if "<|" not in text:
        return text
    for token in SPECIAL_TOKENS:
        text = text.replace(token, f"< {token[1:]}")
    return text


class _Renderer:
    """One rendering: the root document for `$ref`, and how many characters are spent."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.spent = 0

    def document(self) -> str:
        signature = self.union(self.root, 0, ())
        root = self.resolve(self.root, ())[0]
        comment = _description(root)
        return f"// {comment}\n{signature}" if comment else signature

    def union(self, schema: Any, depth: int, seen: tuple[str, ...]) -> str:
        """All alternatives of a schema joined by `|`, null last, each once."""
        options = list(dict.fromkeys(self.alternatives(schema, depth, seen)))
        if len(options) > 1 and "any" in options:
            return "any"
        if "null" in options:
            options.remove("null")
            options.append("null")
        return "|".join(options)

    def alternatives(self, schema: Any, depth: int, seen: tuple[str, ...]) -> Iterator[str]:
        if schema is False:
            yield "never"
            return
        if depth > MAX_DEPTH or self.spent > MAX_CHARACTERS:
            yield "any"
            return
        schema, seen = self.resolve(schema, seen)
        if not isinstance(schema, dict) or not schema:
            yield "any"
            return
        if schema.get("nullable") is True:
            yield "null"
        branches = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(branches, list) and branches and "properties" not in schema and "enum" not in schema:
            base = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf", "nullable")}
            for branch in branches:
                yield from self.alternatives(_merge(base, branch), depth + 1, seen)
            return
        yield from self.plain(schema, depth, seen)

    def plain(self, schema: dict[str, Any], depth: int, seen: tuple[str, ...]) -> Iterator[str]:
        """Alternatives of a schema without `$ref` and `anyOf`: literals, or one per type name."""
        if "const" in schema:
            yield self.spend(_literal(schema["const"]))
            return
        values = schema.get("enum")
        if isinstance(values, list) and values:
            for value in values[:MAX_ENUM]:
                yield self.spend(_literal(value))
            if len(values) > MAX_ENUM:
                yield "..."
            return
        for name in _type_names(schema):
            if name == "object":
                yield self.object(schema, depth, seen)
            elif name == "array":
                yield self.array(schema, depth, seen)
            else:
                yield self.spend(_scalar(name, schema))

    def object(self, schema: dict[str, Any], depth: int, seen: tuple[str, ...]) -> str:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            return self.mapping(schema, depth, seen)
        required = schema.get("required")
        required_names = (
            [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        )
        last = len(properties) - 1
        text = "{"
        for index, (name, child) in enumerate(properties.items()):
            if self.spent > MAX_CHARACTERS:
                return text + "...}"
            key = _name(str(name)) + ("" if name in required_names else "?")
            self.spend(key)
            text += f"{key}: {self.union(child, depth + 1, seen)}" + ("" if index == last else ",")
            comment = self.spend(_description(self.resolve(child, seen)[0]))
            text += f" // {comment}\n" if comment else ("" if index == last else " ")
        return text + "}"

    def mapping(self, schema: dict[str, Any], depth: int, seen: tuple[str, ...]) -> str:
        values = schema.get("additionalProperties")
        if values is False:
            return "{}"
        if not isinstance(values, dict):
            return self.spend("{[string]: any}")
        return f"{{[string]: {self.union(values, depth + 1, seen)}}}"

    def array(self, schema: dict[str, Any], depth: int, seen: tuple[str, ...]) -> str:
        items, prefix = schema.get("items", True), schema.get("prefixItems")
        if isinstance(items, list):  # tuples were written so before draft 2020-12
            items, prefix = schema.get("additionalItems", True), items
        bounds = self.spend(_interval(schema.get("minItems"), schema.get("maxItems"), trivial=0))
        if not isinstance(prefix, list) or not prefix:
            return f"[{self.union(items, depth + 1, seen)}]{bounds}"
        parts = [self.union(part, depth + 1, seen) for part in prefix]
        if isinstance(items, dict) and items:
            parts.append("..." + self.union(items, depth + 1, seen))
        return f"[{', '.join(parts)}]{bounds}"

    def resolve(self, schema: Any, seen: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
        """Follow `$ref`, fold `allOf` in; foreign or recursive references are `any`."""
        while isinstance(schema, dict) and ("$ref" in schema or "allOf" in schema):
            if "$ref" in schema:
                reference = schema["$ref"]
                if not isinstance(reference, str) or reference in seen:
                    return True, seen
                seen = (*seen, reference)
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = _merge(_lookup(self.root, reference), rest)
            else:
                parts = schema["allOf"] if isinstance(schema["allOf"], list) else []
                folded: Any = {key: value for key, value in schema.items() if key != "allOf"}
                for part in parts:
                    part, seen = self.resolve(part, seen)
                    folded = _merge(part, folded) if isinstance(folded, dict) else folded
                schema = folded
        return schema, seen

    def spend(self, text: str) -> str:
        self.spent += len(text)
        return text


def _merge(first: Any, second: Any) -> Any:
    """Both schemas at once, roughly: the second wins, properties and required add up."""
    if not isinstance(first, dict):
        return second if first is True else first
    if not isinstance(second, dict):
        return first if second is True else second
    merged = {**first, **second}
    if isinstance(first.get("properties"), dict) and isinstance(second.get("properties"), dict):
        merged["properties"] = {**first["properties"], **second["properties"]}
    if isinstance(first.get("required"), list) and isinstance(second.get("required"), list):
        merged["required"] = [*first["required"], *second["required"]]
    return merged


def _lookup(root: Any, reference: str) -> Any:
    """The schema at a local JSON pointer (`#`, `#/$defs/Line`), or True (= any) if there is none."""
    if not reference.startswith("#"):
        return True
    node = root
    for part in reference[1:].split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            return True
    return node if reference == "#" or reference.startswith("#/") else True


def _type_names(schema: dict[str, Any]) -> list[str]:
    named = schema.get("type")
    names = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    known = [name for name in names if isinstance(name, str) and name in _TYPES]
    if known or names:
        return known or ["any"]
    for name, keywords in _TELLTALES:
        if any(keyword in schema for keyword in keywords):
            return [name]
    return ["any"]


def _scalar(name: str, schema: dict[str, Any]) -> str:
    if name == "string":
        named = schema.get("format")
        if isinstance(named, str) and named in _FORMATS:
            return named
        lengths = _interval(schema.get("minLength"), schema.get("maxLength"), trivial=1)
        pattern = schema.get("pattern")
        short = isinstance(pattern, str) and 0 < len(pattern) <= MAX_PATTERN and "\n" not in pattern
        return name + lengths + (f"/{pattern}/" if short else "")
    if name in ("integer", "number"):
        return name + _bounds(schema)
    return name


def _interval(low: Any, high: Any, *, trivial: int) -> str:
    """A hint such as `(2..8)`, `(3)` or `(..40)`; empty if it says next to nothing or is long."""
    low = low if _is_count(low) and low > trivial else None
    high = high if _is_count(high) else None
    if low is None and high is None:
        return ""
    if low == high:
        return f"({low})"
    return f"({'' if low is None else low}..{'' if high is None else high})"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_LENGTH_HINT


def _bounds(schema: dict[str, Any]) -> str:
    """A hint such as `(1..5)`, `(>0..)`; bounds of more than six characters are left out."""
    low = _bound(schema, "minimum", "exclusiveMinimum", ">")
    high = _bound(schema, "maximum", "exclusiveMaximum", "<")
    return f"({low}..{high})" if low or high else ""


def _bound(schema: dict[str, Any], inclusive: str, exclusive: str, sign: str) -> str:
    for keyword, prefix in ((exclusive, sign), (inclusive, "")):
        value = schema.get(keyword)
        if isinstance(value, int | float) and not isinstance(value, bool):
            text = json.dumps(value)
            return prefix + text if len(text) <= 6 else ""
    return ""


def _literal(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return "any"
    return text if len(text) <= MAX_LITERAL else text[: MAX_LITERAL - 3] + "..."


def _name(name: str) -> str:
    return name if _BARE_NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _description(schema: Any) -> str:
    text = schema.get("description") if isinstance(schema, dict) else None
    if not isinstance(text, str):
        return ""
    text = " ".join(text.split())
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 3].rstrip() + "..."
