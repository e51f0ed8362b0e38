"""The house style of a company as safety filters: no internal code names, and no promises that nobody may make."""

from __future__ import annotations

from controlgen_house_style._code_names import CodeNames
from controlgen_house_style._promises import Promises

__all__ = ["CodeNames", "Promises"]
