"""Facts into a schema and its record: which fields are asked for, under what names, how arranged.

Knows JSON Schema's shapes (nullable, optional, enum, nested object, array of objects). Every choice is
drawn from the generator it is given, so a text yields many schemas and a seed always the same ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

from data.heldout import is_name_held_out

from ._facts import Fact, Facts, Table, usable
from ._names import STYLES, blank_name, describe, styled, vary

MAX_RECORD = 380
NEST_NAMES = ("details", "info", "meta", "data", "properties", "header", "attributes", "entry")


class Unusable(Exception):
    """These facts give no record worth asking for."""


def compose(rng: Random, facts: Facts) -> tuple[dict[str, Any], dict[str, Any]]:
    """One (schema, record) out of the facts of a text. Raises Unusable if there is too little to ask."""
    writer = _Writer(rng, facts.thing)
    singles = _one_per_group(rng, _told_apart(facts.single))
    tables = [table for table in facts.tables if table.rows]
    if tables and (len(singles) < 4 or rng.random() < 0.8):
        return writer.with_table(rng.choice(tables), singles)
    return writer.flat(singles)


def _told_apart(facts: Sequence[Fact]) -> list[Fact]:
    """The facts without those of their names that could mean another fact of the same text."""
    first = {fact.phrases[0]: fact.group for fact in facts}
    shared = Counter(
        phrase for phrases in {(f.group, p) for f in facts for p in f.phrases} for phrase in phrases[1:]
    )

    def clear(fact: Fact) -> Fact:
        others = [p for p in fact.phrases[1:] if shared[p] == 1 and first.get(p, fact.group) == fact.group]
        return replace(fact, phrases=(fact.phrases[0], *others))

    return [clear(fact) for fact in facts]


def _one_per_group(rng: Random, facts: Iterable[Fact]) -> list[Fact]:
    groups: dict[str, list[Fact]] = {}
    for fact in facts:
        if usable(fact.value) or fact.value is None:
            groups.setdefault(fact.group, []).append(fact)
    return [rng.choice(views) for views in groups.values()]


class _Writer:
    """The habits of one schema's author: case style, how often fields are described, how null is told."""

    def __init__(self, rng: Random, thing: str) -> None:
        self.rng = rng
        self.thing = thing
        self.style = rng.choice(STYLES)
        self.descriptions = rng.choice((0.0, 0.0, 0.0, 0.15, 0.5, 1.0))
        self.blank = rng.choice((0.0,) * 8 + (0.4, 1.0))
        self.optional = rng.choice((0.0, 0.0, 0.5, 1.0))
        self.union = rng.random() < 0.3
        self.closed = rng.random() < 0.6

    def flat(self, facts: list[Fact]) -> tuple[dict[str, Any], dict[str, Any]]:
        chosen = self.choose(facts, self.rng.choice((2, 3, 3, 4, 4, 5, 6, 7)))
        if self.rng.random() < 0.2 and len(chosen) >= 4:
            return self.nested(chosen)
        return self.object(chosen)

    def choose(self, facts: list[Fact], count: int) -> list[Fact]:
        """`count` facts, most of them present, in the text's order or shuffled, short enough together."""
        present = [fact for fact in facts if fact.value is not None]
        absent = [fact for fact in facts if fact.value is None]
        if not present:
            raise Unusable
        missing = sum(self.rng.random() < 0.14 for _ in range(count))
        picked = self.rng.sample(present, min(max(1, count - missing), len(present)))
        picked += self.rng.sample(absent, min(missing, len(absent)))
        while len(picked) > 1 and sum(len(_dump(fact.value)) + 18 for fact in picked) > MAX_RECORD:
            picked.remove(max(picked, key=lambda fact: len(_dump(fact.value))))
        if self.rng.random() < 0.5:
            picked.sort(key=facts.index)
        else:
            self.rng.shuffle(picked)
        return picked

    def nested(self, facts: list[Fact]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Two or more of the facts in an object of their own."""
        count = self.rng.randint(2, len(facts) - 1)
        inner_schema, inner = self.object(facts[:count])
        schema, record = self.object(facts[count:])
        name = self.fresh_name((self.thing, *NEST_NAMES), "", set(schema["properties"]))
        first = self.rng.random() < 0.6
        schema["required"] = [name, *schema["required"]] if first else [*schema["required"], name]
        schema["properties"] = _insert(schema["properties"], name, inner_schema, first)
        return schema, _insert(record, name, inner, first)

    def with_table(self, table: Table, singles: list[Fact]) -> tuple[dict[str, Any], dict[str, Any]]:
        """An array with one object (or one plain value) per row, and perhaps some single facts beside it."""
        columns = self.columns(table)
        if len(table.rows) == 1 and self.rng.random() < 0.85:
            row = self.row(table, 0, columns)
            return self.object(self.choose(row + singles, len(row) + self.rng.randint(0, 1)))
        found = [self.row(table, index, columns) for index in range(len(table.rows))]
        plain = len(columns) == 1 and all(row[0].value is not None for row in found)
        nullable = [any(row[column].value is None for row in found) for column in range(len(columns))]
        named = self.name_all([_column(found, index) for index in range(len(columns))], nullable)
        rows = [{name: fact.value for (name, _), fact in zip(named, row, strict=True)} for row in found]
        values = [row[named[0][0]] for row in rows] if plain else rows
        if len(_dump(values)) > MAX_RECORD:
            raise Unusable
        item = _bare(named[0][1]) if plain else _object(named, [name for name, _ in named], self.closed)
        phrases = (columns_phrase(found[0][0]),) if plain else table.phrases
        return self.beside(phrases, {"type": "array", "items": item}, values, singles)

    def beside(
        self, phrases: tuple[str, ...], array: dict[str, Any], values: list[Any], singles: list[Fact]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The array as a field, with at times a single fact before or after it."""
        schema, record = self.object(self.choose(singles, 1) if singles and self.rng.random() < 0.3 else [])
        name = self.fresh_name(phrases, "", set(schema["properties"]))
        front = self.rng.random() < 0.5
        schema["properties"] = _insert(schema["properties"], name, array, front)
        schema["required"] = [name, *schema["required"]] if front else [*schema["required"], name]
        return schema, _insert(record, name, values, front)

    def columns(self, table: Table) -> list[tuple[str, int]]:
        """Which groups, and which view of each, are asked for: the same in every row."""
        groups: dict[str, list[int]] = {}
        for index, fact in enumerate(table.rows[0]):
            if all(usable(row[index].value) for row in table.rows):
                groups.setdefault(fact.group, []).append(index)
        usual = [
            group
            for group, views in groups.items()
            if any(row[views[0]].value is not None for row in table.rows)
        ]
        if not usual:
            raise Unusable
        limit = 6 if len(table.rows) == 1 else max(1, min(5, MAX_RECORD // (24 * len(table.rows))))
        count = min(len(groups), self.rng.randint(1, limit))
        chosen = {self.rng.choice(usual)} | set(self.rng.sample(list(groups), count))
        order = [group for group in groups if group in chosen]
        if self.rng.random() < 0.4:
            self.rng.shuffle(order)
        return [(group, self.rng.choice(groups[group])) for group in order]

    def row(self, table: Table, index: int, columns: Sequence[tuple[str, int]]) -> list[Fact]:
        return [table.rows[index][column] for _, column in columns]

    def object(self, facts: list[Fact]) -> tuple[dict[str, Any], dict[str, Any]]:
        """A flat object: absent facts are null or left out, present ones may be declared either way too."""
        nullable = [fact.value is None or self.rng.random() < 0.12 for fact in facts]
        optional = [maybe and self.rng.random() < self.optional for maybe in nullable]
        named = self.name_all(
            facts, [maybe and not left for maybe, left in zip(nullable, optional, strict=True)]
        )
        required = [name for (name, _), left in zip(named, optional, strict=True) if not left]
        record = {
            name: fact.value
            for (name, _), fact, left in zip(named, facts, optional, strict=True)
            if not (left and fact.value is None)
        }
        return _object(named, required, self.closed), record

    def name_all(self, facts: Sequence[Fact], nullable: Sequence[bool]) -> list[tuple[str, dict[str, Any]]]:
        """(name, schema) of every fact, names unique within the object."""
        named: list[tuple[str, dict[str, Any]]] = []
        for fact, null in zip(facts, nullable, strict=True):
            taken = {name for name, _ in named}
            named.append(self.field(fact, null, taken))
        return named

    def field(self, fact: Fact, null: bool, taken: set[str]) -> tuple[str, dict[str, Any]]:
        schema = self.value_schema(fact)
        if null:
            schema = self.with_null(schema)
        blank = self.rng.random() < self.blank and self.rng.random() < 0.7
        name = self.fresh_name(() if blank else fact.phrases, self.thing, taken)
        if blank or fact.unclear or self.rng.random() < self.descriptions:
            schema["description"] = self.description(fact, blank)
        return name, schema

    def fresh_name(self, phrases: tuple[str, ...], prefix: str, taken: set[str]) -> str:
        """A free name for one of the phrases (for none: one that says nothing), not kept for testing."""
        for _ in range(20):
            name = styled(vary(self.rng, phrases, prefix), self.style) if phrases else blank_name(self.rng)
            if name not in taken and not is_name_held_out(name):
                return name
        raise Unusable

    def description(self, fact: Fact, blank: bool) -> str:
        note = self.rng.choice(fact.notes) if fact.notes else ""
        if fact.unclear and note and not blank:
            return note
        phrase = fact.phrases[0] if self.rng.random() < 0.6 else self.rng.choice(fact.phrases)
        told = describe(self.rng, phrase, self.thing)
        return f"{told}, {note}" if note and self.rng.random() < 0.6 else told

    def value_schema(self, fact: Fact) -> dict[str, Any]:
        schema = deepcopy(fact.schema)
        if fact.choices and self.rng.random() < 0.7:
            needed = fact.values or ((fact.value,) if fact.value is not None else ())
            others = [choice for choice in fact.choices if choice not in needed]
            options = [*needed, *self.rng.sample(others, min(len(others), self.rng.randint(1, 6)))]
            self.rng.shuffle(options)
            if len(options) > 1:
                return {"enum": options} if self.rng.random() < 0.5 else {"type": "string", "enum": options}
        return schema

    def with_null(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "enum" in schema:
            return {"enum": [*schema["enum"], None]}
        if self.union or not isinstance(schema.get("type"), str):
            return {"anyOf": [schema, {"type": "null"}]}
        return {**schema, "type": [schema["type"], "null"]}


def _column(rows: Sequence[Sequence[Fact]], index: int) -> Fact:
    """The fact that stands for a whole column: it knows every value that an enumeration has to offer."""
    first = rows[0][index]
    if not first.choices:
        return first
    return replace(
        first, values=tuple({row[index].value: None for row in rows if row[index].value is not None})
    )


def columns_phrase(fact: Fact) -> str:
    """A plural for an array of plain values."""
    phrase = fact.phrases[0]
    return phrase if phrase.endswith("s") else (phrase[:-1] + "ies" if phrase.endswith("y") else phrase + "s")


def _bare(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "description"}


def _object(named: list[tuple[str, dict[str, Any]]], required: list[str], closed: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": dict(named), "required": required}
    return {**schema, "additionalProperties": False} if closed else schema


def _insert(mapping: dict[str, Any], name: str, value: Any, first: bool) -> dict[str, Any]:
    return {name: value, **mapping} if first else {**mapping, name: value}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
