"""`controlgen extract`: documents through the model, batch after batch, into rows.

The order of the checks is that of their cost: arguments, schema, inputs and output are refused before the
model is loaded, the schema's compilation before the first document. torch is imported on the way, not before.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlgen._cli._errors import EXIT_FAILED, EXIT_INTERRUPTED, CommandError, one_line
from controlgen._cli._filters import load_filters
from controlgen._cli._inputs import Document, DocumentError, collect_documents
from controlgen._cli._interrupts import Interrupts
from controlgen._cli._models import open_model
from controlgen._cli._output import Output, finished_ids
from controlgen._cli._schemas import load_output_type

if TYPE_CHECKING:
    from controlgen._extract import Extraction, Extractor
    from controlgen.guidance.safety import Verdict

__all__ = ["Settings", "run_extract"]


@dataclass(frozen=True)
class Settings:
    """How documents are extracted: the options of the command that are not about files."""

    model: str | None = None
    device: str | None = None
    batch_size: int = 8
    max_new_tokens: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    progress: bool | None = None


def run_extract(
    schema: str,
    inputs: Sequence[str],
    path: Path | None,
    settings: Settings,
    *,
    resume: bool,
    overwrite: bool,
) -> int:
    """Carry out the command and give its exit code.

    Raises:
        CommandError: it can't be carried out.
    """
    _check_output(path, resume, overwrite)
    output_type = load_output_type(schema)
    documents = collect_documents(inputs, exclude=path.resolve() if path else None)
    extractor = _extractor(schema, output_type, settings)
    done = finished_ids(path, (str(document.id) for document in documents)) if path and resume else set()
    open_documents = [document for document in documents if str(document.id) not in done]
    counts, started = Counter({"skipped": len(done)}), time.perf_counter()
    with Output(path, append=resume, overwrite=overwrite) as output, Interrupts() as interrupts:
        try:
            with _progress(settings.progress, len(open_documents)) as advance:
                for rows in _rows(extractor, open_documents, settings.batch_size):
                    with interrupts.held():
                        for row in rows:
                            output.write(row)
                            counts["failed" if "error" in row else "done"] += 1
                            advance()
        except KeyboardInterrupt:
            _tell(counts, path, time.perf_counter() - started, interrupted=True)
            return EXIT_INTERRUPTED
    _tell(counts, path, time.perf_counter() - started)
    return EXIT_FAILED if counts["failed"] else 0


def _check_output(path: Path | None, resume: bool, overwrite: bool) -> None:
    """Refuse an output that can't work, before anything slow begins."""
    if resume and overwrite:
        raise CommandError("--resume and --overwrite exclude each other")
    if path is None:
        if resume or overwrite:
            raise CommandError("--resume and --overwrite need an output file: -o FILE")
        return
    if path.is_dir():
        raise CommandError(f"{path}: a folder; -o takes a file")
    if not path.parent.is_dir():
        raise CommandError(f"{path}: can't be written: there is no folder {path.parent}")
    if path.exists() and not (resume or overwrite):
        raise CommandError(f"{path}: exists; --resume goes on with it, --overwrite replaces it")


def _extractor(schema: str, output_type: Any, settings: Settings) -> Extractor:
    from controlgen._errors import ControlgenError, UnsupportedConstraint
    from controlgen._extract import Extractor

    filters = load_filters(settings.filters)
    model = open_model(settings.model, settings.device)
    arguments = {"max_new_tokens": settings.max_new_tokens, "filters": filters, **settings.options}
    try:
        return Extractor(output_type, model=model, **arguments)
    except UnsupportedConstraint as error:
        more = len(error.reasons) - 1
        tail = f" (and {more} more: controlgen inspect {schema})" if more else ""
        raise CommandError(f"{schema}: not supported: {one_line(str(error.reasons[0]))}{tail}") from None
    except (ControlgenError, ValueError, TypeError) as error:
        raise CommandError(f"{schema}: {one_line(error)}") from None


def _rows(extractor: Extractor, documents: Sequence[Document], size: int) -> Iterator[list[dict[str, Any]]]:
    """The rows of one batch after the other, in the order of the documents."""
    for start in range(0, len(documents), size):
        batch = documents[start : start + size]
        texts: dict[int, str] = {}
        failed: dict[int, Exception] = {}
        for index, document in enumerate(batch):
            try:
                texts[index] = document.read()
            except DocumentError as error:
                failed[index] = error
        outcomes = dict(zip(texts, _extract(extractor, list(texts.values())), strict=True))
        yield [_row(document, failed.get(index) or outcomes[index]) for index, document in enumerate(batch)]


def _extract(extractor: Extractor, texts: list[str]) -> list[Extraction | Exception]:
    """One outcome per text; an error that is not one text's own is looked for by trying each alone."""
    try:
        return list(extractor.batch(texts))
    except Exception as error:  # ends in the error row of the text that brings it about
        if len(texts) == 1:
            return [error]
        return [outcome for text in texts for outcome in _extract(extractor, [text])]


def _row(document: Document, outcome: Extraction | Exception) -> dict[str, Any]:
    row: dict[str, Any]
    if isinstance(outcome, Exception):
        cause = getattr(outcome, "cause", outcome)
        row = {"id": document.id, "error": one_line(cause)}
        return row | _verdicts(getattr(cause, "verdicts", ()), withheld=True)
    row = {
        "id": document.id,
        "record": outcome.record,
        "confidence": {pointer: round(value, 4) for pointer, value in outcome.confidence.items()},
        "spans": outcome.spans,
        "finish_reason": outcome.finish_reason,
    }
    return row | _verdicts(outcome.verdicts)


def _verdicts(verdicts: tuple[Verdict, ...], *, withheld: bool = False) -> dict[str, Any]:
    """The key `verdicts`, if there are any; the text of an output that is withheld stays out of them."""
    apart = ("text",) if withheld else ()
    rows = [{name: value for name, value in asdict(one).items() if name not in apart} for one in verdicts]
    return {"verdicts": rows} if rows else {}


@contextmanager
def _progress(wanted: bool | None, total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error, and what moves it on by one document; no bar, and nothing, where none is
    wanted."""
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("extracting"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


def _tell(counts: Counter[str], path: Path | None, seconds: float, *, interrupted: bool = False) -> None:
    """One closing line on standard error."""
    parts = [f"{counts['done']} records"]
    if counts["failed"]:
        parts.append(f"{counts['failed']} documents without one (see their error rows)")
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} done earlier")
    where = f" -> {path}" if path else ""
    line = f"{', '.join(parts)} in {seconds:.1f} s{where}"
    if interrupted:
        line = f"interrupted: {line}" + ("; --resume goes on" if path else "")
    sys.stderr.write(f"controlgen: {line}\n")
