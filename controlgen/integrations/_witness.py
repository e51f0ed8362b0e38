"""What all drop-ins share: constraints that are followed block by block, and the joint witness of a block's scores.

A witness is a complete member of a constraint's language, as far as the block shows it: some rest of the canvas
completes it. Whatever part of it a loop keeps, the next witness agrees with, so nothing can dead-end.

Knows: constraints, states at the borders of blocks, scores. Does not know: whose loop it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from controlgen.constraints import (
    ConstraintError,
    InfeasibleConstraint,
    Posterior,
    TokenAutomaton,
    UnsupportedConstraint,
    posterior,
)
from controlgen.constraints._blocks import Block, advance, block, finishing

__all__ = ["How", "Kind", "Row", "checked", "choose", "foreign", "lifted", "rows_of", "target_of"]

Kind = Literal["mode", "mbr", "sample"]
_KINDS = ("mode", "mbr", "sample")
_MARGIN = 1e-3  # what lifts a token above the others, in nats and relative: survives float32 and a temperature


# -- constraints --------------------------------------------------------------------------------------------------


def checked(constraints: Any) -> list[TokenAutomaton]:
    """The compiled constraints, one for all rows or one for each; refused where a loop of others can't keep them."""
    several = list(constraints) if isinstance(constraints, Sequence) else [constraints]
    for number, constraint in enumerate(several):
        if not isinstance(constraint, TokenAutomaton):
            raise TypeError(
                f"constraint {number} is a {type(constraint).__name__}: give compiled ones, "
                "language.compile(vocabulary)"
            )
        for wrong, what in (
            (constraint.verified, "verified, not exact: a candidate has to pass its check"),
            (getattr(constraint, "segmentation", "exact") != "exact", "canonical for checked candidates only"),
        ):
            if wrong:
                reason = (
                    f"it is {what}, and this loop asks for no second candidate; use controlgen's own loop, "
                    "Model.generate, or a constraint that is exact"
                )
                raise UnsupportedConstraint.single("", f"constraint {number}", reason)
    if not several:
        raise ValueError("give one constraint for all rows, or one for each row of the batch")
    return several


class _Table:
    """What the rows of one constraint share: where the canvas can still be finished, and the blocks made of that."""

    def __init__(self, automaton: TokenAutomaton, total: int) -> None:
        self.automaton = automaton
        self.total = total
        self.finish = finishing(automaton, total)
        self._blocks: dict[tuple[int, int], Block] = {}

    def check(self, row: int) -> None:
        if not bool(self.finish[self.total, self.automaton.start]):
            least = self.automaton.min_tokens
            why = (
                f"the constraint needs at least {least} tokens, there are {self.total} new ones: allow more"
                if least > self.total
                else f"no member of the language fills exactly {self.total} tokens (its least length is {least})"
            )
            raise InfeasibleConstraint(f"row {row}: {why}", min_tokens=least, canvas=self.total)

    def block(self, state: int, left: int) -> Block:
        """The automaton of the next tokens, `left` more to come after them."""
        if (state, left) not in self._blocks:
            self._blocks[state, left] = block(self.automaton, state, self.finish[left])
        return self._blocks[state, left]


@dataclass
class Row:
    """One constraint on its way through the canvas: the tokens read so far, and the state that they led to."""

    table: _Table
    state: int
    done: int = 0
    ended: bool = field(default=False)  # a stop token was read: the text is complete

    @property
    def left(self) -> int:
        return max(self.table.total - self.done, 0)

    def read(self, tokens: Sequence[int]) -> None:
        """Go on over tokens that are kept for good. What stands behind the first stop token is of no interest.

        Raises:
            ConstraintError: if no member goes on so.
        """
        automaton = self.table.automaton
        stops = set() if automaton.vocabulary is None else set(automaton.vocabulary.stop_ids)
        self.done += len(tokens)
        if self.ended:
            return
        end = next((i + 1 for i, token in enumerate(tokens) if token in stops), None)
        self.state = advance(automaton, self.state, tokens[:end])
        self.ended = end is not None

    def block(self, length: int) -> Block:
        """The automaton of the next `length` tokens."""
        return self.table.block(self.state, max(self.left - length, 0))


def rows_of(constraints: list[TokenAutomaton], batch: int, total: int) -> list[Row]:
    """A row at its start for each of a batch.

    Raises:
        InfeasibleConstraint: where `total` tokens are too few, with the least number.
    """
    if len(constraints) not in (1, batch):
        raise ValueError(f"{len(constraints)} constraints for a batch of {batch}: give one for each row, or one")
    each = constraints * batch if len(constraints) == 1 else constraints
    tables = {id(automaton): _Table(automaton, total) for automaton in each}
    for row, automaton in enumerate(each):
        tables[id(automaton)].check(row)
    return [Row(tables[id(automaton)], automaton.start) for automaton in each]


# -- witnesses ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class How:
    """How a witness is chosen.

    Attributes:
        witness: "mode", the most probable member; "mbr", the least expected wrong tokens; "sample", a draw.
        seed: of the draws: the same numbers at each step of a block, so that a draw settles as the scores do.
        temperature: of the draws.
    """

    witness: Kind = "mode"
    seed: int = 0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.witness not in _KINDS:
            raise ValueError(f"witness must be one of {', '.join(_KINDS)}, got {self.witness!r}")

    def of(self, target: Posterior, rows: Sequence[Row]) -> Tensor:
        if self.witness == "mode":
            return target.mode()
        if self.witness == "mbr":
            return target.mbr()
        return target.sample([_generator(self.seed, number, row.done) for number, row in enumerate(rows)])


def _generator(*key: int) -> torch.Generator:
    value = 0
    for part in key:
        value = (value * 1_000_003 + part + 1) % 2**63
    return torch.Generator().manual_seed(value)


def target_of(rows: Sequence[Row], scores: Tensor, fixed: Tensor | None, temperature: float = 1.0) -> Posterior:
    """The exact posterior of the next tokens of each row, scores (B, L, V), fixed (B, L) or None."""
    length = scores.shape[1]
    return posterior([row.block(length) for row in rows], scores, fixed, temperature=temperature)


def choose(rows: Sequence[Row], scores: Tensor, fixed: Tensor | None, how: How) -> tuple[Tensor, Posterior]:
    """The witness (B, L) of the next tokens, agreeing with the fixed ones, and the posterior it comes from."""
    temperature = how.temperature if how.witness == "sample" else 1.0
    target = target_of(rows, scores, fixed, temperature)
    return how.of(target, rows), target


def lifted(scores: Tensor, support: Tensor, witness: Tensor) -> Tensor:
    """The scores (B, L, V) as float32 with the witness (B, L) as the strict maximum of each row.

    Tokens outside the support get minus infinity. All others keep their scores, as does a witness that leads already:
    a row's entropy still says how sure the model is.
    """
    out = scores.float().masked_fill(~support, -torch.inf)
    index = witness[..., None]
    own = out.gather(-1, index)
    top = out.scatter(-1, index, -torch.inf).amax(dim=-1, keepdim=True)
    above = top + _MARGIN * top.abs().clamp(min=1.0)
    alone = own.where(own > -torch.inf, 0.0)
    raised = torch.maximum(own, above).where(top > -torch.inf, alone)
    return out.scatter(-1, index, raised)


def foreign(error: ConstraintError, row: int, hint: str) -> ConstraintError:
    """The error for tokens that a loop kept and no member has."""
    return ConstraintError(f"row {row}: the loop kept tokens that are not those of the witness ({error}); {hint}")
