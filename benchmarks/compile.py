"""Time from a schema to its token automaton, beside outlines-core in the same run.

    python benchmarks/compile.py --tokenizer PATH [--schema FILE] [--repeat 9] [--peer-repeat 3]

"Warm vocabulary": the vocabulary is prepared once, before the clock; everything else is timed from the schema on, with
the cache of compiled parts emptied before each run and the kernels loaded. The peer is timed from the same
schema (its own translation to a regular expression, then its index), on its own vocabulary, prepared before the clock.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

INVOICE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "invoice_number": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4,6}$"},
        "issued": {"type": "string", "format": "date"},
        "currency": {"enum": ["EUR", "USD", "GBP", "CHF"]},
        "seller": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 30},
                "vat_id": {"type": ["string", "null"], "pattern": "^[A-Z]{2}[0-9]{8,10}$"},
            },
            "required": ["name", "vat_id"],
            "additionalProperties": False,
        },
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": "string", "maxLength": 30},
                    "quantity": {"type": "integer", "minimum": 1, "maximum": 9999},
                    "unit_price": {"type": "number", "minimum": 0},
                },
                "required": ["description", "quantity", "unit_price"],
                "additionalProperties": False,
            },
        },
        "total": {"type": "number", "minimum": 0},
        "paid": {"type": "boolean"},
    },
    "required": ["invoice_number", "issued", "currency", "seller", "lines", "total", "paid"],
    "additionalProperties": False,
}


def timed(work: Callable[[], Any], repeat: int) -> list[float]:
    """Seconds of each of `repeat` runs."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def ours(schema: dict[str, Any], vocabulary: Any) -> Any:
    from controlgen.constraints import JsonSchema
    from controlgen.constraints._expansion import forget_compiled_parts

    forget_compiled_parts()
    return JsonSchema(schema).compile(vocabulary)


def peer(schema: dict[str, Any], tokenizer_file: Path) -> Callable[[], Any] | None:
    """The same schema through outlines-core: a regular expression, then an index over its vocabulary."""
    import outlines_core
    from outlines_core.json_schema import build_regex_from_schema

    from controlgen.constraints import Vocabulary

    vocabulary = Vocabulary.from_tokenizer(tokenizer_file)
    spelled: dict[bytes, list[int]] = {}
    for token in vocabulary.is_text.nonzero()[0].tolist():
        spelled.setdefault(vocabulary.token(token), []).append(token)
    end = vocabulary.stop_ids[0] if vocabulary.stop_ids else vocabulary.size
    theirs = outlines_core.Vocabulary(end, spelled)
    text = json.dumps(schema)
    return lambda: outlines_core.Index(build_regex_from_schema(text), theirs)


def row(name: str, seconds: list[float], note: str) -> tuple[str, str, str, str]:
    milliseconds = [1e3 * s for s in seconds]
    spread = f"{min(milliseconds):,.0f} to {max(milliseconds):,.0f}"
    return name, f"{statistics.median(milliseconds):,.1f}", spread, note


def main(
    tokenizer: Annotated[Path, typer.Option(help="A tokenizer.json, or a folder with one.")],
    schema: Annotated[Path | None, typer.Option(help="A JSON Schema file; by default an invoice.")] = None,
    repeat: Annotated[int, typer.Option(help="Timed runs of ours.")] = 9,
    peer_repeat: Annotated[int, typer.Option(help="Timed runs of outlines-core; 0 leaves it out.")] = 3,
) -> None:
    """Print medians with their spread."""
    from controlgen.constraints import Vocabulary

    document = json.loads(schema.read_text()) if schema else INVOICE
    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    automaton = ours(document, vocabulary)  # loads the kernels
    seconds = timed(lambda: ours(document, vocabulary), repeat)
    table = Table(title=f"schema to token automaton, {vocabulary.size:,} tokens", title_justify="left")
    for column in ("engine", "median ms", "min to max", "what comes out"):
        table.add_column(column, justify="right" if "m" in column[:6] and column != "engine" else "left")
    sizes = (
        f"{automaton.byte_states} byte states, {automaton.num_states} states, {automaton.num_edges:,} edges, "
        f"{automaton.num_labels} labels, {automaton.num_classes} classes; whole canvases, both directions"
    )
    table.add_row(*row("controlgen", seconds, sizes))
    if peer_repeat:
        work = peer(document, tokenizer)
        if work is not None:
            theirs = timed(work, peer_repeat)
            table.add_row(*row("outlines-core", theirs, "left-to-right masks"))
            ratio = statistics.median(theirs) / statistics.median(seconds)
            runs = f"medians of {repeat} and {peer_repeat} runs"
            table.caption = f"outlines-core takes {ratio:.1f} times as long ({runs})"
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
