"""Safety filters: what may not be written, and what is done about it while the text is still noise.

A filter is a `SafetyFilter`: proven by a language, or a judge of texts. It knows no model and no loop; a package may
bring its own under the entry-point group `controlgen.safety_filters`.
"""

from __future__ import annotations

from controlgen.constraints._spellings import in_any_spelling
from controlgen.guidance.safety._base import Action, Finding, Level, SafetyFilter, Spans, Verdict
from controlgen.guidance.safety._classifier import ClassifierFilter, FolderClassifier
from controlgen.guidance.safety._disclaimers import RequiredDisclaimer
from controlgen.guidance.safety._judged import judged
from controlgen.guidance.safety._personal import PersonalData
from controlgen.guidance.safety._phrases import BannedPatterns, BannedPhrases, without
from controlgen.guidance.safety._registry import Registered, available, filter_of
from controlgen.guidance.safety._secrets import Secrets

__all__ = [
    "Action",
    "BannedPatterns",
    "BannedPhrases",
    "ClassifierFilter",
    "Finding",
    "FolderClassifier",
    "Level",
    "PersonalData",
    "Registered",
    "RequiredDisclaimer",
    "SafetyFilter",
    "Secrets",
    "Spans",
    "Verdict",
    "available",
    "filter_of",
    "in_any_spelling",
    "judged",
    "without",
]
