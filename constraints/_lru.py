"""A small cache, least recently used out first, safe to share between threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["LruCache"]

_K = TypeVar("_K")
_V = TypeVar("_V")


class LruCache(Generic[_K, _V]):
    """At most `size` entries, of at most `total` weight together unless it is one alone."""

    def __init__(self, size: int, total: float = float("inf"), weigh: Callable[[_V], float] = lambda _: 0) -> None:
        self._size = size
        self._total = total
        self._weigh = weigh
        self._weight = 0.0  # of all entries
        self._lock = threading.Lock()
        self._entries: OrderedDict[_K, _V] = OrderedDict()

    def get(self, key: _K) -> _V | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._weight = 0.0

    def put(self, key: _K, value: _V) -> None:
        with self._lock:
            if key in self._entries:
                self._weight -= self._weigh(self._entries.pop(key))
            self._entries[key] = value
            self._weight += self._weigh(value)
            while len(self._entries) > self._size or (self._weight > self._total and len(self._entries) > 1):
                self._weight -= self._weigh(self._entries.popitem(last=False)[1])
