"""Classifiers as filters: functions, and real sequence classifiers with random weights, judged window by window."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from controlgen.guidance.safety import ClassifierFilter, FolderClassifier, filter_of
from tests.controlgen import tiny

WORDS = ("bad", "good", "the", "a", "cat", "dog", "sat", "ran", "on", "mat")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def tokenizer(longest: int = 24) -> PreTrainedTokenizerFast:
    """Whole words, with the marks of BERT around them."""
    inner = Tokenizer(models.WordLevel({word: index for index, word in enumerate((*SPECIAL, *WORDS))}, "[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=longest, **names)


def network(labels: tuple[str, ...] = ("fine", "harm"), *, seed: int = 0, **config: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = BertForSequenceClassification(
            BertConfig(
                vocab_size=len(SPECIAL) + len(WORDS),
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=16,
                max_position_embeddings=24,
                initializer_range=0.8,
                id2label=dict(enumerate(labels)),
                label2id={label: index for index, label in enumerate(labels)},
                **config,
            )
        )
    return net.eval()


def alone(net: Any, names: Any, text: str) -> torch.Tensor:
    """Logits of one short text, by the plainest way there is."""
    with torch.no_grad():
        return net(**names(text, return_tensors="pt")).logits[0]


def test_a_function_of_texts() -> None:
    seen: list[list[str]] = []

    def classify(texts: Sequence[str]) -> list[float]:
        seen.append(list(texts))
        return [0.9 if "bad" in text else 0.2 for text in texts]

    one = ClassifierFilter(classify, threshold=0.7, label="rude")
    assert (one.level, one.action, one.name) == ("statistical", "remask", "rude")
    assert one.scan("a bad cat") == one.scan("a bad cat", "prompt")
    found = one.scan("a bad cat")
    assert (found.risk, found.spans) == (0.9, ((0, 9),))
    found = one.scan("a good cat")
    assert (found.risk, found.spans) == (0.2, ())
    seen.clear()
    assert one.scan(" \n").risk == 0  # nothing to judge
    assert not seen


def test_what_stands_in_escapes_is_judged_too() -> None:
    one = ClassifierFilter(lambda texts: [float("bad" in text) for text in texts])
    text = r'{"note":"so \u0062\u0061d"}'
    found = one.scan(text)
    assert found.risk == 1
    assert found.spans == ((0, len(text)),)
    sentence = ClassifierFilter(lambda texts: [float("bad" in text) for text in texts], sentences=True)
    start, end = sentence.scan(r'{"note":"All is well. So \u0062ad."}').spans[0]
    assert r'{"note":"All is well. So \u0062ad."}'[start:end] == r'So \u0062ad."}'


def test_sentences_are_judged_by_themselves() -> None:
    """By the share of bad words: diluted in the whole."""

    def classify(texts: Sequence[str]) -> list[float]:
        return [text.lower().count("bad") / max(len(text.split()), 1) for text in texts]

    text = "The cat sat on the mat. The bad bad dog ran!  It was 3.5 m.\nBad."
    whole, each = (ClassifierFilter(classify, sentences=flag) for flag in (False, True))
    assert whole.scan(text).risk == pytest.approx(3 / 16)
    found = each.scan(text)
    assert found.risk == 1
    assert [text[start:end] for start, end in found.spans] == ["Bad."]
    sharp = ClassifierFilter(classify, sentences=True, threshold=0.4).scan(text)
    assert [text[start:end] for start, end in sharp.spans] == ["The bad bad dog ran!", "Bad."]
    pieces: list[str] = []
    ClassifierFilter(lambda texts: [pieces.append(one) or 0.0 for one in texts], sentences=True).scan(text)
    assert pieces[1:] == ["The cat sat on the mat.", "The bad bad dog ran!", "It was 3.5 m.", "Bad."]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([math.nan], "gave nan, which is no probability"),
        ([1.5], "gave 1.5, which is no probability"),
        ([-0.1], "gave -0.1"),
        ([], "gave 0 probabilities for 1 texts"),
        ([0.1, 0.2], "gave 2 probabilities for 1 texts"),
    ],
)
def test_a_classifier_that_gives_nonsense(given: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClassifierFilter(lambda texts: given).scan("a cat")


@pytest.mark.parametrize("seed", range(4))
def test_a_sequence_classifier_of_two_classes(seed: int) -> None:
    net, names = network(seed=seed), tokenizer()
    one = ClassifierFilter.of(net, names, "harm", threshold=0.01)
    assert one.name == "harm"
    for text in ("the bad dog", "a cat sat on the mat", "good"):
        found = one.scan(text)
        assert found.risk == pytest.approx(float(alone(net, names, text).softmax(-1)[1]), abs=1e-6)
        assert found.spans == ((0, len(text)),)
    assert ClassifierFilter.of(net, names, 0).scan("good").risk == pytest.approx(
        float(alone(net, names, "good").softmax(-1)[0]), abs=1e-6
    )


def test_heads_of_other_kinds() -> None:
    names, text = tokenizer(), "the bad dog ran"
    several = network(("fine", "rude", "threat"), seed=1)
    chances = alone(several, names, text).softmax(-1)
    both = ClassifierFilter.of(several, names, ["rude", "threat"])
    assert both.name == "rude+threat"
    assert both.scan(text).risk == pytest.approx(float(chances[1:].sum()), abs=1e-6)

    apart = network(("rude", "threat", "fine"), seed=2, problem_type="multi_label_classification")
    greatest = float(alone(apart, names, text).sigmoid()[:2].max())
    assert ClassifierFilter.of(apart, names, [0, 1]).scan(text).risk == pytest.approx(greatest, abs=1e-6)
    told = ClassifierFilter.of(several, names, ["rude"], independent=True)
    assert told.scan(text).risk == pytest.approx(float(alone(several, names, text).sigmoid()[1]), abs=1e-6)

    single = network(("harm",), seed=3)
    risk = float(alone(single, names, text).sigmoid()[0])
    assert ClassifierFilter.of(single, names, 0).scan(text).risk == pytest.approx(risk, abs=1e-6)


@pytest.mark.parametrize("overlap", [0, 3, None])
@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_a_long_text_is_judged_window_by_window(overlap: int | None, batch_size: int) -> None:
    net, names = network(seed=5), tokenizer(12)
    rng = random.Random(0)
    words = [rng.choice(WORDS) for _ in range(47)]
    text = " ".join(words)
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
    room, step = 10, 10 - (3 if overlap is None else overlap)
    windows = [range(begin, min(begin + room, 47)) for begin in range(0, 47 - room + step, step)]
    spans = [(starts[part[0]], starts[part[-1]] + len(words[part[-1]])) for part in windows]
    risks = [float(alone(net, names, text[start:end]).softmax(-1)[1]) for start, end in spans]
    riskiest = max(range(len(risks)), key=risks.__getitem__)

    one = ClassifierFilter.of(net, names, overlap=overlap, batch_size=batch_size, threshold=0.01)
    found = one.scan(text)
    assert found.risk == pytest.approx(risks[riskiest], abs=1e-6)
    assert found.spans == (spans[riskiest],)
    parts = one.classify.parts([text, "good"])
    assert [part[:2] for part in parts[0]] == spans
    assert [part[2] for part in parts[0]] == pytest.approx(risks, abs=1e-6)
    assert [part[:2] for part in parts[1]] == [(0, 4)]
    assert one.classify([text]) == pytest.approx([max(risks)], abs=1e-6)


def test_no_gradient_and_no_dropout() -> None:
    net = network(seed=1)
    net.train()
    one = ClassifierFilter.of(net, tokenizer())
    assert not net.training
    assert one.scan("the bad dog").risk == one.scan("the bad dog").risk
    assert all(parameter.grad is None for parameter in net.parameters())


def test_without_a_padding_token_windows_go_one_by_one() -> None:
    net, names = network(seed=5), tokenizer(12)
    bare = tokenizer(12)
    bare.pad_token = None
    text = " ".join(["the cat sat on the bad mat"] * 5)
    assert ClassifierFilter.of(net, bare).scan(text).risk == pytest.approx(
        ClassifierFilter.of(net, names).scan(text).risk, abs=1e-6
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": "toxic"}, "no label 'toxic'; it has fine, harm"),
        ({"label": 2}, "no label 2"),
        ({"label": []}, "no label is given"),
        ({"overlap": 22}, "an overlap is less than a window"),
        ({"overlap": -1}, "an overlap"),
        ({"max_tokens": 2}, "windows of 0 tokens"),
        ({"batch_size": 0}, "a batch has at least one"),
        ({"action": "ban"}, "proven, by a language; this one is statistical"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClassifierFilter.of(network(), tokenizer(), **arguments)


def test_a_regression_is_refused() -> None:
    with pytest.raises(ValueError, match="a regression"):
        ClassifierFilter.of(network(problem_type="regression"), tokenizer())


def test_a_folder_by_name(tmp_path: Path) -> None:
    net, names = network(seed=4), tokenizer()
    net.save_pretrained(tmp_path)
    names.save_pretrained(tmp_path)
    one = filter_of("classifier", folder=str(tmp_path), label="harm", action="block", sentences=True)
    assert isinstance(one, FolderClassifier)
    assert (one.action, one.name, one.sentences) == ("block", "harm", True)
    assert one.scan("the bad dog").risk == pytest.approx(
        float(alone(net, names, "the bad dog").softmax(-1)[1]), abs=1e-6
    )
    with pytest.raises(OSError, match="nowhere"):
        filter_of("classifier", folder=str(tmp_path / "nowhere"))


def test_in_the_loop_an_output_passes_or_is_withheld() -> None:
    """The verdict's risk is what the classifier itself says of the text."""
    from controlgen.constraints import Choice

    net, names = network(seed=0), tokenizer()
    texts = [f"{adjective} {noun}" for adjective in ("bad", "good") for noun in ("cat", "dog", "mat")]
    risks = {text: float(alone(net, names, text).softmax(-1)[1]) for text in texts}
    middle = (min(risks.values()) + max(risks.values())) / 2
    one = ClassifierFilter.of(net, names, threshold=middle, action="remask")
    for seed in range(6):
        result = tiny.model().generate(
            "x", Choice(texts), max_new_tokens=16, steps=4, seed=seed, temperature=3.0, filters=one
        )
        (verdict,) = result.verdicts
        assert risks[result.text] < middle
        assert verdict.risk == pytest.approx(risks[result.text], abs=1e-6)
        assert verdict.passed
