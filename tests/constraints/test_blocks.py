"""Blocks of a canvas against enumeration: states that can finish, one block's members, the shortest completion."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from controlgen.constraints import Choice, ConstraintError, InfeasibleConstraint, Regex, Vocabulary, posterior
from controlgen.constraints._blocks import Block, advance, block, completion, finishing
from tests.constraints._random_automata import arrays_of_table, enumerate_members, random_table


class Case:
    """A random automaton, a canvas of two blocks with fixed tokens."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.states, self.vocab = int(rng.integers(1, 7)), int(rng.integers(2, 6))
        self.first, self.rest = int(rng.integers(1, 4)), int(rng.integers(0, 4))
        self.table, self.accepting = random_table(rng, self.states, self.vocab, density=float(rng.uniform(0.4, 1.0)))
        self.start = int(rng.integers(self.states))
        self.arrays = arrays_of_table(self.table, self.accepting, self.start)
        share = float(rng.choice([0.0, 0.3]))
        length = self.first + self.rest
        self.fixed = np.where(rng.random(length) < share, rng.integers(0, self.vocab, length), -1)
        self.factors = rng.normal(size=(length, self.vocab))
        self.padding = [int(v) for v in np.flatnonzero(rng.random(self.vocab) < 0.4)]

    def members(self, start: int, fixed: np.ndarray, accepting: np.ndarray | None = None) -> np.ndarray:
        """All members (N, L) from a state."""
        ends = self.accepting if accepting is None else accepting
        if not len(fixed):
            return np.zeros((int(ends[start]), 0), np.int64)
        factors = np.zeros((len(fixed), self.vocab))
        return enumerate_members(self.table, ends, factors, fixed, start).members


def _open(fixed: np.ndarray) -> torch.Tensor | None:
    return torch.from_numpy(fixed) if (fixed >= 0).any() else None


@pytest.mark.parametrize("seed", range(150))
def test_the_states_that_can_finish(seed: int) -> None:
    case = Case(seed)
    length = len(case.fixed)
    can = finishing(case.arrays, length, _open(case.fixed))
    assert can.shape == (length + 1, case.states)
    for r, state in itertools.product(range(length + 1), range(case.states)):
        assert bool(can[r, state]) == bool(len(case.members(state, case.fixed[length - r :])))


@pytest.mark.parametrize("backend", ["numba", "torch", "hybrid"])
@pytest.mark.parametrize("seed", range(100))
def test_the_posterior_of_a_block_has_the_beginnings_of_members(seed: int, backend: str) -> None:
    case = Case(seed)
    whole = case.members(case.start, case.fixed)
    ends = finishing(case.arrays, case.rest, _open(case.fixed[case.first :]))[case.rest]
    if not len(whole):
        return
    one = block(case.arrays, case.start, ends)
    fixed = case.fixed[: case.first]
    factors = case.factors[: case.first]
    truth = enumerate_members(case.table, ends.numpy(), factors.copy(), fixed, case.start)
    assert {*map(tuple, truth.members)} == {tuple(x[: case.first]) for x in whole}
    found = posterior(one, torch.from_numpy(factors), torch.from_numpy(fixed), backend=backend)
    assert np.array_equal(found.support().numpy(), truth.support)
    assert float(found.log_z) == pytest.approx(truth.log_z, abs=1e-9)
    np.testing.assert_allclose(found.marginals().numpy(), truth.marginals, atol=1e-9)
    assert truth.score(found.mode().numpy()) == pytest.approx(truth.log_weight.max(), abs=1e-9)
    assert one.min_tokens <= case.first


@pytest.mark.parametrize("backend", ["numba", "torch", "hybrid"])
@pytest.mark.parametrize("seed", range(40))
def test_blocks_one_after_another_make_a_member(seed: int, backend: str) -> None:
    case = Case(seed)
    whole = {*map(tuple, case.members(case.start, case.fixed))}
    if not whole:
        return
    fixed, tokens, state = torch.from_numpy(case.fixed), [], case.start
    for at, size in ((0, case.first), (case.first, case.rest)):
        if size:
            left = len(fixed) - at - size
            ends = finishing(case.arrays, left, fixed[at + size :])[left]
            one = block(case.arrays, state, ends)
            factors = torch.from_numpy(case.factors[at : at + size])
            part = posterior(one, factors, fixed[at : at + size], backend=backend).mode().tolist()
            state = advance(case.arrays, state, part)
            tokens += part
    assert tuple(tokens) in whole


@pytest.mark.parametrize("seed", range(150))
def test_the_shortest_completion(seed: int) -> None:
    case = Case(seed)
    members = case.members(case.start, case.fixed)
    length = len(case.fixed)
    if not len(members):
        with pytest.raises(InfeasibleConstraint, match=f"exactly {length} more"):
            completion(case.arrays, case.start, length, _open(case.fixed), padding=case.padding)
        return
    best = min(members.tolist(), key=lambda x: (sum(v not in case.padding for v in x), x))
    found = completion(case.arrays, case.start, length, _open(case.fixed), padding=case.padding)
    assert found.dtype == torch.int64
    assert found.tolist() == best


@pytest.mark.parametrize("seed", range(60))
def test_advance_walks_the_table(seed: int) -> None:
    case = Case(seed)
    tokens = np.random.default_rng(seed + 1000).integers(0, case.vocab, 4).tolist()
    state, read = case.start, 0
    while read < 4 and case.table[state, tokens[read]] >= 0:
        state, read = int(case.table[state, tokens[read]]), read + 1
    if read == 4:
        assert advance(case.arrays, case.start, torch.tensor(tokens)) == state
    else:
        with pytest.raises(ConstraintError, match=f"at position {read}$"):
            advance(case.arrays, case.start, tokens)


def test_tokens_outside_the_vocabulary_lead_nowhere() -> None:
    case = Case(3)
    for token in (-1, case.vocab):
        with pytest.raises(ConstraintError, match="at position 0"):
            advance(case.arrays, case.start, [token])


def test_blocks_share_tensors_and_what_is_derived_but_not_their_ends() -> None:
    table = np.array([[1, 0, -1], [0, 1, -1]])
    arrays = arrays_of_table(table, np.array([True, False]))
    logits = torch.zeros(2, 3)
    other = torch.tensor([False, True])
    before = posterior(arrays, logits).support()
    made = block(arrays, 1, other)
    assert made.edge_target is arrays.edge_target
    assert torch.equal(posterior(made, logits).support(), before)  # ends in state 1 from 1: as ends in 0 from 0
    swapped = block(arrays, 0, other)
    assert posterior(swapped, logits[:1]).mode().tolist() == [0]
    assert posterior(arrays, logits[:1]).mode().tolist() == [1]
    assert posterior(block(made, 0, arrays.accepting), logits[:1], backend="torch").mode().tolist() == [1]
    assert posterior(swapped, logits[:1], backend="torch").mode().tolist() == [0]
    kept = {key for key in arrays.derived if isinstance(key, tuple) and "accepting" not in key}
    assert kept
    assert all(key in swapped.derived for key in kept)
    key = next(iter(kept))
    assert swapped.derived[key] is arrays.derived[key]
    assert swapped.by_target is arrays.by_target


def test_what_does_not_fit_is_refused() -> None:
    arrays = arrays_of_table(np.array([[1, -1], [-1, -1]]), np.array([False, True]))
    with pytest.raises(InfeasibleConstraint):
        block(arrays, 1, torch.tensor([True, False]))
    with pytest.raises(ValueError, match=r"outside 0\.\.1"):
        block(arrays, 2, arrays.accepting)
    with pytest.raises(ValueError, match="must be bool"):
        block(arrays, 0, torch.tensor([True]))
    with pytest.raises(ValueError, match="fixed"):
        finishing(arrays, 2, torch.tensor([0]))
    with pytest.raises(ValueError, match=r"0\.\.1"):
        completion(arrays, 0, 1, torch.tensor([7]))
    with pytest.raises(ValueError, match="at least 0"):
        finishing(arrays, -1)


def test_a_compiled_constraint_is_completed_with_the_fewest_text_tokens() -> None:
    vocabulary = Vocabulary.from_bytes([b"a", b"b", b"ab", b"ba", None, None], stop_ids=[4], pad_ids=[5])
    automaton = (Regex("(ab)+") | Choice("abab")).compile(vocabulary)
    assert completion(automaton, automaton.start, 4).tolist() == [2, 4, 4, 4]
    state = advance(automaton, automaton.start, [0])
    assert completion(automaton, state, 2).tolist() == [1, 4]
    one = block(automaton, state, finishing(automaton, 0)[0])
    assert isinstance(one, Block)
    assert completion(one, one.start, 2).tolist() == [1, 4]
