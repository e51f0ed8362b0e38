r"""Quotes: what stands literally in a source. The judge is Python's `in`, with `\w` of `re` for words."""

from __future__ import annotations

import json
import random
import re
import time
import tracemalloc

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import BudgetExceeded, InfeasibleConstraint, Language, Quote, Regex, Text, Vocabulary
from controlgen.constraints import _terms as T
from controlgen.constraints._calls import calls_of
from controlgen.constraints._deadline import Deadline
from controlgen.constraints._expansion import compile_term, forget_compiled_parts
from controlgen.constraints._lru import LruCache
from controlgen.constraints._match import matches_term
from controlgen.constraints._substrings import substring_nfa

HOSTILE = 'ab_1é日e\u0301😀 -"\\/\n\t\x00\x1f\x7f\u2028\ud7ff\ue000\U0010ffff'
SOURCES = st.one_of(
    st.text(alphabet=HOSTILE, max_size=12),
    st.text(alphabet="ab", max_size=14),
    st.text(alphabet="ab ", max_size=14),
    st.text(alphabet="日旦旧é", max_size=10),  # characters that share their first bytes
    st.text(max_size=8).filter(lambda t: not re.search("[\ud800-\udfff]", t)),
)
DOCUMENTS = st.lists(SOURCES, min_size=1, max_size=3)


def stands(documents: list[str], text: str, *, words: bool = False) -> list[tuple[int, int, int]]:
    r"""Every place of a text; with `words` those where no `\w\w` is cut."""
    found = []
    for number, document in enumerate(documents):
        for start in range(len(document) - len(text) + 1):
            end = start + len(text)
            cut = any(re.fullmatch(r"\w\w", document[max(at - 1, 0) : at + 1]) for at in (start, end) if at > 0)
            if document[start:end] == text and not (words and cut):
                found.append((number, start, end))
    return found


def near(documents: list[str], data: st.DataObject) -> list[str]:
    """Texts that stand in the documents, and texts that nearly do."""
    document = data.draw(st.sampled_from(documents))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(document))] * 2)))
    piece = document[start:end]
    joined = "".join(documents)
    other = data.draw(st.sampled_from(joined or "x"))
    place = data.draw(st.integers(0, len(piece)))
    return [
        piece, piece + other, other + piece, piece[:place] + other + piece[place + 1 :],
        piece[:place] + piece[place + 1 :], piece + piece, joined, joined[start : end + 2], piece.upper(), "",
    ]  # fmt: skip


@given(DOCUMENTS, st.booleans(), st.data())
@settings(max_examples=500, deadline=None)
def test_members_stand_in_the_source(documents: list[str], words: bool, data: st.DataObject) -> None:
    quote = Quote(documents, words=words)
    for text in near(documents, data):
        places = stands(documents, text, words=words) if text else []
        assert quote.matches(text) == bool(places), text
        assert matches_term(quote.term, text.encode()) == bool(places), text
        assert quote.find(text) == places
        if not words and text:
            assert quote.matches(text) == any(text in document for document in documents)


@given(DOCUMENTS, st.booleans(), st.integers(0, 4), st.none() | st.integers(0, 4), st.data())
@settings(max_examples=400, deadline=None)
def test_bounds_on_the_length(
    documents: list[str], words: bool, low: int, more: int | None, data: st.DataObject
) -> None:
    high = None if more is None else low + more
    quote = Quote(documents, min_chars=low, max_chars=high, words=words)
    for text in near(documents, data):
        fits = low <= len(text) and (high is None or len(text) <= high)
        expected = fits and (not text or bool(stands(documents, text, words=words)))
        assert quote.matches(text) == expected
        assert matches_term(quote.term, text.encode()) == expected
        if text:
            assert quote.find(text) == (stands(documents, text, words=words) if fits else [])


@given(DOCUMENTS, st.booleans(), st.data())
@settings(max_examples=400, deadline=None)
def test_quotes_in_json_strings(documents: list[str], words: bool, data: st.DataObject) -> None:
    field = T.seq(T.lit('{"quote": '), T.json_string(Quote(documents, words=words).term), T.lit("}"))
    language = Language(field)
    for text in near(documents, data):
        expected = bool(text and stands(documents, text, words=words))
        for spelled in (json.dumps(text, ensure_ascii=False), json.dumps(text, ensure_ascii=False).replace("/", r"\/")):
            assert language.matches(f'{{"quote": {spelled}}}') == expected
        raw = f'{{"quote": "{text}"}}'  # may be JSON, of this quote or another one
        if language.matches(raw):
            assert stands(documents, json.loads(raw)["quote"], words=words)


@given(DOCUMENTS, DOCUMENTS, st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_quotes_inside_other_languages(
    documents: list[str], others: list[str], words: bool, data: st.DataObject
) -> None:
    quote, other = Quote(documents, words=words), Quote(others)
    for text in near(documents, data):
        member, second = bool(text and stands(documents, text, words=words)), bool(text and stands(others, text))
        assert (~quote).matches(text) == (not member)
        assert (quote & other).matches(text) == (member and second)
        assert (quote & ~other).matches(text) == (member and not second)
        assert (quote | other).matches(text) == (member or second)
        assert ("«" + quote + "»").matches(f"«{text}»") == member
        splits = [(text[:i], text[i:]) for i in range(1, len(text))]
        expected = any(stands(documents, a, words=words) and stands(others, b) for a, b in splits)
        assert (quote + other).matches(text) == expected
        assert matches_term((quote + other).term, text.encode()) == expected


@given(DOCUMENTS, st.data())
@settings(max_examples=200, deadline=None)
def test_quotes_in_a_row(documents: list[str], data: st.DataObject) -> None:
    texts = [data.draw(st.sampled_from(near(documents, data))) for _ in range(data.draw(st.integers(1, 6)))]
    quotes = Quote([*documents, "|"]).repeat(1, 6, separator="\x1e")  # more copies than are spelled out
    if "\x1e" in "".join(documents):
        return
    expected = all(text == "|" or (text and stands(documents, text)) for text in texts)
    assert quotes.matches("\x1e".join(texts)) == bool(expected)


def test_words_need_one_place_where_both_ends_are_borders() -> None:
    assert not Quote("xab aby", words=True).matches("ab")  # its begin is a border in one place, its end in the other
    assert Quote("xab aby ab", words=True).matches("ab")
    assert Quote("xab aby ab", words=True).find("ab") == [(0, 8, 10)]
    assert not Quote(["xab", "aby"], words=True).matches("ab")
    quote = Quote("The dog, the _cat_ (42).", words=True)
    for text in ("The", "The dog", "dog, the", " the ", ", ", "_cat_", "(42).", "42", " (", "The dog, the _cat_ (42)."):
        assert quote.matches(text), text
    for text in ("Th", "he", "og", "cat", "4", "dog, t", "", "e dog"):
        assert not quote.matches(text), text


def test_documents_are_not_joined() -> None:
    quote = Quote(["ab", "cd"])
    assert quote.matches("ab")
    assert quote.matches("cd")
    assert not quote.matches("bc")
    assert not quote.matches("abcd")
    assert quote.find("c") == [(1, 0, 1)]
    assert Quote(text for text in ("aba", "ba", "aba")).find("ba") == [(0, 1, 3), (1, 0, 2), (2, 1, 3)]
    assert Quote("aaa").find("aa") == [(0, 0, 2), (0, 1, 3)]


def test_empty_sources_quote_nothing() -> None:
    for source in ("", ["", ""]):
        assert not Quote(source).matches("")
        assert not Quote(source).matches("a")
        assert Quote(source, min_chars=0).matches("")
        with pytest.raises(InfeasibleConstraint, match="empty"):
            Quote(source).compile(Vocabulary.from_bytes([b"a", b"<end>"], stop_ids=[1]))
    with pytest.raises(ValueError, match="at least one document"):
        Quote([])


def test_bad_arguments_are_refused() -> None:
    for bounds in ((-1, None), (3, 2), (1, 0)):
        with pytest.raises(ValueError, match=r"from -?\d to"):
            Quote("abc", min_chars=bounds[0], max_chars=bounds[1])
    with pytest.raises(ValueError, match="surrogates"):
        Quote("a\ud800")
    assert not Quote("ab").matches("\ud800")


def test_a_quote_is_a_language() -> None:
    quote = Quote("Hello, world")
    assert quote.parse("world") == "world"
    assert quote.exactness == "exact"
    assert not calls_of(quote.term)
    assert repr(quote) == "Quote(<1 documents, 12 characters>, min_chars=1, max_chars=None, words=False)"
    assert quote.term == Quote(["Hello, world", "", "Hello, world"]).term


# -- size ------------------------------------------------------------------------------------------------


def prose(size: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    words = ["".join(rng.choice("etaoinshrdlué") for _ in range(rng.randint(1, 8))) for _ in range(2000)]
    return " ".join(rng.choice(words) for _ in range(size))[:size]


LARGE = {
    "prose": prose(50_000),
    "one letter": "a" * 50_000,
    "two letters": "".join(random.Random(1).choice("ab") for _ in range(50_000)),
    "a period": ("abcdefg é" * 6_000)[:50_000],
    "letters of three bytes": "".join(chr(0x4E00 + random.Random(2).randrange(300)) for _ in range(50_000)),
    "all different": "".join(map(chr, range(0x20, 0x20 + 50_000))),
}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("words", [False, True])
def test_large_sources_are_linear_and_fast(kind: str, words: bool) -> None:
    source = LARGE[kind]
    quote = Quote(source, words=words)
    forget_compiled_parts()
    begun = time.perf_counter()
    dfa = compile_term(quote.term)
    assert time.perf_counter() - begun < 3
    assert dfa.num_states <= 2 * len(source.encode()) + 1
    rng = random.Random(3)
    for _ in range(200):
        start = rng.randrange(len(source))
        text = source[start : start + rng.choice([1, 5, 100, 20_000])]
        assert quote.matches(text) == holds(source, text, words)
        wrong = text + rng.choice(source)
        assert quote.matches(wrong) == holds(source, wrong, words)


def holds(source: str, text: str, words: bool) -> bool:
    if not words:
        return text in source
    front = r"(?<!\w)" if re.match(r"\w", text) else ""
    back = r"(?!\w)" if re.match(r"\w", text[-1]) else ""
    return re.search(front + re.escape(text) + back, source) is not None


def test_budgets_have_both_figures() -> None:
    quote = Quote("abcdefghij" * 30, max_chars=20)
    with pytest.raises(BudgetExceeded, match="300 characters of documents need more than 100 byte states"):
        compile_term(quote.term, max_states=100)
    with pytest.raises(BudgetExceeded, match="600 characters of documents need more than 700 byte states"):
        compile_term(T.substrings([prose(600)]), max_states=700)
    huge = Quote(prose(30_000), min_chars=3, max_chars=200)
    with pytest.raises(BudgetExceeded, match="more than 200,000 byte states"):
        compile_term(huge.term)
    assert huge.matches(prose(30_000)[50:250])  # what it holds is known all the same
    assert not huge.matches(prose(30_000)[50:251])
    assert compile_term(Quote("abcdefghij" * 30).term, max_states=301).num_states == 301


def test_a_source_beyond_every_budget_costs_no_memory() -> None:
    term = T.substrings(["ab" * 2_000_000])
    tracemalloc.start()
    with pytest.raises(BudgetExceeded, match="4,000,000 characters"):
        compile_term(term)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_large_automata_are_kept_within_bounds() -> None:
    cache: LruCache[str, int] = LruCache(4, 10, lambda value: value)
    for key, value in (("a", 3), ("b", 4), ("c", 2), ("b", 5), ("d", 4)):
        cache.put(key, value)  # at the end: b, c and d weigh 11
    assert [cache.get(key) for key in "abcd"] == [None, 5, None, 4]
    cache.put("e", 50)
    assert [cache.get(key) for key in "bde"] == [None, None, 50]
    cache.clear()
    cache.put("f", 10)
    assert cache.get("f") == 10


def test_a_deadline_stops_it() -> None:
    compile_term(T.lit("a"))  # loads the kernels
    term = T.substrings(["never seen before"])
    with Deadline(1e-6) as deadline:
        time.sleep(0.05)
        with pytest.raises(BudgetExceeded, match="more than 1e-06 s"):
            compile_term(term, deadline=deadline)
        with pytest.raises(BudgetExceeded, match="indexing what may be quoted"):
            substring_nfa(T.Substrings(("ab",)), 10, deadline)


# -- over tokens -----------------------------------------------------------------------------------------

SOURCE = 'Où est le "chat" ?\nLe chat — 日本の猫 😀 — dort\\mange. Le chat, le chat, le cha\tt.\x07 e\u0301'


def tokens() -> list[bytes]:
    """Every byte, pieces of the source that may hold half characters, JSON's marks, and pieces that are not in it."""
    rng, data = random.Random(4), SOURCE.encode()
    pieces = [data[i : i + rng.randint(2, 6)] for i in (rng.randrange(len(data)) for _ in range(60))]
    marks = [b'{"quote": ', b'"}', b'\\"', b"\\n", b"\\u00", b"07", b"\\\\", b'\\"chat']
    invented = [b"le chien", b"chats", b"dort.", b" est Le", "猫日".encode(), b"Le  "]
    return list(dict.fromkeys([*(bytes([i]) for i in range(256)), *pieces, *marks, *invented]))


TOKENS = tokens()
VOCABULARY = Vocabulary.from_bytes([*TOKENS, b"<end>"], stop_ids=[len(TOKENS)])


def draws(language: Language, count: int, seed: int) -> list[str]:
    """Texts drawn, or taken as the best ones, under logits that favour what is not in the source."""
    constraint, generator = language.compile(VOCABULARY), torch.Generator().manual_seed(seed)
    texts = []
    for turn in range(count // 20):
        length = constraint.min_tokens + (turn * 3) % 24
        logits = torch.randn(20, length, constraint.vocab_size, generator=generator) * 8
        if turn % 2:
            allowed = constraint.posterior(logits, torch.full((20, length), -1)).support()
            logits = torch.where(allowed, logits, logits + 1e4)
        posterior = constraint.posterior(logits, torch.full((20, length), -1))
        rows = (posterior.sample(generator), posterior.mode(), posterior.mbr())[turn % 3]
        for row in rows.tolist():
            end = row.index(len(TOKENS)) if len(TOKENS) in row else len(row)
            texts.append(b"".join(TOKENS[i] for i in row[:end]).decode("utf-8"))
    return texts


@pytest.mark.parametrize("words", [False, True])
def test_nothing_is_ever_invented(words: bool) -> None:
    texts = draws(Quote(SOURCE, words=words), 1000, seed=5)
    assert len(texts) == 1000
    assert all(text in SOURCE and text for text in texts)
    assert all(stands([SOURCE], text, words=words) for text in set(texts))
    assert len(set(texts)) > 100


def test_nothing_is_ever_invented_in_json() -> None:
    field = T.seq(T.lit('{"quote": '), T.json_string(Quote(SOURCE, words=True).term), T.lit("}"))
    quotes = [json.loads(text)["quote"] for text in draws(Language(field), 1000, seed=6)]
    assert len(quotes) == 1000
    assert all(quote in SOURCE for quote in quotes)
    assert all(stands([SOURCE], quote, words=True) for quote in set(quotes))
    assert {'"', "\\", "\n", "日"} <= set("".join(quotes))


def test_every_quote_can_be_said() -> None:
    """Canvases of bytes accept exactly the pieces of a small source."""
    source = "aé\naé日"
    constraint = Quote(source).compile(VOCABULARY)
    stop = len(TOKENS)
    pieces = {source[i:j] for i in range(len(source)) for j in range(i + 1, len(source) + 1)}
    for text in {*pieces, "éa", "aa", "日a", "\n\n"}:
        assert constraint.accepts([*text.encode(), stop, stop]) == (text in pieces)
        assert not constraint.accepts([*text.encode()[:-1], stop]) or text[:-1] in pieces
    assert not constraint.accepts([stop])


def test_quotes_compose_with_schemas_of_text() -> None:
    language = Quote(SOURCE) & Text(max_chars=8) & ~Regex(r"\s.*|.*\s")
    texts = draws(language, 100, seed=7)
    assert all(text in SOURCE and len(text) <= 8 and text.strip() == text for text in texts)
