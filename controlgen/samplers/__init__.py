"""Samplers: which tokens of a step's witness are taken into the canvas, and which committed ones go back to noise.

A sampler sees one row's `Reading` and answers with `Moves`; it knows no model and no automaton. Every sampler works
with every constraint and every family, because what it may take is always a part of one complete valid sequence, the
exact joint mode or draw of the step. Write another by subclassing `Sampler` and overriding `step`.
"""

from __future__ import annotations

from controlgen.samplers._base import Moves, Reading, Sampler
from controlgen.samplers._diffusion import Analytic, Ancestral, FirstHitting, ReMDM
from controlgen.samplers._ranked import Entropy, Factor, LeftToRight, LowConfidence, Margin, Random, Threshold
from controlgen.samplers._revising import EntropyBound, TokenEditing, UniformRenoise

__all__ = [
    "Analytic",
    "Ancestral",
    "Entropy",
    "EntropyBound",
    "Factor",
    "FirstHitting",
    "LeftToRight",
    "LowConfidence",
    "Margin",
    "Moves",
    "Random",
    "ReMDM",
    "Reading",
    "Sampler",
    "Threshold",
    "TokenEditing",
    "UniformRenoise",
]
