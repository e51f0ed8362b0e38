"""Runs a model over documents and has the answers judged.

The same loop, batches and canvas lengths with and without the constraint. An answer that fails is counted as
wrong, with its error; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema
from rich.progress import Progress

from benchmarks._documents import Document
from benchmarks._scoring import Score, parse, score
from controlgen import Model
from controlgen._extract import Extractor
from controlgen._prompt import prompt_text


@dataclass(frozen=True)
class Answer:
    """What the model wrote for one document: its text, or the error that kept it from writing one."""

    document: Document
    text: str
    error: str | None
    forward_passes: int
    log_z: tuple[float, ...] = ()

    def score(self) -> Score:
        """Judged by `jsonschema` and by plain equality of fields."""
        value = parse(self.text)
        valid = value is not ... and judge(self.document.schema, value)
        return score(self.document.record, self.document.kinds, value, valid=valid)


def judge(schema: dict[str, Any], value: Any) -> bool:
    """Whether `jsonschema` accepts a value, formats included."""
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    return bool(validator.is_valid(value))


@dataclass(frozen=True)
class Job:
    """A document made ready: its prompt, canvas length and language."""

    index: int
    prompt: str
    length: int
    language: Any


def answers(
    model: Model,
    documents: Sequence[Document],
    *,
    constrained: bool,
    batch_size: int = 8,
    max_new_tokens: int | None = None,
    label: str = "",
    **options: Any,
) -> list[Answer]:
    """One answer per document, in order.

    Args:
        model: from `controlgen.load`.
        documents: what to read.
        constrained: with the schema as constraint; otherwise each position takes what the model likes best,
            in the same loop.
        batch_size: rows per session; rows of one session share a canvas length.
        max_new_tokens: tokens of the canvas; None: what extraction chooses for each text.
        label: what the progress bar says.
        **options: options of the loop.
    """
    done: dict[int, Answer] = {}
    jobs: list[Job] = []
    for index, document in enumerate(documents):
        try:
            jobs.append(prepare(model, index, document, max_new_tokens))
        except Exception as error:
            done[index] = _failed(document, error)
    with Progress(transient=True) as progress:
        task = progress.add_task(label, total=len(jobs))
        for batch in batches(jobs, batch_size):
            outcomes = _decode(model, batch, constrained, options)
            for job, outcome in zip(batch, outcomes, strict=True):
                document = documents[job.index]
                done[job.index] = (
                    _failed(document, outcome)
                    if isinstance(outcome, Exception)
                    else Answer(document, outcome.text, None, outcome.forward_passes, outcome.log_z)
                )
            progress.advance(task, len(batch))
    return [done[index] for index in range(len(documents))]


def batches(jobs: Sequence[Job], size: int) -> list[list[Job]]:
    """Jobs of equal canvas length together, at most `size` of them."""
    ordered = sorted(jobs, key=lambda job: (job.length, len(job.prompt), job.index))
    found: list[list[Job]] = []
    for job in ordered:
        if found and len(found[-1]) < size and found[-1][0].length == job.length:
            found[-1].append(job)
        else:
            found.append([job])
    return found


def prepare(model: Model, index: int, document: Document, max_new_tokens: int | None) -> Job:
    extractor = Extractor(document.schema, model=model, max_new_tokens=max_new_tokens)
    prompt = prompt_text(document.schema, document.text)
    return Job(index, prompt, extractor.canvas_length(document.text, prompt), extractor.language)


def _decode(model: Model, batch: Sequence[Job], constrained: bool, options: dict[str, Any]) -> list[Any]:
    prompts = [job.prompt for job in batch]
    types = [job.language for job in batch] if constrained else None
    session = model.session(prompts, types, max_new_tokens=batch[0].length, strict=False, **options)
    while not session.done:
        session.step()
    return session.outcomes()


def _failed(document: Document, error: Exception) -> Answer:
    return Answer(document, "", f"{type(error).__name__}: {error}", 0)


def total(found: Sequence[Answer]) -> Score:
    """The scores of all answers, added up."""
    result = Score()
    for answer in found:
        result += answer.score()
    return result
