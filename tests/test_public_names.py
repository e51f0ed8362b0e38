"""The names that users import, written down: a change here is a change for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import controlgen
from controlgen.guidance import safety
from controlgen.guidance.safety import adapters

NAMES = {
    "ControlgenError",
    "Draft",
    "Extraction",
    "ExtractionError",
    "Model",
    "Result",
    "Session",
    "__version__",
    "constraints",
    "errors",
    "extract",
    "families",
    "guidance",
    "integrations",
    "load",
    "samplers",
}
CONSTRAINTS = {
    "BudgetExceeded",
    "CanonicalAutomaton",
    "Choice",
    "Conflict",
    "ConstraintError",
    "Contains",
    "EndsWith",
    "Grammar",
    "InfeasibleConstraint",
    "Infill",
    "JsonSchema",
    "Language",
    "Length",
    "Posterior",
    "Quote",
    "Reason",
    "Regex",
    "Segmenter",
    "StartsWith",
    "Template",
    "Text",
    "TokenAutomaton",
    "UnsupportedConstraint",
    "Vocabulary",
    "VocabularyError",
    "Whitespace",
    "diagnose",
    "fenced",
    "posterior",
    "reasoning_then",
}
GUIDANCE = {
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
}
SAFETY = {
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
}
ADAPTERS = {"GuardrailsFilter", "LLMGuardFilter", "PresidioFilter"}
SAMPLERS = {
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
}
FAMILIES = {
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
}


@pytest.mark.parametrize(
    ("package", "names"),
    [
        (controlgen, NAMES),
        (controlgen.constraints, CONSTRAINTS),
        (controlgen.guidance, GUIDANCE),
        (safety, SAFETY),
        (adapters, ADAPTERS),
        (controlgen.samplers, SAMPLERS),
        (controlgen.families, FAMILIES),
    ],
    ids=["controlgen", "constraints", "guidance", "safety", "adapters", "samplers", "families"],
)
def test_the_public_names(package, names):
    assert set(package.__all__) == names


def test_every_public_name_is_there_and_listed():
    for package in (controlgen, controlgen.constraints, controlgen.guidance):
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert list(package.__all__) == sorted(package.__all__)
        assert set(dir(package)) >= set(package.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(controlgen, "no_such_name")
    assert not hasattr(controlgen.constraints, "no_such_name")


def loaded_by(*statements):
    code = "\n".join([*statements, "import sys", "print(*sys.modules, sep='\\n')"])
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_importing_the_package_loads_nothing_heavy():
    assert not {"torch", "transformers", "numba", "pydantic"} & loaded_by("import controlgen")


def test_help_loads_nothing_heavy():
    statements = ["from controlgen._cli._app import app", "app(['extract', '--help'], standalone_mode=False)"]
    assert not {"torch", "transformers", "numba", "outlines", "tokenizers"} & loaded_by(*statements)
