"""Guided molecules of QM9: kinds of guidance × constraint × strength, judged by RDKit.

    python -m benchmarks.molecules sample out/molecules.jsonl [--samples 1024] [--cells TEXT] [--device cuda --jobs 12]
    python -m benchmarks.molecules judge out/molecules.jsonl qm9.smi.gz

`sample` needs no RDKit; it writes one line per cell. `judge` prints the tables: the share of valid samples, distinct
ones and novel ones (valid, distinct, and not in QM9) among them, and the mean property of the novel ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

STRENGTHS = (1.0, 2.0, 4.0)
KINDS = ("none", "D-CFG", "D-CBG first order", "D-CBG exact", "particles")
PARTICLES = 4


@dataclass(frozen=True)
class Cell:
    """One cell of the table; `strength` is γ of D-CFG and D-CBG, λ of particles."""

    target: str
    kind: str
    strength: float
    constrained: bool

    def __str__(self) -> str:
        return f"{self.target}/{self.kind}/{self.strength:g}/{'smiles' if self.constrained else 'free'}"


def cells() -> Iterator[Cell]:
    """All cells; those without guidance once per property, since their samples are the same."""
    for constrained in (False, True):
        yield Cell("any", "none", 0.0, constrained)
        for target in ("rings", "qed"):
            for kind in KINDS[1:]:
                for strength in STRENGTHS:
                    yield Cell(target, kind, strength, constrained)


# -- sampling -------------------------------------------------------------------------------------------------------


def run(cell: Cell, samples: int, device: str, automaton: str | None, backend: str | None) -> dict[str, Any]:
    """The texts of a cell, and the seconds that they took."""
    import torch

    torch.set_num_threads(1)
    model, language = _model(device, automaton, backend)
    from examples.molecules.letters import prompt

    level = {cell.target: "high"} if cell.kind == "D-CFG" else {}
    begun = time.perf_counter()
    results = model.generate(
        [prompt(**level)] * samples,
        language if cell.constrained else None,
        seed=list(range(samples)),
        temperature=1.0,
        **_guidance(cell, device),
    )
    seconds = time.perf_counter() - begun
    return {**asdict(cell), "seconds": round(seconds, 1), "texts": [result.text for result in results]}


def _guidance(cell: Cell, device: str) -> dict[str, Any]:
    from controlgen.guidance import ClassifierFree, ClassifierGuidance, Particles
    from examples.molecules.chemist import PropertyClassifier

    if cell.kind == "none":
        return {}
    if cell.kind == "D-CFG":  # γ log p(v | y) + (1 − γ) log p(v): strength γ − 1 on top of the conditional model
        return {"guidance": ClassifierFree(cell.strength - 1)}
    classifier = PropertyClassifier(cell.target, device)
    if cell.kind == "particles":
        reward = partial(_reward, classifier)
        return {"particles": Particles(reward, count=PARTICLES, strength=cell.strength)}
    method: Any = "exact" if cell.kind.endswith("exact") else "first_order"
    return {"guidance": ClassifierGuidance(classifier, cell.strength, method=method, batch_size=16384)}


def _reward(classifier: Any, texts: Sequence[str]) -> list[float]:
    """log p(high | x) of whole drafts, by the classifier at next to no noise."""
    import torch

    from examples.molecules.letters import CANVAS, END, encode

    canvases = [encode(text) or [END] * CANVAS for text in texts]
    with torch.no_grad():
        return classifier(torch.tensor(canvases), 0.02).tolist()


@cache
def _model(device: str, automaton: str | None, backend: str | None) -> tuple[Any, Any]:
    from controlgen.constraints import TokenAutomaton, _posterior
    from examples.molecules.chemist import chemist
    from examples.molecules.language import smiles

    if backend is not None:
        chosen: Callable[..., Any] = _posterior.select_backend
        _posterior.select_backend = lambda name, place: chosen(name or backend, place)
    model, language = chemist(device), smiles()
    if automaton is not None:  # compiled elsewhere
        key = (language.term, language.weights, language.borders, True, False)
        model._automata[key] = TokenAutomaton.load(automaton)
    return model, language


def sample(asked: argparse.Namespace) -> None:
    """Run the cells that were asked for, several at once, and write each as it comes."""
    chosen = [cell for cell in cells() if asked.cells in str(cell)]
    chosen.sort(key=lambda cell: (cell.strength == 2.0, KINDS.index(cell.kind)))  # the ends of the scale first
    work = partial(run, samples=asked.samples, device=asked.device, automaton=asked.automaton, backend=asked.backend)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with asked.out.open("w") as out, ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(work, cell) for cell in chosen]):
            row = done.result()
            print(json.dumps(row), file=out, flush=True)
            print(
                Cell(*(row[name] for name in ("target", "kind", "strength", "constrained"))), row["seconds"], flush=True
            )


# -- judging --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """What RDKit says of a cell's samples."""

    valid: float
    distinct: float
    novel: int
    mean: float
    error: float


def score(texts: Sequence[str], target: int, known: frozenset[str]) -> Score:
    """Shares of all samples, and the mean property of novel valid molecules with its standard error."""
    from rdkit import Chem

    from examples.molecules.prepare import properties

    found: dict[str, float] = {}
    valid = 0
    for text in texts:
        molecule = Chem.MolFromSmiles(text) if text else None
        if molecule is None:
            continue
        valid += 1
        name = Chem.MolToSmiles(molecule, isomericSmiles=False)
        if name not in found:
            found[name] = properties(molecule)[target]
    novel = [value for name, value in found.items() if name not in known]
    mean = sum(novel) / len(novel) if novel else float("nan")
    spread = (sum((value - mean) ** 2 for value in novel) / max(len(novel) - 1, 1)) ** 0.5
    return Score(valid / len(texts), len(found) / len(texts), len(novel), mean, spread / max(len(novel), 1) ** 0.5)


def judge(asked: argparse.Namespace) -> None:
    """Print a table for each property."""
    from rdkit import RDLogger

    from examples.molecules.letters import PROPERTIES

    RDLogger.DisableLog("rdApp.*")
    known = _known(asked.known)
    rows = [json.loads(line) for line in asked.out.read_text().splitlines()]
    print(f"{len(rows[0]['texts']):,} samples a cell; {len(known):,} known molecules")
    for index, target in enumerate(PROPERTIES):
        scores = {
            (row["kind"], row["strength"], row["constrained"]): score(row["texts"], index, known)
            for row in rows
            if row["target"] in (target, "any")
        }
        print(f"\n{target}\n\n| guidance | strength | | valid | distinct | novel | mean {target} of the novel |")
        print("|---|---|---|---|---|---|---|")
        for kind in KINDS:
            for strength in sorted({key[1] for key in scores if key[0] == kind}):
                for constrained in (False, True):
                    if (kind, strength, constrained) in scores:
                        _print(kind, strength, constrained, scores[kind, strength, constrained])


def _print(kind: str, strength: float, constrained: bool, one: Score) -> None:
    print(
        f"| {kind} | {strength:g} | {'SMILES' if constrained else 'free'} | {one.valid:.1%} | {one.distinct:.1%} "
        f"| {one.novel:,} | {one.mean:.3f} ± {one.error:.3f} |"
    )


def _known(path: Path) -> frozenset[str]:
    """The molecules of the list, as RDKit writes them."""
    from examples.molecules.prepare import canonical

    kept = path.with_suffix(".canonical.json") if path.parent.name == "out" else None
    if kept is not None and kept.exists():
        return frozenset(json.loads(kept.read_text()))
    with gzip.open(path, "rt") as lines:
        names = frozenset(filter(None, (canonical(line.split()[0]) for line in lines if line.strip())))
    if kept is not None:
        kept.write_text(json.dumps(sorted(names)))
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sample", "judge"))
    parser.add_argument("out", type=Path)
    parser.add_argument("known", type=Path, nargs="?", help="of judge: the list of QM9")
    parser.add_argument("--samples", type=int, default=1024)
    parser.add_argument("--cells", default="", help="only cells whose name holds this, such as rings/D-CFG")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=1, help="cells at a time")
    parser.add_argument("--automaton", help="of sample: the SMILES language, compiled and saved")
    parser.add_argument("--backend", help="of sample: for exact inference, such as torch")
    asked = parser.parse_args()
    {"sample": sample, "judge": judge}[asked.what](asked)


if __name__ == "__main__":
    main()
