"""The embedded model: a small masked diffusion transformer, the folder with its weights, and classifiers on its trunk.

Torch and transformers are imported by the first class that is used; the folder's path costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlgen.embedded._classifier import EmbeddedClassifier as EmbeddedClassifier
    from controlgen.embedded.configuration_embedded import EmbeddedDiffusionConfig as EmbeddedDiffusionConfig
    from controlgen.embedded.modeling_embedded import EmbeddedDiffusionModel as EmbeddedDiffusionModel
    from controlgen.embedded.modeling_embedded import PromptCache as PromptCache

WEIGHTS = Path(__file__).parent / "weights"
"""The shipped model folder: config, weights in shards, tokenizer, model card."""

_HOME = {
    "EmbeddedClassifier": "controlgen.embedded._classifier",
    "EmbeddedDiffusionConfig": "controlgen.embedded.configuration_embedded",
    "EmbeddedDiffusionModel": "controlgen.embedded.modeling_embedded",
    "PromptCache": "controlgen.embedded.modeling_embedded",
}

__all__ = ["WEIGHTS", "EmbeddedClassifier", "EmbeddedDiffusionConfig", "EmbeddedDiffusionModel", "PromptCache"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'controlgen.embedded' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
