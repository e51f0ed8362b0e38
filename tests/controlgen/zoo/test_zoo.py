"""The zoo itself: folders load as published models do, and the reference loops keep their own promises."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from tests.controlgen.zoo import _shared, dream, llada, mdlm, sedd

PROMPT = torch.arange(40, 46)
EMPTY = PROMPT[:0]

LLADA: list[dict[str, Any]] = [
    {},
    {"block_length": 4},
    {"steps": 5},
    {"cfg_scale": 1.5},
    {"temperature": 0.8},
    {"remasking": "random"},
    {"threshold": 0.4, "block_length": 8},
    {"factor": 1.0, "block_length": 8},
]
DREAM: list[dict[str, Any]] = [
    {"alg": "origin"},
    {"alg": "origin", "temperature": 0.7, "top_p": 0.9},
    {"alg": "maskgit_plus"},
    {"alg": "topk_margin", "steps": 5},
    {"alg": "entropy", "temperature": 0.5, "top_k": 20},
]
MDLM: list[dict[str, Any]] = [
    {},
    {"nucleus_p": 0.9},
    {"strategy": "cap", "eta": 0.2},
    {"strategy": "rescale", "eta": 0.2},
    {"strategy": "conf"},
    {"strategy": "loop", "eta": 0.1, "t_on": 0.55, "t_off": 0.05, "alpha_on": 0.9},
]
SEDD: list[dict[str, Any]] = [{}, {"steps": 4}]

LOOPS = [
    *((llada, PROMPT, options) for options in LLADA),
    *((dream, PROMPT, options) for options in DREAM),
    *((mdlm, EMPTY, options) for options in MDLM),
    *((sedd, EMPTY, options) for options in SEDD),
]


def seeded(seed: int = 0) -> Callable[[str, tuple[int, ...]], Tensor]:
    """A source of uniforms that starts anew at every call of this function."""
    generator = torch.Generator().manual_seed(seed)
    return lambda purpose, shape: torch.rand(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("family", "prompt", "options"), LOOPS)
def test_loops_write_allowed_text_only_and_repeat_themselves(family: Any, prompt: Tensor, options: Any) -> None:
    network = family.network()
    barred = family.barred()
    first, second = (
        family.generate(network, prompt, 12, barred=barred, uniforms=seeded(), **{"steps": 6, **options})
        if "block_length" not in options
        else family.generate(network, prompt, 16, barred=barred, uniforms=seeded(), **options)
        for _ in range(2)
    )
    assert first.tolist() == second.tolist()
    assert not barred[first].any()
    assert len(first.unique()) > 2


@pytest.mark.parametrize(
    ("family", "auto"),
    [
        (llada, AutoModel),
        (llada, AutoModelForCausalLM),
        (dream, AutoModel),
        (mdlm, AutoModelForMaskedLM),
    ],
)
def test_folders_load_with_their_remote_code(family: Any, auto: Any, tmp_path: Path) -> None:
    family.save(tmp_path, seed=3)
    loaded = auto.from_pretrained(tmp_path, trust_remote_code=True)
    assert type(loaded).__name__ == family.CONFIG["architectures"][0]
    assert loaded.dtype == torch.float32
    ids, network = torch.arange(12)[None], family.network(seed=3)
    arguments = (torch.zeros(1),) if family is mdlm else ()
    found, expected = loaded(ids, *arguments), network(ids, *arguments)
    if family is not mdlm:
        found, expected = found.logits, expected.logits
    assert torch.equal(found, expected)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, trust_remote_code=True)
    assert tokenizer.decode(tokenizer('{"name": "Zoë"}').input_ids) == '{"name": "Zoë"}'
    assert len(tokenizer) <= family.COLUMNS
    assert tokenizer.eos_token_id in (family.EOS if family is not mdlm else family.END,)


def test_sedd_folder_loads_and_its_scores_almost_follow_the_schedule(tmp_path: Path) -> None:
    sedd.save(tmp_path, seed=3)
    loaded, masks = sedd.load(tmp_path), torch.full((8,), sedd.MASK)
    sigma = sedd.total_noise(0.5)
    scores = loaded(masks[None], sigma[None].float())[0].detach().double().exp()
    assert torch.equal(scores[:, -1], torch.ones(8).double())
    weights = sedd.transition(scores, masks, sigma - sedd.total_noise(0.4))
    leave, _ = sedd.split(weights)
    assert torch.allclose(weights.sum(-1), torch.ones(8).double())
    assert ((leave > 0.2 * 0.7) & (leave < 0.2 * 1.4)).all()
    assert len(leave.unique()) > 1


def test_dream_logits_speak_of_the_next_position() -> None:
    network, barred = dream.network(), dream.barred()
    answer = dream.generate(network, PROMPT, 8, barred=barred, steps=1, alg="maskgit_plus")
    rows = network(torch.cat((PROMPT, torch.full((8,), dream.MASK)))[None], "full", None).logits[0]
    likeliest = _shared.allowed(rows, barred).argmax(-1)
    assert answer.tolist() == likeliest[5:13].tolist()
    assert answer.tolist() != likeliest[6:14].tolist()


@pytest.mark.parametrize("alg", ["maskgit_plus", "topk_margin", "entropy"])
def test_dream_decodes_left_padded_batches_and_calls_its_hooks_in_order(alg: str) -> None:
    network, barred = dream.network(), dream.barred()
    calls: list[tuple[str, int | None, bool]] = []

    def tokens_hook(step: int | None, x: Tensor, logits: Tensor | None) -> Tensor:
        calls.append(("tokens", step, logits is None))
        return x

    def logits_hook(step: int, x: Tensor, logits: Tensor) -> Tensor:
        calls.append(("logits", step, False))
        return logits.masked_fill(barred, -torch.inf)

    prompts = torch.stack((PROMPT, torch.cat((torch.full((2,), dream.EOS), PROMPT[2:]))))
    attention = torch.ones_like(prompts)
    attention[1, :2] = 0
    out = network.diffusion_generate(
        prompts,
        attention_mask=attention,
        max_new_tokens=8,
        steps=4,
        alg=alg,
        return_dict_in_generate=True,
        output_history=True,
        generation_tokens_hook_func=tokens_hook,
        generation_logits_hook_func=logits_hook,
    )
    steps = [call for step in range(4) for call in (("logits", step, False), ("tokens", step, False))]
    assert calls == [("tokens", None, True), *steps]
    assert len(out.history) == 4
    for row, prompt in enumerate((PROMPT, PROMPT[2:])):
        alone = dream.generate(network, prompt, 8, barred=barred, steps=4, alg=alg)
        assert out.sequences[row, 6:].tolist() == alone.tolist()


def test_llada_padding_is_not_seen() -> None:
    network = llada.network()
    padded = torch.cat((torch.full((3,), llada.EOS), PROMPT))[None]
    attention = (torch.arange(9) >= 3).long()[None]
    found = network(padded, attention_mask=attention).logits[:, 3:]
    assert torch.allclose(found, network(PROMPT[None]).logits, atol=1e-3)


def test_counts_of_tokens_per_step() -> None:
    assert llada.transfer_counts(10, 4) == [3, 3, 2, 2]
    assert llada.threshold_count([0.9, 0.8, 0.2], 0.8) == 2
    assert llada.threshold_count([0.3, 0.2], 0.8) == 1
    # 1 - 1/3 = 0.67 for the second, 0.75 for the third; reaching the last position commits it untested.
    assert llada.factor_count([0.1, 0.7, 0.7, 0.1], 1.0) == 2
    assert llada.factor_count([0.1, 0.7, 0.8, 0.1], 1.0) == 4
    assert llada.factor_count([0.1, 0.1], 1.0) == 2


@pytest.mark.parametrize("options", MDLM[2:5])
def test_remasking_keeps_the_expected_number_of_tokens(options: dict[str, Any]) -> None:
    """A share 1 - t of written positions becomes 1 - s, whatever is masked again on the way."""
    keywords = {name: value for name, value in options.items() if name != "strategy"}
    strategy = options["strategy"]
    written, remasked = mdlm.rates(strategy, 0.6, 0.5, weights=0.0, **keywords)
    assert 0.6 * written + 0.4 * (1 - remasked) == pytest.approx(0.5)
