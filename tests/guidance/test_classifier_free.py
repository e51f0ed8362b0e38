"""The two forms of classifier-free guidance, in the sources' own notation."""

from __future__ import annotations

import pytest
import torch

from controlgen.guidance import ClassifierFree
from tests.controlgen import tiny
from tests.guidance.contexts import step_context


def _logits(seed: int) -> torch.Tensor:
    return torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("scale", [-0.5, 0.5, 2.0])
def test_llada_form(scale: float) -> None:
    conditional, unconditional = _logits(0), _logits(1)
    factors = ClassifierFree(scale).at(step_context(conditional, unconditional=lambda: unconditional))
    assert factors is not None
    guided = unconditional + (scale + 1) * (conditional - unconditional)
    assert torch.allclose(torch.softmax(conditional + factors, -1), torch.softmax(guided, -1), atol=1e-12, rtol=0)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 2.0, 3.0])
def test_dcfg_form(gamma: float) -> None:
    """p^γ(x_s | x_t) of an absorbing kernel, given that the position is unmasked, is p + g normalised."""
    conditional, unconditional = _logits(0), _logits(1)
    factors = ClassifierFree.dcfg(gamma).at(step_context(conditional, unconditional=lambda: unconditional))
    assert factors is not None
    unmasked = 0.3
    kernels = [unmasked * torch.softmax(logits, -1) for logits in (conditional, unconditional)]
    text = kernels[0] ** gamma * kernels[1] ** (1 - gamma)
    expected = text / text.sum(-1, keepdim=True)
    assert torch.allclose(torch.softmax(conditional + factors, -1), expected, atol=1e-12, rtol=0)


def test_no_guidance_by_either_name() -> None:
    assert ClassifierFree.dcfg(1.0).strength == 0.0
    assert ClassifierFree.dcfg(1.0).at(step_context(_logits(0))) is None
    assert ClassifierFree.dcfg(3.0, every=2).strength == ClassifierFree(2.0).strength
    assert ClassifierFree.dcfg(3.0, every=2).every == 2


def test_the_second_pass_is_counted() -> None:
    model = tiny.model()
    session = model.session("x", max_new_tokens=6, steps=3, seed=0, guidance=ClassifierFree(1.0))
    session.step()
    assert session.guidance_costs[0].forwards == 1
    assert len(model.denoiser.rows) == 2  # type: ignore[attr-defined]
