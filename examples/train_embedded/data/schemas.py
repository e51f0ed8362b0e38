"""From asked fields to a JSON Schema, its record and the kind of every leaf. Knows nothing about texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from data.datum import View


@dataclass
class Leaf:
    """An asked scalar. `view.value` counts unless the text lacks it."""

    name: str
    view: View
    description: str | None = None
    missing: bool = False


@dataclass
class Strings:
    """An asked array of scalars."""

    name: str
    views: list[View]
    item_schema: dict[str, Any]
    description: str | None = None
    missing: bool = False  # whether the text says nothing of it, not even its label


@dataclass
class Group:
    """An asked object."""

    name: str
    members: list[Node]
    description: str | None = None


@dataclass
class Rows:
    """An asked array of objects: one list of leaves per row, the same columns in every row."""

    name: str
    columns: list[Leaf]
    rows: list[list[Leaf]]
    description: str | None = None
    missing: bool = False


Node = Leaf | Strings | Group | Rows


@dataclass
class Policy:
    """How one schema treats fields that a text may lack.

    A missing array is [] where the schema demands an array, null where it allows null, and else left out.
    """

    missing: str  # "null", "absent" or "both"
    spare: float  # how often a present field may be missing all the same
    arrays: bool = True  # whether every array is demanded, as most schemas do

    @classmethod
    def draw(cls, rng: Random) -> Policy:
        """The habit of one schema."""
        return cls(
            rng.choice(("null", "null", "absent", "absent", "both")),
            rng.choice((0.0, 0.05, 0.2, 0.2, 0.5, 1.0)),
            rng.random() < 0.6,
        )


@dataclass
class Built:
    """A schema with its record."""

    schema: dict[str, Any]
    record: dict[str, Any]
    kinds: dict[str, str] = field(default_factory=dict)


def nullable(rng: Random, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that allows null too, in one of the usual spellings."""
    description = schema.get("description")
    bare = {key: value for key, value in schema.items() if key != "description"}
    if "enum" in bare and rng.random() < 0.4:
        bare = {"enum": [*bare["enum"], None]}
    elif set(bare) <= {"type", "format", "pattern", "minLength", "maxLength", "items"} and rng.random() < 0.5:
        bare = {**bare, "type": [bare["type"], "null"]}
    else:
        bare = {"anyOf": [bare, {"type": "null"}]}
    if description:
        bare["description"] = description
    return bare


def _pointer(parent: str, name: str | int) -> str:
    return f"{parent}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _leaf_schema(rng: Random, leaf: Leaf, policy: Policy, loose: bool) -> tuple[dict[str, Any], bool]:
    """The schema of a leaf, and whether it is required."""
    schema = dict(leaf.view.schema)
    parts = [part for part in (leaf.description, leaf.view.hint) if part]
    if parts:
        schema["description"] = ", ".join(parts)
    if not loose:
        return schema, True
    if policy.missing == "absent":
        return schema, False
    return nullable(rng, schema), policy.missing == "null"


def _fill(built: Built, name: str, pointer: str, leaf: Leaf, policy: Policy) -> None:
    if not leaf.missing:
        built.record[name] = leaf.view.value
        built.kinds[pointer] = leaf.view.kind
    elif policy.missing == "absent":
        built.kinds[pointer] = "absent"
    else:
        built.record[name] = None
        built.kinds[pointer] = "null"


def _rows(
    rng: Random, node: Rows, policy: Policy, pointer: str, kinds: dict[str, str]
) -> tuple[dict[str, Any], list[Any]]:
    loose = {column.name: any(row[i].missing for row in node.rows) for i, column in enumerate(node.columns)}
    item: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for column in node.columns:
        schema, required = _leaf_schema(rng, column, policy, loose[column.name])
        item["properties"][column.name] = schema
        if required:
            item["required"].append(column.name)
    records = []
    for index, row in enumerate(node.rows):
        built = Built({}, {})
        for leaf in row:
            _fill(built, leaf.name, _pointer(_pointer(pointer, index), leaf.name), leaf, policy)
        records.append(built.record)
        kinds.update(built.kinds)
    if not node.rows:
        kinds[pointer] = "empty"
    return {"type": "array", "items": item}, records


def _limits(rng: Random, schema: dict[str, Any], count: int) -> None:
    if rng.random() < 0.1:
        schema["maxItems"] = max(count, rng.randint(3, 8))
    if count and rng.random() < 0.06:
        schema["minItems"] = 1


def _array(
    rng: Random, node: Strings | Rows, policy: Policy, pointer: str, out: Built
) -> tuple[dict[str, Any], bool]:
    """The schema of an array, and whether it is required; puts its value into `out`."""
    kinds: dict[str, str] = {}
    if isinstance(node, Strings):
        schema, value = {"type": "array", "items": node.item_schema}, [view.value for view in node.views]
        kinds = {_pointer(pointer, i): view.kind for i, view in enumerate(node.views)} or {pointer: "empty"}
    else:
        schema, value = _rows(rng, node, policy, pointer, kinds)
    # A label without items stands for [], so only an array with items, or without a label, may be looser.
    loose = not policy.arrays and (node.missing or (bool(value) and rng.random() < policy.spare))
    if not loose or policy.missing == "absent":
        _limits(rng, schema, len(value))
    else:
        schema = nullable(rng, schema)
    if not (loose and node.missing):
        out.record[node.name] = value
        out.kinds.update(kinds)
    elif policy.missing == "absent":
        out.kinds[pointer] = "absent"
    else:
        out.record[node.name], out.kinds[pointer] = None, "null"
    return schema, not loose or policy.missing == "null"


def build(rng: Random, nodes: list[Node], policy: Policy, pointer: str = "") -> Built:
    """Schema, record and kinds of these fields, in this order."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    out = Built({"type": "object", "properties": properties}, {})
    for node in nodes:
        here = _pointer(pointer, node.name)
        if isinstance(node, Leaf):
            loose = node.missing or rng.random() < policy.spare
            schema, needed = _leaf_schema(rng, node, policy, loose)
            _fill(out, node.name, here, node, policy)
        elif isinstance(node, Group):
            inner = build(rng, node.members, policy, here)
            schema, needed = inner.schema, True
            out.record[node.name] = inner.record
            out.kinds.update(inner.kinds)
        else:
            schema, needed = _array(rng, node, policy, here, out)
        if not isinstance(node, Leaf) and node.description:
            schema["description"] = node.description
        properties[node.name] = schema
        if needed:
            required.append(node.name)
    if required:
        out.schema["required"] = required
    if not pointer and rng.random() < 0.5:
        out.schema["additionalProperties"] = False
    return out
