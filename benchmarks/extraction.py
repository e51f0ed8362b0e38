"""How well and how fast the packaged model extracts: accuracy, forward passes, choice of witness, speed.

    python benchmarks/extraction.py accuracy            held-out documents and real text, beside free decoding
    python benchmarks/extraction.py steps               over 2, 4, 8, 16, 32, 64 steps
    python benchmarks/extraction.py witness             mode, mbr and samples, by order of commits
    python benchmarks/extraction.py speed               seconds a document at batch 8 on 2 threads; with
                                                        `--schema FILE` one schema for all documents
    python benchmarks/extraction.py documents FILE      writes them, for `--from FILE` on another machine

Works from the source tree (`PYTHONPATH=.`) on a CPU or a CUDA device. Every command takes `--json FILE`.
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import _documents as sources
from benchmarks import _measures as measures
from benchmarks._documents import Document, Missing
from benchmarks._report import save, show
from benchmarks._runs import Answer, answers
from controlgen import Model, load

app = typer.Typer(add_completion=False, help=(__doc__ or "").partition("\n")[0], no_args_is_help=True)

ModelOption = Annotated[
    Path | None, typer.Option("--model", help="Model folder; default: the packaged model.")
]
DeviceOption = Annotated[str | None, typer.Option(help="cpu or cuda; default: CUDA where there is one.")]
FromOption = Annotated[Path | None, typer.Option("--from", help="Documents written by `documents`.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]
SyntheticOption = Annotated[int, typer.Option("--synthetic", help="Held-out synthetic documents.")]
RealOption = Annotated[int, typer.Option("--real", help="Documents of each real source.")]
BatchOption = Annotated[int, typer.Option(help="Documents decoded together.")]
SeedOption = Annotated[int, typer.Option(help="Seed of the documents.")]
StepsOption = Annotated[int, typer.Option(help="Most forward passes per document.")]


def gather(file: Path | None, synthetic: int, real: int, seed: int) -> tuple[list[Document], list[Missing]]:
    """The documents asked for, from a file or from this machine; sources that are missing are told."""
    if file is not None:
        found = sources.read(file)
        kept: dict[str, list[Document]] = {}
        for document in found:
            kept.setdefault(document.source, []).append(document)
        limits = {name: synthetic if name == sources.SYNTHETIC else real for name in kept}
        return [document for name, group in kept.items() for document in group[: limits[name]]], []
    documents, missing = sources.real(real, seed) if real else ([], [])
    return [*sources.synthetic(synthetic, seed), *documents], missing


def open_model(path: Path | None, device: str | None, threads: int | None = None) -> Model:
    """The model, and PyTorch limited to so many threads."""
    if threads is not None:
        torch.set_num_threads(threads)
    return load(path, device=device)


def setting(model: Model, **more: Any) -> dict[str, Any]:
    """What the figures were measured on."""
    cuda = model.device.type == "cuda"
    device = torch.cuda.get_device_name(model.device) if cuda else platform.processor() or platform.machine()
    return {
        "device": device,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "parameters": sum(weight.numel() for weight in model.network.parameters()),
        **more,
    }


def told(missing: list[Missing]) -> list[str]:
    return [f"not measured here: {one.source}: {one.reason}" for one in missing]


@app.command()
def accuracy(
    model: ModelOption = None,
    device: DeviceOption = None,
    file: FromOption = None,
    json_file: JsonOption = None,
    synthetic: SyntheticOption = 500,
    real: RealOption = 120,
    batch_size: BatchOption = 8,
    steps: StepsOption = 32,
    seed: SeedOption = 0,
    errors: Annotated[int, typer.Option(help="Show so many answers that are not all right.")] = 0,
) -> None:
    """Fields right and valid answers, beside the same model without constraint and the all-null answer."""
    documents, missing = gather(file, synthetic, real, seed)
    opened = open_model(model, device)
    runs = [
        answers(
            opened,
            documents,
            constrained=constrained,
            batch_size=batch_size,
            steps=steps,
            seed=0,
            label=label,
        )
        for constrained, label in ((True, "constrained"), (False, "free"))
    ]
    rows = measures.accuracy(*runs)
    show(f"accuracy, {steps} steps", measures.columns(rows, measures.BESIDE), told(missing))
    show("fields right by kind", measures.columns(rows, measures.KINDS))
    for answer in runs[0]:
        if errors > 0 and answer.score().exact == 0:
            errors -= 1
            _show_answer(answer)
    save(json_file, {"setting": setting(opened, steps=steps), "rows": rows, "missing": told(missing)})


def _show_answer(answer: Answer) -> None:
    typer.echo(f"\n--- {answer.document.source}\n{answer.document.text}")
    typer.echo(f"right: {answer.document.record}\nfound: {answer.error or answer.text}")


@app.command()
def steps(
    model: ModelOption = None,
    device: DeviceOption = None,
    file: FromOption = None,
    json_file: JsonOption = None,
    synthetic: SyntheticOption = 100,
    real: RealOption = 20,
    batch_size: BatchOption = 8,
    seed: SeedOption = 0,
    counts: Annotated[str, typer.Option(help="Numbers of steps, comma-separated.")] = "2,4,8,16,32,64",
) -> None:
    """Accuracy over the number of steps, and the passes needed for 95 % of free decoding's most."""
    documents, missing = gather(file, synthetic, real, seed)
    opened = open_model(model, device)
    numbers = sorted(int(count) for count in counts.split(","))
    rows = measures.over_steps(opened, documents, numbers, batch_size, seed=0)
    needed = measures.passes_needed(rows)
    reached = ", ".join(
        f"{name} {needed[name]} steps ({needed[f'{name} passes']} passes a document)"
        if needed[name]
        else f"{name} never"
        for name in ("constrained", "free")
    )
    goal = f"{100 * needed['goal']:.1f} % of fields, {measures.TARGET:.0%} of free at {numbers[-1]} steps"
    verdict = f"{goal}: {reached}"
    show(f"steps, {len(documents)} documents", rows, [verdict, *told(missing)])
    save(json_file, {"setting": setting(opened), "rows": rows, "needed": needed, "missing": told(missing)})


@app.command()
def witness(
    model: ModelOption = None,
    device: DeviceOption = None,
    file: FromOption = None,
    json_file: JsonOption = None,
    synthetic: SyntheticOption = 100,
    real: RealOption = 20,
    batch_size: BatchOption = 8,
    steps: StepsOption = 16,
    seed: SeedOption = 0,
    orders: Annotated[str, typer.Option(help="Orders of commits.")] = "confidence,entropy,raw,left_to_right",
) -> None:
    """Where the witness comes from and what is committed first: fields right, lengths, empty strings."""
    documents, missing = gather(file, synthetic, real, seed)
    opened = open_model(model, device)
    rows = measures.witnesses(opened, documents, orders.split(","), batch_size, steps=steps, seed=0)
    show(f"witness, {steps} steps, {len(documents)} documents", rows, told(missing))
    save(json_file, {"setting": setting(opened, steps=steps), "rows": rows, "missing": told(missing)})


@app.command()
def speed(
    model: ModelOption = None,
    device: DeviceOption = None,
    file: FromOption = None,
    json_file: JsonOption = None,
    synthetic: SyntheticOption = 16,
    real: RealOption = 0,
    batch_size: BatchOption = 8,
    steps: StepsOption = 32,
    seed: SeedOption = 0,
    threads: Annotated[int, typer.Option(help="Threads of PyTorch.")] = 2,
    repeat: Annotated[int, typer.Option(help="How often all documents are read.")] = 5,
    schema: Annotated[Path | None, typer.Option(help="Ask all documents for this; default: each its own.")] = None,
) -> None:
    """Seconds a document, the share of the constraint, and the bare forward passes in the same run."""
    documents, missing = gather(file, synthetic, real, seed)
    if schema is not None:
        asked = json.loads(schema.read_text(encoding="utf-8"))
        documents = [replace(document, schema=asked) for document in documents]
    opened = open_model(model, device, threads)
    rows = measures.speed(opened, documents, repeat, batch_size, steps=steps, seed=0)
    seconds = {row["per document"]: row["seconds"] for row in rows}
    shares = sorted(part / whole for part, whole in zip(seconds["constraint"], seconds["whole"], strict=True))
    verdict = (
        f"share of the constraint: {100 * shares[len(shares) // 2]:.1f} % "
        f"({100 * shares[0]:.1f} to {100 * shares[-1]:.1f})"
    )
    shown = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    show(f"speed, batch {batch_size}, {steps} steps, {threads} threads", shown, [verdict, *told(missing)])
    content = {
        "setting": setting(opened, steps=steps, batch=batch_size),
        "rows": rows,
        "constraint shares": shares,
    }
    save(json_file, content)


@app.command()
def documents(
    file: Annotated[Path, typer.Argument(help="Where to write them, one JSON object per line.")],
    synthetic: SyntheticOption = 500,
    real: RealOption = 120,
    seed: SeedOption = 0,
) -> None:
    """Write the documents that the other commands would use here, for `--from` on another machine."""
    found, missing = gather(None, synthetic, real, seed)
    typer.echo(f"{file}: {sources.write(file, found)} documents")
    for line in told(missing):
        typer.echo(line)


if __name__ == "__main__":
    app()
