"""From a checked schema document to a term: sets of claims on one value, type by type and case by case.

The unit of work is a *goal*: claims (a schema holds, or doesn't) that speak of one value at once. Merging is done by
name: the value of a property is the goal of everything that is claimed about it. So `allOf`, `$ref` with siblings,
`not` and `oneOf` are exact intersections and complements, no schema is copied, and every distinct goal is compiled
once. A goal that comes back inside itself stays a call to a named definition.

    claims --_assertions--> formula for each type --_formula--> cases --_object_case, _array_case--> term
                                                 \\_ _strings, _scalars: without cases --> term
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._calls import calls_of, reachable
from .._deadline import Deadline
from .._errors import ConstraintError, Reason, UnsupportedConstraint
from .._terms import EMPTY, Call, Term, alt, any_text, json_string, lit, neg, scope
from ._any import AnyJson
from ._array_case import ArrayCase, ArrayCompiler, arrays_may_satisfy
from ._assertions import KINDS, Assertions
from ._atoms import Among
from ._document import Claim, Document, Node
from ._formula import FALSE, TRUE, All, Either, Formula, TooManyCases, cases_of, every
from ._languages import LANGUAGE, embeds_itself
from ._limits import UNLIMITED, Limits
from ._object_case import FREE_KEYS, ObjectCase, ObjectCompiler, names_in, objects_may_satisfy
from ._scalars import Numbers, boolean_values
from ._strings import ANY_STRING, Strings, is_impossible
from ._verify import SchemaVerifier, has_distinct_keys
from ._whitespace import Whitespace

__all__ = ["SchemaCompiler"]

MAX_CASES = 256
MAX_GOALS = 50_000
NAMED_EVERYWHERE = 16
COUNTING = (
    *("maxLength", "minLength", "pattern", "patternProperties"),
    *("minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"),
)  # fmt: skip
INDENTED_LEVELS = 4  # how often a recursive schema comes back where white space depends on the depth
_ASIDE = frozenset(("$defs", "definitions", "$comment", "title", "description", "default", "examples", "deprecated"))

Goal = tuple[Claim, ...]


class SchemaCompiler:
    """Compiles one document under one policy.

    Attributes:
        verified: after `term()`: what the automaton holds by a superset only, and why, by (place, keyword).
    """

    def __init__(
        self,
        document: Document,
        whitespace: Whitespace,
        limits: Limits,
        *,
        closed: bool,
        numbers: str,
        formats: bool,
    ) -> None:
        self._document = document
        self._whitespace = whitespace
        self._closed = closed
        self._formats = formats
        self._any = AnyJson(whitespace, numbers)
        self._assertions = Assertions(document, self.refuse, self._are_disjoint, formats=formats)
        self._strings = Strings(self.refuse, self.verify, limits, document.languages)
        self._numbers = Numbers(numbers, self.verify)
        self._objects = ObjectCompiler(self, whitespace, limits)
        self._arrays = ArrayCompiler(self, whitespace, limits)
        self._kept: dict[tuple[Any, ...], Term] = {}
        self._texts: dict[Claim, Term] = {}
        self._denials: dict[Goal, Claim] = {}
        self._active: dict[tuple[Any, ...], str] = {}
        self._called: set[str] = set()
        self._definitions: dict[str, Term] = {}
        self._reasons: dict[tuple[str, str], Reason] = {}
        self._place = ""
        self.verified: dict[tuple[str, str], Reason] = {}

    def term(self) -> Term:
        """The documents that are valid and spelled by the policy (a superset of them, if `verified` isn't empty).

        Raises UnsupportedConstraint with every reason, ConstraintError for a schema that isn't one.
        """
        body = self.value([Claim(self._document.root_node)], 0)
        if self._reasons:
            raise UnsupportedConstraint(self._reasons.values())
        definitions = {**self._any.definitions, **self._definitions}
        calls = {name: calls_of(term) for name, term in definitions.items()}
        used = reachable(calls_of(body), calls)
        if not self._any.definitions.keys().isdisjoint(used):
            self.verify("additionalProperties", FREE_KEYS)
        return scope(body, {name: definitions[name] for name in definitions if name in used})

    def verifier(self) -> Callable[[str], bool] | None:
        """After `term()`: what completes the automaton, if it is a superset of the language."""
        if not self.verified:
            return None
        if all(reason.why == FREE_KEYS for reason in self.verified.values()):
            return has_distinct_keys
        strings = Strings(self.refuse, self.verify, UNLIMITED, self._document.languages)
        return SchemaVerifier(self._document, strings.pattern, formats=self._formats)

    @property
    def counts(self) -> bool:
        """Whether the document bounds a number that limits could cut."""
        return self._document.mentions(COUNTING)

    def refuse(self, pointer: str, keyword: str, why: str) -> None:
        """Note a reason; all of them are raised together."""
        self._reasons.setdefault((pointer, keyword), Reason(pointer, keyword, why))

    def verify(self, keyword: str, why: str) -> None:
        """Note what is left to the verifier."""
        self.verified.setdefault((self._place, keyword), Reason(self._place, keyword, why))

    # --- goals

    def value(self, claims: Iterable[Claim], depth: int) -> Term:
        """The values that satisfy all these claims."""
        goal = self._goal(claims)
        if goal is None:
            return EMPTY
        if not goal:
            return self._any.value(depth)
        depth = depth if self._whitespace.depth_matters else 0
        key = (frozenset(goal), tuple(goal), depth)
        if key in self._kept:
            return self._kept[key]
        if key in self._active:
            self._called.add(self._active[key])
            return Call(self._active[key])
        if self._whitespace.depth_matters and sum(key[0] == other[0] for other in self._active) >= INDENTED_LEVELS:
            return EMPTY
        if len(self._kept) + len(self._active) > MAX_GOALS:
            raise UnsupportedConstraint.single(
                goal[0].node.pointer, "$ref", f"its parts combine in more than {MAX_GOALS:,} ways"
            )
        return self._compile(key, goal, depth)

    def _compile(self, key: tuple[Any, ...], goal: Goal, depth: int) -> Term:
        if (deadline := Deadline.current()) is not None:
            deadline.check(f"reading the schema at {goal[0].node.pointer or '(root)'}")
        number = len(self._kept) + len(self._active)
        name = " & ".join(claim.node.pointer or "#" for claim in goal[:3]) + f" #{number}"
        outer, self._place = self._place, goal[0].node.pointer
        self._active[key] = name
        term = alt(*(term for kind in KINDS if (term := self._kind(goal, kind, depth)) != EMPTY))
        del self._active[key]
        self._place = outer
        if name in self._called:
            self._definitions[name] = term
            term = Call(name)
        self._kept[key] = term
        return term

    def _goal(self, claims: Iterable[Claim]) -> Goal | None:
        """The distinct claims that say something; None if two of them contradict each other."""
        found: dict[Claim, None] = {}
        for claim in claims:
            claim = self._unwrapped(claim)
            if isinstance(claim.node.schema, bool):
                if claim.node.schema != claim.holds:
                    return None
                continue
            if not self._document.view(claim.node).keys() - _ASIDE:
                if not claim.holds:
                    return None
                continue
            if claim.denied() in found:
                return None
            found.setdefault(claim)
        return tuple(found)

    def _unwrapped(self, claim: Claim) -> Claim:
        """Behind schemas that are nothing but a reference or a negation."""
        seen: set[Claim] = set()
        while isinstance(claim.node.schema, dict) and claim not in seen:
            seen.add(claim)
            said = self._document.view(claim.node).keys() - _ASIDE
            if said == {"$ref"}:
                try:
                    claim = Claim(self._document.resolve(claim.node), claim.holds)
                except UnsupportedConstraint as error:
                    for reason in error.reasons:
                        self.refuse(reason.pointer, reason.keyword, reason.why)
                    return claim
            elif said == {"not"}:
                claim = Claim(self._document.child(claim.node, "not"), not claim.holds)
            else:
                return claim
        if claim in seen:
            raise ConstraintError(f"at {claim.node.pointer or '(root)'}: the schema refers to itself without end")
        return claim

    # --- types

    def _formula(self, goal: Goal, kind: str) -> Formula:
        return every(self._assertions.of(claim, kind) for claim in goal)

    def _kind(self, goal: Goal, kind: str, depth: int) -> Term:
        formula = self._formula(goal, kind)
        if formula == FALSE:
            return EMPTY
        match kind:
            case "null":
                return lit("null")
            case "boolean":
                return alt(*(lit("true" if value else "false") for value in boolean_values(formula)))
            case "number":
                return self._numbers.term(formula)
            case "string":
                return self._string(formula)
            case "array":
                return self._any.array(depth) if formula == TRUE else self._array(formula, depth)
            case _:
                return self._any.object(depth) if formula == TRUE else self._object(formula, depth)

    def _string(self, formula: Formula) -> Term:
        if formula == TRUE:
            return ANY_STRING
        decoded = self._strings.decoded(formula)
        return EMPTY if is_impossible(decoded) else json_string(decoded)

    def _array(self, formula: Formula, depth: int) -> Term:
        cases = self._cases(formula, arrays_may_satisfy)
        return alt(*(self._arrays.term(ArrayCase.of(case), depth) for case in cases))

    def _object(self, formula: Formula, depth: int) -> Term:
        cases = self._cases(formula, objects_may_satisfy)
        names, loose = names_in(formula)
        # what one case says nothing of is a free key there, behind the named ones; a few are named all the same
        few = (len(cases) - 1) * len(names + loose) <= NAMED_EVERYWHERE
        sorted_cases = (
            ObjectCase.of(case, closed=self._closed, order=names, loose=loose, all_names=few) for case in cases
        )
        return alt(*(self._objects.term(case, depth) for case in sorted_cases))

    def _cases(self, formula: Formula, consistent: Any) -> list[tuple[Any, ...]]:
        """The cases of a formula; of a superset of it, without its widest alternatives, where they are too many."""
        while True:
            try:
                return cases_of(formula, MAX_CASES, consistent)
            except TooManyCases:
                self.verify("anyOf", f"the alternatives make more than {MAX_CASES} cases")
                formula = _without_widest(formula)

    def _are_disjoint(self, parent: Node, left: Node, right: Node, kind: str) -> bool:
        """Whether no array or object is valid under both branches and what stands beside them."""
        beside = {name: value for name, value in self._document.view(parent).items() if name in _PLAIN}
        goal = self._goal([Claim(self._document.made(beside, parent)), Claim(left), Claim(right)])
        if goal is None:
            return True
        formula = self._formula(goal, kind)
        if kind == "array":
            return self.value(goal, 0) == EMPTY if formula != FALSE else True
        try:
            cases = cases_of(formula, MAX_CASES, objects_may_satisfy)
        except TooManyCases:
            return False
        return not any(self._objects.may_exist(ObjectCase.of(case, closed=self._closed), 0) for case in cases)

    # --- what the compilers of arrays and objects ask for

    def text(self, claim: Claim) -> Term:
        """The decoded strings that satisfy a claim."""
        if not claim.holds:  # of a superset the complement is a subset: what bars keys must not bar too many
            return neg(self.text(claim.denied()))
        if claim not in self._texts:
            formula = self._formula(self._goal([claim]) or (), "string") if self._goal([claim]) is not None else FALSE
            self._texts[claim] = self._strings.decoded(formula)
            if self._document.languages and embeds_itself(self._texts[claim]):
                why = "keys are told apart by complements, and the language embeds itself"
                self.refuse(claim.node.pointer, LANGUAGE, why)
                self._texts[claim] = any_text()
        return self._texts[claim]

    def pattern(self, pattern: str, pointer: str, keyword: str) -> Term | None:
        """The strings in which a pattern matches."""
        return self._strings.pattern(pattern, pointer, keyword)

    def first_mention(self, text: str) -> int:
        """Where a text stands among the values that the document gives."""
        return self._document.first_mention(text)

    def denial(self, claims: Iterable[Claim]) -> Claim:
        """That one of the claims is wrong."""
        claims = tuple(claims)
        if len(claims) == 1:
            return claims[0].denied()
        if claims in self._denials:
            return self._denials[claims]
        parts = [claim.node.schema if claim.holds else {"not": claim.node.schema} for claim in claims]
        self._denials[claims] = Claim(self._document.made({"allOf": parts}, claims[0].node), holds=False)
        return self._denials[claims]

    def few_values(self, claims: Iterable[Claim], depth: int, limit: int) -> list[Term] | None:
        """The spellings of each value that satisfies all claims, if these are at most `limit`."""
        goal = self._goal(claims)
        if not goal:
            return None if goal is not None else []
        values: list[Any] = []
        for kind in KINDS:
            formula = self._formula(goal, kind)
            found = _listed(formula, kind)
            if found is None:
                return None
            values += found
        if len(values) > limit:
            return None
        consts = [Claim(self._document.made({"enum": [value]}, goal[0].node)) for value in values]
        return [term for const in consts if (term := self.value([*goal, const], depth)) != EMPTY]


# keywords that tell branches of oneOf apart
_PLAIN = frozenset((
    *("type", "enum", "const", "properties", "required", "additionalProperties", "patternProperties", "propertyNames"),
    *("minProperties", "maxProperties", "items", "prefixItems", "additionalItems", "minItems", "maxItems"),
))  # fmt: skip


def _listed(formula: Formula, kind: str) -> list[Any] | None:
    """The values of a type that a formula names; None if it doesn't."""
    if formula == FALSE:
        return []
    if kind == "null":
        return [None]
    if kind == "boolean":
        return list(boolean_values(formula))
    parts = formula.parts if isinstance(formula, All) else (formula,)
    return next((list(part.values) for part in parts if isinstance(part, Among) and part.holds), None)


def _without_widest(formula: Formula) -> Formula:
    """A superset: one of the conjunction's alternatives is dropped, the one with most options."""
    parts = list(formula.parts) if isinstance(formula, All) else [formula]
    choices = [part for part in parts if isinstance(part, Either)]
    if not choices:
        return TRUE
    parts.remove(max(choices, key=lambda part: len(part.parts)))
    return every(parts)
