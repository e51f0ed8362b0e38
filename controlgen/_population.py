"""Groups of rows that compete: weights of particles, what is copied, and which one is handed out.

The equations are `Particles`'. Knows rows, and the posterior of a step by its `Target`; makes no pass of the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from controlgen._errors import OptionError
from controlgen._options import Options
from controlgen._row import Row
from controlgen._target import Target
from controlgen._views import Pass
from controlgen.families import Family
from controlgen.guidance import ParticleCloud, Particles
from controlgen.guidance._particles import effective_size, systematic

__all__ = ["Population"]

_SELECTION = 0x5EED  # apart from the generators of the rows


class Population:
    """The groups of a session; every group has the particles of one prompt.

    Args:
        rows: of all groups; `Row.prompt_index` says which group a row belongs to.
        options: with particles and a sampler.
        family: of the model.
        target: (rows, pass) to the posterior of a step as the rows stand.
        offset: where a row's window begins in the view.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        options: Options,
        family: Family,
        target: Callable[[list[Row], Pass], Target],
        offset: Callable[[Row], int],
    ) -> None:
        assert options.particles is not None
        _check(rows, options, family)
        self._particles: Particles = options.particles
        self._target, self._offset = target, offset
        self._groups: dict[int, list[Row]] = {}
        for row in rows:
            self._groups.setdefault(row.prompt_index, []).append(row)
        self._gained = {row.index: 0.0 for row in rows}  # log w without what the reward is worth
        self._worth: dict[int, float | None] = {row.index: None for row in rows}  # λ r, or the largest so far
        self._normalizer = dict.fromkeys(self._groups, 0.0)
        self._sizes: dict[int, list[float]] = {group: [] for group in self._groups}
        self._chosen: dict[int, tuple[Row, ParticleCloud]] = {}
        self._generators = {
            group: torch.Generator().manual_seed(rows[0].seed ^ _SELECTION) for group, rows in self._groups.items()
        }

    def weigh(self, rows: list[Row], fixed: list[Tensor], shown: Pass, progress: Callable[[Row], float]) -> None:
        """After a step of these rows: add to the weights, and draw the particles of a group anew where that is due."""
        if self._particles.log_z:
            for row, gain in zip(rows, self._gains(rows, fixed, shown), strict=True):
                self._gained[row.index] += gain
        due = [row for row in rows if self._particles.is_on(row.step - 1, progress(row))]
        self._reward([row for row in rows if row.block_done or row in due])
        for group in {row.prompt_index for row in rows}:
            self._select(group)

    def hold(self, row: Row) -> bool:
        """Whether a row that has come to its end has to wait for the others of its group."""
        return not all(other.block_done for other in self._groups[row.prompt_index])

    def heaviest(self, group: int) -> Row:
        """The particle of largest weight, of those that have not failed where there are such."""
        pairs = zip(self._groups[group], self._weights(group).tolist(), strict=True)
        return max(pairs, key=lambda pair: (pair[0].error is None, pair[1]))[0]

    def drawn(self, group: int) -> tuple[Row, ParticleCloud]:
        """One particle of a finished group by weight, and what became of all."""
        if group not in self._chosen:
            self._chosen[group] = self._draw(group)
        return self._chosen[group]

    def _draw(self, group: int) -> tuple[Row, ParticleCloud]:
        rows, weights = self._groups[group], self._weights(group)
        alive = torch.tensor([row.error is None for row in rows])
        if bool(alive.any()):
            weights[~alive] = -torch.inf
        total = float(torch.logsumexp(weights, 0))
        index = int(systematic(weights, self._generators[group], draws=1))
        cloud = ParticleCloud(
            texts=tuple(row.task.reader.text(row.witness) if row.error is None else None for row in rows),
            log_weights=weights - total if total > -math.inf else weights,
            rewards=tuple(self._worth[row.index] or 0.0 for row in rows),
            effective_sizes=tuple(self._sizes[group]),
            log_normalizer=self._normalizer[group] + total - math.log(len(rows)),
        )
        return rows[index], cloud

    # -- weights ----------------------------------------------------------------------------------------------------

    def _weights(self, group: int) -> Tensor:
        """log w of a group's particles, (K,) float64."""
        values = [self._gained[row.index] + (self._worth[row.index] or 0.0) for row in self._groups[group]]
        return torch.tensor(values, dtype=torch.float64)

    def _gains(self, rows: list[Row], fixed: list[Tensor], shown: Pass) -> list[float]:
        """Σ_S (log p − f) + log Z before − log Z after the commits, per row."""
        open_ = [row for row in rows if bool((row.fixed < 0).any())]
        after = {row.index: 0.0 for row in rows}  # where nothing is open, Z counts the canvas itself
        if open_:
            values = self._target(open_, shown).log_z
            after.update((row.index, value) for row, value in zip(open_, values, strict=True))
        return [
            row.log_z[-1] - after[row.index] + (0.0 if shown.bias is None else self._unguided(row, old, shown))
            for row, old in zip(rows, fixed, strict=True)
        ]

    def _unguided(self, row: Row, old: Tensor, shown: Pass) -> float:
        """Σ_S (log p − f): what guidance has added to the tokens that were committed, taken off again."""
        assert shown.bias is not None
        chosen = (row.fixed >= 0) & (old < 0)
        index, device = shown.rows.index(row.index), shown.logits.device
        positions = (chosen.nonzero()[:, 0] - row.start + self._offset(row)).to(device)
        plain = shown.logits[index, positions].double() / row.temperature  # (S, V)
        guided = plain + shown.bias[index, positions].double() / row.temperature
        change = torch.log_softmax(plain, -1) - torch.log_softmax(guided, -1)
        return float(change.gather(-1, row.fixed[chosen].to(device)[:, None]).sum())

    def _reward(self, rows: list[Row]) -> None:
        """Take what the drafts are worth into the weights."""
        texts = [row.task.reader.text(row.witness) for row in rows]
        distinct = list(dict.fromkeys(texts))
        known = dict(zip(distinct, self._particles.rewards(distinct), strict=True))
        for row, text in zip(rows, texts, strict=True):
            held = self._worth[row.index]
            keeps = self._particles.potential == "max" and held is not None and not row.block_done
            self._worth[row.index] = max(known[text], held) if keeps and held is not None else known[text]

    # -- selection --------------------------------------------------------------------------------------------------

    def _select(self, group: int) -> None:
        weights, rows = self._weights(group), self._groups[group]
        self._sizes[group].append(effective_size(weights))
        ancestors = self._particles.ancestors(weights, self._generators[group])
        if ancestors is None or bool((weights == -torch.inf).all()):
            return
        self._normalizer[group] += float(torch.logsumexp(weights, 0)) - math.log(len(rows))
        states = [row.state_dict() for row in rows]
        worth = [self._worth[row.index] for row in rows]
        for row, ancestor in zip(rows, ancestors.tolist(), strict=True):
            row.load_state(states[ancestor])
            self._worth[row.index] = worth[ancestor]
            self._gained[row.index] = -(worth[ancestor] or 0.0)  # all weigh the same from here


def _check(rows: Sequence[Row], options: Options, family: Family) -> None:
    sampler = options.sampler
    assert sampler is not None
    if sampler.revises or sampler.reopens:
        raise OptionError(
            f"particles need a sampler whose commits stay, such as Ancestral or Random: {type(sampler).__name__} takes "
            "tokens back, and then their weights are not known"
        )
    if options.temperature == 0 or (options.temperature is None and not sampler.draws):
        raise OptionError("particles are draws: give a temperature above 0 (1.0 draws from the model as it is)")
    if options.jump:
        raise OptionError("particles exclude jump: what is committed without a pass has no weight")
    if any(one.action in ("reweight", "remask") for one in options.safety):
        raise OptionError(
            "particles exclude safety filters that send drafts back (reweight, remask): use 'ban', 'resample' or "
            "'block'"
        )
    if options.witness not in (None, "sample"):
        raise OptionError(f"particles are draws: witness must be 'sample' or None, not {options.witness!r}")
    longest = max((row.length for row in rows), default=0)
    if family.block is not None and longest > family.block:
        raise OptionError(
            f"particles are copied within one block: {family.name} decodes {family.block} tokens at a time, and a "
            f"canvas has {longest}; lower max_new_tokens to {family.block}"
        )
