"""A two-layer transformer, small enough for tests, that depends on nothing but torch.

The zoo copies this file into model folders next to the remote code, so it must not import the project. The
attention mask says everything about direction: families differ in the mask they build, not in the blocks.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Past = list[tuple[Tensor, Tensor]]


class RMSNorm(nn.Module):
    """Scales each vector to unit mean square."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x: Tensor, position_ids: Tensor, base: float = 30.0) -> Tensor:
    """Rotary position embedding of (B, heads, T, width) at the positions (B, T).

    The base is small because canvases in tests are short: neighbouring positions must look different.
    The angles are computed at every call: a buffer of them would be lost when a model is loaded through the
    meta device.
    """
    half = x.shape[-1] // 2
    rates = base ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angles = position_ids[:, None, :, None].float() * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Block(nn.Module):
    """Pre-norm attention and a gated feed-forward layer, each added to the stream."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attn_norm = RMSNorm(hidden)
        self.qkv = nn.Linear(hidden, 3 * hidden, bias=False)
        self.out = nn.Linear(hidden, hidden, bias=False)
        self.ff_norm = RMSNorm(hidden)
        self.up = nn.Linear(hidden, 4 * hidden, bias=False)
        self.down = nn.Linear(2 * hidden, hidden, bias=False)

    def forward(
        self, x: Tensor, attention_mask: Tensor | None, position_ids: Tensor, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        batch, length, hidden = x.shape
        split = self.qkv(self.attn_norm(x)).view(batch, length, 3, self.heads, hidden // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        query, key = rotate(query, position_ids), rotate(key, position_ids)
        if past is not None:
            key, value = torch.cat((past[0], key), dim=2), torch.cat((past[1], value), dim=2)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=attention_mask)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, hidden))
        gate, signal = self.up(self.ff_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * signal), (key, value)


class TinyBlocks(nn.Module):
    """Embedding, blocks and an output head, with random weights fixed by a seed.

    The logits of a position have a standard deviation of about ``spread``, so that predictions are neither flat
    nor certain; attention is sharp enough that equal mask tokens at different positions predict differently once
    there is some text. ``absolute`` adds a fixed wave of this size per position to the embeddings: on a canvas of
    nothing but mask tokens relative positions tell nothing, every prediction is the same up to rounding, and the
    rounding would decide between them. It must stay 0 where padding shifts the positions.
    """

    def __init__(
        self,
        vocab: int,
        hidden: int = 32,
        layers: int = 2,
        heads: int = 2,
        spread: float = 3.0,
        seed: int = 0,
        absolute: float = 0.0,
    ) -> None:
        super().__init__()
        self.absolute = absolute
        self.embed = nn.Embedding(vocab, hidden)
        self.blocks = nn.ModuleList(Block(hidden, heads) for _ in range(layers))
        self.norm = RMSNorm(hidden)
        self.head = nn.Linear(hidden, vocab, bias=False)
        self.fill(spread, seed)

    def fill(self, spread: float, seed: int) -> None:
        """Draws all weights anew from the seed, whatever an outer class has done to them."""
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            self.embed.weight.normal_(std=0.7)
            for layer in self.modules():
                if isinstance(layer, nn.Linear):
                    layer.weight.normal_(std=2.0 / layer.in_features**0.5)
            self.head.weight.normal_(std=spread / self.head.in_features**0.5)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past: Past | None = None,
        offset: Tensor | None = None,
    ) -> tuple[Tensor, Past]:
        """Logits (B, T, V) and the keys and values of past and present positions, one pair per layer.

        ``attention_mask`` is boolean, true where a query may look, and broadcasts to (B, 1, T, T_past + T); None
        lets everything see everything. ``position_ids`` (B, T) continue after the past by default. ``offset``
        (B, hidden) is added to every embedding: the place of a time condition.
        """
        batch, length = input_ids.shape
        if position_ids is None:
            start = past[0][0].shape[2] if past else 0
            position_ids = torch.arange(start, start + length, device=input_ids.device).expand(batch, length)
        x = self.embed(input_ids)
        if self.absolute:
            x = x + self.absolute * rotate(torch.ones_like(x)[:, None], position_ids)[:, 0]
        if offset is not None:
            x = x + offset[:, None]
        present: Past = []
        for number, block in enumerate(self.blocks):
            x, pair = block(x, attention_mask, position_ids, past[number] if past else None)
            present.append(pair)
        return self.head(self.norm(x)), present
