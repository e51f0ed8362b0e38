"""SMILES of QM9 to canvases and properties: `python -m examples.molecules.prepare qm9.smi.gz out/qm9.npz`.

Needs RDKit, which also says what the properties are: the number of rings, and QED, the drug-likeness of Bickerton et
al. 2012. Molecules whose kekulised SMILES has other letters than ours, or more rings open at once, are left out of
training; what is novel is judged against all of them.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
from rdkit import Chem, RDLogger
from rdkit.Chem import QED, rdMolDescriptors

from examples.molecules.letters import PROPERTIES, encode

__all__ = ["canonical", "kekulised", "prepare", "properties"]


def canonical(text: str) -> str | None:
    """RDKit's canonical SMILES without stereo marks; None if it is no molecule."""
    molecule = Chem.MolFromSmiles(text)
    return None if molecule is None else Chem.MolToSmiles(molecule, isomericSmiles=False)


def kekulised(molecule: Chem.Mol) -> str:
    """SMILES without aromatic letters and stereo marks."""
    copy = Chem.Mol(molecule)
    Chem.Kekulize(copy, clearAromaticFlags=True)
    return Chem.MolToSmiles(copy, kekuleSmiles=True, isomericSmiles=False)


def properties(molecule: Chem.Mol) -> tuple[float, float]:
    """Number of rings and QED, in the order of `PROPERTIES`."""
    return float(rdMolDescriptors.CalcNumRings(molecule)), float(QED.qed(molecule))


def prepare(source: Path, out: Path) -> None:
    """Read the list, write canvases (N, L) uint8 and properties (N, 2) float32."""
    RDLogger.DisableLog("rdApp.*")
    with gzip.open(source, "rt") as lines:
        texts = [line.split()[0] for line in lines if line.strip()]
    molecules = [molecule for text in texts if (molecule := Chem.MolFromSmiles(text)) is not None]
    canvases, values = [], []
    for molecule in molecules:
        canvas = encode(kekulised(molecule))
        if canvas is not None:
            canvases.append(canvas)
            values.append(properties(molecule))
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, canvas=np.array(canvases, np.uint8), properties=np.array(values, np.float32))
    high = np.percentile(np.array(values), 90, axis=0)
    print(f"{len(texts):,} lines, {len(molecules):,} molecules, {len(canvases):,} canvases")
    print("90th percentiles:", dict(zip(PROPERTIES, high.round(4).tolist(), strict=True)))


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
