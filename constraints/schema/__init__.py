"""JSON Schema as a front end: schemas in, terms out. `JsonSchema` is the language, `Whitespace` its spelling
policy."""

from __future__ import annotations

from ._keywords import KEYWORDS, Keyword
from ._report import Outcome
from ._schema import JsonSchema
from ._whitespace import Whitespace

__all__ = ["KEYWORDS", "JsonSchema", "Keyword", "Outcome", "Whitespace"]
