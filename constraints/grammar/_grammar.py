"""`Grammar`: a context-free grammar in Lark's EBNF as a language."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .._deadline import MAX_SECONDS, Deadline
from .._errors import BudgetExceeded
from .._language import Language
from .._terms import Call, scope, seq
from ._expressions import clean
from ._network import Network, network_of
from ._reading import read
from ._recogniser import TextReader
from ._regular import definitions_of
from ._superset import Superset

if TYPE_CHECKING:
    from .._vocabulary import Vocabulary
    from ._deep import DeepAutomaton

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
        self._body, self._definitions = seq(source.ignored, Call(start)), definitions
        self.text = text
        self.start = start
        self.unreachable = cleaned.unreachable
        self.unproductive = cleaned.unproductive

    def _spells(self, data: bytes) -> bool:
        """By the whole grammar, byte by byte: no text nests too deep for it."""
        try:
            reader = self._reader
        except BudgetExceeded:
            return super()._spells(data)
        return reader.matches(data)

    @cached_property
    def _reader(self) -> TextReader:
        return TextReader(self.network)

    @cached_property
    def network(self) -> Network:
        """The whole grammar as automata that call each other."""
        return network_of(self._body, self._definitions)

    def superset(self, depth: int | None = None, count: int | None = None) -> Superset:
        """A regular superset, completed by `matches`: its members and supports hold more than the grammar's, and what
        it compiles to is "verified". Exact for what nests up to `depth` deep; beyond that it still knows the `depth`
        innermost brackets, and how many are open up to `count`. None: as much as the budget allows.
        """
        return Superset(self.network, depth, count, verify=self.matches, parse=self._parse, weights=self.weights)

    def compile_deep(
        self,
        vocabulary: Vocabulary,
        *,
        depth: int | None = None,
        count: int | None = None,
        members: bool = True,
        max_seconds: float | None = 4 * MAX_SECONDS,
    ) -> DeepAutomaton:
        """What finds the best member of the whole language, however deep it nests (see `DeepAutomaton`).

        Args:
            vocabulary: the tokens' bytes, stop and pad ids.
            depth, count: of the superset that bounds the search; see `superset`.
            members: also compile the grammar by depth, for a first good member.
            max_seconds: the most time to take; None for any.

        Raises:
            BudgetExceeded: with the figures.
            InfeasibleConstraint: if no token sequence spells a member of the superset.
        """
        from ._deep import compile_deep

        with Deadline(max_seconds) as deadline:
            return compile_deep(self, vocabulary, depth, count, members, deadline)

    def __repr__(self) -> str:
        return f"Grammar(start={self.start!r}, rules={self.text.count(':')})"
