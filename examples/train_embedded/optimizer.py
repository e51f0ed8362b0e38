"""Muon for the hidden matrices, Adam for the rest, and the learning-rate schedule.

Muon (Jordan et al. 2024): the momentum of a matrix is replaced by its nearest semi-orthogonal matrix, found
by five Newton-Schulz steps. Matrices that lie fused in one parameter (queries, keys and values; gate and up)
are treated one by one; all matrices of a shape are worked on in one batch.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
FUSED = {"qkv": 3, "gate_up": 2}


def orthogonalised(batch: Tensor, steps: int = 5) -> Tensor:
    """Roughly U Vᵀ for each matrix U S Vᵀ of the batch (n, rows, columns), rows <= columns.

    In bfloat16 where that is quick, which the iteration bears well.
    """
    a, b, c = COEFFICIENTS
    x = batch.bfloat16() if batch.is_cuda else batch.float()
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


class _Stack:
    """Matrices of one shape, tall ones transposed, with their momentum in one tensor (n, rows, columns)."""

    def __init__(self, views: list[tuple[nn.Parameter, int, int]]) -> None:
        self.views = views
        first = self._of(views[0], views[0][0].detach())
        self.momentum = torch.zeros(len(views), *first.shape, device=first.device)

    @staticmethod
    def _of(view: tuple[nn.Parameter, int, int], tensor: Tensor) -> Tensor:
        _, start, size = view
        part = tensor[start : start + size]
        return part.mT if part.shape[0] > part.shape[1] else part

    @torch.no_grad()
    def step(self, lr: float, momentum: float, decay: float) -> None:
        gradients = torch.stack([self._of(view, view[0].grad) for view in self.views])  # type: ignore[arg-type]
        self.momentum.lerp_(gradients, 1 - momentum)
        update = orthogonalised(gradients.lerp_(self.momentum, momentum))
        weights = [self._of(view, view[0]) for view in self.views]
        scales = [math.sqrt(max(1.0, size / view.shape[1])) for view, _, size in self.views]
        torch._foreach_mul_(weights, 1 - lr * decay)
        for weight, change, scale in zip(weights, update, scales, strict=True):
            weight.add_(change, alpha=-lr * scale)


class Optimizer:
    """Both optimisers over one flat gradient buffer: clipping and averaging take one call each."""

    def __init__(
        self, model: nn.Module, *, muon_lr: float, adam_lr: float, decay: float = 0.01, clip: float = 1.0
    ) -> None:
        self.muon_lr, self.adam_lr, self.decay, self.clip = muon_lr, adam_lr, decay, clip
        self.steps = 0
        groups: dict[tuple[int, int], list[tuple[nn.Parameter, int, int]]] = defaultdict(list)
        others = []
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and "embedding" not in name:
                pieces = FUSED.get(name.split(".")[-2], 1)
                size = parameter.shape[0] // pieces
                shape = (min(size, parameter.shape[1]), max(size, parameter.shape[1]))
                groups[shape].extend((parameter, piece * size, size) for piece in range(pieces))
            else:
                others.append(parameter)
        self.stacks = [_Stack(views) for views in groups.values()]
        self.adam = torch.optim.AdamW(others, lr=adam_lr, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0)
        self.flat = self._flatten(model)

    @staticmethod
    def _flatten(model: nn.Module) -> Tensor:
        parameters = list(model.parameters())
        flat = torch.zeros(sum(p.numel() for p in parameters), device=parameters[0].device)
        start = 0
        for parameter in parameters:
            parameter.grad = flat[start : start + parameter.numel()].view_as(parameter)
            start += parameter.numel()
        return flat

    def step(self, factor: float) -> Tensor:
        """Clip, update with learning rates times `factor`, clear the gradients; returns the gradient's norm.

        A gradient that isn't finite is dropped as a whole (the norm tells).
        """
        norm = self.flat.norm()
        scale = (self.clip / norm.clamp(min=1e-12)).clamp(max=1.0)
        self.flat.copy_(torch.where(norm.isfinite(), self.flat * scale, 0.0))
        momentum = 0.85 + 0.10 * min(self.steps / 300, 1.0)
        for stack in self.stacks:
            stack.step(self.muon_lr * factor, momentum, self.decay)
        for group in self.adam.param_groups:
            group["lr"] = self.adam_lr * factor
        self.adam.step()
        self.flat.zero_()
        self.steps += 1
        return norm

    def state_dict(self) -> dict[str, Any]:
        return {
            "adam": self.adam.state_dict(),
            "momentum": [stack.momentum for stack in self.stacks],
            "steps": self.steps,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.adam.load_state_dict(state["adam"])
        for stack, momentum in zip(self.stacks, state["momentum"], strict=True):
            stack.momentum.copy_(momentum)
        self.steps = state["steps"]


def schedule(elapsed: float, total: float, *, warmup: float, decay: float) -> float:
    """Warm-up, constant, linear decay to zero, by time: the factor on the learning rates.

    elapsed, total: training seconds of this run; warmup: its first seconds; decay: the share of `total` at
    the end in which the factor falls to zero (0: none, for a run that will be continued).
    """
    factor = min(1.0, (elapsed + 0.05) / warmup) if warmup > 0 else 1.0
    if decay > 0:
        factor = min(factor, max(0.0, (total - elapsed) / (decay * total)))
    return factor
