"""Processes that make examples and tokenise them, and send them over in chunks.

Start them before torch is imported: they are forked, and neither torch nor CUDA may have been touched by
then.
Knows the two example streams (`data`, and `real` where it is there) and the tokenizer. Knows nothing of
batches.
"""

from __future__ import annotations

import importlib
import itertools
import json
import multiprocessing
import os
import queue
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from batches import Sample
from tokenizers import Tokenizer

from controlgen._prompt import prompt_text

Stream = Callable[[int, str], Iterator[Any]]


def record_text(record: Any) -> str:
    """The record as the model writes it: compact JSON in the record's own key order."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def streams(names: list[str]) -> list[Stream]:
    """The example streams of the named packages: `examples(seed, split)`, or `training_examples(seed)`.

    A package with the latter only has no test half: its "test" examples are other draws from the same
    documents.
    """
    found: list[Stream] = []
    for name in names:
        module = importlib.import_module(name)
        found.append(
            module.examples if hasattr(module, "examples") else _other_draws(module.training_examples)
        )
    return found


def _other_draws(training_examples: Callable[[int], Iterator[Any]]) -> Stream:
    return lambda seed, split: training_examples(seed if split == "train" else -1 - seed)


def usable(names: list[str], shares: list[float]) -> tuple[list[str], list[float]]:
    """The sources that give an example here and now; the others are named and left out.

    Asking once before the workers are forked also lets them share what the packages load. RuntimeError if
    none works.
    """
    kept: list[tuple[str, float]] = []
    for name, share in zip(names, shares, strict=True):
        try:
            next(streams([name])[0](0, "train"))
            kept.append((name, share))
        except Exception as error:  # the run goes on with the rest, and says so
            print(f"WARNING: source {name} is left out: {type(error).__name__}: {error}", flush=True)
    if not kept:
        raise RuntimeError(f"none of the sources {names} gives examples")
    return [name for name, _ in kept], [share for _, share in kept]


def tokenise(tokenizer: Tokenizer, example: Any) -> Sample:
    prompt = tokenizer.encode(prompt_text(example.schema, example.text), add_special_tokens=False).ids
    record = tokenizer.encode(record_text(example.record), add_special_tokens=False).ids
    return Sample(np.array(prompt, np.uint16), np.array(record, np.uint16))


def mixed(sources: list[Stream], shares: list[float], seed: int, split: str) -> Iterator[Any]:
    """Examples of all sources in random order, in proportion to their shares."""
    rng = np.random.default_rng(seed)
    iterators = [source(seed, split) for source in sources]
    edges = np.cumsum(shares) / sum(shares)
    while True:
        index = int(np.searchsorted(edges, rng.random(), side="right"))
        try:
            yield next(iterators[index])
        except StopIteration:  # a finite source begins again with another seed
            iterators[index] = sources[index](int(rng.integers(1 << 31)), split)
            yield next(iterators[index])


class Producers:
    """A pool of worker processes behind one queue."""

    def __init__(
        self,
        tokenizer: Path,
        names: list[str],
        shares: list[float],
        *,
        workers: int,
        seed: int,
        max_prompt: int,
        max_canvas: int,
        chunk: int = 64,
    ) -> None:
        context = multiprocessing.get_context("fork")
        self.queue: Any = context.Queue(maxsize=4 * workers)
        self.too_long = 0
        self.received = 0
        self.failures: list[str] = []
        self.processes: list[BaseProcess] = []
        for worker in range(workers):
            arguments = (
                self.queue, tokenizer, names, shares, seed * 100_003 + worker, max_prompt, max_canvas, chunk,
            )  # fmt: skip
            process = context.Process(target=_produce, args=arguments, daemon=True)
            process.start()
            self.processes.append(process)

    def take(self, seconds: float) -> list[Sample]:
        """One chunk, or an empty list if none comes in time. RuntimeError once all workers have failed."""
        try:
            message = self.queue.get(timeout=seconds)
        except queue.Empty:
            if not any(process.is_alive() for process in self.processes):
                raise RuntimeError("all example workers have ended:\n" + "\n".join(self.failures)) from None
            return []
        if isinstance(message, str):
            self.failures.append(message)
            print(f"example worker: {message}", flush=True)
            return []
        flat, lengths, too_long = message
        self.too_long += too_long
        samples = [Sample(*pair) for pair in zip(*_split(flat, lengths), strict=True)]
        self.received += len(samples)
        return samples

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join(timeout=2.0)


def _split(flat: Any, lengths: Any) -> tuple[list[Any], list[Any]]:
    parts = np.split(flat, np.cumsum(lengths)[:-1])
    return parts[0::2], parts[1::2]


def _produce(
    out: Any,
    tokenizer_path: Path,
    names: list[str],
    shares: list[float],
    seed: int,
    max_prompt: int,
    max_canvas: int,
    chunk: int,
) -> None:
    """A worker's life: endless chunks of tokenised training examples; a failing stream is begun anew."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = os.getppid()
    out.cancel_join_thread()
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    barren = 0  # attempts in a row that gave nothing
    for attempt in itertools.count():
        source = mixed(streams(names), shares, seed + 7_919_000 * attempt, "train")
        try:
            for message in _chunks(source, tokenizer, max_prompt, max_canvas, chunk):
                barren = 0
                if not _put(out, message, parent):
                    return
        except Exception:  # one bad example must not end the run; the parent prints what happened
            barren += 1
            told = f"seed {seed}, attempt {attempt}: {traceback.format_exc(limit=-4)}"
            if (attempt < 3 or barren == 20) and not _put(out, told, parent):
                return
            if barren == 20:
                return


def _chunks(
    examples: Iterator[Any], tokenizer: Tokenizer, max_prompt: int, max_canvas: int, size: int
) -> Iterator[tuple[Any, Any, int]]:
    parts: list[Any] = []
    too_long = 0
    for example in examples:
        sample = tokenise(tokenizer, example)
        if len(sample.prompt) > max_prompt or len(sample.record) + 1 > max_canvas:
            too_long += 1
            continue
        parts.extend(sample)
        if len(parts) >= 2 * size:
            lengths = np.array([len(part) for part in parts])
            yield np.concatenate(parts), lengths, too_long
            parts, too_long = [], 0


def _put(out: Any, message: Any, parent: int) -> bool:
    """Wait for room in the queue; False once the parent is gone."""
    while os.getppid() == parent:
        try:
            out.put(message, timeout=5.0)
            return True
        except queue.Full:
            continue
    return False


def wait_for(producers: Producers, count: int, seconds: float) -> list[Sample]:
    """The first `count` samples. RuntimeError if they don't come in time."""
    samples: list[Sample] = []
    end = time.monotonic() + seconds
    while len(samples) < count:
        if time.monotonic() > end:
            raise RuntimeError(f"only {len(samples)} of {count} examples came within {seconds:.0f} s")
        samples.extend(producers.take(1.0))
    return samples


class HeldOut:
    """Test examples of each source, made by one process in the background and fetched when they are needed.

    Rank r of `world` gets every `world`-th example from the r-th on, so that all ranks together see each
    once.
    """

    def __init__(self, names: list[str], *, rank: int, world: int, count: int) -> None:
        context = multiprocessing.get_context("fork")
        self.names = names
        self._queue: Any = context.Queue()
        self._examples: dict[str, list[Any]] = {}
        self._process = context.Process(
            target=_hold_out, args=(self._queue, names, rank, world, count), daemon=True
        )
        self._process.start()

    def examples(self, seconds: float) -> dict[str, list[Any]]:
        """Examples by source; those that are not there after `seconds` are missing this time."""
        end = time.monotonic() + seconds
        while len(self._examples) < len(self.names):
            try:
                name, examples = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if isinstance(examples, str):
                print(f"held-out examples of {name} failed: {examples}", flush=True)
                examples = []
            self._examples[name] = examples
        return {name: examples for name, examples in self._examples.items() if examples}


def _hold_out(out: Any, names: list[str], rank: int, world: int, count: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in names:
        try:
            [stream] = streams([name])
            wanted = itertools.islice(stream(0, "test"), rank, rank + world * count, world)
            out.put((name, list(wanted)))
        except Exception:  # told to the parent: a run goes on without this evaluation
            out.put((name, traceback.format_exc(limit=-4)))
