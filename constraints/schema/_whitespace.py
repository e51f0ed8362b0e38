"""Where white space may stand in a JSON document: policies, always bounded.

A policy says which texts may stand between the tokens of a document; it knows nothing of schemas. Every
policy is finite: no spelling of a document can be stretched without end by padding it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._terms import EPSILON, Term, alt, chars, lit, opt, rep, seq

__all__ = ["COMPACT", "DEFAULT", "FLEXIBLE", "Whitespace"]


@dataclass(frozen=True)
class Whitespace:
    """A spelling policy for white space.

    Attributes:
        name: `"default"`, `"compact"`, `"indented"` or `"flexible"`.
        indent: spaces per level; `"indented"` only.
        limit: most white-space characters in one gap; `"flexible"` only.

    The policies:

    * `default`: at most one space after each `:` and each `,`, freely chosen at each place; none elsewhere.
      So both `json.dumps(x)` and `json.dumps(x, separators=(",", ":"))` are spellings.
    * `compact`: none at all: `json.dumps(x, separators=(",", ":"))`.
    * `indented`: exactly what `json.dumps(x, indent=n)` writes.
    * `flexible`: in every gap between two tokens inside the document up to `limit` characters out of space,
      tab, line feed and carriage return; none around the document.
    """

    name: str
    indent: int = 0
    limit: int = 0

    @classmethod
    def indented(cls, indent: int = 2) -> Whitespace:
        """Pretty print with `indent` spaces per level, as `json.dumps(x, indent=indent)`."""
        if not 0 <= indent <= 16:
            raise ValueError(f"indent must be between 0 and 16, got {indent}")
        return cls("indented", indent=indent)

    @classmethod
    def flexible(cls, limit: int = 4) -> Whitespace:
        """Up to `limit` white-space characters in every gap."""
        if not 1 <= limit <= 256:
            raise ValueError(f"limit must be between 1 and 256, got {limit}")
        return cls("flexible", limit=limit)

    @classmethod
    def of(cls, policy: str | int | Whitespace) -> Whitespace:
        """A policy from its name (`"default"`, `"compact"`, `"indented"`, `"flexible"`), from a number of
        spaces to indent by, or unchanged. Raises ValueError for anything else."""
        if isinstance(policy, Whitespace):
            return policy
        if isinstance(policy, int) and not isinstance(policy, bool):
            return cls.indented(policy)
        named = {
            "default": DEFAULT,
            "compact": COMPACT,
            "indented": cls.indented(),
            "indent2": cls.indented(2),
            "indent4": cls.indented(4),
            "flexible": FLEXIBLE,
        }
        if policy not in named:
            raise ValueError(f"unknown whitespace policy {policy!r}: one of {', '.join(named)}, or a number of spaces")
        return named[policy]

    @property
    def depth_matters(self) -> bool:
        """Whether the spelling of a value depends on how deep it stands."""
        return self.name == "indented"

    def colon(self) -> Term:
        """The text between a key and its value."""
        if self.name == "compact":
            return lit(":")
        if self.name == "flexible":
            return seq(self._gap(), lit(":"), self._gap())
        return lit(": ") if self.name == "indented" else seq(lit(":"), opt(lit(" ")))

    def comma(self, depth: int) -> Term:
        """The text between two members of a container; `depth` is that of the members."""
        if self.name == "compact":
            return lit(",")
        if self.name == "flexible":
            return seq(self._gap(), lit(","), self._gap())
        return lit("," + self._line(depth)) if self.name == "indented" else seq(lit(","), opt(lit(" ")))

    def opening(self, bracket: str, depth: int) -> Term:
        """An opening bracket up to the first member; `depth` is that of the members."""
        return seq(lit(bracket), self._edge(depth))

    def closing(self, bracket: str, depth: int) -> Term:
        """The end of the last member up to the closing bracket; `depth` is that of the container."""
        return seq(self._edge(depth), lit(bracket))

    def empty(self, brackets: str) -> Term:
        """A container without members."""
        return seq(lit(brackets[0]), self._gap() if self.name == "flexible" else EPSILON, lit(brackets[1]))

    def _edge(self, depth: int) -> Term:
        if self.name == "indented":
            return lit(self._line(depth))
        return self._gap() if self.name == "flexible" else EPSILON

    def _line(self, depth: int) -> str:
        return "\n" + " " * (self.indent * depth)

    def _gap(self) -> Term:
        return alt(EPSILON, rep(chars(" \t\n\r"), 1, self.limit))


DEFAULT = Whitespace("default")
COMPACT = Whitespace("compact")
FLEXIBLE = Whitespace.flexible()
