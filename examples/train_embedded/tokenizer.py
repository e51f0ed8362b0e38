"""Trains the embedded model's tokenizer on a sample of prompts and records: `python tokenizer.py`.

A byte-level BPE of 4,096 tokens. Two habits serve copying, which is most of the model's work:

* digits are split one by one, so that a number is cut the same wherever it stands;
* a value must be cut the same in the text and in the record. So quotes with the brackets, colons and commas around
  them are set apart from what they enclose, and a space is never joined to the word that follows it: ` Porto` and
  `"Porto` hold the same tokens of `Porto`.

Knows the example streams; knows nothing of the model.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from producers import record_text, streams
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from controlgen._prompt import SPECIAL_TOKENS, prompt_text

WEIGHTS = Path(__file__).parents[2] / "controlgen" / "embedded" / "weights"
VOCABULARY = 4096
SYNTAX = r'[{}\[\],:]*"[{}\[\],:"]*'
SPACES = {"joined": None, "capitals": r" (?=\p{Lu})", "apart": r" +"}


def untrained(spaces: str) -> Tokenizer:
    """The tokenizer before it knows any merge."""
    tokenizer = Tokenizer(models.BPE())
    steps: list[pre_tokenizers.PreTokenizer] = [
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.Split(Regex(SYNTAX), "isolated"),
    ]
    if (pattern := SPACES[spaces]) is not None:
        steps.append(pre_tokenizers.Split(Regex(pattern), "isolated"))
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sample(names: list[str], shares: list[float], count: int, seed: int) -> Iterator[str]:
    """Prompts and records as the model will see them."""
    for name, share in zip(names, shares, strict=True):
        stream = streams([name])[0](seed, "train")
        for example in islice(stream, int(count * share)):
            yield prompt_text(example.schema, example.text)
            yield record_text(example.record)


def train(texts: Iterator[str], spaces: str) -> Tokenizer:
    """Learns the merges."""
    tokenizer = untrained(spaces)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL_TOKENS),
        show_progress=False,
        max_token_length=16,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes `tokenizer.json` and `tokenizer_config.json` for transformers."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "<|pad|>",
        "eos_token": "<|end|>",
        "mask_token": "<|mask|>",
        "additional_special_tokens": ["<|schema|>", "<|text|>", "<|record|>"],
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1024,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def report(tokenizer: Tokenizer, names: list[str], count: int) -> None:
    """Prints lengths, and how often a copied string is cut in the record as it is in the text."""
    for name in names:
        prompts, records, same, total = [], [], 0, 0
        for example in islice(streams([name])[0](99, "train"), count):
            prompt = tokenizer.encode(prompt_text(example.schema, example.text)).tokens
            record = record_text(example.record)
            prompts.append(len(prompt))
            records.append(len(tokenizer.encode(record).ids))
            joined = "\0".join(prompt)
            for value in example.record.values():
                if (
                    isinstance(value, str)
                    and value
                    and value in example.text
                    and json.dumps(value, ensure_ascii=False)[1:-1] == value
                ):
                    tokens = [t for t in tokenizer.encode(f'"{value}"').tokens if t != '"']
                    same += "\0" + "\0".join(tokens) + "\0" in joined
                    total += 1
        for label, lengths in (("prompt", prompts), ("record", records)):
            lengths.sort()
            cuts = {
                q: lengths[min(int(q * len(lengths) / 100), len(lengths) - 1)] for q in (5, 25, 50, 75, 90, 95, 99, 100)
            }
            print(name, label, cuts, "mean", round(sum(lengths) / len(lengths), 1))
        print(name, "copied strings cut alike:", round(same / max(total, 1), 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", default="data,real")
    parser.add_argument("--shares", default="0.7,0.3")
    parser.add_argument("--count", type=int, default=24000, help="examples to learn from")
    parser.add_argument("--spaces", choices=sorted(SPACES), default="apart")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    if list(arguments.out.glob("*.safetensors")):
        parser.error(f"{arguments.out} holds a trained model, which another tokenizer would ruin: give another --out")
    names, shares = arguments.sources.split(","), [float(share) for share in arguments.shares.split(",")]
    texts = list(sample(names, shares, arguments.count, seed=4096))
    random.Random(0).shuffle(texts)
    tokenizer = train(iter(texts), arguments.spaces)
    save(tokenizer, arguments.out)
    report(tokenizer, names, 1500)


if __name__ == "__main__":
    main()
