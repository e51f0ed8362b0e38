"""Families, samplers and the loop: validity of every combination, repair by remasking, jumps, batches, memory.

    python -m benchmarks.families matrix                every family x sampler x constraint, tiny random models
    python -m benchmarks.families repair                wrong tokens in half-done canvases, with and without remasking
    python -m benchmarks.families jump                  `jump` and `canonical`: passes and fields right
    python -m benchmarks.families batch                 one batch of 32 schemas beside 32 single runs
    python -m benchmarks.families memory                device memory of one step's queries (CUDA)

Run it from the top folder. `repair`, `jump` and `batch` take `--json FILE`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import save, show, written

app = typer.Typer(add_completion=False, help=(__doc__ or "").partition("\n")[0], no_args_is_help=True)

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]
SeedOption = Annotated[int, typer.Option(help="Seed of the documents.")]
ThreadsOption = Annotated[int, typer.Option(help="Threads of PyTorch.")]


@app.callback()
def _commands() -> None:
    """Families, samplers and the loop."""


@app.command()
def matrix(
    seeds: Annotated[int, typer.Option(help="Seeds of weights and samplers, for every cell.")] = 4,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    families: Annotated[str, typer.Option(help="Names, comma-separated; default: all.")] = "",
    quick: Annotated[bool, typer.Option(help="One seed, every third sampler.")] = False,
    json_file: JsonOption = None,
) -> None:
    """Judge every draft of every family with every sampler under a regex, a schema and nothing; 1 if any is wrong."""
    from benchmarks import _family_matrix as work
    from benchmarks._family_zoo import SAMPLERS, subjects

    begun = time.perf_counter()
    asked = {name.strip() for name in families.split(",") if name.strip()}
    chosen = [subject for subject in subjects() if not asked or subject.name in asked]
    samplers = dict(list(SAMPLERS.items())[::3]) if quick else SAMPLERS
    found = work.run(chosen, samplers, range(first, first + (1 if quick else seeds)))
    total = found.of()
    for part in found.tables():
        show("generations with every draft valid, of all", part)
    verdict = f"{total} generations valid, {total.drafts:,} drafts judged, {time.perf_counter() - begun:.0f} s"
    show("by constraint", found.kinds(), [verdict, *found.faults[:20]])
    save(json_file, {"table": found.tables(), "kinds": found.kinds(), "faults": found.faults})
    raise typer.Exit(1 if found.faults else 0)


@app.command()
def repair(
    documents: Annotated[int, typer.Option(help="Held-out synthetic documents; half of them to choose on.")] = 60,
    steps: Annotated[int, typer.Option(help="Steps of the decoding that takes nothing back.")] = 16,
    seed: SeedOption = 0,
    threads: ThreadsOption = 2,
    only: Annotated[str, typer.Option(help="Try only plans whose name holds this.")] = "",
    json_file: JsonOption = None,
) -> None:
    """Wrong tokens in half-done canvases: fields right at the end, with and without samplers that take tokens back."""
    from benchmarks import _documents, _family_repair

    model = _embedded(threads)
    plans = [plan for plan in _family_repair.candidates(steps) if only in plan.label]
    found = _documents.synthetic(documents, seed)
    first, second, chosen = _family_repair.compare(model, found, steps, plans, _told)
    show(f"corrupted, development half, {documents // 2} documents", first)
    names = [plan.label for plan in chosen]
    show(f"the other half, {documents - documents // 2} documents", second, [f"chosen: {name}" for name in names])
    save(json_file, {"development": first, "rows": second, "chosen": names})


@app.command()
def jump(
    documents: Annotated[int, typer.Option(help="Held-out synthetic documents.")] = 100,
    steps: Annotated[int, typer.Option(help="Most steps per document.")] = 16,
    batch_size: Annotated[int, typer.Option(help="Documents decoded together.")] = 8,
    seed: SeedOption = 0,
    threads: ThreadsOption = 2,
    json_file: JsonOption = None,
) -> None:
    """`jump` and `canonical`, off and on, with and without a threshold of 0.9."""
    from benchmarks import _documents, _family_jump

    rows = _family_jump.compare(_embedded(threads), _documents.synthetic(documents, seed), steps, batch_size, _told)
    show(f"{documents} documents, {steps} steps", rows)
    save(json_file, {"documents": documents, "steps": steps, "rows": rows})


@app.command()
def batch(
    count: Annotated[int, typer.Option(help="Rows, each with its own schema, prompt and length.")] = 32,
    steps: Annotated[int, typer.Option(help="Most steps per row, per block for SDAR.")] = 8,
    repeat: Annotated[int, typer.Option(help="Timed pairs.")] = 3,
    threads: ThreadsOption = 2,
    json_file: JsonOption = None,
) -> None:
    """One batch beside single runs: equal outputs and time, float32 and bfloat16."""
    import torch

    from benchmarks import _family_batch as work
    from benchmarks._family_zoo import subjects

    zoo = {subject.name: subject for subject in subjects()}
    makers = {
        "embedded": lambda: _embedded(threads),
        "SDAR, tiny": lambda: zoo["SDAR"].make(0),
        "LLaDA, tiny": lambda: zoo["LLaDA"].make(0),
    }
    rows = []
    for name, make in makers.items():
        for dtype in (torch.float32, torch.bfloat16):
            model = work.in_dtype(make(), dtype)
            rows.append(work.compare(name, model, work.requests(model, count), repeat, steps=steps, seed=0))
    show(f"one batch beside single runs, {steps} steps", rows)
    save(json_file, {"steps": steps, "rows": rows})


@app.command()
def memory(
    automaton: Annotated[Path | None, typer.Option(help="A compiled constraint that --write wrote.")] = None,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json; default: a synthetic vocabulary.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the compiled constraint instead.")] = None,
    rows: Annotated[int, typer.Option(help="Rows of the batch.")] = 8,
    length: Annotated[int, typer.Option(help="Canvas positions.")] = 256,
) -> None:
    """Peak device memory of one step's queries above the logits; 2 without a CUDA device."""
    from benchmarks import _family_memory

    raise typer.Exit(_family_memory.run(automaton, tokenizer, write, rows, length))


def _told(row: dict[str, Any]) -> None:
    """A row as soon as it is known, for runs that take long."""
    typer.echo(", ".join(f"{name} {written(value)}" for name, value in row.items()), err=True)


def _embedded(threads: int) -> Any:
    """The packaged model on the CPU."""
    import torch

    from controlgen import load

    torch.set_num_threads(threads)
    return load(device="cpu")


if __name__ == "__main__":
    app()
