"""Quotes under hostile logits: is anything invented? And what a source costs to compile, by its size.

    python -m benchmarks.quotes [--generations 1200] [--order together] [--tokenizer PATH] [--seed 0]

The adversary is that of `benchmarks.hostile`: noise, or all mass on tokens that the constraint forbids. Every
witness of every step is judged by Python's `in` on the decoded text, or on what `json.loads` reads from it.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track
from tokenizers import Tokenizer

from benchmarks import hostile
from benchmarks._report import Row, show
from controlgen.constraints import BudgetExceeded, Language, Quote, Vocabulary
from controlgen.constraints import _terms as terms
from controlgen.constraints._expansion import forget_compiled_parts

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("quote", "words", "in JSON", "words in JSON")
BOUNDED = "at most 40 chars"
SIZES = (1_000, 5_000, 20_000, 50_000, 100_000)


def prose(size: int) -> str:
    """The project's own licence, pages and code, as long text."""
    paths = [ROOT / "LICENSE", ROOT / "README.md", *sorted((ROOT / "constraints").glob("*.py"))]
    return "".join(path.read_text(encoding="utf-8") for path in paths)[:size]


def documents() -> dict[str, list[str]]:
    """Sources by name: what people quote from, and what is hard to quote."""
    chance = random.Random(0)
    bills = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples/documents/bills").glob("*.txt"))]
    strange = '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028\ud7ff\ue000\ufeff\U0010ffffe\u0301é日😀'
    return {
        "licence": [prose(8_000)],
        "bills": bills,
        "escapes": ['He said: "C:\\new\\table"\n\tand left.\x07\x1b[0m "\\"" \\u0041 {"quote": "x"}\r\n' * 5],
        "scripts": ["où était-ce? 日本語のテキストと中文 größer 😀👩‍👩‍👧 e\u0301a\u0308 हिन्दी ไทย العربية\n" * 3],
        "strange": ["".join(chance.choice(strange) for _ in range(400))],
        "one letter": ["a" * 100],
        "several": ["ab", "ba", "", "The end", "the beginning", 'end"', "\n"],
    }


def language(kind: str, source: list[str]) -> Language:
    """A quote, or an object with a quote as its one field."""
    quote = Quote(source, words="words" in kind, max_chars=40 if kind == BOUNDED else None)
    if "JSON" not in kind:
        return quote
    return Language(terms.seq(terms.lit('{"quote": '), terms.json_string(quote.term), terms.lit("}")))


def judge(
    kind: str, source: list[str], tokenizer: Tokenizer, vocabulary: Vocabulary
) -> Callable[[list[int]], str | None]:
    """Says what is wrong with a canvas, or None. Knows no automaton."""
    stop, silent = set(vocabulary.stop_ids), {*vocabulary.stop_ids, *vocabulary.pad_ids}

    def fault_of(canvas: list[int]) -> str | None:
        end = next((i for i, token in enumerate(canvas) if token in stop), len(canvas))
        if any(token not in silent for token in canvas[end:]):
            return "text after the end"
        text = tokenizer.decode(canvas[:end], skip_special_tokens=False)
        if "JSON" in kind:
            try:
                value = json.loads(text)
            except ValueError:
                return "not JSON"
            if list(value) != ["quote"]:
                return "another object"
            text = value["quote"]
        return None if stands(text, source, words="words" in kind) else "invented"

    return fault_of


def stands(text: str, source: list[str], *, words: bool) -> bool:
    r"""Whether a text is in a document, by Python; with `words`, at borders of `\w+`."""
    if not text or not any(text in document for document in source):
        return False
    front = r"(?<!\w)" if re.match(r"\w", text) else ""
    back = r"(?!\w)" if re.match(r"\w", text[-1]) else ""
    return not words or any(re.search(front + re.escape(text) + back, document) for document in source)


def attack(subject: hostile.Subject, generations: int, orders: list[str], seed: int) -> hostile.Count:
    """Every plan against one language, on canvases of 32 to 128 positions."""
    count, chance = hostile.Count(), random.Random(seed)
    every = [plan for plan, _ in hostile.plans(10_000, chance) if plan.order in orders]
    for turn in range(generations):
        length = max(chance.randint(32, 128), subject.automaton.min_tokens)
        hostile.generate(subject, every[turn % len(every)], 1, length, 1000 * seed + turn, count)
    return count


def attacks(
    tokenizer: Tokenizer, vocabulary: Vocabulary, generations: int, orders: list[str], seed: int
) -> Iterator[tuple[Row, hostile.Count]]:
    """A row for each document, all kinds of quotes together."""
    sources = documents()
    jobs = [(name, kind) for name in sources for kind in KINDS]
    for name in track(sources, "attacking", transient=True):
        total = hostile.Count()
        for kind in KINDS:
            place = jobs.index((name, kind))
            own = generations // len(jobs) + (place < generations % len(jobs))
            automaton = language(kind, sources[name]).compile(vocabulary)
            fault_of = judge(kind, sources[name], tokenizer, vocabulary)
            _add(total, attack(hostile.Subject(name, automaton, fault_of), own, orders, seed + place))
        yield _row(name, sources[name], total), total


def _add(total: hostile.Count, count: hostile.Count) -> None:
    total.generations += count.generations
    total.witnesses += count.witnesses
    total.longest = max(total.longest, count.longest)
    total.faults += count.faults


def _row(name: str, source: list[str], total: hostile.Count) -> Row:
    return {
        "source": name,
        "documents": len(source),
        "characters": f"{sum(map(len, source)):,}",
        "longest canvas": total.longest,
        "generations": f"{total.generations:,}",
        "witnesses": f"{total.witnesses:,}",
        "faults": ", ".join(f"{n} {what}" for what, n in total.faults.items()) or "0",
    }


def costs(vocabulary: Vocabulary, repeat: int) -> Iterator[Row]:
    """Sizes and milliseconds from a source to its token automaton, caches emptied, kernels and vocabulary warm."""
    language("in JSON", [prose(100)]).compile(vocabulary)
    for size in SIZES:
        text = prose(size)
        for kind in (*KINDS, BOUNDED):
            cost = _cost(lambda kind=kind, text=text: language(kind, [text]), vocabulary, repeat)
            yield {"characters": f"{len(text):,}", "kind": kind, **cost}


def _cost(make: Callable[[], Language], vocabulary: Vocabulary, repeat: int) -> Row:
    bytes_ms, tokens_ms = [], []
    for _ in range(repeat):
        forget_compiled_parts()
        begun = time.perf_counter()
        subject = make()
        try:
            states = subject.dfa.num_states
            read = time.perf_counter()
            automaton: Any = subject.compile(vocabulary)
        except BudgetExceeded as error:
            return {"byte states": "refused", "edges": str(error).split(";")[0]}
        bytes_ms.append(1000 * (read - begun))
        tokens_ms.append(1000 * (time.perf_counter() - read))
    return {
        "byte states": f"{states:,}",
        "edges": f"{automaton.num_edges:,}",
        "classes": f"{automaton.num_classes:,}",
        "bytes ms": f"{statistics.median(bytes_ms):.0f}",
        "tokens ms": f"{statistics.median(tokens_ms):.0f}",
    }


def main(
    generations: Annotated[int, typer.Option(help="Generations over all documents and kinds.")] = 1200,
    order: Annotated[list[str] | None, typer.Option(help="Orders of commits; by default all of hostile's.")] = None,
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json; by default a small one.")] = None,
    repeat: Annotated[int, typer.Option(help="Runs of each compilation.")] = 3,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Attack every document and print what came of it; exit code 1 if anything was wrong."""
    unknown = set(order or ()) - set(hostile.ORDERS)
    if unknown:
        raise typer.BadParameter(f"orders are {', '.join(hostile.ORDERS)}, not {', '.join(sorted(unknown))}")
    start = time.perf_counter()
    library, vocabulary = hostile.read_vocabulary(tokenizer)
    show(f"cost of a source, {vocabulary.size:,} columns", list(costs(vocabulary, repeat)))
    found = list(attacks(library, vocabulary, generations, order or list(hostile.ORDERS), seed))
    counts = [count for _, count in found]
    faults = sum(count.faults.total() for count in counts)
    invented = sum(n for count in counts for what, n in count.faults.items() if what.endswith("invented"))
    made, judged = (sum(getattr(count, name) for count in counts) for name in ("generations", "witnesses"))
    show(
        f"quotes under hostile logits, {vocabulary.size:,} columns",
        [row for row, _ in found],
        [
            f"{made:,} generations, {judged:,} witnesses judged: {invented} invented, {faults} faults in all, "
            f"{time.perf_counter() - start:.0f} s"
        ],
    )
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    typer.run(main)
