"""Runs one function over many tasks in processes of their own, each task under a hard limit of time and memory.

A task that overruns, crashes its process or raises is a `Fault` with a name; the others go on. Knows no schemas.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

__all__ = ["Fault", "Limits", "peak_megabytes", "run", "start_peak"]

_PATIENCE = 300.0  # seconds that a process may take to get ready


@dataclass(frozen=True)
class Fault:
    """What became of a task without a result."""

    kind: str  # "overrun", "crash" or "error"
    detail: str


@dataclass(frozen=True)
class Limits:
    """Of one task: seconds of wall clock, and gibibytes of address space of its process (0: no limit)."""

    seconds: float = 60.0
    gibibytes: float = 8.0


class _Worker:
    def __init__(self, setup: Callable[[], Callable[[Any], Any]], limits: Limits) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, setup, limits.gibibytes), daemon=True)
        self.process.start()
        theirs.close()
        self.task: int | None = None
        self.deadline = time.monotonic() + _PATIENCE
        self.ready = False

    def give(self, place: int, task: Any, seconds: float) -> None:
        self.task, self.deadline = place, time.monotonic() + seconds
        self.pipe.send(task)

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, setup: Callable[[], Callable[[Any], Any]], gibibytes: float) -> None:
    work = setup()
    if gibibytes:
        limit = int(gibibytes * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    pipe.send(None)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            result = work(task)
        except Exception as error:  # whatever a task raises is its result
            result = Fault("error", f"{type(error).__name__}: {error}"[:300])
        pipe.send(result)


def run(
    setup: Callable[[], Callable[[Any], Any]], tasks: Sequence[Any], *, workers: int, limits: Limits
) -> Iterator[tuple[int, Any]]:
    """(place of the task, its result or a `Fault`), as they come in.

    Args:
        setup: called once in each process, gives the function that does a task; has to be picklable.
        tasks: picklable.
        workers: processes.
        limits: of one task; a process that overruns is killed.
    """
    waiting = list(reversed(range(len(tasks))))
    crew = [_Worker(setup, limits) for _ in range(min(workers, len(tasks)))]
    try:
        while crew:
            next_deadline = min(worker.deadline for worker in crew)
            talking = wait([worker.pipe for worker in crew], max(0.0, next_deadline - time.monotonic()))
            for worker in list(crew):
                outcome = _outcome(worker, worker.pipe in talking)
                if outcome is _STILL_AT_WORK:
                    continue
                if worker.task is not None:
                    yield worker.task, outcome
                elif isinstance(outcome, Fault):
                    raise RuntimeError(f"a process could not be set up: {outcome.detail}")
                if isinstance(outcome, Fault) and outcome.kind != "error":
                    worker.stop()
                    crew.remove(worker)
                    if waiting:
                        crew.append(_Worker(setup, limits))
                elif waiting:
                    place = waiting.pop()
                    worker.give(place, tasks[place], limits.seconds)
                else:
                    worker.stop()
                    crew.remove(worker)
    finally:
        for worker in crew:
            worker.stop()


_STILL_AT_WORK = object()


def _outcome(worker: _Worker, talks: bool) -> Any:
    """What a worker sends; a fault if it died or is late."""
    if talks:
        try:
            return worker.pipe.recv()
        except (EOFError, ConnectionError):
            worker.process.join()
            return Fault("crash", f"the process ended with {worker.process.exitcode}")
    if time.monotonic() >= worker.deadline:
        return Fault("overrun", "not done in time")
    return _STILL_AT_WORK


def start_peak() -> None:
    """Count the peak of this process's memory from here on, where the system can (Linux)."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak_megabytes() -> float:
    """Peak of the resident memory since `start_peak`; of the whole life of the process where that is not known."""
    try:
        with open("/proc/self/status") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
