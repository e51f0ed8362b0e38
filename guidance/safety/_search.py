"""Phrases looked for in texts whose characters have images (`Normaliser`): in one text, and as a language.

Both follow one rule: a text holds a phrase if some choice of one image per character, joined, holds it; an image may
begin before the phrase, end behind it, or be empty. `Search.occurrences` follows a text; `Search.term` writes the same
rule down as a graph for all texts, whose automaton is then made by `controlgen.constraints`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from controlgen.constraints._terms import EPSILON, Term, any_char, chars, graph
from controlgen.guidance.safety._text import Normaliser

__all__ = ["Search"]

_READY = 0  # the trie's root: a phrase may begin here
_WAITING, _FOUND = -1, -2  # a phrase ends behind an image, and within one

States = dict[int, int]  # node of the trie: where the phrase that led to it began
Ends = dict[int, tuple[int, int]]  # final node: start and end of its phrase


@dataclass
class _Node:
    """A place within phrases.

    Attributes:
        following: node by character.
        spaced: it stands behind a space that may be any number of spaces.
        final: a phrase ends here.
    """

    following: dict[str, int] = field(default_factory=dict)
    spaced: bool = False
    final: bool = False


class Search:
    """Looks for phrases.

    Args:
        phrases: as the normaliser writes them; none empty.
        normaliser: gives the images.
        whole_words: only where no letter, digit or underscore stands right before or behind (images are what counts).
    """

    def __init__(self, phrases: Iterable[str], normaliser: Normaliser, *, whole_words: bool = False) -> None:
        self.normaliser, self.whole_words = normaliser, whole_words
        self._nodes = [_Node()]
        for phrase in phrases:
            here = _READY
            for character in re.sub(" +", " ", phrase) if normaliser.spaces else phrase:
                following = self._nodes[here].following
                if character not in following:
                    following[character] = len(self._nodes)
                    self._nodes.append(_Node(spaced=normaliser.spaces and character == " "))
                here = following[character]
            self._nodes[here].final = True

    def _next(self, node: int, character: str) -> Iterator[int]:
        """The nodes behind one character of an image."""
        one = self._nodes[node]
        if character in one.following:
            yield one.following[character]
        if one.spaced and character == " ":
            yield node

    def occurrences(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of phrases in a text; of those that end at one place, the shortest of each phrase."""
        table = self.normaliser.table
        states: States = {_READY: 0}
        waiting: Ends = {}
        for index, character in enumerate(text):
            after: States = {}
            ends: Ends = {}
            for image in table.get(ord(character), (character,)):
                reached, ended, found = self._follow(states, waiting, image, index)
                yield from found
                after |= {node: max(start, after.get(node, 0)) for node, start in reached.items()}
                ends |= ended
            states, waiting = after, ends
        yield from waiting.values()

    def _follow(
        self, states: States, waiting: Ends, image: str, index: int
    ) -> tuple[States, Ends, set[tuple[int, int]]]:
        """States behind an image of the character at `index`, ends that wait for a border, and what was found."""
        found: set[tuple[int, int]] = set()
        for character in image:
            border = self._is_border(character)
            found |= set(waiting.values()) if border else set()
            after: States = {}
            for node, start in states.items():
                for target in self._next(node, character):
                    after[target] = max(index if node == _READY else start, after.get(target, 0))
            waiting = {node: (start, index + 1) for node, start in after.items() if self._nodes[node].final}
            if not self.whole_words:
                found, waiting = found | set(waiting.values()), {}
            states = after | ({_READY: index + 1} if border else {})
        return states, waiting, found

    def _is_border(self, character: str) -> bool:
        """Whether a phrase may begin right behind it, or end right before it."""
        return not (self.whole_words and _is_word(character))

    def term(self) -> Term:
        """The texts that hold a phrase."""
        return graph(self._edges(_alphabet(self.normaliser)))

    def _edges(self, alphabet: _Alphabet) -> Iterator[tuple[int, Term, int]]:
        """Edges between 0 the start, 1 the end, the places before, at and behind a phrase, and the trie's nodes."""
        before, begin, ended, found, first = 2, 3, 4, 5, 6
        yield from ((0, EPSILON, before), (0, EPSILON, begin), (before, any_char(), before))
        yield from ((found, any_char(), found), (found, EPSILON, 1))
        if self.whole_words:
            yield from ((before, alphabet.last_open, begin), (ended, alphabet.first_open, found), (ended, EPSILON, 1))
        else:
            yield from ((before, EPSILON, begin), (ended, EPSILON, found))
        yield from ((node, alphabet.nothing, node) for node in (begin, ended))
        place = {_WAITING: ended, _FOUND: found}
        for image in alphabet.with_one_of(self._wanted(_READY)):
            for target in self._inside(image):
                yield before, alphabet.characters(image), place.get(target, first + target)
        for node in range(len(self._nodes)):
            here = begin if node == _READY else first + node
            yield here, alphabet.nothing, here
            for image in alphabet.with_one_of(self._wanted(node), at_start=True):
                for target in self._targets(node, image):
                    yield here, alphabet.characters(image), place.get(target, first + target)

    def _wanted(self, node: int) -> list[str]:
        one = self._nodes[node]
        return [*one.following, *([" "] if one.spaced else [])]

    def _targets(self, node: int, image: str) -> set[int]:
        """Where an image leads from a node: nodes of the trie, or an end of a phrase."""
        reached, targets = {node}, set()
        for place, character in enumerate(image):
            reached = {target for one in reached for target in self._next(one, character)}
            if any(self._nodes[one].final for one in reached):
                if place == len(image) - 1:
                    targets.add(_WAITING)
                elif self._is_border(image[place + 1]):
                    targets.add(_FOUND)
        return targets | reached

    def _inside(self, image: str) -> set[int]:
        """Where an image leads if a phrase begins behind one of its characters."""
        begins = (place for place in range(1, len(image)) if self._is_border(image[place - 1]))
        return {target for place in begins for target in self._targets(_READY, image[place:])}


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


@dataclass(frozen=True)
class _Alphabet:
    """Code points by their images.

    Attributes:
        members: the code points of each image that is not just the character itself, or that others have too.
        changed: the code points that are not just themselves.
        holding: images of several characters by each character in them.
        first_open, last_open: characters with an image whose first, last character is no letter, digit or underscore.
        nothing: characters with an empty image.
        terms: those that were asked for.
    """

    members: dict[str, tuple[int, ...]]
    changed: frozenset[int]
    holding: dict[str, tuple[str, ...]]
    first_open: Term
    last_open: Term
    nothing: Term
    terms: dict[str, Term] = field(default_factory=dict, compare=False)

    def with_one_of(self, wanted: Sequence[str], *, at_start: bool = False) -> Iterator[str]:
        """The images that hold one of these characters, or begin with one."""
        longer = (image for one in wanted for image in self.holding.get(one, ()) if not at_start or image[0] == one)
        yield from dict.fromkeys((*wanted, *longer))

    def characters(self, image: str) -> Term:
        """The characters with this image."""
        if image not in self.terms:
            own = [ord(image)] if len(image) == 1 and ord(image) not in self.changed else []
            self.terms[image] = chars([(point, point) for point in (*own, *self.members.get(image, ()))])
        return self.terms[image]


@cache
def _alphabet(normaliser: Normaliser) -> _Alphabet:
    members: dict[str, list[int]] = {}
    for point, images in normaliser.table.items():
        for image in images:
            members.setdefault(image, []).append(point)
    holding: dict[str, list[str]] = {}
    for image in members:
        for one in dict.fromkeys(image) if len(image) > 1 else ():
            holding.setdefault(one, []).append(image)
    return _Alphabet(
        {image: tuple(points) for image, points in members.items()},
        frozenset(normaliser.table),
        {one: tuple(images) for one, images in holding.items()},
        _open(members, frozenset(normaliser.table), 0),
        _open(members, frozenset(normaliser.table), -1),
        chars([(point, point) for point in members.get("", ())]),
    )


def _open(members: dict[str, list[int]], changed: frozenset[int], place: int) -> Term:
    """The characters with an image whose character at `place` is no letter, digit or underscore."""
    own = (point for point in range(0x110000) if point not in changed and not _is_word(chr(point)))
    by_image = (point for image, points in members.items() if image and not _is_word(image[place]) for point in points)
    return chars([(point, point) for point in (*own, *by_image)])
