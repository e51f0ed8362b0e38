"""Numba against torch on automata too large to enumerate; number formats; hostile logits; threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from controlgen.constraints import posterior
from controlgen.constraints._arrays import AutomatonArrays
from controlgen.constraints._backends import _arithmetic
from tests.constraints._random_automata import arrays_of_table, enumerate_members, random_table

FLOATS = [torch.float32, torch.bfloat16, torch.float16]


def large(seed: int, states: int = 25, vocab: int = 5000) -> tuple[AutomatonArrays, np.ndarray, np.ndarray]:
    """Classes longer than a kernel's block, beside classes of one token; and the table it came from."""
    rng = np.random.default_rng(seed)
    patterns, accepting = random_table(rng, states, 12, density=0.7)
    which = np.where(rng.random(vocab) < 0.6, 0, rng.integers(1, 12, vocab))
    table = patterns[:, which]
    singles = rng.integers(0, vocab, 40)
    table[:, singles] = rng.integers(-1, states, (states, 40))
    accepting[:] = rng.random(states) < 0.5
    accepting[0] = True
    return arrays_of_table(table, accepting), table, accepting


def walk(table: np.ndarray, accepting: np.ndarray, tokens: list[int]) -> bool:
    state = 0
    for token in tokens:
        state = int(table[state, token])
        if state < 0:
            return False
    return bool(accepting[state])


def queries(exact):
    mode = exact.mode()
    return {
        "log_z": exact.log_z,
        "marginals": exact.marginals(),
        "entropy": exact.entropy(),
        "confidence": exact.confidence(mode),
        "raw_confidence": exact.raw_confidence(mode),
        "raw_log_normalizer": exact.raw_log_normalizer,
    }


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [1.0, 30.0, 2000.0])
@pytest.mark.parametrize("backend", ["numba", "hybrid"])
def test_others_equal_torch(seed, scale, backend):
    arrays, table, accepting = large(seed)
    arrays.validate()
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(size=(2, 9, arrays.vocab_size)) * scale)
    open_canvas = posterior(arrays, logits)
    fixed = open_canvas.mode().where(torch.from_numpy(rng.random((2, 9)) < 0.3), -1)
    bias = torch.from_numpy(rng.normal(size=arrays.vocab_size))
    ours, theirs = (
        posterior(arrays, logits, fixed, temperature=0.8, bias=bias, backend=name)
        for name in (backend, "torch")
    )
    for name, expected in queries(theirs).items():
        actual = queries(ours)[name]
        assert torch.allclose(actual, expected, rtol=1e-9, atol=1e-9), name
    for name in ("mode", "mbr", "support", "support_size"):
        assert torch.equal(getattr(ours, name)(), getattr(theirs, name)()), name
    draws = [exact.sample(torch.Generator().manual_seed(seed)) for exact in (ours, theirs)]
    assert torch.equal(*draws)
    for row in (*ours.mode().tolist(), *ours.mbr().tolist(), *draws[0].tolist()):
        assert walk(table, accepting, row)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("backend", ["numba", "torch", "hybrid"])
@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_narrow_formats_stay_close_to_float64(dtype, backend, temperature):
    arrays, _, _ = large(1)
    generator = torch.Generator().manual_seed(0)
    logits = (4.0 * torch.randn(8, arrays.vocab_size, generator=generator)).to(dtype)
    bias = torch.randn(arrays.vocab_size, generator=generator)
    narrow = posterior(arrays, logits, bias=bias, temperature=temperature, backend=backend)
    wide = posterior(arrays, logits.double(), bias=bias.double(), temperature=temperature, backend="torch")
    expected = queries(wide)
    for name, actual in queries(narrow).items():
        assert torch.allclose(actual.double(), expected[name], rtol=2e-5, atol=2e-5), name
    assert narrow.marginals().dtype == torch.float32
    assert torch.equal(narrow.support(), wide.support())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_logits_in_any_memory_order_are_read_in_place(dtype):
    arrays, _, _ = large(2)
    base = torch.randn(6, arrays.vocab_size + 3, 2).to(dtype)
    strided = base.transpose(0, 2)[:, : arrays.vocab_size].transpose(1, 2)  # (2, 6, V), rows not contiguous
    assert not strided.is_contiguous()
    before = strided.clone()
    expected = posterior(arrays, strided.contiguous())
    actual = posterior(arrays, strided)
    assert torch.equal(actual.mode(), expected.mode())
    assert torch.allclose(actual.entropy(), expected.entropy())
    assert torch.equal(strided, before)


@pytest.mark.parametrize("backend", ["numba", "torch", "hybrid"])
@pytest.mark.parametrize("kind", ["forbidden", "minus infinity", "offset", "extreme", "lowest", "ramp"])
def test_hostile_logits_change_nothing_that_holds(backend, kind):
    """Valid sequences, probabilities that sum to one, and the optimum, whatever the logits are."""
    hostile = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        table, accepting = random_table(rng, 4, 5, density=0.7)
        truth = enumerate_members(table, accepting, np.zeros((4, 5)), np.full(4, -1))
        if not len(truth.members):
            continue
        hostile += 1
        logits = rng.normal(size=(4, 5)).astype(np.float32)
        if kind == "forbidden":
            logits[~truth.support] = 1e4
        elif kind == "minus infinity":
            logits[truth.support] = -np.inf
        elif kind == "offset":
            logits += rng.choice([-1e4, 1e4], (4, 1)).astype(np.float32)
        elif kind == "extreme":
            logits = rng.choice(np.array([-3e38, 0.0, 3e38], np.float32), (4, 5))
        elif kind == "lowest":
            logits[:] = np.finfo(np.float32).min
        else:
            logits += np.arange(5, dtype=np.float32) * -150.0
        exact = posterior(arrays_of_table(table, accepting), torch.from_numpy(logits), backend=backend)
        for tokens in (exact.mode(), exact.mbr(), exact.sample(torch.Generator().manual_seed(seed))):
            assert truth.score(tokens.numpy()) > -np.inf
        sums = exact.marginals().double().sum(-1)
        assert torch.allclose(sums, torch.ones_like(sums), atol=1e-5)
        assert bool(exact.entropy().isfinite().all())
        assert bool((exact.entropy() >= 0).all())
        assert bool(torch.isfinite(exact.log_z))
        wide = enumerate_members(table, accepting, logits.astype(np.float64), np.full(4, -1))
        best = wide.log_weight.max()
        assert wide.score(exact.mode().numpy()) >= best - 1e-6 * abs(best) - 1e-5
    assert hostile >= 15


def test_a_rare_class_keeps_its_probability():
    """Shifted by the row's maximum its weight e^-148 would be zero in float32."""
    table = np.array([[-1, 0, 0]])
    logits = torch.tensor([[148.0, 0.0, -1.0]])
    exact = posterior(arrays_of_table(table, np.array([True])), logits)
    expected = torch.tensor([[0.0, 1.0, np.exp(-1.0)]]) / (1 + np.exp(-1.0))
    assert torch.allclose(exact.marginals(), expected.float(), rtol=1e-5)
    raw = posterior(arrays_of_table(table, np.array([True])), logits, normalize=True)
    assert abs(float(raw.log_z) + 148.0 - np.log1p(np.exp(-1.0))) < 1e-5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_exponential_is_exact_to_its_format(dtype):
    lowest = -87.0 if dtype == np.float32 else -700.0
    x = np.concatenate([np.linspace(lowest, 0.0, 200_001), -np.geomspace(1e-30, 1.0, 1000), [0.0]]).astype(
        dtype
    )
    out = np.empty_like(x)
    _arithmetic.exponentials(x, out)
    truth = np.exp(x.astype(np.longdouble))
    error = np.abs(out - truth) / truth / np.finfo(dtype).eps
    assert bool((error <= 2.0 + np.abs(x)).all())
    assert out[-1] == 1.0
    far = np.array([-np.inf, -1e9, np.finfo(dtype).min], dtype)
    _arithmetic.exponentials(far, far.copy())
    _arithmetic.exponentiate(far)
    assert bool((far <= 2e-38).all())
    assert bool((far >= 0).all())


def test_concurrent_calls_do_not_disturb_each_other():
    arrays, _, _ = large(3)
    logits = [
        torch.randn(2, 8, arrays.vocab_size, generator=torch.Generator().manual_seed(k)) for k in range(8)
    ]

    def work(k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        exact = posterior(arrays, logits[k])
        return exact.mode(), exact.marginals(), exact.sample(torch.Generator().manual_seed(k))

    expected = [work(k) for k in range(8)]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(work, [k % 8 for k in range(64)]))
    finally:
        torch.set_num_threads(before)
    for k, result in enumerate(results):
        assert all(torch.equal(a, b) for a, b in zip(result, expected[k % 8], strict=True))


def test_one_posterior_may_be_asked_from_several_threads():
    arrays, _, _ = large(4)
    logits = torch.randn(8, arrays.vocab_size, generator=torch.Generator().manual_seed(0))
    expected = posterior(arrays, logits).mode()
    shared = posterior(arrays, logits)
    results: list[torch.Tensor] = []
    threads = [threading.Thread(target=lambda: results.append(shared.mode())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(torch.equal(result, expected) for result in results)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_cpu():
    arrays, _, _ = large(5)
    logits = torch.randn(
        2, 8, arrays.vocab_size, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    here, there = posterior(arrays, logits), posterior(arrays, logits.cuda())
    for name, expected in queries(here).items():
        assert torch.allclose(queries(there)[name].cpu(), expected, rtol=1e-9, atol=1e-9), name
    assert torch.equal(there.mode().cpu(), here.mode())


# -- the invariants of the arrays -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.edge_target.fill_(99), "edge_target must lie in"),
        (lambda a: a.edge_source.fill_(0), "edge_source must agree with edge_ptr"),
        (lambda a: a.class_tokens.copy_(a.class_tokens.flip(0)), "class_tokens must"),
        (lambda a: a.label_class.fill_(0), "label_class must lie in 1"),
        (lambda a: a.edge_label.fill_(0), "the automaton is not deterministic"),
        (lambda a: a.edge_ptr.fill_(0), "edge_ptr must rise from 0"),
    ],
)
def test_broken_arrays_are_refused(change, message):
    arrays, _, _ = large(6)
    change(arrays)
    with pytest.raises(ValueError, match=message):
        arrays.validate()
