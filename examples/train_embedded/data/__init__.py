"""Synthetic training data of the embedded model: endless (schema, text, record) examples, and their held-out half."""

from data.example import Example
from data.stream import examples

__all__ = ["Example", "examples"]
