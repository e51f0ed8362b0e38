"""The one intermediate form of languages: a small term algebra over texts.

Stages of a constraint's life:

1. a front end (regex, JSON Schema, Pydantic …) builds a *term*: a frozen, hashable tree, this module;
2. `_expansion.compile_term` turns a term into the minimal deterministic automaton over bytes;
3. `_compile.compile_dfa` walks a vocabulary with it and gives the automaton over tokens.

A term denotes a set of texts, that is of valid UTF-8 byte strings. Calls to named sub-languages stay calls
(`Call` inside `Scope`) until stage 2 expands them, so an engine with call and return edges could take their
place without touching a front end. This module builds terms and knows no automaton.

Use the smart constructors below the classes: they flatten, merge and simplify, so that equal languages tend to be
equal terms and shared parts are compiled once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = [
    "EMPTY", "EPSILON", "Alt", "And", "Bytes", "Call", "Chars", "Erased", "Graph", "JsonString", "Marked", "Minus",
    "Not", "Repeat", "Scope", "Seq", "Spelled", "Substrings", "Term", "alt", "any_char", "any_text", "both", "chars",
    "erased", "graph", "json_string", "lit", "marked", "minus", "neg", "opt", "rep", "scope", "seq", "substrings",
]  # fmt: skip

MAX_CODE_POINT = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)

Ranges = tuple[tuple[int, int], ...]


class Term:
    """Base class. Subclasses are frozen dataclasses; the hash of a tree is computed once and kept."""

    __slots__ = ()


def _cached_hash(cls: type[Term]) -> type[Term]:
    """Keep a term's hash on the instance: terms are dictionary keys, and trees are deep."""
    plain = cls.__hash__

    def __hash__(self: Term) -> int:
        kept = self.__dict__.get("_hash")
        if kept is None:
            kept = plain(self)
            object.__setattr__(self, "_hash", kept)
        return int(kept)

    cls.__hash__ = __hash__  # type: ignore[method-assign, assignment]
    return cls


@_cached_hash
@dataclass(frozen=True)
class Bytes(Term):
    """Exactly this text, given as its UTF-8 bytes."""

    value: bytes


@_cached_hash
@dataclass(frozen=True)
class Chars(Term):
    """Exactly one code point out of `ranges`: inclusive, sorted, disjoint, without surrogates."""

    ranges: Ranges


@_cached_hash
@dataclass(frozen=True)
class Seq(Term):
    """Concatenation, in order. `Seq(())` is the language of the empty text."""

    parts: tuple[Term, ...]


@_cached_hash
@dataclass(frozen=True)
class Alt(Term):
    """Union. `Alt(())` is the empty language."""

    options: tuple[Term, ...]


@_cached_hash
@dataclass(frozen=True)
class Repeat(Term):
    """`low` to `high` copies of `term` in a row; `high=None` is unbounded."""

    term: Term
    low: int
    high: int | None


@_cached_hash
@dataclass(frozen=True)
class Graph(Term):
    """The texts along the paths of a graph: an edge (s, term, t) leads from node s to node t by a text of `term`.

    Node 0 is the start, node 1 the end. What needs a memory (which members are written, how many items match) is
    linear here where a tree of alternatives would be exponential.
    """

    edges: tuple[tuple[int, Term, int], ...]


@_cached_hash
@dataclass(frozen=True)
class And(Term):
    """Intersection."""

    parts: tuple[Term, ...]


@_cached_hash
@dataclass(frozen=True)
class Not(Term):
    """Complement among all valid UTF-8 texts."""

    term: Term


@_cached_hash
@dataclass(frozen=True)
class Minus(Term):
    """Difference; unlike `Not` also among texts that hold markers (see `_markers`)."""

    term: Term
    removed: Term


@_cached_hash
@dataclass(frozen=True)
class Marked(Term):
    """The texts of `term`, with any number of these marker bytes anywhere in them."""

    term: Term
    markers: bytes


@_cached_hash
@dataclass(frozen=True)
class Erased(Term):
    """The texts of `term` after these marker bytes are taken out of them."""

    term: Term
    markers: bytes


@_cached_hash
@dataclass(frozen=True)
class JsonString(Term):
    r"""The JSON string literals, quotes included, whose *decoded* value is in `term`.

    Spellings: raw UTF-8 for all but control characters, `"` and `\`; those as `\"`, `\\`, `\b \f \n \r \t`, and any
    control character also as `\u00XX` with hexadecimal digits in either case; `/` raw or as `\/`.
    """

    term: Term


@_cached_hash
@dataclass(frozen=True)
class Spelled(Term):
    """The written texts that read as a text of `term` once JSON's escapes are resolved, see `_spellings`.

    `needless`: also texts in which a character stands in an escape that needs none.
    """

    term: Term
    needless: bool = True


@_cached_hash
@dataclass(frozen=True)
class Substrings(Term):
    r"""The texts, but for the empty one, that stand literally in one of the documents: their code points in a row.

    `words`: only where neither end of the text cuts a run of `\w` in the document (Python's `\w`).
    """

    documents: tuple[str, ...]
    words: bool = False


@_cached_hash
@dataclass(frozen=True)
class Call(Term):
    """A call to a sub-language that an enclosing `Scope` names."""

    name: str


@_cached_hash
@dataclass(frozen=True)
class Scope(Term):
    """`body` with names bound to `definitions`. Names may call each other and themselves.

    `depth`: how deep calls that embed themselves are to be expanded where the budget admits it; 0 for the default.
    """

    body: Term
    definitions: tuple[tuple[str, Term], ...]
    depth: int = 0


EPSILON: Term = Seq(())
EMPTY: Term = Alt(())


def lit(value: str | bytes) -> Term:
    """The language of exactly this text. Raises ValueError for bytes that are no UTF-8 or lone surrogates."""
    data = value.encode("utf-8") if isinstance(value, str) else bytes(value)
    data.decode("utf-8")
    return Bytes(data) if data else EPSILON


def normal_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Sort, clip and merge inclusive code-point ranges; surrogates are taken out, since no text has them."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(_without_surrogates(ranges)):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _without_surrogates(ranges: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    for low, high in ranges:
        low, high = max(low, 0), min(high, MAX_CODE_POINT)
        for piece in ((low, min(high, SURROGATES[0] - 1)), (max(low, SURROGATES[1] + 1), high)):
            if piece[0] <= piece[1]:
                yield piece


def chars(members: str | Iterable[tuple[int, int]], *, negate: bool = False) -> Term:
    """One code point: out of the characters of a string, or out of inclusive ranges; `negate` for all others."""
    pairs = ((ord(c), ord(c)) for c in members) if isinstance(members, str) else members
    ranges = normal_ranges(pairs)
    if negate:
        edges = [-1, *(bound for pair in ranges for bound in pair), MAX_CODE_POINT + 1]
        ranges = normal_ranges((edges[i] + 1, edges[i + 1] - 1) for i in range(0, len(edges), 2))
    return Chars(ranges) if ranges else EMPTY


def any_char() -> Term:
    """Any one code point."""
    return chars([(0, MAX_CODE_POINT)])


def any_text() -> Term:
    """Every text."""
    return rep(any_char(), 0)


def seq(*parts: Term) -> Term:
    """Concatenation; flattened, neighbouring literals joined, empty if a part is empty."""
    flat: list[Term] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Seq) else (part,):
            if piece == EMPTY:
                return EMPTY
            if flat and isinstance(piece, Bytes) and isinstance(flat[-1], Bytes):
                flat[-1] = Bytes(flat[-1].value + piece.value)
            else:
                flat.append(piece)
    return flat[0] if len(flat) == 1 else Seq(tuple(flat))


def alt(*options: Term) -> Term:
    """Union; flattened and without repetition."""
    flat: dict[Term, None] = {}
    for option in options:
        for piece in option.options if isinstance(option, Alt) else (option,):
            flat.setdefault(piece)
    return next(iter(flat)) if len(flat) == 1 else Alt(tuple(flat))


def opt(term: Term) -> Term:
    """The term or nothing."""
    return alt(EPSILON, term)


def rep(term: Term, low: int, high: int | None = None) -> Term:
    """`low` to `high` copies; `high=None` is unbounded. Raises ValueError for a negative or reversed range."""
    if low < 0 or (high is not None and high < low):
        raise ValueError(f"a repetition from {low} to {high} is no range")
    if high == 0 or term == EPSILON:
        return EPSILON
    if term == EMPTY:
        return EPSILON if low == 0 else EMPTY
    return term if (low, high) == (1, 1) else Repeat(term, low, high)


def graph(edges: Iterable[tuple[int, Term, int]]) -> Term:
    """The texts along the paths from node 0 to node 1; edges by nothing possible and nodes off every path go."""
    live = [(s, term, t) for s, term, t in edges if term != EMPTY]
    reached = _closure(0, [(s, t) for s, _, t in live])
    useful = _closure(1, [(t, s) for s, _, t in live])
    keep = tuple((s, term, t) for s, term, t in live if s in reached and t in useful)
    return Graph(keep) if keep else EMPTY


def _closure(root: int, pairs: Iterable[tuple[int, int]]) -> set[int]:
    following: dict[int, list[int]] = {}
    for s, t in pairs:
        following.setdefault(s, []).append(t)
    seen = {root}
    pending = [root]
    while pending:
        for t in following.get(pending.pop(), ()):
            if t not in seen:
                seen.add(t)
                pending.append(t)
    return seen


def both(*parts: Term) -> Term:
    """Intersection; flattened and without repetition. At least one part is needed."""
    flat: dict[Term, None] = {}
    for part in parts:
        for piece in part.parts if isinstance(part, And) else (part,):
            flat.setdefault(piece)
    if not flat:
        raise ValueError("an intersection of nothing has no language")
    if EMPTY in flat:
        return EMPTY
    return next(iter(flat)) if len(flat) == 1 else And(tuple(flat))


def neg(term: Term) -> Term:
    """Complement among all texts."""
    return term.term if isinstance(term, Not) else Not(term)


def minus(term: Term, removed: Term) -> Term:
    """The texts of one term that are not in another."""
    return term if EMPTY in (term, removed) else Minus(term, removed)


def marked(term: Term, markers: bytes) -> Term:
    """The texts of a term with marker bytes anywhere in them."""
    return Marked(term, markers) if markers and term != EMPTY else term


def erased(term: Term, markers: bytes) -> Term:
    """The texts of a term without their marker bytes."""
    return Erased(term, markers) if markers and term != EMPTY else term


def json_string(term: Term) -> Term:
    """The JSON string literals whose decoded value is in `term`."""
    return EMPTY if term == EMPTY else JsonString(term)


def scope(body: Term, definitions: Mapping[str, Term], depth: int = 0) -> Term:
    """`body` with names bound; no scope at all where there is nothing to bind."""
    return Scope(body, tuple(definitions.items()), depth) if definitions else body


def substrings(documents: Iterable[str], *, words: bool = False) -> Term:
    """The texts that stand in one of the documents. Raises ValueError for lone surrogates, which no text has."""
    distinct = tuple(dict.fromkeys(document for document in documents if document))
    for document in distinct:
        document.encode("utf-8")
    return Substrings(distinct, words) if distinct else EMPTY
