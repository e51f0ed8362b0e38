"""From the probabilities of tokens to one confidence per field.

The confidence of a field is the product of the constrained marginals of the tokens that write it, each as it
was when the token was committed:

    c(field) = Π p_i(x_i)    over the tokens i that hold a byte of the field's literal or the byte behind it

The byte behind belongs to the value because it says where the value ends (12 or 125). Tokens committed one at
a time make the product the exact probability of the field under the process that wrote it; tokens committed
together are taken as independent, as the model predicts them. A token that the constraint forces has
probability 1 and so does not count. Knows texts and bytes; nothing of models.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from controlgen._fields import Field

__all__ = ["field_confidences"]


def field_confidences(
    text: str, fields: Iterable[Field], token_bytes: Sequence[bytes], probabilities: Sequence[float]
) -> dict[str, float]:
    """The confidence of each field, by JSON pointer.

    Args:
        text: the JSON text.
        fields: its scalars (`controlgen._fields.fields`).
        token_bytes: the bytes of the text's tokens; together they spell the text, but for a leading space
            that some tokenizers add.
        probabilities: one per token, in [0, 1].

    Raises:
        ValueError: the tokens don't spell the text, or there are more or fewer probabilities than tokens.
    """
    if len(token_bytes) != len(probabilities):
        raise ValueError(f"{len(probabilities)} probabilities for {len(token_bytes)} tokens")
    spelled = b"".join(token_bytes)
    lead = len(spelled) - len(text.encode("utf-8"))
    if spelled[lead:] != text.encode("utf-8") or lead not in (0, 1):
        raise ValueError("the tokens don't spell the text")
    ends = [end - lead for end in accumulate(map(len, token_bytes))]  # byte offset behind each token
    at_character = [0, *accumulate(len(character.encode("utf-8")) for character in text)]
    confidences = {}
    for field in fields:
        start, end = at_character[field.start], at_character[field.end] + 1
        first, last = bisect_right(ends, start), bisect_left(ends, end)
        confidences[field.pointer] = math.prod(probabilities[first : last + 1])
    return confidences
