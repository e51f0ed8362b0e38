"""`Language.of`: from what people already have to a language.

Python types go through Pydantic: its JSON Schema of the type gives the language, its validation gives the
typed value. This module knows how to recognise things; what a schema or a pattern means is known elsewhere.
"""

from __future__ import annotations

import itertools
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import typing_extensions

from ._errors import UnsupportedConstraint
from ._language import Language, Regex
from ._pydantic import language_in

if TYPE_CHECKING:
    from .schema import Whitespace

__all__ = ["language_of"]

_TAKEN = (
    "a Pydantic model, dataclass, TypedDict, Literal, Enum, Union, builtin or annotated type, a JSON Schema "
    "as a dict, a compiled re.Pattern, an Outlines term, or a Language"
)
_LONGEST_NAME = 80  # of a language in a schema
_MAX_URL = 2083  # Pydantic's own limit for web addresses; longer than any canvas


def language_of(source: Any, *, whitespace: str | int | Whitespace = "default") -> Language:
    """The language of a type, a schema, a pattern or a term.

    * A Python type: the JSON texts that validate as the type; `parse` gives typed values. Strings are quoted:
      the language of `Literal["a"]` is `"a"` in quotes. `Annotated[str, language]` anywhere in it, with any
      `Language`, are the strings whose decoded value is in that language.
    * A JSON Schema dict: `JsonSchema(schema, closed=True)`; `parse` gives JSON values.
    * A `re.Pattern`: the texts that it matches whole, its flags honoured.
    * An Outlines term: its language.
    * A `Language`: itself, whatever `whitespace` is.

    Objects are closed: they have the keys that are declared, unless the type or the schema asks for more
    (`extra="allow"`, `additionalProperties`). What a type checks beyond its schema (validators of one's own,
    the length of a set) is checked on every document, and the language is then "verified".

    Args:
        source: see above.
        whitespace: the policy of JSON texts, as for `JsonSchema`.

    Raises:
        UnsupportedConstraint: with every reason, if a part can't be enforced.
        TypeError: for anything else.
    """
    from .schema import JsonSchema

    if isinstance(source, Language):
        return source
    if isinstance(source, Mapping):
        return JsonSchema(source, closed=True, whitespace=whitespace)
    if isinstance(source, re.Pattern):
        if isinstance(source.pattern, bytes):
            raise TypeError("a pattern of bytes is no language of texts: compile it from a str")
        return Regex(source.pattern, source.flags)
    if isinstance(source, str):
        raise TypeError(
            "a string alone is ambiguous: use Regex(...), Choice(...), or JsonSchema(...) for a schema's text"
        )
    if _is_outlines(source):
        from ._outlines import outlines_language

        return outlines_language(source, whitespace=whitespace)
    if source is None or isinstance(source, (bool, int, float, bytes, list, tuple, set)):
        raise TypeError(f"no language of {source!r}: Language.of takes {_TAKEN}")
    return _of_type(source, whitespace)


def _is_outlines(source: Any) -> bool:
    """Whether this is an Outlines term, without importing Outlines for anything else."""
    kinds = ((kind.__module__, kind.__name__) for kind in type(source).__mro__)
    return ("outlines.types.dsl", "Term") in kinds


def _of_type(source: Any, whitespace: str | int | Whitespace) -> Language:
    from pydantic import PydanticUserError, TypeAdapter
    from pydantic.errors import PydanticInvalidForJsonSchema

    from .schema import JsonSchema
    from .schema._languages import languages_named

    name = getattr(source, "__name__", None) or repr(source)
    generator = _generator()
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(_with_known_typed_dicts(source))
        adapter.rebuild()
        schema = adapter.json_schema(schema_generator=generator)
    except PydanticInvalidForJsonSchema as error:
        raise UnsupportedConstraint.single("", name, str(error).split("\n")[0]) from error
    except (PydanticUserError, NameError) as error:
        why = str(error).splitlines()[0]
        raise TypeError(f"no language of {name}: {why}; Language.of takes {_TAKEN}") from error
    used = languages_named([schema])
    languages = {name: language for name, language in generator.languages.items() if name in used}
    language = JsonSchema(schema, closed=True, whitespace=whitespace, languages=languages, parse=adapter.validate_json)
    changed = bool(languages) and _changes_strings(adapter.core_schema)
    if changed or generator.loosened or _has_validators(adapter.core_schema):
        language.verify = _all(language.verify, _validates(adapter.validate_json))
    return language


def _with_known_typed_dicts(source: Any) -> Any:
    """Before Python 3.12 Pydantic knows TypedDicts of `typing_extensions` only: rewrite those of `typing`,
    also inside other types."""
    if sys.version_info >= (3, 12):
        return source
    if isinstance(source, type) and typing.is_typeddict(source) and type(source).__module__ == "typing":
        hints = typing.get_type_hints(source, include_extras=True)
        by_default: frozenset[str] = getattr(source, "__required_keys__", frozenset(hints))
        fields = {name: _field(hint, required=name in by_default) for name, hint in hints.items()}
        make: Any = typing_extensions.TypedDict
        return make(source.__name__, fields)
    arguments = typing.get_args(source)
    changed = tuple(_with_known_typed_dicts(argument) for argument in arguments)
    if all(new is old for new, old in zip(changed, arguments, strict=True)):
        return source
    if isinstance(source, types.UnionType):
        return typing.Union[changed]  # noqa: UP007
    if hasattr(source, "__metadata__"):
        return typing.Annotated[(changed[0], *source.__metadata__)]
    return source.copy_with(changed) if hasattr(source, "copy_with") else source.__origin__[changed]


def _field(hint: Any, *, required: bool) -> Any:
    """A field's type, marked as optional if it is; what the field says itself goes first."""
    origin = typing.get_origin(hint)
    if origin in (typing.Required, typing.NotRequired):
        hint, required = typing.get_args(hint)[0], origin is typing.Required
    hint = _with_known_typed_dicts(hint)
    return hint if required else typing_extensions.NotRequired[hint]


def _validates(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def validates(text: str) -> bool:
        try:
            parse(text)
        except ValueError:  # ValidationError is one; so is what a validator may raise
            return False
        return True

    return validates


def _all(first: Callable[[str], bool] | None, second: Callable[[str], bool]) -> Callable[[str], bool]:
    return second if first is None else lambda text: first(text) and second(text)


def _has_validators(core: Any) -> bool:
    """Whether a Pydantic core schema calls Python functions that may refuse a value and that its JSON Schema lacks."""
    if isinstance(core, dict):
        kind = core.get("type")
        if isinstance(kind, str) and kind.startswith("function-") and language_in(core) is None:
            return True
        apart = ("metadata", "serialization")
        return any(_has_validators(value) for key, value in core.items() if key not in apart)
    return isinstance(core, (list, tuple)) and any(map(_has_validators, core))


_CHANGES = ("strip_whitespace", "to_lower", "to_upper")


def _changes_strings(core: Any) -> bool:
    """Whether a Pydantic core schema, or a configuration in it, may change a string before a language is asked."""
    if isinstance(core, dict):
        if any(core.get(prefix + name) for name in _CHANGES for prefix in ("", "str_")):
            return True
        return any(_changes_strings(value) for key, value in core.items() if key != "metadata")
    return isinstance(core, (list, tuple)) and any(map(_changes_strings, core))


def _generator() -> Any:
    """Pydantic's schema generator, but for what its JSON Schema says in a way not enforced or not meant."""
    from pydantic.json_schema import GenerateJsonSchema

    from .schema._languages import LANGUAGE

    class Generator(GenerateJsonSchema):
        """One per use: `loosened` tells whether the type is narrower than the schema that was made; `languages` are
        those that it names."""

        loosened = False
        languages: ClassVar[dict[str, Language]]

        def function_after_schema(self, schema: Any) -> Any:
            """The check of a language is held by the schema, which names it."""
            result = super().function_after_schema(schema)
            if (language := language_in(schema)) is None:
                return result
            said = {LANGUAGE: _named(language, self.languages)}
            return {"allOf": [result, said]} if LANGUAGE in result else {**result, **said}

        def chain_schema(self, schema: Any) -> Any:
            """A pattern behind languages: it speaks of the same string."""
            result = super().chain_schema(schema)
            first, *rest = schema["steps"]
            while language_in(first) is not None:
                first = first["schema"]
            if first["type"] != "str" or any(first.get(name) for name in _CHANGES):
                return result
            steps = [step.get("schema", step) for step in rest]
            patterns = [{"pattern": self.generate_inner(step)["pattern"]} for step in steps if step.get("pattern")]
            return {"allOf": [result, *patterns]} if patterns else result

        def decimal_schema(self, schema: Any) -> Any:
            """Decimals as JSON numbers; digits and multiples are left to validation."""
            if any(schema.get(name) is not None for name in ("max_digits", "decimal_places", "multiple_of")):
                type(self).loosened = True
            bounds = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
            limits = {bounds[name]: schema[name] for name in bounds if schema.get(name) is not None}
            return {"type": "number"} | limits

        def _common_set_schema(self, schema: Any) -> Any:
            """A set is read from an array with or without repetition; only its size depends on that."""
            result = super()._common_set_schema(schema)
            result.pop("uniqueItems", None)
            if "minItems" in result or "maxItems" in result:
                type(self).loosened = True
            return result

        def url_schema(self, schema: Any) -> Any:
            """Web addresses: a bound beyond every canvas is left to validation."""
            result = super().url_schema(schema)
            if result.get("maxLength", 0) >= _MAX_URL:
                del result["maxLength"]
            if schema.get("allowed_schemes"):
                result["pattern"] = "^(" + "|".join(map(re.escape, schema["allowed_schemes"])) + "):"
            type(self).loosened = True
            return result

    Generator.languages = {}
    return Generator


def _named(language: Language, table: dict[str, Language]) -> str:
    """The name of a language in a table, which it is put into."""
    said = repr(language)
    said = said if len(said) <= _LONGEST_NAME else said[:_LONGEST_NAME] + "…"
    names = (said if number == 1 else f"{said} #{number}" for number in itertools.count(1))
    name = next(name for name in names if table.get(name, language) is language)
    table[name] = language
    return name
