"""`Grammar`: a context-free grammar in Lark's EBNF as a language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._language import Language
from .._terms import Call, scope, seq
from ._expressions import clean
from ._reading import read
from ._regular import definitions_of

__all__ = ["Grammar"]


MAX_DEPTH = 64  # of self-embedding rules; the budgets end it before, where there is more than one kind of bracket


class Grammar(Language):
    """The language of a grammar in Lark's EBNF, scannerless.

    A terminal stands for its full regular language, what `%ignore` names may stand before, between and behind
    terminals, and a text is a member if some derivation spells it (Chomsky's context-free languages; no lexer decides
    anything). So `start: A "a"` with `A: /a+/` has the member "aa", which lark's own lexers refuse.

    Rules that don't embed themselves are compiled exactly, loops on the left and on the right included. Those that do
    are expanded by depth, as deep as `max_depth` and the budgets of `compile` allow: `TokenAutomaton.max_depth` says
    how deep. `matches` and `accepts` know the whole language.

    Args:
        text: the grammar.
        start: the rule to start with.
        parse: gives the typed value of a member; by default the text itself.

    Attributes:
        unreachable: rules that the start never comes to.
        unproductive: rules every derivation of which goes on for ever; alternatives with them are left out.

    Raises:
        ConstraintError: if it isn't a grammar, or has no rule `start`.
        UnsupportedConstraint: for `%declare`, imports of files, back-references in terminals; every reason.
        InfeasibleConstraint: if it has no member, naming the rules.
        BudgetExceeded: if it is too large.
    """

    def __init__(self, text: str, *, start: str = "start", parse: Callable[[str], Any] | None = None) -> None:
        source = read(text, start)
        cleaned = clean(source.rules, start)
        definitions = definitions_of(cleaned.rules) | source.terminals
        super().__init__(seq(source.ignored, scope(Call(start), definitions, MAX_DEPTH)), parse=parse)
        self.text = text
        self.start = start
        self.unreachable = cleaned.unreachable
        self.unproductive = cleaned.unproductive

    def __repr__(self) -> str:
        return f"Grammar(start={self.start!r}, rules={self.text.count(':')})"
