"""Random grammars, each in two spellings: as a user writes it, and with its terminals spelled out for a judge.

The judge is lark's Earley parser over rules whose terminals are single characters, so that no lexer decides anything.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

from lark import Lark
from lark.exceptions import GrammarError, LarkError, UnexpectedInput

LETTERS = "ab()"
TERMINALS = [  # a regular expression, and the same by rules
    (r"/a/", '"a"'),
    (r"/a+/", '"a"+'),
    (r"/[ab]b?/", '("a" | "b") "b"?'),
    (r"/(ab|b)*a/", '("a" "b" | "b")* "a"'),
    (r"/b{1,2}/", '"b" "b"?'),
    (r"/[^ab ]/", '("(" | ")")'),
    (r"/a(?!b)[ab]?/", '("a" "a" | "a")'),
    (r'"ab"', '"a" "b"'),
    (r'"A"i', '"a"'),
    (r'"(" "a"?', '"(" "a"?'),
]
Tree = tuple  # ("word", text) | ("terminal", number) | ("rule", name) | ("cat" | "or", *trees) | ("loop", tree, mark)


@dataclass(frozen=True)
class Sample:
    """A random grammar; `text` for us, `contains` by the judge."""

    text: str
    spelled: str

    @cached_property
    def judge(self) -> Lark:
        return Lark(self.spelled, parser="earley", lexer="dynamic", keep_all_tokens=True, maybe_placeholders=False)

    def contains(self, text: str) -> bool:
        try:
            self.judge.parse(text)
        except UnexpectedInput:
            return False
        return True


def random_grammar(rng: random.Random) -> Sample:
    """A grammar that lark takes in the judge's spelling too."""
    while True:
        sample = _random_grammar(rng)
        try:
            sample.contains("")
        except (GrammarError, LarkError, RecursionError):
            continue
        return sample


def _random_grammar(rng: random.Random) -> Sample:
    names = ["start", "r", "s", "t"][: rng.randint(1, 4)]
    rules = {name: _random_tree(rng, names, 3) for name in names}
    ignored = rng.random() < 0.25
    follow = " _w" if ignored else ""
    ours = [f"{name}: {_ours(tree)}" for name, tree in rules.items()]
    ours += [f"T{number}: {regex}" for number, (regex, _) in enumerate(TERMINALS)]
    spelled = [f"{name}: {_spelled(tree, follow)}" for name, tree in rules.items()]
    if ignored:
        ours.append('%ignore " "')
        spelled = [line.replace("start:", "start_:", 1) for line in spelled]
        spelled = [_renamed(line) for line in spelled] + ["start: _w start_", '_w: (" ")*']
    return Sample("\n".join(ours), "\n".join(spelled))


def _renamed(line: str) -> str:
    name, _, body = line.partition(":")
    return f"{name}:{body.replace('start', 'start_')}"


def _random_tree(rng: random.Random, names: list[str], depth: int) -> Tree:
    kind = rng.random()
    if depth == 0 or kind < 0.3:
        choice = rng.random()
        if choice < 0.4:
            return ("word", "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 2))))
        return ("terminal", rng.randrange(len(TERMINALS))) if choice < 0.6 else ("rule", rng.choice(names))
    parts = [_random_tree(rng, names, depth - 1) for _ in range(rng.randint(1, 3))]
    if kind < 0.6:
        return ("cat", *parts)
    if kind < 0.85:
        return ("or", *parts, *([("empty",)] if rng.random() < 0.25 else []))
    return ("loop", parts[0], rng.choice(["?", "*", "+", "~2", "~0..2", "[]"]))


def _ours(tree: Tree) -> str:
    return _printed(tree, lambda text: f'"{text}"', lambda number: f"T{number}")


def _spelled(tree: Tree, follow: str) -> str:
    def word(text: str) -> str:
        return " ".join(f'"{letter}"' for letter in text) + follow

    return _printed(tree, word, lambda number: f"({TERMINALS[number][1]}){follow}")


def _printed(tree: Tree, word, terminal) -> str:
    match tree:
        case ("word", text):
            return word(text)
        case ("terminal", number):
            return terminal(number)
        case ("rule", name):
            return name
        case ("empty",):
            return ""
        case ("cat", *parts):
            return " ".join(f"({_printed(part, word, terminal)})" for part in parts)
        case ("or", *parts):
            return "(" + " | ".join(_printed(part, word, terminal) for part in parts) + ")"
        case ("loop", part, "[]"):
            return f"[{_printed(part, word, terminal)}]"
        case ("loop", part, mark):
            return f"({_printed(part, word, terminal)}){mark}"
    raise AssertionError(tree)
