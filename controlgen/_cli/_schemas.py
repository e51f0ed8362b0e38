"""SCHEMA on the command line: a JSON Schema file, or `module:Model` with the working directory importable."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from controlgen._cli._errors import CommandError, one_line

__all__ = ["load_output_type"]


def load_output_type(source: str) -> Any:
    """The output type that SCHEMA names: a schema (dict), or what stands in a module.

    Raises:
        CommandError: no such file, not JSON, not a JSON Schema; no such module or name in it.
    """
    path = Path(source)
    if path.is_file():
        return _from_file(path)
    module, colon, name = source.partition(":")
    if colon and module and name and "/" not in module and path.suffix != ".json":
        return _from_module(source, module, name)
    if path.is_dir():
        raise CommandError(f"{source}: a folder; SCHEMA is a JSON Schema file or module:Model")
    raise CommandError(f"{source}: no such file; SCHEMA is a JSON Schema file or module:Model")


def _from_file(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path}: not a JSON Schema: binary, not UTF-8 text") from None
    try:
        schema = json.loads(text)
    except RecursionError:
        raise CommandError(f"{path}: not a JSON Schema: nested too deeply") from None
    except ValueError as error:
        raise CommandError(f"{path}: not JSON: {one_line(error)}") from None
    check_schema(schema, str(path))
    return schema


def check_schema(schema: Any, place: str) -> None:
    """Refuse what isn't a JSON Schema.

    Raises:
        CommandError: names the place in the schema and what is wrong there.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict):
        raise CommandError(f"{place}: not a JSON Schema: a schema is an object, this is {_kind(schema)}")
    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except SchemaError as error:
        pointer = "".join(f"/{part}" for part in error.absolute_path)
        raise CommandError(
            f"{place}: not a JSON Schema: {pointer or '(root)'}: {one_line(error.message)}"
        ) from None


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _from_module(source: str, module: str, name: str) -> Any:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        raise CommandError(
            f"{source}: no module named {error.name!r} (the working directory is searched too)"
        ) from None
    except Exception as error:  # whatever a user's module raises when it is run
        raise CommandError(
            f"{source}: importing {module} failed: {type(error).__name__}: {one_line(error)}"
        ) from None
    for part in name.split("."):
        if not hasattr(found, part):
            raise CommandError(f"{source}: {module} has no {name}")
        found = getattr(found, part)
    return found
