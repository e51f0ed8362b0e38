"""The disk cache: used when whole, made anew when anything is wrong, never in the way."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from controlgen.constraints import _cache, _vocabulary, _vocabulary_data
from controlgen.constraints._vocabulary import Vocabulary
from tests.constraints import _small_tokenizers as small

TOKENIZER = small.byte_level()
EXPECTED = Vocabulary.from_tokenizer(TOKENIZER, cache_dir=False, stop_ids=[0])


def read(folder: Any, **arguments: Any) -> Vocabulary:
    return Vocabulary.from_tokenizer(TOKENIZER, cache_dir=folder, **{"stop_ids": [0], **arguments})


def same(left: Vocabulary, right: Vocabulary) -> bool:
    names = ("byte", "skip", "depth", "token_ptr", "tokens")
    tries = all(np.array_equal(getattr(left.trie, n), getattr(right.trie, n)) for n in names)
    return left == right and tries and left.notes == right.notes


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the tokenizer was read again")

    monkeypatch.setattr(_vocabulary, "read_tokens", refuse)


def test_second_time_comes_from_disk(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    first = read(tmp_path / "new" / "folder")
    assert same(first, EXPECTED)
    request.getfixturevalue("no_reading")
    again = read(tmp_path / "new" / "folder")
    assert same(again, EXPECTED)
    with pytest.raises(ValueError, match="read-only"):
        again.trie.skip[0] = 1
    with pytest.raises(AssertionError, match="read again"):
        read(tmp_path / "new" / "folder", stop_ids=[1])


def test_key_depends_on_content_arguments_and_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(tmp_path)
    read(tmp_path, pad_ids=[1])
    read(tmp_path, barred_ids=[300])
    read(tmp_path, size=1000)
    Vocabulary.from_tokenizer(small.byte_level(size=390), cache_dir=tmp_path, stop_ids=[0])
    assert len(list(tmp_path.iterdir())) == 5
    for module in (_cache, _vocabulary, _vocabulary_data):
        monkeypatch.setattr(module, "FORMAT_VERSION", 999)
    read(tmp_path)
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("cut", [0, 1, 7, 200, -1, -100])
def test_truncated_file_is_rebuilt(tmp_path: Path, cut: int) -> None:
    read(tmp_path)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    assert same(read(tmp_path), EXPECTED)
    assert only_file(tmp_path).read_bytes() == whole


def test_any_flipped_bit_is_noticed(tmp_path: Path) -> None:
    read(tmp_path)
    file = only_file(tmp_path)
    whole = bytearray(file.read_bytes())
    for place in np.linspace(0, len(whole) - 1, 60).astype(int):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        file.write_bytes(bytes(damaged))
        kept = _cache.load(tmp_path, file.name.removeprefix("vocabulary-").removesuffix(".safetensors"))
        assert kept is None or same(Vocabulary(*kept), EXPECTED)  # JSON white space may change, content not
        assert same(read(tmp_path), EXPECTED)


def _resealed(file: Path, change: Any) -> None:
    """Alter the arrays or the header and put a right checksum on it."""
    arrays = load_file(file)
    with safe_open(file, framework="numpy") as opened:
        header = json.loads(opened.metadata()["seal"].partition(" ")[2])
    change(arrays, header)
    text = json.dumps(header, sort_keys=True)
    save_file(arrays, file, metadata={"seal": f"{_cache._checksum(text, arrays)} {text}"})


def _set(name: str, place: int, value: int) -> Any:
    def change(arrays: dict[str, Any], _: Any) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name][place] = value

    return change


def _header(name: str, value: Any) -> Any:
    return lambda _, header: header.__setitem__(name, value)


@pytest.mark.parametrize(
    "change",
    [
        _set("trie_skip", 0, 0),
        _set("trie_skip", 3, 10**9),
        _set("trie_depth", 0, 1),
        _set("trie_depth", 5, 300),
        _set("trie_depth", 5, -1),
        _set("trie_token_ptr", 1, -5),
        _set("trie_token_ptr", -1, 10**6),
        _set("trie_tokens", 0, 10**6),
        _set("trie_tokens", 0, -1),
        _set("offsets", 1, -1),
        _set("offsets", -1, 10**9),
        _header("stop_ids", [10**6]),
        _header("stop_ids", [300]),
        _header("format", 0),
        _header("key", "0"),
        lambda arrays, _: arrays.__setitem__("trie_byte", arrays["trie_byte"][:-1]),
        lambda arrays, _: arrays.__setitem__("trie_skip", arrays["trie_skip"].astype(np.int64)),
        lambda arrays, _: arrays.__setitem__("offsets", arrays["offsets"].reshape(1, -1)),
        lambda arrays, _: arrays.__setitem__("offsets", arrays["offsets"][:0]),
        lambda arrays, _: arrays.pop("trie_byte"),
        lambda _, header: header.pop("notes"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_even_with_a_right_checksum(tmp_path: Path, change: Any) -> None:
    read(tmp_path)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    _resealed(file, lambda *_: None)
    key = file.name.removeprefix("vocabulary-").removesuffix(".safetensors")
    assert _cache.load(tmp_path, key) is not None  # sealing itself is right
    _resealed(file, change)
    assert same(read(tmp_path), EXPECTED)
    assert only_file(tmp_path).read_bytes() == whole


def test_what_is_no_cache_file_is_rebuilt(tmp_path: Path) -> None:
    read(tmp_path)
    file = only_file(tmp_path)
    for content in (b"", b"\x80\x04]\x94.", os.urandom(100), b"{}"):
        file.write_bytes(content)
        assert same(read(tmp_path), EXPECTED)


def test_unwritable_places_are_no_error(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    assert same(read(occupied), EXPECTED)
    assert same(read(occupied / "below"), EXPECTED)
    assert occupied.read_text() == "not a folder"


def test_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    assert same(read(tmp_path), EXPECTED)
    assert list(tmp_path.iterdir()) == []


def test_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTROLGEN_CACHE", str(tmp_path / "own"))
    assert _cache.cache_folder(None) == tmp_path / "own"
    assert _cache.cache_folder(tmp_path) == tmp_path
    assert _cache.cache_folder(False) is None
    monkeypatch.delenv("CONTROLGEN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert _cache.cache_folder(None) == tmp_path / "xdg" / "controlgen"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", "darwin")
    assert _cache.cache_folder(None) == Path.home() / "Library" / "Caches" / "controlgen"

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert _cache.cache_folder(None) is None


def _worker(folder: Path, queue: Any) -> None:
    for _ in range(5):
        for file in folder.iterdir():  # every other turn starts from a missing file
            file.unlink(missing_ok=True)
        queue.put(read(folder).fingerprint)


def test_processes_share_a_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [context.Process(target=_worker, args=(tmp_path, queue)) for _ in range(3)]
    for worker in workers:
        worker.start()
    prints = {queue.get(timeout=60) for _ in range(15)}
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    assert prints == {EXPECTED.fingerprint}


def test_checksum_covers_header_names_types_and_content() -> None:
    array = np.arange(4, dtype=np.int32)
    sums = {
        _cache._checksum("h", {"a": array}),
        _cache._checksum("g", {"a": array}),
        _cache._checksum("h", {"b": array}),
        _cache._checksum("h", {"a": array.astype(np.int64)}),
        _cache._checksum("h", {"a": array.reshape(2, 2)}),
        _cache._checksum("h", {"a": array[::-1]}),
        hashlib.sha256(b"h").hexdigest(),
    }
    assert len(sums) == 7
