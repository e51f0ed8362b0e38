"""Small tokenizers of every family, trained in a moment on a few sentences; and where real ones may lie."""

from __future__ import annotations

import os
from pathlib import Path

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog doesn't mind.",
    '{"name": "Ana Müller", "total": 12.50, "paid": true, "lines": [{"sku": "A-1", "qty": 3}]}',
    '{"vendor":"Acme","issued":"2024-02-29","currency":"EUR","note":null}',
    "0 1 2 3 4 5 6 7 8 9 10 11 12 2023 2024 3.14 -5 1e9",
    "où était-ce? ça va! naïve façade; größer, schöner",
    "日本語のテキスト と 中文",
    "    indented\n\tand tabbed\r\nlines\n\n",
] * 3


def byte_level(*, size: int = 400, add_prefix_space: bool = False) -> Tokenizer:
    """GPT-2 style: all 256 bytes are tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|end|>", "<|pad|>", "<|mask|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def _byte_names() -> list[str]:
    return [f"<0x{b:02X}>" for b in range(256)]


def byte_fallback_bpe(*, leading: bool = True) -> Tokenizer:
    """Llama 2 style (leading) or Gemma style: `▁` for spaces, a token for every byte."""
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    trained.train_from_iterator(CORPUS, trainer)
    import json

    model = json.loads(trained.to_str())["model"]
    vocab = dict(model["vocab"])
    for name in _byte_names():
        vocab[name] = len(vocab)
    merges = [tuple(m) for m in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    replace = normalizers.Replace(" ", "▁")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace]) if leading else replace
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if leading else steps)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def unigram(*, prepend_scheme: str = "always") -> Tokenizer:
    """T5 style: Unigram with Metaspace, here with byte fallback."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme)
    trainer = trainers.UnigramTrainer(
        vocab_size=250, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    import json

    vocab = [tuple(entry) for entry in json.loads(tokenizer.to_str())["model"]["vocab"]]
    vocab += [(name, -30.0) for name in _byte_names()]
    full = Tokenizer(models.Unigram(vocab, unk_id=2, byte_fallback=True))
    full.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme)
    full.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Metaspace("▁", prepend_scheme)]
        if prepend_scheme != "never"
        else [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    full.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return full


def word_piece(*, lowercase: bool = True, cleanup: bool = True) -> Tokenizer:
    """BERT style."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece("##", cleanup)
    trainer = trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def with_added(tokenizer: Tokenizer) -> Tokenizer:
    """Adds two ordinary tokens (one not ASCII) and a special one."""
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("§é§", normalized=False)])
    tokenizer.add_special_tokens(["<|extra|>"])
    return tokenizer


def shared_folder() -> Path | None:
    """The folder with real tokenizers and data for measuring, if it is there."""
    named = os.environ.get("CONTROLGEN_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared"
    return folder if (folder / "tokenizers").is_dir() else None
