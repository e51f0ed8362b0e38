"""Exact queries on q for canvases that share one automaton, each computed once and on demand.

Knows: which passes a query needs and how their results combine. Does not know: batches of several automata,
argument checking (`_posterior`), or how a pass is carried out (`_backends`).
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from ._arrays import AutomatonArrays
from ._backends import Backend, Reach, Statistics
from ._errors import InfeasibleConstraint
from ._factors import Factors


class Inference:
    """Queries for the n canvases of `factors`; every result has n as its first dimension."""

    def __init__(self, arrays: AutomatonArrays, factors: Factors, fixed: Tensor, backend: Backend) -> None:
        self.arrays = arrays
        self.factors = factors
        self.fixed = fixed  # (n, L) int64, -1 = open
        self.backend = backend

    # -- boolean --------------------------------------------------------------------------------------------

    @cached_property
    def reach(self) -> Reach:
        return self.backend.reach(self.arrays, self.fixed)

    @cached_property
    def live(self) -> Tensor:
        """Live labels (n, L, K); raises where a canvas has no member."""
        feasible = self.reach.feasible
        if not bool(feasible.all()):
            self._refuse(int((~feasible).int().argmax()))
        return self.reach.live

    def _refuse(self, canvas: int) -> None:
        length, least = self.factors.length, self.arrays.min_tokens
        where = f"row {self.factors.rows[canvas]}: " if self.factors.batched else ""
        fixed = int((self.fixed[canvas] >= 0).sum())
        if least > length:
            why = (
                f"the constraint needs at least {least} tokens, the canvas has {length}: use a longer canvas"
            )
        elif fixed:
            why = f"no member of the language fits the {fixed} fixed tokens on a canvas of {length}: free some of them"
        else:
            why = f"no member of the language fills a canvas of exactly {length} tokens (its least length is {least})"
        raise InfeasibleConstraint(where + why, min_tokens=least, canvas=length)

    def support(self) -> Tensor:
        """The mask (n, L, V), filled in place: at a fixed position that token alone, and only if it is live."""
        classes = self.backend.live_classes(self.arrays, self.reach.live)
        mask = torch.index_select(classes, 2, self.arrays.token_class.long())
        canvas, position = (self.fixed >= 0).nonzero(as_tuple=True)
        token = self.fixed[canvas, position]
        alive = mask[canvas, position, token]
        mask[canvas, position] = False
        mask[canvas, position, token] = alive
        return mask

    def support_size(self) -> Tensor:
        classes = self.backend.live_classes(self.arrays, self.reach.live)
        sizes = (classes * self.arrays.class_sizes).sum(dim=-1)
        return sizes.clamp(max=1).where(self.fixed >= 0, sizes)

    # -- class and label scores -----------------------------------------------------------------------------

    @cached_property
    def statistics(self) -> Statistics:
        return self.backend.statistics(self.arrays, self.factors, self.fixed)

    @cached_property
    def _maxima(self) -> tuple[Tensor, Tensor, Tensor]:
        """Peak (n, L): the largest live class maximum; class and label maxima relative to it.

        Taking the peak out of every row keeps the sweeps near zero whatever the offset of the factors is.
        """
        maximum = self.statistics.maximum
        labels = self.backend.label_max(self.arrays, maximum, self.live)
        peak = labels.amax(dim=-1)
        return peak, maximum - peak[..., None], labels - peak[..., None]

    def _weighted(self, labels: Tensor) -> Tensor:
        """Label scores (n, L, K) as paths count them: with the automaton's weights."""
        weight = self.arrays.label_weight
        return labels if weight is None else labels + weight

    @property
    def peak(self) -> Tensor:
        return self._maxima[0]

    @cached_property
    def log_totals(self) -> Tensor:
        """log sum of e^(f - peak) of each class, (n, L, C)."""
        return self._maxima[1] + self.statistics.total.log()

    @cached_property
    def label_sums(self) -> Tensor:
        """Without the labels' weights: what a class's share of a label is told by."""
        return self.backend.label_log_sum(self.arrays, self.log_totals, self.live)

    @cached_property
    def path_sums(self) -> Tensor:
        """`label_sums` with the weights: what an edge's share of the paths is told by."""
        return self._weighted(self.label_sums)

    # -- sums over paths ------------------------------------------------------------------------------------

    @cached_property
    def backward(self) -> Tensor:
        return self.backend.backward(self.arrays, self.path_sums, self.reach)

    @cached_property
    def label_masses(self) -> Tensor:
        """Posterior mass of each label at each position, (n, L, K)."""
        return self.backend.label_masses(self.arrays, self.path_sums, self.backward)

    def log_z(self) -> Tensor:
        return self.backward[:, 0, self.arrays.start] + self.peak.sum(dim=-1)

    @cached_property
    def levels(self) -> Tensor:
        """Log marginal of a token at its class's maximum, (n, L, C): that of token v is levels + f(v) - maximum."""
        masses = self.backend.class_masses(self.arrays, self.log_totals, self.label_sums, self.label_masses)
        return (masses - self.statistics.total.log()).where(masses > -torch.inf, -torch.inf)

    def marginals(self, dtype: torch.dtype) -> Tensor:
        out = torch.empty(*self.fixed.shape, self.arrays.vocab_size, dtype=dtype, device=self.fixed.device)
        self.backend.marginals(
            self.arrays, self.factors, self.fixed, self.levels, self.statistics.maximum, out
        )
        return out

    def entropy(self) -> Tensor:
        """-sum m log m with log m = level + d, from the class statistics alone."""
        levels, statistics = self.levels, self.statistics
        terms = levels.exp() * (levels * statistics.total + statistics.moment)
        return -terms.where(levels > -torch.inf, 0.0).sum(dim=-1).clamp(max=0.0)

    def confidence(self, tokens: Tensor) -> Tensor:
        classes = self.arrays.token_class.long()[tokens]
        level, top = self._chosen_levels(classes), _chosen(self.statistics.maximum, classes)
        marginal = (level + (self.factors.at(tokens) - top)).exp().where(level > -torch.inf, 0.0)
        return self._at_fixed(tokens, marginal)

    def _chosen_levels(self, classes: Tensor) -> Tensor:
        """`levels` of one class (n, L) at each position, without those of the others where nobody asked."""
        if "levels" in self.__dict__:
            return _chosen(self.levels, classes)
        masses = self.backend.chosen_masses(
            self.arrays, self.log_totals, self.label_sums, self.label_masses, classes
        )
        total = _chosen(self.statistics.total, classes).log()
        return (masses - total).where(masses > -torch.inf, -torch.inf)

    def _at_fixed(self, tokens: Tensor, value: Tensor) -> Tensor:
        certain = (tokens == self.fixed).to(value.dtype)
        return certain.where(self.fixed >= 0, value)

    # -- unconstrained --------------------------------------------------------------------------------------

    @cached_property
    def raw_log_normalizer(self) -> Tensor:
        """log sum over all V columns of e^f, (n, L); 0 at fixed positions."""
        statistics = self.statistics
        top = statistics.maximum.amax(dim=-1)
        scale = (statistics.maximum - top[..., None]).exp()
        return top + (scale * statistics.total).sum(dim=-1).log()

    def raw_confidence(self, tokens: Tensor) -> Tensor:
        return self._at_fixed(tokens, (self.factors.at(tokens) - self.raw_log_normalizer).exp())

    # -- sequences ------------------------------------------------------------------------------------------

    def mode(self) -> Tensor:
        _, classes, labels = self._maxima
        paths = self._weighted(labels)
        return self.backend.best_path(self.arrays, classes, labels, paths, self.statistics.best, self.reach)

    def mbr(self) -> Tensor:
        marginal = self.levels.exp()
        labels = self.backend.label_max(self.arrays, marginal, self.live)
        return self.backend.best_path(self.arrays, marginal, labels, labels, self.statistics.best, self.reach)

    def sample(self, uniforms: Tensor) -> Tensor:
        return self.backend.draw(
            self.arrays,
            self.factors,
            self.fixed,
            self.statistics.maximum,
            self.log_totals,
            self.path_sums,
            self.backward,
            uniforms,
        )


def _chosen(values: Tensor, classes: Tensor) -> Tensor:
    """The entries (n, L) of values (n, L, C) at the classes (n, L)."""
    return values.gather(2, classes[..., None])[..., 0]
