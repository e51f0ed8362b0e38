"""Trains a classifier of noisy canvases: a small head on the embedded model's frozen trunk.

    python -m examples.train_classifier.train --save kinds.safetensors
    python -m examples.train_classifier.train --data labelled.jsonl --save mine.safetensors

The objective is the cross-entropy of the class given x_t, E over (x, y), t ~ U(0, 1) and the noise of −log p(y | x_t);
its optimum is the posterior of the class under the noised data, which is what classifier guidance needs (Schiff et al.
2024, arXiv:2412.10193, section 3.2). Without --data the classes are the kinds of records in `kinds.py`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from controlgen.embedded import WEIGHTS, EmbeddedClassifier, EmbeddedDiffusionModel
from controlgen.embedded._classifier import Head
from examples.train_classifier.canvases import Examples, noised, tokenised

LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)  # noise levels of the report
WEIGHT_DECAY = 0.05


def main() -> None:
    options = arguments()
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(options.seed)
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    network = EmbeddedDiffusionModel.from_pretrained(str(WEIGHTS), dtype=dtype).to(device).eval()
    classes, sets = examples_of(options, network)
    head = Head(len(classes), network.config.hidden_size)
    classifier = EmbeddedClassifier(network, head, classes, depth=options.depth)
    size = sum(weight.numel() for weight in head.parameters())
    print(f"{len(sets['train'])} examples, {len(classes)} classes, {size} parameters")
    train(classifier, sets["train"], options.epochs, options.batch, options.rate, options.seed)
    head.eval()
    report = {name: accuracies(classifier, part, options.seed) for name, part in sets.items() if name != "train"}
    for name, row in report.items():
        print(name, *(f"{level:.2f}: {share:.3f}" for level, share in row.items()), sep="  ")
    classifier.save(options.save)
    if options.report:
        Path(options.report).write_text(json.dumps(report, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--save", required=True, help="the head, a safetensors file")
    parser.add_argument("--data", help='JSON Lines of {"text", "label"}; without it kinds of records')
    parser.add_argument("--report", help="accuracy by noise level, as JSON")
    parser.add_argument("--examples", type=int, default=20000, help="most examples to train with")
    parser.add_argument("--held-out", type=int, default=2000, help="examples to judge by")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the examples, each with fresh noise")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="AdamW's, falling to 0 along a cosine")
    parser.add_argument("--canvas", type=int, default=64, help="longest canvas, tokens")
    parser.add_argument("--depth", type=int, default=6, help="layers of the trunk that are used")
    parser.add_argument("--device", help="cuda or cpu; by default cuda where there is one")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def examples_of(
    options: argparse.Namespace, network: EmbeddedDiffusionModel
) -> tuple[tuple[str, ...], dict[str, Examples]]:
    """The classes, and the examples to train with ("train") and to judge by (all others)."""
    if options.data:
        classes, parts = of_file(options.data, options.held_out, options.examples)
    else:
        classes, parts = of_kinds(options.seed, options.held_out, options.examples)
    tokenizer = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    ids = {"end": network.config.eos_token_id, "pad": network.config.pad_token_id}
    made = {name: tokenised(part, classes, tokenizer, length=options.canvas, **ids) for name, part in parts.items()}
    return classes, made


def of_kinds(seed: int, held_out: int, most: int) -> tuple[tuple[str, ...], dict[str, Iterable[tuple[str, str]]]]:
    from examples.train_classifier.kinds import KINDS, records

    fresh, unseen = records(seed + 10_000), records(seed, "test")
    parts = {"train": records(seed), "other records": fresh, "other templates and names": unseen}
    return KINDS, {name: list(islice(part, most if name == "train" else held_out)) for name, part in parts.items()}


def of_file(path: str, held_out: int, most: int) -> tuple[tuple[str, ...], dict[str, Iterable[tuple[str, str]]]]:
    """The first lines of a file are to judge by, the rest to train with."""
    lines = list(labelled_lines(path))
    if len(lines) <= held_out:
        raise SystemExit(f"{path} has {len(lines)} examples, of which {held_out} are held out: lower --held-out")
    classes = tuple(sorted({label for _, label in lines}))
    return classes, {"train": lines[held_out:][:most], "held out": lines[:held_out]}


def labelled_lines(path: str) -> Iterator[tuple[str, str]]:
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                yield str(row["text"]), str(row["label"])
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise SystemExit(f'{path}, line {number}: not an object with "text" and "label" ({error})') from error


def train(
    classifier: EmbeddedClassifier, examples: Examples, epochs: int, batch: int, rate: float, seed: int
) -> list[float]:
    """Train the head; the mean loss of each epoch, nats."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(classifier.head.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    steps = epochs * -(-len(examples) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    classifier.head.train()
    for epoch in range(epochs):
        begun, summed = time.perf_counter(), 0.0
        for rows in torch.randperm(len(examples), generator=generator).split(batch):
            loss = batch_loss(classifier, examples, rows, generator)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            summed += loss.item() * len(rows)
        losses.append(summed / len(examples))
        print(f"epoch {epoch + 1}: {losses[-1]:.3f} nats, {time.perf_counter() - begun:.0f} s", flush=True)
    return losses


def batch_loss(
    classifier: EmbeddedClassifier, examples: Examples, rows: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Mean −log p(y | x_t), nats, of some rows on a canvas of random length, noise levels spread evenly over (0, 1)."""
    device = classifier.network.device
    longest = int(examples.lengths[rows].max())
    length = int(torch.randint(longest, examples.canvases.shape[1] + 1, (1,), generator=generator))
    times = (torch.randperm(len(rows), generator=generator) + torch.rand(1, generator=generator)) / len(rows)  # (N,)
    mask = classifier.network.config.mask_token_id
    canvas = noised(examples.canvases[rows, :length], times, mask, generator).to(device)
    with torch.no_grad():
        states = classifier.states(canvas)  # the trunk is frozen
    scores = classifier.head(states, times.to(device))
    return F.cross_entropy(scores, examples.classes[rows].to(device))


def accuracies(
    classifier: EmbeddedClassifier, examples: Examples, seed: int, levels: Sequence[float] = LEVELS
) -> dict[float, float]:
    """Share of the examples whose likeliest class is right, by noise level."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for level in levels:
        times = torch.full((len(examples),), level)
        canvas = noised(examples.canvases, times, classifier.network.config.mask_token_id, generator)
        guesses = classifier.log_probabilities(canvas, level).argmax(-1).cpu()
        found[level] = float((guesses == examples.classes).float().mean())
    return found


if __name__ == "__main__":
    main()
