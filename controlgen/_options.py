"""How a generation is run: every option of the loop, its default and its range.

Knows no model and no constraint. `Options` is what the loop reads; `OptionArguments` are the same names as
keyword arguments, for the signatures of `Model.generate`, `Model.stream` and `Model.session`.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypedDict, get_args

from controlgen._errors import OptionError
from controlgen.families import Family
from controlgen.guidance import Guidance, Particles
from controlgen.guidance.safety import SafetyFilter
from controlgen.samplers import Entropy, LeftToRight, LowConfidence, Random, Sampler

__all__ = ["ORDERS", "OptionArguments", "Options", "Order", "WitnessSource"]

Filters = SafetyFilter | str | Iterable[SafetyFilter | str]
WitnessSource = Literal["mode", "mbr", "sample"]
Order = Literal["confidence", "entropy", "raw", "left_to_right", "random"]
ORDERS: tuple[str, ...] = get_args(Order)


class OptionArguments(TypedDict, total=False):
    """The keyword arguments of a generation; see `Options` for what each does."""

    steps: int | None
    temperature: float | None
    witness: WitnessSource | None
    sampler: Sampler | None
    order: Order | None
    threshold: float | None
    block_length: int | None
    seed: int | Sequence[int] | None
    deadline: float | None
    jump: bool
    candidates: int
    canonical: bool
    guidance: Guidance | Iterable[Guidance]
    particles: Particles | None
    filters: Filters
    trace: bool


@dataclass(frozen=True)
class Options:
    """Options of the denoising loop.

    Attributes:
        steps: most denoising steps per row, per block where the family decodes block by block; a row that is
            complete earlier stops earlier. None: the sampler's or the family's usual number.
        temperature: 0 decodes greedily; above 0 the log-factors are divided by it and the witness is drawn. None: the
            sampler's own (0 for samplers that take the mode, 1 or a schedule for those that draw).
        witness: where each step's complete valid sequence comes from: "mode" (the most probable one), "mbr"
            (least expected wrong positions) or "sample" (a draw, needs a temperature above 0). None is "mode"
            at temperature 0 and "sample" above.
        sampler: which tokens of the witness are committed, and which go back to noise; see `controlgen.samplers`.
            None: what `order` and `threshold` say, and without them the family's own.
        order: short for the samplers that rank open text positions: by the constrained probability of the witness's
            token ("confidence"), lowest constrained entropy ("entropy"), the model's own unconstrained
            probability ("raw"), "left_to_right" or "random".
        threshold: in [0, 1]; besides the step's quota, every position whose constrained probability reaches
            it is committed at once, so that easy outputs take fewer passes. None: the quota only.
        block_length: commit block after block of so many positions; the constraint spans the whole canvas all
            the same. For a family that decodes block by block: its block's size. None: no blocks, or the family's.
        seed: same seed, same output. An int serves every row alike, so that a row gives the same output alone
            and in any batch; a sequence has one seed per row; None draws fresh ones.
        deadline: seconds from the start of the session, after which the present witness is returned. No pass
            is started that, judged by the last one, would end too late.
        jump: commit positions where the constraint leaves one token at once, before any pass and at no step; a block
            that is determined costs no pass.
        candidates: for constraints that are only `verified`: how many distinct candidates a row may check.
        canonical: only the segmentation that the tokenizer itself would give, so that fixed words are fixed
            tokens. Where the automaton can't exclude every other (free text), candidates are checked as for
            `verified` constraints.
        guidance: sources of log-factors, summed.
        particles: several canvases per prompt, weighted by rewards of their drafts.
        filters: safety filters, or names of such (`controlgen.guidance.safety`). Nothing that a filter does not let
            pass is handed out, drafts included; an output that never passes ends in `BlockedOutput`.
        trace: record every step on the result.
    """

    steps: int | None = None
    temperature: float | None = None
    witness: WitnessSource | None = None
    sampler: Sampler | None = None
    order: Order | None = None
    threshold: float | None = None
    block_length: int | None = None
    seed: int | Sequence[int] | None = None
    deadline: float | None = None
    jump: bool = False
    candidates: int = 64
    canonical: bool = False
    guidance: Guidance | Iterable[Guidance] = ()
    particles: Particles | None = None
    filters: Filters = ()
    trace: bool = False

    def __post_init__(self) -> None:
        guidance = (self.guidance,) if isinstance(self.guidance, Guidance) else tuple(self.guidance)
        object.__setattr__(self, "guidance", guidance)
        object.__setattr__(self, "filters", _named_filters(self.filters))
        for name in ("steps", "block_length"):
            if getattr(self, name) is not None:
                _at_least(name, getattr(self, name), 1)
        _at_least("candidates", self.candidates, 1)
        heat = self.temperature
        if heat is not None and not (math.isfinite(heat) and heat >= 0):
            raise OptionError(f"temperature must be 0 (greedy) or a positive number, not {heat}")
        if self.witness is not None:
            _one_of("witness", self.witness, get_args(WitnessSource))
        if self.order is not None:
            _one_of("order", self.order, ORDERS)
        if self.sampler is not None and not isinstance(self.sampler, Sampler):
            raise OptionError(f"sampler must be a controlgen.samplers.Sampler, not {self.sampler!r}")
        if self.sampler is not None and not (self.order is None and self.threshold is None):
            raise OptionError("sampler excludes order and threshold, which are short for one: give them to the sampler")
        if self.particles is not None and not isinstance(self.particles, Particles):
            raise OptionError(f"particles must be a controlgen.guidance.Particles, not {self.particles!r}")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise OptionError(f"threshold must be a probability in [0, 1] or None, not {self.threshold}")
        if self.deadline is not None and not self.deadline >= 0:
            raise OptionError(
                f"deadline must be a number of seconds, at least 0, or None, not {self.deadline}"
            )
        if self.witness == "sample" and not heat and (heat == 0 or self.sampler is None or not self.sampler.draws):
            raise OptionError(
                "witness='sample' needs a temperature above 0; 1.0 draws from the model as it is"
            )

    def resolved(self, family: Family) -> Options:
        """These options with the family's sampler where none is named."""
        return replace(self, sampler=self._named_sampler() or family.sampler, order=None, threshold=None)

    def _named_sampler(self) -> Sampler | None:
        if self.sampler is not None or (self.order is None and self.threshold is None):
            return self.sampler
        if self.order in (None, "confidence", "raw"):
            return LowConfidence(raw=self.order == "raw", threshold=self.threshold)
        if self.order == "entropy":
            return Entropy(threshold=self.threshold)
        return (LeftToRight if self.order == "left_to_right" else Random)(threshold=self.threshold)

    @property
    def guidances(self) -> tuple[Guidance, ...]:
        """The sources of log-factors, as a tuple."""
        assert isinstance(self.guidance, tuple)
        return self.guidance

    @property
    def safety(self) -> tuple[SafetyFilter, ...]:
        """The safety filters, as a tuple."""
        assert isinstance(self.filters, tuple)
        return self.filters

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
        """The options as JSON values, for a trace; guidances by the names of their classes, the
        sampler by its name and settings."""
        apart = ("guidance", "particles", "filters", "seed", "sampler", "order", "threshold")
        known = asdict(replace(self, sampler=None, guidance=(), particles=None, filters=()))
        plain = {name: value for name, value in known.items() if name not in apart}
        sampler = {} if self.sampler is None else {"sampler": type(self.sampler).__name__, **vars(self.sampler)}
        own = {name: value for name, value in sampler.items() if name != "reads"}
        return {
            **plain,
            "sampler": own,
            "guidance": [type(guidance).__name__ for guidance in self.guidances],
            "particles": None if self.particles is None else self.particles.count,
            "filters": [one.name for one in self.safety],
        }


def _filter_by_name(name: str) -> SafetyFilter:
    from controlgen.guidance.safety import filter_of

    try:
        return filter_of(name)
    except (ImportError, TypeError, ValueError) as error:
        raise OptionError(str(error)) from error


def _named_filters(filters: Filters) -> tuple[SafetyFilter, ...]:
    """The filters as objects; two of one name could not be told apart in verdicts."""
    listed = (filters,) if isinstance(filters, SafetyFilter | str) else tuple(filters)
    found = tuple(one if isinstance(one, SafetyFilter) else _filter_by_name(one) for one in listed)
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise OptionError(f"{names.count(name)} safety filters are called {name!r}: give them a name each (name=)")
    return found


def _at_least(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionError(f"{name} must be an integer of at least {least}, not {value!r}")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
