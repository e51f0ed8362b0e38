"""Resampling and rewards by hand, and a real sequence classifier as a reward."""

from __future__ import annotations

import math

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from controlgen.guidance import Particles, SequenceClassifierReward
from controlgen.guidance._particles import effective_size, systematic


def test_effective_size() -> None:
    assert effective_size(torch.zeros(8)) == pytest.approx(8)
    assert effective_size(torch.tensor([0.0, -math.inf, -math.inf])) == pytest.approx(1)
    assert effective_size(torch.tensor([3.0, 3.0, -math.inf])) == pytest.approx(2)
    assert effective_size(torch.full((3,), -math.inf)) == 0.0


def test_systematic_resampling_keeps_expectations_and_order() -> None:
    weights = torch.tensor([0.05, 0.0, 0.55, 0.4], dtype=torch.float64)
    generator, counts = torch.Generator().manual_seed(0), torch.zeros(4)
    for _ in range(2000):
        found = systematic(weights.log(), generator)
        assert bool((found.diff() >= 0).all())
        one = torch.bincount(found, minlength=4)
        assert bool(((one - 4 * weights).abs() < 1).all())
        counts += one
    assert counts[1] == 0
    assert torch.allclose(counts / 8000, weights.float(), atol=0.01)
    alone = torch.tensor([int(systematic(weights.log(), generator, draws=1)) for _ in range(4000)])
    assert torch.allclose(torch.bincount(alone, minlength=4) / 4000, weights.float(), atol=0.03)
    assert systematic(torch.full((3,), -math.inf), generator).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "arguments",
    [
        {"count": 0},
        {"count": 2.5},
        {"every": 0},
        {"strength": math.inf},
        {"potential": "sum"},
        {"selection": "best"},
        {"threshold": 1.5},
        {"start": 0.9, "stop": 0.1},
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        Particles(lambda texts: [0.0], **arguments)  # type: ignore[arg-type]


def test_a_transformers_classifier_is_a_reward() -> None:
    words = ["[PAD]", "[UNK]", "good", "bad", "very"]
    raw = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
        id2label={0: "negative", 1: "positive"},
    )
    network = BertForSequenceClassification(config)
    reward = SequenceClassifierReward(network, tokenizer, "positive", batch_size=2)
    texts = ["very good", "bad", "good " * 40]
    found = reward(texts)
    for text, value in zip(texts, found, strict=True):
        with torch.no_grad():
            logits = network(**tokenizer(text, return_tensors="pt", truncation=True)).logits
        assert value == pytest.approx(float(torch.log_softmax(logits, -1)[0, 1]), abs=1e-5)
    several = SequenceClassifierReward(network, tokenizer, "positive", independent=True)(texts[:1])
    with torch.no_grad():
        logits = network(**tokenizer(texts[0], return_tensors="pt")).logits
    assert several == pytest.approx([float(torch.sigmoid(logits[0, 1]).log())], abs=1e-5)
    with pytest.raises(ValueError, match="no label 'neutral'; it has negative, positive"):
        SequenceClassifierReward(network, tokenizer, "neutral")
