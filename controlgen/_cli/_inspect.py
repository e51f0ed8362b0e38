"""`controlgen inspect`: what a schema compiles to for a tokenizer, or everything in it that is refused."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from controlgen._cli._errors import EXIT_FAILED, CommandError, one_line
from controlgen._cli._models import open_model
from controlgen._cli._schemas import load_output_type

if TYPE_CHECKING:
    from controlgen.constraints import TokenAutomaton, Vocabulary

__all__ = ["run_inspect"]

_WHITESPACE = "compact"


def run_inspect(schema: str, tokenizer: str | None, *, json_output: bool) -> int:
    """Carry out the command and give its exit code.

    Raises:
        CommandError: the schema or the tokenizer can't be read, or compiling takes more than the budget.
    """
    output_type = load_output_type(schema)
    from controlgen.constraints import ConstraintError, Language, UnsupportedConstraint

    try:
        vocabulary = _vocabulary(tokenizer)
        language = Language.of(output_type, whitespace=_WHITESPACE)
        Language.of(bool).compile(vocabulary)  # so that the time below is not that of a first call
        started = time.perf_counter()
        automaton = language.compile(vocabulary)
        facts = _facts(automaton, vocabulary, time.perf_counter() - started)
    except UnsupportedConstraint as error:
        reasons = [
            {"pointer": reason.pointer, "keyword": reason.keyword, "why": reason.why}
            for reason in error.reasons
        ]
        _show({"schema": schema, "compiles": False, "refused": reasons}, json_output)
        return EXIT_FAILED
    except (ConstraintError, TypeError) as error:
        raise CommandError(f"{schema}: {one_line(error)}") from None
    _show({"schema": schema, "compiles": True, **facts, "refused": []}, json_output)
    return 0


def _vocabulary(tokenizer: str | None) -> Vocabulary:
    if tokenizer is None:
        return open_model(None, "cpu").vocabulary
    from controlgen.constraints import Vocabulary, VocabularyError

    try:
        return Vocabulary.from_tokenizer(tokenizer)
    except (VocabularyError, OSError) as error:
        raise CommandError(f"{tokenizer}: {one_line(error)}") from None


def _facts(automaton: TokenAutomaton, vocabulary: Vocabulary, seconds: float) -> dict[str, Any]:
    return {
        "exactness": automaton.exactness,
        "max_depth": automaton.max_depth,
        "whitespace": _WHITESPACE,
        "byte_states": automaton.byte_states,
        "states": automaton.num_states,
        "edges": automaton.num_edges,
        "labels": automaton.num_labels,
        "classes": automaton.num_classes,
        "min_tokens": automaton.min_tokens,
        "vocabulary": len(vocabulary),
        "compile_ms": round(1000 * seconds, 1),
    }


_NAMES = {
    "exactness": "exactness",
    "max_depth": "nesting depth",
    "whitespace": "white space",
    "byte_states": "byte states",
    "states": "states",
    "edges": "edges",
    "labels": "labels",
    "classes": "token classes",
    "min_tokens": "least tokens",
    "vocabulary": "vocabulary",
    "compile_ms": "compile time, ms",
}


def _show(facts: dict[str, Any], json_output: bool) -> None:
    if json_output:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not facts["compiles"]:
        console.print(Text(f"{facts['schema']}: refused, nothing is silently weakened"))
        table = Table("where", "what", "why")
        for reason in facts["refused"]:
            table.add_row(
                *(Text(part) for part in (reason["pointer"] or "(root)", reason["keyword"], reason["why"]))
            )
        console.print(table)
        return
    table = Table(show_header=False, title=Text(facts["schema"]), title_justify="left")
    for key, name in _NAMES.items():
        value = facts[key]
        if key == "max_depth" and value is None:
            value = "whole language"
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    console.print(table)
