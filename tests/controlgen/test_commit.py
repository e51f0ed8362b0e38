"""Quota, window and choice of commits, on single rows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from controlgen._commit import window
from controlgen.samplers._base import best as choose
from controlgen.samplers._base import even_quota as quota

rows = st.lists(st.booleans(), min_size=1, max_size=40).map(torch.tensor)


@pytest.mark.parametrize(
    ("open_positions", "steps", "expected"), [(10, 4, 3), (10, 1, 10), (3, 8, 1), (0, 8, 0), (8, 4, 2)]
)
def test_quota_is_the_ceiling_of_the_share(open_positions: int, steps: int, expected: int) -> None:
    assert quota(open_positions, steps) == expected


@given(open_positions=st.integers(0, 200), steps=st.integers(1, 64))
def test_recounted_quota_leaves_nothing_at_the_end(open_positions: int, steps: int) -> None:
    for remaining in range(steps, 0, -1):
        open_positions -= quota(open_positions, remaining)
    assert open_positions == 0


def test_without_blocks_all_candidates_share_all_steps() -> None:
    candidates = torch.tensor([True, False, True])
    inside, steps = window(candidates, None, 7)
    assert inside.equal(candidates)
    assert steps == 7


def test_window_is_the_first_block_with_a_candidate() -> None:
    candidates = torch.tensor([False, False, True, True, True, False])
    inside, steps = window(candidates, 2, 6)
    assert inside.tolist() == [False, False, True, True, False, False]
    assert steps == 4  # two of three candidates, and one step at least for the last block


def test_window_takes_several_blocks_where_steps_are_few() -> None:
    inside, steps = window(torch.ones(8, dtype=torch.bool), 2, 2)
    assert inside.tolist() == [True] * 4 + [False] * 4
    assert steps == 1


@given(candidates=rows, block_length=st.integers(1, 45), steps=st.integers(1, 50))
def test_blocks_finish_in_the_steps_there_are(
    candidates: torch.Tensor, block_length: int, steps: int
) -> None:
    order = torch.zeros(len(candidates))
    for remaining in range(steps, 0, -1):
        inside, share = window(candidates, block_length, remaining)
        assert 1 <= share <= remaining
        assert not bool((inside & ~candidates).any())
        assert bool(inside.any()) == bool(candidates.any())
        candidates = candidates & ~choose(order, inside, quota(int(inside.sum()), share))
    assert not bool(candidates.any())


@given(candidates=rows, count=st.integers(0, 50), data=st.data())
def test_choice_is_a_subset_of_the_asked_size(
    candidates: torch.Tensor, count: int, data: st.DataObject
) -> None:
    values = st.sampled_from([0.0, 0.5, 1.0, -float("inf"), float("inf"), float("nan")])
    scores = torch.tensor(data.draw(st.lists(values, min_size=len(candidates), max_size=len(candidates))))
    chosen = choose(scores, candidates, count)
    assert not bool((chosen & ~candidates).any())
    assert int(chosen.sum()) == min(count, int(candidates.sum()))


def test_choice_takes_the_highest_and_ties_to_the_left() -> None:
    scores = torch.tensor([0.1, 0.9, 0.5, 0.5, 1.0])
    candidates = torch.tensor([True, True, True, True, False])
    assert choose(scores, candidates, 2).tolist() == [False, True, True, False, False]
