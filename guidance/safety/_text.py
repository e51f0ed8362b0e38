r"""What a filter reads in a text: characters made alike (`Normaliser`), and escapes resolved (`readings`).

Plain Python over characters; no languages and no automata. A normaliser gives each character its *images*, short
strings, independent of its neighbours; a text reads as any choice of one image per character, joined. Most characters
have one image. A Greek or Cyrillic capital that looks like a Latin one has two: its own small letter, and the Latin.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

__all__ = ["Normaliser", "Reading", "merged", "readings"]

# Where characters change at all: planes 0 and 1, compatibility ideographs, and the tags and selectors of plane 14.
_CHANGING = (range(0xD800), range(0xE000, 0x20000), range(0x2F800, 0x2FA20), range(0xE0000, 0xE1000))
# Default-ignorable characters (Unicode, DerivedCoreProperties) that are not of the category Cf.
_IGNORED = (
    (0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
)  # fmt: skip
_CONFUSED = (("l", "1"), ("l", "|"), ("l", "I"), ("O", "0"), ("'", "`"))  # ASCII characters that look alike


@dataclass(frozen=True)
class Normaliser:
    """Which differences between characters don't count.

    Args:
        case: fold case (`str.casefold`; ß is ss).
        normalize: compatibility decomposition of each character (NFKD: full-width and mathematical letters, ligatures,
            squared words; é is e and a combining accent). Combining marks keep their order.
        look_alikes: characters that look like ASCII ones are these too, by Unicode's table of confusables; combining
            marks count for nothing; l, I, 1 and | are one, so are O and 0, and with `case` i and l too. Only single
            characters: rn is not m.
        invisible: characters without a glyph (zero-width, soft hyphen, selectors, marks of direction, tags) count for
            nothing.
        spaces: any white space is a space.
    """

    case: bool = True
    normalize: bool = True
    look_alikes: bool = False
    invisible: bool = False
    spaces: bool = False

    def images(self, character: str) -> tuple[str, ...]:
        """What a character may read as: at least one string, which may be empty. The first is without look-alikes."""
        if self.invisible and _is_invisible(character):
            return ("",)
        if self.spaces and character.isspace():
            return (" ",)
        own = self._alike(self._folded(character))
        twin = _twins().get(character) if self.look_alikes else None
        return (own,) if twin is None else tuple(dict.fromkeys((own, self._alike(self._folded(twin)))))

    def written(self, phrase: str) -> tuple[str, ...]:
        """A phrase as it is looked for: in its own characters, and in those that they look like."""
        images = [self.images(character) for character in phrase]
        return tuple(dict.fromkeys(("".join(one[0] for one in images), "".join(one[-1] for one in images))))

    @cached_property
    def table(self) -> dict[int, tuple[str, ...]]:
        """The images of every code point that is not just itself."""
        return _table(self)

    def _folded(self, text: str) -> str:
        if self.normalize or self.look_alikes:
            text = unicodedata.normalize("NFKD", text)
        if self.case:
            text = text.casefold()
            if self.normalize or self.look_alikes:  # ẛ̣ and others come apart further
                text = unicodedata.normalize("NFKD", text)
        if self.look_alikes:
            text = "".join(one for one in text if not unicodedata.combining(one))
        if self.invisible:
            text = "".join(one for one in text if not _is_invisible(one))
        return "".join(" " if one.isspace() else one for one in text) if self.spaces else text

    def _alike(self, text: str) -> str:
        return text.translate(_classes(self.case)) if self.look_alikes else text


def _is_invisible(character: str) -> bool:
    point = ord(character)
    return unicodedata.category(character) == "Cf" or any(low <= point <= high for low, high in _IGNORED)


@cache
def _table(normaliser: Normaliser) -> dict[int, tuple[str, ...]]:
    characters = (chr(point) for points in _CHANGING for point in points)
    return {ord(one): images for one in characters if (images := normaliser.images(one)) != (one,)}


@cache
def _classes(case: bool) -> dict[int, str]:
    """One name for the ASCII characters that look alike, as a table for `str.translate`."""
    classes: dict[str, set[str]] = {}
    for left, right in (*_CONFUSED, *((("i", "I"), ("o", "O")) if case else ())):
        joint = classes.get(left, {left}) | classes.get(right, {right})
        classes |= dict.fromkeys(joint, joint)
    return {ord(one): min(joint, key=lambda other: (not other.islower(), other)) for one, joint in classes.items()}


@cache
def _twins() -> dict[str, str]:
    """The ASCII text that a character looks like, without the marks on it: a letter with a hook is that letter."""
    from confusable_homoglyphs.confusables import confusables_data

    twins = {}
    for character, others in confusables_data.items():
        for other in others if len(character) == 1 and not character.isascii() else ():
            plain = "".join(c for c in unicodedata.normalize("NFKD", other["c"]) if not unicodedata.combining(c))
            if plain and plain.isascii():
                letters = {"rn": "m", "''": '"'}.get(plain, plain)
                twins[character] = letters.strip("'") or letters
                break
    return twins


@dataclass(frozen=True)
class Reading:
    """A text as it reads; character i of `text` stands at `starts[i]` … `starts[i + 1]` of what is written."""

    text: str
    starts: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters `start` … `end` are written."""
        return self.starts[start], self.starts[end]


_UNIT = re.compile(
    r'\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(["\\/bfnrt])|.', re.DOTALL
)
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def readings(text: str) -> tuple[Reading, ...]:
    """The text as it is written, and with JSON's escapes resolved wherever they stand, if it has any."""
    written = Reading(text, tuple(range(len(text) + 1)))
    if "\\" not in text:
        return (written,)
    units = [(_character(match), match.start()) for match in _UNIT.finditer(text)]
    return (written, Reading("".join(one for one, _ in units), (*(start for _, start in units), len(text))))


def _character(match: re.Match[str]) -> str:
    high, low, code, short = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    if code:
        return "\ufffd" if 0xD800 <= int(code, 16) < 0xE000 else chr(int(code, 16))
    return _SHORT.get(short, short) if short else match[0]


def merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans in order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
