"""The flat tensors of a deterministic token automaton, and the orders in which inference walks them.

Knows: the layout (CSR edges, labels as sets of classes, classes as sets of tokens), its invariants, and the
permutations derived from it (edges by target, edges by label, labels by class). Does not know: where an
automaton comes from, what a token spells, how factors look.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

_INDEX_FIELDS = (
    "edge_ptr",
    "edge_source",
    "edge_label",
    "edge_target",
    "label_ptr",
    "label_class",
    "token_class",
    "class_ptr",
    "class_tokens",
)


@dataclass(frozen=True, eq=False)
class Incidence:
    """Pairs of a compressed row structure: segment k holds the entries ``ptr[k]:ptr[k + 1]`` of both columns.

    Three orders of the same edges are one: ``left`` and ``right`` are what the two ends of an entry index
    (state and label for a sweep, source and target for an edge's posterior).
    """

    ptr: Tensor  # (segments + 1,) int32
    left: Tensor  # (entries,) int32
    right: Tensor  # (entries,) int32


@dataclass(frozen=True, eq=False)
class AutomatonArrays:
    """A deterministic automaton over tokens as flat tensors (int32 and bool, contiguous).

    A *label* is a set of tokens, written as a set of *classes*; a class is a set of tokens that belong to exactly
    the same labels. Labels that leave one state are disjoint. Class 0 holds the tokens that are in no label.
    Labels may carry weights, which add to the log-factors along a path; then two labels may be the same set of tokens.
    A canvas of L tokens is in the language when its path of L edges leads from ``start`` to an accepting state.
    """

    vocab_size: int
    num_states: int
    start: int
    min_tokens: int
    accepting: Tensor  # (S,) bool
    edge_ptr: Tensor  # (S + 1,) edges of state s are edge_ptr[s]:edge_ptr[s + 1]
    edge_source: Tensor  # (E,)
    edge_label: Tensor  # (E,)
    edge_target: Tensor  # (E,)
    label_ptr: Tensor  # (labels + 1,)
    label_class: Tensor  # (nnz,) ascending within a label
    token_class: Tensor  # (V,)
    class_ptr: Tensor  # (C + 1,)
    class_tokens: Tensor  # (V,) ascending within a class
    label_weight: Tensor | None = field(default=None, kw_only=True)  # (labels,) float64, nats; None: all 0

    @property
    def num_edges(self) -> int:
        return self.edge_label.numel()

    @property
    def num_labels(self) -> int:
        return self.label_ptr.numel() - 1

    @property
    def num_classes(self) -> int:
        return self.class_ptr.numel() - 1

    @property
    def device(self) -> torch.device:
        return self.edge_ptr.device

    # -- orders derived once and shared (recomputing one in two threads at a time is harmless) --------------

    @cached_property
    def by_source(self) -> Incidence:
        """Edges grouped by source state: (target, label)."""
        return Incidence(self.edge_ptr, self.edge_target, self.edge_label)

    @cached_property
    def by_target(self) -> Incidence:
        """Edges grouped by target state: (source, label)."""
        order, ptr = _group(self.edge_target, self.num_states)
        return Incidence(ptr, self.edge_source[order].contiguous(), self.edge_label[order].contiguous())

    @cached_property
    def by_label(self) -> Incidence:
        """Edges grouped by label: (source, target)."""
        order, ptr = _group(self.edge_label, self.num_labels)
        return Incidence(ptr, self.edge_source[order].contiguous(), self.edge_target[order].contiguous())

    @cached_property
    def labels_of_class(self) -> tuple[Tensor, Tensor]:
        """The transposed label sets: ``(ptr (C + 1,), labels (nnz,))``, ascending within a class."""
        sizes = (self.label_ptr[1:] - self.label_ptr[:-1]).long()
        owner = torch.repeat_interleave(torch.arange(self.num_labels, device=self.device), sizes)
        order, ptr = _group(self.label_class, self.num_classes)
        return ptr, owner[order].int().contiguous()

    @cached_property
    def class_sizes(self) -> Tensor:
        """Number of tokens of each class, int64 (C,)."""
        return (self.class_ptr[1:] - self.class_ptr[:-1]).long()

    @cached_property
    def derived(self) -> dict[object, object]:
        """What a backend derives from these arrays and wants to keep as long as they live, by its own keys."""
        return {}

    @cached_property
    def _copies(self) -> dict[torch.device, AutomatonArrays]:
        return {}

    def on(self, device: torch.device) -> AutomatonArrays:
        """The same automaton with its tensors on ``device`` (kept, so that a loop moves them once)."""
        if device == self.device:
            return self
        if device not in self._copies:
            moved: dict[str, Any] = {
                field.name: value.to(device) if isinstance(value, Tensor) else value
                for field in fields(AutomatonArrays)
                for value in [getattr(self, field.name)]
            }
            self._copies[device] = AutomatonArrays(**moved)
        return self._copies[device]

    # -- invariants -----------------------------------------------------------------------------------------

    def validate(self) -> None:
        """Check every invariant of the layout; raises ``ValueError`` that names the first one broken."""
        self._validate_shapes()
        self._validate_ranges()
        self._validate_partition()
        self._validate_determinism()

    def _validate_shapes(self) -> None:
        for name in _INDEX_FIELDS:
            tensor = getattr(self, name)
            if tensor.dtype != torch.int32 or tensor.dim() != 1 or not tensor.is_contiguous():
                raise ValueError(
                    f"{name} must be a contiguous int32 vector, got {tensor.dtype} {tuple(tensor.shape)}"
                )
        expected = {
            "accepting": self.num_states,
            "edge_ptr": self.num_states + 1,
            "edge_source": self.num_edges,
            "edge_target": self.num_edges,
            "token_class": self.vocab_size,
            "class_tokens": self.vocab_size,
        }
        for name, length in expected.items():
            if getattr(self, name).numel() != length:
                raise ValueError(f"{name} must have {length} entries, got {getattr(self, name).numel()}")
        if self.accepting.dtype != torch.bool:
            raise ValueError(f"accepting must be bool, got {self.accepting.dtype}")
        weight = self.label_weight
        if weight is not None and (weight.dtype != torch.float64 or weight.shape != (self.num_labels,)):
            raise ValueError(f"label_weight must be float64, one per label, got {weight.dtype} {tuple(weight.shape)}")
        if not 0 <= self.start < self.num_states:
            raise ValueError(f"start state {self.start} is outside 0..{self.num_states - 1}")

    def _validate_ranges(self) -> None:
        pointers = {
            "edge_ptr": self.num_edges,
            "label_ptr": self.label_class.numel(),
            "class_ptr": self.vocab_size,
        }
        for name, end in pointers.items():
            ptr = getattr(self, name)
            if ptr.numel() == 0 or ptr[0] != 0 or ptr[-1] != end or bool((ptr[1:] < ptr[:-1]).any()):
                raise ValueError(f"{name} must rise from 0 to {end}")
        bounds = {
            "edge_source": (0, self.num_states),
            "edge_target": (0, self.num_states),
            "edge_label": (0, self.num_labels),
            "label_class": (1, self.num_classes),  # class 0 is in no label
            "token_class": (0, self.num_classes),
            "class_tokens": (0, self.vocab_size),
        }
        for name, (low, high) in bounds.items():
            tensor = getattr(self, name)
            if tensor.numel() and not bool(((tensor >= low) & (tensor < high)).all()):
                raise ValueError(f"{name} must lie in {low}..{high - 1}")
        if self.label_weight is not None and not bool(self.label_weight.isfinite().all()):
            raise ValueError("label_weight must be finite")

    def _validate_partition(self) -> None:
        states = torch.arange(self.num_states, device=self.device)
        degrees = (self.edge_ptr[1:] - self.edge_ptr[:-1]).long()
        if not torch.equal(torch.repeat_interleave(states, degrees).int(), self.edge_source):
            raise ValueError("edge_source must agree with edge_ptr")
        classes = torch.repeat_interleave(
            torch.arange(self.num_classes, device=self.device), self.class_sizes
        )
        if not torch.equal(self.token_class[self.class_tokens.long()].long(), classes):
            raise ValueError("class_tokens must group the tokens by token_class")
        tokens = self.class_tokens.long() + classes * self.vocab_size
        if bool((tokens[1:] <= tokens[:-1]).any()):
            raise ValueError("class_tokens must rise within each class")

    def _validate_determinism(self) -> None:
        sizes = (self.label_ptr[1:] - self.label_ptr[:-1]).long()[self.edge_label.long()]
        owner = torch.repeat_interleave(self.edge_source.long(), sizes)
        first = self.label_ptr[self.edge_label.long()].long()
        starts = torch.cumsum(sizes, 0) - sizes
        offset = torch.arange(owner.numel(), device=self.device) - torch.repeat_interleave(starts, sizes)
        entry = self.label_class[torch.repeat_interleave(first, sizes) + offset].long()
        key = owner * self.num_classes + entry
        unique, counts = torch.unique(key, return_counts=True)
        if bool((counts > 1).any()):
            state = int(unique[counts > 1][0]) // self.num_classes
            raise ValueError(f"labels that leave state {state} overlap: the automaton is not deterministic")


def _group(keys: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """A stable order of ``keys`` (N,) by value, and its pointers (count + 1,) int32."""
    order = torch.argsort(keys, stable=True)
    sizes = torch.bincount(keys.long(), minlength=count)
    ptr = torch.zeros(count + 1, dtype=torch.int32, device=keys.device)
    ptr[1:] = torch.cumsum(sizes, 0)
    return order, ptr
