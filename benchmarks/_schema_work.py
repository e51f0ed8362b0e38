"""What is done with one schema: compile it and walk its instances. Runs in the processes of `_crew`."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks._crew import peak_megabytes, start_peak
from benchmarks._judge import Judge, Unjudgeable
from benchmarks._schema_data import Subject
from controlgen.constraints import (
    BudgetExceeded,
    ConstraintError,
    InfeasibleConstraint,
    JsonSchema,
    UnsupportedConstraint,
    Vocabulary,
)

__all__ = ["Bench", "Compiled", "Instance", "Verdicts", "compile_schema", "measure", "spell", "time_kept"]

_WARM_UP = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}, "b": {"type": "integer"}}}


def spell(value: Any) -> str:
    """The text of an instance; lone surrogates can only be escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if any("\ud800" <= c <= "\udfff" for c in text) else text


@dataclass
class Bench:
    """A vocabulary with its tokenizer, and kernels that are loaded.

    Attributes:
        path: of the tokenizer; None for a small one.
        registry: URI → schema, for references.
        formats: whether `format` asserts.
    """

    path: Path | None
    registry: Mapping[str, Any] = field(default_factory=dict)
    formats: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """Of `JsonSchema`, where they aren't its defaults."""
        registry = {"registry": self.registry} if self.registry else {}
        return registry if self.formats else {**registry, "formats": False}

    def judge(self, schema: Any) -> Judge:
        return Judge(schema, registry=self.registry, formats=self.formats)

    @cached_property
    def parts(self) -> tuple[Any, Vocabulary]:
        from benchmarks.hostile import read_vocabulary

        return read_vocabulary(self.path)

    @property
    def vocabulary(self) -> Vocabulary:
        return self.parts[1]

    @cached_property
    def _spelled(self) -> dict[bytes, int]:
        own = self.vocabulary
        return {own.token(token): token for token in own.is_text.nonzero()[0].tolist()[::-1]}

    def tokens(self, text: str) -> list[int]:
        """The tokenizer's tokens; the longest ones that fit, where those spell something else (NFC, control tokens)."""
        data = text.encode("utf-8")
        ids: list[int] = self.parts[0].encode(text, add_special_tokens=False).ids
        if all(self.vocabulary.is_text[token] for token in ids) and self.vocabulary.decode(ids) == data:
            return ids
        ids, place = [], 0
        longest = max(map(len, self._spelled))
        while place < len(data):
            end = next(e for e in range(place + longest, place, -1) if data[place:e] in self._spelled)
            ids.append(self._spelled[data[place:end]])
            place = min(end, len(data))
        return ids

    def canvas(self, text: str) -> list[int]:
        """The tokens and a stop token."""
        return [*self.tokens(text), *self.vocabulary.stop_ids[:1]]

    def warm(self) -> Bench:
        """Everything loaded that is not the schema's own."""
        compiled = compile_schema(_WARM_UP, self)
        if compiled.constraint is None:
            raise RuntimeError(f"the plainest schema does not compile: {compiled.reasons}")
        compiled.constraint.accepts(self.canvas("{}"))
        return self


@dataclass
class Compiled:
    """A constraint, or why there is none.

    Attributes:
        status: "compiled", "empty" (no text is valid), "unsupported", "budget", "refused" (another `ConstraintError`)
            or "error" (what should never be raised).
        reasons: (pointer, keyword, why) of a refusal.
        seconds: from the schema to the constraint or the error.
    """

    status: str
    constraint: Any = None
    reasons: tuple[tuple[str, str, str], ...] = ()
    seconds: float = 0.0


def compile_schema(schema: Any, bench: Bench, **options: Any) -> Compiled:
    """Time a schema's way to a constraint; every failure has a status."""
    vocabulary = bench.vocabulary
    start = time.perf_counter()
    try:
        constraint = JsonSchema(schema, **bench.options, **options).compile(vocabulary)
        return Compiled("compiled", constraint, (), time.perf_counter() - start)
    except UnsupportedConstraint as error:
        reasons = tuple((reason.pointer, reason.keyword, reason.why) for reason in error.reasons)
        status = "unsupported"
    except BudgetExceeded as error:
        status, reasons = "budget", (("", "BudgetExceeded", str(error)),)
    except InfeasibleConstraint as error:
        status, reasons = "empty", (("", "empty language", str(error)[:200]),)
    except ConstraintError as error:
        status, reasons = "refused", (("", type(error).__name__, str(error)[:200]),)
    except Exception as error:  # a crash is a row of the table, not the end of the run
        status, reasons = "error", (("", type(error).__name__, str(error)[:200]),)
    return Compiled(status, None, reasons, time.perf_counter() - start)


def forget() -> None:
    """No schema profits from the one before."""
    from controlgen.constraints._expansion import forget_compiled_parts

    forget_compiled_parts()


# -- instances -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Instance:
    """One instance: its flag, what the constraint says, what its automaton says without the verifier, and a cause
    where the flag and the constraint differ."""

    valid: bool
    accepted: bool
    by_automaton: bool
    cause: str = ""


@dataclass
class Verdicts:
    """All that is measured of one schema. `rightly_empty`: refused as empty, and no instance is valid."""

    name: str
    status: str
    features: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str, str], ...] = ()
    seconds: float = 0.0
    exactness: str = ""
    states: int = 0
    edges: int = 0
    byte_states: int = 0
    depth: int | None = None
    megabytes: float = 0.0
    rightly_empty: bool = False
    instances: tuple[Instance, ...] = ()

    @property
    def right(self) -> bool:
        return self.status == "compiled" and all(one.accepted == one.valid for one in self.instances)

    @property
    def right_alone(self) -> bool:
        return self.status == "compiled" and all(one.by_automaton == one.valid for one in self.instances)


def measure(bench: Bench, subject: Subject) -> Verdicts:
    """Compile a schema, from nothing, and walk its instances."""
    forget()
    start_peak()
    compiled = compile_schema(subject.schema, bench)
    verdicts = Verdicts(subject.name, compiled.status, subject.features, compiled.reasons, compiled.seconds)
    verdicts.megabytes = peak_megabytes()
    constraint = compiled.constraint
    if constraint is None:
        verdicts.rightly_empty = compiled.status == "empty" and not any(valid for valid, _ in subject.instances)
        return verdicts
    verdicts.exactness = constraint.exactness
    verdicts.states, verdicts.edges = constraint.num_states, constraint.num_edges
    verdicts.byte_states, verdicts.depth = constraint.byte_states, constraint.max_depth
    verdicts.instances = tuple(
        _walk(bench, subject, constraint, valid, value) for valid, value in subject.instances
    )
    return verdicts


def time_kept(bench: Bench, subject: Subject) -> float:
    """Seconds to compile with whatever parts the schemas before have left in the cache."""
    return compile_schema(subject.schema, bench).seconds


def _walk(bench: Bench, subject: Subject, constraint: Any, valid: bool, value: Any) -> Instance:
    text = spell(value)
    canvas = bench.canvas(text)
    accepted = constraint.accepts(canvas)
    alone = dataclasses.replace(constraint, verified=False, verify=None).accepts(canvas)
    cause = _cause(bench, subject, constraint, text, alone) if accepted != valid else ""
    return Instance(valid, accepted, alone, cause)


def _cause(bench: Bench, subject: Subject, constraint: Any, text: str, alone: bool) -> str:
    """Why an instance is judged otherwise than its flag says."""
    try:
        fault = bench.judge(subject.schema).fault(text)
    except Unjudgeable as error:
        fault = f"unjudgeable: {error}"
    if alone and constraint.verified and not constraint.accepts(bench.canvas(text)):
        return f"refused by the verifier; judge: {fault}"
    if constraint.accepts(bench.canvas(text)):
        return f"accepted; judge: {fault}"
    if fault:
        return f"the judge refuses it too: {fault}"
    for name, options in (("number spelling", {"numbers": "any"}), ("white space", {"whitespace": "flexible"})):
        other = compile_schema(subject.schema, bench, **options).constraint
        if other is not None and other.accepts(bench.canvas(text)):
            return name
    depth = f", nests {constraint.max_depth} levels" if constraint.max_depth is not None else ""
    return f"dies{depth} {_death(bench, constraint, text)}"


def _death(bench: Bench, constraint: Any, text: str) -> str:
    """The place in a text behind which no member goes on."""
    state, read = constraint.start, b""
    for token in bench.tokens(text):
        following = constraint._next(state, token)
        if following < 0:
            rest = text.encode()[len(read) :][:30].decode(errors="replace")
            return f"after {read[-40:].decode(errors='replace')!r} before {rest!r}"
        state, read = following, read + bench.vocabulary.token(token)
    return "at the end"
