"""The block-diffusion families of the zoo keep their own conventions: folders, caches, alignment, loops."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, DynamicCache

from tests.controlgen.zoo import _shared, _tokenizer, bd3lm, fast_dllm, llada2, sdar

FAMILIES = pytest.mark.parametrize("family", [sdar, llada2, fast_dllm, bd3lm], ids=lambda module: module.__name__)


def uniforms(seed: int = 0) -> _shared.Uniforms:
    generator = torch.Generator().manual_seed(seed)
    return lambda purpose, shape: torch.rand(shape, generator=generator, dtype=torch.float64)


def text(length: int, seed: int = 0) -> Tensor:
    return torch.randint(0, _tokenizer.TEXT_TOKENS, (length,), generator=torch.Generator().manual_seed(seed))


def visible(length: int, block: int) -> Tensor:
    blocks = torch.arange(length) // block
    return blocks[:, None] >= blocks


@FAMILIES
def test_folder_loads_with_its_own_code(family: ModuleType, tmp_path: Path) -> None:
    family.save(tmp_path, seed=1)
    auto = AutoModelForMaskedLM if family is bd3lm else AutoModelForCausalLM
    loaded = auto.from_pretrained(tmp_path, trust_remote_code=True)
    assert type(loaded).__name__ == json.loads((tmp_path / "config.json").read_text())["architectures"][0]
    assert loaded.config.model_type == family.CONFIG["model_type"]
    for name, value in family.network(seed=1).state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    specials = list(range(_tokenizer.TEXT_TOKENS, _tokenizer.TEXT_TOKENS + len(family.SPECIAL)))
    assert tokenizer.convert_tokens_to_ids(list(family.SPECIAL)) == specials
    assert (
        specials[-1] + 1 == family.MASK
        if family is bd3lm
        else "mask" in family.SPECIAL[specials.index(family.MASK)].lower()
    )
    assert tokenizer.decode(tokenizer('{"a": 1}')["input_ids"]) == '{"a": 1}'


def test_sdar_writes_to_the_cache_only_when_told() -> None:
    network, ids, cache = sdar.network(), text(12)[None], DynamicCache()
    whole = network(ids, attention_mask=visible(12, 4)[None].float()).logits
    for start in (0, 4, 8):
        mask = torch.ones(1, 4, start + 4)
        for store in (False, True):
            part = network(
                ids[:, start : start + 4], attention_mask=mask, past_key_values=cache, use_cache=True, store_kv=store
            )
            torch.testing.assert_close(part.logits, whole[:, start : start + 4])
            assert cache.get_seq_length() == start + 4 * store


def test_llada2_takes_boolean_and_added_masks_and_writes_every_cache_it_gets() -> None:
    network, ids, cache = llada2.network(), text(12)[None], DynamicCache()
    mask = visible(12, 4)[None, None]
    whole = network(ids, attention_mask=mask).logits
    torch.testing.assert_close(network(ids, attention_mask=mask.float().log().bfloat16()).logits, whole)
    for start in (0, 4, 8):
        part = network(
            ids[:, start : start + 4], attention_mask=mask[:, :, start : start + 4, : start + 4], past_key_values=cache
        )
        torch.testing.assert_close(part.logits, whole[:, start : start + 4])
        assert cache.get_seq_length() == start + 4
    for wrong in (None, torch.ones(1, 12), mask.float()):
        with pytest.raises(ValueError, match="mask"):
            network(ids, attention_mask=wrong)


def test_fast_dllm_caches_agree_with_no_cache() -> None:
    network, ids = fast_dllm.network(), text(16)[None]
    whole = network(ids, block_size=8).logits
    cache = network(ids[:, :8], use_cache=True, update_past_key_values=True, block_size=8).past_key_values
    asked: dict[str, Any] = {"use_cache": True, "past_key_values": cache, "block_size": 8}
    block = network(ids[:, 8:], use_block_cache=True, **asked)
    torch.testing.assert_close(block.logits, whole[:, 8:])
    assert (cache.get_seq_length(), block.block_past_key_values.get_seq_length()) == (8, 8)
    part = network(
        ids[:, 12:14],
        use_block_cache=True,
        block_past_key_values=block.block_past_key_values,
        replace_position=4,
        **asked,
    )
    torch.testing.assert_close(part.logits, whole[:, 12:14])


def test_bd3lm_cache_agrees_with_no_cache_and_with_the_noised_half_of_training() -> None:
    network, ids, zero = bd3lm.network(model_length=12).double(), text(12)[None], torch.zeros(1, dtype=torch.float64)
    whole = network(ids, timesteps=zero, sample_mode=True)
    noised = ids.clone()
    noised[:, 4:8] = bd3lm.MASK
    train = network(torch.cat((noised, ids), 1), timesteps=zero)
    torch.testing.assert_close(train[:, 8:], whole[:, 8:])
    half = network(noised[:, :8], timesteps=zero, sample_mode=True, return_dict=True).logits
    torch.testing.assert_close(train[:, 4:8], half[:, 4:])
    network.reset_kv_cache()
    for start in (0, 4, 8):
        for store in (False, True):
            part = network(ids[:, start : start + 4], timesteps=zero, sample_mode=True, store_kv=store)
            torch.testing.assert_close(part, whole[:, start : start + 4])


def test_shifted_really_is_shifted() -> None:
    """The token of a block's second position depends on the row of its first."""
    network, prompt, barred = fast_dllm.network(), text(8), fast_dllm.barred()
    answer = fast_dllm.generate(network, prompt, 2, barred=barred, block_size=8, small_block_size=8, threshold=0.0)
    last = network(prompt[None], block_size=8).logits[0, -1]
    assert answer[0] == _shared.allowed(last, barred).argmax()
    block = torch.cat((prompt, answer[:1], torch.full((7,), fast_dllm.MASK)))
    row = network(block[None], block_size=8).logits[0, 8]
    assert answer[1] == _shared.allowed(row, barred).argmax()


STRATEGIES = ("sequential", "low_confidence_static", "low_confidence_dynamic", "entropy_bounded")
LOOPS: dict[str, tuple[ModuleType, Callable[..., Tensor], dict[str, Any]]] = {
    **{f"sdar {name}": (sdar, sdar.generate, {"remasking_strategy": name}) for name in STRATEGIES},
    "sdar in two steps": (sdar, sdar.generate, {"denoising_steps": 2, "confidence_threshold": 0.2}),
    "sdar sampled": (sdar, sdar.generate, {"temperature": 0.7, "top_k": 20, "top_p": 0.9, "uniforms": uniforms()}),
    "llada2": (llada2, llada2.generate, {"block_length": 8, "steps": 3, "threshold": 0.3}),
    "llada2.1": (llada2, llada2.generate_editing, {"block_length": 8, "threshold": 0.2, "editing_threshold": 0.1}),
    "llada2.1 speedy": (
        llada2,
        llada2.generate_editing,
        {"block_length": 8, "threshold": 0.1, "editing_threshold": 0.0, "num_to_transfer": 2},
    ),
    "fast_dllm": (fast_dllm, fast_dllm.generate, {"block_size": 8, "small_block_size": 4, "threshold": 0.3}),
    "fast_dllm sampled": (
        fast_dllm,
        fast_dllm.generate,
        {"block_size": 8, "small_block_size": 4, "temperature": 0.8, "uniforms": uniforms()},
    ),
    "fast_dllm block cache": (
        fast_dllm,
        fast_dllm.generate,
        {"block_size": 8, "small_block_size": 4, "block_cache": True},
    ),
    "bd3lm": (bd3lm, bd3lm.generate, {"uniforms": uniforms()}),
    "bd3lm ancestral": (bd3lm, bd3lm.generate, {"uniforms": uniforms(), "first_hitting": False, "nucleus_p": 0.9}),
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize(("prompt", "length"), [(1, 9), (8, 8), (13, 11)])
def test_loops_end_with_allowed_tokens(name: str, prompt: int, length: int) -> None:
    family, generate, options = LOOPS[name]
    ids = text(prompt)
    answer = generate(family.network(), ids, length, barred=family.barred(), **options)
    assert answer.shape == (length,)
    assert not family.barred()[answer].any()
    assert torch.equal(ids, text(prompt))


@pytest.mark.parametrize("name", ["llada2", "llada2.1", "llada2.1 speedy"])
def test_llada2_with_a_cache_writes_the_same(name: str) -> None:
    _, generate, options = LOOPS[name]
    plain, cached = (
        generate(llada2.network(), text(13), 20, barred=llada2.barred(), cached=cached, **options)
        for cached in (False, True)
    )
    assert torch.equal(plain, cached)


def test_bd3lm_with_a_cache_writes_the_same() -> None:
    plain, cached = (
        bd3lm.generate(bd3lm.network(), text(5), 20, barred=bd3lm.barred(), uniforms=uniforms(), kv_cache=cached)
        for cached in (False, True)
    )
    assert torch.equal(plain, cached)


def test_editing_changes_the_text() -> None:
    options = {"barred": llada2.barred(), "block_length": 8, "threshold": 0.1}
    edited, kept = (
        llada2.generate_editing(llada2.network(), text(5), 19, editing_threshold=bound, **options)
        for bound in (0.0, 1.0)
    )
    assert not torch.equal(edited, kept)


def test_the_end_of_text_ends_the_loops() -> None:
    """With everything else barred the first token is the end of text, and so are all after it."""
    for family, generate, option in (
        (sdar, sdar.generate, {"stop_ids": [sdar.END]}),
        (llada2, llada2.generate, {"eos_id": llada2.EOS}),
        (llada2, llada2.generate_editing, {"eos_id": llada2.EOS}),
        (fast_dllm, fast_dllm.generate, {"stop_id": fast_dllm.END}),
    ):
        (end,) = (ids[0] if isinstance(ids, list) else ids for ids in option.values())
        barred = torch.ones(family.COLUMNS, dtype=torch.bool)
        barred[end] = False
        assert generate(family.network(), text(3), 70, barred=barred, **option).eq(end).all()
