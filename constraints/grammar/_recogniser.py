"""Does a text that is read byte by byte still have a future in the grammar? Exactly, for the whole language.

A *configuration* is what the text so far leaves open: a set of items (state of the network, activation). An activation
is a rule that was called at some place, with all its callers at that place: a node of a graph-structured stack (Tomita
1987; Scott & Johnstone 2010, "GLL parsing"). All calls of a rule at one place share one activation, so recursion on the
left, hidden or not, is a circle among the activations of that place and needs no special care; rules that derive the
empty text are stepped over (Aycock & Horspool 2002, "Practical Earley parsing").

Configurations and activations are numbered by what they are, not by where they came from: two texts that leave the same
open have the same number, and each step (configuration, byte class) is taken once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._network import Network

__all__ = ["DEAD", "UNKNOWN", "Recogniser", "TextReader"]

DEAD, UNKNOWN = -1, -2
MAX_KEPT = 2**17  # configurations that a reader of texts keeps from text to text
_BOTTOM = 0  # the activation of the text itself

Item = tuple[int, int]  # state, activation
_Callers = frozenset[tuple[int, int, int]]  # (rule, state behind the call, older activation)


@dataclass(frozen=True, eq=False)
class _Closed:
    """A configuration with what follows from it before the next byte."""

    scanning: tuple[Item, ...]
    states: tuple[int, ...]  # of the items, ascending
    accepts: bool


class Recogniser:
    """Configurations by number; 0 is that of the empty text. Not to be used by two threads at a time.

    Attributes:
        table: int32 (≥ number of configurations, K), the next configuration, DEAD or UNKNOWN.
        accepting: whether each configuration's text is a member.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.table: NDArray[np.int32] = np.full((64, network.table.shape[1]), UNKNOWN, np.int32)
        self.accepting: list[bool] = []
        self._numbers: dict[frozenset[Item], int] = {}
        self._closed: list[_Closed] = []
        self._activations: dict[tuple[int, _Callers], int] = {(0, frozenset()): _BOTTOM}
        self._behind: list[frozenset[Item]] = [frozenset()]  # per activation (state behind, the caller's activation)
        self._number(frozenset([(network.start[0], _BOTTOM)]))

    def __len__(self) -> int:
        return len(self._closed)

    def step(self, configuration: int, symbol: int) -> int:
        """The configuration after a byte of this class."""
        known = int(self.table[configuration, symbol])
        if known != UNKNOWN:
            return known
        table = self.network.table
        items = ((int(table[state, symbol]), node) for state, node in self._closed[configuration].scanning)
        kernel = frozenset(item for item in items if item[0] >= 0)
        number = self._number(kernel) if kernel else DEAD
        self.table[configuration, symbol] = number
        return number

    def run(self, configuration: int, data: bytes) -> int:
        """The configuration after some bytes."""
        for symbol in self.network.byte_class[np.frombuffer(data, np.uint8)].tolist():
            if configuration == DEAD:
                break
            configuration = self.step(configuration, symbol)
        return configuration

    def states(self, configuration: int) -> tuple[int, ...]:
        """The states of the network that may read the next byte, ascending."""
        return self._closed[configuration].states

    def run_all(
        self, configuration: int, begin: NDArray[np.int64], end: NDArray[np.int64], symbols: NDArray[np.uint8]
    ) -> NDArray[np.int32]:
        """The configurations after each of several texts: text j has the byte classes `symbols[begin[j]:end[j]]`."""
        at = np.full(len(begin), configuration, np.int32)
        place = begin.copy()
        while len(missing := _run(self.table, end, symbols, at, place)):
            for before, symbol in missing.tolist():
                self.step(before, symbol)
        return at

    # -- closure ------------------------------------------------------------------------------------------------

    def _number(self, kernel: frozenset[Item]) -> int:
        known = self._numbers.get(kernel)
        if known is None:
            known = self._numbers[kernel] = len(self._closed)
            closed = self._close(kernel)
            self._closed.append(closed)
            self.accepting.append(closed.accepts)
            if known >= len(self.table):
                self.table = np.concatenate([self.table, np.full_like(self.table, UNKNOWN)])
        return known

    def _close(self, kernel: frozenset[Item]) -> _Closed:
        network = self.network
        items, pending = set(kernel), list(kernel)
        callers: dict[int, set[Item]] = {}  # per rule that is called here
        while pending:
            state, node = pending.pop()
            following = list(self._behind[node]) if network.accepting[state] else []
            for rule, behind in network.calls[state]:
                callers.setdefault(rule, set()).add((behind, node))
                if rule in network.nullable:
                    following.append((behind, node))
            new = [item for item in following if item not in items]
            items.update(new)
            pending += new
        accepts = any(node == _BOTTOM and bool(network.accepting[state]) for state, node in items)
        active = self._activate(callers)
        entered = {(state, node) for rule, node in active.items() for state in network.opening[rule]}
        scanning = tuple(sorted(items | entered))
        return _Closed(scanning, tuple(sorted({state for state, _ in scanning})), accepts)

    def _activate(self, callers: dict[int, set[Item]]) -> dict[int, int]:
        """The activations of all rules that are called here, at once or by each other before reading anything."""
        inner: dict[int, set[tuple[int, int]]] = {rule: set() for rule in callers}  # rule → (behind, calling rule)
        pending = list(callers)
        while pending:
            calling = pending.pop()
            for state in self.network.opening[calling]:
                for rule, behind in self.network.calls[state]:
                    if rule not in inner:
                        inner[rule] = set()
                        pending.append(rule)
                    inner[rule].add((behind, calling))
        keys = {rule: (rule, self._callers_above(rule, inner, callers)) for rule in inner}
        fresh = [rule for rule, key in keys.items() if key not in self._activations]
        for rule in fresh:
            self._activations[keys[rule]] = len(self._activations)
        active = {rule: self._activations[key] for rule, key in keys.items()}
        for rule in fresh:
            inside = {(behind, active[calling]) for behind, calling in inner[rule]}
            self._behind.append(frozenset(callers.get(rule, set()) | inside))
        return active

    @staticmethod
    def _callers_above(rule: int, inner: dict[int, set[tuple[int, int]]], callers: dict[int, set[Item]]) -> _Callers:
        """All calls from older activations through which the rule was come to: they say what the activation is."""
        seen, pending = {rule}, [rule]
        while pending:
            for _, calling in inner[pending.pop()]:
                if calling not in seen:
                    seen.add(calling)
                    pending.append(calling)
        return frozenset((above, behind, node) for above in seen for behind, node in callers.get(above, ()))


class TextReader:
    """Membership of whole texts; what it learns from one helps with the next. Safe to share between threads."""

    def __init__(self, network: Network) -> None:
        self._recogniser = Recogniser(network)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[TextReader], tuple[Network]]:
        return TextReader, (self._recogniser.network,)  # without the lock

    def matches(self, data: bytes) -> bool:
        """Whether the text is in the language of the network."""
        with self._lock:
            if len(self._recogniser) > MAX_KEPT:
                self._recogniser = Recogniser(self._recogniser.network)
            reached = self._recogniser.run(0, data)
            return reached != DEAD and self._recogniser.accepting[reached]


@njit(cache=True, nogil=True)
def _run(  # type: ignore[no-untyped-def]  # Numba infers the types from its arguments
    table, end, symbols, at, place
):
    """Go on with every text from where it is; the unknown steps (configuration, class) that stopped some, each once."""
    count = 0
    missing = np.empty((end.shape[0], 2), np.int32)
    asked = {(np.int32(-1), np.int32(-1))}
    for j in range(end.shape[0]):
        while at[j] >= 0 and place[j] < end[j]:
            symbol = np.int32(symbols[place[j]])
            following = table[at[j], symbol]
            if following == -2:
                key = (at[j], symbol)
                if key not in asked:
                    asked.add(key)
                    missing[count, 0], missing[count, 1] = key
                    count += 1
                break
            at[j] = following
            place[j] += 1
    return missing[:count]
