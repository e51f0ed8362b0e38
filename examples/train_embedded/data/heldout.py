"""The rule that keeps templates and field names out of training. Knows hashes only; asserted by a test.

* A template (a domain text, or a layout of labelled rows) is held out when its id hashes to 0 modulo 7.
* A word is held out when it hashes to 0 modulo 16. No field name of the training stream contains such a word.
* A field name is held out when one of its words is, or when its words together hash to 0 modulo 6. The test
  stream uses held-out names only, so its schemas can't occur in training either.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_a-zA-Z]+")


def _bucket(text: str, buckets: int, salt: str) -> int:
    return crc32(f"{salt}:{text}".encode()) % buckets


def is_template_held_out(template: str) -> bool:
    """Whether the template with this id is for testing only."""
    return _bucket(template, 7, "whole template") == 0


@lru_cache(maxsize=1 << 16)
def is_word_held_out(word: str) -> bool:
    """Whether no trained field name may contain this (lower-case) word."""
    return len(word) > 1 and not word.isdigit() and _bucket(word, 16, "unseen word") == 0


def name_words(name: str) -> tuple[str, ...]:
    """The lower-case words of a field name in any casing: `dueDate`, `due_date` and `Due Date` are the same."""
    return tuple(word.lower() for word in WORD.findall(name))


@lru_cache(maxsize=1 << 16)
def is_name_held_out(name: str) -> bool:
    """Whether this field name is for testing only, whatever its casing."""
    words = name_words(name)
    return any(map(is_word_held_out, words)) or _bucket("".join(words), 6, "full name") == 0
