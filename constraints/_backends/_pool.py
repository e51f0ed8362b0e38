"""One thread pool for kernels that release the interpreter lock.

Kernels write to disjoint slices of tensors that belong to one call, so concurrent calls may share the pool. A pool
of our own replaces Numba's threading layers, of which the one that is always there is not safe under concurrent calls.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

_WORTHWHILE = 1 << 23  # elements, about ten milliseconds: longer than torch's threads spin after a pass

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_size = 0


def workers() -> int:
    """Threads that one call may use: torch's own setting."""
    return max(1, torch.get_num_threads())


def run(tasks: Sequence[Callable[[], None]], work: int) -> None:
    """Carry out all tasks, on several threads where that is worth it; raises the first error in task order.

    Handing over costs little, but torch's own threads keep spinning for a while after the model's pass, and a small
    query that waits for a processor is slower than one that stays where it is.

    Args:
        tasks: independent of each other.
        work: what they cost together, in elements that a kernel visits (about a nanosecond each).
    """
    if len(tasks) == 1 or workers() == 1 or work < _WORTHWHILE:
        for task in tasks:
            task()
        return
    futures = [_executor().submit(task) for task in tasks[1:]]
    try:
        tasks[0]()
    finally:
        for future in futures:
            future.exception()  # wait for all: they write to tensors of this call
    for future in futures:
        future.result()


def _executor() -> ThreadPoolExecutor:
    global _pool, _size
    with _lock:
        if _pool is None or _size < workers():
            _size = workers()
            _pool = ThreadPoolExecutor(_size, thread_name_prefix="controlgen-kernel")
        return _pool


def _forget() -> None:
    """A forked child has the pool object but not its threads."""
    global _pool, _lock
    _pool = None
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget)
