"""`DeepAutomaton`: a grammar compiled for the best member of the whole language, however deep it nests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from .._automaton import TokenAutomaton
from .._compile import compile_dfa, prepare
from .._deadline import Deadline
from .._errors import BudgetExceeded, InfeasibleConstraint
from .._posterior import Posterior, posterior
from .._vocabulary import Vocabulary
from ._outcomes import TokenReader
from ._search import BestMember, Search

if TYPE_CHECKING:
    from ._grammar import Grammar

__all__ = ["DeepAutomaton", "compile_deep"]

MAX_EXPANDED = 200_000
MAX_SECONDS = 10.0


class DeepAutomaton:
    """A grammar over the tokens of one vocabulary, as it is: no depth is cut off. Made by `Grammar.compile_deep`.

    Attributes:
        superset: a regular superset, for the bound ("verified": what it accepts by `accepts` are members).
        members: the grammar expanded by depth, or None: all it holds are members.
        vocabulary: what it was compiled for.
    """

    def __init__(self, grammar: Grammar, superset: TokenAutomaton, members: TokenAutomaton | None) -> None:
        assert superset.vocabulary is not None
        self.superset, self.members = superset, members
        self.vocabulary: Vocabulary = superset.vocabulary
        self._reader = TokenReader(grammar.network, self.vocabulary, superset)
        self._lock = threading.Lock()

    def accepts(self, token_ids: Sequence[int] | Tensor) -> bool:
        """Whether a whole canvas is in the language, stop and pad rules included."""
        return self.superset.accepts(token_ids)

    def mode(
        self,
        log_factors: Tensor,
        fixed: Tensor | None = None,
        *,
        temperature: float = 1.0,
        bias: Tensor | None = None,
        max_expanded: int = MAX_EXPANDED,
        max_seconds: float | None = MAX_SECONDS,
    ) -> BestMember:
        """The member of largest Σ_i f_i(x_i) + W(x) on one canvas, f = max(log_factors / temperature + bias, −1e9).

        If `exact` in the result, no member scores more than the rounding of the factors (that of float32, unless they
        are float64); which one of equal members it is, is always the same, and not said. Otherwise the budget ended
        first: a member and a bound.

        Args:
            log_factors: (L, V) floating.
            fixed: (L,) int64, the token at a fixed position, −1 where open.
            temperature, bias: as `TokenAutomaton.posterior` takes them.
            max_expanded: the most entries of the queue to look at: the same result for the same arguments where this
                is what ends the search.
            max_seconds: the most time to search for; None for any.

        Raises:
            InfeasibleConstraint: no member fits the canvas and its fixed tokens.
            SearchBudgetExceeded: the budget ended and no member is known.
        """
        if log_factors.dim() != 2:
            raise ValueError(f"log_factors must be (L, V), got {tuple(log_factors.shape)}: modes() takes a batch")
        values, bias = log_factors.cpu(), None if bias is None else bias.cpu()
        held = None if fixed is None else fixed.cpu()

        def target(automaton: TokenAutomaton) -> Posterior:
            return posterior(automaton, values, held, temperature=temperature, bias=bias, backend="numba")

        search = Search(target(self.superset)._groups[0][1], self._reader)
        with self._lock:
            if self._reader.is_full:
                self._reader.forget()
            if self.members is not None:
                self._offer(search, self.members, target(self.members))
            return search.run(max_expanded, max_seconds)

    @staticmethod
    def _offer(search: Search, members: TokenAutomaton, target: Posterior) -> None:
        """Tell the search of the best member that the automaton of bounded depth holds, if it holds any."""
        if not bool(target.feasible):
            return
        tokens, inference = target.mode(), target._groups[0][1]
        factors = inference.factors.at(tokens[None]).where(inference.fixed < 0, 0.0)
        search.offer(tokens, float(factors.sum()) + _weight_of(members, tokens.tolist()))

    def modes(
        self,
        log_factors: Tensor,
        fixed: Tensor | None = None,
        *,
        temperature: float = 1.0,
        bias: Tensor | None = None,
        max_expanded: int = MAX_EXPANDED,
        max_seconds: float | None = MAX_SECONDS,
    ) -> list[BestMember]:
        """`mode` of each canvas of a batch (B, L, V), with a budget of its own; the other arguments as `posterior`."""
        rows = range(len(log_factors))
        return [
            self.mode(
                log_factors[row],
                fixed[row] if fixed is not None and fixed.dim() == 2 else fixed,
                temperature=temperature,
                bias=bias[row] if bias is not None and bias.dim() == 3 else bias,
                max_expanded=max_expanded,
                max_seconds=max_seconds,
            )
            for row in rows
        ]

    def __repr__(self) -> str:
        depth = None if self.members is None else self.members.max_depth
        return f"DeepAutomaton(superset={self.superset!r}, members' depth={depth})"


def compile_deep(
    grammar: Grammar, vocabulary: Vocabulary, depth: int | None, count: int | None, members: bool, deadline: Deadline
) -> DeepAutomaton:
    """See `Grammar.compile_deep`."""
    prepare(vocabulary, weighted=bool(grammar.weights))
    superset = grammar.superset(depth, count)
    automaton = compile_dfa(
        superset.dfa, vocabulary, verify=superset.verify, weights=grammar.weights, deadline=deadline
    )
    return DeepAutomaton(grammar, automaton, _members(grammar, vocabulary, deadline) if members else None)


def _members(grammar: Grammar, vocabulary: Vocabulary, deadline: Deadline) -> TokenAutomaton | None:
    try:
        return grammar.compile(vocabulary, max_seconds=deadline.seconds)
    except (BudgetExceeded, InfeasibleConstraint):
        return None


def _weight_of(automaton: TokenAutomaton, tokens: list[int]) -> float:
    """What the labels along the path of a canvas weigh."""
    if automaton.label_weight is None:
        return 0.0
    ptr, labels = (tensor.numpy() for tensor in automaton.labels_of_class)
    first, edges = automaton.edge_ptr.numpy(), automaton.edge_label.numpy()
    targets, weights = automaton.edge_target.numpy(), automaton.label_weight.numpy()
    state, total = automaton.start, 0.0
    for token in tokens:
        chosen = int(automaton.token_class[token])
        leaving = slice(first[state], first[state + 1])
        edge = first[state] + int(np.isin(edges[leaving], labels[ptr[chosen] : ptr[chosen + 1]]).argmax())
        total += float(weights[edges[edge]])
        state = int(targets[edge])
    return total
