"""Model families: conventions as a declaration (`Family`), a forward pass behind one interface (`Denoiser`).

A family is one small file: a function that wraps a network of it in a denoiser, and a `register` call.
`controlgen.load` finds the family by the `model_type` in a folder's config.json.
"""

from __future__ import annotations

from controlgen.families._block_causal import BlockCall, BlockCausal
from controlgen.families._family import Denoiser, Family, View, align
from controlgen.families._full_canvas import Call, FullCanvas
from controlgen.families._registry import Entry, entries, register

__all__ = [
    "BlockCall",
    "BlockCausal",
    "Call",
    "Denoiser",
    "Entry",
    "Family",
    "FullCanvas",
    "View",
    "align",
    "entries",
    "register",
]
