"""What the tokens of a vocabulary do to configurations of a grammar: the recogniser, token by token.

The tokens of one class of the superset's automaton do the same to every state of it, and mostly, not always, to a
configuration of the grammar. `outcomes` says which of a class lead where; each (configuration, class) is looked at
once, by one compiled walk over the tokens of the class, so that a search needs one token for each outcome and not all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._arrays import AutomatonArrays
from .._vocabulary import Vocabulary
from ._network import Network
from ._recogniser import DEAD, Recogniser

__all__ = ["BEGIN", "END", "Outcome", "TokenReader"]

BEGIN, END = -3, -4  # nothing read yet; a stop token read
MAX_KEPT = 2**22  # configurations and tokens of kept outcomes, before all are forgotten
_SPACE = 0x20


@dataclass(frozen=True, eq=False)
class Outcome:
    """`tokens` (ascending ids) lead to `configuration`; None stands for all tokens of the class."""

    configuration: int
    tokens: NDArray[np.int64] | None


class TokenReader:
    """Configurations after tokens, stop and pad rules included. Not to be used by two threads at a time."""

    def __init__(self, network: Network, vocabulary: Vocabulary, arrays: AutomatonArrays) -> None:
        self._network, self._vocabulary = network, vocabulary
        self._symbols = network.byte_class[vocabulary.data]
        self._class_ptr, self._class_tokens = arrays.class_ptr.numpy(), arrays.class_tokens.numpy()
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
            tokens = self._class_tokens[self._class_ptr[token_class] : self._class_ptr[token_class + 1]]
            self._kept[key] = self._outcomes(configuration, tokens.astype(np.int64))
            self._size += 16 + sum(len(found.tokens) for found in self._kept[key] if found.tokens is not None)
        return self._kept[key]

    def _outcomes(self, configuration: int, tokens: NDArray[np.int64]) -> tuple[Outcome, ...]:
        after = self._after_all(configuration, tokens)
        if (after == after[0]).all():
            return () if after[0] == DEAD else (Outcome(int(after[0]), None),)
        order = np.argsort(after, kind="stable")
        borders = np.flatnonzero(np.diff(after[order])) + 1
        parts = np.split(tokens[order], borders)
        following = after[order][np.append(0, borders)].tolist()
        return tuple(Outcome(c, part) for c, part in zip(following, parts, strict=True) if c != DEAD)

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
