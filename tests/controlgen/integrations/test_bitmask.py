"""Packed masks against what llguidance and xgrammar make and apply themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from controlgen.integrations import posterior_bitmask, token_bitmask, unpack
from tests.controlgen.integrations._small import FLAG, SIZE, constraint

SIZES = (1, 31, 32, 33, 64, 151, 1000)


def _mask(size: int, rows: int = 3) -> Tensor:
    return torch.rand(rows, size, generator=torch.Generator().manual_seed(size)) < 0.4


@pytest.mark.parametrize("size", SIZES)
def test_packing_and_unpacking_agree(size: int) -> None:
    mask = _mask(size).reshape(3, 1, size)
    packed = token_bitmask(mask)
    assert packed.dtype == torch.int32
    assert packed.shape == (3, 1, -(-size // 32))
    assert torch.equal(unpack(packed, size), mask)
    assert torch.equal(token_bitmask(unpack(packed, size)), packed)


def test_bits_are_in_order_and_the_last_is_the_sign() -> None:
    mask = torch.zeros(40, dtype=torch.bool)
    mask[[0, 5, 31, 33]] = True
    assert token_bitmask(mask).tolist() == [1 + 32 - 2**31, 2]


@pytest.mark.parametrize("size", SIZES)
def test_xgrammar_applies_our_masks(size: int) -> None:
    xgrammar = pytest.importorskip("xgrammar")
    mask = _mask(size)
    packed = token_bitmask(mask)
    theirs = xgrammar.allocate_token_bitmask(3, size)
    assert (packed.dtype, packed.shape) == (theirs.dtype, theirs.shape)
    logits = torch.zeros(3, size)
    xgrammar.apply_token_bitmask_inplace(logits, packed)
    assert torch.equal(logits == 0, mask)
    assert torch.equal(unpack(theirs, size), torch.ones(3, size, dtype=torch.bool))  # allocated as all allowed


@pytest.mark.parametrize("size", SIZES)
def test_llguidance_applies_our_masks(size: int) -> None:
    theirs = pytest.importorskip("llguidance.torch")
    mask = _mask(size)
    packed = token_bitmask(mask)
    made = theirs.allocate_token_bitmask(3, size)
    assert (packed.dtype, packed.shape) == (made.dtype, made.shape)
    logits = torch.zeros(3, size)
    theirs.apply_token_bitmask_inplace(logits, packed)
    assert torch.equal(logits == 0, mask)


def test_the_masks_of_a_posterior() -> None:
    target = constraint(FLAG).posterior(torch.zeros(2, 12, SIZE))
    assert torch.equal(unpack(posterior_bitmask(target), SIZE), target.support())


def test_what_is_no_mask() -> None:
    with pytest.raises(ValueError, match="must be bool"):
        token_bitmask(torch.zeros(3))
    with pytest.raises(ValueError, match=r"\(…, 2\)"):
        unpack(torch.zeros(1, dtype=torch.int32), 40)
