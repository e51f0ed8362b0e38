"""One case of an object: from the atoms that hold together to its members.

Names that the case mentions stand first, in order; other keys are *free*, and fall into classes by the patterns and
key claims that speak of them. A class with few keys becomes optional members of its own. A condition that some
property must meet is a *need*: a bit that members may set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from .._dfa import Dfa
from .._errors import BudgetExceeded, UnsupportedConstraint
from .._expansion import compile_term
from .._terms import EMPTY, And, Minus, Term, any_text, json_string, lit, neg, seq
from .._terms import alt as union
from ._atoms import Declared, EachKey, Evaluated, Has, KeySet, SomeKey, Unevaluated, Value, length_bounds
from ._document import Claim
from ._formula import All, Either, Formula, Watched
from ._limits import Limits
from ._objects import Member, object_term
from ._strings import is_impossible, matches_text
from ._whitespace import Whitespace

__all__ = ["FREE_KEYS", "ObjectCase", "ObjectCompiler", "names_in", "objects_may_satisfy"]

FREE_KEYS = "that free keys differ from each other is not regular; each candidate is checked for it"
MAX_NEEDS = 5
MAX_CLASSES = 64
MAX_LOOSE = 4
FEW_KEYS = 24  # a class of at most so many keys is written out

Case = tuple[Formula, ...]


class Values(Protocol):
    """What the compiler of a whole schema offers."""

    def value(self, claims: Iterable[Claim], depth: int) -> Term:
        """The values that satisfy all claims."""

    def text(self, claim: Claim) -> Term:
        """The decoded strings that satisfy a claim."""

    def pattern(self, pattern: str, pointer: str, keyword: str) -> Term | None:
        """The strings in which a pattern matches."""

    def first_mention(self, text: str) -> int:
        """Where a text stands among the values that the document gives."""

    def verify(self, keyword: str, why: str) -> None:
        """Note what is left to the verifier."""


def objects_may_satisfy(case: Case) -> bool:
    """Whether the atoms of a case don't contradict each other on the surface."""
    has = {(atom.name, atom.holds) for atom in case if isinstance(atom, Has)}
    low, high = length_bounds(case)
    required = {name for name, holds in has if holds}
    if high is not None and (low > high or len(required) > high):
        return False
    return not any((name, False) in has for name in required)


def names_in(formula: Formula) -> tuple[list[str], list[str]]:
    """The names that a formula speaks of, in the order of their first mention: those that schemas declare, and those
    that are only required or barred."""
    declared: dict[str, None] = {}
    others: dict[str, None] = {}
    pending = [formula]
    while pending:
        match pending.pop():
            case All(parts) | Either(parts):
                pending += reversed(parts)
            case Watched(body, rest):
                pending += (rest, body)
            case Value(name):
                declared.setdefault(name)
            case Has(name):
                others.setdefault(name)
    return list(declared), [name for name in others if name not in declared]


@dataclass
class ObjectCase:
    """The atoms of a case, sorted."""

    names: dict[str, list[Claim]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    each: list[EachKey] = field(default_factory=list)
    some: list[SomeKey] = field(default_factory=list)
    low: int = 0
    high: int | None = None
    impossible: bool = False
    closed: bool = False
    loose: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, case: Case, *, closed: bool, order: Sequence[str] = (), loose: Sequence[str] = (), all_names: bool = False
    ) -> ObjectCase:
        """Sort the atoms.

        Args:
            case: the atoms.
            closed: as in `JsonSchema`.
            order: names in the order in which they are to stand.
            loose: names without a place among each other, behind those.
            all_names: name all of them, also what this case says nothing of.
        """
        declared = [atom.says_all for atom in case if isinstance(atom, Declared)]
        result = cls(closed=closed and bool(declared) and not any(declared))
        if all_names and not result.closed:
            result.names = {name: [] for name in (*order, *loose)}
        result.low, result.high = length_bounds(case)
        for atom in case:
            match atom:
                case Value(name, claim):
                    result.names.setdefault(name, []).append(claim)
                case Has(name, holds):
                    (result.required if holds else result.absent).add(name)
                    result.names.setdefault(name, [])
                case EachKey():
                    result.each.append(atom)
                case SomeKey():
                    result.some.append(atom)
                case Unevaluated():
                    result._add_unevaluated(atom, case)
        for keys in result.key_sets:
            for name in sorted(keys.names - result.names.keys()):
                result.names[name] = []
        place = {name: i for i, name in enumerate((*order, *loose))}
        result.names = dict(sorted(result.names.items(), key=lambda item: place.get(item[0], len(place))))
        unplaced = result.names.keys() & set(loose) - result.absent
        result.loose = frozenset(unplaced) if 1 < len(unplaced) <= MAX_LOOSE else frozenset()
        return result

    @property
    def key_sets(self) -> list[KeySet]:
        """The sets of keys that conditions speak of."""
        return [each.keys for each in self.each] + [need.keys for need in self.some]

    def _add_unevaluated(self, atom: Unevaluated, case: Case) -> None:
        seen = [other for other in case if isinstance(other, Evaluated) and other.watcher == atom.watcher]
        if any(other.items is None for other in seen):
            self.impossible |= not atom.holds
            return
        names = frozenset().union(*(other.names for other in seen))
        patterns = tuple(dict.fromkeys(pattern for other in seen for pattern in other.patterns))
        keys = KeySet(names=names, patterns=patterns, pointer=atom.claim.node.pointer)
        if atom.holds:
            self.each.append(EachKey(keys, atom.claim))
        else:
            self.some.append(SomeKey(keys, atom.claim.denied()))


_Test = str | Claim  # a pattern that matches, a claim that the key satisfies as a string
_Need = tuple[Claim, int]  # the claim on a value, and the bit that it sets


@dataclass(frozen=True)
class _Class:
    """Free keys that are alike: their decoded texts, and the tests that they pass."""

    term: Term
    passed: frozenset[_Test] = frozenset()

    def is_in(self, keys: KeySet) -> bool:
        """Whether these keys are in a set (names are no free keys)."""
        wanted = [test for test in (keys.pattern, keys.claim) if test is not None]
        return self.passed.issuperset(wanted) and self.passed.isdisjoint(keys.patterns)


class ObjectCompiler:
    """Compiles cases of objects."""

    def __init__(self, values: Values, whitespace: Whitespace, limits: Limits) -> None:
        self._values = values
        self._limits = limits
        self._whitespace = whitespace
        self._colon = whitespace.colon()

    def term(self, case: ObjectCase, depth: int) -> Term:
        """The objects of a case that stand at `depth`."""
        if case.impossible or (case.required & case.absent):
            return EMPTY
        if len(case.some) > MAX_NEEDS:
            self._values.verify("not", f"more than {MAX_NEEDS} conditions that some property must meet")
            case.some = case.some[:MAX_NEEDS]
        for name in sorted(case.required, key=list(case.names).index):  # what contradicts is found early
            if self._value(case, name, depth) == EMPTY:
                return EMPTY
        full = case.high is not None and case.high <= len(case.required)
        written, free = ([], []) if case.closed or full else self._free_members(case, depth)
        members = [self._named(case, name, depth) for name in case.names if name not in case.absent]
        members += written + free
        low, high = self._bounds(case, members)
        if free and (high is None or high > len(case.required) + 1):
            self._values.verify("additionalProperties", FREE_KEYS)
        low, high = self._counted(low, high)
        needs = (1 << len(case.some)) - 1
        return object_term(members, self._whitespace, depth, low=low, high=high, needs=needs)

    def may_exist(self, case: ObjectCase, depth: int) -> bool:
        """Whether the required members of a case can all be written."""
        if case.impossible or (case.required & case.absent):
            return False
        return all(self._value(case, name, depth) != EMPTY for name in case.required)

    def _named(self, case: ObjectCase, name: str, depth: int) -> Member:
        variants = self._variants(lit(name), self._claims(case, name), self._met(case, name), depth)
        return Member(variants, required=name in case.required, loose=name in case.loose)

    @staticmethod
    def _bounds(case: ObjectCase, members: Sequence[Member]) -> tuple[int, int | None]:
        """The bounds on the number of members, where they say more than the members themselves."""
        low = case.low if case.low > len(case.required) else 0
        possible = sum(1 for member in members if any(term != EMPTY for term, _ in member.variants))
        bounded = not any(member.repeated for member in members)
        high = None if case.high is not None and bounded and possible <= case.high else case.high
        return low, high

    def _counted(self, low: int, high: int | None) -> tuple[int, int | None]:
        """The bounds as far as members are counted."""
        counted = self._limits.items
        if low > counted:
            self._values.verify("minProperties", f"members beyond {counted} are not counted here")
        if high is not None and high > counted:
            self._values.verify("maxProperties", f"members beyond {counted} are not counted here")
        return min(low, counted), None if high is not None and high > counted else high

    def _value(self, case: ObjectCase, name: str, depth: int) -> Term:
        return self._values.value(self._claims(case, name), depth + 1)

    def _claims(self, case: ObjectCase, name: str) -> list[Claim]:
        return case.names[name] + [each.claim for each in case.each if self._contains(each.keys, name)]

    def _met(self, case: ObjectCase, name: str) -> list[_Need]:
        return [(need.claim, 1 << i) for i, need in enumerate(case.some) if self._contains(need.keys, name)]

    def _variants(self, key: Term, claims: list[Claim], met: list[_Need], depth: int) -> tuple[tuple[Term, int], ...]:
        """A member's terms by the needs that its value meets."""
        variants: list[tuple[list[Claim], int]] = [(claims, 0)]
        for claim, bit in met:
            variants += [([*known, claim], bits | bit) for known, bits in variants]
        return tuple((self._member(key, known, depth), bits) for known, bits in variants)

    def _member(self, key: Term, claims: list[Claim], depth: int) -> Term:
        value = self._values.value(claims, depth + 1)
        return EMPTY if value == EMPTY else seq(json_string(key), self._colon, value)

    # --- keys

    def _contains(self, keys: KeySet, name: str) -> bool:
        if name in keys.names:
            return False
        if keys.claim is not None and not matches_text(self._values.text(keys.claim), name):
            return False
        if keys.pattern is not None and not self._matches(keys.pattern, keys.pointer, name):
            return False
        return not any(self._matches(pattern, keys.pointer, name) for pattern in keys.patterns)

    def _matches(self, pattern: str, pointer: str, name: str) -> bool:
        term = self._values.pattern(pattern, pointer, "patternProperties")
        return term is not None and matches_text(term, name)

    def _free_members(self, case: ObjectCase, depth: int) -> tuple[list[Member], list[Member]]:
        """Members for the keys that no schema names: those of small classes one by one, and repeated ones."""
        tests = self._tests(case)
        barred = [lit(name) for name in case.names]
        everything = neg(union(*barred)) if barred else any_text()
        groups: dict[tuple[tuple[Claim, ...], tuple[_Need, ...]], list[Term]] = {}
        for kind in self._classes(everything, tests):
            claims = tuple(each.claim for each in case.each if kind.is_in(each.keys))
            met = tuple((need.claim, 1 << i) for i, need in enumerate(case.some) if kind.is_in(need.keys))
            groups.setdefault((claims, met), []).append(kind.term)
        written, free = [], []
        for (claims, met), terms in groups.items():
            if self._values.value(claims, depth + 1) == EMPTY:
                continue
            term = union(*terms)
            words = few_words(term, FEW_KEYS) if tests else None
            words = sorted(words, key=self._values.first_mention) if words else words
            if words is None:
                free.append(Member(self._variants(term, list(claims), list(met), depth), repeated=True))
            for word in words or ():
                written.append(Member(self._variants(lit(word), list(claims), list(met), depth)))
        return written, free

    def _tests(self, case: ObjectCase) -> dict[_Test, Term]:
        """What tells free keys apart, with the languages."""
        tests: dict[_Test, Term] = {}
        for keys in case.key_sets:
            for pattern in (*([keys.pattern] if keys.pattern is not None else []), *keys.patterns):
                term = self._values.pattern(pattern, keys.pointer, "patternProperties")
                tests[pattern] = any_text() if term is None else term
            if keys.claim is not None:
                tests[keys.claim] = self._values.text(keys.claim)
        return tests

    def _classes(self, everything: Term, tests: dict[_Test, Term]) -> list[_Class]:
        classes = [_Class(everything)]
        for test, term in tests.items():
            refined: list[_Class] = []
            for old in classes:
                inside = _Class(_narrowed(old.term, term), old.passed | {test})
                if is_impossible(inside.term):
                    refined.append(old)
                    continue
                outside = _Class(Minus(old.term, term), old.passed)
                refined += [inside] if is_impossible(outside.term) else [inside, outside]
            classes = refined
            if len(classes) > MAX_CLASSES:
                why = f"the patterns make more than {MAX_CLASSES} kinds of keys"
                raise UnsupportedConstraint.single("", "patternProperties", why)
        return classes


def _narrowed(left: Term, right: Term) -> Term:
    """An intersection of two that is not flattened: the left one is compiled already, and kept."""
    return right if left == any_text() else left if right == any_text() else And((left, right))


def few_words(term: Term, limit: int) -> list[str] | None:
    """The texts of a language, if there are at most `limit`."""
    try:
        dfa = compile_term(term)
    except BudgetExceeded:
        return None
    return None if dfa.is_empty else _words(dfa, limit)


def _words(dfa: Dfa, limit: int) -> list[str] | None:
    words: list[str] = []
    pending = [(dfa.start, b"")]
    while pending:
        state, word = pending.pop()
        if dfa.accepting[state]:
            words.append(word.decode())
        following = dfa.table[state][dfa.byte_class]
        live = np.flatnonzero(following >= 0)
        # every state of a trimmed automaton leads to a word: the pending ones are words to come
        if len(words) + len(pending) + len(live) > limit or len(word) > dfa.num_states:
            return None
        pending += [(int(following[byte]), word + bytes([byte])) for byte in live[::-1].tolist()]
    return words
