"""In a model folder the blocks themselves lie here; in the repository this stands in for them."""

from tests.controlgen.zoo._attention import TinyBlocks

__all__ = ["TinyBlocks"]
