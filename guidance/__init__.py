"""Guidance: log-factors that steer a denoising step, known to the loop through one abstraction.

`guidance` turns (canvas, logits, step) into log-factors g of shape (B, L, V) that are added to log p before
the constraint is applied. It knows no automaton, no sampler and no model.
"""

from __future__ import annotations

from controlgen.guidance._base import Cost, Guidance, StepContext, total
from controlgen.guidance._classifier import ClassifierGuidance, NoisedClassifier, RelaxedClassifier
from controlgen.guidance._classifier_free import ClassifierFree
from controlgen.guidance._experts import Expert, Experts
from controlgen.guidance._particles import ParticleCloud, Particles, SequenceClassifierReward
from controlgen.guidance._phrases import Phrases

__all__ = [
    "ClassifierFree",
    "ClassifierGuidance",
    "Cost",
    "Expert",
    "Experts",
    "Guidance",
    "NoisedClassifier",
    "ParticleCloud",
    "Particles",
    "Phrases",
    "RelaxedClassifier",
    "SequenceClassifierReward",
    "StepContext",
    "total",
]
