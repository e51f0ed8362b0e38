"""From tokenised examples to packed batches: the replay pool and the packer, all in numpy.

Knows token ids and lengths. Knows nothing of where examples come from, nor of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from noise import corrupt, noise_levels
from numpy.typing import NDArray

Tokens = NDArray[np.uint16]


class Sample(NamedTuple):
    """A tokenised example: the whole prompt, and the record without its end token."""

    prompt: Tokens
    record: Tokens


@dataclass(frozen=True)
class Special:
    """Ids of the control tokens that the packer writes."""

    pad: int
    end: int
    mask: int
    record: int


@dataclass(frozen=True)
class Shape:
    """The one static shape of all batches of a run, per process.

    prompt_tokens and canvas_tokens are filled up to the last position; at most `examples` sequences share
    them.
    """

    prompt_tokens: int
    canvas_tokens: int
    examples: int
    copies: int
    max_prompt: int
    max_canvas: int

    @property
    def reserve(self) -> int:
        """Examples and tokens of each kind kept free, so that what is left over can always be filled up."""
        by_canvas = -(-self.canvas_tokens // (self.copies * self.max_canvas))
        return max(by_canvas, -(-self.prompt_tokens // self.max_prompt)) + 1


@dataclass(frozen=True)
class Recipe:
    """What is random about a batch besides the choice of examples."""

    lowest_level: float = 0.02
    full_share: float = 0.1
    pad_weight: float = 0.1
    prompt_dropout: float = 0.08
    long_share: float = 0.25
    short_extra: int = 16


class Pack(NamedTuple):
    """One packed batch. T = prompt_tokens + canvas_tokens, C = canvas_tokens, N = examples, K = copies."""

    tokens: NDArray[np.int32]  # (T,) prompts, then noisy canvases
    positions: NDArray[np.int32]  # (T,)
    clean: NDArray[np.int32]  # (C,)
    loss_weight: NDArray[np.float32]  # (C,)
    total_weight: NDArray[np.float32]  # (1,)
    prompts: NDArray[np.int32]  # (N+1,) borders
    canvases: NDArray[np.int32]  # (N*K+1,) borders
    groups: NDArray[np.int32]  # (N+1,) borders


class Pool:
    """Examples waiting for use; each is drawn about `uses` times, more often only if new ones come too
    slowly.
    """

    def __init__(self, rng: np.random.Generator, *, capacity: int, uses: int, least: int) -> None:
        self.rng, self.capacity, self.uses, self.least = rng, capacity, uses, least
        self.samples: list[Sample] = []
        self.used: list[int] = []
        self.added = 0
        self.drawn = 0

    def __len__(self) -> int:
        return len(self.samples)

    def add(self, samples: Sequence[Sample]) -> None:
        self.added += len(samples)
        for sample in samples:
            if len(self.samples) < self.capacity:
                self.samples.append(sample)
                self.used.append(0)
            else:  # newer is better than older
                place = int(self.rng.integers(self.capacity))
                self.samples[place], self.used[place] = sample, 0

    def draw(self) -> Sample:
        place = int(self.rng.integers(len(self.samples)))
        sample = self.samples[place]
        self.drawn += 1
        self.used[place] += 1
        if self.used[place] >= self.uses and len(self.samples) > self.least:
            last, count = self.samples.pop(), self.used.pop()
            if place < len(self.samples):
                self.samples[place], self.used[place] = last, count
        return sample


class Packer:
    """Fills batches of one shape with examples from a pool and puts noise on them."""

    def __init__(self, shape: Shape, recipe: Recipe, special: Special, rng: np.random.Generator) -> None:
        if shape.examples <= shape.reserve or min(shape.prompt_tokens, shape.canvas_tokens) <= shape.reserve:
            raise ValueError(f"{shape} leaves no room beside the {shape.reserve} that are kept to fill up")
        self.shape, self.recipe, self.special, self.rng = shape, recipe, special, rng
        self.pending: tuple[Tokens, Tokens, int] | None = None  # what didn't fit last time: mostly a long one

    def canvas_length(self, sample: Sample) -> int:
        """A random length between what the record and its end token need and the longest canvas."""
        need = len(sample.record) + 1
        room = self.shape.max_canvas - need
        if self.rng.random() >= self.recipe.long_share:
            room = min(room, self.recipe.short_extra)
        return need + int(self.rng.integers(room + 1))

    def pack(self, pool: Pool) -> Pack:
        """Draw examples until the next one doesn't fit; the rest is filled with weightless sequences."""
        prompts, canvases, weights, lengths = self._draw(pool)
        used = len(prompts)
        fill_prompts, fill_canvases = self._filling(
            self.shape.prompt_tokens - sum(map(len, prompts)),
            self.shape.canvas_tokens - self.shape.copies * sum(lengths),
        )
        spare = self.shape.examples - used - len(fill_prompts)
        prompt_lengths = np.array([len(p) for p in prompts] + fill_prompts + [0] * spare)
        copies = np.repeat(np.array(lengths), self.shape.copies)
        canvas_lengths = np.concatenate(
            (copies, fill_canvases, np.zeros(spare * self.shape.copies, np.int64))
        )
        prompt_ids = np.full(self.shape.prompt_tokens, self.special.pad, np.int32)
        joined = np.concatenate(prompts)
        prompt_ids[: len(joined)] = joined
        clean = np.full(self.shape.canvas_tokens, self.special.pad, np.int32)
        weight = np.zeros(self.shape.canvas_tokens, np.float32)
        joined = np.concatenate(canvases)
        clean[: len(joined)] = joined
        weight[: len(joined)] = np.concatenate(weights)
        return self._finish(used, prompt_ids, clean, weight, prompt_lengths, canvas_lengths)

    def _draw(self, pool: Pool) -> tuple[list[Tokens], list[Tokens], list[NDArray[np.float32]], list[int]]:
        shape, copies = self.shape, self.shape.copies
        prompt_room = shape.prompt_tokens - shape.reserve
        canvas_room = (shape.canvas_tokens - shape.reserve) // copies
        prompts: list[Tokens] = []
        canvases: list[Tokens] = []
        weights: list[NDArray[np.float32]] = []
        lengths: list[int] = []
        while len(prompts) < shape.examples - shape.reserve:
            prompt, record, length = self.pending or self._next(pool)
            if len(prompt) > prompt_room or length > canvas_room:
                self.pending = (prompt, record, length)
                break
            self.pending = None
            prompt_room -= len(prompt)
            canvas_room -= length
            need = len(record) + 1
            canvas = np.full(length, self.special.pad, np.uint16)
            canvas[: need - 1], canvas[need - 1] = record, self.special.end
            weight = np.full(length, self.recipe.pad_weight, np.float32)
            weight[:need] = 1.0
            prompts.append(prompt)
            canvases.extend([canvas] * copies)
            weights.extend([weight] * copies)
            lengths.append(length)
        return prompts, canvases, weights, lengths

    def _next(self, pool: Pool) -> tuple[Tokens, Tokens, int]:
        sample = pool.draw()
        prompt = sample.prompt
        if self.rng.random() < self.recipe.prompt_dropout:
            prompt = np.array([self.special.record], np.uint16)
        return prompt, sample.record, self.canvas_length(sample)

    def _filling(self, prompt_left: int, canvas_left: int) -> tuple[list[int], NDArray[np.int64]]:
        """Lengths of the sequences that use up what is left: none too long, and no query or key alone."""
        shape = self.shape
        count = max(-(-prompt_left // shape.max_prompt), -(-canvas_left // (shape.max_canvas * shape.copies)))
        prompts = [prompt_left // count + (i < prompt_left % count) for i in range(count)]
        parts = count * shape.copies
        # the remainder goes to first copies first, so that each filling prompt has at least one query
        order = np.arange(parts).reshape(count, shape.copies).T.reshape(-1)
        lengths = np.full(parts, canvas_left // parts, np.int64)
        lengths[order[: canvas_left % parts]] += 1
        return prompts, lengths

    def _finish(
        self,
        used: int,
        prompt_ids: NDArray[np.int32],
        clean: NDArray[np.int32],
        weight: NDArray[np.float32],
        prompt_lengths: NDArray[np.int64],
        canvas_lengths: NDArray[np.int64],
    ) -> Pack:
        recipe, copies = self.recipe, self.shape.copies
        prompts, canvases = _borders(prompt_lengths), _borders(canvas_lengths)
        levels = np.ones((len(prompt_lengths), copies), np.float32)
        levels[:used] = noise_levels(
            self.rng, used, copies, lowest=recipe.lowest_level, full_share=recipe.full_share
        )
        level = np.repeat(levels.reshape(-1), canvas_lengths)
        noisy, loss_weight = corrupt(self.rng, clean, level, weight, self.special.mask)
        start = np.repeat(np.repeat(prompt_lengths, copies) - canvases[:-1], canvas_lengths)
        prompt_positions = np.arange(len(prompt_ids)) - np.repeat(prompts[:-1], prompt_lengths)
        canvas_positions = np.arange(len(clean)) + start
        return Pack(
            tokens=np.concatenate((prompt_ids, noisy)),
            positions=np.concatenate((prompt_positions, canvas_positions)).astype(np.int32),
            clean=clean,
            loss_weight=loss_weight,
            total_weight=weight.sum(keepdims=True),
            prompts=prompts,
            canvases=canvases,
            groups=canvases[::copies].copy(),
        )


def _borders(lengths: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)


def fit_shape(
    samples: Sequence[Sample], recipe: Recipe, *, tokens: int, copies: int, max_prompt: int, max_canvas: int
) -> Shape:
    """The shape that shares `tokens` positions between prompts and canvases as these samples need them."""
    rng = np.random.default_rng(0)
    probe = Packer(
        Shape(1 << 20, 1 << 20, 1 << 20, copies, max_prompt, max_canvas), recipe, Special(0, 1, 2, 5), rng
    )
    keep = 1.0 - recipe.prompt_dropout
    prompt = float(np.mean([len(s.prompt) for s in samples])) * keep + recipe.prompt_dropout
    canvas = float(np.mean([probe.canvas_length(s) for s in samples])) * copies
    examples = tokens / (prompt + canvas)
    prompt_tokens = max(int(examples * prompt) // 256, 1) * 256
    canvas_tokens = max((tokens - prompt_tokens) // 256, 1) * 256
    least = Shape(prompt_tokens, canvas_tokens, 0, copies, max_prompt, max_canvas).reserve
    return Shape(prompt_tokens, canvas_tokens, int(examples * 1.3) + least, copies, max_prompt, max_canvas)
