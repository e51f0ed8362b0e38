"""What the tokens of a vocabulary do to configurations of a grammar: the recogniser, token by token.

The tokens of one class of the superset's automaton do the same to every state of it, and mostly, not always, to a
configuration of the grammar. `outcomes` says which of a class lead where, so that a search needs one token for each
outcome and not all.

Most tokens stay within the rules at hand: they pass no state where a rule may end or be called. What such a token does
follows from the states of the network alone, whatever the stack: it is found once for each set of states and class, by
one compiled walk over the tokens of the class, and one token stands for all that do the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .._arrays import AutomatonArrays
from .._vocabulary import Vocabulary
from ._network import Network
from ._recogniser import DEAD, Recogniser

__all__ = ["BEGIN", "END", "Outcome", "TokenReader"]

BEGIN, END = -3, -4  # nothing read yet; a stop token read
MAX_KEPT = 2**22  # configurations and tokens of kept outcomes, before all are forgotten
_SPACE = 0x20
_FEW = 8  # tokens of a class that are looked at one by one
_LEAVES = -2


@dataclass(frozen=True, eq=False)
class Outcome:
    """`tokens` (ascending ids) lead to `configuration`; None stands for all tokens of the class."""

    configuration: int
    tokens: NDArray[np.int64] | None


@dataclass(frozen=True, eq=False)
class _Groups:
    """Tokens that do the same to all configurations with the same states: group k is `parts[k]`, ascending ids."""

    parts: list[NDArray[np.int64]]
    first: NDArray[np.int64]  # a token of each


class TokenReader:
    """Configurations after tokens, stop and pad rules included. Not to be used by two threads at a time."""

    def __init__(self, network: Network, vocabulary: Vocabulary, arrays: AutomatonArrays) -> None:
        self._network, self._vocabulary = network, vocabulary
        self._symbols = network.byte_class[vocabulary.data]
        self._class_ptr, self._class_tokens = arrays.class_ptr.numpy(), arrays.class_tokens.numpy()
        closing = [bool(end) or bool(calls) for end, calls in zip(network.accepting, network.calls, strict=True)]
        self._is_border = np.array(closing)
        self._groups: dict[tuple[tuple[int, ...], int], _Groups] = {}
        self._silent = {*vocabulary.stop_ids, *vocabulary.pad_ids}
        self._stop = set(vocabulary.stop_ids)
        self.forget()

    def forget(self) -> None:
        """Drop all configurations; their numbers mean nothing afterwards."""
        self._recogniser = Recogniser(self._network)
        self._kept: dict[tuple[int, int], tuple[Outcome, ...]] = {}
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to `forget`."""
        return self._size + len(self._recogniser) > MAX_KEPT

    def accepts(self, configuration: int) -> bool:
        """Whether a canvas may end here."""
        return configuration == END or self._recogniser.accepting[max(configuration, 0)]

    def after(self, configuration: int, token: int) -> int:
        """The configuration after a token, or DEAD."""
        return int(self._after_all(configuration, np.array([token]))[0])

    def outcomes(self, configuration: int, token_class: int) -> tuple[Outcome, ...]:
        """Where the tokens of a class lead to, without those that lead nowhere."""
        key = configuration, token_class
        if key not in self._kept:
            self._kept[key] = self._outcomes(configuration, self._grouped(configuration, token_class))
            self._size += 16 + sum(len(found.tokens) for found in self._kept[key] if found.tokens is not None)
        return self._kept[key]

    def _outcomes(self, configuration: int, groups: _Groups) -> tuple[Outcome, ...]:
        after = self._after_all(configuration, groups.first).tolist()
        together: dict[int, list[NDArray[np.int64]]] = {}
        for following, part in zip(after, groups.parts, strict=True):
            together.setdefault(following, []).append(part)
        if len(together) == 1:
            return tuple(Outcome(following, None) for following in together if following != DEAD)
        return tuple(
            Outcome(following, parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts)))
            for following, parts in together.items()
            if following != DEAD
        )

    def _grouped(self, configuration: int, token_class: int) -> _Groups:
        tokens = self._class_tokens[self._class_ptr[token_class] : self._class_ptr[token_class + 1]].astype(np.int64)
        if configuration < 0 or len(tokens) < _FEW or not self._vocabulary.is_text[tokens[0]]:
            return _Groups([tokens[j : j + 1] for j in range(len(tokens))], tokens)
        key = self._recogniser.states(configuration), token_class
        if key not in self._groups:
            self._groups[key] = self._group(key[0], tokens)
        return self._groups[key]

    def _group(self, states: tuple[int, ...], tokens: NDArray[np.int64]) -> _Groups:
        number, table = np.zeros(len(tokens), np.int64), self._network.table
        begin, end = self._vocabulary.offsets[tokens], self._vocabulary.offsets[tokens + 1]
        leaves = np.zeros(len(tokens), np.bool_)
        for state in states:
            reached = _within(state, table, self._is_border, begin, end, self._symbols)
            leaves |= reached == _LEAVES
            number = np.unique(number * (len(table) + 2) + (reached + 2), return_inverse=True)[1]
        number[leaves] = len(tokens) + np.arange(leaves.sum())  # each by itself
        order = np.argsort(number, kind="stable")
        borders = np.flatnonzero(np.diff(number[order])) + 1
        return _Groups(np.split(tokens[order], borders), tokens[order][np.append(0, borders)])

    def _after_all(self, configuration: int, tokens: NDArray[np.int64]) -> NDArray[np.int32]:
        """Text tokens only, or stop and pad tokens only."""
        if not self._vocabulary.is_text[tokens[0]]:
            silent = self._silent if configuration == END else self._stop if self.accepts(configuration) else set()
            return np.array([END if token in silent else DEAD for token in tokens.tolist()], np.int32)
        if configuration == END:
            return np.full(len(tokens), DEAD, np.int32)
        begin, end = self._vocabulary.offsets[tokens], self._vocabulary.offsets[tokens + 1]
        if configuration == BEGIN and self._vocabulary.drops_leading_space:
            begin = begin + (self._vocabulary.data[begin] == _SPACE)
        return self._recogniser.run_all(max(configuration, 0), begin, end, self._symbols)


@njit(cache=True, nogil=True)
def _within(  # type: ignore[no-untyped-def]  # Numba infers the types from its arguments
    state, table, is_border, begin, end, symbols
):
    """The state behind each of several texts, −1 = dead; −2 where one goes on behind a border."""
    reached = np.empty(begin.shape[0], np.int64)
    for j in range(begin.shape[0]):
        at = np.int64(state)
        for place in range(begin[j], end[j]):
            if place > begin[j] and is_border[at]:
                at = np.int64(-2)
                break
            at = np.int64(table[at, symbols[place]])
            if at < 0:
                break
        reached[j] = at
    return reached
