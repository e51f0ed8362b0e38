"""The witness before any forward pass: a row that has none can't start, and its error says why.

Knows automata and what conflicts in them; no model.
"""

from __future__ import annotations

from torch import Tensor

from controlgen._row import Task
from controlgen.constraints import InfeasibleConstraint, diagnose
from controlgen.constraints._blocks import completion, finishing

__all__ = ["FirstWitness"]


class FirstWitness:
    """The shortest member of a language that fits a canvas: the witness before any forward pass.

    Rows with the same automaton and nothing fixed share it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Tensor] = {}

    def __call__(self, index: int, task: Task, length: int) -> Tensor:
        key = (id(task.automaton), length)
        if task.fixed is None and key in self._known:
            return self._known[key]
        witness = self._find(index, task, length)
        if task.fixed is None:
            self._known[key] = witness
        return witness

    def _find(self, index: int, task: Task, length: int) -> Tensor:
        automaton = task.automaton
        if automaton.min_tokens > length:
            why = (
                f"prompt {index}: the constraint needs at least {automaton.min_tokens} tokens and the "
                f"canvas has {length}; raise max_new_tokens to {automaton.min_tokens} or more"
            )
            raise _infeasible(why, task, length)
        try:
            return completion(automaton, automaton.start, length, task.fixed)
        except InfeasibleConstraint as error:
            why = f"prompt {index}: {error}"
            if not task.reader.vocabulary.stop_ids:
                why += f"; the model has no stop token, so that the text has to fill all {length} positions"
                why += _lengths_that_fit(task, length)
            raise _infeasible(why, task, length) from error


def _lengths_that_fit(task: Task, length: int) -> str:
    """The nearest numbers of tokens that a member can have exactly, as an end of a message."""
    if task.fixed is not None:
        return ""
    fits = finishing(task.automaton, 2 * length)[:, task.automaton.start]
    near = sorted(fits.nonzero()[:, 0].tolist(), key=lambda count: abs(count - length))[:3]
    return f": members have {', '.join(map(str, sorted(near)))} tokens, say" if near else ""


def _infeasible(why: str, task: Task, length: int) -> InfeasibleConstraint:
    """The error, with the smallest set of parts that conflict where there are parts to tell apart."""
    apart = task.language is not None and (len(task.language.parts) > 1 or task.fixed is not None)
    conflict = None
    if apart and task.language is not None:
        conflict = diagnose(
            task.language, task.reader.vocabulary, length=length, fixed=task.fixed_tokens(length)
        )
    return InfeasibleConstraint(
        why if conflict is None else f"{why}; {conflict}",
        min_tokens=task.automaton.min_tokens,
        canvas=length,
        conflict=conflict,
    )
