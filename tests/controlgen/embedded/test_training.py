"""The training's parts: packing, the packed network, the objective, the optimiser, and a short real run."""

from __future__ import annotations

import itertools
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from batches import Packer, Pool, Recipe, Sample, Shape, Special, fit_shape
from evaluate import score
from feed import to_batch
from noise import corrupt, noise_levels
from objective import masked_loss
from optimizer import Optimizer, orthogonalised, schedule
from packed import PackedModel
from toy_stream import byte_tokenizer, examples

from controlgen.embedded import EmbeddedDiffusionConfig, EmbeddedDiffusionModel

SPECIAL = Special(pad=0, end=1, mask=2, record=5)
SHAPE = Shape(prompt_tokens=160, canvas_tokens=330, examples=20, copies=3, max_prompt=24, max_canvas=14)


def pool_of(count: int = 40, seed: int = 0, uses: int = 1 << 30) -> Pool:
    rng = np.random.default_rng(seed)
    pool = Pool(rng, capacity=count, uses=uses, least=count // 2)
    pool.add(
        [
            Sample(
                rng.integers(6, 50, rng.integers(3, 25)).astype(np.uint16),
                rng.integers(6, 50, rng.integers(1, 14)).astype(np.uint16),
            )
            for _ in range(count)
        ]
    )
    return pool


def small_model() -> EmbeddedDiffusionModel:
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    model = EmbeddedDiffusionModel(EmbeddedDiffusionConfig(num_attention_heads=4, **sizes))
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        if parameter.ndim == 2:
            torch.nn.init.normal_(parameter, std=0.1, generator=generator)
    return model


@pytest.mark.parametrize("seed", range(5))
def test_packs_are_full_whole_and_within_bounds(seed: int) -> None:
    packer = Packer(SHAPE, Recipe(), SPECIAL, np.random.default_rng(seed))
    pool = pool_of(seed=seed)
    for _ in range(4):
        pack = packer.pack(pool)
        prompts, canvases = np.diff(pack.prompts), np.diff(pack.canvases).reshape(-1, SHAPE.copies)
        assert pack.tokens.shape == pack.positions.shape == (160 + 330,)
        assert pack.prompts[-1] == 160
        assert pack.canvases[-1] == pack.groups[-1] == 330
        assert prompts.max() <= SHAPE.max_prompt
        assert canvases.max() <= SHAPE.max_canvas
        used = prompts > 0
        assert ((canvases.sum(1) > 0) == used).all()  # no queries without keys, no keys without queries
        records = [s.record for s in pool.samples]
        for example, copy in itertools.product(np.flatnonzero(used), range(SHAPE.copies)):
            start, stop = pack.canvases[example * SHAPE.copies + copy :][:2]
            clean = pack.clean[start:stop]
            if pack.loss_weight[start:stop].any():
                end = int(np.flatnonzero(clean == SPECIAL.end)[0])
                assert any(np.array_equal(clean[:end], record) for record in records)
                assert (clean[end + 1 :] == SPECIAL.pad).all()
            assert (
                pack.positions[160 + start : 160 + stop] == prompts[example] + np.arange(stop - start)
            ).all()


def test_packed_loss_and_gradients_equal_the_cached_network_row_by_row() -> None:
    """The joined attention, its hand-made backward pass and the layout, against the plain network."""
    model = small_model()
    packer = Packer(SHAPE, Recipe(prompt_dropout=0.2), SPECIAL, np.random.default_rng(3))
    pack = packer.pack(pool_of(seed=3))
    batch = to_batch([torch.from_numpy(x) for x in pack], packer)
    x = PackedModel(model).hidden(batch.tokens, batch.positions, 160, batch.layout)
    loss = masked_loss(model.logits(x), batch.clean.long(), batch.loss_weight, batch.total_weight).sum()
    loss.backward()
    packed = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    tokens, clean = torch.from_numpy(pack.tokens).long(), torch.from_numpy(pack.clean).long()
    summed = torch.zeros(())
    for example in range(SHAPE.examples):
        prompt = tokens[pack.prompts[example] : pack.prompts[example + 1]]
        for copy in range(SHAPE.copies):
            start, stop = pack.canvases[example * SHAPE.copies + copy :][:2]
            if stop > start:
                logits = model(tokens[None, 160 + start : 160 + stop], model.encode_prompt(prompt[None]))[0]
                losses = torch.nn.functional.cross_entropy(logits, clean[start:stop], reduction="none")
                summed = summed + (losses * batch.loss_weight[start:stop]).sum()
    expected = summed / batch.total_weight[0]
    expected.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(packed[name], parameter.grad, rtol=1e-3, atol=1e-6, msg=name)


def test_objective_has_the_bounds_expectation_by_enumeration_of_all_masks() -> None:
    """E over t and masks of the weighted loss = ∫ Σ_masks P(mask | t) Σ_j w_j 1[j in mask] nll_j / t dt / Σ
    w.
    """
    length, rng = 4, np.random.default_rng(0)
    clean = np.arange(10, 10 + length, dtype=np.int32)
    weight = np.array([1, 1, 0.1, 0.1], np.float32)
    losses = {mask: rng.random(length) for mask in itertools.product((0, 1), repeat=length)}
    levels = (np.arange(2000) + 0.5) / 2000
    expected = 0.0
    for mask, nll in losses.items():
        chance = np.prod([levels if m else 1 - levels for m in mask], axis=0)
        expected += float((chance / levels).mean() * (weight * np.array(mask) * nll).sum() / weight.sum())
    draws, total = 40_000, 0.0
    level = noise_levels(rng, draws, 1, lowest=0.0, full_share=0.0).reshape(-1)
    for t in np.maximum(level, 1e-6):
        noisy, loss_weight = corrupt(rng, clean, np.full(length, t, np.float32), weight, mask_id=2)
        mask = tuple(int(x) for x in noisy == 2)
        assert (noisy[noisy != 2] == clean[noisy != 2]).all()
        total += float((loss_weight * losses[mask]).sum() / weight.sum())
    assert total / draws == pytest.approx(expected, rel=0.03)


def test_masked_loss_against_a_written_out_sum() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 9, generator=generator)
    clean = torch.randint(9, (6,), generator=generator)
    weight = torch.tensor([0.0, 2.0, 0.5, 0.0, 1.0, 0.1])
    expected = sum(-w * torch.log_softmax(row, 0)[x] for row, x, w in zip(logits, clean, weight, strict=True))
    torch.testing.assert_close(masked_loss(logits, clean, weight, torch.tensor(4.0)), expected / 4)


def test_noise_levels_are_stratified_over_copies_and_batch() -> None:
    levels = noise_levels(np.random.default_rng(0), 50, 4, lowest=0.1, full_share=0.0)
    unit = (levels - 0.1) / 0.9
    assert (np.floor(unit * 4) == np.arange(4)).all()  # each copy has its own quarter
    assert (np.sort(np.floor(unit[:, 0] * 4 * 50)) == np.arange(50)).all()  # evenly spread inside it
    full = noise_levels(np.random.default_rng(0), 2000, 4, lowest=0.1, full_share=0.25)
    assert (full == 1.0).mean() == pytest.approx(0.25, abs=0.02)


def test_pool_replaces_the_old_and_drops_the_used() -> None:
    pool = pool_of(40, uses=3)
    for _ in range(300):
        pool.draw()
    assert len(pool) == 20  # never below the least, however slow the producers are
    before = {id(s) for s in pool.samples}
    pool.add(pool_of(60, seed=9).samples)
    assert len(pool) == 40
    assert len(before & {id(s) for s in pool.samples}) < 20


def test_shape_follows_the_lengths_of_the_samples() -> None:
    pool = pool_of(40)
    shape = fit_shape(pool.samples, Recipe(), tokens=8192, copies=3, max_prompt=24, max_canvas=14)
    assert shape.prompt_tokens + shape.canvas_tokens <= 8192
    pack = Packer(shape, Recipe(), SPECIAL, np.random.default_rng(0)).pack(pool)
    weightless = (
        np.diff(pack.canvases)[-1] == 0
    )  # the batch is bounded by tokens, not by the number of sequences
    assert weightless
    real = sum(
        pack.loss_weight[a:b].any() * (b - a) for a, b in itertools.pairwise(pack.canvases)
    ) / shape.canvas_tokens  # fmt: skip
    assert real > 0.8


def test_orthogonalised_has_singular_values_near_one() -> None:
    batch = torch.randn(3, 24, 40, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalised(batch).float())
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_optimizer_moves_every_parameter_drops_bad_gradients_and_restores() -> None:
    model = small_model()
    optimizer = Optimizer(model, muon_lr=0.02, adam_lr=1e-3)
    assert sum(len(stack.views) for stack in optimizer.stacks) == 2 * (3 + 1 + 2 + 1)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer.flat.normal_()
    optimizer.step(1.0)
    assert all(not torch.equal(before[name], p) for name, p in model.named_parameters())
    kept = optimizer.state_dict()
    after = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer.flat.fill_(float("nan"))
    assert not optimizer.step(1.0).isfinite()
    assert all(p.isfinite().all() for p in model.parameters())
    other = small_model()
    other.load_state_dict(after)
    restored = Optimizer(other, muon_lr=0.02, adam_lr=1e-3)
    restored.load_state_dict(kept)
    assert restored.steps == 1


def test_schedule_warms_up_stays_and_ends_at_zero_in_time() -> None:
    factors = [schedule(t, 100.0, warmup=10.0, decay=0.4) for t in range(0, 101, 10)]
    assert factors[0] < 0.01
    assert factors[1:7] == [1.0] * 6
    assert factors[7:] == pytest.approx([0.75, 0.5, 0.25, 0.0])
    assert schedule(99.0, 100.0, warmup=10.0, decay=0.0) == 1.0


def test_scores_count_leaves_by_kind() -> None:
    example = next(examples(0, "test"))
    [(key, value)] = example.record.items()
    right = score(example, json.dumps({key: value}))
    assert right["right number"] == right["all"] == right["valid"] == 1
    assert score(example, json.dumps({key: value + 1}))["right all"] == 0
    assert score(example, '{"a": ')["valid"] == 0
    example.kinds["/gone"] = "absent"
    assert score(example, json.dumps({key: value}))["right absent"] == 1
    assert score(example, json.dumps({key: value, "gone": 1}))["right absent"] == 0


@pytest.mark.slow
def test_a_short_run_learns_saves_and_goes_on(tmp_path: Path) -> None:
    """The real script on a toy stream: the loss falls, the folder loads, a second run goes on."""
    root = Path(__file__).parents[3]
    byte_tokenizer().save(str(tmp_path / "tokenizer.json"))
    command = (
        f"{sys.executable} examples/train_embedded/train.py --seconds 100 --reserve 2 "
        f"--save {tmp_path}/weights --state {tmp_path}/state.pt --tokenizer {tmp_path}/tokenizer.json "
        "--source toy_stream "
        "--hidden-size 64 --intermediate-size 128 --layers 2 --heads 4 --tokens 1024 --max-prompt 64 "
        "--max-canvas 24 --workers 1 --first 100 --pool 600 --log-every 0 --eval-every 0 --eval-examples 8"
    ).split()
    paths = os.pathsep.join((str(root), str(Path(__file__).parent)))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    losses = []
    for extra in (["--steps", "60"], ["--steps", "20", "--final", "--init", str(tmp_path / "weights")]):
        done = subprocess.run(
            [*command, *extra], cwd=root, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        losses.append([float(found) for found in re.findall(r"step \d+ loss ([\d.]+)", done.stdout)])
    assert list(map(len, losses)) == [60, 20]
    end = [statistics.mean(run[-10:]) for run in losses]
    assert end[0] < 0.6 * losses[0][0]
    assert end[1] < end[0]
    record = json.loads((tmp_path / "weights" / "training.json").read_text())
    assert [(run["final"], run["steps"]) for run in record] == [(False, 60), (True, 20)]
    EmbeddedDiffusionModel.from_pretrained(tmp_path / "weights")
