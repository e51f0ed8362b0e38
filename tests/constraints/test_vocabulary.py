"""Bytes of tokens, family by family, against the tokenizers themselves."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from controlgen.constraints import _probes
from controlgen.constraints._errors import VocabularyError
from controlgen.constraints._token_bytes import BYTE_OF_LETTER, read_tokens
from controlgen.constraints._vocabulary import Vocabulary
from tests.constraints import _small_tokenizers as small

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
# U+2581 is how SentencePiece-style vocabularies write a space: it can't be told from one.
marked_texts = texts.map(lambda t: t.replace("▁", "_"))


def read(tokenizer: Any, **arguments: Any) -> Vocabulary:
    return Vocabulary.from_tokenizer(tokenizer, cache_dir=False, **arguments)


def ids_of(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


BYTE_LEVEL = small.byte_level()
PREFIXED = small.byte_level(add_prefix_space=True)
LLAMA2 = small.byte_fallback_bpe()
GEMMA = small.byte_fallback_bpe(leading=False)
UNIGRAM = small.unigram()
UNIGRAM_PLAIN = small.unigram(prepend_scheme="never")
BERT = small.word_piece()


# -- what tokens spell -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokenizer", "drops"),
    [(BYTE_LEVEL, False), (LLAMA2, True), (GEMMA, False), (UNIGRAM, True), (UNIGRAM_PLAIN, False)],
    ids=["byte-level", "llama2", "gemma", "unigram", "unigram-plain"],
)
def test_every_text_comes_back(tokenizer: Tokenizer, drops: bool) -> None:
    vocabulary = read(tokenizer)
    assert vocabulary.drops_leading_space is drops
    assert vocabulary.notes == (
        ("one space at the start of a sequence is no part of its text",) if drops else ()
    )

    @settings(max_examples=150, deadline=None)
    @given(marked_texts)
    def check(text: str) -> None:
        if tokenizer is UNIGRAM:  # its encoder adds a space only where there is none
            text = text.lstrip(" ")
        assert vocabulary.decode(ids_of(tokenizer, text)) == text.encode()

    check()


def test_byte_level_tokens_are_bytes() -> None:
    vocabulary = read(BYTE_LEVEL)
    assert {vocabulary.token(BYTE_LEVEL.token_to_id(letter)) for letter in BYTE_OF_LETTER} == {
        bytes([b]) for b in range(256)
    }
    assert set(BYTE_OF_LETTER) == set(pre_tokenizers.ByteLevel.alphabet())
    assert vocabulary.token(BYTE_LEVEL.token_to_id("Ġthe")) == b" the"
    for special in ("<|end|>", "<|pad|>", "<|mask|>"):
        assert not vocabulary.is_text[BYTE_LEVEL.token_to_id(special)]


def test_prefix_space_is_text_where_the_decoder_keeps_it() -> None:
    vocabulary = read(PREFIXED)
    assert vocabulary.notes == ("the tokenizer puts a space before a text when it encodes",)
    assert (
        vocabulary.decode(ids_of(PREFIXED, "fox"))
        == b" fox"
        == PREFIXED.decode(ids_of(PREFIXED, "fox")).encode()
    )


def test_byte_level_is_found_from_the_pre_tokenizer_where_there_is_no_decoder() -> None:
    spec = json.loads(BYTE_LEVEL.to_str())
    spec["decoder"] = None
    assert read(Tokenizer.from_str(json.dumps(spec))) == read(BYTE_LEVEL)


def test_fallback_bytes_and_the_space_mark() -> None:
    vocabulary = read(GEMMA)
    for byte in range(256):
        assert vocabulary.token(GEMMA.token_to_id(f"<0x{byte:02X}>")) == bytes([byte])
    assert vocabulary.token(GEMMA.token_to_id("▁the")) == b" the"
    assert not vocabulary.is_text[GEMMA.token_to_id("<unk>")]


@pytest.mark.parametrize("tokenizer", [LLAMA2, UNIGRAM], ids=["llama2", "unigram"])
def test_the_first_token_loses_one_space_only(tokenizer: Tokenizer) -> None:
    vocabulary = read(tokenizer)
    mark = tokenizer.token_to_id("▁")
    word = tokenizer.token_to_id("▁the") or mark
    assert vocabulary.token(mark) == b" "
    assert vocabulary.decode([word]) == vocabulary.token(word)[1:]
    assert vocabulary.decode([mark]) == b""
    assert vocabulary.decode([mark, mark]) == b" "
    assert vocabulary.decode([word, word]) == vocabulary.token(word)[1:] + vocabulary.token(word)
    assert vocabulary.decode([]) == b""


def test_text_of_valid_ids_is_what_the_tokenizer_writes() -> None:
    vocabulary = read(LLAMA2)

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.sampled_from(np.flatnonzero(vocabulary.is_text).tolist()), max_size=8))
    def check(ids: list[int]) -> None:
        found = vocabulary.decode(ids)
        try:
            expected = found.decode()
        except UnicodeDecodeError:
            return  # the tokenizer writes replacement characters
        assert LLAMA2.decode(ids) == expected

    check()


@pytest.mark.parametrize("cleanup", [True, False])
def test_word_piece_spells_what_its_decoder_writes(cleanup: bool) -> None:
    tokenizer = small.word_piece(cleanup=cleanup)
    vocabulary = read(tokenizer)
    word = tokenizer.token_to_id("the")
    for token in np.flatnonzero(vocabulary.is_text).tolist():
        after = tokenizer.decode([word, token]).removeprefix("the")
        assert vocabulary.token(token).decode() == after
        if not tokenizer.id_to_token(token).startswith("##"):
            assert vocabulary.decode([token]).decode() == tokenizer.decode([token])
        else:  # at the very start the decoder writes the mark out; here a piece spells the same everywhere
            assert vocabulary.decode([token]).decode() == tokenizer.id_to_token(token)[2:]
    assert any("single spaces" in note for note in vocabulary.notes)
    assert any("BertNormalizer" in note for note in vocabulary.notes)


# -- added tokens, stop and pad --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [small.byte_level, small.byte_fallback_bpe, small.unigram, small.word_piece])
def test_added_tokens_spell_their_content_and_special_ones_nothing(make: Callable[[], Tokenizer]) -> None:
    tokenizer = small.with_added(make())
    vocabulary = read(tokenizer)
    assert vocabulary.token(tokenizer.token_to_id("<tool>")) == b"<tool>"
    assert vocabulary.token(tokenizer.token_to_id("§é§")) == "§é§".encode()  # never by the byte table
    extra = tokenizer.token_to_id("<|extra|>")
    assert not vocabulary.is_text[extra]
    with pytest.raises(VocabularyError, match=f"token {extra} is no text"):
        vocabulary.token(extra)


def test_added_token_that_the_model_knows_spells_the_models_bytes() -> None:
    tokenizer = small.byte_fallback_bpe(leading=False)
    tokenizer.add_tokens(["▁the"])
    assert read(tokenizer).token(tokenizer.token_to_id("▁the")) == b" the"


def test_columns_behind_the_tokenizer_are_barred() -> None:
    size = BYTE_LEVEL.get_vocab_size()
    vocabulary = read(BYTE_LEVEL, size=size + 7, stop_ids=[0], pad_ids=[1, 0])
    assert len(vocabulary) == vocabulary.size == size + 7
    assert not vocabulary.is_text[size:].any()
    assert (vocabulary.stop_ids, vocabulary.pad_ids) == ((0,), (0, 1))
    with pytest.raises(VocabularyError, match="leaves out token"):
        read(BYTE_LEVEL, size=size - 1)
    with pytest.raises(VocabularyError, match=r"stop_ids: token .* pass size="):
        read(BYTE_LEVEL, stop_ids=[size])


def test_barred_and_stop_ids_are_no_text() -> None:
    the, dog = BYTE_LEVEL.token_to_id("Ġthe"), BYTE_LEVEL.token_to_id("Ġdog")
    vocabulary = read(BYTE_LEVEL, barred_ids=[the], stop_ids=[dog])
    assert not vocabulary.is_text[[the, dog]].any()
    assert the not in vocabulary.trie.tokens
    with pytest.raises(VocabularyError, match=f"position 1: token {dog} is no text: stop token"):
        vocabulary.decode([BYTE_LEVEL.token_to_id("a"), dog])


def test_from_bytes() -> None:
    vocabulary = Vocabulary.from_bytes([b"a", None, b"", b"</s>", b"b"], stop_ids=[3], pad_ids=[3, 1], size=8)
    assert vocabulary.is_text.tolist() == [True, False, False, False, True, False, False, False]
    assert vocabulary.decode([4, 0]) == b"ba"
    assert vocabulary.trie.tokens.tolist() == [0, 4]
    with pytest.raises(VocabularyError, match="token 1 is str"):
        Vocabulary.from_bytes([b"a", "b"])  # type: ignore[list-item]
    with pytest.raises(VocabularyError, match="pad_ids: token -1"):
        Vocabulary.from_bytes([b"a"], pad_ids=[-1])
    with pytest.raises(VocabularyError, match="outside the vocabulary"):
        vocabulary.token(8)


def test_fingerprint_tells_contents_apart() -> None:
    base = Vocabulary.from_bytes([b"ab", b"c", None], stop_ids=[2])
    assert base == Vocabulary.from_bytes([b"ab", b"c", b"x"], stop_ids=[2])
    others = [
        Vocabulary.from_bytes([b"a", b"bc", None], stop_ids=[2]),
        Vocabulary.from_bytes([b"ab", b"c", None], pad_ids=[2]),
        Vocabulary.from_bytes([b"ab", b"c", None], stop_ids=[2], pad_ids=[2]),
        Vocabulary.from_bytes([b"ab", b"c", None], stop_ids=[2], size=4),
    ]
    assert len({base.fingerprint, *(o.fingerprint for o in others)}) == 5


def test_immutable_and_copies_through_pickle() -> None:
    array = np.frombuffer(b"ab", dtype=np.uint8)
    vocabulary = Vocabulary.from_bytes([b"a", b"b"])
    with pytest.raises(AttributeError, match="immutable"):
        vocabulary.size = 3
    with pytest.raises(ValueError, match="read-only"):
        vocabulary.data[0] = 0
    assert (vocabulary.data == array).all()
    assert pickle.loads(pickle.dumps(vocabulary)) == vocabulary


def test_threads_read_alike() -> None:
    with ThreadPoolExecutor(4) as pool:
        prints = set(pool.map(lambda _: read(BYTE_LEVEL).fingerprint, range(8)))
    assert len(prints) == 1


# -- refusals --------------------------------------------------------------------------------------------


def _renormalised(tokenizer: Tokenizer, normalizer: Any) -> Tokenizer:
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.normalizer = normalizer
    return copy


@pytest.mark.parametrize(
    ("normalizer", "note"),
    [
        (normalizers.NFC(), "NFC"),
        (normalizers.Lowercase(), "Lowercase"),
        (normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]), "NFD, StripAccents"),
    ],
)
def test_normalisation_is_stated(normalizer: Any, note: str) -> None:
    vocabulary = read(_renormalised(BYTE_LEVEL, normalizer))
    assert vocabulary.notes == (f"the tokenizer normalises text before it encodes: {note}",)


def test_bytes_that_do_not_come_back_are_named() -> None:
    spec = json.loads(BYTE_LEVEL.to_str())
    vocab = spec["model"]["vocab"]
    vocab["a"], vocab["b"] = vocab["b"], vocab["a"]
    right = read_tokens(spec)
    wrong_encode = lambda text: ids_of(BYTE_LEVEL, text)  # noqa: E731
    with pytest.raises(VocabularyError, match=r"the tokens of .* spell .*from_bytes"):
        _probes.check_reading(spec, right, wrong_encode)


def test_probe_check_can_fail_for_each_family() -> None:
    """A spelling that is off by a little is caught in every family."""
    for tokenizer in (BYTE_LEVEL, LLAMA2, UNIGRAM, BERT):
        spec = json.loads(tokenizer.to_str())
        reading = read_tokens(spec)
        assert _probes.check_reading(spec, reading, lambda t, k=tokenizer: ids_of(k, t)) is not None
        victim = next(i for i in ids_of(tokenizer, "a") if reading.tokens[i].strip())
        reading.tokens[victim] = b"?!"
        with pytest.raises(VocabularyError):
            _probes.check_reading(spec, reading, lambda t, k=tokenizer: ids_of(k, t))


@pytest.mark.parametrize(
    ("decoder", "found"),
    [
        (decoders.CTC(), "CTC"),
        (decoders.BPEDecoder("</w>"), "BPEDecoder"),
        (decoders.Sequence([decoders.ByteLevel(), decoders.WordPiece()]), "ByteLevel then WordPiece"),
        (decoders.Sequence([decoders.Replace("▁", " "), decoders.Strip(" ", 1, 0)]), "before Fuse"),
        (decoders.Sequence([decoders.Fuse(), decoders.Replace("ab", " ")]), "reach across tokens"),
        (None, "decoder: none"),
    ],
)
def test_unknown_kinds_say_what_was_found_and_the_way_out(decoder: Any, found: str) -> None:
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    if decoder is not None:
        tokenizer.decoder = decoder
    with pytest.raises(VocabularyError, match=found) as caught:
        read(tokenizer)
    assert "Vocabulary.from_bytes" in str(caught.value)


def test_things_that_are_no_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="object is no tokenizer"):
        read(object())
    with pytest.raises(VocabularyError, match="no such file"):
        read(tmp_path / "absent.json")
    with pytest.raises(VocabularyError, match="AutoTokenizer"):
        read(tmp_path)
    for content, message in (
        ("{", "no JSON"),
        ("[]", "no model"),
        ('{"model": {}}', "can't tell"),
        ('{"model": {}, "decoder": {"type": "ByteLevel"}}', "no model with a voc"),
    ):
        (tmp_path / "tokenizer.json").write_text(content)
        with pytest.raises(VocabularyError, match=message):
            read(tmp_path)


# -- where tokenizers come from --------------------------------------------------------------------------


def test_folder_with_configuration(tmp_path: Path) -> None:
    BYTE_LEVEL.save(str(tmp_path / "tokenizer.json"))
    bare = read(tmp_path)
    assert (bare.stop_ids, bare.pad_ids) == ((), ())
    config = {"eos_token": {"content": "<|end|>"}, "pad_token": "<|pad|>", "mask_token": "é"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [2], "pad_token_id": 2}))
    vocabulary = read(tmp_path)
    assert (vocabulary.stop_ids, vocabulary.pad_ids) == ((0, 2), (1,))
    assert read(tmp_path / "tokenizer.json") == vocabulary
    assert read(str(tmp_path), stop_ids=[], pad_ids=[]).stop_ids == ()
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(VocabularyError, match=r"tokenizer_config\.json"):
        read(tmp_path)


def test_transformers_tokenizer() -> None:
    transformers = pytest.importorskip("transformers")
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=small.byte_level(), eos_token="<|end|>", pad_token="<|pad|>", mask_token="<|mask|>"
    )
    vocabulary = read(wrapped)
    assert (vocabulary.stop_ids, vocabulary.pad_ids) == ((0,), (1,))
    assert vocabulary.trie.tokens.size == read(BYTE_LEVEL).trie.tokens.size


def test_padding_and_truncation_do_not_disturb() -> None:
    tokenizer = small.byte_level()
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=50, pad_id=1, pad_token="<|pad|>")
    assert read(tokenizer) == read(BYTE_LEVEL)


def test_byte_level_tokenizer_written_in_python() -> None:
    slow = SimpleNamespace(
        byte_decoder=dict(BYTE_OF_LETTER),
        encoder=BYTE_LEVEL.get_vocab(with_added_tokens=False),
        added_tokens_decoder={0: "<|end|>"},
        get_vocab=BYTE_LEVEL.get_vocab,
        all_special_ids=[0, 1, 2],
        eos_token_id=0,
        pad_token_id=1,
        encode=lambda text, add_special_tokens: ids_of(BYTE_LEVEL, text),
    )
    assert read(slow) == read(BYTE_LEVEL, stop_ids=[0], pad_ids=[1])


def test_other_tokenizer_written_in_python_is_refused() -> None:
    slow = SimpleNamespace(get_vocab=dict, all_special_ids=[], eos_token_id=None, pad_token_id=None)
    with pytest.raises(VocabularyError, match=r"written in Python .*from_bytes"):
        read(slow)


@pytest.mark.parametrize("name", ["gpt2", "qwen2.5"])
def test_real_tokenizers(name: str) -> None:
    shared = small.shared_folder()
    if shared is None or not (shared / "tokenizers" / name).is_dir():
        pytest.skip("real tokenizers are not at hand (set CONTROLGEN_SHARED)")
    folder = shared / "tokenizers" / name
    vocabulary = read(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert vocabulary.size == tokenizer.get_vocab_size()
    text = 'Zażółć {"qty": 3, "tags": ["x", "é"]} \t\n <tool_call> 日本 🙂'
    assert vocabulary.decode(ids_of(tokenizer, text)) == text.encode()
    if name == "qwen2.5":
        assert vocabulary.token(tokenizer.token_to_id("<tool_call>")) == b"<tool_call>"
        assert (vocabulary.stop_ids, vocabulary.pad_ids) == ((151645,), (151643,))
