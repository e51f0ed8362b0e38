"""The thread that turns arriving examples into batches of tensors, ahead of the training step.

Knows the producers, the pool and the packer. Knows nothing of the network.
"""

from __future__ import annotations

import queue
import threading
from typing import NamedTuple

import torch
from batches import Pack, Packer, Pool
from packed import Layout
from producers import Producers
from torch import Tensor


class Batch(NamedTuple):
    """A `Pack` as tensors on the training device."""

    tokens: Tensor  # (T,) int32
    positions: Tensor  # (T,) int32
    clean: Tensor  # (C,) int32
    loss_weight: Tensor  # (C,) float32
    total_weight: Tensor  # (1,) float32
    layout: Layout


class Feed:
    """Batches without end; the next few are ready in pinned memory."""

    def __init__(self, producers: Producers, pool: Pool, packer: Packer, device: torch.device) -> None:
        self.producers, self.pool, self.packer, self.device = producers, pool, packer, device
        self._ready: queue.Queue[Pack | BaseException | list[Tensor]] = queue.Queue(maxsize=6)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def next(self) -> Batch:
        """The next batch, its copy to the device under way. Errors of the thread are raised here."""
        item = self._ready.get(timeout=300.0)
        if isinstance(item, BaseException):
            raise RuntimeError("the feeding thread has failed") from item
        tensors = [tensor.to(self.device, non_blocking=True) for tensor in item]  # type: ignore[union-attr]
        return to_batch(tensors, self.packer)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        pinned = self.device.type == "cuda"
        try:
            if pinned:
                torch.cuda.set_device(self.device)  # a thread begins on the first card
            while not self._stop.is_set():
                for _ in range(8):  # 512 examples: more than one batch draws
                    samples = self.producers.take(0.0)
                    if not samples:
                        break
                    self.pool.add(samples)
                tensors = [torch.from_numpy(array) for array in self.packer.pack(self.pool)]
                self._put([tensor.pin_memory() for tensor in tensors] if pinned else tensors)
        except BaseException as error:  # handed to the training thread, which raises it
            self._put(error)

    def _put(self, item: BaseException | list[Tensor]) -> None:
        while not self._stop.is_set():
            try:
                self._ready.put(item, timeout=1.0)
                return
            except queue.Full:
                continue


def to_batch(tensors: list[Tensor], packer: Packer) -> Batch:
    tokens, positions, clean, loss_weight, total_weight, prompts, canvases, groups = tensors
    shape = packer.shape
    layout = Layout(
        prompts, canvases, groups, shape.max_prompt, shape.max_canvas, shape.max_canvas * shape.copies
    )
    return Batch(tokens, positions, clean, loss_weight, total_weight, layout)
