"""Random languages with a judge of their own (Python's `re`), random vocabularies, all canvases."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from controlgen.constraints import Choice, Contains, Language, Regex, TokenAutomaton, Vocabulary

LETTERS = ["a", "b", "B", "1", " ", "\n", "é", "日", "🙂", '"', "\\", "_"]
ATOMS = [
    "a", "b", "B", "1", " ", r"\n", "é", "日", "🙂", '"', r"\\", "_", ".", r"\d", r"\w", r"\s", r"\D", r"\W",
    r"\S", "[ab]", "[^a]", "[^a-z]", "[a-é]", r"[\d_]",
    r"[^\s日]", "[é-日]", "[aB1]", r"\x61", "\\u65e5", r"[\]a-]",
    "(?i:b)", "(?s:.)", "(?a:\\w)", "(?-i:b)",
]  # fmt: skip
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "{,2}", "*?", "+?", "{1,3}?", "??"]


@dataclass(frozen=True)
class Judged:
    """A language and who says what is in it."""

    name: str
    language: Language
    contains: Callable[[str], bool]


def random_pattern(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(ATOMS)
    kind = rng.randrange(5)
    inner = random_pattern(rng, depth - 1)
    if kind == 0:
        return f"(?:{inner}){rng.choice(QUANTIFIERS)}"
    if kind == 1:
        return f"(?:{inner}|{random_pattern(rng, depth - 1)})"
    if kind == 2:
        return f"({inner}|{random_pattern(rng, depth - 1)}|)"
    return inner + random_pattern(rng, depth - 1)


def random_regex(rng: random.Random, depth: int = 3) -> Judged:
    pattern = random_pattern(rng, depth)
    flags = rng.choice(["", "", "", "(?i)", "(?s)", "(?a)", "(?is)"])
    anchors = rng.choice([("", ""), ("", ""), ("^", "$"), (r"\A", ""), ("", r"\Z")])
    body = f"(?:{pattern})" if anchors != ("", "") else pattern
    whole = flags + anchors[0] + body + anchors[1]
    compiled = re.compile(whole)
    return Judged(whole, Regex(whole), lambda text: compiled.fullmatch(text) is not None)


def random_word(rng: random.Random, longest: int) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(0, longest)))


def random_language(rng: random.Random, depth: int = 2) -> Judged:
    """Regular expressions, choices, substrings, and what operators make of them."""
    kind = rng.randrange(9) if depth else rng.randrange(4)
    if kind <= 1:
        return random_regex(rng)
    if kind == 2:
        words = [random_word(rng, 3) for _ in range(rng.randint(1, 4))]
        return Judged(f"Choice{words}", Choice(*words), lambda text: text in words)
    if kind == 3:
        part = random_word(rng, 2) or "a"
        return Judged(f"Contains({part!r})", Contains(part), lambda text: part in text)
    left = random_language(rng, depth - 1)
    if kind == 4:
        return Judged(f"~({left.name})", ~left.language, lambda text: not left.contains(text))
    right = random_language(rng, depth - 1)
    if kind == 5:
        both = lambda text: left.contains(text) and right.contains(text)  # noqa: E731
        return Judged(f"({left.name})&({right.name})", left.language & right.language, both)
    if kind == 6:
        minus = lambda text: left.contains(text) and not right.contains(text)  # noqa: E731
        return Judged(f"({left.name})&~({right.name})", left.language & ~right.language, minus)
    if kind == 7:
        either = lambda text: left.contains(text) or right.contains(text)  # noqa: E731
        return Judged(f"({left.name})|({right.name})", left.language | right.language, either)

    def split(text: str) -> bool:
        return any(left.contains(text[:i]) and right.contains(text[i:]) for i in range(len(text) + 1))

    return Judged(f"({left.name})+({right.name})", left.language + right.language, split)


def random_vocabulary(rng: random.Random, text_tokens: int = 4) -> Vocabulary:
    """Tokens with whole and half characters, doubles, unordered specials, padded columns."""
    tokens: list[bytes | None] = []
    for _ in range(text_tokens):
        whole = "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 2))).encode()
        start = rng.randrange(len(whole)) if rng.random() < 0.4 else 0
        end = rng.randint(start + 1, len(whole)) if rng.random() < 0.4 else len(whole)
        tokens.append(whole[start:end])
    if rng.random() < 0.3:
        tokens.append(tokens[0])
    silent = rng.choice([1, 2, 2])
    for _ in range(silent):
        tokens.insert(rng.randint(0, len(tokens)), None)
    free = [i for i, token in enumerate(tokens) if token is None]
    stop = rng.sample(free, rng.randint(0, len(free)))
    pad = rng.sample(free, rng.randint(0, len(free)))
    return Vocabulary.from_bytes(tokens, stop_ids=stop, pad_ids=pad, size=len(tokens) + rng.randint(0, 1))


def member(judged: Judged, vocabulary: Vocabulary, ids: tuple[int, ...]) -> bool:
    """The rule of the canvas, word by word: text, one stop token, then stop or pad tokens."""
    end = next((i for i, token in enumerate(ids) if token in vocabulary.stop_ids), len(ids))
    if not all(vocabulary.is_text[token] for token in ids[:end]):
        return False
    if any(token not in vocabulary.stop_ids + vocabulary.pad_ids for token in ids[end:]):
        return False
    try:
        text = vocabulary.decode(ids[:end]).decode()
    except UnicodeDecodeError:
        return False
    return judged.contains(text)


def canvases(vocabulary: Vocabulary, longest: int) -> Iterator[tuple[int, ...]]:
    """Every token sequence up to a length, barred tokens included."""
    for length in range(longest + 1):
        yield from itertools.product(range(vocabulary.size), repeat=length)


def transitions(automaton: TokenAutomaton) -> list[dict[int, int]]:
    """state -> {token: target}, read from the tensors; fails if two edges of a state share a token."""
    edges, labels = automaton.edge_ptr.tolist(), automaton.label_ptr.tolist()
    members, groups = automaton.label_class.tolist(), automaton.class_ptr.tolist()
    tokens = automaton.class_tokens.tolist()
    of_label = [
        [t for c in members[labels[k] : labels[k + 1]] for t in tokens[groups[c] : groups[c + 1]]]
        for k in range(automaton.num_labels)
    ]
    table: list[dict[int, int]] = [{} for _ in range(automaton.num_states)]
    for state in range(automaton.num_states):
        for edge in range(edges[state], edges[state + 1]):
            for token in of_label[int(automaton.edge_label[edge])]:
                assert token not in table[state], "two edges of one state share a token"
                table[state][token] = int(automaton.edge_target[edge])
    return table


def accepted(automaton: TokenAutomaton, longest: int) -> set[tuple[int, ...]]:
    """Every accepted sequence up to a length, by following the tables."""
    table, accepting = transitions(automaton), automaton.accepting.tolist()
    found: set[tuple[int, ...]] = set()
    layer: list[tuple[tuple[int, ...], int]] = [((), automaton.start)]
    for _ in range(longest + 1):
        found.update(ids for ids, state in layer if accepting[state])
        layer = [((*ids, t), target) for ids, state in layer for t, target in table[state].items()]
    return found
