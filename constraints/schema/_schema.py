"""`JsonSchema`: the language of the JSON documents that a schema accepts, in the spellings of a policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .._errors import ConstraintError
from .._language import Language
from ._compiler import SchemaCompiler
from ._numbers import SPELLINGS
from ._refs import Document, load_schema
from ._whitespace import Whitespace

__all__ = ["JsonSchema"]


class JsonSchema(Language):
    r"""The JSON documents that are valid under a schema, spelled as the options say.

    Args:
        schema: a JSON Schema (draft 4 to 2020-12, by its `$schema`; 2020-12 without one) as a dict, a boolean
            or JSON text.
        whitespace: where white space may stand: `"default"` (at most one space after each `:` and `,`),
            `"compact"`, `"indented"` or a number of spaces, `"flexible"`, or a `Whitespace`.
        closed: objects whose schema declares `properties` and says nothing of additional ones have no others.
            Without it, JSON Schema's own meaning: they may have any.
        numbers: `"plain"` (integers without fraction, no exponents, no negative zero) or `"any"` (also `2.0`
            for 2, `1e3`, `-0`); `_numbers` has the exact statement.
        parse: gives the typed value of a document; by default `json.loads`.

    Which documents are in the language, among the valid ones:

    * Keys stand in the order of the schema (`properties`, then names that only `required` has, then those of
      `$ref`, `allOf` and `anyOf`), keys that no schema names after them. No key stands twice.
    * Strings are raw UTF-8 but for `"`, `\` and control characters; `/` may be escaped.
    * Values of `enum` and `const` are spelled like all others; their objects keep their order.
    * `pattern` is searched for in the decoded string, in Python's dialect; `$` is the very end. Lengths count
      code points.
    * `format` is enforced.

    Objects that may have keys which the schema doesn't name make the language `verified`: that those keys
    differ from each other is not regular, and each document is checked for it. They do differ from the
    declared names, exactly. Any other language of a schema is `exact`. Recursive schemas and any-JSON nest as
    deep as the compiler expands them (`max_depth`); with `"indented"`, any-JSON nests 3 levels and a
    recursive schema comes back 4 times.

    Attributes:
        schema: the schema, read.
        whitespace: the policy.

    Raises:
        UnsupportedConstraint: with every keyword that can't be enforced, and its place.
        ConstraintError: if it isn't a schema; the message names the place.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | bool | str,
        *,
        whitespace: str | int | Whitespace = "default",
        closed: bool | None = None,
        numbers: str = "plain",
        parse: Callable[[str], Any] = json.loads,
    ) -> None:
        if numbers not in SPELLINGS:
            raise ValueError(f"unknown number spellings {numbers!r}: one of {', '.join(SPELLINGS)}")
        self.whitespace = Whitespace.of(whitespace)
        self.closed = bool(closed)
        try:
            self.schema = load_schema(schema)
            document = Document(self.schema)
            compiler = SchemaCompiler(document, self.whitespace, closed=self.closed, numbers=numbers)
            term = compiler.term()
        except RecursionError as error:
            raise ConstraintError("the schema is nested too deeply to be compiled") from error
        super().__init__(term, parse=parse, verify=has_distinct_keys if compiler.free_keys else None)

    def __repr__(self) -> str:
        return f"JsonSchema({self.whitespace.name}, {self.exactness})"


def has_distinct_keys(text: str) -> bool:
    """Whether a text is JSON in which no object has a key twice."""
    try:
        json.loads(text, object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        return False
    return True


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("an object has a key twice")
    return result
