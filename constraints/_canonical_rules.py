"""How a tokenizer segments: merges, pre-token borders, added tokens, as far as they are read here.

A *rule* excludes only what no text makes canonical; what the rules can't say is left to the tokenizer's own judgement
(`Segmenter.is_canonical`). Only byte-pair encoding has rules: within a piece a sequence is canonical exactly if each
pair of neighbours is (Vieira et al., "Language Models over Canonical Byte-Pair Encodings", 2025; Berglund and van der
Merwe, "Formalizing BPE Tokenization", 2023).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._canonical_borders import Borders, TooManyBorders
from ._canonical_kernels import follow, hash_pairs, stands_alone
from ._canonical_pattern import CODE_POINTS, Program, UnknownPattern, program_of
from ._token_bytes import components, model_vocabulary

__all__ = ["NoRules", "Rules", "read_rules"]

# The pattern that ByteLevel splits by with use_regex (Radford et al. 2019).
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_STABLE = {
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
}  # what they leave alone they leave alone: other texts have no canonical spelling


class NoRules(Exception):
    """Why a tokenizer has no rules: nothing is excluded beforehand."""


@dataclass(frozen=True, eq=False)
class Rules:
    """What is known of a tokenizer's segmentations.

    Attributes:
        alone: bool (V,), tokens that are the encoding of their own symbols.
        added: bool (V,), tokens that are found in a text before all else.
        added_contents: what they spell, special ones included.
        borders: where pieces begin.
        whole: a piece that is a token is that token, whatever the merges say: so tokens that no merge makes exist.
        complete: the rules are all there is to say of a text in ASCII without the contents of added tokens.
    """

    alone: NDArray[np.bool_]
    added: NDArray[np.bool_]
    added_contents: tuple[bytes, ...]
    borders: Borders
    whole: bool
    complete: bool
    tables: tuple[Any, ...]

    def follow(self, before: NDArray[np.int32], after: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each token of `after` (n,) may stand behind each of `before` (m,) in one piece: bool (m, n)."""
        found: NDArray[np.bool_] = follow(before, after, self.alone, *self.tables)
        return found


def read_rules(spec: Mapping[str, Any], size: int) -> Rules:
    """The rules of a parsed ``tokenizer.json``, for a vocabulary of `size` ids.

    Raises:
        NoRules: with the part that isn't read.
    """
    model = spec["model"]
    if model.get("type") != "BPE":
        raise NoRules(f"the model is {model.get('type')}, not BPE")
    for option in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(option):
            raise NoRules(f"the model has {option}")
    spaces = _spaces_replaced(spec)
    programs, prefixed = _stages(spec, spaces)
    try:
        borders = Borders(programs)
    except TooManyBorders:
        raise NoRules("the pre-tokenizer has too many states") from None
    vocabulary = model_vocabulary(spec)
    tables = _tables(model, vocabulary, size)
    entries = spec.get("added_tokens") or []
    added = np.zeros(size, dtype=np.bool_)
    added[[int(entry["id"]) for entry in entries if int(entry["id"]) < size]] = True
    whole = bool(model.get("ignore_merges"))
    return Rules(
        alone=stands_alone(*tables[:4]),
        added=added,
        added_contents=tuple(str(entry["content"]).encode() for entry in entries),
        borders=borders,
        whole=whole,
        complete=not (whole or prefixed or spaces or model.get("byte_fallback")),
        tables=tables,
    )


def _spaces_replaced(spec: Mapping[str, Any]) -> bool:
    """Whether the normalizer writes another character for every space."""
    replaced = False
    for part in components(spec.get("normalizer")):
        kind = part.get("type")
        if kind == "Replace" and part.get("pattern") == {"String": " "}:
            replaced = True
        elif kind != "Prepend" and kind not in _STABLE:
            raise NoRules(f"the normalizer has {kind}")
    return replaced


def _stages(spec: Mapping[str, Any], spaces: bool) -> tuple[list[Program], bool]:
    """The splits in their order, and whether a space is put before the text."""
    parts = components(spec.get("pre_tokenizer"))
    if spaces:
        parts = [part for part in parts if part.get("pattern") != {"String": " "}]  # finds none
        if parts:
            raise NoRules("a pre-tokenizer behind a normalizer that replaces spaces")
    prefixed = any(part.get("type") == "Prepend" for part in components(spec.get("normalizer")))
    programs: list[Program] = []
    for place, part in enumerate(parts):
        try:
            if part.get("type") == "ByteLevel" and place == len(parts) - 1:
                prefixed |= bool(part.get("add_prefix_space"))
                programs += [program_of(_GPT2)] if part.get("use_regex", True) else []
            elif part.get("type") == "Split":
                programs.append(_split(part))
            elif part.get("type") == "Digits":
                programs.append(_digits(bool(part.get("individual_digits"))))
            else:
                raise NoRules(f"the pre-tokenizer has {part.get('type')}")
        except UnknownPattern as error:
            raise NoRules(f"the pre-tokenizer splits by {error}") from None
    return programs, prefixed


def _split(part: Mapping[str, Any]) -> Program:
    if part.get("behavior") != "Isolated" or part.get("invert"):
        raise NoRules(f"a split that is {part.get('behavior')}" + (", inverted" if part.get("invert") else ""))
    pattern = part["pattern"]
    return program_of(pattern["Regex"] if "Regex" in pattern else re.escape(pattern["String"]))


def _digits(individual: bool) -> Program:
    """Digits apart from the rest: one by one, or as runs. What is a digit is asked of the library."""
    from tokenizers.pre_tokenizers import Digits

    letters = [chr(code) for code in (*range(0xD800), *range(0xE000, CODE_POINTS))]
    digits = np.zeros(CODE_POINTS, dtype=np.bool_)
    for _, (start, _) in Digits(individual_digits=True).pre_tokenize_str("a" + "a".join(letters)):
        if start % 2:
            digits[ord(letters[start // 2])] = True
    code: list[tuple[Any, ...]] = [("match",), ("char", 0, 0)]
    if not individual:
        code += [("split", 3, 0), ("char", 0, 2)]
        return Program(code, [digits], 3)
    return Program(code, [digits], 1)


def _tables(model: Mapping[str, Any], vocabulary: Mapping[str, int], size: int) -> tuple[Any, ...]:
    """(symbols of each token as pointers and ids, merges by pair, merged by rank, pairs that touch in a merge)."""
    symbols = _symbols(vocabulary, size)
    left, right, merged = _merges(model, vocabulary)
    lengths = np.fromiter(map(len, symbols), dtype=np.int64, count=size)
    ptr = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(lengths, out=ptr[1:])
    flat = np.fromiter((s for own in symbols for s in own), dtype=np.int64, count=int(ptr[-1]))
    known = (lengths[left] > 0) & (lengths[right] > 0)
    ends, begins = flat[ptr[left[known] + 1] - 1], flat[ptr[right[known]]]
    return ptr, flat, hash_pairs(left, right), merged, hash_pairs(ends, begins)


def _symbols(vocabulary: Mapping[str, int], size: int) -> list[tuple[int, ...]]:
    """What each token is made of before any merge: its name's characters, or itself for one without."""
    own: list[tuple[int, ...]] = [()] * size
    for name, token in vocabulary.items():
        parts = tuple(vocabulary.get(letter, -1) for letter in name)
        if token < size:
            own[token] = parts if parts and min(parts) >= 0 else (token,)
    return own


def _merges(model: Mapping[str, Any], vocabulary: Mapping[str, int]) -> tuple[NDArray[np.int64], ...]:
    """The merges by rank: left, right and merged token."""
    pairs = [tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]]
    try:
        found = [(vocabulary[a], vocabulary[b], vocabulary[a + b]) for a, b in pairs]
    except KeyError as error:
        raise NoRules(f"a merge of what is no token: {error}") from None
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy()
