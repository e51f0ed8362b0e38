"""Languages as metadata of Pydantic's types: `Annotated[str, Regex("[A-Z]{3}")]`.

Pydantic asks the metadata for a core schema. What it gets is the type's own with a check behind it, and the language in
the schema's metadata, where `_of` finds it; no table of languages is kept anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._language import Language

__all__ = ["CoreSchema", "language_in"]

_KEY = "controlgen_language"


class CoreSchema:
    """`__get_pydantic_core_schema__` of instances only: to Pydantic, a class of languages is a type like any other."""

    def __get__(self, language: Language | None, owner: type[Language]) -> Callable[[Any, Any], Any]:
        if language is None:
            raise AttributeError("__get_pydantic_core_schema__")
        return partial(_core_schema, language)


def language_in(core: Any) -> Language | None:
    """The language whose check a core schema is."""
    found: Language | None = (core.get("metadata") or {}).get(_KEY)
    return found


def _core_schema(language: Language, source: Any, handler: Callable[[Any], Any]) -> Any:
    from pydantic_core import core_schema

    check = partial(_checked, language)
    return core_schema.no_info_after_validator_function(check, handler(source), metadata={_KEY: language})


def _checked(language: Language, value: Any) -> Any:
    """The value; a string only if it is a member. What is no string (None of an optional one) is left alone."""
    if isinstance(value, str) and not language.matches(value):
        raise ValueError(f"not a member of {language!r}")
    return value
