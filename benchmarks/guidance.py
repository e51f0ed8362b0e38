"""Guidance: what several commits a step do to the evidence, and what each guidance costs.

    python -m benchmarks.guidance evidence [--worlds 20]
    python -m benchmarks.guidance cost [--rows 4] [--rounds 5]
"""

from __future__ import annotations

import statistics
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def evidence(
    worlds: Annotated[int, typer.Option(help="Random worlds per cell.")] = 20,
    gamma: Annotated[list[float] | None, typer.Option(help="Exponents of p(y | x).")] = None,
) -> None:
    """Total variation from p(x) p(y | x)^γ / Z by commits per step, exact; means over worlds of 81 canvases."""
    from benchmarks import _report
    from benchmarks._guidance_evidence import EVIDENCE

    rows: list[_report.Row] = []
    for strength in gamma or [1.0, 2.0]:
        for name in EVIDENCE:
            for correlated in (False, True):
                rows.append(_evidence_row(name, correlated, strength, worlds))
    notes = ["exact / k: the factors divided by the commits of a step", f"{worlds} worlds per row"]
    _report.show("total variation from the target at 1, 2, 4 commits a step, and p(y) of the outputs", rows, notes)


def _evidence_row(name: str, correlated: bool, gamma: float, worlds: int) -> dict[str, Any]:
    from benchmarks._guidance_evidence import World, distance, factors, outputs

    commits = (1, 2, 4)
    kinds = ("no guidance", "exact", "exact / k")
    off: dict[tuple[str, int], list[float]] = {(kind, k): [] for kind in kinds for k in commits}
    reached: dict[Any, list[float]] = {k: [] for k in ("target", *commits)}
    for seed in range(worlds):
        world = World.random(seed, name, correlated=correlated)
        exact = gamma * factors(world)
        target = world.target(gamma)
        reached["target"].append(float(target @ world.likelihood))
        for k in commits:
            off["no guidance", k].append(distance(outputs(world, k, None), world.prior))
            found = outputs(world, k, exact)
            reached[k].append(float(found @ world.likelihood))
            off["exact", k].append(distance(found, target))
            off["exact / k", k].append(distance(outputs(world, k, exact / k), target))
    world_is = f"{name}, {'joint' if correlated else 'product'}, {gamma:g}"
    row: dict[str, Any] = {"evidence, p(x), γ": world_is}
    for kind in kinds:
        row[kind] = " ".join(f"{statistics.mean(off[kind, k]):.3f}" for k in commits)
    row["p(y): target, 1 2 4"] = " ".join(f"{statistics.mean(values):.2f}" for values in reached.values())
    return row


@app.command()
def cost(
    rows: Annotated[int, typer.Option(help="Prompts in the batch.")] = 4,
    canvas: Annotated[int, typer.Option(help="Tokens of the canvas.")] = 48,
    steps: Annotated[int, typer.Option(help="Steps of each generation.")] = 12,
    rounds: Annotated[int, typer.Option(help="Generations per guidance.")] = 5,
    cap: Annotated[int, typer.Option(help="Most tokens per position of the exact classifier guidance.")] = 4,
    particles: Annotated[int, typer.Option(help="Particles per prompt.")] = 4,
    threads: Annotated[int, typer.Option(help="Threads of torch; 0 leaves its default.")] = 0,
) -> None:
    """Passes, evaluations and time of a step beside an unguided one: the packaged model, one schema, all in turn."""
    import torch

    import controlgen
    from benchmarks import _report
    from benchmarks._guidance_cost import PLAIN, choices, measure, middle

    if threads:
        torch.set_num_threads(threads)
    model = controlgen.load()
    cells = measure(model, choices(model, cap, particles), rows, canvas, steps, rounds)
    table = [
        {
            "guidance": name,
            "forwards": cell.per_step(cell.forwards),
            "backwards": cell.per_step(cell.backwards),
            "evaluated": cell.per_step(cell.evaluations),
            "ms": middle([1e3 * value for value in cell.seconds.values()], "{:.0f}".format),
            "ratio": middle(cell.ratios(cells[PLAIN]), "{:.2f}".format),
        }
        for name, cell in cells.items()
    ]
    threads = torch.get_num_threads()
    _report.show(f"{rows} rows, {canvas} positions, {steps} steps, {rounds} generations each, {threads} threads", table)


if __name__ == "__main__":
    app()
