"""Schedulers of diffusers whose `LLaDA2Pipeline` and `DiffusionGemmaPipeline` write members of a language.

    pipe.scheduler = constrained(pipe.scheduler, language.compile(vocabulary), gen_length=256)
    pipe(prompt, gen_length=256, ...)

Both pipelines leave it to their scheduler which tokens a step commits. A scheduler made here is one of the same class
with the same configuration; at each step it hands the class scores that are led by the joint witness of the block, and
keeps to the witness wherever the class commits. The pipeline tells a scheduler nothing of the blocks before; it follows
them by what it has committed itself.

* With a mask token (LLaDA2): committed tokens are fixed, the witness agrees with them. Edits of committed tokens are
  made where the edited canvas still has a member, all edits of a row's step or none.
* Without (DiffusionGemma): nothing is fixed; the last step of a canvas commits the witness whole, and a row that the
  pipeline freezes earlier freezes as a witness.

Knows: what these pipelines ask of `set_timesteps`, `step` and the results. Does not know: models, tokenizers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from controlgen.constraints import TokenAutomaton

from ._witness import How, Kind, Row, checked, choose, lifted, rows_of, target_of

__all__ = ["constrained"]

_CHANGED = ("transfer_index", "editing_transfer_index", "accepted_index")


def constrained(
    scheduler: Any,
    constraints: Any,
    *,
    gen_length: int,
    witness: Kind = "mode",
    seed: int = 0,
    temperature: float = 1.0,
) -> Any:
    """A scheduler like the given one whose pipelines write members of the constraints.

    Guaranteed for the tokens before each row's first stop token in the pipeline's `sequences` (and so for its `texts`,
    if its `eos_token_id` is a stop token of the vocabulary), with any of the schedulers that these pipelines take, any
    thresholds and temperatures, as long as no callback changes tokens.

    Args:
        scheduler: a `BlockRefinementScheduler`, `EntropyBoundScheduler` or `DiscreteDDIMScheduler`.
        constraints: one compiled constraint, or one for each row of the batch; exact ones.
        gen_length: what the pipeline is given.
        witness: "mode", the most probable member; "mbr", the least expected wrong tokens; "sample", a draw.
        seed: of the draws.
        temperature: of the draws.

    Raises:
        UnsupportedConstraint: for a verified constraint: it needs a check of each candidate, which has no place here.
        InfeasibleConstraint: at the first step, where `gen_length` is too small, with the least number.
    """
    if gen_length < 1:
        raise ValueError(f"gen_length must be at least 1, got {gen_length}")
    guard = _Guard(checked(constraints), gen_length, How(witness, seed, temperature))
    base: Any = type(scheduler)
    made = _class_of(base).from_config(scheduler.config)
    made._guard = guard
    return made


@functools.cache
def _class_of(base: Any) -> Any:
    """The class with a guarded `step`; what its methods take stays visible, as the pipelines look it up."""
    step: Callable[..., Any] = base.step
    prepare: Callable[..., Any] = base.set_timesteps

    @functools.wraps(prepare)
    def set_timesteps(self: Any, *args: Any, **options: Any) -> None:
        self._guard.reset()
        prepare(self, *args, **options)

    @functools.wraps(step)
    def guarded(self: Any, model_output: Tensor, timestep: Any, sample: Tensor, **options: Any) -> Any:
        return self._guard.step(self, functools.partial(step, self), model_output, int(timestep), sample, options)

    members = {"set_timesteps": set_timesteps, "step": guarded, "__module__": base.__module__}
    return type(base.__name__, (base,), members)


class _Guard:
    """The constraints of one scheduler, and where in the canvas its pipeline is."""

    def __init__(self, constraints: list[TokenAutomaton], length: int, how: How) -> None:
        self._constraints = constraints
        self._length = length
        self._how = how
        self.reset()

    def reset(self) -> None:
        """A pipeline starts."""
        self._rows: list[Row] = []
        self._canvas: Tensor | None = None  # (B, n) what the current block holds, prompt aside

    def step(
        self, scheduler: Any, step: Callable[..., Any], scores: Tensor, number: int, sample: Tensor, options: Any
    ) -> Any:
        """One step of the class on scores (B, n, V) that the witness leads; every block begins with number 0."""
        masked = options.get("mask_token_id") is not None
        if number == 0 or not self._rows:
            self._next_block(sample, masked)
        dictionary = options.pop("return_dict", True)
        last = number >= scheduler.num_inference_steps - 1
        call = functools.partial(step, timestep=number, return_dict=True)
        if masked:
            out = self._masked(call, scores, sample, _Options.of(scheduler, options), last)
        else:
            out = self._uniform(call, scores, sample, _committed(scheduler, number, sample, options), options, last)
        return out if dictionary else out.to_tuple()

    def _next_block(self, sample: Tensor, masked: bool) -> None:
        if not self._rows:
            length = self._length if masked else -(-self._length // sample.shape[1]) * sample.shape[1]
            self._rows = rows_of(self._constraints, sample.shape[0], length)
        elif self._canvas is not None:
            for row, tokens in zip(self._rows, self._canvas.tolist(), strict=True):
                row.read(tokens)
        self._canvas = None

    # -- without a mask token ---------------------------------------------------------------------------------------

    def _uniform(
        self, call: Callable[..., Any], scores: Tensor, sample: Tensor, fixed: Tensor | None, options: Any, last: bool
    ) -> Any:
        tokens, target = choose(self._rows, scores, fixed, self._how)
        if self._canvas is not None:  # what the pipeline has frozen, it shows whole: it stays
            frozen = (sample == self._canvas).all(dim=-1, keepdim=True)
            tokens = torch.where(frozen, self._canvas, tokens)
        self._canvas = tokens
        out = call(model_output=lifted(scores, target.support(), tokens), sample=sample, **options)
        if last:
            out.prev_sample = tokens
        for name in _CHANGED:
            index = getattr(out, name, None)
            if index is not None:
                out.prev_sample = torch.where(index, tokens, out.prev_sample)
        return out

    # -- with a mask token ------------------------------------------------------------------------------------------

    def _masked(
        self, call: Callable[..., Any], scores: Tensor, sample: Tensor, options: _Options, last: bool
    ) -> Any:
        here = slice(options.prompt, min(options.prompt + self._rows[0].left, sample.shape[1]))
        shown = sample.clone()
        shown[:, here.stop :] = self._filler()  # behind `gen_length`, cut off by the pipeline
        edited = self._edits(call, scores, shown, options, here)
        shown = torch.where(edited >= 0, edited, shown)
        canvas = shown[:, here]
        fixed = canvas.masked_fill(canvas == options.mask_id, -1)
        tokens, target = choose(self._rows, scores[:, here], fixed, self._how)
        led = _with(scores, here, lifted(scores[:, here], target.support(), tokens))
        out = call(model_output=led, sample=shown, **options.rest, editing_threshold=0.0)
        filled = (fixed < 0) & (out.transfer_index[:, here] | last)
        canvas = torch.where(filled, tokens, canvas)
        out.prev_sample = _with(shown, here, canvas)
        out.transfer_index = (sample == options.mask_id) & (out.prev_sample != options.mask_id)
        out.editing_transfer_index = edited >= 0
        out.sampled_tokens = torch.where(out.prev_sample != options.mask_id, out.prev_sample, out.sampled_tokens)
        self._canvas = canvas
        return out

    def _filler(self) -> int:
        vocabulary = self._constraints[0].vocabulary
        return next(iter((*vocabulary.pad_ids, *vocabulary.stop_ids)), 0) if vocabulary is not None else 0

    def _edits(
        self, call: Callable[..., Any], scores: Tensor, sample: Tensor, options: _Options, here: slice
    ) -> Tensor:
        """The tokens (B, n) that replace committed ones, -1 where none does: those that the class would edit if the
        block's whole canvas were open. None in rows that would be left without a member.
        """
        none = torch.full_like(sample, -1)
        canvas = sample[:, here]
        committed = canvas != options.mask_id
        if not options.editing or not bool(committed.any()):
            return none
        tokens, target = choose(self._rows, scores[:, here], None, self._how)
        led = _with(scores, here, lifted(scores[:, here], target.support(), tokens))
        out = call(model_output=led, sample=sample, **options.rest, editing_threshold=options.editing)
        edited = out.editing_transfer_index[:, here] & committed & (tokens != canvas)
        fixed = torch.where(edited, tokens, canvas).masked_fill(~committed, -1)
        edited &= target_of(self._rows, scores[:, here], fixed).feasible[:, None]
        return _with(none, here, tokens.masked_fill(~edited, -1))


@dataclass(frozen=True)
class _Options:
    """What `LLaDA2Pipeline` passes to a step: mask token, columns of the prompt, threshold of edits, and the rest."""

    mask_id: int
    prompt: int
    editing: float  # 0: no edits
    rest: dict[str, Any]

    @classmethod
    def of(cls, scheduler: Any, options: dict[str, Any]) -> _Options:
        rest = dict(options)
        threshold = rest.pop("editing_threshold", None)
        if threshold is None:
            threshold = scheduler.config.editing_threshold or 0.0
        prompt = rest.get("prompt_mask")
        columns = 0 if prompt is None else int(prompt.sum())
        return cls(rest["mask_token_id"], columns, max(threshold, 0.0), rest)


def _committed(scheduler: Any, number: int, sample: Tensor, options: Any) -> Tensor | None:
    """The tokens (B, n) that a `BlockRefinementScheduler` has committed and won't edit, -1 elsewhere; or None."""
    committed: Tensor | None = getattr(scheduler, "_committed", None)
    threshold = options.get("editing_threshold") or getattr(scheduler.config, "editing_threshold", None)
    if number == 0 or committed is None or committed.shape != sample.shape or threshold is not None:
        return None
    return sample.masked_fill(~committed, -1)


def _with(whole: Tensor, columns: slice, part: Tensor) -> Tensor:
    """The tensor (B, n, …) with other columns, in the type of these."""
    out = whole.to(part.dtype, copy=True)
    out[:, columns] = part
    return out
