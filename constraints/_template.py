"""Text with holes: fixed words and languages in turn, several holes of free length on one canvas.

A `Template` is a concatenation that remembers its parts, so a member has a value: what stands in each hole. `Infill` is
the other way round: given texts with gaps between them, what is in the gaps is free as long as the *whole* is in a
language. Knows terms and languages; knows no tokens, but for the markers of aligned borders.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._errors import ConstraintError
from ._language import Language, named
from ._markers import BORDER
from ._match import ends_of
from ._terms import Bytes, Term, any_text, lit, seq

__all__ = ["Infill", "Template"]


@dataclass(frozen=True)
class _Hole:
    name: str
    language: Language


class Template(Language):
    """Fixed text and typed holes: ``Template("Dear {name}, order {id}", name=Regex("[A-Z][a-z]+"), id=int)``.

    Holes are named in braces, `{{` and `}}` are braces; every name has a language, or what `Language.of` takes. A name
    may stand several times: each place is filled by itself, and its value is a list. Weights belong to a whole text,
    and are added to the finished template.

    The value of a member is a dict: hole → its typed value. Where a text can be cut in several ways, holes further left
    are as long as possible.

    Args:
        text: the fixed text with its holes.
        align: tokens end at the borders between holes and fixed text; by default they may stand across.
        holes: a language for every name.

    Raises:
        ConstraintError: for a hole without a language, a language without a hole, or braces that don't fit.
    """

    def __init__(self, text: str, /, *, align: bool = False, **holes: Any) -> None:
        self.text = text
        self._pieces = _pieces(text, {name: _as_language(name, hole) for name, hole in holes.items()})
        terms = [lit(piece) if isinstance(piece, str) else piece.language.term for piece in self._pieces]
        verified = any(isinstance(piece, _Hole) and piece.language.verify is not None for piece in self._pieces)
        super().__init__(_joined(terms, align), verify=self._verified if verified else None, borders=align)

    def split(self, text: str) -> dict[str, list[str]] | None:
        """What stands in the holes, by name and place; None if the text is no member."""
        cut = _Cutter(self._pieces, text).cut()
        if cut is None:
            return None
        found: dict[str, list[str]] = {}
        for hole, piece in cut:
            found.setdefault(hole.name, []).append(piece)
        return found

    def parse(self, text: str) -> dict[str, Any]:
        """The typed value of each hole. Raises ValueError if the text is no member."""
        cut = _Cutter(self._pieces, text).cut()
        if cut is None:
            raise ValueError(f"not a member of {self!r}: {text!r}")
        found: dict[str, list[Any]] = {}
        for hole, piece in cut:
            found.setdefault(hole.name, []).append(hole.language.parse(piece))
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}

    def _verified(self, text: str) -> bool:
        return _Cutter(self._pieces, text).cut() is not None

    def __repr__(self) -> str:
        return f"Template({self.text!r})"


def _as_language(name: str, hole: Any) -> Language:
    language = hole if isinstance(hole, Language) else Language.of(hole)
    for has, what in ((language.weights, "weights"), (language.borders, "borders")):
        if has:
            raise ConstraintError(f"hole {name!r} has {what}: they belong to whole texts; add them to the template")
    return language


def _joined(terms: Sequence[Term], align: bool) -> Term:
    """The terms one after the other; with `align`, a token ends between each two."""
    return seq(*(part for term in terms for part in (Bytes(BORDER), term)), Bytes(BORDER)) if align else seq(*terms)


def _pieces(text: str, holes: dict[str, Language]) -> list[str | _Hole]:
    pieces: list[str | _Hole] = []
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ConstraintError(f"not a template: {error}: {text!r}; a brace by itself is written twice") from error
    for fixed, name, form, conversion in fields:
        if fixed:
            pieces.append(fixed)
        if name is None:
            continue
        if form or conversion or name not in holes:
            known = ", ".join(holes) or "none"
            raise ConstraintError(
                f"not a template: hole {{{name}}} has no language (given: {known}); a brace by itself is written twice"
            )
        pieces.append(_Hole(name, holes[name]))
    used = {piece.name for piece in pieces if isinstance(piece, _Hole)}
    if unused := [name for name in holes if name not in used]:
        raise ConstraintError(f"not a template: no hole in the text is called {', '.join(unused)}")
    return pieces


class _Cutter:
    """Cuts one text into the pieces of a template: leftmost holes as long as possible, verifiers included."""

    def __init__(self, pieces: Sequence[str | _Hole], text: str) -> None:
        self._pieces = pieces
        self._data = text.encode()
        self._dead: set[tuple[int, int]] = set()  # (piece, place) from which there is no way to the end

    def cut(self) -> list[tuple[_Hole, str]] | None:
        found: list[tuple[int, int]] = []  # start and end of each hole, in bytes
        if not self._from(0, 0, found):
            return None
        holes = [piece for piece in self._pieces if isinstance(piece, _Hole)]
        return [(hole, self._data[a:b].decode()) for hole, (a, b) in zip(holes, found, strict=True)]

    def _from(self, number: int, place: int, found: list[tuple[int, int]]) -> bool:
        if number == len(self._pieces):
            return place == len(self._data)
        if (number, place) in self._dead:
            return False
        piece = self._pieces[number]
        if isinstance(piece, str):
            fixed = piece.encode()
            good = self._data.startswith(fixed, place) and self._from(number + 1, place + len(fixed), found)
        else:
            good = self._fill(piece, number, place, found)
        if not good:
            self._dead.add((number, place))
        return good

    def _fill(self, hole: _Hole, number: int, place: int, found: list[tuple[int, int]]) -> bool:
        for end in sorted(ends_of(hole.language.term, self._data, place), reverse=True):
            verify = hole.language.verify
            found.append((place, end))
            if self._from(number + 1, end, found) and (verify is None or verify(self._data[place:end].decode())):
                return True
            del found[-1:]
        return False


class Infill(Language):
    """The members of a language in which the given texts stand in their order, first and last at the ends.

    ``Infill(sql, "SELECT ", " FROM t WHERE ", ";")`` has two gaps; what fills them is chosen so that the whole text is
    in the language. An empty first or last text leaves that end open. The value of a member is that of the language;
    `gaps` gives what stands between the texts.

    Args:
        language: of the whole text.
        texts: at least two; a gap between each and the next.
        gap: what a gap may be at most, by default any text.
        align: tokens end at the borders of the gaps; by default they may stand across.

    Raises:
        ConstraintError: for fewer than two texts.
        InfeasibleConstraint: when it is compiled, if no member has these texts.
    """

    def __init__(self, language: Language, *texts: str, gap: Language | None = None, align: bool = False) -> None:
        if len(texts) < 2:
            raise ConstraintError("an infill needs the text before and the text behind each gap; either may be empty")
        self.language = language
        self.texts = texts
        self._gap = _Hole("gap", Language(any_text()) if gap is None else _as_language("gap", gap))
        pieces: list[Term] = [lit(texts[0])]
        for text in texts[1:]:
            pieces += [self._gap.language.term, lit(text)]
        whole = language & named(Language(_joined(pieces, align), borders=align), f"the texts {texts}")
        super().__init__(
            whole.term, parse=language.parse, verify=whole.verify, weights=whole.weights, borders=whole.borders
        )
        self._parts = whole.parts

    def gaps(self, text: str) -> list[str] | None:
        """What stands in the gaps (those further left as long as possible); None if the texts don't stand there."""
        pieces: list[str | _Hole] = [self.texts[0]]
        for fixed in self.texts[1:]:
            pieces += [self._gap, fixed]
        cut = _Cutter(pieces, text).cut()
        return None if cut is None else [piece for _, piece in cut]

    def __repr__(self) -> str:
        return f"Infill({self.language!r}, {', '.join(map(repr, self.texts))})"
