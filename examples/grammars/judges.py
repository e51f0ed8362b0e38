"""Judges of the worked grammars: what each language's own tools say of a text. They know nothing of the grammars.

Each says what is wrong with a text, or None.
"""

from __future__ import annotations

import ast
import configparser
import json
import sqlite3
import warnings
from collections.abc import Callable
from decimal import Decimal
from functools import cache

__all__ = ["arithmetic", "graphql", "ini", "json_text", "python_expression", "python_module", "smiles", "sql"]

_OPERATORS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
}


def arithmetic(text: str) -> str | None:
    """Python's parser, and a walk over its tree that gives the value."""
    try:
        _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError) as error:
        return str(error)
    return None


def _value(node: ast.expr) -> Decimal:
    match node:
        case ast.Constant(value=int() | float() as number) if type(number) is not bool:
            return Decimal(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return _OPERATORS[type(operator)](_value(left), _value(right))
    raise ValueError(f"no arithmetic: {ast.dump(node)}")


def json_text(text: str) -> str | None:
    """`json.loads`, without its NaN and Infinity."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError as error:
        return str(error)
    return None


@cache
def _database() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("CREATE TABLE users (id, name, city, age)")
    database.execute("CREATE TABLE orders (id, user_id, total, day)")
    return database


def sql(text: str) -> str | None:
    """SQLite prepares the statement: syntax, names, places of aggregates."""
    try:
        _database().execute(f"EXPLAIN {text}").close()
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        return str(error)
    return None


def graphql(text: str) -> str | None:
    """The parser of graphql-core."""
    from graphql import GraphQLError, parse

    try:
        parse(text, no_location=True)
    except GraphQLError as error:
        return str(error)
    return None


def smiles(text: str) -> str | None:
    """RDKit makes a molecule, with its checks of valences, rings and aromatic bonds."""
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]  # its type stubs lack it
    if not text:
        return "empty"  # a molecule without atoms, to RDKit
    if Chem.MolFromSmiles(text, sanitize=False) is None:
        return "no SMILES"
    return None if Chem.MolFromSmiles(text) is not None else "no molecule"


def python_expression(text: str) -> str | None:
    """Python's parser, its warnings being errors."""
    return _python(text, "eval")


def python_module(text: str) -> str | None:
    """The same for statements."""
    return _python(text, "exec")


def _python(text: str, mode: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ast.parse(text, mode=mode)
    except (SyntaxError, ValueError, Warning) as error:
        return str(error)
    return None


def ini(text: str) -> str | None:
    """configparser in strict mode: nothing stands twice; and the typed options are of their types."""
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    try:
        parser.read_string(text)
        for section in parser.sections():
            for option in parser.options(section):
                if option in ("tls", "echo"):
                    parser.getboolean(section, option)
                elif option in ("port", "pool"):
                    parser.getint(section, option)
    except (configparser.Error, ValueError) as error:
        return str(error)
    return None
