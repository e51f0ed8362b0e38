"""The bytes of each token, read from the serialised form of a tokenizer (the content of ``tokenizer.json``).

Knows: the JSON that the ``tokenizers`` library writes, its models and decoders. Does not know: where the JSON
comes from, stop and pad tokens, anything about models or languages.

How a token's text follows from its name is said by the *decoder* in the JSON (by the pre-tokenizer where
there is no decoder), never by the name of the tokenizer's class. Three families are read:

* byte-level: each character of the name stands for one byte, by the table of GPT-2;
* SentencePiece style: ``▁`` is a space, ``<0x0A>`` one byte, everything else is itself in UTF-8;
* WordPiece: ``##ing`` continues a word, any other name begins one and spells a space before it.

A sequence spells its tokens' bytes one after the other. Decoders that drop the space before the first word
(WordPiece, ``Strip``, ``Metaspace``) speak of the whole sequence: `Reading.drops_leading_space` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ._errors import VocabularyError

__all__ = ["BYTE_OF_LETTER", "Reading", "components", "model_vocabulary", "read_tokens"]

WAY_OUT = "Give the bytes of each token yourself: Vocabulary.from_bytes(tokens, stop_ids=..., pad_ids=...)"


def _byte_letters() -> dict[str, int]:
    """The table of GPT-2: printable Latin-1 characters are themselves, other bytes stand from U+0100 on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in set(plain)]
    return {chr(b): b for b in plain} | {chr(256 + n): b for n, b in enumerate(others)}


BYTE_OF_LETTER: Mapping[str, int] = _byte_letters()
"""Byte-level vocabularies: the byte that each letter of a token's name stands for."""

_BYTE_NAME = re.compile(r"<0x([0-9A-Fa-f]{2})>")

# The clean-up of the WordPiece decoder, applied to each token with its leading space, in this order.
_CLEAN_UP = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" do not", " don't"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)

Speller = Callable[[str], bytes]


@dataclass(frozen=True)
class Reading:
    """What was read: ``tokens[v]`` in bytes (empty if no text) and what holds for whole sequences.

    Attributes:
        tokens: bytes by id.
        kind: "byte-level", "sentencepiece" or "wordpiece".
        drops_leading_space: the text of a sequence is its bytes less one leading space.
        adds_leading_space: the tokenizer puts a space before a text when it encodes.
        space: the character that stands for a space in token names, or None.
        byte_fallback: every byte has a token of its own for characters without one.
    """

    tokens: list[bytes]
    kind: str
    drops_leading_space: bool
    adds_leading_space: bool
    space: str | None
    byte_fallback: bool


@dataclass
class _Spelling:
    """A speller under construction, decoder by decoder."""

    kind: str
    spell: Speller
    drops_leading_space: bool = False
    space: str | None = None
    byte_fallback: bool = False


def read_tokens(spec: Mapping[str, Any], no_text: Iterable[int] = ()) -> Reading:
    """Bytes of every id that the tokenizer knows.

    Args:
        spec: the parsed ``tokenizer.json``.
        no_text: ids that are no text whatever the JSON says (control tokens named elsewhere).

    Special added tokens and the unknown token are no text. Other added tokens spell their content,
    literally; one that is also in the model's own vocabulary spells what it spells there.

    Raises:
        VocabularyError: the decoder, or a component of it, is none that is known here.
    """
    spelling = _spelling_of(spec)
    vocabulary = model_vocabulary(spec)
    added = spec.get("added_tokens") or []
    size = 1 + max([-1, *vocabulary.values(), *(int(a["id"]) for a in added)])
    tokens = [b""] * size
    for name, token in vocabulary.items():
        tokens[token] = spelling.spell(name)
    silent = set(no_text) | set(_unknown_ids(spec, vocabulary))
    for entry in added:
        token, content = int(entry["id"]), str(entry["content"])
        if vocabulary.get(content) != token:
            tokens[token] = content.encode()
        if entry.get("special"):
            silent.add(token)
    for token in silent:
        if 0 <= token < size:
            tokens[token] = b""
    return Reading(
        tokens=tokens,
        kind=spelling.kind,
        drops_leading_space=spelling.drops_leading_space,
        adds_leading_space=_adds_leading_space(spec),
        space=spelling.space,
        byte_fallback=spelling.byte_fallback,
    )


def model_vocabulary(spec: Mapping[str, Any]) -> dict[str, int]:
    """Token name to id, of the model alone (without added tokens)."""
    model = spec.get("model")
    vocabulary = model.get("vocab") if isinstance(model, Mapping) else None
    if isinstance(vocabulary, Mapping):
        return {str(name): int(token) for name, token in vocabulary.items()}
    if isinstance(vocabulary, list):  # Unigram: [name, score] by id
        return {str(entry[0]): token for token, entry in enumerate(vocabulary)}
    raise VocabularyError(f"the tokenizer's JSON has no model with a vocabulary. {WAY_OUT}")


def components(part: Any) -> list[Mapping[str, Any]]:
    """A normalizer, pre-tokenizer or decoder as a flat list of its components."""
    if not isinstance(part, Mapping):
        return []
    if part.get("type") == "Sequence":
        inner = part.get("normalizers") or part.get("pretokenizers") or part.get("decoders") or []
        return [leaf for item in inner for leaf in components(item)]
    return [part]


def _unknown_ids(spec: Mapping[str, Any], vocabulary: Mapping[str, int]) -> list[int]:
    """The id of the unknown token, which stands for anything and so spells nothing."""
    model = spec["model"]
    if model.get("unk_id") is not None:
        return [int(model["unk_id"])]
    name = model.get("unk_token")
    return [vocabulary[name]] if name in vocabulary else []


def _adds_leading_space(spec: Mapping[str, Any]) -> bool:
    """Whether encoding puts a space before the text."""
    for part in (*components(spec.get("normalizer")), *components(spec.get("pre_tokenizer"))):
        kind = part.get("type")
        if kind == "Prepend" or (kind == "ByteLevel" and part.get("add_prefix_space")):
            return True
        if kind == "Metaspace" and _metaspace_prepends(part):
            return True
    return False


def _metaspace_prepends(part: Mapping[str, Any]) -> bool:
    if "prepend_scheme" in part:
        return bool(part["prepend_scheme"] != "never")
    return bool(part.get("add_prefix_space", True))  # files older than prepend_scheme


def _spelling_of(spec: Mapping[str, Any]) -> _Spelling:
    """Choose the family from the decoder, or the pre-tokenizer if there is none, and build its speller."""
    model = spec.get("model") or {}
    decoders = components(spec.get("decoder"))
    if not decoders:
        parts = (*components(spec.get("pre_tokenizer")), *components(spec.get("normalizer")))
        decoders = [p for p in parts if p.get("type") in ("ByteLevel", "Metaspace")][:1]
    kinds = [str(d.get("type")) for d in decoders]
    if set(kinds) - {"Fuse"} == {"ByteLevel"}:
        return _byte_level(model)
    if kinds == ["WordPiece"]:
        return _word_piece(decoders[0])
    if "Metaspace" in kinds or "Replace" in kinds or "ByteFallback" in kinds:
        return _sentence_piece(model, decoders)
    found = " then ".join(kinds) if kinds else "none (and no byte-level or Metaspace pre-tokenizer)"
    raise VocabularyError(
        f"can't tell what the tokens spell: model {model.get('type')!r}, decoder: {found}. {WAY_OUT}"
    )


def _byte_level(model: Mapping[str, Any]) -> _Spelling:
    for option in ("continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(option):
            raise VocabularyError(
                f"byte-level vocabulary with {option}={model[option]!r}: where words end is not known here. "
                f"{WAY_OUT}"
            )

    def spell(name: str) -> bytes:
        try:
            return bytes([BYTE_OF_LETTER[letter] for letter in name])
        except KeyError:  # a name with other letters is written out as it is, as the decoder does
            return name.encode()

    return _Spelling("byte-level", spell)


def _word_piece(decoder: Mapping[str, Any]) -> _Spelling:
    prefix, clean_up = str(decoder.get("prefix", "##")), bool(decoder.get("cleanup", True))

    def spell(name: str) -> bytes:
        text = name[len(prefix) :] if name.startswith(prefix) else " " + name
        for old, new in _CLEAN_UP if clean_up else ():
            text = text.replace(old, new)
        return text.encode()

    return _Spelling("wordpiece", spell, drops_leading_space=True, space=" ")


def _sentence_piece(model: Mapping[str, Any], decoders: list[Mapping[str, Any]]) -> _Spelling:
    """Replace / ByteFallback / Fuse / Strip / Metaspace, in the order in which they stand."""
    replacements: list[tuple[str, str]] = []
    byte_names = bool(model.get("byte_fallback"))
    result = _Spelling("sentencepiece", str.encode)
    fused = False
    for decoder in decoders:
        kind = decoder.get("type")
        if kind == "Replace":
            old, new = _replacement(decoder, fused)
            replacements.append((old, new))
            result.space = old if new == " " else result.space
        elif kind == "Metaspace":
            result.space = str(decoder.get("replacement", "▁"))
            replacements.append((result.space, " "))
            result.drops_leading_space |= _metaspace_prepends(decoder)
        elif kind == "ByteFallback":
            byte_names = True
        elif kind == "Fuse":
            fused = True
        elif kind == "Strip":
            result.drops_leading_space |= _strips_one_space(decoder, fused)
        else:
            raise VocabularyError(f"decoder component {kind!r} is not known here. {WAY_OUT}")

    def spell(name: str) -> bytes:
        byte = _BYTE_NAME.fullmatch(name) if byte_names else None
        if byte:
            return bytes([int(byte.group(1), 16)])
        for old, new in replacements:
            name = name.replace(old, new)
        return name.encode()

    result.spell, result.byte_fallback = spell, byte_names
    return result


def _replacement(decoder: Mapping[str, Any], fused: bool) -> tuple[str, str]:
    pattern = decoder.get("pattern")
    old = pattern.get("String") if isinstance(pattern, Mapping) else pattern
    if not isinstance(old, str) or not old or (fused and len(old) > 1):
        raise VocabularyError(
            f"decoder component Replace with pattern {pattern!r} may reach across tokens. {WAY_OUT}"
        )
    return old, str(decoder.get("content", ""))


def _strips_one_space(decoder: Mapping[str, Any], fused: bool) -> bool:
    content, start, stop = (decoder.get(k) for k in ("content", "start", "stop"))
    if not start and not stop:
        return False
    if content != " " or start != 1 or stop or not fused:
        raise VocabularyError(
            f"decoder component Strip(content={content!r}, start={start}, stop={stop}) "
            f"{'after' if fused else 'before'} Fuse: only one leading space of the whole text is known here. "
            f"{WAY_OUT}"
        )
    return True
