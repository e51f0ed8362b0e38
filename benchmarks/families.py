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
from typing import Annotated

import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import save, show

app = typer.Typer(add_completion=False, help=(__doc__ or "").partition("\n")[0], no_args_is_help=True)

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]


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
    show("generations with every draft valid, of all", found.table())
    verdict = f"{total} generations valid, {total.drafts:,} drafts judged, {time.perf_counter() - begun:.0f} s"
    show("by constraint", found.kinds(), [verdict, *found.faults[:20]])
    save(json_file, {"table": found.table(), "kinds": found.kinds(), "faults": found.faults})
    raise typer.Exit(1 if found.faults else 0)


if __name__ == "__main__":
    app()
