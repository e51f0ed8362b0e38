"""What each guidance costs in the real loop: the packaged model, one schema, the same prompts for all.

All sessions advance in turn, one step each, so that whatever slows the machine slows them alike; a step's time is
compared with the unguided step of the same index in the same round. Knows what to run and how to time it; `guidance.py`
writes the table.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from controlgen import Model, Session
from controlgen.embedded import EmbeddedClassifier
from controlgen.guidance import ClassifierFree, ClassifierGuidance, Experts, Particles, Phrases

PLAIN = "no guidance"
PROMPTS = (
    "Invoice 2291 of 3 March: two monitors and a cable, 418.50 EUR, paid by card.",
    "Ada Lovelace boards the 7:45 train to Turin, seat 12, one suitcase.",
    "Rain and wind from the west in the evening, 11 degrees, clearing by noon.",
    "Reminder: the library books are due on Friday; two of them are overdue.",
)
SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["invoice", "ticket", "weather", "reminder"]},
        "done": {"type": "boolean"},
        "count": {"type": "integer", "minimum": 0, "maximum": 999},
        "subject": {"type": "string", "maxLength": 24},
    },
    "required": ["kind", "done", "count", "subject"],
    "additionalProperties": False,
}


def choices(model: Model, cap: int, particles: int) -> dict[str, dict[str, Any]]:
    """The options of each cell of the table, by its name."""
    classifier = EmbeddedClassifier.load(model.network)
    wanted = classifier.of(classifier.classes[0])
    phrases = {"invoice": 2.0, "rain": -2.0, "the library": 1.0}
    found: dict[str, Any] = {
        "classifier-free": ClassifierFree(1.0),
        f"classifier, exact, cap {cap}": ClassifierGuidance(wanted, cap=cap),
        "classifier, first order": ClassifierGuidance(wanted, method="first_order"),
        "anti-expert (the model, another prompt)": Experts(anti=model.expert("Nothing.")),
        "expert and anti-expert": Experts(model.expert(), model.expert("Nothing.")),
        "phrases, automaton": Phrases(phrases),
        "phrases, factors": Phrases(phrases, stop=0.999),
    }
    several = Particles(lambda texts: [float(len(set(text))) for text in texts], count=particles, strength=0.1)
    return {
        PLAIN: {},
        **{name: {"guidance": guidance} for name, guidance in found.items()},
        f"particles, {particles}": {"particles": several, "temperature": 1.0},
    }


@dataclass
class Cell:
    """What was measured of one guidance.

    Attributes:
        seconds: of each step, by (round, step).
        totals: forwards, backwards, evaluations of the guidance, passes of the model included, over `steps` steps.
    """

    seconds: dict[tuple[int, int], float] = field(default_factory=dict)
    forwards: int = 0
    backwards: int = 0
    evaluations: int = 0
    steps: int = 0

    def ratios(self, plain: Cell) -> list[float]:
        """Of the steps that both made."""
        return [own / plain.seconds[key] for key, own in self.seconds.items() if key in plain.seconds]

    def per_step(self, total: int) -> str:
        return f"{total / max(self.steps, 1):.1f}".removesuffix(".0")


def measure(
    model: Model, options: dict[str, dict[str, Any]], rows: int, canvas: int, steps: int, rounds: int
) -> dict[str, Cell]:
    """Run every cell `rounds` times in turn; a round before them, that compiles and loads, is not counted."""
    cells = {name: Cell() for name in options}
    prompts = [PROMPTS[row % len(PROMPTS)] for row in range(rows)]
    language = model.language(SCHEMA)
    for turn in range(-1, rounds):
        sessions = {
            name: model.session(prompts, language, max_new_tokens=canvas, steps=steps, seed=turn + 1, **more)
            for name, more in options.items()
        }
        _advance(sessions, cells, turn)
        if turn >= 0:
            for name, session in sessions.items():
                _count(cells[name], session)
    return cells


def _advance(sessions: dict[str, Session], cells: dict[str, Cell], turn: int) -> None:
    step = 0
    while any(not session.done for session in sessions.values()):
        for name, session in sessions.items():
            if session.done:
                continue
            begun = time.perf_counter()
            session.step()
            if turn >= 0:
                cells[name].seconds[turn, step] = time.perf_counter() - begun
        step += 1


def _count(cell: Cell, session: Session) -> None:
    cell.steps += session.steps_taken
    cell.forwards += session.steps_taken + sum(cost.forwards for cost in session.guidance_costs)
    cell.backwards += sum(cost.backwards for cost in session.guidance_costs)
    cell.evaluations += sum(cost.evaluations for cost in session.guidance_costs)


def middle(values: Sequence[float], write: Callable[[float], str]) -> str:
    """Median and quartiles."""
    low, median, high = statistics.quantiles(values, n=4)
    return f"{write(median)} ({write(low)}–{write(high)})"
