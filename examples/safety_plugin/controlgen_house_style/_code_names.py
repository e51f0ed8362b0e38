"""A proven filter: the language of texts without the code names is enforced at every denoising step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from controlgen.guidance.safety import BannedPhrases

__all__ = ["NAMES", "CodeNames"]

NAMES = ("Kestrel", "Blue Heron")


class CodeNames(BannedPhrases):
    """Texts without internal code names, in any spelling.

    Case, accents, full-width letters, letters that look alike, invisible characters and JSON escapes make no
    difference; the words of a name may be apart, joined, or joined by a hyphen or an underscore.

    Args:
        names: the code names; those of the company, unless given.
        arguments: those of `SafetyFilter`: `action`, `name` …
    """

    default_name = "code_names"

    def __init__(self, names: Iterable[str] = NAMES, **arguments: Any) -> None:
        spelled = [name.replace(" ", joint) for name in names for joint in (" ", "", "-", "_")]
        super().__init__(dict.fromkeys(spelled), look_alikes=True, invisible=True, **arguments)
