"""The control tasks: what is asked, how strength enters, and who judges.

Two domains, both written without a document (the prompt that stands for "no condition"):

* sentences: a record with one text, `{"description":"…"}`, of 1 to 20 words;
* records: a flat object of two to five scalar members.

The strength of a keyword or a length is a weight w in nats of the weighted language, so q(x) of each step is multiplied
by e^w for the texts that satisfy the task, exactly; w = inf is the task as a constraint. The strength of a kind is γ of
classifier guidance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks._control_judge import KindJudge, has_word, words
from controlgen.constraints import Contains, Language, Regex
from controlgen.embedded import EmbeddedClassifier
from controlgen.guidance import ClassifierGuidance, Guidance

__all__ = ["Cell", "Task", "kind_task", "texts_of", "word_task", "words_task"]

PROMPT = "<|record|>"
SENTENCE = Regex(r'\{"description":"[A-Z][A-Za-z]{0,15}( [A-Za-z,]{1,15}){0,19}\.?"\}')
_NAME = '"[A-Za-z][A-Za-z_ ]{1,24}"'
_VALUE = r'("[^"\\\x00-\x1f]{0,40}"|-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,2})?|true|false|null)'
RECORD = Regex(rf"\{{{_NAME}:{_VALUE}(,{_NAME}:{_VALUE}){{1,4}}\}}")


@dataclass(frozen=True)
class Cell:
    """One strength of a task: the language and the guidance that it means."""

    strength: float
    language: Language
    guidance: tuple[Guidance, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is asked, at several strengths, the first of which is 0.

    Attributes:
        name: as tables and plots call it.
        panel: tasks of one panel are drawn together.
        cells: in the order of their strengths.
        passed: the judge of a text.
        canvas: tokens.
    """

    name: str
    panel: str
    cells: tuple[Cell, ...]
    passed: Callable[[str], bool]
    canvas: int


def word_task(word: str, strengths: Sequence[float]) -> Task:
    """The word stands in the sentence, whole."""
    pattern = Regex(rf' {word}[ ,."]')
    cells = tuple(Cell(w, _weighted(SENTENCE, pattern, w, Contains(pattern))) for w in strengths)
    return Task(f'"{word}" in a sentence', "keyword", cells, lambda text: has_word(text, word), 32)


def words_task(low: int, high: int, strengths: Sequence[float]) -> Task:
    """The sentence has so many words."""
    whole = Regex(rf'\{{"description":"([^ "]+ ){{{low - 1},{high - 1}}}[^ "]+"\}}')
    cells = tuple(Cell(w, _weighted(SENTENCE, whole, w, whole)) for w in strengths)
    return Task(f"{low} to {high} words", "length", cells, lambda text: low <= words(text) <= high, 32)


def kind_task(kind: str, strengths: Sequence[float], classifier: EmbeddedClassifier, judge: KindJudge) -> Task:
    """The record is of a kind, by first-order guidance with the noised classifier."""
    likelihood = classifier.of(kind)
    cells = tuple(
        Cell(s, RECORD, (ClassifierGuidance(likelihood, s, method="first_order"),) if s else ()) for s in strengths
    )
    return Task(f"a record of {kind}", "category", cells, lambda text: judge.kind(text) == kind, 48)


def texts_of(model: Any, task: Task, cell: Cell, samples: int, steps: int) -> list[str]:
    """Outputs of a cell; sample k has seed k in every cell. Drawn at temperature 1, most confident positions first."""
    results = model.generate(
        [PROMPT] * samples,
        cell.language,
        max_new_tokens=task.canvas,
        steps=steps,
        temperature=1.0,
        seed=list(range(samples)),
        guidance=cell.guidance,
    )
    return [result.text for result in results]


def _weighted(language: Language, pattern: Language, weight: float, hard: Language) -> Language:
    if weight == 0:
        return language
    return language & hard if math.isinf(weight) else language.prefer(pattern, weight)
