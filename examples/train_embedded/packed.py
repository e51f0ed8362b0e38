"""The network on packed sequences: no padding anywhere, one prompt shared by several noisy canvases.

All prompts of a batch lie behind one another in one row of tokens, all canvases in a second; attention is
told the borders. A canvas token attends to its example's prompt and to its own canvas. These are two
attention calls whose results are joined by their log-sum-exps, so the K canvases of an example read one copy
of the prompt's keys. Knows nothing of noise, loss or data.

(No `from __future__ import annotations` here: custom operators read their signatures from real types.)
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from controlgen.embedded.modeling_embedded import Block, EmbeddedDiffusionModel, rotary


class Layout(NamedTuple):
    """Borders of the packed sequences, int32, and the longest ones (constants: a new value recompiles).

    prompts (N+1,); canvases (N*K+1,); groups (N+1,) = every K-th border of `canvases`.
    """

    prompts: Tensor
    canvases: Tensor
    groups: Tensor
    max_prompt: int
    max_canvas: int
    max_group: int


KERNEL = {
    "flash": True
}  # leaf attention on CUDA: flash, or the plain one when the check at start finds it wanting


def _padded(x: Tensor, borders: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """Unpack (T, H, D) to (N, H, longest, D) and the mask (N, longest) of real positions."""
    starts = borders[:-1].long()
    offsets = torch.arange(min(longest, int(borders.diff().max())), device=x.device)
    real = offsets < (borders[1:].long() - starts)[:, None]  # (N, longest)
    index = (starts[:, None] + offsets).clamp(max=x.shape[0] - 1)
    return x[index].transpose(1, 2).float(), real


def _probabilities(
    q: Tensor, k: Tensor, cu_q: Tensor, cu_k: Tensor, max_q: int, max_k: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Scores (N, H, max_q, max_k), -inf at padding, with the padded queries and the queries' mask."""
    query, real_q = _padded(q, cu_q, max_q)
    key, real_k = _padded(k, cu_k, max_k)
    scores = query @ key.transpose(-1, -2) * q.shape[-1] ** -0.5
    return scores.masked_fill(~real_k[:, None, None, :], float("-inf")), query, real_q


@torch.library.custom_op("train_embedded::attention", mutates_args=())
def attention(
    q: Tensor, k: Tensor, v: Tensor, cu_q: Tensor, cu_k: Tensor, max_q: int, max_k: int
) -> tuple[Tensor, Tensor]:
    """Attention of packed queries (Tq, H, D) over packed keys (Tk, H, D): output, and log-sum-exp (H, Tq)."""
    if q.is_cuda and KERNEL["flash"]:
        out, lse, *_ = torch.ops.aten._flash_attention_forward(
            q, k, v, cu_q, cu_k, max_q, max_k, 0.0, False, False
        )
        return out, lse
    scores, _, real = _probabilities(q, k, cu_q, cu_k, max_q, max_k)
    lse_padded = scores.logsumexp(-1)  # (N, H, max_q)
    value, _ = _padded(v, cu_k, max_k)
    out_padded = (scores - lse_padded[..., None]).exp().nan_to_num() @ value
    out = torch.zeros_like(q)
    lse = torch.zeros(q.shape[1], q.shape[0], device=q.device)
    used = int(cu_q[-1])
    out[:used] = out_padded.transpose(1, 2)[real].to(q.dtype)
    lse[:, :used] = lse_padded.transpose(1, 2)[real].T
    return out, lse


@attention.register_fake
def _(
    q: Tensor, k: Tensor, v: Tensor, cu_q: Tensor, cu_k: Tensor, max_q: int, max_k: int
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(q), q.new_empty((q.shape[1], q.shape[0]), dtype=torch.float32)


@torch.library.custom_op("train_embedded::attention_backward", mutates_args=())
def attention_backward(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    cu_q: Tensor,
    cu_k: Tensor,
    max_q: int,
    max_k: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of q, k, v. `out` and `lse` may be those of a larger key set of which k, v are a part."""
    if q.is_cuda and KERNEL["flash"]:
        state = torch.zeros((2,), dtype=torch.uint64, device=q.device)  # no dropout: never read
        unused = torch.empty(0, device=q.device)
        grads = torch.ops.aten._flash_attention_backward(
            grad, q, k, v, out, lse, cu_q, cu_k, max_q, max_k, 0.0, False, state, unused
        )
        return grads[0], grads[1], grads[2]
    scores, query, real_q = _probabilities(q, k, cu_q, cu_k, max_q, max_k)
    key, real_k = _padded(k, cu_k, max_k)
    value, _ = _padded(v, cu_k, max_k)
    lse_padded, _ = _padded(lse.T[..., None], cu_q, max_q)  # (N, H, max_q, 1)
    grad_padded, _ = _padded(grad, cu_q, max_q)
    out_padded, _ = _padded(out, cu_q, max_q)
    p = (scores - lse_padded).masked_fill(~real_q[:, None, :, None], float("-inf")).exp()
    delta = (grad_padded * out_padded).sum(-1, keepdim=True)
    ds = p * (grad_padded @ value.transpose(-1, -2) - delta) * q.shape[-1] ** -0.5
    parts = ((q, ds @ key, real_q), (k, ds.transpose(-1, -2) @ query, real_k))
    parts = (*parts, (v, p.transpose(-1, -2) @ grad_padded, real_k))
    grads = []
    for like, padded, real in parts:
        flat = torch.zeros_like(like)
        rows = padded.transpose(1, 2)[real]
        flat[: rows.shape[0]] = rows.to(like.dtype)
        grads.append(flat)
    return grads[0], grads[1], grads[2]


@attention_backward.register_fake
def _(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    cu_q: Tensor,
    cu_k: Tensor,
    max_q: int,
    max_k: int,
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)


class PromptAttention(torch.autograd.Function):
    """Each prompt attends to itself."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, borders: Tensor, longest: int) -> Tensor:
        out, lse = attention(q, k, v, borders, borders, longest, longest)
        ctx.save_for_backward(q, k, v, out, lse, borders)
        ctx.longest = longest
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        q, k, v, out, lse, borders = ctx.saved_tensors
        grads = attention_backward(
            grad.contiguous(), q, k, v, out, lse, borders, borders, ctx.longest, ctx.longest
        )
        return (*grads, None, None)


class CanvasAttention(torch.autograd.Function):
    """Each canvas attends to its example's prompt and to itself.

    With the output o = Σ_j exp(s_j − z) v_j over both parts and z the joint log-sum-exp, the gradient of each
    part needs only o and z (as in ring attention, Liu et al. 2023): every part is called with the joint ones.
    """

    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        prompt_k: Tensor,
        prompt_v: Tensor,
        k: Tensor,
        v: Tensor,
        prompts: Tensor,
        canvases: Tensor,
        groups: Tensor,
        longest: tuple[int, int, int],
    ) -> Tensor:
        max_prompt, max_canvas, max_group = longest
        there, lse_there = attention(q, prompt_k, prompt_v, groups, prompts, max_group, max_prompt)
        here, lse_here = attention(q, k, v, canvases, canvases, max_canvas, max_canvas)
        share = torch.sigmoid(lse_there - lse_here).T[..., None]  # (T, H, 1)
        out = (there.float() * share + here.float() * (1 - share)).to(q.dtype)
        lse = torch.logaddexp(lse_there, lse_here)
        ctx.save_for_backward(q, prompt_k, prompt_v, k, v, out, lse, prompts, canvases, groups)
        ctx.longest = longest
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        q, prompt_k, prompt_v, k, v, out, lse, prompts, canvases, groups = ctx.saved_tensors
        max_prompt, max_canvas, max_group = ctx.longest
        grad = grad.contiguous()
        q1, grad_prompt_k, grad_prompt_v = attention_backward(
            grad, q, prompt_k, prompt_v, out, lse, groups, prompts, max_group, max_prompt
        )
        q2, grad_k, grad_v = attention_backward(
            grad, q, k, v, out, lse, canvases, canvases, max_canvas, max_canvas
        )
        return (q1 + q2, grad_prompt_k, grad_prompt_v, grad_k, grad_v, None, None, None, None)


def _heads(block: Block, x: Tensor, rope: tuple[Tensor, Tensor], half: bool) -> list[Tensor]:
    parts = block.project(x, rope)
    return [part.to(torch.bfloat16 if half else part.dtype).contiguous() for part in parts]


def layer(
    block: Block, x: Tensor, cos: Tensor, sin: Tensor, layout: Layout, split: int, last: bool, half: bool
) -> Tensor:
    """One block over prompt tokens x[:split] and canvas tokens x[split:]; the last one returns the canvas
    only.
    """
    q, k, v = _heads(block, x, (cos, sin), half)
    longest = (layout.max_prompt, layout.max_canvas, layout.max_group)
    canvas = CanvasAttention.apply(
        q[split:], k[:split], v[:split], k[split:], v[split:],
        layout.prompts, layout.canvases, layout.groups, longest,
    )  # fmt: skip
    if last:
        return block.finish(x[split:], canvas)
    prompt = PromptAttention.apply(q[:split], k[:split], v[:split], layout.prompts, layout.max_prompt)
    return block.finish(x, torch.cat((prompt, canvas)))


class PackedModel:
    """Runs an `EmbeddedDiffusionModel` on packed batches; blocks compile once for all layers if asked."""

    def __init__(self, model: EmbeddedDiffusionModel, *, compiled: bool = False, half: bool = False) -> None:
        self.model, self.half = model, half
        self.layer = torch.compile(layer, dynamic=False, fullgraph=True) if compiled else layer

    def hidden(self, tokens: Tensor, positions: Tensor, split: int, layout: Layout) -> Tensor:
        """Vectors (Tc, d) of the canvas tokens, before the final norm.

        tokens, positions (Tp + Tc,): prompt tokens, then canvas tokens; split = Tp.
        """
        config = self.model.config
        cos, sin = rotary(positions, config.head_size, config.rope_theta)  # (T, 1, D/2)
        x = self.model.embed(tokens)
        blocks = self.model.blocks
        for index, block in enumerate(blocks):
            x = self.layer(block, x, cos, sin, layout, split, index + 1 == len(blocks), self.half)
        return x


def check_flash(device: torch.device, heads: int, size: int) -> str | None:
    """Compare the flash kernels with the plain ones on a small case; the reason if they can't be used."""
    generator = torch.Generator(device=device).manual_seed(0)
    prompts = torch.tensor([0, 5, 70, 300, 300], dtype=torch.int32, device=device)
    canvases = torch.tensor([0, 7, 7, 30, 60, 160, 260, 260, 260], dtype=torch.int32, device=device)
    results = []
    kept = KERNEL["flash"]
    inputs = [
        torch.randn(rows, heads, size, device=device, generator=generator, dtype=torch.bfloat16)
        for rows in (260, 300, 300, 260, 260)
    ]
    try:
        for flash in (True, False):
            KERNEL["flash"] = flash
            leaves = [x.clone().requires_grad_() for x in inputs]
            longest = (256, 128, 256)
            out = CanvasAttention.apply(*leaves, prompts, canvases, canvases[::2].contiguous(), longest)
            out.float().square().sum().backward()
            results.append([out, *(leaf.grad for leaf in leaves)])
    except Exception as error:  # a missing or changed kernel must not cost the run
        return f"{type(error).__name__}: {error}"
    finally:
        KERNEL["flash"] = kept
    worst = max(
        float((a.float() - b.float()).abs().max() / b.float().abs().max())
        for a, b in zip(*results, strict=True)
    )
    return None if worst < 0.03 else f"flash and plain attention differ by {worst:.3f}"
