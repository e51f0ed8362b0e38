"""How good is the model while it trains: fields right under plain greedy decoding, without any constraint.

Knows examples, the tokenizer and the network. The figures are for steering a run; the project's benchmarks
measure the shipped model properly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from producers import Sample, tokenise
from tokenizers import Tokenizer
from torch import Tensor

from controlgen.embedded.modeling_embedded import EmbeddedDiffusionModel


def leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """(JSON pointer, JSON text) of every leaf; empty objects and arrays are leaves."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from leaves(child, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from leaves(child, f"{pointer}/{index}")
    else:
        yield pointer, json.dumps(value, ensure_ascii=False)


def score(example: Any, text: str) -> Counter[str]:
    """Counts for one answer: `records`, `valid` (JSON objects), `all`, `right all`, and both per kind."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    valid = isinstance(found, dict)
    counts = Counter({"records": 1, "valid": int(valid)})
    got = dict(leaves(found)) if valid else {}
    expected = dict(leaves(example.record))
    kinds = dict(getattr(example, "kinds", None) or {})
    for pointer, value in expected.items():
        _count(counts, kinds.pop(pointer, "other"), got.get(pointer) == value)
    for pointer, kind in kinds.items():
        if kind == "absent":
            _count(counts, kind, valid and not any((p + "/").startswith(pointer + "/") for p in got))
    return counts


def _count(counts: Counter[str], kind: str, right: bool) -> None:
    for name in ("all", kind):
        counts[name] += 1
        counts[f"right {name}"] += int(right)


@torch.no_grad()
def decode(model: EmbeddedDiffusionModel, prompts: Sequence[Any], length: int, steps: int) -> list[list[int]]:
    """Greedy parallel decoding: at each step the most confident open positions take their best token."""
    device, config = model.embedding.weight.device, model.config
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), config.pad_token_id)
    mask = torch.zeros((len(prompts), width), dtype=torch.bool)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = torch.from_numpy(prompt.astype("int64"))
        mask[row, : len(prompt)] = True
    cache = model.encode_prompt(ids.to(device), mask.to(device))
    canvas = torch.full((len(prompts), length), config.mask_token_id, device=device)
    open_ = torch.ones_like(canvas, dtype=torch.bool)
    for step in range(steps):
        logits = model(canvas, cache).float()  # (B, L, V)
        logits[..., config.mask_token_id] = float("-inf")
        canvas, open_ = _commit(canvas, open_, logits, left=steps - step)
    return canvas.tolist()  # type: ignore[no-any-return]


def _commit(canvas: Tensor, open_: Tensor, logits: Tensor, *, left: int) -> tuple[Tensor, Tensor]:
    confidence, best = logits.softmax(-1).max(-1)  # (B, L)
    count = -(-int(open_[0].sum()) // left)  # all rows have equally many open positions
    chosen = confidence.masked_fill(~open_, -1.0).topk(count, dim=-1).indices
    taken = torch.zeros_like(open_).scatter(1, chosen, True) & open_
    return torch.where(taken, best, canvas), open_ & ~taken


def answer(tokenizer: Tokenizer, ids: list[int], end: int) -> str:
    return str(tokenizer.decode(ids[: ids.index(end)] if end in ids else ids, skip_special_tokens=False))


def evaluate(
    model: EmbeddedDiffusionModel,
    tokenizer: Tokenizer,
    examples: Sequence[Any],
    *,
    steps: int,
    batch: int = 64,
    half: bool = False,
) -> Counter[str]:
    """Summed `score` of the examples that fit the context, longest canvases together."""
    config = model.config
    pairs: list[tuple[Any, Sample]] = [(example, tokenise(tokenizer, example)) for example in examples]
    pairs = [
        pair
        for pair in pairs
        if len(pair[1].prompt) <= config.max_prompt and len(pair[1].record) < config.max_canvas
    ]
    pairs.sort(key=lambda pair: len(pair[1].record))
    total: Counter[str] = Counter()
    with torch.autocast(model.embedding.weight.device.type, torch.bfloat16, enabled=half):
        for start in range(0, len(pairs), batch):
            chunk = pairs[start : start + batch]
            length = min(config.max_canvas, len(chunk[-1][1].record) + 8)
            rows = decode(model, [sample.prompt for _, sample in chunk], length, steps)
            for (example, _), row in zip(chunk, rows, strict=True):
                total += score(example, answer(tokenizer, row, config.eos_token_id))
    return total


def report(counts: Counter[str]) -> str:
    """One line: valid share, fields right, and fields right per kind."""
    if not counts["records"]:
        return "no example fits"
    parts = [f"{counts['records']} records", f"valid {counts['valid'] / counts['records']:.1%}"]
    names = sorted(n for n in counts if n not in ("records", "valid", "all") and not n.startswith("right "))
    for name in ["all", *names]:
        if counts[name]:
            parts.append(f"{name} {counts['right ' + name] / counts[name]:.1%} of {counts[name]}")
    return ", ".join(parts)
