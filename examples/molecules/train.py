"""Trains the diffusion model and the classifier: `python -m examples.molecules.train out/qm9.npz out/ --seconds 420`.

Absorbing noise: a time t is uniform in (0, 1], every position of the canvas is masked with chance t. The model learns
to predict the masked letters (cross-entropy, as MDLM, Sahoo et al. 2024, arXiv:2406.07524); each property's class
stands in its prompt, and is replaced by "any" in part of the examples, so that there is a prediction without it (Ho
and Salimans 2022, arXiv:2207.12598). The classifier sees the noisy canvas and t, and learns the molecule's classes.

Needs torch and safetensors, no RDKit and no constraint.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.molecules.letters import CLASSES, END, HIGH, MASK, PROPERTIES, VOCABULARY
from examples.molecules.network import Classifier, Denoiser, Size, save

__all__ = ["main"]

ANY = 0.25  # chance that a property's class is not said
BOTH = 0.15  # chance that neither is


class Data:
    """Canvases (N, L) int64 and classes (N, properties) bool, on the device; the last 5 % are held out."""

    def __init__(self, path: Path, device: str) -> None:
        with np.load(path) as file:
            order = np.random.default_rng(0).permutation(len(file["canvas"]))
            canvas, values = file["canvas"][order], file["properties"][order]
        high = values >= np.array([HIGH[name] for name in PROPERTIES], np.float32)
        self.canvas = torch.from_numpy(canvas.astype(np.int64)).to(device)
        self.high = torch.from_numpy(high).to(device)
        self.train = int(len(canvas) * 0.95)

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(self.train, (size,), device=self.canvas.device)
        return self.canvas[chosen], self.high[chosen]


def noised(canvas: Tensor) -> tuple[Tensor, Tensor]:
    """The canvas with masks, and the time (B,); times are spread evenly over the batch."""
    size = len(canvas)
    spread = (torch.rand(1, device=canvas.device) + torch.arange(size, device=canvas.device) / size) % 1
    times = spread.clamp(min=1e-3)
    masks = torch.rand(canvas.shape, device=canvas.device) < times[:, None]
    return canvas.masked_fill(masks, MASK), times


def prompts(high: Tensor) -> Tensor:
    """Class letters (B, properties) int64, some of them "any"."""
    first = len(VOCABULARY) - len(CLASSES) + 3 * torch.arange(len(PROPERTIES), device=high.device)
    said = torch.rand(high.shape, device=high.device) >= ANY
    said &= torch.rand(len(high), 1, device=high.device) >= BOTH
    return first + torch.where(said, 1 + high.long(), 0)


def denoising_loss(model: nn.Module, canvas: Tensor, high: Tensor) -> Tensor:
    """−log p of the masked letters, each example's mean over its masks weighted by how many there are."""
    noisy, _ = noised(canvas)
    logits = model(torch.cat((prompts(high), noisy), 1))[:, len(PROPERTIES) :]
    losses = F.cross_entropy(logits.float().flatten(0, 1), canvas.flatten(), reduction="none").view_as(canvas)
    weight = torch.where(canvas == END, 0.5, 1.0) * (noisy == MASK)  # ends are many, and easy
    return (losses * weight).sum() / weight.sum()


def class_loss(model: nn.Module, canvas: Tensor, high: Tensor) -> Tensor:
    """−log p(y | x_t) of all properties."""
    return F.binary_cross_entropy_with_logits(model(*noised(canvas)).float(), high.float())


def fit(
    model: nn.Module, data: Data, loss: Callable[[nn.Module, Tensor, Tensor], Tensor], *, seconds: float, size: int,
    rate: float, steps: int | None, log: Path,
) -> nn.Module:  # fmt: skip
    """AdamW with a warm-up and a decay to zero by the clock; the averaged weights of the last part are kept."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    begun, step, total = time.perf_counter(), 0, 0.0
    kind = data.canvas.device.type
    with log.open("w") as out:
        while (done := (time.perf_counter() - begun) / seconds) < 1 and (steps is None or step < steps):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1.0, (step + 1) / 300) * min(1.0, (1 - done) / 0.5)
            with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
                value = loss(model, *data.batch(size))
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            averaged.update_parameters(model)
            step, total = step + 1, total + value.detach()
            if step % 500 == 0:
                print(f"{step} {done:.3f} {float(total) / 500:.4f}", file=out, flush=True)
                total = 0.0
    return averaged.module


def held_out(model: nn.Module, data: Data) -> str:
    """How well the classifier tells the classes of held-out molecules by the noise: areas under the curve."""
    canvas, high = data.canvas[data.train :], data.high[data.train :]
    found = []
    for level in (0.1, 0.5, 0.9):
        masks = torch.rand(canvas.shape, device=canvas.device) < level
        times = torch.full((len(canvas),), level, device=canvas.device)
        with torch.no_grad():
            scores = model(canvas.masked_fill(masks, MASK), times).float()
        for index, name in enumerate(PROPERTIES):
            ranks = scores[:, index].argsort().argsort().double() + 1
            ones = high[:, index]
            count, rest = int(ones.sum()), int((~ones).sum())
            area = (float(ranks[ones].sum()) - count * (count + 1) / 2) / max(count * rest, 1)
            found.append(f"{name}@{level}: {area:.3f}")
    return ", ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--seconds", type=float, default=420, help="for the diffusion model; a fifth of it for the classifier"
    )
    parser.add_argument("--steps", type=int, help="at most so many, for a rehearsal")
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--tiny", action="store_true", help="small networks, for a rehearsal")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    torch.manual_seed(0)
    asked.out.mkdir(parents=True, exist_ok=True)
    data = Data(asked.data, asked.device)
    tiny = Size(32, 2, 2)
    model = (Denoiser(tiny) if asked.tiny else Denoiser()).to(asked.device)
    classifier = (Classifier(tiny) if asked.tiny else Classifier()).to(asked.device)
    shared = {"size": asked.batch, "steps": asked.steps}
    model = fit(model, data, denoising_loss, seconds=asked.seconds, rate=2e-3, log=asked.out / "model.log", **shared)
    save(model, asked.out / "model.safetensors", seconds=asked.seconds)
    classifier = fit(
        classifier, data, class_loss, seconds=asked.seconds / 5, rate=1e-3, log=asked.out / "classifier.log", **shared
    )
    save(classifier, asked.out / "classifier.safetensors", areas=held_out(classifier, data))
    print("classifier, held out:", held_out(classifier, data))


if __name__ == "__main__":
    main()
