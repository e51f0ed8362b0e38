"""Train the embedded model: `torchrun --nproc-per-node=N examples/train_embedded/train.py --seconds 600 …`.

This file reads the command line and starts the example workers, which have to be forked before torch is
imported; the training itself is in `loop.py`. See README.md beside it for the commands that made the shipped
weights.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from producers import HeldOut, Producers, usable

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE.parents[1] / "controlgen" / "embedded" / "weights"


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    run = p.add_argument_group("the run")
    run.add_argument(
        "--seconds", type=float, required=True, help="wall clock from start to the last file written"
    )
    run.add_argument("--steps", type=int, help="end after so many steps, which then set the schedule too")
    run.add_argument(
        "--reserve", type=float, default=20.0, help="of these, kept for the last evaluation and saving"
    )
    run.add_argument("--final", action="store_true", help="let the learning rate fall to zero at the end")
    run.add_argument(
        "--decay", type=float, default=0.4, help="with --final: the share of the run in which it falls"
    )
    run.add_argument("--warmup", type=float, default=10.0, help="seconds of warm-up")
    run.add_argument("--init", type=Path, help="weights folder to start from")
    run.add_argument(
        "--state", type=Path, help="file with the full training state: read if there, written at the end"
    )
    run.add_argument("--save", type=Path, required=True, help="folder for the weights")
    run.add_argument(
        "--save-every", type=float, default=150.0, help="seconds between saves on the way (0: none)"
    )
    run.add_argument(
        "--eval-every", type=float, default=120.0, help="seconds between evaluations (0: at the end only)"
    )
    run.add_argument(
        "--eval-examples", type=int, default=128, help="held-out examples per source and process"
    )
    run.add_argument("--eval-steps", type=int, default=16, help="denoising steps of the evaluation")
    run.add_argument("--log-every", type=float, default=10.0)
    run.add_argument(
        "--seed", type=int, help="of the data stream (default: the number of runs before this one)"
    )
    run.add_argument(
        "--compile", action=argparse.BooleanOptionalAction, help="torch.compile (default: on CUDA)"
    )
    data = p.add_argument_group("data")
    data.add_argument("--tokenizer", type=Path, default=WEIGHTS / "tokenizer.json")
    data.add_argument("--source", action="append", help="module with `examples(seed, split)`, as NAME=SHARE")
    data.add_argument(
        "--workers", type=int, help="example processes of this rank (default: a fair share of the CPUs)"
    )
    data.add_argument(
        "--uses", type=int, default=3, help="how often an example is used, with fresh noise each time"
    )
    data.add_argument("--pool", type=int, default=60_000, help="examples kept per process")
    data.add_argument("--first", type=int, default=4000, help="examples to wait for before the first step")
    batch = p.add_argument_group("batch and optimiser")
    batch.add_argument("--tokens", type=int, default=96 * 1024, help="positions per process and step")
    batch.add_argument("--copies", type=int, default=3, help="noisy canvases per prompt")
    batch.add_argument("--max-prompt", type=int, default=640)
    batch.add_argument("--max-canvas", type=int, default=256)
    batch.add_argument("--muon-lr", type=float, default=0.02)
    batch.add_argument("--adam-lr", type=float, default=1e-3)
    batch.add_argument("--weight-decay", type=float, default=0.01)
    size = p.add_argument_group("size of a new model")
    size.add_argument("--hidden-size", type=int, default=512)
    size.add_argument("--intermediate-size", type=int, default=1408)
    size.add_argument("--layers", type=int, default=8)
    size.add_argument("--heads", type=int, default=8)
    return p


def sources(arguments: argparse.Namespace) -> tuple[list[str], list[float]]:
    """Names and shares of the example streams: the given ones, else `data`, with a fifth of `real` if it is
    there.
    """
    given = arguments.source
    if not given:
        given = ["data=0.8", "real=0.2"] if (HERE / "real" / "__init__.py").exists() else ["data=1"]
    pairs = [entry.partition("=") for entry in given]
    return [name for name, _, _ in pairs], [float(share or 1) for _, _, share in pairs]


def earlier_runs(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """What `training.json` beside the initial weights tells of the runs before."""
    path = arguments.init / "training.json" if arguments.init else None
    return list(json.loads(path.read_text())) if path and path.exists() else []


def main() -> None:
    started = time.monotonic()
    arguments = parser().parse_args()
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    history = earlier_runs(arguments)
    if arguments.seed is None:
        arguments.seed = len(history)
    names, shares = usable(*sources(arguments))
    processors = os.cpu_count() or 1
    os.environ.setdefault("OMP_NUM_THREADS", str(min(4, max(1, processors // world))))
    workers = arguments.workers or max(1, processors // world - 2)
    held_out = HeldOut(names, rank=rank, world=world, count=arguments.eval_examples)
    producers = Producers(
        arguments.tokenizer, names, shares, workers=workers, seed=1 + arguments.seed * 97 + rank,
        max_prompt=arguments.max_prompt, max_canvas=arguments.max_canvas,
    )  # fmt: skip
    if rank == 0:
        print(
            f"{world} processes x {workers} example workers, sources {dict(zip(names, shares, strict=True))}"
        )
    from loop import train  # imports torch: only after the fork

    train(arguments, producers, held_out, history, started)


if __name__ == "__main__":
    main()
