"""Molecules under the SMILES language, unguided and guided: `python -m examples.molecules.run out/molecules.svg`.

RDKit draws them where it is installed; the texts are printed in any case.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from controlgen.guidance import ClassifierFree
from examples.molecules.chemist import chemist
from examples.molecules.language import smiles
from examples.molecules.letters import prompt

__all__ = ["main"]

WISHES = {"any": {}, "many rings": {"rings": "high"}, "drug-like": {"qed": "high"}}


def draw(rows: dict[str, Sequence[str]], out: Path) -> None:
    """One line of molecules for each wish, as SVG."""
    from rdkit import Chem
    from rdkit.Chem import Draw

    named = [(text, wish) for wish, texts in rows.items() for text in texts]
    image = Draw.MolsToGridImage(
        [Chem.MolFromSmiles(text) for text, _ in named],
        molsPerRow=max(map(len, rows.values())),
        legends=[f"{wish}: {text}" for text, wish in named],
        useSVG=True,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(image if isinstance(image, str) else image.data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("out/molecules.svg"))
    parser.add_argument("--count", type=int, default=4, help="molecules of each kind")
    parser.add_argument("--strength", type=float, default=2.0, help="γ of classifier-free guidance")
    asked = parser.parse_args()
    model, language, rows = chemist(), smiles(), {}
    for wish, levels in WISHES.items():
        guidance = ClassifierFree(asked.strength - 1) if levels else ()
        results = model.generate(
            [prompt(**levels)] * asked.count, language, seed=list(range(asked.count)), temperature=1.0,
            guidance=guidance,
        )  # fmt: skip
        rows[wish] = [result.text for result in results]
        print(f"{wish}: {' '.join(rows[wish])}", flush=True)
    try:
        draw(rows, asked.out)
    except ImportError:
        print("RDKit is not installed: no drawing")
    else:
        print("drawn:", asked.out)


if __name__ == "__main__":
    main()
