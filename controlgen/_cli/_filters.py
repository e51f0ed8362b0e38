"""Safety filters on the command line: `--filter NAME` or `--filter NAME:OPTIONS`, and `controlgen filters`."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

from controlgen._cli._errors import EXIT_FAILED, CommandError, one_line

if TYPE_CHECKING:
    from controlgen.guidance.safety import Registered, SafetyFilter

__all__ = ["load_filters", "run_filters"]


def load_filters(given: Sequence[str]) -> tuple[SafetyFilter, ...]:
    """The filters of `--filter`, each a name, or a name, a colon and a JSON object of options.

    Raises:
        CommandError: options that are no JSON object, an unknown name, options that don't fit, a plugin that fails,
            two filters of one name.
    """
    asked = [(text, *_parsed(text)) for text in given]
    filters: dict[str, SafetyFilter] = {}
    for text, name, options in asked:
        made = _made(name, options)
        if made.name in filters:
            raise CommandError(
                f'--filter {text}: there are two filters called {made.name!r}; give one another name: {{"name": …}}'
            )
        filters[made.name] = made
    return tuple(filters.values())


def _parsed(text: str) -> tuple[str, dict[str, Any]]:
    name, colon, rest = text.partition(":")
    example = f"""--filter '{name or "NAME"}:{{"option": "value"}}'"""
    if not name:
        raise CommandError(f"--filter {text}: there is no name; give NAME, or options too: {example}")
    try:
        options = json.loads(rest) if colon else {}
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--filter {text}: the options are not JSON ({one_line(error)}); as in {example}") from None
    if not isinstance(options, dict):
        raise CommandError(f"--filter {text}: the options are a JSON object, as in {example}")
    return name, options


def _made(name: str, options: dict[str, Any]) -> SafetyFilter:
    from controlgen.guidance.safety import filter_of

    try:
        return filter_of(name, **options)
    except Exception as error:  # whatever a plugin raises is its user's to know
        kind = "" if isinstance(error, ValueError | ImportError) else f"{type(error).__name__}: "
        raise CommandError(f"--filter {name}: {kind}{one_line(error)}") from None


def run_filters(name: str | None, *, json_output: bool) -> int:
    """Print what is available, or the options of one filter; the exit code.

    Raises:
        CommandError: there is no filter of that name, or it can't be loaded.
    """
    from controlgen.guidance.safety import available

    known = available()
    if name is None:
        rows = [_row(one) for one in known.values()]
        _print(rows, ("name", "level", "actions", "distribution", "about"), json_output)
        return EXIT_FAILED if any("error" in row for row in rows) else 0
    if name not in known:
        raise CommandError(f"no safety filter is called {name!r}; there are {', '.join(known)}")
    try:
        options = known[name].options()
    except (ImportError, TypeError, ValueError) as error:
        raise CommandError(one_line(error)) from None
    _print([_option(parameter) for parameter in options.values()], ("option", "default"), json_output)
    return 0


def _row(one: Registered) -> dict[str, Any]:
    """One that can't be loaded has its error in the place of what it does, and leaves the others alone."""
    from controlgen.guidance.safety import Action

    row: dict[str, Any] = {"name": one.name, "level": None, "actions": [], "distribution": one.distribution}
    try:
        found, level = one.load(), one.kind().level
    except (ImportError, TypeError, ValueError) as error:
        return {**row, "about": None, "error": one_line(error)}
    actions = [action for action in get_args(Action) if action != "ban" or level == "proven"]
    about = (inspect.getdoc(found) or "").split("\n\n")[0]
    return {**row, "level": level, "actions": actions, "about": one_line(about) if about else ""}


def _option(parameter: inspect.Parameter) -> dict[str, Any]:
    needed = parameter.default is inspect.Parameter.empty
    return {"option": parameter.name, "default": "needed" if needed else repr(parameter.default)}


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], json_output: bool) -> None:
    if json_output:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        return
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    first, *others = columns
    table = Table(Column(first, no_wrap=True), *others)
    for row in rows:
        table.add_row(*(Text(_cell(row[column]) or row.get("error", "")) for column in columns))
    Console(highlight=False).print(table)


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")
