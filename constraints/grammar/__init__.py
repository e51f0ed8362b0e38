"""Grammars: Lark's EBNF → rules over terms (`_reading`) → a term in which only true recursion is left (`_regular`)."""

from ._grammar import Grammar

__all__ = ["Grammar"]
