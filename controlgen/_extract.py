"""Extraction: a text and an output type in, a typed record with confidences and spans out.

Knows how a record is asked for (prompt, canvas length, batches) and how a generation is read as fields. The
loop, the constraint and the model are behind `Model.generate`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, Literal, Unpack, overload

from controlgen._confidence import field_confidences
from controlgen._errors import ControlgenError, OptionError
from controlgen._fields import fields
from controlgen._load import load
from controlgen._model import Model
from controlgen._options import OptionArguments, Options
from controlgen._prompt import prompt_text
from controlgen._result import FinishReason, Result
from controlgen._screen import compiled, restricted
from controlgen._spans import Span, find_spans
from controlgen.guidance.safety import Verdict

__all__ = ["Extraction", "ExtractionError", "Extractor", "extract"]

_CANVAS_STEP = 32
_CANVAS_SLACK = 16


@dataclass(frozen=True)
class Extraction:
    """One record read from one text.

    Attributes:
        value: the record as the output type: a Pydantic model, a dataclass, plain JSON values for a schema.
        record: the record as plain JSON values.
        text: the record as the JSON text that was generated.
        confidence: JSON pointer of each scalar -> in [0, 1], the product of its tokens' constrained marginals
            at their commits (`controlgen._confidence` has the formula).
        spans: JSON pointer of each scalar -> (start, end) in code points of the source text where the value
            stands, up to white space, letter case and the notation of numbers and dates; None where it does
            not stand.
        finish_reason: "complete", or "deadline" if the time was up.
        result: the generation behind it.
    """

    value: Any
    record: Any
    text: str
    confidence: dict[str, float]
    spans: dict[str, Span | None]
    finish_reason: FinishReason
    result: Result = field(repr=False)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What each safety filter says of the record's text; see `Result.verdicts`."""
        return self.result.verdicts


class ExtractionError(ControlgenError):
    """No record could be read from one text of several.

    Attributes:
        index: index of the text, from 0.
        cause: the error that a single text would raise.
    """

    def __init__(self, index: int, cause: Exception) -> None:
        super().__init__(f"text {index}: {str(cause) or type(cause).__name__}")
        self.index = index
        self.cause = self.__cause__ = cause


class Extractor:
    """An output type made ready for a model: compiled once, used for any number of texts.

    Args:
        output_type: a Pydantic model, dataclass, TypedDict, Enum, Literal, Union, or a JSON Schema (dict).
        model: from `controlgen.load`; None loads the embedded model.
        max_new_tokens: tokens of the canvas; None chooses for each text (see `canvas_length`).
        options: options of the loop, see `Model.generate`.

    Raises:
        UnsupportedConstraint: the output type says what can't be enforced; all reasons are listed.
        OptionError: an option outside its range.
        TypeError: the output type is no JSON type, as a regular expression isn't.
    """

    def __init__(
        self,
        output_type: Any,
        *,
        model: Model | None = None,
        max_new_tokens: int | None = None,
        **options: Unpack[OptionArguments],
    ) -> None:
        if max_new_tokens is not None and max_new_tokens < 1:
            raise OptionError(f"max_new_tokens must be at least 1, not {max_new_tokens}")
        chosen = Options(**options)
        self.model = load() if model is None else model
        self.language = self.model.language(output_type)
        self.schema = getattr(self.language, "schema", None)
        if self.schema is None:
            raise TypeError(
                f"{output_type!r} is no JSON type: extract reads JSON records; use Model.generate for text"
            )
        screened = restricted(self.language, chosen.safety)
        assert screened is not None
        self.automaton = compiled(self.model.automaton, screened, chosen.safety)
        self._max_new_tokens = max_new_tokens
        self._key_tokens = len(self.model.encode(json.dumps(dict.fromkeys(_keys(self.schema), ""))))
        self._options = options

    def batch(self, texts: Sequence[str]) -> list[Extraction | ExtractionError]:
        """Extract from several texts at once.

        Texts whose canvases have the same length are decoded together, so that an output does not depend on
        what else is in the batch. A text that fails leaves the others alone.

        Args:
            texts: the source texts.

        Returns:
            For each text an `Extraction`, or an `ExtractionError` with the cause.
        """
        # Not Model.prompt: it takes a text that begins like a prompt for one, and a document is never one.
        prompts = [prompt_text(self.schema, text) for text in texts]
        groups: dict[int, list[int]] = {}
        for index, (text, prompt) in enumerate(zip(texts, prompts, strict=True)):
            groups.setdefault(self.canvas_length(text, prompt), []).append(index)
        outcomes: dict[int, Extraction | ExtractionError] = {}
        for length, members in groups.items():
            results = self._run([prompts[index] for index in members], length)
            for index, result in zip(members, results, strict=True):
                outcomes[index] = self._outcome(index, texts[index], result)
        return [outcomes[index] for index in range(len(texts))]

    def canvas_length(self, text: str, prompt: str) -> int:
        """Tokens of the canvas for a text: room for every key of the schema and for every token of the text.

        On 960 held-out documents no record needed more than its keys and as many tokens as its text has,
        lists of objects included. Rounded up to a multiple of 32, so that texts share batches; at most the
        family's canvas and what the prompt leaves of the context, unless the least record needs more.
        """
        if self._max_new_tokens is not None:
            return self._max_new_tokens
        least = self.automaton.min_tokens
        wanted = max(least, self._key_tokens) + len(self.model.encode(text)) + _CANVAS_SLACK
        room = min(self.model.family.canvas, self.model.family.context - len(self.model.encode(prompt)))
        return max(min(-(-wanted // _CANVAS_STEP) * _CANVAS_STEP, room), least, 1)

    def _run(self, prompts: list[str], length: int) -> list[Result | Exception]:
        session = self.model.session(
            prompts, self.language, max_new_tokens=length, strict=False, **self._options
        )
        while not session.done:
            session.step()
        return session.outcomes()

    def _outcome(self, index: int, source: str, result: Result | Exception) -> Extraction | ExtractionError:
        try:
            if isinstance(result, Exception):
                raise result
            return self._read(source, result)
        except Exception as error:  # handed on: raised or yielded to whoever asked for this text
            return ExtractionError(index, error)

    def _read(self, source: str, result: Result) -> Extraction:
        scalars = fields(result.text)
        count = result.text_tokens
        pieces = [self.model.vocabulary.token(token) for token in result.tokens[:count].tolist()]
        confidence = field_confidences(result.text, scalars, pieces, result.confidences[:count].tolist())
        return Extraction(
            value=result.value,
            record=json.loads(result.text),
            text=result.text,
            confidence=confidence,
            spans=find_spans(source, scalars),
            finish_reason=result.finish_reason,
            result=result,
        )


def _keys(schema: Any) -> Iterator[str]:
    """The names of all properties, at any depth."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
    children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for child in children:
        yield from _keys(child)


@overload
def extract(
    text: str,
    output_type: Any,
    *,
    model: Model | None = None,
    batch_size: int = 8,
    max_new_tokens: int | None = None,
    **options: Unpack[OptionArguments],
) -> Extraction: ...


@overload
def extract(
    text: Iterable[str],
    output_type: Any,
    *,
    model: Model | None = None,
    batch_size: int = 8,
    max_new_tokens: int | None = None,
    on_error: Literal["raise"] = "raise",
    **options: Unpack[OptionArguments],
) -> Iterator[Extraction]: ...


@overload
def extract(
    text: Iterable[str],
    output_type: Any,
    *,
    model: Model | None = None,
    batch_size: int = 8,
    max_new_tokens: int | None = None,
    on_error: Literal["yield"],
    **options: Unpack[OptionArguments],
) -> Iterator[Extraction | ExtractionError]: ...


def extract(
    text: str | Iterable[str],
    output_type: Any,
    *,
    model: Model | None = None,
    batch_size: int = 8,
    max_new_tokens: int | None = None,
    on_error: Literal["raise", "yield"] = "raise",
    **options: Unpack[OptionArguments],
) -> Extraction | Iterator[Extraction | ExtractionError]:
    """Read a typed record out of a text, or out of each of many.

    Args:
        text: one text, or any iterable of texts, which is consumed `batch_size` at a time.
        output_type: a Pydantic model, dataclass, TypedDict, Enum, Literal, Union, or a JSON Schema (dict).
        model: from `controlgen.load`; None is the embedded model, loaded once per process.
        batch_size: texts decoded together.
        max_new_tokens: tokens of the canvas; None chooses for each text.
        on_error: what a failing text of several does: "raise" ends the iterator with an `ExtractionError`,
            "yield" yields the error in the text's place and goes on. One text alone raises its error as it
            is.
        **options: options of the loop: steps, temperature, seed, deadline …, see `Model.generate`.

    Returns:
        An `Extraction`; for an iterable an iterator of them, in its order.

    Raises:
        UnsupportedConstraint: the output type says what can't be enforced; all reasons are listed.
        InfeasibleConstraint: no record fits the canvas; the message has the least number of tokens.
        ContextTooLong: text and canvas together exceed the model's context.
        OptionError: an option outside its range.
        TypeError: the output type is no JSON type.
    """
    if batch_size < 1:
        raise OptionError(f"batch_size must be at least 1, not {batch_size}")
    if on_error not in ("raise", "yield"):
        raise OptionError(f"on_error must be 'raise' or 'yield', not {on_error!r}")
    extractor = Extractor(
        output_type, model=model or _embedded_model(), max_new_tokens=max_new_tokens, **options
    )
    if not isinstance(text, str):
        return _each(extractor, text, batch_size, raising=on_error == "raise")
    (outcome,) = extractor.batch([text])
    if isinstance(outcome, ExtractionError):
        raise outcome.cause from None
    return outcome


@cache
def _embedded_model() -> Model:
    return load()


def _each(
    extractor: Extractor, texts: Iterable[str], batch_size: int, *, raising: bool
) -> Iterator[Extraction | ExtractionError]:
    rest, start = iter(texts), 0
    while batch := list(islice(rest, batch_size)):
        for outcome in extractor.batch(batch):
            if isinstance(outcome, ExtractionError):
                outcome = ExtractionError(start + outcome.index, outcome.cause)
                if raising:
                    raise outcome
            yield outcome
        start += len(batch)
