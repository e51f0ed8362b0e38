"""Free text, then structure: replies that reason before they answer, and replies with one fenced block.

Both are templates whose cut is unique, so the answer that is parsed is the one that a reader finds with `str.find`:
the text ends at the *first* closing tag, the block at the *first* line that starts like a closing fence.
"""

from __future__ import annotations

from typing import Any

from ._language import Language, named
from ._template import Template
from ._terms import Term, alt, any_char, any_text, both, chars, lit, neg, opt, rep, seq

__all__ = ["Reply", "fenced", "reasoning_then"]

_FENCE = "```"
_FENCES = (_FENCE, "~~~")


class Reply(Language):
    """Free text around an answer. The value of a member is that of the answer; `split` gives the pieces."""

    def __init__(self, template: Template, name: str) -> None:
        super().__init__(template.term, verify=template.verify)
        self.template = template
        self._name = name

    def parse(self, text: str) -> Any:
        """The typed value of the answer. Raises ValueError if the text is no member."""
        return self.template.parse(text)["answer"]

    def split(self, text: str) -> dict[str, str] | None:
        """The text of the answer ("answer") and what is written freely around it; None if the text is no member."""
        cut = self.template.split(text)
        return None if cut is None else {name: pieces[0] for name, pieces in cut.items()}


def reasoning_then(
    answer: Any,
    open: str = "<think>",
    close: str = "</think>",
    *,
    between: str = "",
    min_chars: int = 0,
    max_chars: int | None = None,
) -> Reply:
    r"""Reasoning between two tags, then the answer: `open + reasoning + close + between + answer`.

    The reasoning is any text that does not hold the closing tag, not even together with the beginning of the tag that
    closes it: `(reasoning + close).find(close) == len(reasoning)`. So a member can be cut in one way only.

    Args:
        answer: what `Language.of` takes; verified ones too.
        open: the opening tag; "" where the prompt ends with it.
        close: the closing tag.
        between: fixed text in front of the answer, for example "\n\n".
        min_chars, max_chars: least and most code points of the reasoning (None: as many as the canvas admits).

    Raises:
        ValueError: without a closing tag, or for bounds that are negative or reversed.
        ConstraintError: for an answer with weights or borders; add them to the reply.
    """
    if not close:
        raise ValueError("reasoning needs a closing tag: without one it never ends")
    thought = _before(close)
    if min_chars or max_chars is not None:
        thought = both(thought, rep(any_char(), min_chars, max_chars))
    text = f"{_fixed(open)}{{reasoning}}{_fixed(close)}{_fixed(between)}{{answer}}"
    language = Language.of(answer)
    template = Template(text, reasoning=Language(thought), answer=language)
    return Reply(template, f"reasoning_then({language!r})")


def fenced(answer: Any, tag: str = "json", *, prose: bool = True) -> Reply:
    r"""A chat reply with exactly one fenced block, which holds the answer.

    `before + "```" + tag + "\n" + answer + "\n```" + after`, fences on lines of their own: `before` is empty or ends
    with a newline, `after` is empty or begins with one, and neither holds ` ``` ` or `~~~` anywhere.

    The block ends at its first line that begins with a fence, behind spaces and tabs or not. Answers with such a line
    are therefore left out; JSON has none, since its strings hold no raw newlines (backticks *in* strings are fine).

    Args:
        answer: what `Language.of` takes; verified ones too.
        tag: the info string behind the opening fence; may be empty.
        prose: whether there may be text around the block.

    Raises:
        ValueError: for a tag with a newline or a backtick.
        ConstraintError: for an answer with weights or borders; add them to the reply.
    """
    if "`" in tag or "\n" in tag or "\r" in tag:
        raise ValueError(f"{tag!r} can't stand behind a fence: it holds a backtick or a newline")
    language = Language.of(answer)
    block = f"{_FENCE}{_fixed(tag)}\n{{answer}}\n{_FENCE}"
    holes: dict[str, Any] = {"answer": _without_fence_lines(language)}
    if prose:
        plain = _without(_FENCES)
        holes["before"] = Language(opt(both(plain, seq(any_text(), lit("\n")))))
        holes["after"] = Language(opt(both(plain, seq(lit("\n"), any_text()))))
        block = f"{{before}}{block}{{after}}"
    return Reply(Template(block, **holes), f"fenced({language!r}, {tag!r})")


def _fixed(text: str) -> str:
    """A text as it is written in a template."""
    return text.replace("{", "{{").replace("}", "}}")


def _without(words: tuple[str, ...]) -> Term:
    """The texts that hold none of these words."""
    return neg(alt(*(seq(any_text(), lit(word), any_text()) for word in words)))


def _before(close: str) -> Term:
    """The texts behind which the first `close` begins right at their end."""
    # `"a" + "aa"` holds "aa" one place too early: what ends like that is barred with what holds the tag itself
    early = [close[:size] for size in range(1, len(close)) if close.startswith(close[size:])]
    ends = [seq(any_text(), lit(start)) for start in early]
    return neg(alt(seq(any_text(), lit(close), any_text()), *ends))


def _without_fence_lines(language: Language) -> Language:
    """The members without a line that begins with a fence."""
    from .schema import JsonSchema

    if isinstance(language, JsonSchema):  # no JSON text has such a line; membership stays that of the whole language
        return language
    start = opt(seq(any_text(), chars("\r\n")))  # either ends a line, to Markdown
    lines = seq(start, rep(chars(" \t"), 0), lit(_FENCE), any_text())
    return language & named(Language(neg(lines)), "no line begins with a fence")
