"""A toy stream for rehearsing the training: short texts, two schemas, digits to copy."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from controlgen._prompt import SPECIAL_TOKENS


def examples(seed: int, split: str) -> Iterator[Any]:
    rng = Random(f"{seed} {split}")
    while True:
        key, value = rng.choice("abcdef"), rng.randrange(100)
        schema = {"type": "object", "properties": {key: {"type": "integer"}}, "required": [key]}
        record, kinds = {key: value}, {f"/{key}": "number"}
        yield SimpleNamespace(
            schema=schema, text=f"{key} is {value}", record=record, template="toy", kinds=kinds
        )


def byte_tokenizer() -> Tokenizer:
    """One token per byte, after the control tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*SPECIAL_TOKENS, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL_TOKENS])
    return tokenizer
