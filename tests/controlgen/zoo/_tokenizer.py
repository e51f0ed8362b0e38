"""A small byte-level BPE tokenizer in the shape of real ones: every byte, a few merges, special tokens last."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers

TEXT_TOKENS = 320
"""Ids below this one are text, whatever the family's special tokens are."""

_SENTENCES = (
    '{"name": "Ada", "age": 36, "active": true, "score": 9.5, "tags": ["math", "code"]}',
    '{"city": "Paris", "country": "France", "population": 2100000, "river": null}',
    '{"items": [{"id": 1, "price": 12.75}, {"id": 2, "price": 3.5}], "total": 16.25}',
    "The answer is 42. The name of the city is Paris and the date is 2024-05-17.",
    "SELECT name, age FROM users WHERE active = true AND age > 18;",
    "Return only the JSON object, with no other text before or after it.",
)


def tokenizer(special: Sequence[str] = ()) -> tokenizers.Tokenizer:
    """The tokenizer with ``TEXT_TOKENS`` text tokens and then ``special``, in this order."""
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TEXT_TOKENS,
        min_frequency=1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(_SENTENCES, trainer)
    assert made.get_vocab_size() == TEXT_TOKENS
    made.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    return made


def save(folder: str | Path, special: Sequence[str], **config: Any) -> tokenizers.Tokenizer:
    """Writes tokenizer.json and tokenizer_config.json, so that ``AutoTokenizer`` loads the folder.

    ``config`` holds the entries of tokenizer_config.json: mask_token, eos_token, pad_token, bos_token,
    chat_template and whatever else the family publishes.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = tokenizer(special)
    made.save(str(folder / "tokenizer.json"))
    entries = {
        "added_tokens_decoder": {
            str(made.token_to_id(token)): {
                "content": token,
                "lstrip": False,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
                "special": True,
            }
            for token in special
        },
        "clean_up_tokenization_spaces": False,
        "tokenizer_class": "PreTrainedTokenizerFast",
        **config,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    return made
