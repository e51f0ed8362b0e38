"""Tables and JSON of the extraction benchmarks. Knows how figures are written, and none of what they mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]
WIDTH = 110


def show(title: str, rows: Sequence[Row], notes: Iterable[str] = ()) -> None:
    """A table with the columns of the first row, shares as percentages; notes below it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)  # files and pipes have no width of their own
    table = Table(title=title)
    for index, name in enumerate(rows[0] if rows else ()):
        table.add_column(name, justify="left" if index == 0 else "right", no_wrap=index == 0)
    for row in rows:
        table.add_row(*(written(row.get(name)) for name in rows[0]))
    console.print(table)
    for note in notes:
        console.print(f"  {note}", highlight=False, markup=False)


def written(value: Any) -> str:
    """A plain float is a share, written in percent; None is a dash; all else writes itself."""
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if type(value) is float else str(value)


def save(path: Path | None, content: dict[str, Any]) -> None:
    """Write the figures as JSON, if a path is given."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
