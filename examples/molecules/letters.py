"""The letters of kekulised SMILES, the canvas, and the classes that a prompt names. Knows no chemistry but this."""

from __future__ import annotations

import re

__all__ = ["CANVAS", "END", "HIGH", "LETTERS", "MASK", "PROMPT", "PROPERTIES", "VOCABULARY", "encode", "prompt"]

LETTERS = (
    "C", "N", "O", "F", "[NH+]", "[NH2+]", "[NH-]", "[CH+]", "[CH-]", "=", "#", "(", ")", "1", "2", "3",
)  # fmt: skip
PROPERTIES = ("rings", "qed")
CLASSES = tuple(f"<{name}:{level}>" for name in PROPERTIES for level in ("any", "low", "high"))
VOCABULARY = (*LETTERS, "<end>", "<mask>", *CLASSES)
END, MASK = VOCABULARY.index("<end>"), VOCABULARY.index("<mask>")
CANVAS, PROMPT = 24, len(PROPERTIES)
HIGH = {"rings": 4.0, "qed": 0.5549}  # at least; above the 90th percentile of QM9

_LETTER = re.compile(r"\[[^\]]*\]|.")
_NUMBERS = {letter: number for number, letter in enumerate(LETTERS)}


def encode(text: str) -> list[int] | None:
    """The canvas of a SMILES, ends included; None if it has other letters or is too long."""
    numbers = [_NUMBERS.get(letter, -1) for letter in _LETTER.findall(text)]
    if -1 in numbers or len(numbers) >= CANVAS:
        return None
    return [*numbers, *[END] * (CANVAS - len(numbers))]


def prompt(**levels: str) -> str:
    """The prompt of a class, such as `prompt(rings="high")`; what is not named may be any."""
    unknown = set(levels) - set(PROPERTIES)
    if unknown:
        raise ValueError(f"unknown properties {sorted(unknown)}: there are {', '.join(PROPERTIES)}")
    return "".join(f"<{name}:{levels.get(name, 'any')}>" for name in PROPERTIES)
