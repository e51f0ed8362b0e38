"""What a user imports: load a diffusion language model, generate under a constraint, extract typed records.

Names are imported when they are first used, so that `import controlgen` and the command line's help stay
quick: torch and transformers are loaded by the first name that needs them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlgen import constraints as constraints
    from controlgen import errors as errors
    from controlgen import families as families
    from controlgen import guidance as guidance
    from controlgen import integrations as integrations
    from controlgen import samplers as samplers
    from controlgen._errors import ControlgenError as ControlgenError
    from controlgen._extract import Extraction as Extraction
    from controlgen._extract import ExtractionError as ExtractionError
    from controlgen._extract import extract as extract
    from controlgen._load import load as load
    from controlgen._model import Model as Model
    from controlgen._result import Draft as Draft
    from controlgen._result import Result as Result
    from controlgen._session import Session as Session

_HOME = {
    "ControlgenError": "controlgen._errors",
    "Draft": "controlgen._result",
    "Extraction": "controlgen._extract",
    "ExtractionError": "controlgen._extract",
    "Model": "controlgen._model",
    "Result": "controlgen._result",
    "Session": "controlgen._session",
    "extract": "controlgen._extract",
    "load": "controlgen._load",
}
_PACKAGES = ("constraints", "errors", "families", "guidance", "integrations", "samplers")

__all__ = [
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
]

__version__: str


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _PACKAGES:
        value = import_module(f"controlgen.{name}")
    elif name == "__version__":
        value = version("controlgen")
    else:
        raise AttributeError(f"module 'controlgen' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
