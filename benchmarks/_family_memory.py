"""Device memory of one step's exact queries beside that of the logits themselves, on CUDA.

    python benchmarks/_family_memory.py [--automaton FILE] [--tokenizer PATH] [--length 256] [--batch 8]
    python benchmarks/_family_memory.py --write FILE [--tokenizer PATH]

Also `python -m benchmarks.families memory`. Runs from a bare checkout: with a FILE that another machine wrote (the
compiled constraint) torch, numba and safetensors are enough; without one jsonschema-rs and the rest of the compiler
are needed.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import string
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 262_144
DTYPES = (torch.bfloat16, torch.float32)
_PIECES = ('{"', '":"', '","', '"}', '":', '":{"', '":[{"', '"},{"', "}]", "true", "false", "null", " ")


def bare_checkout() -> None:
    """Make the top-level folders importable as `controlgen.constraints` and the like where nothing is installed."""
    sys.path.insert(0, str(ROOT))
    import controlgen

    if importlib.util.find_spec("controlgen.constraints") is None:
        controlgen.__path__.append(str(ROOT))


def pieces() -> Iterator[bytes]:
    """Different byte strings in the manner of a large vocabulary: bytes, JSON, numbers, words with and without space.

    Never ends."""
    yield from (bytes([code]) for code in range(256))
    yield from (piece.encode() for piece in _PIECES[:-1])
    for size in (2, 3):
        yield from (f"{number:0{size}d}".encode() for number in range(10**size))
    letters = string.ascii_lowercase
    for size in itertools.count(2):
        for word in itertools.product(letters, repeat=size):
            text = "".join(word)
            yield from (text.encode(), b" " + text.encode(), text.capitalize().encode())


def automaton(tokenizer: Path | None) -> Any:
    """The invoice of the step benchmark, for 262,144 columns."""
    from controlgen.constraints import JsonSchema, Vocabulary

    sys.path.insert(0, str(ROOT / "benchmarks"))
    from compile import INVOICE  # type: ignore[import-not-found]

    if tokenizer is not None:
        return JsonSchema(INVOICE).compile(Vocabulary.from_tokenizer(tokenizer, size=COLUMNS))
    tokens: list[bytes | None] = list(itertools.islice(pieces(), COLUMNS - 2))
    stop, pad = COLUMNS - 2, COLUMNS - 1
    return JsonSchema(INVOICE).compile(Vocabulary.from_bytes([*tokens, None, None], stop_ids=[stop], pad_ids=[pad]))


def read(path: Path) -> Any:
    """A compiled constraint from its file."""
    from controlgen.constraints import TokenAutomaton

    return TokenAutomaton.load(path)


def _mode(asked: Any) -> Tensor:
    witness = asked.mode()
    return asked.confidence(witness)


def _all(asked: Any) -> Tensor:
    witness = asked.mode()
    return asked.confidence(witness) + asked.entropy() + asked.support_size()


QUERIES: dict[str, Callable[[Any], Tensor]] = {
    "mode, confidence": _mode,
    "mode, confidence, entropy, allowed": _all,
    "sample, confidence": lambda asked: asked.confidence(asked.sample()),
    "mbr": lambda asked: asked.mbr(),
    "support": lambda asked: asked.support(),
    "support_size": lambda asked: asked.support_size(),
}


def peak(work: Callable[[], Any]) -> tuple[int, float]:
    """Most bytes above what was allocated before, the results included; and seconds."""
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    kept = work()
    torch.cuda.synchronize()
    seconds = time.perf_counter() - begun
    highest = torch.cuda.max_memory_allocated() - before
    del kept
    return highest, seconds


def rows(compiled: Any, batch: int, length: int, backend: str | None) -> list[dict[str, str]]:
    """A line for each dtype and query, first and later calls apart."""
    from controlgen.constraints import posterior

    found = []
    for dtype in DTYPES:
        generator = torch.Generator("cuda").manual_seed(0)
        logits = torch.empty(batch, length, compiled.vocab_size, dtype=dtype, device="cuda")
        for row in logits:
            row.copy_(3 * torch.randn(row.shape, device="cuda", generator=generator))
        size = logits.numel() * logits.element_size()
        for name, query in QUERIES.items():

            def work(query: Callable[[Any], Tensor] = query, logits: Tensor = logits) -> Tensor:
                return query(posterior(compiled, logits, normalize=True, backend=backend))

            first, _ = peak(work)
            later, seconds = peak(work)
            found.append(
                {
                    "logits": f"{str(dtype).removeprefix('torch.')}, {size / 2**20:,.0f} MiB",
                    "queries": name,
                    "first, MiB": f"{first / 2**20:,.1f}",
                    "later, MiB": f"{later / 2**20:,.1f}",
                    "later / logits": f"{later / size:.3f}",
                    "ms": f"{1e3 * seconds:.1f}",
                }
            )
        del logits
    return found


def printed(lines: Sequence[dict[str, str]]) -> str:
    """A plain table."""
    names = list(lines[0])
    widths = [max(len(name), *(len(line[name]) for line in lines)) for name in names]
    table = [names, *([line[name] for name in names] for line in lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)


def run(
    file: Path | None, tokenizer: Path | None, write: Path | None, batch: int, length: int, backend: str | None = None
) -> int:
    """Measure and print, or write the compiled constraint; returns the exit code."""
    bare_checkout()
    if write is None and not torch.cuda.is_available():
        print("no CUDA device here: device memory can't be measured", file=sys.stderr)
        return 2
    compiled = read(file) if file is not None else automaton(tokenizer)
    sizes = f"{compiled.num_states} states, {compiled.num_edges:,} edges, {compiled.num_classes} classes"
    if write is not None:
        compiled.save(write)
        print(f"{write}: {sizes}, {compiled.vocab_size:,} columns")
        return 0
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    print(f"L={length}, batch {batch}, {compiled.vocab_size:,} columns, {sizes}")
    print("peak device memory above the logits, results included; 'first' holds the automaton's own tensors too")
    print(printed(rows(compiled, batch, length, backend)))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--automaton", type=Path, help="a compiled constraint that --write wrote")
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json; by default a synthetic vocabulary")
    parser.add_argument("--write", type=Path, help="write the compiled constraint instead")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--backend", help="torch or hybrid; by default what the library takes")
    given = parser.parse_args()
    return run(given.automaton, given.tokenizer, given.write, given.batch, given.length, given.backend)


if __name__ == "__main__":
    sys.exit(main())
