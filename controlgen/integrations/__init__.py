"""Drop-ins for the denoising loops of other libraries: their loop, our guarantee.

    transformers    DiffusionGemmaConstraint      a logits processor for `DiffusionGemmaForBlockDiffusion.generate`
    dream           DreamConstraint               the two hooks of Dream's `diffusion_generate`
    diffusers       constrained                   a scheduler for `LLaDA2Pipeline` or `DiffusionGemmaPipeline`
    outlines        from_controlgen               an Outlines model over a `controlgen.Model`
    sglang          ConstrainedLowConfidence      an algorithm of SGLang's diffusion engine
    bitmask         token_bitmask                 packed masks, in the layout of llguidance and xgrammar

All but the last make every text a member of the language: what such a loop keeps is decided by joint witnesses,
complete members of the language that agree with what is kept already, never by masks of single positions. A framework
is imported by the name that needs it, when that name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bitmask import posterior_bitmask as posterior_bitmask
    from .bitmask import token_bitmask as token_bitmask
    from .bitmask import unpack as unpack
    from .diffusers import constrained as constrained
    from .dream import DreamConstraint as DreamConstraint
    from .outlines import AsyncDiffusionModel as AsyncDiffusionModel
    from .outlines import DiffusionModel as DiffusionModel
    from .outlines import from_controlgen as from_controlgen
    from .sglang import ConstrainedLowConfidence as ConstrainedLowConfidence
    from .transformers import DiffusionGemmaConstraint as DiffusionGemmaConstraint

_HOME = {
    "AsyncDiffusionModel": "outlines",
    "ConstrainedLowConfidence": "sglang",
    "DiffusionGemmaConstraint": "transformers",
    "DiffusionModel": "outlines",
    "DreamConstraint": "dream",
    "constrained": "diffusers",
    "from_controlgen": "outlines",
    "posterior_bitmask": "bitmask",
    "token_bitmask": "bitmask",
    "unpack": "bitmask",
}

__all__ = [
    "AsyncDiffusionModel",
    "ConstrainedLowConfidence",
    "DiffusionGemmaConstraint",
    "DiffusionModel",
    "DreamConstraint",
    "constrained",
    "from_controlgen",
    "posterior_bitmask",
    "token_bitmask",
    "unpack",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
