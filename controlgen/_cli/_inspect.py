"""`controlgen inspect`: what a schema compiles to for a tokenizer, or everything in it that is refused."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from controlgen._cli._errors import EXIT_FAILED, CommandError, one_line
from controlgen._cli._models import open_model
from controlgen._cli._schemas import load_output_type

if TYPE_CHECKING:
    from controlgen.constraints import Language, TokenAutomaton, Vocabulary

__all__ = ["run_inspect", "show_keywords"]

_WHITESPACE = "compact"
_WHERE = {"pointer": "where", "keyword": "what", "why": "why"}


def run_inspect(schema: str, tokenizer: str | None, *, keywords: bool = False, json_output: bool) -> int:
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
        facts = _facts(automaton, vocabulary, time.perf_counter() - started) | _parts(language, keywords=keywords)
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


def _parts(language: Language, *, keywords: bool) -> dict[str, Any]:
    """What a schema's language is made of: the parts that are verified or ask for nothing, and, if asked for, all."""
    lists = ("verified", "ignored", *(["outcomes"] if keywords else []))
    return {name: [asdict(row) for row in getattr(language, name, ())] for name in lists}


def show_keywords(*, json_output: bool) -> int:
    """Print the table of JSON Schema's keywords; the exit code."""
    from controlgen.constraints.schema import KEYWORDS

    rows = [asdict(row) for row in KEYWORDS.values()]
    if json_output:
        sys.stdout.write(json.dumps({"keywords": rows}, ensure_ascii=False) + "\n")
        return 0
    drafts = ({**row, "drafts": f"{_draft(row['since'])} to {_draft(row['until'])}"} for row in rows)
    _show_rows("", drafts, {"name": "keyword", "outcome": "outcome", "drafts": "drafts", "note": "condition"})
    return 0


def _draft(number: int) -> str:
    return {2019: "2019-09", 2020: "2020-12"}.get(number, str(number))


def _show_rows(title: str, rows: Iterable[dict[str, Any]], columns: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns.values(), title=Text(title) if title else None, title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(row[name]) or ("(root)" if name == "pointer" else "")) for name in columns))
    Console(highlight=False).print(table)


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
        _show_rows("", facts["refused"], _WHERE)
        return
    table = Table(show_header=False, title=Text(facts["schema"]), title_justify="left")
    for key, name in _NAMES.items():
        value = facts[key]
        if key == "max_depth" and value is None:
            value = "whole language"
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    console.print(table)
    if "outcomes" in facts:
        columns = {"pointer": "where", "keyword": "what", "outcome": "outcome", "why": "why"}
        _show_rows("keywords", facts["outcomes"], columns)
        return
    for name, title in (("verified", "verified, not exact"), ("ignored", "asks for nothing")):
        if facts[name]:
            _show_rows(title, facts[name], _WHERE)
