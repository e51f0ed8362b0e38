"""Code-point ranges as sequences of byte ranges.

UTF-8 keeps the order of code points, so a range of code points is a short union of sequences of byte ranges. This
module knows the encoding and nothing of automata.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["ByteRanges", "utf8_sequences"]

ByteRanges = tuple[tuple[int, int], ...]

_LENGTH_LIMITS = (0x7F, 0x7FF, 0xFFFF, 0x10FFFF)  # largest code point of 1, 2, 3, 4 bytes


@lru_cache(maxsize=4096)
def utf8_sequences(low: int, high: int) -> tuple[ByteRanges, ...]:
    """The byte-range sequences that spell exactly the code points `low` to `high` (inclusive, no surrogates)."""
    sequences: list[ByteRanges] = []
    pending = [(low, high)]
    while pending:
        low, high = pending.pop()
        cut = _cut(low, high)
        if cut is not None:
            pending += [(cut + 1, high), (low, cut)]
            continue
        pairs = zip(chr(low).encode(), chr(high).encode(), strict=True)
        sequences.append(tuple(pairs))
    return tuple(sequences)


def _cut(low: int, high: int) -> int | None:
    """Where the range must be cut so that each part is one product of byte ranges; None if it is one already."""
    for limit in _LENGTH_LIMITS:
        if low <= limit < high:
            return limit
    if high <= _LENGTH_LIMITS[0]:
        return None
    for bits in (6, 12, 18):  # continuation bytes carry six bits each
        mask = (1 << bits) - 1
        if low & ~mask != high & ~mask:
            if low & mask:
                return low | mask
            if high & mask != mask:
                return (high & ~mask) - 1
    return None
