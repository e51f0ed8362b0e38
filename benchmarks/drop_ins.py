"""transformers' own `DiffusionGemma.generate` with and without the constraint object, small random weights.

    python -m benchmarks.drop_ins                                    a small vocabulary
    python -m benchmarks.drop_ins --tokenizer PATH [--steps 6]       a tokenizer of the model's kind (262,144 tokens)

Canvases of 256 tokens, three of them; every text has to be longer than one canvas. The judge is `jsonschema`, on the
text that the tokenizer itself decodes. Run it from the top folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jsonschema
import torch
from transformers import LogitsProcessorList

from controlgen.constraints import JsonSchema, TokenAutomaton, Vocabulary
from controlgen.integrations import DiffusionGemmaConstraint
from tests.controlgen.integrations._gemma import gemma
from tests.controlgen.zoo import _tokenizer

ITEM = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
        "name": {"type": "string", "minLength": 3, "maxLength": 16},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 999},
        "paid": {"type": "boolean"},
    },
    "required": ["sku", "name", "quantity", "paid"],
    "additionalProperties": False,
}


def schema(least: int, most: int) -> dict[str, Any]:
    """An order with so many lines."""
    lines = {"type": "array", "items": ITEM, "minItems": least, "maxItems": most}
    return {"type": "object", "properties": {"lines": lines}, "required": ["lines"], "additionalProperties": False}


def opened(path: Path | None) -> tuple[Any, int, list[int], list[int]]:
    """A tokenizer, the logit columns, stop and pad ids."""
    from tokenizers import Tokenizer

    if path is not None:
        return Tokenizer.from_file(str(path)), 262_144, [1, 106], [0]
    small = _tokenizer.tokenizer(("<pad>", "<eos>"))
    first = _tokenizer.TEXT_TOKENS
    return small, first + 2, [first + 1], [first]


def fitting(vocabulary: Vocabulary) -> tuple[TokenAutomaton, dict[str, Any], int]:
    """The order whose shortest text takes between one and a half and two canvases."""
    least = 6
    while True:
        wanted = schema(least, 2 * least)
        compiled = JsonSchema(wanted).compile(vocabulary)
        if compiled.min_tokens > 384:
            return compiled, wanted, compiled.min_tokens
        least += max(1, least // 3)


def valid(text: str, wanted: dict[str, Any]) -> bool:
    try:
        jsonschema.validate(json.loads(text), wanted)
    except (ValueError, jsonschema.ValidationError):
        return False
    return True


def run(given: argparse.Namespace) -> int:
    tokenizer, columns, stop, pad = opened(given.tokenizer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, size=columns, stop_ids=stop, pad_ids=pad)
    compiled, wanted, least = fitting(vocabulary)
    print(f"{columns:,} columns, canvas 256 x 3, {given.steps} steps a canvas; shortest member {least} tokens")
    network = gemma(256, vocab_size=columns, pad_token_id=pad[0], eos_token_id=stop[0])
    network.generation_config.eos_token_id = stop
    for guarded in (True, False):
        found, lengths, seconds = 0, [], []
        for draw in range(given.draws):
            torch.manual_seed(draw)
            prompt = torch.randint(3, min(columns, 300), (given.batch, 12))
            witness = ("mode", "sample")[draw % 2]
            guards = [DiffusionGemmaConstraint(compiled, max_new_tokens=768, seed=draw, witness=witness)]
            begun = time.perf_counter()
            out = network.generate(
                prompt,
                logits_processor=LogitsProcessorList(guards if guarded else []),
                max_new_tokens=768,
                max_denoising_steps=given.steps,
            )
            seconds.append(time.perf_counter() - begun)
            for row in out.sequences[:, 12:].tolist():
                end = next((place for place, token in enumerate(row) if token in stop), len(row))
                lengths.append(end)
                found += valid(tokenizer.decode(row[:end]), wanted)
        total = given.draws * given.batch
        name = "with the object" if guarded else "without"
        print(
            f"{name:16} valid {found} of {total}; text tokens {min(lengths)} to {max(lengths)}; "
            f"{statistics.median(seconds) / given.batch:.1f} s a row"
        )
        if guarded and found < total:
            return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json of 262,144 columns")
    parser.add_argument("--draws", type=int, default=6)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=6)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
