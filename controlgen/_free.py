"""Generation without a constraint, as the loop sees it: an automaton that allows every text, stop and pad
token.

So unconstrained decoding runs through the same loop and the same queries, with what must be barred always
(mask token, control tokens, padded logit columns) barred; its mode is the argmax of each position.
"""

from __future__ import annotations

import torch

from controlgen.constraints import TokenAutomaton, Vocabulary

__all__ = ["free_automaton"]


def free_automaton(vocabulary: Vocabulary) -> TokenAutomaton:
    """One accepting state with one loop, over all tokens that may ever be written, in any order."""
    allowed = torch.tensor(vocabulary.is_text)  # (V,)
    allowed[[*vocabulary.stop_ids, *vocabulary.pad_ids]] = True
    barred = int((~allowed).sum())
    size = vocabulary.size
    return TokenAutomaton(
        vocab_size=size,
        num_states=1,
        start=0,
        min_tokens=0,
        accepting=torch.tensor([True]),
        edge_ptr=_indices(0, 1),
        edge_source=_indices(0),
        edge_label=_indices(0),
        edge_target=_indices(0),
        label_ptr=_indices(0, 1),
        label_class=_indices(1),
        token_class=allowed.int(),
        class_ptr=_indices(0, barred, size),
        class_tokens=torch.cat(((~allowed).nonzero()[:, 0], allowed.nonzero()[:, 0])).int(),
        fingerprint=vocabulary.fingerprint,
        vocabulary=vocabulary,
    )


def _indices(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int32)
