"""The noised classifier: its two faces agree, its gradient is one, its file comes back, and it can tell."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from controlgen.embedded import WEIGHTS, EmbeddedClassifier, EmbeddedDiffusionConfig, EmbeddedDiffusionModel
from controlgen.embedded._classifier import Head
from controlgen.errors import ModelFolderError

CLASSES = ("bill", "note", "log")


def small(size: int = 32) -> EmbeddedDiffusionModel:
    torch.manual_seed(0)
    config = EmbeddedDiffusionConfig(
        vocab_size=64, hidden_size=size, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2
    )
    model = EmbeddedDiffusionModel(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))  # fresh layers are identities
    return model.eval()


@pytest.fixture(scope="module")
def classifier() -> EmbeddedClassifier:
    network = small()
    head = Head(len(CLASSES), 32, queries=2, width=16)
    torch.nn.init.normal_(head.attention.weight)
    return EmbeddedClassifier(network, head.eval(), CLASSES, depth=2)


@pytest.fixture
def canvas() -> Tensor:
    return torch.randint(0, 64, (3, 9), generator=torch.Generator().manual_seed(1))


def one_hot(canvas: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(canvas, 64).float()


def test_rows_are_distributions_and_do_not_depend_on_the_batch(classifier: EmbeddedClassifier, canvas: Tensor) -> None:
    found = classifier.log_probabilities(canvas, 0.5)
    assert found.shape == (3, 3)
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(3))
    torch.testing.assert_close(classifier.log_probabilities(canvas[1:2], 0.5), found[1:2])
    assert classifier.log_probabilities(canvas[:0], 0.5).shape == (0, 3)


def test_noise_level_matters_and_may_differ_by_row(classifier: EmbeddedClassifier, canvas: Tensor) -> None:
    low, high = (classifier.log_probabilities(canvas, level) for level in (0.1, 0.9))
    assert not torch.allclose(low, high)
    mixed = classifier.log_probabilities(canvas, torch.tensor([0.1, 0.9, 0.1]))
    torch.testing.assert_close(mixed, torch.stack((low[0], high[1], low[2])))


def test_one_hot_rows_are_the_canvas(classifier: EmbeddedClassifier, canvas: Tensor) -> None:
    likelihood = classifier.of("note")
    torch.testing.assert_close(likelihood(canvas, 0.4), classifier.log_probabilities(canvas, 0.4)[:, 1])
    torch.testing.assert_close(likelihood.relaxed(one_hot(canvas), 0.4), likelihood(canvas, 0.4))


def test_gradient_of_the_relaxed_face_is_a_difference_quotient(
    classifier: EmbeddedClassifier, canvas: Tensor
) -> None:
    """Central differences along a random direction, in float64."""
    network = small().double()
    head = Head(3, 32, queries=2, width=16).double()
    head.load_state_dict(classifier.head.state_dict())
    exact = EmbeddedClassifier(network, head.eval(), CLASSES, depth=2)
    weights = one_hot(canvas).double().requires_grad_()
    direction = torch.randn(weights.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    (slope,) = torch.autograd.grad(exact.of("bill").relaxed(weights, 0.3).sum(), weights)
    step = 1e-4  # positions are rotated in float32
    with torch.no_grad():
        ahead, behind = (exact.of("bill").relaxed(weights + s * direction, 0.3).sum() for s in (step, -step))
    assert float((slope * direction).sum()) == pytest.approx(float((ahead - behind) / (2 * step)), rel=1e-3)


def test_depth_is_how_many_layers_are_read(classifier: EmbeddedClassifier, canvas: Tensor) -> None:
    network = classifier.network
    cache = network.unconditional(3)
    deep = network.states(network.embed(canvas), cache)
    torch.testing.assert_close(network.logits(deep), network(canvas, cache))
    assert not torch.allclose(network.states(network.embed(canvas), cache, depth=2), deep)
    for depth in (0, 4):
        with pytest.raises(ValueError, match="depth must lie between 1 and 3"):
            EmbeddedClassifier(network, classifier.head, CLASSES, depth=depth)


def test_saved_and_loaded(classifier: EmbeddedClassifier, canvas: Tensor, tmp_path: Path) -> None:
    classifier.save(tmp_path / "head.safetensors")
    again = EmbeddedClassifier.load(classifier.network, tmp_path / "head.safetensors")
    assert (again.classes, again.depth) == (CLASSES, 2)
    torch.testing.assert_close(
        again.log_probabilities(canvas, 0.5), classifier.log_probabilities(canvas, 0.5), atol=2e-2, rtol=0
    )  # float16


def test_refused(classifier: EmbeddedClassifier, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no class 'mail': this classifier tells apart bill, note, log"):
        classifier.of("mail")
    with pytest.raises(ValueError, match="the head has 3 classes"):
        EmbeddedClassifier(classifier.network, classifier.head, ("bill", "note"), depth=2)
    with pytest.raises(ModelFolderError, match="not the head of a noised classifier"):
        EmbeddedClassifier.load(classifier.network, tmp_path / "missing.safetensors")
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelFolderError, match="not the head of a noised classifier"):
        EmbeddedClassifier.load(classifier.network, tmp_path / "other.safetensors")
    classifier.save(tmp_path / "head.safetensors")
    with pytest.raises(ModelFolderError, match="states of size 32, the network's have 64"):
        EmbeddedClassifier.load(small(64), tmp_path / "head.safetensors")


RECORDS = {
    '{"invoice_number":"KX-815","order_total":509.08,"due_date":"2024-05-01"}': "trade",
    '{"error_code":500,"client_ip":"10.2.3.4","log_level":"ERROR"}': "logs",
    '{"package":"libzip","version":"1.2.0","license":"MIT"}': "software",
}


def test_the_shipped_head_knows_plain_records() -> None:
    from tokenizers import Tokenizer

    network = EmbeddedDiffusionModel.from_pretrained(str(WEIGHTS), dtype=torch.float32).eval()
    classifier = EmbeddedClassifier.load(network)
    tokenizer = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    canvases = torch.zeros(len(RECORDS), 48, dtype=torch.int64)
    for row, text in enumerate(RECORDS):
        ids = [*tokenizer.encode(text, add_special_tokens=False).ids, network.config.eos_token_id]
        canvases[row, : len(ids)] = torch.tensor(ids)
    found = classifier.log_probabilities(canvases, 0.01)
    assert [classifier.classes[index] for index in found.argmax(-1)] == list(RECORDS.values())
    blank = classifier.log_probabilities(torch.full((1, 48), network.config.mask_token_id), 1.0)
    assert blank.exp().max() < 0.35  # all noise tells nothing
