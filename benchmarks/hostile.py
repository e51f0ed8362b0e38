"""Hostile logits: random ones, and ones with all mass on what is forbidden. Is every output still valid?

    python -m benchmarks.hostile [--generations 2400] [--tokenizer PATH] [--seed 0]

No model: at each step fresh logits come from an adversary who knows the constraint's mask; a witness is taken
from the posterior (mode, sample or mbr) and some of its tokens are committed, in an order of the adversary's
choice. Every witness of every step is judged, not the last one only: by the tokenizer's own decoder,
`json.loads` and `jsonschema` (with checks of our own for the formats that it leaves unchecked).
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import torch
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from benchmarks._schemas import SCHEMAS
from controlgen.constraints import JsonSchema, TokenAutomaton, Vocabulary

SOURCES = ("mode", "sample", "mbr")
ORDERS = ("one at a time", "random portions", "blocks", "together")
ADVERSARIES = ("noise", "forbidden", "starved")
_LONGEST = 72  # tokens of a canvas beyond the least number


@dataclass(frozen=True)
class Plan:
    """How the tokens of one batch are chosen."""

    source: str
    order: str
    adversary: str


@dataclass
class Count:
    """What happened under one schema."""

    generations: int = 0
    witnesses: int = 0
    longest: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Subject:
    """A schema, compiled, and its judge."""

    name: str
    automaton: TokenAutomaton
    fault_of: Callable[[list[int]], str | None]


def small_tokenizer() -> Tokenizer:
    """A byte-level vocabulary of 512 tokens, trained on documents of the kind that is asked for."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=["<|end|>", "<|pad|>", "<|mask|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    documents = [json.dumps(schema, ensure_ascii=False) for _, schema, _ in SCHEMAS]
    tokenizer.train_from_iterator([*documents, "2024-02-29T23:59:59Z", "e@mail.example.org"], trainer)
    return tokenizer


def read_vocabulary(path: Path | None) -> tuple[Tokenizer, Vocabulary]:
    """The tokenizer and its vocabulary; logits of the small one have three columns more than tokens."""
    if path is None:
        tokenizer = small_tokenizer()
        size = tokenizer.get_vocab_size() + 3
        return tokenizer, Vocabulary.from_tokenizer(
            tokenizer, stop_ids=[0], pad_ids=[1], size=size, cache_dir=False
        )
    file = path / "tokenizer.json" if path.is_dir() else path
    return Tokenizer.from_file(str(file)), Vocabulary.from_tokenizer(path)


# -- the judge -------------------------------------------------------------------------------------------


_TIME = re.compile(
    r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII
)


def is_time(text: object) -> bool:
    """RFC 3339 full-time; a leap second is the last one of a day in UTC."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return False
    hour, minute, second, sign, hours, minutes = found.groups("0")
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return second != "60" or (int(hour) * 60 + int(minute) - offset) % 1440 == 1439


def is_date_time(text: object) -> bool:
    """RFC 3339 date-time."""
    if not isinstance(text, str) or text[10:11] not in ("T", "t"):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return is_time(text[11:])


def format_checker() -> jsonschema.FormatChecker:
    """Every format of the schemas is checked, with or without the optional packages of jsonschema."""
    checker = jsonschema.FormatChecker(["date", "email", "ipv4", "uuid"])
    checker.checks("time")(is_time)
    checker.checks("date-time")(is_date_time)
    return checker


def judge(
    schema: dict[str, Any], tokenizer: Tokenizer, vocabulary: Vocabulary
) -> Callable[[list[int]], str | None]:
    """Says what is wrong with a canvas, or None. Of the constraint it knows the stop and pad ids only."""
    validator = jsonschema.Draft202012Validator(schema, format_checker=format_checker())
    stop, silent = set(vocabulary.stop_ids), {*vocabulary.stop_ids, *vocabulary.pad_ids}
    known: dict[str, str | None] = {}

    def fault_of(canvas: list[int]) -> str | None:
        end = next((i for i, token in enumerate(canvas) if token in stop), len(canvas))
        if any(token not in silent for token in canvas[end:]):
            return "text after the end"
        if any(token in silent for token in canvas[:end]):
            return "padding before the end"
        text = tokenizer.decode(canvas[:end], skip_special_tokens=False)
        if text not in known:
            known[text] = _fault_of_text(text, validator)
        return known[text]

    return fault_of


def _fault_of_text(text: str, validator: Any) -> str | None:
    try:
        value = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse)
    except ValueError:
        return "not JSON"
    return None if validator.is_valid(value) else "not valid"


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


# -- the adversary ---------------------------------------------------------------------------------------


def hostile_logits(
    plan: Plan, constraint: TokenAutomaton, fixed: Tensor, generator: torch.Generator
) -> Tensor:
    """Logits (B, L, V): noise, or all mass on tokens that are forbidden where they stand."""
    noise = torch.randn(*fixed.shape, constraint.vocab_size, generator=generator) * 6
    if plan.adversary == "noise":
        return noise.to(torch.bfloat16) if plan.order == "blocks" else noise
    allowed = constraint.posterior(noise, fixed).support()  # (B, L, V)
    if plan.adversary == "forbidden":
        return torch.where(allowed, noise, noise + 1e4)
    return torch.where(allowed, float("-inf"), noise)


def next_commits(plan: Plan, open_: Tensor, generator: random.Random) -> Tensor:
    """Which open positions of one row are committed now: bool (L,)."""
    places = torch.nonzero(open_).flatten().tolist()
    if plan.order == "one at a time":
        chosen = [generator.choice(places)]
    elif plan.order == "random portions":
        chosen = generator.sample(places, generator.randint(1, len(places)))
    elif plan.order == "blocks":
        first = places[0] if generator.random() < 0.5 else generator.choice(places)
        chosen = [p for p in places if first <= p < first + 8]
    else:
        chosen = places
    commits = torch.zeros_like(open_)
    commits[chosen] = True
    return commits


# -- generation ------------------------------------------------------------------------------------------


def generate(subject: Subject, plan: Plan, rows: int, length: int, seed: int, count: Count) -> None:
    """Fill `rows` canvases of `length` positions against the adversary; judge every witness on the way."""
    chance, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    fixed = torch.full((rows, length), -1)
    while bool((fixed < 0).any()):
        logits = hostile_logits(plan, subject.automaton, fixed, generator)
        posterior = subject.automaton.posterior(logits, fixed)
        witness = (
            posterior.sample(generator) if plan.source == "sample" else getattr(posterior, plan.source)()
        )
        if tuple(witness.shape) != (rows, length):
            count.faults["not as long as the canvas"] += rows
            return
        for row in range(rows):
            canvas = witness[row].tolist()
            count.witnesses += 1
            fault = subject.fault_of(canvas)
            if bool(((fixed[row] >= 0) & (fixed[row] != witness[row])).any()):
                fault = "a committed token was changed"
            if fault:
                count.faults[fault] += 1
            open_ = fixed[row] < 0
            if bool(open_.any()):
                commits = next_commits(plan, open_, chance)
                fixed[row, commits] = witness[row, commits]
    for row in range(rows):
        count.generations += 1
        canvas = fixed[row].tolist()
        fault = subject.fault_of(canvas)
        if fault:
            count.faults[f"final: {fault}"] += 1
        count.longest = max(count.longest, len(canvas))


def plans(generations: int, chance: random.Random) -> Iterator[tuple[Plan, int]]:
    """Plans with their numbers of rows, `generations` together; every combination before any comes again."""
    every = [Plan(*parts) for parts in product(SOURCES, ORDERS, ADVERSARIES)]
    chance.shuffle(every)
    rows, rest = divmod(generations, len(every))
    for place, plan in enumerate(every):
        own = rows + (place < rest)
        if own:
            yield plan, own


def attack(subject: Subject, generations: int, seed: int, longest: int = _LONGEST) -> Count:
    """All plans against one schema, on canvases from the least length on."""
    count, chance = Count(), random.Random(seed)
    least = subject.automaton.min_tokens
    for place, (plan, rows) in enumerate(plans(generations, chance)):
        length = max(1, least + chance.choice([0, 1, 2, 5, 16, chance.randint(0, longest)]))
        generate(subject, plan, rows, length, 1000 * seed + place, count)
    return count


def subjects(tokenizer: Tokenizer, vocabulary: Vocabulary) -> Iterator[Subject]:
    """The schemas, compiled. A verified language would need candidates, and there is none here."""
    for name, schema, whitespace in SCHEMAS:
        automaton = JsonSchema(schema, whitespace=whitespace).compile(vocabulary)
        if automaton.exactness != "exact":
            raise RuntimeError(f"schema {name!r} is {automaton.exactness}: only exact ones are attacked here")
        yield Subject(name, automaton, judge(schema, tokenizer, vocabulary))


def main(
    generations: Annotated[int, typer.Option(help="Generations over all schemas.")] = 2400,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json; by default a small one.")] = None,
    longest: Annotated[int, typer.Option(help="Most positions beyond the least number.")] = _LONGEST,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Attack every schema and print what came of it; exit code 1 if anything was wrong."""
    start = time.perf_counter()
    library, vocabulary = read_vocabulary(tokenizer)
    all_subjects = list(subjects(library, vocabulary))
    table = Table(title=f"hostile logits, {vocabulary.size:,} columns", title_justify="left")
    for column in ("schema", "edges", "least tokens", "longest canvas", "generations", "witnesses", "faults"):
        table.add_column(
            column, justify="left" if column == "schema" else "right", no_wrap=column == "schema"
        )
    total = Count()
    for place, subject in enumerate(track(all_subjects, "attacking", transient=True)):
        own = generations // len(all_subjects) + (place < generations % len(all_subjects))
        count = attack(subject, own, seed + place, longest)
        automaton = subject.automaton
        numbers = (
            automaton.num_edges,
            automaton.min_tokens,
            count.longest,
            count.generations,
            count.witnesses,
        )
        faults = ", ".join(f"{n} {what}" for what, n in count.faults.items())
        table.add_row(subject.name, *(f"{n:,}" for n in numbers), faults or "0")
        total.generations += count.generations
        total.witnesses += count.witnesses
        total.faults += count.faults
    console = Console()
    console.print(table)
    console.print(
        f"{total.generations:,} generations over {len(all_subjects)} schemas, {total.witnesses:,} witnesses "
        f"judged, {total.faults.total()} faults, {time.perf_counter() - start:.0f} s"
    )
    raise typer.Exit(1 if total.faults else 0)


if __name__ == "__main__":
    typer.run(main)
