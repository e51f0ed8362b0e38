"""`JsonSchema`: the language of the JSON documents that a schema accepts, in the spellings of a policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .._deadline import READ_SECONDS, Deadline
from .._errors import ConstraintError
from .._expansion import load_kernels
from .._language import Language
from .._terms import Term
from ._compiler import SchemaCompiler
from ._document import Document
from ._limits import LEVELS, MAX_ESTIMATE, MAX_SIZE, Limits, estimated_states
from ._loading import load_schema
from ._numbers import SPELLINGS
from ._report import outcomes
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
        numbers: `"any"` (JSON's equality: also `2.0` for 2, `1e3`, `-0`) or `"plain"` (integers without fraction, no
            exponents, no negative zero); `_numbers` has the exact statement. By default `"any"`, and `"plain"` for
            closed schemas, which are meant for writing.
        formats: whether `format` is enforced.
        registry: schemas by URI that references may lead to; nothing is ever fetched.
        languages: by name. Where the schema says `"x-language": name`, a string's decoded value is in that language;
            without `languages` the keyword asks for nothing.
        max_seconds: the most time to read the schema, None for any; compiling has its own.
        parse: gives the typed value of a document; by default `json.loads`.

    Which documents are in the language, among the valid ones:

    * Keys stand in the order of the schema (`properties`, then names that only `required` has, then those of
      `$ref`, `allOf` and `anyOf`), keys that no schema names after them. No key stands twice.
    * Strings are raw UTF-8 but for `"`, `\` and control characters; `/` may be escaped.
    * Values of `enum` and `const` are spelled like all others; their objects keep their order.
    * `pattern` is searched for in the decoded string, as ECMA-262 has it. Lengths count code points.
    * Keywords that the schema's draft doesn't know ask for nothing, as JSON Schema says; `ignored` lists them.

    `exactness` is "exact" where the automaton holds the whole schema, else "verified": `verified` has the place, the
    keyword and the reason of each part that is held by a superset. Most often that is the keys which no schema names:
    that they differ from each other is not regular. (They do differ from the declared names, exactly.) Recursive
    schemas and any-JSON nest as deep as the compiler expands them (`max_depth`); with `"indented"`, any-JSON nests 3
    levels and a recursive schema comes back 4 times.

    Attributes:
        schema: the schema, read.
        whitespace: the policy.
        verified: `Reason`s, see above.
        ignored: `Reason`s for keywords that ask for nothing.
        outcomes: an `Outcome` for each keyword of each part of the schema that was read.

    Raises:
        BudgetExceeded: if reading takes too long.
        UnsupportedConstraint: with every keyword that can't be enforced, and its place.
        ConstraintError: if it isn't a schema; the message names the place.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | bool | str,
        *,
        whitespace: str | int | Whitespace = "default",
        closed: bool | None = None,
        numbers: str | None = None,
        formats: bool = True,
        registry: Mapping[str, Any] | None = None,
        languages: Mapping[str, Language] | None = None,
        max_seconds: float | None = READ_SECONDS,
        parse: Callable[[str], Any] = json.loads,
    ) -> None:
        self.closed = bool(closed)
        spelling = numbers or ("plain" if self.closed else "any")
        if spelling not in SPELLINGS:
            raise ValueError(f"unknown number spellings {numbers!r}: one of {', '.join(SPELLINGS)}")
        self.whitespace = Whitespace.of(whitespace)
        load_kernels()
        try:
            self.schema = load_schema(schema)
            document = Document(self.schema, registry, languages)
            with Deadline(max_seconds):
                compiler, term = self._within_limits(
                    lambda limits: SchemaCompiler(
                        document, self.whitespace, limits, closed=self.closed, numbers=spelling, formats=formats
                    )
                )
        except RecursionError as error:
            raise ConstraintError("the schema is nested too deeply to be compiled") from error
        self.verified = tuple(compiler.verified.values())
        self.ignored = tuple(document.ignored.values())
        self.outcomes = outcomes(document.read, self.verified, self.ignored)
        super().__init__(term, parse=parse, verify=compiler.verifier())

    @staticmethod
    def _within_limits(compiler_for: Callable[[Limits], SchemaCompiler]) -> tuple[SchemaCompiler, Term]:
        """The term under the widest limits that keep it small; if none does and they hardly matter, the widest."""
        found = []
        for limits in LEVELS:
            compiler = compiler_for(limits)
            term = compiler.term()
            size = estimated_states(term, MAX_SIZE)
            found.append((compiler, term, size))
            if size < MAX_ESTIMATE or not compiler.counts:
                break
        least = found[-1][2]
        return next((compiler, term) for compiler, term, size in found if size <= max(1.5 * least, MAX_ESTIMATE))

    def __repr__(self) -> str:
        return f"JsonSchema({self.whitespace.name}, {self.exactness})"
