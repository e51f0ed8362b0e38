"""Held-out documents as batches for the loop, driven step by step, every draft judged by `jsonschema`.

Knows documents, sessions and scores; which samplers and options are tried is the callers' matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.progress import track

from benchmarks._documents import Document
from benchmarks._runs import Job, batches, judge, prepare
from benchmarks._scoring import Score, parse, score
from controlgen import Model, Session
from controlgen._result import Draft


@dataclass
class Tally:
    """What a run over documents came to.

    Attributes:
        score: of the final answers.
        drafts, invalid: drafts judged, and those that `jsonschema` refuses.
        passes, tokens: forward passes and text tokens of all documents.
        errors: documents that ended with an error, in words.
    """

    score: Score = field(default_factory=Score)
    drafts: int = 0
    invalid: int = 0
    passes: int = 0
    tokens: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def mean_passes(self) -> float:
        return self.passes / max(self.score.documents, 1)

    @property
    def tokens_per_forward(self) -> float:
        return self.tokens / max(self.passes, 1)


class Prepared:
    """Documents with their prompts, canvas lengths and languages, made once for many runs."""

    def __init__(self, model: Model, documents: Sequence[Document], batch_size: int = 8) -> None:
        self.model, self.documents = model, list(documents)
        self._jobs = [prepare(model, index, document, None) for index, document in enumerate(self.documents)]
        self._size = batch_size

    def run(
        self,
        *,
        change: Callable[[Session, Draft, Job], None] | None = None,
        ended: Callable[[Job, Any], None] | None = None,
        label: str = "",
        **options: Any,
    ) -> Tally:
        """One answer per document.

        Args:
            change: is called once for each row, after the first step that leaves half of its text committed, unless
                the row has ended; may rewrite the row.
            ended: called with each result.
            label: what the progress bar says.
            **options: of the loop.
        """
        tally, found = Tally(), batches(self._jobs, self._size)
        for batch in track(found, label, transient=True):
            session = self._session(batch, options)
            waiting = set(range(len(batch))) if change is not None else set()
            for drafts in self._drafts(session, batch, tally):
                for draft in drafts:
                    if change is not None and draft.row in waiting and not draft.final and _is_half_done(draft):
                        waiting.discard(draft.row)
                        change(session, draft, batch[draft.row])
            for job, outcome in zip(batch, session.outcomes(), strict=True):
                self._count(job, outcome, tally)
                if ended is not None and not isinstance(outcome, Exception):
                    ended(job, outcome)
        return tally

    def _session(self, batch: Sequence[Job], options: dict[str, Any]) -> Session:
        prompts, kinds = [job.prompt for job in batch], [job.language for job in batch]
        return self.model.session(prompts, kinds, max_new_tokens=batch[0].length, strict=False, **options)

    def _drafts(self, session: Session, batch: Sequence[Job], tally: Tally) -> Iterator[tuple[Draft, ...]]:
        known: dict[tuple[int, str], bool] = {}
        for output in session:
            for draft in output.drafts:
                key = (draft.row, draft.text)
                if key not in known:
                    known[key] = self._is_valid(batch[draft.row], draft.text)
                tally.drafts += 1
                tally.invalid += not known[key]
            yield output.drafts

    def _is_valid(self, job: Job, text: str) -> bool:
        value = parse(text)
        return value is not ... and judge(self.documents[job.index].schema, value)

    def _count(self, job: Job, outcome: Any, tally: Tally) -> None:
        document = self.documents[job.index]
        failed = isinstance(outcome, Exception)
        text = "" if failed else outcome.text
        value = parse(text)
        valid = value is not ... and judge(document.schema, value)
        tally.score += score(document.record, document.kinds, value, valid=valid)
        if failed:
            tally.errors.append(f"document {job.index}: {type(outcome).__name__}: {outcome}")
        else:
            tally.passes += outcome.forward_passes
            tally.tokens += outcome.text_tokens


def _is_half_done(draft: Draft) -> bool:
    """Whether at least half of a draft's text stands in the canvas."""
    count = draft.reader.text_length(draft.tokens)
    return 2 * int(draft.committed[:count].sum()) >= count
