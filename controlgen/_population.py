"""Groups of rows that compete: weights of particles, what is copied, and which one is handed out.

The equations are `Particles`'. Knows rows, and the posterior of a step by its `Target`; makes no pass of the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from controlgen._borders import Borders, has_ended
from controlgen._errors import OptionError, RewardError
from controlgen._options import Options
from controlgen._prefix import Prefix
from controlgen._result import Result
from controlgen._row import Row
from controlgen._stepper import Stepper
from controlgen._views import Pass
from controlgen.families import Family
from controlgen.guidance import ParticleCloud, Particles
from controlgen.guidance._particles import effective_size, systematic

__all__ = ["Population"]

_SELECTION = 0x5EED  # apart from the generators of the rows


@dataclass
class _Weight:
    """The logarithm of a particle's weight, in two parts.

    Attributes:
        gained: what the steps have added, and resampling has taken off.
        worth: what the reward of the draft stands for in it: λ r, the largest so far, or a stand-in for −inf.
        judged: the text that was rewarded last, and λ r of it.
    """

    gained: float = 0.0
    worth: float | None = None
    judged: tuple[str, float] | None = None

    @property
    def log(self) -> float:
        return self.gained + (self.worth or 0.0)


class Population:
    """The groups of a session; every group has the particles of one prompt.

    Args:
        rows: of all groups; `Row.prompt_index` says which group a row belongs to.
        options: with particles and a sampler.
        family: of the model.
        stepper: for the posterior of a step as the rows stand.
        borders: the rows' windows.
        prefix: the rows' finished blocks, which are copied with them.

    Raises:
        OptionError: options under which the weights are not known.
    """

    def __init__(
        self, rows: Sequence[Row], options: Options, family: Family, stepper: Stepper, borders: Borders, prefix: Prefix
    ) -> None:
        assert options.particles is not None
        _check(rows, options, family, stepper)
        self._particles: Particles = options.particles
        self._stepper, self._borders, self._prefix = stepper, borders, prefix
        self._groups: dict[int, list[Row]] = {}
        for row in rows:
            self._groups.setdefault(row.prompt_index, []).append(row)
        self._weights = {row.index: _Weight() for row in rows}
        self._normalizer = dict.fromkeys(self._groups, 0.0)
        self._sizes: dict[int, list[float]] = {group: [] for group in self._groups}
        self._drawn: dict[int, tuple[Row, ParticleCloud]] = {}
        self._generators = {
            group: torch.Generator().manual_seed(rows[0].seed ^ _SELECTION) for group, rows in self._groups.items()
        }

    def weigh(self, rows: list[Row], fixed: list[Tensor], shown: Pass) -> None:
        """After a step of these rows: add to the weights, and draw the particles of a group anew where that is due.

        fixed: per row what was fixed before the step, (L,) int64.
        """
        if self._particles.log_z:
            for row, gain in zip(rows, self._gains(rows, fixed, shown), strict=True):
                self._weights[row.index].gained += gain
        self._reward([row for row in rows if has_ended(row) or self._is_due(row)])
        for group in dict.fromkeys(row.prompt_index for row in rows):
            self._select(group)

    def hold(self, row: Row) -> bool:
        """Whether a row that has come to its end has to wait for the others of its group."""
        return not all(has_ended(other) for other in self._groups[row.prompt_index])

    def shown(self, group: int) -> Row:
        """The row that speaks for a group: the heaviest one, and in the end the one that was drawn."""
        rows = self._groups[group]
        if all(row.finish_reason is not None for row in rows):
            return self._draw(group)[0]
        return max(rows, key=lambda row: (row.error is None, self._weights[row.index].log))

    def outcome(self, group: int) -> Result | Exception:
        """What a finished group ends with: one particle drawn by weight, and what became of all."""
        row, cloud = self._draw(group)
        return row.error or replace(row.result(), particles=cloud)

    def _draw(self, group: int) -> tuple[Row, ParticleCloud]:
        if group not in self._drawn:
            rows = self._groups[group]
            alive = [row for row in rows if row.error is None]
            for row, value in zip(alive, self._judge(alive), strict=True):
                self._weights[row.index].worth = value
            self._drawn[group] = self._one_of(group, alive or rows)
        return self._drawn[group]

    def _one_of(self, group: int, alive: list[Row]) -> tuple[Row, ParticleCloud]:
        """One of the rows that have not failed, by weight; where none has any, the failure is theirs."""
        rows = self._groups[group]
        weights = self._logs(group)
        weights[[row not in alive for row in rows]] = -torch.inf
        total = float(torch.logsumexp(weights, 0))
        if total == -math.inf:
            error = RewardError(tuple(row.task.reader.text(row.witness) for row in alive), group)
            for row in alive:
                row.error = row.error or error
        cloud = ParticleCloud(
            texts=tuple(row.task.reader.text(row.witness) if row.error is None else None for row in rows),
            log_weights=weights - total if total > -math.inf else weights,
            rewards=tuple(self._weights[row.index].worth or 0.0 for row in rows),
            effective_sizes=tuple(self._sizes[group]),
            log_normalizer=self._normalizer[group] + total - math.log(len(rows)),
        )
        return rows[int(systematic(weights, self._generators[group], draws=1))], cloud

    # -- weights ----------------------------------------------------------------------------------------------------

    def _logs(self, group: int) -> Tensor:
        """log w of a group's particles, (K,) float64."""
        return torch.tensor([self._weights[row.index].log for row in self._groups[group]], dtype=torch.float64)

    def _gains(self, rows: list[Row], fixed: list[Tensor], shown: Pass) -> list[float]:
        """Σ_S (log p − f) + log Z before − log Z after the commits, per row."""
        open_ = [row for row in rows if bool((row.fixed[row.window] < 0).any())]
        # Where nothing is open, all that is left of Z are weights of the language: they belong to the target.
        after = dict.fromkeys((row.index for row in rows), 0.0)
        if open_:
            values = self._stepper.target(open_, shown).log_z
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
        positions = (chosen.nonzero()[:, 0] - row.start + self._borders.offset(row)).to(device)
        plain = shown.logits[index, positions].double() / row.temperature  # (S, V)
        guided = plain + shown.bias[index, positions].double() / row.temperature
        change = torch.log_softmax(plain, -1) - torch.log_softmax(guided, -1)
        return float(change.gather(-1, row.fixed[chosen].to(device)[:, None]).sum())

    # -- rewards ----------------------------------------------------------------------------------------------------

    def _is_due(self, row: Row) -> bool:
        """Whether the draft of the step that a row has just made is rewarded."""
        return self._particles.is_on(row.step - 1, row.step / self._stepper.steps(row))

    def _judge(self, rows: list[Row]) -> list[float]:
        """λ r of the rows' drafts; the reward is asked about new texts only, about all of them at once."""
        texts = [row.task.reader.text(row.witness) for row in rows]
        memory = (self._weights[row.index].judged for row in rows)
        known = dict(judged for judged in memory if judged is not None)
        fresh = list(dict.fromkeys(text for text in texts if text not in known))
        known.update(zip(fresh, self._particles.rewards(fresh), strict=True))
        for row, text in zip(rows, texts, strict=True):
            self._weights[row.index].judged = text, known[text]
        return [known[text] for text in texts]

    def _reward(self, rows: list[Row]) -> None:
        """Take what the drafts are worth into the weights."""
        for row, value in zip(rows, self._judge(rows), strict=True):
            weight = self._weights[row.index]
            keeps = self._particles.potential == "max" and weight.worth is not None and not has_ended(row)
            weight.worth = max(value, weight.worth) if keeps and weight.worth is not None else value
        for row in rows:
            if self._weights[row.index].worth == -math.inf and not has_ended(row):
                self._weights[row.index].worth = self._least(row.prompt_index)

    def _least(self, group: int) -> float:
        """What a draft counts that is impossible, but need not stay so: as much as the worst one of its group.

        A weight of 0 would end what may come to a good end, and the target would be missed.
        """
        worths = [self._weights[row.index].worth or 0.0 for row in self._groups[group]]
        return min((worth for worth in worths if worth > -math.inf), default=0.0)

    # -- selection --------------------------------------------------------------------------------------------------

    def _select(self, group: int) -> None:
        weights, rows = self._logs(group), self._groups[group]
        self._sizes[group].append(effective_size(weights))
        if all(has_ended(row) for row in rows):
            return  # one of them is drawn by these weights
        ancestors = self._particles.ancestors(weights, self._generators[group])
        if ancestors is None:
            return
        self._normalizer[group] += float(torch.logsumexp(weights, 0)) - math.log(len(rows))
        sources = [rows[ancestor] for ancestor in ancestors.tolist()]
        self._prefix.copy({row.index: source.index for row, source in zip(rows, sources, strict=True)})
        states = [(source.state_dict(), self._weights[source.index]) for source in sources]
        for row, (state, weight) in zip(rows, states, strict=True):
            row.load_state(state)
            self._weights[row.index] = replace(weight, gained=-(weight.worth or 0.0))  # all weigh the same from here


def _check(rows: Sequence[Row], options: Options, family: Family, stepper: Stepper) -> None:
    sampler = options.sampler
    assert sampler is not None
    if sampler.revises or sampler.reopens:
        raise OptionError(
            f"particles need a sampler whose commits stay, such as Ancestral or Random: {type(sampler).__name__} takes "
            "tokens back, and then their weights are not known"
        )
    if family.mask_id is None:
        raise OptionError(f"particles need a model with a mask token, which {family.name} has not")
    if any(not stepper.always_draws(row) for row in rows):
        raise OptionError(
            "particles are draws, in every step: give a temperature above 0 (1.0 draws from the model as it is)"
        )
    if options.jump:
        raise OptionError("particles exclude jump: what is committed without a pass has no weight")
    if any(one.action in ("reweight", "remask") for one in options.safety):
        raise OptionError(
            "particles exclude safety filters that send drafts back (reweight, remask): use 'ban', 'resample' or "
            "'block'"
        )
    if options.witness not in (None, "sample"):
        raise OptionError(f"particles are draws: witness must be 'sample' or None, not {options.witness!r}")
