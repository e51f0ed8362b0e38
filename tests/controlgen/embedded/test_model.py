"""The network: the cache equals a full forward pass, padding and batching change nothing, folders load."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from controlgen.embedded import EmbeddedDiffusionConfig, EmbeddedDiffusionModel
from controlgen.embedded.modeling_embedded import rotary, save_folder


def small(**changes: int) -> EmbeddedDiffusionModel:
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
             "num_attention_heads": 4, "max_prompt": 40, "max_canvas": 20, **changes}  # fmt: skip
    model = EmbeddedDiffusionModel(EmbeddedDiffusionConfig(**sizes))
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():  # zero-initialised layers would hide mistakes
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.15, generator=generator)
    return model.eval().double()


def full_forward(model: EmbeddedDiffusionModel, prompt: Tensor, canvas: Tensor) -> Tensor:
    """One pass over prompt (P,) and canvas (L,) together, with the prefix mask written out; logits (L, V)."""
    ids = torch.cat((prompt, canvas))[None]
    size, split = ids.shape[1], len(prompt)
    allowed = torch.ones(size, size, dtype=torch.bool)
    allowed[:split, split:] = False
    config = model.config
    rope = rotary(torch.arange(size), config.head_size, config.rope_theta)
    x = model.embed(ids)
    for block in model.blocks:
        q, k, v = (part.transpose(1, 2) for part in block.project(x, rope))
        x = block.finish(x, F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).transpose(1, 2))
    return model.logits(x)[0, split:]


def case() -> tuple[EmbeddedDiffusionModel, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(6, 50, (4, 17), generator=generator)
    lengths = torch.tensor([17, 1, 9, 12])
    canvas = torch.randint(0, 50, (4, 11), generator=generator)
    return small(), ids, torch.arange(17) < lengths[:, None], canvas


@torch.no_grad()
def test_cached_batch_of_padded_prompts_equals_full_forward_of_each_row() -> None:
    model, ids, mask, canvas = case()
    logits = model(canvas, model.encode_prompt(ids, mask))
    for row in range(4):
        expected = full_forward(model, ids[row][mask[row]], canvas[row])
        torch.testing.assert_close(logits[row], expected, atol=1e-6, rtol=1e-6)  # rotary angles are float32


@torch.no_grad()
def test_what_stands_in_the_padding_does_not_matter() -> None:
    model, ids, mask, canvas = case()
    other = torch.where(mask, ids, 7)
    first, second = (model(canvas, model.encode_prompt(x, mask)) for x in (ids, other))
    assert torch.equal(first, second)


@torch.no_grad()
def test_rows_do_not_see_each_other_and_can_be_selected() -> None:
    model, ids, mask, canvas = case()
    cache = model.encode_prompt(ids, mask)
    rows = torch.tensor([2, 2, 0])
    logits = model(canvas[[2, 1, 0]], cache.select(rows))
    torch.testing.assert_close(logits[0], model(canvas, cache)[2])
    torch.testing.assert_close(
        logits[1], full_forward(model, ids[2][mask[2]], canvas[1]), atol=1e-6, rtol=1e-6
    )


def test_canvas_never_leaks_into_the_prompt_but_sees_it_and_itself() -> None:
    model, ids, mask, canvas = case()
    cache = model.encode_prompt(ids, mask)
    assert all(not key.requires_grad or key.shape[2] == 17 for key in cache.keys)
    with torch.no_grad():
        base = model(canvas, cache)
        changed = canvas.clone()
        changed[:, -1] = (changed[:, -1] + 1) % 50
        assert (
            (model(changed, cache) - base).abs().amax(-1) > 1e-9
        ).all()  # every position sees the last one
        ids[0, 0] = (ids[0, 0] + 1) % 50
        moved = (model(canvas, model.encode_prompt(ids, mask)) - base).abs().amax((1, 2))
    assert moved[0] > 1e-6
    assert not moved[1:].any()


@torch.no_grad()
def test_unconditional_is_the_record_token_alone_and_empty_prompts_work() -> None:
    model, _, _, canvas = case()
    record = torch.tensor([model.config.record_token_id])
    logits = model(canvas, model.unconditional(4))
    torch.testing.assert_close(logits[3], full_forward(model, record, canvas[3]), atol=1e-6, rtol=1e-6)
    empty = model.encode_prompt(torch.zeros(2, 5, dtype=torch.long), torch.tensor([[0] * 5, [1] * 5]))
    logits = model(canvas[:2], empty)
    torch.testing.assert_close(logits[0], full_forward(model, record[:0], canvas[0]), atol=1e-6, rtol=1e-6)


def test_bad_input_is_named() -> None:
    model, ids, mask, canvas = case()
    with pytest.raises(ValueError, match="padded on the right"):
        model.encode_prompt(ids, mask.flip(1))
    with pytest.raises(ValueError, match="context is 60"):
        model.encode_prompt(torch.zeros(1, 61, dtype=torch.long))
    with pytest.raises(ValueError, match="context is 60"):
        model(torch.zeros(1, 44, dtype=torch.long), model.encode_prompt(ids[:1]))
    with pytest.raises(ValueError, match="3 rows, the prompt cache 4"):
        model(canvas[:3], model.encode_prompt(ids, mask))
    with pytest.raises(ValueError, match="rotary"):
        EmbeddedDiffusionConfig(hidden_size=24, num_attention_heads=8)


def test_shipped_size_and_folder(tmp_path: Path) -> None:
    model = EmbeddedDiffusionModel(EmbeddedDiffusionConfig())
    assert sum(p.numel() for p in model.parameters()) <= 30_000_000
    save_folder(model, tmp_path)
    shards = list(tmp_path.glob("*.safetensors"))
    assert len(shards) > 1
    assert max(shard.stat().st_size for shard in shards) <= 15_000_000
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 64_000_000
    loaded = EmbeddedDiffusionModel.from_pretrained(tmp_path, dtype=torch.float32)
    assert loaded.config.to_diff_dict().keys() == model.config.to_diff_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(value.bfloat16().float(), loaded.state_dict()[name]), name
    assert EmbeddedDiffusionModel.from_pretrained(tmp_path).dtype == torch.bfloat16


def test_a_new_model_predicts_nearly_uniformly_but_for_the_mask_itself() -> None:
    model = EmbeddedDiffusionModel(EmbeddedDiffusionConfig(num_hidden_layers=2))
    with torch.no_grad():
        logits = model(torch.full((1, 8), 2), model.unconditional(1))
    logits[..., 2] = -1e9  # the input token comes through: embeddings are tied, layers begin as identities
    entropy = -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1)
    assert (entropy > 0.95 * torch.log(torch.tensor(4096.0))).all()
