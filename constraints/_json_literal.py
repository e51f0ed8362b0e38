r"""The spellings of single characters in JSON strings, and the literal of one text written out.

ASCII only: other characters are spelled as they are.
"""

from __future__ import annotations

from ._terms import Term, alt, chars, lit, seq

__all__ = ["SHORT", "json_literal"]

SHORT = {0x22: b'"', 0x5C: b"\\", 0x2F: b"/", 0x08: b"b", 0x0C: b"f", 0x0A: b"n", 0x0D: b"r", 0x09: b"t"}
"""The letter behind the backslash, for characters that have one."""

_BARRED = (0x22, 0x5C)  # may not stand as they are, like control characters


def json_literal(value: bytes) -> Term:
    """The JSON string literals, quotes included, of one text: `json_string` of it without an automaton of its own."""
    parts: list[Term] = []
    raw = bytearray(b'"')
    for byte in value:
        if byte >= 0x20 and byte not in SHORT:
            raw.append(byte)
            continue
        parts += [lit(bytes(raw)), _spellings(byte)]
        raw.clear()
    raw += b'"'
    return seq(*parts, lit(bytes(raw)))


def _spellings(byte: int) -> Term:
    options = [lit(b"\\" + SHORT[byte])] if byte in SHORT else []
    if byte < 0x20:
        digit = f"{byte & 15:x}"
        options.append(seq(lit(f"\\u00{byte >> 4}"), chars(digit + digit.upper())))
    elif byte not in _BARRED:
        options.append(lit(bytes([byte])))
    return alt(*options)
