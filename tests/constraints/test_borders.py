"""Languages whose texts say where a token must end, against enumeration of all token sequences with all their cuts."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlgen.constraints import (
    ConstraintError,
    InfeasibleConstraint,
    Language,
    Regex,
    Text,
    TokenAutomaton,
    Vocabulary,
)
from controlgen.constraints import _terms as T
from controlgen.constraints._markers import BORDER
from controlgen.constraints._vocabulary_data import VocabularyData, pack_bytes
from tests.constraints._languages_by_chance import random_pattern, random_vocabulary
from tests.constraints._small_tokenizers import byte_level
from tests.constraints._weighted_canvases import (
    Pieces,
    Says,
    check_queries,
    compiled,
    each,
    enumerated,
    path_weight,
    random_factors,
)

MARK = T.Bytes(BORDER)
AB = Vocabulary.from_bytes([b"a", b"b", b"ab", b"ba", b"\xf5", None, None], stop_ids=[5], pad_ids=[6])
Template = tuple[str | None, ...]  # patterns, and None for a marker


def language(*templates: Template, repeated: bool = False) -> Language:
    """One of the templates, or any number of them in a row."""
    parts = [T.seq(*(MARK if p is None else Regex(p).term for p in template)) for template in templates]
    term = T.alt(*parts)
    return Language(T.rep(term, 0, None) if repeated else term, borders=True)


def judge(*templates: Template, repeated: bool = False, worth=lambda text: 0.0) -> Says:
    """The same by Python's `re` on the text between two places, and a set of the places at which tokens end."""

    def ends(template: Template, text: str, starts: set[int], cuts: set[int]) -> set[int]:
        for part in template:
            if part is None:
                starts &= cuts
            else:
                rule = re.compile(part)
                starts = {e for s in starts for e in range(s, len(text) + 1) if rule.fullmatch(text, s, e)}
        return starts

    def says(pieces: Pieces) -> float | None:
        try:
            text = b"".join(pieces).decode()
        except UnicodeDecodeError:
            return None
        sizes = [0, *itertools.accumulate(map(len, pieces))]
        cuts = {i for i in range(len(text) + 1) if len(text[:i].encode()) in sizes}
        reached, fresh = {0}, {0}
        while True:
            fresh = set().union(*(ends(t, text, set(fresh), cuts) for t in templates)) - (
                reached if repeated else set()
            )
            if not repeated:
                reached = fresh
                break
            if not fresh:
                break
            reached |= fresh
        return worth(text) if len(text) in reached else None

    return says


FIXED = [
    [("[ab]*", None, "ab", None, "[ab]*")],
    [("a", None, "b")],
    [(None, "ab")],
    [("ab", None)],
    [(None, None, "a", None, None, None, "b", None)],
    [("a*", None, "a*", None, "b*")],
    [("a", None, "b"), ("ab", None, "a"), ("ab",)],
    [("[ab]*", None, "", None, "[ab]*", None)],
    [("a*", "b", None, "a*b*")],
]


@pytest.mark.parametrize("templates", FIXED)
@pytest.mark.parametrize("repeated", [False, True])
def test_templates_said_by_hand(templates, repeated) -> None:
    logits, fixed = random_factors(random.Random(4), 4, AB.size)
    truth = enumerated(AB, judge(*templates, repeated=repeated), logits, fixed)
    check_queries(compiled(language(*templates, repeated=repeated), AB), truth, logits, fixed)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_every_query_agrees_with_enumeration(seed: int) -> None:
    """Random templates, half characters, doubles, with and without weights, fixed positions."""
    rng = random.Random(seed)

    def template() -> Template:
        parts = [random_pattern(rng, rng.choice([1, 1, 2])) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.5:
            parts.insert(rng.randint(0, len(parts)), r"(?s:.*)")
        marked: list[str | None] = []
        for part in parts:
            marked += [*([None] * rng.choice([0, 1, 1, 1, 2])), part]
        return tuple([*marked, None] if rng.random() < 0.3 else marked)

    templates = [template() for _ in range(rng.choice([1, 1, 2]))]
    repeated = rng.random() < 0.3
    said, worth = language(*templates, repeated=repeated), lambda text: 0.0
    pattern = random_pattern(rng, 1)
    if rng.random() < 0.5 and not re.fullmatch(pattern, ""):
        said, worth = said.prefer(Regex(pattern), 1.5, each=True), lambda text: each(text, pattern, 1.5)
    vocabulary = random_vocabulary(rng, rng.choice([3, 4]))
    logits, fixed = random_factors(rng, rng.choice([1, 2, 3]), vocabulary.size)
    truth = enumerated(vocabulary, judge(*templates, repeated=repeated, worth=worth), logits, fixed)
    try:
        automaton = compiled(said, vocabulary)
    except InfeasibleConstraint:
        assert not len(truth.members)
        return
    check_queries(automaton, truth, logits, fixed)


def test_weights_and_borders_together() -> None:
    """A weight across a border, within a token, at the end of one."""
    templates = [("[ab]*", None, "ab", None, "[ab]*")]
    says = judge(*templates, worth=lambda t: 2.0 * t.count("ba") - 0.5 * ("aa" in t))
    automaton = compiled(language(*templates).prefer("ba", 2.0, each=True).avoid("aa", -0.5), AB)
    assert automaton.label_weight is not None
    for seed in range(4):
        logits, fixed = random_factors(random.Random(seed), 4, AB.size)
        check_queries(automaton, enumerated(AB, says, logits, fixed), logits, fixed)


def test_a_leading_space_that_the_vocabulary_drops() -> None:
    dropping = Vocabulary(VocabularyData(*pack_bytes([b" a", b"a", b" ", b"  a"], 4), drops_leading_space=True))
    for template in [("a", None, " *a"), (None, " a", None, "a*"), (" *", None, "a"), ("", None, None, " *a+")]:
        plain = judge(template)

        def says(pieces: Pieces, plain=plain) -> float | None:
            """The dropped space belongs to the first token; alone it is a token of no text."""
            if not pieces:
                return plain(pieces)
            return plain((pieces[0].removeprefix(b" "), *pieces[1:]))

        logits, fixed = random_factors(random.Random(3), 3, 4)
        truth = enumerated(dropping, says, logits, fixed)
        check_queries(compiled(language(template), dropping), truth, logits, fixed)


def test_no_token_spells_a_marker() -> None:
    automaton = compiled(language(("a", None, "b")), AB)
    assert automaton.accepts([0, 1, 5])
    assert not automaton.accepts([2, 5])
    assert not automaton.accepts([0, 4, 1])
    with pytest.raises(InfeasibleConstraint):
        language(("a", None, "b")).compile(Vocabulary.from_bytes([b"ab", b"a"]))


def test_a_real_tokenizer() -> None:
    """A template whose fixed text is spelled by the tokens of its own, and free text around it."""
    vocabulary = Vocabulary.from_tokenizer(byte_level())
    fixed_text = " the quick brown"
    automaton = compiled(language((r"(?s:.*)", None, fixed_text, None, r"(?s:.*)")), vocabulary)
    spelled = {vocabulary.decode([t]): t for t in range(vocabulary.size) if vocabulary.is_text[t]}

    def ids(*pieces: str) -> list[int]:
        out = []
        for piece in pieces:
            data = piece.encode()
            while data:
                end = next(e for e in range(len(data), 0, -1) if data[:e] in spelled)
                out.append(spelled[data[:end]])
                data = data[end:]
        return out

    assert path_weight(automaton, ids("日本語 é", fixed_text, " fox")) == 0.0
    assert path_weight(automaton, ids("", fixed_text, "")) == 0.0
    assert path_weight(automaton, ids("x", " the", " quick", fixed_text, fixed_text)) == 0.0
    joined = ids("x" + fixed_text + "er")
    cuts = [len(vocabulary.decode(joined[:i]).decode()) for i in range(len(joined) + 1)]
    aligned = 1 in cuts and 1 + len(fixed_text) in cuts
    assert (path_weight(automaton, joined) is not None) == aligned
    assert path_weight(automaton, ids("the quick fox")) is None


def test_membership_ignores_the_markers() -> None:
    said = language(("a*", None, "b"))
    assert said.matches("aab")
    assert not said.matches("aa")
    assert said.prefer("a", 1.0).matches("b")


def test_operators_keep_borders_or_refuse() -> None:
    said = language(("[ab]*", None, "ab")) & Regex("a.*") & language(("a", None, "[ab]*"))
    automaton = compiled(said, AB)
    assert automaton.accepts([0, 1, 2, 5])
    assert not automaton.accepts([2, 2, 5])
    assert not automaton.accepts([1, 2, 5])
    assert said.matches("abab")
    for combine in (lambda: said | "b", lambda: said + "b", lambda: ~said):
        with pytest.raises(ConstraintError, match="borders"):
            combine()


def test_save_and_load(tmp_path: Path) -> None:
    automaton = compiled(language(("a", None, "b")), AB)
    automaton.save(tmp_path / "borders.safetensors")
    assert TokenAutomaton.load(tmp_path / "borders.safetensors", AB).accepts([0, 1, 5])


def test_without_markers_nothing_changes() -> None:
    free = compiled(Language(Text().term, borders=True), AB)
    plain = compiled(Text(), AB)
    for ids in itertools.product(range(AB.size), repeat=3):
        assert free.accepts(ids) == plain.accepts(ids)
    assert (free.num_states, free.num_edges) == (plain.num_states, plain.num_edges)
