"""An Outlines model over a diffusion language model: `.venv/bin/python examples/drop_ins/outlines_model.py`.

Offline, on a CPU: the model that comes with the package. For another one give `from_controlgen` what
`controlgen.load("FOLDER")` returns; everything else stays as it is.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

import outlines
from pydantic import BaseModel

import controlgen
from controlgen.integrations.outlines import from_controlgen

DOCUMENTS = Path(__file__).parents[1] / "documents" / "bills"


class Bill(BaseModel):
    vendor: str
    issued: date
    currency: Literal["EUR", "USD", "GBP"]
    total: float


class Due(BaseModel):
    total: float


def main() -> None:
    model = from_controlgen(controlgen.load(), max_new_tokens=64, steps=16, seed=0)
    invoice, order = ((DOCUMENTS / name).read_text(encoding="utf-8") for name in ("invoice.txt", "order.txt"))

    print(f"a Pydantic model: {Bill.model_validate_json(model(invoice, Bill))!r}")

    generator = outlines.Generator(model, Due)
    print(f"a batch: {' and '.join(generator.batch([invoice, order]))}")
    print(f"a stream: {' + '.join(map(repr, generator.stream(order)))}")


if __name__ == "__main__":
    main()
