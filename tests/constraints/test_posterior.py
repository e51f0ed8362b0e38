"""Exact queries against enumeration of every member, in float64, on both backends."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import InfeasibleConstraint, posterior
from controlgen.constraints._arrays import AutomatonArrays
from tests.constraints._random_automata import Enumeration, arrays_of_table, enumerate_members, random_table

BACKENDS = ("numba", "torch", "hybrid")
TOLERANCE = 1e-9


class Case:
    """One random automaton with factors, fixed positions, temperature and bias, and its enumeration."""

    def __init__(self, seed: int, *, integers: bool = False) -> None:
        rng = np.random.default_rng(seed)
        states, vocab, length = (int(rng.integers(low, high)) for low, high in ((1, 7), (2, 7), (1, 6)))
        self.table, self.accepting = random_table(rng, states, vocab, density=float(rng.uniform(0.3, 1.0)))
        self.start = int(rng.integers(states))
        self.arrays = arrays_of_table(self.table, self.accepting, self.start)
        scale = float(rng.choice([0.1, 1.0, 10.0, 300.0]))
        self.logits = (
            rng.integers(-2, 3, (length, vocab)) * 1.0
            if integers
            else rng.normal(size=(length, vocab)) * scale
        )
        self.logits[rng.random((length, vocab)) < 0.05] = -np.inf
        fixed_share = rng.choice([0.0, 0.3])
        self.fixed = np.where(rng.random(length) < fixed_share, rng.integers(0, vocab, length), -1)
        self.temperature = 1.0 if integers else float(rng.choice([1.0, 0.25, 3.0]))
        kind = 0 if integers else rng.integers(3)
        self.bias = [None, rng.normal(size=vocab), rng.normal(size=(length, vocab))][kind]
        factors = self.logits / self.temperature + (0.0 if self.bias is None else self.bias)
        self.truth: Enumeration = enumerate_members(
            self.table, self.accepting, factors, self.fixed, self.start
        )

    @property
    def feasible(self) -> bool:
        return len(self.truth.members) > 0

    def posterior(self, backend: str, **options: object):
        bias = None if self.bias is None else torch.from_numpy(self.bias)
        return posterior(
            self.arrays,
            torch.from_numpy(self.logits),
            torch.from_numpy(self.fixed),
            temperature=self.temperature,
            bias=bias,
            backend=backend,
            **options,
        )


def close(actual: torch.Tensor, expected: object) -> bool:
    return bool(np.allclose(actual.numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE))


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_query_agrees_with_enumeration(backend):
    checked = 0
    for seed in range(700):
        case = Case(seed)
        exact, truth = case.posterior(backend), case.truth
        assert bool(exact.feasible) == case.feasible, seed
        assert np.array_equal(exact.support().numpy(), truth.support), seed
        assert np.array_equal(exact.support_size().numpy(), truth.support.sum(-1)), seed
        if not case.feasible:
            continue
        checked += 1
        assert abs(float(exact.log_z) - truth.log_z) <= TOLERANCE * max(1.0, abs(truth.log_z)), seed
        assert close(exact.marginals(), truth.marginals), seed
        assert close(exact.entropy(), truth.entropy), seed
        mode = exact.mode()
        best = truth.log_weight.max()
        assert abs(truth.score(mode.numpy()) - best) <= TOLERANCE * max(1.0, abs(best)), seed
        at = np.arange(mode.numel())
        assert close(exact.confidence(mode), truth.marginals[at, mode]), seed
        mbr = exact.mbr().numpy()
        assert truth.score(mbr) > -np.inf, seed
        assert truth.expected_correct(mbr) >= truth.expected_correct(truth.members).max() - TOLERANCE, seed
    assert checked >= 300


@pytest.mark.parametrize("backend", BACKENDS)
def test_ties_go_to_the_lexicographically_least(backend):
    tied = 0
    for seed in range(200):
        case = Case(seed, integers=True)
        if not case.feasible:
            continue
        winners = case.truth.members[case.truth.log_weight == case.truth.log_weight.max()]
        tied += len(winners) > 1
        assert np.array_equal(case.posterior(backend).mode().numpy(), winners[0]), seed
    assert tied >= 30


@pytest.mark.parametrize("backend", BACKENDS)
def test_raw_statistics_are_those_of_the_softmax(backend):
    for seed in range(60):
        case = Case(seed)
        if not case.feasible:
            continue
        exact, mode = case.posterior(backend), case.posterior(backend).mode()
        logs = torch.logsumexp(torch.from_numpy(case.truth.factors), dim=-1)
        opened = torch.from_numpy(case.fixed < 0)
        assert close(exact.raw_log_normalizer, logs.where(opened, 0.0)), seed
        chosen = torch.from_numpy(case.truth.factors)[torch.arange(mode.numel()), mode]
        assert close(exact.raw_confidence(mode), (chosen - logs).exp().where(opened, 1.0)), seed


@pytest.mark.parametrize("backend", BACKENDS)
def test_normalized_log_z_is_the_log_probability_that_a_draw_is_a_member(backend):
    case = next(case for case in map(Case, range(100)) if case.feasible and (case.fixed < 0).all())
    probability = torch.from_numpy(case.truth.factors).softmax(dim=-1).numpy()
    valid = probability[np.arange(probability.shape[0]), case.truth.members].prod(-1).sum()
    log_z = float(case.posterior(backend, normalize=True).log_z)
    assert log_z <= TOLERANCE
    assert abs(log_z - math.log(valid)) <= TOLERANCE * max(1.0, abs(log_z))


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_follow_q(backend):
    """Pearson's statistic of 6,000 draws against the enumerated q, at a level of one in a million."""
    draws = 6_000
    generator = torch.Generator().manual_seed(7)
    for seed in (3, 21):
        rng = np.random.default_rng(seed)
        table, accepting = random_table(rng, 4, 5, density=0.8)
        logits = rng.normal(size=(3, 5))
        truth = enumerate_members(table, accepting, logits.copy(), np.full(3, -1))
        batch = torch.from_numpy(logits).expand(draws, 3, 5)
        sampled = (
            posterior(arrays_of_table(table, accepting), batch, backend=backend).sample(generator).numpy()
        )
        index = {tuple(member): k for k, member in enumerate(truth.members.tolist())}
        counts = np.bincount([index[tuple(x)] for x in sampled.tolist()], minlength=len(index))
        expected = draws * truth.probability
        common = expected >= 5.0
        observed = np.append(counts[common], counts[~common].sum())
        wanted = np.append(expected[common], expected[~common].sum())
        used = wanted > 0
        statistic = float(((observed[used] - wanted[used]) ** 2 / wanted[used]).sum())
        freedom = int(used.sum()) - 1
        # Wilson and Hilferty: the cube root of chi-square / freedom is close to normal.
        spread = 2.0 / (9.0 * freedom)
        assert ((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread) < 4.75, (
            seed,
            statistic,
            freedom,
        )


def test_draws_repeat_with_the_seed_and_agree_between_backends():
    for seed in range(60):
        case = Case(seed)
        if not case.feasible:
            continue
        draws = [
            case.posterior(name).sample(torch.Generator().manual_seed(seed)) for name in (*BACKENDS, "numba")
        ]
        assert all(torch.equal(draws[0], draw) for draw in draws), seed
        assert case.truth.score(draws[0].numpy()) > -np.inf


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_is_its_rows_one_by_one_even_with_different_automata(backend):
    rng = np.random.default_rng(5)
    length, vocab = 4, 5
    several = []
    while len(several) < 3:
        table, accepting = random_table(rng, 4, vocab, density=0.9)
        truth = enumerate_members(table, accepting, np.zeros((length, vocab)), np.full(length, -1))
        if len(truth.members):
            several.append(arrays_of_table(table, accepting))
    automata = [several[k] for k in (0, 1, 0, 2, 1)]
    logits = torch.from_numpy(rng.normal(size=(5, length, vocab)))
    bias = torch.from_numpy(rng.normal(size=(5, length, vocab)))
    batch = posterior(automata, logits, bias=bias, temperature=0.7, backend=backend)
    modes = batch.mode()
    for k, automaton in enumerate(automata):
        row = posterior(automaton, logits[k], bias=bias[k], temperature=0.7, backend=backend)
        assert torch.equal(row.mode(), modes[k])
        assert torch.equal(row.mbr(), batch.mbr()[k])
        assert torch.equal(row.support(), batch.support()[k])
        for name in ("log_z", "feasible", "raw_log_normalizer"):
            assert close(getattr(row, name).double(), getattr(batch, name)[k].double()), name
        assert close(row.marginals(), batch.marginals()[k])
        assert close(row.entropy(), batch.entropy()[k])
        assert close(row.confidence(modes[k]), batch.confidence(modes)[k])


@pytest.mark.parametrize("backend", BACKENDS)
def test_committing_any_part_of_the_mode_leaves_it_the_mode(backend):
    rng = np.random.default_rng(11)
    for seed in range(40):
        case = Case(seed)
        if not case.feasible:
            continue
        mode = case.posterior(backend).mode()
        kept = torch.from_numpy(rng.random(mode.numel()) < 0.5) | torch.from_numpy(case.fixed >= 0)
        case.fixed = mode.where(kept, -1).numpy()
        again = case.posterior(backend).mode().numpy()
        best = case.truth.log_weight.max()
        assert abs(case.truth.score(again) - best) <= TOLERANCE * max(1.0, abs(best))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-1e4, 1e4), st.integers(0, 4))
def test_adding_a_constant_to_a_row_moves_log_z_only(seed, constant, position):
    case = Case(seed)
    if not case.feasible or position >= len(case.fixed) or case.fixed[position] >= 0:
        return
    if np.isneginf(case.logits).any():
        return  # floored entries do not move with their row
    before = case.posterior("numba")
    case.logits = case.logits.copy()  # the first posterior reads its own when asked
    case.logits[position] += constant * case.temperature
    after = case.posterior("numba")
    assert abs(float(after.log_z) - float(before.log_z) - constant) <= 1e-7
    assert np.allclose(after.marginals().numpy(), before.marginals().numpy(), atol=1e-7)


# -- errors ---------------------------------------------------------------------------------------------------


def two_letters() -> AutomatonArrays:
    """Exactly the canvas (0, 1) followed by any number of 2; token 3 is nowhere."""
    table = np.array([[1, -1, -1, -1], [-1, 2, -1, -1], [-1, -1, 2, -1]])
    return arrays_of_table(table, np.array([False, False, True]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_infeasible_canvases_say_how_much_they_need(backend):
    with pytest.raises(InfeasibleConstraint, match="at least 2 tokens, the canvas has 1") as short:
        posterior(two_letters(), torch.zeros(1, 4), backend=backend).mode()
    assert (short.value.min_tokens, short.value.canvas) == (2, 1)
    fixed = torch.tensor([[-1, -1, -1], [-1, 2, -1]])
    exact = posterior(two_letters(), torch.zeros(2, 3, 4), fixed, backend=backend)
    assert exact.feasible.tolist() == [True, False]
    assert exact.support_size().tolist() == [[1, 1, 1], [0, 0, 0]]
    queries = [exact.mode, exact.mbr, exact.sample, exact.marginals, exact.entropy, lambda: exact.log_z]
    for query in queries:
        with pytest.raises(
            InfeasibleConstraint, match="row 1: no member of the language fits the 1 fixed tokens"
        ):
            query()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize(("value", "word"), [(math.nan, "NaN"), (math.inf, "plus infinity")])
def test_nan_and_infinity_are_refused_with_their_place(backend, dtype, value, word):
    logits = torch.zeros(2, 3, 4, dtype=dtype)
    logits[1, 2, 3] = value  # a token that no member has: it is refused all the same
    with pytest.raises(ValueError, match=f"row 1, position 2 hold {word} for token 3"):
        posterior(two_letters(), logits, backend=backend).mode()
    with pytest.raises(ValueError, match=f"at position 2 hold {word} for token 3"):
        _ = posterior(two_letters(), logits[1], backend=backend).log_z
    fixed = torch.tensor([[-1, -1, -1], [-1, -1, 2]])  # that row is not read any more
    assert posterior(two_letters(), logits, fixed, backend=backend).mode().tolist() == [[0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_bad_bias_is_refused(backend):
    bias = torch.tensor([0.0, 0.0, math.nan, 0.0])
    with pytest.raises(ValueError, match="position 0 hold NaN for token 2"):
        posterior(two_letters(), torch.zeros(3, 4), bias=bias, backend=backend).mode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"log_factors": torch.zeros(3, 5)}, "5 columns, the automaton's vocabulary 4"),
        ({"log_factors": torch.zeros(4)}, r"must be \(L, V\) or \(B, L, V\)"),
        ({"log_factors": torch.zeros(3, 4, dtype=torch.int64)}, "must be float32"),
        ({"log_factors": torch.zeros(0, 4)}, "empty"),
        ({"fixed": torch.zeros(3, dtype=torch.int32)}, "fixed must be int64"),
        ({"fixed": torch.zeros(4, dtype=torch.int64)}, r"fixed must have shape \(3,\)"),
        ({"fixed": torch.tensor([0, 4, -1])}, "fixed token 4 at position 1 is outside 0..3"),
        ({"fixed": torch.tensor([0, -2, -1])}, "fixed token -2 at position 1"),
        ({"temperature": 0.0}, "temperature must be greater than 0"),
        ({"temperature": math.nan}, "temperature must be greater than 0"),
        ({"temperature": math.inf}, "temperature must be greater than 0 and finite"),
        ({"bias": torch.zeros(5)}, "bias must be floating with shape"),
        ({"backend": "triton"}, "unknown backend 'triton'"),
        ({"automata": [two_letters(), two_letters()]}, "2 automata for 1 rows"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    given_arguments = {"automata": two_letters(), "log_factors": torch.zeros(3, 4)} | arguments
    with pytest.raises(ValueError, match=message):
        posterior(**given_arguments)


def test_tokens_are_checked():
    exact = posterior(two_letters(), torch.zeros(3, 4))
    with pytest.raises(ValueError, match="tokens must be integers of shape"):
        exact.confidence(torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"tokens must lie in 0\.\.3"):
        exact.confidence(torch.tensor([0, 1, 4]))
    with pytest.raises(TypeError, match="compile the language first"):
        posterior("a language", torch.zeros(3, 4))
