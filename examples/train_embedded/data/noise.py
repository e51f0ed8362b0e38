"""What surrounds and disturbs a document: frames, spaces, wraps. Never touches a shown value."""

from __future__ import annotations

from random import Random

from data import frames, pools, values
from data.datum import Context, Shown
from data.pools import pick


def framed(rng: Random, pieces: list[str], whole: bool = False) -> list[str]:
    """The body, at times with a title line before it or a remark after it.

    `whole` says that every asked field has its label in the body: names, dates and numbers around it mislead nobody.
    """
    if whole and rng.random() < 0.3:
        return frames.framed(rng, pieces)
    chance = rng.random()
    if chance < 0.2:
        head = values.title(Context.draw(rng)).text
        pieces = [pick(rng, f"{head}\n|{head}\n\n|# {head}\n|{head}:\n|== {head} ==\n|*** {head} ***\n"), *pieces]
    elif chance < 0.26:
        pieces = [
            pick(rng, "Hi,\n\n|Hello,\n|See below:\n|Fwd:\n|Here it is:\n\n|Please process this.\n|---\n|#!\n"),
            *pieces,
        ]
    if rng.random() < 0.1:
        tail = pick(
            rng,
            f"\nThanks,\n{pools.first_name(rng)}\n|\n-- \nend\n|---\n|\nBest regards\n|EOF\n|\n(page 1 of 1)\n|Thank you!\n",
        )
        pieces = [*pieces, tail]
    return pieces


def _loosen(rng: Random, piece: str) -> str:
    """Doubles a space or a line end here and there."""
    return "".join(c * 2 if c in " \n" and rng.random() < 0.06 else c for c in piece)


def wrapped(pieces: list[str], width: int) -> str:
    """The text with lines broken at spaces outside values."""
    out: list[str] = []
    column = 0
    for piece in pieces:
        if isinstance(piece, Shown):
            out.append(piece)
            column += len(piece)
            continue
        for part in piece.replace(" ", "\0 \0").split("\0"):
            if part == " " and column > width:
                out.append("\n")
                column = 0
            else:
                out.append(part)
                column = len(part) - part.rfind("\n") - 1 if "\n" in part else column + len(part)
    return "".join(out)


def text_of(rng: Random, pieces: list[str], prose: bool = False) -> str:
    """The final text."""
    chance = rng.random()
    if chance < 0.08:
        pieces = [piece if isinstance(piece, Shown) else _loosen(rng, piece) for piece in pieces]
    elif chance < 0.12 and prose:
        pieces = [piece if isinstance(piece, Shown) else piece.lower() for piece in pieces]
    if prose and rng.random() < 0.15:
        return wrapped(pieces, rng.randint(30, 76)).strip("\n")
    text = "".join(pieces)
    return text.strip("\n") if rng.random() < 0.8 else text
