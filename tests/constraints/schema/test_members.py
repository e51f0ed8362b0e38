"""Members drawn from the automaton itself, and mutations of them: what is accepted is valid under the schema.

The judge is strict: `json` with duplicate keys refused, and `jsonschema` with every format checker it has.
"""

from __future__ import annotations

import json
import random
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from controlgen.constraints import JsonSchema
from controlgen.constraints._dfa import Dfa

from .test_random_schemas import build, judge_of, language_of, leaves, schemas

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "placed": {"type": "string", "format": "date-time"},
        "due": {"type": ["string", "null"], "format": "date"},
        "mail": {"type": "string", "format": "email", "maxLength": 30},
        "host": {"type": "string", "format": "ipv4"},
        "total": {"type": "number", "exclusiveMinimum": 0, "maximum": 99999.99},
        "state": {"enum": ["new", "paid", None, {"other": [1, "x/y"]}]},
        "lines": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"$ref": "#/$defs/line"}},
        "notes": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["total", "lines"],
    "$defs": {
        "line": {
            "type": "object",
            "properties": {
                "sku": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$", "maxLength": 6},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 120},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            },
            "required": ["sku", "quantity"],
        }
    },
}


class Drawer:
    """Draws members of an automaton: a random walk, then the shortest way to acceptance."""

    def __init__(self, dfa: Dfa) -> None:
        self.dfa = dfa
        self.bytes_of = [np.flatnonzero(dfa.byte_class == k) for k in range(dfa.table.shape[1])]
        self.moves = [np.flatnonzero(row >= 0) for row in dfa.table]
        self.distance = self._distances()

    def _distances(self) -> list[int]:
        """Bytes from each state to the nearest accepting one."""
        into: list[list[int]] = [[] for _ in range(self.dfa.num_states)]
        for source, target in zip(*self._edges(), strict=True):
            into[target].append(source)
        distance = [-1] * self.dfa.num_states
        queue = deque(np.flatnonzero(self.dfa.accepting).tolist())
        for state in queue:
            distance[state] = 0
        while queue:
            state = queue.popleft()
            for source in into[state]:
                if distance[source] < 0:
                    distance[source] = distance[state] + 1
                    queue.append(source)
        return distance

    def _edges(self) -> tuple[list[int], list[int]]:
        sources, columns = np.nonzero(self.dfa.table >= 0)
        return sources.tolist(), self.dfa.table[sources, columns].tolist()

    def draw(self, rng: random.Random, length: int) -> str:
        state, text = self.dfa.start, bytearray()
        while not (self.dfa.accepting[state] and (len(text) >= length or not len(self.moves[state]))):
            moves = self.moves[state]
            if len(text) >= length:
                nearest = min(self.distance[self.dfa.table[state, k]] for k in moves)
                moves = [k for k in moves if self.distance[self.dfa.table[state, k]] == nearest]
            symbol = rng.choice(list(moves))
            text.append(int(rng.choice(self.bytes_of[symbol])))
            state = int(self.dfa.table[state, symbol])
        return text.decode("utf-8")


def strict(text: str) -> Any:
    """The value of a JSON text; ValueError if it isn't JSON or has a key twice."""

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=distinct)


def mutations(text: str, rng: random.Random, count: int) -> list[str]:
    """Texts a small edit away: characters deleted, doubled, swapped, replaced, inserted."""
    edits = []
    for _ in range(count):
        i = rng.randrange(len(text) + 1)
        extra = rng.choice('{}[]",:\\ 0159-.eEtfn/u\n\x00é')
        edits.append(
            rng.choice(
                (
                    text[:i] + text[i + 1 :],
                    text[:i] + extra + text[i:],
                    text[:i] + extra + text[i + 1 :],
                    text[:i] + text[i - 1 :],
                )
            )
        )
    return edits


def check(language: JsonSchema, schema: Any, seed: int, draws: int) -> int:
    """Draw members, judge them and their accepted mutations; the number of members judged."""
    rng = random.Random(seed)
    is_valid = judge_of(schema)
    drawer = Drawer(language.dfa)
    judged = 0
    for _ in range(draws):
        text = drawer.draw(rng, rng.choice((0, 20, 80, 300)))
        assert language.dfa.matches(text.encode())
        for candidate in (text, *mutations(text, rng, 20)):
            if language.matches(candidate):
                judged += 1
                assert is_valid(strict(candidate)), (schema, candidate)
    return judged


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("whitespace", ["default", "compact", "flexible"])
@pytest.mark.parametrize("numbers", ["plain", "any"])
def test_members_of_a_rich_schema(closed: bool, whitespace: str, numbers: str) -> None:
    language = JsonSchema(ORDER, closed=closed, whitespace=whitespace, numbers=numbers)
    assert check(language, ORDER, seed=1, draws=40) > 60


@given(schemas, leaves, st.integers(0, 2**32), st.sampled_from(["plain", "any"]), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_members_of_random_schemas(schema: Any, definition: Any, seed: int, numbers: str, closed: bool) -> None:
    document = build(schema, definition)
    language = language_of(document, numbers=numbers, closed=closed)
    assume(not language.dfa.is_empty)
    check(language, document, seed, draws=5)
