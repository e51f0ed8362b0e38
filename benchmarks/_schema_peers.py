"""Other engines on the same schemas: llguidance, xgrammar, outlines-core. Runs in the processes of `_crew`.

Each engine is imported when it is asked for: they are no dependencies of the project.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks._schema_data import Subject
from benchmarks._schema_work import Bench, compile_schema, forget, spell

__all__ = ["ENGINES", "Engine", "Trial", "guidance_matcher", "guidance_tokenizer", "prepared"]

_GUIDANCE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}

Accepts = Callable[[list[int]], bool]  # of a whole canvas, stop token included


class Engine(Protocol):
    """Compiles a schema, or raises; what it gives says whether a canvas is accepted."""

    def __call__(self, schema: Any) -> Accepts: ...


@dataclass
class Trial:
    """One engine on one schema."""

    name: str
    compiled: bool
    seconds: float
    reason: str = ""
    verdicts: list[tuple[bool, bool]] = field(default_factory=list)  # (flag, accepted)

    @property
    def right(self) -> bool:
        return self.compiled and all(flag == accepted for flag, accepted in self.verdicts)


def try_engine(bench: Bench, engine: Engine, subject: Subject) -> Trial:
    """Time the compilation, then walk the instances."""
    forget()
    start = time.perf_counter()
    try:
        accepts = engine(subject.schema)
    except Exception as error:  # peers raise whatever they like
        return Trial(subject.name, False, time.perf_counter() - start, f"{type(error).__name__}: {error}"[:200])
    seconds = time.perf_counter() - start
    verdicts = [(flag, accepts(bench.canvas(spell(value)))) for flag, value in subject.instances]
    return Trial(subject.name, True, seconds, "", verdicts)


def open_engine(name: str, bench: Bench) -> Engine:
    """An engine on the vocabulary, everything prepared that isn't a schema's own."""
    engine = ENGINES[name](bench)
    engine({"type": "object", "properties": {"a": {"type": "string"}}})
    return engine


def _ours(bench: Bench) -> Engine:
    def engine(schema: Any) -> Accepts:
        compiled = compile_schema(schema, bench)
        if compiled.constraint is None:
            raise ValueError("; ".join(f"{word}: {why}" for _, word, why in compiled.reasons))
        accepts: Accepts = compiled.constraint.accepts
        return accepts

    return engine


def guidance_tokenizer(bench: Bench) -> Any:
    """The tokenizer as llguidance takes it, with our stop token."""
    from llguidance import LLTokenizer

    vocabulary = bench.vocabulary
    return LLTokenizer(bench.parts[0].to_str(), n_vocab=vocabulary.size, eos_token=list(vocabulary.stop_ids))


def guidance_matcher(tokenizer: Any, schema: Any, **options: Any) -> Any:
    """A matcher, or ValueError with llguidance's reason."""
    from llguidance import LLMatcher

    overrides: Any = {**_GUIDANCE, **options}
    grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=overrides)
    matcher = LLMatcher(tokenizer, grammar, log_level=0)
    if matcher.is_error():
        raise ValueError(matcher.get_error().strip().splitlines()[0])
    return matcher


def _llguidance(bench: Bench) -> Engine:
    tokenizer = guidance_tokenizer(bench)

    def engine(schema: Any) -> Accepts:
        matcher = guidance_matcher(tokenizer, schema)

        def accepts(canvas: list[int]) -> bool:
            own = matcher.deep_copy()
            return own.validate_tokens(canvas[:-1]) == len(canvas) - 1 and _ends(own, canvas[:-1])

        return accepts

    return engine


def _ends(matcher: Any, ids: list[int]) -> bool:
    return bool(matcher.consume_tokens(ids)) and bool(matcher.is_accepting())


def _xgrammar(bench: Bench, strict: bool = True) -> Engine:
    import xgrammar

    vocabulary, tokenizer = bench.vocabulary, bench.parts[0]
    spelled = [tokenizer.id_to_token(i) or "" for i in range(vocabulary.size)]
    info = xgrammar.TokenizerInfo(
        spelled,
        vocab_type=xgrammar.VocabType.BYTE_LEVEL,
        vocab_size=vocabulary.size,
        stop_token_ids=list(vocabulary.stop_ids),
    )
    compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)

    def engine(schema: Any) -> Accepts:
        grammar = compiler.compile_json_schema(json.dumps(schema), strict_mode=strict)

        def accepts(canvas: list[int]) -> bool:
            matcher = xgrammar.GrammarMatcher(grammar)
            return all(matcher.accept_token(token) for token in canvas)

        return accepts

    return engine


def _outlines(bench: Bench) -> Engine:
    import outlines_core
    from outlines_core.json_schema import build_regex_from_schema

    vocabulary = bench.vocabulary
    spelled: dict[bytes, list[int]] = {}
    for token in vocabulary.is_text.nonzero()[0].tolist():
        spelled.setdefault(vocabulary.token(token), []).append(token)
    theirs = outlines_core.Vocabulary(vocabulary.stop_ids[0], spelled)

    def engine(schema: Any) -> Accepts:
        index = outlines_core.Index(build_regex_from_schema(json.dumps(schema)), theirs)

        def accepts(canvas: list[int]) -> bool:
            state: int | None = index.get_initial_state()
            for token in canvas[:-1]:
                state = index.get_next_state(state, token) if state is not None else None
            return state is not None and index.is_final_state(state)

        return accepts

    return engine


ENGINES: dict[str, Callable[[Bench], Engine]] = {
    "controlgen": _ours,
    "llguidance": _llguidance,
    "xgrammar": _xgrammar,
    "xgrammar, not strict": lambda bench: _xgrammar(bench, strict=False),
    "outlines-core": _outlines,
}


def prepared(name: str, path: Path | None) -> Callable[[Subject], Trial]:
    """For `_crew`: an engine in a process of its own."""
    bench = Bench(path)
    engine = open_engine(name, bench)
    return lambda subject: try_engine(bench, engine, subject)
