"""DiffusionGemma: the library's loop against transformers' own `generate`, token for token.

Both run the real class with small random weights; the temperatures of the long runs are exact in binary, because such
a network makes of one rounding another text. The generation loop of transformers draws from torch's global random
numbers; here its two sources of them (`torch.multinomial` for tokens, random tokens for what is renoised) are replaced
by inverse CDFs of the uniforms that the session's row draws, and nothing else of it is touched.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor

from controlgen import Model
from controlgen.samplers import UniformRenoise
from tests.controlgen.integrations._gemma import gemma
from tests.controlgen.zoo import _tokenizer

generation = pytest.importorskip("transformers.models.diffusion_gemma.generation_diffusion_gemma")

SPECIAL = ("<pad>", "<eos>")
COLUMNS = _tokenizer.TEXT_TOKENS + len(SPECIAL)
PAD, EOS = COLUMNS - 2, COLUMNS - 1
CANVAS = 16
PROMPT = [70, 71, 72, 73, 74]


def vocabulary() -> Tokenizer:
    return _tokenizer.tokenizer(SPECIAL)


@pytest.fixture
def network() -> Any:
    made = gemma(CANVAS, vocab_size=COLUMNS, pad_token_id=PAD, eos_token_id=EOS)
    made.generation_config.eos_token_id, made.generation_config.pad_token_id = EOS, PAD
    return made


class Replay:
    """Stands in for both sources of random numbers of the published loop; one row.

    The published loop renoises after the last step of a canvas too, and nobody sees it: the next canvas begins with it.
    """

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.unseen: Tensor | None = None

    def canvas(self, batch_size: int, device: Any) -> Tensor:
        if self.unseen is None:
            drawn = torch.rand(CANVAS, dtype=torch.float64, generator=self.generator)
            self.unseen = (drawn * COLUMNS).long()[None]
        return self.unseen

    def multinomial(self, probabilities: Tensor, num_samples: int) -> Tensor:
        self.unseen = None
        uniforms = torch.rand(CANVAS, 3, dtype=torch.float64, generator=self.generator)[:, 2]
        running = probabilities.double().cumsum(-1)
        return (running > uniforms[:, None] * running[:, -1:]).int().argmax(-1)[:, None]


def published(network: Any, seed: int, canvases: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> list[int]:
    replay = Replay(seed)
    monkeypatch.setattr(
        generation.EntropyBoundSampler, "initialize_canvas", lambda self, batch_size, device: replay.canvas(1, device)
    )
    monkeypatch.setattr(generation.torch, "multinomial", replay.multinomial)
    out = network.generate(torch.tensor([PROMPT]), max_new_tokens=canvases * CANVAS, **options)
    monkeypatch.undo()
    return out.sequences[0, len(PROMPT) :].tolist()


def to_first_end(tokens: list[int]) -> list[int]:
    return next((tokens[:place] for place, token in enumerate(tokens) if token in (EOS, PAD)), tokens)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("steps", "sampler", "options"),
    [
        (1, UniformRenoise(), {}),
        (6, UniformRenoise(), {}),
        (8, UniformRenoise(2.0, coldest=0.25, hottest=0.75), {"sampler_config": 2.0, "t_min": 0.25, "t_max": 0.75}),
        (
            16,
            UniformRenoise(1.0, coldest=0.0625, hottest=0.125, stability=2, confidence=0.5),
            {
                "sampler_config": 1.0,
                "t_min": 0.0625,
                "t_max": 0.125,
                "stability_threshold": 2,
                "confidence_threshold": 0.5,
            },
        ),
    ],
)
def test_unconstrained_output_is_that_of_the_published_loop(
    network: Any, seed: int, steps: int, sampler: UniformRenoise, options: dict[str, Any], monkeypatch: Any
) -> None:
    if "sampler_config" in options:
        options = {**options, "sampler_config": generation.EntropyBoundSamplerConfig(options["sampler_config"])}
    judge = published(network, seed, 3, monkeypatch, max_denoising_steps=steps, **options)
    held = Model.of(network, vocabulary())
    held.encode = lambda text: PROMPT  # type: ignore[method-assign]
    result = held.generate("x", max_new_tokens=3 * CANVAS, sampler=sampler, steps=steps, seed=seed)
    assert to_first_end(result.tokens.tolist()) == to_first_end(judge)
    assert len(to_first_end(judge)) > 0 or seed
