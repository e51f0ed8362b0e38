"""Print the rows of `controlgen extract`: each field with its confidence and the words that it stands in.

python examples/show_records.py out/bills.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text


def main(paths: list[str]) -> None:
    """Print one table per row of each file; ids are taken as paths of the documents."""
    console = Console(highlight=False)
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            console.print(table_of(json.loads(line)))


def table_of(row: dict) -> Table | Text:
    """The fields of one row, or its error."""
    if "error" in row:
        return Text(f"{row['id']}: {row['error']}")
    document = Path(row["id"]).read_text(encoding="utf-8")
    table = Table(
        "field", "value", "confidence", "in the text", title=row["id"], title_justify="left"
    )
    for pointer, confidence in row["confidence"].items():
        span = row["spans"][pointer]
        literal = "" if span is None else " ".join(document[span[0] : span[1]].split())
        value = json.dumps(value_at(row["record"], pointer), ensure_ascii=False)
        table.add_row(Text(pointer), Text(value), f"{confidence:.2f}", Text(literal))
    return table


def value_at(record: object, pointer: str) -> object:
    """The value at a JSON pointer."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        record = record[int(key)] if isinstance(record, list) else record[key]
    return record


if __name__ == "__main__":
    main(sys.argv[1:])
