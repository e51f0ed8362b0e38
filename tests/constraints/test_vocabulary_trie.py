"""The prefix tree against a plain dictionary of byte strings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints._errors import VocabularyError
from controlgen.constraints._trie import LONGEST_TOKEN, Trie, build_trie
from controlgen.constraints._vocabulary_data import pack_bytes


def trie_of(tokens: list[bytes]) -> Trie:
    data, offsets = pack_bytes(tokens, len(tokens))
    return build_trie(data, offsets, np.flatnonzero(np.diff(offsets)))


def paths(trie: Trie) -> list[bytes]:
    """The path to every node, checking that depth and skip describe a preorder."""
    found: list[bytes] = []
    path: list[int] = []
    for i in range(trie.num_nodes):
        d = int(trie.depth[i])
        assert d <= len(path)
        path = [*path[:d], int(trie.byte[i])]
        found.append(bytes(path))
    for i, own in enumerate(found):
        inside = [j for j in range(i, len(found)) if found[j].startswith(own)]
        assert inside == list(range(i, int(trie.skip[i])))
    return found


few_letters = st.binary(min_size=0, max_size=20).map(lambda b: bytes(x % 3 * 127 for x in b))
byte_strings = st.one_of(st.binary(max_size=4), few_letters)


@settings(max_examples=200, deadline=None)
@given(st.lists(byte_strings, max_size=40))
def test_tree_holds_exactly_the_strings(tokens: list[bytes]) -> None:
    trie = trie_of(tokens)
    found = paths(trie)
    prefixes = {t[:k] for t in tokens for k in range(1, len(t) + 1)}
    assert found == sorted(prefixes)
    for i, path in enumerate(found):
        ids = trie.tokens[trie.token_ptr[i] : trie.token_ptr[i + 1]].tolist()
        assert ids == [v for v, t in enumerate(tokens) if t == path]
    assert trie.token_ptr[-1] == len(trie.tokens) == sum(1 for t in tokens if t)
    assert trie.max_length == max(map(len, tokens), default=0)


@settings(max_examples=100, deadline=None)
@given(st.lists(byte_strings, max_size=40), st.sets(st.integers(0, 255)))
def test_pruned_walk_visits_what_survives(tokens: list[bytes], barred: set[int]) -> None:
    trie = trie_of(tokens)
    seen: list[int] = []
    i = 0
    while i < trie.num_nodes:
        if int(trie.byte[i]) in barred:
            i = int(trie.skip[i])
            continue
        seen += trie.tokens[trie.token_ptr[i] : trie.token_ptr[i + 1]].tolist()
        i += 1
    assert sorted(seen) == [v for v, t in enumerate(tokens) if t and not barred & set(t)]


def test_zero_bytes_and_long_runs_keep_byte_order() -> None:
    tokens = [b"a" + b"\0" * k for k in range(20)] + [b"a" * k for k in range(1, 200)] + [b"\0", b"a\0b"]
    assert paths(trie_of(tokens)) == sorted({t[:k] for t in tokens for k in range(1, len(t) + 1)})


def test_arrays_are_read_only_and_typed() -> None:
    trie = trie_of([b"ab", b"a"])
    assert (trie.byte.dtype, trie.skip.dtype, trie.depth.dtype) == (np.uint8, np.int32, np.int16)
    assert (trie.token_ptr.dtype, trie.tokens.dtype) == (np.int32, np.int32)
    with pytest.raises(ValueError, match="read-only"):
        trie.byte[0] = 1


def test_too_long_a_token_is_named() -> None:
    with pytest.raises(VocabularyError, match="token 1 is"):
        trie_of([b"a", b"x" * (LONGEST_TOKEN + 1)])
