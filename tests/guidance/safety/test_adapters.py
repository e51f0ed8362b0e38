"""Judges of other frameworks as filters: by their published interface, and by the packages where they are installed.

Interfaces as of llm-guard 0.3.16 (`llm_guard.output_scanners.base.Scanner`, `llm_guard.input_scanners.base.Scanner`),
presidio-analyzer 2.2.366 (`AnalyzerEngine.analyze`, `EntityRecognizer.analyze`, `RecognizerResult`) and guardrails-ai
0.11.0 (`Validator.validate`, `PassResult`, `FailResult`, `ErrorSpan`).
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from controlgen.constraints import Regex
from controlgen.errors import BlockedOutput
from controlgen.guidance.safety.adapters import GuardrailsFilter, LLMGuardFilter, PresidioFilter
from tests.controlgen import tiny


class OutputScanner:
    """An llm-guard output scanner: redacts words, and calls their texts invalid."""

    def __init__(self, *words: str, risk: float = 1.0, clean: float = -1.0) -> None:
        self.words, self.risk, self.clean = words, risk, clean
        self.seen: list[tuple[str, str]] = []

    def scan(self, prompt: str, output: str) -> tuple[str, bool, float]:
        self.seen.append((prompt, output))
        redacted = re.sub("|".join(self.words), "[REDACTED]", output)
        return (redacted, False, self.risk) if redacted != output else (output, True, self.clean)


class InputScanner:
    """An llm-guard input scanner: one text only."""

    def scan(self, prompt: str) -> tuple[str, bool, float]:
        return prompt, len(prompt) < 10, 0.3


def test_an_output_scanner() -> None:
    scanner = OutputScanner("bomb", "red")
    one = LLMGuardFilter(scanner)
    assert (one.level, one.action, one.name) == ("statistical", "remask", "OutputScanner")
    assert LLMGuardFilter(scanner, name="words", action="block").name == "words"
    text = "a bomb is RED or red"
    found = one.scan(text, "the prompt")
    assert scanner.seen == [("the prompt", text)]
    assert found.risk == 1
    assert [text[start:end] for start, end in found.spans] == ["bomb", "red"]
    assert found.text == "a [REDACTED] is RED or [REDACTED]"
    clean = one.scan("nothing")
    assert (clean.risk, clean.spans, clean.text) == (0.0, (), None)  # it may give −1


def test_a_redacted_word_is_a_span_whole() -> None:
    """Also where the replacement has letters of it, and within a longer word."""
    found = LLMGuardFilter(OutputScanner("BED")).scan("a BED here, INBEDDED")
    assert found.spans == ((2, 5), (14, 17))


@pytest.mark.parametrize("threshold", [0.2, 0.5, 1.0])
def test_the_scanner_decides_what_passes(threshold: float) -> None:
    """Its threshold is its own: its word puts the risk on one side of ours."""
    lenient = LLMGuardFilter(OutputScanner("x", clean=0.9), threshold=threshold)
    assert lenient.scan("y").risk < threshold
    strict = LLMGuardFilter(OutputScanner("x", risk=0.1), threshold=threshold)
    assert strict.scan("x").risk == threshold
    unsure = LLMGuardFilter(OutputScanner("x", risk=math.nan), threshold=threshold)
    assert unsure.scan("x").risk >= threshold


def test_an_input_scanner_is_given_the_output() -> None:
    one = LLMGuardFilter(InputScanner())
    assert one.scan("short", "a very long prompt").risk == 0.3
    assert one.scan("a very long output").risk == 0.5


def test_what_scanners_see_in_json_strings() -> None:
    scanner = OutputScanner("bomb")
    text = r'{"note":"a \u0062omb \"here\""}'
    found = LLMGuardFilter(scanner).scan(text)
    assert found.risk == 1
    assert [text[start:end] for start, end in found.spans] == [r"\u0062omb"]
    assert [output for _, output in scanner.seen] == [text, '{"note":"a bomb "here""}']


@dataclass
class RecognizerResult:
    """A Presidio result."""

    entity_type: str
    start: int
    end: int
    score: float
    analysis_explanation: Any = None
    recognition_metadata: dict[str, Any] | None = None


def _results(text: str, entities: list[str] | None, scale: float = 1.0) -> list[RecognizerResult]:
    patterns = {"EMAIL_ADDRESS": (r"\S+@\S+\.\w+", 1.0), "CODE": (r"AB-\d+", 0.4)}
    return [
        RecognizerResult(kind, *match.span(), score * scale)
        for kind, (pattern, score) in patterns.items()
        if entities is None or kind in entities
        for match in re.finditer(pattern, text)
    ]


@dataclass
class AnalyzerEngine:
    """A Presidio engine."""

    scale: float = 1.0
    calls: list[dict[str, Any]] = field(default_factory=list)

    def analyze(
        self, text: str, language: str, entities: list[str] | None = None, score_threshold: float | None = None
    ) -> list[RecognizerResult]:
        self.calls.append({"text": text, "language": language, "entities": entities})
        return _results(text, entities, self.scale)


class EntityRecognizer:
    """A Presidio recogniser: like those by pattern it gives all that it finds, whatever it was asked for."""

    supported_entities = ("EMAIL_ADDRESS", "CODE")

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[RecognizerResult]:
        assert nlp_artifacts is None
        return _results(text, None)


def test_an_analyzer_engine() -> None:
    engine = AnalyzerEngine()
    one = PresidioFilter(engine, language="de")
    assert (one.level, one.name) == ("statistical", "presidio")
    text = "write to ada@example.org about AB-12"
    found = one.scan(text, "prompt")
    assert engine.calls == [{"text": text, "language": "de", "entities": None}]
    assert found.risk == 1
    assert [text[start:end] for start, end in found.spans] == ["ada@example.org"]  # 0.4 is below the threshold
    assert found.text == "write to <EMAIL_ADDRESS> about AB-12"
    low = PresidioFilter(engine, threshold=0.4).scan(text)
    assert [text[start:end] for start, end in low.spans] == ["ada@example.org", "AB-12"]
    assert low.text == "write to <EMAIL_ADDRESS> about <CODE>"
    some = PresidioFilter(engine, entities=["CODE"]).scan(text)
    assert (some.risk, some.spans, some.text) == (0.4, (), None)
    assert PresidioFilter(engine).scan("nothing").risk == 0


def test_a_recognizer() -> None:
    text = "ada@example.org, AB-12"
    assert PresidioFilter(EntityRecognizer()).scan(text).risk == 1
    found = PresidioFilter(EntityRecognizer(), entities=["CODE"], threshold=0.3).scan(text)
    assert [text[start:end] for start, end in found.spans] == ["AB-12"]


def test_entities_in_escapes_are_found() -> None:
    text = r'{"to":"ada\u0040example.org"}'
    found = PresidioFilter(AnalyzerEngine()).scan(text)
    assert found.risk == 1
    start, end = found.spans[0]
    assert r"\u0040example.org" in text[start:end]


def test_overlapping_entities_are_replaced_once() -> None:
    class Two:
        def analyze(self, text: str, language: str, entities: Any = None) -> list[RecognizerResult]:
            return [RecognizerResult("A", 0, 4, 0.9), RecognizerResult("B", 2, 6, 0.8)]

    found = PresidioFilter(Two()).scan("0123456789")
    assert (found.spans, found.text) == (((0, 6),), "<A>6789")


def test_a_score_that_is_none_is_an_error() -> None:
    for scale in (math.nan, 2.0):
        with pytest.raises(ValueError, match="is no probability"):
            PresidioFilter(AnalyzerEngine(scale)).scan("a@b.cd")


@dataclass
class ErrorSpan:
    """Of guardrails."""

    start: int
    end: int
    reason: str


@dataclass
class PassResult:
    """Of guardrails."""

    outcome: Literal["pass"] = "pass"
    metadata: dict[str, Any] | None = None
    value_override: Any = None


@dataclass
class FailResult:
    """Of guardrails."""

    error_message: str
    fix_value: Any = None
    error_spans: list[ErrorSpan] | None = None
    outcome: Literal["fail"] = "fail"
    metadata: dict[str, Any] | None = None


class Validator:
    """A guardrails validator, `validate` around `_validate`."""

    rail_alias = "acme/no_word"

    def __init__(self, word: str, **result: Any) -> None:
        self.word, self.result, self.seen = word, result, []

    def validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        self.seen.append((value, metadata))
        return self._validate(value, metadata)

    def _validate(self, value: Any, metadata: dict[str, Any]) -> PassResult | FailResult:
        start = value.find(self.word)
        if start < 0:
            return PassResult()
        spans = [ErrorSpan(start, start + len(self.word), "it is barred")]
        return FailResult("a barred word", **{"error_spans": spans, **self.result})


def test_a_validator() -> None:
    validator = Validator("bomb", fix_value="a b***")
    one = GuardrailsFilter(validator, metadata={"pass_on": 3})
    assert (one.level, one.name) == ("statistical", "acme/no_word")
    found = one.scan("a bomb", "the prompt")
    assert (found.risk, found.spans, found.text) == (1.0, ((2, 6),), "a b***")
    assert validator.seen == [("a bomb", {"prompt": "the prompt", "pass_on": 3})]
    assert one.scan("nothing").risk == 0
    assert one.scan(r"\u0062omb").spans == ((0, 9),)


def test_a_validator_that_says_little() -> None:
    found = GuardrailsFilter(Validator("bomb", error_spans=None, fix_value=7)).scan("a bomb")
    assert (found.risk, found.spans, found.text) == (1.0, (), None)


def test_results_that_make_no_sense_are_errors() -> None:
    with pytest.raises(ValueError, match=r"span \(0, 99\) is not in a text of 4 code points"):
        GuardrailsFilter(Validator("bomb", error_spans=[ErrorSpan(0, 99, "")])).scan("bomb")

    class Wrong:
        def validate(self, value: Any, metadata: dict[str, Any]) -> str:
            return value

    with pytest.raises(ValueError, match="gave str, which is no PassResult and no FailResult"):
        GuardrailsFilter(Wrong()).scan("x")


@pytest.mark.parametrize("kind", [LLMGuardFilter, PresidioFilter, GuardrailsFilter])
def test_what_has_another_interface_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="this one has none"):
        kind(object())
    anything = type("Anything", (), {name: lambda self, text: None for name in ("scan", "analyze", "validate")})()
    with pytest.raises(ValueError, match="this one is statistical"):
        kind(anything, action="ban")


@pytest.mark.parametrize(
    "make",
    [
        lambda **a: LLMGuardFilter(OutputScanner("aa"), **a),
        lambda **a: GuardrailsFilter(Validator("aa"), **a),
        lambda **a: PresidioFilter(type("Two", (), {"analyze": _find_two})(), **a),
    ],
    ids=["llm_guard", "guardrails", "presidio"],
)
def test_in_the_loop(make: Any) -> None:
    """Remasked until they pass, or withheld; without the filter the text would be there."""
    language = Regex("[ab]{2}( [ab]{2}){2}")
    arguments: dict[str, Any] = {"max_new_tokens": 8, "steps": 4, "seed": 0, "temperature": 1.0}
    assert "aa" in tiny.model().generate("x", language, **arguments).text
    result = tiny.model().generate("x", language, **arguments, filters=make(attempts=20))
    assert "aa" not in result.text
    assert language.matches(result.text)
    assert result.verdicts[0].passed
    with pytest.raises(BlockedOutput):
        tiny.model().generate("x", language, **arguments, filters=make(action="block"))


def _find_two(self: Any, text: str, language: str, entities: Any = None) -> list[RecognizerResult]:
    return [RecognizerResult("TWO", *match.span(), 0.9) for match in re.finditer("aa", text)]


def test_no_framework_is_imported() -> None:
    code = "import sys, controlgen.guidance.safety.adapters; print(*(name.split('.')[0] for name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "controlgen" in found
    assert not {"llm_guard", "presidio_analyzer", "guardrails"} & set(found)


def test_llm_guard_itself() -> None:
    scanners = pytest.importorskip("llm_guard.output_scanners", exc_type=ImportError)
    inputs = pytest.importorskip("llm_guard.input_scanners", exc_type=ImportError)
    text = r'{"note":"a \u0062omb"}'
    words = LLMGuardFilter(scanners.BanSubstrings(["bomb"], redact=True))
    assert words.name == "BanSubstrings"
    found = words.scan("a bomb here")
    assert (found.risk, found.spans, found.text) == (1.0, ((2, 6),), "a [REDACTED] here")
    assert words.scan("fine").risk == 0
    assert [text[start:end] for start, end in words.scan(text).spans] == [r"\u0062omb"]
    token = LLMGuardFilter(scanners.Regex([r"Bearer [A-Za-z0-9]+"])).scan("x Bearer abc y")
    assert (token.risk, token.spans) == (1.0, ((2, 12),))
    invisible = LLMGuardFilter(inputs.InvisibleText())
    assert invisible.scan("a \u200b b").spans == ((2, 3),)
    assert invisible.scan("ab").risk == 0
    assert LLMGuardFilter(inputs.Secrets()).scan("key AKIAIOSFODNN7EXAMPLE here").spans == ((4, 24),)


def test_presidio_itself() -> None:
    presidio = pytest.importorskip("presidio_analyzer", exc_type=ImportError)
    from presidio_analyzer.nlp_engine import NoOpNlpEngine
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, EmailRecognizer, IbanRecognizer

    text = "pay 4111 1111 1111 1111 now"
    found = PresidioFilter(CreditCardRecognizer()).scan(text)
    assert (found.risk, found.text) == (1.0, "pay <CREDIT_CARD> now")
    assert PresidioFilter(CreditCardRecognizer()).scan("pay 4111 1111 1111 1112 now").risk < 0.5
    assert PresidioFilter(IbanRecognizer()).scan("DE89 3704 0044 0532 0130 00").spans == ((0, 27),)

    code = presidio.PatternRecognizer("CODE", patterns=[presidio.Pattern("code", r"AB-\d+", 0.4)])
    assert PresidioFilter(code).scan("AB-12").spans == ()
    assert PresidioFilter(code, threshold=0.3).scan("AB-12").spans == ((0, 5),)

    registry = presidio.RecognizerRegistry(supported_languages=["en"])
    registry.add_recognizer(EmailRecognizer())
    registry.add_recognizer(CreditCardRecognizer())
    engine = presidio.AnalyzerEngine(
        registry=registry,
        nlp_engine=NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}]),
        supported_languages=["en"],
    )
    text = '{"to":"ada@example.com"}'
    found = PresidioFilter(engine).scan(text)
    assert [text[start:end] for start, end in found.spans] == ["ada@example.com"]
    assert PresidioFilter(engine, entities=["CREDIT_CARD"]).scan(text).risk == 0


def test_guardrails_itself() -> None:
    base = pytest.importorskip("guardrails.validator_base", exc_type=ImportError)
    results = pytest.importorskip("guardrails.classes.validation.validation_result", exc_type=ImportError)

    @base.register_validator(name="acme/no_bomb", data_type="string")
    class NoBomb(base.Validator):  # type: ignore[misc, name-defined]
        def _validate(self, value: Any, metadata: dict[str, Any]) -> Any:
            start = value.find("bomb")
            if start < 0:
                return results.PassResult()
            spans = [results.ErrorSpan(start=start, end=start + 4, reason="barred")]
            return results.FailResult(error_message="no", fix_value=value.replace("bomb", "b***"), error_spans=spans)

    one = GuardrailsFilter(NoBomb())
    assert one.name == "acme/no_bomb"
    found = one.scan("a bomb")
    assert (found.risk, found.spans, found.text) == (1.0, ((2, 6),), "a b***")
    assert one.scan("fine").risk == 0
