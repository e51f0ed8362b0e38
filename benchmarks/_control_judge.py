"""The judges of the control tasks: each looks at the decoded text alone, with other means than what steered it.

Keywords and lengths are judged by Python. A kind of record is judged by a linear classifier of hashed
words and character 4-grams, trained on other records, clean ones: it shares neither weights, nor features, nor tokens
with the noised classifier that guides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice
from zlib import crc32

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.train_classifier.kinds import KINDS, records

BUCKETS = 1 << 16
SEED = 77  # of the judge's records; the guide was trained with seed 0
PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_]+")


def has_word(text: str, word: str) -> bool:
    """Whether a word stands in the record's description, whole."""
    return word in re.findall(r"\w+", json.loads(text)["description"])


def words(text: str) -> int:
    """Words of the record's description: runs of characters other than white space."""
    return len(json.loads(text)["description"].split())


def features(text: str) -> list[int]:
    """Hashed words (digits as zeros) and character 4-grams of a text."""
    found = {piece.lower() if piece.isalpha() else "0" * len(piece) for piece in PIECES.findall(text)}
    plain = re.sub(r"\d", "0", text.lower())
    found |= {"#" + plain[i : i + 4] for i in range(max(1, len(plain) - 3))}
    return sorted({crc32(feature.encode()) % BUCKETS for feature in found})


class KindJudge:
    """p(kind | text) by logistic regression on hashed features.

    Attributes:
        accuracy: share of held-out records (of the same templates) that it names rightly.
    """

    def __init__(self, count: int = 30000, held_out: int = 2000, epochs: int = 6) -> None:
        torch.manual_seed(SEED)
        self._weights = nn.EmbeddingBag(BUCKETS, len(KINDS), mode="sum")
        nn.init.zeros_(self._weights.weight)
        made = list(islice(records(SEED), count + held_out))
        rows = [(features(text), KINDS.index(kind)) for text, kind in made]
        self._train(rows[held_out:], epochs)
        right = sum(self.kind(text) == kind for text, kind in made[:held_out])
        self.accuracy = right / held_out

    def _train(self, rows: list[tuple[list[int], int]], epochs: int) -> None:
        optimizer = torch.optim.Adam(self._weights.parameters(), lr=0.02)
        for epoch in range(epochs):
            optimizer.param_groups[0]["lr"] = 0.02 * (1 - epoch / epochs)
            for batch in torch.randperm(len(rows)).split(256):
                chosen = [rows[index] for index in batch.tolist()]
                loss = F.cross_entropy(self._scores([row for row, _ in chosen]), torch.tensor([y for _, y in chosen]))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def _scores(self, rows: Sequence[list[int]]) -> Tensor:
        """(N, C): the mean of the weights of a row's features, scaled by their square root."""
        flat = torch.tensor([index for row in rows for index in row])
        starts = torch.tensor([0, *(len(row) for row in rows)])[:-1].cumsum(0)
        sizes = torch.tensor([[len(row)] for row in rows])
        scores: Tensor = self._weights(flat, starts) / sizes.sqrt()
        return scores

    def kind(self, text: str) -> str:
        return KINDS[int(self._scores([features(text)]).argmax())]
