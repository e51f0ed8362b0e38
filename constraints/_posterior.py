"""The step's target distribution over whole canvases, and the exact queries on it.

For a deterministic token automaton with language 𝓛_L (canvases of exactly L tokens) and log-factors f,

    q(x) = 1[x ∈ 𝓛_L] exp(Σ_i f_i(x_i) + W(x)) / Z,      f = max(log_factors / temperature + bias, -1e9)

with a fixed position allowing its token only and contributing 0 to the sum. W, the weights of the text (see
`Language.prefer`), is 0 for most languages; no temperature divides it. Everything asked of a `Posterior` is exact for
this q (sum-product and Viterbi over position × state; Rabiner 1989, "A tutorial on hidden Markov models", for the
recursions).

Knows: argument checking and batches whose rows may have different automata. Does not know: how a query is computed
(`_inference`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ._arrays import AutomatonArrays
from ._backends import Backend, select_backend
from ._factors import Factors
from ._inference import Inference

__all__ = ["Posterior", "posterior"]

_FLOATS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def posterior(
    automata: Any,
    log_factors: Tensor,
    fixed: Tensor | None = None,
    *,
    temperature: float = 1.0,
    bias: Tensor | None = None,
    normalize: bool = False,
    backend: str | Backend | None = None,
) -> Posterior:
    """The exact posterior over canvases; nothing is computed until it is asked for.

    Args:
        automata: one token automaton for all rows, or a sequence with one for each row of the batch.
        log_factors: logits or log-probabilities, ``(L, V)`` or ``(B, L, V)``; float32, bfloat16, float16 or float64.
            Never copied or changed; read when a query first needs them, so leave them alone until then.
            Minus infinity counts as -1e9, as does anything below that.
        fixed: ``(L,)`` or ``(B, L)`` int64, -1 = open. A fixed position allows that token only, contributes 0, and its
            row of log-factors is not read.
        temperature: divides the log-factors; greater than 0.
        bias: added after the temperature, ``(V,)``, ``(L, V)`` or ``(B, L, V)``.
        normalize: subtract the log of each open row's sum of e^f, so that `log_z` of unguided logits is the log of the
            probability that independent draws form a member (with weights: of the mean of e^W over them, 0 for a draw
            that is none). Changes no other query.
        backend: "numba" (CPU), "hybrid" (logits are read on their device, sweeps run on the CPU), "torch" (any
            device); by default the first on a CPU and the second elsewhere.

    Raises:
        ValueError: for a shape, dtype, temperature or token id that does not fit. NaN and plus infinity raise it, with
            row and position, when the log-factors are first read.
    """
    return Posterior(automata, log_factors, fixed, temperature, bias, normalize, backend)


class Posterior:
    """Exact queries on q; see `posterior`. Results have a batch dimension exactly when the log-factors had one.

    Every query but `feasible`, `support` and `support_size` raises `InfeasibleConstraint` (with the least length and
    the canvas length, naming the row) when a canvas has no member. Results are computed once and kept.
    """

    def __init__(
        self,
        automata: Any,
        log_factors: Tensor,
        fixed: Tensor | None = None,
        temperature: float = 1.0,
        bias: Tensor | None = None,
        normalize: bool = False,
        backend: str | Backend | None = None,
    ) -> None:
        _check_log_factors(log_factors)
        self._batched = log_factors.dim() == 3
        values = log_factors.detach() if self._batched else log_factors.detach()[None]
        self._shape: tuple[int, int, int] = (values.shape[0], values.shape[1], values.shape[2])
        self._device, self._dtype = values.device, values.dtype
        self._normalize = normalize
        arrays = self._per_row(automata)
        self._fixed = _checked_fixed(fixed, self._shape, self._batched, self._device)
        scale, added = (
            _checked_temperature(temperature),
            _checked_bias(bias, self._shape, self._batched, self._device),
        )
        engine = (
            select_backend(backend, self._device) if backend is None or isinstance(backend, str) else backend
        )
        self._groups: list[tuple[Tensor, Inference]] = []
        for rows in _rows_by_automaton(arrays):
            factors = Factors(values, added, scale, tuple(rows), self._batched)
            index = torch.tensor(rows, device=self._device)
            inference = Inference(
                arrays[rows[0]].on(self._device), factors, self._fixed[index].contiguous(), engine
            )
            self._groups.append((index, inference))

    def _per_row(self, automata: Any) -> list[AutomatonArrays]:
        batch, _, columns = self._shape
        several = isinstance(automata, Sequence)
        arrays = [_arrays_of(automaton) for automaton in (automata if several else [automata])]
        if several and len(arrays) != batch:
            raise ValueError(
                f"{len(arrays)} automata for {batch} rows of log-factors: give one for each row, or one"
            )
        for automaton in arrays:
            if automaton.vocab_size != columns:
                raise ValueError(
                    f"log_factors have {columns} columns, the automaton's vocabulary {automaton.vocab_size}: compile "
                    "for a vocabulary of the model's logit width"
                )
        return arrays if several else arrays * batch

    # -- assembling rows of several automata ----------------------------------------------------------------

    def _collect(self, query: Callable[[Inference, Tensor], Tensor]) -> Tensor:
        """Put the results of the groups back into the order of the batch."""
        if len(self._groups) == 1:
            out = query(self._groups[0][1], self._groups[0][0])
        else:
            parts = [(rows, query(inference, rows)) for rows, inference in self._groups]
            first = parts[0][1]
            out = torch.empty((self._shape[0], *first.shape[1:]), dtype=first.dtype, device=first.device)
            for rows, part in parts:
                out[rows] = part
        return out if self._batched else out[0]

    def _tokens(self, tokens: Tensor) -> Tensor:
        """Checked token ids (B, L)."""
        expected = self._shape[:2] if self._batched else self._shape[1:2]
        if tuple(tokens.shape) != expected or tokens.dtype not in (torch.int64, torch.int32):
            raise ValueError(
                f"tokens must be integers of shape {expected}, got {tokens.dtype} {tuple(tokens.shape)}"
            )
        rows = tokens.to(self._device, torch.int64).reshape(self._shape[:2])
        if bool(((rows < 0) | (rows >= self._shape[2])).any()):
            raise ValueError(f"tokens must lie in 0..{self._shape[2] - 1}")
        return rows

    # -- boolean queries ------------------------------------------------------------------------------------

    @property
    def feasible(self) -> Tensor:
        """Whether the canvas has a member, bool ``(B,)`` or ``()``. Never a matter of log-factors."""
        return self._collect(lambda inference, _: inference.reach.feasible)

    def support(self) -> Tensor:
        """Bool ``(B, L, V)``: token v is allowed at i iff some completion of length L exists."""
        return self._collect(lambda inference, _: inference.support())

    def support_size(self) -> Tensor:
        """Number of allowed tokens, int64 ``(B, L)``, without building the mask."""
        return self._collect(lambda inference, _: inference.support_size())

    # -- sums over members ----------------------------------------------------------------------------------

    @property
    def log_z(self) -> Tensor:
        """log Z in nats, float64 ``(B,)`` or ``()``; see `normalize`."""

        def query(inference: Inference, rows: Tensor) -> Tensor:
            log_z = inference.log_z()
            return log_z - inference.raw_log_normalizer.sum(dim=-1) if self._normalize else log_z

        return self._collect(query)

    def marginals(self) -> Tensor:
        """q(x_i = v), ``(B, L, V)``; float64 for float64 log-factors, else float32."""
        dtype = torch.float64 if self._dtype == torch.float64 else torch.float32
        return self._collect(lambda inference, _: inference.marginals(dtype))

    def entropy(self) -> Tensor:
        """Entropy of each position's marginal in nats, float64 ``(B, L)``."""
        return self._collect(lambda inference, _: inference.entropy())

    def confidence(self, tokens: Tensor) -> Tensor:
        """Marginal probability of the given tokens ``(B, L)``, float64 ``(B, L)``; 1 or 0 at a fixed position."""
        chosen = self._tokens(tokens)
        return self._collect(lambda inference, rows: inference.confidence(chosen[rows]))

    # -- the unconstrained rows, from the same read of the logits -------------------------------------------

    @property
    def raw_log_normalizer(self) -> Tensor:
        """log Σ_v e^f over all V columns, float64 ``(B, L)``; 0 at fixed positions."""
        return self._collect(lambda inference, _: inference.raw_log_normalizer)

    def raw_confidence(self, tokens: Tensor) -> Tensor:
        """Unconstrained softmax probability of the tokens ``(B, L)``, float64; 1 or 0 at a fixed position."""
        chosen = self._tokens(tokens)
        return self._collect(lambda inference, rows: inference.raw_confidence(chosen[rows]))

    # -- whole canvases -------------------------------------------------------------------------------------

    def mode(self) -> Tensor:
        """The member of largest q, int64 ``(B, L)``; of equals, the lexicographically least in token ids."""
        return self._collect(lambda inference, _: inference.mode())

    def mbr(self) -> Tensor:
        """The member with the largest sum of marginals (least expected wrong positions), int64 ``(B, L)``."""
        return self._collect(lambda inference, _: inference.mbr())

    def sample(self, generator: torch.Generator | Sequence[torch.Generator] | None = None) -> Tensor:
        """A draw from q (backward filtering, forward sampling), int64 ``(B, L)``; repeated calls draw anew.

        With a sequence of generators, one per row, a row draws the same whatever else is in the batch.
        """
        if isinstance(generator, Sequence):
            uniforms = torch.stack([_uniforms((self._shape[1], 3), one, self._device) for one in generator])
        else:
            uniforms = _uniforms((*self._shape[:2], 3), generator, self._device)
        return self._collect(lambda inference, rows: inference.sample(uniforms[rows]))


def _uniforms(shape: tuple[int, ...], generator: torch.Generator | None, device: torch.device) -> Tensor:
    place = device if generator is None else generator.device
    return torch.rand(shape, dtype=torch.float64, generator=generator, device=place).to(device)


# -- arguments ------------------------------------------------------------------------------------------------------


def _arrays_of(automaton: Any) -> AutomatonArrays:
    """The arrays of a token automaton (its `arrays` attribute), or arrays themselves."""
    arrays = getattr(automaton, "arrays", automaton)
    if not isinstance(arrays, AutomatonArrays):
        raise TypeError(
            f"expected a token automaton, got {type(automaton).__name__}: compile the language first"
        )
    return arrays


def _rows_by_automaton(arrays: list[AutomatonArrays]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for row, automaton in enumerate(arrays):
        groups.setdefault(id(automaton), []).append(row)
    return list(groups.values())


def _check_log_factors(log_factors: Tensor) -> None:
    if log_factors.dim() not in (2, 3):
        raise ValueError(f"log_factors must be (L, V) or (B, L, V), got {tuple(log_factors.shape)}")
    if log_factors.dtype not in _FLOATS:
        raise ValueError(
            f"log_factors must be float32, bfloat16, float16 or float64, got {log_factors.dtype}"
        )
    if 0 in log_factors.shape:
        raise ValueError(f"log_factors are empty: {tuple(log_factors.shape)}")


def _checked_temperature(temperature: float) -> float:
    value = float(temperature)
    if not (value > 0.0 and math.isfinite(value) and math.isfinite(1.0 / value)):
        raise ValueError(
            f"temperature must be greater than 0 and finite, got {temperature}: use mode() for the limit 0"
        )
    return value


def _checked_fixed(
    fixed: Tensor | None, shape: tuple[int, int, int], batched: bool, device: torch.device
) -> Tensor:
    """Fixed tokens (B, L) int64 on the device, -1 = open."""
    batch, length, columns = shape
    if fixed is None:
        return torch.full((batch, length), -1, device=device)
    if fixed.dtype != torch.int64:
        raise ValueError(f"fixed must be int64, got {fixed.dtype}")
    expected = [(length,), (batch, length)] if batched else [(length,)]
    if tuple(fixed.shape) not in expected:
        raise ValueError(f"fixed must have shape {' or '.join(map(str, expected))}, got {tuple(fixed.shape)}")
    rows = fixed.to(device).expand(batch, length)
    wrong = (rows < -1) | (rows >= columns)
    if bool(wrong.any()):
        row, position = (int(x) for x in wrong.nonzero()[0])
        place = f"row {row}, position {position}" if batched else f"position {position}"
        raise ValueError(
            f"fixed token {int(rows[row, position])} at {place} is outside 0..{columns - 1} (-1 marks an open position)"
        )
    return rows


def _checked_bias(
    bias: Tensor | None, shape: tuple[int, int, int], batched: bool, device: torch.device
) -> Tensor | None:
    """The bias as a view (1 or B, 1 or L, V)."""
    if bias is None:
        return None
    batch, length, columns = shape
    expected = [(columns,), (length, columns)] + ([(batch, length, columns)] if batched else [])
    if tuple(bias.shape) not in expected or bias.dtype not in _FLOATS:
        raise ValueError(
            f"bias must be floating with shape {' or '.join(map(str, expected))}, got {bias.dtype} {tuple(bias.shape)}"
        )
    view = bias.detach().to(device)
    return view.reshape((1,) * (3 - view.dim()) + tuple(view.shape))
