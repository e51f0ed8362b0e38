"""Commands, arguments and options; what they do is in `_run`, `_inspect` and `_filters`, imported when they are called.

Every failure is one line on standard error and an exit code (`_errors`); a traceback is a bug.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from controlgen._cli._errors import EXIT_INTERRUPTED, EXIT_USAGE, CommandError, one_line

__all__ = ["app", "run"]

app = typer.Typer(
    name="controlgen",
    help="Diffusion language models that write what they are told to write.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

SchemaArgument = Annotated[
    str,
    typer.Argument(metavar="SCHEMA", help="A JSON Schema file, or module:Model (importable from here)."),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="A model folder or name; the embedded model by default.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        import controlgen

        typer.echo(f"controlgen {controlgen.__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Diffusion language models that write what they are told to write."""


@app.command()
def extract(
    schema: SchemaArgument,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help='Text files, folders, JSONL of {"id", "text"}, or - for standard input (text or JSONL).',
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="JSONL file for the records; standard output by default."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with an earlier run's output: only what has no record is done."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output file that exists.")
    ] = False,
    model: ModelOption = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Most forward passes per document; the model's default if not given."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Documents decoded together.")] = 8,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="Tokens of the canvas; chosen from schema and text if not given."),
    ] = None,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 is greedy; above 0 draws records.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Same seed, same records.")] = 0,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 …; chosen if not given.")] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="NAME[:OPTIONS]",
            help="A safety filter, with options as a JSON object; may be given again. See controlgen filters.",
        ),
    ] = None,
    progress: Annotated[
        bool | None, typer.Option("--progress/--no-progress", help="The bar; by default on a terminal only.")
    ] = None,
) -> None:
    """Read typed records out of texts.

    One line of JSON per document: {"id", "record", "confidence", "spans", "finish_reason"}, or {"id",
        "error"} for a
    document that fails while the others go on. confidence and spans are by JSON pointer. With --filter each line
    has "verdicts" too, and a record that a filter does not let pass is an error. Exit code: 0 all
    documents have a record, 1 some have none, 2 the command can't be carried out, 130 interrupted.
    """
    from controlgen._cli._run import Settings, run_extract

    settings = Settings(
        model=model,
        device=device,
        batch_size=batch_size,
        max_new_tokens=max_new_tokens,
        options={"seed": seed, "temperature": temperature} | ({} if steps is None else {"steps": steps}),
        filters=tuple(filters or ()),
        progress=progress,
    )
    raise typer.Exit(run_extract(schema, inputs, output, settings, resume=resume, overwrite=overwrite))


@app.command()
def inspect(
    schema: Annotated[
        str | None, typer.Argument(metavar="[SCHEMA]", help="A JSON Schema file, or module:Model.")
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option("--tokenizer", "-t", help="A tokenizer folder or tokenizer.json (embedded model's)."),
    ] = None,
    keywords: Annotated[
        bool,
        typer.Option(
            "--keywords", help="What becomes of each keyword of SCHEMA; without SCHEMA, of JSON Schema's keywords."
        ),
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Tell what a constraint compiles to, or everything in it that is refused and why.

    Exit code: 0 it compiles, 1 it is refused, 2 it can't be read.
    """
    from controlgen._cli._inspect import run_inspect, show_keywords

    if schema is None:
        if not keywords:
            raise CommandError("inspect needs a SCHEMA, or --keywords")
        raise typer.Exit(show_keywords(json_output=json_output))
    raise typer.Exit(run_inspect(schema, tokenizer, keywords=keywords, json_output=json_output))


@app.command("filters")
def show_filters(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The options of this one, with their defaults.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """List the safety filters that are installed, built-in ones and those of plugins.

    Exit code: 0 all can be loaded, 1 some can't, 2 there is none of that name.
    """
    from controlgen._cli._filters import run_filters

    raise typer.Exit(run_filters(name, json_output=json_output))


def run(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # else a warning in the middle of the output
    sys.exit(_code(arguments))


def _code(arguments: list[str] | None) -> int:
    try:
        code = app(
            args=(sys.argv[1:] if arguments is None else arguments) or ["--help"],
            prog_name="controlgen",
            standalone_mode=False,
        )
        return code if isinstance(code, int) else 0
    except CommandError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the interpreter flushes it at its end
        return EXIT_USAGE
    except Exception as error:
        if hasattr(error, "format_message"):  # arguments that don't parse
            return _fail(f"{one_line(error.format_message()).rstrip('.')} (see controlgen --help)")
        return _fail(f"{type(error).__name__}: {one_line(error)}")


def _fail(message: str, code: int = EXIT_USAGE) -> int:
    sys.stderr.write(f"controlgen: {message}\n")
    return code
