r"""The written texts whose reading, after JSON's escapes are resolved, is in a language: `in_any_spelling`.

`in_plain_spelling` are those of them in which `\uXXXX` spells control characters alone, which JSON takes in no other
way. What is read has such a spelling too, and the automaton is many times smaller.

A written text is read from left to right, the same whether it stands in a JSON string or not:

* `\uXXXX`, in digits of either case, is the code point; two that make a surrogate pair are one code point, and a
  surrogate alone reads as U+FFFD;
* `\" \\ \/ \b \f \n \r \t` are what JSON says;
* a backslash before anything else, and every other character, stands for itself.

So within JSON strings the reading is the decoded value, and what stands between strings reads as it is written.

The reading is a machine from bytes to bytes (`_machine`, a few hundred steps, no language in it). It writes the UTF-8
of an escape as soon as it is certain: after `\u006` the decoded byte is one of sixteen, and three-byte characters have
their first byte after one digit. The preimage of an automaton is then one product (`spelled_nfa`): the machine's step
by a written byte, and the automaton's steps by what it writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._dfa import Dfa, as_fragment
from ._json_literal import SHORT
from ._nfa import Edges, Nfa
from ._terms import Spelled

if TYPE_CHECKING:
    from ._language import Language

__all__ = ["in_any_spelling", "in_plain_spelling", "spelled_nfa"]

_BACKSLASH = 0x5C
_HEX = [(f"{digit:x}", digit) for digit in range(16)] + [(f"{digit:X}", digit) for digit in range(10, 16)]
_OTHERS = frozenset(range(256)) - {_BACKSLASH}
_UNESCAPED = _OTHERS - {letter[0] for letter in SHORT.values()} - {ord("u")}
_NO_DIGIT = _OTHERS - {ord(letter) for letter, _ in _HEX}
_ALONE = "\ufffd".encode()

_Key = tuple[object, ...]


def in_any_spelling(language: Language) -> Language:
    r"""The written texts that read as a text of the language once JSON's escapes are resolved, wherever they stand.

    `~(bomb | in_any_spelling(bomb))`, with `bomb = Contains("bomb")`, bars the word as it stands and as `\u0062omb`.

    Args:
        language: of what is read; exact, without markers of borders.

    Raises:
        ValueError: for a language that is verified or has borders.
    """
    return _spelled(language, "in_any_spelling", needless=True)


def in_plain_spelling(language: Language) -> Language:
    """`in_any_spelling`, of the texts without needless escapes alone; the same arguments and errors."""
    return _spelled(language, "in_plain_spelling", needless=False)


def _spelled(language: Language, name: str, *, needless: bool) -> Language:
    if language.verify is not None or language.borders:
        raise ValueError(f"{name} needs an exact language without borders: pass the language of its automaton")
    from ._language import Language  # it compiles terms, for which this module is needed

    return Language(Spelled(language.term, needless))


@dataclass
class _Machine:
    """Steps from state to state; what is written out on the way.

    Attributes:
        needless: whether it reads escapes that nobody needs.
        number: of each state.
        steps: (state, written bytes that lead on, bytes put out before, whether the byte itself is put out, state).
        finals: (state, bytes put out at the end of the text).
    """

    needless: bool
    number: dict[_Key, int] = field(default_factory=dict)
    steps: list[tuple[int, frozenset[int], bytes, bool, int]] = field(default_factory=list)
    finals: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def escapes(self) -> tuple[int, ...]:
        """The states behind a backslash."""
        return tuple(self.number[(*home, "\\")] for home in (_TEXT, _HIGH))

    def state(self, key: _Key) -> int:
        return self.number.setdefault(key, len(self.number))

    def step(self, key: _Key, written: frozenset[int] | str, put: bytes, to: _Key, *, copied: bool = False) -> None:
        members = frozenset(written.encode()) if isinstance(written, str) else written
        self.steps.append((self.state(key), members, put, copied, self.state(to)))

    def final(self, key: _Key, put: bytes = b"") -> None:
        self.finals.append((self.state(key), put))


_TEXT: _Key = ("text",)
_HIGH: _Key = ("after a high surrogate",)


@cache
def _machine(needless: bool) -> _Machine:
    """The reading of texts; state 0 is the start. It may branch, but reads every text in one way only, or not at all:
    one with needless escapes, unless they are wanted."""
    machine = _Machine(needless)
    for home in (_TEXT, _HIGH):
        _add_home(machine, home)
    _add_failed(machine)
    _add_astral(machine)
    return machine


def _add_home(machine: _Machine, home: _Key) -> None:
    """Between two characters. Behind a high surrogate that stands alone, no low one may follow."""
    escape, digits = (*home, "\\"), (*home, "u")
    machine.final(home)
    machine.step(home, _OTHERS, b"", _TEXT, copied=True)
    machine.step(home, "\\", b"", escape)
    machine.final(escape, b"\\")
    for byte, short in SHORT.items():
        machine.step(escape, frozenset(short), bytes([byte]), _TEXT)
    machine.step(escape, _UNESCAPED, b"\\", _TEXT, copied=True)
    machine.step(escape, "u", b"", digits)
    machine.step(escape, "u", b"\\u", ("failed", 0))
    _add_digits(machine, digits, 0, 0x10000)
    if machine.needless:
        _add_surrogates(machine, home, digits)


def _add_surrogates(machine: _Machine, home: _Key, digits: _Key) -> None:
    """The first of two surrogates, and one that stands alone; behind a high one, `\\uDC00` … is no other character."""
    odd = (*home, "d")
    machine.step(digits, "dD", b"", odd)
    for letter, digit in _HEX:
        if digit in range(8, 12):
            low = 0x10000 + ((digit - 8) << 18)
            machine.step(odd, letter, _certain(low, 1 << 18), _pair(0, low, 1 << 18))
            machine.step(odd, letter, b"", ("alone", 0, "high"))
        elif digit >= 12 and home == _TEXT:
            machine.step(odd, letter, b"", ("alone", 0, "low"))
    for kind, after in (("high", _HIGH), ("low", _TEXT)):
        machine.step(("alone", 0, kind), _digits(), b"", ("alone", 1, kind))
        machine.step(("alone", 1, kind), _digits(), _ALONE, after)


def _digits() -> str:
    return "".join(letter for letter, _ in _HEX)


def _certain(low: int, size: int) -> bytes:
    """The bytes that the code points `low` … `low + size − 1` have in common at their beginning."""
    first, last = (chr(point).encode("utf-8", "surrogatepass") for point in (low, low + size - 1))
    if len(first) != len(last):
        return b""
    return first[: next((place for place in range(len(first)) if first[place] != last[place]), len(first))]


def _rest(low: int, size: int) -> bytes:
    """What is open of the first code point: with the number of open digits, it says how the others are written."""
    return chr(low).encode("utf-8", "surrogatepass")[len(_certain(low, size)) :]


def _add_digits(machine: _Machine, key: _Key, low: int, size: int) -> None:
    """The four digits of a code point that is no surrogate; `low`, `size`: those that are left to choose from."""
    known = len(_certain(low, size))
    for letter, digit in _HEX:
        share = size // 16
        first = low + digit * share
        if not machine.needless and first >= 0x20:
            continue
        clipped = 0x800 if (first, share) == (0xD000, 0x1000) else share  # the rest of that block are surrogates
        put = _certain(first, clipped)[known:]
        to = _TEXT if share == 1 else ("digits", share, clipped == 0x800, _rest(first, clipped))
        new = to not in machine.number
        machine.step(key, letter, put, to)
        if new:
            _add_digits_behind(machine, to, first, share, clipped)


def _add_digits_behind(machine: _Machine, key: _Key, low: int, share: int, clipped: int) -> None:
    if share == clipped:
        _add_digits(machine, key, low, share)
        return
    known = len(_certain(low, clipped))
    for letter, digit in _HEX[:8]:
        first = low + digit * 0x100
        to = ("digits", 0x100, False, _rest(first, 0x100))
        new = to not in machine.number
        machine.step(key, letter, _certain(first, 0x100)[known:], to)
        if new:
            _add_digits(machine, to, first, 0x100)


def _pair(place: int, low: int, size: int) -> _Key:
    return _TEXT if size == 1 else ("pair", place, _rest(low, size))


_PAIR = (16, 16, "\\", "u", "dD", 4, 16, 16)  # what follows `\uD8`: digits with that many values, or letters


def _add_astral(machine: _Machine) -> None:
    """The code points beyond U+FFFF: two surrogates of ten bits each, the first two bits being known."""
    pending = [(0, 0x10000 + (bits << 18), 1 << 18) for bits in range(4)]
    seen = set()
    while pending:
        place, low, size = pending.pop()
        key = _pair(place, low, size)
        if size == 1 or key in seen:
            continue
        seen.add(key)
        choice = _PAIR[place]
        if isinstance(choice, str):
            machine.step(key, choice, b"", _pair(place + 1, low, size))
            pending.append((place + 1, low, size))
            continue
        share, known = size // choice, len(_certain(low, size))
        for letter, digit in _HEX:
            value = digit if choice == 16 else digit - 12
            if value >= 0:
                first = low + value * share
                machine.step(key, letter, _certain(first, share)[known:], _pair(place + 1, first, share))
                pending.append((place + 1, first, share))


def _add_failed(machine: _Machine) -> None:
    r"""Behind `\u` and less than four digits: they stand for themselves, if no further digit follows."""
    for count in range(4):
        key = ("failed", count)
        machine.final(key)
        machine.step(key, _NO_DIGIT, b"", _TEXT, copied=True)
        machine.step(key, "\\", b"", (*_TEXT, "\\"))
        if count < 3:
            machine.step(key, _digits(), b"", ("failed", count + 1), copied=True)


Block = NDArray[np.int32]  # (4, n): source, low, high, target


def spelled_nfa(read: Dfa, *, needless: bool = True) -> Nfa:
    """The automaton of the written texts that read as a text of `read`; see `Spelled` for `needless`."""
    machine, size = _machine(needless), read.num_states
    edges = as_fragment(read).edges
    by_source = np.append(np.searchsorted(edges.source, np.arange(size)), len(edges.source))
    alike = _alike(machine, read)
    reached = _reached(machine, read, alike)
    blocks = [np.empty((4, 0), np.int32)]
    for source, written, put, copied, target in machine.steps:
        after = _after(read, put)
        live = np.flatnonzero(reached[source] & (after >= 0))
        ranges = _ranges(written)
        if copied:
            blocks += _copied(edges, by_source, after, live, ranges, source * size, target * size)
        else:
            columns = np.broadcast_arrays(source * size + live[:, None], *np.array(ranges).T[:, None, :])
            following = (alike[after] if target in machine.escapes else after)[live]
            leads = np.broadcast_to(target * size + following[:, None], columns[0].shape)
            blocks.append(np.stack([*columns, leads]).reshape(4, -1).astype(np.int32))
    return _numbered(machine, read, np.concatenate(blocks, axis=1))


def _numbered(machine: _Machine, read: Dfa, edges: Block) -> Nfa:
    """The automaton with those states only that edges touch; before, a state is `machine's * S + automaton's`."""
    size = read.num_states
    start = machine.number[_TEXT] * size + read.start
    ends = [np.empty(0, np.int64)]
    for state, put in machine.finals:
        after = _after(read, put)
        ends.append(state * size + np.flatnonzero((after >= 0) & read.accepting[after]))
    accepting = np.concatenate(ends)
    used = np.unique(np.concatenate([edges[0], edges[3], [start]]))
    accepting = np.intersect1d(accepting, used)
    source, target, last = (np.searchsorted(used, states).astype(np.int32) for states in (*edges[::3], accepting))
    end = len(used)
    empty = (last, np.full(len(last), end, np.int32))
    return Nfa(end + 1, int(np.searchsorted(used, start)), end, Edges(source, edges[1], edges[2], target), empty)


def _within(read: Dfa) -> NDArray[np.bool_]:
    """(S,) the states within a character."""
    return np.asarray((read.table[:, np.unique(read.byte_class[0x80:0xC0])] >= 0).any(axis=1))


def _alike(machine: _Machine, read: Dfa) -> NDArray[np.integer]:
    """(S,) for each state the first of those that differ in no byte that an escape begins with: one does for all."""
    states = np.flatnonzero(~_within(read))
    written = [put for _, _, put, _, _ in machine.steps] + [put for _, put in machine.finals]
    first = sorted({put[0] for put in written if put})
    rows = read.table[states][:, np.unique(read.byte_class[first])]
    _, index, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    alike = np.arange(read.num_states)
    alike[states] = states[index[inverse.reshape(-1)]]
    return alike


def _reached(machine: _Machine, read: Dfa, alike: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(P, S) the automaton's states at which the machine's states can be: escapes begin between two characters."""
    within = _within(read)
    reached = np.zeros((len(machine.number), read.num_states), dtype=np.bool_)
    reached[machine.number[_TEXT]] = True
    pending = {machine.number[_TEXT]}
    while pending:
        here = pending.pop()
        for source, written, put, copied, target in machine.steps:
            if source != here or target == machine.number[_TEXT]:
                continue
            states = _after(read, put)[reached[source] & ~(within if target in machine.escapes else np.False_)]
            states = alike[states] if target in machine.escapes else states
            states = _through(read, states, written) if copied else states[states >= 0]
            if not reached[target, states].all():
                reached[target, states] = True
                pending.add(target)
    return reached


def _through(read: Dfa, states: NDArray[np.int32], members: frozenset[int]) -> NDArray[np.int32]:
    """The states behind one of these bytes."""
    classes = np.unique(read.byte_class[sorted(members)])
    following = np.unique(read.table[states[states >= 0]][:, classes])
    return following[following >= 0].astype(np.int32)


def _after(read: Dfa, put: bytes) -> NDArray[np.int32]:
    """(S,) the states after these bytes; −1 where there is no way on."""
    state = np.arange(read.num_states, dtype=np.int32)
    for byte in put:
        state = np.where(state >= 0, read.table[state, read.byte_class[byte]], -1).astype(np.int32)
    return state


def _ranges(members: frozenset[int]) -> list[tuple[int, int]]:
    """The members as inclusive ranges."""
    ranges: list[tuple[int, int]] = []
    for byte in sorted(members):
        ranges[-1:] = [(ranges[-1][0], byte)] if ranges and ranges[-1][1] == byte - 1 else [*ranges[-1:], (byte, byte)]
    return ranges


def _copied(
    edges: Edges,
    by_source: NDArray[np.integer],
    after: NDArray[np.int32],
    live: NDArray[np.integer],
    ranges: list[tuple[int, int]],
    source: int,
    target: int,
) -> list[Block]:
    """The steps by bytes that are put out as they are: the automaton's own edges at `after`, cut to the ranges."""
    first, last = by_source[after[live]], by_source[after[live] + 1]
    count = last - first
    index = np.repeat(first - np.append(0, np.cumsum(count))[:-1], count) + np.arange(count.sum())
    sources = source + np.repeat(live, count)
    blocks = []
    for low, high in ranges:
        cut_low, cut_high = np.maximum(edges.low[index], low), np.minimum(edges.high[index], high)
        kept = cut_low <= cut_high
        columns = (sources[kept], cut_low[kept], cut_high[kept], target + edges.target[index][kept])
        blocks.append(np.stack(columns).astype(np.int32))
    return blocks
