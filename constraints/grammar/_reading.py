"""Lark's EBNF, read by `lark` itself, as rules over terms.

`lark` parses the text, resolves imports (from its own library only), `%extend`, `%override` and references between
terminals, and checks that every name is defined. Its trees become expressions here: a terminal is its full regular
language, what `%ignore` names may stand before the first terminal and after every one. Priorities, aliases, and the
marks that shape lark's parse trees (`?`, `!`, `_`) say nothing about the language.

Knows lark's trees; knows nothing of recursion or automata.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lark import Token, Tree
from lark.exceptions import LarkError, UnexpectedInput
from lark.grammar import NonTerminal, Terminal
from lark.load_grammar import GrammarBuilder, PrepareLiterals, _parse_grammar, eval_escaping

from .._calls import components
from .._ecma import search_term
from .._ecma_parser import Choice, Node, One, Sequence
from .._ecma_parser import Loop as LoopNode
from .._errors import BudgetExceeded, ConstraintError, Reason, UnsupportedConstraint
from .._regex_nodes import regex_node
from .._terms import EPSILON, Bytes, Call, Term, alt, rep, seq
from ._expressions import Expression, Leaf, Loop, Or, Ref, Rules, cat

__all__ = ["Source", "read"]

MAX_TEXT = 200_000  # characters of a grammar
MAX_RULES = 10_000  # rules, those out of templates included
MAX_TERMINALS = 100_000  # nodes of all terminals with what they refer to written out


@dataclass(frozen=True)
class Source:
    """A grammar as it was read.

    Attributes:
        rules: the right-hand sides by name; references to terminals are calls in their leaves.
        terminals: the languages of those terminals, what may be ignored after them included.
        ignored: what may stand before the first terminal.
    """

    rules: Rules
    terminals: dict[str, Term]
    ignored: Term


def read(text: str, start: str) -> Source:
    """Read a grammar.

    Raises:
        ConstraintError: if it isn't one; the message has line and column where lark has them.
        UnsupportedConstraint: for `%declare`, relative imports, and what is not regular in a terminal; every reason.
        BudgetExceeded: if it, or what it stands for, is too large.
    """
    if len(text) > MAX_TEXT:
        raise BudgetExceeded(f"a grammar of {len(text):,} characters; at most {MAX_TEXT:,} are read")
    parse_grammar: Any = _parse_grammar
    try:
        _check_terminals(parse_grammar(text + "\n", "<grammar>"))
        builder = _Builder(False, [], None)
        builder.load_grammar(text + "\n", "<grammar>")
        grammar = builder.build()
    except UnexpectedInput as error:
        raise ConstraintError(
            f"not a grammar: line {error.line}, column {error.column}: {_first_line(error)}"
        ) from error
    except (LarkError, AssertionError, OSError) as error:
        raise ConstraintError(f"not a grammar: {_first_line(error)}") from error
    except RecursionError as error:
        raise ConstraintError("not a grammar: nested too deeply") from error
    if not any(name == start and not params for name, params, _, _ in grammar.rule_defs):
        known = ", ".join(sorted(str(name) for name, params, _, _ in grammar.rule_defs if not params))
        raise ConstraintError(f"the grammar has no rule {start!r} to start with: pass start=…, one of {known}")
    try:
        return _Reader(grammar).source(start)
    except LarkError as error:
        raise ConstraintError(f"not a grammar: {_first_line(error)}") from error
    except RecursionError as error:
        raise ConstraintError("not a grammar: nested too deeply") from error


def _check_terminals(tree: Any) -> None:
    """Refuse terminals that are too large once their references are written out: lark would write them out."""
    trees = {str(part.children[0]): part for part in tree.children if part.data == "term"}
    own = {name: sum(1 for _ in part.iter_subtrees()) for name, part in trees.items()}
    refs: dict[str, list[str]] = {
        name: [str(symbol.name) for symbol in part.scan_values(lambda value: isinstance(value, Terminal))]
        for name, part in trees.items()
    }
    sizes: dict[str, int] = {}
    for group in components(list(refs), {name: frozenset(r for r in refs[name] if r in refs) for name in refs}):
        for name in group:  # circles are lark's to refuse
            sizes[name] = own[name] + sum(sizes.get(other, 0) for other in refs[name])
        if sum(sizes.values()) > MAX_TERMINALS:
            raise BudgetExceeded(f"terminals of more than {MAX_TERMINALS:,} parts, their references written out")


class _Builder(GrammarBuilder):
    """lark's own, without a way to the file system."""

    def do_import(self, dotted_path: Any, base_path: Any, *rest: Any, **options: Any) -> None:
        if base_path is not None:
            raise UnsupportedConstraint.single(
                "." + ".".join(dotted_path), "%import", "files are not read: write the rules into the grammar"
            )
        super().do_import(dotted_path, base_path, *rest, **options)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class _Reader:
    """Turns lark's trees into expressions; templates are instantiated as they are met."""

    def __init__(self, grammar: Any) -> None:
        self._templates = {str(name): (params, tree) for name, params, tree, _ in grammar.rule_defs if params}
        self._trees = {str(name): tree for name, params, tree, _ in grammar.rule_defs if not params}
        self._terminals = _Terminals({str(name): tree for name, (tree, _) in grammar.term_defs})
        self._ignored = self._terminals.joined([str(name) for name in grammar.ignore])
        self._pending: list[tuple[str, Any, dict[str, Expression]]] = []
        self._instances: set[str] = set()

    def source(self, start: str) -> Source:
        rules: Rules = {}
        self._pending = [(name, tree, {}) for name, tree in self._trees.items()]
        while self._pending:
            name, tree, names = self._pending.pop()
            rules[name] = self._expression(tree, names)
            if len(rules) + len(self._pending) > MAX_RULES:
                raise BudgetExceeded(f"the grammar has more than {MAX_RULES:,} rules, those of its templates included")
        called = {name: seq(term, self._ignored) for name, term in self._terminals.used.items()}
        if self._terminals.reasons:
            raise UnsupportedConstraint(self._terminals.reasons)
        return Source(rules, called, self._ignored)

    def _expression(self, tree: Any, names: dict[str, Expression]) -> Expression:
        if not isinstance(tree, Tree):
            return self._symbol(tree, names)
        children: list[Any] = tree.children
        match tree.data:
            case "expansions":
                options = tuple(self._expression(child, names) for child in children)
                return options[0] if len(options) == 1 else Or(options)
            case "expansion":
                return cat(*(self._expression(child, names) for child in children))
            case "alias" | "value":
                return self._expression(children[0], names)
            case "maybe":
                return Loop(self._expression(children[0], names), 0, 1)
            case "expr":
                return Loop(self._expression(children[0], names), *_counts(children))
            case "literal" | "range":
                return self._leaf(tree)
            case "template_usage":
                return self._instance(children[0].name, [self._expression(child, names) for child in children[1:]])
        raise ConstraintError(f"not a grammar: {tree.data} in a rule")

    def _symbol(self, symbol: Any, names: dict[str, Expression]) -> Expression:
        if isinstance(symbol, Terminal):
            return self._terminal(symbol.name)
        if isinstance(symbol, NonTerminal):
            return names.get(symbol.name) or Ref(str(symbol.name))
        raise ConstraintError(f"not a grammar: {symbol!r} in a rule")

    def _terminal(self, name: str) -> Expression:
        term = self._terminals.term(name)
        return Leaf(seq(term, self._ignored)) if isinstance(term, Bytes) else Leaf(Call(self._terminals.use(name)))

    def _leaf(self, tree: Any) -> Expression:
        return Leaf(seq(self._terminals.of_tree(tree), self._ignored))

    def _instance(self, template: str, arguments: list[Expression]) -> Expression:
        params, tree = self._templates[template]
        if len(params) != len(arguments):
            raise ConstraintError(f"not a grammar: {template} takes {len(params)} arguments, not {len(arguments)}")
        name = f"{template}{{{','.join(map(_spelled, arguments))}}}"
        if len(name) > 1_000:
            raise BudgetExceeded(f"the template {template} calls itself with ever longer arguments")
        if name not in self._instances:
            self._instances.add(name)
            self._pending.append((name, tree, dict(zip(map(str, params), arguments, strict=True))))
        return Ref(name)


def _spelled(argument: Expression) -> str:
    match argument:
        case Ref(name) | Leaf(Call(name)):
            return name
    return repr(argument)


def _counts(children: list[Any]) -> tuple[int, int | None]:
    """Low and high of an `expr` tree: [inner, operator, numbers …]."""
    operator, numbers = str(children[1]), [int(number) for number in children[2:]]
    match operator:
        case "?":
            return 0, 1
        case "*":
            return 0, None
        case "+":
            return 1, None
    low, high = numbers[0], numbers[-1]
    if high < low:
        raise ConstraintError(f"not a grammar: ~{low}..{high} is no range")
    return low, high


class _Terminals:
    """The regular languages of terminals. lark has written references between terminals out, as shared trees."""

    def __init__(self, trees: dict[str, Any]) -> None:
        self._trees = trees
        self._nodes: dict[int, tuple[Node, int]] = {}  # by identity of the tree: the node, its size written out
        self._terms: dict[str, Term] = {}
        self.used: dict[str, Term] = {}
        self.reasons: list[Reason] = []

    def term(self, name: str) -> Term:
        if name not in self._terms:
            self._terms[name] = self._named(name)
        return self._terms[name]

    def use(self, name: str) -> str:
        self.used[name] = self.term(name)
        return name

    def joined(self, names: list[str]) -> Term:
        """Any number of these terminals."""
        return rep(alt(*map(self.term, names)), 0) if names else EPSILON

    def of_tree(self, tree: Any) -> Term:
        return search_term(self._sized(tree)[0], at_start=True, at_end=True)

    def _named(self, name: str) -> Term:
        if self._trees[name] is None:
            why = "what it matches is code of a lexer: write the terminal as a regular expression"
            self.reasons.append(Reason(name, "%declare", why))
            return EPSILON
        try:
            return self.of_tree(self._trees[name])
        except UnsupportedConstraint as error:
            self.reasons += [Reason(f"{name}, {r.pointer}", r.keyword, r.why) for r in error.reasons]
            return EPSILON

    def _sized(self, tree: Any) -> tuple[Node, int]:
        if id(tree) not in self._nodes:
            node, size = self._node(tree)
            if size > MAX_TERMINALS:
                raise BudgetExceeded(f"a terminal of more than {MAX_TERMINALS:,} parts, its references written out")
            self._nodes[id(tree)] = node, size
        return self._nodes[id(tree)]

    def _node(self, tree: Any) -> tuple[Node, int]:
        if not isinstance(tree, Tree):
            raise ConstraintError(f"not a grammar: {tree} in a terminal")
        children: list[Any] = tree.children
        match tree.data:
            case "literal":
                return self._literal(str(children[0]), children[0].type), 1
            case "range":
                return _range(*map(str, children)), 1
            case "alias":
                raise ConstraintError("not a grammar: an alias in a terminal")
        symbols = [child for child in children if isinstance(child, Tree)]
        parts = [self._sized(child) for child in symbols]
        nodes, size = tuple(node for node, _ in parts), 1 + sum(size for _, size in parts)
        match tree.data:
            case "expansions":
                return Choice(nodes), size
            case "expansion" | "value":
                return Sequence(nodes), size
            case "maybe":
                return LoopNode(nodes[0], 0, 1), size
            case "expr":
                return LoopNode(nodes[0], *_counts(children)), size
        raise ConstraintError(f"not a grammar: {tree.data} in a terminal")

    def _literal(self, spelled: str, kind: str) -> Node:
        prepare: Any = PrepareLiterals()  # lark's own reading of its escapes
        pattern = prepare.literal(Token(kind, spelled)).children[0]
        return regex_node(pattern.to_regexp())


def _range(first: str, last: str) -> Node:
    low, high = (_one_character(spelled) for spelled in (first, last))
    if high < low:
        raise ConstraintError(f"not a grammar: {first}..{last} is no range")
    return One(((low, high),))


def _one_character(spelled: str) -> int:
    read_escapes: Any = eval_escaping
    value = read_escapes(spelled[1:-1])
    if len(value) != 1:
        raise ConstraintError(f"not a grammar: {spelled} in a range is not one character")
    return ord(value)
