r"""A judge of needless escapes, by a regular expression: `\uXXXX` for anything but a control character."""

from __future__ import annotations

import re

UNIT = re.compile(r"\\u(?P<code>[0-9a-fA-F]{4})|\\.|.", re.DOTALL)


def has_needless(text: str) -> bool:
    r"""Whether an escape stands for what needs none; `\\u0062` is a backslash and letters."""
    return any(unit["code"] and int(unit["code"], 16) >= 0x20 for unit in UNIT.finditer(text))
