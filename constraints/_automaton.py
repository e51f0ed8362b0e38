"""`TokenAutomaton`: a compiled constraint. Flat tensors, immutable, safe to share between threads.

Knows the layout (see `_arrays`), membership of token sequences, and how it is written to disk. What can be computed
on it with factors is in `_posterior`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from ._arrays import AutomatonArrays
from ._errors import ConstraintError, VocabularyError
from ._vocabulary import Vocabulary

if TYPE_CHECKING:
    from ._posterior import Posterior

__all__ = ["TokenAutomaton"]

_FORMAT = "controlgen-token-automaton"
_VERSION = "1"


@dataclass(frozen=True, eq=False, repr=False)
class TokenAutomaton(AutomatonArrays):
    """A language over whole canvases of one vocabulary: the paths of L edges from `start` to an accepting state.

    A canvas is text tokens that spell a member, then one stop token, then stop or pad tokens; or text up to the last
    position.

    Attributes (besides the tensors of `AutomatonArrays`):
        fingerprint: of the vocabulary that it was compiled for.
        vocabulary: that vocabulary, or None after loading without it.
        verified: the automaton is a superset of the language, `verify` completes it.
        member: text-level membership in the whole language, where `max_depth` cuts the automaton off; else None.
        byte_states: states of the byte automaton that it came from.
        max_depth: how deep self-embedding parts were expanded; None if the automaton holds the whole language.
    """

    fingerprint: str
    vocabulary: Vocabulary | None = field(default=None)
    verify: Callable[[str], bool] | None = field(default=None)
    verified: bool = field(default=False)
    member: Callable[[str], bool] | None = field(default=None)
    byte_states: int = field(default=0)
    max_depth: int | None = field(default=None)

    @property
    def exactness(self) -> str:
        """"exact": members of the automaton are members of the language. "verified": `verify` must agree as well."""
        return "verified" if self.verified else "exact"

    def accepts(self, token_ids: Sequence[int] | Tensor) -> bool:
        """Whether a whole canvas is in the language, stop and pad rules and the verifier included; also what nests
        deeper than the automaton.

        Raises:
            ConstraintError: for a verified automaton that was loaded without its verifier or vocabulary.
        """
        ids = [int(token) for token in token_ids]
        if self._reaches_end(ids):
            return not self.verified or self._verified(ids)
        if self.member is None or self.vocabulary is None:
            return False
        stop = set(self.vocabulary.stop_ids)
        end = next((i for i, token in enumerate(ids) if token in stop), len(ids))
        if not {*ids[end:]} <= {*stop, *self.vocabulary.pad_ids}:
            return False
        try:
            return self.member(self.vocabulary.decode(ids[:end]).decode())
        except (VocabularyError, UnicodeDecodeError):
            return False

    def _reaches_end(self, ids: list[int]) -> bool:
        state = self.start
        for token in ids:
            if not 0 <= token < self.vocab_size:
                return False
            state = self._next(state, token)
            if state < 0:
                return False
        return bool(self.accepting[state])

    def text(self, token_ids: Sequence[int] | Tensor) -> str:
        """The text of a canvas: what the tokens before the first stop token spell.

        Raises:
            ConstraintError: if the automaton was loaded without its vocabulary.
        """
        if self.vocabulary is None:
            raise ConstraintError("this automaton was loaded without its vocabulary: pass it to load()")
        stop = set(self.vocabulary.stop_ids)
        ids = [int(token) for token in token_ids]
        end = next((i for i, token in enumerate(ids) if token in stop), len(ids))
        return self.vocabulary.decode(ids[:end]).decode("utf-8")

    def posterior(
        self,
        log_factors: Tensor,
        fixed: Tensor | None = None,
        *,
        temperature: float = 1.0,
        bias: Tensor | None = None,
        normalize: bool = False,
        backend: str | None = None,
    ) -> Posterior:
        """The exact distribution q(x) ∝ 1[x ∈ 𝓛_L] · exp(Σ_i f_i(x_i) + W(x)) over canvases; see `Posterior` for the
        queries. W is 0 unless the language has weights (`Language.prefer`).

        Args:
            log_factors: (L, V) or (B, L, V), floating; f = log_factors / temperature + bias.
            fixed: (L,) or (B, L) int64, the token at a fixed position, −1 where open.
            temperature: positive.
            bias: (V,), (L, V) or (B, L, V), added without copying the logits.
            normalize: subtract each row's log-sum-exp, so that `log_z` is the log of the probability that an
                unconstrained draw is valid.
            backend: "numba" (CPU), "hybrid" or "torch" (any device); by default the one for the device of the
                log-factors.
        """
        from ._posterior import posterior

        return posterior(
            self, log_factors, fixed, temperature=temperature, bias=bias, normalize=normalize, backend=backend
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the automaton as one safetensors file. The verifier is not written: give it again to `load`."""
        from safetensors.torch import save_file

        head = {
            "format": _FORMAT,
            "version": _VERSION,
            "head": json.dumps({name: getattr(self, name) for name in _HEAD}),
        }
        tensors = {name: getattr(self, name) for name in _tensor_names()}
        if self.label_weight is not None:
            tensors["label_weight"] = self.label_weight
        save_file(tensors, path, metadata=head)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        vocabulary: Vocabulary | None = None,
        *,
        verify: Callable[[str], bool] | None = None,
    ) -> TokenAutomaton:
        """Read an automaton written by `save`; every invariant is checked, nothing is executed.

        Raises:
            ConstraintError: for a file of another format or version, a damaged file, or another vocabulary.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as file:
                head = file.metadata() or {}
                if (head.get("format"), head.get("version")) != (_FORMAT, _VERSION):
                    raise ConstraintError(f"{os.fspath(path)}: not a token automaton of version {_VERSION}")
                names = [*_tensor_names(), *({"label_weight"} & set(file.keys()))]
                tensors = {name: file.get_tensor(name) for name in names}
                loaded = cls(**tensors, **json.loads(head["head"]), vocabulary=vocabulary, verify=verify)
                loaded.validate()
        except (SafetensorError, ValueError, TypeError, KeyError, IndexError) as error:
            if isinstance(error, ConstraintError):
                raise
            raise ConstraintError(f"{os.fspath(path)}: damaged: {error}") from error
        if vocabulary is not None and vocabulary.fingerprint != loaded.fingerprint:
            raise ConstraintError(f"{os.fspath(path)}: compiled for another vocabulary; compile the language again")
        return loaded

    def __repr__(self) -> str:
        return (
            f"TokenAutomaton({self.exactness}, states={self.num_states}, edges={self.num_edges}, "
            f"labels={self.num_labels}, classes={self.num_classes}, min_tokens={self.min_tokens})"
        )

    def _next(self, state: int, token: int) -> int:
        wanted = int(self.token_class[token])
        for edge in range(int(self.edge_ptr[state]), int(self.edge_ptr[state + 1])):
            label = int(self.edge_label[edge])
            members = self.label_class[int(self.label_ptr[label]) : int(self.label_ptr[label + 1])].numpy()
            place = int(np.searchsorted(members, wanted))
            if place < len(members) and members[place] == wanted:
                return int(self.edge_target[edge])
        return -1

    def _verified(self, ids: list[int]) -> bool:
        if self.verify is None:
            raise ConstraintError("this verified automaton was loaded without its verifier: pass it to load()")
        return bool(self.verify(self.text(ids)))


_HEAD = ("vocab_size", "num_states", "start", "min_tokens", "fingerprint", "verified", "byte_states", "max_depth")


def _tensor_names() -> list[str]:
    types: dict[str, Any] = {f.name: f.type for f in fields(TokenAutomaton)}
    return [name for name, kind in types.items() if kind == "Tensor"]


