"""Languages inside schemas: the keyword `x-language` names one, out of a table that is passed beside the schema.

The keyword asks of strings that their decoded value is in the language, and nothing of other values, like `pattern`.
Without a table it is an annotation, as any unknown name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._errors import BudgetExceeded, ConstraintError
from .._expansion import compile_term
from .._terms import Term

if TYPE_CHECKING:
    from .._language import Language

__all__ = ["LANGUAGE", "checked_languages", "embeds_itself", "languages_named", "why_refused"]

LANGUAGE = "x-language"


def checked_languages(languages: Mapping[str, Any] | None, schemas: Iterable[Any]) -> dict[str, Language]:
    """The table of languages by name. Raises TypeError for what is no language, ConstraintError for a name that no
    schema uses: most often the keyword is misspelt, and would ask for nothing."""
    from .._language import Language

    table = dict(languages or {})
    for name, language in table.items():
        if not isinstance(language, Language):
            raise TypeError(f"languages[{name!r}] is a {type(language).__name__}, no Language: see Language.of")
    named = languages_named(schemas) if table else ()
    if unused := [name for name in table if name not in named]:
        raise ConstraintError(f"no schema names the language {unused[0]!r}: {{{LANGUAGE!r}: {unused[0]!r}}} would")
    return table


def languages_named(schemas: Iterable[Any]) -> set[str]:
    """The names of languages anywhere in these schemas."""
    found: set[str] = set()
    pending = list(schemas)
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(name := value.get(LANGUAGE), str):
                found.add(name)
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return found


def why_refused(name: Any, languages: Mapping[str, Language]) -> str | None:
    """Why a name can't be enforced; None if it can."""
    if not isinstance(name, str) or name not in languages:
        return f"{name!r} is none of the languages that were passed ({', '.join(map(repr, languages)) or 'none'})"
    language = languages[name]
    for has, what in ((language.weights, "weights"), (language.borders, "borders")):
        if has:
            return f"{name!r} has {what}: they belong to whole texts; add them to the language of the schema"
    return None


def embeds_itself(term: Term) -> bool:
    """Whether automata hold a language only up to a depth; one too large to be told counts as whole."""
    try:
        return compile_term(term).max_depth is not None
    except BudgetExceeded:
        return False
