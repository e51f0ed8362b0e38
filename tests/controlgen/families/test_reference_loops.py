"""Without a constraint each family's own sampler gives what a plain loop of that family gives, token for token.

The loops are those of `tests.controlgen.zoo`, which know nothing of the library: one row, no automaton. Random ones are
fed the random numbers of the session's row.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor

from controlgen import Model
from controlgen.samplers import (
    Ancestral,
    Entropy,
    FirstHitting,
    LeftToRight,
    LowConfidence,
    Margin,
    ReMDM,
    Sampler,
    Threshold,
    TokenEditing,
)
from tests.controlgen.zoo import _tokenizer, bd3lm, dream, fast_dllm, llada, llada2, mdlm, sdar, sedd

PROMPTS = [[65, 66, 67, 68, 69, 70, 71], [40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52], [60] * 40]


def model(family: Any, seed: int, name: str | None = None, special: Any = None) -> Model:
    network = family.network(seed)
    return Model.of(network, _tokenizer.tokenizer(special or family.SPECIAL), family=name, config=family.CONFIG)


def ours(held: Model, prompt: list[int], length: int, **options: Any) -> Tensor:
    """The canvas of an unconstrained generation from token ids."""
    held.encode = lambda text: prompt  # type: ignore[method-assign]
    return held.generate("x", max_new_tokens=length, **options).tokens


class Replayed:
    """The uniforms of a row, in the order in which the session draws them."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, purpose: str, shape: tuple[int, ...]) -> Tensor:
        if purpose == "tokens":
            return torch.rand(*shape, 3, dtype=torch.float64, generator=self._generator)[:, TOKEN_COLUMN]
        return torch.rand(*shape, dtype=torch.float64, generator=self._generator)


TOKEN_COLUMN = 2


def to_first(tokens: Tensor, stops: set[int]) -> list[int]:
    """Tokens up to the first stop token."""
    listed = tokens.tolist()
    return next((listed[:i] for i, token in enumerate(listed) if token in stops), listed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("prompt", PROMPTS[:2])
@pytest.mark.parametrize(
    ("sampler", "options", "steps", "block"),
    [
        (LowConfidence(), {}, 16, None),
        (LowConfidence(), {}, 7, None),
        (LowConfidence(), {"block_length": 8}, 16, 8),
        (Threshold(0.6), {"threshold": 0.6, "block_length": 8}, None, 8),
        (Threshold(0.9), {"threshold": 0.9}, None, None),
    ],
)
def test_llada(
    seed: int, prompt: list[int], sampler: Sampler, options: dict[str, Any], steps: int | None, block: int | None
) -> None:
    held, barred = model(llada, seed), llada.barred(ends=True)
    own = ours(held, prompt, 32, sampler=sampler, steps=steps, block_length=block)
    if steps is not None:
        options = {**options, "steps": steps}
    judge = llada.generate(held.network, torch.tensor(prompt), 32, barred=barred, **options)
    assert own.tolist() == judge.tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("prompt", PROMPTS[:2])
@pytest.mark.parametrize("steps", [16, 9, 40])
@pytest.mark.parametrize(
    ("alg", "kind"), [("entropy", Entropy), ("topk_margin", Margin), ("maskgit_plus", LowConfidence)]
)
def test_dream(seed: int, prompt: list[int], steps: int, alg: str, kind: type[Any]) -> None:
    held, barred = model(dream, seed), dream.barred(ends=True)
    own = ours(held, prompt, 24, sampler=kind(schedule="linear"), steps=steps)
    judge = dream.generate(held.network, torch.tensor(prompt), 24, barred=barred, alg=alg, steps=steps)
    assert own.tolist() == judge.tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("block", [4, 16])
@pytest.mark.parametrize(
    ("strategy", "sampler"),
    [
        ("low_confidence_dynamic", LowConfidence(schedule="fixed", threshold=0.85)),
        ("low_confidence_dynamic", LowConfidence(schedule="fixed", threshold=0.4)),
        ("low_confidence_static", LowConfidence(schedule="fixed")),
        ("sequential", LeftToRight(schedule="fixed")),
    ],
)
def test_sdar(seed: int, prompt: list[int], block: int, strategy: str, sampler: Any) -> None:
    held, barred = model(sdar, seed), sdar.barred(ends=True)
    length = 3 * block - len(prompt) % block
    own = ours(held, prompt, length, sampler=sampler, block_length=block, steps=block)
    stops = {sdar.EOS, sdar.END}
    judge = sdar.generate(
        held.network,
        torch.tensor(prompt),
        length,
        barred=barred,
        block_length=block,
        remasking_strategy=strategy,
        confidence_threshold=sampler.threshold or 2.0,
        stop_ids=sorted(stops),
    )
    assert to_first(own, stops) == to_first(judge, stops)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("threshold", [0.95, 0.3])
def test_llada2(seed: int, prompt: list[int], threshold: float) -> None:
    held, barred = model(llada2, seed), llada2.barred(ends=True)
    length = 96 - len(prompt) % 32
    own = ours(held, prompt, length, sampler=LowConfidence(schedule="fixed", threshold=threshold))
    judge = llada2.generate(
        held.network, torch.tensor(prompt), length, barred=barred, threshold=threshold, eos_id=llada2.EOS
    )
    assert to_first(own, {llada2.EOS}) == to_first(judge, {llada2.EOS})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize(("threshold", "editing"), [(0.7, 0.5), (0.3, 0.2)])
def test_llada21_with_edits(seed: int, prompt: list[int], threshold: float, editing: float) -> None:
    held, barred = model(llada2, seed, "llada2.1"), llada2.barred(ends=True)
    length = 64 - len(prompt) % 32
    own = ours(held, prompt, length, sampler=TokenEditing(threshold, editing))
    judge = llada2.generate_editing(
        held.network,
        torch.tensor(prompt),
        length,
        barred=barred,
        threshold=threshold,
        editing_threshold=editing,
        eos_id=llada2.EOS,
    )
    assert to_first(own, {llada2.EOS}) == to_first(judge, {llada2.EOS})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("prompt", [*PROMPTS, [70] * 32, [71] * 64])
@pytest.mark.parametrize("threshold", [0.9, 0.4])
def test_fast_dllm(seed: int, prompt: list[int], threshold: float) -> None:
    held, barred = model(fast_dllm, seed), fast_dllm.barred(ends=True)
    length = 96 - len(prompt) % 32
    own = ours(held, prompt, length, sampler=Threshold(threshold))
    judge = fast_dllm.generate(
        held.network, torch.tensor(prompt), length, barred=barred, threshold=threshold, stop_id=fast_dllm.END
    )
    stops = {fast_dllm.END, fast_dllm.PAD}
    assert to_first(own, stops) == to_first(judge, stops)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("steps", [3, 12, 40])
def test_mdlm(seed: int, steps: int) -> None:
    held = model(mdlm, seed)
    own = ours(held, PROMPTS[0], 24, sampler=Ancestral(), steps=steps + 1, seed=seed)
    judge = mdlm.generate(
        held.network, torch.tensor(PROMPTS[0]), 24, barred=mdlm.barred(), uniforms=Replayed(seed), steps=steps
    )
    assert own.tolist() == judge.tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [12, 40])
@pytest.mark.parametrize("strategy", ["cap", "rescale", "conf", "loop"])
def test_remdm(seed: int, steps: int, strategy: Any) -> None:
    held = model(mdlm, seed)
    settings = {"eta": 0.2, "t_on": 0.55, "t_off": 0.05, "alpha_on": 0.9}
    own = ours(held, PROMPTS[0], 24, sampler=ReMDM(strategy, **settings), steps=steps + 1, seed=seed)
    judge = mdlm.generate(
        held.network,
        torch.tensor(PROMPTS[0]),
        24,
        barred=mdlm.barred(),
        uniforms=Replayed(seed),
        steps=steps,
        strategy=strategy,
        **settings,
    )
    assert own.tolist() == judge.tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("steps", [3, 12, 40])
def test_sedd(seed: int, steps: int) -> None:
    held = model(sedd, seed)
    own = ours(held, PROMPTS[0], 24, steps=steps + 1, seed=seed)
    judge = sedd.generate(
        held.network, torch.tensor(PROMPTS[0]), 24, barred=sedd.barred(), uniforms=Replayed(seed), steps=steps
    )
    assert own.tolist() == judge.tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("prompt", PROMPTS[:2])
def test_bd3lm(seed: int, prompt: list[int]) -> None:
    held = model(bd3lm, seed)
    length = 24 - len(prompt) % 4
    own = ours(held, prompt, length, sampler=FirstHitting(), seed=seed)

    replayed, asked = Replayed(seed), Counter[str]()

    def uniforms(purpose: str, shape: tuple[int, ...]) -> Tensor:
        """The loop draws for the whole block, the library for the part of it that is canvas."""
        asked[purpose] += 1
        lead = len(prompt) % 4 if asked[purpose] <= 4 - len(prompt) % 4 else 0
        drawn = replayed(purpose, (shape[0] - lead,))
        return torch.cat((torch.zeros(lead, dtype=torch.float64), drawn))

    judge = bd3lm.generate(held.network, torch.tensor(prompt), length, barred=bd3lm.barred(), uniforms=uniforms)
    assert own.tolist() == judge.tolist()

