"""A limit of time for one compilation, which kernels see too: a flag in an array that a timer raises."""

from __future__ import annotations

import threading
from contextvars import ContextVar, Token
from types import TracebackType

import numpy as np

from ._errors import BudgetExceeded

__all__ = ["MAX_SECONDS", "READ_SECONDS", "Deadline"]

MAX_SECONDS = 3.5  # to compile a language; a schema is read before, in READ_SECONDS: 5 s together
READ_SECONDS = 1.5


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class Deadline:
    """Counts from `with` on, and is the current one of the thread until its end. `seconds=None` is no limit.

    Attributes:
        passed: bool (1,), whether the time is over; kernels read it between their steps, and give up.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.passed = np.zeros(1, dtype=np.bool_)
        self._token: Token[Deadline | None] | None = None
        self._timer = None if seconds is None else threading.Timer(max(seconds, 0.0), self._pass)

    def _pass(self) -> None:
        self.passed[0] = True

    @staticmethod
    def current() -> Deadline | None:
        """The deadline of the `with` around."""
        return _current.get()

    def __enter__(self) -> Deadline:
        self._token = _current.set(self)
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if self._timer is not None:
            self._timer.cancel()

    def check(self, doing: str) -> None:
        """Raise BudgetExceeded if the time is over, naming what was being done."""
        if self.passed[0]:
            raise BudgetExceeded(
                f"compiling the language took more than {self.seconds:g} s ({doing}); "
                "make it smaller, or raise max_seconds"
            )
