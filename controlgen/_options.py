"""How a generation is run: every option of the loop, its default and its range.

Knows no model and no constraint. `Options` is what the loop reads; `OptionArguments` are the same names as
keyword arguments, for the signatures of `Model.generate`, `Model.stream` and `Model.session`.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypedDict, get_args

from controlgen._commit import ORDERS, Order
from controlgen._errors import OptionError
from controlgen.guidance import Guidance

__all__ = ["OptionArguments", "Options", "WitnessSource"]

WitnessSource = Literal["mode", "mbr", "sample"]


class OptionArguments(TypedDict, total=False):
    """The keyword arguments of a generation; see `Options` for what each does."""

    steps: int
    temperature: float
    witness: WitnessSource | None
    order: Order
    threshold: float | None
    block_length: int | None
    seed: int | Sequence[int] | None
    deadline: float | None
    free_forced: bool
    candidates: int
    canonical: bool
    guidance: Guidance | Iterable[Guidance]
    trace: bool


@dataclass(frozen=True)
class Options:
    """Options of the denoising loop.

    Attributes:
        steps: most forward passes per row; a row that is complete earlier stops earlier.
        temperature: 0 decodes greedily; above 0 the log-factors are divided by it and the witness is drawn.
        witness: where each step's complete valid sequence comes from: "mode" (the most probable one), "mbr"
            (least expected wrong positions) or "sample" (a draw, needs a temperature above 0). None is "mode"
            at temperature 0 and "sample" above.
        order: which open text positions are committed first: by the constrained probability of the witness's
            token ("confidence"), lowest constrained entropy ("entropy"), the model's own unconstrained
            probability ("raw"), "left_to_right" or "random".
        threshold: in [0, 1]; besides the step's quota, every position whose constrained probability reaches
            it is committed at once, so that easy outputs take fewer passes. None: the quota only.
        block_length: commit block after block of so many positions; the constraint spans the whole canvas all
            the same. None: no blocks.
        seed: same seed, same output. An int serves every row alike, so that a row gives the same output alone
            and in any batch; a sequence has one seed per row; None draws fresh ones.
        deadline: seconds from the start of the session, after which the present witness is returned. No pass
            is started that, judged by the last one, would end too late.
        free_forced: commit positions where the constraint leaves one token without counting them in the
            quota.
        candidates: for constraints that are only `verified`: how many distinct candidates a row may check.
        canonical: only the segmentation that the tokenizer itself would give, so that fixed words are fixed
            tokens. Where the automaton can't exclude every other (free text), candidates are checked as for
            `verified` constraints.
        guidance: sources of log-factors, summed.
        trace: record every step on the result.
    """

    steps: int = 32
    temperature: float = 0.0
    witness: WitnessSource | None = None
    order: Order = "confidence"
    threshold: float | None = None
    block_length: int | None = None
    seed: int | Sequence[int] | None = None
    deadline: float | None = None
    free_forced: bool = False
    candidates: int = 64
    canonical: bool = False
    guidance: Guidance | Iterable[Guidance] = ()
    trace: bool = False

    def __post_init__(self) -> None:
        guidance = (self.guidance,) if isinstance(self.guidance, Guidance) else tuple(self.guidance)
        object.__setattr__(self, "guidance", guidance)
        object.__setattr__(self, "witness", self.witness or ("mode" if self.temperature == 0 else "sample"))
        _at_least("steps", self.steps, 1)
        _at_least("candidates", self.candidates, 1)
        if self.block_length is not None:
            _at_least("block_length", self.block_length, 1)
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise OptionError(f"temperature must be 0 (greedy) or a positive number, not {self.temperature}")
        _one_of("witness", self.witness, get_args(WitnessSource))
        _one_of("order", self.order, ORDERS)
        if self.witness == "sample" and self.temperature == 0:
            raise OptionError(
                "witness='sample' needs a temperature above 0; 1.0 draws from the model as it is"
            )
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise OptionError(f"threshold must be a probability in [0, 1] or None, not {self.threshold}")
        if self.deadline is not None and not self.deadline >= 0:
            raise OptionError(
                f"deadline must be a number of seconds, at least 0, or None, not {self.deadline}"
            )

    @property
    def guidances(self) -> tuple[Guidance, ...]:
        """The sources of log-factors, as a tuple."""
        assert isinstance(self.guidance, tuple)
        return self.guidance

    def seeds(self, rows: int) -> list[int]:
        """One seed per row.

        Raises:
            OptionError: a sequence of seeds whose length is not the number of rows.
        """
        if self.seed is None:
            return [secrets.randbits(63) for _ in range(rows)]
        if isinstance(self.seed, int):
            return [self.seed] * rows
        if len(self.seed) != rows:
            raise OptionError(
                f"seed has {len(self.seed)} entries for {rows} prompts; give one int or one per prompt"
            )
        return list(self.seed)

    def summary(self) -> dict[str, Any]:
        """The options as JSON values, for a trace; guidances by the names of their classes."""
        plain = {name: value for name, value in asdict(self).items() if name not in ("guidance", "seed")}
        return {**plain, "guidance": [type(guidance).__name__ for guidance in self.guidances]}


def _at_least(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{name} must be an integer of at least {least}, not {value!r}")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
