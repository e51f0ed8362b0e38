"""A canvas decoded in blocks: which states may stand at a border, and the automaton of one block between two borders.

With `finishing` for the positions after a block, the block's posterior is exact: its members are the tokens that some
rest of the canvas completes, the fixed tokens of the rest included.

Knows: the automaton's edges, labels and classes. Does not know: factors, models, who decodes the blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import _block_kernels as kernels
from ._arrays import AutomatonArrays, Incidence
from ._errors import ConstraintError, InfeasibleConstraint

__all__ = ["Block", "advance", "block", "completion", "finishing"]

_NAMES = {name for name in dir(AutomatonArrays) if not name.startswith("_")} | {f.name for f in fields(AutomatonArrays)}
_OWN = {"start", "accepting", "min_tokens"}  # what a block has for itself
_PLANS = {"segment plan", "edge order"}


# -- questions ------------------------------------------------------------------------------------------------------


def finishing(automaton: AutomatonArrays, positions: int, fixed: Tensor | None = None) -> Tensor:
    """Row r: the states from which exactly r more tokens lead to an accepting state, bool (positions + 1, S).

    Args:
        fixed: (positions,) int64, -1 = open: the tokens of the last positions of the canvas. Row r speaks of the last
            r of them.
    """
    wanted = _fixed_classes(automaton, positions, fixed)
    can = torch.zeros(positions + 1, automaton.num_states, dtype=torch.bool)
    can[0] = automaton.accepting
    kernels.fill_finishing(*_edges(automaton), *_labels(automaton), wanted, _np(can))
    return can


def advance(automaton: AutomatonArrays, state: int, tokens: Iterable[int] | Tensor) -> int:
    """The state that the tokens lead to.

    Raises:
        ConstraintError: where no member goes on so, with the position.
    """
    ids = np.array([int(token) for token in tokens], dtype=np.int64)
    outside = np.flatnonzero((ids < 0) | (ids >= automaton.vocab_size))
    end = int(outside[0]) if outside.size else len(ids)
    classes = _np(automaton.token_class)[ids[:end]]
    reached, position = kernels.walk(state, *_edges(automaton), *_labels(automaton), classes)
    if position < len(ids):
        raise ConstraintError(f"no member of the constraint goes on with token {ids[position]} at position {position}")
    return int(reached)


def completion(
    automaton: AutomatonArrays,
    state: int,
    positions: int,
    fixed: Tensor | None = None,
    *,
    padding: Sequence[int] | None = None,
) -> Tensor:
    """The shortest way to finish from a state in exactly so many positions, int64 (positions,).

    Of all ways that with the fewest text tokens, of those the lexicographically least in token ids.

    Args:
        fixed: (positions,) int64, -1 = open.
        padding: the tokens that are no text; by default the stop and pad tokens of the automaton's vocabulary.

    Raises:
        InfeasibleConstraint: if there is no way.
    """
    if padding is None:
        vocabulary = getattr(automaton.base if isinstance(automaton, Block) else automaton, "vocabulary", None)
        padding = () if vocabulary is None else (*vocabulary.stop_ids, *vocabulary.pad_ids)
    wanted = _fixed_classes(automaton, positions, fixed)
    text, other = _lowest(automaton, padding)
    cost = np.full((positions + 1, automaton.num_states), kernels.FAR, dtype=np.int32)
    cost[positions, _np(automaton.accepting).astype(bool)] = 0
    tokens = np.full(positions, -1, dtype=np.int64) if fixed is None else fixed.numpy().astype(np.int64)
    edges, labels = _edges(automaton), _labels(automaton)
    kernels.fill_costs(*edges, *labels, wanted, text, other, cost)
    if cost[0, state] >= kernels.FAR:
        raise InfeasibleConstraint(
            f"no member of the constraint ends after exactly {positions} more tokens", canvas=positions
        )
    kernels.fill_completion(state, *edges, *labels, wanted, text, other, cost, tokens)
    return torch.from_numpy(tokens)


# -- the automaton of a block -----------------------------------------------------------------------------------


class _Derived(dict[object, object]):
    """What backends keep with a block: what depends on its own fields here, everything else with the automaton."""

    def __init__(self, base: AutomatonArrays) -> None:
        super().__init__()
        self._base = base

    def _shared(self, key: object) -> bool:
        if not isinstance(key, tuple) or not key:
            return False
        names = key[1:] if key[0] in _PLANS else key
        return all(name in _NAMES and name not in _OWN for name in names)

    def get(self, key: object, default: Any = None) -> Any:
        return self._base.derived.get(key, default) if self._shared(key) else super().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._base.derived if self._shared(key) else super().__contains__(key)

    def __getitem__(self, key: object) -> Any:
        return self._base.derived[key] if self._shared(key) else super().__getitem__(key)

    def __setitem__(self, key: object, value: object) -> None:
        if self._shared(key):
            self._base.derived[key] = value
        else:
            super().__setitem__(key, value)


@dataclass(frozen=True, eq=False)
class Block(AutomatonArrays):
    """An automaton with another start and other accepting states: all other tensors, and what was derived from them,
    are those of `base`. Taken by `posterior` as any automaton.
    """

    base: AutomatonArrays = field(kw_only=True)

    @property
    def by_source(self) -> Incidence:
        return self.base.by_source

    @property
    def by_target(self) -> Incidence:
        return self.base.by_target

    @property
    def by_label(self) -> Incidence:
        return self.base.by_label

    @property
    def labels_of_class(self) -> tuple[Tensor, Tensor]:
        return self.base.labels_of_class

    @property
    def class_sizes(self) -> Tensor:
        return self.base.class_sizes

    @cached_property
    def derived(self) -> dict[object, object]:
        return _Derived(self.base)

    def on(self, device: torch.device) -> AutomatonArrays:
        if device == self.device:
            return self
        if device not in self._copies:
            accepting = self.accepting.to(device)
            self._copies[device] = _made(self.base.on(device), self.start, accepting, self.min_tokens)
        return self._copies[device]


def block(automaton: AutomatonArrays, state: int, accepting: Tensor) -> Block:
    """The automaton of the paths that lead from `state` to `accepting` (S,) bool, for use in `posterior`.

    With a row of `finishing` as the accepting states: one block of a canvas. Keep it for as long as the block is
    decoded; making one costs a walk over the edges.

    Raises:
        InfeasibleConstraint: if no path leads there.
        ValueError: for a state or accepting states of another automaton.
    """
    if not 0 <= state < automaton.num_states:
        raise ValueError(f"state {state} is outside 0..{automaton.num_states - 1}")
    if accepting.dtype != torch.bool or tuple(accepting.shape) != (automaton.num_states,):
        raise ValueError(
            f"accepting states must be bool, ({automaton.num_states},), got {accepting.dtype} {tuple(accepting.shape)}"
        )
    ends = accepting.to(automaton.device).contiguous()
    least = int(kernels.shortest(state, *_edges(automaton), _np(ends)))
    if least < 0:
        raise InfeasibleConstraint("no member of the constraint leads from here to where the rest can be finished")
    base = automaton.base if isinstance(automaton, Block) else automaton
    return _made(base, state, ends, least)


def _made(base: AutomatonArrays, start: int, accepting: Tensor, least: int) -> Block:
    values = {f.name: getattr(base, f.name) for f in fields(AutomatonArrays)}
    return Block(**values | {"start": start, "accepting": accepting, "min_tokens": least}, base=base)


# -- arrays of the kernels --------------------------------------------------------------------------------------


def _np(tensor: Tensor) -> NDArray[Any]:
    view = tensor.view(torch.uint8) if tensor.dtype == torch.bool else tensor
    array: NDArray[Any] = view.cpu().numpy()
    return array


def _edges(automaton: AutomatonArrays) -> tuple[kernels.Ints, kernels.Ints, kernels.Ints]:
    return _np(automaton.edge_ptr), _np(automaton.edge_label), _np(automaton.edge_target)


def _labels(automaton: AutomatonArrays) -> tuple[kernels.Ints, kernels.Ints]:
    return _np(automaton.label_ptr), _np(automaton.label_class)


def _fixed_classes(automaton: AutomatonArrays, positions: int, fixed: Tensor | None) -> kernels.Ints:
    """The class of each fixed token, -1 where open, (positions,)."""
    if positions < 0:
        raise ValueError(f"positions must be at least 0, got {positions}")
    if fixed is None:
        return np.full(positions, -1, dtype=np.int32)
    if fixed.dtype != torch.int64 or tuple(fixed.shape) != (positions,):
        raise ValueError(f"fixed must be int64 of shape ({positions},), got {fixed.dtype} {tuple(fixed.shape)}")
    if bool(((fixed < -1) | (fixed >= automaton.vocab_size)).any()):
        raise ValueError(f"fixed tokens must lie in 0..{automaton.vocab_size - 1}, or be -1 where open")
    ids = fixed.cpu().numpy()
    classes: kernels.Ints = np.where(ids >= 0, _np(automaton.token_class)[np.maximum(ids, 0)], -1).astype(np.int32)
    return classes


def _lowest(automaton: AutomatonArrays, padding: Sequence[int]) -> tuple[kernels.Ints, kernels.Ints]:
    """The lowest text token and the lowest other token of each class, -1 where it has none: two (C,) int32."""
    is_text = np.ones(automaton.vocab_size, dtype=bool)
    is_text[list(padding)] = False
    classes = _np(automaton.token_class)
    lowest = []
    for chosen in (is_text, ~is_text):
        ids = np.flatnonzero(chosen)
        first = np.full(automaton.num_classes, automaton.vocab_size, dtype=np.int64)
        np.minimum.at(first, classes[ids], ids)
        lowest.append(np.where(first < automaton.vocab_size, first, -1).astype(np.int32))
    return lowest[0], lowest[1]
