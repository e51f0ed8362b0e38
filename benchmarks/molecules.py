"""Guided molecules of QM9: kinds of guidance × constraint × strength, judged by RDKit.

    python -m benchmarks.molecules sample out/molecules.jsonl [--samples 1024] [--cells TEXT] [--device cuda --jobs 12]
    python -m benchmarks.molecules judge out/molecules.jsonl qm9.smi.gz

`sample` needs no RDKit; it writes a line per cell and `CHUNK` samples, and leaves alone what the file has already.
`judge` prints the tables: the share of valid samples, distinct ones and novel ones (valid, distinct, and not in QM9)
among them, the mean property of the novel ones, and the mean of the best novel ones: of as many as the cell has that
found fewer of the two, with the language and without.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from statistics import stdev
from typing import Any

STRENGTHS = (1.0, 2.0, 4.0)
KINDS = ("none", "D-CFG", "D-CBG first order", "D-CBG exact", "particles", "particles without log Z")
PARTICLES = 4
CHUNK = 64


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
                for strength in STRENGTHS if constrained or kind != KINDS[-1] else ():  # log Z of free text is 0
                    yield Cell(target, kind, strength, constrained)


# -- sampling -------------------------------------------------------------------------------------------------------


def run(cell: Cell, seeds: range, device: str, automaton: str | None, backend: str | None) -> dict[str, Any]:
    """The texts of a cell, one for each seed, and the seconds that they took."""
    import torch

    torch.set_num_threads(1)
    model, language = _model(device, automaton, backend)
    from examples.molecules.letters import prompt

    level = {cell.target: "high"} if cell.kind == "D-CFG" else {}
    begun = time.perf_counter()
    results = model.generate(
        [prompt(**level)] * len(seeds),
        language if cell.constrained else None,
        seed=list(seeds),
        temperature=1.0,
        **_guidance(cell, device),
    )
    seconds = time.perf_counter() - begun
    texts = [result.text for result in results]
    return {**asdict(cell), "first": seeds.start, "seconds": round(seconds, 1), "texts": texts}


def _guidance(cell: Cell, device: str) -> dict[str, Any]:
    from controlgen.guidance import ClassifierFree, ClassifierGuidance, Particles
    from examples.molecules.chemist import PropertyClassifier

    if cell.kind == "none":
        return {}
    if cell.kind == "D-CFG":  # γ log p(v | y) + (1 − γ) log p(v): strength γ − 1 on top of the conditional model
        return {"guidance": ClassifierFree(cell.strength - 1)}
    classifier = PropertyClassifier(cell.target, device)
    if cell.kind.startswith("particles"):
        reward = partial(_reward, classifier)
        log_z = cell.kind == "particles"
        return {"particles": Particles(reward, count=PARTICLES, strength=cell.strength, log_z=log_z)}
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
    """Run the cells that were asked for, several chunks at once, and write each as it comes."""
    chosen = [cell for cell in cells() if asked.cells in str(cell)]
    chosen.sort(key=lambda cell: (cell.strength == 2.0, KINDS.index(cell.kind)))  # the ends of the scale first
    chunks = [range(asked.samples)[first : first + CHUNK] for first in range(0, asked.samples, CHUNK)]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    have = {(_cell(row), row["first"]) for row in _rows(asked.out)} if asked.out.exists() else set()
    work = partial(run, device=asked.device, automaton=asked.automaton, backend=asked.backend)
    with asked.out.open("a") as out, ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        pending = [
            pool.submit(work, cell, seeds) for seeds in chunks for cell in chosen if (cell, seeds.start) not in have
        ]
        for done in as_completed(pending):
            row = done.result()
            print(json.dumps(row), file=out, flush=True)
            print(_cell(row), row["first"], row["seconds"], flush=True)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _cell(row: dict[str, Any]) -> Cell:
    return Cell(row["target"], row["kind"], row["strength"], row["constrained"])


# -- judging --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """What RDKit says of a cell's samples; `novel` are the properties of the novel molecules, the highest first."""

    valid: float
    distinct: float
    novel: list[float]

    def mean(self, best: int | None = None) -> float:
        """The mean property of the novel molecules, or of the best ones."""
        chosen = self.novel[:best]
        return sum(chosen) / len(chosen) if chosen else float("nan")

    @property
    def error(self) -> float:
        """The standard error of `mean()`."""
        return stdev(self.novel) / len(self.novel) ** 0.5 if len(self.novel) > 1 else float("nan")


def score(texts: Sequence[str], target: int, known: frozenset[str]) -> Score:
    """Shares of all samples, and the property of the valid molecules that are not in `known`."""
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
    novel = sorted((value for name, value in found.items() if name not in known), reverse=True)
    return Score(valid / len(texts), len(found) / len(texts), novel)


def judge(asked: argparse.Namespace) -> None:
    """Print a table for each property."""
    from rdkit import RDLogger

    from examples.molecules.letters import PROPERTIES

    RDLogger.DisableLog("rdApp.*")
    known = _known(asked.known)
    texts: dict[Cell, list[str]] = {}
    for row in _rows(asked.out):
        texts.setdefault(_cell(row), []).extend(row["texts"])
    print(f"{', '.join(map(str, sorted({*map(len, texts.values())})))} samples a cell; {len(known):,} known molecules")
    for index, target in enumerate(PROPERTIES):
        scores = {cell: score(texts[cell], index, known) for cell in texts if cell.target in (target, "any")}
        print(f"\n| {target} | strength | | valid | distinct | novel | mean of the novel | mean of the best novel |")
        print("|---|---|---|---|---|---|---|---|")
        for cell in sorted(scores, key=lambda one: (KINDS.index(one.kind), one.strength, one.constrained)):
            print(_line(cell, scores))


def _line(cell: Cell, scores: dict[Cell, Score]) -> str:
    one, other = scores[cell], scores.get(replace(cell, constrained=not cell.constrained))
    best = min(len(one.novel), len(other.novel)) if other else len(one.novel)
    return (
        f"| {cell.kind} | {cell.strength:g} | {'SMILES' if cell.constrained else 'free'} | {one.valid:.1%} "
        f"| {one.distinct:.1%} | {len(one.novel):,} | {one.mean():.3f} ± {one.error:.3f} "
        f"| {one.mean(best):.3f} of {best} |"
    )


def _known(path: Path) -> frozenset[str]:
    """The molecules of the list, as RDKit writes them."""
    from examples.molecules.prepare import canonical

    with gzip.open(path, "rt") as lines:
        return frozenset(filter(None, (canonical(line.split()[0]) for line in lines if line.strip())))


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
