"""Every real-world JSON Schema: enforced exactly, or refused by name.

    python benchmarks/schemas.py maskbench --data PATH --tokenizer PATH    real schemas with their instances
    python benchmarks/schemas.py suite --data PATH --tokenizer PATH        the required tests of draft 2020-12
    python benchmarks/schemas.py hostile --data PATH --tokenizer PATH      random logits; `--whole`: on every schema
    python benchmarks/schemas.py masks --data PATH --tokenizer PATH        left-to-right masks beside llguidance's
    python benchmarks/schemas.py peers --data PATH --tokenizer PATH        llguidance, xgrammar, outlines-core
    python benchmarks/schemas.py flags --data PATH                         the instances' flags, and the judge's view
    python benchmarks/schemas.py all --data PATH --tokenizer PATH          all of them

PATH of the data is a folder with `maskbench-dev.jsonl.gz` and `json-schema-test-suite/`. Every schema is worked on in a
process of its own pool under a hard limit of time and memory; one that overruns or crashes is counted and named. The
verdicts come from `_judge`, which knows nothing of this project. Works from the source tree (`PYTHONPATH=.`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import _schema_data as data_of
from benchmarks import _schema_rows as more
from benchmarks import _schema_tables as tables
from benchmarks import _schema_work as work
from benchmarks._crew import Limits, run
from benchmarks._report import save, show
from benchmarks._schema_data import Subject

app = typer.Typer(add_completion=False, help=(__doc__ or "").partition("\n")[0], no_args_is_help=True)

DataOption = Annotated[Path, typer.Option("--data", help="Folder with the schemas.")]
TokenizerOption = Annotated[Path | None, typer.Option(help="A tokenizer.json or its folder; default: a small one.")]
LimitOption = Annotated[int | None, typer.Option(help="Draw so many schemas; default: all.")]
SeedOption = Annotated[int, typer.Option(help="Of the draw.")]
WorkersOption = Annotated[int, typer.Option(help="Processes.")]
SecondsOption = Annotated[float, typer.Option(help="Hard limit of one schema, wall clock.")]
MemoryOption = Annotated[float, typer.Option(help="Hard limit of one process, GiB of address space; 0: none.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write everything here too.")]


def work_on(
    setup: Callable[[], Callable[[Any], Any]], tasks: Sequence[Any], workers: int, limits: Limits, label: str
) -> dict[int, Any]:
    """Results by place, with a bar while they come in."""
    results = run(setup, tasks, workers=workers, limits=limits)
    shown = track(results, label, total=len(tasks), transient=True, disable=not sys.stdout.isatty())
    return dict(shown)


def plain(rows: Sequence[Any]) -> list[Any]:
    return [asdict(row) if is_dataclass(row) and not isinstance(row, type) else row for row in rows]


# -- what the processes do; top-level functions, since they are sent there -----------------------------------------


def measuring(tokenizer: Path | None, registry: dict[str, Any], formats: bool) -> Callable[[Subject], Any]:
    return partial(work.measure, work.Bench(tokenizer, registry, formats).warm())


def timing_kept(tokenizer: Path | None) -> Callable[[Subject], Any]:
    return partial(work.time_kept, work.Bench(tokenizer).warm())


def attacking(tokenizer: Path | None, candidates: int) -> Callable[[Any], Any]:
    from benchmarks._schema_hostile import attack

    bench = work.Bench(tokenizer).warm()
    attack(bench, 1, (Subject("warm up", {"type": "object"}), (0,)))
    return partial(attack, bench, candidates)


def comparing(tokenizer: Path | None, asked: int) -> Callable[[Subject], Any]:
    from benchmarks._schema_masks import MaskBench, compare

    bench = MaskBench(work.Bench(tokenizer).warm(), asked)
    _ = bench.tokenizer
    return partial(compare, bench)


def trying(tokenizer: Path | None, engine: str) -> Callable[[Subject], Any]:
    from benchmarks._schema_peers import prepared

    return prepared(engine, tokenizer)


def flagging(draft: str, formats: bool) -> Callable[[Subject], Any]:
    return partial(more.flags_of, draft, formats)


# -- commands ------------------------------------------------------------------------------------------------------


@app.command()
def maskbench(
    data: DataOption,
    tokenizer: TokenizerOption = None,
    limit: LimitOption = None,
    seed: SeedOption = 1,
    workers: WorkersOption = 2,
    seconds: SecondsOption = 60.0,
    memory: MemoryOption = 8.0,
    json_file: JsonOption = None,
    kept: Annotated[bool, typer.Option(help="Time once more with the parts that earlier schemas left.")] = True,
) -> None:
    """Real schemas: compiled, all instances right, refusals by name, times, memory."""
    subjects = data_of.drawn([s for s in data_of.maskbench(data) if s.instances], limit, seed)
    limits = Limits(seconds, memory)
    found = work_on(partial(measuring, tokenizer, {}, True), subjects, workers, limits, "measuring")
    rows = tables.as_verdicts(subjects, found)
    figures = tables.summary(rows)
    if kept:
        again = work_on(partial(timing_kept, tokenizer), subjects, workers, limits, "timing")
        times = [value for value in again.values() if isinstance(value, float)]
        figures.append({"figure": "all, parts kept, ms p50 / p95 / max", "value": tables.written(times, 1e3, 1)})
    _show_verdicts("maskbench", figures, rows, least=max(1, len(subjects) // 100))
    save(json_file, {"figures": figures, "schemas": plain(rows)})


@app.command()
def suite(
    data: DataOption,
    tokenizer: TokenizerOption = None,
    limit: LimitOption = None,
    seed: SeedOption = 1,
    workers: WorkersOption = 2,
    seconds: SecondsOption = 60.0,
    memory: MemoryOption = 8.0,
    json_file: JsonOption = None,
) -> None:
    """The required tests of draft 2020-12, with the remotes that they refer to; `format` is an annotation there."""
    subjects = data_of.drawn(data_of.suite(data), limit, seed)
    setup = partial(measuring, tokenizer, data_of.remotes(data), False)
    found = work_on(setup, subjects, workers, Limits(seconds, memory), "measuring")
    rows = tables.as_verdicts(subjects, found)
    figures = tables.summary(rows)
    _show_verdicts("suite, draft 2020-12", figures, rows, least=1)
    save(json_file, {"figures": figures, "schemas": plain(rows)})


def _show_verdicts(title: str, figures: list[Any], rows: Sequence[work.Verdicts], least: int) -> None:
    show(title, figures)
    show("what became of the schemas", tables.status_rows(rows), tables.failures(rows))
    show("refused, by name", tables.refusals(rows))
    show("by keyword", tables.by_keyword(rows, least))
    show("slowest", tables.slowest(rows))
    for label, accepted in (("invalid accepted", True), ("valid refused", False)):
        show(label, [], tables.wrong(rows, accepted=accepted) or ["none"])


@app.command()
def hostile(
    data: DataOption,
    tokenizer: TokenizerOption = None,
    limit: LimitOption = 400,
    seed: SeedOption = 1,
    workers: WorkersOption = 2,
    seconds: SecondsOption = 120.0,
    memory: MemoryOption = 8.0,
    json_file: JsonOption = None,
    draws: Annotated[int, typer.Option(help="Draws for each schema, each with logits of its own.")] = 3,
    candidates: Annotated[int, typer.Option(help="Most candidates where a verifier decides.")] = 1000,
    whole: Annotated[bool, typer.Option(help="Every schema, one draw.")] = False,
) -> None:
    """Random logits on real schemas: is every draw valid?"""
    if whole:
        limit, draws = None, 1
    subjects = data_of.drawn(data_of.maskbench(data), limit, seed)
    tasks = [(subject, tuple(range(seed, seed + draws))) for subject in subjects]
    setup = partial(attacking, tokenizer, candidates)
    found = work_on(setup, tasks, workers, Limits(seconds, memory), "attacking")
    rows, notes = more.attacks(subjects, found)
    show(f"hostile logits, {len(subjects)} schemas × {draws}", rows, notes)
    save(json_file, {"figures": rows, "notes": notes, "schemas": plain([found[i] for i in range(len(subjects))])})


@app.command()
def masks(
    data: DataOption,
    tokenizer: TokenizerOption = None,
    limit: LimitOption = 400,
    seed: SeedOption = 1,
    workers: WorkersOption = 2,
    seconds: SecondsOption = 120.0,
    memory: MemoryOption = 0.0,
    json_file: JsonOption = None,
    asked: Annotated[int, typer.Option(help="Prefixes of each schema at which `support` itself is asked.")] = 2,
) -> None:
    """Left-to-right masks beside llguidance's, at every prefix of a valid instance; differences by cause."""
    named = [s for s in data_of.maskbench(data) if any(valid for valid, _ in s.instances)]
    subjects = data_of.drawn(named, limit, seed)
    setup = partial(comparing, tokenizer, asked)
    found = work_on(setup, subjects, workers, Limits(seconds, memory), "comparing")
    for title, rows, notes in more.mask_tables(subjects, found):
        show(title, rows, notes)
    save(json_file, {"schemas": plain([found[i] for i in range(len(subjects))])})


@app.command()
def peers(
    data: DataOption,
    tokenizer: TokenizerOption = None,
    limit: LimitOption = 150,
    seed: SeedOption = 1,
    workers: WorkersOption = 1,
    seconds: SecondsOption = 60.0,
    memory: MemoryOption = 0.0,
    json_file: JsonOption = None,
    engines: Annotated[str, typer.Option(help="Comma-separated; default: all.")] = "",
) -> None:
    """Other engines on the same sample in the same run: compiled, right, compile times."""
    from benchmarks._schema_peers import ENGINES

    subjects = data_of.drawn([s for s in data_of.maskbench(data) if s.instances], limit, seed)
    chosen = [name.strip() for name in engines.split(",") if name.strip()] or list(ENGINES)
    rows, trials = [], {}
    for name in chosen:
        setup = partial(trying, tokenizer, name)
        found = work_on(setup, subjects, workers, Limits(seconds, memory), name)
        rows.append(more.trials(name, subjects, found))
        trials[name] = plain([found[i] for i in range(len(subjects))])
    show(f"engines, {len(subjects)} schemas, {seconds:.0f} s each at most", rows)
    save(json_file, {"figures": rows, "schemas": trials})


@app.command()
def flags(
    data: DataOption,
    limit: LimitOption = None,
    seed: SeedOption = 1,
    workers: WorkersOption = 2,
    json_file: JsonOption = None,
) -> None:
    """Does the judge agree with the flags of the instances, under which draft where a schema names none?"""
    from benchmarks._judge import DRAFTS

    subjects = data_of.drawn([s for s in data_of.maskbench(data) if s.instances], limit, seed)
    rows = []
    for formats in (True, False):
        for draft in DRAFTS:
            found = work_on(partial(flagging, draft, formats), subjects, workers, Limits(60.0, 0.0), draft)
            rows.append(more.agreement(draft, formats, found))
    show("flags and the judge", rows)
    save(json_file, {"figures": rows})


@app.command("all")
def everything(
    data: DataOption,
    tokenizer: TokenizerOption = None,
    limit: LimitOption = None,
    seed: SeedOption = 1,
    workers: WorkersOption = 2,
    json_folder: Annotated[Path | None, typer.Option("--json", help="Folder for one file of each.")] = None,
) -> None:
    """All of them, each at its own defaults, or with `--limit` schemas."""
    sized = {} if limit is None else {"limit": limit}
    for command in (flags, maskbench, suite, hostile, masks, peers):
        file = json_folder / f"{command.__name__}.json" if json_folder else None
        options: dict[str, Any] = {"seed": seed, "workers": workers, "json_file": file, **sized}
        if command is not flags:
            options["tokenizer"] = tokenizer
        command(data=data, **options)


if __name__ == "__main__":
    app()
